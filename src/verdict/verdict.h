/*
 * The verdict: pure. Certificates, expected hashes and circumstances go in; a verdict, its reason
 * and findings with remedies come out. No clock, no files, no network; the same input gives the
 * same output.
 */
#ifndef LP_VERDICT_VERDICT_H
#define LP_VERDICT_VERDICT_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* Compares every certificate of one handshake with every certHashN, sets the `matches` bits of its
 * chain (they add up over several configurations) and says what this handshake alone means for this
 * configuration. When LP_UNDECIDED, *reason says why. */
enum lp_verdict lp_verdict_session(struct lp_session *session, const struct lp_config *config,
                                   bool leaf_only, enum lp_reason *reason);

/* One verdict from several, by the contract's rule: the decided ones decide, disagreement is
 * LP_MIXED, none decided is LP_UNDECIDED. Starts zeroed. LP_MATCH and LP_MATCH_ISSUER agree with
 * each other; together they are LP_MATCH. */
struct lp_tally {
    unsigned matches, issuer_matches, mismatches, mixed;
    enum lp_reason
        reason; /* the foremost reason of the undecided, in the order of enum lp_reason */
};
void lp_tally_add(struct lp_tally *tally, enum lp_verdict verdict, enum lp_reason reason);
enum lp_verdict lp_tally_verdict(const struct lp_tally *tally, enum lp_reason *reason);

/* The same without setting any `matches` bit: for handshakes that do not count. */
enum lp_verdict lp_verdict_peek(const struct lp_session *session, const struct lp_config *config,
                                bool leaf_only, enum lp_reason *reason);

/* Zeroed memory is never equal. */
enum lp_equal {
    LP_DIFFERENT = 0,
    LP_EQUAL,
    LP_INCOMPARABLE, /* bytes are missing, or the digest was not computed */
};

/* Whether the expected value is the certificate's digest. A value that is no digest differs from
 * everything; an incomplete certificate is equal to nothing. */
enum lp_equal lp_cert_equals(const struct lp_cert *cert, const struct lp_cert_hash *hash);

/* A value was written at all: empty ones count as absent. */
bool lp_cert_hash_present(const struct lp_cert_hash *hash);

/* The first certificate, when every byte of it is there; else NULL. */
const struct lp_cert *lp_whole_leaf(const struct lp_session *session);

/* One handshake held against one configuration. */
struct lp_comparison {
    const struct lp_config *config;   /* borrowed */
    const struct lp_session *session; /* borrowed */
    unsigned url;                     /* the N of the urlN that its server is; 0: of none */
    bool unconfirmed;                 /* it may as well be another server than that urlN */
    const char *known_by;             /* as in struct lp_reached, like the answer */
    const struct lp_dns_answer *answer;
    bool leaf_only;
    enum lp_verdict verdict;
    enum lp_reason reason;
};

/* What people read first, one line, in the arena. NULL: memory is short. `items` are the
 * comparisons of one configuration in the order in which they happened. */
const char *lp_summary_config(struct lp_arena *arena, const struct lp_config *config,
                              const struct lp_comparison *items, size_t count);
/* For a capture: the tally counts configurations, `undecided` those that it does not show. */
const char *lp_summary_capture(struct lp_arena *arena, const struct lp_tally *tally,
                               unsigned undecided);
/* A static text for an undecided verdict; never NULL. */
const char *lp_summary_reason(enum lp_reason reason);

#endif
