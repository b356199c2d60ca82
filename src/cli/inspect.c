/* inspect: every TLS handshake and its certificates; no comparison. */
#include "cli/run.h"

struct inspect {
    struct lp_run run;
    struct lp_options options;
    bool found; /* a handshake */
};

static void visit(void *ctx, const char *path)
{
    struct inspect *inspect = ctx;
    struct lp_run *run = &inspect->run;
    struct lp_capture *capture = lp_run_scan(run, path, &inspect->options);

    if (!capture)
        return;
    inspect->found |= capture->session_count > 0;
    if (!run->cli->quiet)
        run->cli->writer->inspected(&run->report, capture);
    lp_run_flush(run);
    lp_capture_free(capture);
}

static int run(const struct lp_cli *cli)
{
    struct inspect inspect = {.options = lp_run_options(cli)};

    lp_run_start(&inspect.run, cli);
    lp_run_inputs(&inspect.run, visit, &inspect);
    if (!inspect.found)
        lp_run_note(&inspect.run, LP_EXIT_DIFFERS);
    return lp_run_finish(&inspect.run);
}

const struct lp_command lp_command_inspect = {
    .name = "inspect",
    .bit = LP_CMD_INSPECT,
    .synopsis = "inspect [OPTION]... CAPTURE...|-i NAME",
    .about = "every TLS handshake and its certificates; no comparison",
    .exit_status = "0 done, 1 no handshake found, 2 trouble",
    .run = run,
};
