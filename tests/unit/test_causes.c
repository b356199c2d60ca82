/* The findings of a verdict: evidence and remedy. */
#include "world.h"

static void findings_mismatch_spells_out_both_sides(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x44);
    give_facts(world, add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->chain);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    const struct lp_finding *it = finding(world, "hash-mismatch");
    assert_int_equal(LP_PROBLEM, it->severity);
    assert_int_equal(9, it->frame);
    assert_non_null(strstr(it->message, "url1 192.0.2.1:443 presents CN=vpn.example.com"));
    assert_non_null(strstr(it->message, "valid from 2020-09-13T12:26:40Z to 2027-01-15T08:00:00Z"));
    assert_non_null(strstr(it->message, "ERERERERERERERERERERERERERE="));
    assert_non_null(strstr(it->message, "hex 1111111111111111111111111111111111111111"));
    assert_non_null(strstr(it->message, "certHash1 is REREREREREREREREREREREREREQ="));
    assert_non_null(strstr(it->message, "hex 4444444444444444444444444444444444444444"));
    assert_non_null(strstr(it->remedy, "no create cnf-files"));
    assert_non_null(strstr(it->remedy, "Phone-VPN-trust"));
    free_world(world);
}

static void findings_mismatch_names_faulty_values(void **state)
{
    struct world *world = new_world();
    struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);

    (void)state;
    config.hashes[0].fault = LP_HASH_OF_HEX_TEXT;
    assert_true(lp_expected_add_config(world->expected, &config));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_non_null(strstr(finding(world, "hash-mismatch")->message,
                           "certHash1 is the Base64 of the hex digits"));
    free_world(world);
}

static void findings_leaf_dates_follow_the_handshake(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    struct lp_session *session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    struct lp_cert_facts *facts = give_facts(world, session->chain);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, world->capture.finding_count);
    facts->not_after = session->start; /* still valid at that instant */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, count_findings(world, "expired"));
    session->start.nsec = 1;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(LP_WARNING, finding(world, "expired")->severity);
    world->capture.finding_count = 0;
    facts->not_after.sec = 1900000000;
    facts->not_before.sec = session->start.sec + 1;
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(finding(world, "not-yet-valid"));
    assert_int_equal(0, count_findings(world, "expired"));
    world->capture.finding_count = 0;
    session->start = (struct lp_time){0, 0}; /* a recorder without a clock */
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(0, world->capture.finding_count);
    free_world(world);
}

static void findings_key_size_warns_above_2048(void **state)
{
    static const struct {
        const char *key;
        size_t count;
    } table[] = {{"RSA 2048", 0}, {"RSA 4096", 1}, {"RSA 2049", 1},          {"EC prime256v1", 0},
                 {"RSA", 0},      {"RSA ", 0},     {"RSA 99999999999999", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        give_facts(world, add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->chain)->key =
            table[i].key;
        expect(world, LP_MATCH, LP_REASON_NONE);
        assert_int_equal(table[i].count, count_findings(world, "key-size"));
        free_world(world);
    }
}

static void findings_host_id_only_when_checked(void **state)
{
    (void)state;
    for (int check = 0; check < 2; check++) {
        struct world *world = new_world();
        struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
        config.has_host_id_check = true;
        config.host_id_check = check;
        assert_true(lp_expected_add_config(world->expected, &config));
        give_facts(world, add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->chain);
        expect(world, LP_MATCH, LP_REASON_NONE);
        assert_int_equal(check, count_findings(world, "host-id"));
        free_world(world);
    }
}

/* urls stand one behind the other, whatever their numbers. */
static void findings_host_id_of_a_url_by_its_number(void **state)
{
    struct world *world = new_world();
    struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);

    (void)state;
    config.urls[0].n = 2;
    config.has_host_id_check = config.host_id_check = true;
    assert_true(lp_expected_add_config(world->expected, &config));
    give_facts(world, add_session(world, "192.0.2.1", 443, 0x0a, 0x11)->chain);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(strstr(finding(world, "host-id")->message, "url2, 192.0.2.1"));
    free_world(world);
}

static void findings_reaction_is_held_against_the_verdict(void **state)
{
    struct lp_alert alert = {.frame = 12, .from_client = true, .level = 2, .code = 42};

    (void)state;
    for (int matching = 0; matching < 2; matching++) {
        struct world *world = new_world();
        add_config(world, PHONE_A, "https://192.0.2.1/vpn", matching ? 0x11 : 0x44);
        struct lp_session *session = add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
        session->alerts = &alert;
        session->alert_count = 1;
        alert.from_client = true;
        alert.frame = 12;
        verify_with(world, NULL);
        assert_int_equal(12, finding(world, "rejected-by-client")->frame);
        assert_int_equal(matching, count_findings(world, "reaction-differs"));
        alert.from_client = false; /* the server's alerts say nothing about its certificate */
        world->capture.finding_count = 0;
        verify_with(world, NULL);
        assert_int_equal(0, count_findings(world, "rejected-by-client"));
        alert.from_client = true;
        alert.frame = 5; /* before the certificate */
        verify_with(world, NULL);
        assert_int_equal(0, count_findings(world, "rejected-by-client"));
        session->past_certificate = true;
        verify_with(world, NULL);
        assert_int_equal(matching, count_findings(world, "past-certificate"));
        assert_int_equal(!matching, count_findings(world, "reaction-differs"));
        free_world(world);
    }
}

static void findings_digest_missing_is_told_apart_from_limit(void **state)
{
    struct world *world = new_world();
    struct lp_error error;

    (void)state;
    assert_int_equal(
        LP_OK, lp_expected_add_hash(world->expected, "11111111111111111111111111111111", &error));
    assert_true(lp_expected_needs_more_digests(world->expected));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_LIMIT);
    assert_non_null(finding(world, "digest-missing"));
    assert_int_equal(0, count_findings(world, "limit"));
    free_world(world);
}

static void findings_of_the_file_are_copied(void **state)
{
    const struct lp_finding odd = {.severity = LP_WARNING,
                                   .code = "config-xml",
                                   .session = 5,
                                   .message = "SEP.xml: 100%s odd",
                                   .remedy = "mend it"};
    struct world *world = new_world();
    struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);

    (void)state;
    config.findings = &odd;
    config.finding_count = 1;
    assert_true(lp_expected_add_config(world->expected, &config));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("SEP.xml: 100%s odd", finding(world, "config-xml")->message);
    assert_int_equal(-1, finding(world, "config-xml")->session);
    free_world(world);
}

static void findings_same_story_is_told_once_and_others_are_limited(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_config(world, PHONE_A, "https://192.0.2.1/vpn", 0x11);
    for (unsigned i = 0; i < 40; i++)
        add_session(world, "192.0.2.1", 443, 0x0a, 0x44);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.finding_count);
    for (unsigned i = 0; i < 40; i++)
        add_session(world, "192.0.2.1", 443, 0x0a, (uint8_t)(0x80 + i));
    world->capture.finding_count = 0;
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(32, count_findings(world, "hash-mismatch"));
    assert_non_null(finding(world, "findings-limited"));
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_mismatch_spells_out_both_sides),
        cmocka_unit_test(findings_mismatch_names_faulty_values),
        cmocka_unit_test(findings_leaf_dates_follow_the_handshake),
        cmocka_unit_test(findings_key_size_warns_above_2048),
        cmocka_unit_test(findings_host_id_only_when_checked),
        cmocka_unit_test(findings_host_id_of_a_url_by_its_number),
        cmocka_unit_test(findings_reaction_is_held_against_the_verdict),
        cmocka_unit_test(findings_digest_missing_is_told_apart_from_limit),
        cmocka_unit_test(findings_of_the_file_are_copied),
        cmocka_unit_test(findings_same_story_is_told_once_and_others_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
