/* Handshakes behind encryption: both directions in any interleaving, with the right keys, wrong
 * ones, late ones and none. */
#include "seals.h"

#include <zlib.h>

enum {
    LEAF = 300,
    ISSUER = 200,
    CLIENT_LEAF = 150,
    SECRET_EARLY = 0x0e,
    SECRET_CLIENT = 0xc1,
    SECRET_SERVER = 0x51,
    SECRET_CLIENT_TRAFFIC = 0xc2,
    SECRET_MASTER = 0x77,
    SECRET_MASTER_2 = 0x78,
};

static const size_t chain[] = {LEAF, ISSUER};
static const size_t client_chain[] = {CLIENT_LEAF};

/* ---- keys ---- */

static struct lp_tls_keys keys;

static void client_random(uint8_t out[32])
{
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint8_t)(0x40 + i); /* streams.h */
}

static void log_secret(const char *label, uint8_t fill, size_t n)
{
    struct bytes line = {0};
    uint8_t random[32];

    client_random(random);
    add_key_line(&line, label, random, fill, n);
    assert_true(lp_keylog_add(keys.log, lp_rd_init(line.at, line.n)));
    drop(&line);
}

static void log_13(void)
{
    log_secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", SECRET_CLIENT, 32);
    log_secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", SECRET_SERVER, 32);
    log_secret("CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT_TRAFFIC, 32);
}

static void open_keys(void)
{
    keys = (struct lp_tls_keys){.log = lp_keylog_new(3), .crypto = lp_crypto_new()};
    assert_true(keys.log && keys.crypto);
}

static void shut_keys(void)
{
    lp_keylog_free(keys.log);
    lp_crypto_free(keys.crypto);
    lp_buf_free(&keys.plain);
}

static struct lp_seal seal_of(uint8_t fill)
{
    struct lp_seal seal;
    uint8_t secret[32];

    memset(secret, fill, sizeof secret);
    assert_true(lp_seal_13(keys.crypto, 0x1301, lp_rd_init(secret, sizeof secret), &seal));
    return seal;
}

/* ---- messages of TLS 1.3 ---- */

static void certificate_13(struct bytes *body, const size_t *sizes, size_t count)
{
    struct bytes list = {0}, der = {0};

    for (size_t i = 0; i < count; i++) {
        der.n = 0;
        add_der(&der, sizes[i], (uint8_t)(i + 1));
        add_vector(&list, 3, der.at, der.n);
        add_vector(&list, 2, "ext", i);
    }
    add_vector(body, 1, "ctx", count);
    add_vector(body, 3, list.at, list.n);
    drop(&list);
    drop(&der);
}

static void add_certificates_13(struct bytes *b, const size_t *sizes, size_t count)
{
    struct bytes body = {0};
    certificate_13(&body, sizes, count);
    add_message(b, LP_CERTIFICATE, &body);
    drop(&body);
}

static void add_compressed(struct bytes *b, uint16_t algorithm, size_t announced_too_much)
{
    struct bytes plain = {0}, body = {0};
    uint8_t packed[4096];
    uLongf n = sizeof packed;

    certificate_13(&plain, chain, 2);
    assert_int_equal(Z_OK, compress(packed, &n, plain.at, plain.n));
    add_number(&body, 2, algorithm);
    add_number(&body, 3, plain.n + announced_too_much);
    add_vector(&body, 3, packed, n);
    add_message(b, LP_COMPRESSED_CERTIFICATE, &body);
    drop(&plain);
    drop(&body);
}

/* A ClientHello that offers TLS 1.3, and perhaps more. */
static void add_hello_13(struct bytes *wire, bool early_data, bool post_handshake_auth)
{
    struct bytes extensions = {0}, hello = {0};

    add_extension(&extensions, 43, "\2\3\4", 3);
    if (early_data)
        add_extension(&extensions, 42, "", 0);
    if (post_handshake_auth)
        add_extension(&extensions, 49, "", 0);
    add_client_hello(&hello, &(struct hello){.version = 0x0303, .extensions = &extensions});
    add_records(wire, &hello, 16384);
    drop(&extensions);
    drop(&hello);
}

static void add_answer_13(struct bytes *wire, bool retry)
{
    struct bytes hello = {0};

    add_server_hello(
        &hello,
        &(struct hello){.version = 0x0303, .chosen = 0x0304, .cipher = 0x1301, .retry = retry});
    add_records(wire, &hello, 16384);
    drop(&hello);
}

/* Messages into sealed records of at most so many bytes. */
static void add_sealed_messages(struct bytes *wire, struct lp_seal *seal, struct bytes *messages,
                                size_t most)
{
    for (size_t at = 0; at < messages->n; at += most) {
        struct bytes part = {0};
        add(&part, messages->at + at, messages->n - at < most ? messages->n - at : most);
        add_sealed(wire, seal, LP_RECORD_HANDSHAKE, &part, at % 3);
        drop(&part);
    }
    messages->n = 0;
}

static void add_server_flight(struct bytes *wire, size_t most)
{
    struct lp_seal seal = seal_of(SECRET_SERVER);
    struct bytes messages = {0}, data = {0};

    add_change_cipher(wire);
    add_filler(&messages, LP_ENCRYPTED_EXTENSIONS, 2);
    add_filler(&messages, LP_CERTIFICATE_REQUEST, 10);
    add_certificates_13(&messages, chain, 2);
    add_filler(&messages, LP_CERTIFICATE_VERIFY, 100);
    add_filler(&messages, LP_FINISHED, 32);
    add_sealed_messages(wire, &seal, &messages, most);
    add(&data, "more", 4);
    add_secret(wire, LP_RECORD_DATA, 100);
    drop(&messages);
    drop(&data);
}

static void add_client_flight(struct bytes *wire, bool certificate)
{
    struct lp_seal seal = seal_of(SECRET_CLIENT);
    struct bytes messages = {0};

    add_certificates_13(&messages, client_chain, certificate);
    add_filler(&messages, LP_CERTIFICATE_VERIFY, 100);
    add_filler(&messages, LP_FINISHED, 32);
    add_sealed_messages(wire, &seal, &messages, 200);
    drop(&messages);
}

/* ---- two directions ---- */

struct duo {
    struct reading_rig rig;
    struct wire wire[2];
    size_t from[2], to[2]; /* the bytes that are there */
    bool done[2], waits[2], settled;
};

static bool always(const void *ctx, uint64_t to)
{
    (void)ctx;
    (void)to;
    return true;
}

static struct lp_tls_input duo_input(const struct duo *duo, unsigned dir)
{
    struct lp_tls_input input = wire_input(&duo->wire[dir], duo->from[dir], duo->to[dir]);
    if (duo->settled)
        input.settled = always;
    return input;
}

static void duo_open(struct duo *duo, const struct bytes *client, const struct bytes *server)
{
    memset(duo, 0, sizeof *duo);
    reading_rig_open(&duo->rig, 0);
    duo->rig.tls.keys = &keys;
    duo->wire[0] = (struct wire){client->at, client->n, 64};
    duo->wire[1] = (struct wire){server->at, server->n, 64};
    duo->settled = true;
}

/* What tcp does: offers, and wakes. */
static void duo_offer(struct duo *duo, unsigned dir)
{
    for (bool again = true; again && !duo->done[dir];) {
        struct lp_tls_input input = duo_input(duo, dir);
        size_t release = 0;
        enum lp_tls_want want = lp_tls_read(&duo->rig.tls, dir, &input, &release);
        assert_true(want != LP_TLS_ROOM);
        duo->done[dir] = want == LP_TLS_DONE;
        duo->waits[dir] = want == LP_TLS_WAIT;
        if (want != LP_TLS_DONE)
            duo->from[dir] += release;
        again = lp_tls_news(&duo->rig.tls, dir) && duo->waits[1 - dir];
        if (again)
            dir = 1 - dir;
    }
}

static void duo_more(struct duo *duo, unsigned dir, size_t n)
{
    if (n > duo->wire[dir].n - duo->to[dir])
        n = duo->wire[dir].n - duo->to[dir];
    duo->to[dir] += n;
    if (n)
        duo_offer(duo, dir);
}

static void duo_end(struct duo *duo)
{
    unsigned first = duo->waits[0] ? 1 : 0;

    for (unsigned i = 0; i < 2; i++) {
        unsigned dir = i ? 1 - first : first;
        struct lp_tls_input rest = duo_input(duo, dir);
        duo_offer(duo, dir);
        if (!duo->done[dir])
            lp_tls_cut(&duo->rig.tls, dir, LP_TLS_CUT_END, &rest);
    }
}

/* Both directions of every handshake, in words. */
static void duo_tell(const struct duo *duo, char *out, size_t size)
{
    size_t n = 0;

    for (const struct lp_tls *tls = &duo->rig.tls; tls; tls = tls->next) {
        struct reading_rig rig = {.tls = *tls};
        for (unsigned dir = 0; dir < 2; dir++) {
            tell_half(&rig, dir, out + n, size - n);
            n += strlen(out + n);
            n += (size_t)snprintf(out + n, size - n, " fin %d wrong %d none %d\n",
                                  tls->half[dir].finished, tls->half[dir].wrong_key,
                                  tls->half[dir].no_key);
            assert_true(n < size);
        }
    }
}

/* Reads in one go, client first. */
static void duo_run(struct duo *duo, const struct bytes *client, const struct bytes *server)
{
    duo_open(duo, client, server);
    duo_more(duo, 0, SIZE_MAX);
    duo_more(duo, 1, SIZE_MAX);
    duo_end(duo);
}

static const struct lp_tls_half *half_of(const struct duo *duo, unsigned dir)
{
    return &duo->rig.tls.half[dir];
}

static void assert_read(const struct duo *duo, bool server, bool client)
{
    assert_int_equal(server, half_of(duo, 1)->certificate_complete);
    assert_int_equal(server ? 2 : 0, half_of(duo, 1)->cert_count);
    assert_int_equal(client, half_of(duo, 0)->cert_count == 1);
    assert_int_equal((server ? 2 : 0) + (client ? 1 : 0), duo->rig.cert_count);
}

static enum lp_outcome outcome_of(const struct duo *duo)
{
    struct lp_tls_circumstances known[2] = {{.packets = true}, {.packets = true}};
    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};

    assert_true(lp_tls_describe(&duo->rig.tls, known, arena, &session));
    lp_arena_free(arena);
    return session.outcome;
}

/* ---- tests ---- */

static void both_13(struct bytes *client, struct bytes *server, size_t most)
{
    add_hello_13(client, false, false);
    add_change_cipher(client);
    add_client_flight(client, true);
    add_answer_13(server, false);
    add_server_flight(server, most);
}

static void lp_tls_read_of_tls13_with_keys_in_any_order_reads_the_same(void **state)
{
    struct bytes client = {0}, server = {0};
    char expected[2048], told[2048];
    struct duo duo;
    uint64_t random = 88172645463325252U;

    (void)state;
    open_keys();
    log_13();
    both_13(&client, &server, 100);
    duo_run(&duo, &client, &server);
    assert_read(&duo, true, true);
    assert_int_equal(LP_OUTCOME_COMPLETE, outcome_of(&duo));
    duo_tell(&duo, expected, sizeof expected);
    reading_rig_shut(&duo.rig);
    for (unsigned round = 0; round < 400; round++) {
        duo_open(&duo, &client, &server);
        duo.settled = round % 2;
        for (unsigned step = 0; duo.to[0] < client.n || duo.to[1] < server.n; step++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            unsigned dir = round == 0 ? duo.to[1] < server.n : (unsigned)(random & 1);
            duo_more(&duo, dir, round < 2 ? SIZE_MAX : (random >> 8) % (round % 5 ? 300 : 9) + 1);
        }
        duo_end(&duo);
        duo_tell(&duo, told, sizeof told);
        assert_string_equal(expected, told);
        reading_rig_shut(&duo.rig);
    }
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_of_tls13_without_keys_ends_at_the_hello(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    both_13(&client, &server, 100);
    duo_open(&duo, &client, &server);
    duo.rig.tls.keys = NULL;
    duo_more(&duo, 1, SIZE_MAX);
    assert_true(duo.done[1]);
    duo_more(&duo, 0, SIZE_MAX);
    assert_true(duo.done[0]);
    assert_read(&duo, false, false);
    assert_false(half_of(&duo, 1)->no_key);
    assert_int_equal(LP_OUTCOME_ENCRYPTED, outcome_of(&duo));
    reading_rig_shut(&duo.rig);
    /* A key log without this handshake's secrets: the same, and it says so. */
    duo_run(&duo, &client, &server);
    assert_read(&duo, false, false);
    assert_true(half_of(&duo, 1)->no_key && !half_of(&duo, 1)->wrong_key);
    assert_int_equal(LP_OUTCOME_ENCRYPTED, outcome_of(&duo));
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_with_a_wrong_key_never_reads_a_certificate(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 32; byte++) {
        struct bytes client = {0}, server = {0}, line = {0};
        uint8_t random[32];
        struct duo duo;

        open_keys();
        client_random(random);
        both_13(&client, &server, 100);
        add_key_line(&line, "SERVER_HANDSHAKE_TRAFFIC_SECRET", random, SECRET_SERVER, 32);
        line.at[line.n - 2 - 2 * byte] = '9'; /* it is 1 or 5 */
        assert_true(lp_keylog_add(keys.log, lp_rd_init(line.at, line.n)));
        log_secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", SECRET_SERVER, 32);
        duo_run(&duo, &client, &server);
        assert_read(&duo, false, false);
        assert_true(half_of(&duo, 0)->wrong_key && half_of(&duo, 1)->wrong_key);
        assert_true(half_of(&duo, 1)->wrong_key_frame > 0);
        assert_int_equal(LP_OUTCOME_ENCRYPTED, outcome_of(&duo));
        reading_rig_shut(&duo.rig);
        drop(&client);
        drop(&server);
        drop(&line);
        shut_keys();
    }
}

static void lp_tls_read_with_patience_waits_for_the_secret(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    keys.patient = true;
    both_13(&client, &server, 100);
    duo_open(&duo, &client, &server);
    duo_more(&duo, 1, SIZE_MAX);
    duo_more(&duo, 0, SIZE_MAX);
    assert_true(duo.waits[0] && duo.waits[1]);
    log_13();
    duo_end(&duo);
    assert_read(&duo, true, true);
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_that_waits_keeps_a_bounded_number_of_bytes(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    keys.patient = true;
    both_13(&client, &server, 100);
    for (unsigned i = 0; i < 100; i++)
        add_secret(&server, LP_RECORD_DATA, 16000);
    duo_open(&duo, &client, &server);
    while (!duo.done[1] && duo.to[1] < server.n)
        duo_more(&duo, 1, 5000);
    assert_true(duo.done[1] && duo.to[1] < (1 << 20) + 20000);
    duo_end(&duo);
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    shut_keys();
}

/* ClientHello, ChangeCipherSpec, ClientHello; HelloRetryRequest, ChangeCipherSpec, ServerHello. */
static void lp_tls_read_behind_a_retry_reads_both(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    log_13();
    add_hello_13(&client, false, false);
    add_change_cipher(&client);
    add_hello_13(&client, false, false);
    add_client_flight(&client, true);
    add_answer_13(&server, true);
    add_change_cipher(&server);
    add_answer_13(&server, false);
    add_server_flight(&server, 1000);
    for (unsigned first = 0; first < 2; first++) {
        duo_open(&duo, &client, &server);
        duo_more(&duo, first, SIZE_MAX);
        duo_more(&duo, 1 - first, SIZE_MAX);
        duo_end(&duo);
        assert_read(&duo, true, true);
        reading_rig_shut(&duo.rig);
    }
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_behind_early_data_reads_the_client(void **state)
{
    struct bytes client = {0}, server = {0}, data = {0};
    struct duo duo;

    (void)state;
    open_keys();
    log_13();
    struct lp_seal early = seal_of(SECRET_EARLY);
    add_hello_13(&client, true, false);
    add_change_cipher(&client);
    add(&data, "GET /", 5);
    for (unsigned i = 0; i < 5; i++)
        add_sealed(&client, &early, LP_RECORD_DATA, &data, 0);
    add_client_flight(&client, true);
    add_answer_13(&server, false);
    add_server_flight(&server, 1000);
    duo_run(&duo, &client, &server);
    assert_read(&duo, true, true);
    assert_false(half_of(&duo, 0)->wrong_key);
    reading_rig_shut(&duo.rig);
    /* Not offered, it is no early data. */
    client.n = 0;
    early = seal_of(SECRET_EARLY);
    add_hello_13(&client, false, false);
    add_sealed(&client, &early, LP_RECORD_DATA, &data, 0);
    add_client_flight(&client, true);
    duo_run(&duo, &client, &server);
    assert_read(&duo, true, false);
    assert_true(half_of(&duo, 0)->wrong_key);
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    drop(&data);
    shut_keys();
}

/* A Certificate behind two key updates, in application records. */
static void lp_tls_read_of_post_handshake_auth_reads_the_client(void **state)
{
    struct bytes client = {0}, server = {0}, data = {0}, messages = {0};
    struct duo duo;

    (void)state;
    open_keys();
    log_13();
    for (unsigned offered = 0; offered < 2; offered++) {
        struct lp_seal seal = seal_of(SECRET_CLIENT_TRAFFIC);
        client.n = server.n = data.n = 0;
        add_hello_13(&client, false, offered);
        add_client_flight(&client, false);
        add(&data, "GET /", 5);
        for (unsigned update = 0; update < 2; update++) {
            add_sealed(&client, &seal, LP_RECORD_DATA, &data, 7);
            add_filler(&messages, LP_KEY_UPDATE, 1);
            add_sealed_messages(&client, &seal, &messages, 100);
            assert_true(lp_seal_update(keys.crypto, &seal));
        }
        add_certificates_13(&messages, client_chain, 1);
        add_sealed_messages(&client, &seal, &messages, 100);
        add_answer_13(&server, false);
        add_server_flight(&server, 1000);
        for (size_t piece = 1; piece < client.n; piece += piece / 2 + 1) {
            duo_open(&duo, &client, &server);
            duo_more(&duo, 1, SIZE_MAX);
            while (duo.to[0] < client.n)
                duo_more(&duo, 0, piece);
            duo_end(&duo);
            assert_read(&duo, true, offered);
            assert_true(half_of(&duo, 0)->finished);
            if (offered)
                assert_int_equal(2, half_of(&duo, 0)->key_updates);
            reading_rig_shut(&duo.rig);
        }
    }
    drop(&client);
    drop(&server);
    drop(&data);
    drop(&messages);
    shut_keys();
}

/* Whatever is cut off: the leaf is there if and only if the records that hold it are. */
static void lp_tls_cut_of_tls13_anywhere_reads_only_whole_certificates(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;
    size_t leaves = 0, chains = 0;

    (void)state;
    open_keys();
    log_13();
    both_13(&client, &server, 90);
    for (size_t n = 0; n <= server.n; n++) {
        duo_open(&duo, &client, &server);
        duo_more(&duo, 0, SIZE_MAX);
        duo_more(&duo, 1, n);
        duo.wire[1].n = n;
        duo_end(&duo);
        const struct lp_tls_half *half = half_of(&duo, 1);
        bool leaf = half->cert_count && half->certs[0].complete;
        if (leaf)
            assert_int_equal(LEAF, ((const struct kept_cert *)half->certs[0].stored)->n);
        assert_true(leaf || leaves == 0); /* once there, it stays */
        assert_false(half->wrong_key);
        leaves += leaf;
        chains += half->certificate_complete;
        assert_int_equal(half->certificate_complete, outcome_of(&duo) == LP_OUTCOME_COMPLETE);
        reading_rig_shut(&duo.rig);
    }
    assert_true(chains > 0 && leaves > chains + ISSUER);
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_of_compressed_certificates_unpacks_them(void **state)
{
    static const struct {
        uint16_t algorithm;
        size_t too_much;
        bool complete;
    } cases[] = {{1, 0, true}, {1, 1, false}, {2, 0, false}, {3, 0, false}, {4, 0, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes client = {0}, server = {0}, messages = {0};
        struct duo duo;
        open_keys();
        log_13();
        struct lp_seal seal = seal_of(SECRET_SERVER);
        add_hello_13(&client, false, false);
        add_answer_13(&server, false);
        add_compressed(&messages, cases[i].algorithm, cases[i].too_much);
        add_filler(&messages, LP_FINISHED, 32);
        add_sealed_messages(&server, &seal, &messages, 50);
        duo_run(&duo, &client, &server);
        assert_read(&duo, cases[i].complete, false);
        assert_int_equal(cases[i].complete, half_of(&duo, 1)->problem == NULL);
        assert_int_equal(cases[i].complete ? LP_OUTCOME_COMPLETE : LP_OUTCOME_MALFORMED,
                         outcome_of(&duo));
        reading_rig_shut(&duo.rig);
        drop(&client);
        drop(&server);
        drop(&messages);
        shut_keys();
    }
}

/* A better copy of a record that did not verify. */
static void lp_tls_rewind_under_keys_reads_again(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    log_13();
    both_13(&client, &server, 100);
    duo_open(&duo, &client, &server);
    duo_more(&duo, 0, SIZE_MAX);
    server.at[400] ^= 1;
    duo_more(&duo, 1, SIZE_MAX);
    assert_true(duo.done[1] && half_of(&duo, 1)->wrong_key);
    server.at[400] ^= 1;
    lp_tls_rewind(&duo.rig.tls, 1);
    duo.done[1] = false;
    duo_offer(&duo, 1);
    duo_end(&duo);
    assert_int_equal(2, half_of(&duo, 1)->cert_count);
    assert_true(half_of(&duo, 1)->certificate_complete && !half_of(&duo, 1)->wrong_key);
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    shut_keys();
}

/* ---- renegotiation ---- */

/* A second ClientHello has a random of its own. */
static void second_random(uint8_t out[32])
{
    memset(out, 0x99, 32);
}

static struct lp_seal seal_12(bool from_client, bool second, bool mac_last)
{
    uint8_t master[48], client[32], server[32];
    struct lp_seal seal;

    memset(master, second ? SECRET_MASTER_2 : SECRET_MASTER, sizeof master);
    client_random(client);
    if (second)
        second_random(client);
    for (unsigned i = 0; i < 32; i++)
        server[i] = (uint8_t)(0x60 + i);
    struct lp_seal_12 in = {0x0303,   mac_last ? 0x002f : 0xc02f, from_client,
                            mac_last, lp_rd_init(master, 48),     client,
                            server};
    assert_true(lp_seal_12(keys.crypto, &in, &seal));
    return seal;
}

static void add_hellos_12(struct bytes *client, struct bytes *server, bool second, bool mac_last)
{
    struct bytes extensions = {0}, body = {0};

    client_hello_body(&body, &(struct hello){.version = 0x0303});
    if (second)
        second_random(body.at + 2);
    add_message(client, LP_CLIENT_HELLO, &body);
    if (mac_last)
        add_extension(&extensions, 22, "", 0);
    add_server_hello(server, &(struct hello){.version = 0x0303,
                                             .cipher = mac_last ? 0x002f : 0xc02f,
                                             .extensions = &extensions});
    drop(&extensions);
    drop(&body);
}

/* A handshake with a certificate of the client alone in its second turn, and data in between. */
static void renegotiated(struct bytes *client, struct bytes *server, bool mac_last)
{
    struct lp_seal seal[2] = {seal_12(true, false, mac_last), seal_12(false, false, mac_last)};
    struct bytes messages[2] = {{0}, {0}}, data = {0};
    struct bytes *wire[2] = {client, server};

    add_hellos_12(&messages[0], &messages[1], false, mac_last);
    add_certificates(&messages[1], chain, 2);
    add_filler(&messages[1], LP_SERVER_HELLO_DONE, 0);
    add_filler(&messages[0], LP_CLIENT_KEY_EXCHANGE, 60);
    add(&data, "data", 4);
    for (unsigned dir = 0; dir < 2; dir++) {
        add_records(wire[dir], &messages[dir], 16384);
        add_change_cipher(wire[dir]);
        messages[dir].n = 0;
        add_filler(&messages[dir], LP_FINISHED, 12);
        add_sealed_messages(wire[dir], &seal[dir], &messages[dir], 100);
        add_sealed(wire[dir], &seal[dir], LP_RECORD_DATA, &data, 0);
    }
    add_hellos_12(&messages[0], &messages[1], true, mac_last);
    add_certificates(&messages[1], chain + 1, 1);
    add_filler(&messages[1], LP_SERVER_HELLO_DONE, 0);
    add_certificates(&messages[0], client_chain, 1);
    add_filler(&messages[0], LP_CLIENT_KEY_EXCHANGE, 60);
    for (unsigned dir = 0; dir < 2; dir++) {
        struct bytes one = {0};
        add_sealed_messages(wire[dir], &seal[dir], &messages[dir], 100);
        add_number(&one, 1, 1);
        add_sealed(wire[dir], &seal[dir], LP_RECORD_CHANGE_CIPHER, &one, 0);
        seal[dir] = seal_12(dir == 0, true, mac_last);
        add_filler(&messages[dir], LP_FINISHED, 12);
        add_sealed_messages(wire[dir], &seal[dir], &messages[dir], 100);
        add_sealed(wire[dir], &seal[dir], LP_RECORD_DATA, &data, 0);
        drop(&one);
        drop(&messages[dir]);
    }
    drop(&data);
}

static void log_12(bool second)
{
    struct bytes line = {0};
    uint8_t random[32];

    log_secret("CLIENT_RANDOM", SECRET_MASTER, 48);
    if (!second)
        return;
    second_random(random);
    add_key_line(&line, "CLIENT_RANDOM", random, SECRET_MASTER_2, 48);
    assert_true(lp_keylog_add(keys.log, lp_rd_init(line.at, line.n)));
    drop(&line);
}

static void lp_tls_read_of_a_renegotiation_reads_a_handshake_of_its_own(void **state)
{
    (void)state;
    for (unsigned mac_last = 0; mac_last < 2; mac_last++) {
        struct bytes client = {0}, server = {0};
        char expected[4096], told[4096];
        struct duo duo;
        open_keys();
        log_12(true);
        renegotiated(&client, &server, mac_last);
        duo_run(&duo, &client, &server);
        const struct lp_tls *next = duo.rig.tls.next;
        assert_int_equal(2, half_of(&duo, 1)->cert_count);
        assert_int_equal(0, half_of(&duo, 0)->cert_count);
        assert_non_null(next);
        assert_null(next->next);
        assert_true(next->half[0].certificate_complete && next->half[1].certificate_complete);
        assert_int_equal(CLIENT_LEAF, next->half[0].certs[0].bytes);
        assert_int_equal(ISSUER, next->half[1].certs[0].bytes);
        assert_true(next->half[0].finished && next->half[1].finished);
        assert_true(next->half[0].first_frame > half_of(&duo, 0)->first_frame);
        duo_tell(&duo, expected, sizeof expected);
        reading_rig_shut(&duo.rig);
        for (size_t piece = 1; piece < server.n; piece += piece / 3 + 1) {
            duo_open(&duo, &client, &server);
            while (duo.to[1] < server.n)
                duo_more(&duo, 1, piece);
            while (duo.to[0] < client.n)
                duo_more(&duo, 0, piece);
            duo_end(&duo);
            duo_tell(&duo, told, sizeof told);
            assert_string_equal(expected, told);
            reading_rig_shut(&duo.rig);
        }
        drop(&client);
        drop(&server);
        shut_keys();
    }
}

static void lp_tls_read_of_a_renegotiation_with_a_wrong_key_reads_the_first_alone(void **state)
{
    struct bytes client = {0}, server = {0};
    struct duo duo;

    (void)state;
    open_keys();
    log_secret("CLIENT_RANDOM", SECRET_MASTER + 1, 48);
    renegotiated(&client, &server, false);
    duo_run(&duo, &client, &server);
    assert_null(duo.rig.tls.next);
    assert_true(half_of(&duo, 0)->wrong_key && half_of(&duo, 1)->wrong_key);
    assert_int_equal(LP_OUTCOME_COMPLETE, outcome_of(&duo));
    reading_rig_shut(&duo.rig);
    drop(&client);
    drop(&server);
    shut_keys();
}

static void lp_tls_read_when_the_nth_allocation_fails_frees_all(void **state)
{
    struct bytes client = {0}, server = {0};

    (void)state;
    open_keys();
    log_12(true);
    renegotiated(&client, &server, false);
    for (uint64_t n = 1; n < 60; n++) {
        struct duo duo;
        size_t release;
        duo_open(&duo, &client, &server);
        lp_alloc_fail_after(n);
        for (unsigned dir = 0; dir < 2; dir++) {
            duo.to[dir] = duo.wire[dir].n;
            struct lp_tls_input input = duo_input(&duo, dir);
            enum lp_tls_want want = lp_tls_read(&duo.rig.tls, dir, &input, &release);
            lp_alloc_fail_after(0);
            if (want == LP_TLS_ROOM) /* with memory again, the same bytes are read */
                want = lp_tls_read(&duo.rig.tls, dir, &input, &release);
            assert_true(want != LP_TLS_ROOM);
        }
        reading_rig_shut(&duo.rig);
    }
    drop(&client);
    drop(&server);
    shut_keys();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_tls_read_of_tls13_with_keys_in_any_order_reads_the_same),
        cmocka_unit_test(lp_tls_read_of_tls13_without_keys_ends_at_the_hello),
        cmocka_unit_test(lp_tls_read_with_a_wrong_key_never_reads_a_certificate),
        cmocka_unit_test(lp_tls_read_with_patience_waits_for_the_secret),
        cmocka_unit_test(lp_tls_read_that_waits_keeps_a_bounded_number_of_bytes),
        cmocka_unit_test(lp_tls_read_behind_a_retry_reads_both),
        cmocka_unit_test(lp_tls_read_behind_early_data_reads_the_client),
        cmocka_unit_test(lp_tls_read_of_post_handshake_auth_reads_the_client),
        cmocka_unit_test(lp_tls_cut_of_tls13_anywhere_reads_only_whole_certificates),
        cmocka_unit_test(lp_tls_read_of_compressed_certificates_unpacks_them),
        cmocka_unit_test(lp_tls_rewind_under_keys_reads_again),
        cmocka_unit_test(lp_tls_read_of_a_renegotiation_reads_a_handshake_of_its_own),
        cmocka_unit_test(lp_tls_read_of_a_renegotiation_with_a_wrong_key_reads_the_first_alone),
        cmocka_unit_test(lp_tls_read_when_the_nth_allocation_fails_frees_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
