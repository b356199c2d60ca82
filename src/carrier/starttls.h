/*
 * What stood in front of TLS on a connection: a dialogue that ended in STARTTLS, a proxy's
 * greeting. TLS is found by itself, wherever it begins; this only gives the rest a name.
 */
#ifndef LP_CARRIER_STARTTLS_H
#define LP_CARRIER_STARTTLS_H

#include "base/rd.h"

enum { LP_STARTTLS_LOOK = 16 };
/* Whether a stream that begins with these LP_STARTTLS_LOOK bytes may be one that is named below, so
 * that its beginning is worth keeping. Cheap: most are not. */
bool lp_starttls_possible(struct lp_rd first);

/* The protocol by the first bytes of both directions, as far as they stood in front of the
 * handshake. Which one is the client's does not matter, and either may be empty. NULL: not known.
 * Static. */
const char *lp_starttls_name(const struct lp_rd front[2]);

#endif
