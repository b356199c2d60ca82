#include "guard.h"

#include "base/mem.h"
#include "base/slabs.h"

static void alloc_fresh_is_zeroed(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 4096; n = 2 * n + 1) {
        uint8_t *p = lp_alloc(n);
        assert_non_null(p);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(0, p[i]);
        lp_free(p);
    }
    lp_free(NULL);
}

static void alloc_array_overflowing_product_fails(void **state)
{
    (void)state;
    assert_null(lp_alloc_array(SIZE_MAX / 2, 3));
    assert_null(lp_alloc_array(SIZE_MAX, SIZE_MAX));
    void *p = lp_alloc_array(0, 8);
    assert_non_null(p);
    lp_free(p);
}

static void alloc_fail_after_counts_and_stays(void **state)
{
    (void)state;
    lp_alloc_fail_after(3);
    void *a = lp_alloc(1), *b = lp_realloc(NULL, 1);
    void *refused = lp_alloc(1), *still_refused = lp_realloc(b, 2);
    lp_alloc_fail_after(0);
    void *again = lp_alloc(1);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(refused);
    assert_null(still_refused);
    assert_non_null(again);
    lp_free(a);
    lp_free(b);
    lp_free(again);
}

static void realloc_to_nothing_still_owns_memory(void **state)
{
    void *p = lp_alloc(8);

    (void)state;
    p = lp_realloc(p, 0); /* never the free() that C17 leaves open */
    assert_non_null(p);
    lp_free(p);
}

/* ---- budgets ---- */

static void budget_take_up_to_the_limit_and_no_further(void **state)
{
    struct lp_budget budget = {.limit = 10};

    (void)state;
    assert_true(lp_budget_take(&budget, 6));
    assert_true(lp_budget_fits(&budget, 4));
    assert_false(lp_budget_fits(&budget, 5));
    assert_false(lp_budget_take(&budget, 5));
    assert_int_equal(6, budget.used);
    assert_true(lp_budget_take(&budget, 4));
    assert_false(lp_budget_take(&budget, 1));
    assert_true(lp_budget_take(&budget, 0));
    lp_budget_give(&budget, 7);
    assert_int_equal(3, budget.used);
    assert_int_equal(10, budget.peak);
}

static void budget_take_near_overflow_is_refused(void **state)
{
    struct lp_budget budget = {.limit = UINT64_MAX};

    (void)state;
    assert_true(lp_budget_take(&budget, UINT64_MAX));
    assert_false(lp_budget_take(&budget, 1));
    assert_false(lp_budget_take(&budget, UINT64_MAX));
    budget = (struct lp_budget){.limit = 10, .used = 8};
    assert_false(lp_budget_take(&budget, UINT64_MAX - 4)); /* 8 + that wraps to 3 */
    assert_int_equal(8, budget.used);
}

static void budget_without_one_takes_everything(void **state)
{
    (void)state;
    assert_true(lp_budget_take(NULL, UINT64_MAX));
    lp_budget_give(NULL, 1);
}

static void budget_parent_is_charged_too(void **state)
{
    struct lp_budget scan = {.limit = 100};
    struct lp_budget one = {.limit = 80, .parent = &scan}, other = {.limit = 80, .parent = &scan};

    (void)state;
    assert_true(lp_budget_take(&one, 70));
    assert_true(lp_budget_fits(&other, 40)); /* itself it has room, */
    assert_false(
        lp_budget_take(&other, 40)); /* but its parent has not: nothing is taken anywhere */
    assert_int_equal(0, other.used);
    assert_int_equal(0, other.peak);
    assert_int_equal(70, scan.used);
    assert_true(lp_budget_take(&other, 30));
    assert_int_equal(100, scan.used);
    assert_false(lp_budget_take(&one, 11)); /* its own limit; the parent is not touched */
    assert_int_equal(100, scan.used);
    lp_budget_give(&one, 70);
    assert_int_equal(30, scan.used);
    assert_int_equal(0, one.used);
    assert_int_equal(100, scan.peak);
}

static void budget_giving_more_than_taken_stops_at_zero(void **state)
{
    struct lp_budget budget = {.limit = 10, .used = 3};

    (void)state;
    lp_budget_give(&budget, 5);
    assert_int_equal(0, budget.used);
}

/* ---- lp_buf ---- */

static void buf_appended_in_pieces_keeps_the_order(void **state)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_buf buf = {.budget = &budget};

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        const uint8_t piece[3] = {(uint8_t)i, (uint8_t)(i >> 8), 7};
        assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, piece, i % 4));
        assert_true(buf.len <= buf.cap);
        assert_int_equal(buf.cap, budget.used);
    }
    size_t at = 0;
    for (unsigned i = 0; i < 5000; i++) {
        const uint8_t piece[3] = {(uint8_t)i, (uint8_t)(i >> 8), 7};
        assert_memory_equal(piece, buf.bytes + at, i % 4);
        at += i % 4;
    }
    assert_int_equal(at, buf.len);
    lp_buf_free(&buf);
    assert_int_equal(0, budget.used);
    assert_null(buf.bytes);
    assert_int_equal(0, buf.len + buf.cap);
}

static void buf_append_nothing_needs_no_bytes(void **state)
{
    struct lp_buf buf = {0};

    (void)state;
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, NULL, 0));
    assert_int_equal(0, buf.len);
    lp_buf_free(&buf);
}

/* Doubling exceeds the budget, the exact need does not. */
static void buf_near_the_budget_grows_to_the_exact_need(void **state)
{
    struct lp_budget parent = {.limit = 1500};
    struct lp_budget budget = {.limit = 1 << 20, .parent = &parent};
    struct lp_buf buf = {.budget = &budget};
    uint8_t bytes[1024] = {0};

    (void)state;
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, bytes, 1024));
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, bytes, 476));
    assert_int_equal(1500, buf.len);
    assert_int_equal(1500, parent.used);
    assert_int_equal(LP_GROW_BUDGET, lp_buf_append(&buf, bytes, 1));
    assert_int_equal(1500, buf.len);
    assert_int_equal(1500, parent.used);
    lp_buf_free(&buf);
    assert_int_equal(0, parent.used);
    assert_int_equal(0, budget.used);
}

static void buf_absurd_length_is_refused(void **state)
{
    struct lp_buf buf = {0};

    (void)state;
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, "ab", 2));
    assert_int_equal(LP_GROW_MEMORY, lp_buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(LP_GROW_MEMORY, lp_buf_reserve(&buf, SIZE_MAX - 2));
    assert_memory_equal("ab", buf.bytes, 2);
    lp_buf_free(&buf);
}

static void buf_allocation_failing_changes_nothing(void **state)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_buf buf = {.budget = &budget};
    uint8_t bytes[2000] = {1};

    (void)state;
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, bytes, 1));
    size_t cap = buf.cap;
    lp_alloc_fail_after(1);
    enum lp_grow grown = lp_buf_append(&buf, bytes, sizeof bytes);
    lp_alloc_fail_after(0);
    assert_int_equal(LP_GROW_MEMORY, grown);
    assert_int_equal(1, buf.len);
    assert_int_equal(cap, buf.cap);
    assert_int_equal(cap, budget.used);
    lp_buf_free(&buf);
}

/* ---- lp_grow_array ---- */

static void grow_array_keeps_items_and_never_shrinks(void **state)
{
    uint32_t *items = NULL;
    size_t cap = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(lp_grow_array(&items, &cap, i + 1U, sizeof *items));
        assert_true(cap > i);
        items[i] = i;
    }
    size_t before = cap;
    assert_true(lp_grow_array(&items, &cap, 1, sizeof *items));
    assert_int_equal(before, cap);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(i, items[i]);
    lp_free(items);
}

static void grow_array_impossible_changes_nothing(void **state)
{
    uint32_t *items = NULL;
    size_t cap = 0;

    (void)state;
    assert_false(lp_grow_array(&items, &cap, SIZE_MAX, sizeof *items));
    assert_false(lp_grow_array(&items, &cap, SIZE_MAX / 4, sizeof *items));
    lp_alloc_fail_after(1);
    bool grown = lp_grow_array(&items, &cap, 1, sizeof *items);
    lp_alloc_fail_after(0);
    assert_false(grown);
    assert_null(items);
    assert_int_equal(0, cap);
}

/* ---- arenas ---- */

static void arena_memory_is_aligned_zeroed_and_apart(void **state)
{
    struct lp_arena *arena = lp_arena_new();
    uint8_t *pieces[400];

    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < 400; i++) {
        size_t n = i * 7 % 331;
        pieces[i] = lp_arena_alloc(arena, n);
        assert_non_null(pieces[i]);
        assert_int_equal(0, (uintptr_t)pieces[i] % _Alignof(max_align_t));
        for (size_t k = 0; k < n; k++)
            assert_int_equal(0, pieces[i][k]);
        if (n)
            memset(pieces[i], (int)(i % 255 + 1), n);
    }
    for (size_t i = 0; i < 400; i++)
        for (size_t k = 0; k < i * 7 % 331; k++)
            assert_int_equal(i % 255 + 1, pieces[i][k]);
    lp_arena_free(arena);
    lp_arena_free(NULL);
}

/* Around the block sizes, where a block of its own is needed. */
static void arena_large_pieces_fit_whole(void **state)
{
    static const size_t sizes[] = {4095,   4096,   4097,    1,      8192,    262143,
                                   262144, 262145, 3 << 20, 100000, 5 << 20, 16};
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *p = lp_arena_alloc(arena, sizes[i]);
        assert_non_null(p);
        assert_int_equal(0, (uintptr_t)p % _Alignof(max_align_t));
        memset(p, 0xa5, sizes[i]);
    }
    lp_arena_free(arena);
}

static void arena_absurd_length_fails(void **state)
{
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    assert_null(lp_arena_alloc(arena, SIZE_MAX));
    assert_null(lp_arena_alloc(arena, SIZE_MAX - sizeof(max_align_t) + 1));
    assert_non_null(lp_arena_alloc(arena, 1));
    lp_arena_free(arena);
}

static void arena_copies_are_equal_and_their_own(void **state)
{
    struct lp_arena *arena = lp_arena_new();
    char text[] = "CN=vpn";

    (void)state;
    char *copy = lp_arena_text(arena, text);
    uint8_t *bytes = lp_arena_copy(arena, "a\0b", 3);
    text[0] = 'X';
    assert_string_equal("CN=vpn", copy);
    assert_memory_equal("a\0b", bytes, 3);
    assert_non_null(lp_arena_copy(arena, NULL, 0));
    lp_arena_free(arena);
}

/* On both sides of the length that fits the buffer on the stack. */
static void arena_printf_every_length_is_whole(void **state)
{
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    for (int n = 505; n < 520; n++) {
        char *text = lp_arena_printf(arena, "%0*d", n, 7);
        assert_int_equal(n, strlen(text));
        assert_int_equal('7', text[n - 1]);
        assert_int_equal('0', text[0]);
    }
    assert_string_equal("", lp_arena_printf(arena, "%s", ""));
    lp_arena_free(arena);
}

static void arena_allocation_failing_yields_null(void **state)
{
    struct lp_arena *arena = lp_arena_new();

    (void)state;
    lp_alloc_fail_after(1);
    struct lp_arena *none = lp_arena_new();
    void *p = lp_arena_alloc(arena, 1);
    void *copy = lp_arena_copy(arena, "a", 1);
    char *text = lp_arena_text(arena, "a"), *printed = lp_arena_printf(arena, "%s", "a");
    char *long_text = lp_arena_printf(arena, "%0600d", 1);
    lp_alloc_fail_after(0);
    assert_null(none);
    assert_null(p);
    assert_null(copy);
    assert_null(text);
    assert_null(printed);
    assert_null(long_text);
    assert_non_null(lp_arena_alloc(arena, 1));
    lp_arena_free(arena);
}

struct thing {
    uint64_t bytes[13];
};

static void slabs_objects_are_zeroed_and_apart(void **state)
{
    enum { MANY = 300 };
    struct lp_slabs slabs = LP_SLABS(struct thing);
    struct thing *things[MANY], zero = {{0}};

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            things[i] = lp_slabs_take(&slabs);
            assert_non_null(things[i]);
            assert_memory_equal(&zero, things[i], sizeof zero);
            memset(things[i], (int)(i & 0xff), sizeof zero);
        }
        for (unsigned i = 0; i < MANY; i++) {
            for (size_t k = 0; k < sizeof zero; k++)
                assert_int_equal(i & 0xff, ((uint8_t *)things[i])[k]);
            lp_slabs_give(&slabs, things[i]);
        }
    }
    lp_slabs_give(&slabs, NULL);
    lp_slabs_end(&slabs);
}

static void slabs_allocation_failing_yields_null(void **state)
{
    struct lp_slabs slabs = LP_SLABS(struct thing);

    (void)state;
    lp_alloc_fail_after(1);
    assert_null(lp_slabs_take(&slabs));
    lp_alloc_fail_after(0);
    struct thing *thing = lp_slabs_take(&slabs);
    assert_non_null(thing);
    lp_slabs_give(&slabs, thing);
    lp_slabs_end(&slabs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alloc_fresh_is_zeroed),
        cmocka_unit_test(alloc_array_overflowing_product_fails),
        cmocka_unit_test(alloc_fail_after_counts_and_stays),
        cmocka_unit_test(realloc_to_nothing_still_owns_memory),
        cmocka_unit_test(budget_take_up_to_the_limit_and_no_further),
        cmocka_unit_test(budget_take_near_overflow_is_refused),
        cmocka_unit_test(budget_without_one_takes_everything),
        cmocka_unit_test(budget_parent_is_charged_too),
        cmocka_unit_test(budget_giving_more_than_taken_stops_at_zero),
        cmocka_unit_test(buf_appended_in_pieces_keeps_the_order),
        cmocka_unit_test(buf_append_nothing_needs_no_bytes),
        cmocka_unit_test(buf_near_the_budget_grows_to_the_exact_need),
        cmocka_unit_test(buf_absurd_length_is_refused),
        cmocka_unit_test(buf_allocation_failing_changes_nothing),
        cmocka_unit_test(grow_array_keeps_items_and_never_shrinks),
        cmocka_unit_test(grow_array_impossible_changes_nothing),
        cmocka_unit_test(arena_memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(arena_large_pieces_fit_whole),
        cmocka_unit_test(arena_absurd_length_fails),
        cmocka_unit_test(arena_copies_are_equal_and_their_own),
        cmocka_unit_test(arena_printf_every_length_is_whole),
        cmocka_unit_test(arena_allocation_failing_yields_null),
        cmocka_unit_test(slabs_objects_are_zeroed_and_apart),
        cmocka_unit_test(slabs_allocation_failing_yields_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
