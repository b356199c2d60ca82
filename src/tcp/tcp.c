/*
 * How it works: a hash table, keyed by a secret of the run, holds the connections by their two
 * ends. The same two ends may carry one connection after the other ("incarnations"), with or
 * without a visible end: a segment belongs to the incarnation whose sequence and acknowledgement
 * numbers it fits, and a SYN that fits none begins a new one.
 *
 * All connections stand in one list, most recently used first. When the budget refuses memory the
 * last of the list is closed early; those that are over and of no further interest leave after a
 * while of packet time.
 */
#include "tcp/tcp.h"

#include "base/slabs.h"
#include "base/table.h"
#include "base/text.h"
#include "net/ends.h"
#include "tcp/half.h"

#include <string.h>

enum {
    MAX_INCARNATIONS = 16,   /* of the same two ends, so that finding one stays cheap */
    MAX_UNSETTLED = 1 << 20, /* bytes kept while nothing tells where a stream begins */
    LINGER = 120,            /* seconds that a finished connection is still recognised */
    IDLE = 3600,             /* seconds of silence after which nothing more is expected */
    RECLAIM = 2,             /* old connections looked at per new one */
    MOST_OVER = 1024,        /* connections that both ends have closed, and that linger */
};

struct lp_conn {
    struct lp_node node; /* first: the table knows the connection by it */
    struct lp_flow flow;
    struct lp_half half[2];
    struct lp_time last;
    uint64_t number; /* ascending: of two incarnations the later one has the higher */
    bool closed;     /* the consumer heard its last of it */
    bool over;       /* and both ends said that it is over: it stands among these, by age */
    struct lp_conn *over_newer, *over_older;
};

struct lp_tcp {
    struct lp_table table; /* of struct lp_conn, which it owns */
    uint64_t begun;        /* connections ever */
    uint64_t refused;      /* segments */
    uint64_t seed;
    struct lp_budget *budget; /* borrowed */
    uint64_t max_connection;
    struct lp_tcp_consumer consumer;
    struct lp_slabs conns, assemblies;
    struct lp_conn *over_newest, *over_oldest;
    unsigned over_count;
    bool out_of_memory;
};

struct lp_tcp *lp_tcp_new(uint64_t seed, struct lp_budget *budget, uint64_t max_connection,
                          const struct lp_tcp_consumer *consumer)
{
    struct lp_tcp *tcp = lp_alloc(sizeof *tcp);
    if (!tcp)
        return NULL;
    if (!lp_table_start(&tcp->table)) {
        lp_free(tcp);
        return NULL;
    }
    tcp->conns = LP_SLABS(struct lp_conn);
    tcp->assemblies = LP_SLABS(struct lp_assembly);
    tcp->seed = seed;
    tcp->budget = budget;
    tcp->max_connection = max_connection;
    tcp->consumer = *consumer;
    return tcp;
}

bool lp_tcp_out_of_memory(const struct lp_tcp *tcp)
{
    return tcp->out_of_memory;
}

uint64_t lp_tcp_refused(const struct lp_tcp *tcp)
{
    return tcp->refused;
}

/* ---- the table ---- */

static struct lp_conn *conn_of(struct lp_node *node)
{
    return (struct lp_conn *)node;
}

/* The next connection between these two ends, `node` included; NULL: there is none. */
static struct lp_conn *with_ends(struct lp_node *node, const struct lp_ends *ends)
{
    while (node && !lp_ends_are(ends, conn_of(node)->flow.end))
        node = lp_table_next(node);
    return conn_of(node);
}

static struct lp_conn *first_conn(const struct lp_tcp *tcp, uint64_t hash,
                                  const struct lp_ends *ends)
{
    return with_ends(lp_table_first(&tcp->table, hash), ends);
}

static struct lp_conn *next_conn(const struct lp_conn *conn, const struct lp_ends *ends)
{
    return with_ends(lp_table_next(&conn->node), ends);
}

static bool is_done(const struct lp_conn *conn)
{
    return conn->half[0].done && conn->half[1].done;
}

static void leave_over(struct lp_tcp *tcp, struct lp_conn *conn)
{
    if (!conn->over)
        return;
    *(conn->over_newer ? &conn->over_newer->over_older : &tcp->over_newest) = conn->over_older;
    *(conn->over_older ? &conn->over_older->over_newer : &tcp->over_oldest) = conn->over_newer;
    conn->over = false;
    tcp->over_count--;
}

/* Takes a connection out of table and lists and frees it; no callbacks. */
static void forget(struct lp_tcp *tcp, struct lp_conn *conn)
{
    lp_table_remove(&tcp->table, &conn->node);
    leave_over(tcp, conn);
    for (unsigned dir = 0; dir < 2; dir++)
        lp_half_finish(&conn->half[dir], &tcp->assemblies);
    lp_free(conn->flow.outer);
    lp_budget_give(tcp->budget, sizeof *conn);
    lp_slabs_give(&tcp->conns, conn);
}

void lp_tcp_free(struct lp_tcp *tcp)
{
    if (!tcp)
        return;
    while (tcp->table.oldest)
        forget(tcp, conn_of(tcp->table.oldest));
    lp_table_end(&tcp->table);
    lp_slabs_end(&tcp->conns);
    lp_slabs_end(&tcp->assemblies);
    lp_free(tcp);
}

/* ---- giving bytes to the consumer ---- */

static void close_conn(struct lp_tcp *tcp, struct lp_conn *conn, bool at_end);

/* Closes the least recently used connection other than `keep`. False: there is none. */
static bool evict(struct lp_tcp *tcp, const struct lp_conn *keep)
{
    struct lp_node *victim = tcp->table.oldest;
    if (victim && conn_of(victim) == keep)
        victim = victim->newer;
    if (!victim)
        return false;
    close_conn(tcp, conn_of(victim), false);
    return true;
}

/* The budget ends this direction here. `rest` was offered already, and is looked at a last time. */
static void limit_behind(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir,
                         const struct lp_stream *rest)
{
    struct lp_half *half = &conn->half[dir];

    half->end.limited = true;
    tcp->consumer.gap(tcp->consumer.ctx, &conn->flow, dir, LP_GAP_LIMIT, rest);
    lp_half_finish(half, &tcp->assemblies);
}

static void limit(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir)
{
    struct lp_half *half = &conn->half[dir];

    if (half->assembly && half->assembly->started) {
        struct lp_stream stream = lp_half_stream(half);
        limit_behind(tcp, conn, dir, &stream);
        return;
    }
    half->end.limited = true;
    lp_half_finish(half, &tcp->assemblies);
}

/* Offers one direction's stream, again while the consumer asks for room. True: the other may now be
 * of more use. */
static bool offer_one(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir, bool may_evict)
{
    struct lp_half *half = &conn->half[dir];

    while (!half->done && half->assembly && half->assembly->started) {
        if (half->assembly->frozen && !half->assembly->rewritten)
            return false;
        if (half->assembly->rewritten) {
            half->assembly->rewritten = false;
            tcp->consumer.rewritten(tcp->consumer.ctx, &conn->flow, dir);
        }
        struct lp_stream stream = lp_half_stream(half);
        struct lp_flow_answer answer =
            tcp->consumer.bytes(tcp->consumer.ctx, &conn->flow, dir, &stream);
        half->waits = answer.want == LP_FLOW_MORE && answer.waits;
        if (answer.want == LP_FLOW_DONE) {
            lp_half_settle(half, &tcp->assemblies);
        } else if (answer.want == LP_FLOW_ROOM) {
            if (may_evict && evict(tcp, conn))
                continue;
            limit(tcp, conn, dir);
        } else {
            lp_half_release(half, answer.release);
        }
        return answer.wakes;
    }
    return false;
}

/* Offers the stream, and the other one if that waits for what this one said. `may_evict` is false
 * inside an eviction, which must not recurse. The two cannot wake each other without end: each time
 * the consumer has read on. */
static void offer(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir, bool may_evict)
{
    while (offer_one(tcp, conn, dir, may_evict) && conn->half[1 - dir].waits)
        dir = 1 - dir;
}

static bool is_open(const struct lp_half *half)
{
    return !half->done && half->assembly && half->assembly->started && !half->assembly->frozen;
}

static void drain_and_offer(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir, bool may_evict)
{
    struct lp_half *half = &conn->half[dir];
    enum lp_store drained;

    do {
        drained = lp_half_drain(half);
        offer(tcp, conn, dir, may_evict);
    } while (is_open(half) && drained == LP_STORE_BUDGET && may_evict && evict(tcp, conn));
    if (is_open(half) && drained != LP_STORE_OK) {
        tcp->out_of_memory |= drained == LP_STORE_MEMORY;
        limit(tcp, conn, dir);
    }
}

/* The connection is over: a stream that nothing began begins now. */
static void start_at_last(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir, bool may_evict)
{
    struct lp_half *half = &conn->half[dir];

    if (!lp_half_find_start(half, &conn->half[1 - dir], true))
        lp_half_start_here(half);
    if (is_open(half))
        drain_and_offer(tcp, conn, dir, may_evict);
}

/* What is missing now will not come. */
static void resolve(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir, bool may_evict)
{
    struct lp_half *half = &conn->half[dir];

    while (is_open(half)) {
        struct lp_stream rest = lp_half_stream(half);
        enum lp_gap kind = lp_half_gap(half);
        tcp->consumer.gap(tcp->consumer.ctx, &conn->flow, dir, kind, &rest);
        if (!lp_half_jump(half))
            break;
        drain_and_offer(tcp, conn, dir, may_evict);
    }
}

/* Tells the consumer that this was all. */
static void conclude(const struct lp_tcp *tcp, struct lp_conn *conn, bool at_end)
{
    struct lp_flow_end ends[2] = {conn->half[0].end, conn->half[1].end};

    if (!conn->closed)
        tcp->consumer.close(tcp->consumer.ctx, &conn->flow, ends, at_end);
    conn->closed = true;
}

/* Looks at what there is a last time, and says so. */
static void end_conn(struct lp_tcp *tcp, struct lp_conn *conn, bool at_end)
{
    for (unsigned dir = 0; dir < 2; dir++)
        conn->half[dir].end.acked_unseen =
            lp_half_acked_unseen(&conn->half[dir], &conn->half[1 - dir]);
    /* One direction may wait for the other: before any of the two breaks off, both are offered, and
     * the one that waits breaks off last. */
    start_at_last(tcp, conn, 0, at_end);
    start_at_last(tcp, conn, 1, at_end);
    unsigned first = conn->half[0].waits ? 1 : 0;
    resolve(tcp, conn, first, at_end);
    resolve(tcp, conn, 1 - first, at_end);
    conclude(tcp, conn, at_end);
}

static void close_conn(struct lp_tcp *tcp, struct lp_conn *conn, bool at_end)
{
    end_conn(tcp, conn, at_end);
    forget(tcp, conn);
}

void lp_tcp_flush(struct lp_tcp *tcp)
{
    while (tcp->table.oldest)
        close_conn(tcp, conn_of(tcp->table.oldest), true);
}

/* ---- finding the connection ---- */

/* The incarnation that a segment belongs to. NULL: to none that is known; *stray: and it may not
 * begin one. */
static struct lp_conn *find(const struct lp_tcp *tcp, uint64_t hash, const struct lp_ends *ends,
                            const struct lp_segment *segment, unsigned dir, bool *stray)
{
    struct lp_conn *best = NULL;
    uint64_t best_misfit = UINT64_MAX;

    for (struct lp_conn *conn = first_conn(tcp, hash, ends); conn; conn = next_conn(conn, ends)) {
        uint64_t score = lp_half_misfit(&conn->half[dir], &conn->half[1 - dir], segment);
        if (!best || score < best_misfit || (score == best_misfit && conn->number > best->number)) {
            best = conn;
            best_misfit = score;
        }
    }
    *stray = best && segment->flags & LP_TCP_RST;
    return best_misfit > LP_FAR ? NULL : best;
}

/* Time stamps are the recording's and may be anything. */
static bool is_past(struct lp_time now, struct lp_time then, int64_t seconds)
{
    int64_t due;
    return !__builtin_add_overflow(then.sec, seconds, &due) && now.sec >= due;
}

/* Nothing but acknowledgements of what was before the recording. */
static bool is_bare(const struct lp_half *half)
{
    return !half->assembly && !half->done && !half->end.syn;
}

static bool expects_nothing(const struct lp_conn *conn)
{
    return is_done(conn) || (is_bare(&conn->half[0]) && is_bare(&conn->half[1]));
}

static void reclaim(struct lp_tcp *tcp, struct lp_time now)
{
    for (unsigned i = 0; i < RECLAIM && tcp->table.oldest; i++) {
        struct lp_conn *oldest = conn_of(tcp->table.oldest);
        if (!is_past(now, oldest->last, expects_nothing(oldest) ? LINGER : IDLE))
            return;
        close_conn(tcp, oldest, true);
    }
}

/* Closes the first incarnation of two ends that have had many. */
static void limit_incarnations(struct lp_tcp *tcp, uint64_t hash, const struct lp_ends *ends)
{
    struct lp_conn *first = NULL;
    unsigned count = 0;

    for (struct lp_conn *conn = first_conn(tcp, hash, ends); conn; conn = next_conn(conn, ends)) {
        count++;
        if (!first || conn->number < first->number)
            first = conn;
    }
    if (count >= MAX_INCARNATIONS)
        close_conn(tcp, first, true);
}

static struct lp_conn *begin(struct lp_tcp *tcp, uint64_t hash, const struct lp_ends *ends)
{
    while (!lp_budget_take(tcp->budget, sizeof(struct lp_conn)))
        if (!evict(tcp, NULL))
            return NULL;
    struct lp_conn *conn = lp_slabs_take(&tcp->conns);
    if (!conn) {
        lp_budget_give(tcp->budget, sizeof *conn);
        tcp->out_of_memory = true;
        return NULL;
    }
    conn->number = tcp->begun++;
    lp_ends_put(ends, conn->flow.end);
    conn->flow.budget = (struct lp_budget){.limit = tcp->max_connection, .parent = tcp->budget};
    lp_table_add(&tcp->table, &conn->node, hash);
    return conn;
}

static void keep_tunnels(struct lp_tcp *tcp, struct lp_conn *conn,
                         const struct lp_datagram *datagram)
{
    size_t size = datagram->outer_count * sizeof *datagram->outer;

    if (size == 0)
        return;
    conn->flow.outer = lp_alloc(size);
    if (!conn->flow.outer) {
        tcp->out_of_memory = true;
        return;
    }
    memcpy(conn->flow.outer, datagram->outer, size);
    conn->flow.outer_count = datagram->outer_count;
}

/* ---- a segment ---- */

/* Begins a stream that no SYN began, when its lowest bytes are recognised, or when too much has
 * piled up to wait longer. */
static void settle(const struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir)
{
    struct lp_half *half = &conn->half[dir];
    const struct lp_assembly *assembly = half->assembly;

    if (lp_half_find_start(half, &conn->half[1 - dir], false) || assembly->started ||
        assembly->piece_count == 0)
        return;
    if (tcp->consumer.recognise(lp_half_lowest(half)) || lp_half_waiting(half) > MAX_UNSETTLED)
        lp_half_start_here(half);
}

/* Stores the segment's bytes, with what comes before them, and offers what is in order. */
static void take_stored(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir,
                        const struct lp_segment *segment)
{
    struct lp_half *half = &conn->half[dir];
    enum lp_store stored;

    do {
        stored = lp_half_prepare(half, &conn->flow.budget, &tcp->assemblies);
        if (stored == LP_STORE_OK)
            stored = lp_half_store(half, segment);
        if (stored == LP_STORE_OK) {
            settle(tcp, conn, dir);
            stored = lp_half_drain(half);
        }
    } while (stored == LP_STORE_BUDGET && evict(tcp, conn));
    if (stored != LP_STORE_OK) {
        tcp->out_of_memory |= stored == LP_STORE_MEMORY;
        if (half->assembly && half->assembly->started)
            offer(tcp, conn, dir, true); /* what is in order is not lost by the limit */
        if (!half->done)
            limit(tcp, conn, dir);
        return;
    }
    offer(tcp, conn, dir, true);
}

/* Stores what the consumer did not release of a segment that was offered where it lies. */
static void keep_rest(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir,
                      const struct lp_segment *segment, const struct lp_stream *offered,
                      size_t release)
{
    enum lp_store stored;
    struct lp_stream rest = *offered;

    do
        stored = lp_half_pass(&conn->half[dir], segment, release, offered->marks);
    while (stored == LP_STORE_BUDGET && evict(tcp, conn));
    if (stored == LP_STORE_OK)
        return;
    tcp->out_of_memory |= stored == LP_STORE_MEMORY;
    if (!lp_rd_skip(&rest.bytes, release))
        return;
    rest.offset += release;
    limit_behind(tcp, conn, dir, &rest);
}

/* Offers the segment where it lies. False: the consumer lacks room, and nothing has happened. */
static bool take_in_place(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir,
                          const struct lp_segment *segment, const struct lp_mark *mark)
{
    struct lp_half *half = &conn->half[dir];
    struct lp_rd bytes = lp_rd_head(&segment->data, segment->announced);
    struct lp_stream stream = {bytes, mark->end - bytes.left, mark, 1};
    struct lp_flow_answer answer =
        tcp->consumer.bytes(tcp->consumer.ctx, &conn->flow, dir, &stream);

    if (answer.want == LP_FLOW_ROOM)
        return false;
    half->waits = answer.want == LP_FLOW_MORE && answer.waits;
    if (answer.want == LP_FLOW_DONE)
        lp_half_settle(half, &tcp->assemblies);
    else
        keep_rest(tcp, conn, dir, segment, &stream, answer.release);
    if (answer.wakes && conn->half[1 - dir].waits)
        offer(tcp, conn, 1 - dir, true);
    return true;
}

static void take_data(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir,
                      const struct lp_segment *segment)
{
    struct lp_half *half = &conn->half[dir];
    struct lp_mark mark;

    if (lp_half_prepare(half, &conn->flow.budget, &tcp->assemblies) != LP_STORE_OK ||
        !lp_half_follows(half, segment, &mark) || !take_in_place(tcp, conn, dir, segment, &mark))
        take_stored(tcp, conn, dir, segment);
}

/* A SYN, or the acknowledgement that chooses between two, may tell where waiting bytes begin. */
static void take_waiting(struct lp_tcp *tcp, struct lp_conn *conn, unsigned dir)
{
    struct lp_half *half = &conn->half[dir];
    enum lp_store drained;

    if (!lp_half_find_start(half, &conn->half[1 - dir], false))
        return;
    do
        drained = lp_half_drain(half);
    while (drained == LP_STORE_BUDGET && evict(tcp, conn));
    tcp->out_of_memory |= drained == LP_STORE_MEMORY;
    offer(tcp, conn, dir, true);
    if (drained != LP_STORE_OK && !half->done)
        limit(tcp, conn, dir);
}

static bool waits_for_start(const struct lp_half *half)
{
    return half->assembly && !half->assembly->started;
}

/* Both ends have closed it, and every byte from one SYN to the other FIN was seen: it need not wait
 * for the end of the capture. It stays a while, so that nothing late begins another one. */
static void finish_early(struct lp_tcp *tcp, struct lp_conn *conn)
{
    if (!conn->closed) {
        end_conn(tcp, conn, true);
        for (unsigned dir = 0; dir < 2; dir++)
            lp_half_finish(&conn->half[dir], &tcp->assemblies);
    }
    conn->over = true;
    conn->over_newer = NULL;
    conn->over_older = tcp->over_newest;
    *(conn->over_older ? &conn->over_older->over_newer : &tcp->over_oldest) = conn;
    tcp->over_newest = conn;
    if (++tcp->over_count > MOST_OVER)
        forget(tcp, tcp->over_oldest);
}

static struct lp_conn *conn_for(struct lp_tcp *tcp, const struct lp_ends *ends, unsigned dir,
                                const struct lp_segment *segment)
{
    uint64_t hash = lp_ends_hash(tcp->seed, ends);
    bool stray;
    struct lp_conn *conn = find(tcp, hash, ends, segment, dir, &stray);

    if (conn || stray)
        return conn;
    reclaim(tcp, segment->datagram->time);
    limit_incarnations(tcp, hash, ends);
    conn = begin(tcp, hash, ends);
    if (conn)
        keep_tunnels(tcp, conn, segment->datagram);
    else
        tcp->refused++;
    return conn;
}

/* The order by last use is kept to the second: who is later within one matters to nobody, and most
 * packets then cost nothing. */
static void touch(struct lp_tcp *tcp, struct lp_conn *conn, struct lp_time now)
{
    if (conn->last.sec != now.sec)
        lp_table_touch(&tcp->table, &conn->node);
    conn->last = now;
}

void lp_tcp_push(struct lp_tcp *tcp, const struct lp_datagram *datagram)
{
    struct lp_segment segment;
    struct lp_ends ends = {0};

    if (!lp_segment_read(datagram, &segment))
        return;
    unsigned dir =
        lp_ends_order(&datagram->src, segment.src_port, &datagram->dst, segment.dst_port, &ends);
    struct lp_conn *conn = conn_for(tcp, &ends, dir, &segment);
    if (!conn)
        return;
    touch(tcp, conn, datagram->time);

    struct lp_half *half = &conn->half[dir], *peer = &conn->half[1 - dir];
    bool had_mac = half->has_mac;
    lp_half_note(half, &segment);
    if (half->has_mac && !had_mac) {
        conn->flow.end[dir].has_mac = true;
        memcpy(conn->flow.end[dir].mac, half->mac, 6);
    }
    if (segment.announced && !half->done)
        take_data(tcp, conn, dir, &segment);
    if (waits_for_start(half))
        take_waiting(tcp, conn, dir);
    if (waits_for_start(peer))
        take_waiting(tcp, conn, 1 - dir);
    if (is_done(conn) && !conn->closed)
        conclude(tcp, conn, true);
    if (half->has_fin && peer->has_fin && !conn->over && lp_half_is_whole(half) &&
        lp_half_is_whole(peer))
        finish_early(tcp, conn);
}
