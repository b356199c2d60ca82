/*
 * The bounds-checked reader: the only way in which captured bytes are looked at.
 *
 * A reader borrows a run of bytes and moves forward through it. Every call either succeeds and
 * moves, or fails and moves nothing. A length read from the input becomes a sub-reader, so that no
 * later read can leave the structure that announced it. Multi-byte numbers are big-endian ("network
 * order") unless the name says otherwise.
 */
#ifndef LP_BASE_RD_H
#define LP_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LP_MUST_USE __attribute__((warn_unused_result))

struct lp_rd {
    const uint8_t *ptr; /* borrowed; never NULL after lp_rd_init, also when empty */
    size_t left;
};

static inline struct lp_rd lp_rd_init(const void *bytes, size_t len)
{
    static const uint8_t nothing[1];
    struct lp_rd rd = {bytes ? bytes : nothing, bytes ? len : 0};
    return rd;
}

static inline bool lp_rd_end(const struct lp_rd *rd)
{
    return rd->left == 0;
}

LP_MUST_USE static inline bool lp_rd_skip(struct lp_rd *rd, size_t n)
{
    if (n > rd->left)
        return false;
    rd->ptr += n;
    rd->left -= n;
    return true;
}

/* A sub-reader of exactly n bytes. */
LP_MUST_USE static inline bool lp_rd_sub(struct lp_rd *rd, size_t n, struct lp_rd *out)
{
    const uint8_t *start = rd->ptr;
    if (!lp_rd_skip(rd, n))
        return false;
    out->ptr = start;
    out->left = n;
    return true;
}

/* The first n bytes, or all when there are fewer. Moves nothing. */
static inline struct lp_rd lp_rd_head(const struct lp_rd *rd, size_t n)
{
    struct lp_rd head = {rd->ptr, n < rd->left ? n : rd->left};
    return head;
}

/* The rest, as a sub-reader; the reader is then at its end. */
static inline struct lp_rd lp_rd_rest(struct lp_rd *rd)
{
    struct lp_rd rest = *rd;
    rd->ptr += rd->left;
    rd->left = 0;
    return rest;
}

LP_MUST_USE static inline bool lp_rd_u8(struct lp_rd *rd, uint8_t *out)
{
    if (rd->left < 1)
        return false;
    *out = rd->ptr[0];
    rd->ptr += 1;
    rd->left -= 1;
    return true;
}

LP_MUST_USE static inline bool lp_rd_u16(struct lp_rd *rd, uint16_t *out)
{
    if (rd->left < 2)
        return false;
    *out = (uint16_t)((unsigned)rd->ptr[0] << 8 | rd->ptr[1]);
    rd->ptr += 2;
    rd->left -= 2;
    return true;
}

LP_MUST_USE static inline bool lp_rd_u24(struct lp_rd *rd, uint32_t *out)
{
    if (rd->left < 3)
        return false;
    *out = (uint32_t)rd->ptr[0] << 16 | (uint32_t)rd->ptr[1] << 8 | rd->ptr[2];
    rd->ptr += 3;
    rd->left -= 3;
    return true;
}

LP_MUST_USE static inline bool lp_rd_u32(struct lp_rd *rd, uint32_t *out)
{
    if (rd->left < 4)
        return false;
    *out = (uint32_t)rd->ptr[0] << 24 | (uint32_t)rd->ptr[1] << 16 | (uint32_t)rd->ptr[2] << 8 |
           rd->ptr[3];
    rd->ptr += 4;
    rd->left -= 4;
    return true;
}

/* The last byte, which is then no longer there. */
LP_MUST_USE static inline bool lp_rd_last(struct lp_rd *rd, uint8_t *out)
{
    if (rd->left < 1)
        return false;
    rd->left -= 1;
    *out = rd->ptr[rd->left];
    return true;
}

/* Moves past the current byte to the next one that is `a` or `b`. False: there is none, and the
 * reader is at its end. */
LP_MUST_USE static inline bool lp_rd_skip_to(struct lp_rd *rd, uint8_t a, uint8_t b)
{
    for (size_t i = 1; i < rd->left; i++) {
        if (rd->ptr[i] == a || rd->ptr[i] == b) {
            rd->ptr += i;
            rd->left -= i;
            return true;
        }
    }
    rd->ptr += rd->left;
    rd->left = 0;
    return false;
}

/* Moves past the current byte to the next place where `a` or `b` stands before `then`, or as the
 * last byte. False: there is none, and the reader is at its end. */
LP_MUST_USE static inline bool lp_rd_skip_to_pair(struct lp_rd *rd, uint8_t a, uint8_t b,
                                                  uint8_t then)
{
    const uint8_t *ptr = rd->ptr;
    size_t left = rd->left, at = 1;

    while (at + 1 < left) {
        const uint8_t *second = memchr(ptr + at + 1, then, left - at - 1);
        if (!second)
            break;
        at = (size_t)(second - ptr) - 1;
        if (ptr[at] == a || ptr[at] == b)
            return lp_rd_skip(rd, at);
        at++;
    }
    if (left > 1 && (ptr[left - 1] == a || ptr[left - 1] == b))
        return lp_rd_skip(rd, left - 1);
    rd->ptr += left;
    rd->left = 0;
    return false;
}

/* Whether there is no control character in it but tabs and line ends. Blocks are looked at as a
 * whole, without a branch inside, so that compilers take many bytes at a time. */
static inline bool lp_rd_is_text(struct lp_rd rd)
{
    enum { BLOCK = 64 };

    while (rd.left) {
        size_t n = rd.left < BLOCK ? rd.left : BLOCK;
        unsigned char other = 0;
        for (size_t i = 0; i < n; i++) {
            unsigned char byte = rd.ptr[i];
            other |=
                (unsigned char)((byte < ' ') & (byte != '\t') & (byte != '\r') & (byte != '\n'));
        }
        if (other)
            return false;
        rd.ptr += n;
        rd.left -= n;
    }
    return true;
}

/* ---- fields of a header, by their places ----
 *
 * For a sub-reader whose length the compiler knows, the bounds cost nothing. Outside of it there
 * are zeros. */

static inline uint8_t lp_at_u8(const struct lp_rd *rd, size_t at)
{
    return at < rd->left ? rd->ptr[at] : 0;
}

static inline uint16_t lp_at_u16(const struct lp_rd *rd, size_t at)
{
    if (rd->left < 2 || at > rd->left - 2)
        return 0;
    return (uint16_t)((unsigned)rd->ptr[at] << 8 | rd->ptr[at + 1]);
}

static inline uint32_t lp_at_u32(const struct lp_rd *rd, size_t at)
{
    if (rd->left < 4 || at > rd->left - 4)
        return 0;
    return (uint32_t)rd->ptr[at] << 24 | (uint32_t)rd->ptr[at + 1] << 16 |
           (uint32_t)rd->ptr[at + 2] << 8 | rd->ptr[at + 3];
}

static inline void lp_at_copy(const struct lp_rd *rd, size_t at, void *out, size_t n)
{
    if (n <= rd->left && at <= rd->left - n)
        memcpy(out, rd->ptr + at, n);
    else
        memset(out, 0, n);
}

/* A number in the byte order of the machine that recorded it (the null and loop link types). */
LP_MUST_USE static inline bool lp_rd_u32_le(struct lp_rd *rd, uint32_t *out)
{
    uint32_t big;
    if (!lp_rd_u32(rd, &big))
        return false;
    *out = __builtin_bswap32(big);
    return true;
}

LP_MUST_USE static inline bool lp_rd_copy(struct lp_rd *rd, void *out, size_t n)
{
    if (n > rd->left)
        return false;
    memcpy(out, rd->ptr, n);
    rd->ptr += n;
    rd->left -= n;
    return true;
}

/* A vector of RFC 5246 4.3: a length of 1, 2 or 3 bytes, then so many bytes. */
LP_MUST_USE static inline bool lp_rd_vec(struct lp_rd *rd, unsigned length_bytes, struct lp_rd *out)
{
    struct lp_rd copy = *rd;
    uint8_t n8 = 0;
    uint16_t n16 = 0;
    uint32_t n = 0;
    bool ok = false;

    if (length_bytes == 1) {
        ok = lp_rd_u8(&copy, &n8);
        n = n8;
    } else if (length_bytes == 2) {
        ok = lp_rd_u16(&copy, &n16);
        n = n16;
    } else if (length_bytes == 3) {
        ok = lp_rd_u24(&copy, &n);
    }
    if (!ok || !lp_rd_sub(&copy, n, out))
        return false;
    *rd = copy;
    return true;
}

#endif
