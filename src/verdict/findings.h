/*
 * Findings: what was seen that people should know, and what to do about it.
 *
 * Codes are stable and listed in docs/verdicts.md. A message states what the capture shows; what is
 * merely likely stands in the remedy, as advice.
 */
#ifndef LP_VERDICT_FINDINGS_H
#define LP_VERDICT_FINDINGS_H

#include "base/mem.h"
#include "leafprint/leafprint.h"
#include "verdict/verdict.h"

/* A growing list in an arena. Memory that runs short sets `failed` and stops the list, so that only
 * its end needs a check. */
struct lp_findings {
    struct lp_arena *arena;   /* borrowed */
    struct lp_finding *items; /* in the arena */
    size_t count, cap;
    bool failed;
};

/* Goes on behind `count` findings that are there already; they are not changed. */
void lp_findings_start(struct lp_findings *findings, struct lp_arena *arena,
                       struct lp_finding *items, size_t count);
/* Adds a copy of `what` with a formatted message. code and remedy are kept as they are: static, or
 * in the arena. */
void lp_findings_add(struct lp_findings *findings, const struct lp_finding *what,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A certificate that the user gave as a file. */
struct lp_known_cert {
    const char *source;
    struct lp_cert cert;
};

/* hash-mismatch, issuer-match, digest-missing: why the comparison came out as it did. */
void lp_cause_comparison(struct lp_findings *findings, const struct lp_comparison *it);
/* issuer-not-presented: an expected value is the hash of `known`, which the server did not send. */
void lp_cause_known_cert(struct lp_findings *findings, const struct lp_comparison *it,
                         const struct lp_known_cert *known);
/* hash-of-phone: an expected value is the hash of a certificate of the client's own. */
void lp_cause_own_cert(struct lp_findings *findings, const struct lp_comparison *it);
/* config-newer: the configuration, fetched within the capture, came after the handshake `before`.
 */
void lp_cause_newer(struct lp_findings *findings, const struct lp_config *config,
                    const struct lp_session *before);
/* host-id: the name check is on, and the leaf does not name the url's host. */
void lp_cause_host_id(struct lp_findings *findings, const struct lp_comparison *it);
/* expired, not-yet-valid, key-size: the leaf itself, at the time of the handshake. */
void lp_cause_leaf(struct lp_findings *findings, const struct lp_session *session);
/* rejected-by-client, past-certificate, reaction-differs: what the client did next. */
void lp_cause_reaction(struct lp_findings *findings, const struct lp_session *session,
                       enum lp_verdict verdict);
/* not-at-url, would-match-elsewhere: `others` are the handshakes of the configuration's phone that
 * went to no url, each with the verdict that it would have had. */
void lp_cause_not_at_url(struct lp_findings *findings, const struct lp_config *config,
                         const struct lp_comparison *others, size_t count);
void lp_cause_elsewhere(struct lp_findings *findings, const struct lp_config *config,
                        const struct lp_comparison *others, size_t count);
/* Named after the reason; `session` is NULL when the reason is not one handshake's. */
void lp_cause_undecided(struct lp_findings *findings, const struct lp_session *session,
                        enum lp_reason reason, enum lp_severity severity);

/* Whether the leaf names the host, by the phone's rule (see hostid.c). */
enum lp_host_id {
    LP_HOST_ID_UNKNOWN = 0,
    LP_HOST_ID_NAMED,
    LP_HOST_ID_WILDCARD,
    LP_HOST_ID_ABSENT
};
enum lp_host_id lp_host_id_check(const struct lp_cert_facts *facts, const struct lp_url *url);

#endif
