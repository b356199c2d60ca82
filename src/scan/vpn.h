/*
 * OpenVPN over UDP: the handshakes between two ports. Each begins with a reset, which names a
 * session and one of its keys; a new one may begin while another goes on, and the two ends may stay
 * the same for years.
 */
#ifndef LP_SCAN_VPN_H
#define LP_SCAN_VPN_H

#include "scan/keys.h"
#include "scan/sessions.h"
#include "udp/udp.h"

struct lp_vpn;

/* Whether it is a packet of OpenVPN's control channel. */
bool lp_vpn_recognise(struct lp_rd bytes);

/* All arguments are borrowed, `keys` may be NULL; the flow's budget pays. NULL when there is no
 * memory. */
struct lp_vpn *lp_vpn_new(struct lp_sessions *sessions, struct lp_scan_keys *keys,
                          struct lp_udp_flow *flow);
/* The next datagram, in the order of time. */
void lp_vpn_take(struct lp_vpn *vpn, unsigned dir, const struct lp_parcel *parcel);
/* Adds what handshakes there were to the sessions, and frees everything. NULL is fine. */
void lp_vpn_end(struct lp_vpn *vpn, bool at_end);

/* Once per capture, over UDP or TCP: a handshake that nobody can see. */
void lp_vpn_note_encrypted(struct lp_sessions *sessions, const struct lp_endpoint end[2],
                           uint64_t frame);

#endif
