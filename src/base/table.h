/*
 * A hash table whose entries also stand in a list by last use, the most recent first.
 *
 * An entry is a struct of the owner's that begins with a struct lp_node. The table allocates
 * nothing but its buckets. What a hash means, and whether two entries with the same one are equal,
 * is the owner's affair; the hash should be keyed (base/hash.h) where hostile input chooses the
 * keys.
 */
#ifndef LP_BASE_TABLE_H
#define LP_BASE_TABLE_H

#include "base/mem.h"

struct lp_node {
    struct lp_node *next;          /* in the same bucket */
    struct lp_node *newer, *older; /* in the list by last use */
    uint64_t hash;
};

struct lp_table {
    struct lp_node **buckets;   /* owned */
    size_t bucket_count, count; /* the first is a power of two */
    struct lp_node *newest, *oldest;
};

/* False: memory is short. */
bool lp_table_start(struct lp_table *table);
void lp_table_end(struct lp_table *table); /* the table, not the entries */

/* Puts an entry in, as the most recently used one. Takes no memory that it could not do without. */
void lp_table_add(struct lp_table *table, struct lp_node *node, uint64_t hash);
void lp_table_remove(struct lp_table *table, struct lp_node *node);
/* The entry was used. */
void lp_table_touch(struct lp_table *table, struct lp_node *node);

static inline struct lp_node *lp_table_same(struct lp_node *node, uint64_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

/* The entries with this hash, one after the other; NULL when there is none (left). */
static inline struct lp_node *lp_table_first(const struct lp_table *table, uint64_t hash)
{
    return lp_table_same(table->buckets[hash & (table->bucket_count - 1)], hash);
}

static inline struct lp_node *lp_table_next(const struct lp_node *node)
{
    return lp_table_same(node->next, node->hash);
}

#endif
