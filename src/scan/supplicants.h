/*
 * IEEE 802.1X: the EAP conversations of supplicants with their authentication server, as EAPOL
 * frames between a supplicant and its switch or access point show them, or RADIUS packets between
 * that and the server. One of these objects stands for one place where they pass by: all EAPOL
 * frames of a capture, or the RADIUS packets between two hosts.
 */
#ifndef LP_SCAN_SUPPLICANTS_H
#define LP_SCAN_SUPPLICANTS_H

#include "scan/keys.h"
#include "scan/sessions.h"
#include "udp/udp.h"

struct lp_supplicants;

/* All arguments are borrowed, `keys` may be NULL; the flow's budget pays. NULL when there is no
 * memory. */
struct lp_supplicants *lp_supplicants_new(uint64_t seed, struct lp_sessions *sessions,
                                          struct lp_scan_keys *keys, struct lp_udp_flow *flow);

/* The next EAPOL frame or RADIUS packet, in the order of time. */
void lp_supplicants_eapol(struct lp_supplicants *all, const struct lp_parcel *parcel);
void lp_supplicants_radius(struct lp_supplicants *all, const struct lp_parcel *parcel);

/* Adds what handshakes there were to the sessions, and frees everything. */
void lp_supplicants_end(struct lp_supplicants *all, bool at_end);

#endif
