/*
 * What lies behind an IP header: TCP or UDP for the owner of the net, or a tunnel, whose payload is
 * walked into. The innermost addresses are the ones that count; those passed on the way are kept
 * beside them.
 */
#include "net/layers.h"

static void ip_in_ip(struct lp_walk *walk);
static void ipv6_in_ip(struct lp_walk *walk);
static void mpls_in_ip(struct lp_walk *walk);
static void ether_in_ip(struct lp_walk *walk);
static void gre_in_ip(struct lp_walk *walk);
static void l2tp_in_ip(struct lp_walk *walk);
static void esp(struct lp_walk *walk);
static void ipcomp(struct lp_walk *walk);

/* By IP protocol number (IANA). */
static const struct lp_layer_row protocols[] = {
    {6, lp_net_deliver}, {17, lp_layer_udp}, {4, ip_in_ip}, /* RFC 2003 */
    {94, ip_in_ip},      {41, ipv6_in_ip},                  /* RFC 4213 */
    {47, gre_in_ip},                                        /* RFC 2784, 2890, 2637 */
    {50, esp},                                              /* RFC 4303 */
    {97, ether_in_ip},                                      /* RFC 3378 */
    {108, ipcomp},                                          /* RFC 3173 */
    {115, l2tp_in_ip},                                      /* RFC 3931 */
    {137, mpls_in_ip},                                      /* RFC 4023 */
};

void lp_layer_transport(struct lp_walk *walk)
{
    walk->next =
        lp_layer_find(protocols, sizeof protocols / sizeof protocols[0], walk->datagram.protocol);
}

void lp_layer_udp(struct lp_walk *walk)
{
    uint16_t src, dst, length;

    if (lp_rd_u16(&walk->rest, &src) && lp_rd_u16(&walk->rest, &dst) &&
        lp_rd_u16(&walk->rest, &length) && lp_rd_skip(&walk->rest, 2)) {
        if (length >= 8)
            walk->rest = lp_rd_head(&walk->rest, length - 8U);
        walk->next = lp_udp_tunnel(walk, src, dst);
    }
    if (!walk->next)
        lp_net_deliver(walk);
}

static void ip_in_ip(struct lp_walk *walk)
{
    lp_net_enter(walk, "IP in IP");
    walk->next = lp_layer_ip;
}

static void ipv6_in_ip(struct lp_walk *walk)
{
    lp_net_enter(walk, "IPv6 in IP");
    walk->next = lp_layer_ipv6;
}

static void mpls_in_ip(struct lp_walk *walk)
{
    lp_net_enter(walk, "MPLS in IP");
    walk->next = lp_layer_mpls;
}

static void ether_in_ip(struct lp_walk *walk)
{
    lp_net_enter(walk, "EtherIP");
    if (lp_rd_skip(&walk->rest, 2))
        walk->next = lp_layer_ethernet;
}

static void esp(struct lp_walk *walk)
{
    lp_net_skip(walk, LP_SKIPPED_ESP);
}

static void ipcomp(struct lp_walk *walk)
{
    lp_net_skip(walk, LP_SKIPPED_IPCOMP);
}

static void gre_in_ip(struct lp_walk *walk)
{
    lp_net_enter(walk, "GRE");
    walk->next = lp_layer_gre;
}

/* ERSPAN: without a sequence number type I, which has no header; then type II with 8 bytes, type
 * III with 12 and, when its last bit says so, 8 more. */
static void erspan(struct lp_walk *walk, bool sequenced)
{
    enum { TYPE_3 = 0x22eb };
    uint32_t last;

    if (walk->type == TYPE_3) {
        if (!lp_rd_skip(&walk->rest, 8) || !lp_rd_u32(&walk->rest, &last) ||
            (last & 1 && !lp_rd_skip(&walk->rest, 8)))
            return;
    } else if (sequenced && !lp_rd_skip(&walk->rest, 8)) {
        return;
    }
    walk->next = lp_layer_ethernet;
}

/* Cisco's web cache protocol puts four bytes of its own in front of IP, in its second version. */
static void wccp(struct lp_walk *walk)
{
    struct lp_rd peek = walk->rest;
    uint8_t first;

    if (lp_rd_u8(&peek, &first) && first >> 4 != 4 && !lp_rd_skip(&walk->rest, 4))
        return;
    walk->next = lp_layer_ip;
}

/* RFC 2784 with the fields of RFC 2890, and version 1 of RFC 2637 (PPTP), in which a packet may
 * hold nothing but an acknowledgement. */
void lp_layer_gre(struct lp_walk *walk)
{
    enum {
        CHECKSUM = 0x8000,
        ROUTING = 0x4000,
        KEY = 0x2000,
        SEQUENCE = 0x1000,
        ACKNOWLEDGE = 0x0080,
        VERSION = 7
    };
    enum { ERSPAN = 0x88be, ERSPAN_3 = 0x22eb, WCCP = 0x883e };
    uint16_t flags;

    if (!lp_rd_u16(&walk->rest, &flags) || !lp_rd_u16(&walk->rest, &walk->type) ||
        (flags & VERSION) > 1)
        return;
    if ((flags & (CHECKSUM | ROUTING) && !lp_rd_skip(&walk->rest, 4)) ||
        (flags & KEY && !lp_rd_skip(&walk->rest, 4)) ||
        (flags & SEQUENCE && !lp_rd_skip(&walk->rest, 4)) ||
        ((flags & VERSION) == 1 && flags & ACKNOWLEDGE && !lp_rd_skip(&walk->rest, 4)))
        return;
    if (flags & ROUTING) /* source routes (RFC 1701) are long gone, and of unknown length */
        return;
    if (walk->type == ERSPAN || walk->type == ERSPAN_3)
        erspan(walk, flags & SEQUENCE);
    else if (walk->type == WCCP)
        wccp(walk);
    else
        walk->next = lp_layer_ethertype;
}

/* L2TP version 3 straight over IP: a session number (0: control), then a cookie of 0, 4 or 8 bytes,
 * which only the two ends know the length of, and perhaps 4 bytes of sequence. The inner Ethernet
 * frame tells which it is. */
static void l2tp_in_ip(struct lp_walk *walk)
{
    uint32_t session;

    lp_net_enter(walk, "L2TPv3");
    if (!lp_rd_u32(&walk->rest, &session) || session == 0)
        return;
    for (unsigned skip = 0; skip <= 12; skip += 4) {
        struct lp_rd frame = walk->rest;
        if (!lp_rd_skip(&frame, skip))
            return;
        if (lp_payload_plausible(LP_ETHERTYPE_FRAME, frame, walk->cut)) {
            walk->rest = frame;
            walk->next = lp_layer_ethernet;
            return;
        }
    }
}
