/* CompressedCertificate (RFC 8879): each algorithm, every truncation, and bombs. */
#include "streams.h"

#include <zlib.h>
#include <zstd.h>

enum { ZLIB = 1, BROTLI = 2, ZSTD = 3, TEXT = 5000 };

static void text_of(struct bytes *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_number(out, 1, (uint8_t) "certificate"[i % 11]);
}

/* Brotli (RFC 7932 9.2) in meta-blocks that are not compressed: window of 16 bits, blocks of up to
 * 65536 bytes, an empty last one. */
static void pack_brotli(struct bytes *out, const struct bytes *plain)
{
    size_t n = plain->n - 1;

    assert_true(plain->n > 0 && n < 65536);
    /* bits, the lowest first: 0 (window), 0 (not last), 00 (4 nibbles), 16 of length - 1, 1 */
    uint32_t bits = (uint32_t)n << 4 | UINT32_C(1) << 20;
    for (unsigned i = 0; i < 3; i++)
        add_number(out, 1, bits >> 8 * i & 0xff);
    add(out, plain->at, plain->n);
    add_number(out, 1, 3); /* last, empty */
}

static void pack(struct bytes *out, uint16_t algorithm, const struct bytes *plain)
{
    size_t room = compressBound(plain->n) + ZSTD_compressBound(plain->n);
    uint8_t *packed = malloc(room);
    uLongf n = room;

    assert_non_null(packed);
    if (algorithm == BROTLI) {
        pack_brotli(out, plain);
    } else {
        if (algorithm == ZLIB)
            assert_int_equal(Z_OK, compress(packed, &n, plain->at, plain->n));
        else
            n = ZSTD_compress(packed, room, plain->at, plain->n, 3);
        add(out, packed, n);
    }
    free(packed);
}

static void message(struct bytes *out, uint16_t algorithm, const struct bytes *packed,
                    size_t announced)
{
    add_number(out, 2, algorithm);
    add_number(out, 3, announced);
    add_vector(out, 3, packed->at, packed->n);
}

/* Whether it unpacks. */
static bool unpacks(const void *body, size_t n, struct lp_buf *out)
{
    struct guarded guarded = guarded_copy(body, n);
    const char *problem = "not set";

    out->len = 0;
    assert_int_equal(LP_TLS_MORE, lp_decompress(lp_rd_init(guarded.bytes, n), out, &problem));
    guarded_free(&guarded);
    if (problem)
        assert_non_null(strstr(problem, "RFC 8879"));
    return !problem;
}

static void lp_decompress_of_each_algorithm_gives_the_text(void **state)
{
    (void)state;
    for (uint16_t algorithm = ZLIB; algorithm <= ZSTD; algorithm++) {
        struct bytes plain = {0}, packed = {0}, body = {0};
        struct lp_buf out = {0};
        text_of(&plain, TEXT);
        pack(&packed, algorithm, &plain);
        message(&body, algorithm, &packed, TEXT);
        assert_true(unpacks(body.at, body.n, &out));
        assert_int_equal(TEXT, out.len);
        assert_memory_equal(plain.at, out.bytes, TEXT);
        for (size_t n = 0; n < body.n; n++)
            assert_false(unpacks(body.at, n, &out));
        add_number(&body, 1, 0);
        assert_false(unpacks(body.at, body.n, &out)); /* a byte too many */
        lp_buf_free(&out);
        drop(&plain);
        drop(&packed);
        drop(&body);
    }
}

static void lp_decompress_to_another_length_is_refused(void **state)
{
    static const size_t announced[] = {0, 1, TEXT - 1, TEXT + 1, 0xffffff};

    (void)state;
    for (uint16_t algorithm = ZLIB; algorithm <= ZSTD; algorithm++) {
        struct bytes plain = {0}, packed = {0};
        struct lp_buf out = {0};
        text_of(&plain, TEXT);
        pack(&packed, algorithm, &plain);
        for (size_t i = 0; i < sizeof announced / sizeof announced[0]; i++) {
            struct bytes body = {0};
            message(&body, algorithm, &packed, announced[i]);
            assert_false(unpacks(body.at, body.n, &out));
            drop(&body);
        }
        lp_buf_free(&out);
        drop(&plain);
        drop(&packed);
    }
}

static void lp_decompress_of_an_unknown_algorithm_is_refused(void **state)
{
    static const uint16_t unknown[] = {0, 4, 16384, 0xffff};
    struct bytes packed = {0};
    struct lp_buf out = {0};

    (void)state;
    add_number(&packed, 4, 0);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct bytes body = {0};
        message(&body, unknown[i], &packed, 4);
        assert_false(unpacks(body.at, body.n, &out));
        drop(&body);
    }
    lp_buf_free(&out);
    drop(&packed);
}

/* 64 MiB in a few kilobytes: no more than announced is ever asked for. */
static void lp_decompress_of_a_bomb_stays_in_its_budget(void **state)
{
    struct bytes plain = {0}, packed = {0}, body = {0};
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_buf out = {.budget = &budget};
    const char *problem = NULL;

    (void)state;
    plain.n = 64 << 20;
    plain.at = calloc(1, plain.n);
    assert_non_null(plain.at);
    pack(&packed, ZSTD, &plain);
    message(&body, ZSTD, &packed, TEXT);
    assert_false(unpacks(body.at, body.n, &out));
    body.n = 0;
    message(&body, ZSTD, &packed, 0xffffff);
    assert_int_equal(LP_TLS_ROOM, lp_decompress(lp_rd_init(body.at, body.n), &out, &problem));
    assert_true(budget.peak <= budget.limit);
    lp_buf_free(&out);
    assert_int_equal(0, budget.used);
    drop(&plain);
    drop(&packed);
    drop(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_decompress_of_each_algorithm_gives_the_text),
        cmocka_unit_test(lp_decompress_to_another_length_is_refused),
        cmocka_unit_test(lp_decompress_of_an_unknown_algorithm_is_refused),
        cmocka_unit_test(lp_decompress_of_a_bomb_stays_in_its_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
