/* The pool of workers, and the shares of shards. */
#include "batch/pool.h"
#include "batch/shard.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { THINGS = 2000 };

struct bench {
    int numbers[THINGS];
    bool worked[THINGS];
    atomic_int busy[LP_POOL_WORKERS_MOST]; /* by worker */
    atomic_int working, most;              /* at a time */
    atomic_int overlaps;                   /* calls of one worker, or of deliver */
    atomic_int delivering;
    int delivered;
    bool in_order;
    unsigned delay; /* the first of every so many things takes long */
};

static void nap(long ms)
{
    struct timespec time = {0, ms * 1000000};
    nanosleep(&time, NULL);
}

static void work(void *ctx, unsigned worker, void *thing)
{
    struct bench *bench = ctx;
    int number = *(int *)thing;

    if (atomic_fetch_add(&bench->busy[worker], 1) != 0)
        atomic_fetch_add(&bench->overlaps, 1);
    int now = atomic_fetch_add(&bench->working, 1) + 1, most = bench->most;
    while (now > most && !atomic_compare_exchange_weak(&bench->most, &most, now))
        ;
    if (bench->delay && (unsigned)number % bench->delay == 0)
        nap(3);
    bench->worked[number] = true;
    atomic_fetch_sub(&bench->working, 1);
    atomic_fetch_sub(&bench->busy[worker], 1);
}

static void deliver(void *ctx, void *thing)
{
    struct bench *bench = ctx;
    int number = *(int *)thing;

    if (atomic_fetch_add(&bench->delivering, 1) != 0)
        atomic_fetch_add(&bench->overlaps, 1);
    bench->in_order = bench->in_order && number == bench->delivered && bench->worked[number];
    bench->delivered++;
    atomic_fetch_sub(&bench->delivering, 1);
}

static void run(struct bench *bench, unsigned workers, unsigned delay, int things)
{
    memset(bench, 0, sizeof *bench);
    bench->in_order = true;
    bench->delay = delay;
    struct lp_pool *pool = lp_pool_new(workers, work, deliver, bench);
    assert_non_null(pool);
    for (int i = 0; i < things; i++) {
        bench->numbers[i] = i;
        lp_pool_add(pool, &bench->numbers[i]);
    }
    lp_pool_end(pool);
    assert_int_equal(things, bench->delivered);
    assert_true(bench->in_order);
    assert_int_equal(0, bench->overlaps);
}

static struct bench bench;

static void pool_any_number_of_workers_delivers_in_order(void **state)
{
    static const unsigned workers[] = {1, 2, 3, 8, 64};

    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        run(&bench, workers[i], 0, THINGS);
        run(&bench, workers[i], 97, THINGS);
    }
}

static void pool_workers_work_side_by_side(void **state)
{
    (void)state;
    run(&bench, 4, 1, 40);
    assert_true(bench.most > 1);
    assert_true(bench.most <= 4);
    run(&bench, 1, 1, 4);
    assert_int_equal(1, bench.most);
}

static void pool_nothing_added_ends(void **state)
{
    (void)state;
    run(&bench, 1, 0, 0);
    run(&bench, 8, 0, 0);
    lp_pool_end(NULL);
}

/* A thing that takes long holds up no more than the places there are. */
static void slow_first(void *ctx, unsigned worker, void *thing)
{
    struct bench *b = ctx;
    int number = *(int *)thing;

    (void)worker;
    if (number == 0)
        nap(50);
    atomic_fetch_add(&b->working, 1);
    if (number == 0)
        b->most = b->working;
    b->worked[number] = true;
}

static void pool_results_that_wait_are_few(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.in_order = true;
    struct lp_pool *pool = lp_pool_new(2, slow_first, deliver, &bench);
    assert_non_null(pool);
    for (int i = 0; i < 1000; i++) {
        bench.numbers[i] = i;
        lp_pool_add(pool, &bench.numbers[i]);
    }
    lp_pool_end(pool);
    assert_true(bench.in_order);
    assert_true(bench.most <= 2 * LP_POOL_PLACES);
}

static void pool_every_allocation_failing_is_null(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        lp_alloc_fail_after(n);
        struct lp_pool *pool = lp_pool_new(4, work, deliver, &bench);
        lp_alloc_fail_after(0);
        lp_pool_end(pool);
        if (pool)
            break;
        assert_true(n < 10);
    }
}

/* Values that must never change: a cluster may run several versions of the program. */
static void shard_of_known_paths_is_known(void **state)
{
    (void)state;
    assert_int_equal(1, lp_shard_of("anything", 1));
    assert_int_equal(343, lp_shard_of("", 1000));
    assert_int_equal(579, lp_shard_of("site7/SEP001F6C81110E.pcapng", 1000));
    assert_int_equal(668255, lp_shard_of("\xff\x01", 1000000));
}

static void shard_of_like_names_are_even(void **state)
{
    enum { SHARDS = 16, NAMES = 16000 };
    unsigned counts[SHARDS + 1] = {0};
    char name[32];

    (void)state;
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "SEP%012X.pcap", i);
        unsigned shard = lp_shard_of(name, SHARDS);
        assert_in_range(shard, 1, SHARDS);
        counts[shard]++;
    }
    for (unsigned i = 1; i <= SHARDS; i++)
        assert_in_range(counts[i], 850, 1150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_any_number_of_workers_delivers_in_order),
        cmocka_unit_test(pool_workers_work_side_by_side),
        cmocka_unit_test(pool_nothing_added_ends),
        cmocka_unit_test(pool_results_that_wait_are_few),
        cmocka_unit_test(pool_every_allocation_failing_is_null),
        cmocka_unit_test(shard_of_known_paths_is_known),
        cmocka_unit_test(shard_of_like_names_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
