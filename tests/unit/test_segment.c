#include "tcp_rig.h"

static const uint8_t options[12] = {2, 4, 5, 180, 1, 3, 3, 7, 1, 1, 4, 2};

/* A datagram as net/ hands it on, from the bytes of a packet. */
static struct lp_datagram datagram_of(const struct ends *ends, const struct guarded *bytes)
{
    return (struct lp_datagram){.src = ends->src,
                                .dst = ends->dst,
                                .protocol = TCP,
                                .bytes = lp_rd_init(bytes->bytes, bytes->n),
                                .announced = (uint32_t)bytes->n};
}

static void make(struct packet *p, const struct ends *ends, bool wrong, size_t options_n)
{
    packet_payload(p, "payload", 7);
    packet_tcp(p, &(struct tcp_head){.ends = ends,
                                     .src_port = 49152,
                                     .dst_port = 443,
                                     .seq = 0xfffffff0,
                                     .ack = 0x01020304,
                                     .flags = LP_TCP_ACK | LP_TCP_FIN | 8,
                                     .options = options,
                                     .options_n = options_n,
                                     .wrong_checksum = wrong});
}

static void lp_segment_read_with_options_reads_every_field(void **state)
{
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    struct packet p;
    struct lp_segment segment;

    (void)state;
    for (size_t n = 0; n <= sizeof options; n += 4) {
        make(&p, &ends, false, n);
        struct guarded bytes = guarded_copy(packet_bytes(&p), p.n);
        struct lp_datagram datagram = datagram_of(&ends, &bytes);

        assert_true(lp_segment_read(&datagram, &segment));
        assert_int_equal(49152, segment.src_port);
        assert_int_equal(443, segment.dst_port);
        assert_int_equal(0xfffffff0, segment.seq);
        assert_int_equal(0x01020304, segment.ack);
        assert_int_equal(LP_TCP_ACK | LP_TCP_FIN | 8, segment.flags);
        assert_int_equal(7, segment.announced);
        assert_int_equal(7, segment.data.left);
        assert_memory_equal("payload", segment.data.ptr, 7);
        assert_int_equal(LP_CHECKSUM_RIGHT, lp_segment_checksum(&segment));
        guarded_free(&bytes);
    }
}

static void lp_segment_read_with_a_lying_header_length_refuses(void **state)
{
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    struct packet p;
    struct lp_segment segment;

    (void)state;
    for (unsigned words = 0; words < 16; words++) {
        make(&p, &ends, false, 0);
        packet_bytes(&p)[12] = (uint8_t)(words << 4 | 15);
        struct guarded bytes = guarded_copy(packet_bytes(&p), p.n);
        struct lp_datagram datagram = datagram_of(&ends, &bytes);

        bool fits = words >= 5 && words * 4 <= p.n;
        assert_int_equal(fits, lp_segment_read(&datagram, &segment));
        if (fits)
            assert_int_equal(p.n - (size_t)words * 4, segment.announced);
        guarded_free(&bytes);
    }
}

/* The snap length may end a segment anywhere; its announced length stays. */
static void lp_segment_read_at_every_truncation_keeps_the_announced_length(void **state)
{
    enum { FIXED = 14, HEADER = 32 };
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    struct packet p;
    struct lp_segment segment;

    (void)state;
    make(&p, &ends, false, sizeof options);
    for (size_t n = 0; n < p.n; n++) {
        struct guarded bytes = guarded_copy(packet_bytes(&p), n);
        struct lp_datagram datagram = datagram_of(&ends, &bytes);
        datagram.announced = (uint32_t)p.n;
        datagram.snapped = true;

        assert_int_equal(n >= FIXED, lp_segment_read(&datagram, &segment));
        if (n >= FIXED) {
            assert_int_equal(7, segment.announced);
            assert_int_equal(n > HEADER ? n - HEADER : 0, segment.data.left);
            assert_int_equal(LP_CHECKSUM_UNKNOWN, lp_segment_checksum(&segment));
        }
        guarded_free(&bytes);
    }
}

static enum lp_checksum checksum_with_field(const struct ends *ends, struct packet *p, int field)
{
    struct lp_segment segment;

    if (field >= 0)
        put_u16(packet_bytes(p) + 16, (unsigned)field);
    struct guarded bytes = guarded_copy(packet_bytes(p), p->n);
    struct lp_datagram datagram = datagram_of(ends, &bytes);
    assert_true(lp_segment_read(&datagram, &segment));
    enum lp_checksum kind = lp_segment_checksum(&segment);
    guarded_free(&bytes);
    return kind;
}

/* The sum over the pseudo header alone, as Linux leaves it to the hardware: not inverted. */
static unsigned pseudo_sum(const struct ends *ends, size_t n)
{
    size_t size = ends->src.family == 4 ? 4 : 16;
    uint32_t sum = TCP + (uint32_t)n;
    return sum_words(sum_words(sum, ends->src.bytes, size), ends->dst.bytes, size);
}

static void lp_segment_checksum_tells_right_wrong_and_offloaded(void **state)
{
    static const char *const pairs[][2] = {{"10.0.0.5", "10.201.160.201"},
                                           {"255.255.255.255", "0.0.0.1"},
                                           {"2001:db8::5", "2001:db8:ffff::201"},
                                           {"fe80::1", "::1"}};
    struct packet p;

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct ends ends = ends_of(pairs[i][0], pairs[i][1]);

        make(&p, &ends, false, 0);
        assert_int_equal(LP_CHECKSUM_RIGHT, checksum_with_field(&ends, &p, -1));
        assert_int_equal(LP_CHECKSUM_UNKNOWN, checksum_with_field(&ends, &p, 0));
        unsigned pseudo = pseudo_sum(&ends, p.n);
        assert_int_equal(LP_CHECKSUM_UNKNOWN, checksum_with_field(&ends, &p, (int)pseudo));
        assert_int_equal(LP_CHECKSUM_WRONG, checksum_with_field(&ends, &p, (int)(pseudo ^ 0x0100)));
        make(&p, &ends, true, 0);
        assert_int_equal(LP_CHECKSUM_WRONG, checksum_with_field(&ends, &p, -1));
    }
}

/* One flipped bit anywhere, in the header or in the data, odd byte at the end included. */
static void lp_segment_checksum_with_any_bit_flipped_is_not_right(void **state)
{
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    struct packet p;

    (void)state;
    make(&p, &ends, false, 4);
    for (size_t bit = 0; bit < p.n * 8; bit++) {
        if (bit / 8 == 12)
            continue; /* the header's length */
        packet_bytes(&p)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(LP_CHECKSUM_WRONG, checksum_with_field(&ends, &p, -1));
        packet_bytes(&p)[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* A super-frame of segmentation by hardware is longer than the pseudo header can say. */
static void lp_segment_checksum_of_more_than_65535_bytes_is_unknown(void **state)
{
    enum { LONG = 70000 };
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
    uint8_t *bytes = calloc(1, LONG);
    struct lp_segment segment;

    (void)state;
    assert_non_null(bytes);
    bytes[12] = 5 << 4;
    put_u16(bytes + 16, 0x1234);
    struct guarded guarded = guarded_copy(bytes, LONG);
    struct lp_datagram datagram = datagram_of(&ends, &guarded);
    assert_true(lp_segment_read(&datagram, &segment));
    assert_int_equal(LONG - 20, segment.announced);
    assert_int_equal(LP_CHECKSUM_UNKNOWN, lp_segment_checksum(&segment));
    guarded_free(&guarded);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_segment_read_with_options_reads_every_field),
        cmocka_unit_test(lp_segment_read_with_a_lying_header_length_refuses),
        cmocka_unit_test(lp_segment_read_at_every_truncation_keeps_the_announced_length),
        cmocka_unit_test(lp_segment_checksum_tells_right_wrong_and_offloaded),
        cmocka_unit_test(lp_segment_checksum_with_any_bit_flipped_is_not_right),
        cmocka_unit_test(lp_segment_checksum_of_more_than_65535_bytes_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
