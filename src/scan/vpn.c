/*
 * How it works: a handshake has a lane of its own. Which one a packet belongs to is told by the
 * session id of its sender and the key id; where a direction of a lane has not spoken yet, by the
 * key id alone, the latest lane first. Packet ids put the datagrams of a direction in order
 * (carrier/openvpn.c), and the outcome is a stream that TLS can read.
 */
#include "scan/vpn.h"

#include "carrier/openvpn.h"
#include "carrier/unwrap.h"
#include "tcp/tcp.h"

enum { MAX_LANES = 16 };

struct side {
    bool known; /* the next two are set */
    uint64_t session;
    uint8_t key;
    struct lp_wrapped wrapped;
    struct lp_buf marks; /* owned: which packet brought which bytes, an array of struct lp_mark */
    uint64_t outer;      /* bytes so far */
    bool over;           /* TLS has what it wants */
};

struct lane {
    struct lane *older; /* owned */
    struct lp_tls tls;
    struct side side[2];
    uint64_t first_frame;
    struct lp_tls_circumstances known[2];
};

struct lp_vpn {
    struct lp_sessions *sessions; /* borrowed */
    struct lp_scan_keys *keys;    /* borrowed, or NULL */
    struct lp_udp_flow *flow;     /* borrowed */
    struct lane *newest;          /* owned */
    unsigned lane_count;
};

bool lp_vpn_recognise(struct lp_rd bytes)
{
    return lp_openvpn_begins(bytes);
}

static void *take(struct lp_vpn *vpn, size_t n)
{
    if (!lp_budget_take(&vpn->flow->budget, n)) {
        vpn->flow->limited = true;
        return NULL;
    }
    void *p = lp_alloc(n);
    if (!p) {
        lp_budget_give(&vpn->flow->budget, n);
        vpn->sessions->out_of_memory = true;
    }
    return p;
}

struct lp_vpn *lp_vpn_new(struct lp_sessions *sessions, struct lp_scan_keys *keys,
                          struct lp_udp_flow *flow)
{
    struct lp_vpn first = {.sessions = sessions, .keys = keys, .flow = flow};
    struct lp_vpn *vpn = take(&first, sizeof *vpn);

    if (vpn)
        *vpn = first;
    return vpn;
}

/* ---- a lane's streams ---- */

/* A direction of a lane, ready to be read by TLS. */
struct stream {
    struct lp_stream marks;
    struct lp_wrapped_input outer;
    struct lp_unwrapping map;
    struct lp_tls_input inner;
};

static void packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    lp_stream_packet(ctx, from, to, frame, time);
}

static void stream_of(struct stream *s, const struct side *side)
{
    const struct lp_buf *bytes = &side->wrapped.bytes;

    s->marks = (struct lp_stream){.marks = (const void *)side->marks.bytes,
                                  .mark_count = side->marks.len / sizeof(struct lp_mark)};
    s->outer = (struct lp_wrapped_input){.ctx = &s->marks, .packet = packet};
    s->map = (struct lp_unwrapping){&side->wrapped, &s->outer};
    s->inner = (struct lp_tls_input){.bytes = lp_rd_init(bytes->bytes, bytes->len),
                                     .offset = side->wrapped.offset,
                                     .ctx = &s->map,
                                     .packet = lp_unwrapping_packet};
}

static void read_side(struct lp_vpn *vpn, struct lane *lane, unsigned dir)
{
    struct stream s;
    size_t unused;

    if (lane->side[dir].over)
        return;
    stream_of(&s, &lane->side[dir]);
    enum lp_tls_want want = lp_tls_read(&lane->tls, dir, &s.inner, &unused);
    lane->side[dir].over = want == LP_TLS_DONE;
    vpn->flow->limited |= want == LP_TLS_ROOM;
}

/* Both directions, as long as one has news for the other. */
static void read_lane(struct lp_vpn *vpn, struct lane *lane, unsigned dir)
{
    read_side(vpn, lane, dir);
    for (unsigned other = 1 - dir; lp_tls_news(&lane->tls, 1 - other); other = 1 - other)
        read_side(vpn, lane, other);
}

static void cut_side(struct lane *lane, unsigned dir, enum lp_tls_cut cut)
{
    struct side *side = &lane->side[dir];
    struct stream s;

    if (side->over)
        return;
    stream_of(&s, side);
    lp_tls_cut(&lane->tls, dir, cut, &s.inner);
    lp_wrapped_pass(&side->wrapped);
}

/* What waits for packets that did not come. */
static void flush_side(struct lp_vpn *vpn, struct lane *lane, unsigned dir)
{
    enum lp_unwrap got = LP_UNWRAP_HOLE;

    while (got == LP_UNWRAP_HOLE && !lane->side[dir].over) {
        got = lp_openvpn_flush(&lane->side[dir].wrapped);
        vpn->flow->limited |= got == LP_UNWRAP_ROOM;
        read_lane(vpn, lane, dir);
        if (got == LP_UNWRAP_HOLE)
            cut_side(lane, dir, LP_TLS_CUT_LOST);
    }
}

/* ---- lanes ---- */

static void free_lane(struct lp_vpn *vpn, struct lane *lane)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        lp_wrapped_free(&lane->side[dir].wrapped);
        lp_buf_free(&lane->side[dir].marks);
    }
    lp_tls_free(&lane->tls);
    lp_budget_give(&vpn->flow->budget, sizeof *lane);
    lp_free(lane);
    vpn->lane_count--;
}

static void end_lane(struct lp_vpn *vpn, struct lane *lane, bool at_end)
{
    const struct lp_udp_flow *flow = vpn->flow;
    struct lp_way way = {.transport = "udp",
                         .carrier = lp_wrapper_name(&lp_wrapper_openvpn),
                         .end = {flow->end[0], flow->end[1]},
                         .outer = flow->outer,
                         .outer_count = flow->outer_count};
    bool encrypted = false;

    for (unsigned dir = 0; dir < 2; dir++)
        flush_side(vpn, lane, dir);
    for (unsigned dir = 0; dir < 2; dir++) {
        cut_side(lane, dir, LP_TLS_CUT_END);
        way.known[dir] = lane->known[dir];
        way.known[dir].acks = way.known[dir].packets; /* of every packet of the other end */
        way.known[dir].limited = flow->limited || !at_end;
        way.known[dir].cut_short = vpn->sessions->cut_short && at_end;
        encrypted |= lp_wrapped_encrypted(&lane->side[dir].wrapped);
    }
    if (encrypted)
        lp_vpn_note_encrypted(vpn->sessions, flow->end, lane->first_frame);
    else if (lp_tls_found(&lane->tls))
        lp_sessions_add(vpn->sessions, &lane->tls, &way);
    free_lane(vpn, lane);
}

void lp_vpn_end(struct lp_vpn *vpn, bool at_end)
{
    if (!vpn)
        return;
    while (vpn->newest) {
        struct lane *lane = vpn->newest;
        vpn->newest = lane->older;
        end_lane(vpn, lane, at_end);
    }
    lp_budget_give(&vpn->flow->budget, sizeof *vpn);
    lp_free(vpn);
}

static void end_oldest(struct lp_vpn *vpn)
{
    struct lane **last = &vpn->newest;

    while (*last && (*last)->older)
        last = &(*last)->older;
    struct lane *lane = *last;
    if (!lane)
        return;
    *last = NULL;
    end_lane(vpn, lane, true);
}

static struct lane *new_lane(struct lp_vpn *vpn)
{
    if (vpn->lane_count == MAX_LANES)
        end_oldest(vpn);
    struct lane *lane = take(vpn, sizeof *lane);
    if (!lane)
        return NULL;
    lane->tls.add_cert = lp_cert_store_add;
    lane->tls.drop_cert = lp_cert_store_drop;
    lane->tls.add_ctx = vpn->sessions->store;
    lane->tls.budget = &vpn->flow->budget;
    lane->tls.keys = vpn->keys ? lp_scan_keys_tls(vpn->keys) : NULL;
    for (unsigned dir = 0; dir < 2; dir++) {
        lp_wrapped_start(&lane->side[dir].wrapped, &lp_wrapper_openvpn, &vpn->flow->budget);
        lane->side[dir].marks.budget = &vpn->flow->budget;
    }
    lane->older = vpn->newest;
    vpn->newest = lane;
    vpn->lane_count++;
    return lane;
}

static struct lane *lane_of(struct lp_vpn *vpn, unsigned dir, const struct lp_openvpn_id *id)
{
    struct lane *lane = vpn->newest;

    while (lane && !(lane->side[dir].known && lane->side[dir].session == id->session &&
                     lane->side[dir].key == id->key))
        lane = lane->older;
    if (lane)
        return lane;
    for (lane = vpn->newest; lane; lane = lane->older)
        if (!lane->side[dir].known && lane->side[1 - dir].key == id->key)
            return lane;
    return new_lane(vpn);
}

/* Notes which packet brings the next n bytes. False: there is no room. */
static bool mark(struct lp_vpn *vpn, struct side *side, const struct lp_parcel *parcel)
{
    struct lp_mark next = {side->outer + parcel->bytes.left, parcel->frame, parcel->time, 0};

    if (lp_buf_append(&side->marks, &next, sizeof next) != LP_GROW_OK) {
        vpn->flow->limited = true;
        return false;
    }
    side->outer = next.end;
    return true;
}

void lp_vpn_take(struct lp_vpn *vpn, unsigned dir, const struct lp_parcel *parcel)
{
    struct lp_openvpn_id id;

    if (!lp_openvpn_peek(parcel->bytes, &id))
        return;
    struct lane *lane = lane_of(vpn, dir, &id);
    if (!lane || lane->side[dir].over)
        return;
    struct side *side = &lane->side[dir];
    uint64_t outer = side->outer;
    if (!side->known) {
        side->known = true;
        side->session = id.session;
        side->key = id.key;
    }
    if (!lane->first_frame)
        lane->first_frame = parcel->frame;
    lane->known[dir].packets = true;
    lane->known[dir].opened |= id.client;
    if (!mark(vpn, side, parcel))
        return;
    enum lp_unwrap got =
        lp_openvpn_datagram(&side->wrapped, parcel->bytes, outer, !parcel->snapped);
    vpn->flow->limited |= got == LP_UNWRAP_ROOM;
    read_lane(vpn, lane, dir);
    if (got == LP_UNWRAP_HOLE)
        cut_side(lane, dir, LP_TLS_CUT_SNAPPED);
}

void lp_vpn_note_encrypted(struct lp_sessions *sessions, const struct lp_endpoint end[2],
                           uint64_t frame)
{
    struct lp_finding finding = {
        .severity = LP_INFO, .code = "tls-crypt", .session = -1, .frame = frame};

    if (sessions->tls_crypt_noted)
        return;
    sessions->tls_crypt_noted = true;
    lp_findings_add(sessions->findings, &finding,
                    "%s: packet %llu: OpenVPN between ports %u and %u is under tls-crypt: its "
                    "handshake is encrypted",
                    sessions->path, (unsigned long long)frame, end[0].port, end[1].port);
}
