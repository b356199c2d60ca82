#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone/parts.h"
#include "phone/phone.h"

#include "guard.h"

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

static struct lp_url read_url(const char *text, enum lp_url_fault *fault)
{
    struct guarded input = guarded_copy(text, strlen(text));
    struct lp_url url, again;

    assert_true(lp_url_parse(arena, (const char *)input.bytes, input.n, &url, fault));
    assert_true(lp_url_read(arena, (const char *)input.bytes, input.n, &again));
    assert_int_equal(url.usable, again.usable);
    guarded_free(&input);
    return url;
}

static void assert_url(const char *text, const char *host, unsigned port)
{
    enum lp_url_fault fault;
    struct lp_url url = read_url(text, &fault);

    assert_true(url.usable);
    assert_string_equal(host, url.host);
    assert_int_equal(port, url.port);
}

static void assert_fault(enum lp_url_fault want, const char *text)
{
    enum lp_url_fault fault;
    struct lp_url url = read_url(text, &fault);

    assert_int_equal(want, fault);
    assert_int_equal(want < LP_URL_EMPTY, url.usable);
    assert_int_equal(url.usable, url.host != NULL);
    assert_non_null(url.text);
}

static void url_read_of_a_name_gives_host_and_port(void **state)
{
    (void)state;
    assert_url("https://vpn.example.net/phones", "vpn.example.net", 443);
    assert_url("https://vpn.example.net:8443/phones", "vpn.example.net", 8443);
    assert_url("https://asa", "asa", 443);
    assert_url("https://vpn_1.example.net?x", "vpn_1.example.net", 443);
    assert_url("https://vpn.example.net:/", "vpn.example.net", 443);
    assert_url("https://vpn.example.net#top", "vpn.example.net", 443);
    assert_url("https://vpn.example.net/a@b:c", "vpn.example.net", 443);
    assert_url("https://4.example.net:65535", "4.example.net", 65535);
}

static void url_read_in_upper_case_with_dot_and_spaces_is_normalised(void **state)
{
    enum lp_url_fault fault;

    (void)state;
    struct lp_url url = read_url("\r\n  HTTPS://VPN.Example.NET./Phones \t", &fault);
    assert_int_equal(LP_URL_FINE, fault);
    assert_string_equal("vpn.example.net", url.host);
    assert_string_equal("HTTPS://VPN.Example.NET./Phones", url.text);
}

static void url_read_of_addresses_gives_ip(void **state)
{
    static const uint8_t v4[4] = {10, 201, 160, 201};
    enum lp_url_fault fault;

    (void)state;
    struct lp_url url = read_url("https://10.201.160.201/SSLVPNphone", &fault);
    assert_true(url.usable && url.host_is_ip);
    assert_int_equal(4, url.ip.family);
    assert_memory_equal(v4, url.ip.bytes, 4);
    url = read_url("https://[2001:DB8:0::1]:444/", &fault);
    assert_true(url.usable && url.host_is_ip);
    assert_int_equal(6, url.ip.family);
    assert_string_equal("2001:db8::1", url.host);
    assert_int_equal(444, url.port);
    assert_false(read_url("https://vpn.example.net", &fault).host_is_ip);
}

static void url_read_with_a_bad_host_is_not_usable(void **state)
{
    static const char *const texts[] = {
        "https://",
        "https:///phones",
        "https://:443/",
        "https://vpn..example.net/",
        "https://.example.net/",
        "https://vpn.example.net../",
        "https://./",
        "https://vpn example.net/",
        "https://vpn.ex%61mple.net/",
        "https://10.1.1.256/",
        "https://10.1.1/",
        "https://2001:db8::1/",
        "https://[2001:db8::1",
        "https://[10.1.1.1]/",
        "https://[fe80::1%25eth0]/",
        "https://\\vpn.example.net\\",
        "https://caf\xc3\xa9.example.net/",
        "https://a123456789012345678901234567890123456789012345678901234567890123.net/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum lp_url_fault fault;
        assert_false(read_url(texts[i], &fault).usable);
    }
    assert_fault(LP_URL_BAD_HOST, texts[3]);
}

static void url_read_with_a_bad_port_is_not_usable(void **state)
{
    (void)state;
    assert_fault(LP_URL_BAD_PORT, "https://vpn.example.net:0/");
    assert_fault(LP_URL_BAD_PORT, "https://vpn.example.net:65536/");
    assert_fault(LP_URL_BAD_PORT, "https://vpn.example.net:99999999999999999999/");
    assert_fault(LP_URL_BAD_PORT, "https://vpn.example.net:4 43/");
    assert_fault(LP_URL_BAD_PORT, "https://vpn.example.net:-1/");
    assert_fault(LP_URL_BAD_PORT, "https://[2001:db8::1]443/");
    assert_fault(LP_URL_BAD_PORT, "https://10.1.1.1:443:443/");
}

static void url_read_with_another_scheme_says_so(void **state)
{
    (void)state;
    assert_fault(LP_URL_HTTP, "http://vpn.example.net/phones");
    assert_url("http://vpn.example.net/phones", "vpn.example.net", 443);
    assert_fault(LP_URL_FOREIGN_SCHEME, "ftp://vpn.example.net/phones");
    assert_fault(LP_URL_FOREIGN_SCHEME, "httpss://vpn.example.net/phones");
    assert_fault(LP_URL_FOREIGN_SCHEME, "://vpn.example.net/phones");
}

static void url_read_without_scheme_needs_a_dot_or_an_address(void **state)
{
    (void)state;
    assert_fault(LP_URL_NO_SCHEME, "vpn.example.net/phones");
    assert_fault(LP_URL_NO_SCHEME, "10.201.160.201:8443");
    assert_fault(LP_URL_NO_SCHEME, "[2001:db8::1]/phones");
    assert_fault(LP_URL_BAD_HOST, "URL");
    assert_fault(LP_URL_BAD_HOST, "none");
    assert_fault(LP_URL_BAD_PORT, "vpn.example.net:https");
}

static void url_read_with_user_or_nothing_is_not_usable(void **state)
{
    (void)state;
    assert_fault(LP_URL_USERINFO, "https://user:secret@vpn.example.net/");
    assert_fault(LP_URL_USERINFO, "https://vpn.example.net@198.51.100.1/");
    assert_fault(LP_URL_EMPTY, "");
    assert_fault(LP_URL_EMPTY, " \n");
}

static void url_read_cut_anywhere_stays_in_bounds(void **state)
{
    static const char whole[] = "https://[2001:db8::1]:8443/phones";

    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct guarded input = guarded_copy(whole, n);
        struct lp_url url;
        assert_true(lp_url_read(arena, (const char *)input.bytes, input.n, &url));
        assert_int_equal(n >= strlen("https://[2001:db8::1]"), url.usable);
        guarded_free(&input);
    }
}

static void assert_server(const char *text, const char *host, unsigned port)
{
    struct lp_url url;

    assert_true(lp_server_read(arena, text, &url));
    assert_true(url.usable);
    assert_string_equal(host, url.host);
    assert_int_equal(port, url.port);
}

static void server_read_takes_names_and_addresses(void **state)
{
    (void)state;
    assert_server("VPN.example.net", "vpn.example.net", 0);
    assert_server("vpn.example.net:8443", "vpn.example.net", 8443);
    assert_server(" asa ", "asa", 0);
    assert_server("192.0.2.1", "192.0.2.1", 0);
    assert_server("192.0.2.1:443", "192.0.2.1", 443);
    assert_server("[2001:db8::1]:443", "2001:db8::1", 443);
    assert_server("[2001:db8::1]", "2001:db8::1", 0);
    assert_server("2001:db8::1", "2001:db8::1", 0);
}

static void server_read_of_nonsense_is_false(void **state)
{
    static const char *const texts[] = {"",
                                        " ",
                                        ":443",
                                        "vpn.example.net:0",
                                        "vpn.example.net:x",
                                        "vpn.example.net/phones",
                                        "https://vpn.example.net",
                                        "user@vpn.example.net",
                                        "192.0.2.256",
                                        "[2001:db8::1]x",
                                        "2001:db8::g"};
    struct lp_url url;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(lp_server_read(arena, texts[i], &url));
        assert_false(url.usable);
        assert_null(url.host);
    }
}

static void url_read_when_memory_is_short_is_false(void **state)
{
    static const char text[] = "https://vpn.example.net/phones";
    struct lp_arena *fresh = lp_arena_new();
    struct lp_url url;

    (void)state;
    assert_non_null(fresh);
    lp_alloc_fail_after(1);
    assert_false(lp_url_read(fresh, text, sizeof text - 1, &url));
    assert_false(lp_server_read(fresh, "vpn.example.net", &url));
    lp_alloc_fail_after(0);
    assert_true(lp_url_read(fresh, text, sizeof text - 1, &url));
    lp_arena_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_read_of_a_name_gives_host_and_port),
        cmocka_unit_test(url_read_in_upper_case_with_dot_and_spaces_is_normalised),
        cmocka_unit_test(url_read_of_addresses_gives_ip),
        cmocka_unit_test(url_read_with_a_bad_host_is_not_usable),
        cmocka_unit_test(url_read_with_a_bad_port_is_not_usable),
        cmocka_unit_test(url_read_with_another_scheme_says_so),
        cmocka_unit_test(url_read_without_scheme_needs_a_dot_or_an_address),
        cmocka_unit_test(url_read_with_user_or_nothing_is_not_usable),
        cmocka_unit_test(url_read_cut_anywhere_stays_in_bounds),
        cmocka_unit_test(server_read_takes_names_and_addresses),
        cmocka_unit_test(server_read_of_nonsense_is_false),
        cmocka_unit_test(url_read_when_memory_is_short_is_false),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
