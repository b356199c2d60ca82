/* Every link layer of net.c and every tag that ethertype.c knows, around one segment. */
#include "heads.h"

enum { ROOMY = 1 << 20 };

static struct packet packet; /* one at a time; large */

#define SNAP4 "aaaa03 000000 0800"
#define SNAP6 "aaaa03 000000 86dd"
#define AP "00005e005340"
#define ZEROS4 "00000000"
#define ZEROS16 ZEROS4 ZEROS4 ZEROS4 ZEROS4
#define WLAN_UP "0801 0000" AP "C S 1000" /* to the access point */

enum mac { NONE, SRC, BOTH };

/* "C" and "S" are the MACs of the phone and the headend (heads.h). */
static const struct row {
    const char *name;
    int link;
    const char *head;
    enum heads_inside inside;
    enum mac mac;
} rows[] = {
    {"802.3, SNAP", 1, "S C 0064" SNAP4, INSIDE_IPV4, BOTH},
    {"802.3, IP's own SAP", 1, "S C 0064 060603", INSIDE_IPV4, BOTH},
    {"802.1Q", 1, "S C 8100 0007 0800", INSIDE_IPV4, BOTH},
    {"802.1ad", 1, "S C 88a8 0009 8100 0007 86dd", INSIDE_IPV6, BOTH},
    {"9100", 1, "S C 9100 0009 8100 0007 0800", INSIDE_IPV4, BOTH},
    {"9200", 1, "S C 9200 0009 8100 0007 0800", INSIDE_IPV4, BOTH},
    {"9300", 1, "S C 9300 0009 0800", INSIDE_IPV4, BOTH},
    {"802.1ah", 1, AP AP "88e7 00000035", INSIDE_FRAME, BOTH},
    {"802.1BR", 1, "S C 893f 000000350000 0800", INSIDE_IPV4, BOTH},
    {"VN-tag", 1, "S C 8926 00350007 8100 0007 0800", INSIDE_IPV4, BOTH},
    {"Cisco metadata", 1, "S C 8909 0101 0001 0035 0800", INSIDE_IPV4, BOTH},
    {"FabricPath", 1, AP AP "8903 0060", INSIDE_FRAME, BOTH},
    {"ISL", 1, "01000c000000" AP "0090 aaaa03 00005e 000e 0000 0000", INSIDE_FRAME, BOTH},
    {"ISL, the other address", 1, "03000c000000" AP "0090 aaaa03 00005e 000e 0000 0000",
     INSIDE_FRAME, BOTH},
    {"MACsec, in the clear", 1, "S C 88e5 2000 00000001 00005e0053400001 0800", INSIDE_IPV4, BOTH},
    {"MACsec, in the clear, short", 1, "S C 88e5 0000 00000001 0800", INSIDE_IPV4, BOTH},
    {"MPLS", 1, "S C 8847 00010140", INSIDE_IPV4, BOTH},
    {"MPLS, IPv6", 1, "S C 8848 00010140", INSIDE_IPV6, BOTH},
    {"MPLS, three labels", 1, "S C 8847 00010040 00011040 00012140", INSIDE_IPV4, BOTH},
    {"MPLS, control word", 1, AP AP "8847 00010140 00000000", INSIDE_FRAME, BOTH},
    {"MPLS as link type", 219, "00010140", INSIDE_IPV4, NONE},
    {"PPPoE", 1, "S C 8864 1100 0035 0066 0021", INSIDE_IPV4, BOTH},
    {"PPPoE as link type", 51, "1100 0035 0066 0057", INSIDE_IPV6, NONE},
    {"PPP", 9, "ff03 0021", INSIDE_IPV4, NONE},
    {"PPP, IPv6", 9, "ff03 0057", INSIDE_IPV6, NONE},
    {"PPP, bare", 9, "0021", INSIDE_IPV4, NONE},
    {"PPP, one byte", 9, "21", INSIDE_IPV4, NONE},
    {"PPP, address and one byte", 9, "ff03 57", INSIDE_IPV6, NONE},
    {"PPP, multilink", 9, "ff03 003d c0000001 0021", INSIDE_IPV4, NONE},
    {"PPP, MPLS", 9, "ff03 0281 00010140", INSIDE_IPV4, NONE},
    {"PPP, MPLS multicast", 9, "ff03 0283 00010140", INSIDE_IPV4, NONE},
    {"PPP, bridged", 9, "ff03 0031 0001", INSIDE_FRAME, BOTH},
    {"PPP serial", 50, "ff03 0021", INSIDE_IPV4, NONE},
    {"PPP serial, Cisco", 50, "0f00 0800", INSIDE_IPV4, NONE},
    {"PPP serial, Cisco multicast", 50, "8f00 86dd", INSIDE_IPV6, NONE},
    {"PPP with direction", 204, "01 ff03 0021", INSIDE_IPV4, NONE},
    {"PPP with direction, bare", 204, "00 0021", INSIDE_IPV4, NONE},
    {"PPP with any direction", 204, "ff ff03 0021", INSIDE_IPV4, NONE},
    {"PPP of pppd", 166, "01 03 0021", INSIDE_IPV4, NONE},
    {"Cisco HDLC", 104, "0f00 0800", INSIDE_IPV4, NONE},
    {"Cisco HDLC with direction", 205, "01 0f00 0800", INSIDE_IPV4, NONE},
    {"Frame relay, NLPID", 107, "1841 03cc", INSIDE_IPV4, NONE},
    {"Frame relay, NLPID, IPv6", 107, "1841 03 00 8e", INSIDE_IPV6, NONE},
    {"Frame relay, long address", 107, "18400001 03cc", INSIDE_IPV4, NONE},
    {"Frame relay, SNAP", 107, "1841 0300 80 000000 0800", INSIDE_IPV4, NONE},
    {"Frame relay, bridged", 107, "1841 0300 80 0080c2 0007", INSIDE_FRAME, BOTH},
    {"Frame relay, PPP", 107, "1841 03cf 0021", INSIDE_IPV4, NONE},
    {"Frame relay, Cisco", 107, "1841 0800", INSIDE_IPV4, NONE},
    {"Frame relay with direction", 206, "01 1841 03cc", INSIDE_IPV4, NONE},
    {"Token ring", 6, "1040 S C" SNAP4, INSIDE_IPV4, BOTH},
    {"Token ring, routed", 6, "1040 S 801f6c81110e 063000110020" SNAP4, INSIDE_IPV4, BOTH},
    {"FDDI", 10, "50 S C" SNAP4, INSIDE_IPV4, BOTH},
    {"ATM", 11, SNAP4, INSIDE_IPV4, NONE},
    {"ATM, NLPID", 100, "fefe03 cc", INSIDE_IPV4, NONE},
    {"ATM, PPP", 100, "fefe03 cf 0021", INSIDE_IPV4, NONE},
    {"ATM, bridged", 100, "aaaa03 0080c2 0007 0000", INSIDE_FRAME, BOTH},
    {"SunATM", 123, "82 00 0035" SNAP4, INSIDE_IPV4, NONE},
    {"Linux cooked", 113, "0004 0001 0006 C 0000 0800", INSIDE_IPV4, SRC},
    {"Linux cooked, LLC", 113, "0004 0001 0006 C 0000 0004" SNAP4, INSIDE_IPV4, SRC},
    {"Linux cooked, no Ethernet", 113, "0004 0200 0000 0000000000000000 0800", INSIDE_IPV4, NONE},
    {"Linux cooked 2", 276, "86dd 0000 00000003 0001 04 06 C 0000", INSIDE_IPV6, SRC},
    {"BSD null", 0, "02000000", INSIDE_IPV4, NONE},
    {"BSD null, big-endian", 0, "00000018", INSIDE_IPV6, NONE},
    {"BSD loop", 108, "0000001c", INSIDE_IPV6, NONE},
    {"raw 12", 12, "", INSIDE_IPV4, NONE},
    {"raw 14", 14, "", INSIDE_IPV6, NONE},
    {"raw 101", 101, "", INSIDE_IPV6, NONE},
    {"raw IPv4", 228, "", INSIDE_IPV4, NONE},
    {"raw IPv6", 229, "", INSIDE_IPV6, NONE},
    {"netfilter log", 239,
     "0200001e 0800 0100 08000300 1000 0800 00060000 C 0000 0a00 0a00 70686f6e6500 0000 6800 0900",
     INSIDE_IPV4, SRC},
    {"netfilter log, big-endian", 239,
     "0200001e 0008 0001 08000300 0010 0008 00060000 C 0000 000a 000a 70686f6e6500 0000 0068 0009",
     INSIDE_IPV4, SRC},
    {"packet filter log", 117, "3d020000" ZEROS16 ZEROS16 ZEROS16 "000000000000000000000000",
     INSIDE_IPV4, NONE},
    {"packet tap", 258, "1c000000 01000000 01000000" ZEROS16, INSIDE_FRAME, BOTH},
    {"packet tap of Apple", 149, "0c000000 01000000 0c000000", INSIDE_IPV4, NONE},
    {"Solaris ipnet", 226, "011a0000 00000000" ZEROS16, INSIDE_IPV6, NONE},
    {"OpenBSD enc", 109, "02000000 00001001 00000000", INSIDE_IPV4, NONE},
    {"InfiniBand", 242, ZEROS16 ZEROS16 ZEROS4 ZEROS4 "0800 0000", INSIDE_IPV4, NONE},
    {"netANALYZER", 240, "00040000", INSIDE_FRAME, BOTH},
    {"802.11", 105, WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"802.11, to the phone", 105, "0802 0000 S" AP "C 1000" SNAP4, INSIDE_IPV4, BOTH},
    {"802.11, between stations", 105, "0800 0000 S C" AP "1000" SNAP6, INSIDE_IPV6, BOTH},
    {"802.11, QoS", 105, "8801 0000" AP "C S 1000 0600" SNAP4, INSIDE_IPV4, BOTH},
    {"802.11, QoS, HT", 105, "8881 0000" AP "C S 1000 0600 00000000" SNAP4, INSIDE_IPV4, BOTH},
    {"802.11, four addresses", 105, "0803 0000" AP AP "S 1000 C" SNAP4, INSIDE_IPV4, BOTH},
    {"802.11, four addresses, QoS", 105, "8803 0000" AP AP "S 1000 C 0600" SNAP4, INSIDE_IPV4,
     BOTH},
    {"802.11, control swapped", 105, "0188 0000" AP "C S 1000 0600" SNAP4, INSIDE_IPV4, BOTH},
    {"radiotap", 127, "00000800 00000000" WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"radiotap, flags", 127, "00000900 02000000 10" WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"radiotap, padded", 127, "00000900 02000000 20 8801 0000" AP "C S 1000 0600 0000" SNAP4,
     INSIDE_IPV4, BOTH},
    {"radiotap, time, padded", 127,
     "00001100 03000000 0000000000000001 20 8801 0000" AP "C S 1000 0600 0000" SNAP4, INSIDE_IPV4,
     BOTH},
    {"radiotap, two words, padded", 127,
     "00001900 03000080 00000000 00000000 2020202020202020 20"
     "8801 0000" AP "C S 1000 0600 0000" SNAP4,
     INSIDE_IPV4, BOTH},
    {"prism", 119,
     "44000000 90000000" ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16 ZEROS16
     "0000000000000000" WLAN_UP SNAP4,
     INSIDE_IPV4, BOTH},
    {"prism, short, big-endian", 119, "00000044 0000000c 00000000" WLAN_UP SNAP4, INSIDE_IPV4,
     BOTH},
    {"AVS as prism", 119, "80211001 0000000c 00000000" WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"AVS", 163, "80211002 0000000c 00000000" WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"PPI", 192, "00000c00 69000000 00000000" WLAN_UP SNAP4, INSIDE_IPV4, BOTH},
    {"PPI, Ethernet", 192, "00000800 01000000", INSIDE_FRAME, BOTH},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static struct heads_promise build(const struct row *row)
{
    struct heads_promise promise = {.name = row->name,
                                    .link = row->link,
                                    .inside = row->inside,
                                    .src_mac = row->mac != NONE ? client_mac : NULL,
                                    .dst_mac = row->mac == BOTH ? server_mac : NULL};

    packet_inside(&packet, row->inside, promise.segment);
    packet_head(&packet, row->head);
    return promise;
}

static void layers_every_row_yields_the_segment_and_its_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct heads_promise promise = build(&rows[i]);
        heads_check(rig, &promise, &packet);
        assert_int_equal(0, rig_datagram(rig, 0)->outer_count);
        rig_close(rig);
    }
}

static void layers_every_row_with_a_trailer_keeps_it_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct heads_promise promise = build(&rows[i]);
        packet_trailer(&packet, 0xee, 4);
        heads_check(rig, &promise, &packet);
        rig_close(rig);
    }
}

static void layers_every_row_cut_at_every_byte_is_safe_and_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct heads_promise promise = build(&rows[i]);
        heads_check_every_cut(rig, &promise, &packet);
        rig_close(rig);
    }
}

static void layers_every_row_with_any_header_byte_wrong_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        build(&rows[i]);
        heads_push_every_wrong_byte(rig, rows[i].link, &packet);
        lp_net_flush(rig->net);
        rig_close(rig);
    }
}

static void layers_every_link_type_with_a_row_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_true(lp_net_knows(rows[i].link));
}

/* ---- what is not announced: MPLS */

/* Ethernet addresses that begin as IPv4, as IPv6 and as a control word do. */
static void mpls_ethernet_without_control_word_is_told_by_what_it_carries(void **state)
{
    static const uint8_t firsts[] = {0x00, 0x0a, 0x02, 0x40, 0x45, 0x46, 0x4e, 0x60, 0x66, 0xa2};
    struct rig *rig = rig_open(ROOMY);
    struct heads_promise promise = {.name = "MPLS, Ethernet", .link = 1, .src_mac = client_mac};

    (void)state;
    for (size_t i = 0; i < sizeof firsts; i++) {
        uint8_t dst[6] = {firsts[i], 0, 0x5e, 0, 0x53, 1};
        promise.dst_mac = dst;
        packet_inside(&packet, INSIDE_FRAME, promise.segment);
        packet_bytes(&packet)[0] = dst[0];
        memcpy(packet_bytes(&packet), dst, 6);
        packet_head(&packet, AP AP "8847 00010140");
        heads_check(rig, &promise, &packet);
        packet_inside(&packet, INSIDE_FRAME, promise.segment);
        memcpy(packet_bytes(&packet), dst, 6);
        packet_head(&packet, AP AP "8847 00010140 00000000");
        heads_check(rig, &promise, &packet);
    }
    rig_close(rig);
}

static void mpls_labels_without_bottom_yield_nothing(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    uint8_t segment[HEADS_SEGMENT];

    (void)state;
    packet_inside(&packet, INSIDE_IPV4, segment);
    for (unsigned i = 0; i < 40; i++)
        packet_head(&packet, "00010040");
    rig_push(rig, 219, &packet);
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

/* ---- A-MSDU */

/* A part of an aggregate: a datagram of its own between MACs of its own, which end in `n`. */
static size_t put_part(uint8_t *at, unsigned n, uint8_t segment[static HEADS_SEGMENT])
{
    static struct packet part;

    packet_inside(&part, INSIDE_IPV4, segment);
    packet_head(&part, SNAP4);
    size_t length = part.n;
    memset(at, 0, 14);
    at[5] = (uint8_t)n;
    at[11] = (uint8_t)(0x80 | n);
    put_u16(at + 12, (unsigned)length);
    memcpy(at + 14, packet_bytes(&part), length);
    return 14 + length;
}

/* An 802.11 frame with that many parts; the last is not padded. */
static void aggregate(unsigned parts, uint8_t segment[static HEADS_SEGMENT])
{
    static uint8_t body[32 * 1024];
    size_t n = 0;

    for (unsigned i = 0; i < parts; i++) {
        while (n % 4)
            body[n++] = 0;
        n += put_part(body + n, i + 1, segment);
    }
    packet_payload(&packet, body, n);
    packet_head(&packet, "8801 0000" AP AP AP "1000 8000");
}

static void amsdu_every_part_is_a_datagram_with_its_own_macs(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    uint8_t segment[HEADS_SEGMENT];

    (void)state;
    for (unsigned parts = 1; parts <= 5; parts++) {
        aggregate(parts, segment);
        rig_forget(rig);
        rig_push(rig, 105, &packet);
        assert_int_equal(parts, rig->count);
        for (unsigned i = 0; i < parts; i++) {
            rig_assert_whole(rig, i, segment, HEADS_SEGMENT);
            assert_true(rig_datagram(rig, i)->has_mac);
            assert_int_equal(i + 1, rig_datagram(rig, i)->dst_mac[5]);
            assert_int_equal(0x80 | (i + 1), rig_datagram(rig, i)->src_mac[5]);
        }
    }
    rig_close(rig);
}

static void amsdu_cut_at_every_byte_loses_only_what_was_cut(void **state)
{
    enum { PARTS = 3 };
    struct rig *rig = rig_open(ROOMY);
    uint8_t segment[HEADS_SEGMENT];

    (void)state;
    aggregate(PARTS, segment);
    size_t one = (packet.n - 26 + 2) / PARTS; /* with its padding */
    for (size_t n = 0; n < packet.n; n++) {
        rig_forget(rig);
        rig_push_cut(rig, 105, &packet, n, (uint32_t)packet.n);
        assert_true(rig->count <= PARTS);
        size_t whole = n < 26 ? 0 : (n - 26 + 2) / one;
        assert_true(rig->count >= whole);
        for (size_t i = 0; i < whole; i++)
            rig_assert_whole(rig, i, segment, HEADS_SEGMENT);
        for (size_t i = whole; i < rig->count; i++)
            assert_true(rig_datagram(rig, i)->snapped);
    }
    rig_close(rig);
}

static void amsdu_endless_parts_end(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    uint8_t segment[HEADS_SEGMENT];

    (void)state;
    aggregate(200, segment);
    rig_push(rig, 105, &packet);
    assert_in_range(rig->count, 16, 199);
    memset(packet_bytes(&packet) + 26, 0, packet.n - 26); /* parts of no length */
    rig_forget(rig);
    rig_push(rig, 105, &packet);
    assert_int_equal(0, rig->count);
    rig_close(rig);
}

/* ---- frames that carry nothing, and headers that lead nowhere */

static void layers_frames_without_a_datagram_yield_nothing(void **state)
{
    static const struct {
        int link;
        const char *head;
    } nothing[] = {
        {105, "4801 0000" AP "C S 1000" SNAP4}, /* without data */
        {105, "8001 0000" AP "C S 1000" SNAP4}, /* management */
        {105, "b401 0000" AP "C S 1000" SNAP4}, /* control */
        {105, "0805 0000" AP "C S 1000" SNAP4}, /* the first of several fragments */
        {105, "0801 0000" AP "C S 1100" SNAP4}, /* a later one */
        {9, "ff03 003d 80000001 0021"},         /* multilink: only the beginning */
        {9, "ff03 c021"},                       /* LCP */
        {9, "ff03 0031 0002"},                  /* bridged token ring */
        {51, "1109 0035 0066 0021"},            /* discovery */
        {51, "2100 0035 0066 0021"},            /* another version */
        {107, "1840 0040 0040"},                /* an address without end */
        {123, "81 00 0035" SNAP4},              /* LAN emulation */
        {163, "80212001 0000000c 00000000" WLAN_UP SNAP4},
        {192, "00000800 c0000000"},          /* PPI in PPI */
        {258, "0c000000 01000000 02010000"}, /* a packet tap in a packet tap */
        {258, "0b000000 01000000 0c000000"}, /* shorter than itself */
        {239, "0200001e 0300 0100"},         /* an attribute shorter than its header */
        {117, "3d070000"},                   /* no IP family */
        {0, "00000011"},
        {109, "11000000 00001001 00000000"},
        {226, "01070000 00000000" ZEROS16},
        {1, "S C 88e7"},
    };
    struct rig *rig = rig_open(ROOMY);
    uint8_t segment[HEADS_SEGMENT];

    (void)state;
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        packet_inside(&packet, INSIDE_IPV4, segment);
        packet_head(&packet, nothing[i].head);
        rig_push(rig, nothing[i].link, &packet);
        if (rig->count)
            fail_msg("%d: %s", nothing[i].link, nothing[i].head);
    }
    rig_close(rig);
}

static void layers_skipped_is_counted_and_the_first_frame_kept(void **state)
{
    static const struct {
        int link;
        const char *head;
        enum lp_skipped what;
    } skipped[] = {
        {1, "S C 88e5 2c00 00000001 C 0001", LP_SKIPPED_MACSEC},
        {1, "S C 88e5 2400 00000001 C 0001", LP_SKIPPED_MACSEC},
        {105, "0841 0000" AP "C S 1000 0000000000000000", LP_SKIPPED_WLAN},
        {9, "ff03 00fd", LP_SKIPPED_COMPRESSED_PPP},
        {9, "53", LP_SKIPPED_COMPRESSED_PPP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
        struct rig *rig = rig_open(ROOMY);
        uint8_t segment[HEADS_SEGMENT];
        packet_inside(&packet, INSIDE_IPV4, segment);
        packet_head(&packet, skipped[i].head);
        rig_push(rig, 147, &packet); /* a frame before it */
        rig_push(rig, skipped[i].link, &packet);
        rig_push(rig, skipped[i].link, &packet);
        assert_int_equal(0, rig->count);
        for (int what = 0; what < LP_SKIPPED_COUNT; what++)
            assert_int_equal(what == (int)skipped[i].what ? 2 : 0,
                             lp_net_stats(rig->net)->skipped[what]);
        assert_int_equal(2, lp_net_stats(rig->net)->skipped_frame[skipped[i].what]);
        assert_non_null(lp_skipped_name(skipped[i].what));
        rig_close(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_every_row_yields_the_segment_and_its_ends),
        cmocka_unit_test(layers_every_row_with_a_trailer_keeps_it_out),
        cmocka_unit_test(layers_every_row_cut_at_every_byte_is_safe_and_told),
        cmocka_unit_test(layers_every_row_with_any_header_byte_wrong_is_safe),
        cmocka_unit_test(layers_every_link_type_with_a_row_is_known),
        cmocka_unit_test(mpls_ethernet_without_control_word_is_told_by_what_it_carries),
        cmocka_unit_test(mpls_labels_without_bottom_yield_nothing),
        cmocka_unit_test(amsdu_every_part_is_a_datagram_with_its_own_macs),
        cmocka_unit_test(amsdu_cut_at_every_byte_loses_only_what_was_cut),
        cmocka_unit_test(amsdu_endless_parts_end),
        cmocka_unit_test(layers_frames_without_a_datagram_yield_nothing),
        cmocka_unit_test(layers_skipped_is_counted_and_the_first_frame_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
