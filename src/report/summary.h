/*
 * What many captures came to: how many of each verdict and reason, how many certificates there are,
 * and which phones want a repair first.
 *
 * The sums do not depend on the order of the captures. Certificates and phones are counted up to a
 * limit, so that a run of any length keeps its memory.
 */
#ifndef LP_REPORT_SUMMARY_H
#define LP_REPORT_SUMMARY_H

#include "report/out.h"

struct lp_summary;

struct lp_summary *lp_summary_new(void);          /* NULL: memory is short */
void lp_summary_free(struct lp_summary *summary); /* NULL is fine */

/* False: memory is short. */
bool lp_summary_note(struct lp_summary *summary, const struct lp_capture *capture);

/* For a capture whose sessions were handed on: the leaf of one of them, and that there were more.
 * False: memory is short. */
bool lp_summary_note_leaf(struct lp_summary *summary, const uint8_t sha256[32]);
void lp_summary_more_leaves(struct lp_summary *summary);

uint64_t lp_summary_captures(const struct lp_summary *summary);

/* Some lines for people. */
void lp_summary_write(const struct lp_summary *summary, struct lp_out *out);

#endif
