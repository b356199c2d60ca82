/*
 * How it works: every answer is looked up among those that are there already, so that a name that
 * is asked for again and again costs nothing. Of equal ones the earliest is kept: that is the
 * moment from which the client knew the address, in whatever order the packets are read.
 */
#include "scan/resolved.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdlib.h>

enum { MOST_ANSWERS = 65536, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

struct kept {
    struct lp_node node;
    struct lp_dns_answer answer;
};

bool lp_resolved_start(struct lp_resolved *resolved, struct lp_arena *arena,
                       struct lp_budget *budget, uint64_t seed)
{
    *resolved = (struct lp_resolved){.arena = arena, .budget = budget, .seed = seed};
    return lp_table_start(&resolved->table);
}

void lp_resolved_end(struct lp_resolved *resolved)
{
    lp_table_end(&resolved->table);
}

/* ---- keeping ---- */

/* The circumstances of a message. */
struct message {
    struct lp_resolved *resolved;
    struct lp_endpoint client;
    uint64_t frame;
    struct lp_time time;
};

static uint64_t hash_of(uint64_t seed, const struct lp_dns_answer *answer)
{
    uint64_t hash = lp_hash_bytes(seed, answer->name, strlen(answer->name));

    if (answer->alias)
        hash = lp_hash_bytes(hash, answer->alias, strlen(answer->alias));
    hash = lp_hash_bytes(hash, answer->ip.bytes, sizeof answer->ip.bytes);
    return lp_hash_bytes(hash, answer->client.ip.bytes, sizeof answer->client.ip.bytes);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int compare_ips(const struct lp_ip *a, const struct lp_ip *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static bool same_answer(const struct lp_dns_answer *a, const struct lp_dns_answer *b)
{
    return compare_ips(&a->ip, &b->ip) == 0 && compare_ips(&a->client.ip, &b->client.ip) == 0 &&
           strcmp(a->name, b->name) == 0 && same_text(a->alias, b->alias);
}

static int compare_moments(const struct lp_dns_answer *a, const struct lp_dns_answer *b)
{
    if (a->time.sec != b->time.sec)
        return a->time.sec < b->time.sec ? -1 : 1;
    if (a->time.nsec != b->time.nsec)
        return a->time.nsec < b->time.nsec ? -1 : 1;
    return (a->frame > b->frame) - (a->frame < b->frame);
}

static struct kept *find(struct lp_resolved *resolved, const struct lp_dns_answer *answer,
                         uint64_t hash)
{
    struct lp_node *node = lp_table_first(&resolved->table, hash);

    while (node && !same_answer(&((struct kept *)node)->answer, answer))
        node = lp_table_next(node);
    return (struct kept *)node;
}

static void keep_new(struct lp_resolved *resolved, const struct lp_dns_answer *answer,
                     uint64_t hash)
{
    size_t cost =
        sizeof(struct kept) + strlen(answer->name) + (answer->alias ? strlen(answer->alias) : 0);

    if (resolved->table.count >= MOST_ANSWERS || !lp_budget_take(resolved->budget, cost)) {
        resolved->left_out++;
        return;
    }
    struct kept *kept = lp_arena_alloc(resolved->arena, sizeof *kept);
    const char *name = lp_arena_text(resolved->arena, answer->name);
    const char *alias = answer->alias ? lp_arena_text(resolved->arena, answer->alias) : NULL;
    if (!kept || !name || (answer->alias && !alias)) {
        resolved->out_of_memory = true;
        return;
    }
    kept->answer = *answer;
    kept->answer.name = name;
    kept->answer.alias = alias;
    lp_table_add(&resolved->table, &kept->node, hash);
}

static void on_record(void *ctx, const struct lp_dns_record *record)
{
    const struct message *message = ctx;
    const struct lp_dns_answer answer = {.name = record->name,
                                         .alias = record->alias,
                                         .ip = record->ip,
                                         .client = message->client,
                                         .frame = message->frame,
                                         .time = message->time};
    uint64_t hash = hash_of(message->resolved->seed, &answer);
    struct kept *kept = find(message->resolved, &answer, hash);

    if (!kept) {
        keep_new(message->resolved, &answer, hash);
    } else if (compare_moments(&answer, &kept->answer) < 0) {
        kept->answer.client = answer.client;
        kept->answer.frame = answer.frame;
        kept->answer.time = answer.time;
    }
}

/* ---- UDP ---- */

void lp_resolved_datagram(struct lp_resolved *resolved, const struct lp_datagram *datagram)
{
    struct message message = {.resolved = resolved,
                              .client = {.ip = datagram->dst, .has_mac = datagram->has_mac},
                              .frame = datagram->frame,
                              .time = datagram->time};
    struct lp_rd bytes = datagram->bytes, payload;
    uint16_t from, to, length;

    if (!lp_rd_u16(&bytes, &from) || !lp_rd_u16(&bytes, &to) || !lp_rd_u16(&bytes, &length) ||
        !lp_rd_skip(&bytes, 2) || length < 8 || from == PORT_MDNS || from == PORT_LLMNR ||
        to == PORT_MDNS)
        return;
    memcpy(message.client.mac, datagram->dst_mac, sizeof message.client.mac);
    if (lp_rd_sub(&bytes, length - 8U, &payload))
        (void)lp_dns_read(payload, on_record, &message);
}

/* ---- TCP ---- */

static void ignore(void *ctx, const struct lp_dns_record *record)
{
    (void)ctx;
    (void)record;
}

enum lp_dns_next lp_resolved_begins(struct lp_rd bytes)
{
    struct lp_rd first;
    enum lp_dns_next next = lp_dns_next(&bytes, &first);

    return next == LP_DNS_MESSAGE && !lp_dns_read(first, ignore, NULL) ? LP_DNS_NOT : next;
}

struct lp_flow_answer lp_resolved_stream(struct lp_resolved *resolved, const struct lp_flow *flow,
                                         unsigned dir, const struct lp_stream *stream)
{
    struct message message = {.resolved = resolved, .client = flow->end[1 - dir]};
    struct lp_rd rest = stream->bytes, bytes;
    uint64_t from = stream->offset;
    enum lp_dns_next next;

    message.client.port = 0;
    while ((next = lp_dns_next(&rest, &bytes)) == LP_DNS_MESSAGE) {
        uint64_t to = stream->offset + (stream->bytes.left - rest.left);
        lp_stream_packet(stream, from, to, &message.frame, &message.time);
        (void)lp_dns_read(bytes, on_record, &message);
        from = to;
    }
    return (struct lp_flow_answer){.want = next == LP_DNS_NOT ? LP_FLOW_DONE : LP_FLOW_MORE,
                                   .release = (size_t)(from - stream->offset)};
}

/* ---- handing over ---- */

static int by_name(const void *left, const void *right)
{
    const struct lp_dns_answer *a = left, *b = right;
    int order = strcmp(a->name, b->name);

    order = order ? order : compare_moments(a, b);
    order = order ? order : compare_ips(&a->ip, &b->ip);
    return order ? order : compare_ips(&a->client.ip, &b->client.ip);
}

bool lp_resolved_take(struct lp_resolved *resolved, struct lp_capture *capture)
{
    size_t count = resolved->table.count, n = 0, size;

    if (resolved->out_of_memory ||
        __builtin_mul_overflow(count, sizeof *capture->dns_answers, &size))
        return false;
    capture->dns_answers = lp_arena_alloc(capture->arena, size);
    if (!capture->dns_answers)
        return false;
    for (struct lp_node *node = resolved->table.newest; node && n < count; node = node->older)
        capture->dns_answers[n++] = ((struct kept *)node)->answer;
    capture->dns_answer_count = n;
    if (n > 1)
        qsort(capture->dns_answers, n, sizeof *capture->dns_answers, by_name);
    return true;
}
