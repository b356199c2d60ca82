/* Which handshakes count: the server that they went to, and the phone that made them. */
#include "world.h"

/* ---- which server ---- */

static void verify_other_server_is_never_a_match(void **state)
{
    const struct lp_verify_options any = {.any_server = true};
    static const struct {
        const char *server;
        uint16_t port;
    } others[] = {{"192.0.2.9", 443}, {"192.0.2.1", 8443}, {"2001:db8::1", 443}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        add_session(world, others[i].server, others[i].port, 0x0a, 0x11);
        expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
        assert_false(world->sessions[0].compared);
        assert_int_equal(0, world->sessions[0].chain[0].matches);
        assert_int_equal(0, config_at(world, 0)->session_count);
        assert_non_null(strstr(finding(world, "not-at-url")->message, "would match"));
        assert_int_equal(0, finding(world, "would-match-elsewhere")->session);
        verify_with(world, &any);
        assert_int_equal(LP_MATCH, world->capture.verdict);
        assert_true(world->sessions[0].compared);
        free_world(world);
    }
}

/* DTLS goes to the same url, over UDP. */
static void verify_dtls_at_the_url_counts(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    struct lp_session *session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    session->transport = "udp";
    session->carrier = "dtls";
    session->version = 0xfefd;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_true(world->sessions[0].compared);
    free_world(world);
}

/* Neither its address nor the user makes a server of IEEE 802.1X a headend. */
static void verify_8021x_is_never_compared(void **state)
{
    static const char *const carriers[] = {"eap-tls", "peap", "eap-ttls", "eap-fast", "teap"};
    const struct lp_verify_options options[] = {
        {.any_server = true}, {.server = "192.0.2.1"}, {.server = "192.0.2.1:443"}, {0}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        struct lp_session *session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
        session->transport = i % 2 ? "eapol" : "udp";
        session->carrier = carriers[i];
        for (size_t k = 0; k < 4; k++) {
            world->capture.finding_count = 0;
            verify_with(world, &options[k]);
            assert_int_equal(LP_UNDECIDED, world->capture.verdict);
            assert_int_equal(LP_REASON_NOT_AT_URL, world->capture.reason);
            assert_false(world->sessions[0].compared);
            assert_int_equal(0, world->sessions[0].chain[0].matches);
            assert_non_null(strstr(finding(world, "would-match-elsewhere")->remedy, "802.1X"));
        }
        free_world(world);
    }
}

/* A bare hash has no url, and is compared with every server; not with these. */
static void verify_8021x_is_not_compared_with_a_hash(void **state)
{
    struct world *world = new_world();
    struct lp_error error;

    (void)state;
    assert_int_equal(
        LP_OK,
        lp_expected_add_hash(world->expected, "1111111111111111111111111111111111111111", &error));
    add_session(world, "192.0.2.1", 1812, 0x0a, 0x11)->carrier = "peap";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x44);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    free_world(world);
}

static void verify_match_elsewhere_does_not_mend_a_mismatch(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.9", 443, 0x0a, 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x44);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_non_null(finding(world, "would-match-elsewhere"));
    assert_int_equal(0, count_findings(world, "not-at-url"));
    free_world(world);
}

static void verify_named_url_needs_the_server_name(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://vpn.example.com/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE); /* nothing in the capture could tell */
    assert_non_null(strstr(finding(world, "server-unconfirmed")->message, "192.0.2.1:443"));
    world->capture.finding_count = 0;
    world->sessions[0].sni = "VPN.example.com.";
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, count_findings(world, "server-unconfirmed"));
    world->sessions[0].sni = "www.example.com";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    /* another handshake carries names, so this client would have */
    world->sessions[0].sni = NULL;
    add_session(world, "192.0.2.7", 443, 0, 0x55)->sni = "x.example";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    free_world(world);
}

/* ---- what name servers said ---- */

/* Sorted as lp_inspect sorts them: the caller adds names in order. */
static struct lp_dns_answer *add_answer(struct world *world, const char *name, const char *address,
                                        int64_t when)
{
    enum { ANSWERS_MOST = 16 };
    struct lp_capture *capture = &world->capture;

    if (!capture->dns_answers)
        capture->dns_answers =
            must(lp_arena_alloc(world->arena, ANSWERS_MOST * sizeof *capture->dns_answers));
    assert_true(capture->dns_answer_count < ANSWERS_MOST);
    struct lp_dns_answer *answer = &capture->dns_answers[capture->dns_answer_count++];
    answer->name = name;
    answer->frame = capture->dns_answer_count;
    answer->time.sec = when;
    assert_true(lp_ip_parse("10.0.0.5", 8, &answer->client.ip));
    if (address)
        assert_true(lp_ip_parse(address, strlen(address), &answer->ip));
    return answer;
}

enum { BEFORE = 1699999999, AFTER = 1700000100 };

static struct world *named_world(void)
{
    struct world *world = new_world();

    add_config(world, PHONE_A, "https://vpn.example.com/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    return world;
}

/* What is known of the only handshake's server; NULL: it was not compared. */
static const char *known_by(const struct world *world)
{
    const struct lp_config *config = config_at(world, 0);
    return config->session_count ? config->reached[0].known_by : NULL;
}

static void verify_dns_answer_before_the_handshake_confirms(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "vpn.example.com", "192.0.2.9", BEFORE);
    add_answer(world, "vpn.example.com", "192.0.2.1", BEFORE); /* several addresses all count */
    add_session(world, "192.0.2.7", 443, 0, 0x55)->sni = "x.example"; /* others send names */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, count_findings(world, "server-unconfirmed"));
    assert_string_equal("dns", known_by(world));
    assert_int_equal(1, config_at(world, 0)->reached[0].url);
    assert_ptr_equal(&world->capture.dns_answers[1], config_at(world, 0)->reached[0].answer);
    const struct lp_finding *found = finding(world, "server-by-dns");
    assert_int_equal(2, found->frame);
    assert_non_null(strstr(found->message, "gives vpn.example.com this address"));
    free_world(world);
}

static void verify_dns_answer_with_another_address_excludes(void **state)
{
    static const int64_t moments[] = {BEFORE, AFTER};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct world *world = named_world();
        add_answer(world, "vpn.example.com", "192.0.2.9", moments[i]);
        expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
        assert_non_null(strstr(finding(world, "name-elsewhere")->message,
                               "vpn.example.com (url1) is 192.0.2.9"));
        assert_non_null(finding(world, "would-match-elsewhere"));
        free_world(world);
    }
}

static void verify_dns_answer_after_the_handshake_confirms_nothing(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "vpn.example.com", "192.0.2.1", AFTER);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns-late", known_by(world));
    assert_non_null(strstr(finding(world, "server-unconfirmed")->message, "after the handshake"));
    assert_int_equal(0, count_findings(world, "server-by-dns"));
    free_world(world);
}

static void verify_dns_answer_for_another_name_never_pairs(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "www.example.com", "192.0.2.1", BEFORE);
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    add_session(world, "192.0.2.7", 443, 0, 0x55)->sni = "x.example";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    /* nor does its being the alias of another name give a name that address */
    world->capture.dns_answers[0].alias = "vpn.example.com";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    free_world(world);
}

/* Another client may have been told another address: its answer confirms nothing. */
static void verify_dns_answer_to_another_client_confirms_nothing(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "vpn.example.com", "192.0.2.1", BEFORE)->client.ip.bytes[3] = 9;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns-other", known_by(world));
    assert_non_null(
        strstr(finding(world, "server-unconfirmed")->message, "to another client, 10.0.0.9"));
    /* and counts for nothing where this client has its own */
    add_answer(world, "vpn.example.com", "192.0.2.8", BEFORE);
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    free_world(world);
}

static void verify_dns_aliases_are_followed_through_answers(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "a.example.net", NULL, BEFORE)->alias = "gw.example.net";
    add_answer(world, "gw.example.net", "192.0.2.1", BEFORE);
    add_answer(world, "vpn.example.com", NULL, BEFORE)->alias = "a.example.net";
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns", known_by(world));
    assert_non_null(
        strstr(finding(world, "server-by-dns")->message, "(an alias of gw.example.net)"));
    /* every step must have come before the handshake */
    world->capture.dns_answers[0].time.sec = AFTER;
    world->capture.finding_count = 0;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns-late", known_by(world));
    /* a circle ends, and tells nothing; the server is known as another name's */
    world->capture.dns_answers[0].alias = "vpn.example.com";
    world->capture.finding_count = 0;
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    assert_null(known_by(world));
    free_world(world);
}

/* A host has addresses of both families. */
static void verify_dns_address_of_the_other_family_tells_nothing(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "vpn.example.com", "2001:db8::1", BEFORE);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("port", known_by(world));
    assert_non_null(finding(world, "server-unconfirmed"));
    free_world(world);
}

/* The name that the client sends stands above what it was told of addresses. */
static void verify_dns_answer_does_not_mend_another_server_name(void **state)
{
    struct world *world = named_world();

    (void)state;
    add_answer(world, "vpn.example.com", "192.0.2.1", BEFORE);
    world->sessions[0].sni = "www.example.com";
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    world->sessions[0].sni = "vpn.example.com";
    world->capture.finding_count = 0;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("sni", known_by(world));
    free_world(world);
}

static void verify_dns_answer_leads_the_server_option(void **state)
{
    const struct lp_verify_options named = {.server = "vpn.example.com"};
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.77/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    verify_with(world, &named);
    assert_int_equal(LP_UNDECIDED, world->capture.verdict);
    add_answer(world, "vpn.example.com", "192.0.2.1", BEFORE);
    world->capture.finding_count = 0;
    verify_with(world, &named);
    assert_int_equal(LP_MATCH, world->capture.verdict);
    assert_string_equal("server", known_by(world));
    free_world(world);
}

static void verify_server_option_names_the_headend(void **state)
{
    static const struct {
        const char *server;
        bool counts;
    } table[] = {
        {"192.0.2.9", true},        {"192.0.2.9:443", true},       {"192.0.2.9:444", false},
        {"192.0.2.1", false},       {"[2001:db8::1]", false},      {"vpn.example.com", true},
        {"VPN.Example.com", true},  {"vpn.example.com:443", true}, {"vpn.example.com:1", false},
        {"www.example.com", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct lp_verify_options options = {.server = table[i].server};
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        add_session(world, "192.0.2.9", 443, 0x0a, 0x11)->sni = "vpn.example.com";
        verify_with(world, &options);
        assert_int_equal(table[i].counts ? LP_MATCH : LP_UNDECIDED, world->capture.verdict);
        /* without a name seen, a name proves nothing; with --any-server it still narrows */
        world->sessions[0].sni = NULL;
        const struct lp_verify_options both = {.server = "vpn.example.com", .any_server = true};
        verify_with(world, &both);
        assert_int_equal(LP_UNDECIDED, world->capture.verdict);
        free_world(world);
    }
}

static void verify_unreadable_server_option_is_usage(void **state)
{
    static const char *const bad[] = {"", "192.0.2.1:99999", "a b", "https://x/\x1b[31m"};
    struct world *world = new_world();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct lp_verify_options options = {.server = bad[i]};
        struct lp_error error = {{0}};
        assert_int_equal(LP_ERR_USAGE,
                         lp_verify(&world->capture, world->expected, &options, &error));
        assert_true(error.text[0] != '\0');
        assert_null(strchr(error.text, '\x1b'));
        assert_false(world->capture.verified);
    }
    free_world(world);
}

static void verify_side_without_url_meets_every_server(void **state)
{
    const struct lp_verify_options narrow = {.server = "192.0.2.2"};
    struct world *world = new_world();
    struct lp_error error;

    (void)state;
    assert_int_equal(
        LP_OK,
        lp_expected_add_hash(world->expected, "1111111111111111111111111111111111111111", &error));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    add_session(world, "192.0.2.2", 5061, 0, 0x44);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_string_equal("only", config_at(world, 0)->paired_by);
    verify_with(world, &narrow);
    assert_int_equal(LP_MISMATCH, world->capture.verdict);
    assert_int_equal(1, config_at(world, 0)->session_count);
    assert_int_equal(1, config_at(world, 0)->sessions[0]);
    free_world(world);
}

/* Its phone has a headend, and nobody knows which: no server is proven to be it. */
static void verify_phone_with_a_lost_url_needs_the_user(void **state)
{
    const struct lp_verify_options any = {.any_server = true}, named = {.server = "192.0.2.1"};
    struct world *world = new_world();

    (void)state;
    struct lp_config config = config_of(world, PHONE_A, NULL, 0x11);
    config.url_lost = true;
    assert_true(lp_expected_add_config(world->expected, &config));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    assert_non_null(finding(world, "would-match-elsewhere"));
    verify_with(world, &any);
    assert_int_equal(LP_MATCH, world->capture.verdict);
    verify_with(world, &named);
    assert_int_equal(LP_MATCH, world->capture.verdict);
    free_world(world);
}

/* ---- which phone ---- */

static void verify_mac_pairs_each_phone_with_its_own(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_config(world, PHONE_B, "https://192.0.2.1/vpn", 0x44);
    add_session(world, "192.0.2.1", 443, 0x0b, 0x11); /* would match the other phone's */
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_string_equal("mac", config_at(world, 0)->paired_by);
    assert_int_equal(LP_MATCH, config_at(world, 0)->verdict);
    assert_int_equal(LP_MISMATCH, config_at(world, 1)->verdict);
    assert_int_equal(1, config_at(world, 0)->session_count);
    assert_int_equal(1, config_at(world, 0)->sessions[0]);
    assert_int_equal(LP_MISMATCH, world->sessions[0].verdict);
    assert_int_equal(0, world->sessions[0].chain[0].matches);
    assert_string_equal("2 expected sides: 1 matched by the leaf, 1 mismatched",
                        world->capture.summary);
    free_world(world);
}

static void verify_other_phones_config_stands_aside(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_B, "https://192.0.2.1/vpn", 0x11);
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x44);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11); /* A's, and would match B's */
    add_session(world, "192.0.2.1", 443, 0x77, 0x11); /* some computer's */
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.config_count); /* B's is left out */
    assert_string_equal(PHONE_A, config_at(world, 0)->phone);
    assert_string_equal("mac", config_at(world, 0)->paired_by);
    assert_false(world->sessions[1].compared);
    assert_int_equal(LP_INFO, finding(world, "other-phones")->severity);
    assert_int_equal(0, count_findings(world, "not-at-url"));
    free_world(world);
}

static void verify_other_phones_reason_is_not_the_captures(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0);
    add_config(world, PHONE_B, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_NO_CERT_HASH);
    free_world(world);
}

static void verify_name_in_path_pairs_when_no_mac_does(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_B, "https://192.0.2.1/vpn", 0x44);
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0, 0x11);
    world->capture.path = "SEP001F6C81110B/sep001f6c81110a.pcap"; /* the file before the folder */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.config_count);
    assert_string_equal("name", config_at(world, 0)->paired_by);
    world->capture.path = "SEP001F6C81110B/monday.pcap";
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    /* what the wire shows goes before what the file is called */
    world->sessions[0].client.has_mac = true;
    memcpy(world->sessions[0].client.mac, "\x00\x1f\x6c\x81\x11\x0a", 6);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("mac", config_at(world, 1)->paired_by);
    free_world(world);
}

static void verify_only_config_is_compared_whoever_called(void **state)
{
    struct world *world = new_world();
    struct lp_error error;

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x77, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("only", config_at(world, 0)->paired_by);
    assert_int_equal(0, count_findings(world, "other-phone-named"));
    world->capture.path = "SEP001F6C81110B.pcap";
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(finding(world, "other-phone-named"));
    /* a bare hash beside it is no second phone */
    assert_int_equal(
        LP_OK,
        lp_expected_add_hash(world->expected, "1111111111111111111111111111111111111111", &error));
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("only", config_at(world, 0)->paired_by);
    assert_null(config_at(world, 1)->paired_by);
    assert_int_equal(1, config_at(world, 1)->session_count);
    free_world(world);
}

static void verify_url_pairs_when_the_caller_is_unknown(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_config(world, PHONE_B, "https://192.0.2.2/vpn", 0x11);
    add_session(world, "192.0.2.2", 443, 0x77, 0x11); /* a router's MAC */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_null(config_at(world, 0)->paired_by);
    assert_string_equal("url", config_at(world, 1)->paired_by);
    free_world(world);
}

static void verify_nameless_config_never_takes_a_known_phones_handshake(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, NULL, "https://192.0.2.1/vpn", 0x11);
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x44);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.config_count); /* the nameless one is left out */
    add_session(world, "192.0.2.1", 443, 0x77, 0x11); /* nobody's: it may be its own */
    expect(world, LP_MIXED, LP_REASON_NONE);
    assert_string_equal("url", config_at(world, 0)->paired_by);
    free_world(world);
}

static void verify_zero_mac_is_nobodys(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, "SEP000000000000", "https://192.0.2.1/vpn", 0x11);
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    memset(world->sessions[0].client.mac, 0, 6);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("url", config_at(world, 0)->paired_by);
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_other_server_is_never_a_match),
        cmocka_unit_test(verify_dtls_at_the_url_counts),
        cmocka_unit_test(verify_8021x_is_never_compared),
        cmocka_unit_test(verify_8021x_is_not_compared_with_a_hash),
        cmocka_unit_test(verify_match_elsewhere_does_not_mend_a_mismatch),
        cmocka_unit_test(verify_named_url_needs_the_server_name),
        cmocka_unit_test(verify_dns_answer_before_the_handshake_confirms),
        cmocka_unit_test(verify_dns_answer_with_another_address_excludes),
        cmocka_unit_test(verify_dns_answer_after_the_handshake_confirms_nothing),
        cmocka_unit_test(verify_dns_answer_for_another_name_never_pairs),
        cmocka_unit_test(verify_dns_answer_to_another_client_confirms_nothing),
        cmocka_unit_test(verify_dns_aliases_are_followed_through_answers),
        cmocka_unit_test(verify_dns_address_of_the_other_family_tells_nothing),
        cmocka_unit_test(verify_dns_answer_does_not_mend_another_server_name),
        cmocka_unit_test(verify_dns_answer_leads_the_server_option),
        cmocka_unit_test(verify_server_option_names_the_headend),
        cmocka_unit_test(verify_unreadable_server_option_is_usage),
        cmocka_unit_test(verify_side_without_url_meets_every_server),
        cmocka_unit_test(verify_phone_with_a_lost_url_needs_the_user),
        cmocka_unit_test(verify_mac_pairs_each_phone_with_its_own),
        cmocka_unit_test(verify_other_phones_config_stands_aside),
        cmocka_unit_test(verify_other_phones_reason_is_not_the_captures),
        cmocka_unit_test(verify_name_in_path_pairs_when_no_mac_does),
        cmocka_unit_test(verify_only_config_is_compared_whoever_called),
        cmocka_unit_test(verify_url_pairs_when_the_caller_is_unknown),
        cmocka_unit_test(verify_nameless_config_never_takes_a_known_phones_handshake),
        cmocka_unit_test(verify_zero_mac_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
