/*
 * DER (X.690) element by element: a tag, a length, a body.
 *
 * Only what certificates need: definite lengths of up to four bytes and tag numbers below 31.
 * Lengths that are longer than they need be are accepted, since the bytes are only looked at and
 * never encoded again.
 */
#ifndef LP_X509_DER_H
#define LP_X509_DER_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

enum {
    LP_DER_BOOLEAN = 0x01,
    LP_DER_INTEGER = 0x02,
    LP_DER_BIT_STRING = 0x03,
    LP_DER_OCTET_STRING = 0x04,
    LP_DER_NULL = 0x05,
    LP_DER_OID = 0x06,
    LP_DER_UTF8_STRING = 0x0c,
    LP_DER_NUMERIC_STRING = 0x12,
    LP_DER_PRINTABLE_STRING = 0x13,
    LP_DER_T61_STRING = 0x14,
    LP_DER_IA5_STRING = 0x16,
    LP_DER_UTC_TIME = 0x17,
    LP_DER_GENERALIZED_TIME = 0x18,
    LP_DER_VISIBLE_STRING = 0x1a,
    LP_DER_UNIVERSAL_STRING = 0x1c,
    LP_DER_BMP_STRING = 0x1e,
    LP_DER_SEQUENCE = 0x30,
    LP_DER_SET = 0x31,
    LP_DER_CONTEXT = 0x80,             /* | number: [number] IMPLICIT of a primitive type */
    LP_DER_CONTEXT_CONSTRUCTED = 0xa0, /* | number: [number] of anything else */
};

struct lp_tlv {
    uint8_t tag;
    struct lp_rd body;
    struct lp_rd whole; /* tag and length included */
};

enum lp_der_fault {
    LP_DER_FINE = 0,
    LP_DER_MISSING,
    LP_DER_CUT,
    LP_DER_HIGH_TAG,
    LP_DER_INDEFINITE,
    LP_DER_LONG_LENGTH,
    LP_DER_OTHER_TAG,
    LP_DER_TRAILING,
    LP_DER_UNSOUND,
};
const char *lp_der_fault_text(enum lp_der_fault fault); /* static */

/* The next element, whatever it is. A failure moves nothing and leaves *out undefined. */
LP_MUST_USE enum lp_der_fault lp_der_any(struct lp_rd *rd, struct lp_tlv *out);
/* The body of the next element, which must have this tag. A failure moves nothing. */
LP_MUST_USE enum lp_der_fault lp_der_take(struct lp_rd *rd, uint8_t tag, struct lp_rd *body);
/* The same, and nothing may stand behind it. */
LP_MUST_USE enum lp_der_fault lp_der_only(struct lp_rd rd, uint8_t tag, struct lp_rd *body);
/* Whether the content is one that the type allows: universal ones alone are looked at. */
bool lp_der_sound(uint8_t tag, struct lp_rd body);
/* LP_DER_FINE when the bytes are one element with sound content, or none at all. */
LP_MUST_USE enum lp_der_fault lp_der_optional(struct lp_rd rd);
/* The next element is there and has this tag. */
bool lp_der_next_is(const struct lp_rd *rd, uint8_t tag);

/* The bytes are exactly these. */
bool lp_der_is(const struct lp_rd *rd, const void *bytes, size_t n);

/* An object identifier: OpenSSL's number for it (NID_undef, 0, when it knows none) and its names,
 * "CN" and "commonName", or its dotted form for both. False: malformed, or longer than any in use.
 */
enum { LP_OID_MAX = 64, LP_OID_TEXT = 320 };
struct lp_oid {
    int nid;
    const char *short_name, *long_name; /* static, or `dotted` */
    char dotted[LP_OID_TEXT];
};
bool lp_der_oid(const struct lp_tlv *tlv, struct lp_oid *out);

/* UTCTime or GeneralizedTime (RFC 5280 4.1.2.5). Read leniently: seconds may be missing, fractions
 * are dropped, and an offset from UTC is applied. False: another type, or no such date. */
bool lp_der_time(const struct lp_tlv *tlv, struct lp_time *out);

#endif
