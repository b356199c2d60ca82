/*
 * inspect: every TLS handshake and its certificates; no comparison.
 *
 * Where the format allows it, handshakes are written as they end, so that a capture may hold any
 * number of them. A line that is too long for memory is put together when it is its turn.
 */
#include "cli/jobs.h"
#include "cli/message.h"

#include <string.h>

struct inspect {
    struct lp_run run;
    struct lp_jobs jobs;
    bool found; /* a handshake */
};

static void examine(void *ctx, unsigned worker, struct lp_job *job)
{
    struct inspect *inspect = ctx;
    struct lp_report report = lp_job_report(&inspect->jobs, job);
    const struct lp_writer *writer = inspect->run.cli->writer;
    struct lp_options options = inspect->jobs.options;
    struct lp_session_sink sink = lp_streamed_sink(&job->streamed);

    (void)worker;
    if (writer->streams && !inspect->run.cli->quiet)
        options.sink = &sink;
    if (!lp_job_scan(&inspect->jobs, job, &options) || inspect->run.cli->quiet)
        return;
    if (!writer->streams)
        writer->inspected(&report, job->capture);
    else if (!lp_streamed_is_large(&job->streamed))
        lp_streamed_write(&job->streamed, &report, job->capture, NULL, NULL);
}

static bool send(void *ctx, struct lp_out *out)
{
    return lp_run_send(ctx, out);
}

static void deliver(void *ctx, struct lp_job *job)
{
    struct inspect *inspect = ctx;
    struct lp_run *run = &inspect->run;
    struct lp_report report = lp_job_report(&inspect->jobs, job);

    inspect->found |= job->capture->session_count > 0 || job->capture->handed_on > 0;
    if (!lp_streamed_note(&job->streamed, run->summary))
        lp_job_fail(job, "out of memory");
    if (!run->cli->quiet && lp_streamed_is_large(&job->streamed))
        lp_streamed_write(&job->streamed, &report, job->capture, send, run);
    if (job->streamed.spool.error) {
        lp_say("%s: its handshakes cannot be kept in a temporary file: %s", job->path,
               strerror(job->streamed.spool.error));
        run->failed = true;
    }
}

static int run(const struct lp_cli *cli)
{
    struct inspect inspect = {.jobs = {.run = &inspect.run,
                                       .options = lp_run_options(cli),
                                       .examine = examine,
                                       .deliver = deliver,
                                       .ctx = &inspect}};

    if (!lp_run_start(&inspect.run, cli))
        return lp_run_finish(&inspect.run);
    lp_jobs_run(&inspect.jobs);
    if (!inspect.found)
        lp_run_note(&inspect.run, LP_EXIT_DIFFERS);
    return lp_run_finish(&inspect.run);
}

const struct lp_command lp_command_inspect = {
    .name = "inspect",
    .bit = LP_CMD_INSPECT,
    .synopsis = "inspect [OPTION]... CAPTURE...|-i NAME",
    .about = "every TLS handshake and its certificates; no comparison",
    .exit_status = "0 done, 1 no handshake found, 2 trouble",
    .rows = LP_ROWS_INSPECTED,
    .run = run,
};
