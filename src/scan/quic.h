/*
 * QUIC: the handshakes between two ports. A client may use one port for several, even at the same
 * time; their connection ids and keys tell them apart.
 */
#ifndef LP_SCAN_QUIC_H
#define LP_SCAN_QUIC_H

#include "scan/keys.h"
#include "scan/sessions.h"
#include "udp/udp.h"

struct lp_quics;

/* All arguments are borrowed, `keys` may be NULL; the flow's budget pays. NULL when there is no
 * memory. */
struct lp_quics *lp_quics_new(struct lp_sessions *sessions, struct lp_scan_keys *keys,
                              struct lp_udp_flow *flow);
/* The next datagram, in the order of time. */
void lp_quics_take(struct lp_quics *quics, unsigned dir, const struct lp_parcel *parcel);
/* Adds what handshakes there were to the sessions, and frees everything. NULL is fine. */
void lp_quics_end(struct lp_quics *quics, bool at_end);

#endif
