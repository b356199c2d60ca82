/* JSON Lines: one handshake, and the certificates in it. */
#include "report/jsonl.h"

#include "report/fields.h"

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
    lp_put_texts(json, facts->san, facts->san_count);
}

static const struct lp_field facts_fields[] = {
    LP_PLAIN("subject", lp_cert_facts, subject),
    LP_PLAIN("issuer", lp_cert_facts, issuer),
    LP_PLAIN("serial", lp_cert_facts, serial),
    LP_WHOLE("not_before", put_not_before),
    LP_WHOLE("not_after", put_not_after),
    LP_PLAIN("key", lp_cert_facts, key),
    LP_PLAIN("signature", lp_cert_facts, signature),
    LP_WHOLE("san", put_san),
    LP_PLAIN("x509_error", lp_cert_facts, x509_error),
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

static const struct lp_field cert_fields[] = {
    LP_PLAIN("depth", lp_cert, depth),        LP_PLAIN("complete", lp_cert, complete),
    LP_PLAIN("bytes", lp_cert, bytes),        LP_WHOLE("sha1", put_sha1),
    LP_WHOLE("sha1_base64", put_sha1_base64), LP_WHOLE("sha256", put_sha256),
};

void lp_jsonl_cert_fields(struct lp_json *json, const struct lp_cert *cert)
{
    static const struct lp_cert_facts unknown;
    lp_put_fields(json, LP_TABLE(cert_fields, lp_cert), cert, true);
    lp_put_fields(json, LP_TABLE(facts_fields, lp_cert_facts), cert->facts ? cert->facts : &unknown,
                  true);
}

static void put_chain(struct lp_json *json, const struct lp_cert *chain, size_t count)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < count; i++) {
        lp_json_open(json, '{');
        lp_jsonl_cert_fields(json, &chain[i]);
        lp_json_key(json, "matches");
        lp_json_open(json, '[');
        for (unsigned n = 1; n <= LP_MAX_CERT_HASHES && chain[i].matches >> (n - 1); n++)
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

static void put_version(struct lp_json *json, const void *value)
{
    const uint16_t *version = value;
    char hex[LP_CODE_SIZE];
    lp_json_text(json, *version ? lp_version_text(*version, hex) : NULL);
}

static void put_cipher(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    char hex[LP_CODE_SIZE];
    lp_json_text(json, session->has_cipher ? lp_cipher_text(session->cipher, hex) : NULL);
}

static void put_outcome(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_outcome_name(*(const enum lp_outcome *)value));
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

void lp_jsonl_reason(struct lp_json *json, const void *value)
{
    lp_json_text(json, lp_reason_name(*(const enum lp_reason *)value));
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

static const struct lp_field alert_fields[] = {
    LP_AS("frame", lp_alert, frame, lp_put_frame),
    LP_AS("from", lp_alert, from_client, put_alert_side),
    LP_AS("level", lp_alert, level, put_alert_level),
    LP_AS("code", lp_alert, code, put_alert_code),
    LP_AS("name", lp_alert, code, put_alert_name),
};

static void put_alerts(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    lp_put_array(json, LP_TABLE(alert_fields, lp_alert), session->alerts, session->alert_count,
                 true);
}

static void put_ip(struct lp_json *json, const void *value)
{
    char text[46];

    lp_ip_text(value, text, sizeof text);
    lp_json_text(json, text[0] ? text : NULL);
}

static const struct lp_field tunnel_fields[] = {
    LP_PLAIN("tunnel", lp_tunnel, name),
    LP_AS("src", lp_tunnel, src, put_ip),
    LP_AS("dst", lp_tunnel, dst, put_ip),
};

static void put_tunnels(struct lp_json *json, const void *value)
{
    const struct lp_session *session = value;
    lp_put_array(json, LP_TABLE(tunnel_fields, lp_tunnel), session->tunnels, session->tunnel_count,
                 true);
}

static const struct lp_field session_fields[] = {
    LP_PLAIN("id", lp_session, id),
    LP_PLAIN("transport", lp_session, transport),
    LP_PLAIN("carrier", lp_session, carrier),
    LP_PLAIN("client", lp_session, client),
    LP_PLAIN("server", lp_session, server),
    LP_AS("first_frame", lp_session, first_frame, lp_put_frame),
    LP_AS("certificate_frame", lp_session, certificate_frame, lp_put_frame),
    LP_WHOLE("start", put_start),
    LP_AS("version", lp_session, version, put_version),
    LP_WHOLE("cipher", put_cipher),
    LP_PLAIN("sni", lp_session, sni),
    LP_AS("outcome", lp_session, outcome, put_outcome),
    LP_AS_VERIFIED("compared", lp_session, compared, lp_put_bool),
    LP_WHOLE_VERIFIED("verdict", put_session_verdict),
    LP_WHOLE("chain", put_server_chain),
    LP_WHOLE("client_chain", put_client_chain),
    LP_WHOLE("alerts", put_alerts),
    LP_AS("outcome_reason", lp_session, reason, lp_jsonl_reason),
    LP_AS("offered_version", lp_session, offered_version, put_version),
    LP_PLAIN("chain_complete", lp_session, chain_complete),
    LP_PLAIN("past_certificate", lp_session, past_certificate),
    LP_WHOLE("tunnels", put_tunnels),
    LP_AS("server_hello_frame", lp_session, server_hello_frame, lp_put_frame),
    LP_AS_VERIFIED("expected_by", lp_session, expected_by, lp_put_text),
};

void lp_jsonl_session(struct lp_json *json, const struct lp_session *session, bool verified)
{
    lp_put_object(json, LP_TABLE(session_fields, lp_session), session, verified);
}
