/* Pieces put down in one order and read in another; and a capture's line made of such pieces. */
#include "guard.h"

#include "report/spool.h"

#include <errno.h>

/* Piece number i: a length and bytes that only it has. */
static size_t piece(unsigned i, uint8_t out[3000])
{
    size_t n = 1 + i * 7919 % 2999;

    for (size_t k = 0; k < n; k++)
        out[k] = (uint8_t)(i * 31 + k * 7);
    return n;
}

static void assert_pieces(struct lp_spool *spool, unsigned count)
{
    struct lp_out out = {.fd = -1};
    uint8_t wanted[3000];

    for (unsigned k = 0; k < count; k++) {
        unsigned i = (unsigned)(((uint64_t)k * 2654435761U) % count);
        size_t n = piece(i, wanted);
        out.buf.len = 0;
        lp_spool_get(spool, i, &out);
        assert_int_equal(0, out.error);
        assert_int_equal(n, out.buf.len);
        assert_memory_equal(wanted, out.buf.bytes, n);
    }
    lp_out_free(&out);
}

static void add_pieces(struct lp_spool *spool, unsigned count)
{
    uint8_t bytes[3000];

    for (unsigned i = 0; i < count; i++) {
        size_t n = piece(i, bytes);
        assert_true(lp_spool_add(spool, bytes, n));
    }
}

static void spool_few_pieces_need_no_file(void **state)
{
    struct lp_spool spool = {0};

    (void)state;
    add_pieces(&spool, 300);
    assert_int_equal(0, spool.fd);
    assert_pieces(&spool, 300);
    lp_spool_free(&spool);
}

static void spool_many_pieces_come_back_from_the_file(void **state)
{
    struct lp_spool spool = {0};

    (void)state;
    add_pieces(&spool, 3001);
    assert_true(spool.fd > 0 && spool.filed > 4000000 && spool.bytes.cap < 4000000);
    assert_pieces(&spool, 3001);
    lp_spool_free(&spool);
    add_pieces(&spool, 5); /* it begins anew */
    assert_pieces(&spool, 5);
    lp_spool_free(&spool);
}

static void spool_without_a_place_for_the_file_says_so(void **state)
{
    struct lp_spool spool = {0};
    struct lp_out out = {.fd = -1};
    uint8_t bytes[3000] = {0};
    bool fine = true;

    (void)state;
    assert_int_equal(0, setenv("TMPDIR", "/nonexistent/folder", 1));
    for (unsigned i = 0; i < 1000 && fine; i++)
        fine = lp_spool_add(&spool, bytes, sizeof bytes);
    assert_int_equal(0, unsetenv("TMPDIR"));
    assert_false(fine);
    assert_int_equal(ENOENT, spool.error);
    assert_false(lp_spool_add(&spool, bytes, 1));
    lp_spool_get(&spool, 0, &out);
    assert_int_equal(ENOENT, out.error);
    lp_out_free(&out);
    lp_spool_free(&spool);
}

static void spool_beyond_the_last_piece_is_an_error(void **state)
{
    struct lp_spool spool = {0};
    struct lp_out out = {.fd = -1};

    (void)state;
    add_pieces(&spool, 3);
    lp_spool_get(&spool, 3, &out);
    assert_int_equal(EINVAL, out.error);
    lp_out_free(&out);
    lp_spool_free(&spool);
}

static void spool_with_any_allocation_failing_says_so(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 6; n++) {
        struct lp_spool spool = {0};
        uint8_t bytes[3000] = {0};
        lp_alloc_fail_after(n);
        bool fine = lp_spool_add(&spool, bytes, sizeof bytes);
        lp_alloc_fail_after(0);
        assert_int_equal(n > 3, fine);
        assert_int_equal(n > 3 ? 0 : ENOMEM, spool.error);
        lp_spool_free(&spool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spool_few_pieces_need_no_file),
        cmocka_unit_test(spool_many_pieces_come_back_from_the_file),
        cmocka_unit_test(spool_without_a_place_for_the_file_says_so),
        cmocka_unit_test(spool_beyond_the_last_piece_is_an_error),
        cmocka_unit_test(spool_with_any_allocation_failing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
