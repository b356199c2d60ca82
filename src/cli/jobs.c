#include "cli/jobs.h"

#include "batch/pool.h"
#include "batch/progress.h"
#include "cli/inputs.h"
#include "cli/interrupt.h"
#include "cli/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct flow {
    struct lp_jobs *jobs;         /* borrowed */
    struct lp_pool *pool;         /* owned */
    struct lp_progress *progress; /* owned; NULL: none is shown */
    bool on_terminal;             /* results go where the progress is shown */
    bool broken_off; /* a capture was not scanned: those behind it are not shown either */
};

/* ---- one job ---- */

static struct lp_job *new_job(const char *path, const char *config)
{
    size_t path_size = strlen(path) + 1, config_size = config ? strlen(config) + 1 : 0;
    struct lp_job *job = calloc(1, sizeof *job);

    if (!job || !(job->path = malloc(path_size + config_size))) {
        free(job);
        return NULL;
    }
    memcpy(job->path, path, path_size);
    if (config)
        job->config = memcpy(job->path + path_size, config, config_size);
    return job;
}

static void free_job(struct lp_job *job)
{
    lp_capture_free(job->capture);
    lp_out_free(&job->out);
    lp_out_free(&job->note);
    lp_streamed_free(&job->streamed);
    free(job->path);
    free(job);
}

void lp_job_fail(struct lp_job *job, const char *why)
{
    job->failed = true;
    snprintf(job->error.text, sizeof job->error.text, "%s", why);
}

struct lp_report lp_job_report(const struct lp_jobs *jobs, struct lp_job *job)
{
    struct lp_report report = jobs->run->report;

    report.out = &job->out;
    return report;
}

static enum lp_status scan_interface(const struct lp_live *of_cli, const struct lp_options *options,
                                     struct lp_job *job)
{
    struct lp_live live = *of_cli;

    live.stop = &lp_interrupted;
    live.drop_privileges = true;
    return lp_inspect_live(&live, options, &job->capture, &job->error);
}

bool lp_job_scan(const struct lp_jobs *jobs, struct lp_job *job, const struct lp_options *options)
{
    const struct lp_live *live = &jobs->run->cli->live;
    struct lp_options own = *options;
    enum lp_status status;

    if (live->interface) {
        status = scan_interface(live, options, job);
    } else {
        own.stop = &lp_interrupted;
        status = lp_inspect(job->path, &own, &job->capture, &job->error);
    }
    job->failed = status != LP_OK;
    if (lp_interrupted && !live->interface) { /* half a capture is none */
        lp_capture_free(job->capture);
        job->capture = NULL;
    }
    return job->capture != NULL;
}

/* ---- all of them ---- */

static double now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void work(void *ctx, unsigned worker, void *thing)
{
    const struct flow *flow = ctx;
    const struct lp_jobs *jobs = flow->jobs;
    struct lp_job *job = thing;
    double start = now();

    if (jobs->run->failed || (lp_interrupted && !jobs->run->cli->live.interface))
        return;
    jobs->examine(jobs->ctx, worker, job);
    job->seconds = now() - start;
}

/* Whether one capture is all that the command line names: there is nothing to find by its effort.
 */
static bool alone(const struct lp_cli *cli, const struct lp_job *job)
{
    return cli->live.interface || (cli->input_count == 1 && strcmp(cli->inputs[0], job->path) == 0);
}

static void say_effort(const struct lp_job *job)
{
    const struct lp_stats *stats = &job->capture->stats;

    lp_say("%s: %llu packets, %llu bytes, %.6f s", job->path, (unsigned long long)stats->packets,
           (unsigned long long)stats->bytes, job->seconds);
}

static void show(struct flow *flow, struct lp_job *job)
{
    const struct lp_jobs *jobs = flow->jobs;
    struct lp_run *run = jobs->run;

    lp_progress_note(flow->progress, job->capture);
    if (!lp_summary_note(run->summary, job->capture)) {
        lp_say("out of memory");
        run->failed = true;
        return;
    }
    if (flow->on_terminal)
        lp_progress_pause(flow->progress);
    if (job->capture->error) {
        lp_say("%s", job->capture->error); /* it names the capture */
        lp_run_note(run, LP_EXIT_TROUBLE);
    }
    if (run->cli->verbose && !alone(run->cli, job))
        say_effort(job);
    lp_run_begin(run);
    if (jobs->deliver)
        jobs->deliver(jobs->ctx, job);
    if (!run->cli->quiet)
        lp_run_send(run, &job->out);
    lp_run_end(run);
    if (flow->on_terminal)
        lp_progress_resume(flow->progress);
}

static void deliver(void *ctx, void *thing)
{
    struct flow *flow = ctx;
    struct lp_run *run = flow->jobs->run;
    struct lp_job *job = thing;

    if (job->failed && !run->failed && !flow->broken_off) {
        lp_say("%s", job->error.text);
        run->failed = true;
    }
    flow->broken_off |= !job->capture || job->failed;
    if (!run->failed && !flow->broken_off)
        show(flow, job);
    free_job(job);
}

static bool add(void *ctx, const char *path, const char *config)
{
    struct flow *flow = ctx;
    struct lp_run *run = flow->jobs->run;
    struct lp_job *job = new_job(path, config);

    if (!job) {
        lp_say("out of memory");
        run->failed = true;
        return false;
    }
    lp_pool_add(flow->pool, job);
    return !run->failed && !lp_interrupted;
}

static void note_trouble(void *ctx)
{
    struct flow *flow = ctx;
    flow->jobs->run->unreadable_input = true;
}

unsigned lp_jobs_workers(const struct lp_cli *cli)
{
    if (cli->live.interface)
        return 1;
    return cli->jobs ? cli->jobs : lp_pool_processors();
}

/* ---- progress ---- */

struct count {
    uint64_t captures;
    const atomic_bool *stop; /* borrowed */
};

static bool count_one(void *ctx, const char *path, const char *config)
{
    struct count *count = ctx;

    (void)path;
    (void)config;
    count->captures++;
    return !atomic_load(count->stop);
}

/* A list on standard input can be read only once. */
static uint64_t count_inputs(void *ctx, const atomic_bool *stop)
{
    const struct flow *flow = ctx;
    const struct lp_cli *cli = flow->jobs->run->cli;
    struct count count = {.stop = stop};
    struct lp_inputs inputs = {
        .cli = cli, .stdin_used = true, .silent = true, .visit = count_one, .ctx = &count};

    if (cli->files_from && strcmp(cli->files_from, "-") == 0)
        return 0;
    return lp_inputs_walk(&inputs) ? count.captures : 0;
}

static void start_progress(struct flow *flow)
{
    const struct lp_cli *cli = flow->jobs->run->cli;
    const char *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    bool wanted = cli->progress == LP_WHEN_ALWAYS || (cli->progress == LP_WHEN_AUTO && terminal);

    if (!wanted || cli->quiet || cli->live.interface)
        return;
    flow->progress = lp_progress_start(STDERR_FILENO, terminal, count_inputs, flow);
    flow->on_terminal = terminal && !cli->out && isatty(STDOUT_FILENO);
    lp_say_over_progress(terminal);
}

static void end_progress(struct flow *flow)
{
    struct lp_run *run = flow->jobs->run;
    bool many = lp_summary_captures(run->summary) > 1;
    bool told = flow->progress || (lp_interrupted && run->cli->progress != LP_WHEN_NEVER);

    lp_progress_end(flow->progress);
    lp_say_over_progress(false);
    run->show_summary = !run->cli->quiet && !run->cli->live.interface && told &&
                        (many || run->cli->progress == LP_WHEN_ALWAYS);
}

/* A mistyped folder must not pass for one whose captures are all fine. A shard may well be empty,
 * and so may a list that a program made. */
static void note_absence(const struct lp_jobs *jobs)
{
    struct lp_run *run = jobs->run;
    const struct lp_cli *cli = run->cli;

    if (lp_summary_captures(run->summary) || run->failed || run->unreadable_input ||
        lp_interrupted || cli->live.interface || cli->shards)
        return;
    lp_say("%s: no captures", cli->files_from ? cli->files_from : cli->inputs[0]);
    if (jobs->needs_one && !cli->files_from)
        lp_run_note(run, LP_EXIT_TROUBLE);
}

void lp_jobs_run(struct lp_jobs *jobs)
{
    struct flow flow = {.jobs = jobs};
    struct lp_inputs inputs = {.cli = jobs->run->cli,
                               .stdin_used = jobs->run->stdin_used,
                               .visit = add,
                               .trouble = note_trouble,
                               .ctx = &flow};

    lp_catch_interrupts();
    flow.pool = lp_pool_new(lp_jobs_workers(jobs->run->cli), work, deliver, &flow);
    jobs->run->summary = lp_summary_new();
    if (!flow.pool || !jobs->run->summary) {
        lp_say("out of memory");
        jobs->run->failed = true;
        lp_pool_end(flow.pool);
        return;
    }
    lp_run_flush(jobs->run); /* the header */
    start_progress(&flow);
    if (!lp_inputs_walk(&inputs))
        jobs->run->failed = true;
    lp_pool_end(flow.pool);
    end_progress(&flow);
    note_absence(jobs);
}
