/* Point-to-point lines and their kin: PPP in all its wrappings, Cisco HDLC, frame relay, and the
 * rings that Ethernet replaced. */
#include "net/layers.h"

static void multilink(struct lp_walk *walk);
static void bridged(struct lp_walk *walk);
static void compressed(struct lp_walk *walk);

static const struct lp_layer_row ppp_protocols[] = {
    {0x0021, lp_layer_ipv4},                      /* RFC 1332 */
    {0x0057, lp_layer_ipv6},                      /* RFC 5072 */
    {0x0281, lp_layer_mpls},                      /* RFC 3032 */
    {0x0283, lp_layer_mpls}, {0x003d, multilink}, /* RFC 1990 */
    {0x0031, bridged},                            /* RFC 3518 */
    {0x00fd, compressed},    {0x0053, compressed},
};

/* RFC 1661, with or without address and control (RFC 1662), which a compressed header leaves out. A
 * protocol number of one byte is odd (protocol field compression). */
void lp_layer_ppp(struct lp_walk *walk)
{
    struct lp_rd peek = walk->rest;
    uint8_t first, second;

    if (lp_rd_u8(&peek, &first) && lp_rd_u8(&peek, &second) && first == 0xff && second == 3)
        walk->rest = peek;
    if (!lp_rd_u8(&walk->rest, &first))
        return;
    uint32_t protocol = first;
    if (!(first & 1)) {
        if (!lp_rd_u8(&walk->rest, &second))
            return;
        protocol = protocol << 8 | second;
    }
    walk->next =
        lp_layer_find(ppp_protocols, sizeof ppp_protocols / sizeof ppp_protocols[0], protocol);
}

/* A first byte for the direction (0: received) stands in front of, or in the place of, the address.
 */
void lp_layer_ppp_direction(struct lp_walk *walk)
{
    struct lp_rd behind = walk->rest, peek;
    uint8_t control;

    if (!lp_rd_skip(&behind, 1))
        return;
    peek = behind;
    walk->rest = lp_rd_u8(&peek, &control) && control == 3 ? peek : behind;
    walk->next = lp_layer_ppp;
}

/* HDLC framing: PPP, or Cisco HDLC, by the address. */
void lp_layer_ppp_serial(struct lp_walk *walk)
{
    struct lp_rd peek = walk->rest;
    uint8_t address;

    if (lp_rd_u8(&peek, &address))
        walk->next = address == 0x0f || address == 0x8f ? lp_layer_chdlc : lp_layer_ppp;
}

/* RFC 2516: version and type, code 0 for a session, session, length. */
void lp_layer_pppoe(struct lp_walk *walk)
{
    uint8_t version, code;

    if (lp_rd_u8(&walk->rest, &version) && lp_rd_u8(&walk->rest, &code) &&
        lp_rd_skip(&walk->rest, 4) && version == 0x11 && code == 0)
        walk->next = lp_layer_ppp;
}

/* A packet that was not split has both the beginning and the end bit. Split ones are left alone. */
static void multilink(struct lp_walk *walk)
{
    enum { BEGIN_AND_END = 0xc0 };
    uint8_t flags;

    if (lp_rd_u8(&walk->rest, &flags) && (flags & BEGIN_AND_END) == BEGIN_AND_END &&
        lp_rd_skip(&walk->rest, 3))
        walk->next = lp_layer_ppp;
}

/* Flags and pads, the kind of MAC (1: Ethernet). */
static void bridged(struct lp_walk *walk)
{
    uint8_t flags, kind;

    if (lp_rd_u8(&walk->rest, &flags) && lp_rd_u8(&walk->rest, &kind) && kind == 1)
        walk->next = lp_layer_ethernet;
}

static void compressed(struct lp_walk *walk)
{
    lp_net_skip(walk, LP_SKIPPED_COMPRESSED_PPP);
}

void lp_layer_chdlc(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 2) && lp_rd_u16(&walk->rest, &walk->type))
        walk->next = lp_layer_ethertype;
}

void lp_layer_chdlc_direction(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 1))
        walk->next = lp_layer_chdlc;
}

/* RFC 2427: an address of two to four bytes, then control and NLPID; or Cisco's own form, where an
 * EtherType follows at once. */
void lp_layer_frame_relay(struct lp_walk *walk)
{
    enum {
        MAX_ADDRESS = 4,
        LAST = 1,
        NLPID_SNAP = 0x80,
        NLPID_IPV4 = 0xcc,
        NLPID_IPV6 = 0x8e,
        NLPID_PPP = 0xcf
    };
    uint8_t byte = 0, control, nlpid;
    struct lp_rd behind;

    for (unsigned i = 0; i < MAX_ADDRESS && !(byte & LAST); i++)
        if (!lp_rd_u8(&walk->rest, &byte))
            return;
    behind = walk->rest;
    if (!(byte & LAST) || !lp_rd_u8(&behind, &control))
        return;
    if (control != 3) {
        if (lp_rd_u16(&walk->rest, &walk->type))
            walk->next = lp_layer_ethertype;
        return;
    }
    if (!lp_rd_u8(&behind, &nlpid) ||
        (nlpid == 0 && !lp_rd_u8(&behind, &nlpid))) /* a pad byte may stand between */
        return;
    walk->rest = behind;
    if (nlpid == NLPID_IPV4 || nlpid == NLPID_IPV6)
        walk->next = lp_layer_ip;
    else if (nlpid == NLPID_PPP)
        walk->next = lp_layer_ppp;
    else if (nlpid == NLPID_SNAP && lp_rd_skip(&walk->rest, 3) &&
             lp_rd_u16(&walk->rest, &walk->type))
        walk->next = walk->type == 1 || walk->type == 7 ? lp_layer_ethernet : lp_layer_ethertype;
}

void lp_layer_frame_relay_direction(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 1))
        walk->next = lp_layer_frame_relay;
}

/* IEEE 802.5: access and frame control, addresses, and a route when the source's first bit says so.
 */
void lp_layer_token_ring(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;
    struct lp_rd peek;
    uint8_t route;

    if (!lp_rd_skip(&walk->rest, 2) || !lp_rd_copy(&walk->rest, datagram->dst_mac, 6) ||
        !lp_rd_copy(&walk->rest, datagram->src_mac, 6))
        return;
    peek = walk->rest;
    if (datagram->src_mac[0] & 0x80 &&
        (!lp_rd_u8(&peek, &route) || !lp_rd_skip(&walk->rest, route & 0x1f)))
        return;
    datagram->src_mac[0] &= 0x7f;
    datagram->has_mac = true;
    walk->next = lp_layer_llc;
}

void lp_layer_fddi(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;

    if (!lp_rd_skip(&walk->rest, 1) || !lp_rd_copy(&walk->rest, datagram->dst_mac, 6) ||
        !lp_rd_copy(&walk->rest, datagram->src_mac, 6))
        return;
    datagram->has_mac = true;
    walk->next = lp_layer_llc;
}

/* SunATM: direction and kind of traffic, path, channel. */
void lp_layer_sunatm(struct lp_walk *walk)
{
    enum { LLC = 2 };
    uint8_t kind;

    if (lp_rd_u8(&walk->rest, &kind) && lp_rd_skip(&walk->rest, 3) && (kind & 15) == LLC)
        walk->next = lp_layer_llc;
}
