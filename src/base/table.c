#include "base/table.h"

/* PER_ENTRY: so that an entry seldom shares its bucket, and looking at it is all that a look-up
 * costs. */
enum { FIRST_BUCKETS = 1024, PER_ENTRY = 4 };

bool lp_table_start(struct lp_table *table)
{
    *table = (struct lp_table){.bucket_count = FIRST_BUCKETS};
    table->buckets = lp_alloc_array(FIRST_BUCKETS, sizeof(struct lp_node *));
    return table->buckets != NULL;
}

void lp_table_end(struct lp_table *table)
{
    lp_free(table->buckets);
    *table = (struct lp_table){0};
}

static void grow(struct lp_table *table)
{
    size_t count = table->bucket_count * 2;
    struct lp_node **buckets = lp_alloc_array(count, sizeof(struct lp_node *));

    if (!buckets)
        return; /* a fuller table is slower, not wrong */
    for (size_t i = 0; i < table->bucket_count; i++) {
        while (table->buckets[i]) {
            struct lp_node *node = table->buckets[i];
            table->buckets[i] = node->next;
            node->next = buckets[node->hash & (count - 1)];
            buckets[node->hash & (count - 1)] = node;
        }
    }
    lp_free(table->buckets);
    table->buckets = buckets;
    table->bucket_count = count;
}

static void list_remove(struct lp_table *table, struct lp_node *node)
{
    *(node->newer ? &node->newer->older : &table->newest) = node->older;
    *(node->older ? &node->older->newer : &table->oldest) = node->newer;
}

static void list_front(struct lp_table *table, struct lp_node *node)
{
    node->newer = NULL;
    node->older = table->newest;
    *(node->older ? &node->older->newer : &table->oldest) = node;
    table->newest = node;
}

void lp_table_add(struct lp_table *table, struct lp_node *node, uint64_t hash)
{
    if (table->count >= table->bucket_count / PER_ENTRY)
        grow(table);
    /* There are buckets from the start, and growing only adds to them.
     * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    struct lp_node **bucket = &table->buckets[hash & (table->bucket_count - 1)];
    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    table->count++;
    list_front(table, node);
}

void lp_table_remove(struct lp_table *table, struct lp_node *node)
{
    struct lp_node **link = &table->buckets[node->hash & (table->bucket_count - 1)];

    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    list_remove(table, node);
    table->count--;
}

void lp_table_touch(struct lp_table *table, struct lp_node *node)
{
    if (node == table->newest)
        return;
    list_remove(table, node);
    list_front(table, node);
}
