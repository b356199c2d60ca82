/* The table under connections and flows: entries by hash, and a list by last use. */
#include "guard.h"

#include "base/table.h"

enum { MANY = 5000 };

struct entry {
    struct lp_node node;
    unsigned number;
};

static void table_many_entries_are_found_by_their_hash(void **state)
{
    struct lp_table table;
    struct entry *entries = calloc(MANY, sizeof *entries);

    (void)state;
    assert_non_null(entries);
    assert_true(lp_table_start(&table));
    for (unsigned i = 0; i < MANY; i++) {
        entries[i].number = i;
        lp_table_add(&table, &entries[i].node, i / 2 * 977U); /* two share each hash */
    }
    assert_int_equal(MANY, table.count);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned seen = 0;
        for (struct lp_node *node = lp_table_first(&table, i / 2 * 977U); node;
             node = lp_table_next(node)) {
            assert_int_equal(i / 2, ((struct entry *)node)->number / 2);
            seen++;
        }
        assert_int_equal(2, seen);
    }
    assert_null(lp_table_first(&table, 976));
    for (unsigned i = 0; i < MANY; i += 2)
        lp_table_remove(&table, &entries[i].node);
    for (unsigned i = 1; i < MANY; i += 2) {
        assert_ptr_equal(&entries[i], lp_table_first(&table, i / 2 * 977U));
        assert_null(lp_table_next(&entries[i].node));
    }
    assert_int_equal(MANY / 2, table.count);
    lp_table_end(&table);
    free(entries);
}

static void expect_order(const struct lp_table *table, const char *numbers)
{
    char newest_first[32] = "", oldest_first[32] = "";
    size_t n = 0;

    for (struct lp_node *node = table->newest; node; node = node->older)
        newest_first[n++] = (char)('0' + ((struct entry *)node)->number);
    for (struct lp_node *node = table->oldest; node; node = node->newer)
        oldest_first[--n] = (char)('0' + ((struct entry *)node)->number);
    assert_string_equal(numbers, newest_first);
    assert_string_equal(numbers, oldest_first);
}

static void table_touched_entry_comes_first(void **state)
{
    struct lp_table table;
    struct entry entries[4];

    (void)state;
    assert_true(lp_table_start(&table));
    for (unsigned i = 0; i < 4; i++) {
        entries[i].number = i;
        lp_table_add(&table, &entries[i].node, i);
    }
    expect_order(&table, "3210");
    lp_table_touch(&table, &entries[3].node);
    expect_order(&table, "3210");
    lp_table_touch(&table, &entries[0].node);
    expect_order(&table, "0321");
    lp_table_touch(&table, &entries[2].node);
    expect_order(&table, "2031");
    lp_table_remove(&table, &entries[2].node);
    lp_table_remove(&table, &entries[1].node);
    expect_order(&table, "03");
    lp_table_remove(&table, &entries[3].node);
    lp_table_remove(&table, &entries[0].node);
    assert_null(table.newest);
    assert_null(table.oldest);
    lp_table_end(&table);
}

static void table_without_memory_only_gets_slower(void **state)
{
    struct lp_table table;
    struct entry *entries = calloc(MANY, sizeof *entries);

    (void)state;
    assert_non_null(entries);
    lp_alloc_fail_after(1);
    assert_false(lp_table_start(&table));
    lp_alloc_fail_after(2);
    assert_true(lp_table_start(&table));
    for (unsigned i = 0; i < MANY; i++)
        lp_table_add(&table, &entries[i].node, i);
    lp_alloc_fail_after(0);
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(&entries[i], lp_table_first(&table, i));
    lp_table_end(&table);
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_many_entries_are_found_by_their_hash),
        cmocka_unit_test(table_touched_entry_comes_first),
        cmocka_unit_test(table_without_memory_only_gets_slower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
