#include "scan/relayed.h"

#include "carrier/radius.h"
#include "carrier/turn.h"

enum lp_relayed lp_relayed_begins(struct lp_rd stream)
{
    enum lp_turn_next turn = lp_turn_begins(stream);
    enum lp_radius_next radius = lp_radius_begins(stream);

    if (turn == LP_TURN_FRAME)
        return LP_RELAYED_TURN;
    if (radius == LP_RADIUS_PACKET)
        return LP_RELAYED_RADIUS;
    return turn == LP_TURN_MORE || radius == LP_RADIUS_MORE ? LP_RELAYED_MAYBE : LP_RELAYED_NOT;
}

enum next { WHOLE, MORE, BROKEN };

static enum next next_of(enum lp_relayed relayed, struct lp_rd *rest, struct lp_rd *datagram)
{
    static const enum next turn[] = {
        [LP_TURN_FRAME] = WHOLE, [LP_TURN_MORE] = MORE, [LP_TURN_BROKEN] = BROKEN};
    static const enum next radius[] = {
        [LP_RADIUS_PACKET] = WHOLE, [LP_RADIUS_MORE] = MORE, [LP_RADIUS_BROKEN] = BROKEN};

    return relayed == LP_RELAYED_TURN ? turn[lp_turn_next(rest, datagram)]
                                      : radius[lp_radius_next(rest, datagram)];
}

struct lp_flow_answer lp_relayed_read(enum lp_relayed relayed, struct lp_udp *udp,
                                      const struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream)
{
    struct lp_rd rest = stream->bytes, datagram;
    struct lp_parcel parcel = {.protocol = LP_PROTOCOL_TCP,
                               .from = flow->end[dir],
                               .to = flow->end[1 - dir],
                               .checksum = LP_CHECKSUM_UNKNOWN};
    uint64_t from = stream->offset;
    enum next next;

    while ((next = next_of(relayed, &rest, &datagram)) == WHOLE) {
        uint64_t to = stream->offset + (stream->bytes.left - rest.left);
        lp_stream_packet(stream, from, to, &parcel.frame, &parcel.time);
        parcel.bytes = datagram;
        lp_udp_put(udp, &parcel, flow->outer, flow->outer_count);
        from = to;
    }
    return (struct lp_flow_answer){.want = next == BROKEN ? LP_FLOW_DONE : LP_FLOW_MORE,
                                   .release = (size_t)(from - stream->offset)};
}
