/*
 * JSON Lines: one object per capture (schema leafprint.capture/1) or per certificate
 * (leafprint.certificate/1); docs/ holds both schemas. fields.h says how the tables are read.
 */
#include "report/jsonl.h"

#include "report/fields.h"

#include <string.h>

/* ---- the expected side ---- */

static void put_verdict(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_verdict_name(*(const enum lp_verdict *)value));
}

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

static const struct lp_field hash_fields[] = {
    LP_PLAIN("n", lp_cert_hash, n),
    LP_AS("algorithm", lp_cert_hash, algorithm, put_hash_algorithm),
    LP_WHOLE("hex", put_hash_hex),
    LP_WHOLE("base64", put_hash_base64),
    LP_PLAIN("text", lp_cert_hash, text),
    LP_AS("fault", lp_cert_hash, fault, put_hash_fault),
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
    lp_put_array(json, LP_TABLE(hash_fields, lp_cert_hash), config->hashes, config->hash_count,
                 true);
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
    lp_put_frame(json, reached->answer ? &reached->answer->frame : &none);
}

static void put_reached_url(struct lp_json *json, const void *value)
{
    const struct lp_reached *reached = value;
    if (reached->url)
        lp_json_number(json, reached->url);
    else
        lp_json_null(json);
}

static const struct lp_field reached_fields[] = {
    LP_PLAIN("session", lp_reached, session),
    LP_WHOLE("url", put_reached_url),
    LP_PLAIN("known_by", lp_reached, known_by),
    LP_WHOLE("dns_frame", put_answer_frame),
};

static void put_reached(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    lp_put_array(json, LP_TABLE(reached_fields, lp_reached), config->reached, config->session_count,
                 true);
}

static void put_fetched_frame(struct lp_json *json, const void *value)
{
    const struct lp_config *config = value;
    const uint64_t none = 0;
    lp_put_frame(json, config->file ? &config->file->frame : &none);
}

static const struct lp_field config_fields[] = {
    LP_PLAIN("source", lp_config, source),
    LP_PLAIN("origin", lp_config, origin),
    LP_PLAIN("phone", lp_config, phone),
    LP_PLAIN("paired_by", lp_config, paired_by),
    LP_WHOLE("urls", put_urls),
    LP_WHOLE("host_id_check", put_host_id_check),
    LP_WHOLE("hash_algorithm", put_config_algorithm),
    LP_WHOLE("cert_hashes", put_cert_hashes),
    LP_AS("verdict", lp_config, verdict, put_verdict),
    LP_AS("reason", lp_config, verdict_reason, lp_jsonl_reason),
    LP_WHOLE("sessions", put_config_sessions),
    LP_PLAIN("summary", lp_config, summary),
    LP_WHOLE("fetched_frame", put_fetched_frame),
    LP_WHOLE("reached", put_reached),
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

static void put_severity(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_severity_name(*(const enum lp_severity *)value));
}

static const struct lp_field finding_fields[] = {
    LP_AS("severity", lp_finding, severity, put_severity),
    LP_PLAIN("code", lp_finding, code),
    LP_AS("session", lp_finding, session, put_session_index),
    LP_AS("frame", lp_finding, frame, lp_put_frame),
    LP_PLAIN("message", lp_finding, message),
    LP_PLAIN("remedy", lp_finding, remedy),
};

static void put_link_types(struct lp_json *json, const void *value)
{
    const struct lp_stats *stats = value;
    lp_put_texts(json, stats->link_types, stats->link_type_count);
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

static const struct lp_field stats_fields[] = {
    LP_PLAIN("packets", lp_stats, packets),
    LP_PLAIN("bytes", lp_stats, bytes),
    LP_WHOLE("link_types", put_link_types),
    LP_PLAIN("truncated_packets", lp_stats, truncated_packets),
    LP_WHOLE("first", put_first_time),
    LP_WHOLE("last", put_last_time),
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
    lp_put_array(json, LP_TABLE(config_fields, lp_config), capture->configs, capture->config_count,
                 true);
}

static void put_sessions(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;

    lp_json_open(json, '[');
    for (size_t i = 0; i < capture->session_count; i++)
        lp_jsonl_session(json, &capture->sessions[i], capture->verified);
    lp_json_close(json, ']');
}

static void put_findings(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    lp_put_array(json, LP_TABLE(finding_fields, lp_finding), capture->findings,
                 capture->finding_count, true);
}

static void put_stats(struct lp_json *json, const void *value)
{
    lp_put_object(json, LP_TABLE(stats_fields, lp_stats), value, true);
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
    lp_put_endpoint(json, event->server);
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

static const struct lp_field event_fields[] = {
    LP_AS("frame", lp_event, frame, lp_put_frame),
    LP_AS("time", lp_event, time, put_event_time),
    LP_AS("kind", lp_event, kind, put_event_kind),
    LP_WHOLE("server", put_event_server),
    LP_WHOLE("file", put_event_file),
    LP_WHOLE("session", put_event_session),
};

static void put_events(struct lp_json *json, const void *value)
{
    const struct lp_time_line *line = value;
    lp_put_array(json, LP_TABLE(event_fields, lp_event), line->events, line->count, true);
}

static void put_events_left_out(struct lp_json *json, const void *value)
{
    const struct lp_time_line *line = value;
    lp_json_number(json, line->left_out);
}

static const struct lp_field time_line_fields[] = {
    LP_PLAIN("phone", lp_time_line, phone),
    LP_PLAIN("client", lp_time_line, client),
    LP_WHOLE("events", put_events),
    LP_WHOLE("left_out", put_events_left_out),
};

static void put_time_lines(struct lp_json *json, const void *value)
{
    const struct lp_capture *capture = value;
    lp_put_array(json, LP_TABLE(time_line_fields, lp_time_line), capture->time_lines,
                 capture->time_line_count, true);
}

static const struct lp_field capture_fields[] = {
    LP_WHOLE("schema", put_schema),
    LP_PLAIN("capture", lp_capture, path),
    LP_PLAIN("error", lp_capture, error),
    LP_AS_VERIFIED("verdict", lp_capture, verdict, put_verdict),
    LP_AS_VERIFIED("reason", lp_capture, reason, lp_jsonl_reason),
    LP_PLAIN("summary", lp_capture, summary),
    LP_WHOLE_VERIFIED("configs", put_configs),
    LP_WHOLE("sessions", put_sessions),
    LP_WHOLE("findings", put_findings),
    LP_AS("stats", lp_capture, stats, put_stats),
    LP_WHOLE_VERIFIED("timeline", put_time_lines),
};

static void write_capture(struct lp_report *report, const struct lp_capture *capture)
{
    struct lp_json json = {report->out, false};
    lp_put_object(&json, LP_TABLE(capture_fields, lp_capture), capture, capture->verified);
    lp_out_char(report->out, '\n');
}

/* The row of the sessions, which others may write. */
static size_t row_of_sessions(void)
{
    size_t row = 0;
    while (capture_fields[row].put != put_sessions)
        row++;
    return row;
}

void lp_jsonl_before_sessions(struct lp_report *report, const struct lp_capture *capture)
{
    struct lp_json json = {report->out, false};
    struct lp_table table = LP_TABLE(capture_fields, lp_capture);

    table.count = row_of_sessions();
    lp_json_open(&json, '{');
    lp_put_fields(&json, table, capture, capture->verified);
    lp_json_row_key(&json, &capture_fields[table.count].key);
}

void lp_jsonl_behind_sessions(struct lp_report *report, const struct lp_capture *capture)
{
    struct lp_json json = {report->out, true};
    struct lp_table table = LP_TABLE(capture_fields, lp_capture);
    size_t row = row_of_sessions() + 1;

    table.rows += row;
    table.count -= row;
    lp_put_fields(&json, table, capture, capture->verified);
    lp_json_close(&json, '}');
    lp_out_char(report->out, '\n');
}

static const struct lp_field file_fields[] = {
    LP_PLAIN("path", lp_file, path),
    LP_PLAIN("written", lp_file, written),
};

static void put_file_size(struct lp_json *json, const void *value)
{
    const struct lp_boot_file *file = value;
    lp_json_number(json, file->size);
}

static const struct lp_field incomplete_fields[] = {
    LP_PLAIN("name", lp_boot_file, name),
    LP_PLAIN("carrier", lp_boot_file, carrier),
    LP_AS("frame", lp_boot_file, frame, lp_put_frame),
    LP_WHOLE("bytes", put_file_size),
};

/* What a phone fetched and the capture does not hold to its end: it is not written. */
static void put_incomplete(struct lp_json *json, const struct lp_capture *capture)
{
    lp_json_key(json, "incomplete");
    lp_json_open(json, '[');
    for (size_t i = 0; i < capture->file_count; i++)
        if (!capture->files[i].complete)
            lp_put_object(json, LP_TABLE(incomplete_fields, lp_boot_file), &capture->files[i],
                          true);
    lp_json_close(json, ']');
}

static void write_extracted(struct lp_report *report, const struct lp_capture *capture,
                            const struct lp_file_list *files)
{
    struct lp_json json = {report->out, false};

    lp_json_open(&json, '{');
    lp_put_fields(&json, LP_TABLE(capture_fields, lp_capture), capture, capture->verified);
    lp_json_key(&json, "files");
    lp_put_array(&json, LP_TABLE(file_fields, lp_file), files->items, files->count, true);
    if (files->of_phones)
        put_incomplete(&json, capture);
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
    lp_put_frame(&json, &(uint64_t){item->line}); /* 0 is "none" there too */
    if (item->cert)
        lp_jsonl_cert_fields(&json, item->cert);
    else
        put_hash_alone(&json, item);
    lp_json_key(&json, "cert_hash");
    lp_json_text(&json, lp_cert_hash_line(n, &item->hash, line));
    lp_json_close(&json, '}');
    lp_out_char(report->out, '\n');
}

const struct lp_writer lp_writer_jsonl = {
    .name = "jsonl",
    .streams = true,
    .verified = write_capture,
    .inspected = write_capture,
    .extracted = write_extracted,
    .audited = lp_jsonl_audited,
    .listed = write_listed,
};
