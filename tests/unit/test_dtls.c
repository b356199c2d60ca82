/* One DTLS handshake: fragments in every order, retransmissions, cookies, and what is cut. */
#include "dtls_bytes.h"

#include "tls/dtls.h"

enum { CLIENT, SERVER };

static const size_t chain[] = {900, 300};

struct rig {
    struct lp_dtls dtls;
    struct reading_rig kept; /* certificates and budget */
    struct lp_tls_circumstances known[2];
    uint64_t frame;
};

static void open_rig(struct rig *rig, uint64_t limit)
{
    memset(rig, 0, sizeof *rig);
    reading_rig_open(&rig->kept, limit);
    rig->dtls.tls.add_cert = reading_rig_cert;
    rig->dtls.tls.add_ctx = &rig->kept;
    rig->dtls.tls.budget = &rig->kept.budget;
}

static void shut_rig(struct rig *rig)
{
    lp_dtls_free(&rig->dtls);
    reading_rig_shut(&rig->kept);
}

/* A datagram, of which the first `captured` bytes were recorded, directly before a forbidden page.
 */
static bool read_cut(struct rig *rig, unsigned dir, const struct bytes *datagram, size_t captured)
{
    struct guarded g = guarded_copy(datagram->at, captured);
    struct lp_dtls_input input = {.bytes = lp_rd_init(g.bytes, captured),
                                  .snapped = captured < datagram->n,
                                  .frame = ++rig->frame,
                                  .time.sec = (int64_t)rig->frame};
    bool taken = lp_dtls_read(&rig->dtls, dir, &input);

    guarded_free(&g);
    return taken;
}

static bool read_datagram(struct rig *rig, unsigned dir, const struct bytes *datagram)
{
    return read_cut(rig, dir, datagram, datagram->n);
}

/* The handshake in one line. */
static void finish(struct rig *rig, char *out, size_t size)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};

    assert_non_null(arena);
    lp_dtls_end(&rig->dtls, rig->known);
    assert_true(lp_tls_describe(&rig->dtls.tls, rig->known, arena, &session));
    const struct lp_tls_half *server =
        &rig->dtls.tls.half[1 - lp_tls_client(&rig->dtls.tls, rig->known)];
    size_t n = (size_t)snprintf(
        out, size, "%s %s %s sni %s", session.version ? lp_version_name(session.version) : "-",
        lp_outcome_name(session.outcome), session.reason ? lp_reason_name(session.reason) : "-",
        session.sni ? session.sni : "-");
    for (size_t i = 0; i < server->cert_count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, " %u%s", server->certs[i].bytes,
                              server->certs[i].complete ? "" : "?");
    lp_arena_free(arena);
}

static void expect(struct rig *rig, const char *line)
{
    char told[256];
    finish(rig, told, sizeof told);
    assert_string_equal(line, told);
}

static const struct hello client_hello = {.version = LP_DTLS_1_2, .sni = "vpn.example"},
                          server_hello = {.version = LP_DTLS_1_2, .cipher = 0xc02f};

static void certificate_message(struct bytes *b, uint16_t sequence)
{
    struct bytes body = {0};
    certificate_body(&body, chain, 2);
    add_dtls_message(b, LP_CERTIFICATE, sequence, &body);
    drop(&body);
}

/* ServerHello to ServerHelloDone, each message in a record of its own, numbered from `first`. */
static void server_flight(struct bytes *b, uint16_t first)
{
    add_dtls_server_hello(b, first, &server_hello);
    certificate_message(b, first + 1);
    add_dtls_filler(b, LP_SERVER_KEY_EXCHANGE, first + 2, 60);
    add_dtls_filler(b, LP_SERVER_HELLO_DONE, first + 3, 0);
}

/* ---- whole ---- */

/* A first hello, and the server's HelloVerifyRequest; *d is empty again. */
static void ask_for_cookie(struct rig *rig, struct bytes *d)
{
    add_dtls_client_hello(d, 0, &client_hello);
    assert_true(read_datagram(rig, CLIENT, d));
    d->n = 0;
    add_dtls_filler(d, DTLS_HELLO_VERIFY_REQUEST, 0, 23);
    assert_true(read_datagram(rig, SERVER, d));
    d->n = 0;
}

static void read_whole_handshake_tells_all(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    ask_for_cookie(&rig, &d);
    add_dtls_client_hello(
        &d, 1, &(struct hello){.version = LP_DTLS_1_2, .sni = "second.example", .cookie = "crumb"});
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    server_flight(&d, 1);
    assert_true(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    add_dtls_filler(&d, LP_CLIENT_KEY_EXCHANGE, 2, 66);
    add_dtls_record(&d, LP_RECORD_CHANGE_CIPHER, 0, "\1", 1);
    add_dtls_record(&d, LP_RECORD_HANDSHAKE, 1, "secret secret secret", 20);
    assert_true(read_datagram(&rig, CLIENT, &d));
    expect(&rig, "DTLSv1.2 complete - sni second.example 900 300");
    assert_int_equal(4, rig.dtls.tls.half[SERVER].certificate_frame);
    assert_int_equal(1, rig.dtls.tls.half[CLIENT].first_frame);
    assert_true(rig.dtls.tls.half[CLIENT].client_key_exchange);
    assert_true(rig.dtls.tls.half[CLIENT].cipher_change);
    assert_int_equal(LP_TLS_CUT_END, rig.dtls.tls.half[SERVER].cut);
    assert_null(rig.dtls.tls.half[SERVER].problem);
    shut_rig(&rig);
    drop(&d);
}

/* The cookie was asked for, but no handshake had begun. */
static void read_alert_behind_hello_verify_request_is_the_answer(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    ask_for_cookie(&rig, &d);
    add_dtls_client_hello(&d, 1, &(struct hello){.version = LP_DTLS_1_2, .cookie = "crumb"});
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    add_dtls_record(&d, LP_RECORD_ALERT, 0, "\2\x46", 2); /* fatal, protocol_version */
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "- no-certificate aborted sni -");
    shut_rig(&rig);
    drop(&d);
}

static void read_several_messages_in_one_record_are_all_taken(void **state)
{
    struct rig rig;
    struct bytes d = {0}, payload = {0}, hello = {0}, certificates = {0}, done = {0};

    (void)state;
    open_rig(&rig, 0);
    server_hello_body(&hello, &server_hello);
    certificate_body(&certificates, chain, 2);
    add_fragment(&payload, LP_SERVER_HELLO, 0, &hello, 0, hello.n);
    add_fragment(&payload, LP_CERTIFICATE, 1, &certificates, 0, certificates.n);
    add_fragment(&payload, LP_SERVER_HELLO_DONE, 2, &done, 0, 0);
    add_dtls_record(&d, LP_RECORD_HANDSHAKE, 0, payload.at, payload.n);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.2 complete - sni - 900 300");
    assert_true(rig.dtls.tls.half[SERVER].hello_done);
    shut_rig(&rig);
    drop(&d);
    drop(&payload);
    drop(&hello);
    drop(&certificates);
}

static void read_encrypted_records_end_the_datagram_quietly(void **state)
{
    static const uint8_t first_bytes[] = {25, 0x2c, 0x3f, 23}; /* connection id, DTLS 1.3, data */
    (void)state;
    for (size_t i = 0; i < sizeof first_bytes; i++) {
        struct rig rig;
        struct bytes d = {0};
        open_rig(&rig, 0);
        server_flight(&d, 0);
        add_dtls_record(&d, first_bytes[i], 1, "\x16\xfe\xfd\0\0 looks like a record", 26);
        assert_true(read_datagram(&rig, SERVER, &d));
        expect(&rig, "DTLSv1.2 complete - sni - 900 300");
        assert_null(rig.dtls.tls.half[SERVER].problem);
        assert_int_equal(first_bytes[i] == 23, rig.dtls.tls.half[SERVER].application_data);
        shut_rig(&rig);
        drop(&d);
    }
}

static void read_dtls13_is_encrypted(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    add_dtls_client_hello(&d, 0, &client_hello);
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    add_dtls_server_hello(
        &d, 0,
        &(struct hello){
            .version = LP_DTLS_1_2, .chosen = LP_DTLS_1_3, .cipher = 0x1301, .retry = true});
    assert_true(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    add_dtls_client_hello(&d, 1, &client_hello);
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    add_dtls_server_hello(
        &d, 1, &(struct hello){.version = LP_DTLS_1_2, .chosen = LP_DTLS_1_3, .cipher = 0x1301});
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.3 encrypted encrypted sni vpn.example");
    shut_rig(&rig);
    drop(&d);
}

static void read_anyconnects_version_resumes(void **state)
{
    const struct hello client = {.version = LP_DTLS_0_9, .session_id = "known"},
                       server = {.version = LP_DTLS_0_9, .session_id = "known", .cipher = 0x39};
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    add_dtls_client_hello(&d, 0, &client);
    d.at[1] = 1; /* the version of the record, too */
    d.at[2] = 0;
    assert_true(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    add_dtls_server_hello(&d, 0, &server);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv0.9 resumed resumed sni -");
    shut_rig(&rig);
    drop(&d);
}

/* ---- fragments ---- */

enum { MAX_FRAGMENTS = 256 };

struct range {
    size_t from, to;
};

static void shuffle(struct range *ranges, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        size_t other = (size_t)(*state >> 33) % i;
        struct range keep = ranges[i - 1];
        ranges[i - 1] = ranges[other];
        ranges[other] = keep;
    }
}

/* Fragments of `size` bytes, each beginning `step` behind the one before. */
static size_t cut_up(struct range *ranges, size_t n, size_t size, size_t step)
{
    size_t count = 0;

    for (size_t from = 0; from < n; from += step) {
        assert_true(count < MAX_FRAGMENTS);
        ranges[count++] = (struct range){from, from + size < n ? from + size : n};
    }
    return count;
}

static void read_fragments_in_any_order_tell_the_same(void **state)
{
    static const struct range cuts[] = {{500, 500}, {1, 13}, {100, 37}, {64, 8}, {1300, 7}};
    struct bytes body = {0}, d = {0};
    struct range ranges[MAX_FRAGMENTS];
    uint64_t random = 42;

    (void)state;
    certificate_body(&body, chain, 2);
    for (size_t k = 0; k < 5; k++) {
        /* where fragments are shorter than their distance, a second run fills the holes */
        size_t size = cuts[k].from < cuts[k].to ? cuts[k].to : cuts[k].from;
        size_t count = cut_up(ranges, body.n, size, cuts[k].to);
        for (unsigned round = 0; round < 20; round++) {
            struct rig rig;
            open_rig(&rig, 0);
            shuffle(ranges, count, &random);
            for (size_t i = 0; i < count; i++) {
                d.n = 0;
                add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, ranges[i].from, ranges[i].to);
                assert_true(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
                assert_true(read_datagram(&rig, SERVER, &d));
            }
            d.n = 0;
            add_dtls_server_hello(&d, 0, &server_hello);
            assert_true(read_datagram(&rig, SERVER, &d));
            expect(&rig, "DTLSv1.2 complete - sni - 900 300");
            assert_int_equal(2, rig.kept.cert_count);
            assert_int_equal(0, rig.dtls.half[SERVER].conflicts);
            assert_true(rig.dtls.tls.half[SERVER].certificate_frame <= count);
            shut_rig(&rig);
        }
    }
    drop(&body);
    drop(&d);
}

static void read_certificate_frame_is_that_of_the_last_fragment_needed(void **state)
{
    struct rig rig;
    struct bytes body = {0}, d = {0};

    (void)state;
    open_rig(&rig, 0);
    certificate_body(&body, chain, 2);
    add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, 600, body.n);
    assert_true(read_datagram(&rig, SERVER, &d)); /* frame 1 */
    d.n = 0;
    add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, 0, 600);
    assert_true(read_datagram(&rig, SERVER, &d)); /* frame 2 */
    d.n = 0;
    add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, 0, body.n);
    assert_true(read_datagram(&rig, SERVER, &d)); /* frame 3: all of it again */
    d.n = 0;
    add_dtls_server_hello(&d, 0, &server_hello);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.2 complete - sni - 900 300");
    assert_int_equal(2, rig.dtls.tls.half[SERVER].certificate_frame);
    shut_rig(&rig);
    drop(&body);
    drop(&d);
}

static void read_copies_that_differ_the_first_counts(void **state)
{
    struct rig rig;
    struct bytes body = {0}, d = {0};

    (void)state;
    open_rig(&rig, 0);
    certificate_body(&body, chain, 2);
    add_dtls_server_hello(&d, 0, &server_hello);
    assert_true(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, 100, 400);
    assert_true(read_datagram(&rig, SERVER, &d));
    uint64_t good = sum_of(body.at + 6, chain[0]);
    body.at[200] ^= 0xff;
    d.n = 0;
    add_dtls_message(&d, LP_CERTIFICATE, 1, &body);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.2 complete - sni - 900 300");
    assert_true(rig.kept.certs[0]->sum == good);
    assert_int_equal(1, rig.dtls.half[SERVER].conflicts);
    assert_int_equal(3, rig.dtls.half[SERVER].first_conflict_frame);
    shut_rig(&rig);
    drop(&body);
    drop(&d);
}

static void read_missing_fragment_is_never_hashed(void **state)
{
    struct bytes body = {0}, d = {0};

    (void)state;
    certificate_body(&body, chain, 2);
    for (size_t hole = 0; hole < body.n; hole += 50) {
        struct rig rig;
        char told[256];
        size_t behind = hole + 50 < body.n ? hole + 50 : body.n;
        bool leaf = hole >= 6 + chain[0];
        open_rig(&rig, 0);
        d.n = 0;
        add_dtls_server_hello(&d, 0, &server_hello);
        add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, 0, hole);
        add_dtls_piece(&d, LP_CERTIFICATE, 1, &body, behind, body.n);
        add_dtls_filler(&d, LP_SERVER_HELLO_DONE, 2, 0);
        assert_true(read_datagram(&rig, SERVER, &d));
        finish(&rig, told, sizeof told);
        assert_non_null(strstr(told, "DTLSv1.2 gap gap sni -"));
        assert_int_equal(leaf, rig.kept.cert_count);
        if (leaf)
            assert_int_equal(1, rig.dtls.tls.half[SERVER].certificate_frame);
        assert_false(rig.dtls.tls.half[SERVER].certificate_complete);
        shut_rig(&rig);
    }
    drop(&body);
    drop(&d);
}

static void read_lost_certificate_is_a_gap_not_an_absence(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0); /* the messages behind it are there */
    add_dtls_server_hello(&d, 0, &server_hello);
    add_dtls_filler(&d, LP_SERVER_HELLO_DONE, 3, 0);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.2 gap gap sni -");
    shut_rig(&rig);

    open_rig(&rig, 0); /* no message of the server's is, but the client goes on */
    d.n = 0;
    add_dtls_server_hello(&d, 0, &server_hello);
    add_dtls_record(&d, LP_RECORD_CHANGE_CIPHER, 0, "\1", 1);
    assert_true(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    add_dtls_client_hello(&d, 0, &client_hello);
    add_dtls_filler(&d, LP_CLIENT_KEY_EXCHANGE, 1, 66);
    assert_true(read_datagram(&rig, CLIENT, &d));
    expect(&rig, "DTLSv1.2 gap gap sni vpn.example");
    shut_rig(&rig);

    open_rig(&rig, 0); /* nothing of the server at all */
    d.n = 0;
    add_dtls_client_hello(&d, 0, &client_hello);
    add_dtls_filler(&d, LP_CLIENT_KEY_EXCHANGE, 1, 66);
    assert_true(read_datagram(&rig, CLIENT, &d));
    expect(&rig, "- one-sided one-sided sni vpn.example");
    shut_rig(&rig);

    open_rig(&rig, 0);
    d.n = 0;
    add_dtls_client_hello(&d, 0, &client_hello);
    assert_true(read_datagram(&rig, CLIENT, &d));
    expect(&rig, "- no-certificate no-server-reply sni vpn.example");
    shut_rig(&rig);
    drop(&d);
}

/* ---- the other handshake ---- */

static void read_fresh_random_is_another_handshake(void **state)
{
    enum { RANDOM_IN_RECORD = 13 + 12 + 2 };
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    for (unsigned dir = 0; dir < 2; dir++) {
        open_rig(&rig, 0);
        d.n = 0;
        if (dir == CLIENT)
            add_dtls_client_hello(&d, 0, &client_hello);
        else
            add_dtls_server_hello(&d, 0, &server_hello);
        assert_true(read_datagram(&rig, dir, &d));
        assert_true(read_datagram(&rig, dir, &d)); /* sent again */
        d.at[RANDOM_IN_RECORD + 31] ^= 1;
        assert_false(read_datagram(&rig, dir, &d));
        assert_int_equal(2, rig.dtls.half[dir].packets);
        assert_int_equal(0, rig.dtls.half[dir].conflicts);
        shut_rig(&rig);
    }
    drop(&d);
}

static void read_other_message_of_the_same_number_is_another_handshake(void **state)
{
    struct rig rig;
    struct bytes d = {0}, body = {0};

    (void)state;
    open_rig(&rig, 0);
    certificate_message(&d, 1);
    assert_true(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    add_dtls_filler(&d, LP_SERVER_KEY_EXCHANGE, 1, 60);
    assert_false(read_datagram(&rig, SERVER, &d));
    d.n = 0;
    certificate_body(&body, chain, 1);
    add_dtls_message(&d, LP_CERTIFICATE, 1, &body);
    assert_false(read_datagram(&rig, SERVER, &d));
    shut_rig(&rig);
    drop(&d);
    drop(&body);
}

static void read_old_clients_cookie_comes_under_the_same_number(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    add_dtls_client_hello(&d, 0, &client_hello);
    assert_true(read_datagram(&rig, CLIENT, &d));
    d.n = 0;
    add_dtls_client_hello(
        &d, 0, &(struct hello){.version = LP_DTLS_1_0, .cookie = "crumb", .sni = "second.example"});
    assert_true(read_datagram(&rig, CLIENT, &d));
    expect(&rig, "- no-certificate no-server-reply sni second.example");
    shut_rig(&rig);
    drop(&d);
}

/* ---- hostile and short ---- */

static void recognise_wants_a_handshake_in_the_clear(void **state)
{
    struct bytes good = {0}, d = {0};

    (void)state;
    add_dtls_client_hello(&good, 0, &client_hello);
    assert_true(lp_dtls_recognise(lp_rd_init(good.at, good.n)));
    for (size_t n = 0; n < 13 + 12; n++)
        assert_false(lp_dtls_recognise(lp_rd_init(good.at, n)));
    for (size_t n = 13 + 12; n < good.n; n++)
        assert_true(lp_dtls_recognise(lp_rd_init(good.at, n))); /* cut by the snap length */
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {
        {0, 23},    {0, 25},   {0, 0x2c}, /* data, connection id, DTLS 1.3 */
        {1, 3},     {2, 0xfe},            /* versions */
        {4, 1},                           /* epoch */
        {11, 0xff},                       /* a record longer than any */
        {13, 99},                         /* type */
        {17, 1},                          /* message number 256 */
        {19, 0xff},                       /* offset beyond the message */
        {24, 0xff},                       /* fragment longer than the message */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        d.n = 0;
        add(&d, good.at, good.n);
        d.at[wrong[i].at] = wrong[i].value;
        assert_false(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
    }
    d.n = 0;
    add_dtls_record(&d, LP_RECORD_ALERT, 0, "\2\50", 2);
    assert_true(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
    d.at[13] = 3;
    assert_false(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
    d.n = 0;
    add_dtls_record(&d, LP_RECORD_CHANGE_CIPHER, 0, "\1", 1);
    assert_true(lp_dtls_recognise(lp_rd_init(d.at, d.n)));
    drop(&good);
    drop(&d);
}

static void read_datagram_cut_anywhere_is_truncated_or_whole(void **state)
{
    struct bytes d = {0};

    (void)state;
    server_flight(&d, 0);
    size_t certificate_end = 0;
    for (size_t n = 0; n <= d.n; n++) {
        struct rig rig;
        open_rig(&rig, 0);
        assert_true(read_cut(&rig, SERVER, &d, n));
        lp_dtls_end(&rig.dtls, rig.known);
        const struct lp_tls_half *half = &rig.dtls.tls.half[SERVER];
        for (size_t i = 0; i < half->cert_count; i++)
            if (half->certs[i].complete)
                assert_int_equal(chain[i], ((const struct kept_cert *)half->certs[i].stored)->n);
        if (half->certificate_complete && !certificate_end)
            certificate_end = n;
        if (half->certificate_seen && !half->certificate_complete)
            assert_int_equal(LP_TLS_CUT_SNAPPED, half->cut);
        assert_null(half->problem);
        shut_rig(&rig);
    }
    struct bytes head = {0};
    add_dtls_server_hello(&head, 0, &server_hello);
    certificate_message(&head, 1);
    assert_int_equal(head.n, certificate_end);
    drop(&head);
    drop(&d);
}

static void read_fragment_beyond_its_record_is_malformed(void **state)
{
    struct rig rig;
    struct bytes d = {0}, body = {0}, fragment = {0};

    (void)state;
    open_rig(&rig, 0);
    certificate_body(&body, chain, 2);
    add_dtls_server_hello(&d, 0, &server_hello);
    add_fragment(&fragment, LP_CERTIFICATE, 1, &body, 0, body.n);
    add_dtls_record(&d, LP_RECORD_HANDSHAKE, 0, fragment.at, fragment.n - 400);
    assert_true(read_datagram(&rig, SERVER, &d));
    expect(&rig, "DTLSv1.2 malformed malformed sni - 900?");
    assert_non_null(strstr(rig.dtls.tls.half[SERVER].problem, "RFC 6347 4.2.2"));
    shut_rig(&rig);
    drop(&d);
    drop(&body);
    drop(&fragment);
}

static void read_within_a_small_budget_says_limit(void **state)
{
    struct bytes d = {0};
    bool limited = false, whole = false;

    (void)state;
    server_flight(&d, 0);
    for (uint64_t limit = 16; limit < 16384; limit += 64) {
        struct rig rig;
        char told[256];
        open_rig(&rig, limit);
        assert_true(read_datagram(&rig, SERVER, &d));
        finish(&rig, told, sizeof told);
        assert_true(rig.kept.budget.peak <= limit);
        if (strstr(told, "complete"))
            whole = true;
        else if (lp_tls_found(&rig.dtls.tls))
            limited |= strstr(told, "limit limit") != NULL;
        assert_true(rig.kept.cert_count == 0 || rig.kept.certs[0]->n == chain[0]);
        shut_rig(&rig);
    }
    assert_true(limited && whole);
    drop(&d);
}

static void read_announced_gigabytes_take_no_memory(void **state)
{
    struct rig rig;
    struct bytes d = {0};
    static const uint8_t huge[] = {LP_CERTIFICATE, 0xff, 0xff, 0xff, 0, 1, 0xff, 0xff,
                                   0xf0,           0,    0,    4,    1, 2, 3,    4};

    (void)state;
    open_rig(&rig, 0);
    add_dtls_record(&d, LP_RECORD_HANDSHAKE, 0, huge, sizeof huge);
    assert_true(read_datagram(&rig, SERVER, &d));
    assert_true(rig.kept.budget.peak < 4096);
    assert_true(rig.dtls.half[SERVER].limited);
    shut_rig(&rig);
    drop(&d);
}

static void read_without_memory_loses_nothing_else(void **state)
{
    struct bytes d = {0};
    bool finished = false;

    (void)state;
    server_flight(&d, 0);
    for (uint64_t n = 1; !finished && n < 100; n++) {
        struct rig rig;
        open_rig(&rig, 0);
        lp_alloc_fail_after(n);
        bool taken = read_datagram(&rig, SERVER, &d);
        lp_dtls_end(&rig.dtls, rig.known);
        lp_alloc_fail_after(0);
        assert_true(taken);
        finished = rig.dtls.tls.half[SERVER].certificate_complete;
        assert_true(finished || rig.dtls.tls.half[SERVER].cut == LP_TLS_CUT_LIMIT);
        shut_rig(&rig);
    }
    assert_true(finished);
    drop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whole_handshake_tells_all),
        cmocka_unit_test(read_alert_behind_hello_verify_request_is_the_answer),
        cmocka_unit_test(read_several_messages_in_one_record_are_all_taken),
        cmocka_unit_test(read_encrypted_records_end_the_datagram_quietly),
        cmocka_unit_test(read_dtls13_is_encrypted),
        cmocka_unit_test(read_anyconnects_version_resumes),
        cmocka_unit_test(read_fragments_in_any_order_tell_the_same),
        cmocka_unit_test(read_certificate_frame_is_that_of_the_last_fragment_needed),
        cmocka_unit_test(read_copies_that_differ_the_first_counts),
        cmocka_unit_test(read_missing_fragment_is_never_hashed),
        cmocka_unit_test(read_lost_certificate_is_a_gap_not_an_absence),
        cmocka_unit_test(read_fresh_random_is_another_handshake),
        cmocka_unit_test(read_other_message_of_the_same_number_is_another_handshake),
        cmocka_unit_test(read_old_clients_cookie_comes_under_the_same_number),
        cmocka_unit_test(recognise_wants_a_handshake_in_the_clear),
        cmocka_unit_test(read_datagram_cut_anywhere_is_truncated_or_whole),
        cmocka_unit_test(read_fragment_beyond_its_record_is_malformed),
        cmocka_unit_test(read_within_a_small_budget_says_limit),
        cmocka_unit_test(read_announced_gigabytes_take_no_memory),
        cmocka_unit_test(read_without_memory_loses_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
