/*
 * Certificates: digests of the raw bytes, facts for people, and files.
 *
 * The digest comes first and needs nothing but bytes. Facts are decoration: they are read
 * afterwards and may fail without touching the hash. This module and tls/crypto.c are the only
 * users of OpenSSL.
 */
#ifndef LP_X509_X509_H
#define LP_X509_X509_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Digest algorithms, fetched when first asked for and kept: fetching costs many times what hashing
 * a certificate does. One per thread. */
struct lp_digester;
struct lp_digester *lp_digester_new(void); /* NULL when memory is short */
void lp_digester_free(struct lp_digester *digester);

/* SHA-1 and SHA-256 of the raw DER. False only when OpenSSL fails or does not have them; the
 * outputs are then untouched.
 */
bool lp_digest_cert(struct lp_digester *digester, const uint8_t *der, size_t n, uint8_t sha1[20],
                    uint8_t sha256[32]);
/* MD5 and SHA-512. MD5 may be unavailable (a FIPS provider): false. */
bool lp_digest_more(struct lp_digester *digester, const uint8_t *der, size_t n,
                    struct lp_more_digests *out);

/* Facts of one certificate, in the arena. NULL only when memory is short: damaged DER gives a
 * result with x509_error set and whatever could be read all the same. The DER is walked with lp_rd;
 * OpenSSL only names the object identifiers. */
const struct lp_cert_facts *lp_x509_facts(struct lp_arena *arena, const uint8_t *der, size_t n);

/* Calls fn for each certificate in a file's bytes: every "BEGIN CERTIFICATE", "BEGIN X509
 * CERTIFICATE" or "BEGIN TRUSTED CERTIFICATE" block (RFC 7468), else the whole as one DER
 * certificate (exactly one SEQUENCE, nothing behind it); and each of a PKCS #7 structure in either
 * form. False: none found, or memory is short. */
typedef bool (*lp_x509_each_fn)(void *ctx, const uint8_t *der, size_t n); /* false stops */
bool lp_x509_each(const uint8_t *bytes, size_t n, lp_x509_each_fn fn, void *ctx);

enum lp_signature_check {
    LP_SIGNATURE_UNCHECKED = 0, /* no RSA key, or an algorithm that is not to be had */
    LP_SIGNATURE_GOOD,
    LP_SIGNATURE_BAD,
};
/* A signature over several runs of bytes, one after the other. */
struct lp_signed_bytes {
    const struct lp_rd *parts; /* borrowed */
    size_t part_count;
    struct lp_rd signature;
    enum lp_hash_algorithm algorithm;
};
/* RSASSA-PKCS1-v1_5 (RFC 8017 8.2) with SHA-1, SHA-256 or SHA-512, by the key of a certificate
 * (DER). */
enum lp_signature_check lp_x509_check_signature(struct lp_rd certificate,
                                                const struct lp_signed_bytes *what);

/* Appends a certificate's bytes as a "CERTIFICATE" block (RFC 7468 5, lines of 64 characters).
 * False: memory is short; `out` may then end in a part of it. */
LP_MUST_USE bool lp_pem_text(struct lp_buf *out, const uint8_t *der, size_t n);

/* Of OpenSSL: "3.0.19". */
void lp_x509_library_version(const char **compiled, const char **running);

#endif
