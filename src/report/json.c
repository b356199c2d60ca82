#include "report/json.h"

#include "base/rd.h"

#include <string.h>

/* What stands before every value: the comma, if one is due. */
static void begin_value(struct lp_json *json)
{
    if (json->comma)
        lp_out_char(json->out, ',');
    json->comma = true;
}

void lp_json_open(struct lp_json *json, char bracket)
{
    begin_value(json);
    lp_out_char(json->out, bracket);
    json->comma = false;
}

void lp_json_close(struct lp_json *json, char bracket)
{
    lp_out_char(json->out, bracket);
    json->comma = true;
}

void lp_json_key(struct lp_json *json, const char *name)
{
    lp_json_text(json, name);
    lp_out_char(json->out, ':');
    json->comma = false;
}

void lp_json_null(struct lp_json *json)
{
    begin_value(json);
    lp_out_text(json->out, "null");
}

void lp_json_bool(struct lp_json *json, bool value)
{
    begin_value(json);
    lp_out_text(json->out, value ? "true" : "false");
}

void lp_json_number(struct lp_json *json, uint64_t value)
{
    begin_value(json);
    lp_out_number(json->out, value);
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

void lp_json_text(struct lp_json *json, const char *text)
{
    if (!text) {
        lp_json_null(json);
        return;
    }
    struct lp_rd rd = lp_rd_init(text, strlen(text));
    uint8_t c;

    begin_value(json);
    lp_out_char(json->out, '"');
    while (!lp_rd_end(&rd)) {
        struct lp_rd run = rd;
        while (skip_plain(&rd))
            continue;
        lp_out_bytes(json->out, run.ptr, run.left - rd.left);
        if (lp_rd_u8(&rd, &c))
            escape(json->out, c);
    }
    lp_out_char(json->out, '"');
}

void lp_json_hex(struct lp_json *json, const uint8_t *bytes, size_t n)
{
    if (!bytes) {
        lp_json_null(json);
        return;
    }
    begin_value(json);
    lp_out_char(json->out, '"');
    lp_out_hex(json->out, bytes, n);
    lp_out_char(json->out, '"');
}

void lp_json_base64(struct lp_json *json, const uint8_t *bytes, size_t n)
{
    if (!bytes) {
        lp_json_null(json);
        return;
    }
    begin_value(json);
    lp_out_char(json->out, '"');
    lp_out_base64(json->out, bytes, n);
    lp_out_char(json->out, '"');
}

void lp_json_time(struct lp_json *json, const struct lp_time *time, enum lp_time_form form)
{
    if (!time || !lp_time_printable(time)) {
        lp_json_null(json);
        return;
    }
    begin_value(json);
    lp_out_char(json->out, '"');
    lp_out_time(json->out, time, form);
    lp_out_char(json->out, '"');
}
