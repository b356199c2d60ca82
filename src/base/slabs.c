#include "base/slabs.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_BY_ONE 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ONE_BY_ONE 1
#endif

#ifdef ONE_BY_ONE

void *lp_slabs_take(struct lp_slabs *slabs)
{
    return lp_alloc(slabs->size);
}

void lp_slabs_give(struct lp_slabs *slabs, void *object)
{
    (void)slabs;
    lp_free(object);
}

void lp_slabs_end(struct lp_slabs *slabs)
{
    (void)slabs;
}

#else

enum { FIRST_SLAB = 4, LARGEST_SLAB = 64 }; /* objects */

struct slab {
    struct slab *older;
    max_align_t objects[];
};

static bool new_slab(struct lp_slabs *slabs)
{
    size_t count = slabs->next ? slabs->next : FIRST_SLAB;
    struct slab *slab = lp_alloc(sizeof *slab + count * slabs->size);

    if (!slab)
        return false;
    slab->older = slabs->slabs;
    slabs->slabs = slab;
    slabs->left = count;
    slabs->next = count < LARGEST_SLAB ? count * 2 : count;
    return true;
}

void *lp_slabs_take(struct lp_slabs *slabs)
{
    void *object = slabs->given;

    if (object) {
        memcpy(&slabs->given, object, sizeof slabs->given);
        memset(object, 0, slabs->size);
        return object;
    }
    if (slabs->left == 0 && !new_slab(slabs))
        return NULL;
    struct slab *slab = slabs->slabs;
    slabs->left--;
    return (uint8_t *)slab->objects + slabs->left * slabs->size;
}

void lp_slabs_give(struct lp_slabs *slabs, void *object)
{
    if (!object)
        return;
    memcpy(object, &slabs->given, sizeof slabs->given);
    slabs->given = object;
}

void lp_slabs_end(struct lp_slabs *slabs)
{
    struct slab *slab = slabs->slabs;

    while (slab) {
        struct slab *older = slab->older;
        lp_free(slab);
        slab = older;
    }
    slabs->slabs = slabs->given = NULL;
    slabs->left = 0;
}

#endif
