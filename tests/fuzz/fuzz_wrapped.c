/*
 * Protocols around TLS: whatever the chunks in which a stream comes, the same inner bytes must come
 * out, each from an outer byte that is there; OpenVPN's datagrams and what stands in front of TLS
 * must be read within their bounds.
 *
 * Input: the chunk's size, the offset where bytes are missing (two bytes; 0: none), then the outer
 * stream.
 */
#include "carrier/openvpn.h"
#include "carrier/starttls.h"
#include "carrier/wrapped.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { INPUT_MOST = 60000, LOST = 50 };

struct reader {
    struct lp_budget budget;
    struct lp_wrapped wrapped;
    uint64_t sum;    /* over the inner bytes and where they came from */
    size_t seen;     /* of wrapped.bytes */
    uint64_t lowest; /* outer offsets that the input has at the moment */
    uint64_t highest;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    const struct reader *reader = ctx;

    require(from < to && from >= reader->lowest && to <= reader->highest);
    *frame = to;
    *time = (struct lp_time){0};
}

static void collect(struct reader *reader, const struct lp_wrapped_input *input)
{
    struct lp_wrapped *w = &reader->wrapped;
    struct lp_unwrapping map = {w, input};
    uint64_t frame;
    struct lp_time time;

    for (; reader->seen < w->bytes.len; reader->seen++) {
        uint64_t at = w->offset + reader->seen;
        lp_unwrapping_packet(&map, at, at + 1, &frame, &time);
        require(frame > 0);
        reader->sum = (reader->sum * 0x100000001b3U + w->bytes.bytes[reader->seen]) ^ frame << 8;
    }
}

/* All that `input` has. False: nothing of interest follows. */
static bool read_input(struct reader *reader, const struct lp_wrapped_input *input, bool last)
{
    enum lp_unwrap got = LP_UNWRAP_HOLE;

    reader->lowest = reader->lowest < input->offset ? reader->lowest : input->offset;
    reader->highest = input->offset + input->bytes.left;
    while (got == LP_UNWRAP_HOLE) {
        got = lp_wrapped_read(&reader->wrapped, input, last);
        require(got != LP_UNWRAP_ROOM);
        collect(reader, input);
        if (got == LP_UNWRAP_HOLE) {
            lp_wrapped_pass(&reader->wrapped);
            reader->seen = 0;
            reader->sum *= 31;
        }
    }
    return got == LP_UNWRAP_MORE;
}

/* The stream [from, to) of the input in chunks; what is not released stays. */
static bool read_part(struct reader *reader, struct lp_rd all, size_t to, size_t chunk)
{
    uint64_t from = reader->highest;

    for (size_t end = (size_t)from; end < to;) {
        end = to - end < chunk ? to : end + chunk;
        struct lp_rd part = lp_rd_head(&all, end);
        if (!lp_rd_skip(&part, (size_t)from))
            abort();
        struct lp_wrapped_input input = {part, from, reader, packet};
        if (!read_input(reader, &input, end == to))
            return false;
        from += lp_wrapped_release(&reader->wrapped, &input);
    }
    return true;
}

static uint64_t unwrap(const struct lp_wrapper *wrapper, struct lp_rd all, size_t gap, size_t chunk)
{
    struct reader reader = {.budget.limit = UINT64_C(1) << 26, .sum = 7};

    lp_wrapped_start(&reader.wrapped, wrapper, &reader.budget);
    if (gap > 0 && gap + LOST < all.left && read_part(&reader, all, gap, chunk)) {
        lp_wrapped_pass(&reader.wrapped);
        reader.seen = 0;
        reader.highest = gap + LOST;
        (void)read_part(&reader, all, all.left, chunk);
    } else if (gap == 0) {
        (void)read_part(&reader, all, all.left, chunk);
    }
    lp_wrapped_free(&reader.wrapped);
    require(reader.budget.used == 0);
    return reader.sum;
}

/* The input as datagrams, each behind its length. */
static void datagrams(struct lp_rd all)
{
    struct reader reader = {.budget.limit = 1 << 20};
    struct lp_wrapped *w = &reader.wrapped;
    struct lp_rd datagram;
    struct lp_openvpn_id id;
    uint64_t outer = 0;
    enum lp_unwrap got = LP_UNWRAP_HOLE;

    lp_wrapped_start(w, &lp_wrapper_openvpn, &reader.budget);
    while (lp_rd_vec(&all, 2, &datagram)) {
        (void)lp_openvpn_begins(datagram);
        (void)lp_openvpn_peek(datagram, &id);
        if (lp_openvpn_datagram(w, datagram, outer, outer % 3 != 0) == LP_UNWRAP_HOLE)
            lp_wrapped_pass(w);
        outer += datagram.left;
    }
    for (unsigned holes = 0; got == LP_UNWRAP_HOLE; holes++) {
        require(holes <= outer);
        got = lp_openvpn_flush(w);
        lp_wrapped_pass(w);
    }
    lp_wrapped_free(w);
    require(reader.budget.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_rd rd = lp_rd_init(bytes, n), front[2];
    const struct lp_wrapper *wrapper = NULL;
    uint8_t chunk;
    uint16_t gap;

    if (n > INPUT_MOST || !lp_rd_u8(&rd, &chunk) || !lp_rd_u16(&rd, &gap))
        return 0;
    front[0] = front[1] = rd;
    (void)lp_starttls_name(front);
    if (rd.left >= LP_STARTTLS_LOOK)
        (void)lp_starttls_possible(lp_rd_head(&rd, LP_STARTTLS_LOOK));
    datagrams(rd);
    if (lp_wrapper_find(rd, true, &wrapper) == LP_BEGINS)
        require(unwrap(wrapper, rd, gap, n) == unwrap(wrapper, rd, gap, chunk ? chunk : 1));
    return 0;
}
