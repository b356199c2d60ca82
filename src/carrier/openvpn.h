/*
 * OpenVPN packets one by one, as UDP brings them; over TCP wrapped.h does the same.
 */
#ifndef LP_CARRIER_OPENVPN_H
#define LP_CARRIER_OPENVPN_H

#include "carrier/unwrap.h"
#include "carrier/wrapped.h"

struct lp_openvpn_id {
    uint64_t session;
    uint8_t key;
    bool reset;  /* the first packet of its key */
    bool client; /* and it says who the client is */
};

/* The front of a control packet. False: it is none. */
bool lp_openvpn_peek(struct lp_rd packet, struct lp_openvpn_id *out);

/* Whether the packet is one by which OpenVPN can be recognised. */
bool lp_openvpn_begins(struct lp_rd packet);

/* Takes a packet whose first byte has the outer offset `outer` into the inner stream, in the order
 * of packet ids. A packet of another session or key than the first is passed over. `whole`: it was
 * not cut; what follows a cut one lies behind a hole. */
enum lp_unwrap lp_openvpn_datagram(struct lp_wrapped *wrapped, struct lp_rd packet, uint64_t outer,
                                   bool whole);

/* No more will come: goes on behind the packets that are missing. LP_UNWRAP_HOLE: call
 * lp_wrapped_pass, then again. */
enum lp_unwrap lp_openvpn_flush(struct lp_wrapped *wrapped);

#endif
