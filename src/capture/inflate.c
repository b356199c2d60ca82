/* gzip (RFC 1952): members one behind the other. What is no member behind the last one is ignored,
 * as gzip itself does. */
#define ZLIB_CONST
#include "base/mem.h"
#include "capture/expand.h"

#include <limits.h>
#include <zlib.h>

enum {
    WINDOW_GZIP = 15 + 16, /* zlib: the largest window, gzip's framing */
    GZIP_FIRST_BYTE = 0x1f,
};

struct inflater {
    z_stream z;
    bool between; /* a member ended, and no other one has begun */
};

static voidpf allocate(voidpf ctx, uInt count, uInt size)
{
    (void)ctx;
    return lp_alloc_array(count, size);
}

static void release(voidpf ctx, voidpf bytes)
{
    (void)ctx;
    lp_free(bytes);
}

bool lp_inflate_start(struct lp_stream *stream)
{
    struct inflater *inflater = lp_alloc(sizeof *inflater);

    if (!inflater)
        return lp_stream_fail(stream, LP_STREAM_MEMORY, "");
    inflater->z.zalloc = allocate;
    inflater->z.zfree = release;
    if (inflateInit2(&inflater->z, WINDOW_GZIP) != Z_OK) {
        lp_free(inflater);
        return lp_stream_fail(stream, LP_STREAM_MEMORY, "");
    }
    stream->expander = inflater;
    return true;
}

void lp_inflate_stop(struct lp_stream *stream)
{
    struct inflater *inflater = stream->expander;

    if (inflater)
        inflateEnd(&inflater->z);
    lp_free(inflater);
    stream->expander = NULL;
}

/* Compressed bytes for the next step. False: none, and the stream's state says what that means. */
static bool supply(struct lp_stream *stream, struct inflater *inflater)
{
    z_stream *z = &inflater->z;
    struct lp_rd rest = lp_rd_init(z->next_in, z->avail_in);
    uint8_t first;

    if (rest.left == 0) {
        rest = lp_stream_packed(stream);
        z->next_in = rest.ptr;
        z->avail_in = (uInt)rest.left;
    }
    if (rest.left == 0 && !(inflater->between && !stream->read_errno))
        return lp_stream_expansion_failed(stream, NULL);
    if (!inflater->between)
        return true;
    if (!lp_rd_u8(&rest, &first) || first != GZIP_FIRST_BYTE) {
        stream->state = LP_STREAM_END;
        return false;
    }
    inflater->between = false;
    return inflateReset(z) == Z_OK;
}

size_t lp_inflate_some(struct lp_stream *stream, uint8_t *out, size_t n)
{
    struct inflater *inflater = stream->expander;
    z_stream *z = &inflater->z;
    uInt room = n < UINT_MAX ? (uInt)n : UINT_MAX;

    z->next_out = out;
    z->avail_out = room;
    while (z->avail_out == room && supply(stream, inflater)) {
        int got = inflate(z, Z_NO_FLUSH);
        inflater->between = got == Z_STREAM_END;
        if (got == Z_MEM_ERROR)
            (void)lp_stream_fail(stream, LP_STREAM_MEMORY, "");
        else if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
            (void)lp_stream_expansion_failed(stream, z->msg);
        if (stream->state != LP_STREAM_OPEN)
            break;
    }
    return room - z->avail_out;
}
