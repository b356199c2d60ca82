/* Every tunnel of tunnel.c and tunnel_udp.c around one segment, and what is no tunnel. */
#include "heads.h"

enum { ROOMY = 1 << 20, ETHERNET = 1 };

enum {
    IP_IN_IP = 4,
    IPV6_IN_IP = 41,
    GRE = 47,
    ESP = 50,
    AH = 51,
    IPIP = 94,
    ETHERIP = 97,
    IPCOMP = 108,
    L2TPV3 = 115,
    MPLS_IN_IP = 137,
};

static struct packet packet; /* one at a time; large */

/* Of the frames that carry the tunnel; other than those of the innermost ones. */
static const uint8_t router_mac[2][6] = {{0, 0, 0x5e, 0, 0x53, 0xf1}, {0, 0, 0x5e, 0, 0x53, 0xf2}};

#define WLAN_UP "0801 0000 00005e005340 C S 1000 aaaa03 000000 0800"

static const struct row {
    const char *name;
    const char *tunnel;
    unsigned number; /* of the IP protocol, or of the UDP port */
    bool udp;
    const char *head;
    enum heads_inside inside;
} rows[] = {
    {"IP in IP", "IP in IP", IP_IN_IP, false, "", INSIDE_IPV4},
    {"IP in IP, 94", "IP in IP", IPIP, false, "", INSIDE_IPV4},
    {"6in4", "IPv6 in IP", IPV6_IN_IP, false, "", INSIDE_IPV6},
    {"EtherIP", "EtherIP", ETHERIP, false, "3000", INSIDE_FRAME},
    {"MPLS in IP", "MPLS in IP", MPLS_IN_IP, false, "00010140", INSIDE_IPV4},
    {"IP in IP, authenticated", "IP in IP", AH, false,
     "04040000 00001001 00000001 000102030405060708090a0b", INSIDE_IPV4},
    {"GRE", "GRE", GRE, false, "0000 0800", INSIDE_IPV4},
    {"GRE, IPv6", "GRE", GRE, false, "0000 86dd", INSIDE_IPV6},
    {"GRE, checksum", "GRE", GRE, false, "8000 0800 12340000", INSIDE_IPV4},
    {"GRE, key", "GRE", GRE, false, "2000 0800 00000035", INSIDE_IPV4},
    {"GRE, sequence", "GRE", GRE, false, "1000 0800 00000001", INSIDE_IPV4},
    {"GRE, all", "GRE", GRE, false, "b000 0800 12340000 00000035 00000001", INSIDE_IPV4},
    {"GRE, MPLS", "GRE", GRE, false, "0000 8847 00010140", INSIDE_IPV4},
    {"NVGRE", "GRE", GRE, false, "2000 6558 00003507", INSIDE_FRAME},
    {"ERSPAN I", "GRE", GRE, false, "0000 88be", INSIDE_FRAME},
    {"ERSPAN II", "GRE", GRE, false, "1000 88be 00000001 1007003500000000", INSIDE_FRAME},
    {"ERSPAN III", "GRE", GRE, false, "1000 22eb 00000001 200700350102030400000000", INSIDE_FRAME},
    {"ERSPAN III, platform", "GRE", GRE, false,
     "1000 22eb 00000001 200700350102030400000001 0c00000001020304", INSIDE_FRAME},
    {"PPTP", "GRE", GRE, false, "3001 880b 00520035 00000001 ff030021", INSIDE_IPV4},
    {"PPTP, acknowledging", "GRE", GRE, false, "3081 880b 00520035 00000001 00000001 21",
     INSIDE_IPV4},
    {"WCCP", "GRE", GRE, false, "0000 883e", INSIDE_IPV4},
    {"WCCP 2", "GRE", GRE, false, "0000 883e 00350000", INSIDE_IPV4},
    {"L2TPv3", "L2TPv3", L2TPV3, false, "00000035", INSIDE_FRAME},
    {"L2TPv3, cookie", "L2TPv3", L2TPV3, false, "00000035 c00c1e35", INSIDE_FRAME},
    {"L2TPv3, long cookie", "L2TPv3", L2TPV3, false, "00000035 c00c1e35c00c1e35", INSIDE_FRAME},
    {"L2TPv3, cookie, sublayer", "L2TPv3", L2TPV3, false, "00000035 c00c1e35c00c1e35 40000001",
     INSIDE_FRAME},
    {"VXLAN", "VXLAN", 4789, true, "08000000 00003500", INSIDE_FRAME},
    {"VXLAN, 8472", "VXLAN", 8472, true, "08000000 00003500", INSIDE_FRAME},
    {"VXLAN, policy", "VXLAN", 4789, true, "88000007 00003500", INSIDE_FRAME},
    {"VXLAN-GPE, IPv4", "VXLAN", 4790, true, "0c000001 00003500", INSIDE_IPV4},
    {"VXLAN-GPE, IPv6", "VXLAN", 4790, true, "0c000002 00003500", INSIDE_IPV6},
    {"VXLAN-GPE, Ethernet", "VXLAN", 4790, true, "0c000003 00003500", INSIDE_FRAME},
    {"VXLAN-GPE, MPLS", "VXLAN", 4790, true, "0c000005 00003500 00010140", INSIDE_IPV4},
    {"VXLAN, odd port", "VXLAN", 14789, true, "08000000 00003500", INSIDE_FRAME},
    {"VXLAN, odd port, tags", "VXLAN", 14789, true,
     "08000000 00003500 S C 88a8 0009 8100 0007 86dd", INSIDE_IPV6},
    {"VXLAN-GPE, odd port", "VXLAN", 14790, true, "0c000002 00003500", INSIDE_IPV6},
    {"Geneve", "Geneve", 6081, true, "0000 6558 00003500", INSIDE_FRAME},
    {"Geneve, options", "Geneve", 6081, true, "0240 0800 00003500 0102800100000035", INSIDE_IPV4},
    {"Geneve, odd port", "Geneve", 16081, true, "0200 6558 00003500 0102800100000035",
     INSIDE_FRAME},
    {"Geneve, odd port, IPv6", "Geneve", 16081, true, "0000 86dd 00003500", INSIDE_IPV6},
    {"GTP-U", "GTP-U", 2152, true, "30ff0052 00000035", INSIDE_IPV4},
    {"GTP-U, sequence", "GTP-U", 2152, true, "32ff0056 00000035 00010000", INSIDE_IPV4},
    {"GTP-U, extensions", "GTP-U", 2152, true,
     "34ff0062 00000035 00000085 01100982 0200003500000000", INSIDE_IPV4},
    {"GTP-U, odd port", "GTP-U", 12152, true, "30ff0052 00000035", INSIDE_IPV6},
    {"L2TP", "L2TP", 1701, true, "0002 00070035 ff030021", INSIDE_IPV4},
    {"L2TP, all", "L2TP", 1701, true, "4a02 0062 00070035 00010000 00020000 0021", INSIDE_IPV4},
    {"Teredo", "Teredo", 3544, true, "", INSIDE_IPV6},
    {"Teredo, origin", "Teredo", 3544, true, "0000 3f12 34ff8efe", INSIDE_IPV6},
    {"Teredo, all", "Teredo", 3544, true,
     "0001 0404 70686f6e 01020304 0102030405060708 00 0000 3f12 34ff8efe", INSIDE_IPV6},
    {"LISP", "LISP", 4341, true, "c0000035 00000001", INSIDE_IPV4},
    {"CAPWAP, 802.3", "CAPWAP", 5247, true, "00104200 00010000", INSIDE_FRAME},
    {"CAPWAP, 802.11", "CAPWAP", 5247, true, "00104300 00010000" WLAN_UP, INSIDE_IPV4},
    {"CAPWAP, 802.11 of Cisco", "CAPWAP", 5247, true,
     "00104300 00010000 0108 0000 00005e005340 C S 1000 aaaa03 000000 0800", INSIDE_IPV4},
    {"TZSP", "TZSP", 37008, true, "01000001 0a01c8 00 01", INSIDE_FRAME},
    {"TZSP, 802.11", "TZSP", 37008, true, "01000012 01" WLAN_UP, INSIDE_IPV4},
    {"TZSP, prism", "TZSP", 37008, true, "01000077 01 44000000 0c000000 00000000" WLAN_UP,
     INSIDE_IPV4},
    {"TZSP, AVS", "TZSP", 37008, true, "0100007f 01 80211001 0000000c 00000000" WLAN_UP,
     INSIDE_IPV4},
    {"MPLS in UDP", "MPLS in UDP", 6635, true, "00010140", INSIDE_IPV4},
    {"GRE in UDP", "GRE in UDP", 4754, true, "2000 0800 00000035", INSIDE_IPV4},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static struct ends outer_ends(bool v6)
{
    return v6 ? ends_of("2001:db8:113::1", "2001:db8:113::2")
              : ends_of("203.0.113.1", "203.0.113.2");
}

/* Puts the tunnel's own header, IP and Ethernet in front. */
static void put_outside(const struct row *row, const struct ends *outer)
{
    packet_head(&packet, row->head);
    packet.protocol = (uint8_t)row->number;
    if (row->udp)
        packet_udp(&packet, &(struct udp_head){.ends = outer,
                                               .src_port = 49153,
                                               .dst_port = (uint16_t)row->number});
    packet_ip(&packet, outer);
    packet_ethernet_between(&packet, router_mac[0], router_mac[1]);
}

/* Where the row has no inner MACs, those of the outer frame stay. */
static struct heads_promise build(const struct row *row, const struct ends *outer)
{
    bool inner_macs = row->inside == INSIDE_FRAME || strchr(row->head, 'C');
    struct heads_promise promise = {.name = row->name,
                                    .link = ETHERNET,
                                    .inside = row->inside,
                                    .src_mac = inner_macs ? client_mac : router_mac[0],
                                    .dst_mac = inner_macs ? server_mac : router_mac[1]};

    packet_inside(&packet, row->inside, promise.segment);
    put_outside(row, outer);
    return promise;
}

static void check_outer(const struct rig *rig, const struct row *row, const struct ends *outer)
{
    const struct lp_datagram *datagram = rig_datagram(rig, 0);

    assert_int_equal(1, datagram->outer_count);
    assert_string_equal(row->tunnel, datagram->outer[0].tunnel);
    assert_true(lp_ip_equal(&outer->src, &datagram->outer[0].src));
    assert_true(lp_ip_equal(&outer->dst, &datagram->outer[0].dst));
}

static void tunnels_every_row_yields_the_innermost_ends_and_keeps_the_outer(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct ends outer = outer_ends(i >= ROWS);
        struct heads_promise promise = build(&rows[i % ROWS], &outer);
        heads_check(rig, &promise, &packet);
        check_outer(rig, &rows[i % ROWS], &outer);
        rig_close(rig);
    }
}

static void tunnels_every_row_cut_at_every_byte_is_safe_and_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct ends outer = outer_ends(false);
        struct heads_promise promise = build(&rows[i], &outer);
        for (size_t n = 0; n < packet.n; n++) {
            rig_forget(rig);
            rig_push_cut(rig, ETHERNET, &packet, n, (uint32_t)packet.n);
            if (rig->count == 0 || rig_datagram(rig, 0)->protocol == UDP)
                assert_true(n < packet.n - HEADS_SEGMENT);
            else
                heads_check_cut(rig, &promise, &packet, n, true);
        }
        rig_close(rig);
    }
}

static void tunnels_every_row_with_any_header_byte_wrong_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct ends outer = outer_ends(false);
        build(&rows[i], &outer);
        heads_push_every_wrong_byte(rig, ETHERNET, &packet);
        lp_net_flush(rig->net);
        rig_close(rig);
    }
}

/* The same header on a port that is nobody's: what cannot prove itself stays what it is, UDP. */
static void tunnels_that_prove_nothing_are_read_on_their_own_port_only(void **state)
{
    static const char *const shy[] = {"L2TP", "LISP",        "CAPWAP",
                                      "TZSP", "MPLS in UDP", "GRE in UDP"};

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct ends outer = outer_ends(false);
        struct row row = rows[i];
        bool is_shy = strcmp(row.name, "VXLAN-GPE, MPLS") == 0 || strcmp(row.tunnel, "Teredo") == 0;
        for (size_t k = 0; k < sizeof shy / sizeof shy[0]; k++)
            is_shy |= strcmp(row.tunnel, shy[k]) == 0;
        row.number = 20000;
        if (row.udp) {
            build(&row, &outer);
            rig_push(rig, ETHERNET, &packet);
            assert_int_equal(1, rig->count);
            assert_int_equal(is_shy ? UDP : TCP, rig_datagram(rig, 0)->protocol);
        }
        rig_close(rig);
    }
}

/* RFC 4380: relays and hosts use any port, but one end has an address of the service. */
static void teredo_on_any_port_needs_an_address_of_its_own(void **state)
{
    static const char *const clients[] = {"2001:0:cb00:7101:0:63bf:34ff:8efe", "2001:db8::5"};
    struct ends outer = outer_ends(false);

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rig *rig = rig_open(ROOMY);
        struct ends inner = ends_of(clients[i / 2], "2001:db8::1:0:0:201");
        if (i % 2)
            inner = ends_swapped(&inner);
        packet_payload(&packet, "hello", 5);
        packet_tcp(&packet, &(struct tcp_head){.ends = &inner, .src_port = 1, .dst_port = 2});
        packet_ipv6(&packet, &inner);
        put_outside(&(struct row){.head = "", .udp = true, .number = 20000}, &outer);
        rig_push(rig, ETHERNET, &packet);
        assert_int_equal(1, rig->count);
        assert_int_equal(i < 2 ? TCP : UDP, rig_datagram(rig, 0)->protocol);
        rig_close(rig);
    }
}

/* ---- nesting */

/* `deep` headers of IP in IP, of changing families. */
static void nest(struct heads_promise *promise, unsigned deep)
{
    packet_inside(&packet, promise->inside, promise->segment);
    for (unsigned i = 0; i < deep; i++) {
        struct ends outer = outer_ends(i % 2);
        packet.protocol = packet_bytes(&packet)[0] >> 4 == 6 ? IPV6_IN_IP : IP_IN_IP;
        packet_ip(&packet, &outer);
    }
}

static void tunnels_nested_keep_the_outermost_addresses(void **state)
{
    (void)state;
    for (unsigned deep = 0; deep <= 8; deep++) {
        struct rig *rig = rig_open(ROOMY);
        struct heads_promise promise = {.name = "nest", .link = 101, .inside = INSIDE_IPV6};
        nest(&promise, deep);
        heads_check(rig, &promise, &packet);
        const struct lp_datagram *datagram = rig_datagram(rig, 0);
        assert_int_equal(deep < LP_MAX_OUTER ? deep : LP_MAX_OUTER, datagram->outer_count);
        for (unsigned i = 0; i < datagram->outer_count; i++) {
            struct ends outer = outer_ends((deep - 1 - i) % 2);
            assert_true(lp_ip_equal(&outer.src, &datagram->outer[i].src));
        }
        rig_close(rig);
    }
}

static void tunnels_endless_end(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    struct heads_promise promise = {.inside = INSIDE_IPV4};

    (void)state;
    for (unsigned deep = 0; deep < 100; deep++) {
        nest(&promise, deep);
        rig_push(rig, 101, &packet);
    }
    assert_in_range(rig->count, 9, 60);
    rig_close(rig);
}

/* Fragments of the outer packet, each of which holds a fragment of the inner one. */
static void push_outer_fragments(struct rig *rig, struct packet *whole, unsigned id, bool backwards)
{
    enum { PIECE = 24 };
    static struct packet piece;
    struct ends outer = outer_ends(false);
    unsigned pieces = (unsigned)(whole->n + PIECE - 1) / PIECE;

    for (unsigned k = 0; k < pieces; k++) {
        unsigned at = (backwards ? pieces - 1 - k : k) * PIECE;
        size_t n = whole->n - at < PIECE ? whole->n - at : PIECE;
        packet_payload(&piece, packet_bytes(whole) + at, n);
        piece.protocol = GRE;
        packet_ipv4(&piece, &(struct ipv4_head){.ends = &outer,
                                                .id = (uint16_t)id,
                                                .offset = at,
                                                .more = at + n < whole->n});
        rig_push(rig, 101, &piece);
    }
}

static void tunnels_fragments_inside_fragments_are_rebuilt_in_any_order(void **state)
{
    enum { INNER = 32 };
    uint8_t segment[HEADS_SEGMENT];
    struct ends inner = heads_ends(INSIDE_IPV4);

    (void)state;
    for (unsigned order = 0; order < 4; order++) {
        struct rig *rig = rig_open(ROOMY);
        packet_inside(&packet, INSIDE_IPV4, segment);
        for (unsigned k = 0; k < 2; k++) {
            unsigned at = (order & 1 ? 1 - k : k) * INNER;
            packet_payload(&packet, segment + at, at ? HEADS_SEGMENT - INNER : INNER);
            packet.protocol = TCP;
            packet_ipv4(&packet, &(struct ipv4_head){
                                     .ends = &inner, .id = 7, .offset = at, .more = at == 0});
            packet_head(&packet, "0000 0800");
            push_outer_fragments(rig, &packet, 53 + k, order & 2);
        }
        assert_int_equal(1, rig->count);
        rig_assert_whole(rig, 0, segment, HEADS_SEGMENT);
        assert_int_equal(1, rig_datagram(rig, 0)->outer_count);
        assert_true(lp_ip_equal(&inner.dst, &rig_datagram(rig, 0)->dst));
        lp_net_flush(rig->net);
        assert_int_equal(0, lp_net_stats(rig->net)->fragments_incomplete);
        rig_close(rig);
    }
}

/* ---- what cannot be read */

static void tunnels_skipped_are_counted_and_the_first_frame_kept(void **state)
{
    static const struct {
        struct row row;
        enum lp_skipped what;
    } skipped[] = {
        {{.number = ESP, .head = "00001001 00000001"}, LP_SKIPPED_ESP},
        {{.number = 4500, .udp = true, .head = "00001001 00000001"}, LP_SKIPPED_ESP},
        {{.number = IPCOMP, .head = "06000002"}, LP_SKIPPED_IPCOMP},
    };
    struct ends outer = outer_ends(false);

    (void)state;
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++) {
        struct rig *rig = rig_open(ROOMY);
        build(&skipped[i].row, &outer);
        rig_push(rig, 147, &packet); /* a frame before it */
        rig_push(rig, ETHERNET, &packet);
        rig_push(rig, ETHERNET, &packet);
        for (size_t k = 0; k < rig->count; k++)
            assert_int_equal(UDP, rig_datagram(rig, k)->protocol);
        for (int what = 0; what < LP_SKIPPED_COUNT; what++)
            assert_int_equal(what == (int)skipped[i].what ? 2 : 0,
                             lp_net_stats(rig->net)->skipped[what]);
        assert_int_equal(2, lp_net_stats(rig->net)->skipped_frame[skipped[i].what]);
        rig_close(rig);
    }
}

/* A UDP payload of n bytes: what the text says, then zeros. */
static void push_udp(struct rig *rig, uint16_t port, const char *head, size_t n)
{
    static const uint8_t zeros[256];
    static struct packet measure;
    struct ends outer = outer_ends(false);

    packet_payload(&measure, NULL, 0);
    packet_head(&measure, head);
    packet_payload(&packet, zeros, n - measure.n);
    put_outside(&(struct row){.head = head, .udp = true, .number = port}, &outer);
    rig_push(rig, ETHERNET, &packet);
}

static void wireguard_is_known_by_its_handshake_alone(void **state)
{
    struct rig *rig = rig_open(ROOMY);
    const struct lp_net_stats *stats = lp_net_stats(rig->net);

    (void)state;
    push_udp(rig, 51820, "01000000", 148);
    push_udp(rig, 20000, "02000000", 92);
    assert_int_equal(2, stats->skipped[LP_SKIPPED_WIREGUARD]);
    push_udp(rig, 51820, "01000000", 147);
    push_udp(rig, 51820, "02000000", 148);
    push_udp(rig, 51820, "04000000", 96);
    push_udp(rig, 51820, "01000001", 148);
    assert_int_equal(2, stats->skipped[LP_SKIPPED_WIREGUARD]);
    assert_int_equal(6, rig->count); /* each is a UDP datagram too */
    rig_close(rig);
}

static void esp_in_udp_leaves_key_exchange_and_keepalives_alone(void **state)
{
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    push_udp(rig, 4500, "00000000 0102030405060708", 64);
    push_udp(rig, 4500, "ff", 1);
    push_udp(rig, 20000, "00001001 00000001", 64);
    assert_int_equal(0, lp_net_stats(rig->net)->skipped[LP_SKIPPED_ESP]);
    assert_int_equal(3, rig->count);
    rig_close(rig);
}

static void tunnels_headers_that_lead_nowhere_leave_the_datagram_as_it_is(void **state)
{
    static const struct {
        uint16_t port;
        const char *head;
    } nowhere[] = {
        {4789, "00000000 00003500"},             /* without a network */
        {4790, "0c000004 00003500"},             /* a protocol that is not read */
        {6081, "4000 6558 00003500"},            /* another version */
        {6081, "0000 1234 00003500"},            /* another protocol */
        {2152, "30010052 00000035"},             /* an echo */
        {2152, "50ff0052 00000035"},             /* another version */
        {2152, "34ff0062 00000035 00000085 00"}, /* an extension without length */
        {1701, "8002 0000 00070035"},            /* control */
        {1701, "0003 00070035"},                 /* version 3 */
        {3544, "0000 3f12"},                     /* an origin cut short */
        {5247, "00104080 00010000"},             /* a fragment */
        {5247, "01104300 00010000"},             /* DTLS */
        {37008, "01040001 01"},                  /* a keep-alive */
        {37008, "01000001 0a"},                  /* fields without end */
    };
    struct rig *rig = rig_open(ROOMY);

    (void)state;
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        rig_forget(rig);
        push_udp(rig, nowhere[i].port, nowhere[i].head, 64);
        if (rig->count != 1)
            fail_msg("%u: %s", nowhere[i].port, nowhere[i].head);
        assert_int_equal(0, rig_datagram(rig, 0)->outer_count);
    }
    rig_close(rig);
}

/* ---- noise */

enum { NOISE = 4 << 20, DATAGRAMS = 1000000, LONGEST = 1200 };

struct tally {
    unsigned datagrams, tunnels;
};

static void count_datagram(void *ctx, const struct lp_datagram *datagram)
{
    struct tally *tally = ctx;
    tally->datagrams++;
    tally->tunnels += datagram->protocol != UDP || datagram->outer_count != 0;
}

static uint64_t random_state;

/* xorshift64*, the same numbers in every run. */
static uint64_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dU;
}

/* Random payloads of random lengths on ports that are no tunnel's, each begun by `begin`. Every one
 * must come out as it went in. */
static void push_noise(const uint8_t *begin, size_t begin_n, unsigned datagrams)
{
    struct lp_budget budget = {.limit = ROOMY};
    struct tally tally = {0};
    struct lp_net *net = lp_net_new(7, &budget, count_datagram, &tally);
    uint8_t *noise = malloc(NOISE);
    uint8_t bytes[28 + LONGEST] = {0x45};

    assert_non_null(net);
    random_state = 0x5eed5eed5eed5eedU;
    for (size_t i = 0; i < NOISE; i += 8)
        memcpy(noise + i, &(uint64_t){next_random()}, 8);
    bytes[9] = UDP;
    for (unsigned i = 0; i < datagrams; i++) {
        uint64_t r = next_random();
        size_t n = begin_n + r % (LONGEST - begin_n);
        memcpy(bytes + 28, noise + (r >> 32) % (NOISE - LONGEST), n);
        if (begin_n)
            memcpy(bytes + 28, begin, begin_n);
        put_u16(bytes + 2, (unsigned)(28 + n));
        put_u16(bytes + 20, 49152 + (r >> 16 & 0x3fff));
        put_u16(bytes + 22, 16384 + (r >> 20 & 0x3fff)); /* below TZSP's */
        put_u16(bytes + 24, (unsigned)(8 + n));
        const struct lp_frame frame = {
            .number = i + 1U, .bytes = lp_rd_init(bytes, 28 + n), .original = (uint32_t)(28 + n)};
        lp_net_push(net, 228, &frame);
    }
    assert_int_equal(datagrams, tally.datagrams);
    assert_int_equal(0, tally.tunnels);
    for (int what = 0; what < LP_SKIPPED_COUNT; what++)
        assert_int_equal(0, lp_net_stats(net)->skipped[what]);
    free(noise);
    lp_net_free(net);
}

static void tunnels_a_million_random_datagrams_are_none(void **state)
{
    (void)state;
    push_noise(NULL, 0, DATAGRAMS);
}

/* Where the tunnel's own header is right by chance, and noise follows. */
static void tunnels_noise_behind_a_right_header_is_none(void **state)
{
    static const uint8_t vxlan[] = {0x08, 0, 0, 0, 0, 0, 0x35, 0};
    static const uint8_t gpe4[] = {0x0c, 0, 0, 1, 0, 0, 0x35, 0};
    static const uint8_t gpe6[] = {0x0c, 0, 0, 2, 0, 0, 0x35, 0};
    static const uint8_t geneve[] = {0, 0, 0x08, 0x00, 0, 0, 0x35, 0};
    static const uint8_t geneve_frame[] = {0, 0, 0x65, 0x58, 0, 0, 0x35, 0};
    static const uint8_t gtp[] = {0x30, 255, 0, 0x52, 0, 0, 0, 0x35};
    static const uint8_t ipv6[] = {0x60, 0, 0, 0};

    (void)state;
    push_noise(vxlan, sizeof vxlan, DATAGRAMS / 10);
    push_noise(gpe4, sizeof gpe4, DATAGRAMS / 10);
    push_noise(gpe6, sizeof gpe6, DATAGRAMS / 10);
    push_noise(geneve, sizeof geneve, DATAGRAMS / 10);
    push_noise(geneve_frame, sizeof geneve_frame, DATAGRAMS / 10);
    push_noise(gtp, sizeof gtp, DATAGRAMS / 10);
    push_noise(ipv6, sizeof ipv6, DATAGRAMS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tunnels_every_row_yields_the_innermost_ends_and_keeps_the_outer),
        cmocka_unit_test(tunnels_every_row_cut_at_every_byte_is_safe_and_told),
        cmocka_unit_test(tunnels_every_row_with_any_header_byte_wrong_is_safe),
        cmocka_unit_test(tunnels_that_prove_nothing_are_read_on_their_own_port_only),
        cmocka_unit_test(teredo_on_any_port_needs_an_address_of_its_own),
        cmocka_unit_test(tunnels_nested_keep_the_outermost_addresses),
        cmocka_unit_test(tunnels_endless_end),
        cmocka_unit_test(tunnels_fragments_inside_fragments_are_rebuilt_in_any_order),
        cmocka_unit_test(tunnels_skipped_are_counted_and_the_first_frame_kept),
        cmocka_unit_test(wireguard_is_known_by_its_handshake_alone),
        cmocka_unit_test(esp_in_udp_leaves_key_exchange_and_keepalives_alone),
        cmocka_unit_test(tunnels_headers_that_lead_nowhere_leave_the_datagram_as_it_is),
        cmocka_unit_test(tunnels_a_million_random_datagrams_are_none),
        cmocka_unit_test(tunnels_noise_behind_a_right_header_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
