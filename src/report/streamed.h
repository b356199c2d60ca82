/*
 * One capture's handshakes on their way into a line of JSON, without ever being in memory together.
 *
 * Each is written as it ends, and put down (spool.h); when the capture is over they are read again
 * in the order of their frames, between what the line says before and behind them. Only their
 * numbers are not known before.
 */
#ifndef LP_REPORT_STREAMED_H
#define LP_REPORT_STREAMED_H

#include "report/report.h"
#include "report/spool.h"
#include "report/summary.h"

enum { LP_STREAMED_LEAVES = 4096 };

/* Starts zeroed. */
struct lp_streamed {
    struct lp_spool spool;
    struct lp_out scratch; /* of one handshake */
    uint8_t (*leaves)[32]; /* owned: SHA-256 of the first LP_STREAMED_LEAVES, for a summary */
    size_t leaf_count, leaf_cap;
    uint64_t leaves_left_out;
};

/* What to give to lp_options.sink; `streamed` outlives it. */
struct lp_session_sink lp_streamed_sink(struct lp_streamed *streamed);

/* Whether the line is so long that it should not be in memory at once. */
bool lp_streamed_is_large(const struct lp_streamed *streamed);

/* Writes the line to report->out, which `send` (unless NULL) empties whenever there is much in it.
 */
void lp_streamed_write(struct lp_streamed *streamed, struct lp_report *report,
                       const struct lp_capture *capture,
                       bool (*send)(void *ctx, struct lp_out *out), void *ctx);

/* What a summary wants to know of the handshakes. False: memory is short. */
bool lp_streamed_note(const struct lp_streamed *streamed, struct lp_summary *summary);

void lp_streamed_free(struct lp_streamed *streamed);

#endif
