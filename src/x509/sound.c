/* What the universal types allow as content (X.690 8 and 10.2), for elements that are passed over:
 * nobody shows them, but a certificate with a damaged one is damaged. */
#include "base/text.h"
#include "x509/der.h"

enum { CLASS = 0xc0, CONSTRUCTED = 0x20 }; /* bits of a tag */

/* 8.3.2: no more bytes than the number needs. */
static bool sound_integer(struct lp_rd body)
{
    uint8_t first, second;

    if (!lp_rd_u8(&body, &first))
        return false;
    if (!lp_rd_u8(&body, &second))
        return true;
    return first == 0 ? second & 0x80 : first != 0xff || !(second & 0x80);
}

/* 8.6.2: how many bits of the last byte do not count, then the bits. */
static bool sound_bits(struct lp_rd body)
{
    uint8_t unused;
    return lp_rd_u8(&body, &unused) && unused < 8;
}

/* 8.19.2: numbers in base 128, each without leading zeros, the last one with an end. */
static bool sound_oid(struct lp_rd body)
{
    uint8_t byte = 0x80;
    bool starts = true;

    while (lp_rd_u8(&body, &byte)) {
        if (starts && byte == 0x80)
            return false;
        starts = byte < 0x80;
    }
    return byte < 0x80;
}

/* UCS-4: no code point that Unicode does not have. */
static bool sound_universal(struct lp_rd body)
{
    uint32_t code;

    while (lp_rd_u32(&body, &code))
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
    return lp_rd_end(&body);
}

static bool sound_primitive(uint8_t tag, struct lp_rd body)
{
    enum { END_OF_CONTENTS = 0x00, ENUMERATED = 0x0a };

    switch (tag) {
    case END_OF_CONTENTS: /* closes an indefinite length, which DER forbids */
        return false;
    case LP_DER_BOOLEAN:
        return body.left == 1;
    case LP_DER_INTEGER:
    case ENUMERATED:
        return sound_integer(body);
    case LP_DER_BIT_STRING:
        return sound_bits(body);
    case LP_DER_NULL:
        return lp_rd_end(&body);
    case LP_DER_OID:
        return sound_oid(body);
    case LP_DER_UTF8_STRING:
        return lp_text_is_utf8(body.ptr, body.left);
    case LP_DER_BMP_STRING:
        return body.left % 2 == 0;
    case LP_DER_UNIVERSAL_STRING:
        return sound_universal(body);
    case LP_DER_SEQUENCE & ~CONSTRUCTED:
    case LP_DER_SET & ~CONSTRUCTED:
        return false;
    default:
        return true;
    }
}

bool lp_der_sound(uint8_t tag, struct lp_rd body)
{
    if (tag & CLASS)
        return true;
    if (tag & CONSTRUCTED) /* strings are not, in DER (10.2) */
        return tag == LP_DER_SEQUENCE || tag == LP_DER_SET;
    return sound_primitive(tag, body);
}

enum lp_der_fault lp_der_optional(struct lp_rd rd)
{
    struct lp_tlv tlv;
    enum lp_der_fault fault = LP_DER_FINE;

    if (lp_rd_end(&rd))
        return fault;
    fault = lp_der_any(&rd, &tlv);
    if (fault != LP_DER_FINE)
        return fault;
    if (!lp_rd_end(&rd))
        return LP_DER_TRAILING;
    return lp_der_sound(tlv.tag, tlv.body) ? LP_DER_FINE : LP_DER_UNSOUND;
}
