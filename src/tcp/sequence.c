/*
 * Where a segment stands: 32-bit sequence numbers as stream offsets, what is noted of each segment
 * whatever becomes of its bytes, and how well one fits a connection.
 */
#include "tcp/half.h"

#include <string.h>

enum { NEAR = 1 << 20 }; /* bytes: a stream's first data lies this close to its SYN */

static const uint64_t FIRST_OFFSET = UINT64_C(1)
                                     << 40; /* far from zero: earlier bytes may still come */

static void place(struct lp_half *half, uint32_t seq)
{
    half->placed = true;
    half->seq = seq;
    half->offset = half->low = half->high = FIRST_OFFSET;
}

static void note_syn(struct lp_half *half, uint32_t isn)
{
    half->end.syn = true;
    for (unsigned i = 0; i < half->isn_count; i++)
        if (half->isns[i] == isn)
            return;
    if (half->isn_count < LP_MAX_ISNS)
        half->isns[half->isn_count++] = isn;
}

static void note_fin(struct lp_half *half, uint64_t at)
{
    half->fins_differ |= half->has_fin && at != half->fin_at;
    half->fin_at = half->has_fin ? half->fin_at : at;
    half->has_fin = true;
}

void lp_half_note(struct lp_half *half, const struct lp_segment *segment)
{
    const struct lp_datagram *d = segment->datagram;
    uint32_t seq = segment->seq;

    if (half->end.packets++ == 0 || d->frame < half->end.first_frame) {
        half->end.first_frame = d->frame;
        half->end.first_time = d->time;
    }
    if (segment->flags & LP_TCP_SYN)
        note_syn(half, seq++);
    if ((segment->flags & (LP_TCP_SYN | LP_TCP_ACK)) == LP_TCP_SYN)
        half->end.opened = true;
    if (segment->flags & LP_TCP_RST)
        half->end.rst = true;
    half->end.fin |= (segment->flags & LP_TCP_FIN) != 0;
    if ((segment->flags & (LP_TCP_ACK | LP_TCP_RST)) == LP_TCP_ACK) {
        if (!half->has_ack || (int32_t)(segment->ack - half->first_ack) < 0)
            half->first_ack = segment->ack;
        if (!half->has_ack || (int32_t)(segment->ack - half->last_ack) > 0)
            half->last_ack = segment->ack;
        half->has_ack = true;
        half->end.acks = true;
    }
    if (!half->has_mac && d->has_mac) {
        half->has_mac = true;
        memcpy(half->mac, d->src_mac, 6);
    }
    if (segment->flags & LP_TCP_RST)
        return; /* the sequence number of a reset may be anything (RFC 9293 3.5.2) */
    if (!half->placed)
        place(half, seq);
    uint64_t from = lp_half_offset(half, seq), to = from + segment->announced;
    if (segment->flags & LP_TCP_FIN)
        note_fin(half, to);
    if (from < half->low)
        half->low = from;
    if (to > half->high) {
        half->high = to;
        half->seq = seq + segment->announced;
        half->offset = to;
    }
}

/* ---- does it fit? ---- */

/* How far a sequence number lies outside what was seen of a direction. */
static uint64_t distance(const struct lp_half *half, uint32_t seq)
{
    uint64_t offset = lp_half_offset(half, seq);
    return offset < half->low ? half->low - offset : offset > half->high ? offset - half->high : 0;
}

/* How far two sequence numbers are apart, by the shorter way round. */
static uint32_t apart(uint32_t a, uint32_t b)
{
    return a - b < b - a ? a - b : b - a;
}

static uint64_t data_misfit(const struct lp_half *half, const struct lp_half *peer,
                            const struct lp_segment *segment)
{
    uint64_t sum = 0;

    if (half->placed)
        sum += distance(half, segment->seq);
    else if (peer->has_ack &&
             !(segment->flags & LP_TCP_RST)) /* compare with what the other end has acknowledged */
        sum += apart(segment->seq, peer->first_ack) / 2;
    if ((segment->flags & (LP_TCP_ACK | LP_TCP_RST)) == LP_TCP_ACK && peer->placed)
        sum += distance(peer, segment->ack);
    return sum;
}

/* The same for a SYN, which must precede what is known of its direction. UINT64_MAX: it cannot
 * belong to it. */
static uint64_t syn_misfit(const struct lp_half *half, const struct lp_half *peer,
                           const struct lp_segment *segment)
{
    enum { THE_SAME, FITS, ANOTHER_ANSWER };
    bool answer = segment->flags & LP_TCP_ACK;

    for (unsigned i = 0; i < half->isn_count; i++)
        if (half->isns[i] == segment->seq)
            return THE_SAME;
    bool fits = !answer || !peer->isn_count || segment->ack == peer->isns[0] + 1;
    if (half->isn_count) { /* another number: only as one of several answers to the same SYN */
        bool known = peer->isn_count || (half->has_ack && segment->ack == half->first_ack);
        return answer && fits && known ? ANOTHER_ANSWER : UINT64_MAX;
    }
    uint64_t first = lp_half_offset(half, segment->seq);
    if (half->placed)
        fits = fits && first <= half->low && half->low - first < NEAR;
    else
        fits = fits && (!peer->has_ack || peer->first_ack - (segment->seq + 1) < NEAR);
    return fits ? FITS : UINT64_MAX;
}

uint64_t lp_half_misfit(const struct lp_half *half, const struct lp_half *peer,
                        const struct lp_segment *segment)
{
    return segment->flags & LP_TCP_SYN ? syn_misfit(half, peer, segment)
                                       : data_misfit(half, peer, segment);
}

bool lp_half_acked_unseen(const struct lp_half *half, const struct lp_half *peer)
{
    if (!peer->has_ack)
        return false;
    if (!half->placed) /* nothing but perhaps resets from this side: did the acknowledgements move?
                        */
        return peer->last_ack != peer->first_ack;
    uint64_t acked = lp_half_offset(half, peer->last_ack);
    /* A FIN takes a number of its own, and an acknowledgement far outside belongs to something
     * else. */
    return acked > half->high + 1 && acked - half->high < LP_FAR;
}
