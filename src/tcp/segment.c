#include "tcp/segment.h"

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

enum lp_checksum lp_segment_checksum(const struct lp_segment *segment)
{
    enum { CHECKSUM_AT = 16 };
    return lp_datagram_checksum(segment->datagram, CHECKSUM_AT);
}
