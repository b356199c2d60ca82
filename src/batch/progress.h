/*
 * How far a long run has come, for people: on a terminal one line that is rewritten, else a line of
 * its own from time to time. A thread of its own writes it, so that it also comes while one large
 * capture keeps everybody busy; another counts what there is to do, when that can be known.
 */
#ifndef LP_BATCH_PROGRESS_H
#define LP_BATCH_PROGRESS_H

#include "leafprint/leafprint.h"

#include <stdatomic.h>

/* How many captures there are; 0: that cannot be known. To end early, soon after *stop. */
typedef uint64_t (*lp_count_fn)(void *ctx, const atomic_bool *stop);

struct lp_progress;

/* `rewritten`: a line on a terminal. Writes to `fd`. NULL: there is none to be had, which every
 * other call takes. */
struct lp_progress *lp_progress_start(int fd, bool rewritten, lp_count_fn count, void *ctx);

/* One capture is done. Verdicts are counted when it was verified. By any thread. */
void lp_progress_note(struct lp_progress *progress, const struct lp_capture *capture);

/* The line is taken away, and does not come back in between: something else is written. */
void lp_progress_pause(struct lp_progress *progress);
void lp_progress_resume(struct lp_progress *progress);

/* The line is taken away. */
void lp_progress_end(struct lp_progress *progress);

#endif
