/* Verdict tables: every verdict, every reason, and what must never read as a match. */
#include "guard.h"

#include "base/text.h"
#include "verdict/findings.h"
#include "verdict/verdict.h"
#include "verdict/words.h"

/* A certificate whose digests are made of one byte; 0 stands for digests that nobody computed. */
static struct lp_cert cert_of(unsigned depth, uint8_t byte)
{
    struct lp_cert cert = {.depth = depth, .complete = true, .bytes = 800};
    memset(cert.sha1, byte, sizeof cert.sha1);
    memset(cert.sha256, byte, sizeof cert.sha256);
    return cert;
}

static struct lp_cert_hash hash_of(unsigned n, enum lp_hash_algorithm algorithm, uint8_t byte)
{
    static const size_t sizes[] = {0, 16, 20, 32, 64};
    struct lp_cert_hash hash = {.n = n, .algorithm = algorithm, .digest_len = sizes[algorithm]};
    memset(hash.digest, byte, hash.digest_len);
    return hash;
}

struct scene {
    struct lp_cert chain[3];
    struct lp_session session;
    struct lp_config config;
};

/* Leaf 0x11, issuer 0x22, root 0x33, all captured; one expected SHA-1. */
static void set_scene(struct scene *scene, uint8_t expected)
{
    memset(scene, 0, sizeof *scene);
    for (unsigned i = 0; i < 3; i++)
        scene->chain[i] = cert_of(i, (uint8_t)(0x11 * (i + 1)));
    scene->session.chain = scene->chain;
    scene->session.chain_count = 3;
    scene->session.chain_complete = true;
    scene->session.outcome = LP_OUTCOME_COMPLETE;
    scene->config.origin = "file";
    scene->config.hashes[0] = hash_of(1, LP_HASH_SHA1, expected);
    scene->config.hash_count = 1;
}

static void expect(struct scene *scene, bool leaf_only, enum lp_verdict verdict,
                   enum lp_reason reason)
{
    enum lp_reason said = LP_REASON_COUNT;

    assert_int_equal(verdict, lp_verdict_peek(&scene->session, &scene->config, leaf_only, &said));
    assert_int_equal(reason, said);
    said = LP_REASON_COUNT;
    assert_int_equal(verdict,
                     lp_verdict_session(&scene->session, &scene->config, leaf_only, &said));
    assert_int_equal(reason, said);
}

static void session_leaf_hash_matches(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene, 0x11);
    expect(&scene, false, LP_MATCH, LP_REASON_NONE);
    expect(&scene, true, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(1, scene.chain[0].matches);
    assert_int_equal(0, scene.chain[1].matches);
}

static void session_issuer_hash_matches_issuer(void **state)
{
    struct scene scene;

    (void)state;
    for (uint8_t byte = 0x22; byte <= 0x33; byte = (uint8_t)(byte + 0x11)) {
        set_scene(&scene, byte);
        expect(&scene, false, LP_MATCH_ISSUER, LP_REASON_NONE);
        expect(&scene, true, LP_MISMATCH, LP_REASON_NONE);
        assert_int_equal(0, scene.chain[0].matches);
    }
    assert_int_equal(1, scene.chain[2].matches);
}

static void session_other_hash_mismatches(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene, 0x44);
    expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
    expect(&scene, true, LP_MISMATCH, LP_REASON_NONE);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(0, scene.chain[i].matches);
}

static void session_every_algorithm_compares_its_own_digest(void **state)
{
    struct lp_more_digests more;
    struct scene scene;

    (void)state;
    for (int algorithm = LP_HASH_MD5; algorithm <= LP_HASH_SHA512; algorithm++) {
        set_scene(&scene, 0x11);
        memset(&more, 0x11, sizeof more);
        scene.session.chain_count = 1;
        scene.chain[0].more = &more;
        scene.config.hashes[0] = hash_of(1, (enum lp_hash_algorithm)algorithm, 0x11);
        expect(&scene, true, LP_MATCH, LP_REASON_NONE);
        scene.config.hashes[0].digest[scene.config.hashes[0].digest_len - 1] ^= 1;
        expect(&scene, true, LP_MISMATCH, LP_REASON_NONE);
    }
}

static void session_digest_not_computed_is_undecided(void **state)
{
    struct scene scene;

    (void)state;
    for (int leaf_only = 0; leaf_only < 2; leaf_only++) {
        set_scene(&scene, 0);
        scene.config.hashes[0] = hash_of(1, LP_HASH_MD5, 0x11);
        expect(&scene, leaf_only, LP_UNDECIDED, LP_REASON_LIMIT);
        scene.config.hashes[0] = hash_of(1, LP_HASH_SHA512, 0x11);
        expect(&scene, leaf_only, LP_UNDECIDED, LP_REASON_LIMIT);
        /* another value that is known to match still does */
        scene.config.hashes[1] = hash_of(2, LP_HASH_SHA1, 0x11);
        scene.config.hash_count = 2;
        expect(&scene, leaf_only, LP_MATCH, LP_REASON_NONE);
        assert_int_equal(2, scene.chain[0].matches);
    }
}

static void session_zeroed_memory_never_matches(void **state)
{
    struct lp_more_digests more = {{0}, {0}};
    struct scene scene;
    enum lp_reason reason;

    (void)state;
    memset(&scene, 0, sizeof scene);
    assert_int_equal(LP_UNDECIDED,
                     lp_verdict_session(&scene.session, &scene.config, false, &reason));
    assert_int_equal(LP_REASON_NO_CERT_HASH, reason);
    scene.session.chain = scene.chain;
    scene.session.chain_count = 3;
    scene.session.chain_complete = true;
    scene.config.hash_count = 1;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_NO_CERT_HASH);
    /* expected zeros against digests that nobody filled */
    set_scene(&scene, 0);
    for (int algorithm = LP_HASH_MD5; algorithm <= LP_HASH_SHA512; algorithm++) {
        scene.chain[0] = cert_of(0, 0);
        scene.chain[0].more = &more;
        scene.config.hashes[0] = hash_of(1, (enum lp_hash_algorithm)algorithm, 0);
        expect(&scene, true, LP_UNDECIDED, LP_REASON_LIMIT);
        assert_int_equal(0, scene.chain[0].matches);
    }
}

/* The hash of nothing, reported as a pin elsewhere, is the hash of no certificate here. */
static void session_hash_of_nothing_never_matches(void **state)
{
    static const uint8_t sha1_of_nothing[20] = {0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b,
                                                0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60,
                                                0x18, 0x90, 0xaf, 0xd8, 0x07, 0x09};
    struct scene scene;

    (void)state;
    set_scene(&scene, 0);
    memcpy(scene.config.hashes[0].digest, sha1_of_nothing, 20);
    memcpy(scene.chain[0].sha1, sha1_of_nothing, 20);
    scene.chain[0].bytes = 0;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_MALFORMED);
    assert_int_equal(0, scene.chain[0].matches);
    memcpy(scene.chain[1].sha1, sha1_of_nothing, 20);
    scene.chain[0] = cert_of(0, 0x11);
    scene.chain[1].bytes = 0;
    expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
    scene.session.chain_count = 0;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_MALFORMED);
}

static void session_faulty_values_differ_from_everything(void **state)
{
    struct scene scene;

    (void)state;
    for (int fault = LP_HASH_NOT_BASE64; fault <= LP_HASH_BAD_LENGTH; fault++) {
        set_scene(&scene, 0x11); /* equal bytes, but not to be trusted */
        scene.config.hashes[0].fault = (enum lp_hash_fault)fault;
        expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
        scene.config.hashes[1] = hash_of(2, LP_HASH_SHA1, 0x11);
        scene.config.hash_count = 2;
        expect(&scene, false, LP_MATCH, LP_REASON_NONE);
        assert_int_equal(2, scene.chain[0].matches);
    }
    set_scene(&scene, 0x11);
    scene.config.hashes[0].digest_len = 16; /* claims SHA-1, is shorter */
    expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
    scene.config.hashes[0].digest_len = 20;
    scene.config.hashes[0].algorithm = LP_HASH_UNKNOWN;
    expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
}

static void session_empty_values_are_absent(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene, 0x11);
    scene.config.hashes[0].fault = LP_HASH_EMPTY;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_NO_CERT_HASH);
    scene.config.hashes[1] = hash_of(2, LP_HASH_SHA1, 0x44);
    scene.config.hash_count = 2;
    expect(&scene, false, LP_MISMATCH, LP_REASON_NONE);
    scene.config.hash_count = 0;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_NO_CERT_HASH);
}

static void session_config_reason_comes_first(void **state)
{
    static const enum lp_reason reasons[] = {LP_REASON_NO_VPN_GROUP, LP_REASON_NO_CERT_HASH,
                                             LP_REASON_ENCRYPTED_CONFIG};
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        set_scene(&scene, 0x11);
        scene.config.reason = reasons[i];
        expect(&scene, false, LP_UNDECIDED, reasons[i]);
        assert_int_equal(0, scene.chain[0].matches);
        scene.session.reason = LP_REASON_TRUNCATED;
        scene.chain[0].complete = false;
        expect(&scene, false, LP_UNDECIDED, reasons[i]);
    }
}

static void session_without_leaf_gives_its_own_reason(void **state)
{
    struct scene scene;

    (void)state;
    for (int reason = LP_REASON_TRUNCATED; reason <= LP_REASON_NO_SERVER_REPLY; reason++) {
        set_scene(&scene, 0x11);
        scene.session.chain_count = 0;
        scene.session.chain_complete = false;
        scene.session.reason = (enum lp_reason)reason;
        expect(&scene, false, LP_UNDECIDED, (enum lp_reason)reason);
        expect(&scene, true, LP_UNDECIDED, (enum lp_reason)reason);
    }
}

static void session_without_leaf_falls_back_on_outcome(void **state)
{
    static const struct {
        enum lp_outcome outcome;
        enum lp_reason reason;
    } table[] = {
        {LP_OUTCOME_NO_CERTIFICATE, LP_REASON_NO_CERTIFICATE_MESSAGE},
        {LP_OUTCOME_COMPLETE, LP_REASON_GAP},
        {LP_OUTCOME_RESUMED, LP_REASON_RESUMED},
        {LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED},
        {LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED},
        {LP_OUTCOME_GAP, LP_REASON_GAP},
        {LP_OUTCOME_ONE_SIDED, LP_REASON_ONE_SIDED},
        {LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED},
        {LP_OUTCOME_LIMIT, LP_REASON_LIMIT},
    };
    struct scene scene;

    (void)state;
    assert_int_equal(LP_OUTCOME_COUNT, sizeof table / sizeof *table);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_scene(&scene, 0x11);
        scene.session.chain_count = 0;
        scene.session.chain_complete = false;
        scene.session.outcome = table[i].outcome;
        expect(&scene, false, LP_UNDECIDED, table[i].reason);
    }
}

static void session_incomplete_leaf_never_matches(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene, 0x11);
    scene.chain[0].complete = false;
    scene.session.outcome = LP_OUTCOME_GAP;
    scene.session.reason = LP_REASON_GAP;
    scene.session.chain_complete = false;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_GAP);
    assert_int_equal(0, scene.chain[0].matches);
    /* nor does an issuer stand in for it */
    scene.config.hashes[0] = hash_of(1, LP_HASH_SHA1, 0x22);
    expect(&scene, false, LP_UNDECIDED, LP_REASON_GAP);
    /* nor the next certificate, where the leaf is missing from the list */
    set_scene(&scene, 0x22);
    scene.session.chain = &scene.chain[1];
    scene.session.chain_count = 2;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_MALFORMED);
}

static void session_incomplete_chain_leaves_mismatch_open(void **state)
{
    static const struct {
        enum lp_outcome outcome;
        enum lp_reason reason;
    } table[] = {
        {LP_OUTCOME_GAP, LP_REASON_GAP},
        {LP_OUTCOME_COMPLETE, LP_REASON_GAP},
        {LP_OUTCOME_NO_CERTIFICATE, LP_REASON_GAP},
        {LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED},
        {LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED},
        {LP_OUTCOME_LIMIT, LP_REASON_LIMIT},
        {LP_OUTCOME_ONE_SIDED, LP_REASON_ONE_SIDED},
    };
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (size_t whole = 1; whole <= 3; whole++) {
            set_scene(&scene, 0x44);
            scene.session.outcome = table[i].outcome;
            scene.session.chain_complete = false;
            scene.session.chain_count = whole;
            expect(&scene, false, LP_UNDECIDED, table[i].reason);
            expect(&scene, true, LP_MISMATCH, LP_REASON_NONE);
            scene.config.hashes[0] = hash_of(1, LP_HASH_SHA1, 0x11);
            expect(&scene, false, LP_MATCH, LP_REASON_NONE);
        }
    }
}

static void session_incomplete_issuer_leaves_mismatch_open(void **state)
{
    struct scene scene;

    (void)state;
    set_scene(&scene, 0x22);
    scene.chain[1].complete = false;
    expect(&scene, false, LP_UNDECIDED, LP_REASON_GAP);
    assert_int_equal(0, scene.chain[1].matches);
    scene.config.hashes[0] = hash_of(1, LP_HASH_SHA1, 0x33); /* behind it */
    expect(&scene, false, LP_MATCH_ISSUER, LP_REASON_NONE);
}

static void session_matches_add_up_over_configs(void **state)
{
    struct scene scene;
    enum lp_reason reason;

    (void)state;
    set_scene(&scene, 0x11);
    scene.config.hashes[0].n = 10;
    lp_verdict_session(&scene.session, &scene.config, false, &reason);
    scene.config.hashes[0].n = 3;
    lp_verdict_session(&scene.session, &scene.config, false, &reason);
    assert_int_equal(1U << 9 | 1U << 2, scene.chain[0].matches);
    scene.config.hashes[0].n = 0; /* no bit is its own */
    assert_int_equal(LP_MATCH, lp_verdict_session(&scene.session, &scene.config, false, &reason));
    scene.config.hashes[0].n = 4000000000U;
    assert_int_equal(LP_MATCH, lp_verdict_session(&scene.session, &scene.config, false, &reason));
    assert_int_equal(1U << 9 | 1U << 2, scene.chain[0].matches);
}

static void peek_leaves_matches_alone(void **state)
{
    struct scene scene;
    enum lp_reason reason;

    (void)state;
    set_scene(&scene, 0x11);
    assert_int_equal(LP_MATCH, lp_verdict_peek(&scene.session, &scene.config, false, &reason));
    assert_int_equal(0, scene.chain[0].matches);
}

/* ---- tally ---- */

static enum lp_verdict tally_of(const enum lp_verdict *verdicts, size_t count,
                                enum lp_reason *reason)
{
    struct lp_tally tally = {0};

    for (size_t i = 0; i < count; i++)
        lp_tally_add(&tally, verdicts[i], LP_REASON_GAP);
    return lp_tally_verdict(&tally, reason);
}

static void tally_of_pairs_follows_the_contract(void **state)
{
    enum { U = LP_UNDECIDED, M = LP_MATCH, I = LP_MATCH_ISSUER, X = LP_MISMATCH, B = LP_MIXED };
    static const int table[5][5] = {
        {U, M, I, X, B}, {M, M, M, B, B}, {I, M, I, B, B}, {X, B, B, X, B}, {B, B, B, B, B},
    };
    enum lp_reason reason;

    (void)state;
    for (int a = U; a <= B; a++)
        for (int b = U; b <= B; b++) {
            enum lp_verdict pair[2] = {(enum lp_verdict)a, (enum lp_verdict)b};
            assert_int_equal(table[a][b], tally_of(pair, 2, &reason));
            assert_int_equal(table[a][b] == U ? LP_REASON_GAP : LP_REASON_NONE, reason);
        }
}

static void tally_of_nothing_is_undecided(void **state)
{
    enum lp_reason reason = LP_REASON_COUNT;
    enum lp_verdict unreadable = LP_UNREADABLE;

    (void)state;
    assert_int_equal(LP_UNDECIDED, tally_of(NULL, 0, &reason));
    assert_int_equal(LP_REASON_NONE, reason);
    assert_int_equal(LP_UNDECIDED, tally_of(&unreadable, 1, &reason));
}

static void tally_keeps_the_foremost_reason(void **state)
{
    (void)state;
    for (int a = LP_REASON_TRUNCATED; a < LP_REASON_COUNT; a++)
        for (int b = LP_REASON_NONE; b < LP_REASON_COUNT; b++) {
            struct lp_tally tally = {0};
            enum lp_reason reason;
            lp_tally_add(&tally, LP_UNDECIDED, (enum lp_reason)a);
            lp_tally_add(&tally, LP_UNDECIDED, (enum lp_reason)b);
            assert_int_equal(LP_UNDECIDED, lp_tally_verdict(&tally, &reason));
            assert_int_equal(b && b < a ? b : a, reason);
        }
}

/* ---- words ---- */

static void date_text_known_days_are_right(void **state)
{
    static const struct {
        int64_t sec;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00Z"},          {-1, "1969-12-31T23:59:59Z"},
        {951782399, "2000-02-28T23:59:59Z"},  {951782400, "2000-02-29T00:00:00Z"},
        {951868800, "2000-03-01T00:00:00Z"},  {1577836800, "2020-01-01T00:00:00Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "an impossible date"}, {INT64_MAX, "an impossible date"},
        {INT64_MIN, "an impossible date"},
    };
    char text[LP_DATE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lp_time time = {table[i].sec, 0};
        lp_date_text(&time, text);
        assert_string_equal(table[i].text, text);
    }
}

static void shown_never_cuts_a_character(void **state)
{
    char text[LP_SHOWN + 8];

    (void)state;
    for (size_t start = 0; start < 4; start++) {
        memset(text, 'a', sizeof text);
        text[sizeof text - 1] = '\0';
        memcpy(text + LP_SHOWN - start, "\xf0\x9f\x98\x80", 4);
        assert_int_equal(LP_SHOWN - start, lp_shown(text));
    }
    assert_int_equal(3, lp_shown("abc"));
    assert_int_equal(0, lp_shown(""));
}

static void endpoint_text_brackets_ipv6(void **state)
{
    struct lp_endpoint end = {.ip = {.family = 6, .bytes = {0x20, 1, 0xd, 0xb8}}, .port = 443};
    char text[LP_ENDPOINT_SIZE];

    (void)state;
    lp_endpoint_text(&end, text);
    assert_string_equal("[2001:db8::]:443", text);
    memset(&end, 0, sizeof end);
    lp_endpoint_text(&end, text);
    assert_string_equal("an unknown address", text);
}

/* ---- host ID ---- */

static struct lp_url url_of(const char *host)
{
    struct lp_url url = {.usable = true, .host = host, .port = 443};

    url.host_is_ip = lp_ip_parse(host, strlen(host), &url.ip);
    return url;
}

static void host_id_rules_are_those_of_the_phone(void **state)
{
    static const struct {
        const char *host, *subject, *san[2];
        enum lp_host_id answer;
    } table[] = {
        {"vpn.example.com", "CN=vpn.example.com", {0}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "O=X,CN=VPN.Example.COM.", {0}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "O=X+CN=vpn.example.com,C=DE", {0}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "O=a\\,CN=vpn.example.com", {0}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", "OCN=vpn.example.com", {0}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", "CN=", {0}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", "CN=vpn.example.com\\", {0}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "CN=vpn", {0}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", "CN=*.example.com", {0}, LP_HOST_ID_WILDCARD},
        {"vpn.example.com", "CN=*.com", {0}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", NULL, {0}, LP_HOST_ID_UNKNOWN},
        /* a subjectAltName silences the common name */
        {"vpn.example.com", "CN=vpn.example.com", {"DNS:other.example"}, LP_HOST_ID_ABSENT},
        {"vpn.example.com", "CN=x", {"DNS:a.b", "DNS:vpn.example.com"}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "CN=x", {"DNS:*.example.com"}, LP_HOST_ID_WILDCARD},
        {"vpn.example.com", "CN=x", {"DNS:*.example.com", "DNS:vpn.example.com"}, LP_HOST_ID_NAMED},
        {"vpn.example.com", "CN=x", {"email:vpn.example.com"}, LP_HOST_ID_ABSENT},
        {"192.0.2.1", "CN=x", {"IP:192.0.2.1"}, LP_HOST_ID_NAMED},
        {"192.0.2.1", "CN=x", {"DNS:192.0.2.1"}, LP_HOST_ID_NAMED},
        {"192.0.2.1", "CN=x", {"IP:192.0.2.2"}, LP_HOST_ID_ABSENT},
        {"192.0.2.1", "CN=x", {"DNS:*.0.2.1"}, LP_HOST_ID_ABSENT},
        {"192.0.2.1", "CN=192.0.2.1", {0}, LP_HOST_ID_NAMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lp_url url = url_of(table[i].host);
        struct lp_cert_facts facts = {.subject = table[i].subject, .san = table[i].san};
        while (facts.san_count < 2 && table[i].san[facts.san_count])
            facts.san_count++;
        if (lp_host_id_check(&facts, &url) != table[i].answer)
            fail_msg("row %zu: %d", i, (int)lp_host_id_check(&facts, &url));
    }
}

static void host_id_unknown_without_facts_or_url(void **state)
{
    struct lp_url url = url_of("vpn.example.com");
    struct lp_cert_facts facts = {.subject = "CN=a", .x509_error = "cut"};

    (void)state;
    assert_int_equal(LP_HOST_ID_UNKNOWN, lp_host_id_check(NULL, &url));
    assert_int_equal(LP_HOST_ID_UNKNOWN, lp_host_id_check(&facts, &url));
    facts.x509_error = NULL;
    url.usable = false;
    assert_int_equal(LP_HOST_ID_UNKNOWN, lp_host_id_check(&facts, &url));
}

/* ---- findings ---- */

static void findings_keep_earlier_ones_untouched(void **state)
{
    struct lp_finding before[2] = {{.code = "a", .message = "one"}, {.code = "b"}};
    const struct lp_finding what = {.severity = LP_WARNING, .code = "c", .session = 7, .frame = 9};
    struct lp_arena *arena = lp_arena_new();
    struct lp_findings findings;
    char longest[3000];

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    lp_findings_start(&findings, arena, before, 2);
    for (unsigned i = 0; i < 100; i++)
        lp_findings_add(&findings, &what, "%u %s", i, longest);
    assert_false(findings.failed);
    assert_int_equal(102, findings.count);
    assert_string_equal("one", findings.items[0].message);
    assert_string_equal("b", findings.items[1].code);
    assert_int_equal(strlen(longest) + 3, strlen(findings.items[101].message));
    assert_int_equal(7, findings.items[101].session);
    assert_null(before[1].message);
    lp_arena_free(arena);
}

static void findings_memory_short_stops_the_list(void **state)
{
    const struct lp_finding what = {.code = "c"};

    (void)state;
    for (uint64_t n = 1; n < 20; n++) {
        struct lp_arena *arena = lp_arena_new();
        struct lp_findings findings;
        lp_findings_start(&findings, arena, NULL, 0);
        lp_alloc_fail_after(n);
        for (unsigned i = 0; i < 300; i++)
            lp_findings_add(&findings, &what, "%u", i);
        lp_alloc_fail_after(0);
        for (size_t i = 0; i < findings.count; i++)
            assert_non_null(findings.items[i].message);
        assert_int_equal(findings.failed, findings.count < 300);
        if (n == 1)
            assert_true(findings.failed);
        lp_arena_free(arena);
    }
}

static void summary_reason_every_reason_has_words(void **state)
{
    (void)state;
    for (int reason = 0; reason <= LP_REASON_COUNT; reason++)
        assert_true(strlen(lp_summary_reason((enum lp_reason)reason)) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_leaf_hash_matches),
        cmocka_unit_test(session_issuer_hash_matches_issuer),
        cmocka_unit_test(session_other_hash_mismatches),
        cmocka_unit_test(session_every_algorithm_compares_its_own_digest),
        cmocka_unit_test(session_digest_not_computed_is_undecided),
        cmocka_unit_test(session_zeroed_memory_never_matches),
        cmocka_unit_test(session_hash_of_nothing_never_matches),
        cmocka_unit_test(session_faulty_values_differ_from_everything),
        cmocka_unit_test(session_empty_values_are_absent),
        cmocka_unit_test(session_config_reason_comes_first),
        cmocka_unit_test(session_without_leaf_gives_its_own_reason),
        cmocka_unit_test(session_without_leaf_falls_back_on_outcome),
        cmocka_unit_test(session_incomplete_leaf_never_matches),
        cmocka_unit_test(session_incomplete_chain_leaves_mismatch_open),
        cmocka_unit_test(session_incomplete_issuer_leaves_mismatch_open),
        cmocka_unit_test(session_matches_add_up_over_configs),
        cmocka_unit_test(peek_leaves_matches_alone),
        cmocka_unit_test(tally_of_pairs_follows_the_contract),
        cmocka_unit_test(tally_of_nothing_is_undecided),
        cmocka_unit_test(tally_keeps_the_foremost_reason),
        cmocka_unit_test(date_text_known_days_are_right),
        cmocka_unit_test(shown_never_cuts_a_character),
        cmocka_unit_test(endpoint_text_brackets_ipv6),
        cmocka_unit_test(host_id_rules_are_those_of_the_phone),
        cmocka_unit_test(host_id_unknown_without_facts_or_url),
        cmocka_unit_test(findings_keep_earlier_ones_untouched),
        cmocka_unit_test(findings_memory_short_stops_the_list),
        cmocka_unit_test(summary_reason_every_reason_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
