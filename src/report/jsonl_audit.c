/* audit for programs: one object for each configuration, leafprint.audit/1 (docs/). */
#include "report/jsonl.h"

#include "report/json.h"

#include <string.h>

/* The place that already has the hash; 0: none. */
static unsigned place_of(const struct lp_audit_config *config, const char *text)
{
    for (unsigned n = 1; n <= LP_MAX_CERT_HASHES; n++)
        if (config->values[n - 1] && strcmp(config->values[n - 1], text) == 0)
            return n;
    return 0;
}

static void put_certificate(struct lp_json *json, const struct lp_audit_cert *cert,
                            const struct lp_audit_config *config, bool held)
{
    unsigned place = held ? place_of(config, cert->hash.text) : 0;

    lp_json_open(json, '{');
    lp_json_key(json, "file");
    lp_json_text(json, cert->source);
    lp_json_key(json, "label");
    lp_json_text(json, cert->label);
    lp_json_key(json, "subject");
    lp_json_text(json, cert->subject);
    lp_json_key(json, "sha1");
    lp_json_hex(json, cert->hash.digest, cert->hash.digest_len);
    lp_json_key(json, "sha1_base64");
    lp_json_text(json, cert->hash.text);
    lp_json_key(json, "held");
    lp_json_bool(json, held);
    lp_json_key(json, "place");
    if (place)
        lp_json_number(json, place);
    else
        lp_json_null(json);
    lp_json_close(json, '}');
}

static void put_certificates(struct lp_json *json, const struct lp_audit *audit,
                             const struct lp_audit_config *config)
{
    lp_json_open(json, '[');
    for (size_t i = 0; i < audit->cert_count; i++)
        put_certificate(json, &audit->certs[i], config, config->held >> i & 1);
    lp_json_close(json, ']');
}

static void put_others(struct lp_json *json, const struct lp_audit_config *config)
{
    lp_json_open(json, '[');
    for (unsigned n = 1; n <= LP_MAX_CERT_HASHES; n++) {
        if (!(config->foreign >> (n - 1) & 1))
            continue;
        lp_json_open(json, '{');
        lp_json_key(json, "place");
        lp_json_number(json, n);
        lp_json_key(json, "text");
        lp_json_text(json, config->values[n - 1]);
        lp_json_close(json, '}');
    }
    lp_json_close(json, ']');
}

/* The lines for what is missing, as far as there are places. */
static void put_lines(struct lp_json *json, const struct lp_audit *audit,
                      const struct lp_audit_config *config)
{
    bool lacks = config->holding == LP_HOLDS_SOME || config->holding == LP_HOLDS_OTHERS ||
                 config->holding == LP_HOLDS_NONE;
    char line[LP_CERT_HASH_LINE_SIZE];
    unsigned place = 0;

    lp_json_open(json, '[');
    for (size_t i = 0; lacks && i < audit->cert_count; i++) {
        if (config->held >> i & 1)
            continue;
        place = lp_audit_free_place(config, place);
        if (!place)
            break;
        lp_json_text(json, lp_cert_hash_line(place, &audit->certs[i].hash, line));
    }
    lp_json_close(json, ']');
}

void lp_jsonl_audited(struct lp_report *report, const struct lp_audit *audit)
{
    for (size_t i = 0; i < audit->config_count; i++) {
        const struct lp_audit_config *config = &audit->configs[i];
        struct lp_json json = {report->out, false};
        lp_json_open(&json, '{');
        lp_json_key(&json, "schema");
        lp_json_text(&json, "leafprint.audit/1");
        lp_json_key(&json, "source");
        lp_json_text(&json, config->source);
        lp_json_key(&json, "phone");
        lp_json_text(&json, config->phone);
        lp_json_key(&json, "holds");
        lp_json_text(&json, lp_holding_name(config->holding));
        lp_json_key(&json, "why");
        lp_json_text(&json, config->why);
        lp_json_key(&json, "certificates");
        put_certificates(&json, audit, config);
        lp_json_key(&json, "others");
        put_others(&json, config);
        lp_json_key(&json, "add");
        put_lines(&json, audit, config);
        lp_json_close(&json, '}');
        lp_out_char(report->out, '\n');
    }
}
