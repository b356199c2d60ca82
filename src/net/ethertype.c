/*
 * Ethernet and what an EtherType can announce: tags before the payload, MPLS, PPPoE, IP. LLC and
 * SNAP say the same in more words.
 */
#include "net/layers.h"

static void vlan(struct lp_walk *walk);
static void metadata(struct lp_walk *walk);
static void vn_tag(struct lp_walk *walk);
static void backbone(struct lp_walk *walk);
static void fabric_path(struct lp_walk *walk);
static void macsec(struct lp_walk *walk);

static const struct lp_layer_row ethertypes[] = {
    {0x0800, lp_layer_ipv4},
    {0x86dd, lp_layer_ipv6},
    {0x8100, vlan}, /* IEEE 802.1Q */
    {0x88a8, vlan}, /* IEEE 802.1ad */
    {0x9100, vlan}, /* stacked tags before 802.1ad had a number */
    {0x9200, vlan},
    {0x9300, vlan},
    {0x88e7, backbone},      /* IEEE 802.1ah */
    {0x8847, lp_layer_mpls}, /* RFC 3032 */
    {0x8848, lp_layer_mpls},
    {0x8864, lp_layer_pppoe},    /* RFC 2516 */
    {0x880b, lp_layer_ppp},      /* RFC 2784 numbers for PPP in GRE */
    {0x6558, lp_layer_ethernet}, /* transparent Ethernet bridging, RFC 1701 */
    {0x8909, metadata},          /* Cisco metadata (security group tags) */
    {0x8926, vn_tag},            /* VN-tag, IEEE 802.1BR's forerunner */
    {0x8903, fabric_path},
    {0x88e5, macsec},
    {0x888e, lp_layer_eapol},
};

enum { FIRST_ETHERTYPE = 0x0600, SHORTEST_TAG = 2 };

/* Cisco ISL: two multicast destinations, and an 802.3 frame with its own header behind 26 bytes. */
static bool is_isl(const uint8_t mac[6])
{
    return (mac[0] == 0x01 || mac[0] == 0x03) && mac[1] == 0x00 && mac[2] == 0x0c &&
           mac[3] == 0x00 && mac[4] == 0x00;
}

static bool isl(struct lp_walk *walk)
{
    enum { REST_OF_HEADER = 26 - 14 };
    struct lp_rd snap = walk->rest;
    uint8_t dsap, ssap, control;

    /* Behind destination, source and length (14 bytes) stands SNAP's beginning. */
    if (!lp_rd_u8(&snap, &dsap) || !lp_rd_u8(&snap, &ssap) || !lp_rd_u8(&snap, &control) ||
        dsap != 0xaa || ssap != 0xaa || control != 3 || !lp_rd_skip(&walk->rest, REST_OF_HEADER))
        return false;
    walk->next = lp_layer_ethernet;
    return true;
}

void lp_layer_ethernet(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;

    if (!lp_rd_copy(&walk->rest, datagram->dst_mac, 6) ||
        !lp_rd_copy(&walk->rest, datagram->src_mac, 6) || !lp_rd_u16(&walk->rest, &walk->type))
        return;
    datagram->has_mac = true;
    if (is_isl(datagram->dst_mac) && walk->type < FIRST_ETHERTYPE && isl(walk))
        return;
    walk->next = walk->type < FIRST_ETHERTYPE ? lp_layer_llc : lp_layer_ethertype;
}

void lp_layer_ethertype(struct lp_walk *walk)
{
    if (walk->type < FIRST_ETHERTYPE)
        walk->next = lp_layer_llc;
    else
        walk->next =
            lp_layer_find(ethertypes, sizeof ethertypes / sizeof ethertypes[0], walk->type);
}

/* Skips a tag of n bytes, behind which the next EtherType stands. */
static void tag(struct lp_walk *walk, size_t n)
{
    if (lp_rd_skip(&walk->rest, n) && lp_rd_u16(&walk->rest, &walk->type))
        walk->next = lp_layer_ethertype;
}

static void vlan(struct lp_walk *walk)
{
    tag(walk, SHORTEST_TAG);
}

static void vn_tag(struct lp_walk *walk)
{
    tag(walk, 4);
}

/* Version and length, then one option of four bytes. */
static void metadata(struct lp_walk *walk)
{
    tag(walk, 6);
}

/* The service tag; a customer's whole frame follows. */
static void backbone(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, 4))
        walk->next = lp_layer_ethernet;
}

static void fabric_path(struct lp_walk *walk)
{
    if (lp_rd_skip(&walk->rest, SHORTEST_TAG))
        walk->next = lp_layer_ethernet;
}

static void macsec(struct lp_walk *walk)
{
    lp_net_skip(walk, LP_SKIPPED_MACSEC);
}

/* IEEE 802.2: SNAP with an EtherType, or IP by its own service access point. */
void lp_layer_llc(struct lp_walk *walk)
{
    enum { SAP_SNAP = 0xaa, SAP_IP = 0x06, SAP_ISO = 0xfe, UNNUMBERED = 3 };
    uint8_t dsap, ssap, control, nlpid;

    if (!lp_rd_u8(&walk->rest, &dsap) || !lp_rd_u8(&walk->rest, &ssap) ||
        !lp_rd_u8(&walk->rest, &control) || control != UNNUMBERED)
        return;
    if (dsap == SAP_SNAP && lp_rd_skip(&walk->rest, 3) && lp_rd_u16(&walk->rest, &walk->type))
        walk->next = lp_layer_ethertype;
    else if (dsap == SAP_IP)
        walk->next = lp_layer_ip;
    else if (dsap == SAP_ISO && lp_rd_u8(&walk->rest, &nlpid) && (nlpid == 0xcc || nlpid == 0x8e))
        walk->next = lp_layer_ip;
}

/* RFC 3032: labels until the bottom of the stack. What follows is not announced: IP by its version,
 * or a pseudowire (RFC 4385), with a control word that begins with a zero nibble or without. */
void lp_layer_mpls(struct lp_walk *walk)
{
    enum { MAX_LABELS = 16, BOTTOM = 0x100 };
    uint32_t label = 0;
    uint8_t first;
    struct lp_rd peek;

    for (unsigned i = 0; i < MAX_LABELS && !(label & BOTTOM); i++)
        if (!lp_rd_u32(&walk->rest, &label))
            return;
    peek = walk->rest;
    if (!(label & BOTTOM) || !lp_rd_u8(&peek, &first))
        return;
    if ((first >> 4 == 4 && (first & 15) >= 5) || (first >> 4 == 6 && lp_ip_plausible(walk->rest)))
        walk->next = lp_layer_ip;
    else if (first >> 4 != 0)
        walk->next = lp_layer_ethernet;
    else if (lp_rd_skip(&walk->rest, 4))
        walk->next = lp_layer_ethernet;
}
