/*
 * One run of a command: captures come in one after the other, reports leave, and what was seen adds
 * up to an exit status.
 */
#ifndef LP_CLI_RUN_H
#define LP_CLI_RUN_H

#include "cli/options.h"

struct lp_run {
    const struct lp_cli *cli; /* borrowed */
    struct lp_out out;        /* standard output */
    struct lp_report report;
    int status;  /* the worst that the inputs gave so far */
    bool failed; /* usage, memory or output: nothing goes on, and --fail-on does not excuse it */
    bool stdin_used; /* it can be read only once */
};

void lp_run_start(struct lp_run *run, const struct lp_cli *cli);
/* Takes note of what one input came to; the worst stays: 2, then 1, then 3, then 0. */
void lp_run_note(struct lp_run *run, int status);
/* Sends what the report holds. False: it could not be written, and said so. */
bool lp_run_flush(struct lp_run *run);
/* The exit status, after --fail-on. Releases everything. */
int lp_run_finish(struct lp_run *run);

/* What the command line says about how to scan. */
struct lp_options lp_run_options(const struct lp_cli *cli);

/* Scans one capture, or the interface of -i. NULL: the run has failed. An unreadable capture is
 * told on standard error and noted as trouble, and is a result all the same. Free it with
 * lp_capture_free. */
struct lp_capture *lp_run_scan(struct lp_run *run, const char *path,
                               const struct lp_options *options);

/* Calls `visit` for every input of the command line: files as they are named, the captures in
 * directories, the lines of --files-from, the interface of -i; in that order, until the run has
 * failed. */
typedef void (*lp_visit_fn)(void *ctx, const char *path);
void lp_run_inputs(struct lp_run *run, lp_visit_fn visit, void *ctx);

/* Whether the file begins like a capture: pcap (microseconds, nanoseconds, Kuznetzov's), pcapng. */
bool lp_is_capture(const char *path);

#endif
