/*
 * report: totals of many results, and a page that shows them.
 *
 * The page is written beside its place and renamed when it is whole, so nobody ever opens half of
 * one and an old page stays until the new one stands. What is no regular file (a pipe, /dev/stdout)
 * has no "beside" and is written into.
 */
#define _XOPEN_SOURCE 700 /* realpath: glibc shows it under X/Open alone */

#include "cli/message.h"
#include "cli/run.h"

#include "disk/partfile.h"
#include "report/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAID_MOST = 10 }; /* lines passed over that are told one by one */

struct report {
    struct lp_run run;
    struct lp_page page;
    uint64_t said;
};

/* ---- reading ---- */

static bool add_result(void *ctx, const struct lp_result *result)
{
    struct report *report = ctx;

    if (lp_page_add(&report->page, result))
        return true;
    if (report->page.spool.error && report->page.spool.error != ENOMEM)
        lp_say("temporary file: %s", strerror(report->page.spool.error));
    else
        lp_say("out of memory");
    report->run.failed = true;
    return false;
}

static bool pass_over(void *ctx, const char *file, uint64_t line, enum lp_passed passed)
{
    struct report *report = ctx;

    lp_page_pass(&report->page, file, line, passed);
    /* a result may have stood there; what is plainly something else is no trouble */
    if (passed == LP_PASSED_BROKEN || passed == LP_PASSED_TOO_LONG)
        lp_run_note(&report->run, LP_EXIT_TROUBLE);
    if (report->said < SAID_MOST || report->run.cli->verbose)
        lp_say("%s:%llu: %s", file, (unsigned long long)line, lp_passed_text(passed));
    report->said++;
    return true;
}

static void read_all(struct report *report)
{
    static const char standard_input[] = "-";
    const struct lp_cli *cli = report->run.cli;
    const struct lp_results_user user = {add_result, pass_over, report};
    size_t count = cli->input_count ? cli->input_count : 1;
    struct lp_error error = {""};

    for (size_t i = 0; i < count && !report->run.failed; i++) {
        const char *path = cli->input_count ? cli->inputs[i] : standard_input;
        enum lp_status status = lp_results_read(path, &user, &error);
        report->page.file_count += status == LP_OK;
        if (status == LP_OK)
            continue;
        lp_say("%s", error.text);
        if (status == LP_ERR_MEMORY)
            report->run.failed = true;
        lp_run_note(&report->run, LP_EXIT_TROUBLE);
    }
    if (report->said > SAID_MOST && !cli->verbose)
        lp_say("%llu more lines are no results: -v tells them all",
               (unsigned long long)(report->said - SAID_MOST));
}

/* ---- writing ---- */

/* Where a page of that name really lies: what a link points to, so that the link stays. Owned by
 * the caller (free). */
static char *place_of(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : strdup(path);
}

static bool say_failed(const char *path, int cause)
{
    if (cause != EPIPE)
        lp_say("%s: %s", path, strerror(cause));
    return false;
}

/* False: errno says why. */
static bool write_to(struct lp_page *page, int fd)
{
    struct lp_out out = {.fd = fd};

    errno = 0;
    bool written = lp_page_write(page, &out);
    int cause = out.error ? out.error : errno ? errno : EIO;
    lp_out_free(&out);
    errno = cause;
    return written;
}

static bool write_file(struct lp_page *page, const char *path)
{
    struct lp_partfile file;

    if (!lp_partfile_open(&file, path))
        return say_failed(path, errno);
    bool written = write_to(page, file.fd);
    int cause = errno;
    if (!written)
        lp_partfile_abandon(&file);
    else if (!lp_partfile_keep(&file))
        return say_failed(path, errno);
    return written || say_failed(path, cause);
}

/* A pipe or a device, which has no "beside". */
static bool write_into(struct lp_page *page, const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return say_failed(path, errno);
    bool written = write_to(page, fd);
    int cause = errno;
    if (close(fd) != 0 && written) {
        cause = errno;
        written = false;
    }
    return written || say_failed(path, cause);
}

static bool write_page(struct lp_page *page, const char *output)
{
    char *path = place_of(output);
    struct stat info;
    bool written = false;

    if (!path)
        say_failed(output, ENOMEM);
    else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        written = write_into(page, path);
    else
        written = write_file(page, path);
    free(path);
    return written;
}

/* The page to standard output, or to its file; then the totals where the page is not. */
static void deliver(struct report *report)
{
    struct lp_run *run = &report->run;
    const char *output = run->cli->output;
    bool to_stdout = output && strcmp(output, "-") == 0;

    if (to_stdout) {
        if (!lp_page_write(&report->page, &run->out) && !run->out.error) {
            lp_say("temporary file: cannot be read back");
            run->failed = true;
        }
    } else if (output) {
        run->failed = !write_page(&report->page, output);
    }
    if (!to_stdout && !run->cli->quiet)
        lp_page_totals(&report->page, &run->out);
}

static int run(const struct lp_cli *cli)
{
    struct report report = {.said = 0};
    struct lp_error error = {""};

    lp_run_start(&report.run, cli);
    if (lp_page_start(&report.page, cli->site_depth ? cli->site_depth : 1, cli->output != NULL,
                      &error)) {
        read_all(&report);
    } else {
        lp_say("%s", error.text);
        report.run.failed = true;
    }
    if (!report.run.failed) {
        if (!report.page.totals.results)
            lp_run_note(&report.run, LP_EXIT_DIFFERS);
        deliver(&report);
    }
    lp_page_end(&report.page);
    return lp_run_finish(&report.run);
}

const struct lp_command lp_command_report = {
    .name = "report",
    .bit = LP_CMD_REPORT,
    .synopsis = "report [OPTION]... [-o FILE.html] [RESULTS]...",
    .about = "totals of many results (JSON Lines of verify), and a page that shows them",
    .exit_status = "0 done, 1 no result found, 2 trouble",
    .run = run,
};
