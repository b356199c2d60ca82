/* The Internet checksum (RFC 1071). */
#ifndef LP_BASE_CHECKSUM_H
#define LP_BASE_CHECKSUM_H

#include "base/rd.h"

/* Adds bytes to a running one's complement sum; runs but the last must have even length. */
static inline uint64_t lp_checksum_add(uint64_t sum, struct lp_rd bytes)
{
    const uint8_t *p = bytes.ptr;
    size_t n = bytes.left;

    for (; n >= 4; n -= 4, p += 4) {
        uint32_t word;
        memcpy(&word, p, 4); /* the sum does not depend on byte order (RFC 1071 2.B) */
        sum += word;
    }
    if (n) {
        uint32_t word = 0;
        memcpy(&word, p, n);
        sum += word;
    }
    return sum;
}

static inline uint64_t lp_checksum_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static inline bool lp_checksum_equal(uint64_t a, uint64_t b)
{
    return lp_checksum_fold(a) == lp_checksum_fold(b);
}

/* Whether a sum over data and its checksum field says "intact". */
static inline bool lp_checksum_right(uint64_t sum)
{
    return lp_checksum_fold(sum) == 0xffff;
}

#endif
