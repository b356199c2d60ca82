/*
 * IEEE 802.11, bare or behind one of the headers that carry what the radio knew. Data frames only;
 * what is encrypted is named. A frame may hold several datagrams (A-MSDU).
 */
#include "net/layers.h"

enum {
    TO_DS = 0x01,
    FROM_DS = 0x02,
    MORE_FRAGMENTS = 0x04,
    PROTECTED = 0x40,
    ORDER = 0x80,
    TYPE_DATA = 2,
    SUBTYPE_QOS = 0x8,
    SUBTYPE_EMPTY = 0x4,
    AGGREGATED = 0x80,
};

/* Radiotap and PPI may tell that the header was padded to four bytes. */
static void read_frame(struct lp_walk *walk, bool padded);

struct addresses {
    uint8_t first[6], second[6], third[6], fourth[6];
};

/* Which of the addresses are the ends' (IEEE 802.11-2020 table 9-30). */
static void take_addresses(struct lp_walk *walk, const struct addresses *a, uint8_t flags)
{
    struct lp_datagram *datagram = &walk->datagram;
    const uint8_t *src = !(flags & FROM_DS) ? a->second : flags & TO_DS ? a->fourth : a->third;
    const uint8_t *dst = flags & TO_DS ? a->third : a->first;

    memcpy(datagram->src_mac, src, 6);
    memcpy(datagram->dst_mac, dst, 6);
    datagram->has_mac = true;
}

/* Each has destination, source and length, and all but the last are padded to four bytes. */
static void aggregate(struct lp_walk *walk)
{
    enum { MAX_PARTS = 64 };

    for (unsigned i = 0; i < MAX_PARTS; i++) {
        struct lp_walk part = *walk;
        uint16_t length;
        if (!lp_rd_copy(&walk->rest, part.datagram.dst_mac, 6) ||
            !lp_rd_copy(&walk->rest, part.datagram.src_mac, 6) || !lp_rd_u16(&walk->rest, &length))
            return;
        part.rest = lp_rd_head(&walk->rest, length);
        part.next = lp_layer_llc;
        lp_net_walk(&part);
        if (!lp_rd_skip(&walk->rest, length) ||
            !lp_rd_skip(&walk->rest, (4 - (14U + length) % 4) % 4))
            return;
    }
}

/* Cisco's access points put the two bytes of the frame control into CAPWAP the other way round. The
 * protocol version is 0, and a data frame that passes an access point has one of the DS flags in
 * the same place. */
static void swap_control(uint8_t *control, uint8_t *flags)
{
    enum { VERSION = 3 };
    uint8_t first = *control;

    if (first & VERSION && !(*flags & VERSION)) {
        *control = *flags;
        *flags = first;
    }
}

static void read_frame(struct lp_walk *walk, bool padded)
{
    struct addresses a = {0};
    uint8_t control, flags, qos = 0;
    uint16_t sequence;
    size_t start = walk->rest.left;

    if (!lp_rd_u8(&walk->rest, &control) || !lp_rd_u8(&walk->rest, &flags) ||
        !lp_rd_skip(&walk->rest, 2) || !lp_rd_copy(&walk->rest, a.first, 6) ||
        !lp_rd_copy(&walk->rest, a.second, 6) || !lp_rd_copy(&walk->rest, a.third, 6) ||
        !lp_rd_u16(&walk->rest, &sequence))
        return;
    swap_control(&control, &flags);
    uint8_t type = control >> 2 & 3, subtype = control >> 4;
    if (type != TYPE_DATA || subtype & SUBTYPE_EMPTY || flags & MORE_FRAGMENTS ||
        (sequence >> 8 & 15) != 0)
        return;
    if ((flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) && !lp_rd_copy(&walk->rest, a.fourth, 6))
        return;
    if (subtype & SUBTYPE_QOS && (!lp_rd_u8(&walk->rest, &qos) || !lp_rd_skip(&walk->rest, 1)))
        return;
    if (subtype & SUBTYPE_QOS && flags & ORDER && !lp_rd_skip(&walk->rest, 4)) /* HT control */
        return;
    if (padded && !lp_rd_skip(&walk->rest, (4 - (start - walk->rest.left) % 4) % 4))
        return;
    take_addresses(walk, &a, flags);
    if (flags & PROTECTED)
        lp_net_skip(walk, LP_SKIPPED_WLAN);
    else if (subtype & SUBTYPE_QOS && qos & AGGREGATED)
        aggregate(walk);
    else
        walk->next = lp_layer_llc;
}

void lp_layer_80211(struct lp_walk *walk)
{
    read_frame(walk, false);
}

/* The flags of a radiotap header (radiotap.org): present when bit 1 is set, behind the presence
 * words and, eight bytes long and aligned to eight, the time stamp of bit 0. */
static uint8_t radiotap_flags(struct lp_rd header)
{
    enum { TIME_STAMP = 1, FLAGS = 2, MAX_WORDS = 32 };
    size_t start = header.left;
    uint32_t present, word;
    uint8_t flags = 0;

    if (!lp_rd_skip(&header, 4) || !lp_rd_u32_le(&header, &present) || !(present & FLAGS))
        return 0;
    word = present;
    for (unsigned i = 0; i < MAX_WORDS && word >> 31; i++)
        if (!lp_rd_u32_le(&header, &word))
            return 0;
    if (present & TIME_STAMP && !lp_rd_skip(&header, (8 - (start - header.left) % 8) % 8 + 8))
        return 0;
    return lp_rd_u8(&header, &flags) ? flags : 0;
}

void lp_layer_radiotap(struct lp_walk *walk)
{
    enum { PADDED = 0x20 };
    struct lp_rd header = walk->rest;
    uint16_t length;

    if (!lp_rd_skip(&header, 2) || !lp_rd_u16(&header, &length))
        return;
    length = __builtin_bswap16(length);
    uint8_t flags = radiotap_flags(lp_rd_head(&walk->rest, length));
    if (lp_rd_skip(&walk->rest, length))
        read_frame(walk, flags & PADDED);
}

/* The Absolute Value Systems header: a magic number with the version in its last digits, the
 * length; big-endian. */
void lp_layer_avs(struct lp_walk *walk)
{
    struct lp_rd header = walk->rest;
    uint32_t magic, length;

    if (lp_rd_u32(&header, &magic) && magic >> 12 == 0x80211 && lp_rd_u32(&header, &length) &&
        lp_rd_skip(&walk->rest, length))
        walk->next = lp_layer_80211;
}

/* Prism: a message code, the length; in the byte order of the recording machine. AVS headers come
 * under this link type too. */
void lp_layer_prism(struct lp_walk *walk)
{
    enum { HEADER = 144 };
    struct lp_rd header = walk->rest;
    uint32_t code, length;

    if (!lp_rd_u32(&header, &code) || !lp_rd_u32(&header, &length))
        return;
    if (code >> 12 == 0x80211) {
        walk->next = lp_layer_avs;
        return;
    }
    if (length > 0xffff)
        length = __builtin_bswap32(length);
    if (lp_rd_skip(&walk->rest, length ? length : HEADER))
        walk->next = lp_layer_80211;
}

/* Per-packet information: version, flags, length, link type; little-endian. */
void lp_layer_ppi(struct lp_walk *walk)
{
    struct lp_rd header = walk->rest;
    uint16_t length;
    uint32_t link_type;

    if (!lp_rd_skip(&header, 2) || !lp_rd_u16(&header, &length) ||
        !lp_rd_u32_le(&header, &link_type) || !lp_rd_skip(&walk->rest, __builtin_bswap16(length)))
        return;
    lp_layer_fn next = lp_link_layer(link_type);
    if (next != lp_layer_ppi)
        walk->next = next;
}
