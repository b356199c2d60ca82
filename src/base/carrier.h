/* What carried a handshake, where that decides what its certificates are good for. */
#ifndef LP_BASE_CARRIER_H
#define LP_BASE_CARRIER_H

#include "leafprint/leafprint.h"

#include <string.h>

/* Whether the handshake let a device into the network (IEEE 802.1X): its server is no headend. The
 * carrier is then the name of an EAP method (carrier/eap.c). */
static inline bool lp_is_8021x(const struct lp_session *session)
{
    const char *carrier = session->carrier;

    return carrier && (strncmp(carrier, "eap-", 4) == 0 || strcmp(carrier, "peap") == 0 ||
                       strcmp(carrier, "teap") == 0);
}

#endif
