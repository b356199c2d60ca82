/*
 * What both directions tell together. Each case is written as two strings, a letter per message:
 *
 *   client   H ClientHello   C Certificate   k ClientKeyExchange   v CertificateVerify
 *   server   2 ServerHello of TLS 1.2   r the same, session id echoed   0 of SSL 3.0
 *            n anonymous cipher suite   p pre-shared key
 *            3 ServerHello of TLS 1.3   P with a pre-shared key   F HelloRetryRequest
 *            C Certificate   E an empty one   M one whose list lies   K ServerKeyExchange
 *            R CertificateRequest   D ServerHelloDone
 *   both     c ChangeCipherSpec   x encrypted handshake   d application data   a fatal alert
 *            w warning   t text
 */
#include "streams.h"

static const size_t chain[] = {300, 200};

static void add_server_letter(struct bytes *messages, char letter)
{
    struct hello hello = {.version = 0x0303, .cipher = 0xc02f};

    if (letter == 'r')
        hello.session_id = "session-one";
    if (letter == '0') {
        hello.version = 0x0300;
        hello.no_extensions = true;
    }
    if (letter == 'n')
        hello.cipher = 0x0034; /* TLS_DH_anon_WITH_AES_128_CBC_SHA */
    if (letter == 'p')
        hello.cipher = 0x008c; /* TLS_PSK_WITH_AES_128_CBC_SHA */
    if (letter == '3' || letter == 'P' || letter == 'F') {
        hello.chosen = 0x0304;
        hello.cipher = 0x1301;
        hello.psk = letter == 'P';
        hello.retry = letter == 'F';
    }
    add_server_hello(messages, &hello);
}

static void add_message_letter(struct bytes *messages, char letter)
{
    struct hello hello = {.version = 0x0303, .session_id = "session-one", .sni = "vpn.example"};

    if (letter == 'H') {
        add_client_hello(messages, &hello);
    } else if (letter == 'C' || letter == 'E') {
        add_certificates(messages, chain, letter == 'E' ? 0 : 2);
    } else if (letter == 'M') {
        add_certificates(messages, chain, 2);
        messages->at[6]--;
    } else if (letter == 'k' || letter == 'v') {
        add_filler(messages, letter == 'k' ? LP_CLIENT_KEY_EXCHANGE : LP_CERTIFICATE_VERIFY, 40);
    } else if (letter == 'K' || letter == 'R') {
        add_filler(messages, letter == 'K' ? LP_SERVER_KEY_EXCHANGE : LP_CERTIFICATE_REQUEST, 40);
    } else if (letter == 'D') {
        add_filler(messages, LP_SERVER_HELLO_DONE, 0);
    } else {
        add_server_letter(messages, letter);
    }
}

static void add_letter(struct bytes *wire, char letter)
{
    struct bytes messages = {0};

    if (letter == 'c') {
        add_change_cipher(wire);
    } else if (letter == 'x' || letter == 'd') {
        add_secret(wire, letter == 'x' ? LP_RECORD_HANDSHAKE : LP_RECORD_DATA, 40);
    } else if (letter == 'a' || letter == 'w') {
        add_alert(wire, letter == 'a' ? 2 : 1, letter == 'a' ? 40 : 112);
    } else if (letter == 't') {
        add(wire, "HTTP/1.0 400 Bad Request\r\n\r\n", 28);
    } else {
        add_message_letter(&messages, letter);
        add_records(wire, &messages, 16384);
    }
    drop(&messages);
}

static void make_wire(struct bytes *wire, const char *letters)
{
    for (; *letters; letters++)
        add_letter(wire, *letters);
}

struct outcome_case {
    const char *client, *server;
    enum lp_outcome outcome;
    enum lp_reason reason;
    size_t missing; /* so many bytes lack at the server's end */
    enum lp_tls_cut cut;
    struct lp_tls_circumstances server_known; /* `packets` is set when there are bytes */
    bool client_closed, no_client_acks;
};

enum { CLIENT = 1, SERVER = 0 };

static void run_case(const struct outcome_case *c, struct reading_rig *rig, struct lp_arena *arena,
                     struct lp_session *out)
{
    struct bytes client = {0}, server = {0};
    struct lp_tls_circumstances known[2] = {c->server_known, {0}};

    make_wire(&client, c->client);
    make_wire(&server, c->server);
    server.n -= c->missing;
    known[SERVER].packets |= server.n > 0;
    known[CLIENT] = (struct lp_tls_circumstances){.packets = client.n > 0,
                                                  .acks = client.n > 0 && !c->no_client_acks,
                                                  .closed = c->client_closed,
                                                  .opened = true};
    reading_rig_open(rig, 0);
    if (client.n)
        read_bytes(rig, CLIENT, &client, LP_TLS_CUT_END);
    if (server.n)
        read_bytes(rig, SERVER, &server, c->cut ? c->cut : LP_TLS_CUT_END);
    assert_true(lp_tls_found(&rig->tls));
    memset(out, 0, sizeof *out);
    assert_int_equal(CLIENT, lp_tls_client(&rig->tls, known));
    assert_true(lp_tls_describe(&rig->tls, known, arena, out));
    drop(&client);
    drop(&server);
}

static void check_cases(const struct outcome_case *cases, size_t count)
{
    struct lp_session session;
    struct reading_rig rig;

    for (size_t i = 0; i < count; i++) {
        struct lp_arena *arena = lp_arena_new();
        assert_non_null(arena);
        run_case(&cases[i], &rig, arena, &session);
        if (session.outcome != cases[i].outcome || session.reason != cases[i].reason)
            fail_msg("case %zu (%s | %s): %s, %s", i, cases[i].client, cases[i].server,
                     lp_outcome_name(session.outcome), lp_reason_name(session.reason));
        assert_int_equal(session.outcome == LP_OUTCOME_COMPLETE,
                         rig.tls.half[SERVER].cert_count && session.chain_complete);
        reading_rig_shut(&rig);
        lp_arena_free(arena);
    }
}

#define CASE(client_letters, server_letters, expected_outcome, expected_reason)                    \
    .client = (client_letters), .server = (server_letters), .outcome = (expected_outcome),         \
    .reason = (expected_reason)

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        static const struct outcome_case cases[] = {__VA_ARGS__};                                  \
        check_cases(cases, sizeof cases / sizeof cases[0]);                                        \
    } while (0)

#define NO_CERT LP_OUTCOME_NO_CERTIFICATE

static void lp_tls_describe_of_a_certificate_is_complete_whatever_follows(void **state)
{
    (void)state;
    CHECK({CASE("Hkcx", "2CKDcx", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("H", "0CD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("Ha", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("H", "w2C", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("H", "2Ca", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("HkCvcx", "2CKRDcx", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("k", "CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)},
          {CASE("H", "2CK", LP_OUTCOME_COMPLETE, LP_REASON_NONE), .missing = 9,
           .cut = LP_TLS_CUT_SNAPPED},
          {CASE("H", "nCD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)});
}

static void lp_tls_describe_without_a_certificate_names_the_kind_of_handshake(void **state)
{
    (void)state;
    CHECK({CASE("Hcx", "rcx", LP_OUTCOME_RESUMED, LP_REASON_RESUMED)},
          {CASE("Hcx", "2cx", LP_OUTCOME_RESUMED, LP_REASON_RESUMED)}, /* a ticket, RFC 5077 3.4 */
          {CASE("Hcd", "Pcd", LP_OUTCOME_RESUMED, LP_REASON_RESUMED)},
          {CASE("Hcd", "3cd", LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED)},
          {CASE("Hcd", "Fc3d", LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED)},
          {CASE("Hcd", "FcPd", LP_OUTCOME_RESUMED, LP_REASON_RESUMED)},
          {CASE("H", "3", LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED)},
          {CASE("Hkcx", "nKDcx", NO_CERT, LP_REASON_ANONYMOUS)},
          {CASE("Hkcx", "pKDcx", NO_CERT, LP_REASON_PSK)},
          {CASE("Hkcx", "2KDcx", NO_CERT, LP_REASON_NO_CERTIFICATE_MESSAGE)},
          {CASE("Hkcx", "2EKDcx", NO_CERT, LP_REASON_NO_CERTIFICATE_MESSAGE)});
}

static void lp_tls_describe_without_an_answer_says_why(void **state)
{
    (void)state;
    CHECK({CASE("H", "", NO_CERT, LP_REASON_NO_SERVER_REPLY), .no_client_acks = true},
          {CASE("H", "", NO_CERT, LP_REASON_NO_SERVER_REPLY), .server_known.packets = true},
          {CASE("H", "", LP_OUTCOME_ONE_SIDED, LP_REASON_ONE_SIDED)},
          {CASE("H", "", NO_CERT, LP_REASON_ABORTED),
           .server_known = {.packets = true, .closed = true}},
          {CASE("H", "", LP_OUTCOME_GAP, LP_REASON_GAP),
           .server_known = {.packets = true, .unseen = true, .closed = true}},
          {CASE("H", "", LP_OUTCOME_LIMIT, LP_REASON_LIMIT),
           .server_known = {.packets = true, .limited = true}},
          {CASE("H", "", LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED),
           .server_known = {.packets = true, .cut_short = true}},
          {CASE("H", "a", NO_CERT, LP_REASON_ABORTED)},
          {CASE("Ha", "", LP_OUTCOME_ONE_SIDED, LP_REASON_ONE_SIDED)},
          {CASE("H", "t", LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED)},
          {CASE("k", "", LP_OUTCOME_GAP, LP_REASON_GAP), .server_known.packets = true});
}

static void lp_tls_describe_after_a_lone_server_hello_says_why(void **state)
{
    (void)state;
    CHECK(
        {CASE("H", "2a", NO_CERT, LP_REASON_ABORTED)},
        {CASE("Ha", "2", NO_CERT, LP_REASON_ABORTED)},
        {CASE("H", "2", NO_CERT, LP_REASON_ABORTED), .client_closed = true},
        {CASE("H", "2", NO_CERT, LP_REASON_ABORTED), .server_known.closed = true},
        {CASE("H", "2", LP_OUTCOME_GAP, LP_REASON_GAP)},
        {CASE("H", "2", LP_OUTCOME_GAP, LP_REASON_GAP), .cut = LP_TLS_CUT_LOST},
        {CASE("H", "2", LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED), .cut = LP_TLS_CUT_SNAPPED},
        {CASE("H", "2", LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED), .server_known.cut_short = true},
        {CASE("H", "2", LP_OUTCOME_LIMIT, LP_REASON_LIMIT), .server_known.limited = true},
        {CASE("H", "2t", LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED)});
}

static void lp_tls_describe_of_a_cut_certificate_names_the_kind_of_cut(void **state)
{
    (void)state;
    for (size_t missing = 1; missing < 500; missing += 166) {
        struct outcome_case cases[] = {
            {CASE("H", "2C", LP_OUTCOME_GAP, LP_REASON_GAP), .missing = missing,
             .cut = LP_TLS_CUT_LOST},
            {CASE("H", "2C", LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED), .missing = missing,
             .cut = LP_TLS_CUT_SNAPPED},
            {CASE("H", "2C", LP_OUTCOME_LIMIT, LP_REASON_LIMIT), .missing = missing,
             .cut = LP_TLS_CUT_LIMIT},
            {CASE("H", "2C", LP_OUTCOME_GAP, LP_REASON_GAP), .missing = missing},
            {CASE("H", "2C", LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED), .missing = missing,
             .server_known.cut_short = true},
            {CASE("H", "2C", LP_OUTCOME_LIMIT, LP_REASON_LIMIT), .missing = missing,
             .server_known.limited = true},
        };
        check_cases(cases, sizeof cases / sizeof cases[0]);
    }
    CHECK({CASE("H", "2MD", LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED)});
}

static void lp_tls_describe_tells_what_the_client_did_next(void **state)
{
    static const struct {
        struct outcome_case c;
        bool past;
        size_t alerts;
    } cases[] = {
        {{CASE("Ha", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)}, false, 1},
        {{CASE("H", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)}, false, 0},
        {{CASE("Hk", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)}, true, 0},
        {{CASE("Hkcx", "2CKDcx", LP_OUTCOME_COMPLETE, LP_REASON_NONE)}, true, 0},
        {{CASE("Hcx", "2cx", LP_OUTCOME_RESUMED, LP_REASON_NONE)}, false, 0},
        {{CASE("Hwka", "w2CKDa", LP_OUTCOME_COMPLETE, LP_REASON_NONE)}, true, 4},
    };
    struct lp_session session;
    struct reading_rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lp_arena *arena = lp_arena_new();
        run_case(&cases[i].c, &rig, arena, &session);
        assert_int_equal(cases[i].past, session.past_certificate);
        assert_int_equal(cases[i].alerts, session.alert_count);
        for (size_t a = 0; a < session.alert_count; a++) {
            assert_int_equal(session.alerts[a].level == 2 ? 40 : 112, session.alerts[a].code);
            assert_true(a == 0 || session.alerts[a - 1].frame <= session.alerts[a].frame);
        }
        assert_string_equal("vpn.example", session.sni);
        assert_int_equal(0x0303, session.version);
        assert_int_equal(0x0303, session.offered_version);
        assert_true(session.has_cipher && session.hello_seen);
        assert_int_equal(0xc02f, session.cipher);
        reading_rig_shut(&rig);
        lp_arena_free(arena);
    }
}

static void lp_tls_describe_of_client_certificates_keeps_the_sides_apart(void **state)
{
    static const struct outcome_case c = {
        CASE("HCkvcx", "3", LP_OUTCOME_ENCRYPTED, LP_REASON_NONE)};
    struct lp_session session;
    struct reading_rig rig;
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    run_case(&c, &rig, arena, &session);
    assert_int_equal(2, rig.tls.half[CLIENT].cert_count);
    assert_int_equal(0, rig.tls.half[SERVER].cert_count);
    assert_false(session.chain_complete);
    assert_int_equal(LP_OUTCOME_ENCRYPTED, session.outcome);
    reading_rig_shut(&rig);
    lp_arena_free(arena);
}

/* Without messages that tell, the one who sent the SYN is the client. */
static void lp_tls_client_without_telling_messages_goes_by_the_syn(void **state)
{
    struct lp_tls_circumstances known[2] = {{0}};
    struct lp_tls tls = {0};

    (void)state;
    tls.half[0].certificate_seen = true;
    known[0].opened = true;
    assert_int_equal(0, lp_tls_client(&tls, known));
    known[0].opened = false;
    known[1].opened = true;
    assert_int_equal(1, lp_tls_client(&tls, known));
    tls.half[1].is_server = true;
    assert_int_equal(0, lp_tls_client(&tls, known));
}

static void lp_tls_describe_with_any_allocation_failing_says_so(void **state)
{
    static const struct outcome_case c = {CASE("Ha", "2CKD", LP_OUTCOME_COMPLETE, LP_REASON_NONE)};
    struct lp_tls_circumstances known[2] = {{.packets = true}, {.packets = true}};
    struct lp_session session;
    struct reading_rig rig;
    struct lp_arena *arena = lp_arena_new();
    bool ok = false;

    (void)state;
    run_case(&c, &rig, arena, &session);
    lp_arena_free(arena);
    for (uint64_t n = 1; !ok; n++) {
        struct lp_session again = {0};
        arena = lp_arena_new();
        lp_alloc_fail_after(n);
        ok = lp_tls_describe(&rig.tls, known, arena, &again);
        lp_alloc_fail_after(0);
        lp_arena_free(arena);
        assert_true(n < 10);
    }
    reading_rig_shut(&rig);
}

static void lp_client_hello_keeps_the_first_suites_and_counts_all_but_signals(void **state)
{
    enum { OFFERED = 20, SIGNALS = 3, CIPHERS_AT = 35 };
    static const uint16_t signals[SIGNALS] = {0x2a2a, 0x00ff, 0x5600};
    uint8_t body[CIPHERS_AT + 2 + 2 * (OFFERED + SIGNALS) + 2] = {3, 3};
    struct lp_tls_hello hello = {.offered_count = 7}; /* of the hello before a retry */
    const char *problem;
    size_t at = CIPHERS_AT;

    (void)state;
    body[at++] = 0;
    body[at++] = 2 * (OFFERED + SIGNALS);
    for (unsigned i = 0; i < SIGNALS + OFFERED; i++) {
        uint16_t cipher = i < SIGNALS ? signals[i] : (uint16_t)(0xc000 + i);
        body[at++] = (uint8_t)(cipher >> 8);
        body[at++] = (uint8_t)cipher;
    }
    body[at] = 1; /* no compression */
    struct guarded page = guarded_copy(body, sizeof body);
    assert_true(lp_client_hello(lp_rd_init(page.bytes, page.n), &hello, &problem));
    assert_int_equal(OFFERED, hello.offered_count);
    for (unsigned i = 0; i < LP_TLS_CIPHERS_KEPT; i++)
        assert_int_equal(0xc000 + SIGNALS + i, hello.offered[i]);
    guarded_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_client_hello_keeps_the_first_suites_and_counts_all_but_signals),
        cmocka_unit_test(lp_tls_describe_of_a_certificate_is_complete_whatever_follows),
        cmocka_unit_test(lp_tls_describe_without_a_certificate_names_the_kind_of_handshake),
        cmocka_unit_test(lp_tls_describe_without_an_answer_says_why),
        cmocka_unit_test(lp_tls_describe_after_a_lone_server_hello_says_why),
        cmocka_unit_test(lp_tls_describe_of_a_cut_certificate_names_the_kind_of_cut),
        cmocka_unit_test(lp_tls_describe_tells_what_the_client_did_next),
        cmocka_unit_test(lp_tls_describe_of_client_certificates_keeps_the_sides_apart),
        cmocka_unit_test(lp_tls_client_without_telling_messages_goes_by_the_syn),
        cmocka_unit_test(lp_tls_describe_with_any_allocation_failing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
