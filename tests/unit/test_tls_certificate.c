/* Certificate messages: lists of every size, and lengths that lie at every level. */
#include "streams.h"

/* The list by itself; returns the problem. */
static const char *read_list(struct reading_rig *rig, const struct bytes *body, bool whole)
{
    const char *problem = NULL;
    struct guarded guarded = guarded_copy(body->at, body->n);

    assert_int_equal(LP_TLS_MORE,
                     lp_certificate_list(&rig->tls, &rig->tls.half[0],
                                         lp_rd_init(guarded.bytes, guarded.n), whole, &problem));
    guarded_free(&guarded);
    return problem;
}

/* A list with one entry of these bytes: whether it was taken as a certificate. */
static bool entry_counts(const void *der, size_t n)
{
    struct bytes list = {0}, body = {0};
    struct reading_rig rig;

    add_vector(&list, 3, der, n);
    add_vector(&body, 3, list.at, list.n);
    reading_rig_open(&rig, 0);
    const char *problem = read_list(&rig, &body, true);
    assert_int_equal(1, rig.tls.half[0].cert_count);
    assert_int_equal(n, rig.tls.half[0].certs[0].bytes);
    bool counts = rig.tls.half[0].certs[0].complete;
    assert_int_equal(counts, problem == NULL);
    assert_int_equal(counts, rig.cert_count);
    reading_rig_shut(&rig);
    drop(&list);
    drop(&body);
    return counts;
}

static void lp_certificate_list_of_any_count_takes_each_in_order(void **state)
{
    static const size_t counts[] = {0, 1, 2, 16, 17, 300, 4096};
    static size_t sizes[4096];

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct bytes body = {0}, der = {0};
        struct reading_rig rig;
        for (size_t i = 0; i < counts[c]; i++)
            sizes[i] = 4 + i % 300;
        certificate_body(&body, sizes, counts[c]);
        reading_rig_open(&rig, 0);
        assert_null(read_list(&rig, &body, true));
        assert_int_equal(counts[c], rig.tls.half[0].cert_count);
        for (size_t i = 0; i < counts[c]; i++) {
            der.n = 0;
            add_der(&der, sizes[i], (uint8_t)(i + 1));
            assert_true(rig.tls.half[0].certs[i].complete);
            assert_true(rig.certs[i]->sum == sum_of(der.at, der.n));
        }
        reading_rig_shut(&rig);
        drop(&body);
        drop(&der);
    }
}

/* Millions of entries fit into a message; memory must not follow. */
static void lp_certificate_list_of_too_many_stops_and_says_so(void **state)
{
    struct bytes list = {0}, body = {0};
    struct reading_rig rig;

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        add_vector(&list, 3, "\x30", 2);
    add_vector(&body, 3, list.at, list.n);
    reading_rig_open(&rig, 0);
    assert_non_null(read_list(&rig, &body, true));
    assert_true(rig.tls.half[0].cert_count <= 4096);
    reading_rig_shut(&rig);
    drop(&list);
    drop(&body);
}

static void lp_certificate_list_at_every_truncation_takes_only_whole_ones(void **state)
{
    static const size_t sizes[] = {150, 5, 300};
    static const size_t ends[] = {3 + 3 + 150, 3 + 3 + 150 + 3 + 5, 3 + 3 + 150 + 3 + 5 + 3 + 300};
    struct bytes body = {0};

    (void)state;
    certificate_body(&body, sizes, 3);
    for (size_t n = 0; n <= body.n; n++) {
        for (unsigned whole = 0; whole < 2;
             whole++) { /* cut off, or an announced length that lies */
            struct bytes part = {body.at, n, n};
            struct reading_rig rig;
            reading_rig_open(&rig, 0);
            const char *problem = read_list(&rig, &part, whole);
            assert_true(n < body.n ? !whole || problem : !problem);
            size_t complete = 0;
            for (size_t i = 0; i < rig.tls.half[0].cert_count; i++)
                complete += rig.tls.half[0].certs[i].complete;
            assert_int_equal((n >= ends[0]) + (n >= ends[1]) + (n >= ends[2]), complete);
            assert_int_equal(complete, rig.cert_count);
            reading_rig_shut(&rig);
        }
    }
    drop(&body);
}

static void lp_certificate_list_with_a_lying_length_is_a_problem(void **state)
{
    static const size_t sizes[] = {150};
    enum { LIST = 2, ENTRY = 5 }; /* the last bytes of the two lengths */
    static const struct {
        size_t at;
        int by;
        bool complete; /* whether the certificate itself still is */
    } cases[] = {{LIST, 1, true},   {LIST, -1, false},  {LIST, -153, false}, {LIST, -152, false},
                 {ENTRY, 1, false}, {ENTRY, -1, false}, {ENTRY, -3, false},  {ENTRY, -150, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes body = {0};
        struct reading_rig rig;
        certificate_body(&body, sizes, 1);
        body.at[cases[i].at] = (uint8_t)(body.at[cases[i].at] + cases[i].by);
        reading_rig_open(&rig, 0);
        assert_non_null(read_list(&rig, &body, true));
        assert_int_equal(cases[i].complete, rig.cert_count);
        reading_rig_shut(&rig);
        drop(&body);
    }
}

#define COUNTS(literal) entry_counts(literal, sizeof(literal) - 1)

/* X.690 8.1.3: what its DER does not fill exactly is no certificate, and has no hash. */
static void lp_certificate_list_hashes_only_what_der_fills(void **state)
{
    (void)state;
    assert_true(COUNTS("\x30\x00"));
    assert_true(COUNTS("\x30\x01x"));
    assert_true(COUNTS("\x30\x81\x01x"));
    assert_true(COUNTS("\x30\x82\x00\x01x"));
    assert_true(COUNTS("\x30\x84\x00\x00\x00\x01x"));
    assert_true(COUNTS("\x30\x88\x00\x00\x00\x00\x00\x00\x00\x01x"));
    assert_true(COUNTS("\x30\x80\x00\x00")); /* the indefinite form of BER */
    assert_true(COUNTS("\x30\x80xyz\x00\x00"));
    assert_false(COUNTS(""));
    assert_false(COUNTS("\x30"));
    assert_false(COUNTS("\x31\x00"));
    assert_false(COUNTS("\x30\x80"));
    assert_false(COUNTS("\x30\x80\x00"));
    assert_false(COUNTS("\x30\x80xyz"));
    assert_false(COUNTS("\x30\x02x"));
    assert_false(COUNTS("\x30\x00x"));
    assert_false(COUNTS("\x30\x81"));
    assert_false(COUNTS("\x30\x81\x02x"));
    assert_false(COUNTS("\x30\x82\x01x"));
    assert_false(COUNTS("\x30\x84\xff\xff\xff\xff"));
    assert_false(COUNTS("\x30\x85\x01\x00\x00\x00\x00"));
    assert_false(COUNTS("\x30\x89\x01\x00\x00\x00\x00\x00\x00\x00\x01x"));
    assert_false(COUNTS("\x30\xffxxxxxxxxxxxxxxxxxxxxx"));
}

/* The largest message that there can be (RFC 5246 7.4: 24 bits), over a thousand records. */
static void lp_tls_read_of_16_mib_of_certificate_reads_it_within_the_budget(void **state)
{
    enum { MESSAGE = (1 << 24) - 1, CHUNK = 1 << 20 };
    static const size_t sizes[] = {MESSAGE - 6};
    struct bytes messages = {0}, bytes = {0};
    struct reading_rig rig;

    (void)state;
    add_certificates(&messages, sizes, 1);
    add_records(&bytes, &messages, 16384);
    struct wire wire = {bytes.at, bytes.n, CHUNK};
    for (unsigned enough = 0; enough < 2; enough++) {
        uint64_t limit = enough ? MESSAGE + 4 : MESSAGE / 4; /* 4: its header */
        reading_rig_open(&rig, limit);
        assert_int_equal(enough, read_wire(&rig, 0, &wire, LP_TLS_CUT_LIMIT) == 0);
        assert_int_equal(enough, rig.cert_count);
        assert_int_equal(enough, rig.tls.half[0].certificate_complete);
        assert_true(rig.budget.peak <= limit);
        if (enough)
            assert_int_equal(MESSAGE - 6, rig.certs[0]->n);
        reading_rig_shut(&rig);
    }
    drop(&messages);
    drop(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_certificate_list_of_any_count_takes_each_in_order),
        cmocka_unit_test(lp_certificate_list_of_too_many_stops_and_says_so),
        cmocka_unit_test(lp_certificate_list_at_every_truncation_takes_only_whole_ones),
        cmocka_unit_test(lp_certificate_list_with_a_lying_length_is_a_problem),
        cmocka_unit_test(lp_certificate_list_hashes_only_what_der_fills),
        cmocka_unit_test(lp_tls_read_of_16_mib_of_certificate_reads_it_within_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
