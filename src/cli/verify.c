/* verify: does the headend present the certificate that the phone was told to trust? */
#include "cli/message.h"
#include "cli/run.h"

#include <string.h>

struct verify {
    struct lp_run run;
    struct lp_expected *expected; /* owned */
    struct lp_options options;
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

static void visit(void *ctx, const char *path)
{
    struct verify *verify = ctx;
    struct lp_run *run = &verify->run;
    struct lp_error error = {""};
    struct lp_capture *capture = lp_run_scan(run, path, &verify->options);

    if (!capture)
        return;
    if (lp_verify(capture, verify->expected, &run->cli->verify, &error) != LP_OK) {
        lp_say("%s", error.text);
        run->failed = true;
        goto out;
    }
    lp_run_note(run, status_of(capture));
    if (!run->cli->quiet)
        run->cli->writer->verified(&run->report, capture);
    lp_run_flush(run);
out:
    lp_capture_free(capture);
}

/* Before the configurations that these certificates may have signed. */
static void read_trust(struct verify *verify, const struct lp_cli *cli)
{
    for (size_t i = 0; i < cli->trust_count; i++) {
        struct lp_error error = {""};
        if (lp_expected_trust_file(verify->expected, cli->trust[i], &error) != LP_OK) {
            lp_say("%s", error.text);
            verify->run.failed = true;
        }
        verify->run.stdin_used |= strcmp(cli->trust[i], "-") == 0;
    }
}

/* Every expected side is read, so that all that is wrong is told at once. */
static void read_expected(struct verify *verify, const struct lp_cli *cli)
{
    for (size_t i = 0; i < cli->expectation_count; i++) {
        const struct lp_expectation *one = &cli->expectations[i];
        struct lp_error error = {""};
        enum lp_status status = one->is_hash
                                    ? lp_expected_add_hash(verify->expected, one->text, &error)
                                    : lp_expected_add_file(verify->expected, one->text, &error);
        if (status != LP_OK) {
            lp_say("%s", error.text);
            verify->run.failed = true;
        }
        if (!one->is_hash && strcmp(one->text, "-") == 0)
            verify->run.stdin_used = true;
    }
}

static int run(const struct lp_cli *cli)
{
    struct verify verify = {.expected = lp_expected_new()};

    lp_run_start(&verify.run, cli);
    if (!verify.expected) {
        lp_say("out of memory");
        verify.run.failed = true;
        goto out;
    }
    read_trust(&verify, cli);
    read_expected(&verify, cli);
    if (verify.run.failed)
        goto out;
    verify.options = lp_run_options(cli);
    verify.options.more_digests = lp_expected_needs_more_digests(verify.expected);
    lp_run_inputs(&verify.run, visit, &verify);
out:
    lp_expected_free(verify.expected);
    return lp_run_finish(&verify.run);
}

const struct lp_command lp_command_verify = {
    .name = "verify",
    .bit = LP_CMD_VERIFY,
    .synopsis = "verify [OPTION]... [-c FILE]... [--expect HASH]... CAPTURE...|-i NAME",
    .about = "does the headend present the certificate that the phone was told to trust?",
    .exit_status = "0 every capture matches, 1 a mismatch, 2 trouble, 3 undecided",
    .run = run,
};
