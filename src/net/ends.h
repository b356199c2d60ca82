/* The two ends of a conversation as a key that both directions share. */
#ifndef LP_NET_ENDS_H
#define LP_NET_ENDS_H

#include "base/hash.h"
#include "leafprint/leafprint.h"

#include <string.h>

/* Starts zeroed, since it may be compared as bytes. Here only the first four bytes of an IPv4
 * address are looked at: most packets are IPv4, and a processor waits where it reads more at once
 * than was written at once. */
struct lp_ends {
    uint8_t low_ip[16], high_ip[16];
    uint16_t low_port, high_port;
    uint32_t family;
};

static inline int lp_ip_order(const struct lp_ip *a, const struct lp_ip *b)
{
    if (a->family != 4)
        return memcmp(a->bytes, b->bytes, sizeof a->bytes);
    /* As numbers: a call would cost more than all else here. */
    const uint8_t *x = a->bytes, *y = b->bytes;
    uint32_t left = (uint32_t)x[0] << 24 | (uint32_t)x[1] << 16 | (uint32_t)x[2] << 8 | x[3];
    uint32_t right = (uint32_t)y[0] << 24 | (uint32_t)y[1] << 16 | (uint32_t)y[2] << 8 | y[3];
    return (left > right) - (left < right);
}

/* Fills *out, which starts zeroed; the direction that runs from (src, src_port) to (dst, dst_port):
 * 0 from the low end to the high one. */
static inline unsigned lp_ends_order(const struct lp_ip *src, uint16_t src_port,
                                     const struct lp_ip *dst, uint16_t dst_port,
                                     struct lp_ends *out)
{
    bool v4 = src->family == 4;
    int order = lp_ip_order(src, dst);
    bool swap = order > 0 || (order == 0 && src_port > dst_port);
    const struct lp_ip *low = swap ? dst : src, *high = swap ? src : dst;

    if (v4) {
        memcpy(out->low_ip, low->bytes, 4);
        memcpy(out->high_ip, high->bytes, 4);
    } else {
        memcpy(out->low_ip, low->bytes, 16);
        memcpy(out->high_ip, high->bytes, 16);
    }
    out->low_port = swap ? dst_port : src_port;
    out->high_port = swap ? src_port : dst_port;
    out->family = src->family;
    return swap ? 1 : 0;
}

static inline uint64_t lp_ends_hash(uint64_t seed, const struct lp_ends *ends)
{
    uint64_t ports = (uint64_t)ends->low_port << 16 | ends->high_port;
    uint64_t hash = lp_hash_mix(seed, ports << 32 | ends->family);
    uint32_t v4[2];
    uint64_t v6[4];

    if (ends->family == 4) {
        memcpy(&v4[0], ends->low_ip, 4);
        memcpy(&v4[1], ends->high_ip, 4);
        return lp_hash_mix(hash, (uint64_t)v4[0] << 32 | v4[1]);
    }
    memcpy(v6, ends->low_ip, 16);
    memcpy(v6 + 2, ends->high_ip, 16);
    for (unsigned i = 0; i < 4; i++)
        hash = lp_hash_mix(hash, v6[i]);
    return hash;
}

static inline bool lp_ends_are(const struct lp_ends *ends, const struct lp_endpoint end[2])
{
    if (end[0].port != ends->low_port || end[1].port != ends->high_port ||
        end[0].ip.family != ends->family)
        return false;
    if (ends->family == 4)
        return memcmp(end[0].ip.bytes, ends->low_ip, 4) == 0 &&
               memcmp(end[1].ip.bytes, ends->high_ip, 4) == 0;
    return memcmp(end[0].ip.bytes, ends->low_ip, 16) == 0 &&
           memcmp(end[1].ip.bytes, ends->high_ip, 16) == 0;
}

static inline void lp_ends_put(const struct lp_ends *ends, struct lp_endpoint end[2])
{
    memcpy(end[0].ip.bytes, ends->low_ip, 16);
    memcpy(end[1].ip.bytes, ends->high_ip, 16);
    end[0].ip.family = end[1].ip.family = (uint8_t)ends->family;
    end[0].port = ends->low_port;
    end[1].port = ends->high_port;
}

#endif
