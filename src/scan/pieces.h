/*
 * Ranges of files (RFC 9110 14), from however many connections and in whatever order, put together.
 */
#ifndef LP_SCAN_PIECES_H
#define LP_SCAN_PIECES_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* A range of a file. */
struct lp_piece {
    struct lp_boot_file file;   /* with the range's bytes; borrowed like the texts */
    uint64_t from, total;       /* `total` is UINT64_MAX when it was not told */
    const char *tag, *modified; /* strong validators; empty: there was none */
};

/* Takes one file; false ends the joining. */
typedef bool (*lp_joined_fn)(void *ctx, const struct lp_boot_file *file);

/* Sorts the pieces and calls fn for each file: as soon as all of it is there, in the order of
 * frames, and at the end for what there is of the others from their beginning. The bytes of a file
 * are borrowed for the call. False: memory is short, or fn said so. */
bool lp_pieces_join(struct lp_piece *pieces, size_t count, lp_joined_fn fn, void *ctx);

#endif
