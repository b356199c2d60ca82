/*
 * audit for people: one headline for each configuration that lacks something, with the lines to add
 * to it, and the totals behind all of them. --verbose shows the others too.
 */
#include "report/text.h"

#include <string.h>

static const char *color_of(enum lp_holding holding)
{
    switch (holding) {
    case LP_HOLDS_ALL:
        return "\033[32m"; /* green */
    case LP_HOLDS_SOME:
    case LP_HOLDS_OTHERS:
    case LP_HOLDS_NONE:
    case LP_HOLDS_ERROR:
        return "\033[31m"; /* red */
    case LP_HOLDS_UNKNOWN:
    case LP_HOLDS_NO_VPN:
    case LP_HOLDING_COUNT:
        break;
    }
    return "\033[33m"; /* yellow */
}

static void put_holding(struct lp_report *report, enum lp_holding holding)
{
    if (report->color)
        lp_out_text(report->out, color_of(holding));
    lp_out_text(report->out, lp_holding_name(holding));
    if (report->color)
        lp_out_text(report->out, "\033[0m");
}

static bool lacks(enum lp_holding holding)
{
    return holding == LP_HOLDS_SOME || holding == LP_HOLDS_OTHERS || holding == LP_HOLDS_NONE;
}

static const char *name_of(const struct lp_audit_cert *cert)
{
    return cert->subject && *cert->subject ? cert->subject
           : cert->label                   ? cert->label
                                           : cert->source;
}

static const char *explanation(const struct lp_audit_config *config)
{
    switch (config->holding) {
    case LP_HOLDS_ALL:
        return "the hash of every certificate";
    case LP_HOLDS_SOME:
        return "some of the hashes";
    case LP_HOLDS_OTHERS:
        return "only hashes of other certificates";
    case LP_HOLDS_NONE:
        return "no hash at all";
    case LP_HOLDS_NO_VPN:
        return "no vpnGroup";
    case LP_HOLDS_UNKNOWN:
    case LP_HOLDS_ERROR:
    case LP_HOLDING_COUNT:
        break;
    }
    return config->why ? config->why : "not read";
}

/* A message begins with the name that the headline has said. */
static const char *without_name(const char *text, const char *name)
{
    size_t n = strlen(name);
    return strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

static void put_lines(struct lp_report *report, const struct lp_audit *audit,
                      const struct lp_audit_config *config)
{
    char line[LP_CERT_HASH_LINE_SIZE];
    unsigned place = 0;

    for (size_t i = 0; i < audit->cert_count; i++) {
        if (config->held >> i & 1)
            continue;
        place = lp_audit_free_place(config, place);
        if (!place) {
            lp_text_label(report, NULL);
            lp_out_text(report->out, "no place is free: replace the hash of a certificate that is "
                                     "no longer presented\n");
            return;
        }
        if (lp_cert_hash_line(place, &audit->certs[i].hash, line)) {
            lp_out_spaces(report->out, LP_TEXT_LABEL);
            lp_out_text(report->out, line);
            lp_out_char(report->out, '\n');
        }
    }
}

static void put_config(struct lp_report *report, const struct lp_audit *audit,
                       const struct lp_audit_config *config)
{
    put_holding(report, config->holding);
    lp_out_text(report->out, ": ");
    lp_out_text(report->out, config->source);
    lp_out_text(report->out, ": ");
    lp_out_text(report->out, without_name(explanation(config), config->source));
    lp_out_char(report->out, '\n');
    if (lacks(config->holding))
        put_lines(report, audit, config);
}

static void put_certificates(struct lp_report *report, const struct lp_audit *audit)
{
    size_t holders_of_all = audit->config_count - audit->totals[LP_HOLDS_NO_VPN];

    for (size_t i = 0; i < audit->cert_count; i++) {
        const struct lp_audit_cert *cert = &audit->certs[i];
        lp_out_base64(report->out, cert->hash.digest, cert->hash.digest_len);
        lp_out_text(report->out, "  held by ");
        lp_out_number(report->out, cert->holders);
        lp_out_text(report->out, " of ");
        lp_out_number(report->out, holders_of_all);
        lp_out_text(report->out, "  ");
        lp_out_text(report->out, name_of(cert));
        lp_out_char(report->out, '\n');
    }
}

/* "12 configurations: 8 all, 3 others, 1 no-vpn" */
static void put_totals(struct lp_report *report, const struct lp_audit *audit)
{
    static const enum lp_holding order[] = {LP_HOLDS_ALL,   LP_HOLDS_SOME,    LP_HOLDS_OTHERS,
                                            LP_HOLDS_NONE,  LP_HOLDS_UNKNOWN, LP_HOLDS_ERROR,
                                            LP_HOLDS_NO_VPN};
    const char *before = ": ";

    lp_out_number(report->out, audit->config_count);
    lp_out_text(report->out, audit->config_count == 1 ? " configuration" : " configurations");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!audit->totals[order[i]])
            continue;
        lp_out_text(report->out, before);
        lp_out_number(report->out, audit->totals[order[i]]);
        lp_out_char(report->out, ' ');
        lp_out_text(report->out, lp_holding_name(order[i]));
        before = ", ";
    }
    lp_out_char(report->out, '\n');
}

void lp_text_audited(struct lp_report *report, const struct lp_audit *audit)
{
    for (size_t i = 0; i < audit->config_count; i++) {
        const struct lp_audit_config *config = &audit->configs[i];
        bool fine = config->holding == LP_HOLDS_ALL || config->holding == LP_HOLDS_NO_VPN;
        if (!fine || report->verbose)
            put_config(report, audit, config);
    }
    put_certificates(report, audit);
    put_totals(report, audit);
}
