/* Headend text: from what CME, IOS and ASA print to expected hashes. The texts are in headend/. */
#include "guard.h"

#include "base/text.h"
#include "phone/headend.h"

/* SHA-1 of the CA's certificate and of the headend's, which all the texts are about. */
#define CA "7iyxABC0Jps23mq2bLLWNCAuoXY="
#define GW "BYuiklLHb91clxXsr6sA3GhBrRA="

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

static struct lp_headend headend; /* too large for the stack of a test */

static struct lp_config config_of(const void *bytes, size_t n)
{
    struct guarded input = guarded_copy(bytes, n);
    struct lp_config config;

    assert_true(lp_headend_read(arena, input.bytes, n, &headend));
    guarded_free(&input);
    assert_true(lp_headend_config(arena, "dir/show.txt", &headend, &config));
    assert_string_equal("headend", config.origin);
    assert_string_equal("dir/show.txt", config.source);
    assert_null(config.phone);
    assert_int_equal(config.hash_count == 0, config.reason == LP_REASON_NO_CERT_HASH);
    for (size_t i = 0; i < config.hash_count; i++) {
        assert_int_equal(LP_HASH_FINE, config.hashes[i].fault);
        assert_true(config.hashes[i].digest_len >= 20);
        assert_in_range(config.hashes[i].n, 1, LP_MAX_CERT_HASHES);
    }
    return config;
}

static struct lp_config config_of_text(const char *text)
{
    return config_of(text, strlen(text));
}

static uint8_t *load(const char *name, size_t *n)
{
    char path[512];

    snprintf(path, sizeof path, SOURCE_DIR "/tests/unit/headend/%s", name);
    return read_file(path, n);
}

static struct lp_config config_of_file(const char *name)
{
    size_t n;
    uint8_t *bytes = load(name, &n);
    struct lp_config config = config_of(bytes, n);

    free(bytes);
    return config;
}

static const struct lp_finding *finding(const struct lp_config *config, const char *code)
{
    for (size_t i = 0; i < config->finding_count; i++)
        if (strcmp(config->findings[i].code, code) == 0)
            return &config->findings[i];
    return NULL;
}

static void assert_finding(const struct lp_config *config, const char *code,
                           enum lp_severity severity, const char *part)
{
    const struct lp_finding *found = finding(config, code);

    if (!found) {
        fail_msg("no finding %s", code);
        return;
    }
    assert_int_equal(severity, found->severity);
    if (!strstr(found->message, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", code, found->message, part);
}

/* The hashes, "1:BASE64 2:BASE64". */
static const char *hashes_of(const struct lp_config *config)
{
    static char text[LP_MAX_CERT_HASHES * 40];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < config->hash_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u:%s", i ? " " : "",
                                 config->hashes[i].n, config->hashes[i].text);
    return text;
}

/* ---- whole texts ---- */

static void headend_of_each_kind_gives_its_hashes(void **state)
{
    static const struct {
        const char *name, *hashes;
        size_t urls;
        bool found;
    } texts[] = {
        {"cme-show-voice-vpn.txt", "1:" CA " 2:" GW, 2, true},
        {"cme-running-config.txt", "1:" CA " 2:" GW, 1, true},
        {"cme-running-config-paged.log", "1:" CA " 2:" GW, 1, true},
        {"ios-certificates-verbose.txt", "1:" GW " 2:" CA, 0, true},
        {"ios-trustpoints-status.txt", "1:" CA " 2:" GW, 0, true},
        {"ios-startup-config.txt", "", 1, true},
        {"asa-running-config.txt", "1:" GW, 0, true},
        {"asa-running-config-paged.log", "1:" GW, 0, true},
        {"asa-authenticate.txt", "", 0, true},
        {"asa-show-certificates.txt", "", 0, true},
        {"asa-export.txt", "1:" GW, 0, false}, /* a certificate file like any other */
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_config config = config_of_file(texts[i].name);
        if (strcmp(texts[i].hashes, hashes_of(&config)) != 0)
            fail_msg("%s: %s", texts[i].name, hashes_of(&config));
        assert_int_equal(texts[i].urls, config.url_count);
        assert_int_equal(texts[i].found, lp_headend_found(&headend));
    }
}

static void headend_of_show_voice_vpn_has_urls_and_host_id(void **state)
{
    (void)state;
    struct lp_config config = config_of_file("cme-show-voice-vpn.txt");
    assert_string_equal("https://198.51.100.7/phonevpn", config.urls[0].text);
    assert_true(config.urls[0].host_is_ip);
    assert_int_equal(2, config.urls[1].n);
    assert_string_equal("gw.example.net", config.urls[1].host);
    assert_int_equal(8443, config.urls[1].port);
    assert_true(config.has_host_id_check);
    assert_false(config.host_id_check);
    assert_int_equal(0, config.finding_count);
}

static void headend_of_md5_alone_refuses_with_the_reason(void **state)
{
    (void)state;
    struct lp_config config = config_of_file("asa-authenticate.txt");
    assert_int_equal(LP_REASON_NO_CERT_HASH, config.reason);
    assert_finding(&config, "headend-md5", LP_WARNING, "line 5: the fingerprint f4be8d45");
    assert_finding(&config, "headend-md5", LP_WARNING, "can never equal a certHash");
    assert_finding(&config, "headend-no-hash", LP_PROBLEM, "no SHA-1 fingerprint");
    /* with a SHA-1 beside it, it is worth no warning */
    config = config_of_file("ios-trustpoints-status.txt");
    assert_finding(&config, "headend-md5", LP_INFO, "stands beside it");
}

static void headend_of_a_list_without_digests_says_what_to_give(void **state)
{
    (void)state;
    struct lp_config config = config_of_file("asa-show-certificates.txt");
    assert_finding(&config, "headend-no-hash", LP_PROBLEM, "no certificate");
    assert_non_null(strstr(finding(&config, "headend-no-hash")->remedy, "crypto ca export"));
    config = config_of_file("ios-startup-config.txt");
    assert_finding(&config, "headend-reference", LP_INFO, "phone_ca is in a file of the router");
    assert_finding(&config, "headend-missing", LP_WARNING, "root (CA) certificate of trustpoint");
}

/* ---- which one counts ---- */

static void headend_whose_value_is_stale_says_so(void **state)
{
    (void)state;
    struct lp_config config =
        config_of_text("VPN Trustpoint 1 trustpoint tp root " GW " The Voice Service\n"
                       "Trustpoint tp:\n  Issuing CA certificate configured:\n"
                       "    Fingerprint SHA1: EE2CB100 10B4269B 36DE6AB6 6CB2D634 202EA176\n");
    assert_string_equal("1:" GW, hashes_of(&config));
    assert_finding(&config, "headend-stale", LP_PROBLEM, "certHash1 is " GW);
    assert_finding(&config, "headend-stale", LP_PROBLEM, CA);
}

static void headend_of_associated_trustpoints_resolves_each(void **state)
{
    static const char use[] = "vpn-trustpoint 3 trustpoint phone_ca root\n";
    size_t n;
    uint8_t *bytes = load("ios-certificates-verbose.txt", &n);
    char *text = malloc(n + sizeof use);

    (void)state;
    assert_non_null(text);
    memcpy(text, bytes, n);
    memcpy(text + n, use, sizeof use);
    struct lp_config config = config_of_text(text);
    assert_string_equal("3:" CA, hashes_of(&config));
    free(text);
    free(bytes);
}

static void headend_of_a_request_is_no_certificate(void **state)
{
    (void)state;
    struct lp_config config =
        config_of_text("Certificate Request Fingerprint SHA1: 08B7D3F1 5C62A94E 11E0776B D5FA8C23 "
                       "409E61B7\n");
    assert_int_equal(0, config.hash_count);
    assert_false(lp_headend_found(&headend));
}

static void headend_of_other_digests_takes_the_sha1(void **state)
{
    (void)state;
    struct lp_config config = config_of_text(
        "CA Certificate\n"
        "Fingerprint SHA256: D18120D8 59B3EE5C 3DAD26C3 CB1AEEC5 8A257EB0 9C7FC605 4C1B0C39 "
        "DD88DCA5\n"
        "SHA1 Fingerprint=EE:2C:B1:00:10:B4:26:9B:36:DE:6A:B6:6C:B2:D6:34:20:2E:A1:76\n");
    assert_string_equal("1:" CA, hashes_of(&config));
    assert_int_equal(2, headend.item_count);
    /* and only when there is none, a longer one */
    config = config_of_text(
        "CA Certificate\nFingerprint SHA256: D18120D8 59B3EE5C 3DAD26C3 CB1AEEC5 8A257EB0 9C7FC605 "
        "4C1B0C39 DD88DCA5\n");
    assert_int_equal(1, config.hash_count);
    assert_int_equal(LP_HASH_SHA256, config.hashes[0].algorithm);
}

static void headend_of_oddities_remarks_on_each(void **state)
{
    (void)state;
    struct lp_config config = config_of_text("vpn-trustpoint 1 raw 30820233\n"
                                             "vpn-trustpoint 11 trustpoint tp root\n"
                                             "vpn-gateway 4 https://198.51.100.7/x\n"
                                             "vpn-hash-algorithm sha-256\n"
                                             "host-id-check enable\nhost-id-check disable\n"
                                             "Fingerprint SHA1: EE2CB100 10B4269B\n");
    assert_int_equal(0, config.hash_count);
    assert_int_equal(0, config.url_count);
    assert_false(config.has_host_id_check);
    assert_finding(&config, "headend-raw", LP_WARNING, "line 1: ");
    assert_finding(&config, "headend-number", LP_WARNING, "line 2: ");
    assert_finding(&config, "headend-algorithm", LP_WARNING, "\"sha-256\"");
    assert_finding(&config, "headend-hash", LP_WARNING, "\"EE2CB10010B4269B\"");
}

static void headend_of_hostile_names_is_printable(void **state)
{
    (void)state;
    struct lp_config config = config_of_text("vpn-trustpoint 1 trustpoint a\xffz root\n");
    const struct lp_finding *missing = finding(&config, "headend-missing");
    assert_non_null(missing);
    assert_non_null(strstr(missing->message, "a\\xffz"));
}

static void headend_of_other_texts_finds_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "hello\n",
        "The fingerprint of the key is not known.\n",
        "ssh-keyscan: fingerprint SHA256:hYVpPm4f3U\n",
        "-----BEGIN CERTIFICATE-----\nMAUwAwIBBQ==\n-----END CERTIFICATE-----\n",
        "certificate\n",
        "certificate ca 01\n 30050603\n quit\n", /* outside any chain */
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        config_of_text(texts[i]);
        if (lp_headend_found(&headend))
            fail_msg("found something in \"%s\"", texts[i]);
    }
}

/* ---- how terminals spoil them ---- */

static void headend_value_broken_anywhere_is_put_together(void **state)
{
    static const char line[] = "VPN Trustpoint 1 trustpoint phone_ca root ";
    static const char hash[] = CA;
    char text[160];

    (void)state;
    for (int at = 0; at < 28; at++) {
        snprintf(text, sizeof text, "%s%.*s\r\n%s The Voice Service\r\nVPN Profile 1\r\n", line, at,
                 hash, hash + at);
        struct lp_config config = config_of_text(text);
        if (strcmp("1:" CA, hashes_of(&config)) != 0)
            fail_msg("broken after %d characters: \"%s\"", at, hashes_of(&config));
    }
}

static void headend_fingerprint_broken_between_groups_is_put_together(void **state)
{
    static const char groups[] = "EE2CB100 10B4269B 36DE6AB6 6CB2D634 202EA176";
    char text[160];

    (void)state;
    for (int at = 0; at <= 36; at += 9) {
        snprintf(text, sizeof text, "Fingerprint SHA1: %.*s\n   %s\n", at, groups, groups + at);
        struct lp_config config = config_of_text(text);
        assert_string_equal("1:" CA, hashes_of(&config));
    }
}

static void headend_behind_prompts_times_and_pagers_is_read(void **state)
{
    static const char *const fronts[] = {
        "",
        "  ",
        "\xef\xbb\xbf",
        "hq-cme#",
        "hq-cme(config-vpn-group)# ",
        "*Nov 24 05:39:56.123: ",
        "[2026-11-24 05:39:56] ",
        "000304: Jan  7 00:30:01.206: ",
        " --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b",
        "<--- More --->\r              \r",
        "\x1b[7m--More--\x1b[27m\x1b[8D\x1b[K",
    };
    char text[160];

    (void)state;
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        snprintf(text, sizeof text, "%s%s\r\n", fronts[i],
                 "VPN Trustpoint 1 trustpoint tp root " CA " The Voice Service");
        struct lp_config config = config_of_text(text);
        if (strcmp("1:" CA, hashes_of(&config)) != 0)
            fail_msg("\"%s\": \"%s\"", text, hashes_of(&config));
    }
}

static void headend_in_any_case_is_read(void **state)
{
    (void)state;
    struct lp_config config = config_of_text("vpn trustpoint 1 TRUSTPOINT tp ROOT " CA);
    assert_string_equal("1:" CA, hashes_of(&config));
    config = config_of_text("FINGERPRINT sha1: ee2cb100 10b4269b 36de6ab6 6cb2d634 202ea176");
    assert_string_equal("1:" CA, hashes_of(&config));
}

static void headend_hex_with_a_line_missing_is_refused(void **state)
{
    size_t n;
    uint8_t *bytes = load("asa-running-config.txt", &n);
    char *text = calloc(1, n + 1), *line, *next;

    (void)state;
    assert_non_null(text);
    memcpy(text, bytes, n);
    line = strstr(text, "    3082"); /* the first line of digits goes */
    next = strchr(line, '\n') + 1;
    memmove(line, next, strlen(next) + 1);
    struct lp_config config = config_of_text(text);
    assert_string_equal("", hashes_of(&config));
    assert_finding(&config, "headend-certificate", LP_WARNING, "trustpoint outside_tp");
    assert_finding(&config, "headend-missing", LP_WARNING, "leaf certificate");
    free(text);
    free(bytes);
}

/* ---- damage of any kind ---- */

/* The text without what is no part of a value, so that whatever was read can be looked for. */
static char *squeezed(const uint8_t *bytes, size_t n)
{
    char *out = calloc(1, n + 1);
    size_t used = 0;

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        if (bytes[i] > ' ' && bytes[i] != ':' && bytes[i] < 0x7f)
            out[used++] = (char)bytes[i];
    return out;
}

static char *lowered(const char *text)
{
    char *out = calloc(1, strlen(text) + 1);

    assert_non_null(out);
    for (size_t i = 0; text[i]; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    return out;
}

/* Every digest and every certificate stands in the text as it was read. */
static void assert_nothing_made_up(const uint8_t *bytes, size_t n, const char *where)
{
    char *plain = squeezed(bytes, n), *lower = lowered(plain);

    for (size_t i = 0; i < headend.item_count; i++) {
        const struct lp_headend_item *item = &headend.items[i];
        size_t length = item->der ? item->der_len : item->hash.digest_len;
        char *hex = calloc(2, length + 1);
        assert_non_null(hex);
        lp_hex_text(item->der ? item->der : item->hash.digest, length, hex);
        /* a pager stands between digits, and what PEM holds lp_x509_each checks */
        bool there = item->source == LP_HEADEND_VALUE      ? strstr(plain, item->hash.text) != NULL
                     : item->der && strstr(where, "paged") ? true
                     : item->source == LP_HEADEND_PEM      ? true
                                                           : strstr(lower, hex) != NULL;
        if (!there)
            fail_msg("%s: made up: %s", where, item->hash.text);
        free(hex);
    }
    free(plain);
    free(lower);
}

static const char *const files[] = {
    "cme-show-voice-vpn.txt",       "cme-running-config.txt",
    "cme-running-config-paged.log", "ios-certificates-verbose.txt",
    "ios-trustpoints-status.txt",   "asa-running-config-paged.log",
    "asa-authenticate.txt",         "asa-export.txt",
    "asa-running-config.txt",       "asa-show-certificates.txt",
    "ios-startup-config.txt",
};
enum { FILES = sizeof files / sizeof *files };

static void headend_cut_anywhere_makes_nothing_up(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        size_t n;
        uint8_t *bytes = load(files[f], &n);
        for (size_t cut = 0; cut < n; cut++) {
            struct lp_config config = config_of(bytes, cut);
            for (size_t i = 0; i < config.hash_count; i++)
                if (strcmp(config.hashes[i].text, CA) != 0 &&
                    strcmp(config.hashes[i].text, GW) != 0)
                    fail_msg("%s cut at %zu: %s", files[f], cut, config.hashes[i].text);
            lp_arena_free(arena);
            arena = lp_arena_new();
        }
        free(bytes);
    }
}

static uint32_t random_number(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes */
    return *seed >> 8;
}

static void headend_mutated_makes_nothing_up(void **state)
{
    enum { MUTATIONS = 400 };
    uint32_t seed = 5;

    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        size_t n;
        uint8_t *bytes = load(files[f], &n);
        for (int round = 0; round < MUTATIONS; round++) {
            size_t at = random_number(&seed) % n;
            uint8_t old = bytes[at];
            bytes[at] = (uint8_t)random_number(&seed);
            config_of(bytes, n);
            assert_nothing_made_up(bytes, n, files[f]);
            if (round % 4) /* damage gathers */
                bytes[at] = old;
            lp_arena_free(arena);
            arena = lp_arena_new();
        }
        free(bytes);
    }
}

static void headend_with_any_allocation_failing_says_so(void **state)
{
    static const char *const some[] = {"cme-show-voice-vpn.txt", "ios-trustpoints-status.txt",
                                       "asa-running-config.txt"};

    (void)state;
    for (size_t f = 0; f < sizeof some / sizeof *some; f++) {
        size_t n;
        uint8_t *bytes = load(some[f], &n);
        bool done = false;
        for (uint64_t k = 1; !done; k++) {
            struct lp_arena *fresh = lp_arena_new();
            struct lp_config config;
            lp_alloc_fail_after(k);
            done = lp_headend_read(fresh, bytes, n, &headend) &&
                   lp_headend_config(fresh, "show.txt", &headend, &config);
            lp_alloc_fail_after(0);
            assert_true(k < 2000);
            if (done)
                assert_true(config.hash_count > 0);
            lp_arena_free(fresh);
        }
        free(bytes);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(headend_of_each_kind_gives_its_hashes),
        CASE(headend_of_show_voice_vpn_has_urls_and_host_id),
        CASE(headend_of_md5_alone_refuses_with_the_reason),
        CASE(headend_of_a_list_without_digests_says_what_to_give),
        CASE(headend_whose_value_is_stale_says_so),
        CASE(headend_of_associated_trustpoints_resolves_each),
        CASE(headend_of_a_request_is_no_certificate),
        CASE(headend_of_other_digests_takes_the_sha1),
        CASE(headend_of_oddities_remarks_on_each),
        CASE(headend_of_hostile_names_is_printable),
        CASE(headend_of_other_texts_finds_nothing),
        CASE(headend_value_broken_anywhere_is_put_together),
        CASE(headend_fingerprint_broken_between_groups_is_put_together),
        CASE(headend_behind_prompts_times_and_pagers_is_read),
        CASE(headend_in_any_case_is_read),
        CASE(headend_hex_with_a_line_missing_is_refused),
        CASE(headend_cut_anywhere_makes_nothing_up),
        CASE(headend_mutated_makes_nothing_up),
        CASE(headend_with_any_allocation_failing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
