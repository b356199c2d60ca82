/*
 * The expected sides, as the rest of scan/ sees them.
 */
#ifndef LP_SCAN_EXPECTED_H
#define LP_SCAN_EXPECTED_H

#include "base/mem.h"
#include "leafprint/leafprint.h"
#include "phone/phone.h"
#include "phone/trustlist.h"
#include "verdict/findings.h"

/* A copy whose texts live in `arena`. False: memory is short. */
bool lp_config_copy(struct lp_arena *arena, const struct lp_config *from, struct lp_config *to);

/* Adds a copy of a configuration that was read elsewhere. False: memory is short. */
bool lp_expected_add_config(struct lp_expected *expected, const struct lp_config *config);

/* Where the configuration of a phone with a MAC stands among all of them. */
struct lp_phone_place {
    uint64_t mac; /* lp_mac_number */
    size_t index;
};
/* Those of one phone, in their order; NULL: there is none. */
const struct lp_phone_place *lp_expected_phone(const struct lp_expected *expected, uint64_t mac,
                                               size_t *count);
/* The places of all that are no phone's with a MAC. */
const size_t *lp_expected_others(const struct lp_expected *expected, size_t *count);

/* The certificates among the files; NULL past the end. */
const struct lp_known_cert *lp_expected_known(const struct lp_expected *expected, size_t index);

/* The trust lists among the files, with digests (lp_trust_list_digest); NULL past the end. */
const struct lp_trust_list *lp_expected_trust_list(const struct lp_expected *expected, size_t index,
                                                   const char **source);

/* The certificates that signatures are checked with. Borrowed until one is added. */
struct lp_phone_trust lp_expected_trust(const struct lp_expected *expected);

#endif
