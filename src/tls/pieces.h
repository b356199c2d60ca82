/*
 * Inside tls/ only: a run of bytes put together from pieces that come in any order, overlap and
 * come again, each with the packet that brought it. Of two copies of a byte the first one counts.
 */
#ifndef LP_TLS_PIECES_H
#define LP_TLS_PIECES_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

/* A range that one packet brought. */
struct lp_piece {
    uint32_t from, to;
    uint64_t frame;
    struct lp_time time;
};

/* Zeroed, then bytes.budget is set. */
struct lp_pieces {
    struct lp_buf bytes;    /* what lies between the pieces is not set */
    struct lp_piece *items; /* owned, sorted, not overlapping */
    size_t count, cap;
};

/* Puts in what is not there yet: `bytes` from `offset` on, brought by the packet `from`, whose
 * range is not looked at. *differs is set when copies do. False: there is no room. */
LP_MUST_USE bool lp_pieces_add(struct lp_pieces *pieces, uint32_t offset, struct lp_rd bytes,
                               const struct lp_piece *from, bool *differs);
/* The bytes [from, to), as far as they lie within the buffer. */
struct lp_rd lp_pieces_bytes(const struct lp_pieces *pieces, uint32_t from, uint32_t to);
/* Whether `bytes` from `offset` on are others than those that are there. */
bool lp_pieces_differ(const struct lp_pieces *pieces, uint32_t offset, struct lp_rd bytes);
/* How far the bytes are there from the beginning. */
uint32_t lp_pieces_extent(const struct lp_pieces *pieces);
/* Whether there is anything behind the extent. */
bool lp_pieces_gap(const struct lp_pieces *pieces);
/* The latest of the packets that brought [from, to); frame 0: there is none. */
void lp_pieces_packet(const struct lp_pieces *pieces, uint64_t from, uint64_t to, uint64_t *frame,
                      struct lp_time *time);
void lp_pieces_free(struct lp_pieces *pieces); /* what the struct owns, not the struct */

#endif
