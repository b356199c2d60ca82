/*
 * The text of a configuration, whatever stands around it.
 *
 * It may be UTF-16, which becomes UTF-8 so that everything behind can work with bytes. The header
 * of a signed file is taken off before (signed.c).
 */
#include "phone/parts.h"

enum width { WIDTH_8, WIDTH_16_BIG, WIDTH_16_LITTLE };

/* By the byte order mark (which is then skipped), else by the zero halves of the first two
 * characters, of which the first is "<" (XML 1.0 appendix F.1). */
static enum width detect_width(struct lp_rd *rd)
{
    struct lp_rd ahead = *rd;
    uint16_t first, second;

    if (!lp_rd_u16(&ahead, &first))
        return WIDTH_8;
    if (first == 0xfeff || first == 0xfffe) {
        *rd = ahead;
        return first == 0xfeff ? WIDTH_16_BIG : WIDTH_16_LITTLE;
    }
    if (!lp_rd_u16(&ahead, &second) || second == 0)
        return WIDTH_8;
    if (first == '<' && second < 0x100)
        return WIDTH_16_BIG;
    if (first == '<' << 8 && (second & 0xff) == 0)
        return WIDTH_16_LITTLE;
    return WIDTH_8;
}

static bool read_unit(struct lp_rd *rd, enum width width, uint32_t *unit)
{
    uint16_t value;
    if (!lp_rd_u16(rd, &value))
        return false;
    *unit = width == WIDTH_16_LITTLE ? __builtin_bswap16(value) : value;
    return true;
}

/* One character of UTF-16 (RFC 2781 2.2); a lone surrogate becomes U+FFFD. */
static bool read_utf16(struct lp_rd *rd, enum width width, uint32_t *code)
{
    struct lp_rd ahead;
    uint32_t low;

    if (!read_unit(rd, width, code))
        return false;
    if (*code < 0xd800 || *code > 0xdfff)
        return true;
    ahead = *rd;
    if (*code > 0xdbff || !read_unit(&ahead, width, &low) || low < 0xdc00 || low > 0xdfff) {
        *code = 0xfffd;
        return true;
    }
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    *rd = ahead;
    return true;
}

/* UTF-8 (RFC 3629 3). */
static enum lp_grow append_utf8(struct lp_buf *out, uint32_t code)
{
    uint8_t bytes[4] = {(uint8_t)code};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
    bytes[0] = (uint8_t)(lead[n] | code);
    return lp_buf_append(out, bytes, n);
}

bool lp_phone_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Moves over white space, NULs and byte order marks. */
static void skip_front(struct lp_rd *rd)
{
    for (;;) {
        struct lp_rd ahead = *rd;
        uint32_t mark;
        uint8_t c;
        if (lp_rd_u24(&ahead, &mark) && mark == 0xefbbbf) {
            *rd = ahead;
            continue;
        }
        ahead = *rd;
        if (!lp_rd_u8(&ahead, &c) || (c != 0 && !lp_phone_blank(c)))
            return;
        *rd = ahead;
    }
}

/* The same without the white space and NULs at the end. */
static struct lp_rd without_tail(struct lp_rd rd)
{
    struct lp_rd ahead = rd, kept;
    size_t seen = 0, used = 0;
    uint8_t c;

    while (lp_rd_u8(&ahead, &c)) {
        seen++;
        if (c != 0 && !lp_phone_blank(c))
            used = seen;
    }
    return lp_rd_sub(&rd, used, &kept) ? kept : rd;
}

struct lp_rd lp_phone_trim(const char *text, size_t n)
{
    struct lp_rd rd = lp_rd_init(text, n);

    skip_front(&rd);
    return without_tail(rd);
}

/* Whether the needle stands exactly here. */
static bool starts_with(struct lp_rd rd, const char *needle)
{
    struct lp_rd part;
    return lp_rd_sub(&rd, strlen(needle), &part) && memcmp(part.ptr, needle, part.left) == 0;
}

struct padding {
    unsigned long nuls, blanks, lines;
};

static struct padding count_padding(struct lp_rd rd)
{
    struct padding padding = {0};
    uint8_t c;

    while (lp_rd_u8(&rd, &c)) {
        padding.nuls += c == 0;
        padding.blanks += lp_phone_blank(c);
        padding.lines += c == '\n';
    }
    return padding;
}

/* Takes both ends off. NULs have no place in XML, and nothing may stand before a declaration (XML
 * 1.0 2.8); other white space may. */
static void trim_text(struct lp_phone_text *text)
{
    struct lp_rd whole = text->rd, front = lp_rd_init(NULL, 0), tail = front;

    skip_front(&text->rd);
    if (lp_rd_sub(&whole, whole.left - text->rd.left, &front))
        text->rd = without_tail(text->rd);
    if (lp_rd_skip(&whole, text->rd.left))
        tail = lp_rd_rest(&whole);

    struct padding before = count_padding(front), behind = count_padding(tail);
    text->skipped = before.lines;
    text->padded =
        before.nuls > 0 || behind.nuls > 0 || (before.blanks > 0 && starts_with(text->rd, "<?xml"));
}

bool lp_phone_text(struct lp_rd raw, struct lp_buf *room, struct lp_phone_text *out)
{
    enum width width = detect_width(&raw);
    uint32_t code;

    *out = (struct lp_phone_text){.rd = raw, .converted = width != WIDTH_8};
    if (out->converted) {
        while (read_utf16(&raw, width, &code))
            if (append_utf8(room, code) != LP_GROW_OK)
                return false;
        out->rd = lp_rd_init(room->bytes, room->len);
    }
    trim_text(out);
    return true;
}

bool lp_phone_holds(struct lp_rd rd, const char *needle)
{
    while (!starts_with(rd, needle))
        if (!lp_rd_skip(&rd, 1))
            return false;
    return true;
}
