/* A public key in two words, "RSA 2048", from SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279 2.3)
 * alone: OpenSSL's decoder for public keys costs most of what its whole certificate parser does. */
#include "x509/walk.h"

#include <openssl/objects.h>

static const char field[] = "subjectPublicKeyInfo";

/* The number of bits of the next element, a positive INTEGER; 0 when it is none. */
static size_t integer_bits(struct lp_rd *rd)
{
    struct lp_rd body;
    uint8_t first = 0;

    if (lp_der_take(rd, LP_DER_INTEGER, &body) != LP_DER_FINE)
        return 0;
    while (first == 0)
        if (!lp_rd_u8(&body, &first))
            return 0;
    size_t bits = body.left * 8;
    for (; first; first >>= 1)
        bits++;
    return bits;
}

static void put_sized(struct lp_cert_walk *walk, const char *name, size_t bits)
{
    char text[24];
    size_t first = sizeof text;

    do {
        text[--first] = (char)('0' + bits % 10);
        bits /= 10;
    } while (bits);
    lp_walk_puts(walk, name);
    lp_walk_puts(walk, " ");
    lp_walk_put(walk, text + first, sizeof text - first);
}

/* RSAPublicKey in the BIT STRING (RFC 3279 2.3.1, RFC 4055 1.2) */
static bool put_rsa(struct lp_cert_walk *walk, const char *name, struct lp_rd key)
{
    struct lp_rd numbers;
    uint8_t unused_bits;

    if (!lp_rd_u8(&key, &unused_bits) || unused_bits != 0 ||
        lp_der_only(key, LP_DER_SEQUENCE, &numbers) != LP_DER_FINE)
        return false;
    size_t bits = integer_bits(&numbers);
    if (bits == 0 || integer_bits(&numbers) == 0 || !lp_rd_end(&numbers))
        return false;
    put_sized(walk, name, bits);
    return true;
}

/* ECParameters (RFC 5480 2.1.1): a named curve; RFC 3279 2.3.5 also knew explicit parameters, and
 * ones inherited from the issuer. */
static bool put_ec(struct lp_cert_walk *walk, struct lp_rd parameters)
{
    struct lp_tlv tlv;
    struct lp_oid curve;

    if (lp_rd_end(&parameters)) {
        lp_walk_puts(walk, "EC");
        return true;
    }
    if (lp_der_any(&parameters, &tlv) != LP_DER_FINE)
        return false;
    if (tlv.tag != LP_DER_OID) {
        lp_walk_puts(walk, tlv.tag == LP_DER_SEQUENCE ? "EC explicit" : "EC");
        return true;
    }
    if (!lp_der_oid(&tlv, &curve))
        return false;
    lp_walk_puts(walk, "EC ");
    lp_walk_puts(walk, curve.short_name);
    return true;
}

/* Dss-Parms (RFC 3279 2.3.2): p is the first; they may be inherited from the issuer. */
static bool put_dsa(struct lp_cert_walk *walk, struct lp_rd parameters)
{
    struct lp_rd numbers;

    if (lp_rd_end(&parameters)) {
        lp_walk_puts(walk, "DSA");
        return true;
    }
    if (lp_der_only(parameters, LP_DER_SEQUENCE, &numbers) != LP_DER_FINE)
        return false;
    size_t bits = integer_bits(&numbers);
    if (bits == 0)
        return false;
    put_sized(walk, "DSA", bits);
    return true;
}

static bool put_key(struct lp_cert_walk *walk, const struct lp_oid *oid, struct lp_rd parameters,
                    struct lp_rd key)
{
    switch (oid->nid) {
    case NID_rsaEncryption:
    case NID_rsa:
        return put_rsa(walk, "RSA", key);
    case NID_rsassaPss:
        return put_rsa(walk, "RSA-PSS", key);
    case NID_X9_62_id_ecPublicKey:
        return put_ec(walk, parameters);
    case NID_dsa:
        return put_dsa(walk, parameters);
    default:
        lp_walk_puts(walk, oid->long_name);
        return true;
    }
}

void lp_walk_key(struct lp_cert_walk *walk, struct lp_rd spki)
{
    struct lp_rd algorithm, key;
    struct lp_tlv type;
    struct lp_oid oid;

    if (!lp_walk_fine(walk, field, lp_der_take(&spki, LP_DER_SEQUENCE, &algorithm)) ||
        !lp_walk_fine(walk, field, lp_der_only(spki, LP_DER_BIT_STRING, &key)) ||
        !lp_walk_fine(walk, field, lp_der_any(&algorithm, &type)))
        return;
    if (!lp_der_oid(&type, &oid)) {
        lp_walk_note(walk, field, "the algorithm is no object identifier");
        return;
    }
    if (!lp_walk_fine(walk, field, lp_der_optional(algorithm)) ||
        !lp_walk_sound(walk, field, LP_DER_BIT_STRING, key))
        return;
    if (put_key(walk, &oid, algorithm, key)) {
        walk->facts->key = lp_walk_text(walk);
        return;
    }
    lp_walk_note(walk, field, "the key does not have its algorithm's form");
    lp_walk_puts(walk, oid.long_name);
    walk->facts->key = lp_walk_text(walk);
}
