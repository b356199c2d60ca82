/*
 * Objects of one size that come and go by the thousand: taken from slabs, given back to a list.
 *
 * A capture's connections are such. malloc would spread them over the heap and would be asked for
 * each; from a slab they come in a row, and one that was given back is the next to be taken, while
 * it is still in the processor's cache.
 *
 * Under AddressSanitizer every object is an allocation of its own, so that none is used after it
 * was given back without being noticed.
 */
#ifndef LP_BASE_SLABS_H
#define LP_BASE_SLABS_H

#include "base/mem.h"

/* Starts with LP_SLABS(struct thing); whoever ends it has given everything back, or needs it no
 * more. */
struct lp_slabs {
    size_t size; /* of an object, bytes */
    void *given; /* objects that were given back; each begins with the next one's address */
    void *slabs; /* owned; each begins with the next one's address */
    size_t left; /* objects of the newest slab that were never taken */
    size_t next; /* objects of the next slab */
};

#define LP_SLABS(type)                                                                             \
    (struct lp_slabs)                                                                              \
    {                                                                                              \
        .size =                                                                                    \
            (sizeof(type) + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t)   \
    }

void *lp_slabs_take(struct lp_slabs *slabs);              /* zeroed; NULL: memory is short */
void lp_slabs_give(struct lp_slabs *slabs, void *object); /* NULL is fine */
void lp_slabs_end(struct lp_slabs *slabs);                /* frees the slabs */

#endif
