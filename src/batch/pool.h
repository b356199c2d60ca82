/*
 * Work on many things by several threads, its results in the order of the things.
 *
 * One thread adds things. Workers take them in that order and work on them side by side; a result
 * waits in its place until all before it are done. Whoever completes the oldest one delivers it and
 * what waits behind it, so that a result never waits for the next thing to be added. Places are
 * few: who adds waits while all are taken, and so the memory for things and results is bounded.
 */
#ifndef LP_BATCH_POOL_H
#define LP_BATCH_POOL_H

#include <stddef.h>

/* On a thing of its own. Calls with the same `worker`, counted from 0, never overlap. */
typedef void (*lp_work_fn)(void *ctx, unsigned worker, void *thing);
/* Of the results in their order, one call after the other, by any thread. The thing is the
 * callee's now. */
typedef void (*lp_deliver_fn)(void *ctx, void *thing);

enum { LP_POOL_WORKERS_MOST = 256, LP_POOL_PLACES = 16 /* for each worker */ };

struct lp_pool;

/* As many workers as processors, but no more than LP_POOL_WORKERS_MOST. */
unsigned lp_pool_processors(void);

/* With one worker there are no threads: adding does it all. NULL: memory is short. */
struct lp_pool *lp_pool_new(unsigned workers, lp_work_fn work, lp_deliver_fn deliver, void *ctx);

/* By one thread only. Returns when there is a place for it; what cannot be given to a thread is
 * done here. */
void lp_pool_add(struct lp_pool *pool, void *thing);

/* Returns when all is delivered and the threads are gone. NULL is fine. */
void lp_pool_end(struct lp_pool *pool);

#endif
