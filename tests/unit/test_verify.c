/* lp_verify over synthetic captures: verdicts, what a short memory leaves behind, and what holds
 * whatever the order. */
#include "world.h"

static void verify_without_config_is_no_config(void **state)
{
    struct world *world = new_world();
    struct lp_error error;

    (void)state;
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_NO_CONFIG);
    assert_non_null(finding(world, "no-config"));
    world->capture.finding_count = 0;
    assert_int_equal(LP_OK, lp_verify(&world->capture, NULL, NULL, &error));
    assert_int_equal(LP_REASON_NO_CONFIG, world->capture.reason);
    assert_false(world->sessions[0].compared);
    free_world(world);
}

static void verify_without_sessions_is_no_tls_or_no_packets(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_NO_TLS);
    assert_non_null(finding(world, "no-tls")->remedy);
    world->capture.stats.packets = 0;
    expect(world, LP_UNDECIDED, LP_REASON_NO_PACKETS);
    assert_non_null(finding(world, "no-packets")->remedy);
    free_world(world);
}

static void verify_unreadable_capture_is_error_unless_decided(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    world->capture.error = "x.pcap: not a capture";
    expect(world, LP_UNREADABLE, LP_REASON_NONE);
    assert_string_equal("x.pcap: not a capture", world->capture.summary);
    lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), LP_REASON_GAP);
    expect(world, LP_UNREADABLE, LP_REASON_NONE);
    assert_int_equal(LP_REASON_GAP, config_at(world, 0)->verdict_reason);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(world->capture.error);
    free_world(world);
}

static void verify_every_session_reason_comes_through(void **state)
{
    (void)state;
    for (int reason = LP_REASON_TRUNCATED; reason <= LP_REASON_NO_SERVER_REPLY; reason++) {
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), (enum lp_reason)reason);
        expect(world, LP_UNDECIDED, (enum lp_reason)reason);
        assert_true(world->sessions[0].compared);
        assert_int_equal(1, world->capture.finding_count);
        assert_int_equal(LP_WARNING, world->capture.findings[0].severity);
        assert_int_equal(0, world->capture.findings[0].session);
        assert_non_null(world->capture.findings[0].remedy);
        free_world(world);
    }
}

static void verify_config_reason_hides_the_sessions(void **state)
{
    static const enum lp_reason reasons[] = {LP_REASON_NO_VPN_GROUP, LP_REASON_NO_CERT_HASH,
                                             LP_REASON_ENCRYPTED_CONFIG};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world *world = new_world();
        struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        config.reason = reasons[i];
        assert_true(lp_expected_add_config(world->expected, &config));
        add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
        expect(world, LP_UNDECIDED, reasons[i]);
        assert_string_equal("mac", config_at(world, 0)->paired_by);
        assert_int_equal(0, config_at(world, 0)->session_count);
        assert_false(world->sessions[0].compared);
        assert_int_equal(1, world->capture.finding_count);
        free_world(world);
    }
}

static void verify_foremost_reason_wins(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), LP_REASON_NO_SERVER_REPLY);
    lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), LP_REASON_RESUMED);
    lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), LP_REASON_ABORTED);
    expect(world, LP_UNDECIDED, LP_REASON_RESUMED);
    assert_int_equal(3, config_at(world, 0)->session_count);
    free_world(world);
}

static void verify_decided_session_outweighs_undecided_ones(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    lose(add_session(world, "192.0.2.1", 443, 0x0a, 0x11), LP_REASON_TRUNCATED);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(LP_INFO, finding(world, "truncated")->severity);
    assert_int_equal(LP_UNDECIDED, world->sessions[0].verdict);
    assert_int_equal(LP_MATCH, world->sessions[1].verdict);
    assert_int_equal(1, world->sessions[1].chain[0].matches);
    assert_string_equal("the leaf presented by url1 192.0.2.1:443 has certHash1",
                        world->capture.summary);
    free_world(world);
}

static void verify_two_gateways_mixed_tells_the_order(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_two_urls(world, PHONE_A, "https://192.0.2.1/vpn", "https://192.0.2.2/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x44);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x44);
    add_session(world, "192.0.2.2", 443, 0x0a, 0x11);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_string_equal("url1 192.0.2.1:443 mismatched, then url2 192.0.2.2:443 matched: the "
                        "phone gets in by url2",
                        world->capture.summary);
    assert_int_equal(1, count_findings(world, "hash-mismatch")); /* told once */
    add_session(world, "192.0.2.2", 443, 0x0a, 0x44);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_non_null(strstr(world->capture.summary, ": the last one does not fit"));
    free_world(world);
}

static void verify_many_steps_are_summed_up(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    for (unsigned i = 0; i < 12; i++)
        add_session(world, "192.0.2.1", 443, 0x0a, i % 2 ? 0x11 : 0x44);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_non_null(strstr(world->capture.summary, ", then 4 more: the phone gets in by url1"));
    free_world(world);
}

static void verify_issuer_hash_matches_unless_leaf_only(void **state)
{
    const struct lp_verify_options strict = {.leaf_only = true};
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x12);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH_ISSUER, LP_REASON_NONE);
    assert_int_equal(LP_INFO, finding(world, "issuer-match")->severity);
    assert_int_equal(LP_MATCH_ISSUER, world->sessions[0].verdict);
    world->capture.finding_count = 0;
    verify_with(world, &strict);
    assert_int_equal(LP_MISMATCH, world->capture.verdict);
    assert_int_equal(LP_WARNING, finding(world, "issuer-match")->severity);
    assert_non_null(finding(world, "hash-mismatch"));
    free_world(world);
}

static void verify_incomplete_chain_is_undecided(void **state)
{
    const struct lp_verify_options strict = {.leaf_only = true};
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x44);
    struct lp_session *session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    session->chain_complete = false;
    session->outcome = LP_OUTCOME_TRUNCATED;
    expect(world, LP_UNDECIDED, LP_REASON_TRUNCATED);
    assert_non_null(strstr(finding(world, "truncated")->message, "an issuer"));
    verify_with(world, &strict);
    assert_int_equal(LP_MISMATCH, world->capture.verdict);
    free_world(world);
}

/* ---- memory ---- */

static void verify_memory_short_leaves_no_verdict(void **state)
{
    bool succeeded = false;

    (void)state;
    for (uint64_t n = 1; n < 500 && !succeeded; n++) {
        struct world *world = new_world();
        const struct lp_verify_options options = {.server = "192.0.2.1"};
        struct lp_error error = {{0}};
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        add_config(world, PHONE_B, "https://192.0.2.1/vpn", 0x44);
        for (unsigned i = 0; i < 60; i++) {
            struct lp_session *session =
                add_session(world, "192.0.2.1", 443, i % 2 ? 0x0a : 0x0b, (uint8_t)(0x11 + i));
            give_facts(world, session->chain)->not_after.sec = 5;
        }
        lp_alloc_fail_after(n);
        enum lp_status status = lp_verify(&world->capture, world->expected, &options, &error);
        lp_alloc_fail_after(0);
        succeeded = status == LP_OK;
        assert_int_equal(succeeded, world->capture.verified);
        for (size_t i = 0; i < world->capture.session_count && !succeeded; i++) {
            assert_false(world->sessions[i].compared);
            assert_int_equal(LP_UNDECIDED, world->sessions[i].verdict);
            assert_int_equal(0, world->sessions[i].chain[0].matches);
        }
        if (!succeeded) {
            assert_true(error.text[0] != '\0');
            assert_int_equal(LP_UNDECIDED, world->capture.verdict);
            assert_int_equal(0, world->capture.config_count);
        }
        free_world(world);
    }
    assert_true(succeeded);
}

/* ---- properties ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void random_session(struct world *world, uint32_t *seed)
{
    static const char *const servers[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
    static const char *const names[] = {NULL, NULL, "vpn.example.com", "www.example.com"};
    static const uint8_t macs[] = {0, 0x0a, 0x0b, 0x77};
    struct lp_session *session =
        add_session(world, servers[next_random(seed) % 3], next_random(seed) % 4 ? 443 : 8443,
                    macs[next_random(seed) % 4], (uint8_t)(0x11 + next_random(seed) % 4));

    session->sni = names[next_random(seed) % 4];
    if (next_random(seed) % 5 == 0)
        lose(session, (enum lp_reason)(1 + next_random(seed) % 12));
    for (size_t i = 0; i < session->chain_count; i++)
        session->chain[i].complete = next_random(seed) % 6 != 0;
    session->chain_complete = session->chain_count && next_random(seed) % 4 != 0;
}

static void random_config(struct world *world, uint32_t *seed)
{
    static const char *const phones[] = {NULL, PHONE_A, PHONE_B};
    static const char *const urls[] = {NULL, "https://192.0.2.1/a", "https://192.0.2.2:8443/b",
                                       "https://vpn.example.com/c", "nonsense:///"};
    const char *phone = phones[next_random(seed) % 3];
    struct lp_config config = config_of(world, phone, urls[next_random(seed) % 5],
                                        (uint8_t)(0x11 + next_random(seed) % 5));

    if (!phone && next_random(seed) % 2)
        config.origin = "hash";
    if (next_random(seed) % 6 == 0)
        config.hashes[0].fault = (enum lp_hash_fault)(next_random(seed) % 6);
    assert_true(lp_expected_add_config(world->expected, &config));
}

/* A match needs a whole leaf, or issuer behind a whole leaf, with an expected digest. */
static void assert_match_is_earned(const struct world *world)
{
    bool leaf = false, issuer = false;

    for (size_t s = 0; s < world->capture.session_count; s++) {
        const struct lp_session *session = &world->sessions[s];
        for (size_t c = 0; c < world->capture.config_count; c++)
            for (size_t i = 0; i < session->chain_count; i++) {
                const struct lp_cert_hash *hash = &world->capture.configs[c].hashes[0];
                bool equal = session->chain[0].complete && session->chain[i].complete &&
                             hash->fault == LP_HASH_FINE &&
                             memcmp(session->chain[i].sha1, hash->digest, 20) == 0;
                leaf = leaf || (equal && i == 0);
                issuer = issuer || (equal && i > 0);
            }
    }
    if (world->capture.verdict == LP_MATCH)
        assert_true(leaf);
    if (world->capture.verdict == LP_MATCH_ISSUER)
        assert_true(issuer);
}

static void shuffle_sessions(struct world *world, uint32_t *seed)
{
    for (size_t i = world->capture.session_count; i > 1; i--) {
        size_t k = next_random(seed) % i;
        struct lp_session swap = world->sessions[i - 1];
        world->sessions[i - 1] = world->sessions[k];
        world->sessions[k] = swap;
    }
    for (size_t i = 0; i < world->capture.session_count; i++)
        world->sessions[i].id = (unsigned)i;
}

/* The same sides in reverse order. */
static void reverse_configs(struct world *world)
{
    struct lp_expected *reversed = must(lp_expected_new());

    for (size_t i = lp_expected_count(world->expected); i-- > 0;)
        assert_true(lp_expected_add_config(reversed, lp_expected_get(world->expected, i)));
    lp_expected_free(world->expected);
    world->expected = reversed;
}

static void verify_random_worlds_order_does_not_matter(void **state)
{
    uint32_t seed = 0x1eaf;
    unsigned verdicts[LP_UNREADABLE + 1] = {0};

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct world *world = new_world();
        const struct lp_verify_options options = {.leaf_only = next_random(&seed) % 4 == 0,
                                                  .any_server = next_random(&seed) % 4 == 0};
        if (next_random(&seed) % 3 == 0)
            world->capture.path = "x/SEP001F6C81110A.pcap";
        for (uint32_t n = next_random(&seed) % 5; n > 0; n--)
            random_session(world, &seed);
        for (uint32_t n = next_random(&seed) % 4; n > 0; n--)
            random_config(world, &seed);
        verify_with(world, &options);
        enum lp_verdict verdict = world->capture.verdict;
        enum lp_reason reason = world->capture.reason;
        verdicts[verdict]++;
        assert_match_is_earned(world);
        assert_int_equal(verdict == LP_UNDECIDED, reason != LP_REASON_NONE);
        shuffle_sessions(world, &seed);
        reverse_configs(world);
        world->capture.finding_count = 0;
        verify_with(world, &options);
        assert_int_equal(verdict, world->capture.verdict);
        assert_int_equal(reason, world->capture.reason);
        free_world(world);
    }
    for (int verdict = LP_UNDECIDED; verdict <= LP_MIXED; verdict++)
        assert_true(verdicts[verdict] > 20); /* the worlds are worth their name */
}

static void verify_hash_of_the_phones_own_certificate_is_told(void **state)
{
    struct world *world = new_world();
    struct lp_session *session;

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x55);
    session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    session->client_chain = add_session(world, "192.0.2.2", 9, 0x0a, 0x55)->chain;
    session->client_chain_count = 1;
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(LP_PROBLEM, finding(world, "hash-of-phone")->severity);
    free_world(world);
}

/* The hash is that of sessions with a leaf of 0x11. */
static const char fetched_xml[] = "<device><vpnGroup><addresses><url1>https://192.0.2.1/v</url1>"
                                  "</addresses><credentials><certHash1>ERERERERERERERERERERERERERE="
                                  "</certHash1></credentials></vpnGroup></device>";

static struct lp_boot_file fetched_file(uint64_t frame)
{
    return (struct lp_boot_file){.carrier = "tftp",
                                 .name = PHONE_A ".cnf.xml",
                                 .bytes = (const uint8_t *)fetched_xml,
                                 .size = sizeof fetched_xml - 1,
                                 .complete = true,
                                 .frame = frame};
}

/* Of a file that is not all there a hash that fits is good; one that does not may stand before
 * others. */
static void verify_incomplete_config_never_mismatches(void **state)
{
    const size_t behind_the_hash = strlen(strstr(fetched_xml, "</credentials>"));

    (void)state;
    for (int whole = 0; whole < 2; whole++)
        for (int fits = 0; fits < 2; fits++) {
            struct world *world = new_world();
            struct lp_boot_file file = fetched_file(1);
            file.complete = whole;
            file.size -= whole ? 0 : behind_the_hash;
            world->capture.files = &file;
            world->capture.file_count = 1;
            file.client = add_session(world, "192.0.2.1", 443, 0x0a, fits ? 0x11 : 0x44)->client;
            expect(world,
                   fits    ? LP_MATCH
                   : whole ? LP_MISMATCH
                           : LP_UNDECIDED,
                   fits || whole ? LP_REASON_NONE : LP_REASON_NO_CONFIG);
            assert_int_equal(!whole, count_findings(world, "config-incomplete"));
            assert_int_equal(0, count_findings(world, "no-config"));
            free_world(world);
        }
}

/* What is missing may be the vpnGroup: nothing says that there is none. */
static void verify_incomplete_config_without_hash_is_no_config(void **state)
{
    (void)state;
    for (size_t size = 1; size < (size_t)(strstr(fetched_xml, "</certHash1>") - fetched_xml);
         size++) {
        struct world *world = new_world();
        struct lp_boot_file file = fetched_file(1);
        file.complete = false;
        file.size = size;
        world->capture.files = &file;
        world->capture.file_count = 1;
        file.client = add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->client;
        expect(world, LP_UNDECIDED, LP_REASON_NO_CONFIG);
        assert_int_equal(LP_PROBLEM, finding(world, "config-incomplete")->severity);
        assert_int_equal(1, world->capture.finding_count);
        free_world(world);
    }
}

static void verify_config_fetched_after_the_handshake_is_newer(void **state)
{
    struct world *world = new_world();
    struct lp_boot_file file = fetched_file(90);

    (void)state;
    world->capture.files = &file;
    world->capture.file_count = 1;
    file.client = add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->client;
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    assert_int_equal(4, finding(world, "config-newer")->frame);
    assert_int_equal(0, count_findings(world, "not-at-url"));
    world->capture.finding_count = 0;
    file.frame = 1;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, count_findings(world, "config-newer"));
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_hash_of_the_phones_own_certificate_is_told),
        cmocka_unit_test(verify_incomplete_config_never_mismatches),
        cmocka_unit_test(verify_incomplete_config_without_hash_is_no_config),
        cmocka_unit_test(verify_config_fetched_after_the_handshake_is_newer),
        cmocka_unit_test(verify_without_config_is_no_config),
        cmocka_unit_test(verify_without_sessions_is_no_tls_or_no_packets),
        cmocka_unit_test(verify_unreadable_capture_is_error_unless_decided),
        cmocka_unit_test(verify_every_session_reason_comes_through),
        cmocka_unit_test(verify_config_reason_hides_the_sessions),
        cmocka_unit_test(verify_foremost_reason_wins),
        cmocka_unit_test(verify_decided_session_outweighs_undecided_ones),
        cmocka_unit_test(verify_two_gateways_mixed_tells_the_order),
        cmocka_unit_test(verify_many_steps_are_summed_up),
        cmocka_unit_test(verify_issuer_hash_matches_unless_leaf_only),
        cmocka_unit_test(verify_incomplete_chain_is_undecided),
        cmocka_unit_test(verify_memory_short_leaves_no_verdict),
        cmocka_unit_test(verify_random_worlds_order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
