/* Headers that an operating system or an analyser puts in front of what it records. Their numbers
 * are in the byte order of the machine that wrote them unless their definition says otherwise;
 * small numbers betray which it was. */
#include "net/layers.h"

enum { ARPHRD_ETHER = 1, FIRST_ETHERTYPE = 0x0600, SLL_8023 = 1, SLL_LLC = 4 };

/* The sender's address of a cooked header: only the sender's is there, so the receiver's stays
 * zero. */
static void cooked_address(struct lp_walk *walk, uint16_t hardware, uint16_t address_length,
                           struct lp_rd *address)
{
    if (hardware == ARPHRD_ETHER && address_length == 6 &&
        lp_rd_copy(address, walk->datagram.src_mac, 6))
        walk->datagram.has_mac = true;
}

static void cooked_protocol(struct lp_walk *walk)
{
    if (walk->type == SLL_LLC)
        walk->next = lp_layer_llc;
    else if (walk->type >= FIRST_ETHERTYPE)
        walk->next = lp_layer_ethertype;
}

/* Linux "cooked" capture, version 1: packet type, hardware type, address length, address (8),
 * protocol. */
void lp_layer_sll(struct lp_walk *walk)
{
    uint16_t hardware, length;
    struct lp_rd address;

    if (!lp_rd_skip(&walk->rest, 2) || !lp_rd_u16(&walk->rest, &hardware) ||
        !lp_rd_u16(&walk->rest, &length) || !lp_rd_sub(&walk->rest, 8, &address) ||
        !lp_rd_u16(&walk->rest, &walk->type))
        return;
    cooked_address(walk, hardware, length, &address);
    cooked_protocol(walk);
}

/* Version 2: protocol, reserved, interface, hardware type, packet type, address length, address
 * (8). */
void lp_layer_sll2(struct lp_walk *walk)
{
    uint16_t hardware;
    uint8_t length;
    struct lp_rd address;

    if (!lp_rd_u16(&walk->rest, &walk->type) || !lp_rd_skip(&walk->rest, 6) ||
        !lp_rd_u16(&walk->rest, &hardware) || !lp_rd_skip(&walk->rest, 1) ||
        !lp_rd_u8(&walk->rest, &length) || !lp_rd_sub(&walk->rest, 8, &address))
        return;
    cooked_address(walk, hardware, length, &address);
    cooked_protocol(walk);
}

/* An address family, whatever system counted it: 2 is IPv4 everywhere, IPv6 has a number per
 * system. */
static bool is_ip_family(uint32_t family)
{
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    return family == 2 || family == 10 || family == 24 || family == 26 || family == 28 ||
           family == 30;
}

/* BSD loopback: the family alone. */
void lp_layer_null(struct lp_walk *walk)
{
    uint32_t family;

    if (lp_rd_u32(&walk->rest, &family) && is_ip_family(family))
        walk->next = lp_layer_ip;
}

/* The header of a netlink attribute, in the byte order of the recording machine: a type is a small
 * number below two flags, so it tells which. */
static bool netlink_attribute(struct lp_rd *rest, uint16_t *length, uint16_t *type)
{
    enum { FLAGS = 0xc000, SMALL = 0x00ff };

    if (!lp_rd_u16(rest, length) || !lp_rd_u16(rest, type))
        return false;
    if (*type & ~(FLAGS | SMALL)) {
        *length = __builtin_bswap16(*length);
        *type = __builtin_bswap16(*type);
    }
    *type &= SMALL;
    return true;
}

/* Linux netfilter log: family, version, group, then attributes, padded to four bytes. */
void lp_layer_nflog(struct lp_walk *walk)
{
    enum { ATTRIBUTE_HEADER = 4, ATTRIBUTE_PAYLOAD = 9, ATTRIBUTE_ADDRESS = 8 };
    uint16_t length, type;
    struct lp_rd value;

    if (!lp_rd_skip(&walk->rest, 4))
        return;
    while (netlink_attribute(&walk->rest, &length, &type)) {
        if (length < ATTRIBUTE_HEADER)
            return;
        size_t payload = length - (size_t)ATTRIBUTE_HEADER;
        if (type == ATTRIBUTE_PAYLOAD) {
            walk->next = lp_layer_ip;
            return;
        }
        if (!lp_rd_sub(&walk->rest, payload, &value) ||
            !lp_rd_skip(&walk->rest, (4 - payload % 4) % 4))
            return;
        if (type == ATTRIBUTE_ADDRESS && lp_rd_skip(&value, 4) &&
            lp_rd_copy(&value, walk->datagram.src_mac, 6))
            walk->datagram.has_mac = true;
    }
}

/* OpenBSD's packet filter log: the header's length in its first byte, padded to four, and the
 * family behind it. */
void lp_layer_pflog(struct lp_walk *walk)
{
    uint8_t length, family;
    struct lp_rd header = walk->rest;

    if (!lp_rd_u8(&header, &length) || !lp_rd_u8(&header, &family) || !is_ip_family(family))
        return;
    if (lp_rd_skip(&walk->rest, (length + 3U) / 4 * (size_t)4))
        walk->next = lp_layer_ip;
}

/* Apple's packet tap: length, record type, the link type of what follows. */
void lp_layer_pktap(struct lp_walk *walk)
{
    uint32_t length, record, link_type;
    struct lp_rd header = walk->rest;

    if (!lp_rd_u32_le(&header, &length) || !lp_rd_u32_le(&header, &record) ||
        !lp_rd_u32_le(&header, &link_type) || length < 12 || !lp_rd_skip(&walk->rest, length))
        return;
    lp_layer_fn next = lp_link_layer(link_type);
    if (next != lp_layer_pktap)
        walk->next = next;
}

/* Solaris: 24 bytes, the family in the second. */
void lp_layer_ipnet(struct lp_walk *walk)
{
    uint8_t version, family;
    struct lp_rd header = walk->rest;

    if (lp_rd_u8(&header, &version) && lp_rd_u8(&header, &family) && is_ip_family(family) &&
        lp_rd_skip(&walk->rest, 24))
        walk->next = lp_layer_ip;
}

/* OpenBSD's IPsec interface: family, SPI, flags; what follows is in the clear. */
void lp_layer_enc(struct lp_walk *walk)
{
    uint32_t family;

    if (lp_rd_u32(&walk->rest, &family) && is_ip_family(family) && lp_rd_skip(&walk->rest, 8))
        walk->next = lp_layer_ip;
}

/* IP over InfiniBand: the address it goes to (40 bytes), then EtherType and two unused bytes. */
void lp_layer_ipoib(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 40) && lp_rd_u16(&walk->rest, &walk->type) &&
        lp_rd_skip(&walk->rest, 2))
        walk->next = lp_layer_ethertype;
}

/* Hilscher netANALYZER: four bytes, then Ethernet. */
void lp_layer_netanalyzer(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 4))
        walk->next = lp_layer_ethernet;
}
