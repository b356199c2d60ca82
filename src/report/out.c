#include "report/out.h"

#include "base/date.h"

#include "base/rd.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Room for n more bytes, already counted as written; NULL when the output has failed. */
static char *extend(struct lp_out *out, size_t n)
{
    if (out->error)
        return NULL;
    if (lp_buf_reserve(&out->buf, n) != LP_GROW_OK) {
        out->error = ENOMEM;
        return NULL;
    }
    char *room = (char *)out->buf.bytes + out->buf.len;
    out->buf.len += n;
    return room;
}

void lp_out_bytes(struct lp_out *out, const void *bytes, size_t n)
{
    char *room = n ? extend(out, n) : NULL;
    if (room)
        memcpy(room, bytes, n);
}

void lp_out_text(struct lp_out *out, const char *text)
{
    if (text)
        lp_out_bytes(out, text, strlen(text));
}

void lp_out_char(struct lp_out *out, char c)
{
    lp_out_bytes(out, &c, 1);
}

void lp_out_spaces(struct lp_out *out, size_t n)
{
    char *room = extend(out, n);
    if (room)
        memset(room, ' ', n);
}

void lp_out_number(struct lp_out *out, uint64_t value)
{
    char digits[20]; /* 2^64 - 1 has 20 digits */
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    lp_out_bytes(out, digits + at, sizeof digits - at);
}

/* The two encoders end their text with a NUL, which the next thing written then covers. */
void lp_out_hex(struct lp_out *out, const uint8_t *bytes, size_t n)
{
    char *room = extend(out, 2 * n + 1);
    if (!room)
        return;
    lp_hex_text(bytes, n, room);
    out->buf.len--;
}

void lp_out_base64(struct lp_out *out, const uint8_t *bytes, size_t n)
{
    char *room = extend(out, 4 * ((n + 2) / 3) + 1);
    if (!room)
        return;
    lp_base64_text(bytes, n, room);
    out->buf.len--;
}

void lp_out_clean(struct lp_out *out, const char *text)
{
    struct lp_arena *arena = lp_arena_new();
    char *clean = arena ? lp_text_clean(arena, text, strlen(text)) : NULL;
    if (clean)
        lp_out_text(out, clean);
    else if (!out->error)
        out->error = ENOMEM;
    lp_arena_free(arena);
}

void lp_out_pem(struct lp_out *out, const uint8_t *der, size_t n)
{
    enum { LINE = 48 }; /* bytes that make 64 characters */
    struct lp_rd rd = lp_rd_init(der, n), line;

    lp_out_text(out, "-----BEGIN CERTIFICATE-----\n");
    while (lp_rd_sub(&rd, rd.left < LINE ? rd.left : LINE, &line) && line.left) {
        lp_out_base64(out, line.ptr, line.left);
        lp_out_char(out, '\n');
    }
    lp_out_text(out, "-----END CERTIFICATE-----\n");
}

/* `width` decimal digits, and what stands behind them (NUL: nothing). */
static void digits(struct lp_out *out, uint64_t value, size_t width, char behind)
{
    char *room = extend(out, width);
    if (!room)
        return;
    for (size_t i = width; i > 0; i--) {
        room[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    if (behind)
        lp_out_char(out, behind);
}

bool lp_time_printable(const struct lp_time *time)
{
    static const int64_t year_0 = -62167219200, year_10000 = 253402300800;

    return time->sec >= year_0 && time->sec < year_10000 && time->nsec <= 999999999;
}

bool lp_out_time(struct lp_out *out, const struct lp_time *time, enum lp_time_form form)
{
    enum { DAY = 86400 };

    if (!lp_time_printable(time))
        return false;
    int64_t day = (time->sec >= 0 ? time->sec : time->sec - (DAY - 1)) / DAY;
    uint64_t second = (uint64_t)(time->sec - day * DAY);
    struct lp_date date = lp_date_of_day(day);

    digits(out, (uint64_t)date.year, 4, '-');
    digits(out, date.month, 2, '-');
    digits(out, date.day, 2, '\0');
    if (form == LP_TIME_DAY)
        return true;
    lp_out_char(out, form == LP_TIME_PEOPLE ? ' ' : 'T');
    digits(out, second / 3600, 2, ':');
    digits(out, second / 60 % 60, 2, ':');
    digits(out, second % 60, 2, '\0');
    if (form == LP_TIME_PEOPLE)
        return true;
    if (form == LP_TIME_NANO) {
        lp_out_char(out, '.');
        digits(out, time->nsec, 9, '\0');
    }
    lp_out_char(out, 'Z');
    return true;
}

bool lp_out_flush(struct lp_out *out)
{
    struct lp_rd rest = lp_rd_init(out->buf.bytes, out->buf.len);

    while (!out->error && !lp_rd_end(&rest)) {
        ssize_t n = write(out->fd, rest.ptr, rest.left);
        if (n < 0 && errno != EINTR)
            out->error = errno;
        if (n > 0 && !lp_rd_skip(&rest, (size_t)n))
            out->error = EIO; /* more than it was given: no descriptor does that */
    }
    out->buf.len = 0;
    return out->error == 0;
}

void lp_out_free(struct lp_out *out)
{
    lp_buf_free(&out->buf);
}
