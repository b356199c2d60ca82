/*
 * CSV for spreadsheets (RFC 4180): a header, then one row per configuration of a verified capture,
 * handshake of an inspected one, file, certificate or audited configuration. A capture without any
 * still has a row.
 *
 * Columns are only ever added at the end, so that a program may count them. A spreadsheet takes a
 * cell that begins with one of "=+-@" for a formula, quoted or not; such a text gets an apostrophe
 * in front.
 */
#include "report/report.h"

#include <string.h>

struct row {
    struct lp_out *out; /* borrowed */
    bool begun;
};

/* ---- cells ---- */

static void next(struct row *row)
{
    if (row->begun)
        lp_out_char(row->out, ',');
    row->begun = true;
}

static void end(struct row *row)
{
    lp_out_text(row->out, "\r\n");
    row->begun = false;
}

static void put_text(struct row *row, const char *text)
{
    next(row);
    if (!text || !*text)
        return;
    lp_out_char(row->out, '"');
    if (strchr("=+-@", *text))
        lp_out_char(row->out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            lp_out_char(row->out, '"');
        lp_out_char(row->out, *text);
    }
    lp_out_char(row->out, '"');
}

static void put_number(struct row *row, uint64_t number)
{
    next(row);
    lp_out_number(row->out, number);
}

/* A frame, or nothing for 0. */
static void put_frame(struct row *row, uint64_t frame)
{
    next(row);
    if (frame)
        lp_out_number(row->out, frame);
}

static void put_flag(struct row *row, bool flag)
{
    next(row);
    lp_out_text(row->out, flag ? "true" : "false");
}

static void put_time(struct row *row, const struct lp_time *time, enum lp_time_form form)
{
    next(row);
    if (time)
        lp_out_time(row->out, time, form);
}

static void put_hex(struct row *row, const uint8_t *bytes, size_t n)
{
    next(row);
    if (bytes)
        lp_out_hex(row->out, bytes, n);
}

static void put_base64(struct row *row, const uint8_t *bytes, size_t n)
{
    next(row);
    if (bytes)
        lp_out_base64(row->out, bytes, n);
}

/* The address and the port, in two cells. */
static void put_end(struct row *row, const struct lp_endpoint *end)
{
    char ip[46];

    if (end && end->ip.family)
        lp_ip_text(&end->ip, ip, sizeof ip);
    put_text(row, end && end->ip.family ? ip : NULL);
    put_frame(row, end ? end->port : 0);
}

/* ---- parts of rows ---- */

static const char leaf_header[] =
    "leaf_sha1,leaf_sha1_base64,leaf_sha256,leaf_subject,leaf_issuer,leaf_not_after";

static void put_leaf(struct row *row, const struct lp_session *session)
{
    const struct lp_cert *leaf = session && session->chain_count ? &session->chain[0] : NULL;
    const struct lp_cert *whole = leaf && leaf->complete ? leaf : NULL;
    const struct lp_cert_facts *facts = whole ? whole->facts : NULL;

    put_hex(row, whole ? whole->sha1 : NULL, sizeof whole->sha1);
    put_base64(row, whole ? whole->sha1 : NULL, sizeof whole->sha1);
    put_hex(row, whole ? whole->sha256 : NULL, sizeof whole->sha256);
    put_text(row, facts ? facts->subject : NULL);
    put_text(row, facts ? facts->issuer : NULL);
    put_time(row, facts && facts->has_dates ? &facts->not_after : NULL, LP_TIME_SECONDS);
}

static const char session_header[] =
    "client,client_port,server,server_port,certificate_frame,start,"
    "version,sni,outcome";

static void put_session(struct row *row, const struct lp_session *session)
{
    char hex[LP_CODE_SIZE];

    put_end(row, session ? &session->client : NULL);
    put_end(row, session ? &session->server : NULL);
    put_frame(row, session ? session->certificate_frame : 0);
    put_time(row, session ? &session->start : NULL, LP_TIME_NANO);
    put_text(row, session && session->version ? lp_version_text(session->version, hex) : NULL);
    put_text(row, session ? session->sni : NULL);
    put_text(row, session ? lp_outcome_name(session->outcome) : NULL);
}

/* ---- verify ---- */

/* The handshake that stands for a configuration: the first that has its verdict and a whole leaf,
 * else the first. */
static const struct lp_session *telling(const struct lp_capture *capture,
                                        const struct lp_config *config)
{
    for (size_t i = 0; config && i < config->session_count; i++) {
        const struct lp_session *session = &capture->sessions[config->sessions[i]];
        if (session->verdict == config->verdict && session->chain_count &&
            session->chain[0].complete)
            return session;
    }
    return config && config->session_count ? &capture->sessions[config->sessions[0]] : NULL;
}

/* Several in one cell, a space between them; written to a text first. */
static void put_hashes(struct row *row, const struct lp_config *config)
{
    next(row);
    for (size_t i = 0; config && i < config->hash_count; i++) {
        if (i)
            lp_out_char(row->out, ' ');
        lp_out_hex(row->out, config->hashes[i].digest, config->hashes[i].digest_len);
    }
}

/* The codes of what is not for information only; they are words of our own. */
static void put_findings(struct row *row, const struct lp_capture *capture)
{
    const char *before = "";

    next(row);
    for (size_t i = 0; i < capture->finding_count; i++) {
        if (capture->findings[i].severity == LP_INFO)
            continue;
        lp_out_text(row->out, before);
        lp_out_text(row->out, capture->findings[i].code);
        before = " ";
    }
}

static void put_verified(struct row *row, const struct lp_capture *capture,
                         const struct lp_config *config)
{
    const struct lp_session *session = telling(capture, config);

    put_text(row, capture->path);
    put_text(row, lp_verdict_name(capture->verdict));
    put_text(row, lp_reason_name(capture->reason));
    put_text(row, capture->summary);
    put_text(row, config ? config->phone : NULL);
    put_text(row, config ? config->source : NULL);
    put_text(row, config ? config->paired_by : NULL);
    put_text(row, config ? lp_verdict_name(config->verdict) : NULL);
    put_text(row, config ? lp_reason_name(config->verdict_reason) : NULL);
    put_text(row, config && config->url_count ? config->urls[0].text : NULL);
    put_hashes(row, config);
    put_session(row, session);
    put_leaf(row, session);
    put_findings(row, capture);
    put_number(row, capture->stats.packets);
    end(row);
}

static void verified(struct lp_report *report, const struct lp_capture *capture)
{
    struct row row = {.out = report->out};

    if (capture->config_count == 0)
        put_verified(&row, capture, NULL);
    for (size_t i = 0; i < capture->config_count; i++)
        put_verified(&row, capture, &capture->configs[i]);
}

/* ---- inspect, extract ---- */

static void put_inspected(struct row *row, const struct lp_capture *capture,
                          const struct lp_session *session)
{
    put_text(row, capture->path);
    put_text(row, capture->error);
    put_text(row, session ? session->transport : NULL);
    put_text(row, session ? session->carrier : NULL);
    put_session(row, session);
    put_leaf(row, session);
    put_number(row, session ? session->chain_count : 0);
    end(row);
}

static void inspected(struct lp_report *report, const struct lp_capture *capture)
{
    struct row row = {.out = report->out};

    if (capture->session_count == 0)
        put_inspected(&row, capture, NULL);
    for (size_t i = 0; i < capture->session_count; i++)
        put_inspected(&row, capture, &capture->sessions[i]);
}

static void extracted(struct lp_report *report, const struct lp_capture *capture,
                      const struct lp_file_list *files)
{
    struct row row = {.out = report->out};

    for (size_t i = 0; i < files->count; i++) {
        put_text(&row, capture->path);
        put_text(&row, files->items[i].path);
        put_flag(&row, files->items[i].written);
        end(&row);
    }
}

/* ---- hash, audit ---- */

static void listed(struct lp_report *report, const char *path, const struct lp_listed *item,
                   unsigned n)
{
    struct row row = {.out = report->out};
    char line[LP_CERT_HASH_LINE_SIZE];

    put_text(&row, path);
    put_frame(&row, item->line);
    put_text(&row, item->label);
    put_text(&row, lp_hash_algorithm_name(item->hash.algorithm));
    put_hex(&row, item->hash.digest, item->hash.digest_len);
    put_base64(&row, item->hash.digest, item->hash.digest_len);
    put_hex(&row, item->cert ? item->cert->sha256 : NULL, sizeof item->cert->sha256);
    put_text(&row, item->cert && item->cert->facts ? item->cert->facts->subject : NULL);
    put_text(&row, lp_cert_hash_line(n, &item->hash, line));
    end(&row);
}

static void audited(struct lp_report *report, const struct lp_audit *audit)
{
    struct row row = {.out = report->out};

    for (size_t i = 0; i < audit->config_count; i++) {
        const struct lp_audit_config *config = &audit->configs[i];
        unsigned held = 0;
        for (uint64_t bits = config->held; bits; bits &= bits - 1)
            held++;
        put_text(&row, config->source);
        put_text(&row, config->phone);
        put_text(&row, lp_holding_name(config->holding));
        put_text(&row, config->why);
        put_number(&row, held);
        put_number(&row, audit->cert_count);
        end(&row);
    }
}

/* ---- headers ---- */

static void begin(struct lp_report *report, enum lp_rows rows)
{
    struct lp_out *out = report->out;

    switch (rows) {
    case LP_ROWS_VERIFIED:
        lp_out_text(out, "capture,verdict,reason,summary,phone,config,paired_by,config_verdict,"
                         "config_reason,url,expected,");
        lp_out_text(out, session_header);
        lp_out_char(out, ',');
        lp_out_text(out, leaf_header);
        lp_out_text(out, ",findings,packets");
        break;
    case LP_ROWS_INSPECTED:
        lp_out_text(out, "capture,error,transport,carrier,");
        lp_out_text(out, session_header);
        lp_out_char(out, ',');
        lp_out_text(out, leaf_header);
        lp_out_text(out, ",chain_length");
        break;
    case LP_ROWS_EXTRACTED:
        lp_out_text(out, "capture,file,written");
        break;
    case LP_ROWS_LISTED:
        lp_out_text(out, "file,line,label,algorithm,hex,base64,sha256,subject,cert_hash");
        break;
    case LP_ROWS_AUDITED:
        lp_out_text(out, "config,phone,holds,why,held,certificates");
        break;
    }
    lp_out_text(out, "\r\n");
}

const struct lp_writer lp_writer_csv = {
    .name = "csv",
    .begin = begin,
    .verified = verified,
    .inspected = inspected,
    .extracted = extracted,
    .audited = audited,
    .listed = listed,
};
