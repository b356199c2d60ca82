/* Which ends of a capture are one client, and what follows for phones that speak both families. */
#include "world.h"

#include "phone/clients.h"

enum { MAC_PHONE = 0x0a, MAC_OTHER = 0x0b };

static struct lp_endpoint end_of(const char *address, uint8_t mac)
{
    struct lp_endpoint end = {.has_mac = mac != 0, .mac = {0x00, 0x1f, 0x6c, 0x81, 0x11, mac}};

    assert_true(lp_ip_parse(address, strlen(address), &end.ip));
    return end;
}

/* A handshake by a client of one address and MAC. */
static struct lp_session *add_client(struct world *world, const char *address, uint8_t mac,
                                     const char *server)
{
    struct lp_session *session = add_session(world, server, 443, 0, 0x11);

    session->client = end_of(address, mac);
    return session;
}

static bool same(const struct world *world, const char *a, uint8_t a_mac, const char *b,
                 uint8_t b_mac)
{
    const struct lp_endpoint one = end_of(a, a_mac), other = end_of(b, b_mac);
    struct lp_clients clients;

    assert_true(lp_clients_start(&clients, &world->capture));
    bool result = lp_clients_same(&clients, &one, &other);
    assert_true(result == lp_clients_same(&clients, &other, &one));
    lp_clients_end(&clients);
    return result;
}

static void same_addresses_of_one_family_decide_alone(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_client(world, "10.0.0.5", MAC_PHONE, "192.0.2.1");
    assert_true(same(world, "10.0.0.5", MAC_PHONE, "10.0.0.5", MAC_OTHER));
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "10.0.0.6", MAC_PHONE));
    free_world(world);
}

static void same_over_families_needs_a_mac_of_one_host(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_client(world, "10.0.0.5", MAC_PHONE, "192.0.2.1");
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE)); /* not seen */
    add_client(world, "2001:db8::5", MAC_PHONE, "2001:db8::1");
    assert_true(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_OTHER));
    assert_false(same(world, "10.0.0.5", 0, "2001:db8::5", 0));
    /* every host has an address of the link besides, and no more than one */
    add_client(world, "fe80::5", MAC_PHONE, "fe80::1");
    assert_true(same(world, "fe80::5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    assert_true(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    /* behind a router's stand many */
    add_client(world, "10.0.0.6", MAC_PHONE, "192.0.2.1");
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    free_world(world);
}

static void same_over_families_counts_servers_and_groups(void **state)
{
    struct world *world = new_world();

    (void)state;
    add_client(world, "10.0.0.5", MAC_PHONE, "192.0.2.1");
    add_client(world, "2001:db8::5", MAC_PHONE, "2001:db8::1");
    struct lp_session *session = add_client(world, "10.0.0.9", MAC_OTHER, "192.0.2.1");
    session->server = end_of("192.0.2.1", MAC_PHONE); /* the MAC is also a server's: a router's */
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    session->server.has_mac = false;
    assert_true(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    session->carrier = "eap-tls"; /* a switch's address, a supplicant's MAC */
    session->client = end_of("10.0.0.9", MAC_PHONE);
    assert_true(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    for (size_t i = 0; i < 2; i++)
        memset(world->sessions[i].client.mac, 0, 6);
    assert_false(same(world, "10.0.0.5", MAC_PHONE, "2001:db8::5", MAC_PHONE));
    free_world(world);
}

/* ---- what follows ---- */

enum { BEFORE = 1699999999 };

static struct lp_dns_answer *answer(struct world *world, const char *client, uint8_t mac,
                                    const char *address)
{
    enum { ANSWERS_MOST = 8 };
    struct lp_capture *capture = &world->capture;

    if (!capture->dns_answers)
        capture->dns_answers =
            must(lp_arena_alloc(world->arena, ANSWERS_MOST * sizeof *capture->dns_answers));
    struct lp_dns_answer *added = &capture->dns_answers[capture->dns_answer_count++];
    *added = (struct lp_dns_answer){.name = "vpn.example.com",
                                    .client = end_of(client, mac),
                                    .frame = capture->dns_answer_count,
                                    .time = {.sec = BEFORE}};
    assert_true(lp_ip_parse(address, strlen(address), &added->ip));
    return added;
}

static const char *known_by(const struct world *world)
{
    const struct lp_config *config = config_at(world, 0);
    return config->session_count ? config->reached[0].known_by : NULL;
}

static struct world *named_world(const char *client, const char *server)
{
    struct world *world = new_world();

    add_config(world, PHONE_A, "https://vpn.example.com/vpn", 0x11);
    add_client(world, client, MAC_PHONE, server);
    return world;
}

static void verify_answer_over_the_other_family_is_the_phones_own(void **state)
{
    struct world *world = named_world("2001:db8::5", "2001:db8::1");

    (void)state;
    answer(world, "10.0.0.5", MAC_PHONE, "2001:db8::1");
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns", known_by(world));
    assert_int_equal(0, count_findings(world, "server-unconfirmed"));
    free_world(world);
}

/* Its own answer excludes what another client was told. */
static void verify_own_answer_over_the_other_family_excludes(void **state)
{
    struct world *world = named_world("2001:db8::5", "2001:db8::1");

    (void)state;
    answer(world, "10.0.0.7", MAC_OTHER, "2001:db8::1");
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns-other", known_by(world));
    answer(world, "10.0.0.5", MAC_PHONE, "2001:db8::9");
    world->capture.finding_count = 0;
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    free_world(world);
}

static void verify_answer_to_a_routers_mac_is_another_clients(void **state)
{
    struct world *world = named_world("2001:db8::5", "2001:db8::1");

    (void)state;
    answer(world, "10.0.0.5", MAC_PHONE, "2001:db8::1");
    answer(world, "10.0.0.6", MAC_PHONE, "2001:db8::1");
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("dns-other", known_by(world));
    assert_non_null(finding(world, "server-unconfirmed"));
    free_world(world);
}

/* Where a DNS answer leads to one server, the port alone tells nothing of the next. */
static void verify_port_tells_nothing_where_an_answer_leads_somewhere(void **state)
{
    struct world *world = named_world("10.0.0.5", "192.0.2.1");

    (void)state;
    answer(world, "10.0.0.5", MAC_PHONE, "2001:db8::1");
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_string_equal("port", known_by(world));
    assert_non_null(finding(world, "server-unconfirmed"));
    add_client(world, "2001:db8::5", MAC_PHONE, "2001:db8::1")->chain[0].sha1[0] = 0x55;
    world->capture.finding_count = 0;
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(1, config_at(world, 0)->session_count);
    assert_string_equal("dns", known_by(world));
    assert_non_null(finding(world, "would-match-elsewhere"));
    free_world(world);
}

static void verify_time_line_of_a_phone_holds_both_families(void **state)
{
    struct world *world = named_world("10.0.0.5", "192.0.2.1");

    (void)state;
    add_client(world, "2001:db8::5", MAC_PHONE, "2001:db8::1");
    expect(world, LP_MATCH, LP_REASON_NONE);
    assert_int_equal(1, world->capture.time_line_count);
    assert_int_equal(2, world->capture.time_lines[0].count);
    free_world(world);
}

static void verify_any_allocation_failing_is_out_of_memory(void **state)
{
    struct world *world = named_world("2001:db8::5", "2001:db8::1");
    enum lp_status status = LP_ERR_MEMORY;
    struct lp_error error;

    (void)state;
    answer(world, "10.0.0.5", MAC_PHONE, "2001:db8::1");
    for (unsigned n = 1; status != LP_OK; n++) {
        lp_alloc_fail_after(n);
        status = lp_verify(&world->capture, world->expected, NULL, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || status == LP_ERR_MEMORY);
        assert_true(n < 1000);
    }
    assert_int_equal(LP_MATCH, world->capture.verdict);
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_addresses_of_one_family_decide_alone),
        cmocka_unit_test(same_over_families_needs_a_mac_of_one_host),
        cmocka_unit_test(same_over_families_counts_servers_and_groups),
        cmocka_unit_test(verify_answer_over_the_other_family_is_the_phones_own),
        cmocka_unit_test(verify_own_answer_over_the_other_family_excludes),
        cmocka_unit_test(verify_answer_to_a_routers_mac_is_another_clients),
        cmocka_unit_test(verify_port_tells_nothing_where_an_answer_leads_somewhere),
        cmocka_unit_test(verify_time_line_of_a_phone_holds_both_families),
        cmocka_unit_test(verify_any_allocation_failing_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
