/*
 * Pieces of text that are put down in one order and read in another, be they ever so many.
 *
 * They gather in memory, and beyond so many bytes in a temporary file that has no name any more
 * (in TMPDIR, or /tmp). In memory stay four bytes for each piece.
 */
#ifndef LP_REPORT_SPOOL_H
#define LP_REPORT_SPOOL_H

#include "report/out.h"

/* Starts zeroed; lp_spool_free leaves it so. */
struct lp_spool {
    struct lp_buf bytes; /* owned: those of the end that are not in the file */
    uint64_t filed;      /* bytes in the file */
    int fd;              /* owned; 0: there is no file */
    uint32_t *lengths;   /* owned: of the pieces */
    uint64_t *starts;    /* owned: where every LP_SPOOL_STRIDE-th of them begins */
    size_t count, length_cap, start_cap;
    int error; /* errno of the first failure; 0: none */
};

/* False: spool->error says why, and nothing more is kept. */
bool lp_spool_add(struct lp_spool *spool, const void *bytes, size_t n);
/* Appends piece number i, from 0, to `out`, whose error it sets when it cannot. */
void lp_spool_get(struct lp_spool *spool, size_t i, struct lp_out *out);
void lp_spool_free(struct lp_spool *spool);

#endif
