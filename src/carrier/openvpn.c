/*
 * OpenVPN's control channel. Over UDP a datagram is one packet, over TCP a length of two bytes
 * stands before each. A packet begins with an opcode (upper five bits) and a key id (lower three),
 * then:
 *
 *     session id (8) [HMAC, replay id (4), time (4)] acknowledgements (1 + 4 n) [peer's id (8)]
 *     packet id (4), absent in an acknowledgement
 *     payload: TLS, in the order of the packet ids, which count from 0 for every key
 *
 * The part in brackets is there with tls-auth, and nothing says how long the HMAC is: every length
 * is tried, and those stay that agree with all packets so far. With tls-crypt everything behind the
 * time is encrypted. A packet whose acknowledgements, ids and length agree by chance is one in a
 * million.
 *
 * Over TCP the packets come in order, and one that is missing is a hole. Over UDP a packet waits
 * for those before it; what never came is a hole at the end.
 */
#include "carrier/openvpn.h"

#include "carrier/unwrap.h"

enum opcode {
    HARD_RESET_CLIENT_V1 = 1,
    HARD_RESET_SERVER_V1 = 2,
    SOFT_RESET_V1 = 3,
    CONTROL_V1 = 4,
    ACK_V1 = 5,
    DATA_V1 = 6,
    HARD_RESET_CLIENT_V2 = 7,
    HARD_RESET_SERVER_V2 = 8,
    DATA_V2 = 9,
    HARD_RESET_CLIENT_V3 = 10,
    CONTROL_WKC_V1 = 11,
};

enum {
    FIXED = 1 + 8,                /* opcode, session id */
    LEAST = FIXED + 1 + 4,        /* a hard reset without tls-auth */
    CRYPT_LEAST = FIXED + 8 + 32, /* replay id, time, tag */
    MOST_HEADER = FIXED + 64 + 8 + 1 + 4 * 8 + 8 + 4,
    MOST_CONTROL = 2048, /* with tls-crypt-v2 a client's wrapped key is part of the reset */
    MOST_ACKS = 8,
    MOST_ID = 1 << 16,        /* of control packets: a key is negotiated with a few dozen */
    MOST_FIRST_ID = 256,      /* by which a stream is recognised */
    MOST_REPLAY_ID = 1 << 24, /* counts all control packets of a connection */
    MOST_HELD = 1024,
    LENGTH = 2, /* in front of a packet over TCP */
};

static const uint8_t hmac_sizes[] = {0, 16, 20, 28, 32, 48, 64}; /* none, MD5, SHA-1, SHA-2 */

struct control {
    uint8_t opcode, key;
    uint64_t session;
    uint32_t id; /* not of an acknowledgement */
    struct lp_rd payload;
};

static bool read_u64(struct lp_rd *bytes, uint64_t *out)
{
    uint32_t high, low;

    if (bytes->left < 8 || !lp_rd_u32(bytes, &high) || !lp_rd_u32(bytes, &low))
        return false;
    *out = (uint64_t)high << 32 | low;
    return true;
}

static bool is_control(uint8_t opcode)
{
    return opcode >= HARD_RESET_CLIENT_V1 && opcode <= CONTROL_WKC_V1 && opcode != DATA_V1 &&
           opcode != DATA_V2;
}

/* Nothing but its header in it, and the first of its key. */
static bool is_reset(uint8_t opcode)
{
    return opcode != CONTROL_V1 && opcode != ACK_V1 && opcode != CONTROL_WKC_V1;
}

static bool read_front(struct lp_rd *packet, struct control *out)
{
    uint8_t first;

    if (!lp_rd_u8(packet, &first) || !read_u64(packet, &out->session) || out->session == 0)
        return false;
    out->opcode = first >> 3;
    out->key = first & 7;
    return is_control(out->opcode);
}

static bool read_replay(struct lp_rd *packet)
{
    uint32_t id, time;

    return lp_rd_u32(packet, &id) && lp_rd_u32(packet, &time) && id > 0 && id < MOST_REPLAY_ID &&
           time > 0;
}

static bool read_acks(struct lp_rd *packet, uint8_t *count)
{
    uint32_t id;
    uint64_t peer;

    if (!lp_rd_u8(packet, count) || *count > MOST_ACKS)
        return false;
    for (unsigned i = 0; i < *count; i++)
        if (!lp_rd_u32(packet, &id) || id >= MOST_ID)
            return false;
    return *count == 0 || (read_u64(packet, &peer) && peer != 0);
}

/* The packet, if its HMAC is so long. `whole`: it ends where its bytes end. */
static bool read_control(struct lp_rd packet, size_t hmac, bool whole, struct control *out)
{
    uint8_t acks;

    if (!read_front(&packet, out) ||
        (hmac && (!lp_rd_skip(&packet, hmac) || !read_replay(&packet))) ||
        !read_acks(&packet, &acks))
        return false;
    if (out->opcode == ACK_V1)
        return acks > 0 && lp_rd_end(&packet);
    if (!lp_rd_u32(&packet, &out->id) || out->id >= MOST_ID)
        return false;
    out->payload = packet;
    return is_reset(out->opcode) ? out->id == 0 && lp_rd_end(&packet)
                                 : !whole || !lp_rd_end(&packet);
}

/* One bit for each length of the table that fits. */
static uint8_t sizes_that_fit(struct lp_rd packet, bool whole)
{
    struct control control;
    unsigned sizes = 0;

    for (unsigned i = 0; i < sizeof hmac_sizes; i++)
        if (read_control(packet, hmac_sizes[i], whole, &control))
            sizes |= 1U << i;
    return (uint8_t)sizes;
}

static size_t chosen_size(uint8_t sizes)
{
    unsigned i = 0;

    while (i + 1 < sizeof hmac_sizes && !(sizes >> i & 1))
        i++;
    return hmac_sizes[i];
}

/* A reset under tls-crypt: only its front is legible, and its length is known. The server's first
 * acknowledges the client's; the client's third kind has a wrapped key behind it. */
static bool is_encrypted(struct lp_rd packet)
{
    enum {
        FIRST_REPLAY_IDS = 16,
        EARLY = 0x0f,            /* tls-crypt-v2 marks its negotiation so */
        NOT_BEFORE = 1000000000, /* seconds: 2001 */
        CLIENT = CRYPT_LEAST + 1 + 4,
        SERVER = CLIENT + 4 + 8,
        WRAPPED_KEY = 32 + 256 + 2,
    };
    size_t length = packet.left;
    struct control control;
    uint32_t replay, time;

    if (!read_front(&packet, &control) || !lp_rd_u32(&packet, &replay) ||
        !lp_rd_u32(&packet, &time) || time < NOT_BEFORE ||
        (replay >> 24 != 0 && replay >> 24 != EARLY) || (replay & 0xffffff) == 0 ||
        (replay & 0xffffff) >= FIRST_REPLAY_IDS)
        return false;
    if (control.opcode == HARD_RESET_CLIENT_V3)
        return length >= CLIENT + WRAPPED_KEY;
    return length == (control.opcode == HARD_RESET_CLIENT_V2   ? CLIENT
                      : control.opcode == HARD_RESET_SERVER_V2 ? SERVER
                                                               : 0);
}

bool lp_openvpn_peek(struct lp_rd packet, struct lp_openvpn_id *out)
{
    struct lp_rd copy = packet;
    struct control control;

    if (packet.left < LEAST || !read_front(&copy, &control))
        return false;
    *out = (struct lp_openvpn_id){control.session, control.key, is_reset(control.opcode),
                                  control.opcode == HARD_RESET_CLIENT_V1 ||
                                      control.opcode == HARD_RESET_CLIENT_V2 ||
                                      control.opcode == HARD_RESET_CLIENT_V3};
    return true;
}

bool lp_openvpn_begins(struct lp_rd packet)
{
    struct lp_rd front = packet;
    struct control control;

    if (packet.left < LEAST || !read_front(&front, &control)) /* nearly everything else */
        return false;
    uint8_t sizes = sizes_that_fit(packet, true);
    if (sizes == 0)
        return is_encrypted(packet);
    return read_control(packet, chosen_size(sizes), true, &control) &&
           (control.opcode == ACK_V1 || control.id < MOST_FIRST_ID);
}

static enum lp_begins begins(struct lp_rd stream, bool last)
{
    struct lp_rd packet, peek = stream;
    uint16_t length;
    uint8_t first;

    if (!lp_rd_u8(&peek, &first) || first > MOST_CONTROL >> 8)
        return LP_BEGINS_NOT;
    if (!lp_rd_u16(&stream, &length))
        return last ? LP_BEGINS_NOT : LP_BEGINS_WAIT;
    peek = stream;
    if (length < LEAST || length > MOST_CONTROL ||
        (lp_rd_u8(&peek, &first) && !is_control(first >> 3)))
        return LP_BEGINS_NOT;
    if (!lp_rd_sub(&stream, length, &packet))
        return last ? LP_BEGINS_NOT : LP_BEGINS_WAIT;
    return lp_openvpn_begins(packet) ? LP_BEGINS : LP_BEGINS_NOT;
}

/* ---- packets that wait ---- */

static void drop_first(struct lp_wrapped *w)
{
    struct lp_openvpn_state *state = &w->state.openvpn;
    struct lp_held *first = state->held;

    state->held = first->next;
    state->held_count--;
    lp_budget_give(w->budget, sizeof *first + first->n);
    lp_free(first);
}

static void forget(struct lp_wrapped *w)
{
    while (w->state.openvpn.held)
        drop_first(w);
}

/* Of two packets with the same number the first counts. */
static enum lp_unwrap hold(struct lp_wrapped *w, const struct control *control, uint64_t outer)
{
    struct lp_openvpn_state *state = &w->state.openvpn;
    struct lp_held **place = &state->held;
    size_t cost = sizeof(struct lp_held) + control->payload.left;
    struct lp_rd payload = control->payload;

    while (*place && (*place)->id < control->id)
        place = &(*place)->next;
    if ((*place && (*place)->id == control->id) || state->held_count >= MOST_HELD)
        return LP_UNWRAP_MORE;
    if (!lp_budget_take(w->budget, cost))
        return LP_UNWRAP_ROOM;
    struct lp_held *held = lp_alloc(cost);
    if (!held) {
        lp_budget_give(w->budget, cost);
        return LP_UNWRAP_ROOM;
    }
    held->id = control->id;
    held->outer = outer;
    held->n = payload.left;
    (void)!lp_rd_copy(&payload, held->bytes, held->n);
    held->next = *place;
    *place = held;
    state->held_count++;
    return LP_UNWRAP_MORE;
}

static enum lp_unwrap take_held(struct lp_wrapped *w)
{
    struct lp_openvpn_state *state = &w->state.openvpn;

    while (state->held && state->held->id <= state->next) {
        struct lp_held *held = state->held;
        if (held->id == state->next && !lp_wrapped_put(w, lp_rd_init(held->bytes, held->n),
                                                       held->outer, held->outer + held->n))
            return LP_UNWRAP_ROOM;
        state->next += held->id == state->next;
        drop_first(w);
    }
    return LP_UNWRAP_MORE;
}

/* ---- a packet ---- */

/* Goes on with a later packet. True: there is something to be looked at before. */
static bool jump(struct lp_wrapped *w, uint32_t id)
{
    w->state.openvpn.next = id;
    return w->bytes.len > 0;
}

/* Whether the packet is of the key that is being followed; the first one chooses it. */
static bool is_followed(struct lp_openvpn_state *state, const struct control *control)
{
    if (!state->has_session) {
        state->has_session = true;
        state->session = control->session;
        state->key = control->key;
        state->next = 1; /* number 0 is the reset's, which carries nothing */
    }
    return state->session == control->session && state->key == control->key;
}

/* `held`: packets may come in any order. `outer`: of the packet's first byte. */
static enum lp_unwrap take_packet(struct lp_wrapped *w, struct lp_rd packet, uint64_t outer,
                                  bool whole, bool holding)
{
    struct lp_openvpn_state *state = &w->state.openvpn;
    size_t length = packet.left;
    struct control control;
    uint8_t sizes = sizes_that_fit(packet, whole);

    if (sizes == 0 && !state->sized)
        state->crypt |= is_encrypted(packet);
    if (state->sized)
        sizes &= state->sizes;
    if (sizes == 0 || !read_control(packet, chosen_size(sizes), whole, &control) ||
        !is_followed(state, &control))
        return LP_UNWRAP_MORE;
    state->sized = true;
    state->sizes = sizes;
    if (control.opcode == ACK_V1 || is_reset(control.opcode))
        return LP_UNWRAP_MORE;
    if (control.id < state->next)
        return take_held(w); /* a repetition; or what found no room the last time */
    outer += length - control.payload.left;
    if (control.id > state->next) {
        if (holding) /* of a packet that was cut the rest is missing in any case */
            return whole ? hold(w, &control, outer) : LP_UNWRAP_MORE;
        if (jump(w, control.id))
            return LP_UNWRAP_HOLE;
    }
    if (!lp_wrapped_put(w, control.payload, outer, outer + control.payload.left))
        return LP_UNWRAP_ROOM;
    state->next++;
    if (!whole && holding)
        return LP_UNWRAP_HOLE;
    return take_held(w);
}

enum lp_unwrap lp_openvpn_datagram(struct lp_wrapped *w, struct lp_rd packet, uint64_t outer,
                                   bool whole)
{
    return take_packet(w, packet, outer, whole, true);
}

enum lp_unwrap lp_openvpn_flush(struct lp_wrapped *w)
{
    struct lp_openvpn_state *state = &w->state.openvpn;

    while (state->held) {
        if (state->held->id > state->next && jump(w, state->held->id))
            return LP_UNWRAP_HOLE;
        if (take_held(w) == LP_UNWRAP_ROOM)
            return LP_UNWRAP_ROOM;
    }
    return LP_UNWRAP_MORE;
}

/* ---- over TCP ---- */

/* A packet by which the stream is found again behind a gap. */
static enum lp_begins is_packet(const struct lp_openvpn_state *state, struct lp_rd bytes, bool last)
{
    struct control control;

    if (!state->has_session)
        return begins(bytes, last);
    return lp_rd_skip(&bytes, LENGTH) && read_front(&bytes, &control) &&
                   control.session == state->session
               ? LP_BEGINS
               : LP_BEGINS_NOT;
}

/* Behind a gap: at the next such packet. True: `bytes` stands there. */
static bool find_packet(struct lp_wrapped *w, struct lp_rd *bytes, bool last)
{
    while (bytes->left >= LENGTH + FIXED) {
        enum lp_begins here = is_packet(&w->state.openvpn, *bytes, last);
        if (here == LP_BEGINS)
            w->lost = false;
        if (here != LP_BEGINS_NOT)
            return here == LP_BEGINS;
        if (!lp_rd_skip(bytes, 1))
            break;
        w->at++;
    }
    if (last)
        w->at += lp_rd_rest(bytes).left;
    return false;
}

/* Past the packet at hand, as far as its bytes are there. */
static bool skip_packet(struct lp_wrapped *w, struct lp_rd *bytes)
{
    size_t left = (size_t)(w->packet_end - w->at);

    left = left < bytes->left ? left : bytes->left;
    w->at += left;
    return lp_rd_skip(bytes, left);
}

static enum lp_unwrap take(struct lp_wrapped *w, struct lp_rd bytes, bool last)
{
    uint16_t length;
    uint8_t first;

    while (!lp_rd_end(&bytes)) {
        if (w->at < w->packet_end && skip_packet(w, &bytes))
            continue;
        if (w->lost && !find_packet(w, &bytes, last))
            break;
        struct lp_rd packet = bytes;
        if (!lp_rd_u16(&packet, &length) || lp_rd_end(&packet))
            break;
        struct lp_rd peek = packet;
        if (!lp_rd_u8(&peek, &first) || length == 0 || first >> 3 < HARD_RESET_CLIENT_V1 ||
            first >> 3 > CONTROL_WKC_V1) {
            lp_wrapped_problem(w, "OpenVPN over TCP: what follows is no packet", w->at,
                               w->at + LENGTH + 1);
            return LP_UNWRAP_END;
        }
        bool whole = packet.left >= length;
        if (is_control(first >> 3)) {
            if (!whole && !last)
                break;
            enum lp_unwrap got =
                take_packet(w, lp_rd_head(&packet, length), w->at + LENGTH, whole, false);
            if (got != LP_UNWRAP_MORE)
                return got;
            if (w->state.openvpn.crypt)
                return LP_UNWRAP_END;
        }
        w->packet_end = w->at + LENGTH + length;
    }
    return LP_UNWRAP_MORE;
}

const struct lp_wrapper lp_wrapper_openvpn = {"openvpn", begins, take, forget};
