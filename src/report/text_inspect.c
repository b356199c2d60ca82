/* inspect, for people: every handshake as a short block. */
#include "report/text.h"

#include <string.h>

static void separate(struct lp_out *out, const char *text)
{
    lp_out_text(out, ", ");
    lp_out_text(out, text);
}

static void session_line(struct lp_report *report, const struct lp_session *session)
{
    struct lp_out *out = report->out;
    char code[LP_CODE_SIZE];

    lp_text_numbered(report, "#", session->id);
    lp_text_ends(report, session);
    if (session->first_frame) {
        lp_out_text(out, ", from frame ");
        lp_out_number(out, session->first_frame);
        lp_out_text(out, ", ");
        if (lp_out_time(out, &session->start, LP_TIME_PEOPLE))
            lp_out_text(out, " UTC");
    }
    lp_out_char(out, '\n');

    lp_text_label(report, NULL);
    if (session->version) {
        lp_out_text(out, lp_version_text(session->version, code));
    } else if (session->offered_version) {
        lp_out_text(out, "offered up to ");
        lp_out_text(out, lp_version_text(session->offered_version, code));
    } else {
        lp_out_text(out, "TLS version unknown");
    }
    if (session->has_cipher)
        separate(out, lp_cipher_text(session->cipher, code));
    if (session->carrier && strcmp(session->carrier, "tls") != 0 &&
        strcmp(session->carrier, "dtls") != 0) {
        lp_out_text(out, ", carrier ");
        lp_out_text(out, session->carrier);
    }
    if (session->sni) {
        lp_out_text(out, ", SNI ");
        lp_out_text(out, session->sni);
    }
    lp_out_char(out, '\n');
}

static void outcome_line(struct lp_report *report, const struct lp_session *session)
{
    struct lp_out *out = report->out;
    const char *reason = lp_reason_name(session->reason);

    lp_text_label(report, NULL);
    lp_out_text(out, "certificate: ");
    lp_out_text(out, lp_outcome_name(session->outcome));
    if (session->outcome == LP_OUTCOME_NO_CERTIFICATE && reason)
        separate(out, reason);
    if (session->certificate_frame) {
        lp_out_text(out, ", frame ");
        lp_out_number(out, session->certificate_frame);
    }
    if (session->chain_count && !session->chain_complete)
        separate(out, "the message is cut");
    if (session->past_certificate)
        separate(out, "the client went on after it");
    lp_out_char(out, '\n');
}

static void alerts(struct lp_report *report, const struct lp_session *session)
{
    for (size_t i = 0; i < session->alert_count; i++) {
        const struct lp_alert *alert = &session->alerts[i];
        lp_text_label(report, "alert");
        lp_out_text(report->out, alert->from_client ? "client: " : "server: ");
        lp_out_text(report->out, lp_alert_level_name(alert->level));
        lp_out_char(report->out, ' ');
        lp_out_text(report->out, lp_alert_name(alert->code));
        lp_out_text(report->out, " (");
        lp_out_number(report->out, alert->code);
        lp_out_text(report->out, "), frame ");
        lp_out_number(report->out, alert->frame);
        lp_out_char(report->out, '\n');
    }
}

void lp_text_session(struct lp_report *report, const struct lp_session *session)
{
    session_line(report, session);
    outcome_line(report, session);
    for (size_t i = 0; i < session->chain_count; i++)
        lp_text_certificate(report, &session->chain[i], false);
    for (size_t i = 0; i < session->client_chain_count; i++)
        lp_text_certificate(report, &session->client_chain[i], true);
    alerts(report, session);
}

static void count_of(struct lp_out *out, uint64_t n, const char *one, const char *many)
{
    lp_out_number(out, n);
    lp_out_char(out, ' ');
    lp_out_text(out, n == 1 ? one : many);
}

void lp_text_inspected(struct lp_report *report, const struct lp_capture *capture)
{
    struct lp_out *out = report->out;

    lp_out_text(out, capture->path);
    lp_out_text(out, ": ");
    count_of(out, capture->session_count, "handshake", "handshakes");
    lp_out_text(out, " in ");
    count_of(out, capture->stats.packets, "packet", "packets");
    for (size_t i = 0; i < capture->stats.link_type_count; i++) {
        lp_out_text(out, i ? ", " : " (");
        lp_out_text(out, capture->stats.link_types[i]);
    }
    lp_out_text(out, capture->stats.link_type_count ? ")" : NULL);
    lp_out_text(out, capture->error ? ", not read to its end\n" : "\n");
    for (size_t i = 0; i < capture->session_count; i++)
        lp_text_session(report, &capture->sessions[i]);
    lp_text_findings(report, capture, report->verbose ? LP_INFO : LP_WARNING);
}
