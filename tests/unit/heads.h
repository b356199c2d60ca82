/*
 * Headers as hex text, for tables of link layers and tunnels. A row says what lies innermost and
 * which bytes stand in front of it; heads_check() pushes the packet whole and cut at every byte.
 */
#ifndef LP_TESTS_HEADS_H
#define LP_TESTS_HEADS_H

#include "net_rig.h"

enum { HEADS_DATA = 40, HEADS_SEGMENT = 20 + HEADS_DATA };

enum heads_inside { INSIDE_FRAME, INSIDE_IPV4, INSIDE_IPV6 };

/* As hex text, where a header holds them: "C" stands for the phone's MAC, "S" for the headend's. */
static inline const uint8_t *heads_mac(char letter)
{
    return letter == 'C' ? client_mac : server_mac;
}

static inline unsigned heads_digit(char digit)
{
    assert_true((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'));
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Puts the bytes that the text names in front of the packet. */
static inline void packet_head(struct packet *p, const char *text)
{
    uint8_t bytes[256];
    size_t n = 0;

    while (*text) {
        assert_true(n + 6 <= sizeof bytes);
        if (*text == ' ') {
            text++;
        } else if (*text == 'C' || *text == 'S') {
            memcpy(bytes + n, heads_mac(*text++), 6);
            n += 6;
        } else {
            bytes[n++] = (uint8_t)(heads_digit(text[0]) << 4 | heads_digit(text[1]));
            text += 2;
        }
    }
    uint8_t *at = packet_front(p, n);
    if (n)
        memcpy(at, bytes, n);
}

static inline struct ends heads_ends(enum heads_inside inside)
{
    return inside == INSIDE_IPV6 ? ends_of("2001:db8::5", "2001:db8::1:0:0:201")
                                 : ends_of("10.0.0.5", "10.201.160.201");
}

/* The innermost packet; its segment is kept in `segment`. */
static inline void packet_inside(struct packet *p, enum heads_inside inside,
                                 uint8_t segment[static HEADS_SEGMENT])
{
    struct ends ends = heads_ends(inside);
    uint8_t data[HEADS_DATA];

    for (size_t i = 0; i < HEADS_DATA; i++)
        data[i] = (uint8_t)(0xa0 + i);
    packet_payload(p, data, HEADS_DATA);
    packet_tcp(p, &(struct tcp_head){.ends = &ends, .src_port = 49152, .dst_port = 443, .seq = 7});
    memcpy(segment, packet_bytes(p), HEADS_SEGMENT);
    packet_ip(p, &ends);
    if (inside == INSIDE_FRAME)
        packet_ethernet(p);
}

/* What a row promises of its one datagram. */
struct heads_promise {
    const char *name;
    int link;
    enum heads_inside inside;
    const uint8_t *src_mac, *dst_mac; /* NULL: not told */
    uint8_t segment[HEADS_SEGMENT];
};

static inline void heads_check_datagram(const struct rig *rig, const struct heads_promise *promise)
{
    static const uint8_t nobody[6];
    const struct lp_datagram *datagram = rig_datagram(rig, 0);
    struct ends ends = heads_ends(promise->inside);

    assert_int_equal(TCP, datagram->protocol);
    assert_true(lp_ip_equal(&ends.src, &datagram->src));
    assert_true(lp_ip_equal(&ends.dst, &datagram->dst));
    assert_int_equal(promise->src_mac != NULL, datagram->has_mac);
    assert_memory_equal(promise->src_mac ? promise->src_mac : nobody, datagram->src_mac, 6);
    assert_memory_equal(promise->dst_mac ? promise->dst_mac : nobody, datagram->dst_mac, 6);
}

/* Cut at n by the snap length: nothing while headers are missing, then the segment's beginning.
 * When it is not told that something is missing, a header that is to be guessed at may stay
 * unread. */
static inline void heads_check_cut(struct rig *rig, const struct heads_promise *promise,
                                   struct packet *p, size_t n, bool told)
{
    size_t headers = p->n - HEADS_SEGMENT;

    rig_forget(rig);
    rig_push_cut(rig, promise->link, p, n, (uint32_t)(told ? p->n : n));
    if (rig->count > (n >= headers) || (told && rig->count != (n >= headers)))
        fail_msg("%s: %zu datagrams of the first %zu bytes", promise->name, rig->count, n);
    if (rig->count == 0)
        return;
    const struct lp_datagram *datagram = rig_datagram(rig, 0);
    assert_int_equal(n - headers, datagram->bytes.left);
    assert_int_equal(HEADS_SEGMENT, datagram->announced);
    assert_int_equal(told, datagram->snapped);
    assert_memory_equal(promise->segment, datagram->bytes.ptr, n - headers);
    heads_check_datagram(rig, promise);
}

static inline void heads_check(struct rig *rig, const struct heads_promise *promise,
                               struct packet *p)
{
    rig_forget(rig);
    rig_push(rig, promise->link, p);
    if (rig->count != 1)
        fail_msg("%s: %zu datagrams", promise->name, rig->count);
    rig_assert_whole(rig, 0, promise->segment, HEADS_SEGMENT);
    heads_check_datagram(rig, promise);
}

static inline void heads_check_every_cut(struct rig *rig, const struct heads_promise *promise,
                                         struct packet *p)
{
    for (size_t n = 0; n < p->n; n++) {
        heads_check_cut(rig, promise, p, n, false);
        heads_check_cut(rig, promise, p, n, true);
    }
}

/* Every header byte set to values that end or overrun something: rig_take() checks what comes. */
static inline void heads_push_every_wrong_byte(struct rig *rig, int link, struct packet *p)
{
    static const uint8_t values[] = {0, 1, 3, 4, 6, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xfe, 0xff};
    size_t headers = p->n - HEADS_SEGMENT;

    for (size_t at = 0; at < headers; at++) {
        uint8_t *byte = packet_bytes(p) + at, right = *byte;
        rig_forget(rig);
        for (size_t i = 0; i < sizeof values; i++) {
            *byte = values[i];
            rig_push(rig, link, p);
        }
        *byte = right;
    }
}

#endif
