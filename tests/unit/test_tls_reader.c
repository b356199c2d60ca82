/* Records, messages and certificate lists: whatever their boundaries, the same is read. */
#include "streams.h"

enum { LEAF = 300, ISSUER = 200 };

static const size_t chain[] = {LEAF, ISSUER};
static const size_t record_sizes[] = {1, 2, 3, 4, 5, 7, 50, 113, 16384};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A server's flight up to ServerHelloDone, as messages. */
static void server_messages(struct bytes *b)
{
    add_server_hello(b, &(struct hello){.version = 0x0303, .cipher = 0xc02f, .session_id = "x"});
    add_certificates(b, chain, COUNT(chain));
    add_filler(b, LP_SERVER_KEY_EXCHANGE, 50);
    add_filler(b, LP_CERTIFICATE_REQUEST, 9);
    add_filler(b, LP_SERVER_HELLO_DONE, 0);
}

static void client_messages(struct bytes *b)
{
    add_certificates(b, chain + 1, 1);
    add_filler(b, LP_CLIENT_KEY_EXCHANGE, 60);
    add_filler(b, LP_CERTIFICATE_VERIFY, 20);
}

/* A whole direction; the hello stands in records of its own, as it does on real wires. */
static void make_wire(struct bytes *wire, bool server, size_t most)
{
    struct bytes messages = {0}, hello = {0};

    if (!server)
        add_client_hello(&hello, &(struct hello){.version = 0x0303, .sni = "vpn.example"});
    add_records(wire, &hello, most);
    (server ? server_messages : client_messages)(&messages);
    add_records(wire, &messages, most);
    add_change_cipher(wire);
    add_secret(wire, LP_RECORD_HANDSHAKE, 40);
    add_secret(wire, LP_RECORD_DATA, 100);
    drop(&messages);
    drop(&hello);
}

static void tell_wire(const struct bytes *bytes, size_t chunk, char *out, size_t size)
{
    struct reading_rig rig;
    struct guarded guarded = guarded_copy(bytes->at, bytes->n);
    struct wire wire = {guarded.bytes, guarded.n, chunk};

    reading_rig_open(&rig, 0);
    assert_int_equal(0, read_wire(&rig, 0, &wire, LP_TLS_CUT_END));
    tell_half(&rig, 0, out, size);
    reading_rig_shut(&rig);
    guarded_free(&guarded);
}

static void lp_tls_read_of_any_records_in_any_chunks_reads_the_same(void **state)
{
    char expected[1024], told[1024];
    struct bytes whole = {0};

    (void)state;
    for (unsigned server = 0; server < 2; server++) {
        whole.n = 0;
        make_wire(&whole, server, 16384);
        tell_wire(&whole, whole.n, expected, sizeof expected);
        assert_non_null(strstr(expected, server ? "hello 110 0303 c02f id 1" : "sni vpn.example"));
        assert_non_null(strstr(expected, server ? "; 300 " : "; 200 "));
        assert_non_null(strstr(expected, "; fine"));
        for (size_t i = 0; i < COUNT(record_sizes); i++) {
            struct bytes wire = {0};
            make_wire(&wire, server, record_sizes[i]);
            for (size_t chunk = 1; chunk < wire.n; chunk += chunk < 12 ? 1 : chunk / 2) {
                tell_wire(&wire, chunk, told, sizeof told);
                assert_string_equal(expected, told);
            }
            drop(&wire);
        }
    }
    drop(&whole);
}

/* Where byte `at` of the messages (from 1) ends on the wire. */
static size_t wire_end(size_t at, size_t most)
{
    return at + LP_RECORD_HEADER * ((at - 1) / most + 1);
}

/* The wire ends at byte `n`: exactly those certificates are complete whose bytes are all there. */
static void check_cut(const struct bytes *wire, size_t n, const size_t ends[2], size_t message_end)
{
    enum { CHUNK = 10 };
    struct reading_rig rig;
    struct guarded guarded = guarded_copy(wire->at, n);
    struct wire cut = {guarded.bytes, n, CHUNK};
    const struct lp_tls_half *half = &rig.tls.half[1];

    reading_rig_open(&rig, 0);
    read_wire(&rig, 1, &cut, LP_TLS_CUT_SNAPPED);
    assert_int_equal(n >= message_end, half->certificate_complete);
    for (size_t i = 0; i < 2; i++) {
        bool complete = i < half->cert_count && half->certs[i].complete;
        assert_int_equal(n >= ends[i], complete);
        if (i < half->cert_count)
            assert_int_equal(chain[i], half->certs[i].bytes);
    }
    if (n >= ends[0] && n < message_end)
        assert_int_equal((ends[0] - 1) / CHUNK + 1, half->certificate_frame);
    if (n < ends[0])
        assert_int_equal(0, half->certificate_frame);
    assert_null(half->problem);
    reading_rig_shut(&rig);
    guarded_free(&guarded);
}

static void lp_tls_cut_anywhere_keeps_exactly_the_complete_certificates(void **state)
{
    struct bytes hello = {0};

    (void)state;
    add_server_hello(&hello,
                     &(struct hello){.version = 0x0303, .cipher = 0xc02f, .session_id = "x"});
    size_t leaf = hello.n + 4 + 3 + 3 + LEAF;
    for (size_t i = 0; i < COUNT(record_sizes); i++) {
        size_t most = record_sizes[i];
        size_t ends[2] = {wire_end(leaf, most), wire_end(leaf + 3 + ISSUER, most)};
        struct bytes wire = {0};
        make_wire(&wire, true, most);
        for (size_t n = 0; n <= wire.n; n++)
            check_cut(&wire, n, ends, ends[1]);
        drop(&wire);
    }
    drop(&hello);
}

/* Memory comes back after a while: the same record again must not count twice. */
static void lp_tls_read_after_room_was_made_reads_the_same(void **state)
{
    char expected[1024], told[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(record_sizes); i++) {
        struct bytes bytes = {0};
        struct reading_rig rig;
        make_wire(&bytes, true, record_sizes[i]);
        struct wire wire = {bytes.at, bytes.n, 61};
        tell_wire(&bytes, 61, expected, sizeof expected);
        for (unsigned refusals = 1; refusals <= 3; refusals++) {
            reading_rig_open(&rig, 0);
            rig.refusals = refusals;
            assert_int_equal(refusals, read_wire(&rig, 0, &wire, LP_TLS_CUT_END));
            tell_half(&rig, 0, told, sizeof told);
            assert_string_equal(expected, told);
            reading_rig_shut(&rig);
        }
        drop(&bytes);
    }
}

/* A better copy of the bytes came: nothing of the first is left. */
static void lp_tls_rewind_at_any_point_forgets_everything(void **state)
{
    char expected[1024], told[1024];
    struct bytes good = {0}, bad = {0};
    struct reading_rig rig;

    (void)state;
    make_wire(&good, true, 50);
    make_wire(&bad, true, 50);
    for (size_t i = 0; i < bad.n; i++)
        bad.at[i] ^= i % 97 == 90 ? 0x40 : 0;
    tell_wire(&good, good.n, expected, sizeof expected);
    struct wire wire = {good.at, good.n, good.n};
    for (size_t n = 0; n <= bad.n; n += 11) {
        struct wire wrong = {bad.at, bad.n, 7};
        size_t release;
        reading_rig_open(&rig, 0);
        struct lp_tls_input input = wire_input(&wrong, 0, n);
        lp_tls_read(&rig.tls, 0, &input, &release);
        lp_tls_rewind(&rig.tls, 0);
        read_wire(&rig, 0, &wire, LP_TLS_CUT_END);
        tell_half(&rig, 0, told, sizeof told);
        assert_string_equal(expected, told);
        reading_rig_shut(&rig);
    }
    drop(&good);
    drop(&bad);
}

/* Alerts, heartbeats and empty records may stand between the parts of a message. */
static void lp_tls_read_with_other_records_between_reads_the_messages(void **state)
{
    struct bytes messages = {0}, wire = {0};
    struct reading_rig rig;

    (void)state;
    server_messages(&messages);
    add_record(&wire, LP_RECORD_HANDSHAKE, messages.at, 100);
    add_alert(&wire, 1, 112);
    add_record(&wire, LP_RECORD_HANDSHAKE, messages.at + 100, 150);
    add_record(&wire, LP_RECORD_HEARTBEAT, "\1\0\0", 3);
    add_record(&wire, LP_RECORD_HANDSHAKE, "", 0);
    add_record(&wire, LP_RECORD_HANDSHAKE, messages.at + 250, messages.n - 250);
    add_alert(&wire, 2, 42);
    add_alert(&wire, 3, 42); /* no such level */
    add_change_cipher(&wire);
    reading_rig_open(&rig, 0);
    read_bytes(&rig, 0, &wire, LP_TLS_CUT_END);
    const struct lp_tls_half *half = &rig.tls.half[0];
    assert_true(half->certificate_complete && half->hello_done && half->cipher_change);
    assert_int_equal(2, half->alert_count);
    assert_int_equal(112, half->alerts[0].code);
    assert_int_equal(42, half->alerts[1].code);
    assert_null(half->problem);
    reading_rig_shut(&rig);
    drop(&messages);
    drop(&wire);
}

/* What follows ChangeCipherSpec only looks like handshake and alerts. */
static void lp_tls_read_behind_change_cipher_reads_nothing(void **state)
{
    struct bytes messages = {0}, wire = {0};
    struct reading_rig rig;

    (void)state;
    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0xc02f});
    add_records(&wire, &messages, 16384);
    add_change_cipher(&wire);
    add_alert(&wire, 2, 40);
    messages.n = 0;
    add_certificates(&messages, chain, 2);
    add_records(&wire, &messages, 16384);
    reading_rig_open(&rig, 0);
    read_bytes(&rig, 0, &wire, LP_TLS_CUT_END);
    assert_int_equal(LP_TLS_FINISHED, rig.tls.half[0].state);
    assert_int_equal(0, rig.tls.half[0].cert_count + rig.tls.half[0].alert_count);
    reading_rig_shut(&rig);
    drop(&messages);
    drop(&wire);
}

/* RFC 8446 4.1.4, D.4: HelloRetryRequest, ChangeCipherSpec, then the ServerHello, in the clear. */
static void lp_tls_read_of_a_retry_goes_on_to_the_server_hello(void **state)
{
    struct bytes messages = {0}, wire = {0};
    struct reading_rig rig;
    struct hello hello = {.version = 0x0303, .chosen = 0x0304, .cipher = 0x1301, .retry = true};

    (void)state;
    add_server_hello(&messages, &hello);
    add_records(&wire, &messages, 16384);
    add_change_cipher(&wire);
    messages.n = 0;
    hello.retry = false;
    hello.cipher = 0x1302;
    hello.psk = true;
    add_server_hello(&messages, &hello);
    add_records(&wire, &messages, 30);
    add_secret(&wire, LP_RECORD_DATA, 500);
    reading_rig_open(&rig, 0);
    read_bytes(&rig, 0, &wire, LP_TLS_CUT_END);
    assert_int_equal(LP_TLS_FINISHED, rig.tls.half[0].state);
    assert_false(rig.tls.half[0].hello.retry);
    assert_true(rig.tls.half[0].hello.psk);
    assert_int_equal(0x1302, rig.tls.half[0].hello.cipher);
    reading_rig_shut(&rig);
    drop(&messages);
    drop(&wire);
}

/* Bytes are missing in the middle; the certificate behind the gap is read all the same. */
static void lp_tls_read_behind_a_gap_finds_the_next_message(void **state)
{
    struct bytes messages = {0}, wire = {0};
    struct reading_rig rig;
    size_t release;

    (void)state;
    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0xc02f});
    add_records(&wire, &messages, 16384);
    size_t lost = wire.n - 10;
    messages.n = 0;
    add_certificates(&messages, chain, 2);
    add_records(&wire, &messages, 16384);
    struct wire all = {wire.at, wire.n, 10};
    reading_rig_open(&rig, 0);
    struct lp_tls_input before = wire_input(&all, 0, lost);
    struct lp_tls_input behind = wire_input(&all, lost + 10, wire.n);
    assert_int_equal(LP_TLS_MORE, lp_tls_read(&rig.tls, 0, &before, &release));
    lp_tls_cut(&rig.tls, 0, LP_TLS_CUT_LOST, &before);
    lp_tls_read(&rig.tls, 0, &behind, &release);
    lp_tls_cut(&rig.tls, 0, LP_TLS_CUT_END, &behind);
    const struct lp_tls_half *half = &rig.tls.half[0];
    assert_true(half->is_server && half->hello.seen && !half->hello.complete);
    assert_true(half->certificate_complete && half->certs[0].complete);
    assert_int_equal(LP_TLS_CUT_LOST, half->cut);
    reading_rig_shut(&rig);
    drop(&messages);
    drop(&wire);
}

static void lp_tls_read_that_runs_into_no_record_names_the_problem(void **state)
{
    struct bytes messages = {0}, wire = {0};
    struct reading_rig rig;

    (void)state;
    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0xc02f});
    add_records(&wire, &messages, 16384);
    size_t good = wire.n;
    add(&wire, "HTTP/1.1 400", 12);
    reading_rig_open(&rig, 0);
    struct wire all = {wire.at, wire.n, 1};
    read_wire(&rig, 0, &all, LP_TLS_CUT_END);
    assert_non_null(rig.tls.half[0].problem);
    assert_int_equal(good + LP_RECORD_HEADER, rig.tls.half[0].problem_frame);
    assert_int_equal(LP_TLS_FINISHED, rig.tls.half[0].state);
    reading_rig_shut(&rig);
    drop(&messages);
    drop(&wire);
}

/* No memory for a message that spans records: the reader says so, and what it has stays good. */
static void lp_tls_read_beyond_the_budget_asks_for_room(void **state)
{
    struct bytes wire = {0};
    struct reading_rig rig;

    (void)state;
    make_wire(&wire, true, 50);
    struct wire all = {wire.at, wire.n, 100};
    reading_rig_open(&rig, 256);
    assert_int_equal(4, read_wire(&rig, 0, &all, LP_TLS_CUT_LIMIT));
    assert_false(rig.tls.half[0].certificate_complete);
    assert_int_equal(0, rig.cert_count);
    assert_int_equal(LP_TLS_CUT_LIMIT, rig.tls.half[0].cut);
    assert_true(rig.budget.peak <= 256);
    reading_rig_shut(&rig);
    drop(&wire);
}

static void lp_tls_read_with_any_allocation_failing_stays_sane(void **state)
{
    struct bytes wire = {0};
    struct reading_rig rig;
    bool done = false;

    (void)state;
    make_wire(&wire, true, 50);
    struct wire all = {wire.at, wire.n, 61};
    for (uint64_t n = 1; !done; n++) {
        reading_rig_open(&rig, 0);
        lp_alloc_fail_after(n);
        unsigned rooms = read_wire(&rig, 0, &all, LP_TLS_CUT_LIMIT);
        lp_alloc_fail_after(0);
        done = rooms == 0;
        assert_true(done || !rig.tls.half[0].certificate_complete);
        assert_int_equal(done, rig.tls.half[0].certificate_complete);
        reading_rig_shut(&rig);
        assert_true(n < 100);
    }
    drop(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_tls_read_of_any_records_in_any_chunks_reads_the_same),
        cmocka_unit_test(lp_tls_cut_anywhere_keeps_exactly_the_complete_certificates),
        cmocka_unit_test(lp_tls_read_after_room_was_made_reads_the_same),
        cmocka_unit_test(lp_tls_rewind_at_any_point_forgets_everything),
        cmocka_unit_test(lp_tls_read_with_other_records_between_reads_the_messages),
        cmocka_unit_test(lp_tls_read_behind_change_cipher_reads_nothing),
        cmocka_unit_test(lp_tls_read_of_a_retry_goes_on_to_the_server_hello),
        cmocka_unit_test(lp_tls_read_behind_a_gap_finds_the_next_message),
        cmocka_unit_test(lp_tls_read_that_runs_into_no_record_names_the_problem),
        cmocka_unit_test(lp_tls_read_beyond_the_budget_asks_for_room),
        cmocka_unit_test(lp_tls_read_with_any_allocation_failing_stays_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
