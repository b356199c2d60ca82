/* Flows of datagrams: which are kept, in what order they come, and what a budget does to them. */
#include "packets.h"

#include "udp/udp.h"

enum { NOTED_MOST = 4096, TEXT = 24 };

/* What the consumer was told. */
struct noted {
    char text[TEXT]; /* the beginning of the datagram */
    size_t n;
    unsigned flow, dir;
    bool snapped;
    uint64_t frame;
};

struct rig {
    struct lp_udp *udp;
    struct lp_budget budget;
    struct noted noted[NOTED_MOST];
    size_t count;
    unsigned flows, closed, closed_early;
    struct lp_udp_flow last; /* as it closed */
    struct lp_ip from, to;
    uint64_t frame;
};

/* Datagrams that begin with K are kept by ports, with H by hosts. */
static enum lp_udp_key recognise(uint8_t protocol, struct lp_rd bytes)
{
    uint8_t first = 0;

    if (!lp_rd_u8(&bytes, &first))
        return LP_UDP_NOTHING;
    if (protocol == LP_PROTOCOL_EAPOL)
        return LP_UDP_HOSTS;
    return first == 'K' ? LP_UDP_PORTS : first == 'H' ? LP_UDP_HOSTS : LP_UDP_NOTHING;
}

static void on_datagram(void *ctx, struct lp_udp_flow *flow, unsigned dir,
                        const struct lp_parcel *parcel)
{
    struct rig *rig = ctx;
    struct noted *noted = &rig->noted[rig->count];
    struct lp_rd bytes = lp_rd_head(&parcel->bytes, TEXT - 1);

    assert_true(rig->count++ < NOTED_MOST);
    if (!flow->state) {
        flow->state = malloc(sizeof(unsigned));
        assert_non_null(flow->state);
        *(unsigned *)flow->state = rig->flows++;
    }
    memset(noted, 0, sizeof *noted);
    memcpy(noted->text, bytes.ptr, bytes.left);
    noted->n = parcel->bytes.left;
    noted->flow = *(unsigned *)flow->state;
    noted->dir = dir;
    noted->snapped = parcel->snapped;
    noted->frame = parcel->frame;
    if (flow->key == LP_UDP_PORTS)
        assert_memory_equal(&flow->end[dir].port, &parcel->from.port, sizeof parcel->from.port);
}

static void on_close(void *ctx, struct lp_udp_flow *flow, bool at_end)
{
    struct rig *rig = ctx;

    rig->closed++;
    rig->closed_early += !at_end;
    rig->last = *flow;
    free(flow->state);
    flow->state = NULL;
}

static struct rig *rig_open(uint64_t budget, uint64_t flow)
{
    static struct rig the_rig;
    struct rig *rig = &the_rig;
    const struct lp_udp_consumer consumer = {
        .ctx = rig, .recognise = recognise, .datagram = on_datagram, .close = on_close};

    memset(rig, 0, sizeof *rig);
    rig->budget.limit = budget;
    rig->udp = lp_udp_new(0x5eed, &rig->budget, flow, &consumer);
    assert_non_null(rig->udp);
    assert_true(lp_ip_parse("10.0.0.5", 8, &rig->from));
    assert_true(lp_ip_parse("10.0.0.9", 8, &rig->to));
    return rig;
}

static void rig_close(struct rig *rig)
{
    lp_udp_free(rig->udp);
    assert_int_equal(0, rig->budget.used);
}

struct letter {
    const char *text;
    int64_t sec;
    uint16_t src, dst;
    bool back;          /* from the second host to the first */
    bool wrong;         /* checksum */
    uint32_t cut;       /* so many of the last bytes were not captured */
    uint16_t short_udp; /* so many bytes less by UDP's own length: a trailer of IP's */
};

/* A UDP datagram as net delivers it, up to a forbidden page. */
static void post(struct rig *rig, const struct letter *letter)
{
    struct packet p;
    struct ends ends = {letter->back ? rig->to : rig->from, letter->back ? rig->from : rig->to};

    packet_payload(&p, letter->text, strlen(letter->text));
    packet_udp(&p, &(struct udp_head){.ends = &ends,
                                      .src_port = letter->src ? letter->src : 40000,
                                      .dst_port = letter->dst ? letter->dst : 443});
    if (letter->short_udp) {
        put_u16(packet_bytes(&p) + 4, (unsigned)p.n - letter->short_udp);
        put_u16(packet_bytes(&p) + 6, 0);
    }
    if (letter->wrong)
        packet_bytes(&p)[7] ^= 0x5a;
    struct guarded g = guarded_copy(packet_bytes(&p), p.n - letter->cut);
    struct lp_datagram datagram = {.src = ends.src,
                                   .dst = ends.dst,
                                   .protocol = UDP,
                                   .bytes = lp_rd_init(g.bytes, g.n),
                                   .announced = (uint32_t)p.n,
                                   .snapped = letter->cut != 0,
                                   .has_mac = true,
                                   .frame = ++rig->frame,
                                   .time.sec = letter->sec};
    memcpy(datagram.src_mac, letter->back ? server_mac : client_mac, 6);
    memcpy(datagram.dst_mac, letter->back ? client_mac : server_mac, 6);
    lp_udp_push(rig->udp, &datagram);
    guarded_free(&g);
}

static void post_text(struct rig *rig, const char *text, int64_t sec)
{
    post(rig, &(struct letter){.text = text, .sec = sec});
}

static void expect(const struct rig *rig, size_t i, const char *text, unsigned flow)
{
    assert_true(i < rig->count);
    assert_string_equal(text, rig->noted[i].text);
    assert_int_equal(flow, rig->noted[i].flow);
}

/* ---- order ---- */

static void flush_datagrams_come_in_the_order_of_time(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post_text(rig, "K third", 30);
    post_text(rig, "K first", 10);
    post(rig,
         &(struct letter){.text = "K second", .sec = 20, .src = 443, .dst = 40000, .back = true});
    post_text(rig, "K third too", 30);
    assert_int_equal(0, rig->count); /* nothing before it is over */
    lp_udp_flush(rig->udp);
    assert_int_equal(4, rig->count);
    expect(rig, 0, "K first", 0);
    expect(rig, 1, "K second", 0);
    expect(rig, 2, "K third", 0);
    expect(rig, 3, "K third too", 0);
    assert_int_equal(1 - rig->noted[0].dir, rig->noted[1].dir);
    assert_int_equal(2, rig->noted[0].frame);
    assert_int_equal(1, rig->closed);
    assert_int_equal(0, rig->closed_early);
    for (unsigned dir = 0; dir < 2; dir++) {
        assert_true(rig->last.end[dir].has_mac);
        assert_memory_equal(rig->last.end[dir].mac,
                            rig->last.end[dir].port == 443 ? server_mac : client_mac, 6);
    }
    rig_close(rig);
}

static void put_large_flow_hands_over_its_earlier_half(void **state)
{
    enum { LARGE = 60000, WINDOW = 4 << 20, FITS = WINDOW / LARGE };
    static char text[LARGE + 1];
    struct rig *rig = rig_open(UINT64_C(1) << 30, UINT64_C(1) << 30);

    (void)state;
    memset(text, 'K', LARGE);
    for (int i = 0; i < FITS; i++)
        post_text(rig, text, 1000 - i); /* backwards */
    assert_int_equal(0, rig->count);
    post_text(rig, text, 2000);
    assert_int_equal((FITS + 1) / 2, rig->count);
    for (size_t i = 0; i < rig->count; i++)
        assert_int_equal(FITS - i, rig->noted[i].frame); /* the earliest came last */
    lp_udp_flush(rig->udp);
    assert_int_equal(FITS + 1, rig->count);
    assert_int_equal(FITS + 1, rig->noted[FITS].frame);
    assert_int_equal(1, rig->closed);
    rig_close(rig);
}

/* ---- which flow ---- */

static void push_unrecognised_makes_no_flow(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post_text(rig, "other", 1);
    post_text(rig, "", 2);
    assert_int_equal(0, rig->budget.used);
    lp_udp_flush(rig->udp);
    assert_int_equal(0, rig->count);
    assert_int_equal(0, rig->closed);
    rig_close(rig);
}

static void push_keys_tell_flows_apart(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post(rig, &(struct letter){.text = "K a", .sec = 1, .src = 1000});
    post(rig, &(struct letter){.text = "K b", .sec = 2, .src = 1001});
    post(rig, &(struct letter){.text = "H c", .sec = 3, .src = 1000});
    post(rig, &(struct letter){.text = "H d", .sec = 4, .src = 1001});
    lp_udp_flush(rig->udp);
    assert_int_equal(4, rig->count);
    expect(rig, 0, "K a", 0);
    expect(rig, 1, "K b", 1);
    expect(rig, 2, "H c", 2);
    expect(rig, 3, "H d", 2);
    assert_int_equal(3, rig->closed);
    rig_close(rig);
}

static void put_streams_datagrams_have_flows_of_their_own(void **state)
{
    static const struct lp_outer outer = {.tunnel = "GRE"};
    struct rig *rig = rig_open(1 << 20, 1 << 20);
    struct lp_parcel parcel = {.protocol = LP_PROTOCOL_TCP,
                               .from = {.ip = rig->from, .port = 40000},
                               .to = {.ip = rig->to, .port = 443},
                               .bytes = lp_rd_init("K", 1),
                               .checksum = LP_CHECKSUM_UNKNOWN};

    (void)state;
    post_text(rig, "K", 1);
    lp_udp_put(rig->udp, &parcel, &outer, 1);
    lp_udp_flush(rig->udp);
    assert_int_equal(2, rig->closed);
    assert_int_equal(LP_PROTOCOL_TCP, rig->last.protocol);
    assert_int_equal(1, rig->last.outer_count);
    rig_close(rig);
}

static void push_eapol_frames_make_one_flow(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);
    struct lp_datagram frame = {.bytes = lp_rd_init("E", 1), .announced = 1, .has_mac = true};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        frame.src_mac[5] = (uint8_t)i;
        lp_udp_push(rig->udp, &frame);
    }
    lp_udp_flush(rig->udp);
    assert_int_equal(3, rig->count);
    assert_int_equal(1, rig->closed);
    rig_close(rig);
}

static void push_silence_ends_a_flow(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post(rig, &(struct letter){.text = "K a", .sec = 1000, .src = 1000});
    post(rig, &(struct letter){.text = "K b", .sec = 2000, .src = 1001});
    assert_int_equal(0, rig->closed);
    post(rig, &(struct letter){.text = "K c", .sec = 4700, .src = 1002});
    assert_int_equal(1, rig->closed); /* only the first was silent for an hour */
    expect(rig, 0, "K a", 0);
    lp_udp_flush(rig->udp);
    assert_int_equal(3, rig->closed);
    assert_int_equal(0, rig->closed_early);
    rig_close(rig);
}

/* ---- lengths and checksums ---- */

static void push_lengths_are_those_of_the_headers(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post(rig, &(struct letter){.text = "K padded", .sec = 1, .short_udp = 3});
    post(rig, &(struct letter){.text = "K cut off", .sec = 2, .cut = 4});
    post(rig, &(struct letter){.text = "K", .sec = 3, .cut = 1}); /* nothing left to tell it by */
    post(rig, &(struct letter){.text = "K", .sec = 4, .cut = 9}); /* not even a header */
    lp_udp_flush(rig->udp);
    assert_int_equal(2, rig->count);
    expect(rig, 0, "K pad", 0);
    assert_false(rig->noted[0].snapped);
    expect(rig, 1, "K cut", 0);
    assert_true(rig->noted[1].snapped);
    rig_close(rig);
}

static void push_damaged_is_left_out_where_others_are_intact(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post(rig, &(struct letter){.text = "K damaged", .sec = 1, .wrong = true});
    post(rig, &(struct letter){.text = "K intact", .sec = 2});
    post(rig, &(struct letter){.text = "K offloaded",
                               .sec = 3,
                               .src = 443,
                               .dst = 40000,
                               .back = true,
                               .wrong = true});
    lp_udp_flush(rig->udp);
    assert_int_equal(2, rig->count);
    expect(rig, 0, "K intact", 0);
    expect(rig, 1, "K offloaded", 0); /* all of that direction are wrong */
    rig_close(rig);
}

/* ---- memory ---- */

static void push_scan_budget_closes_the_oldest_flow(void **state)
{
    struct rig *rig = rig_open(4096, 1 << 20);

    (void)state;
    for (uint16_t i = 0; i < 100; i++) {
        post(rig, &(struct letter){.text = "K", .sec = i, .src = (uint16_t)(1000 + i)});
        assert_true(rig->budget.used <= 4096);
    }
    assert_true(rig->closed_early > 50);
    lp_udp_flush(rig->udp);
    assert_int_equal(100, rig->count);
    assert_int_equal(100, rig->closed);
    rig_close(rig);
}

static void push_flow_budget_hands_over_its_own(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1024);

    (void)state;
    for (int i = 0; i < 100; i++)
        post_text(rig, "K a datagram", i);
    assert_true(rig->count > 50);
    lp_udp_flush(rig->udp);
    assert_int_equal(100, rig->count);
    assert_int_equal(1, rig->closed);
    assert_int_equal(0, rig->closed_early);
    assert_false(rig->last.limited);
    assert_int_equal(0, lp_udp_limited(rig->udp));
    rig_close(rig);
}

static void push_budget_for_nothing_says_limited(void **state)
{
    struct rig *rig = rig_open(1 << 20, 64);

    (void)state;
    post_text(rig, "K a datagram", 1);
    lp_udp_flush(rig->udp);
    assert_int_equal(0, rig->count);
    assert_true(rig->last.limited);
    assert_int_equal(1, lp_udp_limited(rig->udp));
    rig_close(rig);
    rig = rig_open(16, 1 << 20); /* not even for the flow itself */
    post_text(rig, "K a datagram", 1);
    lp_udp_flush(rig->udp);
    assert_int_equal(0, rig->closed);
    assert_int_equal(1, lp_udp_limited(rig->udp));
    rig_close(rig);
}

static void push_without_memory_says_so(void **state)
{
    bool fine = false;

    (void)state;
    for (uint64_t n = 1; !fine && n < 50; n++) {
        struct rig *rig = rig_open(1 << 20, 1 << 20);
        lp_alloc_fail_after(n);
        post_text(rig, "K a", 1);
        post_text(rig, "K b", 2);
        lp_alloc_fail_after(0);
        fine = !lp_udp_out_of_memory(rig->udp);
        lp_udp_flush(rig->udp);
        assert_true(rig->count == 2 || !fine);
        rig_close(rig);
    }
    assert_true(fine);
}

static void free_unfinished_calls_nobody(void **state)
{
    struct rig *rig = rig_open(1 << 20, 1 << 20);

    (void)state;
    post_text(rig, "K a", 1);
    rig_close(rig);
    assert_int_equal(0, rig->count);
    assert_int_equal(0, rig->closed);
    lp_udp_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flush_datagrams_come_in_the_order_of_time),
        cmocka_unit_test(put_large_flow_hands_over_its_earlier_half),
        cmocka_unit_test(push_unrecognised_makes_no_flow),
        cmocka_unit_test(push_keys_tell_flows_apart),
        cmocka_unit_test(put_streams_datagrams_have_flows_of_their_own),
        cmocka_unit_test(push_eapol_frames_make_one_flow),
        cmocka_unit_test(push_silence_ends_a_flow),
        cmocka_unit_test(push_lengths_are_those_of_the_headers),
        cmocka_unit_test(push_damaged_is_left_out_where_others_are_intact),
        cmocka_unit_test(push_scan_budget_closes_the_oldest_flow),
        cmocka_unit_test(push_flow_budget_hands_over_its_own),
        cmocka_unit_test(push_budget_for_nothing_says_limited),
        cmocka_unit_test(push_without_memory_says_so),
        cmocka_unit_test(free_unfinished_calls_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
