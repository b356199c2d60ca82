/*
 * Inside net/ only: the walk through one frame, which link layers, tunnels, IP and the fragment
 * table share.
 *
 * A layer is a function. It reads its own header from walk->rest, leaves the reader at the start of
 * what it carries and names the function that reads on in walk->next; naming none ends the walk.
 * Which function a number stands for is written in tables: link types (net.c), EtherTypes
 * (ethertype.c), PPP protocols (serial.c), IP protocols (tunnel.c), UDP ports (tunnel_udp.c).
 */
#ifndef LP_NET_LAYERS_H
#define LP_NET_LAYERS_H

#include "net/net.h"

struct lp_walk;
typedef void (*lp_layer_fn)(struct lp_walk *walk);

struct lp_walk {
    struct lp_rd rest;
    lp_layer_fn next;
    uint16_t type;     /* EtherType, for lp_layer_ethertype */
    uint32_t cut;      /* bytes that are missing behind `rest`, cut off by the snap length */
    unsigned depth;    /* layers so far */
    unsigned rebuilds; /* how many rebuilt datagrams this one lies in */
    struct lp_datagram datagram; /* filled as far as the walk has come */
    struct lp_net *net;
};

/* Goes from layer to layer until none is named or there were too many. */
void lp_net_walk(struct lp_walk *walk);

/* A row of a table that names layers by number. */
struct lp_layer_row {
    uint32_t number;
    lp_layer_fn layer;
};
lp_layer_fn lp_layer_find(const struct lp_layer_row *rows, size_t count,
                          uint32_t number); /* NULL: not in the table */

/* Notes that the walk goes from an IP header into what it carries, so that the addresses so far are
 * a tunnel's. */
void lp_net_enter(struct lp_walk *walk, const char *tunnel);
/* Notes something that cannot be looked into. */
void lp_net_skip(struct lp_walk *walk, enum lp_skipped what);

/* ethertype.c */
void lp_layer_ethernet(struct lp_walk *walk);
void lp_layer_ethertype(struct lp_walk *walk);
void lp_layer_llc(struct lp_walk *walk);
void lp_layer_mpls(struct lp_walk *walk);
/* Whether what an EtherType announces is IP indeed, perhaps behind tags; 0x6558 stands for a whole
 * frame. For headers that do not say what follows, or that may be something else altogether. */
bool lp_payload_plausible(uint16_t type, struct lp_rd payload, uint32_t cut);
enum { LP_ETHERTYPE_FRAME = 0x6558 }; /* transparent Ethernet bridging, RFC 1701 */
/* pseudo.c: headers that an operating system puts in front of what it records */
void lp_layer_sll(struct lp_walk *walk);
void lp_layer_sll2(struct lp_walk *walk);
void lp_layer_null(struct lp_walk *walk);
void lp_layer_nflog(struct lp_walk *walk);
void lp_layer_pflog(struct lp_walk *walk);
void lp_layer_pktap(struct lp_walk *walk);
void lp_layer_ipnet(struct lp_walk *walk);
void lp_layer_enc(struct lp_walk *walk);
void lp_layer_ipoib(struct lp_walk *walk);
void lp_layer_netanalyzer(struct lp_walk *walk);
/* serial.c */
void lp_layer_ppp(struct lp_walk *walk);
void lp_layer_ppp_serial(struct lp_walk *walk);
void lp_layer_ppp_direction(struct lp_walk *walk);
void lp_layer_pppoe(struct lp_walk *walk);
void lp_layer_chdlc(struct lp_walk *walk);
void lp_layer_chdlc_direction(struct lp_walk *walk);
void lp_layer_frame_relay(struct lp_walk *walk);
void lp_layer_frame_relay_direction(struct lp_walk *walk);
void lp_layer_token_ring(struct lp_walk *walk);
void lp_layer_fddi(struct lp_walk *walk);
void lp_layer_sunatm(struct lp_walk *walk);
/* wireless.c */
void lp_layer_80211(struct lp_walk *walk);
void lp_layer_radiotap(struct lp_walk *walk);
void lp_layer_prism(struct lp_walk *walk);
void lp_layer_avs(struct lp_walk *walk);
void lp_layer_ppi(struct lp_walk *walk);
/* ip.c */
void lp_layer_ip(struct lp_walk *walk);
void lp_layer_ipv4(struct lp_walk *walk);
void lp_layer_ipv6(struct lp_walk *walk);
void lp_layer_ip_payload(
    struct lp_walk *walk); /* of a datagram that is whole: datagram.bytes, .announced, .protocol */
/* Takes `length` bytes as the datagram's, or what was captured of them; also returned, since what
 * was just written in parts is slow to read as a whole. */
struct lp_rd lp_ip_take_payload(struct lp_walk *walk, uint32_t length);
/* A header whose lengths and, for IPv4, checksum are right; `cut` bytes are missing behind. */
bool lp_ip_plausible(struct lp_rd bytes, uint32_t cut);
/* tunnel.c */
void lp_layer_transport(struct lp_walk *walk); /* what lies behind IP: a tunnel, or a datagram for
                                                  the owner of the net */
void lp_layer_udp(struct lp_walk *walk);
void lp_layer_gre(struct lp_walk *walk);
/* tunnel_udp.c: the tunnel in a UDP payload, or NULL; the walk's reader stands behind the UDP
 * header */
lp_layer_fn lp_udp_tunnel(struct lp_walk *walk, uint16_t src_port, uint16_t dst_port);

/* A set of ports that may seem to hold a few more, so small that a look at it costs nothing. */
struct lp_port_set {
    uint64_t bits[8];
};
static inline void lp_port_set_add(struct lp_port_set *set, uint16_t port)
{
    set->bits[port / 64 % 8] |= UINT64_C(1) << port % 64;
}
static inline bool lp_port_set_may_have(const struct lp_port_set *set, uint16_t port)
{
    return set->bits[port / 64 % 8] >> port % 64 & 1;
}
/* Fills the set with the ports that belong to tunnels. */
void lp_udp_tunnel_ports(struct lp_port_set *set);

/* net.c: IEEE 802.1X, for the owner of the net; ends the walk. */
void lp_layer_eapol(struct lp_walk *walk);
/* net.c: the first layer of a link type; NULL when it is not known. */
lp_layer_fn lp_link_layer(uint32_t link_type);

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
/* Walks on in every unfinished datagram's beginning and forgets it. */
void lp_fragments_flush(struct lp_fragments *fragments, struct lp_net *net);

struct lp_fragments *lp_net_fragments(struct lp_net *net);
struct lp_net_stats *lp_net_stats_of(struct lp_net *net);
const struct lp_port_set *lp_net_tunnel_ports(const struct lp_net *net);
void lp_net_deliver(struct lp_walk *walk);

#endif
