/* hash: the certificates and hashes of a file in every notation, and as lines of a phone's
 * configuration. */
#include "cli/inputs.h"
#include "cli/message.h"
#include "cli/run.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct hash {
    struct lp_run run;
    unsigned count; /* SHA-1 hashes so far */
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

/* What could not be used; what is merely worth knowing only with --verbose. */
static void say_findings(const struct lp_run *run, const struct lp_listing *listing)
{
    for (size_t i = 0; i < listing->finding_count; i++)
        if (listing->findings[i].severity > LP_INFO || run->cli->verbose)
            lp_say("%s", listing->findings[i].message);
}

static void visit(void *ctx, const char *path)
{
    struct hash *hash = ctx;
    struct lp_run *run = &hash->run;
    struct lp_listing *listing = NULL;
    struct lp_error error = {""};
    enum lp_status status = lp_list_file(path, &listing, &error);

    if (status == LP_ERR_IO) {
        say_unusable(hash, path, &error);
        return;
    }
    if (status != LP_OK) {
        lp_say("%s", error.text);
        run->failed = true;
        return;
    }
    say_findings(run, listing);
    if (listing->count == 0)
        lp_run_note(run, LP_EXIT_DIFFERS);
    for (size_t i = 0; i < listing->count; i++) {
        const struct lp_listed *item = &listing->items[i];
        bool is_sha1 = item->hash.algorithm == LP_HASH_SHA1;
        hash->count += is_sha1;
        if (!run->cli->quiet)
            run->cli->writer->listed(&run->report, listing->path, item, is_sha1 ? hash->count : 0);
    }
    lp_run_flush(run);
    lp_listing_free(listing);
}

static int run(const struct lp_cli *cli)
{
    struct hash hash = {.count = 0};

    lp_run_start(&hash.run, cli);
    if (cli->input_count == 0)
        visit(&hash, "-");
    for (size_t i = 0; i < cli->input_count && !hash.run.failed; i++)
        visit(&hash, cli->inputs[i]);
    return lp_run_finish(&hash.run);
}

const struct lp_command lp_command_hash = {
    .name = "hash",
    .bit = LP_CMD_HASH,
    .synopsis = "hash [OPTION]... [FILE]...",
    .about = "the hashes of certificates, headend texts and trust lists, as a phone needs them",
    .exit_status = "0 done, 1 no certificate and no hash found, 2 trouble",
    .rows = LP_ROWS_LISTED,
    .run = run,
};
