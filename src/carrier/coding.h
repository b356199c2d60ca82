/*
 * Content codings of HTTP (RFC 9110 8.4.1).
 */
#ifndef LP_CARRIER_CODING_H
#define LP_CARRIER_CODING_H

#include "base/mem.h"
#include "base/rd.h"

/* Undoes gzip (RFC 1952) or deflate, which means zlib's format (RFC 1950) and is often sent without
 * it (RFC 1951). What comes before a fault, or within LP_FETCHED_MOST bytes, is in *out; *whole:
 * that is all. False: memory or budget is short. */
bool lp_coding_unpack(struct lp_rd packed, struct lp_buf *out, bool *whole);

#endif
