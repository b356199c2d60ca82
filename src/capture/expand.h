/*
 * Compressed input: gzip through zlib, the others through libarchive.
 *
 * libarchive hands out blocks of 64 KiB and more, and drops an unfinished one when the input breaks
 * off in it. For gzip, which most captures are compressed by, that would be all of a phone's
 * capture; zlib gives every byte before the break.
 */
#ifndef LP_CAPTURE_EXPAND_H
#define LP_CAPTURE_EXPAND_H

#include "capture/stream.h"

enum { LP_STREAM_BLOCK = 256 * 1024 }; /* read at a time; more brings nothing */

struct lp_compression {
    const char *name;
    uint8_t magic[6];
    size_t magic_len;
    int filter; /* libarchive's number */
    bool (*start)(struct lp_stream *stream);
    /* Up to n bytes; 0 once the stream's state says why. */
    size_t (*some)(struct lp_stream *stream, uint8_t *out, size_t n);
    void (*stop)(struct lp_stream *stream);
};

/* NULL: none that is known. */
const struct lp_compression *lp_compression_of(struct lp_rd head);

/* For the expanders: the next compressed bytes; none at the end, and when reading failed. */
struct lp_rd lp_stream_packed(struct lp_stream *stream);
/* The compressed data end too early, or are damaged; `detail` may be NULL. Returns false. */
bool lp_stream_expansion_failed(struct lp_stream *stream, const char *detail);
/* Any other failure. Returns false. */
bool lp_stream_fail(struct lp_stream *stream, enum lp_stream_state state, const char *why);

bool lp_inflate_start(struct lp_stream *stream);
size_t lp_inflate_some(struct lp_stream *stream, uint8_t *out, size_t n);
void lp_inflate_stop(struct lp_stream *stream);

bool lp_unpack_start(struct lp_stream *stream);
size_t lp_unpack_some(struct lp_stream *stream, uint8_t *out, size_t n);
void lp_unpack_stop(struct lp_stream *stream);

#endif
