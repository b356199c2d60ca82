/*
 * What the client did after it had the certificate: a hint beside the verdict, never the verdict.
 * That it sent no alert proves nothing.
 */
#include "verdict/findings.h"

/* The alerts by which a client refuses a certificate (RFC 5246 7.2.2). */
enum { BAD_CERTIFICATE = 42, UNKNOWN_CA = 48 };

static const struct lp_alert *refusal(const struct lp_session *session)
{
    bool seen = session->chain_count > 0;

    for (size_t i = 0; i < session->alert_count && seen; i++) {
        const struct lp_alert *alert = &session->alerts[i];
        if (alert->from_client && alert->code >= BAD_CERTIFICATE && alert->code <= UNKNOWN_CA &&
            alert->frame >= session->certificate_frame)
            return alert;
    }
    return NULL;
}

static bool matches(enum lp_verdict verdict)
{
    return verdict == LP_MATCH || verdict == LP_MATCH_ISSUER;
}

static void cause_refusal(struct lp_findings *findings, const struct lp_session *session,
                          const struct lp_alert *alert, enum lp_verdict verdict)
{
    struct lp_finding what = {LP_WARNING, "rejected-by-client", session->id, alert->frame, NULL,
                              NULL};

    lp_findings_add(findings, &what, "after the certificate the client sent the alert %u, %s",
                    alert->code, lp_alert_name(alert->code));
    if (!matches(verdict))
        return;
    what.code = "reaction-differs";
    what.remedy = "make sure that the phone holds this configuration and not an older one (reset "
                  "it inside the network), that the client is the phone, and look at host ID "
                  "check, validity and key of the certificate";
    lp_findings_add(findings, &what,
                    "verdict and reaction disagree: the hash matches, but the client rejected the "
                    "certificate");
}

static void cause_passage(struct lp_findings *findings, const struct lp_session *session,
                          enum lp_verdict verdict)
{
    struct lp_finding what = {LP_INFO,
                              "past-certificate",
                              session->id,
                              session->certificate_frame,
                              NULL,
                              "if the login fails all the same, look at the credentials, at the "
                              "group-url and at the headend's licences"};

    if (matches(verdict)) {
        lp_findings_add(findings, &what, "the client went on after the certificate");
    } else if (verdict == LP_MISMATCH) {
        what.severity = LP_WARNING;
        what.code = "reaction-differs";
        what.remedy = "make sure that this is the configuration that the phone holds, and that the "
                      "client is the phone";
        lp_findings_add(findings, &what,
                        "verdict and reaction disagree: a mismatch, but the client went on after "
                        "the certificate");
    }
}

void lp_cause_reaction(struct lp_findings *findings, const struct lp_session *session,
                       enum lp_verdict verdict)
{
    const struct lp_alert *alert = refusal(session);

    if (alert)
        cause_refusal(findings, session, alert, verdict);
    else if (session->past_certificate)
        cause_passage(findings, session, verdict);
}
