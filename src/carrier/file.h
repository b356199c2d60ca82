/* A file that a phone fetched within the capture. */
#ifndef LP_CARRIER_FILE_H
#define LP_CARRIER_FILE_H

#include "base/rd.h"
#include "net/net.h"

/* Where the bytes stand in the file, when they are but a part of it (RFC 9110 14.4), and what tells
 * one state of the file from another. */
struct lp_range {
    uint64_t from, total;       /* `total` is UINT64_MAX when it is not told */
    struct lp_rd tag, modified; /* strong validators (RFC 9110 8.8); empty: there is none */
};

struct lp_fetched {
    const char *carrier; /* static: "tftp", "http" */
    struct lp_rd name;   /* as the client asked for it; borrowed for the call, like the bytes */
    struct lp_rd bytes;  /* from the beginning; up to the first gap when incomplete */
    bool complete;       /* with a range: false */
    struct lp_endpoint client, server;
    uint64_t frame; /* the packet that completed it, or the last one of it */
    struct lp_time time;
    const struct lp_range *range; /* borrowed for the call; NULL: the bytes begin the file */
};

typedef void (*lp_fetched_fn)(void *ctx, const struct lp_fetched *file);

/* Whether the last part of a name is one of a phone's boot files: its configuration, signed or not,
 * the default one, trust lists. */
bool lp_fetched_wanted(struct lp_rd name);

/* The largest file that is kept. */
enum { LP_FETCHED_MOST = 4 * 1024 * 1024 };

#endif
