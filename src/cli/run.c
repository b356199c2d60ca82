#include "cli/run.h"

#include "cli/interrupt.h"
#include "cli/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An explicit choice wins; then NO_COLOR (no-color.org: present and not empty), then the terminal.
 */
static bool want_color(enum lp_color choice)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (choice != LP_COLOR_AUTO)
        return choice == LP_COLOR_ALWAYS;
    if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
        return false;
    return isatty(STDOUT_FILENO);
}

void lp_run_start(struct lp_run *run, const struct lp_cli *cli)
{
    *run = (struct lp_run){.cli = cli, .out.fd = STDOUT_FILENO};
    run->report = (struct lp_report){&run->out, want_color(cli->color), cli->verbose};
}

void lp_run_note(struct lp_run *run, int status)
{
    static const int rank[] = {
        [LP_EXIT_OK] = 0,
        [LP_EXIT_UNDECIDED] = 1,
        [LP_EXIT_DIFFERS] = 2,
        [LP_EXIT_TROUBLE] = 3,
    };

    if (rank[status] > rank[run->status])
        run->status = status;
}

bool lp_run_flush(struct lp_run *run)
{
    if (run->failed)
        return false;
    if (lp_out_flush(&run->out))
        return true;
    run->failed = true;
    if (run->out.error != EPIPE) /* whoever read has enough: no reason to complain */
        lp_say("standard output: %s", strerror(run->out.error));
    return false;
}

int lp_run_finish(struct lp_run *run)
{
    int status = run->status;

    /* A file system may tell of a failed write only when the file is closed. */
    if (lp_run_flush(run) && close(STDOUT_FILENO) != 0) {
        lp_say("standard output: %s", strerror(errno));
        run->failed = true;
    }
    lp_out_free(&run->out);
    if (run->failed)
        return LP_EXIT_TROUBLE;
    if (run->cli->fail_on == LP_FAIL_ON_NEVER)
        return LP_EXIT_OK;
    if (run->cli->fail_on == LP_FAIL_ON_TROUBLE && status != LP_EXIT_TROUBLE)
        return LP_EXIT_OK;
    return status;
}

struct lp_options lp_run_options(const struct lp_cli *cli)
{
    return (struct lp_options){.max_memory = cli->max_memory,
                               .max_expansion = cli->max_expansion,
                               .filter = cli->filter,
                               .keylog = cli->keylog,
                               .facts = true};
}

static enum lp_status scan(const struct lp_cli *cli, const char *path,
                           const struct lp_options *options, struct lp_capture **out,
                           struct lp_error *error)
{
    struct lp_live live = cli->live;

    if (!live.interface)
        return lp_inspect(path, options, out, error);
    lp_catch_interrupts();
    live.stop = &lp_interrupted;
    live.drop_privileges = true;
    return lp_inspect_live(&live, options, out, error);
}

struct lp_capture *lp_run_scan(struct lp_run *run, const char *path,
                               const struct lp_options *options)
{
    struct lp_capture *capture = NULL;
    struct lp_error error = {""};

    if (scan(run->cli, path, options, &capture, &error) != LP_OK) {
        lp_say("%s", error.text);
        run->failed = true;
        return NULL;
    }
    if (capture->error) {
        lp_say("%s", capture->error); /* it names the capture */
        lp_run_note(run, LP_EXIT_TROUBLE);
    }
    return capture;
}
