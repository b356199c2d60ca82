#include "scan/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { FEW = 32 }; /* things that are done sooner than threads are started */

struct shared {
    lp_parallel_fn fn;
    void *ctx;
    size_t count;
    atomic_size_t next;
};

struct worker {
    struct shared *shared; /* borrowed */
    size_t number;
};

size_t lp_parallel_workers(unsigned jobs, size_t count)
{
    size_t workers = jobs;

    if (count < FEW)
        return 1;
#ifdef _SC_NPROCESSORS_ONLN
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (workers == 0 && processors > 0)
        workers = (size_t)processors;
#endif
    if (workers == 0)
        workers = 1;
    return workers < LP_WORKERS_MOST ? workers : LP_WORKERS_MOST;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct shared *shared = worker->shared;
    size_t index;

    while ((index = atomic_fetch_add(&shared->next, 1)) < shared->count)
        shared->fn(shared->ctx, worker->number, index);
    return NULL;
}

void lp_parallel(size_t workers, size_t count, lp_parallel_fn fn, void *ctx)
{
    struct shared shared = {.fn = fn, .ctx = ctx, .count = count};
    struct worker self[LP_WORKERS_MOST];
    pthread_t threads[LP_WORKERS_MOST];
    size_t started = 0;

    for (size_t i = 0; i < LP_WORKERS_MOST; i++)
        self[i] = (struct worker){&shared, i};
    while (started + 1 < workers && started + 1 < LP_WORKERS_MOST &&
           pthread_create(&threads[started], NULL, work, &self[started + 1]) == 0)
        started++;
    work(&self[0]);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}
