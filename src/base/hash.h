/* A seeded hash for tables that hostile input fills. Not for anything that leaves the process. */
#ifndef LP_BASE_HASH_H
#define LP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Multiplies to 128 bits and folds: every input bit reaches every output bit. */
static inline uint64_t lp_hash_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xd6e8feb86659fd93U);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t lp_hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t h = lp_hash_mix(seed, n);

    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        h = lp_hash_mix(h, word);
    }
    if (n) {
        uint64_t word = 0;
        memcpy(&word, p, n);
        h = lp_hash_mix(h, word);
    }
    return h;
}

#endif
