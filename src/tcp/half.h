/* Inside tcp/ only: one direction of a connection in sequence space. */
#ifndef LP_TCP_HALF_H
#define LP_TCP_HALF_H

#include "base/slabs.h"
#include "tcp/segment.h"
#include "tcp/tcp.h"

/* Bytes that wait for what comes before them. */
struct lp_piece {
    uint64_t offset;
    uint32_t length;
    uint8_t rank;
    uint64_t frame;
    struct lp_time time;
    uint8_t bytes[];
};

struct lp_range {
    uint64_t from, to;
};

/* The buffers of a direction that is still of interest. */
struct lp_assembly {
    struct lp_buf stream; /* in order, from `stream_offset` on */
    uint64_t stream_offset;
    struct lp_mark *marks; /* owned */
    size_t mark_count, mark_cap;
    struct lp_piece **pieces; /* owned, sorted, not overlapping, all behind the stream's end */
    size_t piece_count, piece_cap;
    struct lp_range *snapped; /* owned: announced but cut off by the snap length; LP_MAX_SNAPPED of
                                 them once there is one */
    unsigned snapped_count;
    bool started; /* stream_offset is known */
    bool rewritten;
    bool good, wrong; /* bytes of both ranks were seen */
    bool frozen; /* nothing is added any more, but a better copy may still replace what is there */
};

enum { LP_MAX_ISNS = 4, LP_MAX_SNAPPED = 16 };

struct lp_half {
    struct lp_assembly *assembly; /* owned; NULL before the first data and when done */
    bool placed;                  /* `seq` and `offset` below are set */
    uint32_t
        seq; /* a sequence number and the stream offset that it stands for; moves with the stream */
    uint64_t offset;
    uint64_t low, high;         /* offsets of what was seen */
    uint32_t isns[LP_MAX_ISNS]; /* initial sequence numbers; several when SYN-ACKs differ */
    uint8_t isn_count;
    bool done;
    bool waits; /* the consumer said so */
    bool has_fin, fins_differ;
    uint64_t fin_at; /* the offset behind the last byte, by the first FIN */
    bool has_ack;
    uint32_t first_ack, last_ack;
    bool has_mac;
    uint8_t mac[6];
    struct lp_flow_end end;
};

enum { LP_FAR = 1 << 24 }; /* bytes: further away than any window, so another connection */

/* How badly a segment fits a connection, in bytes; UINT64_MAX: it cannot belong to it. Above LP_FAR
 * it belongs to another one with the same ends. `peer` sent the other direction. */
uint64_t lp_half_misfit(const struct lp_half *half, const struct lp_half *peer,
                        const struct lp_segment *segment);
/* Whether the other end acknowledged more of this direction than is there. */
bool lp_half_acked_unseen(const struct lp_half *half, const struct lp_half *peer);

/* The stream offset of a sequence number, by the nearest way round the circle. */
static inline uint64_t lp_half_offset(const struct lp_half *half, uint32_t seq)
{
    return half->offset + (uint64_t)(int64_t)(int32_t)(seq - half->seq);
}

enum lp_store { LP_STORE_OK, LP_STORE_BUDGET, LP_STORE_LIMIT, LP_STORE_MEMORY };

/* Takes note of flags, acknowledgement and position; no bytes are stored. `peer` sent the other
 * direction. */
void lp_half_note(struct lp_half *half, const struct lp_segment *segment);

/* Stores a segment's bytes; lp_half_prepare was called. On LP_STORE_BUDGET nothing of the rest is
 * stored: free memory and call again. */
enum lp_store lp_half_store(struct lp_half *half, const struct lp_segment *segment);

/* Whether the segment is the stream's next part as it stands: in order, whole and intact, with
 * nothing kept or waiting in front of it or behind. Then *mark speaks for all of it, and its bytes
 * need not be stored to be offered. The buffers exist already. */
bool lp_half_follows(struct lp_half *half, const struct lp_segment *segment, struct lp_mark *mark);
/* Takes such a segment, whose first n bytes are not needed: they are passed over, the rest is
 * stored. Not LP_STORE_OK: the rest is not there. */
enum lp_store lp_half_pass(struct lp_half *half, const struct lp_segment *segment, size_t n,
                           const struct lp_mark *mark);
/* Makes the buffers, before the first bytes. */
enum lp_store lp_half_prepare(struct lp_half *half, struct lp_budget *budget,
                              struct lp_slabs *assemblies);

/* Whether all bytes from the SYN to the FIN were offered, and none may be replaced. */
bool lp_half_is_whole(const struct lp_half *half);

/* Begins the stream behind its SYN, as soon as the byte behind it is there, or at any rate `now`.
 * False: no SYN tells where that is; when SYN-ACKs differ, the peer's acknowledgement chooses. */
bool lp_half_find_start(struct lp_half *half, const struct lp_half *peer, bool now);
/* Begins a stream that has not begun at its lowest byte. */
void lp_half_start_here(struct lp_half *half);
/* The lowest bytes at hand of a direction that has not started, and how far its bytes reach. */
struct lp_rd lp_half_lowest(const struct lp_half *half);
uint64_t lp_half_waiting(const struct lp_half *half);

/* Moves what has become contiguous from the pieces into the stream. */
enum lp_store lp_half_drain(struct lp_half *half);
struct lp_stream lp_half_stream(const struct lp_half *half);
void lp_half_release(struct lp_half *half, size_t n);

/* Why the stream breaks off at its end. */
enum lp_gap lp_half_gap(const struct lp_half *half);
/* Leaves the stream behind and stands, empty, at the next bytes there are. False: there are none.
 */
bool lp_half_jump(struct lp_half *half);

/* The consumer has what it wanted. Usually the direction is finished then; when some of its bytes
 * have a wrong checksum and others a right one, it stays as it is, since the good copy may come
 * last. */
void lp_half_settle(struct lp_half *half, struct lp_slabs *assemblies);
/* Frees the buffers; the direction is done. */
void lp_half_finish(struct lp_half *half, struct lp_slabs *assemblies);

#endif
