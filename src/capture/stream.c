#include "capture/stream.h"

#include "base/mem.h"
#include "base/text.h"
#include "capture/expand.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No recording of a phone comes near it. */
static const uint64_t MOST_EXPANDED = UINT64_C(16) << 30;

/* Deflate reaches 1,032 to 1, and only for a run of one byte. What expands like that beyond the
 * first megabytes holds no packets. */
static const uint64_t RATIO_FREE = UINT64_C(64) << 20;
enum { MOST_RATIO = 1000 };

enum { LONGEST_MAGIC = 6 };

static const struct lp_compression compressions[] = {
    {"gzip",
     {0x1f, 0x8b},
     2,
     ARCHIVE_FILTER_GZIP,
     lp_inflate_start,
     lp_inflate_some,
     lp_inflate_stop}, /* RFC 1952 2.3.1 */
    {"zstd",
     {0x28, 0xb5, 0x2f, 0xfd},
     4,
     ARCHIVE_FILTER_ZSTD,
     lp_unpack_start,
     lp_unpack_some,
     lp_unpack_stop}, /* RFC 8878 3.1.1 */
    {"xz",
     {0xfd, 0x37, 0x7a, 0x58, 0x5a, 0},
     6,
     ARCHIVE_FILTER_XZ,
     lp_unpack_start,
     lp_unpack_some,
     lp_unpack_stop},
    {"lz4",
     {0x04, 0x22, 0x4d, 0x18},
     4,
     ARCHIVE_FILTER_LZ4,
     lp_unpack_start,
     lp_unpack_some,
     lp_unpack_stop},
    {"lz4",
     {0x02, 0x21, 0x4c, 0x18},
     4,
     ARCHIVE_FILTER_LZ4,
     lp_unpack_start,
     lp_unpack_some,
     lp_unpack_stop}, /* frames as they were before lz4 had a format */
    {"bzip2",
     {0x42, 0x5a, 0x68},
     3,
     ARCHIVE_FILTER_BZIP2,
     lp_unpack_start,
     lp_unpack_some,
     lp_unpack_stop},
};

const struct lp_compression *lp_compression_of(struct lp_rd head)
{
    for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++) {
        const struct lp_compression *c = &compressions[i];
        if (head.left >= c->magic_len && memcmp(head.ptr, c->magic, c->magic_len) == 0)
            return c;
    }
    return NULL;
}

bool lp_stream_fail(struct lp_stream *stream, enum lp_stream_state state, const char *why)
{
    stream->state = state;
    snprintf(stream->why, sizeof stream->why, "%s", why);
    return false;
}

/* ---- the descriptor ---- */

/* What one read gives; 0 at the end and after a failure, which read_errno tells apart. */
static size_t read_some(struct lp_stream *stream, uint8_t *out, size_t n)
{
    ssize_t got;

    if (stream->raw_end)
        return 0;
    do
        got = read(stream->fd, out, n);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        stream->raw_end = true;
        stream->read_errno = got < 0 ? errno : 0;
        return 0;
    }
    stream->raw += (uint64_t)got;
    return (size_t)got;
}

static enum lp_status open_descriptor(struct lp_stream *stream, const char *path,
                                      struct lp_error *error)
{
    struct stat info;

    if (strcmp(path, "-") == 0) {
        stream->fd = STDIN_FILENO;
        return LP_OK;
    }
    stream->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (stream->fd < 0) {
        lp_error_set(error, "%s: %s", path, strerror(errno));
        return LP_ERR_IO;
    }
    if (fstat(stream->fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        lp_error_set(error, "%s: is a directory", path);
        return LP_ERR_IO;
    }
    return LP_OK;
}

/* ---- expansion ---- */

struct lp_rd lp_stream_packed(struct lp_stream *stream)
{
    if (stream->not_asked.left)
        return lp_rd_rest(&stream->not_asked);
    size_t got = read_some(stream, stream->packed, LP_STREAM_BLOCK);
    return lp_rd_init(stream->packed, got);
}

/* It asked for more than there is, or it did not like what there is. */
bool lp_stream_expansion_failed(struct lp_stream *stream, const char *detail)
{
    bool cut = stream->raw_end && !stream->read_errno;

    stream->state = cut ? LP_STREAM_CUT : LP_STREAM_BROKEN;
    if (stream->read_errno)
        detail = strerror(stream->read_errno);
    snprintf(stream->why, sizeof stream->why, "%s: the compressed data %s%s%s",
             stream->compression->name,
             cut                  ? "end too early"
             : stream->read_errno ? "cannot be read"
                                  : "are damaged",
             detail ? ": " : "", detail ? detail : "");
    return false;
}

static bool within_bounds(struct lp_stream *stream, size_t more)
{
    uint64_t total = stream->total + more;
    char why[sizeof stream->why];

    if (total > stream->most_expanded)
        snprintf(why, sizeof why, "%s: it expands to more than the allowed %llu bytes",
                 stream->compression->name, (unsigned long long)stream->most_expanded);
    else if (total > RATIO_FREE && total / MOST_RATIO > stream->raw)
        snprintf(why, sizeof why, "%s: it expands to more than %d times its size",
                 stream->compression->name, MOST_RATIO);
    else
        return true;
    return lp_stream_fail(stream, LP_STREAM_BROKEN, why);
}

void lp_stream_limit(struct lp_stream *stream, uint64_t most)
{
    stream->most_expanded = most;
    if (stream->compression)
        (void)within_bounds(stream, 0);
}

static size_t expand_some(struct lp_stream *stream, uint8_t *out, size_t n)
{
    size_t got = stream->compression->some(stream, out, n);
    return within_bounds(stream, got) ? got : 0;
}

/* What was read to recognise the compression is the first that is expanded; a new buffer takes what
 * comes out. */
static bool start_expansion(struct lp_stream *stream, const struct lp_compression *compression)
{
    stream->compression = compression;
    stream->packed = stream->buffer;
    stream->not_asked = lp_rd_rest(&stream->ready);
    stream->buffer = lp_alloc(LP_STREAM_BLOCK);
    stream->size = stream->buffer ? LP_STREAM_BLOCK : 0;
    stream->used = 0;
    stream->total = 0;
    stream->ready = lp_rd_init(stream->buffer, 0);
    if (!stream->buffer)
        return lp_stream_fail(stream, LP_STREAM_MEMORY, "");
    stream->state = LP_STREAM_OPEN;
    return compression->start(stream);
}

/* ---- the buffer ---- */

/* Room for a byte at least behind what is ready; for n in all as far as the input has shown that it
 * delivers them. */
static bool make_room(struct lp_stream *stream, size_t n)
{
    size_t left = stream->ready.left;

    if (stream->size - stream->used >= n - left)
        return true;
    if (left < stream->used) {
        if (left)
            memmove(stream->buffer, stream->ready.ptr, left);
        stream->used = left;
    } else if (stream->used == stream->size) {
        uint8_t *grown = lp_realloc(stream->buffer, stream->size * 2);
        if (!grown)
            return lp_stream_fail(stream, LP_STREAM_MEMORY, "");
        stream->buffer = grown;
        stream->size *= 2;
    }
    stream->ready = lp_rd_init(stream->buffer, left);
    return true;
}

bool lp_stream_fill(struct lp_stream *stream, size_t n)
{
    while (stream->ready.left < n) {
        if (stream->state != LP_STREAM_OPEN || !make_room(stream, n))
            return false;
        uint8_t *out = stream->buffer + stream->used;
        size_t room = stream->size - stream->used;
        size_t got =
            stream->compression ? expand_some(stream, out, room) : read_some(stream, out, room);

        stream->used += got;
        stream->total += got;
        stream->ready.left += got;
        if (got || stream->state != LP_STREAM_OPEN)
            continue;
        if (stream->read_errno)
            return lp_stream_fail(stream, LP_STREAM_BROKEN, strerror(stream->read_errno));
        stream->state = LP_STREAM_END;
    }
    return true;
}

bool lp_stream_skip(struct lp_stream *stream, uint64_t n)
{
    for (;;) {
        size_t here = n < stream->ready.left ? (size_t)n : stream->ready.left;
        n -= here;
        if (!lp_rd_skip(&stream->ready, here))
            return false;
        if (n == 0)
            return true;
        if (!lp_stream_fill(stream, 1))
            return false;
    }
}

/* ---- opening and closing ---- */

enum lp_status lp_stream_open(struct lp_stream *stream, const char *path, struct lp_error *error)
{
    const struct lp_compression *compression = NULL;

    *stream = (struct lp_stream){.fd = -1, .most_expanded = MOST_EXPANDED};
    enum lp_status status = open_descriptor(stream, path, error);
    if (status != LP_OK)
        return status;
    stream->buffer = lp_alloc(LP_STREAM_BLOCK);
    stream->size = stream->buffer ? LP_STREAM_BLOCK : 0;
    stream->ready = lp_rd_init(stream->buffer, 0);
    if (!stream->buffer)
        stream->state = LP_STREAM_MEMORY;
    else if (lp_stream_have(stream, LONGEST_MAGIC) || stream->state == LP_STREAM_END)
        compression = lp_compression_of(stream->ready);
    if (compression)
        (void)start_expansion(stream, compression);
    switch (stream->state) {
    case LP_STREAM_MEMORY:
        lp_error_set(error, "%s: out of memory", path);
        return LP_ERR_MEMORY;
    case LP_STREAM_BROKEN:
    case LP_STREAM_CUT:
        lp_error_set(error, "%s: not a readable capture: %s", path, stream->why);
        return LP_ERR_IO;
    case LP_STREAM_OPEN:
    case LP_STREAM_END:
        break;
    }
    return LP_OK;
}

void lp_stream_close(struct lp_stream *stream)
{
    if (stream->compression)
        stream->compression->stop(stream);
    if (stream->fd > STDIN_FILENO)
        close(stream->fd);
    lp_free(stream->packed);
    lp_free(stream->buffer);
    *stream = (struct lp_stream){.fd = -1};
}
