#include "scan/carried.h"

#include "carrier/starttls.h"

enum { MOST_FRONT = 4096 };

static bool is_found(const struct lp_tls_half *half)
{
    return half->hello.seen || half->certificate_seen || half->is_client || half->is_server;
}

/* ---- wrapped ---- */

static void drop_wrapped(struct lp_carried *carried, struct lp_carried_side *side)
{
    if (!side->wrapped)
        return;
    lp_wrapped_free(side->wrapped);
    lp_free(side->wrapped);
    lp_budget_give(carried->budget, sizeof *side->wrapped);
    side->wrapped = NULL;
}

/* False: there is no room. */
static bool start_wrapped(struct lp_carried *carried, unsigned dir,
                          const struct lp_wrapper *wrapper)
{
    struct lp_carried_side *side = &carried->side[dir];

    if (!lp_budget_take(carried->budget, sizeof *side->wrapped))
        return false;
    side->wrapped = lp_alloc(sizeof *side->wrapped);
    if (!side->wrapped) {
        lp_budget_give(carried->budget, sizeof *side->wrapped);
        return false;
    }
    lp_wrapped_start(side->wrapped, wrapper, carried->budget);
    side->how = LP_CARRIED_WRAPPED;
    side->front.len = 0;
    lp_tls_rewind(carried->tls, dir);
    carried->tls->half[dir].careful = false; /* no headers are left in the inner stream */
    return true;
}

/* A stream and what is taken out of it, ready to be read by TLS. */
struct unwrapping {
    struct lp_wrapped *wrapped;
    struct lp_wrapped_input outer;
    struct lp_unwrapping map;
};

static void unwrapping_of(struct unwrapping *u, struct lp_wrapped *wrapped,
                          const struct lp_tls_input *input)
{
    u->wrapped = wrapped;
    u->outer = (struct lp_wrapped_input){input->bytes, input->offset, input->ctx, input->packet};
    u->map = (struct lp_unwrapping){wrapped, &u->outer};
}

static struct lp_tls_input inner_of(const struct unwrapping *u)
{
    const struct lp_buf *bytes = &u->wrapped->bytes;
    return (struct lp_tls_input){.bytes = lp_rd_init(bytes->bytes, bytes->len),
                                 .offset = u->wrapped->offset,
                                 .ctx = &u->map,
                                 .packet = lp_unwrapping_packet};
}

static void note_problem(const struct unwrapping *u, struct lp_tls_half *half)
{
    uint64_t end = u->outer.offset + u->outer.bytes.left, to = u->wrapped->problem_to;
    struct lp_time time;

    if (!u->wrapped->problem || half->problem)
        return;
    half->problem = u->wrapped->problem;
    u->outer.packet(u->outer.ctx, u->wrapped->problem_from, to < end ? to : end,
                    &half->problem_frame, &time);
}

static enum lp_tls_want read_wrapped(struct lp_carried *carried, unsigned dir, struct unwrapping *u,
                                     bool last)
{
    struct lp_tls_half *half = &carried->tls->half[dir];
    enum lp_tls_want want = LP_TLS_MORE;
    enum lp_unwrap got = LP_UNWRAP_HOLE;
    size_t unused;

    while (got == LP_UNWRAP_HOLE && want != LP_TLS_DONE) {
        got = lp_wrapped_read(u->wrapped, &u->outer, last);
        if (got == LP_UNWRAP_ROOM)
            return LP_TLS_ROOM;
        struct lp_tls_input inner = inner_of(u);
        want = lp_tls_read(carried->tls, dir, &inner, &unused);
        if (want == LP_TLS_ROOM)
            return want;
        note_problem(u, half);
        if (got == LP_UNWRAP_HOLE && want != LP_TLS_DONE) {
            lp_tls_cut(carried->tls, dir, LP_TLS_CUT_LOST, &inner);
            lp_wrapped_pass(u->wrapped);
        } else if (got == LP_UNWRAP_END && want == LP_TLS_MORE) {
            lp_tls_cut(carried->tls, dir, LP_TLS_CUT_END, &inner);
            want = LP_TLS_DONE;
        }
    }
    return want;
}

/* ---- bare, or not known yet ---- */

/* Appends to what is kept of the front, in which the first `n` bytes of the input are. Without
 * memory less is known. */
static void append_front(const struct lp_carried *carried, struct lp_carried_side *side,
                         const struct lp_tls_input *input, size_t n)
{
    struct lp_buf *front = &side->front;
    struct lp_rd bytes = lp_rd_head(&input->bytes, n);

    if (n == 0 || (front->len == MOST_FRONT && !side->rewound))
        return;
    if (front->len == 0)
        side->front_from = input->offset;
    if (side->rewound && input->offset < side->front_from + front->len)
        front->len =
            input->offset < side->front_from ? 0 : (size_t)(input->offset - side->front_from);
    side->rewound = false;
    uint64_t end = side->front_from + front->len;
    if (input->offset > end || !lp_rd_skip(&bytes, (size_t)(end - input->offset)))
        return;
    bytes = lp_rd_head(&bytes, MOST_FRONT - front->len);
    front->budget = carried->budget;
    (void)lp_buf_append(front, bytes.ptr, bytes.left);
}

/* Keeps the beginning of a stream in front of its handshake, of which `n` bytes are at hand, if it
 * may have a name. False: there is too little of it to tell, so it must stay where it is. */
static bool keep_front(struct lp_carried *carried, unsigned dir, const struct lp_tls_input *input,
                       size_t n)
{
    struct lp_carried_side *side = &carried->side[dir];
    bool searching = carried->tls->half[dir].state == LP_TLS_SEARCHING;

    if (!side->judged && searching && n < LP_STARTTLS_LOOK)
        return false;
    if (!side->judged)
        side->front_wanted = n < LP_STARTTLS_LOOK ||
                             lp_starttls_possible(lp_rd_head(&input->bytes, LP_STARTTLS_LOOK));
    side->judged = true;
    if (side->front_wanted)
        append_front(carried, side, input, n);
    return true;
}

/* What the stream is, by its first bytes. False: there is no room to say so. */
static bool decide(struct lp_carried *carried, unsigned dir, struct lp_rd bytes, bool last,
                   enum lp_begins *begins)
{
    const struct lp_wrapper *wrapper = NULL;

    *begins = lp_wrapper_find(bytes, last, &wrapper);
    if (*begins == LP_BEGINS)
        return start_wrapped(carried, dir, wrapper);
    if (*begins == LP_BEGINS_NOT)
        carried->side[dir].how = LP_CARRIED_BARE;
    return true;
}

enum lp_tls_want lp_carried_read(struct lp_carried *carried, unsigned dir,
                                 const struct lp_tls_input *input, size_t *release)
{
    struct lp_carried_side *side = &carried->side[dir];
    struct lp_tls_half *half = &carried->tls->half[dir];
    enum lp_begins begins = LP_BEGINS_NOT;
    enum lp_tls_want want;

    *release = 0;
    if (side->how == LP_CARRIED_UNDECIDED && !decide(carried, dir, input->bytes, false, &begins))
        return LP_TLS_ROOM;
    if (begins == LP_BEGINS_WAIT)
        return LP_TLS_MORE;
    if (side->how == LP_CARRIED_WRAPPED) {
        struct unwrapping u;
        unwrapping_of(&u, side->wrapped, input);
        want = read_wrapped(carried, dir, &u, false);
        *release = lp_wrapped_release(side->wrapped, &u.outer);
        if (want == LP_TLS_DONE) /* for a better copy everything is read again */
            lp_wrapped_free(side->wrapped);
        return want;
    }
    want = lp_tls_read(carried->tls, dir, input, release);
    if (half->state != LP_TLS_SEARCHING)
        side->how = LP_CARRIED_BARE;
    if (!keep_front(carried, dir, input, *release) || side->how == LP_CARRIED_UNDECIDED)
        *release = 0;
    side->released |= *release > 0;
    return want;
}

void lp_carried_rewind(struct lp_carried *carried, unsigned dir)
{
    struct lp_carried_side *side = &carried->side[dir];

    lp_tls_rewind(carried->tls, dir);
    side->rewound = true;
    if (side->how == LP_CARRIED_WRAPPED && side->wrapped->released) {
        lp_wrapped_rewind(side->wrapped);
    } else if (!side->released) {
        drop_wrapped(carried, side);
        side->how = LP_CARRIED_UNDECIDED;
        side->judged = false;
    }
}

void lp_carried_cut(struct lp_carried *carried, unsigned dir, enum lp_tls_cut cut,
                    const struct lp_tls_input *rest)
{
    struct lp_carried_side *side = &carried->side[dir];
    enum lp_begins begins;

    if (side->how == LP_CARRIED_UNDECIDED)
        (void)decide(carried, dir, rest->bytes, true, &begins);
    if (side->how != LP_CARRIED_WRAPPED) {
        lp_tls_cut(carried->tls, dir, cut, rest);
        if (!is_found(&carried->tls->half[dir])) /* behind the gap it may be told */
            side->how = LP_CARRIED_UNDECIDED;
        return;
    }
    struct unwrapping u;
    unwrapping_of(&u, side->wrapped, rest);
    if (read_wrapped(carried, dir, &u, true) == LP_TLS_DONE)
        return;
    struct lp_tls_input inner = inner_of(&u);
    lp_tls_cut(carried->tls, dir, cut, &inner);
    lp_wrapped_pass(side->wrapped);
}

/* ---- at the end ---- */

/* A server that granted TLS in a dialogue and then hung up did not answer the ClientHello: what it
 * said before is not to be taken for such an answer. */
static void forget_dialogue(const struct lp_carried *carried)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct lp_carried_side *client = &carried->side[dir];
        struct lp_rd front[2] = {lp_rd_init(client->front.bytes, client->front.len),
                                 lp_rd_init(NULL, 0)};
        if (carried->tls->half[dir].is_client && lp_starttls_name(front))
            carried->tls->half[1 - dir].other_bytes = false;
    }
}

void lp_carried_settle(struct lp_carried *carried)
{
    forget_dialogue(carried);
    for (unsigned dir = 0; dir < 2; dir++)
        if (carried->side[1 - dir].how == LP_CARRIED_WRAPPED &&
            carried->side[dir].how != LP_CARRIED_WRAPPED)
            lp_tls_rewind(carried->tls, dir);
}

const char *lp_carried_name(const struct lp_carried *carried)
{
    struct lp_rd front[2];

    for (unsigned dir = 0; dir < 2; dir++) {
        const struct lp_carried_side *side = &carried->side[dir];
        if (side->how == LP_CARRIED_WRAPPED)
            return lp_wrapper_name(side->wrapped->wrapper);
        front[dir] = lp_rd_init(side->front.bytes, side->front.len);
    }
    const char *name = lp_starttls_name(front);
    return name ? name : "tls";
}

bool lp_carried_encrypted(const struct lp_carried *carried)
{
    for (unsigned dir = 0; dir < 2; dir++)
        if (carried->side[dir].how == LP_CARRIED_WRAPPED &&
            lp_wrapped_encrypted(carried->side[dir].wrapped))
            return true;
    return false;
}

void lp_carried_free(struct lp_carried *carried)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        drop_wrapped(carried, &carried->side[dir]);
        lp_buf_free(&carried->side[dir].front);
    }
}
