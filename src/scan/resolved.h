/*
 * What name servers said within the capture: which addresses which names have, and to whom.
 */
#ifndef LP_SCAN_RESOLVED_H
#define LP_SCAN_RESOLVED_H

#include "base/table.h"
#include "carrier/dns.h"
#include "leafprint/leafprint.h"
#include "net/net.h"
#include "tcp/tcp.h"

struct lp_resolved {
    struct lp_arena *arena;   /* borrowed; where the answers live */
    struct lp_budget *budget; /* borrowed */
    uint64_t seed;
    struct lp_table table; /* of the answers, each once */
    uint64_t left_out;     /* answers for which there was no room */
    bool out_of_memory;
};

/* False: memory is short, and there is nothing to end. */
bool lp_resolved_start(struct lp_resolved *resolved, struct lp_arena *arena,
                       struct lp_budget *budget, uint64_t seed);
void lp_resolved_end(struct lp_resolved *resolved);

/* A UDP datagram, from whatever port but those of multicast DNS and its kin: there everybody
 * answers for himself. */
void lp_resolved_datagram(struct lp_resolved *resolved, const struct lp_datagram *datagram);

/* Whether a stream's first bytes are a whole answer; LP_DNS_MORE: there are too few to tell. */
enum lp_dns_next lp_resolved_begins(struct lp_rd bytes);
/* The messages of a stream that begins so. */
struct lp_flow_answer lp_resolved_stream(struct lp_resolved *resolved, const struct lp_flow *flow,
                                         unsigned dir, const struct lp_stream *stream);

/* Hands over the answers, sorted. False: memory is short. */
bool lp_resolved_take(struct lp_resolved *resolved, struct lp_capture *capture);

#endif
