/* Which segment belongs to which connection, and what the budgets do to them. */
#include "tcp_rig.h"

enum { CLIENT_ISN = 5000, SERVER_ISN = 70000 };

static const char text[] = "the quick brown fox jumps over the lazy dog, and over the next one too";

static void push_syn(struct rig *rig, uint32_t isn)
{
    rig_push(rig, &(struct seg){.seq = isn, .flags = LP_TCP_SYN});
}

static void push_answer(struct rig *rig, uint32_t isn, uint32_t client_isn)
{
    rig_push(rig, &(struct seg){.back = true,
                                .seq = isn,
                                .ack = client_isn + 1,
                                .flags = LP_TCP_SYN | LP_TCP_ACK});
}

/* n bytes of the text from `from`, server to client. */
static struct seg down(size_t from, size_t n)
{
    return (struct seg){.back = true,
                        .seq = (uint32_t)(SERVER_ISN + 1 + from),
                        .ack = CLIENT_ISN + 1,
                        .flags = LP_TCP_ACK,
                        .bytes = text + from,
                        .n = n};
}

static void push_down(struct rig *rig, size_t from, size_t n)
{
    struct seg seg = down(from, n);
    rig_push(rig, &seg);
}

static void push_open(struct rig *rig)
{
    push_syn(rig, CLIENT_ISN);
    push_answer(rig, SERVER_ISN, CLIENT_ISN);
}

/* A connection of its own client port: SYN and n bytes, which no consumer recognises. */
static void push_short(struct rig *rig, unsigned port, const void *bytes, size_t n)
{
    struct seg seg = {.client_port = (uint16_t)(1024 + port % 60000),
                      .server_port = (uint16_t)(443 + port / 60000),
                      .seq = port * 17,
                      .flags = LP_TCP_SYN};
    rig_push(rig, &seg);
    seg.seq++;
    seg.flags = LP_TCP_ACK;
    seg.bytes = bytes;
    seg.n = n;
    rig_push(rig, &seg);
}

/* ---- which connection ---- */

static void lp_tcp_push_knows_the_ends_and_their_macs(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, 0, 0);
    push_open(&rig);
    push_down(&rig, 0, 10);
    rig_flush(&rig);
    struct seen_flow *flow = rig_only(&rig);
    assert_int_equal(49152, flow->end[UP].port);
    assert_int_equal(443, flow->end[DOWN].port);
    assert_int_equal(10, flow->end[UP].ip.bytes[0]);
    assert_true(flow->end[UP].has_mac && flow->end[DOWN].has_mac);
    assert_int_equal(0, flow->end[UP].mac[5]);
    assert_int_equal(1, flow->end[DOWN].mac[5]);
    assert_true(flow->ends[UP].opened && !flow->ends[DOWN].opened);
    assert_true(flow->ends[DOWN].acks && !flow->ends[UP].acks);
    assert_int_equal(1, flow->ends[UP].packets);
    assert_int_equal(2, flow->ends[DOWN].packets);
    assert_int_equal(2, flow->ends[DOWN].first_frame);
    rig_shut(&rig);
}

/* The same two ends again: with or without a visible end of the first, near or far numbers. */
static void check_reuse(uint8_t end_flags, uint32_t jump)
{
    struct rig rig;
    struct seg late = down(20, 10), second = down(30, 20);

    rig_open(&rig, 0, 0);
    push_open(&rig);
    push_down(&rig, 0, 20);
    if (end_flags)
        rig_push(&rig, &(struct seg){.back = true,
                                     .seq = SERVER_ISN + 31,
                                     .ack = CLIENT_ISN + 1,
                                     .flags = end_flags});
    push_syn(&rig, CLIENT_ISN + jump);
    push_answer(&rig, SERVER_ISN + jump, CLIENT_ISN + jump);
    second.seq = SERVER_ISN + jump + 1;
    second.ack = CLIENT_ISN + jump + 1;
    rig_push(&rig, &second);
    rig_push(&rig, &late); /* of the first */
    rig_flush(&rig);
    assert_int_equal(2, rig.flow_count);
    assert_delivered(&rig.flows->half[DOWN], text, 30);
    assert_delivered(&rig.flows->next->half[DOWN], text + 30, 20);
    assert_int_equal(0, rig.flows->ends[DOWN].conflicts + rig.flows->next->ends[DOWN].conflicts);
    rig_shut(&rig);
}

static void lp_tcp_push_of_a_reused_four_tuple_begins_another_flow(void **state)
{
    (void)state;
    for (uint32_t jump = 1000; jump < 0x80000000; jump *= 3) {
        check_reuse(0, jump);
        check_reuse(LP_TCP_FIN | LP_TCP_ACK, jump);
        check_reuse(LP_TCP_RST, jump);
    }
}

/* However often: each has a flow of its own, and none is lost. */
static void lp_tcp_push_of_many_incarnations_delivers_each(void **state)
{
    enum { MANY = 200 };
    struct rig rig;
    unsigned i = 0;

    (void)state;
    rig_open(&rig, 0, 0);
    for (uint32_t jump = 0; i < MANY; i++, jump += 0x01234567) {
        struct seg seg = down(i % 40, 20);
        push_syn(&rig, CLIENT_ISN + jump);
        push_answer(&rig, SERVER_ISN + jump, CLIENT_ISN + jump);
        seg.seq = SERVER_ISN + jump + 1;
        seg.ack = CLIENT_ISN + jump + 1;
        rig_push(&rig, &seg);
    }
    rig_flush(&rig);
    assert_int_equal(MANY, rig.flow_count);
    i = 0;
    for (const struct seen_flow *flow = rig.flows; flow; flow = flow->next, i++)
        assert_delivered(&flow->half[DOWN], text + i % 40, 20);
    rig_shut(&rig);
}

/* A hundred thousand SYNs between two ends: finding the connection must stay cheap. */
static void lp_tcp_push_of_a_syn_flood_on_one_four_tuple_stays_cheap(void **state)
{
    enum { MANY = 100000 };
    struct rig rig;

    (void)state;
    rig_open(&rig, 0, 0);
    for (uint32_t i = 0; i < MANY; i++)
        push_syn(&rig, i * 0x9e3779b9);
    rig_flush(&rig);
    assert_int_equal(MANY, rig.flow_count);
    rig_shut(&rig);
}

static void lp_tcp_push_of_stray_resets_and_fins_keeps_the_data_coming(void **state)
{
    static const uint32_t anywhere[] = {0, SERVER_ISN + 11, 0x80000000, 0xffffffff,
                                        CLIENT_ISN + 1 + 0x80000000U};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof anywhere / sizeof anywhere[0]; i++) {
        rig_open(&rig, 0, 0);
        push_open(&rig);
        push_down(&rig, 0, 10);
        rig_push(&rig, &(struct seg){.seq = anywhere[i], .flags = LP_TCP_RST});
        rig_push(&rig, &(struct seg){.back = true, .seq = anywhere[i], .flags = LP_TCP_RST});
        rig_push(&rig, &(struct seg){.back = true,
                                     .seq = SERVER_ISN + 51,
                                     .ack = CLIENT_ISN + 1,
                                     .flags = LP_TCP_FIN | LP_TCP_ACK});
        push_down(&rig, 30, 20);
        push_down(&rig, 10, 20);
        rig_flush(&rig);
        assert_delivered(&rig.flows->half[DOWN], text, 50);
        assert_int_equal(1, rig.flows->half[DOWN].gap_count);
        assert_true(rig.flows->ends[DOWN].fin);
        rig_shut(&rig);
    }
}

/* A sequence number that lies exactly half the circle away has two distances. */
static void lp_tcp_push_of_far_away_segments_leaves_the_flow_alone(void **state)
{
    static const uint32_t jumps[] = {0x02000000, 0x40000000, 0x7fffffff,
                                     0x80000000, 0xc0000000, 0xf0000000};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        rig_open(&rig, 0, 0);
        push_open(&rig);
        push_down(&rig, 0, 10);
        for (size_t n = 0; n < 3; n++) { /* an acknowledgement, a probe, data */
            struct seg garbage = {.back = true,
                                  .seq = SERVER_ISN + jumps[i],
                                  .ack = CLIENT_ISN + 1,
                                  .flags = LP_TCP_ACK,
                                  .bytes = "XX",
                                  .n = n};
            rig_push(&rig, &garbage);
            garbage.back = false;
            garbage.seq = CLIENT_ISN + jumps[i];
            garbage.ack = SERVER_ISN + 11;
            rig_push(&rig, &garbage);
        }
        push_down(&rig, 40, 20);
        push_down(&rig, 10, 30);
        rig_flush(&rig);
        assert_delivered(&rig.flows->half[DOWN], text, 60);
        assert_int_equal(0, rig.flows->half[UP].n);
        assert_false(rig.flows->ends[DOWN].acked_unseen);
        rig_shut(&rig);
    }
}

static void lp_tcp_flush_tells_what_was_acknowledged_but_not_seen(void **state)
{
    struct rig rig;

    (void)state;
    for (uint32_t unseen = 0; unseen < 2; unseen++) {
        rig_open(&rig, 0, 0);
        push_open(&rig);
        push_down(&rig, 0, 10);
        rig_push(&rig, &(struct seg){.seq = CLIENT_ISN + 1,
                                     .ack = SERVER_ISN + 11 + unseen * 1000,
                                     .flags = LP_TCP_ACK});
        rig_flush(&rig);
        assert_int_equal(unseen, rig.flows->ends[DOWN].acked_unseen);
        assert_int_equal(unseen ? LP_GAP_LOST : LP_GAP_END, rig.flows->half[DOWN].gaps[0].kind);
        rig_shut(&rig);
    }
}

/* Without a SYN the consumer says where the stream begins; what it recognises need not wait. */
static void lp_tcp_push_without_syn_starts_where_the_consumer_recognises(void **state)
{
    struct rig rig;
    struct seg seg = down(0, 10);

    (void)state;
    rig_open(&rig, 0, 0);
    rig_push(&rig, &seg);
    assert_int_equal(0, rig.flow_count);
    seg.seq -= 2;
    seg.bytes = "HI";
    seg.n = 2;
    rig_push(&rig, &seg);
    assert_int_equal(12, rig_only(&rig)->half[DOWN].n);
    rig_flush(&rig);
    rig_shut(&rig);
}

/* Where all data were cut off, the consumer hears of it, with or without a SYN. */
static void lp_tcp_flush_of_a_stream_without_a_byte_tells_the_snap_length(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned syn = 0; syn < 2; syn++) {
        struct seg seg = down(0, 10);
        seg.cut = seg.n;
        rig_open(&rig, 0, 0);
        if (syn)
            push_open(&rig);
        rig_push(&rig, &seg);
        rig_flush(&rig);
        assert_int_equal(1, rig_only(&rig)->half[DOWN].gap_count);
        assert_int_equal(LP_GAP_SNAPPED, rig.flows->half[DOWN].gaps[0].kind);
        rig_shut(&rig);
    }
}

/* A probe on the last byte of what the snap length cut must not stand in for it. */
static void lp_tcp_push_of_a_probe_in_a_cut_segment_leaves_the_hole(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct seg cut = down(0, 20), probe = down(19, 1);
        cut.cut = 1;
        probe.bytes = "?";
        rig_open(&rig, 0, 0);
        push_open(&rig);
        rig_push(&rig, first ? &probe : &cut);
        rig_push(&rig, first ? &cut : &probe);
        push_down(&rig, 20, 10);
        rig_flush(&rig);
        const struct seen_half *half = &rig_only(&rig)->half[DOWN];
        assert_int_equal(29, half->n);
        assert_int_equal(2, half->gap_count);
        assert_int_equal(19, half->gaps[0].at);
        assert_int_equal(LP_GAP_SNAPPED, half->gaps[0].kind);
        assert_memory_equal(text + 20, half->bytes + 19, 10);
        rig_shut(&rig);
    }
}

/* ---- a better copy ---- */

/* The good copy of a damaged segment comes last, after the consumer said that it is done. */
static void lp_tcp_push_of_a_good_copy_after_done_rewrites(void **state)
{
    char damaged[21];
    struct rig rig;
    struct seg bad = down(0, 20);

    (void)state;
    memcpy(damaged, text, 20);
    damaged[7] ^= 0x20;
    bad.bytes = damaged;
    bad.sum = SUM_WRONG;
    for (size_t done = 0; done <= 40; done += 40) {
        rig_open(&rig, 0, 0);
        rig.done_after[DOWN] = done;
        rig.release = RELEASE_NONE;
        push_open(&rig);
        rig_push(&rig, &bad);
        push_down(&rig, 20, 20);
        assert_int_equal(40, rig_only(&rig)->half[DOWN].n);
        assert_int_equal(damaged[7], rig.flows->half[DOWN].bytes[7]);
        push_down(&rig, 0, 20);
        assert_delivered(&rig.flows->half[DOWN], text, 40);
        assert_int_equal(1, rig.flows->half[DOWN].rewrites);
        rig_push(&rig, &bad); /* again: the good one stands */
        rig_flush(&rig);
        assert_delivered(&rig.flows->half[DOWN], text, 40);
        assert_int_equal(1, rig.flows->half[DOWN].rewrites);
        assert_int_equal(2, rig.flows->ends[DOWN].conflicts);
        assert_int_equal(5, rig.flows->ends[DOWN].first_conflict_frame);
        rig_shut(&rig);
    }
}

static void lp_tcp_push_of_two_good_copies_that_differ_keeps_the_first(void **state)
{
    struct rig rig;
    struct seg other = down(5, 10);

    (void)state;
    other.bytes = "0123456789";
    rig_open(&rig, 0, 0);
    rig.release = RELEASE_NONE;
    push_open(&rig);
    push_down(&rig, 0, 20);
    rig_push(&rig, &other);
    push_down(&rig, 0, 20);
    rig_flush(&rig);
    assert_delivered(&rig_only(&rig)->half[DOWN], text, 20);
    assert_int_equal(0, rig.flows->half[DOWN].rewrites);
    assert_int_equal(1, rig.flows->ends[DOWN].conflicts);
    assert_int_equal(4, rig.flows->ends[DOWN].first_conflict_frame);
    rig_shut(&rig);
}

/* ---- budgets ---- */

/* One connection's share runs out: what was in order is delivered, the others go on. */
static void lp_tcp_push_beyond_a_connections_share_limits_that_one(void **state)
{
    enum { SHARE = 8192, PIECE = 1000 };
    static uint8_t bytes[PIECE];
    struct rig rig;

    (void)state;
    for (unsigned gap = 0; gap < 2; gap++) { /* in order, and behind a hole */
        rig_open(&rig, 0, SHARE);
        rig.release = RELEASE_NONE;
        push_short(&rig, 1, text, 20);
        push_open(&rig);
        push_down(&rig, 0, 10);
        for (uint32_t at = 10 + gap * 5; at < 40000; at += PIECE)
            rig_push(&rig, &(struct seg){.back = true,
                                         .seq = SERVER_ISN + 1 + at,
                                         .ack = CLIENT_ISN + 1,
                                         .flags = LP_TCP_ACK,
                                         .bytes = bytes,
                                         .n = PIECE});
        rig_flush(&rig);
        assert_int_equal(2, rig.flow_count);
        assert_false(rig.flows->ends[UP].limited);
        const struct seen_flow *flow = rig.flows->next;
        assert_true(flow->ends[DOWN].limited && !flow->ends[UP].limited);
        assert_int_equal(LP_GAP_LIMIT, flow->half[DOWN].gaps[0].kind);
        assert_memory_equal(text, flow->half[DOWN].bytes, 10);
        assert_true(gap ? flow->half[DOWN].n == 10 : flow->half[DOWN].n > 4 * PIECE);
        assert_true(flow->at_end);
        rig_shut(&rig);
    }
}

/* The scan's budget closes the connection that was silent longest; the touched one stays. */
static void lp_tcp_push_beyond_the_scans_budget_evicts_the_least_recent(void **state)
{
    enum { FLOWS = 40, N = 1500, LIMIT = 40000 };
    static uint8_t bytes[N];
    struct rig rig;
    unsigned port = 0, kept = 0;
    bool seen_kept = false;

    (void)state;
    rig_open(&rig, LIMIT, 0);
    rig.release = RELEASE_NONE;
    for (; port < FLOWS; port++) {
        push_short(&rig, port, bytes, N);
        rig_push(&rig, &(struct seg){.client_port = 1024, .seq = 1 + N, .flags = LP_TCP_ACK});
        rig.clock++; /* the order by last use is one of seconds */
    }
    rig_flush(&rig);
    assert_int_equal(FLOWS, rig.flow_count);
    port = 0;
    for (const struct seen_flow *flow = rig.flows; flow; flow = flow->next, port++) {
        assert_int_equal(1024 + port, flow->end[UP].port);
        assert_int_equal(N, flow->half[UP].n);
        kept += flow->at_end;
        assert_true(port == 0 ? flow->at_end : seen_kept <= flow->at_end);
        seen_kept |= port > 0 && flow->at_end;
    }
    assert_true(kept > 5 && kept < FLOWS / 2);
    rig_shut(&rig);
}

/* A budget too small for anything, up to one that holds everything: never more than allowed, and
 * all of it given back. */
static void lp_tcp_push_within_any_budget_gives_everything_back(void **state)
{
    static uint8_t bytes[700];
    struct rig rig;

    (void)state;
    for (uint64_t limit = 1; limit < 40000; limit += 97) {
        rig_open(&rig, limit, 0);
        rig.release = (enum rig_release)(limit % 3);
        rig.charge = 100;
        for (unsigned i = 0; i < 6; i++) {
            push_short(&rig, i % 4, bytes, sizeof bytes);
            push_down(&rig, i * 7, 20);
        }
        assert_false(lp_tcp_out_of_memory(rig.tcp));
        rig_flush(&rig);
        rig_shut(&rig);
    }
}

static void lp_tcp_push_of_100000_connections_delivers_each(void **state)
{
    enum { FLOWS = 100000 };
    struct rig rig;

    (void)state;
    rig_open(&rig, 0, 0);
    for (unsigned port = 0; port < FLOWS; port++)
        push_short(&rig, port, text, 20 + port % 40);
    rig_flush(&rig);
    assert_int_equal(FLOWS, rig.flow_count);
    unsigned port = 0;
    for (const struct seen_flow *flow = rig.flows; flow; flow = flow->next, port++)
        assert_delivered(&flow->half[UP], text, 20 + port % 40);
    rig_shut(&rig);
}

/* ---- time ---- */

static unsigned flows_after(int64_t seconds, bool done)
{
    struct rig rig;

    rig_open(&rig, 0, 0);
    if (done)
        rig.done_after[UP] = rig.done_after[DOWN] = 1;
    push_open(&rig);
    push_down(&rig, 0, 10);
    rig_push(&rig, &(struct seg){.seq = CLIENT_ISN + 1,
                                 .ack = SERVER_ISN + 1,
                                 .flags = LP_TCP_ACK,
                                 .bytes = "xx",
                                 .n = 2});
    rig.clock += seconds;
    push_short(&rig, 77, text, 10); /* a new connection looks after the old ones */
    push_down(&rig, 0, 10);         /* a late copy */
    rig_flush(&rig);
    unsigned count = (unsigned)rig.flow_count;
    rig_shut(&rig);
    return count;
}

static void lp_tcp_push_long_after_forgets_finished_and_silent_connections(void **state)
{
    (void)state;
    assert_int_equal(2, flows_after(119, true));
    assert_int_equal(3, flows_after(120, true));
    assert_int_equal(2, flows_after(3599, false));
    assert_int_equal(3, flows_after(3600, false));
    assert_int_equal(2, flows_after(-100000, true)); /* clocks go backwards */
}

/* One direction has said all that is wanted, the other nothing yet: 120 seconds are not too long to
 * wait for it. */
static void lp_tcp_push_long_after_keeps_a_connection_that_is_half_read(void **state)
{
    struct rig rig;
    struct seg server = {.back = true,
                         .seq = SERVER_ISN + 1,
                         .ack = CLIENT_ISN + 1,
                         .flags = LP_TCP_ACK,
                         .bytes = "HI there",
                         .n = 8};
    struct seg client = {.seq = CLIENT_ISN + 1,
                         .ack = SERVER_ISN + 9,
                         .flags = LP_TCP_ACK,
                         .bytes = "HI too",
                         .n = 6};

    (void)state;
    rig_open(&rig, 0, 0);
    rig.done_after[DOWN] = 1;
    rig_push(&rig, &server);
    rig.clock += 1000;
    push_short(&rig, 77, text, 10); /* a new connection looks after the old ones */
    rig_push(&rig, &client);
    rig_flush(&rig);
    assert_int_equal(2, rig.flow_count);
    assert_delivered(&rig.flows->half[DOWN], "HI there", 8);
    assert_delivered(&rig.flows->half[UP], "HI too", 6);
    rig_shut(&rig);
}

/* Both FINs are there, and all bytes before them: the consumer hears its last at once, in whatever
 * order the four segments came. With a byte missing it waits. */
static void lp_tcp_push_of_both_fins_with_all_bytes_closes_early(void **state)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)state;
    for (unsigned missing = 0; missing < 2; missing++) {
        for (unsigned i = 0; i < 6; i++) {
            struct seg segs[3] = {down(0, 20),
                                  {.back = true,
                                   .seq = SERVER_ISN + 21 + missing,
                                   .ack = CLIENT_ISN + 1,
                                   .flags = LP_TCP_FIN | LP_TCP_ACK},
                                  {.seq = CLIENT_ISN + 1,
                                   .ack = SERVER_ISN + 22 + missing,
                                   .flags = LP_TCP_FIN | LP_TCP_ACK}};
            struct rig rig;
            rig_open(&rig, 0, 0);
            push_open(&rig);
            for (unsigned k = 0; k < 3; k++)
                rig_push(&rig, &segs[orders[i][k]]);
            assert_int_equal(!missing, rig.flow_count && rig.flows->closes);
            push_down(&rig, 0, 20); /* a late copy begins nothing */
            rig_flush(&rig);
            assert_int_equal(1, rig.flow_count);
            assert_int_equal(1, rig.flows->closes);
            assert_true(rig.flows->at_end);
            assert_delivered(&rig.flows->half[DOWN], text, 20);
            rig_shut(&rig);
        }
    }
}

static void lp_tcp_push_of_absurd_times_is_harmless(void **state)
{
    static const int64_t times[] = {INT64_MAX, INT64_MIN, 0, INT64_MIN, INT64_MAX, -1};
    struct rig rig;

    (void)state;
    rig_open(&rig, 0, 0);
    for (unsigned i = 0; i < sizeof times / sizeof times[0]; i++) {
        rig.clock = times[i];
        push_short(&rig, i, text, 10);
    }
    rig_flush(&rig);
    assert_int_equal(sizeof times / sizeof times[0], rig.flow_count);
    rig_shut(&rig);
}

/* ---- memory ---- */

/* Reordered, conflicting, without SYN: every way to allocate. True when memory sufficed. */
static bool run_with_failure(uint64_t n)
{
    struct rig rig;
    struct seg bad = down(0, 20);

    lp_alloc_fail_after(n);
    rig_open(&rig, 0, 0);
    if (rig.tcp) {
        push_open(&rig);
        push_down(&rig, 40, 20);
        bad.sum = SUM_WRONG;
        rig_push(&rig, &bad);
        push_down(&rig, 0, 45);
        push_short(&rig, 3, text, 20);
        push_short(&rig, 3, text, 20);
        rig_flush(&rig);
    }
    bool enough = rig.tcp && !lp_tcp_out_of_memory(rig.tcp);
    if (enough) {
        assert_int_equal(2, rig.flow_count);
        assert_delivered(&rig.flows->half[DOWN], text, 60);
    }
    lp_alloc_fail_after(0);
    rig_shut(&rig);
    return enough;
}

static void lp_tcp_push_with_any_allocation_failing_says_so(void **state)
{
    uint64_t n = 1;

    (void)state;
    while (!run_with_failure(n))
        n++;
    assert_true(n > 8 && n < 100);
}

static void lp_tcp_free_without_flush_calls_nothing_and_leaks_nothing(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, 0, 0);
    push_open(&rig);
    push_down(&rig, 20, 20);
    rig_shut(&rig);
    lp_tcp_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_tcp_push_knows_the_ends_and_their_macs),
        cmocka_unit_test(lp_tcp_push_of_a_reused_four_tuple_begins_another_flow),
        cmocka_unit_test(lp_tcp_push_of_many_incarnations_delivers_each),
        cmocka_unit_test(lp_tcp_push_of_a_syn_flood_on_one_four_tuple_stays_cheap),
        cmocka_unit_test(lp_tcp_push_of_stray_resets_and_fins_keeps_the_data_coming),
        cmocka_unit_test(lp_tcp_push_of_far_away_segments_leaves_the_flow_alone),
        cmocka_unit_test(lp_tcp_flush_tells_what_was_acknowledged_but_not_seen),
        cmocka_unit_test(lp_tcp_push_without_syn_starts_where_the_consumer_recognises),
        cmocka_unit_test(lp_tcp_flush_of_a_stream_without_a_byte_tells_the_snap_length),
        cmocka_unit_test(lp_tcp_push_of_a_probe_in_a_cut_segment_leaves_the_hole),
        cmocka_unit_test(lp_tcp_push_of_a_good_copy_after_done_rewrites),
        cmocka_unit_test(lp_tcp_push_of_two_good_copies_that_differ_keeps_the_first),
        cmocka_unit_test(lp_tcp_push_beyond_a_connections_share_limits_that_one),
        cmocka_unit_test(lp_tcp_push_beyond_the_scans_budget_evicts_the_least_recent),
        cmocka_unit_test(lp_tcp_push_within_any_budget_gives_everything_back),
        cmocka_unit_test(lp_tcp_push_of_100000_connections_delivers_each),
        cmocka_unit_test(lp_tcp_push_long_after_forgets_finished_and_silent_connections),
        cmocka_unit_test(lp_tcp_push_long_after_keeps_a_connection_that_is_half_read),
        cmocka_unit_test(lp_tcp_push_of_both_fins_with_all_bytes_closes_early),
        cmocka_unit_test(lp_tcp_push_of_absurd_times_is_harmless),
        cmocka_unit_test(lp_tcp_push_with_any_allocation_failing_says_so),
        cmocka_unit_test(lp_tcp_free_without_flush_calls_nothing_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
