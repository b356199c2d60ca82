/*
 * The Certificate message (RFC 5246 7.4.2; the same since SSL 3.0): a list of certificates, the
 * leaf first, every length three bytes.
 *
 * A certificate counts as complete only when its announced bytes are all there and its DER says the
 * same length: bytes out of a damaged message must never be hashed as if they were whole. What DER
 * itself says inside is not looked at.
 */
#include "tls/handshake.h"

/* Whether the outermost SEQUENCE (X.690 8.1) fills the certificate exactly. The indefinite form
 * ends in two zero bytes. */
static bool der_fills(struct lp_rd certificate)
{
    uint8_t tag, first, next;
    uint64_t length = 0;
    struct lp_rd end = certificate;

    if (!lp_rd_u8(&certificate, &tag) || tag != 0x30 || !lp_rd_u8(&certificate, &first))
        return false;
    if (first < 0x80)
        return certificate.left == first;
    if (first == 0x80)
        return lp_rd_skip(&end, end.left - 2) && lp_rd_u8(&end, &tag) && lp_rd_u8(&end, &next) &&
               tag == 0 && next == 0;
    for (unsigned i = 0; i < (first & 0x7fU); i++) {
        if (length >> 32 || !lp_rd_u8(&certificate, &next))
            return false;
        length = length << 8 | next;
    }
    return certificate.left == length;
}

/* Far more than any chain has. An entry costs memory of its own, and in 16 MiB of message there is
 * room for millions. */
enum { MAX_CERTIFICATES = 4096 };

/* The tag of a DER value whose contents come next. The length is only passed over. */
static bool enter(struct lp_rd *der, uint8_t *tag)
{
    uint8_t length;
    return lp_rd_u8(der, tag) && lp_rd_u8(der, &length) &&
           (length < 0x80 || lp_rd_skip(der, length & 0x7fU));
}

/* A SubjectPublicKeyInfo (RFC 5280 4.1), which is what a raw public key is: its algorithm comes
 * first, where a certificate has the sequence of what is signed. */
static bool is_public_key(struct lp_rd der)
{
    enum { OID = 0x06, SEQUENCE = 0x30 };
    uint8_t outer, inner, first;

    return der_fills(der) && enter(&der, &outer) && enter(&der, &inner) && lp_rd_u8(&der, &first) &&
           outer == SEQUENCE && inner == SEQUENCE && first == OID;
}

static struct lp_tls_cert *next_cert(struct lp_tls_half *half, uint32_t bytes)
{
    if (!lp_grow_array(&half->certs, &half->cert_cap, half->cert_count + 1, sizeof *half->certs))
        return NULL;
    struct lp_tls_cert *cert = &half->certs[half->cert_count++];
    *cert = (struct lp_tls_cert){.bytes = bytes};
    return cert;
}

void lp_certificates_drop(const struct lp_tls *tls, struct lp_tls_half *half, size_t from)
{
    for (size_t i = from; tls->drop_cert && i < half->cert_count; i++)
        if (half->certs[i].stored)
            tls->drop_cert(tls->add_ctx, half->certs[i].stored);
    half->cert_count = from;
}

bool lp_certificate_one(struct lp_tls *tls, struct lp_tls_half *half, struct lp_rd der,
                        uint32_t announced, const char **problem)
{
    struct lp_tls_cert *cert = next_cert(half, announced);

    if (!cert)
        return false;
    if (der.left < announced)
        return true;
    if (!der_fills(der)) {
        *problem =
            "Certificate (RFC 5246 7.4.2): an entry is no DER SEQUENCE of its announced length";
        return true;
    }
    cert->stored = tls->add_cert(tls->add_ctx, der.ptr, der.left);
    cert->complete = cert->stored != NULL;
    return cert->complete;
}

/* The entries, each followed by its extensions in TLS 1.3. */
static enum lp_tls_want take_list(struct lp_tls *tls, struct lp_tls_half *half, struct lp_rd list,
                                  bool tls13, const char **problem)
{
    struct lp_rd extensions;
    uint32_t length;

    while (lp_rd_u24(&list, &length)) {
        struct lp_rd entry = lp_rd_head(&list, length);
        if (half->cert_count == MAX_CERTIFICATES) {
            *problem = "Certificate (RFC 5246 7.4.2): more certificates than any chain has";
            return LP_TLS_MORE;
        }
        if (tls13 && (half->hello.raw_public_key || (entry.left == length && is_public_key(entry))))
            half->raw_public_key = true;
        else if (!lp_certificate_one(tls, half, entry, length, problem))
            return LP_TLS_ROOM;
        if (!lp_rd_skip(&list, length)) {
            *problem = "Certificate (RFC 5246 7.4.2): a certificate exceeds the list";
            return LP_TLS_MORE;
        }
        if (tls13 && !lp_rd_vec(&list, 2, &extensions)) {
            *problem = "Certificate (RFC 8446 4.4.2): an entry's extensions exceed the list";
            return LP_TLS_MORE;
        }
    }
    if (!lp_rd_end(&list))
        *problem = "Certificate (RFC 5246 7.4.2): no room for a certificate's length";
    return LP_TLS_MORE;
}

/* The list's bytes, as far as they are there. False: not even its length is. */
static bool open_list(struct lp_rd *body, bool whole, struct lp_rd *list, const char **problem)
{
    uint32_t length;

    if (!lp_rd_u24(body, &length)) {
        *problem = "Certificate (RFC 5246 7.4.2): no room for the list's length";
        return false;
    }
    if (whole && length != body->left)
        *problem = length > body->left
                       ? "Certificate (RFC 5246 7.4.2): the list exceeds the message"
                       : "Certificate (RFC 5246 7.4.2): bytes behind the list";
    *list = lp_rd_head(body, length);
    return true;
}

enum lp_tls_want lp_certificate_list(struct lp_tls *tls, struct lp_tls_half *half,
                                     struct lp_rd body, bool whole, const char **problem)
{
    struct lp_rd list;

    if (!open_list(&body, whole, &list, problem))
        return LP_TLS_MORE;
    /* RFC 7250 3: the key itself stands where the list would. No list can look like that, since its
     * first entry would be larger than itself. */
    if (half->hello.raw_public_key || (whole && !*problem && is_public_key(list))) {
        half->raw_public_key = true;
        return LP_TLS_MORE;
    }
    return take_list(tls, half, list, false, problem);
}

enum lp_tls_want lp_certificate_list_13(struct lp_tls *tls, struct lp_tls_half *half,
                                        struct lp_rd body, bool whole, const char **problem)
{
    struct lp_rd context, list;

    if (!lp_rd_vec(&body, 1, &context)) {
        *problem = "Certificate (RFC 8446 4.4.2): the request context exceeds the message";
        return LP_TLS_MORE;
    }
    return open_list(&body, whole, &list, problem) ? take_list(tls, half, list, true, problem)
                                                   : LP_TLS_MORE;
}
