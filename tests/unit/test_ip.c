#include "guard.h"

#include "base/text.h"

static bool parse(const char *text, struct lp_ip *out)
{
    struct guarded g = guarded_copy(text, strlen(text));
    bool ok = lp_ip_parse((const char *)g.bytes, g.n, out);
    guarded_free(&g);
    return ok;
}

/* What the text reads as, written again. */
static const char *rewritten(const char *text)
{
    static char out[46];
    struct lp_ip ip;

    if (!parse(text, &ip))
        fail_msg("\"%s\" was not taken for an address", text);
    lp_ip_text(&ip, out, sizeof out);
    return out;
}

static void ip_parse_ipv4_is_four_bytes(void **state)
{
    struct lp_ip ip;

    (void)state;
    assert_true(parse("192.0.2.255", &ip));
    assert_int_equal(4, ip.family);
    assert_memory_equal("\xc0\x00\x02\xff\0\0\0\0\0\0\0\0\0\0\0\0", ip.bytes, 16);
    assert_string_equal("0.0.0.0", rewritten("0.0.0.0"));
    assert_string_equal("255.255.255.255", rewritten("255.255.255.255"));
}

/* RFC 4291 2.2. */
static void ip_parse_ipv6_forms_are_read(void **state)
{
    struct lp_ip ip;

    (void)state;
    assert_true(parse("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", &ip));
    assert_int_equal(6, ip.family);
    assert_memory_equal("\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89",
                        ip.bytes, 16);
    assert_true(parse("::FFFF:129.144.52.38", &ip));
    assert_int_equal(6, ip.family);
    assert_memory_equal("\0\0\0\0\0\0\0\0\0\0\xff\xff\x81\x90\x34\x26", ip.bytes, 16);
    assert_true(parse("::13.1.68.3", &ip));
    assert_memory_equal("\0\0\0\0\0\0\0\0\0\0\0\0\x0d\x01\x44\x03", ip.bytes, 16);
    assert_true(parse("1:2:3:4:5:6:7.8.9.10", &ip));
    assert_memory_equal("\0\1\0\2\0\3\0\4\0\5\0\6\7\x8\x9\xa", ip.bytes, 16);
    assert_string_equal("ff01::101", rewritten("FF01:0:0:0:0:0:0:101"));
    assert_string_equal("::", rewritten("0:0:0:0:0:0:0:0"));
    assert_string_equal("::", rewritten("::"));
    assert_string_equal("::1", rewritten("::1"));
    assert_string_equal("1::", rewritten("1::"));
    assert_string_equal("1:2:3:4:5:6:7:0", rewritten("1:2:3:4:5:6:7::"));
    assert_string_equal("0:2:3:4:5:6:7:8", rewritten("::2:3:4:5:6:7:8"));
}

/* RFC 5952 4. */
static void ip_text_rfc_5952_rules_hold(void **state)
{
    (void)state;
    assert_string_equal("2001:db8::1", rewritten("2001:0db8::0001"));              /* 4.1 */
    assert_string_equal("2001:db8::2:1", rewritten("2001:db8:0:0:0:0:2:1"));       /* 4.2.1 */
    assert_string_equal("2001:db8:0:1:1:1:1:1", rewritten("2001:db8::1:1:1:1:1")); /* 4.2.2 */
    assert_string_equal("2001:0:0:1::1", rewritten("2001:0:0:1:0:0:0:1"));         /* 4.2.3 */
    assert_string_equal("2001:db8::1:0:0:1", rewritten("2001:db8:0:0:1:0:0:1"));   /* 4.2.3 */
    assert_string_equal("2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa",
                        rewritten("2001:DB8:AAAA:bbbb:CCCC:dddd:EEEE:AAAA")); /* 4.3 */
    assert_string_equal("::2:0:0:0", rewritten("0:0:0:0:2:0:0:0"));
    assert_string_equal("1::2:0:0", rewritten("1:0:0:0:0:2:0:0"));
    assert_string_equal("1:0:0:2::", rewritten("1:0:0:2:0:0:0:0"));
    assert_string_equal("0:1:0:1:0:1:0:1", rewritten("0:1:0:1:0:1:0:1"));
}

static void ip_parse_what_is_no_address_fails_and_changes_nothing(void **state)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "1.2.3",
                                        "1.2.3.",
                                        "1.2.3.4.",
                                        "1.2.3.4.5",
                                        ".1.2.3",
                                        "1..2.3",
                                        "256.1.1.1",
                                        "1.1.1.999",
                                        "1.1.1.1000",
                                        "1.2.3.-4",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.a",
                                        "0x1.2.3.4",
                                        ":",
                                        ":::",
                                        "::1::",
                                        "1::2::3",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        ":1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:",
                                        ":1::",
                                        "::1:",
                                        "12345::",
                                        "::g",
                                        "::1%eth0",
                                        "[::1]",
                                        "::1.2.3",
                                        "::1.2.3.4.5",
                                        "1.2.3.4::",
                                        "1.2.3.4::1",
                                        "::1.2.3.4:5",
                                        "1:2:3:4:5:6:7:8.9.10.11",
                                        "1:2:3:4:5:1.2.3.4",
                                        "::256.1.1.1",
                                        "::-1",
                                        "2001:db8::1/64"};
    struct lp_ip ip, untouched;

    (void)state;
    memset(&untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ip = untouched;
        if (parse(wrong[i], &ip))
            fail_msg("\"%s\" was taken for an address", wrong[i]);
        assert_memory_equal(&untouched, &ip, sizeof ip);
    }
    assert_false(lp_ip_parse("1.2.3.4\0", 8, &ip));
}

static void ip_parse_reads_no_further_than_told(void **state)
{
    struct lp_ip ip;

    (void)state;
    assert_true(lp_ip_parse("192.0.2.1:443", 9, &ip));
    assert_int_equal(1, ip.bytes[3]);
    assert_true(lp_ip_parse("2001:db8::12]:443", 12, &ip));
    assert_int_equal(0x12, ip.bytes[15]);
    assert_true(lp_ip_parse("2001:db8::12", 11, &ip));
    assert_int_equal(0x01, ip.bytes[15]);
}

/* The longest address is 39 characters; with a smaller room it is cut, never written past. */
static void ip_text_every_room_is_terminated_inside(void **state)
{
    static const char *const texts[] = {"ffff:eeee:dddd:cccc:bbbb:aaaa:9999:8888",
                                        "1:2::", "255.254.253.252"};

    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        struct lp_ip ip;
        assert_true(parse(texts[t], &ip));
        for (size_t size = 0; size <= 46; size++) {
            uint8_t room[46];
            memset(room, '#', sizeof room);
            struct guarded g = guarded_copy(room, size);
            lp_ip_text(&ip, (char *)g.bytes, size);
            if (size > strlen(texts[t]))
                assert_string_equal(texts[t], (char *)g.bytes);
            else if (size)
                assert_non_null(memchr(g.bytes, 0, size));
            guarded_free(&g);
        }
    }
}

static void ip_text_unknown_family_is_empty(void **state)
{
    const struct lp_ip none = {0};
    char out[46] = "#";

    (void)state;
    lp_ip_text(&none, out, sizeof out);
    assert_string_equal("", out);
}

static void ip_equal_compares_family_and_its_bytes(void **state)
{
    struct lp_ip a = {4, {192, 0, 2, 1}}, b = a, six = {6, {192, 0, 2, 1}};

    (void)state;
    b.bytes[15] = 9; /* no part of an IPv4 address */
    assert_true(lp_ip_equal(&a, &b));
    b.bytes[3] = 2;
    assert_false(lp_ip_equal(&a, &b));
    assert_false(lp_ip_equal(&a, &six));
    b = six;
    assert_true(lp_ip_equal(&six, &b));
    b.bytes[15] = 1;
    assert_false(lp_ip_equal(&six, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ip_parse_ipv4_is_four_bytes),
        cmocka_unit_test(ip_parse_ipv6_forms_are_read),
        cmocka_unit_test(ip_text_rfc_5952_rules_hold),
        cmocka_unit_test(ip_parse_what_is_no_address_fails_and_changes_nothing),
        cmocka_unit_test(ip_parse_reads_no_further_than_told),
        cmocka_unit_test(ip_text_every_room_is_terminated_inside),
        cmocka_unit_test(ip_text_unknown_family_is_empty),
        cmocka_unit_test(ip_equal_compares_family_and_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
