#include "tcp/segment.h"

/* What is needed of the fixed part. */
static void read_fixed(const struct lp_rd *head, struct lp_segment *out, uint8_t *words)
{
    out->src_port = lp_at_u16(head, 0);
    out->dst_port = lp_at_u16(head, 2);
    out->seq = lp_at_u32(head, 4);
    out->ack = lp_at_u32(head, 8);
    *words = lp_at_u8(head, 12);
    out->flags = lp_at_u8(head, 13);
}

bool lp_segment_read(const struct lp_datagram *datagram, struct lp_segment *out)
{
    enum { NEEDED = 14 };
    struct lp_rd bytes = datagram->bytes, head;
    uint8_t words;

    if (!lp_rd_sub(&bytes, NEEDED, &head))
        return false;
    read_fixed(&head, out, &words);
    uint32_t header = (words >> 4) * 4U;
    if (header < 20 || header > datagram->announced)
        return false;
    /* A snap length that ends inside the options leaves a segment without data. */
    if (!lp_rd_skip(&bytes, header - NEEDED))
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
