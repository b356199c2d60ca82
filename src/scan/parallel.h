/* The same work on many things, by several threads. */
#ifndef LP_SCAN_PARALLEL_H
#define LP_SCAN_PARALLEL_H

#include <stddef.h>

/* Called once for each index from 0 to count-1, in any order, by `workers` threads at most; calls
 * with the same `worker` never overlap. */
typedef void (*lp_parallel_fn)(void *ctx, size_t worker, size_t index);

enum { LP_WORKERS_MOST = 64 };

/* How many workers are worth their while for so many things; `jobs` 0: as many as processors. */
size_t lp_parallel_workers(unsigned jobs, size_t count);

/* Returns when all is done. The calling thread works too, and alone when threads are not to be had.
 */
void lp_parallel(size_t workers, size_t count, lp_parallel_fn fn, void *ctx);

#endif
