/*
 * TFTP (RFC 1350; options of RFC 2347 to 2349 and 7440): the boot files that phones read.
 */
#ifndef LP_CARRIER_TFTP_H
#define LP_CARRIER_TFTP_H

#include "carrier/file.h"

struct lp_tftp;
/* `budget` (borrowed) pays for blocks. NULL when memory is short. */
struct lp_tftp *lp_tftp_new(struct lp_budget *budget, lp_fetched_fn fn, void *ctx);
void lp_tftp_free(struct lp_tftp *tftp);

/* A UDP datagram, from whatever port: requests are known by their content, what follows by the
 * client's end. */
void lp_tftp_push(struct lp_tftp *tftp, const struct lp_datagram *datagram);
/* Hands out what unfinished transfers hold from their beginning. Call once, at the end. */
void lp_tftp_flush(struct lp_tftp *tftp);

#endif
