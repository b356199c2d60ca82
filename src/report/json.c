#include "report/json.h"

#include "base/rd.h"
#include "base/text.h"

#include <string.h>

char *lp_json_room(struct lp_json *json, size_t n)
{
    char *room = lp_out_room(json->out, n + 1);

    if (room && json->comma)
        *room++ = ',';
    json->comma = true;
    return room;
}

static inline char *append(char *at, const char *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static inline void put_plain(struct lp_json *json, const char *bytes, size_t n)
{
    char *room = lp_json_room(json, n);

    if (room)
        lp_out_filled(json->out, append(room, bytes, n));
}

void lp_json_open(struct lp_json *json, char bracket)
{
    put_plain(json, &bracket, 1);
    json->comma = false;
}

void lp_json_close(struct lp_json *json, char bracket)
{
    lp_out_char(json->out, bracket);
    json->comma = true;
}

void lp_json_key(struct lp_json *json, const char *name)
{
    size_t n = strlen(name);
    char *room = lp_json_room(json, n + 3);

    json->comma = false;
    if (!room)
        return;
    *room++ = '"';
    room = append(room, name, n);
    *room++ = '"';
    *room++ = ':';
    lp_out_filled(json->out, room);
}

void lp_json_null(struct lp_json *json)
{
    put_plain(json, "null", 4);
}

void lp_json_bool(struct lp_json *json, bool value)
{
    put_plain(json, value ? "true" : "false", value ? 4 : 5);
}

void lp_json_number(struct lp_json *json, uint64_t value)
{
    char *room = lp_json_room(json, LP_NUMBER_SIZE);
    if (room)
        lp_out_filled(json->out, lp_number_digits(room, value));
}

/* Moves past one character of two to four bytes; false, and nothing moved, when there is none. The
 * rows are those of RFC 3629 4: what may lead, and what may then come second. */
static bool skip_multibyte(struct lp_rd *rd)
{
    static const struct {
        uint8_t lead_from, lead_to, second_from, second_to, tail;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 0}, {0xe0, 0xe0, 0xa0, 0xbf, 1}, {0xe1, 0xec, 0x80, 0xbf, 1},
        {0xed, 0xed, 0x80, 0x9f, 1}, {0xee, 0xef, 0x80, 0xbf, 1}, {0xf0, 0xf0, 0x90, 0xbf, 2},
        {0xf1, 0xf3, 0x80, 0xbf, 2}, {0xf4, 0xf4, 0x80, 0x8f, 2},
    };
    struct lp_rd copy = *rd;
    uint8_t lead, second, more;
    size_t i = 0;

    if (!lp_rd_u8(&copy, &lead) || !lp_rd_u8(&copy, &second))
        return false;
    while (i < sizeof forms / sizeof *forms &&
           (lead < forms[i].lead_from || lead > forms[i].lead_to))
        i++;
    if (i == sizeof forms / sizeof *forms || second < forms[i].second_from ||
        second > forms[i].second_to)
        return false;
    for (unsigned tail = 0; tail < forms[i].tail; tail++)
        if (!lp_rd_u8(&copy, &more) || (more & 0xc0) != 0x80)
            return false;
    *rd = copy;
    return true;
}

/* Moves past one character that may stand in a string as it is (RFC 8259 7). */
static bool skip_plain(struct lp_rd *rd)
{
    struct lp_rd copy = *rd;
    uint8_t c;

    if (!lp_rd_u8(&copy, &c))
        return false;
    if (c >= 0x80)
        return skip_multibyte(rd);
    if (c < 0x20 || c == '"' || c == '\\')
        return false;
    *rd = copy;
    return true;
}

static void escape(struct lp_out *out, uint8_t c)
{
    static const char special[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found = c ? strchr(special, c) : NULL;

    if (c < 0x80 && found) {
        lp_out_char(out, '\\');
        lp_out_char(out, letter[found - special]);
        return;
    }
    lp_out_text(out, c < 0x80 ? "\\u00" : "\\\\x");
    lp_out_hex(out, &c, 1);
}

/* The rest of a string, behind what stood there unescaped, and its end. Rare, and kept out of the
 * way of what is not. */
__attribute__((noinline)) static void put_escaped(struct lp_out *out, struct lp_rd rd)
{
    uint8_t c;

    while (!lp_rd_end(&rd)) {
        struct lp_rd run = rd;
        while (skip_plain(&rd))
            continue;
        lp_out_bytes(out, run.ptr, run.left - rd.left);
        if (lp_rd_u8(&rd, &c))
            escape(out, c);
    }
    lp_out_char(out, '"');
}

void lp_json_text(struct lp_json *json, const char *text)
{
    if (!text) {
        lp_json_null(json);
        return;
    }
    struct lp_rd rd = lp_rd_init(text, strlen(text));
    char *room = lp_json_room(json, rd.left + 2);

    if (!room)
        return;
    *room++ = '"';
    size_t plain = lp_text_copy_plain(room, rd.ptr, rd.left);
    room += plain;
    if (plain == rd.left) {
        *room++ = '"';
        lp_out_filled(json->out, room);
        return;
    }
    lp_out_filled(json->out, room);
    if (lp_rd_skip(&rd, plain))
        put_escaped(json->out, rd);
}

void lp_json_hex(struct lp_json *json, const uint8_t *bytes, size_t n)
{
    if (!bytes) {
        lp_json_null(json);
        return;
    }
    char *room = lp_json_room(json, 2 * n + 3); /* one for lp_hex_text's NUL */
    if (!room)
        return;
    *room++ = '"';
    lp_hex_text(bytes, n, room);
    room += 2 * n;
    *room++ = '"';
    lp_out_filled(json->out, room);
}

void lp_json_base64(struct lp_json *json, const uint8_t *bytes, size_t n)
{
    if (!bytes) {
        lp_json_null(json);
        return;
    }
    size_t length = 4 * ((n + 2) / 3);
    char *room = lp_json_room(json, length + 3);
    if (!room)
        return;
    *room++ = '"';
    lp_base64_text(bytes, n, room);
    room += length;
    *room++ = '"';
    lp_out_filled(json->out, room);
}

void lp_json_time(struct lp_json *json, const struct lp_time *time, enum lp_time_form form)
{
    if (!time || !lp_time_printable(time)) {
        lp_json_null(json);
        return;
    }
    char *room = lp_json_room(json, LP_TIME_SIZE + 2);
    if (!room)
        return;
    *room++ = '"';
    room = lp_time_text(room, time, form);
    *room++ = '"';
    lp_out_filled(json->out, room);
}
