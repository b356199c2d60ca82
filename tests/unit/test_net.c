#include "net_rig.h"

/* A TCP segment with 40 bytes of data, behind each sort of header. */
enum { DATA = 40, SEGMENT = 20 + DATA, ROOMY = 1 << 20 };

static struct ends v4, v6;
static struct packet packet; /* one at a time; large */
static uint8_t segment[SEGMENT];

/* Starts `packet` with the segment, and keeps a copy of it in `segment`. */
static struct packet *with_segment(const struct ends *ends)
{
    uint8_t data[DATA];

    for (size_t i = 0; i < DATA; i++)
        data[i] = (uint8_t)(0xa0 + i);
    packet_payload(&packet, data, DATA);
    packet_tcp(&packet,
               &(struct tcp_head){.ends = ends, .src_port = 49152, .dst_port = 443, .seq = 7});
    memcpy(segment, packet_bytes(&packet), SEGMENT);
    return &packet;
}

static struct packet *with_ip(const struct ends *ends)
{
    struct packet *p = with_segment(ends);
    packet_ip(p, ends);
    return p;
}

static int set_up(void **state)
{
    (void)state;
    v4 = ends_of("10.0.0.5", "10.201.160.201");
    v6 = ends_of("2001:db8::5", "2001:db8::1:0:0:201");
    return 0;
}

/* ---- each sort of header around one whole segment ---- */

static int ethernet_ipv4(void)
{
    packet_ethernet(with_ip(&v4));
    return LINK_ETHERNET;
}

static int ethernet_ipv6(void)
{
    packet_ethernet(with_ip(&v6));
    return LINK_ETHERNET;
}

static int tagged(const struct ends *ends, uint16_t outer, uint16_t inner)
{
    struct packet *p = with_ip(ends);
    packet_vlan(p, inner, 7);
    if (outer)
        packet_vlan(p, outer, 0xe00a); /* with a priority */
    packet_ethernet(p);
    return LINK_ETHERNET;
}

static int vlan_ipv4(void)
{
    return tagged(&v4, 0, 0x8100);
}

static int vlan_ipv6(void)
{
    return tagged(&v6, 0, 0x8100);
}

static int qinq_88a8(void)
{
    return tagged(&v4, 0x88a8, 0x8100);
}

static int qinq_9100(void)
{
    return tagged(&v4, 0x9100, 0x8100);
}

static int qinq_9200(void)
{
    return tagged(&v6, 0x9200, 0x8100);
}

static int vlan_in_vlan(void)
{
    return tagged(&v4, 0x8100, 0x8100);
}

static int sll_ipv4(void)
{
    packet_sll(with_ip(&v4), 1);
    return LINK_SLL;
}

static int sll_vlan_ipv6(void)
{
    struct packet *p = with_ip(&v6);
    packet_vlan(p, 0x8100, 7);
    packet_sll(p, 1);
    return LINK_SLL;
}

static int sll2_ipv4(void)
{
    packet_sll2(with_ip(&v4), 1);
    return LINK_SLL2;
}

static int sll2_ipv6(void)
{
    packet_sll2(with_ip(&v6), 1);
    return LINK_SLL2;
}

static int null_ipv4_little(void)
{
    packet_null(with_ip(&v4), 2, true);
    return LINK_NULL;
}

static int null_ipv4_big(void)
{
    packet_null(with_ip(&v4), 2, false);
    return LINK_NULL;
}

static int null_ipv6_freebsd(void)
{
    packet_null(with_ip(&v6), 28, true);
    return LINK_NULL;
}

static int null_ipv6_darwin(void)
{
    packet_null(with_ip(&v6), 30, true);
    return LINK_NULL;
}

static int null_ipv6_netbsd(void)
{
    packet_null(with_ip(&v6), 24, false);
    return LINK_NULL;
}

static int loop_ipv6(void)
{
    packet_null(with_ip(&v6), 24, false);
    return LINK_LOOP;
}

static int raw_ipv4(void)
{
    with_ip(&v4);
    return LINK_RAW;
}

static int raw_ipv6(void)
{
    with_ip(&v6);
    return LINK_RAW;
}

static int raw_bsd(void)
{
    with_ip(&v4);
    return LINK_RAW_BSD;
}

static int raw_openbsd(void)
{
    with_ip(&v6);
    return LINK_RAW_OPENBSD;
}

static int link_ipv4(void)
{
    with_ip(&v4);
    return LINK_IPV4;
}

static int link_ipv6(void)
{
    with_ip(&v6);
    return LINK_IPV6;
}

static int ipv4_options(size_t n)
{
    static const uint8_t options[40] = {7, 39, 4}; /* record route */
    struct packet *p = with_segment(&v4);
    packet_ipv4(p, &(struct ipv4_head){.ends = &v4, .options = options, .options_n = n});
    packet_ethernet(p);
    return LINK_ETHERNET;
}

static int ipv4_options_short(void)
{
    return ipv4_options(4);
}

static int ipv4_options_longest(void)
{
    return ipv4_options(40);
}

static int ipv4_do_not_fragment(void)
{
    struct packet *p = with_ip(&v4);
    packet_bytes(p)[6] = 0x40;
    packet_ethernet(p);
    return LINK_ETHERNET;
}

static int ipv6_extension(uint8_t kind, uint8_t words)
{
    struct packet *p = with_segment(&v6);
    packet_extension(p, kind, words);
    packet_ipv6(p, &v6);
    packet_ethernet(p);
    return LINK_ETHERNET;
}

static int ipv6_hop_by_hop(void)
{
    return ipv6_extension(0, 0);
}

static int ipv6_routing(void)
{
    return ipv6_extension(43, 4);
}

static int ipv6_destination(void)
{
    return ipv6_extension(60, 1);
}

static int ipv6_longest_extension(void)
{
    return ipv6_extension(60, 255);
}

static int ipv6_mobility(void)
{
    return ipv6_extension(135, 0);
}

static int ipv6_authentication(void)
{
    struct packet *p = with_segment(&v6);
    packet_authentication(p, 4); /* 24 bytes, as AH counts */
    packet_ipv6(p, &v6);
    return LINK_RAW;
}

static int ipv6_atomic_fragment(void)
{
    struct packet *p = with_segment(&v6);
    packet_fragment_header(p, 77, 0, false);
    packet_ipv6(p, &v6);
    return LINK_RAW;
}

/* In the order of RFC 8200 4.1. */
static int ipv6_all_extensions(void)
{
    struct packet *p = with_segment(&v6);
    packet_extension(p, 60, 0);
    packet_authentication(p, 1);
    packet_fragment_header(p, 77, 0, false);
    packet_extension(p, 43, 2);
    packet_extension(p, 60, 1);
    packet_extension(p, 0, 0);
    packet_ipv6(p, &v6);
    packet_vlan(p, 0x8100, 3);
    packet_ethernet(p);
    return LINK_ETHERNET;
}

static const struct shape {
    const char *name;
    int (*build)(void); /* fills `packet`; the link type */
    const struct ends *ends;
    bool src_mac, dst_mac;
} shapes[] = {
    {"Ethernet, IPv4", ethernet_ipv4, &v4, true, true},
    {"Ethernet, IPv6", ethernet_ipv6, &v6, true, true},
    {"VLAN, IPv4", vlan_ipv4, &v4, true, true},
    {"VLAN, IPv6", vlan_ipv6, &v6, true, true},
    {"QinQ 88a8", qinq_88a8, &v4, true, true},
    {"QinQ 9100", qinq_9100, &v4, true, true},
    {"QinQ 9200", qinq_9200, &v6, true, true},
    {"VLAN in VLAN", vlan_in_vlan, &v4, true, true},
    {"SLL, IPv4", sll_ipv4, &v4, true, false},
    {"SLL, VLAN, IPv6", sll_vlan_ipv6, &v6, true, false},
    {"SLL2, IPv4", sll2_ipv4, &v4, true, false},
    {"SLL2, IPv6", sll2_ipv6, &v6, true, false},
    {"null, little-endian, IPv4", null_ipv4_little, &v4, false, false},
    {"null, big-endian, IPv4", null_ipv4_big, &v4, false, false},
    {"null, IPv6 of FreeBSD", null_ipv6_freebsd, &v6, false, false},
    {"null, IPv6 of Darwin", null_ipv6_darwin, &v6, false, false},
    {"null, IPv6 of NetBSD", null_ipv6_netbsd, &v6, false, false},
    {"loop, IPv6", loop_ipv6, &v6, false, false},
    {"raw, IPv4", raw_ipv4, &v4, false, false},
    {"raw, IPv6", raw_ipv6, &v6, false, false},
    {"raw of BSD", raw_bsd, &v4, false, false},
    {"raw of OpenBSD", raw_openbsd, &v6, false, false},
    {"link type IPV4", link_ipv4, &v4, false, false},
    {"link type IPV6", link_ipv6, &v6, false, false},
    {"IPv4 options, 4 bytes", ipv4_options_short, &v4, true, true},
    {"IPv4 options, 40 bytes", ipv4_options_longest, &v4, true, true},
    {"IPv4, do not fragment", ipv4_do_not_fragment, &v4, true, true},
    {"IPv6 hop-by-hop", ipv6_hop_by_hop, &v6, true, true},
    {"IPv6 routing", ipv6_routing, &v6, true, true},
    {"IPv6 destination", ipv6_destination, &v6, true, true},
    {"IPv6 longest extension", ipv6_longest_extension, &v6, true, true},
    {"IPv6 mobility", ipv6_mobility, &v6, true, true},
    {"IPv6 authentication", ipv6_authentication, &v6, false, false},
    {"IPv6 atomic fragment", ipv6_atomic_fragment, &v6, false, false},
    {"IPv6 all extensions", ipv6_all_extensions, &v6, true, true},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void net_every_shape_yields_the_segment(void **state)
{
    static const uint8_t nobody[6];

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct rig *rig = rig_open(ROOMY);
        rig->time.nsec = 123456789;
        int link = shapes[i].build();
        rig_push(rig, link, &packet);
        if (rig->count != 1)
            fail_msg("%s: %zu datagrams", shapes[i].name, rig->count);
        rig_assert_whole(rig, 0, segment, SEGMENT);
        const struct lp_datagram *datagram = rig_datagram(rig, 0);
        assert_int_equal(TCP, datagram->protocol);
        assert_true(lp_ip_equal(&shapes[i].ends->src, &datagram->src));
        assert_true(lp_ip_equal(&shapes[i].ends->dst, &datagram->dst));
        assert_int_equal(shapes[i].src_mac, datagram->has_mac);
        assert_memory_equal(shapes[i].src_mac ? client_mac : nobody, datagram->src_mac, 6);
        assert_memory_equal(shapes[i].dst_mac ? server_mac : nobody, datagram->dst_mac, 6);
        assert_int_equal(1, datagram->frame);
        assert_int_equal(1700000000, datagram->time.sec);
        assert_int_equal(123456789, datagram->time.nsec);
        assert_int_equal(0, lp_net_stats(rig->net)->fragments);
        rig_close(rig);
    }
}

/* Cut at n: nothing while headers are missing, then the segment's beginning, named as snapped only
 * where the recording says that more was on the wire. */
static void check_cut(struct rig *rig, const struct shape *shape, int link, size_t n, bool snapped)
{
    size_t headers = packet.n - SEGMENT;

    rig_forget(rig);
    rig_push_cut(rig, link, &packet, n, (uint32_t)(snapped ? packet.n : n));
    if (rig->count != (n >= headers))
        fail_msg("%s: %zu datagrams of the first %zu bytes", shape->name, rig->count, n);
    if (rig->count) {
        const struct lp_datagram *datagram = rig_datagram(rig, 0);
        assert_int_equal(n - headers, datagram->bytes.left);
        assert_int_equal(SEGMENT, datagram->announced);
        assert_int_equal(snapped, datagram->snapped);
        assert_memory_equal(segment, datagram->bytes.ptr, n - headers);
    }
}

static void net_every_shape_cut_at_every_byte_is_safe_and_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct rig *rig = rig_open(ROOMY);
        int link = shapes[i].build();
        for (size_t n = 0; n < packet.n; n++) {
            check_cut(rig, &shapes[i], link, n, false);
            check_cut(rig, &shapes[i], link, n, true);
        }
        lp_net_flush(rig->net);
        assert_int_equal(0, lp_net_stats(rig->net)->fragments);
        rig_close(rig);
    }
}

/* Each byte of the headers set to each of the values that end or overrun something. */
static void net_every_shape_with_any_header_byte_wrong_is_safe(void **state)
{
    static const uint8_t values[] = {0, 1, 4, 6, 0x2c, 0x40, 0x45, 0x4f, 0x60, 0x7f, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct rig *rig = rig_open(ROOMY);
        int link = shapes[i].build();
        size_t headers = packet.n - SEGMENT < 120 ? packet.n - SEGMENT : 120;
        for (size_t at = 0; at < headers; at++) {
            rig_forget(rig);
            uint8_t *byte = packet_bytes(&packet) + at, right = *byte;
            for (size_t v = 0; v < sizeof values; v++) {
                *byte = values[v];
                rig_push(rig, link, &packet); /* rig_take() checks what comes out */
            }
            *byte = right;
        }
        lp_net_flush(rig->net);
        rig_close(rig);
    }
}

/* ---- lengths ---- */

static void net_padding_behind_the_ip_length_is_no_payload(void **state)
{
    static const struct ends *const families[] = {&v4, &v6};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct packet *p = with_ip(families[i]);
        packet_ethernet(p);
        packet_trailer(p, 0xee, 18);
        rig_push(rig, LINK_ETHERNET, p);
        rig_assert_whole(rig, 0, segment, SEGMENT);
        /* The snap length took nothing but padding. */
        rig_push_cut(rig, LINK_ETHERNET, p, p->n - 10, (uint32_t)p->n);
        rig_assert_whole(rig, 1, segment, SEGMENT);
        rig_close(rig);
    }
}

static void net_empty_payload_in_a_padded_frame_is_empty(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    packet_payload(&packet, NULL, 0);
    packet.protocol = TCP;
    packet_ipv4(&packet, &(struct ipv4_head){.ends = &v4});
    packet_ethernet(&packet);
    packet_trailer(&packet, 0, 26);
    rig_push(rig, LINK_ETHERNET, &packet);
    rig_assert_whole(rig, 0, "", 0);
    rig_close(rig);
}

static struct packet *with_zero_length(const struct ends *ends)
{
    struct packet *p = with_ip(ends);
    put_u16(packet_bytes(p) + (ends->src.family == 4 ? 2 : 4), 0);
    packet_ethernet(p);
    return p;
}

/* As a sender records it that leaves segmentation to its hardware. */
static void net_ip_length_zero_reaches_to_the_end_of_the_frame(void **state)
{
    static const struct ends *const families[] = {&v4, &v6};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct packet *p = with_zero_length(families[i]);
        rig_push(rig, LINK_ETHERNET, p);
        rig_assert_whole(rig, 0, segment, SEGMENT);
        rig_push_cut(rig, LINK_ETHERNET, p, p->n - 15, (uint32_t)p->n);
        const struct lp_datagram *datagram = rig_datagram(rig, 1);
        assert_int_equal(SEGMENT - 15, datagram->bytes.left);
        assert_int_equal(SEGMENT, datagram->announced);
        assert_true(datagram->snapped);
        rig_close(rig);
    }
}

static void net_super_frame_beyond_64k_is_whole(void **state)
{
    enum { MUCH = 100000 };
    struct rig *rig = rig_open(ROOMY);
    uint8_t *data = malloc(MUCH);

    (void)state;
    for (size_t i = 0; i < MUCH; i++)
        data[i] = (uint8_t)(i * 31);
    packet_payload(&packet, data, MUCH);
    packet.protocol = TCP;
    packet_ipv4(&packet, &(struct ipv4_head){.ends = &v4, .zero_length = true});
    packet_ethernet(&packet);
    rig_push(rig, LINK_ETHERNET, &packet);
    rig_assert_whole(rig, 0, data, MUCH);
    free(data);
    rig_close(rig);
}

static void net_original_length_absurd_does_not_overflow(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    struct packet *p = with_zero_length(&v4);

    (void)state;
    rig_push_cut(rig, LINK_ETHERNET, p, p->n, UINT32_MAX);
    assert_int_equal(SEGMENT, rig_datagram(rig, 0)->bytes.left);
    assert_true(rig_datagram(rig, 0)->snapped);
    rig_push_cut(rig, LINK_ETHERNET, p, p->n, 0); /* less than captured */
    rig_assert_whole(rig, 1, segment, SEGMENT);
    rig_close(rig);
}

static void net_ip_length_beyond_the_frame_is_missing_but_not_snapped(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    struct packet *p = with_ip(&v4);

    (void)state;
    put_u16(packet_bytes(p) + 2, 20 + SEGMENT + 100);
    rig_push(rig, LINK_RAW, p);
    p = with_ip(&v6);
    put_u16(packet_bytes(p) + 4, SEGMENT + 100);
    rig_push(rig, LINK_RAW, p);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(SEGMENT, rig_datagram(rig, i)->bytes.left);
        assert_int_equal(SEGMENT + 100, rig_datagram(rig, i)->announced);
        assert_false(rig_datagram(rig, i)->snapped);
    }
    rig_close(rig);
}

static void push_ipv4_with(struct rig *rig, size_t at, uint8_t value)
{
    struct packet *p = with_ip(&v4);
    packet_bytes(p)[at] = value;
    rig_push(rig, LINK_IPV4, p);
}

static void net_ipv4_impossible_headers_yield_nothing(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (uint8_t words = 0; words < 5; words++)
        push_ipv4_with(rig, 0, 0x40 | words); /* header below 20 bytes */
    for (unsigned version = 0; version < 16; version++)
        if (version != 4)
            push_ipv4_with(rig, 0, (uint8_t)(version << 4 | 5));
    struct packet *p = with_ip(&v4);
    put_u16(packet_bytes(p) + 2, 19); /* total length below the header's */
    rig_push(rig, LINK_IPV4, p);
    p = with_ip(&v4);
    packet_bytes(p)[0] = 0x4f;
    put_u16(packet_bytes(p) + 2, 59);
    rig_push(rig, LINK_IPV4, p);
    p->n = 0; /* a header that is longer than the frame */
    packet_payload(p, NULL, 0);
    p->protocol = TCP;
    packet_ipv4(p, &(struct ipv4_head){.ends = &v4});
    packet_bytes(p)[0] = 0x46;
    put_u16(packet_bytes(p) + 2, 24);
    rig_push(rig, LINK_IPV4, p);
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

static void net_ipv4_total_length_of_its_header_is_an_empty_datagram(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    struct packet *p = with_ip(&v4);

    (void)state;
    put_u16(packet_bytes(p) + 2, 20);
    rig_push(rig, LINK_IPV4, p);
    rig_assert_whole(rig, 0, "", 0);
    rig_close(rig);
}

static void net_ipv6_other_versions_yield_nothing(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (unsigned version = 0; version < 16; version++) {
        struct packet *p = with_ip(&v6);
        packet_bytes(p)[0] = (uint8_t)(version << 4);
        rig_push(rig, LINK_IPV6, p);
        rig_push(rig, LINK_RAW, p); /* the same, chosen by the nibble */
    }
    assert_int_equal(2, rig->count); /* version 6 itself */
    rig_close(rig);
}

/* The header says 8 (words + 1) bytes, but the payload length ends inside it. */
static void net_ipv6_extension_over_the_payloads_end_yields_nothing(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (unsigned length = 1; length < 32; length++) {
        struct packet *p = with_segment(&v6);
        packet_extension(p, 60, 3);
        packet_ipv6(p, &v6);
        put_u16(packet_bytes(p) + 4, length);
        rig_push(rig, LINK_IPV6, p);
        put_u16(packet_bytes(p) + 4, length);
        packet_bytes(p)[6] = 51; /* read as an authentication header of 20 bytes */
        if (length < 20)
            rig_push(rig, LINK_IPV6, p);
        packet_bytes(p)[6] = 44;
        if (length < 8)
            rig_push(rig, LINK_IPV6, p);
    }
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

static void net_ipv6_endless_extensions_end(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (unsigned headers = 0; headers < 60; headers++) {
        struct packet *p = with_segment(&v6);
        for (unsigned i = 0; i < headers; i++)
            packet_extension(p, 60, 0);
        packet_ipv6(p, &v6);
        rig_push(rig, LINK_IPV6, p);
    }
    assert_in_range(rig->count, 16, 59); /* more than anyone sends, but not all */
    for (size_t i = 0; i < rig->count; i++)
        rig_assert_whole(rig, i, segment, SEGMENT);
    rig_close(rig);
}

/* The owner asks for TCP and UDP; what else IP carries may be left out, but not renamed. */
static void net_udp_keeps_its_number_and_others_are_never_renamed(void **state)
{
    static const uint8_t protocols[] = {UDP, 1, 58, 59, 132, 253, 255};

    (void)state;
    for (size_t i = 0; i < sizeof protocols; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct packet *p = with_segment(&v6);
        p->protocol = protocols[i];
        packet_extension(p, 0, 0);
        packet_ipv6(p, &v6);
        rig_push(rig, LINK_IPV6, p);
        p = with_segment(&v4);
        p->protocol = protocols[i];
        packet_ipv4(p, &(struct ipv4_head){.ends = &v4});
        rig_push(rig, LINK_IPV4, p);
        if (protocols[i] == UDP)
            assert_int_equal(2, rig->count);
        for (size_t k = 0; k < rig->count; k++) {
            assert_int_equal(protocols[i], rig_datagram(rig, k)->protocol);
            assert_int_equal(SEGMENT, rig_datagram(rig, k)->bytes.left);
        }
        rig_close(rig);
    }
}

/* ---- tunnels ---- */

/* The addresses are hashed with all their bytes: what an outer IPv6 address left behind an inner
 * IPv4 one would make one host look like many. */
static void net_ipv4_inside_ipv6_leaves_no_trace_of_the_outer_address(void **state)
{
    static const uint8_t zeros[12];
    struct rig *rig = rig_open(ROOMY);
    struct packet *p = with_ip(&v4);

    (void)state;
    p->protocol = 4;
    packet_ipv6(p, &v6);
    rig_push(rig, LINK_RAW, p);
    rig_assert_whole(rig, 0, segment, SEGMENT);
    const struct lp_datagram *datagram = rig_datagram(rig, 0);
    assert_true(lp_ip_equal(&v4.src, &datagram->src));
    assert_memory_equal(zeros, datagram->src.bytes + 4, 12);
    assert_memory_equal(zeros, datagram->dst.bytes + 4, 12);
    assert_int_equal(1, datagram->outer_count);
    assert_true(lp_ip_equal(&v6.src, &datagram->outer[0].src));
    assert_true(lp_ip_equal(&v6.dst, &datagram->outer[0].dst));
    rig_close(rig);
}

/* ---- link layers ---- */

static void net_knows_every_link_type_that_it_reads(void **state)
{
    static const int known[] = {LINK_NULL, LINK_ETHERNET, LINK_RAW_BSD, LINK_RAW_OPENBSD,
                                LINK_RAW,  LINK_LOOP,     LINK_SLL,     LINK_IPV4,
                                LINK_IPV6, LINK_SLL2};
    static const int unknown[] = {-1, 147, 162, 65535, INT32_MAX, INT32_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(lp_net_knows(known[i]));
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_false(lp_net_knows(unknown[i]));
}

static void net_unknown_link_type_yields_nothing(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    int link = ethernet_ipv4();

    (void)state;
    assert_int_equal(LINK_ETHERNET, link);
    rig_push(rig, 147, &packet);
    rig_push(rig, -1, &packet);
    rig_push(rig, INT32_MAX, &packet);
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

static void net_link_of_one_version_refuses_the_other(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    rig_push(rig, LINK_IPV6, with_ip(&v4));
    rig_push(rig, LINK_IPV4, with_ip(&v6));
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

static void net_ethertype_of_others_yields_nothing(void **state)
{
    static const uint16_t types[] = {0, 46, 1500, 0x0801, 0x0806, 0x8863, 0x888e, 0xffff};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct packet *p = with_ip(&v4);
        p->type = types[i];
        packet_vlan(p, 0x8100, 1);
        packet_ethernet(p);
        rig_push(rig, LINK_ETHERNET, p);
    }
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

static void net_endless_vlan_tags_end(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (unsigned tags = 0; tags < 200; tags++) {
        struct packet *p = with_ip(&v4);
        for (unsigned i = 0; i < tags; i++)
            packet_vlan(p, 0x8100, 1);
        packet_ethernet(p);
        rig_push(rig, LINK_ETHERNET, p);
    }
    assert_in_range(rig->count, 4, 100);
    rig_close(rig);
}

/* Only an Ethernet address of six bytes is a MAC. */
static void net_cooked_from_other_hardware_has_no_mac(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    struct packet *p = with_ip(&v4);
    packet_sll(p, 512); /* PPP */
    rig_push(rig, LINK_SLL, p);
    p = with_ip(&v4);
    packet_sll2(p, 512);
    rig_push(rig, LINK_SLL2, p);
    p = with_ip(&v4);
    packet_sll(p, 1);
    put_u16(packet_bytes(p) + 4, 0);
    rig_push(rig, LINK_SLL, p);
    p = with_ip(&v4);
    packet_sll2(p, 1);
    packet_bytes(p)[11] = 0;
    rig_push(rig, LINK_SLL2, p);
    for (size_t i = 0; i < 4; i++) {
        rig_assert_whole(rig, i, segment, SEGMENT);
        assert_false(rig_datagram(rig, i)->has_mac);
    }
    rig_close(rig);
}

static void net_null_with_other_families_yields_nothing(void **state)
{
    static const uint32_t families[] = {0, 1, 3, 7, 23, 0x0200, 0x20000, UINT32_MAX};
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        struct packet *p = with_ip(&v4);
        packet_null(p, families[i], false);
        rig_push(rig, LINK_NULL, p);
    }
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

/* What one frame left behind must not show in the next. */
static void net_macs_do_not_leak_into_the_next_frame(void **state)
{
    static const uint8_t nobody[6];
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    rig_push(rig, ethernet_ipv4(), &packet);
    rig_push(rig, raw_ipv4(), &packet);
    assert_false(rig_datagram(rig, 1)->has_mac);
    assert_memory_equal(nobody, rig_datagram(rig, 1)->src_mac, 6);
    rig_close(rig);
}

/* ---- memory ---- */

static void net_new_allocation_failing_yields_null(void **state)
{
    struct lp_budget budget = {.limit = ROOMY};

    (void)state;
    for (uint64_t n = 1;; n++) {
        lp_alloc_fail_after(n);
        struct lp_net *net = lp_net_new(1, &budget, rig_take, NULL);
        lp_alloc_fail_after(0);
        lp_net_free(net);
        if (net) {
            assert_true(n > 2);
            break;
        }
    }
    lp_net_free(NULL);
    assert_int_equal(0, budget.used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_every_shape_yields_the_segment),
        cmocka_unit_test(net_every_shape_cut_at_every_byte_is_safe_and_told),
        cmocka_unit_test(net_every_shape_with_any_header_byte_wrong_is_safe),
        cmocka_unit_test(net_padding_behind_the_ip_length_is_no_payload),
        cmocka_unit_test(net_empty_payload_in_a_padded_frame_is_empty),
        cmocka_unit_test(net_ip_length_zero_reaches_to_the_end_of_the_frame),
        cmocka_unit_test(net_super_frame_beyond_64k_is_whole),
        cmocka_unit_test(net_original_length_absurd_does_not_overflow),
        cmocka_unit_test(net_ip_length_beyond_the_frame_is_missing_but_not_snapped),
        cmocka_unit_test(net_ipv4_impossible_headers_yield_nothing),
        cmocka_unit_test(net_ipv4_total_length_of_its_header_is_an_empty_datagram),
        cmocka_unit_test(net_ipv6_other_versions_yield_nothing),
        cmocka_unit_test(net_ipv6_extension_over_the_payloads_end_yields_nothing),
        cmocka_unit_test(net_ipv6_endless_extensions_end),
        cmocka_unit_test(net_udp_keeps_its_number_and_others_are_never_renamed),
        cmocka_unit_test(net_ipv4_inside_ipv6_leaves_no_trace_of_the_outer_address),
        cmocka_unit_test(net_knows_every_link_type_that_it_reads),
        cmocka_unit_test(net_unknown_link_type_yields_nothing),
        cmocka_unit_test(net_link_of_one_version_refuses_the_other),
        cmocka_unit_test(net_ethertype_of_others_yields_nothing),
        cmocka_unit_test(net_endless_vlan_tags_end),
        cmocka_unit_test(net_cooked_from_other_hardware_has_no_mac),
        cmocka_unit_test(net_null_with_other_families_yields_nothing),
        cmocka_unit_test(net_macs_do_not_leak_into_the_next_frame),
        cmocka_unit_test(net_new_allocation_failing_yields_null),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
