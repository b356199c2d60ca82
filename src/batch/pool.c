#include "batch/pool.h"

#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct place {
    void *thing; /* owned until it is delivered */
    bool done;
};

struct worker {
    struct lp_pool *pool; /* borrowed */
    unsigned number;
    pthread_t thread;
};

/* Things are counted from 0 as they are added; thing i stands in places[i % place_count]. It always
 * holds delivered <= taken <= added <= delivered + place_count. */
struct lp_pool {
    lp_work_fn work;
    lp_deliver_fn deliver;
    void *ctx;
    unsigned workers, started;
    struct worker *threads; /* owned */
    struct place *places;   /* owned */
    size_t place_count;
    pthread_mutex_t lock; /* over all that follows, and the places */
    pthread_cond_t work_waits, place_free;
    size_t added, taken, delivered;
    unsigned idle; /* workers that wait for something to do */
    bool delivering, ended;
};

unsigned lp_pool_processors(void)
{
    long processors = -1;

#ifdef _SC_NPROCESSORS_ONLN
    processors = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    if (processors < 1)
        return 1;
    return processors < LP_POOL_WORKERS_MOST ? (unsigned)processors : LP_POOL_WORKERS_MOST;
}

struct lp_pool *lp_pool_new(unsigned workers, lp_work_fn work, lp_deliver_fn deliver, void *ctx)
{
    struct lp_pool *pool = lp_alloc(sizeof *pool);

    if (!pool)
        return NULL;
    pool->work = work;
    pool->deliver = deliver;
    pool->ctx = ctx;
    pool->workers = workers < LP_POOL_WORKERS_MOST ? workers : LP_POOL_WORKERS_MOST;
    pool->place_count = (size_t)pool->workers * LP_POOL_PLACES;
    pool->threads = lp_alloc_array(pool->workers, sizeof *pool->threads);
    pool->places = lp_alloc_array(pool->place_count, sizeof *pool->places);
    if (!pool->threads || !pool->places) {
        lp_free(pool->threads);
        lp_free(pool->places);
        lp_free(pool);
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work_waits, NULL);
    pthread_cond_init(&pool->place_free, NULL);
    return pool;
}

static struct place *place_of(struct lp_pool *pool, size_t index)
{
    return &pool->places[index % pool->place_count];
}

/* Delivers what is done and at the front, unless somebody is at it: who will then see this one too.
 * The lock is held, but not while something is delivered. */
static void deliver_front(struct lp_pool *pool)
{
    if (pool->delivering)
        return;
    pool->delivering = true;
    while (pool->delivered < pool->taken && place_of(pool, pool->delivered)->done) {
        void *thing = place_of(pool, pool->delivered)->thing;
        pthread_mutex_unlock(&pool->lock);
        pool->deliver(pool->ctx, thing);
        pthread_mutex_lock(&pool->lock);
        pool->delivered++;
        pthread_cond_signal(&pool->place_free);
    }
    pool->delivering = false;
}

/* The lock is held, but not during the work. */
static void do_one(struct lp_pool *pool, unsigned worker)
{
    struct place *place = place_of(pool, pool->taken++);
    void *thing = place->thing;

    pthread_mutex_unlock(&pool->lock);
    pool->work(pool->ctx, worker, thing);
    pthread_mutex_lock(&pool->lock);
    place->done = true;
    deliver_front(pool);
}

static void *run(void *arg)
{
    const struct worker *self = arg;
    struct lp_pool *pool = self->pool;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->taken == pool->added && !pool->ended) {
            pool->idle++;
            pthread_cond_wait(&pool->work_waits, &pool->lock);
            pool->idle--;
        }
        if (pool->taken == pool->added)
            break;
        do_one(pool, self->number);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* One more thread, if too few are free for what waits. The signals that ask for an end are the
 * first thread's: it is the one that waits for input. */
static void start_thread(struct lp_pool *pool)
{
    struct worker *worker = &pool->threads[pool->started];
    sigset_t asking, before;

    if (pool->idle >= pool->added - pool->taken || pool->started == pool->workers)
        return;
    *worker = (struct worker){.pool = pool, .number = pool->started};
    sigemptyset(&asking);
    sigaddset(&asking, SIGINT);
    sigaddset(&asking, SIGTERM);
    sigaddset(&asking, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &asking, &before);
    if (pthread_create(&worker->thread, NULL, run, worker) == 0)
        pool->started++;
    else
        pool->workers = pool->started; /* there are no more to be had */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void lp_pool_add(struct lp_pool *pool, void *thing)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->added == pool->delivered + pool->place_count)
        pthread_cond_wait(&pool->place_free, &pool->lock);
    *place_of(pool, pool->added++) = (struct place){.thing = thing};
    if (pool->workers > 1)
        start_thread(pool);
    if (pool->started)
        pthread_cond_signal(&pool->work_waits);
    else
        do_one(pool, 0);
    pthread_mutex_unlock(&pool->lock);
}

void lp_pool_end(struct lp_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ended = true;
    pthread_cond_broadcast(&pool->work_waits);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i].thread, NULL);
    pthread_cond_destroy(&pool->place_free);
    pthread_cond_destroy(&pool->work_waits);
    pthread_mutex_destroy(&pool->lock);
    lp_free(pool->places);
    lp_free(pool->threads);
    lp_free(pool);
}
