#include "base/lines.h"

#include <errno.h>
#include <string.h>

enum { CHUNK = 256 * 1024 };

/* Moves what was not given out to the front. */
static void compact(struct lp_lines *lines)
{
    struct lp_buf *buf = &lines->buf;

    if (lines->used && lines->used < buf->len)
        memmove(buf->bytes, buf->bytes + lines->used, buf->len - lines->used);
    buf->len -= lines->used;
    lines->used = 0;
}

/* False: reading failed. The end of the file is no failure. */
static bool fill(struct lp_lines *lines)
{
    struct lp_buf *buf = &lines->buf;

    if (lp_buf_reserve(buf, CHUNK) != LP_GROW_OK) {
        lines->error = ENOMEM;
        return false;
    }
    size_t n = fread(buf->bytes + buf->len, 1, CHUNK, lines->file);
    if (ferror(lines->file)) {
        lines->error = errno;
        return false;
    }
    buf->len += n;
    lines->ended = n == 0;
    return true;
}

/* Where the first newline stands at or behind `from`; buf->len: nowhere. */
static size_t newline(const struct lp_buf *buf, size_t from)
{
    const uint8_t *found = NULL;

    if (from < buf->len)
        found = memchr(buf->bytes + from, '\n', buf->len - from);
    return found ? (size_t)(found - buf->bytes) : buf->len;
}

enum lp_line lp_lines_next(struct lp_lines *lines, struct lp_rd *line)
{
    struct lp_buf *buf = &lines->buf;
    size_t searched = lines->used, end;
    bool too_long = false;

    while ((end = newline(buf, searched)) == buf->len && !lines->ended) {
        compact(lines);
        if (buf->len > LP_LINE_MOST) {
            too_long = true;
            buf->len = 0;
        }
        searched = buf->len;
        if (!fill(lines))
            return LP_LINE_FAILED;
    }
    if (end == buf->len && lines->used == buf->len && !too_long)
        return LP_LINE_END;
    *line = lp_rd_init(buf->bytes + lines->used, end - lines->used);
    lines->used = end < buf->len ? end + 1 : end;
    lines->number++;
    return too_long || line->left > LP_LINE_MOST ? LP_LINE_TOO_LONG : LP_LINE_WHOLE;
}

void lp_lines_free(struct lp_lines *lines)
{
    lp_buf_free(&lines->buf);
}
