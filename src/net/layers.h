/* Inside net/ only: the walk through one frame, shared by the link layers, IP and the fragment
 * table. */
#ifndef LP_NET_LAYERS_H
#define LP_NET_LAYERS_H

#include "net/net.h"

/* What comes next in the walk. A layer reads its own header, sets `next` and leaves `rest` at the
 * start of what it carries. */
enum lp_layer {
    LP_LAYER_NONE = 0, /* nothing that this project reads */
    LP_LAYER_ETHERNET,
    LP_LAYER_ETHERTYPE, /* the number in `type` says which */
    LP_LAYER_SLL,
    LP_LAYER_SLL2,
    LP_LAYER_NULL, /* BSD loopback, byte order of the recording machine */
    LP_LAYER_IP,   /* the version nibble says which */
    LP_LAYER_IPV4,
    LP_LAYER_IPV6,
    LP_LAYER_COUNT
};

struct lp_walk {
    struct lp_rd rest;
    enum lp_layer next;
    uint16_t type;               /* EtherType for LP_LAYER_ETHERTYPE */
    uint32_t cut;                /* bytes that the snap length took off the frame's end */
    unsigned rebuilds;           /* how many rebuilt datagrams this one lies in */
    struct lp_datagram datagram; /* filled as far as the walk has come */
    struct lp_net *net;
};

void lp_net_link_ethernet(struct lp_walk *walk);
void lp_net_link_ethertype(struct lp_walk *walk);
void lp_net_link_sll(struct lp_walk *walk);
void lp_net_link_sll2(struct lp_walk *walk);
void lp_net_link_null(struct lp_walk *walk);
void lp_net_ip(struct lp_walk *walk);
void lp_net_ipv4(struct lp_walk *walk);
void lp_net_ipv6(struct lp_walk *walk);

/* A whole IP payload, sent in one piece or rebuilt: reads on behind IP and hands the datagram to
 * the owner of the net. */
void lp_net_payload(struct lp_walk *walk);
void lp_net_deliver(struct lp_walk *walk);

struct lp_fragments;
struct lp_fragments *lp_fragments_new(uint64_t seed, struct lp_budget *budget);
void lp_fragments_free(struct lp_fragments *fragments);

/* One fragment: walk->datagram has addresses, protocol and the fragment's bytes. */
struct lp_fragment {
    uint32_t id;
    uint32_t offset; /* bytes */
    bool more;       /* not the last */
};
void lp_fragments_add(struct lp_fragments *fragments, struct lp_walk *walk,
                      const struct lp_fragment *fragment);
/* Gives every unfinished datagram's beginning to lp_net_payload and forgets it. */
void lp_fragments_flush(struct lp_fragments *fragments, struct lp_net *net);

struct lp_fragments *lp_net_fragments(struct lp_net *net);
struct lp_net_stats *lp_net_stats_of(struct lp_net *net);

#endif
