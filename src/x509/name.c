/*
 * Distinguished names as text (RFC 4514), in the order in which they were sent.
 *
 * RFC 4514 reverses the order; people compare with what Wireshark and the headend show, which do
 * not. Otherwise its rules hold: "," between RDNs, "+" inside one, its escapes, "#" and hex for
 * values that are no strings. Bytes that are no text stay as they are here; lp_walk_text makes them
 * printable.
 */
#include "x509/walk.h"

#include <string.h>

/* UTF-8 (RFC 3629 3). Surrogates are encoded like other code points: they are no well-formed UTF-8,
 * so that they come out visibly escaped. */
static void put_code_point(struct lp_cert_walk *walk, uint32_t code)
{
    uint8_t bytes[4];
    size_t n = 0;

    if (code > 0x10ffff)
        code = 0xfffd;
    if (code < 0x80) {
        bytes[n++] = (uint8_t)code;
    } else if (code < 0x800) {
        bytes[n++] = (uint8_t)(0xc0 | code >> 6);
        bytes[n++] = (uint8_t)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[n++] = (uint8_t)(0xe0 | code >> 12);
        bytes[n++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[n++] = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        bytes[n++] = (uint8_t)(0xf0 | code >> 18);
        bytes[n++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        bytes[n++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[n++] = (uint8_t)(0x80 | (code & 0x3f));
    }
    lp_walk_put(walk, bytes, n);
}

/* BMPString is UCS-2, but Microsoft's tools write UTF-16 into it: a pair of surrogates is one
 * character. */
static bool next_utf16(struct lp_rd *rd, uint32_t *code)
{
    uint16_t high, low;

    if (!lp_rd_u16(rd, &high))
        return false;
    struct lp_rd after = *rd;
    *code = high;
    if (high >= 0xd800 && high < 0xdc00 && lp_rd_u16(&after, &low) && low >= 0xdc00 &&
        low < 0xe000) {
        *code = 0x10000 + ((uint32_t)(high & 0x3ff) << 10 | (low & 0x3ff));
        *rd = after;
    }
    return true;
}

/* The next character of a string; of UTF8String the next byte, since what needs an escape is ASCII.
 */
static bool next_unit(uint8_t tag, struct lp_rd *rd, uint32_t *code)
{
    uint8_t byte;

    if (tag == LP_DER_BMP_STRING)
        return next_utf16(rd, code);
    if (tag == LP_DER_UNIVERSAL_STRING)
        return lp_rd_u32(rd, code);
    if (!lp_rd_u8(rd, &byte))
        return false;
    *code = byte;
    return true;
}

/* RFC 4514 2.4 */
static bool needs_escape(uint32_t code, bool first, bool last)
{
    if (code == ' ')
        return first || last;
    if (code == '#')
        return first;
    return code != 0 && code < 0x80 && strchr(",+\"\\<>;", (int)code) != NULL;
}

static void put_string(struct lp_cert_walk *walk, const struct lp_tlv *value)
{
    struct lp_rd rest = value->body;
    bool first = true;
    uint32_t code;

    while (next_unit(value->tag, &rest, &code)) {
        if (needs_escape(code, first, lp_rd_end(&rest)))
            lp_walk_puts(walk, "\\");
        if (value->tag == LP_DER_UTF8_STRING) {
            uint8_t byte = (uint8_t)code;
            lp_walk_put(walk, &byte, 1);
        } else {
            put_code_point(walk, code);
        }
        first = false;
    }
}

static bool bytewise(uint8_t tag)
{
    switch (tag) {
    case LP_DER_UTF8_STRING:
    case LP_DER_NUMERIC_STRING:
    case LP_DER_PRINTABLE_STRING:
    case LP_DER_T61_STRING: /* in practice Latin-1, whatever the standard says */
    case LP_DER_IA5_STRING:
    case LP_DER_VISIBLE_STRING:
        return true;
    default:
        return false;
    }
}

/* A string that its text is equal to, as most are: ASCII without anything that needs an escape. */
static bool plain(const struct lp_tlv *value)
{
    static const bool special[0x80] = {[','] = true, ['+'] = true, ['"'] = true, ['\\'] = true,
                                       ['<'] = true, ['>'] = true, [';'] = true, ['#'] = true};
    struct lp_rd rest = value->body;
    uint8_t c = ' ';

    if (!bytewise(value->tag) || lp_der_next_is(&rest, ' '))
        return false;
    while (lp_rd_u8(&rest, &c))
        if (c >= 0x80 || special[c])
            return false;
    return c != ' ';
}

static bool put_value(struct lp_cert_walk *walk, const struct lp_tlv *value)
{
    size_t unit = value->tag == LP_DER_BMP_STRING         ? 2
                  : value->tag == LP_DER_UNIVERSAL_STRING ? 4
                                                          : 1;

    if (value->body.left % unit != 0)
        return false;
    if (unit > 1 || bytewise(value->tag)) {
        put_string(walk, value);
        return true;
    }
    lp_walk_puts(walk, "#");
    lp_walk_put_hex(walk, value->whole);
    return true;
}

/* AttributeTypeAndValue (RFC 5280 4.1.2.4) */
static bool put_attribute(struct lp_cert_walk *walk, const char *field, struct lp_rd *rdn)
{
    struct lp_rd attribute;
    struct lp_tlv type, value;
    struct lp_oid oid;

    if (!lp_walk_fine(walk, field, lp_der_take(rdn, LP_DER_SEQUENCE, &attribute)) ||
        !lp_walk_fine(walk, field, lp_der_any(&attribute, &type)) ||
        !lp_walk_fine(walk, field, lp_der_any(&attribute, &value)))
        return false;
    if (!lp_rd_end(&attribute) || !lp_der_oid(&type, &oid)) {
        lp_walk_note(walk, field, "an attribute is no pair of a type and a value");
        return false;
    }
    lp_walk_puts(walk, oid.short_name);
    lp_walk_puts(walk, "=");
    if (plain(&value)) {
        lp_walk_put(walk, value.body.ptr, value.body.left);
        return true;
    }
    if (!put_value(walk, &value)) {
        lp_walk_note(walk, field, "a string ends within a character");
        return false;
    }
    lp_walk_sound(walk, field, value.tag, value.body); /* shown all the same */
    return true;
}

bool lp_walk_name(struct lp_cert_walk *walk, const char *field, struct lp_rd rdns)
{
    struct lp_rd rdn;

    for (bool first = true; !lp_rd_end(&rdns); first = false) {
        if (!lp_walk_fine(walk, field, lp_der_take(&rdns, LP_DER_SET, &rdn)))
            return false;
        if (lp_rd_end(&rdn)) {
            lp_walk_note(walk, field, "an empty set of attributes");
            return false;
        }
        const char *separator = first ? "" : ",";
        while (!lp_rd_end(&rdn)) {
            lp_walk_puts(walk, separator);
            separator = "+";
            if (!put_attribute(walk, field, &rdn))
                return false;
        }
    }
    return true;
}
