#include "guard.h"

#include "base/text.h"

/* The text cleaned, its input ending at the guard page. Valid until the next call. */
static const char *cleaned(const void *bytes, size_t n)
{
    static char kept[4096];
    struct guarded g = guarded_copy(bytes, n);
    struct lp_arena *arena = lp_arena_new();
    const char *text = lp_text_clean(arena, g.bytes, n);

    assert_non_null(text);
    assert_true(strlen(text) < sizeof kept);
    memcpy(kept, text, strlen(text) + 1);
    lp_arena_free(arena);
    guarded_free(&g);
    return kept;
}

#define assert_cleaned(expected, literal)                                                          \
    assert_string_equal(expected, cleaned(literal, sizeof(literal) - 1))

static void text_clean_plain_text_stays(void **state)
{
    (void)state;
    assert_cleaned("", "");
    assert_cleaned("CN=vpn.example.com, O=\"a\\b\" ~!", "CN=vpn.example.com, O=\"a\\b\" ~!");
    /* two, three and four bytes of UTF-8: e acute, euro, a face; and the last of each length */
    assert_cleaned("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                   "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    assert_cleaned("\xc2\xa0 \xdf\xbf", "\xc2\xa0 \xdf\xbf");
    assert_cleaned("\xed\x9f\xbf \xee\x80\x80", "\xed\x9f\xbf \xee\x80\x80");
    assert_cleaned("\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd");
}

static void text_clean_control_characters_are_escaped(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x20; c++) {
        const char in[3] = {'a', (char)c, 'b'};
        char out[8];
        snprintf(out, sizeof out, "a\\x%02xb", c);
        assert_string_equal(out, cleaned(in, 3));
    }
    assert_cleaned("\\x7f", "\x7f");
    assert_cleaned("\\x1b[31mred\\x1b[0m\\x0d\\x0a", "\x1b[31mred\x1b[0m\r\n");
    for (unsigned c = 0x80; c < 0xa0; c++) { /* C1, of which 9b starts a terminal's sequence */
        const char in[2] = {(char)0xc2, (char)c};
        char out[16];
        snprintf(out, sizeof out, "\\xc2\\x%02x", c);
        assert_string_equal(out, cleaned(in, 2));
    }
}

static void text_clean_bidirectional_and_separators_are_escaped(void **state)
{
    static const char *const hidden[] = {
        "\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
        "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9", "\xef\xbb\xbf",
        "\xef\xbf\xbe", "\xef\xbf\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        char out[16] = "";
        for (size_t k = 0; k < strlen(hidden[i]); k++)
            snprintf(out + 4 * k, sizeof out - 4 * k, "\\x%02x", (uint8_t)hidden[i][k]);
        assert_string_equal(out, cleaned(hidden[i], strlen(hidden[i])));
    }
    assert_cleaned("\xe2\x80\x8d \xe2\x80\xaf \xe2\x81\xa5 \xe2\x81\xaa", /* their neighbours */
                   "\xe2\x80\x8d \xe2\x80\xaf \xe2\x81\xa5 \xe2\x81\xaa");
}

/* RFC 3629 3 and 10. */
static void text_clean_ill_formed_utf8_is_escaped(void **state)
{
    (void)state;
    assert_cleaned("\\xc0\\x80", "\xc0\x80"); /* overlong NUL */
    assert_cleaned("\\xc1\\xbf", "\xc1\xbf");
    assert_cleaned("\\xc0\\xae", "\xc0\xae"); /* overlong '.' */
    assert_cleaned("\\xe0\\x9f\\xbf", "\xe0\x9f\xbf");
    assert_cleaned("\\xe0\\x80\\xaf", "\xe0\x80\xaf"); /* overlong '/' */
    assert_cleaned("\\xf0\\x8f\\xbf\\xbf", "\xf0\x8f\xbf\xbf");
    assert_cleaned("\\xed\\xa0\\x80", "\xed\xa0\x80"); /* surrogates */
    assert_cleaned("\\xed\\xbf\\xbf", "\xed\xbf\xbf");
    assert_cleaned("\\xf4\\x90\\x80\\x80", "\xf4\x90\x80\x80"); /* above U+10FFFF */
    assert_cleaned("\\xf8\\x88\\x80\\x80\\x80", "\xf8\x88\x80\x80\x80");
    assert_cleaned("\\xff\\xfe", "\xff\xfe");
    assert_cleaned("\\x80\\xbf", "\x80\xbf"); /* continuation bytes alone */
    assert_cleaned("caf\\xe9!", "caf\xe9!");  /* Latin-1 */
}

/* A sequence cut short does not swallow what follows, nor read past the end. */
static void text_clean_cut_sequences_are_escaped_alone(void **state)
{
    (void)state;
    assert_cleaned("\\xc3", "\xc3");
    assert_cleaned("\\xe2", "\xe2");
    assert_cleaned("\\xe2\\x82", "\xe2\x82");
    assert_cleaned("\\xf0\\x9f\\x98", "\xf0\x9f\x98");
    assert_cleaned("\\xc3a", "\xc3"
                             "a");
    assert_cleaned("\\xe2\\x82"
                   "a",
                   "\xe2\x82"
                   "a");
    assert_cleaned("\\xe2\xc3\xa9", "\xe2\xc3\xa9");
    assert_cleaned("\\xf0\\x9f"
                   "\xe2\x82\xac",
                   "\xf0\x9f\xe2\x82\xac");
}

/* Whatever goes in: what comes out goes through a second time unchanged, and ends where it says. */
static void text_clean_every_pair_of_bytes_comes_out_clean(void **state)
{
    (void)state;
    struct lp_arena *arena = lp_arena_new();
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const uint8_t in[4] = {'<', (uint8_t)(pair >> 8), (uint8_t)pair, '>'};
        const char *once = lp_text_clean(arena, in, 4);
        const char *twice = lp_text_clean(arena, once, strlen(once));
        assert_string_equal(once, twice);
        assert_int_equal('>', once[strlen(once) - 1]);
        for (const char *p = once; *p; p++)
            assert_true((uint8_t)*p >= 0x20 && *p != 0x7f);
    }
    lp_arena_free(arena);
}

static void text_clean_allocation_failing_yields_null(void **state)
{
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    lp_alloc_fail_after(1);
    const char *text = lp_text_clean(arena, "a", 1);
    lp_alloc_fail_after(0);
    assert_null(text);
    lp_arena_free(arena);
}

/* ---- hex ---- */

/* Every byte at every place of texts of every length that takes another way. */
static void text_copy_plain_stops_at_the_first_other_byte(void **state)
{
    enum { LONGEST = 40 };
    char out[LONGEST];

    (void)state;
    for (size_t n = 0; n <= LONGEST; n++) {
        uint8_t text[LONGEST];
        for (size_t i = 0; i < LONGEST; i++)
            text[i] = (uint8_t)(' ' + i % 2);
        struct guarded g = guarded_copy(text, n);
        assert_int_equal(n, lp_text_copy_plain(out, g.bytes, n));
        assert_memory_equal(text, out, n);
        for (size_t at = 0; at < n; at++) {
            for (unsigned c = 0; c < 0x100; c++) {
                bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
                g.bytes[at] = (uint8_t)c;
                assert_int_equal(plain ? n : at, lp_text_copy_plain(out, g.bytes, n));
                assert_memory_equal(g.bytes, out, plain ? n : at);
            }
            g.bytes[at] = text[at];
        }
        guarded_free(&g);
    }
}

static void hex_text_is_lower_case_and_terminated(void **state)
{
    char out[7] = "######";

    (void)state;
    lp_hex_text((const uint8_t *)"\x00\xa9\xff", 3, out);
    assert_string_equal("00a9ff", out);
    lp_hex_text(NULL, 0, out);
    assert_string_equal("", out);
}

/* The text ends at the guard page; the result's room does, too. */
static long hex(const char *text, bool separators, uint8_t *out, size_t size)
{
    struct guarded in = guarded_copy(text, strlen(text)), room = guarded_copy(out, size);
    long n = lp_hex_decode((const char *)in.bytes, in.n, separators, room.bytes, size);

    if (size)
        memcpy(out, room.bytes, size);
    guarded_free(&in);
    guarded_free(&room);
    return n;
}

static void hex_decode_either_case_is_read(void **state)
{
    uint8_t out[4] = {0};

    (void)state;
    assert_int_equal(4, hex("00a9FfaB", false, out, 4));
    assert_memory_equal("\x00\xa9\xff\xab", out, 4);
    assert_int_equal(0, hex("", false, out, 4));
    assert_int_equal(0, hex("", true, out, 0));
}

static void hex_decode_separators_only_between_bytes_and_when_asked(void **state)
{
    uint8_t out[4] = {0};

    (void)state;
    assert_int_equal(3, hex("7D:9d-b1", true, out, 4));
    assert_memory_equal("\x7d\x9d\xb1", out, 3);
    assert_int_equal(2, hex("7d 9d", true, out, 4));
    assert_int_equal(-1, hex("7d:9d", false, out, 4));
    assert_int_equal(-1, hex(":7d", true, out, 4));
    assert_int_equal(-1, hex("7d:", true, out, 4));
    assert_int_equal(-1, hex("7:d9", true, out, 4));
    assert_int_equal(-1, hex("7d.9d", true, out, 4));
}

static void hex_decode_what_is_no_hex_fails(void **state)
{
    static const char *const wrong[] = {"7",  "7d9", "0x7d", "7g", "g7", " 7d",     "7d\n",
                                        "/0", ":0",  "@0",   "G0", "`0", "\xb0\xb1"};
    uint8_t out[4] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(-1, hex(wrong[i], false, out, 4));
}

static void hex_decode_more_than_the_room_fails(void **state)
{
    uint8_t out[2] = {0};

    (void)state;
    assert_int_equal(-1, hex("7d9db1", false, out, 2));
    assert_int_equal(2, hex("7d9d", false, out, 2));
    assert_int_equal(-1, hex("7d", false, out, 0));
}

/* ---- Base64 ---- */

static long base64(const char *text, uint8_t *out, size_t size)
{
    struct guarded in = guarded_copy(text, strlen(text)), room = guarded_copy(out, size);
    long n = lp_base64_decode((const char *)in.bytes, in.n, room.bytes, size);

    if (size)
        memcpy(out, room.bytes, size);
    guarded_free(&in);
    guarded_free(&room);
    return n;
}

/* RFC 4648 10, both ways. */
static void base64_rfc_4648_vectors_both_ways(void **state)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        size_t n = strlen(vectors[i][0]);
        struct guarded g = guarded_copy(vectors[i][0], n);
        char text[9];
        uint8_t bytes[6] = {0};
        lp_base64_text(g.bytes, n, text);
        assert_string_equal(vectors[i][1], text);
        assert_int_equal(n, base64(vectors[i][1], bytes, n));
        assert_memory_equal(vectors[i][0], bytes, n);
        guarded_free(&g);
    }
}

static void base64_every_byte_value_round_trips(void **state)
{
    uint8_t bytes[256], back[256] = {0};
    char text[4 * 86 + 1];

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (uint8_t)(i * 167);
    for (size_t n = 0; n <= 256; n++) {
        lp_base64_text(bytes, n, text);
        assert_int_equal(4 * ((n + 2) / 3), strlen(text));
        assert_int_equal(n, base64(text, back, n));
        assert_memory_equal(bytes, back, n);
        if (n)
            assert_int_equal(-1, base64(text, back, n - 1));
    }
}

/* The hash that Cisco's document shows: 28 characters, 20 bytes, with '/' in it. */
static void base64_decode_cert_hash_is_a_sha1(void **state)
{
    uint8_t out[20] = {0};

    (void)state;
    assert_int_equal(20, base64("fZ2xQHMBcWj/fSoNs5IkPbA2Pt8=", out, sizeof out));
    assert_int_equal(0x7d, out[0]);
    assert_int_equal(0xdf, out[19]);
}

static void base64_decode_loose_forms_are_refused(void **state)
{
    static const char *const loose[] = {
        "Zg",       "Zg=",      "Z",     "Zm8",      "Zm9vYg",       /* padding missing */
        "====",     "Z===",     "=AAA",  "A=AA",     "Zg==Zg==",     /* padding elsewhere */
        "Zm8=Zm9v", "Zm9v====", "Zg===",                             /* or too much */
        "Zh==",     "Zm9=",     "Zv==",  "Zm8v=AAA",                 /* bits that no byte holds */
        "Zm9\n",    "Zm 9",     " Zm9",  "Zm9v\n",   "Zm9v\r\n\r\n", /* white space */
        "Zm9-",     "Zm9_",     "Zm9.",  "Zm9\xc3",  "@[`{",         "%2B="}; /* alphabet */
    uint8_t out[16] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++)
        if (base64(loose[i], out, sizeof out) != -1)
            fail_msg("\"%s\" was taken for Base64", loose[i]);
}

static void base64_decode_embedded_nul_is_refused(void **state)
{
    uint8_t out[3];

    (void)state;
    assert_int_equal(-1, lp_base64_decode("Zm\0v", 4, out, sizeof out));
}

/* ---- errors ---- */

static void error_set_long_text_is_cut_and_terminated(void **state)
{
    struct lp_error error;

    (void)state;
    memset(&error, 'x', sizeof error);
    lp_error_set(&error, "%s: %0600d", "a.pcap", 1);
    assert_int_equal(sizeof error.text - 1, strlen(error.text));
    assert_memory_equal("a.pcap: 000", error.text, 11);
    lp_error_set(&error, "%s", "short");
    assert_string_equal("short", error.text);
    lp_error_set(NULL, "%s", "nobody listens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_clean_plain_text_stays),
        cmocka_unit_test(text_clean_control_characters_are_escaped),
        cmocka_unit_test(text_clean_bidirectional_and_separators_are_escaped),
        cmocka_unit_test(text_clean_ill_formed_utf8_is_escaped),
        cmocka_unit_test(text_clean_cut_sequences_are_escaped_alone),
        cmocka_unit_test(text_clean_every_pair_of_bytes_comes_out_clean),
        cmocka_unit_test(text_clean_allocation_failing_yields_null),
        cmocka_unit_test(text_copy_plain_stops_at_the_first_other_byte),
        cmocka_unit_test(hex_text_is_lower_case_and_terminated),
        cmocka_unit_test(hex_decode_either_case_is_read),
        cmocka_unit_test(hex_decode_separators_only_between_bytes_and_when_asked),
        cmocka_unit_test(hex_decode_what_is_no_hex_fails),
        cmocka_unit_test(hex_decode_more_than_the_room_fails),
        cmocka_unit_test(base64_rfc_4648_vectors_both_ways),
        cmocka_unit_test(base64_every_byte_value_round_trips),
        cmocka_unit_test(base64_decode_cert_hash_is_a_sha1),
        cmocka_unit_test(base64_decode_loose_forms_are_refused),
        cmocka_unit_test(base64_decode_embedded_nul_is_refused),
        cmocka_unit_test(error_set_long_text_is_cut_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
