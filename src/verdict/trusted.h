/*
 * The phone's other TLS: SIP, SCCP, HTTPS, TVS, CAPF. There it trusts a certificate that its trust
 * lists (CTL, ITL) name in the server's role, and no hash of a vpnGroup counts.
 */
#ifndef LP_VERDICT_TRUSTED_H
#define LP_VERDICT_TRUSTED_H

#include "phone/trustlist.h"
#include "verdict/findings.h"

/* A server of the cluster, by the port that it listens on. */
struct lp_trust_service {
    const char *name;
    uint16_t port;
    unsigned roles[2]; /* of a record that may speak for it */
};
/* NULL: no such service has this port. Static. */
const struct lp_trust_service *lp_trust_service_at(uint16_t port);

/* In ascending order of what it says. */
enum lp_trust_says {
    LP_TRUST_SILENT = 0, /* it has no record of a fitting role */
    LP_TRUST_REFUSES,    /* its records of a fitting role are of other certificates */
    LP_TRUST_ELSEWHERE,  /* so they are, and the certificate is that of another role */
    LP_TRUST_DOUBTFUL,   /* a record holds a digest that was not computed of the certificate */
    LP_TRUST_NAMES,      /* a record of a fitting role is of this certificate */
};

/* What a list says of a certificate, which may be incomplete or NULL: then it is silent, or
 * refuses. `record` becomes the record that names the certificate, or NULL. */
enum lp_trust_says lp_trust_says(const struct lp_trust_list *list,
                                 const struct lp_trust_service *service, const struct lp_cert *leaf,
                                 const struct lp_trust_record **record);

/* A handshake held against a trust list. */
struct lp_trust_comparison {
    const struct lp_session *session; /* borrowed, like all of these */
    const struct lp_trust_service *service;
    const char *source; /* the list's name; NULL: no list says anything of this server */
    const struct lp_trust_record *record;
    enum lp_trust_says says;
    enum lp_verdict verdict;
    enum lp_reason reason;
};

/* trusted, not-trusted, trusted-other-role. */
void lp_cause_trust(struct lp_findings *findings, const struct lp_trust_comparison *it);

/* A static text for a verdict that rests on trust lists alone. */
const char *lp_summary_trust(enum lp_verdict verdict);

#endif
