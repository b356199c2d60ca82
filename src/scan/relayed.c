#include "scan/relayed.h"

#include "carrier/turn.h"

struct lp_flow_answer lp_relayed_read(struct lp_udp *udp, const struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream)
{
    struct lp_rd rest = stream->bytes, frame;
    struct lp_parcel parcel = {.protocol = LP_PROTOCOL_TCP,
                               .from = flow->end[dir],
                               .to = flow->end[1 - dir],
                               .checksum = LP_CHECKSUM_UNKNOWN};
    uint64_t from = stream->offset;
    enum lp_turn_next next;

    while ((next = lp_turn_next(&rest, &frame)) == LP_TURN_FRAME) {
        uint64_t to = stream->offset + (stream->bytes.left - rest.left);
        lp_stream_packet(stream, from, to, &parcel.frame, &parcel.time);
        parcel.bytes = frame;
        lp_udp_put(udp, &parcel, flow->outer, flow->outer_count);
        from = to;
    }
    return (struct lp_flow_answer){.want = next == LP_TURN_BROKEN ? LP_FLOW_DONE : LP_FLOW_MORE,
                                   .release = (size_t)(from - stream->offset)};
}
