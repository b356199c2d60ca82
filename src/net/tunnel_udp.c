/*
 * Tunnels in UDP. A row has the port that IANA gave to the protocol, a reader for its header, and,
 * where it may be looked for on other ports, how it is proven there. On its own port a header that
 * can be read is enough. Elsewhere what it carries must speak for it: an IP packet whose lengths,
 * checksum or addresses are right where the header says that one is.
 */
#include "net/layers.h"

/* Reads the header; the layer behind it, or NULL. Nothing is noted yet: it may turn out to be
 * something else. */
typedef lp_layer_fn (*header_fn)(struct lp_walk *walk);
/* Whether what lies behind the header, where `next` would read on, can be nothing else. */
typedef bool (*proof_fn)(const struct lp_walk *walk, lp_layer_fn next);

/* RFC 7348, and the generic extension (draft-ietf-nvo3-vxlan-gpe), which names what follows. */
static lp_layer_fn vxlan(struct lp_walk *walk)
{
    enum { HAS_VNI = 0x08, HAS_PROTOCOL = 0x04 };
    static const lp_layer_fn by_protocol[] = {NULL, lp_layer_ipv4, lp_layer_ipv6, lp_layer_ethernet,
                                              NULL, lp_layer_mpls};
    uint8_t flags, protocol;

    if (!lp_rd_u8(&walk->rest, &flags) || !lp_rd_skip(&walk->rest, 2) ||
        !lp_rd_u8(&walk->rest, &protocol) || !lp_rd_skip(&walk->rest, 4) || !(flags & HAS_VNI))
        return NULL;
    if (!(flags & HAS_PROTOCOL))
        return lp_layer_ethernet;
    return protocol < sizeof by_protocol / sizeof by_protocol[0] ? by_protocol[protocol] : NULL;
}

/* RFC 8926: version and length of the options, flags, the EtherType of what follows, network,
 * reserved. */
static lp_layer_fn geneve(struct lp_walk *walk)
{
    uint8_t first, flags, reserved;

    if (!lp_rd_u8(&walk->rest, &first) || !lp_rd_u8(&walk->rest, &flags) ||
        !lp_rd_u16(&walk->rest, &walk->type) || !lp_rd_skip(&walk->rest, 3) ||
        !lp_rd_u8(&walk->rest, &reserved) || first >> 6 != 0 || flags & 0x3f || reserved != 0 ||
        !lp_rd_skip(&walk->rest, (first & 0x3f) * (size_t)4))
        return NULL;
    return walk->type == 0x0800 || walk->type == 0x86dd || walk->type == LP_ETHERTYPE_FRAME
               ? lp_layer_ethertype
               : NULL;
}

/* 3GPP TS 29.281: a G-PDU. Any of three flags brings four more bytes, the last of which names the
 * first extension header. */
static lp_layer_fn gtp(struct lp_walk *walk)
{
    enum {
        VERSION_1 = 0x30,
        VERSION_MASK = 0xf0,
        OPTIONAL = 0x07,
        EXTENDED = 0x04,
        G_PDU = 255,
        MAX_EXTENSIONS = 8
    };
    uint8_t flags, message, next = 0, words;

    if (!lp_rd_u8(&walk->rest, &flags) || !lp_rd_u8(&walk->rest, &message) ||
        (flags & VERSION_MASK) != VERSION_1 || message != G_PDU || !lp_rd_skip(&walk->rest, 6))
        return NULL;
    if (flags & OPTIONAL && (!lp_rd_skip(&walk->rest, 3) || !lp_rd_u8(&walk->rest, &next)))
        return NULL;
    for (unsigned i = 0; flags & EXTENDED && next != 0 && i < MAX_EXTENSIONS; i++)
        if (!lp_rd_u8(&walk->rest, &words) || words == 0 ||
            !lp_rd_skip(&walk->rest, words * 4U - 2) || !lp_rd_u8(&walk->rest, &next))
            return NULL;
    return lp_layer_ip;
}

/* RFC 2661, a data message; PPP follows. */
static lp_layer_fn l2tp(struct lp_walk *walk)
{
    enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 15 };
    uint16_t flags, offset;

    if (!lp_rd_u16(&walk->rest, &flags) || flags & CONTROL || (flags & VERSION) != 2 ||
        (flags & LENGTH && !lp_rd_skip(&walk->rest, 2)) || !lp_rd_skip(&walk->rest, 4) ||
        (flags & SEQUENCE && !lp_rd_skip(&walk->rest, 4)))
        return NULL;
    if (flags & OFFSET && (!lp_rd_u16(&walk->rest, &offset) || !lp_rd_skip(&walk->rest, offset)))
        return NULL;
    return lp_layer_ppp;
}

/* RFC 4380 5.1.1: authentication and origin indications may stand in front of IPv6. */
static lp_layer_fn teredo(struct lp_walk *walk)
{
    enum { AUTHENTICATION = 1, ORIGIN = 0 };
    struct lp_rd peek = walk->rest;
    uint8_t zero, kind, id_length, authentication_length;

    if (lp_rd_u8(&peek, &zero) && lp_rd_u8(&peek, &kind) && zero == 0 && kind == AUTHENTICATION) {
        if (!lp_rd_u8(&peek, &id_length) || !lp_rd_u8(&peek, &authentication_length) ||
            !lp_rd_skip(&peek, (size_t)id_length + authentication_length + 9))
            return NULL;
        walk->rest = peek;
    }
    peek = walk->rest;
    if (lp_rd_u8(&peek, &zero) && lp_rd_u8(&peek, &kind) && zero == 0 && kind == ORIGIN &&
        lp_rd_skip(&peek, 6))
        walk->rest = peek;
    return lp_ip_plausible(walk->rest, walk->cut) ? lp_layer_ipv6 : NULL;
}

/* RFC 9300: eight bytes, IP. */
static lp_layer_fn lisp(struct lp_walk *walk)
{
    return lp_rd_skip(&walk->rest, 8) && lp_ip_plausible(walk->rest, walk->cut) ? lp_layer_ip
                                                                                : NULL;
}

/* RFC 5415 4.3: the header's length in words in the upper five bits of the second byte; one of the
 * flags tells an 802.11 frame from an 802.3 one. */
static lp_layer_fn capwap(struct lp_walk *walk)
{
    enum { NATIVE = 0x01, FRAGMENT = 0x80, KEEP_ALIVE = 0x08 };
    struct lp_rd header = walk->rest;
    uint8_t preamble, length, binding, flags;

    if (!lp_rd_u8(&header, &preamble) || !lp_rd_u8(&header, &length) ||
        !lp_rd_u8(&header, &binding) || !lp_rd_u8(&header, &flags) || preamble != 0 ||
        flags & (FRAGMENT | KEEP_ALIVE) || length >> 3 < 2 ||
        !lp_rd_skip(&walk->rest, (length >> 3) * (size_t)4))
        return NULL;
    return binding & NATIVE ? lp_layer_80211 : lp_layer_ethernet;
}

/* TaZmen sniffer: version, type, the link of the frame, tagged fields up to the end tag. */
static lp_layer_fn tzsp(struct lp_walk *walk)
{
    enum { PADDING = 0, END = 1, MAX_FIELDS = 64, ETHERNET = 1, WLAN = 18, PRISM = 119, AVS = 127 };
    uint8_t version, type, tag = PADDING, length;
    uint16_t protocol;

    if (!lp_rd_u8(&walk->rest, &version) || !lp_rd_u8(&walk->rest, &type) ||
        !lp_rd_u16(&walk->rest, &protocol) || version != 1 || type > 1)
        return NULL;
    for (unsigned i = 0; i < MAX_FIELDS && tag != END; i++) {
        if (!lp_rd_u8(&walk->rest, &tag))
            return NULL;
        if (tag != PADDING && tag != END &&
            (!lp_rd_u8(&walk->rest, &length) || !lp_rd_skip(&walk->rest, length)))
            return NULL;
    }
    if (tag != END)
        return NULL;
    return protocol == ETHERNET ? lp_layer_ethernet
           : protocol == WLAN   ? lp_layer_80211
           : protocol == PRISM  ? lp_layer_prism
           : protocol == AVS    ? lp_layer_avs
                                : NULL;
}

static lp_layer_fn mpls(struct lp_walk *walk)
{
    (void)walk;
    return lp_layer_mpls;
}

static lp_layer_fn gre(struct lp_walk *walk)
{
    (void)walk;
    return lp_layer_gre;
}

/* RFC 3948: ESP, unless four zero bytes announce a key exchange; one byte 0xff keeps the mapping
 * alive. */
static lp_layer_fn esp_in_udp(struct lp_walk *walk)
{
    uint32_t spi;

    if (lp_rd_u32(&walk->rest, &spi) && spi != 0)
        lp_net_skip(walk, LP_SKIPPED_ESP);
    return NULL;
}

/* A message type and three zero bytes; the handshake's have fixed lengths. */
static lp_layer_fn wireguard(struct lp_walk *walk)
{
    size_t size = walk->rest.left;
    uint32_t type;

    if (lp_rd_u32(&walk->rest, &type) &&
        ((type == 0x01000000 && size == 148) || (type == 0x02000000 && size == 92)))
        lp_net_skip(walk, LP_SKIPPED_WIREGUARD);
    return NULL;
}

/* IPv6 has no checksum of its own: its length must agree with the payload's. */
static bool fills(struct lp_rd ip, uint32_t cut)
{
    uint64_t sent = (uint64_t)ip.left + cut;
    uint16_t length;

    return lp_rd_skip(&ip, 4) && lp_rd_u16(&ip, &length) && length + 40U == sent;
}

static bool carries_ip(const struct lp_walk *walk, lp_layer_fn next)
{
    if (next == lp_layer_ethernet)
        return lp_payload_plausible(LP_ETHERTYPE_FRAME, walk->rest, walk->cut);
    if (next == lp_layer_ethertype)
        return lp_payload_plausible(walk->type, walk->rest, walk->cut);
    if (next == lp_layer_mpls)
        return false;
    return lp_payload_plausible(0x0800, walk->rest, walk->cut) ||
           (lp_payload_plausible(0x86dd, walk->rest, walk->cut) && fills(walk->rest, walk->cut));
}

/* RFC 4380 2.6: one of the two ends has an address of the service's own prefix. */
static bool carries_teredo(const struct lp_walk *walk, lp_layer_fn next)
{
    enum { PREFIX = 0x20010000, SOURCE = 8 };
    struct lp_rd ip = walk->rest;
    uint32_t src, dst;

    return next == lp_layer_ipv6 && fills(ip, walk->cut) && lp_rd_skip(&ip, SOURCE) &&
           lp_rd_u32(&ip, &src) && lp_rd_skip(&ip, 12) && lp_rd_u32(&ip, &dst) &&
           (src == PREFIX || dst == PREFIX);
}

static const struct {
    const char *name;
    header_fn header;
    uint16_t ports[3]; /* none: any */
    proof_fn proof;    /* NULL: on its own ports only */
} tunnels[] = {
    /* 8472: Linux before the assignment; 4790: GPE */
    {"VXLAN", vxlan, {4789, 8472, 4790}, carries_ip},
    {"Geneve", geneve, {6081}, carries_ip},
    {"GTP-U", gtp, {2152}, carries_ip},
    {"L2TP", l2tp, {1701}, NULL},
    {"Teredo", teredo, {3544}, carries_teredo},
    {"LISP", lisp, {4341}, NULL},
    {"CAPWAP", capwap, {5247}, NULL},
    {"TZSP", tzsp, {37008}, NULL},
    {"MPLS in UDP", mpls, {6635}, NULL}, /* RFC 7510 */
    {"GRE in UDP", gre, {4754}, NULL},   /* RFC 8086 */
    {"ESP in UDP", esp_in_udp, {4500}, NULL},
    {"WireGuard", wireguard, {0}, NULL},
};

static bool on_its_port(const uint16_t ports[3], uint16_t src, uint16_t dst)
{
    for (unsigned i = 0; i < 3; i++)
        if (ports[i] != 0 && (ports[i] == src || ports[i] == dst))
            return true;
    return ports[0] == 0;
}

void lp_udp_tunnel_ports(struct lp_port_set *set)
{
    *set = (struct lp_port_set){{0}};
    for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++)
        for (unsigned k = 0; k < 3 && tunnels[i].ports[k]; k++)
            lp_port_set_add(set, tunnels[i].ports[k]);
}

/* Whether a tunnel that may stand on any port can begin with this byte: VXLAN has a bit set,
 * Geneve's version is 0 and WireGuard's types are small, GTP's version is 1, and Teredo begins as
 * IPv6 does or as Geneve. */
static bool may_be_anywhere(uint8_t first)
{
    return first >> 6 == 0 || first & 0x08 || first >> 4 == 6;
}

lp_layer_fn lp_udp_tunnel(struct lp_walk *walk, uint16_t src_port, uint16_t dst_port)
{
    const struct lp_port_set *ports = lp_net_tunnel_ports(walk->net);
    struct lp_rd payload = walk->rest;

    if (!lp_port_set_may_have(ports, src_port) && !lp_port_set_may_have(ports, dst_port) &&
        !may_be_anywhere(lp_at_u8(&payload, 0)))
        return NULL;
    for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++) {
        bool expected = on_its_port(tunnels[i].ports, src_port, dst_port);
        if (!expected && !tunnels[i].proof)
            continue;
        lp_layer_fn next = tunnels[i].header(walk);
        if (next && (expected || tunnels[i].proof(walk, next))) {
            lp_net_enter(walk, tunnels[i].name);
            return next;
        }
        walk->rest = payload;
    }
    return NULL;
}
