/* One TCP segment (RFC 9293 3.1) as read from a datagram. */
#ifndef LP_TCP_SEGMENT_H
#define LP_TCP_SEGMENT_H

#include "net/net.h"

enum { LP_TCP_FIN = 1, LP_TCP_SYN = 2, LP_TCP_RST = 4, LP_TCP_ACK = 16 };

struct lp_segment {
    const struct lp_datagram *datagram; /* borrowed for the call */
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t flags;
    struct lp_rd data;  /* the captured part of the payload */
    uint32_t announced; /* the payload's length by the IP header */
};

/* False: too short to be a segment. */
bool lp_segment_read(const struct lp_datagram *datagram, struct lp_segment *out);

enum lp_checksum lp_segment_checksum(const struct lp_segment *segment);

#endif
