/* Link layers: each names the protocol behind it by an EtherType or an address family. */
#include "net/layers.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,     /* 802.1Q */
    ETHERTYPE_QINQ = 0x88a8,     /* 802.1ad */
    ETHERTYPE_QINQ_OLD = 0x9100, /* before 802.1ad had a number */
    ETHERTYPE_QINQ_OLDER = 0x9200,
};

void lp_net_link_ethernet(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;

    if (!lp_rd_copy(&walk->rest, datagram->dst_mac, 6) ||
        !lp_rd_copy(&walk->rest, datagram->src_mac, 6) || !lp_rd_u16(&walk->rest, &walk->type))
        return;
    datagram->has_mac = true;
    walk->next = LP_LAYER_ETHERTYPE;
}

void lp_net_link_ethertype(struct lp_walk *walk)
{
    switch (walk->type) {
    case ETHERTYPE_IPV4:
        walk->next = LP_LAYER_IPV4;
        break;
    case ETHERTYPE_IPV6:
        walk->next = LP_LAYER_IPV6;
        break;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
    case ETHERTYPE_QINQ_OLDER: /* 2 bytes of tag, then the next EtherType */
        if (lp_rd_skip(&walk->rest, 2) && lp_rd_u16(&walk->rest, &walk->type))
            walk->next = LP_LAYER_ETHERTYPE;
        break;
    default:
        break;
    }
}

enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772 };

/* The sender's address of a cooked header: only the sender's is there, so the receiver's stays
 * zero. */
static void cooked_address(struct lp_walk *walk, uint16_t hardware, uint16_t address_length,
                           struct lp_rd *address)
{
    if (hardware == ARPHRD_ETHER && address_length == 6 &&
        lp_rd_copy(address, walk->datagram.src_mac, 6))
        walk->datagram.has_mac = true;
}

/* Linux "cooked" capture, version 1: packet type, hardware type, address length, address (8),
 * protocol. */
void lp_net_link_sll(struct lp_walk *walk)
{
    uint16_t hardware, length;
    struct lp_rd address;

    if (!lp_rd_skip(&walk->rest, 2) || !lp_rd_u16(&walk->rest, &hardware) ||
        !lp_rd_u16(&walk->rest, &length) || !lp_rd_sub(&walk->rest, 8, &address) ||
        !lp_rd_u16(&walk->rest, &walk->type))
        return;
    cooked_address(walk, hardware, length, &address);
    walk->next = LP_LAYER_ETHERTYPE;
}

/* Version 2: protocol, reserved, interface, hardware type, packet type, address length, address
 * (8). */
void lp_net_link_sll2(struct lp_walk *walk)
{
    uint16_t hardware;
    uint8_t length;
    struct lp_rd address;

    if (!lp_rd_u16(&walk->rest, &walk->type) || !lp_rd_skip(&walk->rest, 6) ||
        !lp_rd_u16(&walk->rest, &hardware) || !lp_rd_skip(&walk->rest, 1) ||
        !lp_rd_u8(&walk->rest, &length) || !lp_rd_sub(&walk->rest, 8, &address))
        return;
    cooked_address(walk, hardware, length, &address);
    walk->next = LP_LAYER_ETHERTYPE;
}

/* BSD loopback: an address family in the recording machine's byte order, which the small numbers
 * betray. The numbers for IPv6 differ by system (24, 28, 30); the version nibble behind is the
 * better witness. */
void lp_net_link_null(struct lp_walk *walk)
{
    uint32_t family;

    if (!lp_rd_u32(&walk->rest, &family))
        return;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    if (family == 2 || family == 10 || family == 24 || family == 28 || family == 30)
        walk->next = LP_LAYER_IP;
}
