#include "x509/der.h"

const char *lp_der_fault_text(enum lp_der_fault fault)
{
    switch (fault) {
    case LP_DER_FINE:
        break;
    case LP_DER_MISSING:
        return "missing";
    case LP_DER_CUT:
        return "runs past the end of what encloses it";
    case LP_DER_HIGH_TAG:
        return "a tag number above 30";
    case LP_DER_INDEFINITE:
        return "an indefinite length, which DER forbids";
    case LP_DER_LONG_LENGTH:
        return "a length of more than four bytes";
    case LP_DER_OTHER_TAG:
        return "another type than the one that must stand here";
    case LP_DER_TRAILING:
        return "followed by bytes that do not belong there";
    case LP_DER_UNSOUND:
        return "content that its type does not allow";
    }
    return "fine";
}

/* X.690 8.1.3: the bytes behind the first one of a length, when that is none by itself. */
static enum lp_der_fault read_long_length(struct lp_rd *rd, uint8_t first, size_t *out)
{
    uint8_t next;

    if (first == 0x80)
        return LP_DER_INDEFINITE;
    if (first > 0x84)
        return LP_DER_LONG_LENGTH;
    *out = 0;
    for (unsigned i = first & 0x7fU; i > 0; i--) {
        if (!lp_rd_u8(rd, &next))
            return LP_DER_CUT;
        *out = *out << 8 | next;
    }
    return LP_DER_FINE;
}

enum lp_der_fault lp_der_any(struct lp_rd *rd, struct lp_tlv *out)
{
    struct lp_rd after = *rd;
    enum lp_der_fault fault = LP_DER_FINE;
    uint8_t tag, first;

    if (!lp_rd_u8(&after, &tag))
        return LP_DER_MISSING;
    if ((tag & 0x1f) == 0x1f)
        return LP_DER_HIGH_TAG;
    if (!lp_rd_u8(&after, &first))
        return LP_DER_CUT;
    size_t length = first;
    if (first >= 0x80)
        fault = read_long_length(&after, first, &length);
    if (fault != LP_DER_FINE)
        return fault;
    if (!lp_rd_sub(&after, length, &out->body))
        return LP_DER_CUT;
    out->tag = tag;
    out->whole = lp_rd_head(rd, rd->left - after.left);
    *rd = after;
    return LP_DER_FINE;
}

enum lp_der_fault lp_der_take(struct lp_rd *rd, uint8_t tag, struct lp_rd *body)
{
    struct lp_rd after = *rd;
    struct lp_tlv tlv;
    enum lp_der_fault fault = lp_der_any(&after, &tlv);

    if (fault != LP_DER_FINE)
        return fault;
    if (tlv.tag != tag)
        return LP_DER_OTHER_TAG;
    *body = tlv.body;
    *rd = after;
    return LP_DER_FINE;
}

enum lp_der_fault lp_der_only(struct lp_rd rd, uint8_t tag, struct lp_rd *body)
{
    enum lp_der_fault fault = lp_der_take(&rd, tag, body);
    return fault == LP_DER_FINE && !lp_rd_end(&rd) ? LP_DER_TRAILING : fault;
}

bool lp_der_next_is(const struct lp_rd *rd, uint8_t tag)
{
    struct lp_rd copy = *rd;
    uint8_t next;
    return lp_rd_u8(&copy, &next) && next == tag;
}

bool lp_der_is(const struct lp_rd *rd, const void *bytes, size_t n)
{
    return rd->left == n && memcmp(rd->ptr, bytes, n) == 0;
}
