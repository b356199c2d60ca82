/* Certificates put together element by element, so that a test can have any field as wrong as it
 * wants; and certificates made by OpenSSL with keys that live as long as the test. */
#ifndef LP_TESTS_CERTS_BUILD_H
#define LP_TESTS_CERTS_BUILD_H

#include "guard.h"
#include "x509/x509.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

struct part {
    uint8_t bytes[4096];
    size_t n;
};

static inline struct part raw(const void *bytes, size_t n)
{
    struct part part = {{0}, n};
    assert_true(n <= sizeof part.bytes);
    if (n)
        memcpy(part.bytes, bytes, n);
    return part;
}
#define RAW(literal) raw(literal, sizeof(literal) - 1)

static inline struct part join(struct part a, struct part b)
{
    assert_true(a.n + b.n <= sizeof a.bytes);
    memcpy(a.bytes + a.n, b.bytes, b.n);
    a.n += b.n;
    return a;
}

static inline struct part tlv(unsigned tag, struct part body)
{
    uint8_t head[4] = {(uint8_t)tag, 0x82, (uint8_t)(body.n >> 8), (uint8_t)body.n};
    if (body.n >= 256)
        return join(raw(head, 4), body);
    head[1] = body.n < 128 ? (uint8_t)body.n : 0x81;
    head[2] = (uint8_t)body.n;
    return join(raw(head, body.n < 128 ? 2 : 3), body);
}

#define OID_CN "\x06\x03\x55\x04\x03"
#define OID_O "\x06\x03\x55\x04\x0a"
#define OID_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_SHA256_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define OID_SAN "\x06\x03\x55\x1d\x11"

static inline struct part attribute(struct part oid, unsigned tag, struct part value)
{
    return tlv(0x30, join(oid, tlv(tag, value)));
}

static inline struct part name_of(unsigned tag, struct part value)
{
    return tlv(0x30, tlv(0x31, attribute(RAW(OID_CN), tag, value)));
}

static inline struct part extension(struct part oid, struct part value)
{
    return tlv(0x30, join(oid, tlv(0x04, value)));
}

/* The fields of a certificate. */
struct made {
    struct part version, serial, signature, issuer, validity, subject, spki, optional, outer, value;
};

static inline struct made plain(void)
{
    struct part algorithm = tlv(0x30, RAW(OID_SHA256_RSA "\x05\x00"));
    struct part key = tlv(0x30, join(tlv(0x02, RAW("\x00\xc0\xff\xee\x00\x00\x00\x00\x01")),
                                     tlv(0x02, RAW("\x01\x00\x01"))));
    struct made made = {
        .version = tlv(0xa0, tlv(0x02, RAW("\x02"))),
        .serial = tlv(0x02, RAW("\x01")),
        .signature = algorithm,
        .issuer = name_of(0x13, RAW("issuer")),
        .validity =
            tlv(0x30, join(tlv(0x17, RAW("150102030405Z")), tlv(0x17, RAW("200101000000Z")))),
        .subject = name_of(0x13, RAW("subject")),
        .spki =
            tlv(0x30, join(tlv(0x30, RAW(OID_RSA "\x05\x00")), tlv(0x03, join(RAW("\0"), key)))),
        .optional = RAW(""),
        .outer = algorithm,
        .value = tlv(0x03, RAW("\x00\x01\x02")),
    };
    return made;
}

static inline struct part assemble(const struct made *m)
{
    struct part tbs = join(join(m->version, m->serial), join(m->signature, m->issuer));
    tbs = join(join(tbs, m->validity), join(m->subject, join(m->spki, m->optional)));
    return tlv(0x30, join(join(tlv(0x30, tbs), m->outer), m->value));
}

static inline struct made with_san(struct part names)
{
    struct made made = plain();
    made.optional = tlv(0xa3, tlv(0x30, extension(RAW(OID_SAN), tlv(0x30, names))));
    return made;
}

static inline EVP_PKEY *made_key(const char *type, const char *detail)
{
    EVP_PKEY *key = strcmp(type, "RSA") == 0  ? EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)1024)
                    : strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, type, detail)
                                              : EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(key);
    return key;
}

/* A self-signed certificate of OpenSSL's making. Free with OPENSSL_free. */
static inline size_t made_by_openssl(const char *type, const char *curve, uint8_t **der)
{
    EVP_PKEY *key = made_key(type, curve);
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    const EVP_MD *md = strncmp(type, "ED", 2) == 0 ? NULL : EVP_sha256();

    assert_int_equal(1, X509_set_version(x509, 2));
    assert_int_equal(1, ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), 0x7fffffff01));
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), -86400));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 86400 * 365L * 60));
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"Łódź, \"x\"", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)type, -1, -1, 0);
    assert_int_equal(1, X509_set_issuer_name(x509, name));
    assert_int_equal(1, X509_set_pubkey(x509, key));
    X509_EXTENSION *san =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:a.example,IP:2001:db8::2");
    assert_int_equal(1, X509_add_ext(x509, san, -1));
    assert_true(X509_sign(x509, key, md) > 0);
    *der = NULL;
    int n = i2d_X509(x509, der);
    assert_true(n > 0);
    X509_EXTENSION_free(san);
    X509_free(x509);
    EVP_PKEY_free(key);
    return (size_t)n;
}

/* The facts of these bytes, read before a forbidden page. Free the arena. */
static inline const struct lp_cert_facts *facts_of(struct lp_arena **arena, const void *der,
                                                   size_t n)
{
    struct guarded g = guarded_copy(der, n);
    *arena = lp_arena_new();
    const struct lp_cert_facts *facts = lp_x509_facts(*arena, g.bytes, n);
    guarded_free(&g);
    assert_non_null(facts);
    return facts;
}

#endif
