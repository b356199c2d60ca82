/*
 * Which trust list speaks for which handshake of a capture.
 */
#ifndef LP_SCAN_TRUSTED_H
#define LP_SCAN_TRUSTED_H

#include "scan/fetched.h"
#include "verdict/trusted.h"

/* Holds the handshakes with servers of the cluster against the trust lists that were given or, when
 * there is none, fetched within the capture. Handshakes that `compared` (one for each session) says
 * were held against a configuration are left out. *out is an array in the capture's arena with an
 * entry for each session, whose `source` is NULL where no list says anything. False: memory is
 * short. */
bool lp_trusted_compare(const struct lp_boot *boot, const bool *compared,
                        struct lp_trust_comparison **out);

/* Makes every record that holds a certificate hold its SHA-256, in place of what the list says.
 * False: memory is short. */
bool lp_trust_list_digest(struct lp_trust_list *list);

#endif
