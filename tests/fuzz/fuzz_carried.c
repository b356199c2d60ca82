/*
 * What carries TLS in datagrams: TURN's messages, in datagrams and in streams, EAP packets in EAPOL
 * frames, and RADIUS packets. Whatever a parser gives back must lie within its input, and a stream
 * must move forward or wait.
 *
 * Input: which of them (one byte), then its bytes.
 */
#include "carrier/eap.h"
#include "carrier/radius.h"
#include "carrier/turn.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { BUDGET = 1 << 20 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_within(struct lp_rd outer, struct lp_rd inner)
{
    volatile uint8_t sink = 0;

    if (inner.left == 0)
        return;
    require(inner.ptr >= outer.ptr && inner.left <= outer.left &&
            inner.ptr + inner.left <= outer.ptr + outer.left);
    sink = inner.ptr[inner.left - 1];
    (void)sink;
}

static void relayed(struct lp_rd input)
{
    struct lp_turn turn;
    struct lp_rd rest = input, frame;
    size_t before = rest.left + 1;

    if (lp_turn_read(input, &turn))
        check_within(input, turn.data);
    (void)lp_turn_begins(input);
    while (rest.left < before) {
        before = rest.left;
        if (lp_turn_next(&rest, &frame) != LP_TURN_FRAME)
            break;
        require(rest.left < before);
        check_within(input, frame);
        if (lp_turn_read(frame, &turn))
            check_within(frame, turn.data);
    }
}

static void eap_packet(struct lp_eap_half *half, struct lp_rd packet, uint64_t number)
{
    struct lp_eap eap;
    struct lp_time time = {0};
    uint64_t frame;

    if (!lp_eap_read(packet, &eap))
        return;
    check_within(packet, eap.data);
    if (eap.code == LP_EAP_SUCCESS || eap.code == LP_EAP_FAILURE)
        return;
    (void)lp_eap_is_copy(half, &eap);
    enum lp_eap_step step = lp_eap_push(half, &eap, number, time);
    require(half->whole <= half->stream.len);
    if (step == LP_EAP_GAP) {
        lp_eap_break(half);
        step = lp_eap_push(half, &eap, number, time);
        require(step != LP_EAP_GAP);
    }
    if (step == LP_EAP_BYTES) {
        require(half->whole == half->stream.len);
        lp_eap_packet(half, half->offset, half->offset + half->whole, &frame, &time);
        require(half->whole == 0 || (frame > 0 && frame <= number));
        lp_eap_release(half, half->whole / 2);
    } else if (step == LP_EAP_CUT || step == LP_EAP_BROKEN || step == LP_EAP_LIMIT) {
        lp_eap_break(half);
    }
}

/* Frames, each with its length (two bytes) in front. */
static void eap_frames(struct lp_rd input)
{
    struct lp_budget budget = {.limit = BUDGET};
    struct lp_eap_half half = {.stream.budget = &budget};
    struct lp_rd frame, packet;
    uint16_t length;
    uint64_t number = 0;

    while (lp_rd_u16(&input, &length)) {
        frame = lp_rd_head(&input, length);
        require(lp_rd_skip(&input, frame.left));
        if (lp_eapol_read(frame, &packet)) {
            check_within(frame, packet);
            eap_packet(&half, packet, ++number);
        }
    }
    lp_eap_free(&half);
    require(budget.used == 0);
}

static void radius_packet(struct lp_rd input)
{
    static struct lp_radius radius;
    struct lp_eap eap;
    uint8_t mac[6];

    require(lp_radius_read(input, &radius) == lp_radius_recognise(input));
    (void)lp_radius_mac(input, mac);
    if (!lp_radius_recognise(input))
        return;
    check_within(input, radius.user);
    check_within(input, radius.station);
    check_within(input, radius.port);
    require(radius.eap_len <= input.left);
    struct lp_rd inside = lp_rd_init(radius.eap, radius.eap_len);
    if (lp_eap_read(inside, &eap))
        check_within(inside, eap.data);
}

static void radius_stream(struct lp_rd input)
{
    struct lp_rd rest = input, packet;
    enum lp_radius_next begins = lp_radius_begins(input), next = lp_radius_next(&rest, &packet);

    require(begins == next || (begins == LP_RADIUS_BROKEN && next != LP_RADIUS_BROKEN));
    for (; next == LP_RADIUS_PACKET; next = lp_radius_next(&rest, &packet))
        check_within(input, packet);
    require(rest.left < input.left || begins != LP_RADIUS_PACKET);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static void (*const parsers[])(struct lp_rd input) = {relayed, eap_frames, radius_packet,
                                                          radius_stream};
    struct lp_rd input = lp_rd_init(bytes, n);
    uint8_t which;

    if (lp_rd_u8(&input, &which))
        parsers[which % (sizeof parsers / sizeof parsers[0])](input);
    return 0;
}
