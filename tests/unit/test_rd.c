#include "guard.h"

#include "base/checksum.h"
#include "base/hash.h"
#include "base/rd.h"

static const uint8_t counting[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/* A reader over the first n of `counting`, whose next byte behind is forbidden. */
static struct lp_rd reader_over(struct guarded *g, size_t n)
{
    *g = guarded_copy(counting, n);
    return lp_rd_init(g->bytes, n);
}

static void assert_unmoved(const struct lp_rd *rd, const struct guarded *g)
{
    assert_ptr_equal(g->bytes, rd->ptr);
    assert_int_equal(g->n, rd->left);
}

static void init_null_is_empty_and_not_null(void **state)
{
    struct lp_rd rd = lp_rd_init(NULL, 5);

    (void)state;
    assert_true(lp_rd_end(&rd));
    assert_non_null(rd.ptr);
}

static void skip_to_the_end_succeeds_and_beyond_moves_nothing(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 4);

    (void)state;
    assert_false(lp_rd_skip(&rd, 5));
    assert_false(lp_rd_skip(&rd, SIZE_MAX));
    assert_unmoved(&rd, &g);
    assert_true(lp_rd_skip(&rd, 4));
    assert_true(lp_rd_end(&rd));
    assert_true(lp_rd_skip(&rd, 0));
    assert_false(lp_rd_skip(&rd, 1));
    guarded_free(&g);
}

static void sub_takes_exactly_its_bytes(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 4), sub = lp_rd_init(NULL, 0);

    (void)state;
    assert_false(lp_rd_sub(&rd, 5, &sub));
    assert_unmoved(&rd, &g);
    assert_true(lp_rd_end(&sub));
    assert_true(lp_rd_sub(&rd, 3, &sub));
    assert_int_equal(3, sub.left);
    assert_memory_equal(counting, sub.ptr, 3);
    assert_int_equal(1, rd.left);
    assert_int_equal(4, rd.ptr[0]);
    guarded_free(&g);
}

static void head_is_capped_and_moves_nothing(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 4);

    (void)state;
    assert_int_equal(3, lp_rd_head(&rd, 3).left);
    assert_int_equal(4, lp_rd_head(&rd, 4).left);
    assert_int_equal(4, lp_rd_head(&rd, SIZE_MAX).left);
    assert_unmoved(&rd, &g);
    guarded_free(&g);
}

static void rest_leaves_the_reader_at_its_end(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 4);
    uint8_t first;

    (void)state;
    assert_true(lp_rd_u8(&rd, &first));
    struct lp_rd rest = lp_rd_rest(&rd);
    assert_int_equal(3, rest.left);
    assert_ptr_equal(g.bytes + 1, rest.ptr);
    assert_true(lp_rd_end(&rd));
    assert_ptr_equal(g.bytes + 4, rd.ptr);
    guarded_free(&g);
}

static void numbers_whole_are_big_endian(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 10), again = rd;
    uint8_t u8;
    uint16_t u16;
    uint32_t u24, u32;

    (void)state;
    assert_true(lp_rd_u8(&rd, &u8));
    assert_true(lp_rd_u16(&rd, &u16));
    assert_true(lp_rd_u24(&rd, &u24));
    assert_true(lp_rd_u32(&rd, &u32));
    assert_int_equal(0x01, u8);
    assert_int_equal(0x0203, u16);
    assert_int_equal(0x040506, u24);
    assert_int_equal(0x0708090a, u32);
    assert_true(lp_rd_end(&rd));
    assert_true(lp_rd_u32_le(&again, &u32));
    assert_int_equal(0x04030201, u32);
    guarded_free(&g);
}

static void numbers_high_bits_are_kept(void **state)
{
    static const uint8_t high[] = {0xff, 0xfe, 0xfd, 0xfc};
    struct lp_rd rd = lp_rd_init(high, 4), again = rd;
    uint16_t u16;
    uint32_t u24, u32;

    (void)state;
    assert_true(lp_rd_u32(&rd, &u32));
    assert_int_equal(0xfffefdfc, u32);
    rd = again;
    assert_true(lp_rd_u24(&rd, &u24));
    assert_int_equal(0xfffefd, u24);
    assert_true(lp_rd_u16(&again, &u16));
    assert_int_equal(0xfffe, u16);
}

static void numbers_cut_short_move_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < 4; n++) {
        struct guarded g;
        struct lp_rd rd = reader_over(&g, n);
        uint8_t u8;
        uint16_t u16;
        uint32_t u32 = 0;

        assert_false(lp_rd_u32(&rd, &u32));
        assert_false(lp_rd_u32_le(&rd, &u32));
        assert_unmoved(&rd, &g);
        if (n < 3)
            assert_false(lp_rd_u24(&rd, &u32));
        if (n < 2)
            assert_false(lp_rd_u16(&rd, &u16));
        if (n < 1)
            assert_false(lp_rd_u8(&rd, &u8));
        assert_unmoved(&rd, &g);
        guarded_free(&g);
    }
}

static void skip_to_present_stops_at_the_next_one(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 10);

    (void)state;
    assert_true(lp_rd_skip_to(&rd, 7, 4));
    assert_int_equal(4, rd.ptr[0]);
    assert_true(lp_rd_skip_to(&rd, 4, 10)); /* not the one it stands on */
    assert_int_equal(10, rd.ptr[0]);
    assert_int_equal(1, rd.left);
    guarded_free(&g);
}

static void skip_to_absent_ends_the_reader(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 4; n++) {
        struct guarded g;
        struct lp_rd rd = reader_over(&g, n);
        assert_false(lp_rd_skip_to(&rd, 1, 99));
        assert_true(lp_rd_end(&rd));
        assert_ptr_equal(g.bytes + n, rd.ptr);
        guarded_free(&g);
    }
}

static void copy_cut_short_moves_and_writes_nothing(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 3);
    uint8_t out[4] = {9, 9, 9, 9};

    (void)state;
    assert_false(lp_rd_copy(&rd, out, 4));
    assert_unmoved(&rd, &g);
    assert_int_equal(9, out[0]);
    assert_true(lp_rd_copy(&rd, out, 3));
    assert_memory_equal("\x01\x02\x03\x09", out, 4);
    assert_true(lp_rd_end(&rd));
    guarded_free(&g);
}

static void vec_whole_is_consumed_exactly(void **state)
{
    static const uint8_t bytes[] = {2, 'a', 'b', 0, 1, 'c', 0, 0, 3, 'd', 'e', 'f', 0};
    struct guarded g = guarded_copy(bytes, sizeof bytes);
    struct lp_rd rd = lp_rd_init(g.bytes, g.n), out = rd;

    (void)state;
    assert_true(lp_rd_vec(&rd, 1, &out));
    assert_int_equal(2, out.left);
    assert_memory_equal("ab", out.ptr, 2);
    assert_true(lp_rd_vec(&rd, 2, &out));
    assert_int_equal(1, out.left);
    assert_true(lp_rd_vec(&rd, 3, &out));
    assert_int_equal(3, out.left);
    assert_memory_equal("def", out.ptr, 3);
    assert_true(lp_rd_vec(&rd, 1, &out));
    assert_true(lp_rd_end(&out) && lp_rd_end(&rd));
    guarded_free(&g);
}

static void vec_every_truncation_moves_nothing(void **state)
{
    static const uint8_t vectors[3][7] = {{3, 1, 2, 3}, {0, 3, 1, 2, 3}, {0, 0, 3, 1, 2, 3}};

    (void)state;
    for (unsigned width = 1; width <= 3; width++) {
        for (size_t n = 0; n < width + 3; n++) {
            struct guarded g = guarded_copy(vectors[width - 1], n);
            struct lp_rd rd = lp_rd_init(g.bytes, n), out;
            assert_false(lp_rd_vec(&rd, width, &out));
            assert_unmoved(&rd, &g);
            guarded_free(&g);
        }
    }
}

static void vec_unknown_width_fails(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 10), out;

    (void)state;
    assert_false(lp_rd_vec(&rd, 0, &out));
    assert_false(lp_rd_vec(&rd, 4, &out));
    assert_unmoved(&rd, &g);
    guarded_free(&g);
}

/* ---- the checksum ---- */

static uint64_t sum_of(const void *bytes, size_t n)
{
    return lp_checksum_add(0, lp_rd_init(bytes, n));
}

/* The example of RFC 1071 3: the words sum up to ddf2. */
static void checksum_rfc_1071_example_is_right_with_its_complement(void **state)
{
    static const uint8_t words[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    static const uint8_t sum[] = {0xdd, 0xf2}, complement[] = {0x22, 0x0d}, wrong[] = {0x22, 0x0e};
    uint64_t of_words = sum_of(words, sizeof words);

    (void)state;
    assert_true(lp_checksum_equal(sum_of(sum, 2), of_words));
    assert_true(lp_checksum_right(lp_checksum_add(of_words, lp_rd_init(complement, 2))));
    assert_false(lp_checksum_right(lp_checksum_add(of_words, lp_rd_init(wrong, 2))));
    assert_false(lp_checksum_right(of_words));
}

/* Runs of every length, split at every even place, against a sum word by word. */
static void checksum_every_length_and_split_agrees_with_words(void **state)
{
    uint8_t bytes[23];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(0xf1 - 29 * i);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct guarded g = guarded_copy(bytes, n);
        uint32_t plain = 0;
        for (size_t i = 0; i < n; i++)
            plain += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        plain = (plain & 0xffff) + (plain >> 16);
        plain = (plain & 0xffff) + (plain >> 16);
        const uint8_t as_sent[2] = {(uint8_t)(plain >> 8), (uint8_t)plain};
        for (size_t split = 0; split <= n; split += 2) {
            uint64_t sum =
                lp_checksum_add(sum_of(g.bytes, split), lp_rd_init(g.bytes + split, n - split));
            assert_true(lp_checksum_equal(sum_of(as_sent, 2), sum));
        }
        guarded_free(&g);
    }
}

static void checksum_nothing_is_not_right(void **state)
{
    (void)state;
    assert_false(lp_checksum_right(sum_of(NULL, 0)));
}

static void checksum_largest_sum_folds(void **state)
{
    (void)state;
    assert_int_equal(0xffff, lp_checksum_fold(UINT64_MAX));
    assert_int_equal(0, lp_checksum_fold(0));
    assert_int_equal(1, lp_checksum_fold(0x10000));
}

/* ---- the hash ---- */

static void hash_each_bit_length_and_seed_changes_it(void **state)
{
    uint8_t bytes[19] = {0};

    (void)state;
    for (size_t n = 1; n <= sizeof bytes; n++) {
        struct guarded g = guarded_copy(bytes, n);
        uint64_t plain = lp_hash_bytes(1, g.bytes, n);
        assert_int_equal(plain, lp_hash_bytes(1, g.bytes, n));
        assert_true(plain != lp_hash_bytes(2, g.bytes, n));
        assert_true(plain != lp_hash_bytes(1, g.bytes, n - 1));
        for (size_t bit = 0; bit < 8 * n; bit++) {
            g.bytes[bit / 8] = (uint8_t)(1U << bit % 8);
            assert_true(plain != lp_hash_bytes(1, g.bytes, n));
            g.bytes[bit / 8] = 0;
        }
        guarded_free(&g);
    }
}

/* Addresses that count upward must not meet in a table of 1,024 buckets: with 4,096 of them an even
 * spread puts 4 in each, and 20 in one has a chance below 10^-8. */
static void hash_counting_input_spreads_over_buckets(void **state)
{
    enum { BUCKETS = 1024 };
    static unsigned filled[BUCKETS];

    (void)state;
    for (uint32_t i = 0; i < 4 * BUCKETS; i++) {
        unsigned *bucket = &filled[lp_hash_bytes(42, &i, sizeof i) % BUCKETS];
        assert_true(++*bucket < 20);
    }
}

/* The slow way to say what lp_rd_skip_to_pair does. */
static size_t next_pair(const uint8_t *bytes, size_t n)
{
    size_t at = 1;

    while (at < n && !((bytes[at] == 1 || bytes[at] == 2) && (at + 1 == n || bytes[at + 1] == 3)))
        at++;
    return n ? at : 0;
}

static void skip_to_pair_every_string_agrees_with_the_slow_way(void **state)
{
    enum { LETTERS = 4, MOST = 6 };
    uint8_t bytes[MOST];

    (void)state;
    for (size_t n = 0, count = 1; n <= MOST; n++, count *= LETTERS) {
        for (size_t word = 0; word < count; word++) {
            for (size_t i = 0, rest = word; i < n; i++, rest /= LETTERS)
                bytes[i] = (uint8_t)(rest % LETTERS);
            struct guarded g = guarded_copy(bytes, n);
            struct lp_rd rd = lp_rd_init(g.bytes, n);
            bool found = lp_rd_skip_to_pair(&rd, 1, 2, 3);
            assert_int_equal(next_pair(bytes, n), n - rd.left);
            assert_int_equal(rd.left != 0, found);
            guarded_free(&g);
        }
    }
}

static void is_text_every_byte_at_every_place_is_judged(void **state)
{
    enum { MOST = 19 };
    uint8_t bytes[MOST];

    (void)state;
    for (size_t n = 1; n <= MOST; n++) {
        memset(bytes, 'a', n);
        struct guarded g = guarded_copy(bytes, n);
        for (size_t at = 0; at < n; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                g.bytes[at] = (uint8_t)byte;
                bool control = byte < 32 && byte != 9 && byte != 10 && byte != 13;
                assert_int_equal(!control, lp_rd_is_text(lp_rd_init(g.bytes, n)));
            }
            g.bytes[at] = 0xff;
        }
        guarded_free(&g);
    }
    assert_true(lp_rd_is_text(lp_rd_init(NULL, 0)));
}

static void at_outside_is_zero(void **state)
{
    struct guarded g;
    struct lp_rd rd = reader_over(&g, 4); /* 1 2 3 4 */
    uint8_t copy[3];

    (void)state;
    assert_int_equal(4, lp_at_u8(&rd, 3));
    assert_int_equal(0, lp_at_u8(&rd, 4));
    assert_int_equal(0x0304, lp_at_u16(&rd, 2));
    assert_int_equal(0, lp_at_u16(&rd, 3));
    assert_int_equal(0x01020304, lp_at_u32(&rd, 0));
    assert_int_equal(0, lp_at_u32(&rd, 1));
    assert_int_equal(0, lp_at_u32(&rd, SIZE_MAX));
    lp_at_copy(&rd, 1, copy, 3);
    assert_memory_equal("\2\3\4", copy, 3);
    lp_at_copy(&rd, 2, copy, 3);
    assert_memory_equal("\0\0\0", copy, 3);
    assert_unmoved(&rd, &g);
    guarded_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_null_is_empty_and_not_null),
        cmocka_unit_test(skip_to_the_end_succeeds_and_beyond_moves_nothing),
        cmocka_unit_test(sub_takes_exactly_its_bytes),
        cmocka_unit_test(head_is_capped_and_moves_nothing),
        cmocka_unit_test(rest_leaves_the_reader_at_its_end),
        cmocka_unit_test(numbers_whole_are_big_endian),
        cmocka_unit_test(numbers_high_bits_are_kept),
        cmocka_unit_test(numbers_cut_short_move_nothing),
        cmocka_unit_test(skip_to_present_stops_at_the_next_one),
        cmocka_unit_test(skip_to_absent_ends_the_reader),
        cmocka_unit_test(skip_to_pair_every_string_agrees_with_the_slow_way),
        cmocka_unit_test(is_text_every_byte_at_every_place_is_judged),
        cmocka_unit_test(at_outside_is_zero),
        cmocka_unit_test(copy_cut_short_moves_and_writes_nothing),
        cmocka_unit_test(vec_whole_is_consumed_exactly),
        cmocka_unit_test(vec_every_truncation_moves_nothing),
        cmocka_unit_test(vec_unknown_width_fails),
        cmocka_unit_test(checksum_rfc_1071_example_is_right_with_its_complement),
        cmocka_unit_test(checksum_every_length_and_split_agrees_with_words),
        cmocka_unit_test(checksum_nothing_is_not_right),
        cmocka_unit_test(checksum_largest_sum_folds),
        cmocka_unit_test(hash_each_bit_length_and_seed_changes_it),
        cmocka_unit_test(hash_counting_input_spreads_over_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
