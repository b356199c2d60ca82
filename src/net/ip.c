/*
 * IPv4 (RFC 791) and IPv6 (RFC 8200). The header's length field says where the datagram ends; what
 * lies behind it in the frame is padding or a trailer. A length of zero is written by senders that
 * leave segmentation to the hardware: it means "to the end of the frame".
 */
#include "base/checksum.h"
#include "net/layers.h"

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_AUTHENTICATION = 51,
    NEXT_DESTINATION = 60,
    NEXT_MOBILITY = 135,
    NEXT_HIP = 139,
    NEXT_SHIM6 = 140,
};

enum { MAX_EXTENSIONS = 32 };

void lp_layer_ip(struct lp_walk *walk)
{
    struct lp_rd peek = walk->rest;
    uint8_t first;

    if (!lp_rd_u8(&peek, &first))
        return;
    if (first >> 4 == 4)
        walk->next = lp_layer_ipv4;
    else if (first >> 4 == 6)
        walk->next = lp_layer_ipv6;
}

struct lp_rd lp_ip_take_payload(struct lp_walk *walk, uint32_t length)
{
    struct lp_datagram *datagram = &walk->datagram;
    struct lp_rd payload;

    datagram->announced = length;
    if (lp_rd_sub(&walk->rest, length, &payload))
        datagram->snapped =
            false; /* what the snap length cut, if anything, lay behind the datagram */
    else
        payload = lp_rd_rest(&walk->rest);
    datagram->bytes = payload;
    return payload;
}

/* The length of a datagram whose header leaves it open. */
static uint32_t to_end_of_frame(const struct lp_walk *walk)
{
    uint64_t length = (uint64_t)walk->rest.left + walk->cut;
    return length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
}

void lp_layer_ipv4(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;
    uint8_t version;
    uint16_t total, id, flags;

    /* Whole, since all bytes are hashed, and an outer IPv6 header may have filled them. */
    datagram->src = datagram->dst = (struct lp_ip){.family = 4};
    if (!lp_rd_u8(&walk->rest, &version) || !lp_rd_skip(&walk->rest, 1) ||
        !lp_rd_u16(&walk->rest, &total) || !lp_rd_u16(&walk->rest, &id) ||
        !lp_rd_u16(&walk->rest, &flags) || !lp_rd_skip(&walk->rest, 1) ||
        !lp_rd_u8(&walk->rest, &datagram->protocol) || !lp_rd_skip(&walk->rest, 2) ||
        !lp_rd_copy(&walk->rest, datagram->src.bytes, 4) ||
        !lp_rd_copy(&walk->rest, datagram->dst.bytes, 4))
        return;
    uint32_t header = (version & 15U) * 4;
    if (version >> 4 != 4 || header < 20 || (total != 0 && total < header) ||
        !lp_rd_skip(&walk->rest, header - 20))
        return;
    (void)lp_ip_take_payload(walk, total != 0 ? total - header : to_end_of_frame(walk));

    struct lp_fragment fragment = {
        .id = id, .offset = (flags & 0x1fffU) * 8U, .more = flags & 0x2000};
    if (fragment.offset == 0 && !fragment.more)
        walk->next = lp_layer_ip_payload;
    else
        lp_fragments_add(lp_net_fragments(walk->net), walk, &fragment);
}

static bool is_extension(uint8_t next)
{
    return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION ||
           next == NEXT_AUTHENTICATION || next == NEXT_MOBILITY || next == NEXT_HIP ||
           next == NEXT_SHIM6;
}

/* Skips one extension header (RFC 8200 4; AH counts in other units, RFC 4302 2.2); *next is then
 * what follows it. */
static bool skip_extension(struct lp_rd *bytes, uint8_t *next)
{
    uint8_t kind = *next, words;
    struct lp_rd header = *bytes;

    if (!lp_rd_u8(&header, next) || !lp_rd_u8(&header, &words))
        return false;
    return lp_rd_skip(bytes, kind == NEXT_AUTHENTICATION ? (words + 2U) * 4U : (words + 1U) * 8U);
}

/* RFC 8200 4.5. True when the walk ends here: the piece waits for the others. */
static bool fragment_header(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;
    struct lp_fragment fragment = {0};
    uint16_t offset;

    if (!lp_rd_u8(&datagram->bytes, &datagram->protocol) || !lp_rd_skip(&datagram->bytes, 1) ||
        !lp_rd_u16(&datagram->bytes, &offset) || !lp_rd_u32(&datagram->bytes, &fragment.id) ||
        datagram->announced < 8)
        return true;
    datagram->announced -= 8;
    fragment.offset = offset & 0xfff8U;
    fragment.more = offset & 1;
    if (fragment.offset == 0 && !fragment.more)
        return false; /* an atomic fragment, RFC 6946 */
    lp_fragments_add(lp_net_fragments(walk->net), walk, &fragment);
    return true;
}

/* The chain of headers that may stand between IP and what it carries, from datagram->protocol on.
 * Only AH is seen with IPv4. */
void lp_layer_ip_payload(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;
    bool v6 = datagram->src.family == 6;

    for (unsigned i = 0; i < MAX_EXTENSIONS; i++) {
        size_t before = datagram->bytes.left;
        if (v6 && datagram->protocol == NEXT_FRAGMENT) {
            if (fragment_header(walk))
                return;
            continue;
        }
        if (v6 ? !is_extension(datagram->protocol) : datagram->protocol != NEXT_AUTHENTICATION)
            break;
        if (!skip_extension(&datagram->bytes, &datagram->protocol))
            return;
        datagram->announced -= (uint32_t)(before - datagram->bytes.left);
    }
    walk->rest = datagram->bytes;
    walk->cut = datagram->announced - (uint32_t)datagram->bytes.left;
    walk->next = lp_layer_transport;
}

void lp_layer_ipv6(struct lp_walk *walk)
{
    struct lp_datagram *datagram = &walk->datagram;
    uint8_t version;
    uint16_t length;

    if (!lp_rd_u8(&walk->rest, &version) || !lp_rd_skip(&walk->rest, 3) ||
        !lp_rd_u16(&walk->rest, &length) || !lp_rd_u8(&walk->rest, &datagram->protocol) ||
        !lp_rd_skip(&walk->rest, 1) || !lp_rd_copy(&walk->rest, datagram->src.bytes, 16) ||
        !lp_rd_copy(&walk->rest, datagram->dst.bytes, 16) || version >> 4 != 6)
        return;
    datagram->src.family = datagram->dst.family = 6;
    (void)lp_ip_take_payload(walk, length != 0 ? length : to_end_of_frame(walk));
    walk->next = lp_layer_ip_payload;
}

bool lp_ip_plausible(struct lp_rd bytes, uint32_t cut)
{
    struct lp_rd all = bytes;
    uint64_t sent = (uint64_t)all.left + cut;
    uint8_t version;
    uint16_t length;

    if (!lp_rd_u8(&bytes, &version))
        return false;
    if (version >> 4 == 6)
        return lp_rd_skip(&bytes, 3) && lp_rd_u16(&bytes, &length) && all.left >= 40 &&
               length + 40U <= sent;
    size_t header = (version & 15U) * (size_t)4;
    return version >> 4 == 4 && header >= 20 && all.left >= header && lp_rd_skip(&bytes, 1) &&
           lp_rd_u16(&bytes, &length) && length >= header && length <= sent &&
           lp_checksum_right(lp_checksum_add(0, lp_rd_head(&all, header)));
}
