/*
 * How it works: a row of the table knows how its protocol begins and how its headers come off. What
 * they have in common stands here: the inner stream, the list of spans that says where its bytes
 * came from, and finding the place to go on behind a gap of the outer stream. A gap that ends
 * inside the packet in which it began does no harm to what follows, since the end of that packet is
 * known.
 */
#include "carrier/unwrap.h"

static const struct lp_wrapper *const wrappers[] = {&lp_wrapper_tds, &lp_wrapper_openvpn,
                                                    &lp_wrapper_ftp_gssapi};

enum lp_begins lp_wrapper_find(struct lp_rd stream, bool last, const struct lp_wrapper **out)
{
    enum lp_begins most = LP_BEGINS_NOT;

    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0] && most != LP_BEGINS; i++) {
        enum lp_begins begins = wrappers[i]->begins(stream, last);
        if (begins > most)
            most = begins;
        if (begins == LP_BEGINS)
            *out = wrappers[i];
    }
    return most;
}

const char *lp_wrapper_name(const struct lp_wrapper *wrapper)
{
    return wrapper->name;
}

void lp_wrapped_start(struct lp_wrapped *wrapped, const struct lp_wrapper *wrapper,
                      struct lp_budget *budget)
{
    *wrapped = (struct lp_wrapped){.wrapper = wrapper, .budget = budget};
    wrapped->bytes.budget = wrapped->spans.budget = budget;
}

void lp_wrapped_free(struct lp_wrapped *wrapped)
{
    if (wrapped->wrapper && wrapped->wrapper->forget)
        wrapped->wrapper->forget(wrapped);
    lp_buf_free(&wrapped->bytes);
    lp_buf_free(&wrapped->spans);
    wrapped->bytes.budget = wrapped->spans.budget = wrapped->budget;
}

void lp_wrapped_rewind(struct lp_wrapped *wrapped)
{
    bool released = wrapped->released;

    lp_wrapped_free(wrapped);
    lp_wrapped_start(wrapped, wrapped->wrapper, wrapped->budget);
    wrapped->lost = wrapped->released = released;
}

void lp_wrapped_pass(struct lp_wrapped *wrapped)
{
    wrapped->offset += wrapped->bytes.len + 1;
    wrapped->bytes.len = 0;
    wrapped->spans.len = 0;
}

enum lp_unwrap lp_wrapped_read(struct lp_wrapped *wrapped, const struct lp_wrapped_input *input,
                               bool last)
{
    struct lp_rd bytes = input->bytes;

    if (!wrapped->placed) {
        wrapped->placed = true;
        wrapped->at = wrapped->packet_end = input->offset;
    } else if (wrapped->at < input->offset) {
        wrapped->lost |= wrapped->packet_end < input->offset;
        wrapped->at = input->offset;
    }
    if (!lp_rd_skip(&bytes, (size_t)(wrapped->at - input->offset)))
        (void)lp_rd_rest(&bytes);
    return wrapped->wrapper->read(wrapped, bytes, last);
}

/* Once there are inner bytes the outer ones stay, since they tell the packets, until TLS has what
 * it wants. */
size_t lp_wrapped_release(struct lp_wrapped *wrapped, const struct lp_wrapped_input *input)
{
    if (wrapped->offset || wrapped->bytes.len || wrapped->at <= input->offset)
        return 0;
    wrapped->released = true;
    return (size_t)(wrapped->at - input->offset);
}

bool lp_wrapped_encrypted(const struct lp_wrapped *wrapped)
{
    return wrapped->wrapper == &lp_wrapper_openvpn && wrapped->state.openvpn.crypt;
}

/* ---- the inner stream ---- */

static struct lp_span *spans_of(const struct lp_wrapped *wrapped, size_t *count)
{
    *count = wrapped->spans.len / sizeof(struct lp_span);
    return (void *)wrapped->spans.bytes;
}

bool lp_wrapped_put(struct lp_wrapped *wrapped, struct lp_rd inner, uint64_t outer_from,
                    uint64_t outer_to)
{
    size_t count;

    if (lp_rd_end(&inner))
        return true;
    if (lp_buf_reserve(&wrapped->spans, sizeof(struct lp_span)) != LP_GROW_OK ||
        lp_buf_append(&wrapped->bytes, inner.ptr, inner.left) != LP_GROW_OK)
        return false;
    struct lp_span *last = spans_of(wrapped, &count);
    struct lp_span span = {wrapped->offset + wrapped->bytes.len, outer_from, outer_to};
    bool one_to_one = outer_to - outer_from == inner.left;
    if (count && one_to_one && last[count - 1].outer_to == outer_from &&
        last[count - 1].inner_end - (count > 1 ? last[count - 2].inner_end : wrapped->offset) ==
            last[count - 1].outer_to - last[count - 1].outer_from) {
        last[count - 1].inner_end = span.inner_end;
        last[count - 1].outer_to = outer_to;
        return true;
    }
    return lp_buf_append(&wrapped->spans, &span, sizeof span) == LP_GROW_OK;
}

void lp_wrapped_problem(struct lp_wrapped *wrapped, const char *problem, uint64_t from, uint64_t to)
{
    if (wrapped->problem)
        return;
    wrapped->problem = problem;
    wrapped->problem_from = from;
    wrapped->problem_to = to;
}

/* The outer bytes of the inner [from, to), which lie in the span that begins at `start`. */
static void outer_range(const struct lp_span *span, uint64_t start, uint64_t *from, uint64_t *to)
{
    bool one_to_one = span->inner_end - start == span->outer_to - span->outer_from;

    if (*from < start)
        *from = start;
    if (*to > span->inner_end)
        *to = span->inner_end;
    *from = one_to_one ? span->outer_from + (*from - start) : span->outer_from;
    *to = one_to_one ? span->outer_from + (*to - start) : span->outer_to;
}

void lp_unwrapping_packet(const void *unwrapping, uint64_t from, uint64_t to, uint64_t *frame,
                          struct lp_time *time)
{
    const struct lp_unwrapping *u = unwrapping;
    size_t count;
    const struct lp_span *spans = spans_of(u->wrapped, &count);
    uint64_t start = u->wrapped->offset;

    *frame = 0;
    for (size_t i = 0; i < count && start < to; start = spans[i++].inner_end) {
        uint64_t outer_from = from, outer_to = to, its_frame;
        struct lp_time its_time = {0};
        if (spans[i].inner_end <= from)
            continue;
        outer_range(&spans[i], start, &outer_from, &outer_to);
        u->outer->packet(u->outer->ctx, outer_from, outer_to, &its_frame, &its_time);
        if (its_frame > *frame) {
            *frame = its_frame;
            *time = its_time;
        }
    }
}

bool lp_looks_like_record(struct lp_rd bytes)
{
    enum { CHANGE_CIPHER = 20, APPLICATION_DATA = 23, MAJOR = 3, LAST_MINOR = 4 };
    uint8_t type, major, minor = 0;

    if (!lp_rd_u8(&bytes, &type) || type < CHANGE_CIPHER || type > APPLICATION_DATA)
        return false;
    return !lp_rd_u8(&bytes, &major) ||
           (major == MAJOR && (!lp_rd_u8(&bytes, &minor) || minor <= LAST_MINOR));
}
