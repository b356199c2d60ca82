/* Names of cipher suites, versions, alerts, and the words of the public enumerations. */
#include "guard.h"

#include "leafprint/leafprint.h"
#include "tls/handshake.h"

/* Against the IANA registry "TLS Cipher Suites". A table out of order would lose some. */
static void lp_cipher_name_of_known_numbers_is_ianas(void **state)
{
    static const struct {
        uint16_t cipher;
        const char *name;
    } known[] = {
        {0x0000, "TLS_NULL_WITH_NULL_NULL"},
        {0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
        {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
        {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
        {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
        {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
        {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
        {0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"},
        {0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA"},
        {0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"},
        {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
        {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
        {0x1301, "TLS_AES_128_GCM_SHA256"},
        {0x1302, "TLS_AES_256_GCM_SHA384"},
        {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
        {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
        {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
        {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
        {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
        {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
        {0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_non_null(lp_cipher_name(known[i].cipher));
        assert_string_equal(known[i].name, lp_cipher_name(known[i].cipher));
    }
    assert_null(lp_cipher_name(0x0a0a)); /* GREASE */
    assert_null(lp_cipher_name(0x001c));
    assert_null(lp_cipher_name(0xffff));
}

static void lp_cipher_name_of_all_numbers_has_no_duplicates(void **state)
{
    static const char *seen[65536];
    size_t count = 0;

    (void)state;
    for (unsigned cipher = 0; cipher < 65536; cipher++) {
        const char *name = lp_cipher_name((uint16_t)cipher);
        if (!name)
            continue;
        assert_memory_equal("TLS_", name, 4);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(seen[i], name);
        seen[count++] = name;
    }
    assert_true(count > 300); /* the registry has about 350 */
}

/* The suites whose handshake has no Certificate message; RSA_PSK has one (RFC 4279 4). */
static void lp_cipher_kinds_follow_the_names(void **state)
{
    (void)state;
    for (unsigned cipher = 0; cipher < 65536; cipher++) {
        const char *name = lp_cipher_name((uint16_t)cipher);
        bool psk = name && strstr(name, "PSK") && !strstr(name, "RSA_PSK");
        bool signs = name && (strstr(name, "RSA_WITH") || strstr(name, "DSS_WITH") ||
                              strstr(name, "ECDSA_WITH"));
        assert_int_equal(psk, lp_cipher_psk((uint16_t)cipher));
        if (name && strstr(name, "_anon_"))
            assert_true(lp_cipher_anonymous((uint16_t)cipher));
        if (!name || signs || psk)
            assert_false(lp_cipher_anonymous((uint16_t)cipher));
    }
    assert_true(lp_cipher_anonymous(0x0018) && lp_cipher_anonymous(0xc018));
    assert_true(lp_cipher_psk(0x008c) && lp_cipher_psk(0x00b2) && lp_cipher_psk(0xc035));
    assert_false(lp_cipher_psk(0x0094)); /* TLS_RSA_PSK_WITH_AES_128_CBC_SHA */
}

static void lp_version_name_knows_five_versions(void **state)
{
    (void)state;
    assert_string_equal("SSLv3", lp_version_name(0x0300));
    assert_string_equal("TLSv1.0", lp_version_name(0x0301));
    assert_string_equal("TLSv1.1", lp_version_name(0x0302));
    assert_string_equal("TLSv1.2", lp_version_name(0x0303));
    assert_string_equal("TLSv1.3", lp_version_name(0x0304));
    assert_null(lp_version_name(0));
    assert_null(lp_version_name(0x02ff));
    assert_null(lp_version_name(0x0305));
}

static void lp_alert_name_of_registered_codes_is_ianas(void **state)
{
    size_t named = 0;

    (void)state;
    assert_string_equal("close_notify", lp_alert_name(0));
    assert_string_equal("handshake_failure", lp_alert_name(40));
    assert_string_equal("bad_certificate", lp_alert_name(42));
    assert_string_equal("certificate_expired", lp_alert_name(45));
    assert_string_equal("certificate_unknown", lp_alert_name(46));
    assert_string_equal("unknown_ca", lp_alert_name(48));
    assert_string_equal("protocol_version", lp_alert_name(70));
    assert_string_equal("certificate_required", lp_alert_name(116));
    assert_string_equal("unknown", lp_alert_name(1));
    for (unsigned code = 0; code < 256; code++)
        named += strcmp("unknown", lp_alert_name((uint8_t)code)) != 0;
    assert_true(named >= 34);
    assert_string_equal("warning", lp_alert_level_name(1));
    assert_string_equal("fatal", lp_alert_level_name(2));
    assert_string_equal("unknown", lp_alert_level_name(0));
    assert_string_equal("unknown", lp_alert_level_name(255));
}

/* Every value has a word, and no two share one. */
static void lp_reason_and_outcome_names_are_distinct(void **state)
{
    (void)state;
    assert_null(lp_reason_name(LP_REASON_NONE));
    for (int i = LP_REASON_NONE + 1; i < LP_REASON_COUNT; i++) {
        assert_non_null(lp_reason_name((enum lp_reason)i));
        for (int j = LP_REASON_NONE + 1; j < i; j++)
            assert_string_not_equal(lp_reason_name((enum lp_reason)i),
                                    lp_reason_name((enum lp_reason)j));
    }
    for (int i = 0; i < LP_OUTCOME_COUNT; i++) {
        assert_non_null(lp_outcome_name((enum lp_outcome)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(lp_outcome_name((enum lp_outcome)i),
                                    lp_outcome_name((enum lp_outcome)j));
    }
    assert_string_equal("undecided", lp_verdict_name(LP_UNDECIDED));
    assert_string_equal("match", lp_verdict_name(LP_MATCH));
    assert_string_equal("mismatch", lp_verdict_name(LP_MISMATCH));
    assert_string_equal("error", lp_severity_name(LP_PROBLEM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_cipher_name_of_known_numbers_is_ianas),
        cmocka_unit_test(lp_cipher_name_of_all_numbers_has_no_duplicates),
        cmocka_unit_test(lp_cipher_kinds_follow_the_names),
        cmocka_unit_test(lp_version_name_knows_five_versions),
        cmocka_unit_test(lp_alert_name_of_registered_codes_is_ianas),
        cmocka_unit_test(lp_reason_and_outcome_names_are_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
