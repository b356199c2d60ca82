/* OpenVPN over UDP: handshakes side by side and one after the other, each with its own packets. */
#include "wraps.h"

#include "scan/vpn.h"

enum { UP, DOWN };

struct rig {
    struct lp_arena *arena; /* owned */
    struct lp_cert_store *store;
    struct lp_findings findings;
    struct lp_sessions sessions;
    struct lp_udp_flow flow;
    struct lp_vpn *vpn;
    uint64_t frame;
    size_t cut; /* so many bytes of each datagram are missing */
};

static void open_rig(struct rig *rig)
{
    static const struct lp_options options = {0};

    memset(rig, 0, sizeof *rig);
    rig->arena = lp_arena_new();
    rig->store = lp_cert_store_new(5, rig->arena, &options);
    assert_true(rig->arena && rig->store);
    lp_findings_start(&rig->findings, rig->arena, NULL, 0);
    rig->sessions = (struct lp_sessions){
        .arena = rig->arena, .store = rig->store, .path = "x.pcap", .findings = &rig->findings};
    rig->flow.budget.limit = 1 << 22;
    rig->flow.end[UP].port = 50000;
    rig->flow.end[DOWN].port = 1194;
    rig->vpn = lp_vpn_new(&rig->sessions, NULL, &rig->flow);
}

static void shut_rig(struct rig *rig)
{
    lp_sessions_free(&rig->sessions);
    lp_cert_store_free(rig->store);
    lp_arena_free(rig->arena);
}

static void finish(struct rig *rig)
{
    lp_vpn_end(rig->vpn, true);
    assert_int_equal(0, rig->flow.budget.used);
}

static void send(struct rig *rig, const struct vpn_packet *packet)
{
    struct bytes b = {0};

    add_vpn(&b, packet);
    struct guarded page = guarded_copy(b.at, b.n - rig->cut);
    struct lp_parcel parcel = {.protocol = LP_PROTOCOL_UDP,
                               .bytes = lp_rd_init(page.bytes, page.n),
                               .snapped = rig->cut > 0,
                               .frame = ++rig->frame,
                               .time = {.sec = (int64_t)rig->frame}};
    assert_true(lp_vpn_recognise(parcel.bytes));
    lp_vpn_take(rig->vpn, packet->back ? DOWN : UP, &parcel);
    guarded_free(&page);
    drop(&b);
}

/* A handshake of TLS 1.2; `mark` sets its certificate apart. */
struct shake {
    struct bytes up, down;
};

static struct shake make_shake(size_t leaf)
{
    struct shake shake = {0};
    struct bytes hello = {0}, flight = {0};
    const size_t sizes[] = {leaf, 300};

    add_client_hello(&hello, &(struct hello){.version = 0x0303, .sni = "vpn.example"});
    add_records(&shake.up, &hello, 4000);
    add_server_hello(&flight, &(struct hello){.version = 0x0303, .cipher = 0x002f});
    add_certificates(&flight, sizes, 2);
    add_filler(&flight, LP_SERVER_HELLO_DONE, 0);
    add_records(&shake.down, &flight, 4000);
    drop(&hello);
    drop(&flight);
    return shake;
}

static void drop_shake(struct shake *shake)
{
    drop(&shake->up);
    drop(&shake->down);
}

/* The control packets of one direction; `skip`: one id that never comes. */
static void send_half(struct rig *rig, struct vpn_packet like, const struct bytes *stream,
                      uint32_t skip)
{
    enum { MOST = 250 };

    like.opcode = VPN_CONTROL;
    like.acks = 1;
    like.id = 1;
    for (size_t at = 0; at < stream->n; like.id++) {
        like.n = stream->n - at < MOST ? stream->n - at : MOST;
        like.payload = stream->at + at;
        if (like.id != skip)
            send(rig, &like);
        at += like.n;
    }
}

static void send_shake(struct rig *rig, struct vpn_packet like, const struct shake *shake)
{
    struct vpn_packet back = like;

    back.back = true;
    back.session = like.session ? like.session + 1 : 0;
    like.opcode = like.key ? VPN_SOFT_RESET : VPN_CLIENT_RESET;
    send(rig, &like);
    back.opcode = like.key ? VPN_SOFT_RESET : VPN_SERVER_RESET;
    send(rig, &back);
    send_half(rig, like, &shake->up, 0);
    send_half(rig, back, &shake->down, 0);
}

static void vpn_take_handshake_session(void **state)
{
    static const size_t hmacs[] = {0, 20, 64};
    struct shake shake = make_shake(700);

    (void)state;
    for (size_t i = 0; i < sizeof hmacs / sizeof hmacs[0]; i++) {
        struct rig rig;
        open_rig(&rig);
        send_shake(&rig, (struct vpn_packet){.hmac = hmacs[i]}, &shake);
        finish(&rig);
        assert_int_equal(1, rig.sessions.count);
        const struct lp_session *session = rig.sessions.items;
        assert_string_equal("udp", session->transport);
        assert_string_equal("openvpn", session->carrier);
        assert_string_equal("vpn.example", session->sni);
        assert_int_equal(LP_OUTCOME_COMPLETE, session->outcome);
        assert_int_equal(1194, session->server.port);
        assert_int_equal(2, session->chain_count);
        assert_int_equal(3, session->first_frame);
        assert_int_equal(rig.frame, session->certificate_frame);
        shut_rig(&rig);
    }
    drop_shake(&shake);
}

/* A second session on the same ports, and a second key of it. */
static void vpn_take_sessions_and_keys_one_each(void **state)
{
    struct shake first = make_shake(700), second = make_shake(800), third = make_shake(900);
    struct rig rig;

    (void)state;
    open_rig(&rig);
    send_shake(&rig, (struct vpn_packet){.hmac = 20}, &first);
    send_shake(&rig, (struct vpn_packet){.hmac = 20, .key = 1}, &second);
    send_shake(&rig, (struct vpn_packet){.hmac = 20, .session = 0xc1c2c3c4c5c6c7c8}, &third);
    finish(&rig);
    assert_int_equal(3, rig.sessions.count);
    for (size_t i = 0; i < 3; i++) {
        const struct lp_session *session = &rig.sessions.items[i];
        assert_int_equal(LP_OUTCOME_COMPLETE, session->outcome);
        assert_int_equal(2, session->chain_count);
        assert_true(session->hello_seen);
    }
    shut_rig(&rig);
    drop_shake(&first);
    drop_shake(&second);
    drop_shake(&third);
}

static void vpn_take_datagram_lost_gap(void **state)
{
    struct shake shake = make_shake(700);
    struct rig rig;

    (void)state;
    open_rig(&rig);
    send_half(&rig, (struct vpn_packet){0}, &shake.up, 0);
    send_half(&rig, (struct vpn_packet){.back = true}, &shake.down, 2);
    finish(&rig);
    assert_int_equal(1, rig.sessions.count);
    assert_int_equal(LP_OUTCOME_GAP, rig.sessions.items[0].outcome);
    for (size_t i = 0; i < rig.sessions.items[0].chain_count; i++)
        assert_false(rig.sessions.items[0].chain[i].complete);
    shut_rig(&rig);
    drop_shake(&shake);
}

static void vpn_take_snapped_truncated(void **state)
{
    struct shake shake = make_shake(700);
    struct rig rig;

    (void)state;
    open_rig(&rig);
    send_half(&rig, (struct vpn_packet){0}, &shake.up, 0);
    rig.cut = 60;
    send_half(&rig, (struct vpn_packet){.back = true}, &shake.down, 0);
    finish(&rig);
    assert_int_equal(1, rig.sessions.count);
    assert_int_equal(LP_OUTCOME_TRUNCATED, rig.sessions.items[0].outcome);
    for (size_t i = 0; i < rig.sessions.items[0].chain_count; i++)
        assert_false(rig.sessions.items[0].chain[i].complete);
    shut_rig(&rig);
    drop_shake(&shake);
}

static void vpn_take_server_alone_chain(void **state)
{
    struct shake shake = make_shake(700);
    struct rig rig;

    (void)state;
    open_rig(&rig);
    send_half(&rig, (struct vpn_packet){.back = true}, &shake.down, 0);
    finish(&rig);
    assert_int_equal(1, rig.sessions.count);
    assert_int_equal(2, rig.sessions.items[0].chain_count);
    shut_rig(&rig);
    drop_shake(&shake);
}

/* More handshakes at a time than there is room for: the oldest is concluded. */
static void vpn_take_many_sessions_bounded(void **state)
{
    struct shake shake = make_shake(700);
    struct rig rig;

    (void)state;
    open_rig(&rig);
    for (uint64_t i = 1; i <= 40; i++)
        send_shake(&rig, (struct vpn_packet){.session = i << 8}, &shake);
    finish(&rig);
    assert_int_equal(40, rig.sessions.count);
    shut_rig(&rig);
    drop_shake(&shake);
}

static void vpn_take_every_allocation_fails_no_leak(void **state)
{
    struct shake shake = make_shake(700);

    (void)state;
    for (uint64_t n = 1; n < 60; n++) {
        struct rig rig;
        open_rig(&rig);
        lp_alloc_fail_after(n);
        send_shake(&rig, (struct vpn_packet){.hmac = 20}, &shake);
        lp_vpn_end(rig.vpn, true);
        lp_alloc_fail_after(0);
        assert_int_equal(0, rig.flow.budget.used);
        for (size_t i = 0; i < rig.sessions.count; i++)
            assert_true(rig.sessions.items[i].chain_count <= 2);
        shut_rig(&rig);
    }
    drop_shake(&shake);
}

static void vpn_note_encrypted_once(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig);
    lp_vpn_note_encrypted(&rig.sessions, rig.flow.end, 7);
    lp_vpn_note_encrypted(&rig.sessions, rig.flow.end, 9);
    finish(&rig);
    assert_int_equal(1, rig.findings.count);
    assert_string_equal("tls-crypt", rig.findings.items[0].code);
    assert_int_equal(7, rig.findings.items[0].frame);
    shut_rig(&rig);
}

static void vpn_recognise_everyday_datagrams_not(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } others[] = {
        {"\x24\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
         "example\x03"
         "com\x00\x00\x01\x00\x01",
         33},
        {"\x3c\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03www\x07"
         "example\x03"
         "com\x00\x00\x01\x00\x01",
         33},
        {"\x80\x00\x00\x01\x00\x00\x00\xa0\x00\x00\x00\x01 and sound that follows", 36},
        {"REGISTER sip:example.com SIP/2.0\r\n", 34},
        {"<189>12: *Mar 1 00:00:01: %LINK-3-UPDOWN", 40},
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(lp_vpn_recognise(lp_rd_init(others[i].bytes, others[i].n)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vpn_take_handshake_session),
        cmocka_unit_test(vpn_take_sessions_and_keys_one_each),
        cmocka_unit_test(vpn_take_datagram_lost_gap),
        cmocka_unit_test(vpn_take_snapped_truncated),
        cmocka_unit_test(vpn_take_server_alone_chain),
        cmocka_unit_test(vpn_take_many_sessions_bounded),
        cmocka_unit_test(vpn_take_every_allocation_fails_no_leak),
        cmocka_unit_test(vpn_note_encrypted_once),
        cmocka_unit_test(vpn_recognise_everyday_datagrams_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
