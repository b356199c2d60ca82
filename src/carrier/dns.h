/*
 * Answers of name servers (RFC 1035): which addresses a name has.
 */
#ifndef LP_CARRIER_DNS_H
#define LP_CARRIER_DNS_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Names are borrowed for the call: lower case, without a dot at the end, host names throughout. */
struct lp_dns_record {
    const char *name;  /* the one that was asked for */
    const char *alias; /* what its CNAMEs end in; NULL: it has none */
    struct lp_ip ip;   /* family 0: the message ends at the alias */
};
typedef void (*lp_dns_fn)(void *ctx, const struct lp_dns_record *record);

/* Calls fn for each address that a message gives to the name that it was asked for, or once for
 * where its aliases lead when that has no address there. False, and no call: it is no whole, good
 * answer to one question. */
bool lp_dns_read(struct lp_rd message, lp_dns_fn fn, void *ctx);

enum lp_dns_next {
    LP_DNS_NOT, /* no answer stands here */
    LP_DNS_MORE,
    LP_DNS_MESSAGE,
};
/* The next message of a TCP stream (RFC 1035 4.2.2), behind which the stream then stands. Only its
 * header was looked at. */
enum lp_dns_next lp_dns_next(struct lp_rd *stream, struct lp_rd *message);

#endif
