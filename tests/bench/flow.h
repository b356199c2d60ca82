/* Conversations as lists of packets, and many of them at a time. */
#ifndef LP_BENCH_FLOW_H
#define LP_BENCH_FLOW_H

#include "wire.h"

/* One packet; numbers count from the start of each direction. */
struct step {
    bool from_server;
    uint8_t flags;
    uint32_t seq, ack;
    const uint8_t *data; /* borrowed */
    size_t n;
};

struct talk {
    enum protocol protocol;
    uint16_t server_port;
    uint32_t server_ip;
    struct step *steps; /* owned by the process, like all here: it is short-lived */
    size_t count, cap;
    uint32_t sent[2]; /* so far by the client, by the server */
    /* Eight bytes of the server's that differ in each conversation, by offset; 0: none. */
    uint32_t own_bytes;
};

void *grown(void *items, size_t *cap, size_t want, size_t size);

/* Adds packets: the greeting and the farewell of TCP; bytes, which are cut into segments that the
 * other end acknowledges. */
void talk_open(struct talk *talk);
void talk_say(struct talk *talk, bool from_server, const uint8_t *data, size_t n);
void talk_close(struct talk *talk);
/* The same conversation with one in fifty of the server's segments late, twice, or sent again in
 * other pieces that overlap. Nothing is missing. */
struct talk talk_disturbed(const struct talk *talk);

struct flow {
    const struct talk *talk;
    uint64_t id; /* its own bytes */
    struct ends ends;
    uint32_t start[2]; /* initial sequence numbers */
    size_t next;
};

struct flow flow_of(const struct talk *talk, uint64_t id);
/* Puts the next packet. False: that was the last. */
bool flow_step(struct flow *flow, struct wire *wire);

/* Makes the n-th conversation. False: there is none, and never will be. */
typedef bool (*flow_next_fn)(void *ctx, struct flow *out);
/* So many at a time, their packets in random order, until there are no more. */
void flows_play(struct wire *wire, size_t at_a_time, flow_next_fn next, void *ctx);

#endif
