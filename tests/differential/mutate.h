/* Damaged certificates, the same in every run. */
#ifndef LP_TESTS_MUTATE_H
#define LP_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

enum { MUTATE_GROWS = 64 }; /* a mutation may make the bytes longer by as many */

struct random {
    uint64_t state; /* never 0 */
};
uint32_t random_below(struct random *random, uint32_t limit);

/* Damages `der` (n > 0 bytes, room for MUTATE_GROWS more) in place; its new length. */
size_t mutate(struct random *random, uint8_t *der, size_t n);

#endif
