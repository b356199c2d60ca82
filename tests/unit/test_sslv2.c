/* Hellos of SSL 2.0: the certificate in the server's, and clients that offer more by theirs. */
#include "streams.h"

enum { LEAF = 300 };

struct old_client {
    uint16_t version;
    size_t ciphers, session_id, challenge; /* bytes */
    unsigned lie;                          /* added to the record's length */
};

static void add_fill(struct bytes *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_number(b, 1, 0x70 + i);
}

static void add_old_client(struct bytes *wire, const struct old_client *hello)
{
    add_number(wire, 2,
               0x8000 + 9 + hello->ciphers + hello->session_id + hello->challenge + hello->lie);
    add_number(wire, 1, 1);
    add_number(wire, 2, hello->version);
    add_number(wire, 2, hello->ciphers);
    add_number(wire, 2, hello->session_id);
    add_number(wire, 2, hello->challenge);
    add_fill(wire, hello->ciphers);
    add_fill(wire, hello->session_id);
    add_fill(wire, hello->challenge);
}

static void add_old_server(struct bytes *wire, size_t certificate)
{
    struct bytes der = {0};

    if (certificate)
        add_der(&der, certificate, 1);
    add_number(wire, 2, 0x8000 + 11 + der.n + 6 + 16);
    add_number(wire, 1, 4);
    add_number(wire, 1, certificate == 0); /* a session that is known has none */
    add_number(wire, 1, certificate != 0);
    add_number(wire, 2, 2);
    add_number(wire, 2, der.n);
    add_number(wire, 2, 6);
    add_number(wire, 2, 16);
    add(wire, der.at, der.n);
    add_fill(wire, 6 + 16);
    drop(&der);
}

static void lp_tls_read_of_an_old_server_hello_reads_its_certificate(void **state)
{
    struct bytes wire = {0};

    (void)state;
    add_old_server(&wire, LEAF);
    add_fill(&wire, 50); /* encrypted, from here on */
    for (size_t chunk = 1; chunk <= wire.n; chunk++) {
        struct reading_rig rig;
        struct guarded guarded = guarded_copy(wire.at, wire.n);
        struct wire read = {guarded.bytes, guarded.n, chunk};
        reading_rig_open(&rig, 0);
        read_wire(&rig, 1, &read, LP_TLS_CUT_END);
        const struct lp_tls_half *half = &rig.tls.half[1];
        assert_true(half->is_server && half->certificate_complete && !half->problem);
        assert_int_equal(0x0002, half->hello.version);
        assert_int_equal(1, half->cert_count);
        assert_int_equal(LEAF, half->certs[0].bytes);
        assert_true(half->certs[0].complete);
        assert_int_equal((13 + LEAF - 1) / chunk + 1, half->certificate_frame);
        reading_rig_shut(&rig);
        guarded_free(&guarded);
    }
    drop(&wire);
}

static void lp_tls_cut_of_an_old_server_hello_reads_only_a_whole_certificate(void **state)
{
    struct bytes wire = {0};

    (void)state;
    add_old_server(&wire, LEAF);
    for (size_t n = 0; n < wire.n; n++) {
        struct reading_rig rig;
        struct guarded guarded = guarded_copy(wire.at, n);
        struct wire read = {guarded.bytes, n, n ? n : 1};
        reading_rig_open(&rig, 0);
        read_wire(&rig, 1, &read, LP_TLS_CUT_SNAPPED);
        const struct lp_tls_half *half = &rig.tls.half[1];
        assert_int_equal(n >= 13, half->hello.seen);
        assert_int_equal(n >= 13 + LEAF, half->certificate_complete);
        assert_int_equal(n >= 13 + LEAF, rig.cert_count);
        reading_rig_shut(&rig);
        guarded_free(&guarded);
    }
    drop(&wire);
}

static enum lp_outcome outcome_of(const struct reading_rig *rig)
{
    struct lp_tls_circumstances known[2] = {{.packets = true}, {.packets = true}};
    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};

    assert_true(lp_tls_describe(&rig->tls, known, arena, &session));
    assert_false(session.has_cipher);
    assert_string_equal("SSLv2", lp_version_name(session.version));
    lp_arena_free(arena);
    return session.outcome;
}

static void lp_tls_describe_of_ssl2_names_what_it_was(void **state)
{
    struct bytes client = {0}, server = {0};
    struct reading_rig rig;

    (void)state;
    for (unsigned resumed = 0; resumed < 2; resumed++) {
        client.n = server.n = 0;
        add_old_client(&client, &(struct old_client){0x0002, 9, 16, 16, 0});
        add_old_server(&server, resumed ? 0 : LEAF);
        reading_rig_open(&rig, 0);
        read_bytes(&rig, 0, &client, LP_TLS_CUT_END);
        read_bytes(&rig, 1, &server, LP_TLS_CUT_END);
        assert_int_equal(resumed ? LP_OUTCOME_RESUMED : LP_OUTCOME_COMPLETE, outcome_of(&rig));
        reading_rig_shut(&rig);
    }
    drop(&client);
    drop(&server);
}

/* RFC 5246 appendix E.2: behind the old hello come new records. */
static void lp_tls_read_of_an_old_client_hello_goes_on_in_new_records(void **state)
{
    struct bytes wire = {0}, messages = {0};

    (void)state;
    add_old_client(&wire, &(struct old_client){0x0301, 30, 0, 32, 0});
    add_filler(&messages, LP_CLIENT_KEY_EXCHANGE, 60);
    add_records(&wire, &messages, 16384);
    add_change_cipher(&wire);
    for (size_t chunk = 1; chunk <= wire.n; chunk++) {
        struct reading_rig rig;
        struct wire read = {wire.at, wire.n, chunk};
        reading_rig_open(&rig, 0);
        read_wire(&rig, 0, &read, LP_TLS_CUT_END);
        const struct lp_tls_half *half = &rig.tls.half[0];
        assert_true(half->is_client && half->hello.complete && half->client_key_exchange);
        assert_true(half->cipher_change && !half->problem);
        assert_int_equal(0x0301, half->hello.version);
        assert_int_equal(0x70, half->hello.random[0]);
        assert_int_equal(0x70 + 31, half->hello.random[31]);
        reading_rig_shut(&rig);
    }
    drop(&wire);
    drop(&messages);
}

/* The server may choose SSL 2.0 all the same: what comes then is no fault. */
static void lp_tls_read_of_an_old_client_that_stays_old_is_no_problem(void **state)
{
    struct bytes wire = {0};
    struct reading_rig rig;

    (void)state;
    add_old_client(&wire, &(struct old_client){0x0303, 30, 0, 16, 0});
    add_number(&wire, 2, 0x8100);
    add_fill(&wire, 0x100);
    reading_rig_open(&rig, 0);
    read_bytes(&rig, 0, &wire, LP_TLS_CUT_END);
    assert_true(rig.tls.half[0].hello.complete && !rig.tls.half[0].problem);
    assert_int_equal(0, rig.tls.half[0].hello.random[0]); /* a short challenge stands right */
    assert_int_equal(0x70, rig.tls.half[0].hello.random[16]);
    reading_rig_shut(&rig);
    drop(&wire);
}

static void lp_ssl2_here_of_lengths_that_disagree_finds_nothing(void **state)
{
    static const struct old_client wrong[] = {
        {0x0301, 30, 0, 16, 1},  {0x0301, 31, 0, 16, 0}, {0x0301, 0, 0, 16, 0},
        {0x0301, 30, 15, 16, 0}, {0x0301, 30, 0, 15, 0}, {0x0301, 30, 0, 33, 0},
        {0x0305, 30, 0, 16, 0},  {0x0001, 30, 0, 16, 0}, {0x0200, 30, 0, 16, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bytes wire = {0};
        add_old_client(&wire, &wrong[i]);
        assert_int_equal(LP_SEARCH_NO, lp_ssl2_here(lp_rd_init(wire.at, wire.n), false));
        assert_false(lp_tls_recognise(lp_rd_init(wire.at, wire.n)));
        drop(&wire);
    }
}

static void lp_ssl2_here_of_a_beginning_waits_for_more(void **state)
{
    struct bytes wire = {0};

    (void)state;
    add_old_client(&wire, &(struct old_client){0x0301, 30, 0, 16, 0});
    for (size_t n = 0; n <= wire.n; n++) {
        struct guarded guarded = guarded_copy(wire.at, n);
        struct lp_rd bytes = lp_rd_init(guarded.bytes, n);
        enum lp_search found = n < 11 ? LP_SEARCH_MORE : LP_SEARCH_FOUND;
        assert_int_equal(found, lp_ssl2_here(bytes, false));
        assert_int_equal(n < 11 ? LP_SEARCH_NO : LP_SEARCH_FOUND, lp_ssl2_here(bytes, true));
        guarded_free(&guarded);
    }
    assert_true(lp_tls_recognise(lp_rd_init(wire.at, wire.n)));
    drop(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_tls_read_of_an_old_server_hello_reads_its_certificate),
        cmocka_unit_test(lp_tls_cut_of_an_old_server_hello_reads_only_a_whole_certificate),
        cmocka_unit_test(lp_tls_describe_of_ssl2_names_what_it_was),
        cmocka_unit_test(lp_tls_read_of_an_old_client_hello_goes_on_in_new_records),
        cmocka_unit_test(lp_tls_read_of_an_old_client_that_stays_old_is_no_problem),
        cmocka_unit_test(lp_ssl2_here_of_lengths_that_disagree_finds_nothing),
        cmocka_unit_test(lp_ssl2_here_of_a_beginning_waits_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
