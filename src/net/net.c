/*
 * How it works: the link type names the first layer; each layer reads its own header from the
 * walk's reader and names the next one. The loop below calls them until one has nothing more to
 * name, or the depth limit is reached. A further link layer or tunnel is one function and one row.
 */
#include "net/layers.h"

struct lp_net {
    struct lp_fragments *fragments; /* owned */
    lp_datagram_fn fn;
    void *ctx; /* borrowed */
    struct lp_net_stats stats;
};

/* Link types by their DLT_ and LINKTYPE_ numbers (tcpdump.org/linktypes). "Raw IP" has three
 * numbers, by platform and by file. */
static const struct {
    int link_type;
    enum lp_layer layer;
} link_types[] = {
    {0, LP_LAYER_NULL},   {1, LP_LAYER_ETHERNET}, {12, LP_LAYER_IP},   {14, LP_LAYER_IP},
    {101, LP_LAYER_IP},   {108, LP_LAYER_NULL},   {113, LP_LAYER_SLL}, {228, LP_LAYER_IPV4},
    {229, LP_LAYER_IPV6}, {276, LP_LAYER_SLL2},
};

static void (*const readers[LP_LAYER_COUNT])(struct lp_walk *walk) = {
    [LP_LAYER_ETHERNET] = lp_net_link_ethernet,
    [LP_LAYER_ETHERTYPE] = lp_net_link_ethertype,
    [LP_LAYER_SLL] = lp_net_link_sll,
    [LP_LAYER_SLL2] = lp_net_link_sll2,
    [LP_LAYER_NULL] = lp_net_link_null,
    [LP_LAYER_IP] = lp_net_ip,
    [LP_LAYER_IPV4] = lp_net_ipv4,
    [LP_LAYER_IPV6] = lp_net_ipv6,
};

/* More headers than any real network stacks up; a frame made to loop ends here. */
enum { MAX_DEPTH = 24 };

struct lp_net *lp_net_new(uint64_t seed, struct lp_budget *budget, lp_datagram_fn fn, void *ctx)
{
    struct lp_net *net = lp_alloc(sizeof *net);
    if (!net)
        return NULL;
    net->fragments = lp_fragments_new(seed, budget);
    if (!net->fragments) {
        lp_free(net);
        return NULL;
    }
    net->fn = fn;
    net->ctx = ctx;
    return net;
}

void lp_net_free(struct lp_net *net)
{
    if (!net)
        return;
    lp_fragments_free(net->fragments);
    lp_free(net);
}

static enum lp_layer first_layer(int link_type)
{
    for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
        if (link_types[i].link_type == link_type)
            return link_types[i].layer;
    return LP_LAYER_NONE;
}

bool lp_net_knows(int link_type)
{
    return first_layer(link_type) != LP_LAYER_NONE;
}

void lp_net_push(struct lp_net *net, int link_type, const struct lp_frame *frame)
{
    struct lp_walk walk = {.rest = frame->bytes, .next = first_layer(link_type), .net = net};

    walk.datagram.frame = frame->number;
    walk.datagram.time = frame->time;
    walk.cut =
        frame->original > frame->bytes.left ? frame->original - (uint32_t)frame->bytes.left : 0;
    walk.datagram.snapped = walk.cut != 0;
    for (unsigned depth = 0; walk.next != LP_LAYER_NONE && depth < MAX_DEPTH; depth++) {
        enum lp_layer layer = walk.next;
        walk.next = LP_LAYER_NONE;
        readers[layer](&walk);
    }
}

void lp_net_deliver(struct lp_walk *walk)
{
    walk->net->fn(walk->net->ctx, &walk->datagram);
}

void lp_net_flush(struct lp_net *net)
{
    lp_fragments_flush(net->fragments, net);
}

struct lp_fragments *lp_net_fragments(struct lp_net *net)
{
    return net->fragments;
}

struct lp_net_stats *lp_net_stats_of(struct lp_net *net)
{
    return &net->stats;
}

const struct lp_net_stats *lp_net_stats(const struct lp_net *net)
{
    return &net->stats;
}
