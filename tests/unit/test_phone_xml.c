#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone_config.h"

#include "phone/parts.h"

static void phone_config_of_a_bare_fragment_yields_the_hash(void **state)
{
    (void)state;
    struct lp_config config = read_text(VPN);
    assert_first_hash(&config);
    assert_false(config.host_id_check);
    assert_int_equal(0, config.finding_count);
    config = read_text("\n  " VPN "\n\n");
    assert_first_hash(&config);
    assert_int_equal(0, config.finding_count);
}

static void phone_config_of_typing_errors_yields_the_hash_and_warnings(void **state)
{
    (void)state;
    struct lp_config config = read_fixture("typing-errors.cnf.xml");

    assert_first_hash(&config);
    assert_int_equal(2, config.hash_count);
    assert_int_equal(LP_HASH_NOT_BASE64, config.hashes[1].fault);
    assert_string_equal("vpn1.example.net", config.urls[0].host);
    assert_false(config.has_host_id_check);
    assert_finding(&config, "config-xml", LP_WARNING, "line 5: not well-formed XML: Opening and");
    assert_finding(&config, "url-number", LP_WARNING, "<url>");
    assert_finding(&config, "host-id-check", LP_WARNING, "\"no\"");
    assert_finding(&config, "hash-base64", LP_PROBLEM, "<certHash2>");
}

static void phone_config_of_broken_xml_yields_the_hash_and_a_warning(void **state)
{
    static const char *const texts[] = {
        "\n" DEVICE(VPN),
        DEVICE("<a><dateTemplate>M/D/YA</dateTempliate></a>" VPN),
        DEVICE("<TVS><members/><TVS>" VPN),
        DEVICE("<name>a&nbsp;b</name>" VPN),
        DEVICE("<name>A & B</name>" VPN),
        DEVICE("<name>A < B</name>" VPN),
        DEVICE("<name>caf\xe9</name>" VPN),
        DEVICE("<name>a\x01z</name>" VPN),
        DEVICE("<name x=1 x=1>a</name>" VPN),
        DEVICE("</name></member></device>" VPN),
        DEVICE(VPN) "<junk> & more",
        DEVICE(VPN) DEVICE(VPN),
        DEVICE("<!-- a -- b -->" VPN),
        "[some lines omitted]\n" VPN,
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<device>" VPN "</device>",
        "<?xml version=\"1.0\" encoding=\"no-such-encoding\"?>\n<device>" VPN "</device>",
        "<?xml version=1.0?>\n<device>" VPN "</device>",
        "<device>" VPN,
        "<device><vpnGroup><credentials>" HASH1,
        "<device><vpnGroup><addresses>" URL1 "</addresses><credentials>" HASH1 "<certHash2>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_config config = read_text(texts[i]);
        assert_first_hash(&config);
        assert_finding(&config, "config-xml", LP_WARNING, "not well-formed XML: ");
    }
}

static void phone_config_of_sound_xml_in_odd_forms_needs_no_warning(void **state)
{
    static const char *const texts[] = {
        "\xef\xbb\xbf" DEVICE(VPN),
        DEVICE("<axl:vpnGroup><credentials>" HASH1 "</credentials></axl:vpnGroup>"),
        DEVICE(GROUP(URL1, "<certHash1><![CDATA[" FIRST "]]></certHash1>")),
        DEVICE(
            GROUP(URL1, "<certHash1><!-- old -->\n NYOhnS/W033jvPEtjq\n  K8BVXEzRw=</certHash1>")),
        DEVICE(GROUP(URL1, "<certHash1>NYOhnS/W033jvPEtjqK8BVXEzRw&#61;</certHash1>")),
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<device><name>caf\xe9</name>" VPN
        "</device>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_config config = read_text(texts[i]);
        assert_first_hash(&config);
        assert_null(finding(&config, "config-xml"));
    }
}

static void phone_config_with_nuls_yields_the_hash_and_a_warning(void **state)
{
    static const char front[] = "\0\0\n" DEVICE(VPN), behind[] = DEVICE(VPN) "\0\0",
                      inside[] = DEVICE("<name>a\0b</name>\0" VPN);

    (void)state;
    struct lp_config config = read_bytes(front, sizeof front - 1);
    assert_first_hash(&config);
    assert_finding(&config, "config-xml", LP_WARNING, "NULs");
    config = read_bytes(behind, sizeof behind - 1);
    assert_first_hash(&config);
    assert_finding(&config, "config-xml", LP_WARNING, "NULs");
    config = read_bytes(inside, sizeof inside - 1);
    assert_first_hash(&config);
    assert_finding(&config, "config-xml", LP_WARNING, "Char 0x0");
}

/* ASCII to UTF-16, with or without a byte order mark. */
static size_t widen(const char *text, bool little, bool mark, uint8_t *out)
{
    size_t used = 0;

    if (mark) {
        out[used++] = little ? 0xff : 0xfe;
        out[used++] = little ? 0xfe : 0xff;
    }
    for (; *text; text++) {
        out[used++] = little ? (uint8_t)*text : 0;
        out[used++] = little ? 0 : (uint8_t)*text;
    }
    return used;
}

static void phone_config_in_utf16_yields_the_hash(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<device>" VPN "</device>\n";
    uint8_t wide[2 * sizeof text + 2];

    (void)state;
    for (unsigned form = 0; form < 4; form++) {
        size_t n = widen(text, form & 1, form & 2, wide);
        struct lp_config config = read_bytes(wide, n);
        assert_first_hash(&config);
        assert_int_equal(0, config.finding_count);
        assert_true(lp_phone_looks_like_xml(wide, n));
        config = read_bytes(wide, n - 1); /* half a character at the end, which was a line end */
        assert_first_hash(&config);
    }
}

static void phone_text_of_utf16_beyond_ascii_becomes_utf8(void **state)
{
    static const uint8_t wide[] = {0xfe, 0xff, 0,    'x',  0,    0xe9, 0x20, 0xac, 0xd8,
                                   0x3d, 0xdc, 0xde, 0xd8, 0x3d, 0,    'y',  0xdc, 0xde};
    struct lp_buf room = {0};
    struct lp_phone_text text;

    (void)state;
    assert_true(lp_phone_text(lp_rd_init(wide, sizeof wide), &room, &text));
    assert_true(text.converted);
    static const char want[] = "x\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e\xef\xbf\xbdy\xef\xbf\xbd";
    assert_int_equal(sizeof want - 1, text.rd.left);
    assert_memory_equal(want, text.rd.ptr, sizeof want - 1);
    lp_buf_free(&room);
}

static void phone_config_with_a_doctype_is_refused(void **state)
{
    static const char *const texts[] = {
        DECLARATION "<!DOCTYPE device>\n<device>" VPN "</device>",
        DECLARATION "<!DOCTYPE d [<!ENTITY h \"" FIRST "\">]>\n<device>" VPN "</device>",
        "<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><device>" VPN "</device>",
        "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"&a;&a;\">]><d>&b;" VPN
        "</d>",
        "x" DECLARATION "<!DOCTYPE device>\n<device>" VPN "</device>",
        "<?xml version=1.0?><!DOCTYPE device>\n<device>" VPN "</device>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_config config = read_text(texts[i]);
        assert_no_group(&config, "config-doctype");
    }
}

static void phone_config_without_vpn_group_says_why(void **state)
{
    (void)state;
    struct lp_config config = read_text(DEVICE("<fullConfig>true</fullConfig>"));
    assert_no_group(&config, "config-no-vpn-group");
    config = read_text(DEVICE("<!-- " VPN " -->"));
    assert_no_group(&config, "config-comment");
    config = read_fixture("partial.cnf.xml");
    assert_no_group(&config, "config-partial");
    assert_finding(&config, "config-partial", LP_PROBLEM, "SEP00506001A2B3.cnf.xml.enc.sgn");
    config = read_text("");
    assert_no_group(&config, "config-empty");
    config = read_text("\n \n");
    assert_no_group(&config, "config-empty");
    config = read_text("nothing like XML");
    assert_no_group(&config, "config-no-vpn-group");
    assert_finding(&config, "config-xml", LP_WARNING, "line 1: ");
    config = read_text(DEVICE("<certHash1>" FIRST "</certHash1>"));
    assert_no_group(&config, "config-no-vpn-group");
}

static void phone_config_of_too_large_a_file_is_refused(void **state)
{
    size_t n = 4 * 1024 * 1024 + 1;
    char *text = malloc(n);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', n);
    memcpy(text, VPN, sizeof VPN - 1);
    struct lp_config config = read_bytes(text, n);
    assert_no_group(&config, "config-size");
    config = read_bytes(text, n - 1);
    assert_first_hash(&config);
    free(text);
}

static void phone_config_of_very_deep_xml_ends(void **state)
{
    size_t n = 300000;
    char *text = malloc(n);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i += 3)
        memcpy(text + i, "<a>", 3);
    struct lp_config config = read_bytes(text, n);
    assert_no_group(&config, "config-no-vpn-group");
    free(text);
}

static void phone_config_of_hostile_values_stays_printable(void **state)
{
    (void)state;
    struct lp_config config = read_text(DEVICE(
        GROUP("<url1>https://a\x7f\xc2\x9b/</url1>", "<certHash1>\xe2\x80\xae</certHash1>")));
    for (size_t i = 0; i < config.finding_count; i++)
        for (const char *c = config.findings[i].message; *c; c++)
            assert_true(*c >= ' ' && *c != 0x7f);
}

static void phone_config_of_endless_faults_bounds_the_findings(void **state)
{
    static const char fault[] = "<certHash1>x</certHash1>", head[] = "<vpnGroup><credentials>";
    size_t n = sizeof head - 1 + 5000 * (sizeof fault - 1);
    char *text = malloc(n + 1);

    (void)state;
    assert_non_null(text);
    memcpy(text, head, sizeof head - 1);
    for (size_t at = sizeof head - 1; at < n; at += sizeof fault - 1)
        memcpy(text + at, fault, sizeof fault - 1);
    struct lp_config config = read_bytes(text, n);
    assert_int_equal(LP_MAX_NOTES, config.finding_count);
    assert_finding(&config, "config-fields", LP_WARNING, "first 64");
    assert_finding(&config, "config-more", LP_INFO, "more findings");
    free(text);
}

/* The fixture's values appear exactly when the last character of their end tag is there. */
static void phone_config_cut_anywhere_yields_only_whole_values(void **state)
{
    static const char text[] = DEVICE(GROUP(URL1, HASH1 "<certHash2>" SECOND "</certHash2>"));
    size_t first = (size_t)(strstr(text, "</certHash1>") - text) + strlen("</certHash1>");
    size_t second = (size_t)(strstr(text, "</certHash2>") - text) + strlen("</certHash2>");
    size_t url = (size_t)(strstr(text, "</url1>") - text) + strlen("</url1>");

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct lp_config config = read_bytes(text, n);
        assert_int_equal((n >= first) + (n >= second), config.hash_count);
        assert_int_equal(n >= url, config.url_count);
        if (config.hash_count > 0)
            assert_string_equal(FIRST, config.hashes[0].text);
        else
            assert_int_not_equal(LP_REASON_NONE, config.reason);
        if (n == first - 1)
            assert_finding(&config, "value-cut", LP_WARNING, "<certHash1>");
    }
}

static void phone_config_when_memory_is_short_is_false(void **state)
{
    static const char text[] = DEVICE("<a>&b;</c>" GROUP("<url>x</url>", HASH1));
    struct lp_config config;

    (void)state;
    for (uint64_t n = 1; n < 1000; n++) {
        struct lp_arena *fresh = lp_arena_new();
        assert_non_null(fresh);
        lp_alloc_fail_after(n);
        bool ok = lp_phone_config(fresh, "SEP00506001A2B3.cnf.xml", text, sizeof text - 1, &config);
        lp_alloc_fail_after(0);
        if (ok) {
            assert_true(n > 5);
            assert_first_hash(&config);
            lp_arena_free(fresh);
            return;
        }
        assert_int_equal(0, config.hash_count);
        lp_arena_free(fresh);
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phone_config_of_a_bare_fragment_yields_the_hash),
        cmocka_unit_test(phone_config_of_typing_errors_yields_the_hash_and_warnings),
        cmocka_unit_test(phone_config_of_broken_xml_yields_the_hash_and_a_warning),
        cmocka_unit_test(phone_config_of_sound_xml_in_odd_forms_needs_no_warning),
        cmocka_unit_test(phone_config_with_nuls_yields_the_hash_and_a_warning),
        cmocka_unit_test(phone_config_in_utf16_yields_the_hash),
        cmocka_unit_test(phone_text_of_utf16_beyond_ascii_becomes_utf8),
        cmocka_unit_test(phone_config_with_a_doctype_is_refused),
        cmocka_unit_test(phone_config_without_vpn_group_says_why),
        cmocka_unit_test(phone_config_of_too_large_a_file_is_refused),
        cmocka_unit_test(phone_config_of_very_deep_xml_ends),
        cmocka_unit_test(phone_config_of_hostile_values_stays_printable),
        cmocka_unit_test(phone_config_of_endless_faults_bounds_the_findings),
        cmocka_unit_test(phone_config_cut_anywhere_yields_only_whole_values),
        cmocka_unit_test(phone_config_when_memory_is_short_is_false),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
