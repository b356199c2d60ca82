#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LP_TEST_ALLOC
static uint64_t fail_at;

void lp_alloc_fail_after(uint64_t n)
{
    fail_at = n;
}

static bool refused(void)
{
    if (fail_at == 0)
        return false;
    if (fail_at == 1)
        return true;
    fail_at--;
    return false;
}
#else
static bool refused(void)
{
    return false;
}
#endif

void *lp_alloc(size_t n)
{
    return refused() ? NULL : calloc(1, n ? n : 1);
}

void *lp_alloc_array(size_t count, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : lp_alloc(total);
}

void *lp_realloc(void *old, size_t n)
{
    return refused() ? NULL : realloc(old, n ? n : 1);
}

void lp_free(void *p)
{
    free(p);
}

bool lp_budget_fits(const struct lp_budget *budget, uint64_t n)
{
    return n <= budget->limit && budget->used <= budget->limit - n;
}

bool lp_budget_take(struct lp_budget *budget, uint64_t n)
{
    if (!budget)
        return true;
    if (!lp_budget_fits(budget, n))
        return false;
    if (budget->parent && !lp_budget_take(budget->parent, n))
        return false;
    budget->used += n;
    if (budget->used > budget->peak)
        budget->peak = budget->used;
    return true;
}

void lp_budget_give(struct lp_budget *budget, uint64_t n)
{
    for (; budget; budget = budget->parent)
        budget->used -= n < budget->used ? n : budget->used;
}

enum lp_grow lp_buf_reserve(struct lp_buf *buf, size_t extra)
{
    size_t want;
    if (__builtin_add_overflow(buf->len, extra, &want))
        return LP_GROW_MEMORY;
    if (want <= buf->cap)
        return LP_GROW_OK;

    size_t cap = buf->cap < 1024 ? 1024 : buf->cap;
    while (cap < want)
        if (__builtin_add_overflow(cap, cap, &cap))
            return LP_GROW_MEMORY;
    if (!lp_budget_take(buf->budget, cap - buf->cap)) {
        cap = want; /* doubling is a convenience: try the exact need before giving up */
        if (!lp_budget_take(buf->budget, cap - buf->cap))
            return LP_GROW_BUDGET;
    }
    uint8_t *grown = lp_realloc(buf->bytes, cap);
    if (!grown) {
        lp_budget_give(buf->budget, cap - buf->cap);
        return LP_GROW_MEMORY;
    }
    buf->bytes = grown;
    buf->cap = cap;
    return LP_GROW_OK;
}

enum lp_grow lp_buf_append(struct lp_buf *buf, const void *bytes, size_t n)
{
    enum lp_grow grown = lp_buf_reserve(buf, n);
    if (grown != LP_GROW_OK)
        return grown;
    if (n)
        memcpy(buf->bytes + buf->len, bytes, n);
    buf->len += n;
    return LP_GROW_OK;
}

void lp_buf_free(struct lp_buf *buf)
{
    lp_budget_give(buf->budget, buf->cap);
    lp_free(buf->bytes);
    buf->bytes = NULL;
    buf->len = buf->cap = 0;
}

bool lp_grow_array(void *items, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap)
        return true;
    size_t grown = *cap ? *cap : 4, total;
    while (grown < want)
        if (__builtin_add_overflow(grown, grown, &grown))
            return false;
    if (__builtin_mul_overflow(grown, size, &total))
        return false;
    void *old;
    memcpy(&old, items, sizeof old); /* `items` is the address of a pointer of any type */
    void *new = lp_realloc(old, total);
    if (!new)
        return false;
    memcpy(items, &new, sizeof new);
    *cap = grown;
    return true;
}

struct lp_arena_block {
    struct lp_arena_block *next; /* owned */
    size_t used, size;
    max_align_t bytes[];
};

struct lp_arena {
    struct lp_arena_block *blocks; /* owned; the first has room */
};

enum { ARENA_FIRST = 4096, ARENA_LARGEST = 256 * 1024 };

struct lp_arena *lp_arena_new(void)
{
    return lp_alloc(sizeof(struct lp_arena));
}

void lp_arena_free(struct lp_arena *arena)
{
    if (!arena)
        return;
    struct lp_arena_block *block = arena->blocks;
    while (block) {
        struct lp_arena_block *next = block->next;
        lp_free(block);
        block = next;
    }
    lp_free(arena);
}

/* The newest block stays: it is the largest, unless a single piece was larger than any block. */
void lp_arena_reset(struct lp_arena *arena)
{
    struct lp_arena_block *kept = arena->blocks;

    if (!kept)
        return;
    while (kept->next) {
        struct lp_arena_block *older = kept->next;
        kept->next = older->next;
        lp_free(older);
    }
    memset(kept->bytes, 0, kept->used);
    kept->used = 0;
}

void *lp_arena_alloc(struct lp_arena *arena, size_t n)
{
    size_t rounded;
    if (__builtin_add_overflow(n, sizeof(max_align_t) - 1, &rounded))
        return NULL;
    rounded -= rounded % sizeof(max_align_t);

    struct lp_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < rounded) {
        size_t size = block && block->size < ARENA_LARGEST ? block->size * 2
                      : block                              ? block->size
                                                           : ARENA_FIRST;
        size_t total;
        if (size > ARENA_LARGEST)
            size = ARENA_LARGEST;
        if (size < rounded)
            size = rounded;
        if (__builtin_add_overflow(size, sizeof *block, &total) || !(block = lp_alloc(total)))
            return NULL;
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *start = (uint8_t *)block->bytes + block->used;
    block->used += rounded;
    return start;
}

void *lp_arena_copy(struct lp_arena *arena, const void *bytes, size_t n)
{
    void *copy = lp_arena_alloc(arena, n);
    if (copy && n)
        memcpy(copy, bytes, n);
    return copy;
}

char *lp_arena_text(struct lp_arena *arena, const char *text)
{
    return lp_arena_copy(arena, text, strlen(text) + 1);
}

char *lp_arena_printf(struct lp_arena *arena, const char *format, ...)
{
    va_list args;
    char small[512];

    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    if ((size_t)n < sizeof small)
        return lp_arena_copy(arena, small, (size_t)n + 1);

    char *text = lp_arena_alloc(arena, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}
