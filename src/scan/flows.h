/*
 * Connections to sessions: gives every TCP stream to TLS and makes an lp_session of every handshake
 * found.
 */
#ifndef LP_SCAN_FLOWS_H
#define LP_SCAN_FLOWS_H

#include "scan/bootfiles.h"
#include "scan/keys.h"
#include "scan/resolved.h"
#include "scan/sessions.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

struct lp_flows {
    struct lp_sessions *sessions; /* borrowed; where the handshakes go */
    struct lp_udp *udp;           /* borrowed; where datagrams go that a stream carries */
    struct lp_scan_keys *keys;    /* borrowed */
    struct lp_boot_files *files;  /* borrowed; where fetched files go */
    struct lp_resolved *resolved; /* borrowed; where answers of name servers go */
    struct lp_attempt *attempts;  /* owned until lp_flows_take */
    size_t attempt_count, attempt_cap;
    uint64_t limited; /* connections that a budget cut off before a handshake was found in them */
};

/* The consumer to give to lp_tcp_new; `flows` outlives it. */
struct lp_tcp_consumer lp_flows_consumer(struct lp_flows *flows);

/* Hands over the attempts, sorted by their frames, in the arena. False: memory is short. */
bool lp_flows_take(struct lp_flows *flows, struct lp_capture *capture);
void lp_flows_free(struct lp_flows *flows);

#endif
