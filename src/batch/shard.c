#include "batch/shard.h"

#include <stdint.h>

unsigned lp_shard_of(const char *path, unsigned shards)
{
    static const uint64_t offset_basis = 0xcbf29ce484222325U, prime = 0x100000001b3U;
    uint64_t hash = offset_basis;

    for (; *path; path++) /* FNV-1a */
        hash = (hash ^ (uint8_t)*path) * prime;
    /* Paths that differ in their last digit only differ in few bits so far: MurmurHash3's finish.
     */
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdU;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53U;
    hash ^= hash >> 33;
    return (unsigned)(hash % shards) + 1;
}
