/*
 * PKCS #7: a ContentInfo around a SignedData, which holds certificates and, in the files that
 * people exchange, nothing else.
 *
 * The certificates are handed out as they stand in the file, since their hash is what counts. Some
 * programs write BER with indefinite lengths around them; OpenSSL then writes the outer structure
 * anew in DER.
 */
#include "x509/pkcs7.h"

#include "x509/der.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>

enum { INDEFINITE = 0x80 };

/* ContentInfo { OID, [0] SignedData { version, digestAlgorithms, contentInfo, [0] certificates } }
 */
static bool find_set(struct lp_rd bytes, struct lp_rd *set)
{
    static const uint8_t signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
    struct lp_rd info, oid, explicit, data, skipped;

    return lp_der_only(bytes, LP_DER_SEQUENCE, &info) == LP_DER_FINE &&
           lp_der_take(&info, LP_DER_OID, &oid) == LP_DER_FINE &&
           lp_der_is(&oid, signed_data, sizeof signed_data) &&
           lp_der_take(&info, LP_DER_CONTEXT_CONSTRUCTED, &explicit) == LP_DER_FINE &&
           lp_der_take(&explicit, LP_DER_SEQUENCE, &data) == LP_DER_FINE &&
           lp_der_take(&data, LP_DER_INTEGER, &skipped) == LP_DER_FINE &&
           lp_der_take(&data, LP_DER_SET, &skipped) == LP_DER_FINE &&
           lp_der_take(&data, LP_DER_SEQUENCE, &skipped) == LP_DER_FINE &&
           lp_der_take(&data, LP_DER_CONTEXT_CONSTRUCTED, set) == LP_DER_FINE;
}

/* A SEQUENCE of indefinite length (X.690 8.1.3.6). */
static bool is_indefinite(struct lp_rd bytes)
{
    uint8_t tag, length;

    return lp_rd_u8(&bytes, &tag) && tag == LP_DER_SEQUENCE && lp_rd_u8(&bytes, &length) &&
           length == INDEFINITE;
}

/* The same structure in DER. False: OpenSSL cannot read it, or *no_memory is set. */
static bool to_der(struct lp_rd bytes, struct lp_buf *out, bool *no_memory)
{
    const unsigned char *at = bytes.ptr;
    unsigned char *der = NULL;
    int n = 0;

    ERR_set_mark();
    PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)bytes.left);
    if (pkcs7)
        n = i2d_PKCS7(pkcs7, &der);
    ERR_pop_to_mark();
    if (n > 0)
        *no_memory |= lp_buf_append(out, der, (size_t)n) != LP_GROW_OK;
    OPENSSL_free(der);
    PKCS7_free(pkcs7);
    return n > 0 && !*no_memory;
}

bool lp_pkcs7_certificates(struct lp_rd bytes, struct lp_buf *room, struct lp_rd *set,
                           bool *no_memory)
{
    if (find_set(bytes, set))
        return true;
    return is_indefinite(bytes) && to_der(bytes, room, no_memory) &&
           find_set(lp_rd_init(room->bytes, room->len), set);
}
