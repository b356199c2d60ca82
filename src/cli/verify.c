/* verify: does the headend present the certificate that the phone was told to trust? */
#include "cli/jobs.h"
#include "cli/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a list named last, to one worker: the next line often names the same. */
struct own_side {
    char *path;                   /* owned; NULL: none was read */
    struct lp_expected *expected; /* owned */
};

struct verify {
    struct lp_run run;
    struct lp_jobs jobs;
    struct lp_expected *expected; /* owned */
    struct own_side *own;         /* owned; one for each worker */
};

static int status_of(const struct lp_capture *capture)
{
    switch (capture->verdict) {
    case LP_MATCH:
    case LP_MATCH_ISSUER:
        return LP_EXIT_OK;
    case LP_MISMATCH:
    case LP_MIXED:
        return LP_EXIT_DIFFERS;
    case LP_UNDECIDED:
        return LP_EXIT_UNDECIDED;
    case LP_UNREADABLE:
        break;
    }
    return LP_EXIT_TROUBLE;
}

/* Before the configurations that these certificates may have signed. */
static bool add_trust(struct lp_expected *expected, const struct lp_cli *cli,
                      struct lp_error *error)
{
    for (size_t i = 0; i < cli->trust_count; i++)
        if (lp_expected_trust_file(expected, cli->trust[i], error) != LP_OK)
            return false;
    return true;
}

/* The expected side that a list named for this job's capture. NULL: error says why. */
static const struct lp_expected *own_side(struct verify *verify, unsigned worker, const char *path,
                                          struct lp_error *error)
{
    struct own_side *own = &verify->own[worker];

    if (own->path && strcmp(own->path, path) == 0)
        return own->expected;
    free(own->path);
    lp_expected_free(own->expected);
    own->path = NULL;
    own->expected = lp_expected_new();
    if (!own->expected) {
        snprintf(error->text, sizeof error->text, "out of memory");
        return NULL;
    }
    if (!add_trust(own->expected, verify->run.cli, error) ||
        lp_expected_add_file(own->expected, path, error) != LP_OK)
        return NULL;
    own->path = strdup(path); /* without it the file is read again */
    return own->expected;
}

/* Without its configuration there is nothing to compare a capture with: not even with one that is
 * inside it. */
static void give_up_comparing(struct lp_job *job, const struct lp_error *why)
{
    struct lp_capture *capture = job->capture;

    lp_out_clean(&job->note, why->text);
    lp_out_char(&job->note, '\0');
    if (job->note.error) {
        lp_job_fail(job, "out of memory");
        return;
    }
    capture->error = capture->summary = (const char *)job->note.buf.bytes;
    capture->verdict = LP_UNREADABLE;
    capture->reason = LP_REASON_NONE;
    capture->config_count = 0;
}

/* Whether a configuration inside the capture needs digests that are rarely wanted: MD5, SHA-512. */
static bool lacks_digests(const struct lp_capture *capture)
{
    for (size_t i = 0; i < capture->finding_count; i++)
        if (strcmp(capture->findings[i].code, "digest-missing") == 0)
            return true;
    return false;
}

/* False: there is nothing to show. */
static bool scan_and_verify(const struct verify *verify, struct lp_job *job,
                            const struct lp_options *options, const struct lp_expected *expected,
                            const struct lp_verify_options *how)
{
    struct lp_error error = {""};

    if (!lp_job_scan(&verify->jobs, job, options))
        return false;
    if (lp_verify(job->capture, expected, how, &error) != LP_OK) {
        lp_job_fail(job, error.text);
        return false;
    }
    return true;
}

/* What comes by a pipe or from an interface cannot be read twice. */
static bool reads_again(const struct verify *verify, const struct lp_job *job)
{
    return !verify->run.cli->live.interface && strcmp(job->path, "-") != 0;
}

static void examine(void *ctx, unsigned worker, struct lp_job *job)
{
    struct verify *verify = ctx;
    const struct lp_cli *cli = verify->run.cli;
    struct lp_options options = verify->jobs.options;
    struct lp_verify_options how = cli->verify;
    const struct lp_expected *expected = verify->expected;
    struct lp_report report = lp_job_report(&verify->jobs, job);
    struct lp_error why = {""};

    if (job->config) {
        expected = own_side(verify, worker, job->config, &why);
        how.assigned = true;
    }
    options.more_digests = expected && lp_expected_needs_more_digests(expected);
    if (!scan_and_verify(verify, job, &options, expected, &how))
        return;
    if (!options.more_digests && lacks_digests(job->capture) && reads_again(verify, job)) {
        lp_capture_free(job->capture);
        job->capture = NULL;
        options.more_digests = true;
        if (!scan_and_verify(verify, job, &options, expected, &how))
            return;
    }
    if (!expected)
        give_up_comparing(job, &why);
    if (!cli->quiet)
        cli->writer->verified(&report, job->capture);
}

static void deliver(void *ctx, struct lp_job *job)
{
    struct verify *verify = ctx;
    lp_run_note(&verify->run, status_of(job->capture));
}

/* Every expected side is read, so that all that is wrong is told at once. */
static bool read_expected(struct verify *verify, const struct lp_cli *cli)
{
    struct lp_error error = {""};
    bool fine = add_trust(verify->expected, cli, &error);

    if (!fine)
        lp_say("%s", error.text);
    for (size_t i = 0; i < cli->expectation_count; i++) {
        const struct lp_expectation *one = &cli->expectations[i];
        enum lp_status status = one->is_hash
                                    ? lp_expected_add_hash(verify->expected, one->text, &error)
                                    : lp_expected_add_file(verify->expected, one->text, &error);
        if (status != LP_OK) {
            lp_say("%s", error.text);
            fine = false;
        }
        if (!one->is_hash && strcmp(one->text, "-") == 0)
            verify->run.stdin_used = true;
    }
    for (size_t i = 0; i < cli->trust_count; i++)
        verify->run.stdin_used |= strcmp(cli->trust[i], "-") == 0;
    return fine;
}

static bool start(struct verify *verify, const struct lp_cli *cli)
{
    verify->expected = lp_expected_new();
    verify->own = calloc(lp_jobs_workers(cli), sizeof *verify->own);
    if (!verify->expected || !verify->own) {
        lp_say("out of memory");
        return false;
    }
    return read_expected(verify, cli);
}

static int run(const struct lp_cli *cli)
{
    struct verify verify = {.jobs = {.run = &verify.run,
                                     .options = lp_run_options(cli),
                                     .examine = examine,
                                     .deliver = deliver,
                                     .ctx = &verify,
                                     .needs_one = true}};

    if (!lp_run_start(&verify.run, cli))
        return lp_run_finish(&verify.run);
    if (start(&verify, cli))
        lp_jobs_run(&verify.jobs);
    else
        verify.run.failed = true;
    for (unsigned i = 0; verify.own && i < lp_jobs_workers(cli); i++) {
        free(verify.own[i].path);
        lp_expected_free(verify.own[i].expected);
    }
    free(verify.own);
    lp_expected_free(verify.expected);
    return lp_run_finish(&verify.run);
}

const struct lp_command lp_command_verify = {
    .name = "verify",
    .bit = LP_CMD_VERIFY,
    .synopsis = "verify [OPTION]... [-c FILE]... [--expect HASH]... CAPTURE...|-i NAME",
    .about = "does the headend present the certificate that the phone was told to trust?",
    .exit_status = "0 every capture matches, 1 a mismatch, 2 trouble, 3 undecided",
    .rows = LP_ROWS_VERIFIED,
    .run = run,
};
