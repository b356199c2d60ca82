/*
 * Protocols that carry TLS inside headers of their own, packet by packet. Searching such a stream
 * for records would run over the headers and take their bytes for TLS's.
 */
#ifndef LP_CARRIER_WRAPPED_H
#define LP_CARRIER_WRAPPED_H

#include "base/rd.h"

/* The name of the protocol whose connection begins with these bytes, or NULL. */
const char *lp_carrier_wrapped(struct lp_rd stream);

#endif
