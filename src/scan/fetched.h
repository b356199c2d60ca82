/*
 * What phones fetched within a capture: trust lists, and configurations, which are read as those
 * that are given.
 */
#ifndef LP_SCAN_FETCHED_H
#define LP_SCAN_FETCHED_H

#include "phone/clients.h"
#include "phone/phone.h"
#include "phone/trustlist.h"
#include "scan/expected.h"
#include "verdict/findings.h"

/* A whole trust list. */
struct lp_boot_list {
    const struct lp_boot_file *file; /* borrowed */
    struct lp_trust_list list;       /* in the capture's arena */
};

/* For one verification. */
struct lp_boot {
    struct lp_capture *capture;         /* borrowed */
    const struct lp_expected *expected; /* borrowed; may be NULL */
    const struct lp_clients *clients;   /* borrowed */
    struct lp_boot_list *lists;         /* in the capture's arena, ordered as the files are */
    size_t list_count;
    struct lp_trusted *trust; /* owned: room for all certificates that may have signed */
};

/* Reads the trust lists, from boot->capture and what stands beside it. False: memory is short.
 * lp_boot_end in both cases. */
bool lp_boot_start(struct lp_boot *boot);
void lp_boot_end(struct lp_boot *boot);

/* Both check signatures with the certificates that are trusted and, where the signer is not among
 * them, with those of the trust lists that the same client fetched. False: memory is short. */

/* Makes the configurations the capture's expected sides. */
bool lp_boot_configs(struct lp_boot *boot);
/* config-differs: they hold other hashes than the same phone's configuration that was given. */
bool lp_boot_compare(struct lp_boot *boot, struct lp_findings *findings);

#endif
