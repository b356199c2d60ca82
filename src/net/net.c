/*
 * How it works: the link type names the first layer, every layer names the next one (layers.h).
 * What arrives at the end is a datagram with the innermost addresses, which goes to the owner of
 * the net.
 */
#include "net/layers.h"

struct lp_net {
    struct lp_fragments *fragments; /* owned */
    lp_datagram_fn fn, eapol;       /* eapol: NULL when nobody asked */
    void *ctx;                      /* borrowed */
    struct lp_net_stats stats;
    struct lp_port_set tunnel_ports;
};

/* Link types by their numbers in files and in libpcap (tcpdump.org/linktypes.html); where the two
 * differ, both. */
static const struct lp_layer_row link_types[] = {
    {0, lp_layer_null},
    {1, lp_layer_ethernet},
    {6, lp_layer_token_ring},
    {9, lp_layer_ppp},
    {10, lp_layer_fddi},
    {11, lp_layer_llc}, /* ATM, RFC 1483 (DLT) */
    {12, lp_layer_ip},  /* raw IP: 12 and 14 are DLTs, 101 is the number in files */
    {14, lp_layer_ip},
    {50, lp_layer_ppp_serial},
    {51, lp_layer_pppoe},
    {100, lp_layer_llc}, /* ATM, RFC 1483 */
    {101, lp_layer_ip},
    {104, lp_layer_chdlc},
    {105, lp_layer_80211},
    {107, lp_layer_frame_relay},
    {108, lp_layer_null},
    {109, lp_layer_enc},
    {113, lp_layer_sll},
    {117, lp_layer_pflog},
    {119, lp_layer_prism},
    {123, lp_layer_sunatm},
    {127, lp_layer_radiotap},
    {149, lp_layer_pktap}, /* as Apple's systems number it among the private ones */
    {163, lp_layer_avs},
    {166, lp_layer_ppp_direction},
    {192, lp_layer_ppi},
    {204, lp_layer_ppp_direction},
    {205, lp_layer_chdlc_direction},
    {206, lp_layer_frame_relay_direction},
    {219, lp_layer_mpls},
    {226, lp_layer_ipnet},
    {228, lp_layer_ipv4},
    {229, lp_layer_ipv6},
    {239, lp_layer_nflog},
    {240, lp_layer_netanalyzer},
    {242, lp_layer_ipoib},
    {258, lp_layer_pktap},
    {276, lp_layer_sll2},
};

/* More headers than any real network stacks up; a frame made to loop ends here. */
enum { MAX_DEPTH = 48 };

struct lp_net *lp_net_new(uint64_t seed, struct lp_budget *budget, lp_datagram_fn fn, void *ctx)
{
    struct lp_net *net = lp_alloc(sizeof *net);
    if (!net)
        return NULL;
    net->fragments = lp_fragments_new(seed, budget);
    if (!net->fragments) {
        lp_free(net);
        return NULL;
    }
    lp_udp_tunnel_ports(&net->tunnel_ports);
    net->fn = fn;
    net->ctx = ctx;
    return net;
}

void lp_net_free(struct lp_net *net)
{
    if (!net)
        return;
    lp_fragments_free(net->fragments);
    lp_free(net);
}

lp_layer_fn lp_layer_find(const struct lp_layer_row *rows, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return rows[i].layer;
    return NULL;
}

lp_layer_fn lp_link_layer(uint32_t link_type)
{
    return lp_layer_find(link_types, sizeof link_types / sizeof link_types[0], link_type);
}

void lp_net_on_eapol(struct lp_net *net, lp_datagram_fn fn)
{
    net->eapol = fn;
}

bool lp_net_knows(int link_type)
{
    return link_type >= 0 && lp_link_layer((uint32_t)link_type) != NULL;
}

void lp_net_walk(struct lp_walk *walk)
{
    while (walk->next && walk->depth++ < MAX_DEPTH) {
        lp_layer_fn layer = walk->next;
        walk->next = NULL;
        layer(walk);
    }
}

/* What most packets are, told by one look at fields in fixed places: Ethernet, IPv4 with neither
 * options nor fragments, TCP or UDP. False, and nothing is done: the walk must see for itself. */
static bool walk_plain(struct lp_walk *walk)
{
    enum { MACS = 12, TYPE = MACS, IP = 14, TOTAL = IP + 2, FLAGS = IP + 6, PROTOCOL = IP + 9 };
    enum { SRC = IP + 12, DST = IP + 16, HEADERS = IP + 20, TCP = 6, UDP = 17 };
    enum { IPV4 = 0x0800, NO_OPTIONS = 0x45, FRAGMENT = 0x3fff, LAYERS = 6 };
    struct lp_datagram *datagram = &walk->datagram;
    struct lp_rd rest = walk->rest, head;

    if (!lp_rd_sub(&rest, HEADERS, &head) || lp_at_u16(&head, TYPE) != IPV4 ||
        lp_at_u8(&head, IP) != NO_OPTIONS || lp_at_u16(&head, FLAGS) & FRAGMENT)
        return false;
    uint8_t protocol = lp_at_u8(&head, PROTOCOL);
    uint16_t total = lp_at_u16(&head, TOTAL);
    if ((protocol != TCP && protocol != UDP) || total < HEADERS - IP)
        return false;

    walk->depth = LAYERS;
    lp_at_copy(&head, 0, datagram->dst_mac, 6);
    lp_at_copy(&head, 6, datagram->src_mac, 6);
    datagram->has_mac = true;
    datagram->src.family = datagram->dst.family = 4; /* all else of them is zero so far */
    lp_at_copy(&head, SRC, datagram->src.bytes, 4);
    lp_at_copy(&head, DST, datagram->dst.bytes, 4);
    datagram->protocol = protocol;
    walk->rest = rest;
    struct lp_rd payload = lp_ip_take_payload(walk, total - (uint32_t)(HEADERS - IP));
    if (protocol == TCP) {
        lp_net_deliver(walk);
        return true;
    }
    walk->rest = payload;
    walk->cut = datagram->announced - (uint32_t)payload.left;
    lp_layer_udp(walk);
    return true;
}

/* All but the places for tunnels, which are many bytes and mean nothing while there are none. */
static void start_walk(struct lp_walk *walk, struct lp_net *net, const struct lp_frame *frame)
{
    struct lp_datagram *datagram = &walk->datagram;

    walk->rest = frame->bytes;
    walk->next = NULL;
    walk->type = 0;
    walk->cut =
        frame->original > frame->bytes.left ? frame->original - (uint32_t)frame->bytes.left : 0;
    walk->depth = walk->rebuilds = 0;
    walk->net = net;
    memset(&datagram->src, 0, sizeof datagram->src);
    memset(&datagram->dst, 0, sizeof datagram->dst);
    datagram->protocol = 0;
    datagram->bytes = lp_rd_init(NULL, 0);
    datagram->announced = 0;
    datagram->snapped = walk->cut != 0;
    datagram->has_mac = false;
    memset(datagram->src_mac, 0, sizeof datagram->src_mac);
    memset(datagram->dst_mac, 0, sizeof datagram->dst_mac);
    datagram->frame = frame->number;
    datagram->time = frame->time;
    datagram->outer_count = 0;
}

void lp_net_push(struct lp_net *net, int link_type, const struct lp_frame *frame)
{
    enum { ETHERNET = 1 };
    struct lp_walk walk;

    start_walk(&walk, net, frame);
    if (link_type != ETHERNET || !walk_plain(&walk))
        walk.next = link_type >= 0 ? lp_link_layer((uint32_t)link_type) : NULL;
    lp_net_walk(&walk);
}

void lp_net_enter(struct lp_walk *walk, const char *tunnel)
{
    struct lp_datagram *datagram = &walk->datagram;

    if (datagram->outer_count < LP_MAX_OUTER)
        datagram->outer[datagram->outer_count++] =
            (struct lp_outer){tunnel, datagram->src, datagram->dst};
}

void lp_net_skip(struct lp_walk *walk, enum lp_skipped what)
{
    struct lp_net_stats *stats = &walk->net->stats;

    if (stats->skipped[what]++ == 0)
        stats->skipped_frame[what] = walk->datagram.frame;
}

const char *lp_skipped_name(enum lp_skipped what)
{
    static const char *const names[] = {
        [LP_SKIPPED_ESP] = "IPsec ESP (RFC 4303)",
        [LP_SKIPPED_IPCOMP] = "IP payload compression (RFC 3173)",
        [LP_SKIPPED_MACSEC] = "MACsec (IEEE 802.1AE)",
        [LP_SKIPPED_WLAN] = "encrypted Wi-Fi (IEEE 802.11)",
        [LP_SKIPPED_WIREGUARD] = "WireGuard",
        [LP_SKIPPED_COMPRESSED_PPP] = "compressed or encrypted PPP (RFC 1962, RFC 1968)",
    };
    return names[what];
}

void lp_net_deliver(struct lp_walk *walk)
{
    walk->net->fn(walk->net->ctx, &walk->datagram);
}

void lp_layer_eapol(struct lp_walk *walk)
{
    struct lp_datagram frame = walk->datagram;
    uint64_t length = (uint64_t)walk->rest.left + walk->cut;

    if (!walk->net->eapol || !frame.has_mac)
        return;
    frame.src = frame.dst = (struct lp_ip){0};
    frame.protocol = 0;
    frame.bytes = lp_rd_rest(&walk->rest);
    frame.announced = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
    walk->net->eapol(walk->net->ctx, &frame);
}

void lp_net_flush(struct lp_net *net)
{
    lp_fragments_flush(net->fragments, net);
}

struct lp_fragments *lp_net_fragments(struct lp_net *net)
{
    return net->fragments;
}

const struct lp_port_set *lp_net_tunnel_ports(const struct lp_net *net)
{
    return &net->tunnel_ports;
}

struct lp_net_stats *lp_net_stats_of(struct lp_net *net)
{
    return &net->stats;
}

const struct lp_net_stats *lp_net_stats(const struct lp_net *net)
{
    return &net->stats;
}
