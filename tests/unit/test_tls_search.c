/* Where a handshake begins: at the start, behind a greeting, or in the middle of one. */
#include "streams.h"

static const size_t chain[] = {300, 200};

static void make_hello(struct bytes *wire, bool server, size_t most)
{
    struct bytes messages = {0};

    if (server)
        add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0xc02f});
    else
        add_client_hello(&messages, &(struct hello){.version = 0x0303, .sni = "a.example"});
    add_records(wire, &messages, most);
    drop(&messages);
}

static enum lp_search here(const struct bytes *wire, size_t n, bool last)
{
    struct guarded guarded = guarded_copy(wire->at, n);
    enum lp_search found = lp_search_here(lp_rd_init(guarded.bytes, n), last);
    guarded_free(&guarded);
    return found;
}

/* A hello that grows byte by byte, in records of any size, is never taken for anything else. */
static void lp_search_here_at_every_truncation_of_a_hello_never_says_no(void **state)
{
    static const size_t record_sizes[] = {1, 2, 3, 5, 38, 39, 40, 16384};

    (void)state;
    for (size_t i = 0; i < sizeof record_sizes / sizeof record_sizes[0]; i++) {
        for (unsigned server = 0; server < 2; server++) {
            struct bytes wire = {0};
            make_hello(&wire, server, record_sizes[i]);
            enum lp_search before = LP_SEARCH_MORE;
            for (size_t n = 0; n <= wire.n; n++) {
                enum lp_search found = here(&wire, n, false);
                assert_int_not_equal(LP_SEARCH_NO, found);
                assert_true(found >= before);
                before = found;
                assert_int_not_equal(LP_SEARCH_MORE, here(&wire, n, true));
            }
            assert_int_equal(LP_SEARCH_FOUND, before);
            drop(&wire);
        }
    }
}

static void lp_search_here_of_what_is_no_handshake_says_no(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},
        {"\x16\x02\x01\x00\x2f\x01\x00\x00\x2b\x03\x03", 11}, /* no such version */
        {"\x16\x03\x05\x00\x2f\x01\x00\x00\x2b\x03\x03", 11},
        {"\x16\x03\x01\xff\xff\x01\x00\x00\x2b\x03\x03", 11}, /* no such record length */
        {"\x16\x03\x01\x00\x00\x01\x00\x00\x2b\x03\x03", 11}, /* an empty record */
        {"\x16\x03\x01\x00\x2f\x01\x00\x00\x01\x03\x03", 11}, /* too short for a hello */
        {"\x16\x03\x01\x00\x2f\x01\xff\x00\x2b\x03\x03", 11}, /* too long for one */
        {"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x02\x00", 11}, /* SSL 2 inside */
        {"\x16\x03\x01\x00\x2f\x63\x00\x00\x2b\x03\x03", 11}, /* no such message */
        {"\x17\x03\x03\x00\x02xx", 7},
        {"\x15\x03\x03\x00\x02\x03\x00", 7}, /* no such level */
        {"\x15\x03\x03\x00\x03\x01\x00", 7}, /* encrypted, or worse */
        {"\x16\x03\x01\x00\x10\x0b\x00\x00\x0c\x00\x00\x08\x00\x00\x05\x30\x82\x00\x01\x00\x00",
         21},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct guarded guarded = guarded_copy(cases[i].bytes, cases[i].n);
        assert_int_equal(LP_SEARCH_NO, lp_search_here(lp_rd_init(guarded.bytes, guarded.n), false));
        guarded_free(&guarded);
    }
}

/* Only a hello begins something: what else is found may have a part still to come before it. */
static void lp_tls_recognise_takes_hellos_alone(void **state)
{
    struct bytes wire = {0}, messages = {0};

    (void)state;
    for (unsigned server = 0; server < 2; server++) {
        wire.n = 0;
        make_hello(&wire, server, 16384);
        assert_true(lp_tls_recognise(lp_rd_init(wire.at, wire.n)));
        assert_true(lp_tls_recognise(lp_rd_init(wire.at, 44)));
    }
    wire.n = 0;
    add_certificates(&messages, chain, 2);
    add_records(&wire, &messages, 16384);
    assert_false(lp_tls_recognise(lp_rd_init(wire.at, wire.n)));
    assert_int_equal(LP_SEARCH_FOUND, here(&wire, wire.n, false));
    wire.n = 0;
    add_alert(&wire, 2, 40);
    assert_false(lp_tls_recognise(lp_rd_init(wire.at, wire.n)));
    assert_int_equal(LP_SEARCH_FOUND, here(&wire, wire.n, false));
    assert_false(lp_tls_recognise(lp_rd_init("", 0)));
    drop(&wire);
    drop(&messages);
}

/* Reads preamble + hello + certificates, in chunks. */
static void check_preamble(const void *preamble, size_t n, size_t chunk, bool found)
{
    struct bytes wire = {0}, messages = {0};
    struct reading_rig rig;

    add(&wire, preamble, n);
    make_hello(&wire, true, 16384);
    add_certificates(&messages, chain, 2);
    add_filler(&messages, LP_SERVER_HELLO_DONE, 0);
    add_records(&wire, &messages, 16384);
    struct guarded guarded = guarded_copy(wire.at, wire.n);
    struct wire all = {guarded.bytes, wire.n, chunk};
    reading_rig_open(&rig, 0);
    read_wire(&rig, 0, &all, LP_TLS_CUT_END);
    assert_int_equal(found, lp_tls_found(&rig.tls));
    assert_int_equal(found ? 2 : 0, rig.cert_count);
    reading_rig_shut(&rig);
    guarded_free(&guarded);
    drop(&wire);
    drop(&messages);
}

static void lp_tls_read_behind_a_preamble_finds_the_handshake(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } preambles[] = {
        {"220 mail.example ESMTP\r\n250-STARTTLS\r\n220 go ahead\r\n", 53},
        {"HTTP/1.1 200 Connection established\r\n\r\n", 39},
        {"S", 1},
        {"\x05\x00\x05\x00\x00\x01\x0a\x00\x00\x01\x01\xbb", 12}, /* SOCKS 5 */
        {"\x16\x16\x03\x16\x03\x15\x03\x01\x15", 9},              /* almost a record */
    };

    (void)state;
    for (size_t i = 0; i < sizeof preambles / sizeof preambles[0]; i++)
        for (size_t chunk = 1; chunk < 700; chunk += chunk < 60 ? 1 : 97)
            check_preamble(preambles[i].bytes, preambles[i].n, chunk, true);
}

static void lp_tls_read_behind_more_than_64_kib_gives_up(void **state)
{
    enum { MOST = 64 * 1024 };
    char *text = malloc(MOST + 2000);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', MOST + 2000);
    check_preamble(text, MOST - 10, 1000, true);
    check_preamble(text, MOST + 2000, 1000, false);
    free(text);
}

/* Binary data in front may go on between the segments: a record is believed only when another one
 * follows it, so that bytes of that framing never become part of a certificate. */
static void lp_tls_read_inside_a_binary_framing_never_takes_its_bytes(void **state)
{
    enum { FRAME = 100 };
    struct bytes wire = {0}, framed = {0}, messages = {0};
    struct reading_rig rig;

    (void)state;
    make_hello(&wire, true, 16384);
    add_certificates(&messages, chain, 2);
    add_records(&wire, &messages, 16384);
    for (size_t at = 0; at < wire.n; at += FRAME) {
        size_t n = wire.n - at < FRAME ? wire.n - at : FRAME;
        add_number(&framed, 4, 0x04010000 + n);
        add(&framed, wire.at + at, n);
    }
    for (size_t chunk = 1; chunk <= framed.n; chunk += chunk < 10 ? 1 : 50) {
        struct wire all = {framed.at, framed.n, chunk};
        reading_rig_open(&rig, 0);
        read_wire(&rig, 0, &all, LP_TLS_CUT_END);
        assert_int_equal(0, rig.cert_count);
        reading_rig_shut(&rig);
    }
    drop(&wire);
    drop(&framed);
    drop(&messages);
}

/* The rest of what was before, one message, and what follows it at once. */
static void check_late_start(uint8_t type, size_t n, bool server, size_t chunk)
{
    struct bytes wire = {0}, messages = {0};
    struct reading_rig rig;
    const struct lp_tls_half *half = &rig.tls.half[0];

    add_filler(&wire, 99, 30);
    if (type == LP_CERTIFICATE)
        add_certificates(&messages, chain, 2);
    else
        add_filler(&messages, type, n);
    add_records(&wire, &messages, 16384);
    add_change_cipher(&wire);
    struct wire all = {wire.at, wire.n, chunk};
    reading_rig_open(&rig, 0);
    read_wire(&rig, 0, &all, LP_TLS_CUT_END);
    assert_true(lp_tls_found(&rig.tls));
    assert_int_equal(type == LP_CERTIFICATE, half->certificate_complete);
    if (type != LP_CERTIFICATE)
        assert_true(half->is_server == server && half->is_client != server);
    assert_true(half->cipher_change && half->first_frame > 0);
    reading_rig_shut(&rig);
    drop(&wire);
    drop(&messages);
}

/* A capture that begins late: each message of either flight may be the first one seen. */
static void lp_tls_read_from_any_message_on_knows_the_side(void **state)
{
    static const struct {
        uint8_t type;
        size_t n;
        bool server;
    } later[] = {{LP_CERTIFICATE, 0, true},           {LP_SERVER_KEY_EXCHANGE, 50, true},
                 {LP_CERTIFICATE_REQUEST, 9, true},   {LP_SERVER_HELLO_DONE, 0, true},
                 {LP_CLIENT_KEY_EXCHANGE, 33, false}, {LP_CERTIFICATE_VERIFY, 40, false}};

    (void)state;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        for (size_t chunk = 1; chunk < 1000; chunk *= 3)
            check_late_start(later[i].type, later[i].n, later[i].server, chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_search_here_at_every_truncation_of_a_hello_never_says_no),
        cmocka_unit_test(lp_search_here_of_what_is_no_handshake_says_no),
        cmocka_unit_test(lp_tls_recognise_takes_hellos_alone),
        cmocka_unit_test(lp_tls_read_behind_a_preamble_finds_the_handshake),
        cmocka_unit_test(lp_tls_read_behind_more_than_64_kib_gives_up),
        cmocka_unit_test(lp_tls_read_inside_a_binary_framing_never_takes_its_bytes),
        cmocka_unit_test(lp_tls_read_from_any_message_on_knows_the_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
