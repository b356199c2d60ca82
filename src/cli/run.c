#include "cli/run.h"

#include "cli/interrupt.h"
#include "cli/message.h"

#include <errno.h>
#include <signal.h>
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

bool lp_run_send(struct lp_run *run, struct lp_out *out)
{
    if (run->failed)
        return false;
    out->fd = run->out.fd;
    if (lp_out_flush(out))
        return true;
    run->failed = true;
    if (out->error != EPIPE) /* whoever read has enough: no reason to complain */
        lp_say("standard output: %s", strerror(out->error));
    return false;
}

bool lp_run_flush(struct lp_run *run)
{
    return lp_run_send(run, &run->out);
}

/* By the default action, which a signal handler that was used has given way to. */
static void die_of(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

int lp_run_finish(struct lp_run *run)
{
    if (run->unreadable_input)
        lp_run_note(run, LP_EXIT_TROUBLE);
    int status = run->status;

    /* A file system may tell of a failed write only when the file is closed. */
    if (lp_run_flush(run) && close(STDOUT_FILENO) != 0) {
        lp_say("standard output: %s", strerror(errno));
        run->failed = true;
    }
    lp_out_free(&run->out);
    if (lp_interrupted && !run->cli->live.interface)
        die_of((int)lp_interrupted);
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
