/* inspect: every TLS handshake and its certificates; no comparison. */
#include "cli/jobs.h"

struct inspect {
    struct lp_run run;
    struct lp_jobs jobs;
    bool found; /* a handshake */
};

static void examine(void *ctx, unsigned worker, struct lp_job *job)
{
    struct inspect *inspect = ctx;
    struct lp_report report = lp_job_report(&inspect->jobs, job);

    (void)worker;
    if (lp_job_scan(&inspect->jobs, job, &inspect->jobs.options) && !inspect->run.cli->quiet)
        inspect->run.cli->writer->inspected(&report, job->capture);
}

static void deliver(void *ctx, struct lp_job *job)
{
    struct inspect *inspect = ctx;
    inspect->found |= job->capture->session_count > 0;
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
