/* Keys and records against known answers (RFC 8448), and against what OpenSSL seals. */
#include "seals.h"

#include "base/text.h"

static struct lp_crypto *crypto;

static size_t from_hex(const char *hex, uint8_t *out, size_t size)
{
    long n = lp_hex_decode(hex, strlen(hex), true, out, size);
    assert_true(n >= 0);
    return (size_t)n;
}

static void assert_hex(const char *expected, const uint8_t *bytes)
{
    uint8_t want[256];
    size_t n = from_hex(expected, want, sizeof want);
    assert_memory_equal(want, bytes, n);
}

static int setup(void **state)
{
    (void)state;
    return (crypto = lp_crypto_new()) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lp_crypto_free(crypto);
    return 0;
}

/* RFC 8448 3: {client} derive write traffic keys for handshake data, and its Finished. */
static void lp_seal_13_of_rfc_8448_opens_its_finished(void **state)
{
    uint8_t secret[32], payload[128];
    struct lp_buf out = {0};
    struct lp_seal seal;

    (void)state;
    size_t n = from_hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", secret,
                        sizeof secret);
    assert_true(lp_seal_13(crypto, 0x1301, lp_rd_init(secret, n), &seal));
    assert_hex("dbfaa693d1762c5b666af5d950258d01", seal.key);
    assert_hex("5bd3c71b836e0b76bb73265f", seal.iv);
    n = from_hex("75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb3"
                 "84bd1caeacab6867d726c40546",
                 payload, sizeof payload);
    struct lp_record record = {LP_RECORD_DATA, 0x0303, lp_rd_init(payload, n)};
    assert_int_equal(LP_CRYPTO_OK, lp_seal_open(crypto, &seal, &record, &out));
    assert_int_equal(37, out.len);
    assert_hex("14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61 16",
               out.bytes);
    assert_int_equal(1, seal.sequence);
    lp_buf_free(&out);
}

/* The PRF with SHA-256, as published on the TLS working group's list. */
static void lp_prf_with_sha256_gives_the_known_answer(void **state)
{
    uint8_t secret[16], seed[16], out[100];
    size_t n = from_hex("9bbe436ba940f017b17652849a71db35", secret, sizeof secret);

    (void)state;
    from_hex("a0ba9f936cda311827a6f796ffd5198c", seed, sizeof seed);
    struct lp_prf prf = {LP_MAC_SHA256,
                         lp_rd_init(secret, n),
                         "test label",
                         {lp_rd_init(seed, 7), lp_rd_init(seed + 7, 9)}};
    assert_true(lp_prf(crypto, &prf, out, sizeof out));
    assert_hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9"
               "c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789ba"
               "a48082d122ee42c5a72e5a5110fff70187347b66",
               out);
}

static void lp_suite_read_knows_what_names_say(void **state)
{
    static const struct {
        uint16_t cipher;
        struct lp_suite suite;
    } known[] = {
        {0x1301, {LP_BULK_AES_128_GCM, LP_MAC_SHA256, LP_MAC_SHA256, 16}},
        {0x1302, {LP_BULK_AES_256_GCM, LP_MAC_SHA384, LP_MAC_SHA384, 16}},
        {0x1303, {LP_BULK_CHACHA20_POLY1305, LP_MAC_SHA256, LP_MAC_SHA256, 16}},
        {0x1304, {LP_BULK_AES_128_CCM, LP_MAC_SHA256, LP_MAC_SHA256, 16}},
        {0x1305, {LP_BULK_AES_128_CCM, LP_MAC_SHA256, LP_MAC_SHA256, 8}},
        {0x002f, {LP_BULK_AES_128_CBC, LP_MAC_SHA256, LP_MAC_SHA1, 0}},
        {0x003d, {LP_BULK_AES_256_CBC, LP_MAC_SHA256, LP_MAC_SHA256, 0}},
        {0xc028, {LP_BULK_AES_256_CBC, LP_MAC_SHA384, LP_MAC_SHA384, 0}},
        {0x000a, {LP_BULK_3DES_CBC, LP_MAC_SHA256, LP_MAC_SHA1, 0}},
        {0xc030, {LP_BULK_AES_256_GCM, LP_MAC_SHA384, LP_MAC_SHA384, 16}},
        {0xc0a1, {LP_BULK_AES_256_CCM, LP_MAC_SHA256, LP_MAC_SHA256, 8}},
        {0xcca8, {LP_BULK_CHACHA20_POLY1305, LP_MAC_SHA256, LP_MAC_SHA256, 16}},
    };
    struct lp_suite suite;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(lp_suite_read(known[i].cipher, &suite));
        assert_int_equal(known[i].suite.bulk, suite.bulk);
        assert_int_equal(known[i].suite.hash, suite.hash);
        assert_int_equal(known[i].suite.mac, suite.mac);
        assert_int_equal(known[i].suite.tag, suite.tag);
    }
    assert_false(lp_suite_read(0x0005, &suite)); /* RC4 */
    assert_false(lp_suite_read(0x0002, &suite)); /* no encryption */
    assert_false(lp_suite_read(0xfafa, &suite)); /* GREASE */
}

/* ---- records that OpenSSL seals ---- */

static const struct {
    uint16_t version, cipher;
    bool encrypt_then_mac;
} protections[] = {
    {0x0304, 0x1301, false}, {0x0304, 0x1302, false}, {0x0304, 0x1303, false},
    {0x0304, 0x1304, false}, {0x0304, 0x1305, false}, {0x0303, 0xc02f, false},
    {0x0303, 0xc030, false}, {0x0303, 0xcca8, false}, {0x0303, 0xc09c, false},
    {0x0303, 0xc0a0, false}, {0x0303, 0x002f, false}, {0x0303, 0x002f, true},
    {0x0303, 0x003d, false}, {0x0303, 0x003d, true},  {0x0303, 0xc028, true},
    {0x0302, 0x0035, false}, {0x0302, 0x0035, true},  {0x0301, 0x002f, false},
    {0x0301, 0x002f, true},
};

static void keys_of(size_t i, struct lp_seal *out)
{
    uint8_t secret[48], random[32];

    memset(secret, 0x11, sizeof secret);
    memset(random, 0x22, sizeof random);
    if (protections[i].version == 0x0304) {
        struct lp_rd short_one = lp_rd_init(secret, protections[i].cipher == 0x1302 ? 48 : 32);
        assert_true(lp_seal_13(crypto, protections[i].cipher, short_one, out));
        return;
    }
    struct lp_seal_12 in = {protections[i].version,
                            protections[i].cipher,
                            i % 2 == 0,
                            protections[i].encrypt_then_mac,
                            lp_rd_init(secret, 48),
                            random,
                            random};
    assert_true(lp_seal_12(crypto, &in, out));
}

/* A record at the front of `wire`. */
static struct lp_record next_record(struct lp_rd *wire)
{
    struct lp_record record;

    assert_true(lp_rd_u8(wire, &record.type) && lp_rd_u16(wire, &record.version) &&
                lp_rd_vec(wire, 2, &record.payload));
    return record;
}

static void lp_seal_open_of_each_protection_opens_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++) {
        struct lp_seal sealing, opening;
        struct bytes wire = {0};
        struct lp_buf out = {0};

        keys_of(i, &sealing);
        opening = sealing;
        for (size_t n = 0; n < 60; n++) {
            struct bytes content = {0};
            for (size_t k = 0; k < n; k++)
                add_number(&content, 1, n + k);
            add_sealed(&wire, &sealing, LP_RECORD_HANDSHAKE, &content, n % 5);
            drop(&content);
        }
        struct guarded guarded = guarded_copy(wire.at, wire.n);
        struct lp_rd rest = lp_rd_init(guarded.bytes, guarded.n);
        for (size_t n = 0; n < 60; n++) {
            struct lp_record record = next_record(&rest);
            out.len = 0;
            if (n % 7 == 3 && opening.version != 0x0304) {
                lp_seal_skip(&opening, &record);
                continue;
            }
            assert_int_equal(LP_CRYPTO_OK, lp_seal_open(crypto, &opening, &record, &out));
            assert_int_equal(opening.version == 0x0304 ? n + 1 + n % 5 : n, out.len);
            for (size_t k = 0; k < n; k++)
                assert_int_equal((n + k) & 0xff, out.bytes[k]);
        }
        lp_buf_free(&out);
        guarded_free(&guarded);
        drop(&wire);
    }
}

static void lp_seal_open_of_anything_changed_refuses_and_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++) {
        struct lp_seal sealing, opening, before;
        struct bytes wire = {0}, content = {0};
        struct lp_buf out = {0};

        keys_of(i, &sealing);
        opening = before = sealing;
        add(&content, "twenty bytes of text", 20);
        add_sealed(&wire, &sealing, LP_RECORD_HANDSHAKE, &content, 0);
        for (size_t at = 0; at < wire.n; at++) {
            if (at == 3 || at == 4)
                continue; /* the length, which must fit the buffer */
            wire.at[at] ^= 0x55;
            struct lp_rd rest = lp_rd_init(wire.at, wire.n);
            struct lp_record record = next_record(&rest);
            assert_int_equal(LP_CRYPTO_REFUSED, lp_seal_open(crypto, &opening, &record, &out));
            assert_int_equal(0, out.len);
            assert_memory_equal(&before, &opening, sizeof opening);
            wire.at[at] ^= 0x55;
        }
        for (size_t n = 0; n < wire.n - 5; n++) {
            struct lp_rd rest = lp_rd_init(wire.at, wire.n);
            struct lp_record record = next_record(&rest);
            struct guarded guarded = guarded_copy(record.payload.ptr, n);
            record.payload = lp_rd_init(guarded.bytes, n);
            assert_int_equal(LP_CRYPTO_REFUSED, lp_seal_open(crypto, &opening, &record, &out));
            guarded_free(&guarded);
        }
        lp_buf_free(&out);
        drop(&wire);
        drop(&content);
    }
}

static void lp_seal_open_with_any_byte_of_the_secret_changed_refuses(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 32; byte++) {
        struct lp_seal sealing, opening;
        struct bytes wire = {0}, content = {0};
        struct lp_buf out = {0};
        uint8_t secret[32] = {0};

        assert_true(lp_seal_13(crypto, 0x1301, lp_rd_init(secret, 32), &sealing));
        secret[byte] ^= 0x80;
        assert_true(lp_seal_13(crypto, 0x1301, lp_rd_init(secret, 32), &opening));
        add(&content, "text", 4);
        add_sealed(&wire, &sealing, LP_RECORD_HANDSHAKE, &content, 0);
        struct lp_rd rest = lp_rd_init(wire.at, wire.n);
        struct lp_record record = next_record(&rest);
        assert_int_equal(LP_CRYPTO_REFUSED, lp_seal_open(crypto, &opening, &record, &out));
        assert_int_equal(0, out.len);
        lp_buf_free(&out);
        drop(&wire);
        drop(&content);
    }
}

static void lp_seal_of_what_does_not_fit_is_refused(void **state)
{
    uint8_t secret[48] = {0};
    struct lp_seal seal;
    struct lp_seal_12 in = {0x0303, 0xc02f, true, false, lp_rd_init(secret, 48), secret, secret};

    (void)state;
    assert_false(lp_seal_13(crypto, 0x1301, lp_rd_init(secret, 48), &seal));
    assert_false(lp_seal_13(crypto, 0x1302, lp_rd_init(secret, 32), &seal));
    assert_false(lp_seal_13(crypto, 0x002f, lp_rd_init(secret, 32), &seal));
    assert_true(lp_seal_12(crypto, &in, &seal));
    in.version = 0x0302; /* an AEAD came with TLS 1.2 */
    assert_false(lp_seal_12(crypto, &in, &seal));
    in.version = 0x0300;
    in.cipher = 0x002f;
    assert_false(lp_seal_12(crypto, &in, &seal));
    in.version = 0x0303;
    in.master = lp_rd_init(secret, 32);
    assert_false(lp_seal_12(crypto, &in, &seal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_seal_13_of_rfc_8448_opens_its_finished),
        cmocka_unit_test(lp_prf_with_sha256_gives_the_known_answer),
        cmocka_unit_test(lp_suite_read_knows_what_names_say),
        cmocka_unit_test(lp_seal_open_of_each_protection_opens_in_order),
        cmocka_unit_test(lp_seal_open_of_anything_changed_refuses_and_changes_nothing),
        cmocka_unit_test(lp_seal_open_with_any_byte_of_the_secret_changed_refuses),
        cmocka_unit_test(lp_seal_of_what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
