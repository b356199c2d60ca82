/*
 * Ethernet and what an EtherType can announce: tags before the payload, MPLS, PPPoE, IP. LLC and
 * SNAP say the same in more words.
 */
#include "net/layers.h"

static void vlan(struct lp_walk *walk);
static void metadata(struct lp_walk *walk);
static void vn_tag(struct lp_walk *walk);
static void e_tag(struct lp_walk *walk);
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
    {0x6558, lp_layer_ethernet}, /* LP_ETHERTYPE_FRAME */
    {0x8909, metadata},          /* Cisco metadata (security group tags) */
    {0x8926, vn_tag},            /* VN-tag, IEEE 802.1BR's forerunner */
    {0x893f, e_tag},             /* IEEE 802.1BR */
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

static void e_tag(struct lp_walk *walk)
{
    tag(walk, 6);
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

/* IEEE 802.1AE 9.3. Where only the integrity is protected, what follows is in the clear. */
static void macsec(struct lp_walk *walk)
{
    enum { IDENTIFIER = 0x20, ENCRYPTED = 0x08, CHANGED = 0x04 };
    uint8_t control;

    if (!lp_rd_u8(&walk->rest, &control))
        return;
    if (control & (ENCRYPTED | CHANGED))
        lp_net_skip(walk, LP_SKIPPED_MACSEC);
    else
        tag(walk, control & IDENTIFIER ? 13 : 5);
}

/* RFC 2684 5.2, RFC 2427 4.2: a bridged frame in SNAP, with or without its checksum; ATM puts two
 * bytes in between. */
static void bridged(struct lp_walk *walk)
{
    enum { WITH_CHECKSUM = 1, WITHOUT = 7 };

    if ((walk->type == WITH_CHECKSUM || walk->type == WITHOUT) && lp_rd_skip(&walk->rest, 2))
        walk->next = lp_layer_ethernet;
}

/* IEEE 802.2: SNAP with an EtherType, IP by its own service access point, or ISO's NLPIDs. */
void lp_layer_llc(struct lp_walk *walk)
{
    enum { SAP_SNAP = 0xaa, SAP_IP = 0x06, SAP_ISO = 0xfe, UNNUMBERED = 3 };
    enum { OUI_BRIDGED = 0x0080c2, NLPID_IPV4 = 0xcc, NLPID_IPV6 = 0x8e, NLPID_PPP = 0xcf };
    uint8_t dsap, ssap, control, nlpid;
    uint32_t oui;

    if (!lp_rd_u8(&walk->rest, &dsap) || !lp_rd_u8(&walk->rest, &ssap) ||
        !lp_rd_u8(&walk->rest, &control) || control != UNNUMBERED)
        return;
    if (dsap == SAP_SNAP) {
        if (!lp_rd_u24(&walk->rest, &oui) || !lp_rd_u16(&walk->rest, &walk->type))
            return;
        if (oui == OUI_BRIDGED)
            bridged(walk);
        else
            walk->next = lp_layer_ethertype;
    } else if (dsap == SAP_IP) {
        walk->next = lp_layer_ip;
    } else if (dsap == SAP_ISO && lp_rd_u8(&walk->rest, &nlpid)) {
        walk->next = nlpid == NLPID_IPV4 || nlpid == NLPID_IPV6 ? lp_layer_ip
                     : nlpid == NLPID_PPP                       ? lp_layer_ppp
                                                                : NULL;
    }
}

static bool is_version(struct lp_rd bytes, unsigned version)
{
    uint8_t first;
    return lp_rd_u8(&bytes, &first) && first >> 4 == version;
}

bool lp_payload_plausible(uint16_t type, struct lp_rd payload, uint32_t cut)
{
    enum { MAX_TAGS = 4, ADDRESSES = 12 };

    for (unsigned i = 0; i < MAX_TAGS; i++) {
        lp_layer_fn layer =
            lp_layer_find(ethertypes, sizeof ethertypes / sizeof ethertypes[0], type);
        if (layer == lp_layer_ipv4 || layer == lp_layer_ipv6)
            return is_version(payload, layer == lp_layer_ipv4 ? 4 : 6) &&
                   lp_ip_plausible(payload, cut);
        if ((layer != vlan && layer != lp_layer_ethernet) ||
            !lp_rd_skip(&payload, layer == vlan ? SHORTEST_TAG : ADDRESSES) ||
            !lp_rd_u16(&payload, &type))
            return false;
    }
    return false;
}

/* A pseudowire (RFC 4448): an Ethernet frame, behind a control word (RFC 4385), which begins with a
 * zero nibble, or not. Most Ethernet addresses begin with one too; then what lies behind decides.
 */
static void pseudowire(struct lp_walk *walk, uint8_t first)
{
    enum { CONTROL_WORD = 4 };
    bool bare = lp_payload_plausible(LP_ETHERTYPE_FRAME, walk->rest, walk->cut);

    if (bare || first >> 4 != 0 || lp_rd_skip(&walk->rest, CONTROL_WORD))
        walk->next = lp_layer_ethernet;
}

/* RFC 3032: labels until the bottom of the stack. What follows is not announced: IP by its version,
 * or a pseudowire. An Ethernet address may begin as IP does; then what lies behind it decides. */
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
    bool v4 = first >> 4 == 4 && (first & 15) >= 5, v6 = first >> 4 == 6;
    if ((v4 && !lp_payload_plausible(LP_ETHERTYPE_FRAME, walk->rest, walk->cut)) ||
        ((v4 || v6) && lp_ip_plausible(walk->rest, walk->cut)))
        walk->next = lp_layer_ip;
    else
        pseudowire(walk, first);
}
