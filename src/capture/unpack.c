/* zstd, xz, lz4 and bzip2: libarchive's raw format behind exactly one filter, the one that the
 * first bytes name. */
#include "capture/expand.h"

#include <archive.h>
#include <string.h>

static la_ssize_t feed(struct archive *archive, void *ctx, const void **out)
{
    struct lp_stream *stream = ctx;
    struct lp_rd packed = lp_stream_packed(stream);

    *out = packed.ptr;
    if (packed.left == 0 && stream->read_errno) {
        archive_set_error(archive, stream->read_errno, "%s", strerror(stream->read_errno));
        return -1;
    }
    return (la_ssize_t)packed.left;
}

bool lp_unpack_start(struct lp_stream *stream)
{
    struct archive_entry *entry;
    struct archive *archive = archive_read_new();

    if (!archive)
        return lp_stream_fail(stream, LP_STREAM_MEMORY, "");
    stream->expander = archive;
    if (archive_read_support_format_raw(archive) != ARCHIVE_OK ||
        archive_read_append_filter(archive, stream->compression->filter) != ARCHIVE_OK ||
        archive_read_open(archive, stream, NULL, feed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        return lp_stream_expansion_failed(stream, NULL); /* libarchive speaks of formats here */
    return true;
}

void lp_unpack_stop(struct lp_stream *stream)
{
    if (stream->expander)
        archive_read_free(stream->expander);
    stream->expander = NULL;
}

/* False: the stream's state says why there is no block. */
static bool next_block(struct lp_stream *stream)
{
    struct archive *archive = stream->expander;
    const void *block;
    size_t size;
    la_int64_t offset;
    int got = archive_read_data_block(archive, &block, &size, &offset);

    if (got == ARCHIVE_EOF)
        stream->state = LP_STREAM_END;
    else if (got != ARCHIVE_OK)
        (void)lp_stream_expansion_failed(stream, archive_error_string(archive));
    else
        stream->expanded = lp_rd_init(block, size);
    return got == ARCHIVE_OK;
}

size_t lp_unpack_some(struct lp_stream *stream, uint8_t *out, size_t n)
{
    while (!stream->expanded.left)
        if (!next_block(stream))
            return 0;
    n = lp_rd_head(&stream->expanded, n).left;
    return lp_rd_copy(&stream->expanded, out, n) ? n : 0;
}
