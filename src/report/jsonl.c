/*
 * JSON Lines: one object per capture (schema leafprint.capture/1) or per certificate
 * (leafprint.certificate/1); docs/ holds both schemas.
 *
 * Every kind of object has a table of its fields, in the order in which they are written. A row
 * names a member and the function that writes it; where one member is not the whole truth (a hash
 * counts only if its certificate is complete) the row hands over the whole struct. Rows marked
 * VERIFIED are left out when nothing was compared.
 */
#include "report/jsonl.h"

#include "report/json.h"

#include <stddef.h>
#include <string.h>

enum when { ALWAYS, VERIFIED };

struct field {
    const char *name;
    enum when when;
    size_t offset;
    void (*put)(struct lp_json *json, const void *value); /* value: the member, or the struct */
};

#define WHOLE(name, put)                                                                           \
    {                                                                                              \
        name, ALWAYS, 0, put                                                                       \
    }
#define WHOLE_VERIFIED(name, put)                                                                  \
    {                                                                                              \
        name, VERIFIED, 0, put                                                                     \
    }
/* A member that means more than its type says. */
#define AS(name, type, member, put)                                                                \
    {                                                                                              \
        name, ALWAYS, offsetof(struct type, member), put                                           \
    }
#define AS_VERIFIED(name, type, member, put)                                                       \
    {                                                                                              \
        name, VERIFIED, offsetof(struct type, member), put                                         \
    }
/* A member that is written as what it is: its type chooses the function. */
#define PLAIN(name, type, member) AS(name, type, member, PUT_BY_TYPE(((struct type *)0)->member))
#define PUT_BY_TYPE(member)                                                                        \
    _Generic((member),                                                                             \
        const char *: put_text,                                                                    \
        bool: put_bool,                                                                            \
        unsigned: put_unsigned,                                                                    \
        uint64_t: put_u64,                                                                         \
        struct lp_endpoint: put_endpoint)

struct table {
    const struct field *rows;
    size_t count, item_size;
};
#define TABLE(rows, type) ((struct table){rows, sizeof(rows) / sizeof *(rows), sizeof(struct type)})

/* The fields of `item`, for an object that the caller opened. */
static void put_fields(struct lp_json *json, struct table table, const void *item, bool verified)
{
    for (size_t i = 0; i < table.count; i++) {
        const struct field *field = &table.rows[i];
        if (field->when == VERIFIED && !verified)
            continue;
        lp_json_key(json, field->name);
        field->put(json, (const char *)item + field->offset);
    }
}

static void put_object(struct lp_json *json, struct table table, const void *item, bool verified)
{
    lp_json_open(json, '{');
    put_fields(json, table, item, verified);
    lp_json_close(json, '}');
}

static void put_array(struct lp_json *json, struct table table, const void *items, size_t count,
                      bool verified)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        put_object(json, table, (const char *)items + i * table.item_size, verified);
    lp_json_close(json, ']');
}

/* ---- values ---- */

static void put_text(struct lp_json *json, const void *value)
{
    const char *text;
    memcpy(&text, value, sizeof text);
    lp_json_text(json, text);
}

static void put_bool(struct lp_json *json, const void *value)
{
    lp_json_bool(json, *(const bool *)value);
}

static void put_unsigned(struct lp_json *json, const void *value)
{
    lp_json_number(json, *(const unsigned *)value);
}

static void put_u64(struct lp_json *json, const void *value)
{
    lp_json_number(json, *(const uint64_t *)value);
}

/* Frames count from 1: 0 is "not seen". */
static void put_frame(struct lp_json *json, const void *value)
{
    const uint64_t *frame = value;
    if (*frame)
        lp_json_number(json, *frame);
    else
        lp_json_null(json);
}

static void put_version(struct lp_json *json, const void *value)
{
    const uint16_t *version = value;
    char hex[LP_CODE_SIZE];
    lp_json_text(json, *version ? lp_version_text(*version, hex) : NULL);
}

static void put_outcome(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_outcome_name(*(const enum lp_outcome *)value));
}

static void put_reason(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_reason_name(*(const enum lp_reason *)value));
}

static void put_verdict(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_verdict_name(*(const enum lp_verdict *)value));
}

static void put_severity(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_severity_name(*(const enum lp_severity *)value));
}

static void put_texts(struct lp_json *json, const char *const *texts, size_t count)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++)
        lp_json_text(json, texts[i]);
    lp_json_close(json, ']');
}

static void put_endpoint(struct lp_json *json, const void *value)
{
    const struct lp_endpoint *end = value;
    char ip[46], mac[LP_MAC_SIZE];

    lp_ip_text(&end->ip, ip, sizeof ip);
    lp_mac_text(end->mac, mac);
    lp_json_open(json, '{');
    lp_json_key(json, "ip");
    lp_json_text(json, end->ip.family ? ip : NULL);
    lp_json_key(json, "port");
    lp_json_number(json, end->port);
    lp_json_key(json, "mac");
    lp_json_text(json, end->has_mac ? mac : NULL);
    lp_json_close(json, '}');
}

/* ---- certificates ---- */

static void put_not_before(struct lp_json *json, const void *value)
{
    const struct lp_cert_facts *facts = value;
    lp_json_time(json, facts->has_dates ? &facts->not_before : NULL, LP_TIME_SECONDS);
}

static void put_not_after(struct lp_json *json, const void *value)
{
    const struct lp_cert_facts *facts = value;
    lp_json_time(json, facts->has_dates ? &facts->not_after : NULL, LP_TIME_SECONDS);
}

static void put_san(struct lp_json *json, const void *value)
{
    const struct lp_cert_facts *facts = value;
    put_texts(json, facts->san, facts->san_count);
}

static const struct field facts_fields[] = {
    PLAIN("subject", lp_cert_facts, subject),
    PLAIN("issuer", lp_cert_facts, issuer),
    PLAIN("serial", lp_cert_facts, serial),
    WHOLE("not_before", put_not_before),
    WHOLE("not_after", put_not_after),
    PLAIN("key", lp_cert_facts, key),
    PLAIN("signature", lp_cert_facts, signature),
    WHOLE("san", put_san),
    PLAIN("x509_error", lp_cert_facts, x509_error),
};

/* Never a fingerprint of bytes that are not all there. */
static void put_sha1(struct lp_json *json, const void *value)
{
    const struct lp_cert *cert = value;
    lp_json_hex(json, cert->complete ? cert->sha1 : NULL, sizeof cert->sha1);
}

static void put_sha1_base64(struct lp_json *json, const void *value)
{
    const struct lp_cert *cert = value;
    lp_json_base64(json, cert->complete ? cert->sha1 : NULL, sizeof cert->sha1);
}

static void put_sha256(struct lp_json *json, const void *value)
{
    const struct lp_cert *cert = value;
    lp_json_hex(json, cert->complete ? cert->sha256 : NULL, sizeof cert->sha256);
}

static const struct field cert_fields[] = {
    PLAIN("depth", lp_cert, depth),        PLAIN("complete", lp_cert, complete),
    PLAIN("bytes", lp_cert, bytes),        WHOLE("sha1", put_sha1),
    WHOLE("sha1_base64", put_sha1_base64), WHOLE("sha256", put_sha256),
};

/* What a certificate says by itself. */
static void put_cert_fields(struct lp_json *json, const struct lp_cert *cert)
{
    static const struct lp_cert_facts unknown;
    put_fields(json, TABLE(cert_fields, lp_cert), cert, true);
    put_fields(json, TABLE(facts_fields, lp_cert_facts), cert->facts ? cert->facts : &unknown,
               true);
}

static void put_chain(struct lp_json *json, const struct lp_cert *chain, size_t count)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        lp_json_open(json, '{');
        put_cert_fields(json, &chain[i]);
        lp_json_key(json, "matches");
        lp_json_open(json, '[');
        for (unsigned n = 1; n <= LP_MAX_CERT_HASHES; n++)
            if (chain[i].matches >> (n - 1) & 1)
                lp_json_number(json, n);
        lp_json_close(json, ']');
        lp_json_close(json, '}');
    }
    lp_json_close(json, ']');
}

/* ---- handshakes ---- */

static void put_start(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    lp_json_time(json, session->first_frame ? &session->start : NULL, LP_TIME_NANO);
}

static void put_cipher(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    char hex[LP_CODE_SIZE];
    lp_json_text(json, session->has_cipher ? lp_cipher_text(session->cipher, hex) : NULL);
}

/* Of a handshake that was compared with nothing there is no verdict, not even "undecided". */
static void put_session_verdict(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    lp_json_text(json, session->compared ? lp_verdict_name(session->verdict) : NULL);
}

static void put_server_chain(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    put_chain(json, session->chain, session->chain_count);
}

static void put_client_chain(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    put_chain(json, session->client_chain, session->client_chain_count);
}

static void put_alert_side(struct lp_json *json, const void *value)
{
    lp_json_text(json, *(const bool *)value ? "client" : "server");
}

static void put_alert_level(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_alert_level_name(*(const uint8_t *)value));
}

static void put_alert_code(struct lp_json *json, const void *value)
{
    lp_json_number(json, *(const uint8_t *)value);
}

static void put_alert_name(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_alert_name(*(const uint8_t *)value));
}

static const struct field alert_fields[] = {
    AS("frame", lp_alert, frame, put_frame),
    AS("from", lp_alert, from_client, put_alert_side),
    AS("level", lp_alert, level, put_alert_level),
    AS("code", lp_alert, code, put_alert_code),
    AS("name", lp_alert, code, put_alert_name),
};

static void put_alerts(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    put_array(json, TABLE(alert_fields, lp_alert), session->alerts, session->alert_count, true);
}

static void put_ip(struct lp_json *json, const void *value)
{
    char text[46];

    lp_ip_text(value, text, sizeof text);
    lp_json_text(json, text[0] ? text : NULL);
}

static const struct field tunnel_fields[] = {
    PLAIN("tunnel", lp_tunnel, name),
    AS("src", lp_tunnel, src, put_ip),
    AS("dst", lp_tunnel, dst, put_ip),
};

static void put_tunnels(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    put_array(json, TABLE(tunnel_fields, lp_tunnel), session->tunnels, session->tunnel_count, true);
}

static const struct field session_fields[] = {
    PLAIN("id", lp_session, id),
    PLAIN("transport", lp_session, transport),
    PLAIN("carrier", lp_session, carrier),
    PLAIN("client", lp_session, client),
    PLAIN("server", lp_session, server),
    AS("first_frame", lp_session, first_frame, put_frame),
    AS("certificate_frame", lp_session, certificate_frame, put_frame),
    WHOLE("start", put_start),
    AS("version", lp_session, version, put_version),
    WHOLE("cipher", put_cipher),
    PLAIN("sni", lp_session, sni),
    AS("outcome", lp_session, outcome, put_outcome),
    AS_VERIFIED("compared", lp_session, compared, put_bool),
    WHOLE_VERIFIED("verdict", put_session_verdict),
    WHOLE("chain", put_server_chain),
    WHOLE("client_chain", put_client_chain),
    WHOLE("alerts", put_alerts),
    AS("outcome_reason", lp_session, reason, put_reason),
    AS("offered_version", lp_session, offered_version, put_version),
    PLAIN("chain_complete", lp_session, chain_complete),
    PLAIN("past_certificate", lp_session, past_certificate),
    WHOLE("tunnels", put_tunnels),
    AS_VERIFIED("expected_by", lp_session, expected_by, put_text),
};

/* ---- the expected side ---- */

static const char *hash_fault_name(enum lp_hash_fault fault)
{
    switch (fault) {
    case LP_HASH_FINE:
        return NULL;
    case LP_HASH_EMPTY:
        return "empty";
    case LP_HASH_NOT_BASE64:
        return "not-base64";
    case LP_HASH_OF_HEX_TEXT:
        return "base64-of-hex";
    case LP_HASH_IS_HEX:
        return "hex";
    case LP_HASH_BAD_LENGTH:
        return "bad-length";
    }
    return NULL;
}

static void put_hash_algorithm(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_hash_algorithm_name(*(const enum lp_hash_algorithm *)value));
}

static void put_hash_fault(struct lp_json *json, const void *value)
{
    lp_json_text(json, hash_fault_name(*(const enum lp_hash_fault *)value));
}

/* A value with a fault is no digest, whatever its bytes are. */
static void put_hash_hex(struct lp_json *json, const void *value)
{
    const struct lp_cert_hash *hash = value;
    lp_json_hex(json, hash->fault == LP_HASH_FINE ? hash->digest : NULL, hash->digest_len);
}

static void put_hash_base64(struct lp_json *json, const void *value)
{
    const struct lp_cert_hash *hash = value;
    lp_json_base64(json, hash->fault == LP_HASH_FINE ? hash->digest : NULL, hash->digest_len);
}

static const struct field hash_fields[] = {
    PLAIN("n", lp_cert_hash, n),       AS("algorithm", lp_cert_hash, algorithm, put_hash_algorithm),
    WHOLE("hex", put_hash_hex),        WHOLE("base64", put_hash_base64),
    PLAIN("text", lp_cert_hash, text), AS("fault", lp_cert_hash, fault, put_hash_fault),
};

static void put_urls(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;

    lp_json_open(json, '[');
    for (size_t i = 0; i < config->url_count; i++)
        lp_json_text(json, config->urls[i].text);
    lp_json_close(json, ']');
}

static void put_host_id_check(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    if (config->has_host_id_check)
        lp_json_bool(json, config->host_id_check);
    else
        lp_json_null(json);
}

/* 0 is the one value whose meaning is known: SHA-1. Others stand as they were written. */
static void put_config_algorithm(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    const char *text = config->has_hash_algorithm ? config->hash_algorithm : NULL;
    lp_json_text(json, text && strcmp(text, "0") == 0 ? "sha1" : text);
}

static void put_cert_hashes(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    put_array(json, TABLE(hash_fields, lp_cert_hash), config->hashes, config->hash_count, true);
}

static void put_config_sessions(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;

    lp_json_open(json, '[');
    for (size_t i = 0; i < config->session_count; i++)
        lp_json_number(json, config->sessions[i]);
    lp_json_close(json, ']');
}

static void put_answer_frame(struct lp_json *json, const void *value)
{
    const struct lp_reached *reached = value;
    const uint64_t none = 0;
    put_frame(json, reached->answer ? &reached->answer->frame : &none);
}

static void put_reached_url(struct lp_json *json, const void *value)
{
    const struct lp_reached *reached = value;
    if (reached->url)
        lp_json_number(json, reached->url);
    else
        lp_json_null(json);
}

static const struct field reached_fields[] = {
    PLAIN("session", lp_reached, session),
    WHOLE("url", put_reached_url),
    PLAIN("known_by", lp_reached, known_by),
    WHOLE("dns_frame", put_answer_frame),
};

static void put_reached(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    put_array(json, TABLE(reached_fields, lp_reached), config->reached, config->session_count,
              true);
}

static void put_fetched_frame(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    const uint64_t none = 0;
    put_frame(json, config->file ? &config->file->frame : &none);
}

static const struct field config_fields[] = {
    PLAIN("source", lp_config, source),
    PLAIN("origin", lp_config, origin),
    PLAIN("phone", lp_config, phone),
    PLAIN("paired_by", lp_config, paired_by),
    WHOLE("urls", put_urls),
    WHOLE("host_id_check", put_host_id_check),
    WHOLE("hash_algorithm", put_config_algorithm),
    WHOLE("cert_hashes", put_cert_hashes),
    AS("verdict", lp_config, verdict, put_verdict),
    AS("reason", lp_config, verdict_reason, put_reason),
    WHOLE("sessions", put_config_sessions),
    PLAIN("summary", lp_config, summary),
    WHOLE("fetched_frame", put_fetched_frame),
    WHOLE("reached", put_reached),
};

/* ---- findings and statistics ---- */

static void put_session_index(struct lp_json *json, const void *value)
{
    const int64_t *session = value;
    if (*session >= 0)
        lp_json_number(json, (uint64_t)*session);
    else
        lp_json_null(json);
}

static const struct field finding_fields[] = {
    AS("severity", lp_finding, severity, put_severity),
    PLAIN("code", lp_finding, code),
    AS("session", lp_finding, session, put_session_index),
    AS("frame", lp_finding, frame, put_frame),
    PLAIN("message", lp_finding, message),
    PLAIN("remedy", lp_finding, remedy),
};

static void put_link_types(struct lp_json *json, const void *value)
{
    const struct lp_stats *stats = value;
    put_texts(json, stats->link_types, stats->link_type_count);
}

static void put_first_time(struct lp_json *json, const void *value)
{
    const struct lp_stats *stats = value;
    lp_json_time(json, stats->packets ? &stats->first : NULL, LP_TIME_NANO);
}

static void put_last_time(struct lp_json *json, const void *value)
{
    const struct lp_stats *stats = value;
    lp_json_time(json, stats->packets ? &stats->last : NULL, LP_TIME_NANO);
}

static const struct field stats_fields[] = {
    PLAIN("packets", lp_stats, packets), PLAIN("bytes", lp_stats, bytes),
    WHOLE("link_types", put_link_types), PLAIN("truncated_packets", lp_stats, truncated_packets),
    WHOLE("first", put_first_time),      WHOLE("last", put_last_time),
};

/* ---- the writer ---- */

static void put_schema(struct lp_json *json, const void *value)
{
    (void)value;
    lp_json_text(json, "leafprint.capture/1");
}

static void put_configs(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    put_array(json, TABLE(config_fields, lp_config), capture->configs, capture->config_count, true);
}

static void put_sessions(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    put_array(json, TABLE(session_fields, lp_session), capture->sessions, capture->session_count,
              capture->verified);
}

static void put_findings(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    put_array(json, TABLE(finding_fields, lp_finding), capture->findings, capture->finding_count,
              true);
}

static void put_stats(struct lp_json *json, const void *value)
{
    put_object(json, TABLE(stats_fields, lp_stats), value, true);
}

static void put_event_kind(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_event_name(*(const enum lp_event_kind *)value));
}

static void put_event_time(struct lp_json *json, const void *value)
{
    lp_json_time(json, value, LP_TIME_NANO);
}

static void put_event_server(struct lp_json *json, const void *value)
{
    const struct lp_event *event = value;
    put_endpoint(json, event->server);
}

static void put_event_file(struct lp_json *json, const void *value)
{
    const struct lp_event *event = value;
    lp_json_text(json, event->file ? event->file->name : NULL);
}

static void put_event_session(struct lp_json *json, const void *value)
{
    const struct lp_event *event = value;
    if (event->session)
        lp_json_number(json, event->session->id);
    else
        lp_json_null(json);
}

static const struct field event_fields[] = {
    AS("frame", lp_event, frame, put_frame),
    AS("time", lp_event, time, put_event_time),
    AS("kind", lp_event, kind, put_event_kind),
    WHOLE("server", put_event_server),
    WHOLE("file", put_event_file),
    WHOLE("session", put_event_session),
};

static void put_events(struct lp_json *json, const void *value)
{
    const struct lp_time_line *line = value;
    put_array(json, TABLE(event_fields, lp_event), line->events, line->count, true);
}

static void put_events_left_out(struct lp_json *json, const void *value)
{
    const struct lp_time_line *line = value;
    lp_json_number(json, line->left_out);
}

static const struct field time_line_fields[] = {
    PLAIN("phone", lp_time_line, phone),
    PLAIN("client", lp_time_line, client),
    WHOLE("events", put_events),
    WHOLE("left_out", put_events_left_out),
};

static void put_time_lines(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    put_array(json, TABLE(time_line_fields, lp_time_line), capture->time_lines,
              capture->time_line_count, true);
}

static const struct field capture_fields[] = {
    WHOLE("schema", put_schema),
    PLAIN("capture", lp_capture, path),
    PLAIN("error", lp_capture, error),
    AS_VERIFIED("verdict", lp_capture, verdict, put_verdict),
    AS_VERIFIED("reason", lp_capture, reason, put_reason),
    PLAIN("summary", lp_capture, summary),
    WHOLE_VERIFIED("configs", put_configs),
    WHOLE("sessions", put_sessions),
    WHOLE("findings", put_findings),
    AS("stats", lp_capture, stats, put_stats),
    WHOLE_VERIFIED("timeline", put_time_lines),
};

static void write_capture(struct lp_report *report, const struct lp_capture *capture)
{
    struct lp_json json = {report->out, false};
    put_object(&json, TABLE(capture_fields, lp_capture), capture, capture->verified);
    lp_out_char(report->out, '\n');
}

static const struct field file_fields[] = {
    PLAIN("path", lp_file, path),
    PLAIN("written", lp_file, written),
};

static void write_extracted(struct lp_report *report, const struct lp_capture *capture,
                            const struct lp_file_list *files)
{
    struct lp_json json = {report->out, false};

    lp_json_open(&json, '{');
    put_fields(&json, TABLE(capture_fields, lp_capture), capture, capture->verified);
    lp_json_key(&json, "files");
    put_array(&json, TABLE(file_fields, lp_file), files->items, files->count, true);
    lp_json_close(&json, '}');
    lp_out_char(report->out, '\n');
}

/* A hash whose certificate is not at hand. */
static void put_hash_alone(struct lp_json *json, const struct lp_listed *item)
{
    const struct lp_cert_hash *hash = &item->hash;

    lp_json_key(json, "algorithm");
    lp_json_text(json, lp_hash_algorithm_name(hash->algorithm));
    lp_json_key(json, "hex");
    lp_json_hex(json, hash->digest, hash->digest_len);
    lp_json_key(json, "base64");
    lp_json_base64(json, hash->digest, hash->digest_len);
}

static void write_listed(struct lp_report *report, const char *path, const struct lp_listed *item,
                         unsigned n)
{
    struct lp_json json = {report->out, false};
    char line[LP_CERT_HASH_LINE_SIZE];

    lp_json_open(&json, '{');
    lp_json_key(&json, "schema");
    lp_json_text(&json, item->cert ? "leafprint.certificate/1" : "leafprint.hash/1");
    lp_json_key(&json, "file");
    lp_json_text(&json, path);
    lp_json_key(&json, "label");
    lp_json_text(&json, item->label);
    lp_json_key(&json, "line");
    put_frame(&json, &(uint64_t){item->line}); /* 0 is "none" there too */
    if (item->cert)
        put_cert_fields(&json, item->cert);
    else
        put_hash_alone(&json, item);
    lp_json_key(&json, "cert_hash");
    lp_json_text(&json, lp_cert_hash_line(n, &item->hash, line));
    lp_json_close(&json, '}');
    lp_out_char(report->out, '\n');
}

const struct lp_writer lp_writer_jsonl = {
    .name = "jsonl",
    .verified = write_capture,
    .inspected = write_capture,
    .extracted = write_extracted,
    .audited = lp_jsonl_audited,
    .listed = write_listed,
};
