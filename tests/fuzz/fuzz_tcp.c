/*
 * A script of segments: what the consumer is given must be exactly what was sent.
 *
 * Every byte of a stream follows from its place, so that the model is a map of the places that any
 * segment brought. Input: one byte of options, then steps of four bytes: a kind, a place (two
 * bytes), a length.
 */
#include "tcp/half.h"
#include "tcp/segment.h"
#include "tcp/tcp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { STREAM_MOST = 65536 + 256, HEADER = 20, STEPS_MOST = 400 };
enum { OPTION_SYN = 1, OPTION_WRAP = 2, OPTION_RELEASE = 4, OPTION_SMALL = 8, OPTION_DONE = 16 };
enum { KIND_DATA, KIND_CUT, KIND_ACK, KIND_FIN, KIND_RESET, KIND_ZERO_SUM, KIND_COUNT };

struct side {
    bool sent[STREAM_MOST]; /* the places that segments brought */
    uint64_t base;          /* stream offset of place 0 */
    uint64_t next;          /* stream offset behind what was delivered */
    size_t delivered;
    bool begun, gap;
};

struct world {
    struct lp_tcp *tcp;
    struct lp_budget budget;
    uint8_t options;
    uint32_t isn[2];
    struct side side[2];
    uint64_t frame;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint8_t byte_at(unsigned dir, size_t place)
{
    return (uint8_t)(0x80 | (place * 37 + (place >> 8) * 11 + dir));
}

static size_t first_sent(const struct side *side)
{
    size_t place = 0;
    while (place < STREAM_MOST && !side->sent[place])
        place++;
    return place;
}

/* The stream's next bytes, which must be what was sent at their places. */
static void check_bytes(struct world *world, unsigned dir, const struct lp_stream *stream)
{
    struct side *side = &world->side[dir];
    struct lp_rd bytes = stream->bytes;
    uint64_t end = stream->offset + stream->bytes.left;
    uint8_t byte;

    require(stream->bytes.left == 0 || stream->marks[stream->mark_count - 1].end == end);
    if (!side->begun) {
        size_t first = world->options & OPTION_SYN ? 0 : first_sent(side);
        side->begun = true;
        side->base = stream->offset - first;
        side->next = stream->offset;
    }
    if (side->gap)
        side->next = stream->offset;
    side->gap = false;
    require(stream->offset <= side->next);
    if (end <= side->next)
        return;
    require(lp_rd_skip(&bytes, (size_t)(side->next - stream->offset)));
    while (lp_rd_u8(&bytes, &byte)) {
        size_t place = (size_t)(side->next++ - side->base);
        require(place < STREAM_MOST && side->sent[place] && byte == byte_at(dir, place));
        side->delivered++;
    }
}

static struct lp_flow_answer on_bytes(void *ctx, struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream)
{
    struct world *world = ctx;
    struct lp_flow_answer answer = {.want = LP_FLOW_MORE};

    (void)flow;
    if (!(world->options & OPTION_SMALL))
        check_bytes(world, dir, stream);
    if (world->options & OPTION_RELEASE)
        answer.release = stream->bytes.left;
    if (world->options & OPTION_DONE && world->side[dir].delivered > 100)
        answer.want = LP_FLOW_DONE;
    return answer;
}

static void on_rewritten(void *ctx, struct lp_flow *flow, unsigned dir)
{
    (void)ctx;
    (void)flow;
    (void)dir;
    abort(); /* all copies are the same */
}

static void on_gap(void *ctx, struct lp_flow *flow, unsigned dir, enum lp_gap kind,
                   const struct lp_stream *rest)
{
    struct world *world = ctx;

    (void)flow;
    (void)kind;
    if (!(world->options & OPTION_SMALL))
        check_bytes(world, dir, rest);
    world->side[dir].gap = true;
}

static bool recognise(struct lp_rd bytes)
{
    (void)bytes;
    return false;
}

static void on_close(void *ctx, struct lp_flow *flow, const struct lp_flow_end ends[2], bool at_end)
{
    const struct world *world = ctx;
    (void)flow;
    require(at_end || world->options & OPTION_SMALL);
    require(ends[0].conflicts == 0 && ends[1].conflicts == 0);
}

static void put(uint8_t *at, unsigned size, uint32_t value)
{
    for (; size; size--, at++)
        *at = (uint8_t)(value >> (size - 1) * 8);
}

struct sent {
    unsigned dir;
    uint8_t flags;
    uint32_t seq;
    size_t place, n, cut;
    bool sum; /* a checksum that is neither right nor offloaded */
};

static void push(struct world *world, const struct sent *sent)
{
    uint8_t *segment = malloc(HEADER + sent->n);
    struct lp_datagram d = {.protocol = 6, .frame = ++world->frame};

    if (!segment)
        return;
    memset(segment, 0, HEADER);
    put(segment, 2, sent->dir ? 443 : 49152);
    put(segment + 2, 2, sent->dir ? 49152 : 443);
    put(segment + 4, 4, sent->seq);
    put(segment + 8, 4, world->isn[1 - sent->dir] + 1);
    segment[12] = 5 << 4;
    segment[13] = sent->flags;
    put(segment + 16, 2, sent->sum ? 0x1234 : 0);
    for (size_t i = 0; i < sent->n; i++)
        segment[HEADER + i] = byte_at(sent->dir, sent->place + i);
    d.src.family = d.dst.family = 4;
    d.src.bytes[0] = (uint8_t)(10 + sent->dir);
    d.dst.bytes[0] = (uint8_t)(11 - sent->dir);
    d.announced = (uint32_t)(HEADER + sent->n);
    d.bytes = lp_rd_init(segment, HEADER + sent->n - sent->cut);
    d.snapped = sent->cut != 0;
    lp_tcp_push(world->tcp, &d);
    free(segment);
}

static void push_step(struct world *world, uint8_t kind, uint16_t place, uint8_t length)
{
    struct sent sent = {.dir = kind >> 7, .flags = LP_TCP_ACK, .place = place};
    struct side *side = &world->side[sent.dir];

    sent.seq = world->isn[sent.dir] + 1 + place;
    switch ((kind & 0x7f) % KIND_COUNT) {
    case KIND_FIN:
        sent.flags |= LP_TCP_FIN;
        break;
    case KIND_RESET:
        sent.flags = LP_TCP_RST;
        sent.seq = (uint32_t)place << 16;
        break;
    case KIND_ACK:
        break;
    case KIND_CUT: /* keeps a byte: without one nothing tells where the stream begins */
        sent.n = length + 2U;
        sent.cut = length % (sent.n - 1);
        break;
    default:
        sent.n = length + 2U; /* a single byte may be a keep-alive, which beats nothing */
        sent.sum = (kind & 0x7f) % KIND_COUNT == KIND_DATA;
        break;
    }
    if (sent.place + sent.n > STREAM_MOST)
        return;
    for (size_t i = 0; i < sent.n - sent.cut; i++)
        side->sent[sent.place + i] = true;
    push(world, &sent);
}

static void push_syns(struct world *world)
{
    for (unsigned dir = 0; dir < 2; dir++)
        push(world, &(struct sent){.dir = dir,
                                   .flags = LP_TCP_SYN | (dir ? LP_TCP_ACK : 0),
                                   .seq = world->isn[dir]});
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct world *world = calloc(1, sizeof *world);
    struct lp_rd rd = lp_rd_init(bytes, n);
    struct lp_tcp_consumer consumer = {world, on_bytes, on_rewritten, on_gap, recognise, on_close};
    uint8_t kind, length;
    uint16_t place;

    if (!world || !lp_rd_u8(&rd, &world->options))
        goto out;
    world->budget.limit = world->options & OPTION_SMALL ? 5000 : UINT64_C(1) << 30;
    world->isn[0] = world->options & OPTION_WRAP ? UINT32_MAX - 300 : 77;
    world->isn[1] = world->isn[0] ^ 0x80000000U;
    world->tcp = lp_tcp_new(1, &world->budget, world->budget.limit, &consumer);
    if (!world->tcp)
        goto out;
    if (world->options & OPTION_SYN)
        push_syns(world);
    for (unsigned i = 0;
         i < STEPS_MOST && lp_rd_u8(&rd, &kind) && lp_rd_u16(&rd, &place) && lp_rd_u8(&rd, &length);
         i++)
        push_step(world, kind, place, length);
    lp_tcp_flush(world->tcp);
    require(world->budget.peak <= world->budget.limit && world->budget.used == 0);
    for (unsigned dir = 0; dir < 2 && !(world->options & (OPTION_SMALL | OPTION_DONE)); dir++) {
        size_t count = 0;
        for (size_t i = 0; i < STREAM_MOST; i++)
            count += world->side[dir].sent[i];
        require(count == world->side[dir].delivered);
    }
out:
    if (world)
        lp_tcp_free(world->tcp);
    free(world);
    return 0;
}
