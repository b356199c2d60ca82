/*
 * HTTP/1.x (RFC 9112): the boot files that phones fetch, usually from port 6970.
 */
#ifndef LP_CARRIER_HTTP_H
#define LP_CARRIER_HTTP_H

#include "carrier/file.h"

/* Whether a stream begins with a GET for one of a phone's boot files. */
bool lp_http_wanted(struct lp_rd stream);
/* Whether it begins with a GET whose line is not all there, so that the above may yet change. */
bool lp_http_unfinished(struct lp_rd stream);

/* One connection, both directions from their beginning as far as they are there. */
struct lp_http {
    struct lp_rd requests, answers;
    bool answers_end; /* the server closed: a body without a length is whole */
    struct lp_endpoint client, server;
    /* The packet that completed the answers' first n bytes. */
    void (*packet)(const void *ctx, uint64_t n, uint64_t *frame, struct lp_time *time);
    const void *ctx; /* borrowed, for packet */
};

/* Calls fn for each boot file that was answered with 200 or 206. Chunks are joined, gzip and
 * deflate undone; scratch memory is charged to `budget`. */
void lp_http_files(const struct lp_http *http, struct lp_budget *budget, lp_fetched_fn fn,
                   void *ctx);

#endif
