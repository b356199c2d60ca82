/*
 * verify, for people: what was expected and what was seen, one under the other, so that the eye
 * finds where they differ; then what to do about it.
 */
#include "report/text.h"

#include <string.h>

/* ---- both sides of a comparison ---- */

enum notation { BASE64, HEX };

enum {
    HASH_COLUMN = LP_TEXT_VALUE + sizeof "expected ", /* where the hashes stand */
    HASH_TEXT_SIZE = 2 * 64 + 1,                      /* a SHA-512 in hex */
};

struct digest {
    const uint8_t *bytes; /* NULL: not to be had */
    size_t n;
};

static struct digest digest_of(const struct lp_cert *cert, enum lp_hash_algorithm algorithm)
{
    const struct lp_more_digests *more = cert->more;

    if (!cert->complete)
        return (struct digest){NULL, 0};
    switch (algorithm) {
    case LP_HASH_SHA1:
        return (struct digest){cert->sha1, sizeof cert->sha1};
    case LP_HASH_SHA256:
        return (struct digest){cert->sha256, sizeof cert->sha256};
    case LP_HASH_MD5:
        return (struct digest){more ? more->md5 : NULL, sizeof more->md5};
    case LP_HASH_SHA512:
        return (struct digest){more ? more->sha512 : NULL, sizeof more->sha512};
    case LP_HASH_UNKNOWN:
        break;
    }
    return (struct digest){NULL, 0};
}

static void spell(struct digest digest, enum notation notation, char text[HASH_TEXT_SIZE])
{
    if (notation == HEX)
        lp_hex_text(digest.bytes, digest.n, text);
    else
        lp_base64_text(digest.bytes, digest.n, text);
}

/* The text, with the characters that differ from `other` in red. */
static void mark_differences(struct lp_report *report, const char *text, const char *other)
{
    bool red = false;

    for (size_t i = 0; text[i]; i++) {
        bool differs = report->color && text[i] != other[i];
        if (differs != red)
            lp_out_text(report->out, differs ? "\033[31m" : "\033[0m");
        red = differs;
        lp_out_char(report->out, text[i]);
    }
    if (red)
        lp_out_text(report->out, "\033[0m");
}

/* The rows of one notation; the first carries its name. */
struct rows {
    const char *label;
    enum lp_hash_algorithm algorithm;
    enum notation notation;
    char leaf[HASH_TEXT_SIZE]; /* what the expected values are held against */
};

static void start_row(struct lp_report *report, struct rows *rows, const char *side)
{
    lp_text_label(report, rows->label);
    rows->label = NULL;
    lp_out_text(report->out, side);
    lp_out_spaces(report->out, HASH_COLUMN - LP_TEXT_VALUE - strlen(side));
}

static void hash_name(struct lp_report *report, const struct lp_config *config,
                      const struct lp_cert_hash *hash)
{
    bool by_itself = strcmp(config->origin, "hash") == 0 ||
                     strcmp(config->origin, "certificate") == 0 ||
                     strcmp(config->origin, "headend") == 0;

    lp_out_text(report->out, by_itself ? " given #" : " certHash");
    lp_out_number(report->out, hash->n);
}

static void faulty_row(struct lp_report *report, struct rows *rows, const struct lp_config *config,
                       const struct lp_cert_hash *hash)
{
    static const char *const texts[] = {
        [LP_HASH_NOT_BASE64] = ": no Base64",
        [LP_HASH_OF_HEX_TEXT] = ": Base64 of the hex text",
        [LP_HASH_IS_HEX] = ": hex instead of Base64",
        [LP_HASH_BAD_LENGTH] = ": no digest's length",
    };

    start_row(report, rows, "expected");
    lp_out_text(report->out, hash->text);
    lp_out_char(report->out, ' ');
    hash_name(report, config, hash);
    lp_out_text(report->out, texts[hash->fault]);
    lp_out_char(report->out, '\n');
}

/* False: there is nothing of this algorithm on the expected side. */
static bool expected_rows(struct lp_report *report, struct rows *rows,
                          const struct lp_config *config)
{
    bool any = false;

    for (size_t i = 0; i < config->hash_count; i++) {
        const struct lp_cert_hash *hash = &config->hashes[i];
        struct digest digest = {hash->digest, hash->digest_len};
        char text[HASH_TEXT_SIZE];

        if (hash->fault == LP_HASH_FINE && hash->algorithm == rows->algorithm) {
            start_row(report, rows, "expected");
            spell(digest, rows->notation, text);
            mark_differences(report, text, rows->leaf);
            lp_out_char(report->out, ' ');
            hash_name(report, config, hash);
            lp_out_char(report->out, '\n');
            any = true;
        } else if (hash->fault > LP_HASH_EMPTY && rows->algorithm == LP_HASH_SHA1 &&
                   rows->notation == (hash->fault == LP_HASH_IS_HEX ? HEX : BASE64)) {
            faulty_row(report, rows, config, hash); /* held against what was probably meant */
            any = true;
        }
    }
    return any;
}

static void equal_names(struct lp_report *report, const struct lp_config *config,
                        struct digest digest)
{
    for (size_t i = 0; i < config->hash_count; i++) {
        const struct lp_cert_hash *hash = &config->hashes[i];
        if (hash->fault == LP_HASH_FINE && hash->digest_len == digest.n &&
            memcmp(hash->digest, digest.bytes, digest.n) == 0) {
            lp_out_text(report->out, " =");
            hash_name(report, config, hash);
        }
    }
}

static void seen_rows(struct lp_report *report, struct rows *rows, const struct lp_config *config,
                      const struct lp_session *session)
{
    for (size_t i = 0; i < session->chain_count; i++) {
        struct digest digest = digest_of(&session->chain[i], rows->algorithm);
        char text[HASH_TEXT_SIZE];

        if (!digest.bytes)
            continue;
        start_row(report, rows, "seen");
        spell(digest, rows->notation, text);
        lp_out_text(report->out, text);
        lp_out_text(report->out, i ? "  ca" : "  leaf");
        if (i)
            lp_out_number(report->out, i);
        equal_names(report, config, digest);
        lp_out_char(report->out, '\n');
    }
}

static void compare_sides(struct lp_report *report, const struct lp_config *config,
                          const struct lp_session *session)
{
    static const struct {
        enum lp_hash_algorithm algorithm;
        const char *label[2];
    } kinds[] = {
        {LP_HASH_SHA1, {"Base64", "hex"}},
        {LP_HASH_SHA256, {"SHA-256", "hex"}},
        {LP_HASH_MD5, {"MD5", "hex"}},
        {LP_HASH_SHA512, {"SHA-512", "hex"}},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct digest leaf = digest_of(&session->chain[0], kinds[i].algorithm);
        for (enum notation notation = BASE64; notation <= HEX; notation++) {
            struct rows rows = {kinds[i].label[notation], kinds[i].algorithm, notation, ""};
            if (leaf.bytes)
                spell(leaf, notation, rows.leaf);
            if (expected_rows(report, &rows, config))
                seen_rows(report, &rows, config, session);
        }
    }
}

/* ---- one configuration ---- */

static void config_rows(struct lp_report *report, const struct lp_config *config)
{
    struct lp_out *out = report->out;

    lp_text_label(report, config->phone ? "phone" : "expected");
    if (config->phone) {
        lp_out_text(out, config->phone);
        lp_out_text(out, ", ");
    }
    lp_out_text(out, config->source);
    if (config->file) {
        lp_out_text(out,
                    strcmp(config->origin, "tftp") == 0 ? " by TFTP, frame " : " by HTTP, frame ");
        lp_out_number(out, config->file->frame);
    }
    if (config->paired_by) {
        lp_out_text(out, " (");
        lp_out_text(out, lp_pairing_words(config->paired_by));
        lp_out_char(out, ')');
    }
    lp_out_char(out, '\n');
    for (size_t i = 0; i < config->url_count; i++) {
        lp_text_label(report, i ? NULL : "urls");
        lp_out_text(out, config->urls[i].text);
        lp_out_char(out, '\n');
    }
}

/* "#0  10.0.0.5:49152 -> 192.0.2.1:443, frame 9, 2026-11-24 05:39:56 UTC: mismatch" */
static void session_row(struct lp_report *report, const struct lp_session *session,
                        enum lp_verdict verdict, bool repeated)
{
    struct lp_out *out = report->out;
    uint64_t frame = session->certificate_frame ? session->certificate_frame : session->first_frame;

    lp_text_numbered(report, "#", session->id);
    lp_text_ends(report, session);
    if (frame) {
        lp_out_text(out, ", frame ");
        lp_out_number(out, frame);
        lp_out_text(out, ", ");
        if (lp_out_time(out, &session->start, LP_TIME_PEOPLE))
            lp_out_text(out, " UTC");
    }
    lp_out_text(out, ": ");
    lp_text_verdict(report, verdict);
    if (verdict == LP_UNDECIDED && session->reason != LP_REASON_NONE) {
        lp_out_text(out, ", ");
        lp_out_text(out, lp_reason_name(session->reason));
    }
    lp_out_text(out, repeated ? ", the same certificates" : NULL);
    lp_out_char(out, '\n');
}

static bool has_whole_leaf(const struct lp_session *session)
{
    return session->chain_count > 0 && session->chain[0].complete;
}

static bool same_chain(const struct lp_session *a, const struct lp_session *b)
{
    if (a->chain_count != b->chain_count || a->chain_count == 0)
        return false;
    for (size_t i = 0; i < a->chain_count; i++)
        if (!a->chain[i].complete || !b->chain[i].complete ||
            memcmp(a->chain[i].sha256, b->chain[i].sha256, sizeof a->chain[i].sha256) != 0)
            return false;
    return true;
}

/* A session's own verdict adds up over all configurations: with one session the configuration's is
 * the sharper one. */
static enum lp_verdict verdict_of(const struct lp_config *config, const struct lp_session *session)
{
    return config->session_count == 1 ? config->verdict : session->verdict;
}

static bool settled(enum lp_verdict verdict)
{
    return verdict == LP_MATCH || verdict == LP_MATCH_ISSUER;
}

static void config_block(struct lp_report *report, const struct lp_capture *capture,
                         const struct lp_config *config)
{
    config_rows(report, config);
    if (capture->config_count > 1 && config->summary) {
        lp_text_label(report, "verdict");
        lp_text_verdict(report, config->verdict);
        lp_out_text(report->out, ": ");
        lp_out_text(report->out, config->summary);
        lp_out_char(report->out, '\n');
    }
    for (size_t i = 0; i < config->session_count; i++) {
        const struct lp_session *session = &capture->sessions[config->sessions[i]];
        enum lp_verdict verdict = verdict_of(config, session);
        bool repeated = i > 0 && same_chain(session, &capture->sessions[config->sessions[i - 1]]);

        session_row(report, session, verdict, repeated);
        if (!has_whole_leaf(session) || repeated)
            continue;
        if (settled(verdict) && !report->verbose)
            continue;
        compare_sides(report, config, session);
        if (!report->verbose) /* there every session follows whole */
            lp_text_leaf_seen(report, &session->chain[0]);
    }
}

/* ---- what each phone did ---- */

static void event_row(struct lp_report *report, const struct lp_event *event)
{
    struct lp_out *out = report->out;

    if (lp_out_time(out, &event->time, LP_TIME_PEOPLE))
        lp_out_char(out, ' ');
    lp_out_text(out, "frame ");
    lp_out_number(out, event->frame);
    lp_out_text(out, ": ");
    if (event->file) {
        lp_out_text(out, event->file->name);
        lp_out_text(out, strcmp(event->file->carrier, "tftp") == 0 ? " by TFTP" : " by HTTP");
        lp_out_text(out, event->file->complete ? " from " : ", not whole, from ");
    }
    lp_text_endpoint(out, event->server);
    if (event->kind == LP_EVENT_UNANSWERED)
        lp_out_text(out, ": no answer");
    if (event->kind == LP_EVENT_REFUSED)
        lp_out_text(out, ": refused");
    if (event->session) {
        const struct lp_session *session = event->session;
        lp_out_text(out, ": ");
        if (session->compared)
            lp_text_verdict(report, session->verdict);
        else
            lp_out_text(out, lp_outcome_name(session->outcome));
        for (size_t i = 0; i < session->alert_count; i++) {
            lp_out_text(out, ", ");
            lp_out_text(out, lp_alert_name(session->alerts[i].code));
            lp_out_text(out,
                        session->alerts[i].from_client ? " from the client" : " from the server");
        }
    }
    lp_out_char(out, '\n');
}

static void whose_row(struct lp_report *report, const struct lp_time_line *line)
{
    char ip[46];

    lp_ip_text(&line->client.ip, ip, sizeof ip);
    lp_text_label(report, "time line");
    lp_out_text(report->out, "of ");
    if (line->phone) {
        lp_out_text(report->out, line->phone);
        lp_out_text(report->out, ", ");
    }
    lp_out_text(report->out, ip);
    lp_out_char(report->out, '\n');
}

/* A single event says nothing that the rows above do not say. */
static void time_lines(struct lp_report *report, const struct lp_capture *capture)
{
    for (size_t i = 0; i < capture->time_line_count; i++) {
        const struct lp_time_line *line = &capture->time_lines[i];
        if (line->count < 2)
            continue;
        whose_row(report, line);
        for (size_t k = 0; k < line->count; k++) {
            lp_text_label(report, NULL);
            event_row(report, &line->events[k]);
        }
    }
}

static void headline(struct lp_report *report, const struct lp_capture *capture)
{
    const char *summary = capture->summary ? capture->summary : capture->error;

    lp_text_verdict(report, capture->verdict);
    lp_out_text(report->out, ": ");
    lp_out_text(report->out, capture->path);
    if (summary) {
        lp_out_text(report->out, ": ");
        lp_out_text(report->out, lp_text_without_name(summary, capture));
    }
    lp_out_char(report->out, '\n');
}

void lp_text_verified(struct lp_report *report, const struct lp_capture *capture)
{
    bool readable = capture->verdict != LP_UNREADABLE;

    headline(report, capture);
    for (size_t i = 0; readable && i < capture->config_count; i++)
        if (report->verbose || !settled(capture->configs[i].verdict))
            config_block(report, capture, &capture->configs[i]);
    for (size_t i = 0; report->verbose && i < capture->session_count; i++)
        lp_text_session(report, &capture->sessions[i]);
    if (report->verbose || !settled(capture->verdict))
        time_lines(report, capture);
    lp_text_findings(report, capture, report->verbose ? LP_INFO : LP_WARNING);
}
