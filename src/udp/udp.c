/*
 * How it works: a table (base/table.h), keyed by a secret of the run, holds the flows by their two
 * ends. A flow keeps copies of its datagrams until they are handed over, earliest first. Damaged
 * ones are left out where others of the same direction are intact; where none is, the recording
 * machine's hardware was still to fill the checksums in.
 *
 * When the budget refuses memory the flow used least recently is closed early. A flow that has been
 * silent for long leaves when a new one begins.
 */
#include "udp/udp.h"

#include "base/hash.h"
#include "base/table.h"
#include "net/ends.h"

#include <stdlib.h>

enum {
    WINDOW = 4 << 20,     /* bytes of a flow beyond which the earlier half is handed over */
    MAX_KEPT = 16 * 1024, /* datagrams, likewise */
    IDLE = 3600,          /* seconds of silence after which a flow is over */
    RECLAIM = 2,          /* old flows looked at per new one */
};

struct kept {
    struct lp_parcel parcel; /* its bytes are the array's below */
    uint64_t number;         /* order of arrival, where the time is the same */
    unsigned dir;
    uint8_t bytes[];
};

struct flow {
    struct lp_node node; /* first: the table knows the flow by it */
    struct lp_udp_flow face;
    struct lp_ends ends;
    struct kept **kept; /* owned, in the order of arrival */
    size_t count, cap, bytes;
    struct lp_time last;
    bool intact[2]; /* a datagram of this direction has a right checksum */
};

struct lp_udp {
    struct lp_table table; /* of struct flow, which it owns */
    uint64_t seed, arrived, limited;
    struct lp_budget *budget; /* borrowed */
    uint64_t max_flow;
    struct lp_udp_consumer consumer;
    bool out_of_memory;
};

/* Hashed as bytes: no padding. */
struct key {
    struct lp_ends ends;
    uint32_t protocol, key;
};

struct lp_udp *lp_udp_new(uint64_t seed, struct lp_budget *budget, uint64_t max_flow,
                          const struct lp_udp_consumer *consumer)
{
    struct lp_udp *udp = lp_alloc(sizeof *udp);
    if (!udp)
        return NULL;
    if (!lp_table_start(&udp->table)) {
        lp_free(udp);
        return NULL;
    }
    udp->seed = seed;
    udp->budget = budget;
    udp->max_flow = max_flow;
    udp->consumer = *consumer;
    return udp;
}

bool lp_udp_out_of_memory(const struct lp_udp *udp)
{
    return udp->out_of_memory;
}

uint64_t lp_udp_limited(const struct lp_udp *udp)
{
    return udp->limited;
}

static struct flow *flow_of(struct lp_node *node)
{
    return (struct flow *)node;
}

static void drop_kept(struct flow *flow, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t size = flow->kept[i]->parcel.bytes.left;
        flow->bytes -= size;
        lp_budget_give(&flow->face.budget, sizeof *flow->kept[i] + size);
        lp_free(flow->kept[i]);
    }
    memmove(flow->kept, flow->kept + n, (flow->count - n) * sizeof *flow->kept);
    flow->count -= n;
}

/* Takes a flow out of the table and frees it; no callbacks. */
static void forget(struct lp_udp *udp, struct flow *flow)
{
    lp_table_remove(&udp->table, &flow->node);
    if (flow->count)
        drop_kept(flow, flow->count);
    lp_budget_give(&flow->face.budget, flow->cap * sizeof *flow->kept);
    lp_free(flow->kept);
    lp_free(flow->face.outer);
    lp_budget_give(udp->budget, sizeof *flow);
    lp_free(flow);
}

void lp_udp_free(struct lp_udp *udp)
{
    if (!udp)
        return;
    while (udp->table.oldest)
        forget(udp, flow_of(udp->table.oldest));
    lp_table_end(&udp->table);
    lp_free(udp);
}

/* ---- handing over ---- */

static int by_time(const void *left, const void *right)
{
    const struct kept *a = *(struct kept *const *)left, *b = *(struct kept *const *)right;
    const struct lp_time *x = &a->parcel.time, *y = &b->parcel.time;

    if (x->sec != y->sec)
        return x->sec < y->sec ? -1 : 1;
    if (x->nsec != y->nsec)
        return x->nsec < y->nsec ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* The n earliest datagrams. */
static void hand_over(const struct lp_udp *udp, struct flow *flow, size_t n)
{
    if (flow->count == 0)
        return;
    qsort(flow->kept, flow->count, sizeof(struct kept *), by_time);
    for (size_t i = 0; i < n; i++) {
        const struct kept *kept = flow->kept[i];
        if (kept->parcel.checksum != LP_CHECKSUM_WRONG || !flow->intact[kept->dir])
            udp->consumer.datagram(udp->consumer.ctx, &flow->face, kept->dir, &kept->parcel);
    }
    drop_kept(flow, n);
}

static void close_flow(struct lp_udp *udp, struct flow *flow, bool at_end)
{
    hand_over(udp, flow, flow->count);
    udp->consumer.close(udp->consumer.ctx, &flow->face, at_end);
    udp->limited += flow->face.limited;
    forget(udp, flow);
}

void lp_udp_flush(struct lp_udp *udp)
{
    while (udp->table.oldest)
        close_flow(udp, flow_of(udp->table.oldest), true);
}

/* Closes the least recently used flow other than `keep`. False: there is none. */
static bool evict(struct lp_udp *udp, const struct flow *keep)
{
    struct lp_node *victim = udp->table.oldest;

    if (victim && flow_of(victim) == keep)
        victim = victim->newer;
    if (!victim)
        return false;
    close_flow(udp, flow_of(victim), false);
    return true;
}

/* Takes n bytes for a flow, from others or from its own datagrams if need be. */
static bool take(struct lp_udp *udp, struct flow *flow, size_t n)
{
    while (!lp_budget_take(&flow->face.budget, n)) {
        bool own = !lp_budget_fits(&flow->face.budget, n);
        if (!own && evict(udp, flow))
            continue;
        if (flow->count == 0)
            return false;
        hand_over(udp, flow, flow->count);
    }
    return true;
}

/* ---- a datagram ---- */

static bool is_past(struct lp_time now, struct lp_time then, int64_t seconds)
{
    int64_t due;
    return !__builtin_add_overflow(then.sec, seconds, &due) && now.sec >= due;
}

static void reclaim(struct lp_udp *udp, struct lp_time now)
{
    for (unsigned i = 0; i < RECLAIM && udp->table.oldest; i++) {
        struct flow *oldest = flow_of(udp->table.oldest);
        if (!is_past(now, oldest->last, IDLE))
            return;
        close_flow(udp, oldest, true);
    }
}

static struct flow *find(const struct lp_udp *udp, uint64_t hash, const struct key *key)
{
    struct lp_node *node = lp_table_first(&udp->table, hash);

    for (; node; node = lp_table_next(node)) {
        const struct flow *flow = flow_of(node);
        if (flow->face.protocol == key->protocol && (uint32_t)flow->face.key == key->key &&
            memcmp(&flow->ends, &key->ends, sizeof key->ends) == 0)
            break;
    }
    return flow_of(node);
}

static struct flow *begin(struct lp_udp *udp, uint64_t hash, const struct key *key)
{
    while (!lp_budget_take(udp->budget, sizeof(struct flow))) {
        if (!evict(udp, NULL)) {
            udp->limited++;
            return NULL;
        }
    }
    struct flow *flow = lp_alloc(sizeof *flow);
    if (!flow) {
        lp_budget_give(udp->budget, sizeof *flow);
        udp->out_of_memory = true;
        return NULL;
    }
    flow->ends = key->ends;
    flow->face.protocol = (uint8_t)key->protocol;
    flow->face.key = (enum lp_udp_key)key->key;
    flow->face.budget = (struct lp_budget){.limit = udp->max_flow, .parent = udp->budget};
    lp_table_add(&udp->table, &flow->node, hash);
    return flow;
}

static bool keep_tunnels(struct lp_udp_flow *flow, const struct lp_outer *outer, unsigned count)
{
    if (count == 0)
        return true;
    flow->outer = lp_alloc(count * sizeof *outer);
    if (!flow->outer)
        return false;
    memcpy(flow->outer, outer, count * sizeof *outer);
    flow->outer_count = count;
    return true;
}

/* Copies the datagram into the flow. False: memory is short. */
static bool keep(struct lp_udp *udp, struct flow *flow, unsigned dir,
                 const struct lp_parcel *parcel)
{
    size_t size = sizeof(struct kept) + parcel->bytes.left, cap = flow->cap;

    if (!take(udp, flow, size)) {
        flow->face.limited = true;
        return true;
    }
    struct kept *kept = lp_alloc(size);
    if (!kept || !lp_grow_array(&flow->kept, &flow->cap, flow->count + 1, sizeof kept)) {
        lp_free(kept);
        lp_budget_give(&flow->face.budget, size);
        return false;
    }
    if (!lp_budget_take(&flow->face.budget, (flow->cap - cap) * sizeof kept)) {
        lp_free(kept);
        lp_budget_give(&flow->face.budget, size);
        flow->cap = cap;
        flow->face.limited = true;
        return true;
    }
    kept->parcel = *parcel;
    memcpy(kept->bytes, parcel->bytes.ptr, parcel->bytes.left);
    kept->parcel.bytes = lp_rd_init(kept->bytes, parcel->bytes.left);
    kept->number = udp->arrived++;
    kept->dir = dir;
    flow->kept[flow->count++] = kept;
    flow->bytes += parcel->bytes.left;
    return true;
}

static void note_mac(struct lp_endpoint *end, const struct lp_endpoint *seen)
{
    if (end->has_mac || !seen->has_mac)
        return;
    end->has_mac = true;
    memcpy(end->mac, seen->mac, 6);
}

static void put(struct lp_udp *udp, const struct lp_parcel *parcel, enum lp_udp_key how,
                const struct lp_outer *outer, unsigned outer_count)
{
    struct key key = {.protocol = parcel->protocol, .key = how};
    bool ports = how == LP_UDP_PORTS;
    unsigned dir = lp_ends_order(&parcel->from.ip, ports ? parcel->from.port : 0, &parcel->to.ip,
                                 ports ? parcel->to.port : 0, &key.ends);
    uint64_t hash = lp_hash_bytes(udp->seed, &key, sizeof key);
    struct flow *flow = find(udp, hash, &key);

    if (!flow) {
        reclaim(udp, parcel->time);
        flow = begin(udp, hash, &key);
        if (!flow)
            return;
        udp->out_of_memory |= !keep_tunnels(&flow->face, outer, outer_count);
        flow->face.end[dir] = parcel->from;
        flow->face.end[1 - dir] = parcel->to;
        flow->face.end[1 - dir].has_mac = false;
    }
    lp_table_touch(&udp->table, &flow->node);
    note_mac(&flow->face.end[dir], &parcel->from);
    flow->last = parcel->time;
    flow->intact[dir] |= parcel->checksum == LP_CHECKSUM_RIGHT;
    udp->out_of_memory |= !keep(udp, flow, dir, parcel);
    if (flow->bytes > WINDOW || flow->count > MAX_KEPT)
        hand_over(udp, flow, flow->count / 2);
}

void lp_udp_put(struct lp_udp *udp, const struct lp_parcel *parcel, const struct lp_outer *outer,
                unsigned outer_count)
{
    enum lp_udp_key how = udp->consumer.recognise(parcel->protocol, parcel->bytes);

    if (how != LP_UDP_NOTHING)
        put(udp, parcel, how, outer, outer_count);
}

/* The payload, as far as its header and that of IP say. False: too short for a header. */
static bool unpack(const struct lp_datagram *datagram, struct lp_parcel *parcel)
{
    enum { HEADER = 8 };
    struct lp_rd bytes = datagram->bytes;
    uint32_t announced = datagram->announced;
    uint16_t length;

    if (datagram->protocol == LP_PROTOCOL_UDP) {
        if (!lp_rd_u16(&bytes, &parcel->from.port) || !lp_rd_u16(&bytes, &parcel->to.port) ||
            !lp_rd_u16(&bytes, &length) || !lp_rd_skip(&bytes, 2) || announced < HEADER)
            return false;
        if (length >= HEADER && length < announced)
            announced = length;
        announced -= HEADER;
    }
    parcel->bytes = lp_rd_head(&bytes, announced);
    parcel->snapped = datagram->snapped && bytes.left < announced;
    return true;
}

void lp_udp_push(struct lp_udp *udp, const struct lp_datagram *datagram)
{
    enum { CHECKSUM_AT = 6 };
    struct lp_parcel parcel = {.protocol = datagram->protocol,
                               .checksum = LP_CHECKSUM_UNKNOWN,
                               .frame = datagram->frame,
                               .time = datagram->time};

    if (!unpack(datagram, &parcel))
        return;
    enum lp_udp_key how = udp->consumer.recognise(parcel.protocol, parcel.bytes);
    if (how == LP_UDP_NOTHING)
        return;
    if (datagram->protocol == LP_PROTOCOL_UDP)
        parcel.checksum = lp_datagram_checksum(datagram, CHECKSUM_AT);
    parcel.from.ip = datagram->src;
    parcel.to.ip = datagram->dst;
    if (datagram->has_mac) {
        parcel.from.has_mac = parcel.to.has_mac = true;
        memcpy(parcel.from.mac, datagram->src_mac, 6);
        memcpy(parcel.to.mac, datagram->dst_mac, 6);
    }
    put(udp, &parcel, how, datagram->outer, datagram->outer_count);
}
