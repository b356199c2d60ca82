#include "batch/progress.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    VERDICTS = LP_UNREADABLE + 1,
    FIRST_MS = 700, /* a run that is over sooner shows nothing */
    REWRITE_MS = 200,
    LINE_MS = 10000,
    WIDTH = 79, /* of a rewritten line: one that wraps cannot be taken away */
};

static const char take_away[] = "\r\033[K";

struct lp_progress {
    int fd;
    bool rewritten;
    lp_count_fn count;
    void *ctx;
    pthread_t ticker, counter;
    bool counting; /* `counter` is there */
    struct timespec start;
    atomic_bool stop;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t ended;
    bool over, shown;
    uint64_t total; /* 0: not known (yet) */
    uint64_t captures, bytes, verdicts[VERDICTS];
};

static struct timespec now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec end = now();
    return (double)(end.tv_sec - start->tv_sec) + (double)(end.tv_nsec - start->tv_nsec) / 1e9;
}

/* ---- the line ---- */

struct line {
    char text[256];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line->text + line->n, sizeof line->text - line->n, format, args);
    va_end(args);
    if (n > 0)
        line->n +=
            (size_t)n < sizeof line->text - line->n ? (size_t)n : sizeof line->text - line->n - 1;
}

static void put_size(struct line *line, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;

    while (size >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1000;
        unit++;
    }
    put(line, unit && size < 100 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void put_time_left(struct line *line, double seconds)
{
    unsigned long long left = (unsigned long long)(seconds + 0.5);

    if (left >= 3600)
        put(line, ", %llu h %llu min left", left / 3600, left / 60 % 60);
    else if (left >= 60)
        put(line, ", %llu min %llu s left", left / 60, left % 60);
    else
        put(line, ", %llu s left", left);
}

static void put_verdicts(struct line *line, const uint64_t verdicts[VERDICTS])
{
    static const enum lp_verdict order[] = {LP_MISMATCH,  LP_MIXED, LP_UNREADABLE,
                                            LP_UNDECIDED, LP_MATCH, LP_MATCH_ISSUER};
    const char *before = ": ";

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (verdicts[order[i]] == 0)
            continue;
        put(line, "%s%llu %s", before, (unsigned long long)verdicts[order[i]],
            lp_verdict_name(order[i]));
        before = ", ";
    }
}

static void describe(const struct lp_progress *progress, struct line *line)
{
    double elapsed = seconds_since(&progress->start);
    double rate = elapsed > 0 ? (double)progress->captures / elapsed : 0;

    put(line, "%llu", (unsigned long long)progress->captures);
    if (progress->total)
        put(line, " of %llu", (unsigned long long)progress->total);
    put(line, " captures, ");
    put_size(line, progress->bytes);
    put(line, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
    if (progress->total >= progress->captures && progress->captures)
        put_time_left(line, (double)(progress->total - progress->captures) / rate);
    put_verdicts(line, progress->verdicts);
}

/* Where standard error fails there is nobody left to tell. */
static void send(const struct lp_progress *progress, const char *text, size_t n)
{
    ssize_t unused = write(progress->fd, text, n);
    (void)unused;
}

/* The lock is held. */
static void show(struct lp_progress *progress)
{
    struct line line = {.n = 0}, all = {.n = 0};

    describe(progress, &line);
    if (progress->rewritten)
        put(&all, "%s%.*s", take_away, (int)WIDTH, line.text);
    else
        put(&all, "leafprint: %s\n", line.text);
    send(progress, all.text, all.n);
    progress->shown = progress->rewritten;
}

static void hide(struct lp_progress *progress)
{
    if (progress->shown)
        send(progress, take_away, sizeof take_away - 1);
    progress->shown = false;
}

/* ---- the threads ---- */

static void *tick(void *arg)
{
    struct lp_progress *progress = arg;
    long wait = progress->rewritten ? FIRST_MS : LINE_MS;
    struct timespec next = now();

    pthread_mutex_lock(&progress->lock);
    while (!progress->over) {
        next.tv_sec += (next.tv_nsec + wait * 1000000L) / 1000000000L;
        next.tv_nsec = (next.tv_nsec + wait * 1000000L) % 1000000000L;
        while (!progress->over &&
               pthread_cond_timedwait(&progress->ended, &progress->lock, &next) == 0)
            ;
        if (!progress->over)
            show(progress);
        wait = progress->rewritten ? REWRITE_MS : LINE_MS;
    }
    hide(progress);
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

static void *count(void *arg)
{
    struct lp_progress *progress = arg;
    uint64_t total = progress->count(progress->ctx, &progress->stop);

    pthread_mutex_lock(&progress->lock);
    progress->total = atomic_load(&progress->stop) ? 0 : total;
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

static void release(struct lp_progress *progress)
{
    pthread_cond_destroy(&progress->ended);
    pthread_mutex_destroy(&progress->lock);
    lp_free(progress);
}

struct lp_progress *lp_progress_start(int fd, bool rewritten, lp_count_fn count_fn, void *ctx)
{
    struct lp_progress *progress = lp_alloc(sizeof *progress);
    pthread_condattr_t monotonic;

    if (!progress)
        return NULL;
    progress->fd = fd;
    progress->rewritten = rewritten;
    progress->count = count_fn;
    progress->ctx = ctx;
    progress->start = now();
    pthread_mutex_init(&progress->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&progress->ticker, NULL, tick, progress) != 0) {
        release(progress);
        return NULL;
    }
    progress->counting = pthread_create(&progress->counter, NULL, count, progress) == 0;
    return progress;
}

void lp_progress_note(struct lp_progress *progress, const struct lp_capture *capture)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->captures++;
    progress->bytes += capture->stats.bytes;
    if (capture->verified)
        progress->verdicts[capture->verdict]++;
    pthread_mutex_unlock(&progress->lock);
}

void lp_progress_pause(struct lp_progress *progress)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->lock);
    hide(progress);
}

void lp_progress_resume(struct lp_progress *progress)
{
    if (progress)
        pthread_mutex_unlock(&progress->lock);
}

void lp_progress_end(struct lp_progress *progress)
{
    if (!progress)
        return;
    atomic_store(&progress->stop, true);
    pthread_mutex_lock(&progress->lock);
    progress->over = true;
    pthread_cond_signal(&progress->ended);
    pthread_mutex_unlock(&progress->lock);
    pthread_join(progress->ticker, NULL);
    if (progress->counting)
        pthread_join(progress->counter, NULL);
    release(progress);
}
