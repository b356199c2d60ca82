/*
 * TURN (RFC 8656): datagrams of an application, inside those that a client exchanges with its
 * relay.
 */
#ifndef LP_CARRIER_TURN_H
#define LP_CARRIER_TURN_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

struct lp_turn {
    bool bind; /* no data: a request that gives the peer a channel */
    bool has_peer;
    uint16_t channel; /* 0: an indication, which names the peer instead */
    struct lp_ip peer;
    uint16_t peer_port;
    struct lp_rd data; /* as far as it was captured */
};

/* ChannelData, a Send or Data indication, or a ChannelBind request. False: anything else. */
bool lp_turn_read(struct lp_rd datagram, struct lp_turn *out);

/* Over TCP (RFC 8656 3.1, 12.5) messages follow each other, each with its length. */
enum lp_turn_next { LP_TURN_FRAME, LP_TURN_MORE, LP_TURN_BROKEN };
/* The next whole message; the stream then stands behind it and its padding. */
enum lp_turn_next lp_turn_next(struct lp_rd *stream, struct lp_rd *frame);
/* Whether a stream begins with a STUN message (RFC 8489 5), as every TURN connection does. MORE: it
 * may, as far as it goes. */
enum lp_turn_next lp_turn_begins(struct lp_rd stream);

#endif
