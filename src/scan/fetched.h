/*
 * The configurations that phones fetched within a capture, read as those that are given.
 */
#ifndef LP_SCAN_FETCHED_H
#define LP_SCAN_FETCHED_H

#include "scan/expected.h"
#include "verdict/findings.h"

/* Both check signatures with the certificates that are trusted and, where the signer is not among
 * them, with those of the trust lists that the same client fetched within the capture. `expected`
 * may be NULL. False: memory is short. */

/* Makes them the capture's expected sides. */
bool lp_fetched_configs(struct lp_capture *capture, const struct lp_expected *expected);
/* config-differs: they hold other hashes than the same phone's configuration that was given. */
bool lp_fetched_compare(struct lp_capture *capture, const struct lp_expected *expected,
                        struct lp_findings *findings);

#endif
