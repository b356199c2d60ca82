/*
 * The bytes of a capture in order, expanded where they are compressed.
 *
 * One buffer is refilled when it holds less than is asked for, and what is asked for is looked at
 * where it lies: a packet is never copied. The buffer grows for a large packet, but only as fast
 * as the input really delivers, so that a length in a header costs nothing by itself.
 *
 * A compressed input is known by its first bytes (expand.h). What it expands to is bounded twice:
 * in bytes, and in proportion to what was read. Positions are those in the expanded capture.
 */
#ifndef LP_CAPTURE_STREAM_H
#define LP_CAPTURE_STREAM_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Why there is no more to come. */
enum lp_stream_state {
    LP_STREAM_OPEN = 0,
    LP_STREAM_END,    /* the input is at its end */
    LP_STREAM_CUT,    /* the compressed input ends before its own end */
    LP_STREAM_BROKEN, /* reading or expanding failed, or a bound was met */
    LP_STREAM_MEMORY, /* an allocation failed */
};

struct lp_stream {
    struct lp_rd ready; /* read and not yet taken; borrowed from `buffer` */
    uint8_t *buffer;    /* owned */
    size_t size, used;  /* of `buffer`; `ready` ends where the used part does */
    uint64_t total;     /* bytes that ever came into `buffer` */

    int fd;         /* owned unless it is standard input; -1: none */
    uint64_t raw;   /* bytes read from it */
    bool raw_end;   /* it gives no more */
    int read_errno; /* because reading failed */

    const struct lp_compression *compression; /* NULL: none. Static */
    void *expander;                           /* owned, by the compression's functions */
    struct lp_rd expanded;  /* a block of the expander's, as far as it was not yet copied */
    uint8_t *packed;        /* owned: compressed bytes */
    struct lp_rd not_asked; /* those that were read to recognise the compression */
    uint64_t most_expanded; /* bytes */

    enum lp_stream_state state; /* once it is not LP_STREAM_OPEN it stays */
    char why[256];              /* set with LP_STREAM_CUT and LP_STREAM_BROKEN */
};

/* Opens a file, or standard input for "-". Not LP_OK: error->text is set, and lp_stream_close must
 * still be called. */
enum lp_status lp_stream_open(struct lp_stream *stream, const char *path, struct lp_error *error);
void lp_stream_close(struct lp_stream *stream); /* a zeroed one is fine */

/* A compressed input may expand to so many bytes. What opening has read already counts, and stays.
 */
void lp_stream_limit(struct lp_stream *stream, uint64_t most);

/* Reads on until `ready` holds n bytes. False: it will never; `ready` holds what there is, and
 * `state` says why. */
LP_MUST_USE bool lp_stream_fill(struct lp_stream *stream, size_t n);

LP_MUST_USE static inline bool lp_stream_have(struct lp_stream *stream, size_t n)
{
    return stream->ready.left >= n || lp_stream_fill(stream, n);
}

/* Passes over n bytes. False: the input ends before. */
LP_MUST_USE bool lp_stream_skip(struct lp_stream *stream, uint64_t n);

/* Where `ready` starts. */
static inline uint64_t lp_stream_at(const struct lp_stream *stream)
{
    return stream->total - stream->ready.left;
}

#endif
