/*
 * extract: the certificates seen, or the files that phones fetched, as files.
 *
 * The library names and writes the files, one capture after the other: which of two captures with
 * the same certificate wrote its file must not depend on who was faster. Only `-o -` is done here:
 * one single leaf on standard output. Whether it is the only one shows when the last capture has
 * been read, so its bytes wait in a buffer of their own until then.
 */
#include "cli/jobs.h"
#include "cli/message.h"

#include "disk/store.h"

#include <string.h>
#include <unistd.h>

struct extract {
    struct lp_run run;
    struct lp_jobs jobs;
    struct lp_export what;
    struct lp_file_list files; /* of the present capture */
    bool found;
    bool to_stdout;
    bool single_failed; /* a second one, other than the first */
    uint8_t single[32]; /* SHA-256 of the leaf that `run.out` holds, when `found` */
    size_t single_at;   /* where the single file stands in `run.out` */
};

static void add_file(void *ctx, const char *path, bool written)
{
    struct extract *extract = ctx;
    if (!lp_file_list_add(&extract->files, path, written)) {
        lp_say("out of memory");
        extract->run.failed = true;
    }
}

/* What is not whole is never written. */
static void tell_incomplete(const struct lp_capture *capture)
{
    for (size_t i = 0; i < capture->file_count; i++) {
        const struct lp_boot_file *file = &capture->files[i];
        if (!file->complete)
            lp_say("%s: packet %llu: %s is incomplete: not written", capture->path,
                   (unsigned long long)file->frame, file->name);
    }
}

static enum lp_status export_what(struct extract *extract, const struct lp_capture *capture,
                                  struct lp_error *error)
{
    if (!extract->run.cli->configs)
        return lp_export(capture, &extract->what, add_file, extract, error);
    tell_incomplete(capture);
    return lp_export_phone_files(capture, extract->what.dir, add_file, extract, error);
}

static void export_files(struct extract *extract, struct lp_job *job)
{
    struct lp_run *run = &extract->run;
    struct lp_report report = lp_job_report(&extract->jobs, job);
    struct lp_error error = {""};
    extract->files.of_phones = run->cli->configs;
    enum lp_status status = export_what(extract, job->capture, &error);

    /* What was written before a failure is told all the same. */
    extract->found |= extract->files.count > 0;
    if (!run->cli->quiet)
        run->cli->writer->extracted(&report, job->capture, &extract->files);
    lp_file_list_free(&extract->files);
    if (status != LP_OK) {
        lp_run_send(run, &job->out);
        lp_say("%s", error.text);
        run->failed = true;
    }
}

static void hold_leaf(struct extract *extract, const struct lp_cert *leaf)
{
    struct lp_run *run = &extract->run;

    if (extract->found) {
        extract->single_failed |= memcmp(extract->single, leaf->sha256, sizeof leaf->sha256) != 0;
        return;
    }
    extract->found = true;
    memcpy(extract->single, leaf->sha256, sizeof leaf->sha256);
    if (run->cli->quiet)
        return;
    if (run->cli->pem)
        lp_out_pem(&run->out, leaf->der, leaf->bytes);
    else
        lp_out_bytes(&run->out, leaf->der, leaf->bytes);
}

static void hold_single_leaf(struct extract *extract, const struct lp_capture *capture)
{
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_session *session = &capture->sessions[i];
        if (session->chain_count && session->chain[0].complete && session->chain[0].der)
            hold_leaf(extract, &session->chain[0]);
    }
}

/* Two files are told apart by their bytes, which `run.out` holds. */
static void hold_single_file(struct extract *extract, const struct lp_capture *capture)
{
    struct lp_out *out = &extract->run.out;

    tell_incomplete(capture);
    for (size_t i = 0; i < capture->file_count; i++) {
        const struct lp_boot_file *file = &capture->files[i];
        if (!file->complete)
            continue;
        if (extract->found) {
            extract->single_failed |=
                out->buf.len - extract->single_at != file->size ||
                memcmp(out->buf.bytes + extract->single_at, file->bytes, file->size) != 0;
            continue;
        }
        extract->found = true;
        extract->single_at = out->buf.len;
        lp_out_bytes(out, file->bytes, file->size);
    }
}

static void examine(void *ctx, unsigned worker, struct lp_job *job)
{
    struct extract *extract = ctx;

    (void)worker;
    lp_job_scan(&extract->jobs, job, &extract->jobs.options);
}

static void deliver(void *ctx, struct lp_job *job)
{
    struct extract *extract = ctx;

    if (extract->to_stdout && extract->run.cli->configs)
        hold_single_file(extract, job->capture);
    else if (extract->to_stdout)
        hold_single_leaf(extract, job->capture);
    else
        export_files(extract, job);
}

/* -o - writes bytes, and only those. */
static bool usable(const struct lp_cli *cli, bool to_stdout)
{
    const char *wrong = NULL;

    if (to_stdout && cli->writer != &lp_writer_text)
        wrong = "-o - writes the file itself: it has no other --format";
    else if (to_stdout && !cli->pem && !cli->configs && !cli->quiet && isatty(STDOUT_FILENO))
        wrong = "not writing DER to a terminal: give -o a directory, or --pem";
    if (wrong)
        lp_say("extract: %s", wrong);
    return !wrong;
}

static int run(const struct lp_cli *cli)
{
    struct extract extract = {
        .jobs = {.run = &extract.run,
                 .options = lp_run_options(cli),
                 .examine = examine,
                 .deliver = deliver,
                 .ctx = &extract},
        .what = {.dir = cli->output ? cli->output : ".", .all = cli->all, .pem = cli->pem},
        .to_stdout = cli->output && strcmp(cli->output, "-") == 0,
    };

    extract.jobs.options.keep_der = true;
    if (!usable(cli, extract.to_stdout))
        return LP_EXIT_TROUBLE;
    if (!lp_run_start(&extract.run, cli))
        return lp_run_finish(&extract.run);
    if (!extract.to_stdout)
        lp_store_sweep(extract.what.dir);
    lp_jobs_run(&extract.jobs);
    if (extract.single_failed) {
        lp_say("extract: more than one %s was seen: give -o a directory",
               cli->configs ? "file" : "leaf");
        extract.run.failed = true;
    }
    if (cli->quiet)
        extract.run.out.buf.len = 0;
    if (!extract.found)
        lp_run_note(&extract.run, LP_EXIT_DIFFERS);
    return lp_run_finish(&extract.run);
}

const struct lp_command lp_command_extract = {
    .name = "extract",
    .bit = LP_CMD_EXTRACT,
    .synopsis = "extract [OPTION]... [-o DIR] CAPTURE...",
    .about = "write the certificates seen as .cer files, or the phones' configurations",
    .exit_status = "0 done, 1 nothing found, 2 trouble",
    .rows = LP_ROWS_EXTRACTED,
    .run = run,
};
