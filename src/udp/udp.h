/*
 * Flows of datagrams.
 *
 * Of the datagrams only those are kept that the consumer recognises; the rest, which is nearly
 * everything that a capture holds, costs one look and makes no flow. A flow hands its datagrams
 * over in the order of their time stamps, as late as memory allows: when it is over, or in part
 * when it has grown large. So the order of arrival changes nothing, and a consumer may read them
 * one after the other.
 *
 * Datagrams that a TCP stream carries, and EAPOL frames, which have no addresses but MACs, make
 * flows of their own.
 */
#ifndef LP_UDP_UDP_H
#define LP_UDP_UDP_H

#include "base/mem.h"
#include "net/net.h"

enum { LP_PROTOCOL_EAPOL = 0, LP_PROTOCOL_TCP = 6, LP_PROTOCOL_UDP = 17 };

/* One datagram without the headers that brought it. */
struct lp_parcel {
    uint8_t protocol; /* as lp_datagram's */
    struct lp_endpoint from, to;
    struct lp_rd bytes;
    bool snapped; /* more was sent, and cut off by the snap length */
    enum lp_checksum checksum;
    uint64_t frame;
    struct lp_time time;
};

/* How the consumer wants a datagram to be kept. */
enum lp_udp_key {
    LP_UDP_NOTHING, /* not at all */
    LP_UDP_PORTS,   /* with the others between the same two addresses and ports */
    LP_UDP_HOSTS,   /* with the others between the same two addresses */
};

struct lp_udp_flow {
    uint8_t protocol;
    enum lp_udp_key key;
    struct lp_endpoint end[2]; /* ports and MACs are those of the first datagram */
    struct lp_outer *outer;    /* owned by the flow: the tunnels of its first datagram, or NULL */
    unsigned outer_count;
    struct lp_budget budget; /* the flow's own; the consumer charges its buffers to it */
    bool limited;            /* the budget made it drop datagrams */
    void *state;             /* the consumer's; NULL until it sets it */
};

struct lp_udp_consumer {
    void *ctx;
    /* By the first bytes, which may be cut. Asked for every datagram: cheap. */
    enum lp_udp_key (*recognise)(uint8_t protocol, struct lp_rd bytes);
    /* The next datagram, which runs from flow->end[dir]. */
    void (*datagram)(void *ctx, struct lp_udp_flow *flow, unsigned dir,
                     const struct lp_parcel *parcel);
    /* The last call for a flow. `at_end` is false when the budget made it leave early. */
    void (*close)(void *ctx, struct lp_udp_flow *flow, bool at_end);
};

struct lp_udp;
/* `budget` is the scan's; `max_flow` bytes are one flow's share. NULL when memory is short. */
struct lp_udp *lp_udp_new(uint64_t seed, struct lp_budget *budget, uint64_t max_flow,
                          const struct lp_udp_consumer *consumer);
void lp_udp_free(struct lp_udp *udp); /* closes nothing: no callbacks */

/* A datagram of UDP, or an EAPOL frame (lp_net_on_eapol). */
void lp_udp_push(struct lp_udp *udp, const struct lp_datagram *datagram);
/* A datagram that came some other way. Nothing of it is borrowed. */
void lp_udp_put(struct lp_udp *udp, const struct lp_parcel *parcel, const struct lp_outer *outer,
                unsigned outer_count);
void lp_udp_flush(struct lp_udp *udp); /* the capture is over: closes every flow */
/* Flows that a budget left datagrams out of, as far as they were closed, or that it did not let
 * begin. */
uint64_t lp_udp_limited(const struct lp_udp *udp);
bool lp_udp_out_of_memory(
    const struct lp_udp *udp); /* an allocation failed (not a budget): the scan must stop */

#endif
