/*
 * Which ends of a capture are one client.
 */
#ifndef LP_PHONE_CLIENTS_H
#define LP_PHONE_CLIENTS_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* Zeroed, it knows addresses alone. Not changed between start and end, so that threads may share
 * it. */
struct lp_clients {
    uint64_t
        *macs; /* owned; sorted: those that stand for one host with addresses of several kinds */
    size_t count;
};

/* False: memory is short, and there is nothing to end. */
bool lp_clients_start(struct lp_clients *clients, const struct lp_capture *capture);
void lp_clients_end(struct lp_clients *clients);

/* Whether both have addresses and are one client. */
bool lp_clients_same(const struct lp_clients *clients, const struct lp_endpoint *a,
                     const struct lp_endpoint *b);

/* A MAC as a number; 0 is nobody's. */
uint64_t lp_mac_number(const uint8_t mac[6]);

#endif
