/* The checksum that TCP and UDP share: over a pseudo header, the header and the payload. */
#include "base/checksum.h"

#include "net/net.h"

/* The checksum field, as it stands. */
static bool field_at(struct lp_rd bytes, size_t at, uint8_t field[2])
{
    return lp_rd_skip(&bytes, at) && lp_rd_copy(&bytes, field, 2);
}

enum lp_checksum lp_datagram_checksum(const struct lp_datagram *d, size_t at)
{
    size_t address = d->src.family == 4 ? 4 : 16;
    uint8_t tail[4] = {0, d->protocol, (uint8_t)(d->announced >> 8), (uint8_t)d->announced},
            field[2], zero[2] = {0, 0};

    if (d->bytes.left < d->announced || d->announced > UINT16_MAX || !field_at(d->bytes, at, field))
        return LP_CHECKSUM_UNKNOWN;
    /* The pseudo header: addresses, protocol, length (RFC 9293 3.1, RFC 768; RFC 8200 8.1 counts
     * the same). */
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
