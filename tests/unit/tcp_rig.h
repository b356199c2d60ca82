/*
 * A table of connections under test: segments go in, a consumer writes down all that comes out.
 *
 * The consumer takes what it is given at face value (offsets, marks, gaps) and checks on the way
 * what tcp.h promises: marks that ascend and end with the bytes, offsets that never leave a hole
 * without a gap, one close per flow.
 */
#ifndef LP_TESTS_TCP_RIG_H
#define LP_TESTS_TCP_RIG_H

#include "packets.h"

#include "tcp/half.h"
#include "tcp/segment.h"
#include "tcp/tcp.h"

enum { RIG_SEGMENT_MOST = 4096 };

struct seen_gap {
    size_t at; /* how many bytes came before it */
    enum lp_gap kind;
};

/* What came out of one direction. */
struct seen_half {
    uint8_t *bytes;   /* owned: everything delivered, the gaps closed up */
    uint64_t *frames; /* owned: the packet that each byte is said to come from */
    size_t n, room;
    uint64_t next;  /* stream offset behind bytes[n - 1] */
    uint64_t first; /* stream offset of bytes[0] */
    bool rewound, gap_open;
    struct seen_gap *gaps; /* owned */
    unsigned gap_count, rewrites, calls;
};

struct seen_flow {
    struct seen_flow *next; /* owned; the order in which flows began to deliver or closed */
    struct lp_endpoint end[2];
    struct seen_half half[2];
    struct lp_flow_end ends[2];
    unsigned closes;
    bool at_end;
};

enum rig_release { RELEASE_ALL, RELEASE_NONE, RELEASE_SOME };

struct rig {
    struct lp_budget budget;
    struct lp_tcp *tcp;
    struct seen_flow *flows; /* owned */
    struct seen_flow **last; /* where the next one goes */
    size_t flow_count;
    uint64_t frame;
    int64_t clock;
    struct guarded page; /* segments end where it ends */
    /* How the consumer behaves. */
    enum rig_release release;
    size_t done_after[2]; /* LP_FLOW_DONE from so many bytes on; 0: never */
    size_t charge;        /* bytes of budget that each flow's state costs */
};

static inline struct seen_flow *rig_flow(struct rig *rig, struct lp_flow *flow)
{
    if (flow->state)
        return flow->state;
    struct seen_flow *seen = calloc(1, sizeof *seen);
    assert_non_null(seen);
    memcpy(seen->end, flow->end, sizeof seen->end);
    *rig->last = seen;
    rig->last = &seen->next;
    rig->flow_count++;
    flow->state = seen;
    return seen;
}

static inline void rig_check_marks(const struct lp_stream *stream)
{
    uint64_t at = stream->offset;

    for (size_t i = 0; i < stream->mark_count; i++) {
        assert_true(stream->marks[i].end > at);
        assert_true(stream->marks[i].frame > 0);
        at = stream->marks[i].end;
    }
    assert_int_equal(at, stream->offset + stream->bytes.left);
}

/* Appends what is new of the stream. */
static inline void rig_take(struct seen_half *half, const struct lp_stream *stream)
{
    uint64_t end = stream->offset + stream->bytes.left;
    size_t mark = 0;

    if (half->rewound) { /* what is still in the stream comes again */
        assert_true(stream->offset >= half->first && half->gap_count == 0);
        half->n = (size_t)(stream->offset - half->first);
        half->next = stream->offset;
    } else if (half->gap_open) {
        assert_true(stream->offset >= half->next);
        half->next = stream->offset;
    } else if (half->n == 0) {
        half->first = half->next = stream->offset;
    }
    half->rewound = half->gap_open = false;
    assert_true(stream->offset <= half->next);
    if (end <= half->next)
        return;
    size_t fresh = (size_t)(end - half->next);
    if (half->n + fresh > half->room) {
        half->room = (half->n + fresh) * 2;
        half->bytes = realloc(half->bytes, half->room);
        half->frames = realloc(half->frames, half->room * sizeof *half->frames);
        assert_true(half->bytes && half->frames);
    }
    memcpy(half->bytes + half->n, stream->bytes.ptr + (half->next - stream->offset), fresh);
    for (; half->next < end; half->next++) {
        while (stream->marks[mark].end <= half->next)
            mark++;
        half->frames[half->n++] = stream->marks[mark].frame;
    }
}

static inline struct lp_flow_answer rig_bytes(void *ctx, struct lp_flow *flow, unsigned dir,
                                              const struct lp_stream *stream)
{
    struct rig *rig = ctx;
    struct lp_flow_answer answer = {.want = LP_FLOW_MORE};

    if (!flow->state && rig->charge && !lp_budget_take(&flow->budget, rig->charge))
        return (struct lp_flow_answer){.want = LP_FLOW_ROOM};
    struct seen_half *half = &rig_flow(rig, flow)->half[dir];
    rig_check_marks(stream);
    rig_take(half, stream);
    half->calls++;
    if (rig->done_after[dir] && half->n >= rig->done_after[dir])
        answer.want = LP_FLOW_DONE;
    answer.release = rig->release == RELEASE_ALL    ? stream->bytes.left
                     : rig->release == RELEASE_SOME ? stream->bytes.left / 2
                                                    : 0;
    return answer;
}

static inline void rig_rewritten(void *ctx, struct lp_flow *flow, unsigned dir)
{
    struct seen_half *half = &rig_flow(ctx, flow)->half[dir];

    half->rewrites++;
    half->rewound = true;
}

static inline void rig_gap(void *ctx, struct lp_flow *flow, unsigned dir, enum lp_gap kind,
                           const struct lp_stream *rest)
{
    struct seen_half *half = &rig_flow(ctx, flow)->half[dir];

    rig_check_marks(rest);
    rig_take(half, rest);
    half->gaps = realloc(half->gaps, (half->gap_count + 1) * sizeof *half->gaps);
    assert_non_null(half->gaps);
    half->gaps[half->gap_count++] = (struct seen_gap){half->n, kind};
    half->gap_open = true;
}

static inline bool rig_recognise(struct lp_rd bytes)
{
    uint8_t first, second;
    return lp_rd_u8(&bytes, &first) && lp_rd_u8(&bytes, &second) && first == 'H' && second == 'I';
}

static inline void rig_close(void *ctx, struct lp_flow *flow, const struct lp_flow_end ends[2],
                             bool at_end)
{
    struct rig *rig = ctx;
    bool charged = flow->state && rig->charge;
    struct seen_flow *seen = rig_flow(rig, flow);

    seen->closes++;
    seen->at_end = at_end;
    memcpy(seen->ends, ends, sizeof seen->ends);
    memcpy(seen->end, flow->end, sizeof seen->end);
    if (charged)
        lp_budget_give(&flow->budget, rig->charge);
    flow->state = NULL;
    assert_int_equal(1, seen->closes);
}

/* Limits of 0 mean plenty. */
static inline void rig_open(struct rig *rig, uint64_t limit, uint64_t max_connection)
{
    static const uint8_t nothing[RIG_SEGMENT_MOST];
    struct lp_tcp_consumer consumer = {rig,     rig_bytes,     rig_rewritten,
                                       rig_gap, rig_recognise, rig_close};

    memset(rig, 0, sizeof *rig);
    rig->budget.limit = limit ? limit : UINT64_C(1) << 30;
    rig->last = &rig->flows;
    rig->clock = 1700000000;
    rig->page = guarded_copy(nothing, sizeof nothing);
    rig->tcp =
        lp_tcp_new(7, &rig->budget, max_connection ? max_connection : UINT64_C(1) << 28, &consumer);
}

static inline void rig_forget(struct rig *rig)
{
    while (rig->flows) {
        struct seen_flow *flow = rig->flows;
        rig->flows = flow->next;
        for (unsigned dir = 0; dir < 2; dir++) {
            free(flow->half[dir].bytes);
            free(flow->half[dir].frames);
            free(flow->half[dir].gaps);
        }
        free(flow);
    }
    rig->last = &rig->flows;
    rig->flow_count = 0;
}

/* Flushes; from then on the flows can be looked at. Every byte of budget must be back. */
static inline void rig_flush(struct rig *rig)
{
    lp_tcp_flush(rig->tcp);
    assert_true(rig->budget.peak <= rig->budget.limit);
    assert_int_equal(0, rig->budget.used);
}

static inline void rig_shut(struct rig *rig)
{
    lp_tcp_free(rig->tcp);
    assert_int_equal(0, rig->budget.used);
    rig_forget(rig);
    guarded_free(&rig->page);
}

enum checksum_kind { SUM_RIGHT = 0, SUM_WRONG, SUM_ZERO };

struct seg {
    bool back; /* from the server to the client */
    uint32_t seq, ack;
    uint8_t flags;
    const void *bytes;
    size_t n;
    size_t cut; /* so many bytes of data are missing in the capture (snap length) */
    enum checksum_kind sum;
    uint16_t client_port; /* 0: 49152 */
    uint16_t server_port; /* 0: 443 */
};

/* The segment as a datagram whose captured bytes end before the guard page. */
static inline struct lp_datagram rig_datagram(const struct rig *rig, const struct seg *seg)
{
    uint16_t client = seg->client_port ? seg->client_port : 49152;
    uint16_t server = seg->server_port ? seg->server_port : 443;
    size_t whole = 20 + seg->n, n = whole - seg->cut;
    uint8_t *at = rig->page.bytes + rig->page.n - n;
    struct lp_datagram d = {.protocol = TCP,
                            .bytes = lp_rd_init(at, n),
                            .announced = (uint32_t)whole,
                            .snapped = seg->cut != 0,
                            .has_mac = true,
                            .src_mac = {2, 0, 0, 0, 0, seg->back},
                            .frame = rig->frame,
                            .time = {.sec = rig->clock, .nsec = (uint32_t)rig->frame}};
    struct lp_ip ends[2] = {{4, {10, 0, 0, 5}}, {4, {10, 201, 160, 201}}};
    uint32_t sum = TCP + (uint32_t)whole;

    assert_true(whole <= rig->page.n && seg->cut <= seg->n);
    d.src = ends[seg->back];
    d.dst = ends[!seg->back];
    memset(at, 0, 20);
    put_u16(at, seg->back ? server : client);
    put_u16(at + 2, seg->back ? client : server);
    put_u32(at + 4, seg->seq);
    put_u32(at + 8, seg->ack);
    at[12] = 5 << 4;
    at[13] = seg->flags;
    if (n > 20)
        memcpy(at + 20, seg->bytes, n - 20);
    sum = sum_words(sum_words(sum, d.src.bytes, 4), d.dst.bytes, 4);
    sum = ~sum_words(sum, at, n) & 0xffff;
    put_u16(at + 16, seg->sum == SUM_ZERO ? 0 : seg->sum == SUM_WRONG ? sum ^ 0x5aa5 : sum);
    return d;
}

static inline void rig_push(struct rig *rig, const struct seg *seg)
{
    rig->frame++;
    struct lp_datagram d = rig_datagram(rig, seg);
    lp_tcp_push(rig->tcp, &d);
}

/* Which direction of the flow is the client's, whose address is the lower. */
enum { UP = 0, DOWN = 1 };

/* The only flow; fails when there are more. */
static inline struct seen_flow *rig_only(const struct rig *rig)
{
    assert_int_equal(1, rig->flow_count);
    return rig->flows;
}

static inline void assert_delivered(const struct seen_half *half, const void *bytes, size_t n)
{
    assert_int_equal(n, half->n);
    if (n)
        assert_memory_equal(bytes, half->bytes, n);
}

/* A small generator whose numbers are the same everywhere. */
static inline uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % below);
}

#endif
