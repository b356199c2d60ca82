/* hash: a certificate file in every notation, and as the line of a phone's configuration. */
#include "cli/message.h"
#include "cli/run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct hash {
    struct lp_run run;
    unsigned count; /* certificates so far */
};

/* Whether bytes can be had at all: then a file without a certificate is no trouble, but "nothing
 * found". */
static bool readable(const char *path)
{
    char byte;
    int fd;
    ssize_t n;

    if (strcmp(path, "-") == 0)
        return true;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
        return false;
    n = read(fd, &byte, 1);
    close(fd);
    return n >= 0;
}

static void say_unusable(struct hash *hash, const char *path, const struct lp_error *error)
{
    bool is_capture = lp_is_capture(path);

    if (is_capture)
        lp_say("%s: this is a capture: `leafprint inspect` shows the certificates in it", path);
    else
        lp_say("%s", error->text);
    lp_run_note(&hash->run, is_capture || !readable(path) ? LP_EXIT_TROUBLE : LP_EXIT_DIFFERS);
}

static void visit(void *ctx, const char *path)
{
    struct hash *hash = ctx;
    struct lp_run *run = &hash->run;
    struct lp_capture *certificates = NULL;
    struct lp_error error = {""};
    enum lp_status status = lp_read_certificates(path, &certificates, &error);

    if (status == LP_ERR_IO) {
        say_unusable(hash, path, &error);
        return;
    }
    if (status != LP_OK) {
        lp_say("%s", error.text);
        run->failed = true;
        return;
    }
    const struct lp_session *session = certificates->sessions;
    for (size_t i = 0; i < session->chain_count; i++) {
        hash->count++;
        if (!run->cli->quiet)
            run->cli->writer->hashed(&run->report, certificates->path, &session->chain[i],
                                     hash->count);
    }
    lp_run_flush(run);
    lp_capture_free(certificates);
}

static int run(const struct lp_cli *cli)
{
    struct hash hash = {.count = 0};

    lp_run_start(&hash.run, cli);
    for (size_t i = 0; i < cli->input_count && !hash.run.failed; i++)
        visit(&hash, cli->inputs[i]);
    return lp_run_finish(&hash.run);
}

const struct lp_command lp_command_hash = {
    .name = "hash",
    .bit = LP_CMD_HASH,
    .synopsis = "hash [OPTION]... FILE...",
    .about = "the hashes of certificate files, and the <certHashN> lines for a phone",
    .exit_status = "0 done, 1 no certificate found, 2 trouble",
    .run = run,
};
