/*
 * How it works: the first bytes of a connection bring a TLS reader into being, which lives until
 * the connection is over. tcp knows nothing of TLS and tls nothing of TCP: this file translates
 * between the two.
 */
#include "scan/flows.h"

#include "carrier/http.h"
#include "scan/carried.h"
#include "scan/relayed.h"
#include "scan/vpn.h"
#include "tls/tls.h"

#include <stdlib.h>

static void packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    lp_stream_packet(ctx, from, to, frame, time);
}

static bool settled(const void *ctx, uint64_t to)
{
    return lp_stream_settled(ctx, to);
}

static struct lp_tls_input input_of(const struct lp_stream *stream)
{
    return (struct lp_tls_input){.bytes = stream->bytes,
                                 .offset = stream->offset,
                                 .ctx = stream,
                                 .packet = packet,
                                 .settled = settled};
}

struct flow_state {
    struct lp_tls tls;
    struct lp_boot_http *http; /* owned: a phone asks for its files; NULL otherwise */
    enum lp_relayed relayed[2];
    bool resolving[2];         /* answers of a name server */
    bool looked_at[2];         /* the first bytes of each direction */
    struct lp_carried carried; /* the way from the stream to `tls` */
};

static struct flow_state *state_of(struct lp_flows *flows, struct lp_flow *flow)
{
    if (flow->state)
        return flow->state;
    if (!lp_budget_take(&flow->budget, sizeof(struct flow_state)))
        return NULL;
    struct flow_state *state = lp_alloc(sizeof *state);
    if (!state) {
        lp_budget_give(&flow->budget, sizeof *state);
        return NULL;
    }
    state->tls.add_cert = lp_cert_store_add;
    state->tls.drop_cert = lp_cert_store_drop;
    state->tls.add_ctx = flows->sessions->store;
    state->tls.budget = &flow->budget;
    state->carried.tls = &state->tls;
    state->carried.budget = &flow->budget;
    state->tls.keys = lp_scan_keys_tls(flows->keys);
    flow->state = state;
    return state;
}

/* What a stream is, by its first bytes. False: there are too few to tell, and what was given back
 * could not be looked at any more. */
static bool look_at(struct flow_state *state, struct lp_flow *flow, unsigned dir,
                    struct lp_rd bytes)
{
    enum { LOOK_AT = 4 };

    if (state->looked_at[dir])
        return true;
    if (!state->http && lp_http_unfinished(bytes))
        return false;
    if (!state->http && lp_http_wanted(bytes))
        state->http = lp_boot_http_new(flow, dir);
    enum lp_relayed relayed = lp_relayed_begins(bytes);
    enum lp_dns_next dns = lp_resolved_begins(bytes);
    state->relayed[dir] = relayed == LP_RELAYED_MAYBE ? LP_RELAYED_NOT : relayed;
    state->resolving[dir] = dns == LP_DNS_MESSAGE;
    state->looked_at[dir] =
        state->http || state->relayed[dir] || state->resolving[dir] ||
        (relayed != LP_RELAYED_MAYBE && dns != LP_DNS_MORE && bytes.left >= LOOK_AT);
    return state->looked_at[dir];
}

static struct lp_flow_answer on_bytes(void *ctx, struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream)
{
    const struct lp_flows *flows = ctx;
    struct flow_state *state = state_of(ctx, flow);
    struct lp_flow_answer answer = {.want = LP_FLOW_ROOM};

    if (!state)
        return answer;
    if (!look_at(state, flow, dir, stream->bytes)) {
        answer.want = LP_FLOW_MORE;
        return answer;
    }
    if (state->http) {
        answer.want = lp_boot_http_take(state->http, dir, stream) ? LP_FLOW_MORE : LP_FLOW_DONE;
        answer.release = stream->bytes.left;
        return answer;
    }
    if (state->relayed[dir])
        return lp_relayed_read(state->relayed[dir], flows->udp, flow, dir, stream);
    if (state->resolving[dir])
        return lp_resolved_stream(flows->resolved, flow, dir, stream);
    struct lp_tls_input input = input_of(stream);
    enum lp_tls_want want = lp_carried_read(&state->carried, dir, &input, &answer.release);
    if (want != LP_TLS_ROOM)
        answer.want = want == LP_TLS_DONE ? LP_FLOW_DONE : LP_FLOW_MORE;
    answer.waits = want == LP_TLS_WAIT;
    answer.wakes = lp_tls_news(&state->tls, dir);
    return answer;
}

static void on_rewritten(void *ctx, struct lp_flow *flow, unsigned dir)
{
    struct flow_state *state = flow->state;

    (void)ctx;
    if (state)
        lp_carried_rewind(&state->carried, dir);
}

static void on_gap(void *ctx, struct lp_flow *flow, unsigned dir, enum lp_gap kind,
                   const struct lp_stream *rest)
{
    static const enum lp_tls_cut cuts[] = {[LP_GAP_END] = LP_TLS_CUT_END,
                                           [LP_GAP_LOST] = LP_TLS_CUT_LOST,
                                           [LP_GAP_SNAPPED] = LP_TLS_CUT_SNAPPED,
                                           [LP_GAP_LIMIT] = LP_TLS_CUT_LIMIT};
    struct flow_state *state = state_of(ctx, flow);
    struct lp_tls_input input = input_of(rest);

    if (state && !state->http && !state->relayed[dir] && !state->resolving[dir])
        lp_carried_cut(&state->carried, dir, cuts[kind], &input);
}

/* ---- the end of a connection ---- */

static void put_session(struct lp_flows *flows, const struct lp_tls *tls,
                        const struct lp_flow *flow, const struct lp_flow_end ends[2], bool at_end)
{
    const struct flow_state *state = flow->state;
    struct lp_way way = {.transport = "tcp",
                         .carrier = lp_carried_name(&state->carried),
                         .end = {flow->end[0], flow->end[1]},
                         .outer = flow->outer,
                         .outer_count = flow->outer_count};

    for (unsigned dir = 0; dir < 2; dir++) {
        way.known[dir] =
            (struct lp_tls_circumstances){.packets = ends[dir].packets > 0,
                                          .acks = ends[dir].acks,
                                          .closed = ends[dir].fin || ends[dir].rst,
                                          .unseen = ends[dir].acked_unseen,
                                          .limited = ends[dir].limited || !at_end,
                                          .cut_short = flows->sessions->cut_short && at_end,
                                          .opened = ends[dir].opened};
        way.conflicts[dir] = ends[dir].conflicts;
        way.first_conflict_frame[dir] = ends[dir].first_conflict_frame;
    }
    lp_sessions_add(flows->sessions, tls, &way);
}

static uint64_t first_frame(const struct lp_flow_end ends[2])
{
    bool second =
        !ends[0].first_frame || (ends[1].first_frame && ends[1].first_frame < ends[0].first_frame);
    return ends[second].first_frame;
}

/* A SYN that was not answered, or answered by a reset. */
static void note_attempt(struct lp_flows *flows, const struct lp_flow *flow,
                         const struct lp_flow_end ends[2])
{
    enum { MOST_ATTEMPTS = 1024 };
    unsigned from = ends[1].opened ? 1 : 0;

    if (!ends[from].opened || ends[1 - from].syn || flows->attempt_count >= MOST_ATTEMPTS)
        return;
    if (!lp_grow_array(&flows->attempts, &flows->attempt_cap, flows->attempt_count + 1,
                       sizeof *flows->attempts)) {
        flows->sessions->out_of_memory = true;
        return;
    }
    flows->attempts[flows->attempt_count++] = (struct lp_attempt){.client = flow->end[from],
                                                                  .server = flow->end[1 - from],
                                                                  .frame = ends[from].first_frame,
                                                                  .time = ends[from].first_time,
                                                                  .refused = ends[1 - from].rst};
}

static void on_close(void *ctx, struct lp_flow *flow, const struct lp_flow_end ends[2], bool at_end)
{
    struct lp_flows *flows = ctx;
    struct flow_state *state = flow->state;

    if (!state) {
        flows->limited += ends[0].limited || ends[1].limited;
        note_attempt(flows, flow, ends);
        return;
    }
    lp_carried_settle(&state->carried);
    if (lp_carried_encrypted(&state->carried))
        lp_vpn_note_encrypted(flows->sessions, flow->end, first_frame(ends));
    else if (lp_tls_found(&state->tls))
        put_session(flows, &state->tls, flow, ends, at_end);
    else
        flows->limited += ends[0].limited || ends[1].limited;
    if (state->http)
        lp_boot_http_read(state->http, flow, ends, flows->files);
    lp_boot_http_free(state->http);
    lp_carried_free(&state->carried);
    lp_tls_free(&state->tls);
    lp_free(state);
    lp_budget_give(&flow->budget, sizeof *state);
    flow->state = NULL;
}

/* Where no SYN tells the start of a stream. */
static bool recognise(struct lp_rd bytes)
{
    return lp_tls_recognise(bytes) || lp_resolved_begins(bytes) == LP_DNS_MESSAGE;
}

struct lp_tcp_consumer lp_flows_consumer(struct lp_flows *flows)
{
    return (struct lp_tcp_consumer){.ctx = flows,
                                    .bytes = on_bytes,
                                    .rewritten = on_rewritten,
                                    .gap = on_gap,
                                    .recognise = recognise,
                                    .close = on_close};
}

/* ---- handing over ---- */

static int attempt_by_frame(const void *left, const void *right)
{
    const struct lp_attempt *a = left, *b = right;
    return a->frame < b->frame ? -1 : a->frame > b->frame;
}

bool lp_flows_take(struct lp_flows *flows, struct lp_capture *capture)
{
    if (flows->attempt_count)
        qsort(flows->attempts, flows->attempt_count, sizeof *flows->attempts, attempt_by_frame);
    capture->attempt_count = flows->attempt_count;
    capture->attempts = lp_arena_copy(capture->arena, flows->attempts,
                                      flows->attempt_count * sizeof *flows->attempts);
    return capture->attempts != NULL;
}

void lp_flows_free(struct lp_flows *flows)
{
    lp_free(flows->attempts);
    flows->attempts = NULL;
}
