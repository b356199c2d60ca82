/* RADIUS (RFC 2865) with EAP inside (RFC 3579). */
#ifndef LP_CARRIER_RADIUS_H
#define LP_CARRIER_RADIUS_H

#include "base/rd.h"

enum {
    LP_RADIUS_REQUEST = 1,
    LP_RADIUS_ACCEPT = 2,
    LP_RADIUS_REJECT = 3,
    LP_RADIUS_CHALLENGE = 11,
    LP_RADIUS_MOST = 4096, /* bytes of a packet (RFC 2865 3) */
};

struct lp_radius {
    uint8_t code, id;
    struct lp_rd user, station, port; /* User-Name, Calling-Station-Id, NAS-Port-Id or NAS-Port;
                                         borrowed, empty when absent */
    uint8_t eap[LP_RADIUS_MOST];      /* the EAP-Message attributes, concatenated */
    size_t eap_len;
};

/* A request or an answer that carries EAP. False: anything else. A packet that the snap length cut
 * is read as far as it goes. */
bool lp_radius_read(struct lp_rd datagram, struct lp_radius *out);
/* The same question, without an answer's cost. */
bool lp_radius_recognise(struct lp_rd datagram);

/* Over TCP (RFC 6613 2.1) packets follow each other, each with its length. */
enum lp_radius_next { LP_RADIUS_PACKET, LP_RADIUS_MORE, LP_RADIUS_BROKEN };
/* The next whole packet, of whatever kind; the stream then stands behind it. */
enum lp_radius_next lp_radius_next(struct lp_rd *stream, struct lp_rd *packet);
/* Whether a stream begins with a packet that carries EAP, or that a Message-Authenticator (RFC 3579
 * 3.2) tells from other protocols. MORE: it may, as far as it goes. */
enum lp_radius_next lp_radius_begins(struct lp_rd stream);

/* The station's MAC, in whichever of the usual ways it is written. False: it is none. */
bool lp_radius_mac(struct lp_rd station, uint8_t mac[6]);

#endif
