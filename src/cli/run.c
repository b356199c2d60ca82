#include "cli/run.h"

#include "cli/interrupt.h"
#include "cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An explicit choice wins; then NO_COLOR (no-color.org: present and not empty), then the terminal.
 */
static bool want_color(const struct lp_cli *cli)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (cli->color != LP_WHEN_AUTO)
        return cli->color == LP_WHEN_ALWAYS;
    if (cli->out || (no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
        return false;
    return isatty(STDOUT_FILENO);
}

static bool open_file(struct lp_run *run)
{
    struct lp_error error = {""};
    enum lp_outfile_state state = lp_outfile_open(&run->file, run->cli->out, &run->status, &error);

    run->finished = state == LP_OUTFILE_FINISHED;
    run->failed = state == LP_OUTFILE_ERROR;
    if (run->failed)
        lp_say("%s", error.text);
    if (run->finished && run->cli->verbose)
        lp_say("%s: finished by an earlier run", run->cli->out);
    run->out.fd = run->file.part.fd;
    return state == LP_OUTFILE_NEW;
}

/* Whether the descriptor appends to a file. */
static bool appends(int fd)
{
    struct stat info;
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && flags & O_APPEND && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

/* Where locks are not to be had, writing goes on without. */
static void lock(const struct lp_run *run, short kind)
{
    struct flock all = {.l_type = kind, .l_whence = SEEK_SET};

    while (run->shared && fcntl(run->out.fd, F_SETLKW, &all) != 0 && errno == EINTR)
        ;
}

void lp_run_begin(struct lp_run *run)
{
    lock(run, F_WRLCK);
}

void lp_run_end(struct lp_run *run)
{
    lock(run, F_UNLCK);
}

bool lp_run_start(struct lp_run *run, const struct lp_cli *cli)
{
    *run = (struct lp_run){.cli = cli, .out.fd = STDOUT_FILENO, .file.part.fd = -1};
    run->report = (struct lp_report){&run->out, want_color(cli), cli->verbose};
    if (cli->writer->begin && !cli->quiet)
        cli->writer->begin(&run->report, cli->command->rows);
    if (cli->out)
        return open_file(run);
    run->shared = appends(run->out.fd);
    return true;
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

static const char *name_of_output(const struct lp_run *run)
{
    return run->cli->out ? run->cli->out : "standard output";
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
        lp_say("%s: %s", name_of_output(run), strerror(out->error));
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

/* A file system may tell of a failed write only when the file is closed. */
static bool close_output(struct lp_run *run, const char *summary)
{
    struct lp_error error = {""};

    if (run->finished)
        return true;
    if (!run->cli->out) {
        if (close(STDOUT_FILENO) == 0)
            return true;
        lp_say("standard output: %s", strerror(errno));
        return false;
    }
    if (!lp_interrupted && lp_outfile_finish(&run->file, run->status, summary, &error))
        return true;
    if (!lp_interrupted)
        lp_say("%s", error.text);
    return false;
}

/* What it all came to, with a NUL behind it. */
static const char *summarize(const struct lp_run *run, struct lp_out *out)
{
    if (run->summary)
        lp_summary_write(run->summary, out);
    lp_out_char(out, '\0');
    return out->error ? "" : (const char *)out->buf.bytes;
}

static void finish_output(struct lp_run *run)
{
    struct lp_out lines = {.fd = STDERR_FILENO};
    const char *summary = summarize(run, &lines);

    if (!lp_run_flush(run) || !close_output(run, summary))
        run->failed = true;
    lp_outfile_abandon(&run->file);
    if (run->summary && run->show_summary && lines.buf.len && !lines.error) {
        lines.buf.len--; /* the NUL */
        lp_out_flush(&lines);
    }
    lp_out_free(&lines);
}

int lp_run_finish(struct lp_run *run)
{
    if (run->unreadable_input)
        lp_run_note(run, LP_EXIT_TROUBLE);
    finish_output(run);
    lp_summary_free(run->summary);
    lp_out_free(&run->out);
    if (lp_interrupted && !run->cli->live.interface)
        die_of((int)lp_interrupted);
    if (run->failed)
        return LP_EXIT_TROUBLE;
    if (run->cli->fail_on == LP_FAIL_ON_NEVER)
        return LP_EXIT_OK;
    if (run->cli->fail_on == LP_FAIL_ON_TROUBLE && run->status != LP_EXIT_TROUBLE)
        return LP_EXIT_OK;
    return run->status;
}

struct lp_options lp_run_options(const struct lp_cli *cli)
{
    return (struct lp_options){.max_memory = cli->max_memory,
                               .max_expansion = cli->max_expansion,
                               .filter = cli->filter,
                               .keylog = cli->keylog,
                               .facts = true};
}
