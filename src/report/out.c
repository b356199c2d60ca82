#include "report/out.h"

#include "base/date.h"

#include "base/rd.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *lp_out_grow(struct lp_out *out, size_t n)
{
    if (out->error)
        return NULL;
    if (lp_buf_reserve(&out->buf, n) != LP_GROW_OK) {
        out->error = ENOMEM;
        return NULL;
    }
    return (char *)out->buf.bytes + out->buf.len;
}

void lp_out_bytes(struct lp_out *out, const void *bytes, size_t n)
{
    char *room = n ? lp_out_room(out, n) : NULL;
    if (!room)
        return;
    memcpy(room, bytes, n);
    lp_out_filled(out, room + n);
}

void lp_out_text(struct lp_out *out, const char *text)
{
    if (text)
        lp_out_bytes(out, text, strlen(text));
}

void lp_out_char(struct lp_out *out, char c)
{
    char *room = lp_out_room(out, 1);
    if (!room)
        return;
    *room = c;
    lp_out_filled(out, room + 1);
}

void lp_out_spaces(struct lp_out *out, size_t n)
{
    char *room = lp_out_room(out, n);
    if (!room)
        return;
    memset(room, ' ', n);
    lp_out_filled(out, room + n);
}

/* Two decimal digits. */
static inline char *pair(char *at, uint64_t value)
{
#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
    static const char pairs[] =
        TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");
#undef TEN

    memcpy(at, pairs + 2 * value, 2);
    return at + 2;
}

char *lp_number_digits(char *at, uint64_t value)
{
    char digits[LP_NUMBER_SIZE];
    size_t first = sizeof digits;

    for (; value >= 10; value /= 100)
        pair(digits + (first -= 2), value % 100);
    if (value || first == sizeof digits)
        digits[--first] = (char)('0' + value);
    while (first < sizeof digits)
        *at++ = digits[first++];
    return at;
}

void lp_out_number(struct lp_out *out, uint64_t value)
{
    char *room = lp_out_room(out, LP_NUMBER_SIZE);
    if (room)
        lp_out_filled(out, lp_number_digits(room, value));
}

/* The two encoders end their text with a NUL, which the next thing written then covers. */
void lp_out_hex(struct lp_out *out, const uint8_t *bytes, size_t n)
{
    char *room = lp_out_room(out, 2 * n + 1);
    if (!room)
        return;
    lp_hex_text(bytes, n, room);
    lp_out_filled(out, room + 2 * n);
}

void lp_out_base64(struct lp_out *out, const uint8_t *bytes, size_t n)
{
    size_t length = 4 * ((n + 2) / 3);
    char *room = lp_out_room(out, length + 1);
    if (!room)
        return;
    lp_base64_text(bytes, n, room);
    lp_out_filled(out, room + length);
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

/* The fraction of a second: nine digits. */
static char *nanoseconds(char *at, uint32_t value)
{
    *at++ = (char)('0' + value / 100000000);
    at = pair(at, value / 1000000 % 100);
    at = pair(at, value / 10000 % 100);
    at = pair(at, value / 100 % 100);
    return pair(at, value % 100);
}

bool lp_time_printable(const struct lp_time *time)
{
    static const int64_t year_0 = -62167219200, year_10000 = 253402300800;

    return time->sec >= year_0 && time->sec < year_10000 && time->nsec <= 999999999;
}

char *lp_time_text(char *at, const struct lp_time *time, enum lp_time_form form)
{
    enum { DAY = 86400 };
    int64_t day = (time->sec >= 0 ? time->sec : time->sec - (DAY - 1)) / DAY;
    uint32_t second = (uint32_t)(time->sec - day * DAY);
    struct lp_date date = lp_date_of_day(day);

    at = pair(at, (uint32_t)date.year / 100);
    at = pair(at, (uint32_t)date.year % 100);
    *at++ = '-';
    at = pair(at, date.month);
    *at++ = '-';
    at = pair(at, date.day);
    if (form == LP_TIME_DAY)
        return at;
    *at++ = form == LP_TIME_PEOPLE ? ' ' : 'T';
    at = pair(at, second / 3600);
    *at++ = ':';
    at = pair(at, second / 60 % 60);
    *at++ = ':';
    at = pair(at, second % 60);
    if (form == LP_TIME_NANO) {
        *at++ = '.';
        at = nanoseconds(at, time->nsec);
    }
    if (form != LP_TIME_PEOPLE)
        *at++ = 'Z';
    return at;
}

bool lp_out_time(struct lp_out *out, const struct lp_time *time, enum lp_time_form form)
{
    if (!lp_time_printable(time))
        return false;
    char *room = lp_out_room(out, LP_TIME_SIZE);
    if (room)
        lp_out_filled(out, lp_time_text(room, time, form));
    return true;
}

int lp_out_nameless(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];

    if (!folder || !*folder)
        folder = "/tmp";
    if ((size_t)snprintf(path, sizeof path, "%s/leafprint-XXXXXX", folder) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkstemp(path);
    if (fd >= 0 && unlink(path) != 0) {
        close(fd);
        return -1;
    }
    return fd;
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
