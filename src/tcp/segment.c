#include "tcp/segment.h"

#include "base/checksum.h"

bool lp_segment_read(const struct lp_datagram *datagram, struct lp_segment *out)
{
    struct lp_rd bytes = datagram->bytes;
    uint8_t words;

    if (!lp_rd_u16(&bytes, &out->src_port) || !lp_rd_u16(&bytes, &out->dst_port) ||
        !lp_rd_u32(&bytes, &out->seq) || !lp_rd_u32(&bytes, &out->ack) ||
        !lp_rd_u8(&bytes, &words) || !lp_rd_u8(&bytes, &out->flags))
        return false;
    uint32_t header = (words >> 4) * 4U;
    if (header < 20 || header > datagram->announced)
        return false;
    /* 14 bytes are read. A snap length that ends inside the options leaves a segment without data.
     */
    if (!lp_rd_skip(&bytes, header - 14))
        (void)lp_rd_rest(&bytes);
    out->datagram = datagram;
    out->data = bytes;
    out->announced = datagram->announced - header;
    return true;
}

/* The checksum field, as it stands. */
static bool checksum_field(struct lp_rd bytes, uint8_t field[2])
{
    enum { CHECKSUM_AT = 16 };
    return lp_rd_skip(&bytes, CHECKSUM_AT) && lp_rd_copy(&bytes, field, 2);
}

enum lp_checksum lp_segment_checksum(const struct lp_segment *segment)
{
    const struct lp_datagram *d = segment->datagram;
    size_t address = d->src.family == 4 ? 4 : 16;
    uint8_t tail[4] = {0, 6, (uint8_t)(d->announced >> 8), (uint8_t)d->announced}, field[2],
            zero[2] = {0, 0};

    if (d->bytes.left < d->announced || d->announced > UINT16_MAX ||
        !checksum_field(d->bytes, field))
        return LP_CHECKSUM_UNKNOWN;
    /* The pseudo header: addresses, protocol, length (RFC 9293 3.1; RFC 8200 8.1 counts the same).
     */
    uint64_t pseudo = lp_checksum_add(0, lp_rd_init(d->src.bytes, address));
    pseudo = lp_checksum_add(pseudo, lp_rd_init(d->dst.bytes, address));
    pseudo = lp_checksum_add(pseudo, lp_rd_init(tail, sizeof tail));
    if (lp_checksum_right(lp_checksum_add(pseudo, d->bytes)))
        return LP_CHECKSUM_RIGHT;
    if (memcmp(field, zero, 2) == 0 ||
        lp_checksum_equal(pseudo, lp_checksum_add(0, lp_rd_init(field, 2))))
        return LP_CHECKSUM_UNKNOWN;
    return LP_CHECKSUM_WRONG;
}
