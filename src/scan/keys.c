#include "scan/keys.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* All that the file has more than before. */
static void read_more(struct lp_scan_keys *keys)
{
    uint8_t bytes[16 * 1024];
    size_t n;

    if (!keys->file)
        return;
    clearerr(keys->file); /* its end may have moved */
    while ((n = fread(bytes, 1, sizeof bytes, keys->file)) > 0)
        keys->out_of_memory |= !lp_keylog_add(keys->tls.log, lp_rd_init(bytes, n));
    keys->out_of_memory |= !lp_keylog_pause(keys->tls.log);
}

/* For a secret that is missing. A connection that waits for one asks with every packet. */
static void look(void *ctx, struct lp_keylog *log)
{
    enum { LOOKS_PER_SECOND = 20 };
    struct lp_scan_keys *keys = ctx;
    struct timespec now = {0};

    (void)log;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t at = now.tv_sec * LOOKS_PER_SECOND + now.tv_nsec / (1000000000 / LOOKS_PER_SECOND);
    if (at == keys->looked)
        return;
    keys->looked = at;
    read_more(keys);
}

static enum lp_status open_file(struct lp_scan_keys *keys, struct lp_error *error)
{
    uint8_t first;

    keys->file = fopen(keys->path, "rb");
    /* A directory opens, too; the end of an empty file is no error. */
    if (keys->file && (fread(&first, 1, 1, keys->file) == 1 || !ferror(keys->file))) {
        rewind(keys->file);
        read_more(keys);
        return LP_OK;
    }
    lp_error_set(error, "%s: %s", keys->path, strerror(errno));
    return LP_ERR_IO;
}

enum lp_status lp_scan_keys_open(struct lp_scan_keys *keys, uint64_t seed, const char *path,
                                 struct lp_error *error)
{
    keys->path = path;
    keys->tls.log = lp_keylog_new(seed);
    keys->tls.crypto = lp_crypto_new();
    if (!keys->tls.log || !keys->tls.crypto) {
        lp_error_set(error, "out of memory");
        return LP_ERR_MEMORY;
    }
    if (!path)
        return LP_OK;
    keys->usable = true;
    keys->tls.patient = true;
    keys->tls.look = look;
    keys->tls.look_ctx = keys;
    return open_file(keys, error);
}

void lp_scan_keys_close(struct lp_scan_keys *keys)
{
    if (keys->file)
        fclose(keys->file);
    keys->file = NULL;
    lp_keylog_free(keys->tls.log);
    lp_crypto_free(keys->tls.crypto);
    lp_buf_free(&keys->tls.plain);
    keys->tls.log = NULL;
    keys->tls.crypto = NULL;
}

void lp_scan_keys_take(struct lp_scan_keys *keys, uint64_t packets)
{
    const struct lp_buf *secrets = keys->secrets;
    struct lp_rd text = lp_rd_init(secrets->bytes, secrets->len);

    if (lp_rd_skip(&text, keys->capture_len))
        keys->out_of_memory |= !lp_keylog_add(keys->tls.log, text) || !lp_keylog_end(keys->tls.log);
    keys->capture_len = secrets->len;
    keys->usable = true;
    keys->late |= packets > 0;
}

void lp_scan_keys_finish(struct lp_scan_keys *keys)
{
    lp_scan_keys_add(keys, keys->secrets, 1);
    keys->secrets = NULL;
    read_more(keys);
}

struct lp_tls_keys *lp_scan_keys_tls(struct lp_scan_keys *keys)
{
    return keys->usable ? &keys->tls : NULL;
}

/* ---- findings ---- */

void lp_scan_keys_note(const struct lp_scan_keys *keys, struct lp_findings *findings)
{
    const struct lp_keylog_stats *stats = lp_keylog_stats(keys->tls.log);
    const char *where = keys->path ? keys->path : "the capture's own secrets";
    const char *shown = lp_text_clean(findings->arena, where, strlen(where));
    struct lp_finding finding = {.severity = LP_INFO, .session = -1};

    if (!keys->usable || !shown)
        return;
    if (stats->unknown) {
        finding.code = "keylog-lines";
        lp_findings_add(findings, &finding,
                        "%s: lines that are no secret of the NSS key log format: %llu", shown,
                        (unsigned long long)stats->unknown);
    }
    if (stats->rsa && stats->secrets == 0) { /* otherwise they stand beside better ones */
        finding.code = "keylog-rsa";
        finding.remedy = "have the CLIENT_RANDOM lines written: newer programs do";
        lp_findings_add(findings, &finding,
                        "%s: RSA lines, which say nothing about a client random and are not used: "
                        "%llu",
                        shown, (unsigned long long)stats->rsa);
    }
    if (stats->too_many) {
        finding.severity = LP_WARNING;
        finding.code = "keylog-limit";
        finding.remedy = "give only the part that was written during the recording";
        lp_findings_add(findings, &finding, "%s: secrets beyond what is kept: %llu", shown,
                        (unsigned long long)stats->too_many);
    }
}

static void note_no_key(const struct lp_tls_half *client, const struct lp_session *session,
                        const char *path, struct lp_findings *findings)
{
    enum { SHOWN = 8 }; /* bytes: enough to find the line */
    struct lp_finding finding = {
        .severity = LP_WARNING,
        .code = "no-key",
        .session = session->id,
        .frame = session->first_frame,
        .remedy = "give the key log that was written during this very recording",
    };
    char text[2 * SHOWN + 1];

    lp_hex_text(client->hello.random, SHOWN, text);
    if (client->hello.complete) {
        lp_findings_add(findings, &finding,
                        "%s: packet %llu: the key log has no secret for client random %s...", path,
                        (unsigned long long)finding.frame, text);
        return;
    }
    finding.remedy = "record both directions";
    lp_findings_add(
        findings, &finding,
        "%s: packet %llu: the ClientHello is not in the capture, and its random is what "
        "secrets are found by in the key log",
        path, (unsigned long long)finding.frame);
}

static void note_wrong_key(const struct lp_tls_half *client, const struct lp_tls_half *half,
                           const struct lp_session *session, const char *path,
                           struct lp_findings *findings)
{
    enum { SHOWN = 8 };
    struct lp_finding finding = {
        .severity = LP_WARNING,
        .code = "wrong-key",
        .session = session->id,
        .frame = half->wrong_key_frame,
        .remedy = "give the key log that was written during this very recording",
    };
    char text[2 * SHOWN + 1];

    lp_hex_text(client->hello.random, SHOWN, text);
    bool quic = strcmp(session->transport, "quic") == 0;
    lp_findings_add(findings, &finding,
                    "%s: packet %llu: the %s under the key log's secret for client random %s...",
                    path, (unsigned long long)half->wrong_key_frame,
                    quic ? "QUIC packet does not verify (RFC 9001 5.3)"
                         : "record does not verify (RFC 8446 5.2, RFC 5246 6.2.3)",
                    text);
}

void lp_keys_note_session(const struct lp_tls *tls, const struct lp_session *session,
                          const char *path, struct lp_findings *findings)
{
    const struct lp_tls_half *client = &tls->half[tls->half[1].is_client || tls->half[0].is_server];

    for (unsigned dir = 0; dir < 2; dir++) {
        const struct lp_tls_half *half = &tls->half[dir];
        if (half->wrong_key)
            note_wrong_key(client, half, session, path, findings);
        if (half->no_key && half->is_server && session->outcome == LP_OUTCOME_ENCRYPTED)
            note_no_key(client, session, path, findings);
    }
}
