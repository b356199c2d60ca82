/*
 * TCP connections, put together in sequence space.
 *
 * Bytes rise to the consumer in stream order whatever the order of arrival. Nothing is called a gap
 * before the connection is over (evicted, or the capture ends): an acknowledgement seen before its
 * data, or a retransmission long after, is daily bread in captures. Of two copies of a byte the
 * first wins, except that a copy with a right checksum beats one with a wrong one, and a one-byte
 * keep-alive (RFC 1122 4.2.3.6) never beats data.
 */
#ifndef LP_TCP_TCP_H
#define LP_TCP_TCP_H

#include "base/mem.h"
#include "net/net.h"

/* A run of stream bytes that one packet brought. */
struct lp_mark {
    uint64_t end; /* stream offset behind it */
    uint64_t frame;
    struct lp_time time;
    uint8_t rank; /* how far these bytes can be trusted */
};

/* What is there of one direction, from the consumer's last release on. Offsets start somewhere and
 * are comparable within one direction. */
struct lp_stream {
    struct lp_rd bytes;
    uint64_t offset;             /* of bytes.ptr */
    const struct lp_mark *marks; /* ascending; the last one's end is offset + bytes.left */
    size_t mark_count;
};

/* The packet that completed the bytes [from, to): the latest of those that brought them. */
void lp_stream_packet(const struct lp_stream *stream, uint64_t from, uint64_t to, uint64_t *frame,
                      struct lp_time *time);

/* Whether no better copy can come for any of the bytes before `to`. */
bool lp_stream_settled(const struct lp_stream *stream, uint64_t to);

enum lp_flow_want {
    LP_FLOW_MORE, /* keep what was not released, come again with more */
    LP_FLOW_DONE, /* this direction is of no further interest: its buffer goes at once */
    LP_FLOW_ROOM, /* the budget refused memory: free some and call again with the same bytes */
};

struct lp_flow_answer {
    enum lp_flow_want want;
    size_t release; /* bytes from the front that are not needed again */
    bool waits;     /* with LP_FLOW_MORE: the same bytes say more once the other direction does */
    bool wakes;     /* the other direction, if it waits, should be offered again */
};

enum lp_gap {
    LP_GAP_END,     /* nothing is known to be missing: the stream ends here */
    LP_GAP_LOST,    /* packets that are not in the capture */
    LP_GAP_SNAPPED, /* cut off by the snap length */
    LP_GAP_LIMIT,   /* given up for want of memory */
};

/* One connection as the consumer sees it. Direction 0 runs from end[0] to end[1], direction 1 the
 * other way. */
struct lp_flow {
    struct lp_endpoint end[2];
    struct lp_outer *outer; /* owned by the connection: the tunnels of its first segment; NULL when
                               there are none */
    unsigned outer_count;
    struct lp_budget budget; /* the connection's own; the consumer charges its buffers to it */
    void *state;             /* the consumer's; NULL until it sets it */
};

/* What is known of each direction when a connection is over. */
struct lp_flow_end {
    uint64_t packets, first_frame;
    struct lp_time first_time; /* of first_frame */
    bool syn, fin, rst;
    bool opened;       /* sent a SYN that was no answer */
    bool acked_unseen; /* the other end acknowledged bytes that are not in the capture */
    bool acks;         /* it sent acknowledgements, so it had received something */
    bool limited;      /* a budget cut this direction off */
    uint64_t conflicts, first_conflict_frame; /* copies that differed */
};

struct lp_tcp_consumer {
    void *ctx;
    /* New bytes in direction `dir`, or the same after LP_FLOW_ROOM. */
    struct lp_flow_answer (*bytes)(void *ctx, struct lp_flow *flow, unsigned dir,
                                   const struct lp_stream *stream);
    /* Unreleased bytes were replaced by a better copy: forget what was made of them, `bytes`
     * follows. */
    void (*rewritten)(void *ctx, struct lp_flow *flow, unsigned dir);
    /* The stream breaks off behind `rest`, which is what was not released so far. If `bytes` is
     * called again, it stands behind the gap. */
    void (*gap)(void *ctx, struct lp_flow *flow, unsigned dir, enum lp_gap kind,
                const struct lp_stream *rest);
    /* Whether these are the first bytes of something the consumer wants, where no SYN tells the
     * start of a stream. */
    bool (*recognise)(struct lp_rd bytes);
    /* The last call for a flow: both directions are done, or it leaves. `at_end` is false when the
     * budget made it leave early. */
    void (*close)(void *ctx, struct lp_flow *flow, const struct lp_flow_end ends[2], bool at_end);
};

struct lp_tcp;
/* `budget` is the scan's; `max_connection` bytes are one connection's share. NULL when memory is
 * short. */
struct lp_tcp *lp_tcp_new(uint64_t seed, struct lp_budget *budget, uint64_t max_connection,
                          const struct lp_tcp_consumer *consumer);
void lp_tcp_free(struct lp_tcp *tcp); /* closes nothing: no callbacks */
void lp_tcp_push(struct lp_tcp *tcp, const struct lp_datagram *datagram);
void lp_tcp_flush(
    struct lp_tcp *tcp); /* the capture is over: resolves gaps, closes every connection */
bool lp_tcp_out_of_memory(
    const struct lp_tcp *tcp); /* an allocation failed (not a budget): the scan must stop */
uint64_t lp_tcp_refused(
    const struct lp_tcp *tcp); /* segments that began a connection for which there was no room */

#endif
