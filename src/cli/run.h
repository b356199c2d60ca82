/*
 * One run of a command: reports leave, and what was seen adds up to an exit status.
 */
#ifndef LP_CLI_RUN_H
#define LP_CLI_RUN_H

#include "batch/outfile.h"
#include "cli/options.h"
#include "report/summary.h"

#include <stdatomic.h>

struct lp_run {
    const struct lp_cli *cli;   /* borrowed */
    struct lp_out out;          /* standard output, or --out */
    struct lp_outfile file;     /* --out */
    bool finished;              /* what --out names was written by an earlier run */
    struct lp_summary *summary; /* owned; of captures, or NULL */
    bool show_summary;
    struct lp_report report;
    int status;         /* the worst that the inputs gave so far */
    atomic_bool failed; /* usage, memory or output: nothing goes on, and --fail-on does not excuse
                           it */
    bool unreadable_input; /* noted by the main thread, while others note what captures gave */
    bool stdin_used;       /* it can be read only once */
    bool shared;           /* the output is a file that others may append to as well */
};

/* False: there is nothing to do but lp_run_finish. */
bool lp_run_start(struct lp_run *run, const struct lp_cli *cli);
/* Takes note of what one input came to; the worst stays: 2, then 1, then 3, then 0. */
void lp_run_note(struct lp_run *run, int status);
/* Sends what is in `out`, in one write. False: it could not be written, and said so. */
bool lp_run_send(struct lp_run *run, struct lp_out *out);
/* Between these two nobody else writes to a file that several processes append to: a line that is
 * sent in parts stays one. */
void lp_run_begin(struct lp_run *run);
void lp_run_end(struct lp_run *run);
/* The same for the run's own. */
bool lp_run_flush(struct lp_run *run);
/* The exit status, after --fail-on. Releases everything. Does not return when the run was
 * interrupted: the program then dies of that signal, as the one who sent it expects. */
int lp_run_finish(struct lp_run *run);

/* What the command line says about how to scan. */
struct lp_options lp_run_options(const struct lp_cli *cli);

#endif
