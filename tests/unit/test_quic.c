/* One QUIC handshake: hellos in pieces of every kind, Retry and other versions, certificates with
 * and without keys, and what is cut. */
#include "quic_bytes.h"

#include "tls/quic.h"

enum { CLIENT, SERVER, SECRET_CLIENT = 0xc1, SECRET_SERVER = 0x51, SUITE = 0x1301 };

static const size_t chain[] = {900, 1300}, client_chain[] = {400};
static const char origin_id[] = "made up by the", client_id[] = "client", server_id[] = "server id";

/* ---- a handshake, in the making ---- */

static struct lp_crypto *crypto;
static struct bytes client_hello, server_hello, server_flight, client_flight; /* streams */

static void certificate_13(struct bytes *b, const size_t *sizes, size_t count)
{
    struct bytes list = {0}, body = {0}, der = {0};

    for (size_t i = 0; i < count; i++) {
        der.n = 0;
        add_der(&der, sizes[i], (uint8_t)(i + 1));
        add_vector(&list, 3, der.at, der.n);
        add_number(&list, 2, 0);
    }
    add_number(&body, 1, 0);
    add_vector(&body, 3, list.at, list.n);
    add_message(b, LP_CERTIFICATE, &body);
    drop(&list);
    drop(&body);
    drop(&der);
}

static int setup(void **state)
{
    (void)state;
    crypto = lp_crypto_new();
    add_client_hello(&client_hello, &(struct hello){.version = 0x0303, .sni = "quic.example"});
    add_server_hello(&server_hello,
                     &(struct hello){.version = 0x0303, .chosen = 0x0304, .cipher = SUITE});
    add_filler(&server_flight, LP_ENCRYPTED_EXTENSIONS, 2);
    certificate_13(&server_flight, chain, 2);
    add_filler(&server_flight, LP_CERTIFICATE_VERIFY, 80);
    add_filler(&server_flight, LP_FINISHED, 32);
    certificate_13(&client_flight, client_chain, 1);
    add_filler(&client_flight, LP_CERTIFICATE_VERIFY, 80);
    add_filler(&client_flight, LP_FINISHED, 32);
    return crypto ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lp_crypto_free(crypto);
    drop(&client_hello);
    drop(&server_hello);
    drop(&server_flight);
    drop(&client_flight);
    return 0;
}

struct rig {
    struct lp_quic quic;
    struct lp_tls_keys keys;
    struct reading_rig kept; /* certificates and budget */
    struct lp_tls_circumstances known[2];
    uint64_t frame, number;
    uint32_t version;   /* of packets to be made */
    const char *origin; /* what their Initial keys come from */
    const char *to[2], *token;
    bool greased;
};

static void open_rig(struct rig *rig, uint64_t limit)
{
    memset(rig, 0, sizeof *rig);
    reading_rig_open(&rig->kept, limit);
    rig->quic.crypto = crypto;
    rig->quic.tls.add_cert = reading_rig_cert;
    rig->quic.tls.add_ctx = &rig->kept;
    rig->quic.tls.budget = &rig->kept.budget;
    rig->version = QUIC_1;
    rig->origin = rig->to[CLIENT] = origin_id;
    rig->to[SERVER] = client_id;
}

static void shut_rig(struct rig *rig)
{
    lp_quic_free(&rig->quic);
    lp_keylog_free(rig->keys.log);
    reading_rig_shut(&rig->kept);
}

static void log_secret(struct rig *rig, const char *label, uint8_t fill)
{
    struct bytes line = {0};
    uint8_t random[32];

    for (unsigned i = 0; i < 32; i++)
        random[i] = (uint8_t)(0x40 + i); /* streams.h */
    add_key_line(&line, label, random, fill, 32);
    assert_true(lp_keylog_add(rig->keys.log, lp_rd_init(line.at, line.n)));
    drop(&line);
}

/* A key log, empty so far. */
static void give_key_log(struct rig *rig)
{
    rig->keys = (struct lp_tls_keys){.log = lp_keylog_new(3), .crypto = crypto};
    assert_non_null(rig->keys.log);
    rig->quic.tls.keys = &rig->keys;
}

static void give_keys(struct rig *rig)
{
    give_key_log(rig);
    log_secret(rig, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", SECRET_CLIENT);
    log_secret(rig, "SERVER_HANDSHAKE_TRAFFIC_SECRET", SECRET_SERVER);
}

/* Appends a packet of that direction. */
static void packet(struct rig *rig, struct bytes *datagram, unsigned dir, enum lp_quic_type type,
                   const struct bytes *frames)
{
    struct quic_head head = {.type = type,
                             .version = rig->version,
                             .to = rig->to[dir],
                             .from = dir == CLIENT ? client_id : server_id,
                             .token = dir == CLIENT ? rig->token : NULL,
                             .number = rig->number++,
                             .number_len = 2,
                             .greased = rig->greased};
    struct lp_quic_seal seal[2];
    uint8_t secret[32];

    assert_true(lp_quic_seal_initial(crypto, rig->version,
                                     lp_rd_init(rig->origin, strlen(rig->origin)), seal));
    if (type == LP_QUIC_HANDSHAKE) {
        memset(secret, dir == CLIENT ? SECRET_CLIENT : SECRET_SERVER, sizeof secret);
        assert_true(lp_quic_seal_secret(
            crypto, &(struct lp_quic_secret){rig->version, SUITE, lp_rd_init(secret, 32)},
            &seal[dir]));
    }
    add_quic_packet(datagram, &seal[dir], &head, frames);
}

/* The same with bytes [from, to) of a stream, or all of them. */
static void piece(struct rig *rig, struct bytes *datagram, unsigned dir, enum lp_quic_type type,
                  const struct bytes *stream, size_t from, size_t to)
{
    struct bytes frames = {0};

    add_ack_frame(&frames);
    add_crypto_frame(&frames, stream, from, to < stream->n ? to : stream->n);
    packet(rig, datagram, dir, type, &frames);
    drop(&frames);
}

/* A datagram, of which the first `captured` bytes were recorded, directly before a forbidden page;
 * it is then empty. */
static bool send_cut(struct rig *rig, struct bytes *datagram, unsigned dir, size_t captured)
{
    struct guarded g = guarded_copy(datagram->at, captured);
    struct lp_quic_input input = {.bytes = lp_rd_init(g.bytes, captured),
                                  .snapped = captured < datagram->n,
                                  .frame = ++rig->frame,
                                  .time.sec = (int64_t)rig->frame};
    bool taken = lp_quic_read(&rig->quic, dir, &input);

    datagram->n = 0;
    guarded_free(&g);
    return taken;
}

static void send(struct rig *rig, struct bytes *datagram, unsigned dir)
{
    assert_true(send_cut(rig, datagram, dir, datagram->n));
}

static void send_piece(struct rig *rig, unsigned dir, enum lp_quic_type type,
                       const struct bytes *stream, size_t from, size_t to)
{
    struct bytes d = {0};
    piece(rig, &d, dir, type, stream, from, to);
    send(rig, &d, dir);
    drop(&d);
}

static void send_client_hello(struct rig *rig)
{
    send_piece(rig, CLIENT, LP_QUIC_INITIAL, &client_hello, 0, SIZE_MAX);
    rig->to[CLIENT] = server_id;
}

static void send_hellos(struct rig *rig)
{
    send_client_hello(rig);
    send_piece(rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
}

static void send_server_flight(struct rig *rig)
{
    for (size_t at = 0; at < server_flight.n; at += 700)
        send_piece(rig, SERVER, LP_QUIC_HANDSHAKE, &server_flight, at, at + 700);
}

static void send_all(struct rig *rig)
{
    send_hellos(rig);
    send_server_flight(rig);
    send_piece(rig, CLIENT, LP_QUIC_HANDSHAKE, &client_flight, 0, SIZE_MAX);
}

/* The handshake in one line. */
static void finish(struct rig *rig, char *out, size_t size)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};

    assert_non_null(arena);
    lp_quic_end(&rig->quic, rig->known);
    assert_true(lp_tls_describe(&rig->quic.tls, rig->known, arena, &session));
    const struct lp_tls_half *server =
        &rig->quic.tls.half[1 - lp_tls_client(&rig->quic.tls, rig->known)];
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

static const char encrypted[] = "TLSv1.3 encrypted encrypted sni quic.example",
                  complete[] = "TLSv1.3 complete - sni quic.example 900 1300";

/* ---- hellos ---- */

static void read_hellos_are_shown_without_keys(void **state)
{
    static const uint32_t versions[] = {QUIC_1,     QUIC_2,     0x709a50c4, 0xff000016,
                                        0xff00001c, 0xff000020, 0xff000022, 0xfaceb001};
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct rig rig;
        open_rig(&rig, 0);
        rig.version = versions[i];
        send_all(&rig);
        expect(&rig, encrypted);
        assert_int_equal(SUITE, rig.quic.tls.half[SERVER].hello.cipher);
        assert_int_equal(1, rig.quic.tls.half[CLIENT].first_frame);
        assert_true(rig.known[CLIENT].acks && rig.known[SERVER].packets);
        shut_rig(&rig);
    }
}

static void read_greased_bit_changes_nothing(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    rig.greased = true;
    send_hellos(&rig);
    expect(&rig, encrypted);
    shut_rig(&rig);
}

/* In every order of four pieces, some of them twice. */
static void read_crypto_frames_in_any_order_tell_the_same(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 256; order++) {
        bool seen[4] = {false};
        struct rig rig;
        struct bytes d = {0};
        open_rig(&rig, 0);
        for (unsigned i = 0; i < 4; i++) {
            size_t at = (order >> 2 * i & 3) * 20;
            seen[order >> 2 * i & 3] = true;
            piece(&rig, &d, CLIENT, LP_QUIC_INITIAL, &client_hello, at,
                  at == 60 ? SIZE_MAX : at + 25);
            if (i % 2)
                send(&rig, &d, CLIENT);
        }
        send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 50, SIZE_MAX);
        send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, 50);
        if (seen[0] && seen[1] && seen[2] && seen[3])
            expect(&rig, encrypted);
        else
            expect(&rig, "TLSv1.3 encrypted encrypted sni -");
        assert_int_equal(0, rig.quic.half[CLIENT].conflicts);
        shut_rig(&rig);
        drop(&d);
    }
}

static void read_copies_that_differ_the_first_counts(void **state)
{
    struct rig rig;
    struct bytes other = {0};

    (void)state;
    open_rig(&rig, 0);
    send_client_hello(&rig);
    add(&other, server_hello.at, server_hello.n);
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    other.at[40] ^= 1;
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &other, 30, 60);
    expect(&rig, encrypted);
    assert_int_equal(1, rig.quic.half[SERVER].conflicts);
    assert_int_equal(3, rig.quic.half[SERVER].first_conflict_frame);
    shut_rig(&rig);
    drop(&other);
}

static void read_coalesced_packets_are_all_taken(void **state)
{
    struct rig rig;
    struct bytes d = {0}, data = {0};

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    add(&data, "\x0a\0\4data", 7);
    piece(&rig, &d, CLIENT, LP_QUIC_INITIAL, &client_hello, 0, 50);
    packet(&rig, &d, CLIENT, LP_QUIC_EARLY, &data);
    piece(&rig, &d, CLIENT, LP_QUIC_INITIAL, &client_hello, 50, SIZE_MAX);
    send(&rig, &d, CLIENT);
    piece(&rig, &d, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    piece(&rig, &d, SERVER, LP_QUIC_HANDSHAKE, &server_flight, 0, 500);
    piece(&rig, &d, SERVER, LP_QUIC_HANDSHAKE, &server_flight, 500, SIZE_MAX);
    add(&d, "\x41 a short header, and data behind it", 37);
    send(&rig, &d, SERVER);
    expect(&rig, complete);
    assert_int_equal(2, rig.quic.tls.half[SERVER].certificate_frame);
    shut_rig(&rig);
    drop(&d);
    drop(&data);
}

static void read_server_before_client_is_understood_at_the_end(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    send_server_flight(&rig);
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    send_client_hello(&rig);
    expect(&rig, complete);
    shut_rig(&rig);
}

static void read_retried_connection_is_one(void **state)
{
    (void)state;
    for (unsigned fresh_hello = 0; fresh_hello < 2; fresh_hello++) {
        struct rig rig;
        struct bytes d = {0}, again = {0};
        open_rig(&rig, 0);
        give_keys(&rig);
        add(&again, client_hello.at, client_hello.n);
        if (fresh_hello) /* the first one had another session id, say */
            client_hello.at[client_hello.n - 1] ^= 0x20;
        send_piece(&rig, CLIENT, LP_QUIC_INITIAL, &client_hello, 0, SIZE_MAX);
        memcpy(client_hello.at, again.at, again.n);
        add_quic_retry(
            &d, &(struct quic_head){.version = QUIC_1, .to = client_id, .from = "a retry's id"});
        send(&rig, &d, SERVER);
        rig.origin = rig.to[CLIENT] = "a retry's id";
        rig.token = "token";
        send_all(&rig);
        expect(&rig, complete);
        assert_int_equal(0, rig.quic.half[CLIENT].conflicts);
        shut_rig(&rig);
        drop(&d);
        drop(&again);
    }
}

static void read_refused_version_goes_on_in_another(void **state)
{
    struct rig rig;
    struct bytes d = {0}, again = {0};

    (void)state;
    open_rig(&rig, 0);
    rig.version = 0xff00001d;
    add(&again, client_hello.at, client_hello.n);
    client_hello.at[10] ^= 0x20; /* the first one's random */
    send_piece(&rig, CLIENT, LP_QUIC_INITIAL, &client_hello, 0, SIZE_MAX);
    memcpy(client_hello.at, again.at, again.n);
    add_quic_refusal(&d, client_id, origin_id, QUIC_1);
    send(&rig, &d, SERVER);
    rig.version = QUIC_1;
    send_hellos(&rig);
    expect(&rig, encrypted);
    assert_int_equal(0, rig.quic.half[CLIENT].conflicts);
    shut_rig(&rig);
    drop(&d);
    drop(&again);
}

static void read_refused_version_alone_is_aborted(void **state)
{
    (void)state;
    for (unsigned with_hello = 0; with_hello < 2; with_hello++) {
        struct rig rig;
        struct bytes d = {0};
        open_rig(&rig, 0);
        rig.version = 0x1a2a3a4a;
        if (with_hello)
            send_client_hello(&rig);
        add_quic_refusal(&d, client_id, origin_id, QUIC_1);
        send(&rig, &d, SERVER);
        expect(&rig, with_hello ? "- no-certificate aborted sni quic.example"
                                : "- no-certificate aborted sni -");
        assert_true(lp_tls_found(&rig.quic.tls));
        assert_int_equal(CLIENT, lp_tls_client(&rig.quic.tls, rig.known));
        shut_rig(&rig);
        drop(&d);
    }
}

/* RFC 9368 2.3: from the same origin, without a further round trip. */
static void read_server_may_prefer_another_version(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    send_client_hello(&rig);
    rig.version = QUIC_2;
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    send_server_flight(&rig);
    send_piece(&rig, CLIENT, LP_QUIC_HANDSHAKE, &client_flight, 0, SIZE_MAX);
    expect(&rig, complete);
    shut_rig(&rig);
}

static void read_close_with_an_alert_is_one(void **state)
{
    struct rig rig;
    struct bytes d = {0}, frames = {0};

    (void)state;
    open_rig(&rig, 0);
    send_client_hello(&rig);
    add_close_frame(&frames, 0x100 + 40);
    for (unsigned i = 0; i < 2; i++) { /* it is said again to whatever comes */
        packet(&rig, &d, SERVER, LP_QUIC_INITIAL, &frames);
        send(&rig, &d, SERVER);
    }
    expect(&rig, "- no-certificate aborted sni quic.example");
    assert_int_equal(1, rig.quic.tls.half[SERVER].alert_count);
    assert_int_equal(40, rig.quic.tls.half[SERVER].alerts[0].code);
    assert_int_equal(2, rig.quic.tls.half[SERVER].alerts[0].frame);
    shut_rig(&rig);
    drop(&d);
    drop(&frames);
}

/* Whoever sees the first packet can make packets that verify. */
static void read_certificate_in_an_initial_packet_is_not_believed(void **state)
{
    struct rig rig;
    struct bytes forged = {0};

    (void)state;
    open_rig(&rig, 0);
    send_client_hello(&rig);
    add(&forged, server_hello.at, server_hello.n);
    certificate_13(&forged, chain, 2);
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &forged, 0, SIZE_MAX);
    expect(&rig, encrypted);
    assert_int_equal(0, rig.kept.cert_count);
    assert_non_null(strstr(rig.quic.tls.half[SERVER].problem, "RFC 9001 4.1.3"));
    shut_rig(&rig);
    drop(&forged);
}

static void read_other_connection_is_not_taken(void **state)
{
    struct rig rig, other;
    struct bytes d = {0}, fresh = {0};

    (void)state;
    open_rig(&rig, 0);
    open_rig(&other, 0);
    send_client_hello(&rig);
    add(&fresh, client_hello.at, client_hello.n);
    fresh.at[10] ^= 0x20;
    other.origin = other.to[CLIENT] = "another origin";
    piece(&other, &d, CLIENT, LP_QUIC_INITIAL, &fresh, 0, SIZE_MAX);
    assert_false(send_cut(&rig, &d, CLIENT, d.n));
    other.to[SERVER] = "no client of ours";
    piece(&other, &d, SERVER, LP_QUIC_HANDSHAKE, &server_flight, 0, 100);
    assert_false(send_cut(&rig, &d, SERVER, d.n));
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    expect(&rig, encrypted);
    assert_int_equal(1, rig.quic.half[CLIENT].packets);
    assert_int_equal(1, rig.quic.half[SERVER].packets);
    shut_rig(&rig);
    shut_rig(&other);
    drop(&d);
    drop(&fresh);
}

/* ---- certificates ---- */

static void read_with_keys_both_certificates_are_there(void **state)
{
    static const uint32_t versions[] = {QUIC_1, QUIC_2, 0xff00001d};

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct rig rig;
        open_rig(&rig, 0);
        give_keys(&rig);
        rig.version = versions[i];
        send_all(&rig);
        expect(&rig, complete);
        const struct lp_tls_half *server = &rig.quic.tls.half[SERVER];
        const struct lp_tls_half *client = &rig.quic.tls.half[CLIENT];
        assert_int_equal(6, server->certificate_frame);
        assert_true(server->finished && client->finished);
        assert_int_equal(1, client->cert_count);
        assert_int_equal(client_chain[0], client->certs[0].bytes);
        assert_false(server->no_key || server->wrong_key);
        shut_rig(&rig);
    }
}

static void read_handshake_packets_in_any_order_tell_the_same(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 256; order++) {
        bool seen[4] = {false};
        struct rig rig;
        open_rig(&rig, 0);
        give_keys(&rig);
        send_hellos(&rig);
        for (unsigned i = 0; i < 4; i++) {
            size_t at = (order >> 2 * i & 3) * 700;
            seen[at / 700] = true;
            send_piece(&rig, SERVER, LP_QUIC_HANDSHAKE, &server_flight, at, at + 700);
        }
        if (seen[0] && seen[1] && seen[2] && seen[3]) {
            expect(&rig, complete);
        } else {
            char told[256];
            finish(&rig, told, sizeof told);
            assert_non_null(strstr(told, "gap gap"));
            assert_true(!seen[0] || !seen[1] || rig.quic.tls.half[SERVER].certs[0].complete);
        }
        shut_rig(&rig);
    }
}

static void read_without_the_secret_says_no_key(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_key_log(&rig);
    send_all(&rig);
    expect(&rig, encrypted);
    assert_true(rig.quic.tls.half[SERVER].no_key);
    assert_false(rig.quic.tls.half[SERVER].keyed);
    shut_rig(&rig);
}

static void read_wrong_secret_is_told_and_nothing_shown(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_key_log(&rig);
    log_secret(&rig, "SERVER_HANDSHAKE_TRAFFIC_SECRET", SECRET_SERVER + 1);
    send_all(&rig);
    expect(&rig, encrypted);
    assert_true(rig.quic.tls.half[SERVER].wrong_key);
    assert_int_equal(3, rig.quic.tls.half[SERVER].wrong_key_frame);
    assert_true(rig.quic.tls.half[CLIENT].no_key);
    assert_int_equal(0, rig.kept.cert_count);
    shut_rig(&rig);
}

static void read_damaged_packet_among_others_is_passed_over(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    send_hellos(&rig);
    piece(&rig, &d, SERVER, LP_QUIC_HANDSHAKE, &server_flight, 0, 700);
    d.at[d.n - 1] ^= 1;
    send(&rig, &d, SERVER);
    send_server_flight(&rig);
    expect(&rig, complete);
    assert_false(rig.quic.tls.half[SERVER].wrong_key);
    shut_rig(&rig);
    drop(&d);
}

/* With keys, hellos alone are a loss of the rest. */
static void read_with_keys_and_no_flight_is_a_gap(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    send_hellos(&rig);
    expect(&rig, "TLSv1.3 gap gap sni quic.example");
    shut_rig(&rig);
}

/* ---- what is missing ---- */

static void read_server_alone_is_a_gap(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    give_keys(&rig);
    send_piece(&rig, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
    send_server_flight(&rig);
    lp_quic_end(&rig.quic, rig.known);
    rig.known[CLIENT].opened = true; /* as the ports say */
    assert_true(lp_tls_found(&rig.quic.tls));
    assert_int_equal(CLIENT, lp_tls_client(&rig.quic.tls, rig.known));
    assert_int_equal(LP_TLS_CUT_LOST, rig.quic.tls.half[SERVER].cut);
    assert_int_equal(1, rig.quic.tls.half[SERVER].first_frame);
    shut_rig(&rig);
}

static void read_client_alone_is_unanswered_or_one_sided(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    send_client_hello(&rig);
    rig.quic.half[CLIENT].acks = false; /* piece() put one in */
    expect(&rig, "- no-certificate no-server-reply sni quic.example");
    shut_rig(&rig);
    open_rig(&rig, 0);
    send_client_hello(&rig);
    send_piece(&rig, CLIENT, LP_QUIC_HANDSHAKE, &client_flight, 0, SIZE_MAX);
    expect(&rig, "- one-sided one-sided sni quic.example");
    shut_rig(&rig);
}

static void read_datagram_cut_anywhere_is_never_made_up(void **state)
{
    struct bytes d = {0};
    size_t whole = 1;

    (void)state;
    for (size_t cut = 0; cut < whole; cut++) {
        struct rig rig;
        char told[256];
        open_rig(&rig, 0);
        give_keys(&rig);
        send_client_hello(&rig);
        piece(&rig, &d, SERVER, LP_QUIC_INITIAL, &server_hello, 0, SIZE_MAX);
        piece(&rig, &d, SERVER, LP_QUIC_HANDSHAKE, &server_flight, 0, SIZE_MAX);
        whole = d.n;
        assert_true(lp_quic_may_begin(lp_rd_init(d.at, cut)) == (cut > 4));
        assert_true(lp_quic_may_begin(lp_rd_init(d.at, cut)) ||
                    !lp_quic_recognise(lp_rd_init(d.at, cut)));
        assert_true(send_cut(&rig, &d, SERVER, cut));
        finish(&rig, told, sizeof told);
        assert_int_equal(0, rig.kept.cert_count);
        /* what is too short for a header might be anything */
        assert_true(strstr(told, "truncated truncated") || (cut < 40 && strstr(told, "one-sided")));
        shut_rig(&rig);
    }
    drop(&d);
}

static void recognise_wants_a_long_header_of_a_handshake(void **state)
{
    struct rig rig;
    struct bytes d = {0};

    (void)state;
    open_rig(&rig, 0);
    packet(&rig, &d, CLIENT, LP_QUIC_EARLY, &client_hello);
    assert_false(lp_quic_recognise(lp_rd_init(d.at, d.n)));
    piece(&rig, &d, CLIENT, LP_QUIC_INITIAL, &client_hello, 0, SIZE_MAX);
    assert_true(lp_quic_recognise(lp_rd_init(d.at, d.n)));
    assert_false(lp_quic_may_begin(lp_rd_init("\x40\0\0\0\1 a short header", 20)));
    assert_false(lp_quic_may_begin(lp_rd_init("\x80\x60\0\0\1 of RTP, perhaps", 22)));
    assert_false(lp_quic_recognise(lp_rd_init("\x40\0\0\0\1 a short header", 20)));
    assert_false(lp_quic_recognise(lp_rd_init("\x80\x60\0\0\1 of RTP, perhaps", 22)));
    shut_rig(&rig);
    drop(&d);
}

/* ---- limits ---- */

static void read_within_a_small_budget_says_limit(void **state)
{
    bool limited = false, whole = false;

    (void)state;
    for (uint64_t limit = 16; limit < 40000; limit += 300) {
        struct rig rig;
        char told[256];
        open_rig(&rig, limit);
        give_keys(&rig);
        send_all(&rig);
        finish(&rig, told, sizeof told);
        assert_true(rig.kept.budget.peak <= limit);
        whole |= strcmp(told, complete) == 0;
        limited |= strstr(told, "limit limit") != NULL;
        assert_true(strcmp(told, complete) == 0 || !strstr(told, "complete"));
        shut_rig(&rig);
    }
    assert_true(limited && whole);
}

static void read_far_offset_takes_no_memory(void **state)
{
    struct rig rig;
    struct bytes d = {0}, frames = {0};

    (void)state;
    open_rig(&rig, 0);
    send_client_hello(&rig);
    uint64_t before = rig.kept.budget.peak;
    add_number(&frames, 1, 6);
    add_quic_number(&frames, (UINT64_C(1) << 62) - 1);
    add_quic_number(&frames, 3);
    add(&frames, "abc", 3);
    packet(&rig, &d, SERVER, LP_QUIC_INITIAL, &frames);
    send(&rig, &d, SERVER);
    assert_true(rig.quic.half[SERVER].limited);
    assert_int_equal(before, rig.kept.budget.peak);
    shut_rig(&rig);
    drop(&d);
    drop(&frames);
}

static void read_without_memory_loses_nothing_else(void **state)
{
    bool finished = false;

    (void)state;
    for (uint64_t n = 1; !finished && n < 200; n++) {
        struct rig rig;
        open_rig(&rig, 0);
        give_keys(&rig);
        lp_alloc_fail_after(n);
        send_all(&rig);
        lp_quic_end(&rig.quic, rig.known);
        lp_alloc_fail_after(0);
        finished = rig.quic.tls.half[SERVER].certificate_complete &&
                   rig.quic.tls.half[CLIENT].certificate_complete;
        assert_true(finished || rig.quic.tls.half[SERVER].cut == LP_TLS_CUT_LIMIT ||
                    rig.quic.tls.half[CLIENT].cut == LP_TLS_CUT_LIMIT);
        shut_rig(&rig);
    }
    assert_true(finished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_hellos_are_shown_without_keys),
        cmocka_unit_test(read_greased_bit_changes_nothing),
        cmocka_unit_test(read_crypto_frames_in_any_order_tell_the_same),
        cmocka_unit_test(read_copies_that_differ_the_first_counts),
        cmocka_unit_test(read_coalesced_packets_are_all_taken),
        cmocka_unit_test(read_server_before_client_is_understood_at_the_end),
        cmocka_unit_test(read_retried_connection_is_one),
        cmocka_unit_test(read_refused_version_goes_on_in_another),
        cmocka_unit_test(read_refused_version_alone_is_aborted),
        cmocka_unit_test(read_server_may_prefer_another_version),
        cmocka_unit_test(read_close_with_an_alert_is_one),
        cmocka_unit_test(read_certificate_in_an_initial_packet_is_not_believed),
        cmocka_unit_test(read_other_connection_is_not_taken),
        cmocka_unit_test(read_with_keys_both_certificates_are_there),
        cmocka_unit_test(read_handshake_packets_in_any_order_tell_the_same),
        cmocka_unit_test(read_without_the_secret_says_no_key),
        cmocka_unit_test(read_wrong_secret_is_told_and_nothing_shown),
        cmocka_unit_test(read_damaged_packet_among_others_is_passed_over),
        cmocka_unit_test(read_with_keys_and_no_flight_is_a_gap),
        cmocka_unit_test(read_server_alone_is_a_gap),
        cmocka_unit_test(read_client_alone_is_unanswered_or_one_sided),
        cmocka_unit_test(read_datagram_cut_anywhere_is_never_made_up),
        cmocka_unit_test(recognise_wants_a_long_header_of_a_handshake),
        cmocka_unit_test(read_within_a_small_budget_says_limit),
        cmocka_unit_test(read_far_offset_takes_no_memory),
        cmocka_unit_test(read_without_memory_loses_nothing_else),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
