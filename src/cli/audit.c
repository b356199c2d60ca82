/* audit: which phones' configurations already hold the hashes of certificates that are to come? */
#include "cli/message.h"
#include "cli/run.h"

#include <stdlib.h>

/* As verify: 2 before 1 before 3 before 0. */
static int status_of(const struct lp_audit *audit)
{
    const size_t *totals = audit->totals;

    if (totals[LP_HOLDS_ERROR])
        return LP_EXIT_TROUBLE;
    if (totals[LP_HOLDS_SOME] || totals[LP_HOLDS_OTHERS] || totals[LP_HOLDS_NONE])
        return LP_EXIT_DIFFERS;
    if (totals[LP_HOLDS_UNKNOWN] || !totals[LP_HOLDS_ALL])
        return LP_EXIT_UNDECIDED;
    return LP_EXIT_OK;
}

static void say_errors(const struct lp_audit *audit)
{
    for (size_t i = 0; i < audit->config_count; i++)
        if (audit->configs[i].holding == LP_HOLDS_ERROR)
            lp_say("%s", audit->configs[i].why);
}

static void audit_all(struct lp_run *run, const struct lp_audit_request *request)
{
    struct lp_audit *audit = NULL;
    struct lp_error error = {""};

    if (lp_audit(request, &audit, &error) != LP_OK) {
        lp_say("%s", error.text);
        run->failed = true;
        return;
    }
    say_errors(audit);
    lp_run_note(run, status_of(audit));
    if (!run->cli->quiet)
        run->cli->writer->audited(&run->report, audit);
    lp_run_flush(run);
    lp_audit_free(audit);
}

static int run(const struct lp_cli *cli)
{
    struct lp_run run;
    const char **configs = calloc(cli->expectation_count, sizeof *configs);
    struct lp_audit_request request = {
        .config_count = cli->expectation_count,
        .certs = (const char *const *)cli->inputs,
        .cert_count = cli->input_count,
        .trust = cli->trust,
        .trust_count = cli->trust_count,
        .jobs = cli->jobs,
    };

    lp_run_start(&run, cli);
    if (configs) {
        for (size_t i = 0; i < cli->expectation_count; i++)
            configs[i] = cli->expectations[i].text;
        request.configs = configs;
        audit_all(&run, &request);
    } else {
        lp_say("out of memory");
        run.failed = true;
    }
    free(configs);
    return lp_run_finish(&run);
}

const struct lp_command lp_command_audit = {
    .name = "audit",
    .bit = LP_CMD_AUDIT,
    .synopsis = "audit [OPTION]... -c FILE|FOLDER CERTIFICATE...",
    .about = "which phones' configurations already hold the hashes of these certificates?",
    .exit_status = "0 all do, 1 some do not, 2 trouble, 3 nothing to compare, or not with all",
    .rows = LP_ROWS_AUDITED,
    .run = run,
};
