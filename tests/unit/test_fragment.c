#include "net_rig.h"

/*
 * Fragments of one payload, in IPv4 and in IPv6. The payload's bytes tell their place, so that a
 * piece in the wrong place shows.
 */
enum { MOST = 65536, ROOMY = 64 << 20, PAYLOAD = 203, PIECES_MOST = 5 };

static struct ends v4, v6;
static const struct ends *const families[] = {&v4, &v6};
static struct packet packet; /* one at a time; large */
static uint8_t payload[MOST];

static int set_up(void **state)
{
    (void)state;
    v4 = ends_of("10.0.0.5", "10.201.160.201");
    v6 = ends_of("2001:db8::5", "2001:db8::c9");
    for (size_t i = 0; i < MOST; i++)
        payload[i] = (uint8_t)(i * 7 + i / 256);
    return 0;
}

struct piece {
    uint32_t offset, length;
    bool more;
};

/* Builds the piece in `packet`, with these bytes, as a raw IP frame. */
static void build(const struct ends *ends, uint32_t id, const struct piece *piece,
                  const uint8_t *bytes)
{
    packet_payload(&packet, bytes, piece->length);
    packet.protocol = UDP;
    if (ends->src.family == 4) {
        packet_ipv4(&packet, &(struct ipv4_head){.ends = ends,
                                                 .id = (uint16_t)id,
                                                 .offset = piece->offset,
                                                 .more = piece->more});
    } else {
        packet_fragment_header(&packet, id, piece->offset, piece->more);
        packet_ipv6(&packet, ends);
    }
}

static void push(struct rig *rig, const struct ends *ends, uint32_t id, const struct piece *piece)
{
    build(ends, id, piece, payload + piece->offset);
    rig_push(rig, LINK_RAW, &packet);
}

/* Cuts `n` bytes of payload into `count` pieces of unequal length. */
static void cut_up(struct piece *pieces, size_t count, uint32_t n)
{
    uint32_t at = 0;

    for (size_t i = 0; i < count; i++) {
        bool more = i + 1 < count;
        uint32_t length = more ? 8 * (uint32_t)(i % 3 + 1) : n - at;
        pieces[i] = (struct piece){at, length, more};
        at += length;
    }
}

/* The k-th of count! orders. */
static void order_of(size_t k, size_t count, size_t *order)
{
    size_t left[PIECES_MOST];

    for (size_t i = 0; i < count; i++)
        left[i] = i;
    for (size_t n = count; n > 0; n--) {
        size_t choice = k % n;
        k /= n;
        order[count - n] = left[choice];
        memmove(left + choice, left + choice + 1, (n - choice - 1) * sizeof *left);
    }
}

static const struct lp_net_stats *stats_of(const struct rig *rig)
{
    return lp_net_stats(rig->net);
}

/* One order of one cutting-up: nothing until the last piece, then the whole. */
static void check_order(struct rig *rig, const struct ends *ends, size_t k, size_t count,
                        bool twice)
{
    struct piece pieces[PIECES_MOST];
    size_t order[PIECES_MOST], before = rig->count;
    uint32_t id = (uint32_t)(rig->number + 1);

    cut_up(pieces, count, PAYLOAD);
    order_of(k, count, order);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(before, rig->count);
        if (twice && i + 1 < count)
            push(rig, ends, id, &pieces[order[i]]);
        rig->time.nsec = (uint32_t)i;
        push(rig, ends, id, &pieces[order[i]]);
    }
    assert_int_equal(before + 1, rig->count);
    rig_assert_whole(rig, before, payload, PAYLOAD);
    const struct lp_datagram *datagram = rig_datagram(rig, before);
    assert_int_equal(UDP, datagram->protocol);
    assert_true(lp_ip_equal(&ends->src, &datagram->src));
    assert_true(lp_ip_equal(&ends->dst, &datagram->dst));
    assert_int_equal(rig->number, datagram->frame);
    assert_int_equal(count - 1, datagram->time.nsec);
}

static void check_every_order(bool twice)
{
    static const size_t factorials[] = {1, 1, 2, 6, 24, 120};

    for (size_t f = 0; f < 2; f++) {
        struct rig *rig = rig_open(ROOMY);
        for (size_t count = 2; count <= PIECES_MOST; count++)
            for (size_t k = 0; k < factorials[count]; k++)
                check_order(rig, families[f], k, count, twice);
        assert_int_equal(0, stats_of(rig)->fragments_incomplete);
        assert_int_equal(0, stats_of(rig)->fragments_conflicting);
        assert_int_equal(0, stats_of(rig)->fragments_dropped);
        assert_int_equal(rig->number, stats_of(rig)->fragments);
        rig_close(rig);
    }
}

static void fragments_every_order_is_rebuilt(void **state)
{
    (void)state;
    check_every_order(false);
}

static void fragments_every_order_with_duplicates_is_rebuilt(void **state)
{
    (void)state;
    check_every_order(true);
}

static void fragments_last_of_every_length_is_rebuilt(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (uint32_t n = 17; n <= 17 + 16; n++) {
        const struct piece first = {0, 16, true}, last = {16, n - 16, false};
        push(rig, &v4, n, n % 2 ? &first : &last);
        push(rig, &v4, n, n % 2 ? &last : &first);
        rig_assert_whole(rig, rig->count - 1, payload, n);
    }
    assert_int_equal(17, rig->count);
    rig_close(rig);
}

static void fragments_of_different_datagrams_do_not_mix(void **state)
{
    const struct piece first = {0, 16, true}, last = {16, 9, false};
    struct ends back = ends_swapped(&v4), near = v4;
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    near.dst.bytes[3]++;
    push(rig, &v4, 1, &first);
    push(rig, &v4, 2, &last);
    push(rig, &back, 1, &last);
    push(rig, &near, 1, &last);
    push(rig, &v6, 1, &last);
    build(&v4, 1, &last, payload);
    packet_bytes(&packet)[9] = TCP; /* RFC 791 3.2: the protocol is part of the key */
    rig_push(rig, LINK_RAW, &packet);
    assert_int_equal(0, rig->count);
    push(rig, &v4, 2, &first);
    push(rig, &v4, 1, &last);
    assert_int_equal(2, rig->count);
    push(rig, &near, 1, &first);
    push(rig, &back, 1, &first);
    push(rig, &v6, 1, &first);
    assert_int_equal(5, rig->count);
    for (size_t i = 0; i < 5; i++)
        rig_assert_whole(rig, i, payload, 25);
    assert_true(lp_ip_equal(&near.dst, &rig_datagram(rig, 2)->dst));
    assert_true(lp_ip_equal(&back.dst, &rig_datagram(rig, 3)->dst));
    rig_close(rig);
}

static void fragments_of_many_datagrams_interleaved_are_rebuilt(void **state)
{
    enum { DATAGRAMS = 2000 };
    struct piece pieces[4];
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    cut_up(pieces, 4, PAYLOAD);
    for (size_t i = 0; i < 4; i++)
        for (uint32_t id = 0; id < DATAGRAMS; id++)
            push(rig, families[id % 2], id, &pieces[(i + id) % 4]);
    assert_int_equal(DATAGRAMS, rig->count);
    for (size_t i = 0; i < DATAGRAMS; i++)
        rig_assert_whole(rig, i, payload, PAYLOAD);
    rig_close(rig);
}

/* RFC 8200 4.5: the header of the fragment at offset 0 says what is carried. */
static void fragments_protocol_and_mac_come_from_the_beginning(void **state)
{
    const struct piece first = {0, 16, true}, last = {16, 9, false};

    (void)state;
    for (unsigned reversed = 0; reversed < 2; reversed++) {
        struct rig *rig = rig_open(ROOMY);
        for (unsigned i = 0; i < 2; i++) {
            bool is_last = i != reversed;
            build(&v6, 1, is_last ? &last : &first, payload + (is_last ? 16 : 0));
            if (is_last)
                packet_bytes(&packet)[40] = 99;
            packet_ethernet_between(&packet, is_last ? server_mac : client_mac, server_mac);
            rig_push(rig, LINK_ETHERNET, &packet);
        }
        rig_assert_whole(rig, 0, payload, 25);
        assert_int_equal(UDP, rig_datagram(rig, 0)->protocol);
        assert_true(rig_datagram(rig, 0)->has_mac);
        assert_memory_equal(client_mac, rig_datagram(rig, 0)->src_mac, 6);
        rig_close(rig);
    }
}

static void fragments_with_extensions_behind_the_fragment_header_are_read_on(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    uint8_t whole[24 + PAYLOAD];

    (void)state;
    packet_payload(&packet, payload, PAYLOAD);
    packet.protocol = UDP;
    packet_extension(&packet, 60, 2);
    memcpy(whole, packet_bytes(&packet), sizeof whole);
    for (uint32_t offset = 0; offset < sizeof whole; offset += 16) {
        uint32_t n = sizeof whole - offset < 16 ? (uint32_t)sizeof whole - offset : 16;
        packet_payload(&packet, whole + offset, n); /* the extension itself is cut in two */
        packet.protocol = 60;
        packet_fragment_header(&packet, 5, offset, offset + n < sizeof whole);
        packet_ipv6(&packet, &v6);
        rig_push(rig, LINK_RAW, &packet);
    }
    assert_int_equal(1, rig->count);
    assert_int_equal(UDP, rig_datagram(rig, 0)->protocol);
    rig_assert_whole(rig, 0, payload, PAYLOAD);
    rig_close(rig);
}

/* ---- overlaps ---- */

static void fragments_equal_overlaps_are_no_conflict(void **state)
{
    static const struct piece pieces[] = {
        {8, 24, true}, {16, 40, true}, {0, 16, true}, {48, 19, false}};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct rig *rig = rig_open(ROOMY);
        for (size_t i = 0; i < 4; i++)
            push(rig, families[f], 1, &pieces[i]);
        rig_assert_whole(rig, 0, payload, 67);
        assert_int_equal(0, stats_of(rig)->fragments_conflicting);
        rig_close(rig);
    }
}

/* The middle block comes twice, with other bytes: the first wins wherever the copy stands. */
static void fragments_conflicting_overlap_the_first_wins_and_is_counted(void **state)
{
    static const struct piece pieces[] = {{0, 16, true}, {8, 16, true}, {24, 11, false}};
    uint8_t other[16];

    (void)state;
    memset(other, '!', sizeof other);
    for (size_t f = 0; f < 2; f++) {
        struct rig *rig = rig_open(ROOMY);
        push(rig, families[f], 1, &pieces[0]);
        build(families[f], 1, &pieces[1], other); /* 8 bytes too late, 8 bytes in time */
        rig_push(rig, LINK_RAW, &packet);
        assert_int_equal(1, stats_of(rig)->fragments_conflicting);
        assert_int_equal(2, stats_of(rig)->first_conflict_frame);
        push(rig, families[f], 1, &pieces[1]);
        push(rig, families[f], 1, &pieces[2]);
        assert_int_equal(2, stats_of(rig)->fragments_conflicting);
        assert_int_equal(2, stats_of(rig)->first_conflict_frame);
        assert_int_equal(1, rig->count);
        const struct lp_datagram *datagram = rig_datagram(rig, 0);
        assert_int_equal(35, datagram->bytes.left);
        assert_memory_equal(payload, datagram->bytes.ptr, 16);
        assert_memory_equal(other, datagram->bytes.ptr + 16, 8);
        assert_memory_equal(payload + 24, datagram->bytes.ptr + 24, 11);
        rig_close(rig);
    }
}

static void fragments_one_differing_byte_in_the_odd_end_is_a_conflict(void **state)
{
    static const struct piece first = {0, 16, true}, last = {16, 11, false};
    uint8_t other[11];
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    push(rig, &v4, 1, &last);
    memcpy(other, payload + 16, sizeof other);
    other[10] ^= 1;
    build(&v4, 1, &last, other);
    rig_push(rig, LINK_RAW, &packet);
    push(rig, &v4, 1, &first);
    rig_assert_whole(rig, 0, payload, 27);
    assert_int_equal(1, stats_of(rig)->fragments_conflicting);
    rig_close(rig);
}

/* Two last fragments: the first one's end stays, and no byte that nobody sent is handed out. */
static void fragments_second_end_is_a_conflict_and_adds_nothing(void **state)
{
    static const struct piece end = {16, 8, false}, lower_end = {8, 3, false},
                              higher_end = {24, 5, false}, first = {0, 8, true},
                              middle = {8, 8, true};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct rig *rig = rig_open(ROOMY);
        push(rig, families[f], 1, &end);
        push(rig, families[f], 1, &lower_end);
        push(rig, families[f], 1, &higher_end);
        push(rig, families[f], 1, &first);
        assert_int_equal(2, stats_of(rig)->fragments_conflicting);
        assert_int_equal(0, rig->count); /* bytes 11 to 15 are not there */
        push(rig, families[f], 1, &middle);
        rig_assert_whole(rig, 0, payload, 24);
        rig_close(rig);
    }
}

static void fragments_beyond_the_end_are_a_conflict_in_either_order(void **state)
{
    static const struct piece end = {8, 5, false}, beyond = {16, 8, true}, first = {0, 8, true};

    (void)state;
    for (unsigned reversed = 0; reversed < 2; reversed++) {
        struct rig *rig = rig_open(ROOMY);
        push(rig, &v4, 1, reversed ? &beyond : &end);
        push(rig, &v4, 1, reversed ? &end : &beyond);
        assert_int_equal(1, stats_of(rig)->fragments_conflicting);
        push(rig, &v4, 1, &first);
        rig_assert_whole(rig, 0, payload, 13);
        rig_close(rig);
    }
}

/* ---- missing parts ---- */

static void fragments_one_lost_flush_hands_out_the_beginning(void **state)
{
    struct piece pieces[5];

    (void)state;
    cut_up(pieces, 5, PAYLOAD);
    for (size_t lost = 0; lost < 5; lost++) {
        struct rig *rig = rig_open(ROOMY);
        for (size_t i = 5; i-- > 0;) /* last-first */
            if (i != lost)
                push(rig, &v4, 1, &pieces[i]);
        assert_int_equal(0, rig->count);
        assert_int_equal(0, stats_of(rig)->fragments_incomplete);
        lp_net_flush(rig->net);
        assert_int_equal(1, stats_of(rig)->fragments_incomplete);
        assert_int_equal(lost != 0, rig->count);
        if (lost) { /* never the bytes behind the hole, nor the hole's zeros */
            rig_assert_whole(rig, 0, payload, pieces[lost].offset);
            assert_int_equal(4, rig_datagram(rig, 0)->frame);
        }
        lp_net_flush(rig->net); /* nothing left */
        assert_int_equal(lost != 0, rig->count);
        rig_close(rig);
    }
}

static void fragments_freed_without_flush_leak_nothing(void **state)
{
    const struct piece first = {0, 16, true};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (uint32_t id = 0; id < 50; id++)
        push(rig, &v6, id, &first);
    assert_true(rig->budget.used > 800);
    rig_close(rig);
}

/* The snap length cut the middle piece: the whole is announced, the beginning is there. */
static void fragments_snapped_piece_is_told_with_its_beginning(void **state)
{
    static const struct piece pieces[] = {{0, 24, true}, {24, 24, true}, {48, 9, false}};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        for (uint32_t kept = 0; kept < 24; kept++) {
            struct rig *rig = rig_open(ROOMY);
            push(rig, families[f], 1, &pieces[2]);
            build(families[f], 1, &pieces[1], payload + 24);
            rig_push_cut(rig, LINK_RAW, &packet, packet.n - 24 + kept, (uint32_t)packet.n);
            push(rig, families[f], 1, &pieces[0]);
            assert_int_equal(1, rig->count);
            const struct lp_datagram *datagram = rig_datagram(rig, 0);
            assert_int_equal(57, datagram->announced);
            assert_int_equal(24 + kept / 8 * 8, datagram->bytes.left);
            assert_true(datagram->snapped);
            assert_memory_equal(payload, datagram->bytes.ptr, datagram->bytes.left);
            rig_close(rig);
        }
    }
}

static void fragments_snapped_last_piece_ends_at_whole_blocks(void **state)
{
    static const struct piece pieces[] = {{0, 24, true}, {24, 13, false}};

    (void)state;
    for (uint32_t kept = 0; kept <= 13; kept++) {
        struct rig *rig = rig_open(ROOMY);
        build(&v4, 1, &pieces[1], payload + 24);
        rig_push_cut(rig, LINK_RAW, &packet, packet.n - 13 + kept, (uint32_t)packet.n);
        push(rig, &v4, 1, &pieces[0]);
        const struct lp_datagram *datagram = rig_datagram(rig, 0);
        assert_int_equal(37, datagram->announced);
        assert_int_equal(kept == 13 ? 37 : 24 + kept / 8 * 8, datagram->bytes.left);
        assert_int_equal(kept != 13, datagram->snapped);
        assert_memory_equal(payload, datagram->bytes.ptr, datagram->bytes.left);
        rig_close(rig);
    }
}

/* A second, whole copy of a snapped piece fills in what the first lacks. */
static void fragments_snapped_piece_is_completed_by_a_whole_copy(void **state)
{
    static const struct piece pieces[] = {{0, 24, true}, {24, 13, false}};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    build(&v4, 1, &pieces[0], payload);
    rig_push_cut(rig, LINK_RAW, &packet, packet.n - 15, (uint32_t)packet.n);
    push(rig, &v4, 1, &pieces[0]);
    push(rig, &v4, 1, &pieces[1]);
    assert_int_equal(1, rig->count);
    assert_int_equal(37, rig_datagram(rig, 0)->bytes.left);
    assert_memory_equal(payload, rig_datagram(rig, 0)->bytes.ptr, 37);
    rig_close(rig);
}

static void fragments_every_truncation_is_safe(void **state)
{
    static const struct piece first = {0, 24, true}, last = {24, 13, false};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        build(families[f], 1, &last, payload + 24);
        size_t whole = packet.n;
        for (size_t n = 0; n < whole; n++) {
            struct rig *rig = rig_open(ROOMY);
            push(rig, families[f], 1, &first);
            build(families[f], 1, &last, payload + 24);
            rig_push_cut(rig, LINK_RAW, &packet, n, (uint32_t)n);
            rig_push_cut(rig, LINK_RAW, &packet, n, (uint32_t)whole);
            lp_net_flush(rig->net);
            assert_int_equal(1, rig->count);
            assert_in_range(rig_datagram(rig, 0)->bytes.left, 24, 32);
            assert_memory_equal(payload, rig_datagram(rig, 0)->bytes.ptr,
                                rig_datagram(rig, 0)->bytes.left);
            rig_close(rig);
        }
    }
}

/* ---- lengths ---- */

/* The largest datagram: 65,535 bytes less the IPv4 header. */
static void fragments_largest_datagram_is_rebuilt(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    const uint32_t total = 65535 - 20;

    (void)state;
    for (uint32_t at = total / 1480 * 1480;; at -= 1480) {
        uint32_t n = total - at < 1480 ? total - at : 1480;
        push(rig, &v4, 1, &(struct piece){at, n, at + n < total});
        if (at == 0)
            break;
    }
    assert_int_equal(1, rig->count);
    rig_assert_whole(rig, 0, payload, total);
    rig_close(rig);
}

static void fragments_ending_beyond_65535_are_dropped(void **state)
{
    static const struct piece beyond[] = {
        {65528, 8, false}, {65528, 8, true}, {65520, 1480, true}, {65528, 1000, false}};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct rig *rig = rig_open(ROOMY);
        for (size_t i = 0; i < 4; i++) {
            build(families[f], 1, &beyond[i], payload);
            rig_push(rig, LINK_RAW, &packet);
        }
        assert_int_equal(4, stats_of(rig)->fragments_dropped);
        assert_int_equal(0, rig->budget.used);                       /* they begin nothing */
        push(rig, families[f], 1, &(struct piece){65528, 7, false}); /* the last one that fits */
        assert_int_equal(4, stats_of(rig)->fragments_dropped);
        assert_true(rig->budget.used > 65535);
        rig_close(rig);
    }
}

/* All but the last are multiples of eight (RFC 791 3.2); what is over cannot be placed. */
static void fragments_of_odd_length_lose_what_cannot_be_placed(void **state)
{
    static const struct piece odd[] = {{0, 0, true}, {0, 7, true}, {8, 0, true}, {8, 0, false}};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        push(rig, &v4, 1, &odd[i]);
    assert_int_equal(4, stats_of(rig)->fragments_dropped);
    assert_int_equal(0, rig->budget.used);
    push(rig, &v4, 1, &(struct piece){0, 13, true}); /* eight of these count */
    push(rig, &v4, 1, &(struct piece){16, 5, false});
    assert_int_equal(0, rig->count);
    push(rig, &v4, 1, &(struct piece){8, 8, true});
    rig_assert_whole(rig, 0, payload, 21);
    rig_close(rig);
}

static void fragments_with_hostile_lengths_are_dropped(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    build(&v4, 1, &(struct piece){8, 16, true}, payload);
    put_u16(packet_bytes(&packet) + 2, 0);                      /* "to the end of the frame", */
    rig_push_cut(rig, LINK_RAW, &packet, packet.n, UINT32_MAX); /* which is 4 GiB away */
    assert_int_equal(1, stats_of(rig)->fragments_dropped);
    build(&v4, 1, &(struct piece){64, 16, true}, payload);
    put_u16(packet_bytes(&packet) + 2, 0xffff);
    rig_push(rig, LINK_RAW, &packet);
    assert_int_equal(2, stats_of(rig)->fragments_dropped);
    assert_int_equal(0, rig->budget.used);
    rig_close(rig);
}

static void fragments_in_a_padded_frame_do_not_take_the_padding(void **state)
{
    static const struct piece pieces[] = {{0, 8, true}, {8, 8, true}, {16, 3, false}};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        build(&v4, 1, &pieces[i], payload + pieces[i].offset);
        packet_ethernet(&packet);
        packet_trailer(&packet, 0xee, 60 - packet.n);
        rig_push(rig, LINK_ETHERNET, &packet);
    }
    rig_assert_whole(rig, 0, payload, 19);
    rig_close(rig);
}

/* ---- time ---- */

static void check_reuse(int64_t later, bool same)
{
    const struct piece old_first = {0, 16, true}, first = {0, 8, true}, last = {16, 9, false};
    struct rig *rig = rig_open(ROOMY);

    push(rig, &v4, 1, &old_first);
    rig->time.sec += later;
    push(rig, &v4, 1, &last);
    if (same) {
        rig_assert_whole(rig, 0, payload, 25);
    } else { /* what the old one holds is handed out, the new one stands for itself */
        rig_assert_whole(rig, 0, payload, 16);
        assert_int_equal(1, stats_of(rig)->fragments_incomplete);
        push(rig, &v4, 1, &first);
        push(rig, &v4, 1, &(struct piece){8, 8, true});
        rig_assert_whole(rig, 1, payload, 25);
    }
    assert_int_equal(same ? 1 : 2, rig->count);
    rig_close(rig);
}

/* RFC 8200 4.5: sixty seconds; recordings are not always in order. */
static void fragments_expired_id_begins_anew(void **state)
{
    (void)state;
    check_reuse(60, true);
    check_reuse(61, false);
    check_reuse(-60, true);
    check_reuse(-61, false);
}

static void fragments_absurd_times_do_not_overflow(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MAX, -2, INT64_MAX, 1, INT64_MIN, INT64_MIN};
    const struct piece first = {0, 16, true};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        rig->time.sec = times[i];
        push(rig, &v4, 1, &first);
    }
    assert_int_equal(5, rig->count); /* each expires the one before, but for the last two */
    rig_close(rig);
}

/* ---- bounds ---- */

static void fragments_unfinished_are_bounded_and_the_oldest_leaves(void **state)
{
    enum { BOUND = 4096 };
    const struct piece first = {0, 16, true};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (uint32_t id = 0; id < BOUND; id++)
        push(rig, families[id % 2], id, &first);
    assert_int_equal(0, rig->count);
    push(rig, &v4, BOUND, &first);
    assert_int_equal(1, rig->count);
    rig_assert_whole(rig, 0, payload, 16);
    assert_int_equal(4, rig_datagram(rig, 0)->src.family);
    assert_int_equal(1, rig_datagram(rig, 0)->frame); /* the first that was begun */
    push(rig, &v4, BOUND + 1, &first);
    assert_int_equal(6, rig_datagram(rig, 1)->src.family);
    assert_int_equal(2, stats_of(rig)->fragments_incomplete);
    lp_net_flush(rig->net);
    assert_int_equal(BOUND + 2, rig->count);
    rig_close(rig);
}

static void fragments_without_budget_are_dropped(void **state)
{
    const struct piece first = {0, 16, true}, last = {16, 9, false};
    struct rig *rig = rig_open(100);

    (void)state;
    push(rig, &v4, 1, &first);
    push(rig, &v4, 1, &last);
    assert_int_equal(0, rig->count);
    assert_int_equal(2, stats_of(rig)->fragments_dropped);
    rig_close(rig);
}

/* Room for a few: the oldest gives way, what goes on is rebuilt, and the limit holds. */
static void fragments_beyond_the_budget_push_out_the_oldest(void **state)
{
    const struct piece first = {0, 16, true}, last = {16, 9, false};
    struct rig *rig = rig_open(20000);

    (void)state;
    for (uint32_t id = 0; id < 100; id++) {
        push(rig, &v4, id, &first);
        assert_true(rig->budget.used <= rig->budget.limit);
    }
    assert_in_range(rig->count, 90, 98);
    size_t before = rig->count;
    push(rig, &v4, 99, &last);
    assert_int_equal(before + 1, rig->count);
    rig_assert_whole(rig, before, payload, 25);
    assert_true(rig->budget.peak <= rig->budget.limit);
    rig_close(rig);
}

/* Another owner holds the budget: fragments come back to life once it gives. */
static void fragments_with_the_budget_held_by_others_are_dropped(void **state)
{
    const struct piece first = {0, 16, true}, last = {16, 9, false};
    struct rig *rig = rig_open(1 << 20);

    (void)state;
    assert_true(lp_budget_take(&rig->budget, 1 << 20));
    push(rig, &v4, 1, &first);
    assert_int_equal(1, stats_of(rig)->fragments_dropped);
    lp_budget_give(&rig->budget, 1 << 20);
    push(rig, &v4, 1, &last);
    push(rig, &v4, 1, &first);
    rig_assert_whole(rig, 0, payload, 25);
    rig_close(rig);
}

static void fragments_every_allocation_failing_drops_and_leaks_nothing(void **state)
{
    struct piece pieces[4];
    bool whole = false;

    (void)state;
    cut_up(pieces, 4, 5000);
    for (uint64_t n = 1; !whole; n++) {
        struct rig *rig = rig_open(ROOMY);
        for (size_t i = 0; i < 4; i++) {
            build(&v6, 1, &pieces[i], payload + pieces[i].offset);
            lp_alloc_fail_after(i == 0 ? n : n > i ? n - i : 1);
            rig_push(rig, LINK_RAW, &packet);
            lp_alloc_fail_after(0);
        }
        whole = rig->count == 1;
        if (whole)
            rig_assert_whole(rig, 0, payload, 5000);
        else
            assert_true(stats_of(rig)->fragments_dropped > 0);
        assert_true(n < 20);
        rig_close(rig);
    }
}

/* ---- fragments in fragments ---- */

/* Wraps what `bytes` holds in a fragment header and cuts that in two, depth times. */
static void push_nested(struct rig *rig, const uint8_t *bytes, uint32_t n, uint8_t protocol,
                        unsigned depth)
{
    uint32_t half = n / 2 / 8 * 8;

    for (unsigned i = 0; i < 2; i++) {
        packet_payload(&packet, i ? bytes + half : bytes, i ? n - half : half);
        packet.protocol = protocol;
        packet_fragment_header(&packet, 100 + depth, i ? half : 0, i == 0);
        if (depth == 0) {
            packet_ipv6(&packet, &v6);
            rig_push(rig, LINK_RAW, &packet);
            continue;
        }
        uint8_t inner[4096];
        uint32_t inner_n = (uint32_t)packet.n;
        assert_true(inner_n <= sizeof inner);
        memcpy(inner, packet_bytes(&packet), inner_n);
        push_nested(rig, inner, inner_n, 44, depth - 1);
    }
}

static void fragments_in_fragments_are_rebuilt_up_to_a_depth(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth < 11; depth++) {
        struct rig *rig = rig_open(ROOMY);
        push_nested(rig, payload, 1000, UDP, depth);
        assert_true(rig->count <= 1);
        if (depth < 3)
            assert_int_equal(1, rig->count);
        if (depth == 10)
            assert_int_equal(0, rig->count);
        if (rig->count)
            rig_assert_whole(rig, 0, payload, 1000);
        rig_close(rig);
    }
}

/* Unfinished fragments, each the beginning of the one around it: unwinding them must not cost more
 * than a few rounds, or 64 KiB would be copied 8,000 times. */
static void fragments_unfinished_nest_unwinds_in_few_rounds(void **state)
{
    enum { NEST = 4000 };
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    packet_payload(&packet, payload, 64);
    packet.protocol = UDP;
    for (uint32_t i = 0; i < NEST; i++)
        packet_fragment_header(&packet, i, 0, true);
    packet_ipv6(&packet, &v6);
    rig_push(rig, LINK_RAW, &packet);
    lp_net_flush(rig->net);
    assert_in_range(stats_of(rig)->fragments, 1, 20);
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fragments_every_order_is_rebuilt),
        cmocka_unit_test(fragments_every_order_with_duplicates_is_rebuilt),
        cmocka_unit_test(fragments_last_of_every_length_is_rebuilt),
        cmocka_unit_test(fragments_of_different_datagrams_do_not_mix),
        cmocka_unit_test(fragments_of_many_datagrams_interleaved_are_rebuilt),
        cmocka_unit_test(fragments_protocol_and_mac_come_from_the_beginning),
        cmocka_unit_test(fragments_with_extensions_behind_the_fragment_header_are_read_on),
        cmocka_unit_test(fragments_equal_overlaps_are_no_conflict),
        cmocka_unit_test(fragments_conflicting_overlap_the_first_wins_and_is_counted),
        cmocka_unit_test(fragments_one_differing_byte_in_the_odd_end_is_a_conflict),
        cmocka_unit_test(fragments_second_end_is_a_conflict_and_adds_nothing),
        cmocka_unit_test(fragments_beyond_the_end_are_a_conflict_in_either_order),
        cmocka_unit_test(fragments_one_lost_flush_hands_out_the_beginning),
        cmocka_unit_test(fragments_freed_without_flush_leak_nothing),
        cmocka_unit_test(fragments_snapped_piece_is_told_with_its_beginning),
        cmocka_unit_test(fragments_snapped_last_piece_ends_at_whole_blocks),
        cmocka_unit_test(fragments_snapped_piece_is_completed_by_a_whole_copy),
        cmocka_unit_test(fragments_every_truncation_is_safe),
        cmocka_unit_test(fragments_largest_datagram_is_rebuilt),
        cmocka_unit_test(fragments_ending_beyond_65535_are_dropped),
        cmocka_unit_test(fragments_of_odd_length_lose_what_cannot_be_placed),
        cmocka_unit_test(fragments_with_hostile_lengths_are_dropped),
        cmocka_unit_test(fragments_in_a_padded_frame_do_not_take_the_padding),
        cmocka_unit_test(fragments_expired_id_begins_anew),
        cmocka_unit_test(fragments_absurd_times_do_not_overflow),
        cmocka_unit_test(fragments_unfinished_are_bounded_and_the_oldest_leaves),
        cmocka_unit_test(fragments_without_budget_are_dropped),
        cmocka_unit_test(fragments_beyond_the_budget_push_out_the_oldest),
        cmocka_unit_test(fragments_with_the_budget_held_by_others_are_dropped),
        cmocka_unit_test(fragments_every_allocation_failing_drops_and_leaks_nothing),
        cmocka_unit_test(fragments_in_fragments_are_rebuilt_up_to_a_depth),
        cmocka_unit_test(fragments_unfinished_nest_unwinds_in_few_rounds),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
