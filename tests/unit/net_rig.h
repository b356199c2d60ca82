/* A net with its budget, and what it handed out: each datagram kept with a copy of its bytes. */
#ifndef LP_TESTS_NET_RIG_H
#define LP_TESTS_NET_RIG_H

#include "packets.h"

enum { SEEN_MOST = 8192 };

struct seen {
    struct lp_datagram datagram; /* its bytes are the copy's */
    uint8_t *copy;               /* owned */
};

struct rig {
    struct lp_budget budget;
    struct lp_net *net;  /* owned */
    uint64_t number;     /* of the last frame pushed */
    struct lp_time time; /* of the next frame */
    struct seen seen[SEEN_MOST];
    size_t count;
};

/* Every call keeps the promises of net.h. */
static inline void rig_take(void *ctx, const struct lp_datagram *datagram)
{
    struct rig *rig = ctx;
    assert_true(rig->count < SEEN_MOST);
    struct seen *seen = &rig->seen[rig->count++];

    assert_non_null(datagram->bytes.ptr);
    assert_true(datagram->announced >= datagram->bytes.left);
    assert_true(datagram->src.family == 4 || datagram->src.family == 6);
    assert_int_equal(datagram->src.family, datagram->dst.family);
    assert_true(datagram->frame >= 1 && datagram->frame <= rig->number);
    seen->datagram = *datagram;
    seen->copy = malloc(datagram->bytes.left + 1);
    assert_non_null(seen->copy);
    memcpy(seen->copy, datagram->bytes.ptr, datagram->bytes.left);
    seen->datagram.bytes = lp_rd_init(seen->copy, datagram->bytes.left);
}

/* The rig is static, as it is large; one at a time. */
static inline struct rig *rig_open(uint64_t budget)
{
    static struct rig the_rig;
    struct rig *rig = &the_rig;

    rig->budget = (struct lp_budget){.limit = budget};
    rig->number = 0;
    rig->time = (struct lp_time){.sec = 1700000000};
    rig->count = 0;
    rig->net = lp_net_new(0x5eed, &rig->budget, rig_take, rig);
    assert_non_null(rig->net);
    return rig;
}

static inline void rig_forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->count; i++)
        free(rig->seen[i].copy);
    rig->count = 0;
}

/* Nothing may be left charged. */
static inline void rig_close(struct rig *rig)
{
    lp_net_free(rig->net);
    assert_int_equal(0, rig->budget.used);
    rig_forget(rig);
}

/* Pushes the packet's first `captured` bytes, which end at the guard page, as a frame of which
 * `original` bytes were on the wire. */
static inline void rig_push_cut(struct rig *rig, int link, struct packet *p, size_t captured,
                                uint32_t original)
{
    static struct guarded area; /* lives as long as the program: many frames are pushed */

    if (!area.map)
        area = guarded_copy(p->room, PACKET_MOST);
    uint8_t *at = area.bytes + PACKET_MOST - captured;
    memcpy(at, packet_bytes(p), captured);
    const struct lp_frame frame = {.number = ++rig->number,
                                   .time = rig->time,
                                   .bytes = lp_rd_init(at, captured),
                                   .original = original};
    lp_net_push(rig->net, link, &frame);
}

static inline void rig_push(struct rig *rig, int link, struct packet *p)
{
    rig_push_cut(rig, link, p, p->n, (uint32_t)p->n);
}

static inline const struct lp_datagram *rig_datagram(const struct rig *rig, size_t i)
{
    assert_true(i < rig->count);
    return &rig->seen[i].datagram;
}

/* The i-th datagram handed out is whole and holds these bytes. */
static inline void rig_assert_whole(const struct rig *rig, size_t i, const void *bytes, size_t n)
{
    const struct lp_datagram *datagram = rig_datagram(rig, i);
    assert_int_equal(n, datagram->bytes.left);
    assert_int_equal(n, datagram->announced);
    assert_false(datagram->snapped);
    assert_memory_equal(bytes, datagram->bytes.ptr, n);
}

#endif
