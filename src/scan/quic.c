#include "scan/quic.h"

#include "tls/quic.h"

enum { MAX_LANES = 8 }; /* handshakes that go on at the same time */

struct lane {
    struct lane *older; /* owned */
    struct lp_quic quic;
};

struct lp_quics {
    struct lp_sessions *sessions; /* borrowed */
    struct lp_scan_keys *keys;    /* borrowed, or NULL */
    struct lp_udp_flow *flow;     /* borrowed */
    struct lane *newest;          /* owned */
    unsigned lane_count;
};

/* Zeroed, and paid for by the flow. */
static void *take(struct lp_sessions *sessions, struct lp_udp_flow *flow, size_t n)
{
    if (!lp_budget_take(&flow->budget, n)) {
        flow->limited = true;
        return NULL;
    }
    void *taken = lp_alloc(n);
    if (!taken) {
        lp_budget_give(&flow->budget, n);
        sessions->out_of_memory = true;
    }
    return taken;
}

struct lp_quics *lp_quics_new(struct lp_sessions *sessions, struct lp_scan_keys *keys,
                              struct lp_udp_flow *flow)
{
    struct lp_quics *quics = take(sessions, flow, sizeof *quics);

    if (quics)
        *quics = (struct lp_quics){.sessions = sessions, .keys = keys, .flow = flow};
    return quics;
}

/* ---- lanes ---- */

static void end_lane(struct lp_quics *quics, struct lane *lane, bool at_end)
{
    const struct lp_udp_flow *flow = quics->flow;
    struct lp_way way = {.transport = "quic",
                         .carrier = "tls",
                         .end = {flow->end[0], flow->end[1]},
                         .outer = flow->outer,
                         .outer_count = flow->outer_count};

    lp_quic_end(&lane->quic, way.known);
    for (unsigned dir = 0; dir < 2; dir++) {
        way.known[dir].limited |= flow->limited || !at_end;
        way.known[dir].cut_short = quics->sessions->cut_short && at_end;
        /* Only a hint, for packets that nothing opens: servers have the lower ports. */
        way.known[dir].opened = flow->end[dir].port > flow->end[1 - dir].port;
        way.conflicts[dir] = lane->quic.half[dir].conflicts;
        way.first_conflict_frame[dir] = lane->quic.half[dir].first_conflict_frame;
    }
    if (lp_tls_found(&lane->quic.tls))
        lp_sessions_add(quics->sessions, &lane->quic.tls, &way);
    lp_quic_free(&lane->quic);
    lp_budget_give(&quics->flow->budget, sizeof *lane);
    lp_free(lane);
    quics->lane_count--;
}

static void end_oldest(struct lp_quics *quics)
{
    struct lane **last = &quics->newest;

    while (*last && (*last)->older)
        last = &(*last)->older;
    struct lane *lane = *last;
    *last = NULL;
    if (lane)
        end_lane(quics, lane, true);
}

static struct lane *new_lane(struct lp_quics *quics)
{
    if (quics->lane_count == MAX_LANES)
        end_oldest(quics);
    struct lane *lane = take(quics->sessions, quics->flow, sizeof *lane);
    if (!lane)
        return NULL;
    lane->quic = (struct lp_quic){.tls.add_cert = lp_cert_store_add,
                                  .tls.drop_cert = lp_cert_store_drop,
                                  .tls.add_ctx = quics->sessions->store,
                                  .tls.budget = &quics->flow->budget};
    if (quics->keys) {
        lane->quic.tls.keys = lp_scan_keys_tls(quics->keys);
        lane->quic.crypto = quics->keys->tls.crypto;
    }
    lane->older = quics->newest;
    quics->newest = lane;
    quics->lane_count++;
    return lane;
}

void lp_quics_take(struct lp_quics *quics, unsigned dir, const struct lp_parcel *parcel)
{
    const struct lp_quic_input input = {parcel->bytes, parcel->snapped, parcel->frame,
                                        parcel->time};

    for (struct lane *lane = quics->newest; lane; lane = lane->older)
        if (lp_quic_read(&lane->quic, dir, &input))
            return;
    struct lane *lane = new_lane(quics);
    if (lane)
        (void)lp_quic_read(&lane->quic, dir, &input);
}

void lp_quics_end(struct lp_quics *quics, bool at_end)
{
    if (!quics)
        return;
    while (quics->newest) {
        struct lane *lane = quics->newest;
        quics->newest = lane->older;
        end_lane(quics, lane, at_end);
    }
    lp_budget_give(&quics->flow->budget, sizeof *quics);
    lp_free(quics);
}
