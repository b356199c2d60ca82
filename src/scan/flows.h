/*
 * Connections to sessions: gives every TCP stream to TLS and makes an lp_session of every handshake
 * found.
 */
#ifndef LP_SCAN_FLOWS_H
#define LP_SCAN_FLOWS_H

#include "scan/certstore.h"
#include "tcp/tcp.h"
#include "verdict/findings.h"

struct lp_flows {
    struct lp_arena *arena;       /* borrowed */
    struct lp_cert_store *store;  /* borrowed */
    const char *path;             /* borrowed; for messages */
    struct lp_findings *findings; /* borrowed */
    struct lp_session *sessions;  /* owned until lp_flows_take */
    size_t count, cap;
    uint64_t limited;            /* handshakes that a budget cut off */
    struct lp_attempt *attempts; /* owned until lp_flows_take */
    size_t attempt_count, attempt_cap;
    bool cut_short;   /* the input ended inside a packet */
    uint64_t wrapped; /* connections with TLS inside another protocol's headers */
    bool out_of_memory;
};

/* The consumer to give to lp_tcp_new; `flows` outlives it. */
struct lp_tcp_consumer lp_flows_consumer(struct lp_flows *flows);

/* Hands over the sessions, sorted by their first frame and numbered, in the arena. False: memory is
 * short. */
bool lp_flows_take(struct lp_flows *flows, struct lp_capture *capture);
void lp_flows_free(struct lp_flows *flows);

#endif
