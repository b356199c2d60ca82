/*
 * Allocation, budgets and arenas.
 *
 * All memory of the library comes through lp_alloc/lp_realloc, so that a test can make the n-th
 * allocation fail. What grows with hostile input is charged to a budget first: reassembly asks the
 * budget, and gives something up when it says no. Results live in an arena: many small allocations,
 * one release.
 */
#ifndef LP_BASE_MEM_H
#define LP_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *lp_alloc(size_t n);                        /* zeroed; NULL when memory is short */
void *lp_alloc_array(size_t count, size_t size); /* zeroed; NULL also when the product overflows */
void *lp_realloc(void *old, size_t n);           /* the grown part is not zeroed */
void lp_free(void *p);

/* For tests only: the n-th allocation from now (1 = the next) fails, and every one after it; 0
 * switches this off. */
void lp_alloc_fail_after(uint64_t n);

struct lp_budget {
    uint64_t limit, used, peak;
    struct lp_budget *parent; /* borrowed; charged too: a connection's budget inside the scan's */
};

bool lp_budget_take(struct lp_budget *budget, uint64_t n); /* false: nothing taken */
/* Whether this budget itself, whatever its parents say, has room for n more. */
bool lp_budget_fits(const struct lp_budget *budget, uint64_t n);
void lp_budget_give(struct lp_budget *budget, uint64_t n);

/* A growing run of bytes. Owned; starts zeroed; lp_buf_free leaves it zeroed. */
struct lp_buf {
    uint8_t *bytes; /* owned */
    size_t len, cap;
    struct lp_budget *budget; /* borrowed; NULL: not charged */
};

enum lp_grow { LP_GROW_OK = 0, LP_GROW_BUDGET, LP_GROW_MEMORY };
enum lp_grow lp_buf_reserve(struct lp_buf *buf, size_t extra);
enum lp_grow lp_buf_append(struct lp_buf *buf, const void *bytes, size_t n);
void lp_buf_free(struct lp_buf *buf);

/* Grows the array *items (element size `size`, *cap elements allocated) so that it holds `want`.
 * False: memory is short, nothing changed. */
bool lp_grow_array(void *items, size_t *cap, size_t want, size_t size);

struct lp_arena;
struct lp_arena *lp_arena_new(void);
void lp_arena_free(struct lp_arena *arena);
void lp_arena_reset(struct lp_arena *arena); /* empties it, and keeps some of its memory */
void *lp_arena_alloc(struct lp_arena *arena, size_t n); /* zeroed, aligned for any type */
void *lp_arena_copy(struct lp_arena *arena, const void *bytes, size_t n);
char *lp_arena_text(struct lp_arena *arena, const char *text);
char *lp_arena_printf(struct lp_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
