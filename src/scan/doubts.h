/*
 * Findings on how sure it is that handshakes are a phone's, and their servers its headend.
 */
#ifndef LP_SCAN_DOUBTS_H
#define LP_SCAN_DOUBTS_H

#include "verdict/findings.h"

/* The comparisons of one configuration. Borrowed. */
struct lp_doubtful {
    const struct lp_comparison *items;
    size_t count;
};

/* server-unconfirmed, server-by-dns, other-mac, other-phone-named. */
void lp_doubts_find(struct lp_findings *findings, const struct lp_capture *capture,
                    const struct lp_config *config, struct lp_doubtful held);

/* name-elsewhere: the addresses of the urls' hosts, where no handshake went to any. */
void lp_doubts_unreached(struct lp_findings *findings, const struct lp_capture *capture,
                         const struct lp_config *config);

#endif
