/* A file that a phone fetched within the capture. */
#ifndef LP_CARRIER_FILE_H
#define LP_CARRIER_FILE_H

#include "base/rd.h"
#include "net/net.h"

struct lp_fetched {
    const char *carrier; /* static: "tftp", "http" */
    struct lp_rd name;   /* as the client asked for it; borrowed for the call, like the bytes */
    struct lp_rd bytes;  /* from the beginning; up to the first gap when incomplete */
    bool complete;
    struct lp_endpoint client, server;
    uint64_t frame; /* the packet that completed it, or the last one of it */
    struct lp_time time;
};

typedef void (*lp_fetched_fn)(void *ctx, const struct lp_fetched *file);

/* Whether the last part of a name is one of a phone's boot files: its configuration, signed or not,
 * the default one, trust lists. */
bool lp_fetched_wanted(struct lp_rd name);

/* The largest file that is kept. */
enum { LP_FETCHED_MOST = 4 * 1024 * 1024 };

#endif
