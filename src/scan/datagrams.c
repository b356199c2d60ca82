/*
 * How it works: what a datagram is can be told from its first bytes; whoever does not look like any
 * of these makes no flow. Between two ports there may be several handshakes: one after the other,
 * and, where a relay carries them, side by side with different peers. Each has a lane of its own.
 */
#include "scan/datagrams.h"

#include "carrier/eap.h"
#include "carrier/radius.h"
#include "carrier/turn.h"
#include "scan/quic.h"
#include "scan/supplicants.h"
#include "scan/vpn.h"
#include "tls/dtls.h"
#include "tls/quic.h"

enum { MAX_LANES = 16, MAX_CHANNELS = 16 };

enum kind { BARE, CAPWAP, TURN };

static const char *const carriers[] = {[BARE] = "dtls", [CAPWAP] = "capwap", [TURN] = "turn"};

/* Handshakes with one peer. */
struct lane {
    enum kind kind;
    struct lp_ip peer; /* behind the relay; family 0: not known */
    uint16_t peer_port, channel;
    struct lp_dtls dtls;
};

/* RFC 8656 12: a number that stands for a peer. */
struct channel {
    uint16_t number, peer_port;
    struct lp_ip peer;
};

struct state {
    struct lane *lanes[MAX_LANES]; /* owned */
    unsigned lane_count;
    struct channel channels[MAX_CHANNELS];
    unsigned channel_count;
    struct lp_supplicants *supplicants; /* owned; NULL while there are none */
    struct lp_vpn *vpn;                 /* owned; likewise */
    struct lp_quics *quics;             /* owned; likewise */
};

/* ---- what it is ---- */

/* RFC 5415 4.2: the preamble that says "DTLS". */
static bool capwap(struct lp_rd *bytes)
{
    enum { DTLS_PREAMBLE = 0x01000000 };
    struct lp_rd copy = *bytes;
    uint32_t preamble;

    if (!lp_rd_u32(&copy, &preamble) || preamble != DTLS_PREAMBLE)
        return false;
    *bytes = copy;
    return true;
}

static bool is_relayed(struct lp_rd bytes)
{
    struct lp_turn turn;
    return lp_turn_read(bytes, &turn) && (turn.bind || lp_dtls_recognise(turn.data));
}

static bool is_eapol(struct lp_rd bytes)
{
    struct lp_eap eap;
    return lp_eapol_read(bytes, &bytes) && lp_eap_read(bytes, &eap);
}

/* DTLS, whatever is around it. The upper half of the first byte sorts most others out (RFC 7983 7).
 */
static bool is_dtls(struct lp_rd bytes)
{
    enum { STUN = 0, RECORD = 1, CHANNEL = 4 };
    struct lp_rd peek = bytes;
    uint8_t first;

    if (!lp_rd_u8(&peek, &first))
        return false;
    if (first >> 4 == RECORD) /* every type of a record in the clear */
        return lp_dtls_recognise(bytes);
    if (first >> 4 != STUN && first >> 4 != CHANNEL)
        return false;
    return is_relayed(bytes) || (first >> 4 == STUN && capwap(&bytes) && lp_dtls_recognise(bytes));
}

/* A first byte that nothing else here has. */
static bool is_long_header(struct lp_rd bytes)
{
    uint8_t first;
    return lp_rd_u8(&bytes, &first) && first & 0x80;
}

static enum lp_udp_key recognise(uint8_t protocol, struct lp_rd bytes)
{
    if (protocol == LP_PROTOCOL_EAPOL)
        return is_eapol(bytes) ? LP_UDP_HOSTS : LP_UDP_NOTHING;
    if (is_long_header(bytes))
        return lp_quic_may_begin(bytes) && lp_quic_recognise(bytes) ? LP_UDP_PORTS : LP_UDP_NOTHING;
    if (is_dtls(bytes))
        return LP_UDP_PORTS;
    if (lp_radius_recognise(bytes))
        return LP_UDP_HOSTS;
    return lp_vpn_recognise(bytes) ? LP_UDP_PORTS : LP_UDP_NOTHING;
}

/* ---- lanes ---- */

static void end_lane(struct lp_datagrams *datagrams, const struct lp_udp_flow *flow,
                     struct lane *lane, bool at_end)
{
    struct lp_way way = {.transport = flow->protocol == LP_PROTOCOL_TCP ? "tcp" : "udp",
                         .carrier = carriers[lane->kind],
                         .end = {flow->end[0], flow->end[1]},
                         .outer = flow->outer,
                         .outer_count = flow->outer_count};

    lp_dtls_end(&lane->dtls, way.known);
    for (unsigned dir = 0; dir < 2; dir++) {
        way.known[dir].limited |= flow->limited || !at_end;
        way.known[dir].cut_short = datagrams->sessions->cut_short && at_end;
        way.conflicts[dir] = lane->dtls.half[dir].conflicts;
        way.first_conflict_frame[dir] = lane->dtls.half[dir].first_conflict_frame;
    }
    if (lp_tls_found(&lane->dtls.tls))
        lp_sessions_add(datagrams->sessions, &lane->dtls.tls, &way);
    lp_dtls_free(&lane->dtls);
}

static void start_lane(struct lp_datagrams *datagrams, struct lp_udp_flow *flow, struct lane *lane)
{
    lane->dtls = (struct lp_dtls){.tls.add_cert = lp_cert_store_add,
                                  .tls.drop_cert = lp_cert_store_drop,
                                  .tls.add_ctx = datagrams->sessions->store,
                                  .tls.budget = &flow->budget};
}

static void drop_lane(struct lp_datagrams *datagrams, struct lp_udp_flow *flow, struct state *state,
                      unsigned i, bool at_end)
{
    struct lane *lane = state->lanes[i];

    end_lane(datagrams, flow, lane, at_end);
    lp_budget_give(&flow->budget, sizeof *lane);
    lp_free(lane);
    state->lane_count--;
    memmove(&state->lanes[i], &state->lanes[i + 1],
            (state->lane_count - i) * sizeof(struct lane *));
}

static struct lane *new_lane(struct lp_datagrams *datagrams, struct lp_udp_flow *flow,
                             struct state *state, enum kind kind)
{
    if (state->lane_count == MAX_LANES)
        drop_lane(datagrams, flow, state, 0, false);
    if (!lp_budget_take(&flow->budget, sizeof(struct lane))) {
        flow->limited = true;
        return NULL;
    }
    struct lane *lane = lp_alloc(sizeof *lane);
    if (!lane) {
        lp_budget_give(&flow->budget, sizeof *lane);
        datagrams->sessions->out_of_memory = true;
        return NULL;
    }
    lane->kind = kind;
    start_lane(datagrams, flow, lane);
    state->lanes[state->lane_count++] = lane;
    return lane;
}

/* The lane with no relay in between. */
static struct lane *straight_lane(struct lp_datagrams *datagrams, struct lp_udp_flow *flow,
                                  struct state *state, enum kind kind)
{
    for (unsigned i = 0; i < state->lane_count; i++)
        if (state->lanes[i]->kind == kind)
            return state->lanes[i];
    return new_lane(datagrams, flow, state, kind);
}

/* ---- relays ---- */

static void bind_channel(struct state *state, const struct lp_turn *turn)
{
    struct channel channel = {turn->channel, turn->peer_port, turn->peer};
    unsigned i = 0;

    while (i < state->channel_count && state->channels[i].number != turn->channel)
        i++;
    if (i == MAX_CHANNELS)
        return;
    state->channels[i] = channel;
    if (i == state->channel_count)
        state->channel_count++;
}

/* Fills in the peer of a channel, if the capture has told it. */
static void look_up(const struct state *state, struct lp_turn *turn)
{
    for (unsigned i = 0; i < state->channel_count && !turn->has_peer; i++) {
        if (state->channels[i].number != turn->channel)
            continue;
        turn->has_peer = true;
        turn->peer = state->channels[i].peer;
        turn->peer_port = state->channels[i].peer_port;
    }
}

static struct lane *relayed_lane(struct lp_datagrams *datagrams, struct lp_udp_flow *flow,
                                 struct state *state, struct lp_turn *turn)
{
    struct lane *lane = NULL;

    look_up(state, turn);
    for (unsigned i = 0; i < state->lane_count; i++) {
        lane = state->lanes[i];
        if (lane->kind != TURN)
            continue;
        if (turn->has_peer ? lane->peer_port == turn->peer_port &&
                                 memcmp(&lane->peer, &turn->peer, sizeof lane->peer) == 0
                           : lane->channel == turn->channel)
            return lane;
    }
    lane = new_lane(datagrams, flow, state, TURN);
    if (lane) {
        lane->peer = turn->peer;
        lane->peer_port = turn->peer_port;
        lane->channel = turn->has_peer ? 0 : turn->channel;
    }
    return lane;
}

/* ---- flows ---- */

static struct state *state_of(struct lp_datagrams *datagrams, struct lp_udp_flow *flow)
{
    if (flow->state)
        return flow->state;
    if (!lp_budget_take(&flow->budget, sizeof(struct state))) {
        flow->limited = true;
        return NULL;
    }
    flow->state = lp_alloc(sizeof(struct state));
    if (!flow->state) {
        lp_budget_give(&flow->budget, sizeof(struct state));
        datagrams->sessions->out_of_memory = true;
    }
    return flow->state;
}

static void take_dtls(struct lp_datagrams *datagrams, struct lp_udp_flow *flow, unsigned dir,
                      const struct lp_parcel *parcel)
{
    struct state *state = flow->state;
    struct lp_dtls_input input = {parcel->bytes, parcel->snapped, parcel->frame, parcel->time};
    struct lp_turn turn;
    struct lane *lane;

    if (lp_turn_read(parcel->bytes, &turn)) {
        if (turn.bind) {
            bind_channel(state, &turn);
            return;
        }
        input.bytes = turn.data;
        lane = relayed_lane(datagrams, flow, state, &turn);
    } else {
        lane = straight_lane(datagrams, flow, state, capwap(&input.bytes) ? CAPWAP : BARE);
    }
    if (!lane || lp_dtls_read(&lane->dtls, dir, &input))
        return;
    end_lane(datagrams, flow, lane, true);
    start_lane(datagrams, flow, lane);
    (void)lp_dtls_read(&lane->dtls, dir, &input);
}

static void take_openvpn(struct lp_datagrams *datagrams, struct lp_udp_flow *flow, unsigned dir,
                         const struct lp_parcel *parcel)
{
    struct state *state = flow->state;

    if (!state->vpn)
        state->vpn = lp_vpn_new(datagrams->sessions, datagrams->keys, flow);
    if (state->vpn)
        lp_vpn_take(state->vpn, dir, parcel);
}

static void take_quic(struct lp_datagrams *datagrams, struct lp_udp_flow *flow, unsigned dir,
                      const struct lp_parcel *parcel)
{
    struct state *state = flow->state;

    if (!state->quics)
        state->quics = lp_quics_new(datagrams->sessions, datagrams->keys, flow);
    if (state->quics)
        lp_quics_take(state->quics, dir, parcel);
}

static void on_datagram(void *ctx, struct lp_udp_flow *flow, unsigned dir,
                        const struct lp_parcel *parcel)
{
    struct lp_datagrams *datagrams = ctx;
    struct state *state = state_of(datagrams, flow);

    if (!state)
        return;
    if (flow->key == LP_UDP_PORTS && is_long_header(parcel->bytes)) {
        take_quic(datagrams, flow, dir, parcel);
        return;
    }
    if (flow->key == LP_UDP_PORTS && is_dtls(parcel->bytes)) {
        take_dtls(datagrams, flow, dir, parcel);
        return;
    }
    if (flow->key == LP_UDP_PORTS) {
        take_openvpn(datagrams, flow, dir, parcel);
        return;
    }
    if (!state->supplicants)
        state->supplicants =
            lp_supplicants_new(datagrams->seed, datagrams->sessions, datagrams->keys, flow);
    if (!state->supplicants)
        return;
    if (flow->protocol == LP_PROTOCOL_EAPOL)
        lp_supplicants_eapol(state->supplicants, parcel);
    else
        lp_supplicants_radius(state->supplicants, parcel);
}

static void on_close(void *ctx, struct lp_udp_flow *flow, bool at_end)
{
    struct state *state = flow->state;

    if (!state)
        return;
    while (state->lane_count)
        drop_lane(ctx, flow, state, 0, at_end);
    lp_supplicants_end(state->supplicants, at_end);
    lp_vpn_end(state->vpn, at_end);
    lp_quics_end(state->quics, at_end);
    lp_budget_give(&flow->budget, sizeof *state);
    lp_free(state);
    flow->state = NULL;
}

struct lp_udp_consumer lp_datagrams_consumer(struct lp_datagrams *datagrams)
{
    return (struct lp_udp_consumer){
        .ctx = datagrams, .recognise = recognise, .datagram = on_datagram, .close = on_close};
}
