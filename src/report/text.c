#include "report/text.h"

#include <string.h>

static const char *verdict_color(enum lp_verdict verdict)
{
    switch (verdict) {
    case LP_MATCH:
    case LP_MATCH_ISSUER:
        return "\033[32m"; /* green */
    case LP_MISMATCH:
    case LP_UNREADABLE:
        return "\033[31m"; /* red */
    case LP_UNDECIDED:
    case LP_MIXED:
        break;
    }
    return "\033[33m"; /* yellow */
}

void lp_text_verdict(struct lp_report *report, enum lp_verdict verdict)
{
    if (report->color)
        lp_out_text(report->out, verdict_color(verdict));
    lp_out_text(report->out, lp_verdict_name(verdict));
    if (report->color)
        lp_out_text(report->out, "\033[0m");
}

/* How many columns n bytes of UTF-8 take, if no character is wider than one. */
static size_t columns(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80; /* RFC 3629 3: not a continuation */
    return count;
}

static void pad(struct lp_out *out, size_t used, size_t until)
{
    lp_out_spaces(out, used < until ? until - used : 1);
}

void lp_text_label(struct lp_report *report, const char *label)
{
    lp_out_spaces(report->out, LP_TEXT_LABEL);
    lp_out_text(report->out, label);
    pad(report->out, LP_TEXT_LABEL + (label ? strlen(label) : 0), LP_TEXT_VALUE);
}

void lp_text_numbered(struct lp_report *report, const char *word, uint64_t number)
{
    size_t start = report->out->buf.len;
    lp_out_spaces(report->out, LP_TEXT_LABEL);
    lp_out_text(report->out, word);
    lp_out_number(report->out, number);
    pad(report->out, report->out->buf.len - start, LP_TEXT_VALUE);
}

void lp_text_prose(struct lp_report *report, const char *text)
{
    size_t column = LP_TEXT_VALUE;

    while (*text) {
        size_t n = strcspn(text, " "), width = columns(text, n);
        if (column > LP_TEXT_VALUE && column + 1 + width > LP_TEXT_WIDTH) {
            lp_out_char(report->out, '\n');
            lp_out_spaces(report->out, LP_TEXT_VALUE);
            column = LP_TEXT_VALUE;
        } else if (column > LP_TEXT_VALUE) {
            lp_out_char(report->out, ' ');
            column++;
        }
        lp_out_bytes(report->out, text, n);
        column += width;
        text += n + (text[n] == ' ');
    }
    lp_out_char(report->out, '\n');
}

const char *lp_text_without_name(const char *text, const struct lp_capture *capture)
{
    size_t n = strlen(capture->path);
    bool named = strncmp(text, capture->path, n) == 0 && strncmp(text + n, ": ", 2) == 0;

    return named ? text + n + 2 : text;
}

void lp_text_endpoint(struct lp_out *out, const struct lp_endpoint *end)
{
    char ip[46];

    if (end->ip.family == 0 && end->has_mac) { /* IEEE 802.1X knows no other addresses */
        char mac[LP_MAC_SIZE];
        lp_mac_text(end->mac, mac);
        lp_out_text(out, mac);
        return;
    }
    lp_ip_text(&end->ip, ip, sizeof ip);
    lp_out_text(out, end->ip.family == 6 ? "[" : "");
    lp_out_text(out, end->ip.family ? ip : "?");
    lp_out_text(out, end->ip.family == 6 ? "]:" : ":");
    lp_out_number(out, end->port);
}

void lp_text_ends(struct lp_report *report, const struct lp_session *session)
{
    lp_text_endpoint(report->out, &session->client);
    lp_out_text(report->out, " -> ");
    lp_text_endpoint(report->out, &session->server);
}

static void certificate_label(struct lp_report *report, const struct lp_cert *cert, bool of_client)
{
    if (of_client && cert->depth == 0)
        lp_text_label(report, "client");
    else if (cert->depth == 0)
        lp_text_label(report, "leaf");
    else
        lp_text_numbered(report, of_client ? "client+" : "ca", cert->depth);
}

static void date(struct lp_out *out, const struct lp_time *time)
{
    if (!lp_out_time(out, time, LP_TIME_PEOPLE))
        lp_out_text(out, "(no date)");
}

/* The subject, and in a row of its own the issuer if it is another. */
static void names(struct lp_report *report, const struct lp_cert_facts *facts)
{
    const char *subject = facts && facts->subject && *facts->subject ? facts->subject : NULL;
    const char *issuer = facts && facts->issuer && *facts->issuer ? facts->issuer : NULL;

    lp_out_text(report->out, subject ? subject : "(no subject)");
    lp_out_char(report->out, '\n');
    if (issuer && !(subject && strcmp(issuer, subject) == 0)) {
        lp_text_label(report, NULL);
        lp_out_text(report->out, "issued by ");
        lp_out_text(report->out, issuer);
        lp_out_char(report->out, '\n');
    }
}

/* "valid 2024-01-01 00:00:00 to 2025-01-01 00:00:00 UTC, RSA 2048, 812 bytes" */
static void validity(struct lp_report *report, const struct lp_cert *cert)
{
    struct lp_out *out = report->out;
    const struct lp_cert_facts *facts = cert->facts;

    lp_text_label(report, NULL);
    if (facts && facts->has_dates) {
        lp_out_text(out, "valid ");
        date(out, &facts->not_before);
        lp_out_text(out, " to ");
        date(out, &facts->not_after);
        lp_out_text(out, " UTC, ");
    }
    if (facts && facts->key) {
        lp_out_text(out, facts->key);
        lp_out_text(out, ", ");
    }
    lp_out_number(out, cert->bytes);
    lp_out_text(out, " bytes\n");
}

static void hash_row(struct lp_report *report, const char *name, const uint8_t *bytes, size_t n)
{
    lp_text_label(report, NULL);
    lp_out_text(report->out, name);
    lp_out_hex(report->out, bytes, n);
}

void lp_text_certificate(struct lp_report *report, const struct lp_cert *cert, bool of_client)
{
    certificate_label(report, cert, of_client);
    if (!cert->complete) {
        lp_out_text(report->out, "not wholly captured: no hash (");
        lp_out_number(report->out, cert->bytes);
        lp_out_text(report->out, " bytes announced)\n");
        return;
    }
    names(report, cert->facts);
    validity(report, cert);
    hash_row(report, "SHA-1    ", cert->sha1, sizeof cert->sha1);
    lp_out_text(report->out, "  ");
    lp_out_base64(report->out, cert->sha1, sizeof cert->sha1);
    lp_out_char(report->out, '\n');
    hash_row(report, "SHA-256  ", cert->sha256, sizeof cert->sha256);
    lp_out_char(report->out, '\n');
    if (cert->facts && cert->facts->x509_error) {
        lp_text_label(report, NULL);
        lp_text_prose(report, cert->facts->x509_error);
    }
}

void lp_text_leaf_seen(struct lp_report *report, const struct lp_cert *leaf)
{
    lp_text_label(report, "leaf");
    names(report, leaf->facts);
    validity(report, leaf);
    hash_row(report, "SHA-256 ", leaf->sha256, sizeof leaf->sha256);
    lp_out_char(report->out, '\n');
}

/* Whether one of the findings shown shortly before ended in the same advice. */
static bool advised(const struct lp_capture *capture, size_t i, enum lp_severity least)
{
    enum { LOOK_BACK = 32 };
    const char *remedy = capture->findings[i].remedy;

    for (size_t k = i; k > 0 && i - k < LOOK_BACK; k--) {
        const struct lp_finding *before = &capture->findings[k - 1];
        if (before->severity >= least && before->remedy && strcmp(before->remedy, remedy) == 0)
            return true;
    }
    return false;
}

void lp_text_findings(struct lp_report *report, const struct lp_capture *capture,
                      enum lp_severity least)
{
    for (size_t i = 0; i < capture->finding_count; i++) {
        const struct lp_finding *finding = &capture->findings[i];
        if (finding->severity < least)
            continue;
        /* The rows above show this one better than its sentence can. */
        if (strcmp(finding->code, "hash-mismatch") != 0) {
            lp_text_label(report, lp_severity_name(finding->severity));
            lp_text_prose(report, lp_text_without_name(finding->message, capture));
        }
        if (finding->remedy && !advised(capture, i, least)) {
            lp_text_label(report, "to do");
            lp_text_prose(report, finding->remedy);
        }
    }
}

/* ---- the writer's row; verify and inspect have files of their own ---- */

static void extracted(struct lp_report *report, const struct lp_capture *capture,
                      const struct lp_file_list *files)
{
    (void)capture;
    for (size_t i = 0; i < files->count; i++) {
        lp_out_text(report->out, files->items[i].path);
        lp_out_char(report->out, '\n');
    }
}

static const char *subject_of(const struct lp_cert *cert)
{
    return cert->facts && cert->facts->subject && *cert->facts->subject ? cert->facts->subject
                                                                        : "(no subject)";
}

/* "new.pem: CN=vpn.example.com", "show.txt: line 12, trustpoint cme_cert, CA" */
static void listed_headline(struct lp_report *report, const char *path,
                            const struct lp_listed *item)
{
    lp_out_text(report->out, path);
    lp_out_text(report->out, ": ");
    if (item->line) {
        lp_out_text(report->out, "line ");
        lp_out_number(report->out, item->line);
        lp_out_text(report->out, item->label || item->cert ? ", " : NULL);
    }
    lp_out_text(report->out, item->label);
    if (item->cert) {
        lp_out_text(report->out, item->label ? ", " : NULL);
        lp_out_text(report->out, subject_of(item->cert));
    } else if (!item->line && !item->label) {
        lp_out_text(report->out, "a hash");
    }
    lp_out_char(report->out, '\n');
}

static void listed_row(struct lp_report *report, const char *name, const uint8_t *bytes, size_t n,
                       bool base64)
{
    lp_out_spaces(report->out, LP_TEXT_LABEL);
    lp_out_text(report->out, name);
    pad(report->out, LP_TEXT_LABEL + strlen(name), LP_TEXT_VALUE - 1);
    if (base64)
        lp_out_base64(report->out, bytes, n);
    else
        lp_out_hex(report->out, bytes, n);
    lp_out_char(report->out, '\n');
}

static void listed(struct lp_report *report, const char *path, const struct lp_listed *item,
                   unsigned n)
{
    static const char *const names[] = {
        [LP_HASH_UNKNOWN] = "digest", [LP_HASH_MD5] = "MD5",        [LP_HASH_SHA1] = "SHA-1",
        [LP_HASH_SHA256] = "SHA-256", [LP_HASH_SHA512] = "SHA-512",
    };
    const struct lp_cert_hash *hash = &item->hash;
    char line[LP_CERT_HASH_LINE_SIZE];

    listed_headline(report, path, item);
    listed_row(report, names[hash->algorithm], hash->digest, hash->digest_len, false);
    listed_row(report, "Base64", hash->digest, hash->digest_len, true);
    if (item->cert)
        listed_row(report, "SHA-256", item->cert->sha256, sizeof item->cert->sha256, false);
    if (lp_cert_hash_line(n, hash, line)) {
        lp_out_spaces(report->out, LP_TEXT_LABEL);
        lp_out_text(report->out, line);
        lp_out_char(report->out, '\n');
    }
}

const struct lp_writer lp_writer_text = {
    .name = "text",
    .verified = lp_text_verified,
    .inspected = lp_text_inspected,
    .extracted = extracted,
    .audited = lp_text_audited,
    .listed = listed,
};
