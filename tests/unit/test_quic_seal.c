/* QUIC's headers, frames and protection: the samples of RFC 9000 A, RFC 9001 A and RFC 9369 A, and
 * every truncation. */
#include "quic_bytes.h"

static struct lp_crypto *crypto;

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

static void assert_hex(const char *expected, const uint8_t *bytes)
{
    uint8_t want[256];
    size_t n = quic_hex(expected, want, sizeof want);
    assert_memory_equal(want, bytes, n);
}

/* ---- the samples ---- */

/* The frame of RFC 9001 A.2 and of RFC 9369 A.2. */
static const char client_frame[] =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"
    "00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006"
    "001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4"
    "7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305"
    "0306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ff"
    "ff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";
/* Of A.3 of both. */
static const char server_frames[] =
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a"
    "045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bc"
    "f32bb9da1a002b00020304";

static const struct sample {
    uint32_t version;
    struct {
        const char *key, *iv, *hp;
    } keys[2];                                      /* A.1 */
    const char *client_begins, *client_ends;        /* A.2 */
    const char *server_packet;                      /* A.3 */
    const char *retry;                              /* A.4 */
    const char *chacha_key, *chacha_iv, *chacha_hp; /* A.5 */
} samples[] = {
    {.version = QUIC_1,
     .keys = {{"1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
               "9f50449e04a0e810283a1e9933adedd2"},
              {"cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e",
               "c206b8d9b9f0f37644430b490eeaa314"}},
     .client_begins = "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
     .client_ends = "e221af44860018ab0856972e194cd934",
     .server_packet = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100"
                      "f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df354"
                      "8e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889"
                      "1850abbdca3d20398c276456cbc42158407dd074ee",
     .retry = "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
     .chacha_key = "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8",
     .chacha_iv = "e0459b3474bdd0e44a41c144",
     .chacha_hp = "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4"},
    {.version = QUIC_2,
     .keys = {{"8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
               "45b95e15235d6f45a6b19cbcb0294ba9"},
              {"82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652",
               "edf6d05c83121201b436e16877593c3a"}},
     .client_begins = "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
     .client_ends = "a18b2faa745b6fe189cf772a9f84cbfc",
     .server_packet = "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb"
                      "761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106f"
                      "baf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98"
                      "f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
     .retry = "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
     .chacha_key = "3bfcddd72bcf02541d7fa0dd1f5f9eeea817e09a6963a0e6c7df0f9a1bab90f2",
     .chacha_iv = "a6b5bc6ab7dafce30ffff5dd",
     .chacha_hp = "d659760d2ba434a226fd37b35c69e2da8211d10c4f12538787d65645d5d1b8e2"}};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static const char client_id[] = "\x83\x94\xc8\xf0\x3e\x51\x57\x08";

static void derive(const struct sample *sample, struct lp_quic_seal seal[2])
{
    assert_true(lp_quic_seal_initial(crypto, sample->version, lp_rd_init(client_id, 8), seal));
}

static void seal_initial_gives_the_keys_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct lp_quic_seal seal[2];
        derive(&samples[i], seal);
        for (unsigned side = 0; side < 2; side++) {
            assert_hex(samples[i].keys[side].key, seal[side].key);
            assert_hex(samples[i].keys[side].iv, seal[side].iv);
            assert_hex(samples[i].keys[side].hp, seal[side].hp);
        }
    }
    struct lp_quic_seal seal[2];
    assert_false(lp_quic_seal_initial(crypto, 0x51303436, lp_rd_init(client_id, 8), seal));
    assert_false(lp_quic_seal_initial(crypto, QUIC_1, lp_rd_init(NULL, 0), seal));
}

/* Opens the only packet of a datagram; false when there is none or it does not verify. */
static bool open_datagram(const struct lp_quic_seal *seal, const uint8_t *bytes, size_t n,
                          struct lp_buf *plain)
{
    struct lp_buf header = {0};
    struct lp_quic_opening opening = {crypto, seal, 0, &header, plain};
    struct guarded g = guarded_copy(bytes, n);
    struct lp_rd rest = lp_rd_init(g.bytes, n);
    struct lp_quic_packet packet;
    bool opened = lp_quic_next(&rest, &packet) && lp_rd_end(&rest) &&
                  lp_quic_open(&opening, &packet) == LP_CRYPTO_OK;

    lp_buf_free(&header);
    guarded_free(&g);
    return opened;
}

static void open_client_initial_of_the_rfcs_verifies(void **state)
{
    uint8_t frame[512];
    size_t n = quic_hex(client_frame, frame, sizeof frame);

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct quic_head head = {.type = LP_QUIC_INITIAL,
                                 .version = samples[i].version,
                                 .to = client_id,
                                 .from = "",
                                 .number = 2,
                                 .number_len = 4,
                                 .pad = 1162};
        struct bytes frames = {0}, packet = {0};
        struct lp_quic_seal seal[2];
        struct lp_buf plain = {0};
        derive(&samples[i], seal);
        add(&frames, frame, n);
        add_quic_packet(&packet, &seal[0], &head, &frames);
        assert_int_equal(1200, packet.n);
        assert_hex(samples[i].client_begins, packet.at);
        assert_hex(samples[i].client_ends, packet.at + packet.n - 16); /* a tag over all of it */
        assert_true(open_datagram(&seal[0], packet.at, packet.n, &plain));
        assert_int_equal(1162, plain.len);
        assert_memory_equal(frame, plain.bytes, n);
        assert_false(open_datagram(&seal[1], packet.at, packet.n, &plain));
        lp_buf_free(&plain);
        drop(&frames);
        drop(&packet);
    }
}

static void open_server_initial_of_the_rfcs_verifies(void **state)
{
    uint8_t frames[128], packet[256];
    size_t frames_len = quic_hex(server_frames, frames, sizeof frames);

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t n = quic_hex(samples[i].server_packet, packet, sizeof packet);
        struct lp_quic_seal seal[2];
        struct lp_buf plain = {0};
        derive(&samples[i], seal);
        assert_true(open_datagram(&seal[1], packet, n, &plain));
        assert_int_equal(frames_len, plain.len);
        assert_memory_equal(frames, plain.bytes, frames_len);
        lp_buf_free(&plain);
    }
}

static void open_with_any_bit_changed_is_refused(void **state)
{
    uint8_t packet[256];
    size_t n = quic_hex(samples[0].server_packet, packet, sizeof packet);
    struct lp_quic_seal seal[2];
    struct lp_buf plain = {0};

    (void)state;
    derive(&samples[0], seal);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(open_datagram(&seal[1], packet, n, &plain));
        packet[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    lp_buf_free(&plain);
}

static void open_cut_anywhere_is_refused(void **state)
{
    uint8_t packet[256];
    size_t n = quic_hex(samples[0].server_packet, packet, sizeof packet);
    struct lp_quic_seal seal[2];
    struct lp_buf plain = {0};

    (void)state;
    derive(&samples[0], seal);
    for (size_t cut = 0; cut < n; cut++)
        assert_false(open_datagram(&seal[1], packet, cut, &plain));
    assert_int_equal(0, plain.len);
    lp_buf_free(&plain);
}

static void next_retry_of_the_rfcs_is_one(void **state)
{
    uint8_t packet[64];

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t n = quic_hex(samples[i].retry, packet, sizeof packet);
        struct lp_rd rest = lp_rd_init(packet, n);
        struct lp_quic_packet retry;
        assert_true(lp_quic_next(&rest, &retry));
        assert_int_equal(LP_QUIC_RETRY, retry.type);
        assert_int_equal(8, retry.source.left);
        assert_true(lp_rd_end(&rest));
    }
}

/* RFC 9001 A.5, RFC 9369 A.5. */
static void seal_secret_for_chacha20_gives_the_keys_of_the_rfcs(void **state)
{
    uint8_t secret[48], sample[16], mask[5];
    size_t n = quic_hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b", secret,
                        sizeof secret);

    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        struct lp_quic_secret in = {samples[i].version, 0x1303, lp_rd_init(secret, n)};
        struct lp_quic_seal seal;
        assert_true(lp_quic_seal_secret(crypto, &in, &seal));
        assert_hex(samples[i].chacha_key, seal.key);
        assert_hex(samples[i].chacha_iv, seal.iv);
        assert_hex(samples[i].chacha_hp, seal.hp);
        if (samples[i].version != QUIC_1)
            continue;
        quic_hex("5e5cd55c41f69080575d7999c25a5bfb", sample, sizeof sample);
        assert_true(lp_header_mask(crypto, seal.bulk, seal.hp, sample, mask));
        assert_hex("aefefe7d03", mask);
    }
}

static void seal_secret_wants_a_suite_of_quic_and_a_secret_for_it(void **state)
{
    static const uint16_t good[] = {0x1301, 0x1303, 0x1304},
                          bad[] = {0x1302 /* wants 48 bytes */, 0x1305, 0x002f, 0xc02c, 0xfafa};
    uint8_t secret[48] = {1};
    struct lp_quic_seal seal;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(lp_quic_seal_secret(
            crypto, &(struct lp_quic_secret){QUIC_1, good[i], lp_rd_init(secret, 32)}, &seal));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(lp_quic_seal_secret(
            crypto, &(struct lp_quic_secret){QUIC_1, bad[i], lp_rd_init(secret, 32)}, &seal));
    assert_true(lp_quic_seal_secret(
        crypto, &(struct lp_quic_secret){QUIC_1, 0x1302, lp_rd_init(secret, 48)}, &seal));
    assert_false(lp_quic_seal_secret(
        crypto, &(struct lp_quic_secret){5, 0x1301, lp_rd_init(secret, 32)}, &seal));
}

/* ---- packet numbers ---- */

/* RFC 9000 A.3: of 0xa82f30ea + 1 as the next, two bytes 0x9b32 are 0xa82f9b32. */
static void open_takes_the_nearest_packet_number(void **state)
{
    static const struct {
        uint64_t expected, number;
        unsigned length;
    } cases[] = {{0xa82f30eb, 0xa82f9b32, 2},
                 {0, 0, 1},
                 {0, 200, 1},
                 {200, 260, 1},
                 {260, 200, 1},
                 {0x1000, 1, 4},
                 {65600, 65530, 2}};
    struct lp_quic_seal seal[2];

    (void)state;
    derive(&samples[0], seal);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct quic_head head = {.type = LP_QUIC_HANDSHAKE,
                                 .version = QUIC_1,
                                 .to = "",
                                 .from = "s",
                                 .number = cases[i].number,
                                 .number_len = cases[i].length};
        struct bytes frames = {0}, wire = {0};
        struct lp_buf header = {0}, plain = {0};
        struct lp_quic_opening opening = {crypto, &seal[0], cases[i].expected, &header, &plain};
        struct lp_quic_packet packet;
        add_ack_frame(&frames);
        add_quic_packet(&wire, &seal[0], &head, &frames);
        struct lp_rd rest = lp_rd_init(wire.at, wire.n);
        assert_true(lp_quic_next(&rest, &packet));
        assert_int_equal(LP_CRYPTO_OK, lp_quic_open(&opening, &packet));
        assert_int_equal(cases[i].number >= cases[i].expected ? cases[i].number + 1
                                                              : cases[i].expected,
                         opening.expected);
        lp_buf_free(&header);
        lp_buf_free(&plain);
        drop(&frames);
        drop(&wire);
    }
}

/* RFC 9000 A.1. */
static void number_reads_the_samples_of_the_rfc(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } cases[] = {{"c2197c5eff14e88c", UINT64_C(151288809941952652)},
                 {"9d7f3e7d", 494878333},
                 {"7bbd", 15293},
                 {"25", 37},
                 {"4025", 37}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[8];
        uint64_t value = 0;
        size_t n = quic_hex(cases[i].hex, bytes, sizeof bytes);
        struct lp_rd rd = lp_rd_init(bytes, n), cut = lp_rd_init(bytes, n - 1);
        assert_true(lp_quic_number(&rd, &value));
        assert_true(lp_rd_end(&rd) && value == cases[i].value);
        assert_false(lp_quic_number(&cut, &value));
        assert_int_equal(n - 1, cut.left);
    }
}

/* ---- headers ---- */

static bool reads(const char *hex)
{
    uint8_t bytes[128];
    size_t n = quic_hex(hex, bytes, sizeof bytes);
    struct guarded g = guarded_copy(bytes, n);
    struct lp_rd rest = lp_rd_init(g.bytes, n);
    struct lp_quic_packet packet;
    bool read = lp_quic_next(&rest, &packet);

    assert_true(read || rest.left == n);
    guarded_free(&g);
    return read;
}

#define PAYLOAD "000102030405060708090a0b0c0d0e0f10111213"

static void next_knows_packets_from_anything_else(void **state)
{
    (void)state;
    assert_true(reads("c0 00000001 01aa 01bb 00 14" PAYLOAD));
    assert_true(reads("c0 ff00001d 01aa 01bb 00 14" PAYLOAD)); /* draft 29 */
    assert_true(reads("c0 faceb002 01aa 01bb 00 14" PAYLOAD));
    assert_true(reads("c0 1a2a3a4a 01aa 01bb 00 14" PAYLOAD)); /* to be refused */
    assert_true(reads("80 00000001 00 00 02abcd 14" PAYLOAD)); /* a token; RFC 9287 */
    assert_true(reads("e0 00000001 00 00 14" PAYLOAD));
    assert_false(reads("40 00000001 01aa 01bb 00 14" PAYLOAD)); /* a short header */
    assert_false(reads("c0 ff000015 01aa 01bb 00 14" PAYLOAD)); /* draft 21 */
    assert_false(reads("c0 ff000023 01aa 01bb 00 14" PAYLOAD)); /* draft 35 */
    assert_false(reads("c0 51303436 01aa 01bb 00 14" PAYLOAD)); /* Q046 */
    assert_false(reads("c0 00000001 15aa 01bb 00 14" PAYLOAD)); /* an id of 21 bytes */
    assert_false(reads("c0 00000001 01aa 01bb 00 13" PAYLOAD)); /* no room for a sample */
    assert_false(reads("c0 00000001 01aa 01bb 7fff 14" PAYLOAD));
    assert_true(reads("80 00000000 01aa 01bb 00000001"));
    assert_true(reads("80 00000000 01aa 01bb 12345678 ff000017"));
    assert_false(reads("80 00000000 01aa 01bb 12345678")); /* nothing that is known */
    assert_false(reads("80 00000000 01aa 01bb 0000000100"));
    assert_false(reads("80 00000000 01aa 01bb"));
    assert_false(reads("f0 00000001 00 00 000102030405060708090a0b0c0d0e")); /* no Retry's tag */
}

static void next_cut_packet_is_not_whole(void **state)
{
    uint8_t bytes[64];
    size_t n = quic_hex("c0 00000001 01aa 01bb 00 14" PAYLOAD, bytes, sizeof bytes), header = 11;

    (void)state;
    for (size_t cut = 0; cut <= n; cut++) {
        struct guarded g = guarded_copy(bytes, cut);
        struct lp_rd rest = lp_rd_init(g.bytes, cut);
        struct lp_quic_packet packet;
        bool read = lp_quic_next(&rest, &packet);
        assert_int_equal(cut >= header, read);
        if (read)
            assert_int_equal(cut == n, packet.whole);
        guarded_free(&g);
    }
}

/* ---- frames ---- */

/* What the frames are, a letter each; '!' where reading stops before the end. */
static void tell_frames(const uint8_t *bytes, size_t n, bool google, char *out)
{
    struct guarded g = guarded_copy(bytes, n);
    struct lp_rd rest = lp_rd_init(g.bytes, n);
    struct lp_quic_frame frame;

    while (lp_quic_next_frame(&rest, google, &frame))
        *out++ = ".acx"[frame.kind];
    if (!lp_rd_end(&rest))
        *out++ = '!';
    *out = '\0';
    guarded_free(&g);
}

static void expect_frames(const char *expected, const char *hex, bool google)
{
    uint8_t bytes[64];
    char told[64];
    size_t n = quic_hex(hex, bytes, sizeof bytes);

    tell_frames(bytes, n, google, told);
    assert_string_equal(expected, told);
    for (size_t cut = 0; cut < n; cut++)
        tell_frames(bytes, cut, google, told);
}

static void next_frame_reads_what_a_handshake_may_hold(void **state)
{
    (void)state;
    expect_frames("..", "0001", false);
    expect_frames("a.", "02 05 00 00 01 00", false);
    expect_frames("a.", "03 09 00 01 02 01 01 05 06 07 00", false);
    expect_frames("c.", "06 4005 03 aabbcc 00", false);
    expect_frames("x.", "1c 41 0a 06 02 6869 00", false);
    expect_frames("!", "02 05 00 3f 01 00 00", false); /* fewer ranges than announced */
    expect_frames("!", "06 00 04 aabbcc", false);
    expect_frames(".!", "00 08 00 01 aa", false); /* no STREAM before the keys */
    expect_frames("ac.", "40 01 0000 01 00 08 00 02 aabb 00", true);
    expect_frames("a.", "60 05 0000 02 02 0101 0101 00 07", true);            /* three ranges */
    expect_frames("a.", "45 0005 0000 0001 02 00 00000001 00 0001 00", true); /* time stamps */
    expect_frames("!", "01 00", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seal_initial_gives_the_keys_of_the_rfcs),
        cmocka_unit_test(open_client_initial_of_the_rfcs_verifies),
        cmocka_unit_test(open_server_initial_of_the_rfcs_verifies),
        cmocka_unit_test(open_with_any_bit_changed_is_refused),
        cmocka_unit_test(open_cut_anywhere_is_refused),
        cmocka_unit_test(next_retry_of_the_rfcs_is_one),
        cmocka_unit_test(seal_secret_for_chacha20_gives_the_keys_of_the_rfcs),
        cmocka_unit_test(seal_secret_wants_a_suite_of_quic_and_a_secret_for_it),
        cmocka_unit_test(open_takes_the_nearest_packet_number),
        cmocka_unit_test(number_reads_the_samples_of_the_rfc),
        cmocka_unit_test(next_knows_packets_from_anything_else),
        cmocka_unit_test(next_cut_packet_is_not_whole),
        cmocka_unit_test(next_frame_reads_what_a_handshake_may_hold),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
