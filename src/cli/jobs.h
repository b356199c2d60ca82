/*
 * Many captures on their way through a command.
 *
 * The main thread finds them (inputs.h), workers scan them side by side and put down what is to be
 * said, and that is sent off in the order of the inputs (batch/pool.h). So a command has two parts:
 * `examine`, which any worker calls and which touches nothing but its job and its worker's own
 * things, and `deliver`, which is called for one job after the other.
 */
#ifndef LP_CLI_JOBS_H
#define LP_CLI_JOBS_H

#include "cli/run.h"
#include "report/streamed.h"

struct lp_job {
    char *path;                  /* owned */
    const char *config;          /* a list's second column, in the same memory; or NULL */
    struct lp_capture *capture;  /* owned; NULL: it was not scanned (to its end) */
    struct lp_out out;           /* what there is to say about it */
    struct lp_streamed streamed; /* the capture's handshakes, if they were handed on */
    struct lp_out note;          /* a text that belongs to `capture`, or empty */
    struct lp_error error;       /* when `failed`: why nothing goes on */
    bool failed;
    double seconds; /* that it took */
};

struct lp_jobs {
    struct lp_run *run;        /* borrowed */
    unsigned workers;          /* set by lp_jobs_workers */
    struct lp_options options; /* how to scan; examine may change its own copy */
    void (*examine)(void *ctx, unsigned worker, struct lp_job *job);
    void (*deliver)(void *ctx, struct lp_job *job); /* NULL: nothing but sending it off */
    void *ctx;
    bool needs_one; /* that folders hold no capture at all is trouble, but for a shard */
};

/* How many workers there will be for this command line. */
unsigned lp_jobs_workers(const struct lp_cli *cli);

/* All inputs of the command line, until the run has failed or was interrupted. */
void lp_jobs_run(struct lp_jobs *jobs);

/* For `examine`: scans the job's capture, or the interface of -i. False: there is none, and examine
 * has nothing more to do. An unreadable capture is a result all the same. */
bool lp_job_scan(const struct lp_jobs *jobs, struct lp_job *job, const struct lp_options *options);
/* Nothing goes on, for this reason. */
void lp_job_fail(struct lp_job *job, const char *why);
/* A report that the job's worker writes to. */
struct lp_report lp_job_report(const struct lp_jobs *jobs, struct lp_job *job);

#endif
