#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone_config.h"

#include "phone/parts.h"

static void phone_config_of_a_cucm_file_reads_everything_without_a_finding(void **state)
{
    (void)state;
    struct lp_config config = read_fixture("SEP00506001A2B3.cnf.xml");

    assert_first_hash(&config);
    assert_int_equal(2, config.hash_count);
    assert_int_equal(2, config.hashes[1].n);
    assert_string_equal(SECOND, config.hashes[1].text);
    assert_int_equal(2, config.url_count);
    assert_string_equal("https://vpn1.example.net/phones", config.urls[0].text);
    assert_string_equal("198.51.100.20", config.urls[1].host);
    assert_int_equal(8443, config.urls[1].port);
    assert_true(config.has_host_id_check && config.host_id_check);
    assert_true(config.has_hash_algorithm);
    assert_string_equal("0", config.hash_algorithm);
    assert_int_equal(0, config.finding_count);
}

static void phone_config_with_empty_hashes_only_has_none(void **state)
{
    (void)state;
    struct lp_config config =
        read_text(DEVICE(GROUP(URL1, "<certHash1></certHash1><certHash2> \n</certHash2>")));
    assert_int_equal(LP_REASON_NO_CERT_HASH, config.reason);
    assert_int_equal(0, config.hash_count);
    assert_int_equal(1, config.url_count);
    assert_finding(&config, "hash-empty", LP_WARNING, "<certHash1>");
    assert_finding(&config, "config-no-cert-hash", LP_PROBLEM, "certHash");
    config = read_text(DEVICE(GROUP(URL1, "")));
    assert_int_equal(LP_REASON_NO_CERT_HASH, config.reason);
}

static void phone_config_with_the_devices_own_hash_never_uses_it(void **state)
{
    (void)state;
    /* the end tags of credentials and vpnGroup are forgotten */
    struct lp_config config = read_text("<device><vpnGroup><addresses>" URL1
                                        "</addresses>\n<certHash>" FIRST "</certHash></device>");
    assert_int_equal(LP_REASON_NO_CERT_HASH, config.reason);
    assert_int_equal(0, config.hash_count);
}

static void phone_config_numbers_decide_not_the_order(void **state)
{
    (void)state;
    struct lp_config config = read_text(
        DEVICE(GROUP("<url3>https://c.example.net</url3><url1>https://a.example.net</url1>",
                     "<certHash10>" SECOND "</certHash10><certHash1>" FIRST "</certHash1>"
                     "<certHash11>" FIRST "</certHash11><certHash01>" FIRST "</certHash01>"
                     "<certHash0>" FIRST "</certHash0><certHash1>" SECOND "</certHash1>")));
    assert_first_hash(&config);
    assert_int_equal(2, config.hash_count);
    assert_int_equal(10, config.hashes[1].n);
    assert_string_equal("a.example.net", config.urls[0].host);
    assert_string_equal("c.example.net", config.urls[1].host);
    assert_finding(&config, "hash-number", LP_WARNING, "<certHash11> is not read");
    assert_finding(&config, "value-duplicate", LP_WARNING, "<certHash1>");
}

static void phone_config_without_numbers_counts_as_one(void **state)
{
    (void)state;
    struct lp_config config = read_text(
        DEVICE(GROUP("<url>https://a.example.net</url>", "<certHash>" FIRST "</certHash>")));
    assert_first_hash(&config);
    assert_string_equal("a.example.net", config.urls[0].host);
    assert_finding(&config, "hash-number", LP_WARNING, "read as <certHash1>");
    assert_finding(&config, "url-number", LP_WARNING, "read as <url1>");

    config = read_text(DEVICE(GROUP(URL1, "<certHash>" SECOND "</certHash>" HASH1)));
    assert_first_hash(&config);
    assert_int_equal(1, config.hash_count);
    assert_finding(&config, "hash-number", LP_WARNING, "not read");
}

static void phone_config_with_several_groups_takes_the_first_with_a_hash(void **state)
{
    (void)state;
    struct lp_config config =
        read_text(DEVICE(GROUP("<url1>https://a.example.net</url1>", "<certHash1/>") VPN GROUP(
            "<url1>https://b.example.net</url1>", "<certHash1>" SECOND "</certHash1>")));
    assert_first_hash(&config);
    assert_string_equal("192.0.2.1", config.urls[0].host);
    assert_finding(&config, "config-vpn-groups", LP_WARNING, "3 <vpnGroup>");

    /* a forgotten slash: what follows is inside a second group */
    config = read_text("<device><vpnGroup><credentials>" HASH1 "</credentials><vpnGroup>"
                       "<certHash2>" SECOND "</certHash2></device>");
    assert_first_hash(&config);
    assert_int_equal(1, config.hash_count);
}

static void phone_config_of_malformed_hashes_names_each(void **state)
{
    static const struct {
        const char *value, *code;
        enum lp_hash_fault fault;
        enum lp_severity severity;
        const char *part;
    } cases[] = {
        {"NYOhnS-W033jvPEtjqK8BVXEzRw=", "hash-base64", LP_HASH_NOT_BASE64, LP_PROBLEM,
         "line 6: <certHash1> is not Base64"},
        {FIRST_ENCODED_HEX, "hash-hex-base64", LP_HASH_OF_HEX_TEXT, LP_PROBLEM, "\"" FIRST "\""},
        {"3583a19d2fd6d37de3bcf12d8ea2bc0555c4cd1c", "hash-hex", LP_HASH_IS_HEX, LP_PROBLEM,
         "\"" FIRST "\""},
        {"NYOhnS/W033jvPEtjqK8BVXEzQ==", "hash-length", LP_HASH_BAD_LENGTH, LP_PROBLEM,
         "decodes to 19 bytes"},
        {"HASH", "hash-placeholder", LP_HASH_BAD_LENGTH, LP_PROBLEM, "\"HASH\""},
        {"2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "hash-of-nothing", LP_HASH_FINE, LP_PROBLEM, "empty"},
        {"CY9rzUYh03PK3k6DJie09g==", "hash-algorithm", LP_HASH_FINE, LP_WARNING,
         "length of MD5, but <hashAlg> is 0"},
        {"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", "hash-algorithm", LP_HASH_FINE, LP_WARNING,
         "SHA-256"},
        {"NYOh&foo;nS/W033jvPEtjqK8BVXEzRw=", "hash-damaged", LP_HASH_NOT_BASE64, LP_PROBLEM,
         "<certHash1>"},
        {"NYOhnS/W033j\x01vPEtjqK8BVXEzRw=", "hash-damaged", LP_HASH_NOT_BASE64, LP_PROBLEM,
         "<certHash1>"},
        {"NYOhnS/W033j<br/>vPEtjqK8BVXEzRw=", "hash-damaged", LP_HASH_NOT_BASE64, LP_PROBLEM,
         "<certHash1>"},
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(
            text, sizeof text,
            "<device>\n<vpnGroup>\n<addresses>" URL1 "</addresses>\n<credentials>\n"
            "<hashAlg>0</hashAlg>\n<certHash1>%s</certHash1></credentials></vpnGroup></device>",
            cases[i].value);
        struct lp_config config = read_text(text);
        assert_int_equal(LP_REASON_NONE, config.reason);
        assert_int_equal(1, config.hash_count);
        assert_int_equal(cases[i].fault, config.hashes[0].fault);
        assert_finding(&config, cases[i].code, cases[i].severity, cases[i].part);
    }
}

static void phone_config_of_odd_settings_names_each(void **state)
{
    (void)state;
    struct lp_config config = read_text(DEVICE(
        "<vpnGroup><mtu>9000</mtu><failConnectTime>601</failConnectTime><authMethod>x</authMethod>"
        "<enableHostIDCheck>2</enableHostIDCheck><credentials><hashAlg>1</hashAlg>"
        "<certHash1>" FIRST "</certHash1></credentials></vpnGroup>"));
    assert_first_hash(&config);
    assert_finding(&config, "value-range", LP_INFO, "<mtu> is \"9000\"");
    assert_finding(&config, "host-id-check", LP_WARNING, "\"2\"");
    assert_finding(&config, "hash-algorithm-unknown", LP_INFO, "\"1\"");
    assert_finding(&config, "url-none", LP_WARNING, "gateway");
    assert_false(config.has_host_id_check);
}

static void phone_config_of_odd_urls_names_each(void **state)
{
    char text[1024], path[300];

    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    snprintf(text, sizeof text,
             DEVICE(GROUP("<url1>http://192.0.2.1/phones</url1><url2>https://192.0.2.1:0/</url2>"
                          "<url3>https://192.0.2.1/%s</url3><url4>https://192.0.2.4</url4>",
                          HASH1)),
             path);
    struct lp_config config = read_text(text);
    assert_first_hash(&config);
    assert_int_equal(3, config.url_count);
    assert_true(config.urls[0].usable && !config.urls[1].usable && config.urls[2].usable);
    assert_finding(&config, "url-scheme", LP_WARNING, "<url1> has http://");
    assert_finding(&config, "url-malformed", LP_WARNING, "<url2> has no readable port");
    assert_finding(&config, "url-length", LP_WARNING, "<url3> has more than 255");
    assert_finding(&config, "url-number", LP_WARNING, "<url4> is not read");
}

/* Without a url any server may be meant; where one may have got lost, none is known to be. */
static void phone_config_tells_no_url_from_a_lost_one(void **state)
{
    static const char *const lost[] = {
        DEVICE(GROUP("<url1></url1>", HASH1)),
        DEVICE(GROUP("<url4>https://192.0.2.4</url4>", HASH1)),
        "<device>&nothing;<vpnGroup><credentials>" HASH1 "</credentials></vpnGroup></device>",
        DEVICE("<vpnGroup><credentials>" HASH1 "</credentials></vpnGroup><vpnGroup></vpnGroup>"),
    };

    (void)state;
    struct lp_config config =
        read_text(DEVICE("<vpnGroup><credentials>" HASH1 "</credentials></vpnGroup>"));
    assert_first_hash(&config);
    assert_int_equal(0, config.url_count);
    assert_false(config.url_lost);
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        config = read_text(lost[i]);
        assert_first_hash(&config);
        assert_int_equal(0, config.url_count);
        assert_true(config.url_lost);
    }
    config = read_text(DEVICE(GROUP("<url1>https://192.0.2.1</url1><url4>x</url4>", HASH1)));
    assert_false(config.url_lost);
}

/* A header as in a .sgn file: version, length, signer name, `tag` with four bytes, padding. */
static size_t wrap(uint8_t tag, const char *text, uint8_t *out)
{
    const uint8_t header[] = {1, 0, 2,   1, 0,   2, 0, 2, 0, 28, 3, 0,  5,  4,
                              0, 2, 'A', 0, tag, 0, 4, 1, 2, 3,  4, 13, 13, 13};

    assert_int_equal(28, sizeof header);
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, text, strlen(text));
    return sizeof header + strlen(text);
}

static void phone_config_that_is_signed_reads_what_follows_the_header(void **state)
{
    static const char text[] = DEVICE(VPN);
    uint8_t file[64 + sizeof text];

    (void)state;
    size_t n = wrap(12, text, file);
    struct lp_config config = read_bytes(file, n);
    assert_first_hash(&config);
    assert_int_equal(2, config.finding_count);
    assert_finding(&config, "config-signed", LP_INFO, "signed by \"A\"");
    assert_finding(&config, "config-signed", LP_INFO, "the text begins at byte 28");
    assert_finding(&config, "config-signature-unchecked", LP_INFO, "certificate is not given");
    assert_true(lp_phone_looks_like_xml(file, n));
}

static void phone_config_that_is_encrypted_says_so(void **state)
{
    static const uint8_t tags[] = {19, 20, 23, 25, 26, 27};
    uint8_t file[256];

    (void)state;
    for (size_t i = 0; i < sizeof tags; i++) {
        size_t n = wrap(tags[i], "\x8f\x03\x9c\x51", file);
        struct lp_config config = read_bytes(file, n);
        assert_int_equal(LP_REASON_ENCRYPTED_CONFIG, config.reason);
        assert_int_equal(0, config.hash_count);
        assert_finding(&config, "config-encrypted", LP_PROBLEM, "private key");
        assert_true(lp_phone_looks_like_xml(file, n));
    }
}

static void phone_config_cut_inside_the_header_says_so(void **state)
{
    uint8_t file[256];

    (void)state;
    wrap(12, VPN, file);
    for (size_t n = 10; n < 28; n++) {
        struct lp_config config = read_bytes(file, n);
        assert_no_group(&config, "config-header");
    }
    file[9] = 3; /* shorter than what stands before it */
    struct lp_config config = read_bytes(file, 200);
    assert_no_group(&config, "config-header");
}

static void phone_config_names_the_phone_by_file_before_folder(void **state)
{
    struct lp_config config;

    (void)state;
    assert_true(lp_phone_config(arena, "SEP001F6C81110E/sep00506001a2b3.xml", "<a/>", 4, &config));
    assert_string_equal("SEP00506001A2B3", config.phone);
    assert_true(lp_phone_config(arena, "SEP001F6C81110E/backup.xml", "<a/>", 4, &config));
    assert_string_equal("SEP001F6C81110E", config.phone);
    assert_true(lp_phone_config(arena, "back\nup.xml", "<a/>", 4, &config));
    assert_null(config.phone);
    assert_string_equal("back\\x0aup.xml", config.source);
}

static void looks_like_xml_tells_configurations_from_certificates(void **state)
{
    static const char *const yes[] = {"<device>", "\xef\xbb\xbf\r\n <?xml", "[...]\n<vpnGroup>"};
    static const char *const no[] = {
        "", "\n", "-----BEGIN CERTIFICATE-----\n", "0\x82\x03\x25", "\x0a\x0d\x0d\x0a", "device"};
    static const uint8_t certificate[] = {0x30, 0x82, 0x02, 0x00, 0x30, 0x82};

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(lp_phone_looks_like_xml(yes[i], strlen(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(lp_phone_looks_like_xml(no[i], strlen(no[i])));
    assert_false(lp_phone_looks_like_xml(certificate, sizeof certificate));
    assert_true(lp_phone_looks_like_xml("\0\0<a>", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phone_config_of_a_cucm_file_reads_everything_without_a_finding),
        cmocka_unit_test(phone_config_with_empty_hashes_only_has_none),
        cmocka_unit_test(phone_config_with_the_devices_own_hash_never_uses_it),
        cmocka_unit_test(phone_config_numbers_decide_not_the_order),
        cmocka_unit_test(phone_config_without_numbers_counts_as_one),
        cmocka_unit_test(phone_config_with_several_groups_takes_the_first_with_a_hash),
        cmocka_unit_test(phone_config_of_malformed_hashes_names_each),
        cmocka_unit_test(phone_config_of_odd_settings_names_each),
        cmocka_unit_test(phone_config_of_odd_urls_names_each),
        cmocka_unit_test(phone_config_tells_no_url_from_a_lost_one),
        cmocka_unit_test(phone_config_that_is_signed_reads_what_follows_the_header),
        cmocka_unit_test(phone_config_that_is_encrypted_says_so),
        cmocka_unit_test(phone_config_cut_inside_the_header_says_so),
        cmocka_unit_test(phone_config_names_the_phone_by_file_before_folder),
        cmocka_unit_test(looks_like_xml_tells_configurations_from_certificates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
