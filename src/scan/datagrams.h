/*
 * Datagrams to sessions: DTLS, bare, in TURN (RFC 8656) or in CAPWAP (RFC 5415), and IEEE 802.1X in
 * EAPOL or RADIUS; OpenVPN; and QUIC.
 */
#ifndef LP_SCAN_DATAGRAMS_H
#define LP_SCAN_DATAGRAMS_H

#include "scan/keys.h"
#include "scan/sessions.h"
#include "udp/udp.h"

struct lp_datagrams {
    struct lp_sessions *sessions; /* borrowed; where the handshakes go */
    struct lp_scan_keys *keys;    /* borrowed, or NULL */
    uint64_t seed;                /* for hash tables */
};

/* The consumer to give to lp_udp_new; `datagrams` outlives it. */
struct lp_udp_consumer lp_datagrams_consumer(struct lp_datagrams *datagrams);

#endif
