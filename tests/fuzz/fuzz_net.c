/*
 * Frames as a hostile capture would have them. An input is a run of frames, each with four bytes in
 * front: the link type (an index into the table below), how many bytes the snap length took off,
 * and the frame's length (16 bits, big-endian). The last frame may be shorter than it says. All of
 * them go into one net, so that fragments meet; then it is flushed.
 *
 * What must hold for every datagram: no more bytes than announced, addresses of one family, bytes
 * beyond an IPv4 address zero, a frame number that was pushed, and never more datagrams than bytes
 * went in. At the end nothing is left charged to the budget, and the limit was never passed.
 */
#include "base/rd.h"
#include "net/net.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { BUDGET = 256 * 1024 };

struct watch {
    uint64_t frames;
    size_t datagrams, most;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_address(const struct lp_ip *ip)
{
    static const uint8_t zeros[12];
    require(ip->family == 4 || ip->family == 6);
    require(ip->family == 6 || memcmp(ip->bytes + 4, zeros, sizeof zeros) == 0);
}

static void on_datagram(void *ctx, const struct lp_datagram *datagram)
{
    struct watch *watch = ctx;
    volatile uint8_t last = 0;

    check_address(&datagram->src);
    check_address(&datagram->dst);
    require(datagram->src.family == datagram->dst.family);
    require(datagram->bytes.left <= datagram->announced);
    require(datagram->frame >= 1 && datagram->frame <= watch->frames);
    require(++watch->datagrams <= watch->most);
    if (datagram->bytes.left)
        last = datagram->bytes.ptr[datagram->bytes.left - 1]; /* it is there to be read */
    (void)last;
}

/* What IEEE 802.1X carries has no addresses but those of the link. */
static void on_eapol(void *ctx, const struct lp_datagram *frame)
{
    const struct watch *watch = ctx;

    require(frame->has_mac && frame->src.family == 0 && frame->dst.family == 0);
    require(frame->bytes.left <= frame->announced);
    require(frame->frame >= 1 && frame->frame <= watch->frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    /* Every row of net.c's table; seeds name them by index, so new ones go to the end. */
    static const int links[] = {0,   1,   9,   12,  50,  51,  100, 101, 104, 105, 107, 108, 113,
                                117, 119, 127, 149, 163, 166, 192, 204, 228, 229, 239, 276, 6,
                                10,  11,  14,  109, 123, 205, 206, 219, 226, 240, 242, 258};
    struct lp_budget budget = {.limit = BUDGET};
    struct watch watch = {.most = n};
    struct lp_rd input = lp_rd_init(bytes, n);
    struct lp_net *net = lp_net_new(1, &budget, on_datagram, &watch);
    uint8_t link, cut;
    uint16_t length;

    require(net != NULL);
    lp_net_on_eapol(net, on_eapol);
    while (lp_rd_u8(&input, &link) && lp_rd_u8(&input, &cut) && lp_rd_u16(&input, &length)) {
        struct lp_frame frame = {.number = ++watch.frames,
                                 .time = {.sec = (int64_t)(watch.frames * (cut & 63))},
                                 .bytes = lp_rd_head(&input, length)};
        frame.original = (uint32_t)frame.bytes.left + cut;
        require(lp_rd_skip(&input, frame.bytes.left));
        lp_net_push(net, links[link % (sizeof links / sizeof links[0])], &frame);
        require(budget.used <= budget.limit);
    }
    lp_net_flush(net);
    lp_net_free(net);
    require(budget.used == 0);
    return 0;
}
