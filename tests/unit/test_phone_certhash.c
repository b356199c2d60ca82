#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone/parts.h"
#include "phone/phone.h"

#include "guard.h"

#define SHA1_HEX "3583a19d2fd6d37de3bcf12d8ea2bc0555c4cd1c"
#define SHA1_BASE64 "NYOhnS/W033jvPEtjqK8BVXEzRw="

static struct lp_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = lp_arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lp_arena_free(arena);
    return 0;
}

/* The text ends directly before the forbidden page, without a NUL. */
static struct lp_cert_hash read_hash(const char *text)
{
    struct guarded input = guarded_copy(text, strlen(text));
    struct lp_cert_hash hash = {0};

    assert_true(lp_cert_hash_read(arena, (const char *)input.bytes, input.n, &hash));
    guarded_free(&input);
    return hash;
}

static void assert_fault(enum lp_hash_fault fault, const char *text)
{
    struct lp_cert_hash hash = read_hash(text);

    assert_int_equal(fault, hash.fault);
    assert_int_equal(LP_HASH_UNKNOWN, hash.algorithm);
    assert_int_equal(0, hash.digest_len);
}

static void assert_digest(const char *text, enum lp_hash_algorithm algorithm, const char *want)
{
    struct lp_cert_hash hash = read_hash(text);
    char hex[129];

    assert_int_equal(LP_HASH_FINE, hash.fault);
    assert_int_equal(algorithm, hash.algorithm);
    lp_hex_text(hash.digest, hash.digest_len, hex);
    assert_string_equal(want, hex);
}

static void cert_hash_read_of_each_length_chooses_the_algorithm(void **state)
{
    (void)state;
    assert_digest("CY9rzUYh03PK3k6DJie09g==", LP_HASH_MD5, "098f6bcd4621d373cade4e832627b4f6");
    assert_digest(SHA1_BASE64, LP_HASH_SHA1, SHA1_HEX);
    assert_digest("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", LP_HASH_SHA256,
                  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    assert_digest("7iaw3Ur350mqGo7jwQrpkj9hiYB3Lkc/iBml1JQODbJ6wYX4oOHV+E+IvIh/1nsUNzLDBMxfqa2O"
                  "b1f1ACio/w==",
                  LP_HASH_SHA512,
                  "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db2"
                  "7ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff");
}

static void cert_hash_read_with_white_space_anywhere_ignores_it(void **state)
{
    (void)state;
    struct lp_cert_hash hash = read_hash("\r\n\tNYOhnS/W033j vPEtjqK8\n  BVXEzRw=\f\v ");

    assert_int_equal(LP_HASH_FINE, hash.fault);
    assert_string_equal(SHA1_BASE64, hash.text);
}

static void cert_hash_read_without_characters_is_empty(void **state)
{
    (void)state;
    assert_fault(LP_HASH_EMPTY, "");
    assert_fault(LP_HASH_EMPTY, " \r\n\t");
    assert_string_equal("", read_hash("  ").text);
}

static void cert_hash_read_of_no_base64_says_so(void **state)
{
    (void)state;
    assert_fault(LP_HASH_NOT_BASE64, "NYOhnS/W033jvPEtjqK8BVXEzRw");     /* padding missing */
    assert_fault(LP_HASH_NOT_BASE64, "NYOhnS/W033jvPEtjqK8BVXEzRw==");   /* one too many */
    assert_fault(LP_HASH_NOT_BASE64, "NYOhnS_W033jvPEtjqK8BVXEzRw=");    /* URL alphabet */
    assert_fault(LP_HASH_NOT_BASE64, "NYOhnS/W033jvPEtjqK8BVXEzRx=");    /* bits left over */
    assert_fault(LP_HASH_NOT_BASE64, "NYOh=nS/W033jvPEtjqK8BVXEzRw");    /* padding inside */
    assert_fault(LP_HASH_NOT_BASE64, "\xc2\xa0" SHA1_BASE64 "\xc2\xa0"); /* no-break spaces */
}

static void cert_hash_read_of_another_length_says_so(void **state)
{
    (void)state;
    assert_fault(LP_HASH_BAD_LENGTH, "HASH");
    assert_fault(LP_HASH_BAD_LENGTH, "NYOhnS/W033jvPEtjqK8BVXEzQ==");   /* 19 bytes */
    assert_fault(LP_HASH_BAD_LENGTH, "NYOhnS/W033jvPEtjqK8BVXEzRwA");   /* 21 bytes */
    assert_fault(LP_HASH_BAD_LENGTH, "3583a19d2fd6d37de3bcf12d8ea2bc05" /* 36 hex digits */
                                     "55c4");
}

static void cert_hash_read_of_a_very_long_text_is_bounded(void **state)
{
    (void)state;
    char *text = malloc(100001);
    assert_non_null(text);
    memset(text, 'A', 100000);
    text[100000] = '\0';
    assert_fault(LP_HASH_BAD_LENGTH, text);
    free(text);
}

static void cert_hash_read_of_hex_digits_names_the_digest(void **state)
{
    static const char *const texts[] = {
        SHA1_HEX,
        "3583A19D2FD6D37DE3BCF12D8EA2BC0555C4CD1C",
        "35:83:a1:9d:2f:d6:d3:7d:e3:bc:f1:2d:8e:a2:bc:05:55:c4:cd:1c",
        "3583A19D 2FD6D37D E3BCF12D 8EA2BC05 55C4CD1C",
    };
    uint8_t digest[64];
    char hex[129];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_cert_hash hash = read_hash(texts[i]);
        assert_fault(LP_HASH_IS_HEX, texts[i]);
        assert_int_equal(20, lp_cert_hash_meant(&hash, digest));
        lp_hex_text(digest, 20, hex);
        assert_string_equal(SHA1_HEX, hex);
    }
}

static void cert_hash_read_of_encoded_hex_text_names_the_digest(void **state)
{
    static const char *const texts[] = {
        "MzU4M2ExOWQyZmQ2ZDM3ZGUzYmNmMTJkOGVhMmJjMDU1NWM0Y2QxYw==",
        "MzU4M2ExOWQyZmQ2ZDM3ZGUzYmNmMTJkOGVhMmJjMDU1NWM0Y2QxYwo=", /* with echo's newline */
        "MzU6ODM6QTE6OUQ6MkY6RDY6RDM6N0Q6RTM6QkM6RjE6MkQ6OEU6QTI6QkM6MDU6NTU6QzQ6Q0Q6MUM=",
    };
    uint8_t digest[64];
    char hex[129];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_cert_hash hash = read_hash(texts[i]);
        assert_fault(LP_HASH_OF_HEX_TEXT, texts[i]);
        assert_int_equal(20, lp_cert_hash_meant(&hash, digest));
        lp_hex_text(digest, 20, hex);
        assert_string_equal(SHA1_HEX, hex);
    }
}

static void cert_hash_read_cut_anywhere_never_yields_a_digest(void **state)
{
    char text[sizeof SHA1_BASE64];

    (void)state;
    for (size_t n = 0; n < sizeof SHA1_BASE64 - 1; n++) {
        memcpy(text, SHA1_BASE64, n);
        text[n] = '\0';
        assert_int_not_equal(LP_HASH_FINE, read_hash(text).fault);
    }
}

static void cert_hash_read_of_hostile_bytes_keeps_the_text_printable(void **state)
{
    (void)state;
    assert_string_equal("a\\x1b[2Jb\\xff", read_hash("a\x1b[2J b\xff").text);
}

static void cert_hash_meant_without_hex_is_nothing(void **state)
{
    uint8_t digest[64];

    (void)state;
    struct lp_cert_hash fine = read_hash(SHA1_BASE64), wrong = read_hash("HASH");
    assert_int_equal(0, lp_cert_hash_meant(&fine, digest));
    assert_int_equal(0, lp_cert_hash_meant(&wrong, digest));
}

static void cert_hash_typed_takes_hex_and_base64(void **state)
{
    struct lp_cert_hash hash = {0};
    uint8_t first[20];

    (void)state;
    assert_true(lp_cert_hash_typed(arena, SHA1_BASE64, &hash));
    assert_int_equal(20, hash.digest_len);
    memcpy(first, hash.digest, 20);
    assert_true(lp_cert_hash_typed(
        arena, " 35:83:A1:9D:2F:D6:D3:7D:E3:BC:F1:2D:8E:A2:BC:05:55:C4:CD:1C\n", &hash));
    assert_int_equal(LP_HASH_FINE, hash.fault);
    assert_int_equal(LP_HASH_SHA1, hash.algorithm);
    assert_memory_equal(first, hash.digest, 20);
}

static void cert_hash_typed_wrongly_is_false_with_the_fault(void **state)
{
    struct lp_cert_hash hash = {0};

    (void)state;
    assert_false(lp_cert_hash_typed(arena, "", &hash));
    assert_int_equal(LP_HASH_EMPTY, hash.fault);
    assert_false(lp_cert_hash_typed(arena, "not a hash!", &hash));
    assert_int_equal(LP_HASH_NOT_BASE64, hash.fault);
    assert_false(lp_cert_hash_typed(arena, "abcd", &hash));
    assert_int_equal(LP_HASH_BAD_LENGTH, hash.fault);
    assert_int_equal(0, hash.digest_len);
}

static void is_placeholder_tells_fillers_from_values(void **state)
{
    static const char *const fillers[] = {
        "HASH",        "certHash1", "[hash here]",     "XXXXXXXX",
        "${VPN_HASH}", "...",       "yourBase64Value", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    static const char *const values[] = {SHA1_BASE64, SHA1_HEX, "NYOhnS/W033jvPEtjqK8BVXEzRw",
                                         "NYOhnS/W033jvPEtjqK8BVXEzQ=="};

    (void)state;
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        struct lp_cert_hash hash = read_hash(fillers[i]);
        assert_true(lp_cert_hash_is_placeholder(&hash));
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct lp_cert_hash hash = read_hash(values[i]);
        assert_false(lp_cert_hash_is_placeholder(&hash));
    }
}

static void is_of_nothing_knows_the_digests_of_no_bytes(void **state)
{
    (void)state;
    struct lp_cert_hash empty = read_hash("2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    struct lp_cert_hash fine = read_hash(SHA1_BASE64);
    assert_true(lp_cert_hash_is_of_nothing(&empty));
    assert_false(lp_cert_hash_is_of_nothing(&fine));
}

static void cert_hash_read_when_memory_is_short_is_false(void **state)
{
    struct lp_cert_hash hash = {0};

    (void)state;
    for (uint64_t n = 1; n < 100; n++) {
        struct lp_arena *fresh = lp_arena_new();
        assert_non_null(fresh);
        lp_alloc_fail_after(n);
        bool ok = lp_cert_hash_read(fresh, SHA1_BASE64, sizeof SHA1_BASE64 - 1, &hash);
        bool typed = ok || lp_cert_hash_typed(fresh, SHA1_BASE64, &hash);
        lp_alloc_fail_after(0);
        lp_arena_free(fresh);
        if (ok) {
            assert_true(n > 1);
            return;
        }
        assert_false(typed);
        assert_int_equal(0, hash.digest_len);
        assert_int_equal(LP_HASH_FINE, hash.fault); /* not the text's fault */
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cert_hash_read_of_each_length_chooses_the_algorithm),
        cmocka_unit_test(cert_hash_read_with_white_space_anywhere_ignores_it),
        cmocka_unit_test(cert_hash_read_without_characters_is_empty),
        cmocka_unit_test(cert_hash_read_of_no_base64_says_so),
        cmocka_unit_test(cert_hash_read_of_another_length_says_so),
        cmocka_unit_test(cert_hash_read_of_a_very_long_text_is_bounded),
        cmocka_unit_test(cert_hash_read_of_hex_digits_names_the_digest),
        cmocka_unit_test(cert_hash_read_of_encoded_hex_text_names_the_digest),
        cmocka_unit_test(cert_hash_read_cut_anywhere_never_yields_a_digest),
        cmocka_unit_test(cert_hash_read_of_hostile_bytes_keeps_the_text_printable),
        cmocka_unit_test(cert_hash_meant_without_hex_is_nothing),
        cmocka_unit_test(cert_hash_typed_takes_hex_and_base64),
        cmocka_unit_test(cert_hash_typed_wrongly_is_false_with_the_fault),
        cmocka_unit_test(is_placeholder_tells_fillers_from_values),
        cmocka_unit_test(is_of_nothing_knows_the_digests_of_no_bytes),
        cmocka_unit_test(cert_hash_read_when_memory_is_short_is_false),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
