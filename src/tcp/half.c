/*
 * How it works: sequence numbers become 64-bit stream offsets (sequence.c). Bytes
 * that follow on the stream's end are appended; all others become pieces, kept sorted in an array
 * and never overlapping. Every insertion first meets what is there: equal bytes are a
 * retransmission, different ones a conflict, which the better rank wins and otherwise the first
 * copy.
 *
 * Without a SYN the beginning is unknown: everything stays in pieces until the consumer recognises
 * the lowest bytes, or the end comes.
 */
#include "tcp/half.h"

#include <string.h>

/* Ranks of trust, the higher wins where copies differ. A single byte may be a keep-alive probe with
 * garbage in it. A checksum that the hardware was to fill in is no reason for doubt. */
enum { RANK_PROBE = 0, RANK_WRONG_CHECKSUM = 1, RANK_GOOD = 2 };

enum {
    MAX_PIECES = 16384, /* per direction; inserting moves pointers, so this bounds the time too */
    MAX_MARKS = 16384,
};

/* Where a segment's bytes go and what is known of them. */
struct incoming {
    uint64_t from, to; /* stream offsets of `bytes` */
    struct lp_rd bytes;
    uint8_t rank;
    const struct lp_datagram *datagram;
};

static uint64_t stream_end(const struct lp_assembly *assembly)
{
    return assembly->stream_offset + assembly->stream.len;
}

static uint64_t piece_end(const struct lp_piece *piece)
{
    return piece->offset + piece->length;
}

static void note_conflict(struct lp_half *half, const struct incoming *in, uint8_t old_rank)
{
    if (in->rank == RANK_PROBE || old_rank == RANK_PROBE)
        return; /* a keep-alive's byte is no data */
    if (half->end.conflicts++ == 0)
        half->end.first_conflict_frame = in->datagram->frame;
}

/* Lays incoming bytes [from, to) over `there`. True: they replaced it. */
static bool meet(struct lp_half *half, const struct incoming *in, uint64_t from, uint64_t to,
                 uint8_t *there, uint8_t rank)
{
    struct lp_rd bytes = in->bytes, part;

    if (!lp_rd_skip(&bytes, (size_t)(from - in->from)) ||
        !lp_rd_sub(&bytes, (size_t)(to - from), &part) || memcmp(there, part.ptr, part.left) == 0)
        return false;
    note_conflict(half, in, rank);
    if (in->rank <= rank)
        return false;
    memcpy(there, part.ptr, part.left);
    return true;
}

/* The index of the first mark that ends behind `offset`. */
static size_t find_mark(const struct lp_assembly *assembly, uint64_t offset)
{
    size_t low = 0, high = assembly->mark_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (assembly->marks[middle].end <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The part of the incoming bytes that the stream already has. */
static void meet_stream(struct lp_half *half, const struct incoming *in)
{
    struct lp_assembly *assembly = half->assembly;
    size_t i = find_mark(assembly, in->from);
    uint64_t mark_start = i ? assembly->marks[i - 1].end : assembly->stream_offset;

    for (; i < assembly->mark_count && mark_start < in->to; i++) {
        struct lp_mark *mark = &assembly->marks[i];
        uint64_t from = in->from > mark_start ? in->from : mark_start;
        uint64_t to = in->to < mark->end ? in->to : mark->end;
        bool whole = from == mark_start && to == mark->end;
        mark_start = mark->end;
        if (from >= to)
            continue;
        bool replaced = meet(half, in, from, to,
                             assembly->stream.bytes + (from - assembly->stream_offset), mark->rank);
        if (replaced && whole) {
            mark->frame = in->datagram->frame;
            mark->time = in->datagram->time;
        }
        if (whole && in->rank > mark->rank)
            mark->rank = in->rank;
        assembly->rewritten |= replaced;
    }
}

/* Freeing other connections helps only when it was not this one's own share that ran out. */
static enum lp_store refused(const struct lp_budget *own, size_t need)
{
    return lp_budget_fits(own, need) ? LP_STORE_BUDGET : LP_STORE_LIMIT;
}

/* Room for one more mark. When there are too many the last one grows instead: it then speaks for
 * several packets, and with the lowest of their ranks. */
static struct lp_mark *next_mark(struct lp_assembly *assembly, const struct lp_mark *mark)
{
    struct lp_mark *last = assembly->mark_count ? &assembly->marks[assembly->mark_count - 1] : NULL;

    if (last && ((last->frame == mark->frame && last->rank == mark->rank) ||
                 assembly->mark_count >= MAX_MARKS)) {
        if (mark->rank < last->rank)
            last->rank = mark->rank;
        if (mark->frame > last->frame) {
            last->frame = mark->frame;
            last->time = mark->time;
        }
        return last;
    }
    if (!lp_grow_array(&assembly->marks, &assembly->mark_cap, assembly->mark_count + 1,
                       sizeof *last))
        return NULL;
    last = &assembly->marks[assembly->mark_count++];
    *last = *mark;
    last->end = stream_end(assembly);
    return last;
}

static enum lp_store append(struct lp_assembly *assembly, struct lp_rd bytes,
                            const struct lp_mark *mark)
{
    struct lp_buf *stream = &assembly->stream;
    enum lp_grow grown = lp_buf_reserve(stream, bytes.left);

    if (grown == LP_GROW_BUDGET)
        return refused(stream->budget, stream->len + bytes.left - stream->cap);
    struct lp_mark *last = grown == LP_GROW_OK ? next_mark(assembly, mark) : NULL;
    if (!last || lp_buf_append(stream, bytes.ptr, bytes.left) != LP_GROW_OK)
        return LP_STORE_MEMORY;
    last->end = stream_end(assembly);
    return LP_STORE_OK;
}

/* The index of the first piece that ends behind `offset`. */
static size_t find_piece(const struct lp_assembly *assembly, uint64_t offset)
{
    size_t low = 0, high = assembly->piece_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (piece_end(assembly->pieces[middle]) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum lp_store insert_piece(struct lp_assembly *assembly, size_t index,
                                  const struct incoming *in, uint64_t from, uint64_t to)
{
    struct lp_budget *budget = assembly->stream.budget;
    struct lp_rd bytes = in->bytes;
    size_t length = (size_t)(to - from), cost = sizeof(struct lp_piece) + length;

    if (assembly->piece_count >= MAX_PIECES)
        return LP_STORE_LIMIT;
    if (!lp_grow_array(&assembly->pieces, &assembly->piece_cap, assembly->piece_count + 1,
                       sizeof(struct lp_piece *)))
        return LP_STORE_MEMORY;
    if (!lp_budget_take(budget, cost))
        return refused(budget, cost);
    struct lp_piece *piece = lp_alloc(cost);
    if (!piece || !lp_rd_skip(&bytes, (size_t)(from - in->from)) ||
        !lp_rd_copy(&bytes, piece->bytes, length)) {
        lp_budget_give(budget, cost);
        lp_free(piece);
        return LP_STORE_MEMORY;
    }
    piece->offset = from;
    piece->length = (uint32_t)length;
    piece->rank = in->rank;
    piece->frame = in->datagram->frame;
    piece->time = in->datagram->time;
    memmove(assembly->pieces + index + 1, assembly->pieces + index,
            (assembly->piece_count - index) * sizeof piece);
    assembly->pieces[index] = piece;
    assembly->piece_count++;
    return LP_STORE_OK;
}

/* The part of the incoming bytes that lies behind the stream: fills the holes between pieces, meets
 * the pieces. */
static enum lp_store meet_pieces(struct lp_half *half, const struct incoming *in, uint64_t at)
{
    struct lp_assembly *assembly = half->assembly;
    size_t i = find_piece(assembly, at);

    for (; at < in->to; i++) {
        uint64_t hole_end = i < assembly->piece_count && assembly->pieces[i]->offset < in->to
                                ? assembly->pieces[i]->offset
                                : in->to;
        if (at < hole_end) {
            enum lp_store stored = insert_piece(assembly, i, in, at, hole_end);
            if (stored != LP_STORE_OK)
                return stored;
            at = hole_end;
            continue;
        }
        struct lp_piece *piece = assembly->pieces[i];
        uint64_t to = piece_end(piece) < in->to ? piece_end(piece) : in->to;
        bool whole = at == piece->offset && to == piece_end(piece);
        bool replaced = meet(half, in, at, to, piece->bytes + (at - piece->offset), piece->rank);
        if (replaced && whole) {
            piece->frame = in->datagram->frame;
            piece->time = in->datagram->time;
        }
        if (whole && in->rank > piece->rank)
            piece->rank = in->rank;
        at = to;
    }
    return LP_STORE_OK;
}

static uint8_t rank_of(const struct lp_segment *segment)
{
    if (segment->announced == 1)
        return RANK_PROBE;
    return lp_segment_checksum(segment) == LP_CHECKSUM_WRONG ? RANK_WRONG_CHECKSUM : RANK_GOOD;
}

/* False: memory is short. */
static bool note_snapped(struct lp_assembly *assembly, uint64_t from, uint64_t to)
{
    if (!assembly->snapped) {
        assembly->snapped = lp_alloc_array(LP_MAX_SNAPPED, sizeof *assembly->snapped);
        if (!assembly->snapped)
            return false;
    }
    for (unsigned i = 0; i < assembly->snapped_count; i++)
        if (assembly->snapped[i].from <= from && to <= assembly->snapped[i].to)
            return true;
    if (assembly->snapped_count && assembly->snapped[assembly->snapped_count - 1].to == from) {
        assembly->snapped[assembly->snapped_count - 1].to = to;
        return true;
    }
    /* When full the last one stretches: with so many packets cut, any hole behind the first is the
     * snap length's. */
    if (assembly->snapped_count == LP_MAX_SNAPPED)
        assembly->snapped[assembly->snapped_count - 1].to = to;
    else
        assembly->snapped[assembly->snapped_count++] = (struct lp_range){from, to};
    return true;
}

static bool in_snapped(const struct lp_assembly *assembly, uint64_t offset)
{
    for (unsigned i = 0; i < assembly->snapped_count; i++)
        if (assembly->snapped[i].from <= offset && offset < assembly->snapped[i].to)
            return true;
    return false;
}

enum lp_store lp_half_prepare(struct lp_half *half, struct lp_budget *budget,
                              struct lp_slabs *assemblies)
{
    if (half->assembly)
        return LP_STORE_OK;
    if (!lp_budget_take(budget, sizeof *half->assembly))
        return refused(budget, sizeof *half->assembly);
    half->assembly = lp_slabs_take(assemblies);
    if (!half->assembly) {
        lp_budget_give(budget, sizeof *half->assembly);
        return LP_STORE_MEMORY;
    }
    half->assembly->stream.budget = budget;
    return LP_STORE_OK;
}

/* The offset of the first data byte of a segment. */
static uint64_t offset_of(const struct lp_half *half, const struct lp_segment *segment)
{
    return lp_half_offset(half, segment->seq + (segment->flags & LP_TCP_SYN ? 1 : 0));
}

bool lp_half_follows(struct lp_half *half, const struct lp_segment *segment, struct lp_mark *mark)
{
    struct lp_assembly *assembly = half->assembly;
    uint64_t from = offset_of(half, segment);

    if (assembly->stream.len || assembly->piece_count || assembly->frozen ||
        segment->data.left < segment->announced)
        return false;
    if (assembly->started ? from != assembly->stream_offset
                          : half->isn_count != 1 || from != lp_half_offset(half, half->isns[0] + 1))
        return false;
    *mark = (struct lp_mark){.end = from + segment->announced,
                             .frame = segment->datagram->frame,
                             .time = segment->datagram->time,
                             .rank = rank_of(segment)};
    if (mark->rank != RANK_GOOD)
        return false;
    assembly->started = assembly->good = true;
    assembly->stream_offset = from;
    return true;
}

enum lp_store lp_half_pass(struct lp_half *half, const struct lp_segment *segment, size_t n,
                           const struct lp_mark *mark)
{
    struct lp_assembly *assembly = half->assembly;
    struct lp_rd rest = lp_rd_head(&segment->data, segment->announced);

    if (!lp_rd_skip(&rest, n))
        (void)lp_rd_rest(&rest);
    assembly->stream_offset = mark->end - rest.left;
    return lp_rd_end(&rest) ? LP_STORE_OK : append(assembly, rest, mark);
}

bool lp_half_is_whole(const struct lp_half *half)
{
    const struct lp_assembly *assembly = half->assembly;

    if (!half->has_fin || half->fins_differ || half->high != half->fin_at)
        return half->done && half->has_fin;
    if (!assembly)
        return half->done ||
               (half->isn_count == 1 && half->fin_at == lp_half_offset(half, half->isns[0] + 1));
    return assembly->started && assembly->piece_count == 0 && !assembly->wrong &&
           !assembly->frozen && stream_end(assembly) == half->fin_at;
}

enum lp_store lp_half_store(struct lp_half *half, const struct lp_segment *segment)
{
    struct lp_assembly *assembly = half->assembly;
    struct incoming in = {.from = offset_of(half, segment), .datagram = segment->datagram};

    in.bytes = lp_rd_head(&segment->data, segment->announced);
    in.to = in.from + in.bytes.left;
    if (in.bytes.left < segment->announced && segment->datagram->snapped &&
        !note_snapped(assembly, in.to, in.from + segment->announced))
        return LP_STORE_MEMORY;
    in.rank = rank_of(segment);
    if (in.bytes.left == 0 || (in.rank == RANK_PROBE && in_snapped(assembly, in.from)))
        return LP_STORE_OK; /* a probe must not stand in for the byte that the snap length cut off
                             */
    assembly->good |= in.rank == RANK_GOOD;
    assembly->wrong |= in.rank == RANK_WRONG_CHECKSUM;

    uint64_t at = in.from;
    if (assembly->started) {
        meet_stream(half, &in);
        if (at < stream_end(assembly))
            at = stream_end(assembly);
        if (at >= in.to || assembly->frozen)
            return LP_STORE_OK;
        bool next = at == stream_end(assembly) &&
                    (assembly->piece_count == 0 || assembly->pieces[0]->offset >= in.to);
        if (next) {
            struct lp_mark mark = {0, in.datagram->frame, in.datagram->time, in.rank};
            struct lp_rd bytes = in.bytes;
            return lp_rd_skip(&bytes, (size_t)(at - in.from)) ? append(assembly, bytes, &mark)
                                                              : LP_STORE_OK;
        }
    }
    return meet_pieces(half, &in, at);
}

static void start_at(struct lp_half *half, uint64_t offset)
{
    struct lp_assembly *assembly = half->assembly;
    size_t before = find_piece(assembly, offset), kept = 0;

    assembly->started = true;
    assembly->stream_offset = offset;
    for (size_t i = 0; i < assembly->piece_count; i++) {
        if (i >= before) {
            assembly->pieces[kept++] = assembly->pieces[i];
            continue;
        }
        lp_budget_give(assembly->stream.budget,
                       sizeof(struct lp_piece) + assembly->pieces[i]->length);
        lp_free(assembly->pieces[i]);
    }
    assembly->piece_count = kept;
}

/* Of several initial sequence numbers, the one that the first acknowledgement lies closest behind.
 */
static uint32_t chosen_isn(const struct lp_half *half, const struct lp_half *peer)
{
    uint32_t isn = half->isns[0];

    for (unsigned i = 1; i < half->isn_count; i++)
        if (peer->first_ack - 1 - half->isns[i] < peer->first_ack - 1 - isn)
            isn = half->isns[i];
    return isn;
}

bool lp_half_find_start(struct lp_half *half, const struct lp_half *peer, bool now)
{
    struct lp_assembly *assembly = half->assembly;

    if (!assembly || half->isn_count == 0 || (half->isn_count > 1 && !peer->has_ack))
        return false;
    if (assembly->started)
        return true;
    uint64_t offset = lp_half_offset(half, chosen_isn(half, peer) + 1);
    size_t i = find_piece(assembly, offset);
    if (now || (i < assembly->piece_count && assembly->pieces[i]->offset <= offset))
        start_at(half, offset);
    return true;
}

void lp_half_start_here(struct lp_half *half)
{
    struct lp_assembly *assembly = half->assembly;

    if (!assembly || assembly->started)
        return;
    if (assembly->piece_count)
        start_at(half, assembly->pieces[0]->offset);
    else if (assembly->snapped_count)
        start_at(half, assembly->snapped[0].from);
}

struct lp_rd lp_half_lowest(const struct lp_half *half)
{
    const struct lp_assembly *assembly = half->assembly;
    if (!assembly || assembly->piece_count == 0)
        return lp_rd_init(NULL, 0);
    return lp_rd_init(assembly->pieces[0]->bytes, assembly->pieces[0]->length);
}

uint64_t lp_half_waiting(const struct lp_half *half)
{
    const struct lp_assembly *assembly = half->assembly;
    if (!assembly || assembly->piece_count == 0)
        return 0;
    return piece_end(assembly->pieces[assembly->piece_count - 1]) - assembly->pieces[0]->offset;
}

enum lp_store lp_half_drain(struct lp_half *half)
{
    struct lp_assembly *assembly = half->assembly;
    enum lp_store result = LP_STORE_OK;
    size_t moved = 0;

    if (!assembly || !assembly->started)
        return LP_STORE_OK;
    for (; moved < assembly->piece_count; moved++) {
        struct lp_piece *piece = assembly->pieces[moved];
        uint64_t end = stream_end(assembly);
        if (piece->offset > end)
            break;
        struct lp_rd bytes = lp_rd_init(piece->bytes, piece->length);
        if (piece->rank == RANK_PROBE && in_snapped(assembly, piece->offset))
            (void)lp_rd_rest(
                &bytes); /* a probe must not stand in for the byte that the snap length cut off */
        struct lp_mark mark = {0, piece->frame, piece->time, piece->rank};
        if (lp_rd_skip(&bytes, (size_t)(end - piece->offset)) && bytes.left &&
            (result = append(assembly, bytes, &mark)) != LP_STORE_OK)
            break;
        lp_budget_give(assembly->stream.budget, sizeof *piece + piece->length);
        lp_free(piece);
    }
    if (moved) {
        assembly->piece_count -= moved;
        memmove(assembly->pieces, assembly->pieces + moved,
                assembly->piece_count * sizeof assembly->pieces[0]);
    }
    return result;
}

struct lp_stream lp_half_stream(const struct lp_half *half)
{
    const struct lp_assembly *assembly = half->assembly;
    struct lp_stream stream = {lp_rd_init(assembly->stream.bytes, assembly->stream.len),
                               assembly->stream_offset, assembly->marks, assembly->mark_count};
    return stream;
}

void lp_half_release(struct lp_half *half, size_t n)
{
    struct lp_assembly *assembly = half->assembly;
    size_t gone = 0;

    if (n > assembly->stream.len)
        n = assembly->stream.len;
    /* Bytes with a wrong checksum stay: a better copy may still come for them. */
    uint64_t start = assembly->stream_offset;
    for (size_t i = 0; i < assembly->mark_count && start < assembly->stream_offset + n; i++) {
        if (assembly->marks[i].rank != RANK_GOOD)
            n = (size_t)(start - assembly->stream_offset);
        start = assembly->marks[i].end;
    }
    if (n == 0)
        return;
    assembly->stream.len -= n;
    memmove(assembly->stream.bytes, assembly->stream.bytes + n, assembly->stream.len);
    assembly->stream_offset += n;
    while (gone < assembly->mark_count && assembly->marks[gone].end <= assembly->stream_offset)
        gone++;
    assembly->mark_count -= gone;
    if (gone)
        memmove(assembly->marks, assembly->marks + gone,
                assembly->mark_count * sizeof assembly->marks[0]);
}

enum lp_gap lp_half_gap(const struct lp_half *half)
{
    const struct lp_assembly *assembly = half->assembly;

    if (in_snapped(assembly, stream_end(assembly)))
        return LP_GAP_SNAPPED;
    return assembly->piece_count || half->end.acked_unseen ? LP_GAP_LOST : LP_GAP_END;
}

bool lp_half_jump(struct lp_half *half)
{
    struct lp_assembly *assembly = half->assembly;

    if (assembly->piece_count == 0)
        return false;
    assembly->stream.len = 0;
    assembly->mark_count = 0;
    assembly->stream_offset = assembly->pieces[0]->offset;
    return true;
}

void lp_half_settle(struct lp_half *half, struct lp_slabs *assemblies)
{
    struct lp_assembly *assembly = half->assembly;

    if (assembly && assembly->good && assembly->wrong)
        assembly->frozen = true;
    else
        lp_half_finish(half, assemblies);
}

void lp_half_finish(struct lp_half *half, struct lp_slabs *assemblies)
{
    struct lp_assembly *assembly = half->assembly;

    half->done = true;
    half->assembly = NULL;
    if (!assembly)
        return;
    struct lp_budget *budget = assembly->stream.budget;
    for (size_t i = 0; i < assembly->piece_count; i++) {
        lp_budget_give(budget, sizeof(struct lp_piece) + assembly->pieces[i]->length);
        lp_free(assembly->pieces[i]);
    }
    lp_free(assembly->pieces);
    lp_free(assembly->marks);
    lp_free(assembly->snapped);
    lp_buf_free(&assembly->stream);
    lp_budget_give(budget, sizeof *assembly);
    lp_slabs_give(assemblies, assembly);
}

void lp_stream_packet(const struct lp_stream *stream, uint64_t from, uint64_t to, uint64_t *frame,
                      struct lp_time *time)
{
    uint64_t start = stream->offset;

    *frame = 0;
    for (size_t i = 0; i < stream->mark_count && start < to; i++) {
        const struct lp_mark *mark = &stream->marks[i];
        if (mark->end > from && mark->frame > *frame) {
            *frame = mark->frame;
            *time = mark->time;
        }
        start = mark->end;
    }
}

bool lp_stream_settled(const struct lp_stream *stream, uint64_t to)
{
    uint64_t start = stream->offset;

    for (size_t i = 0; i < stream->mark_count && start < to; i++) {
        if (stream->marks[i].rank != RANK_GOOD)
            return false;
        start = stream->marks[i].end;
    }
    return true;
}
