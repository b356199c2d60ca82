/*
 * Signatures over bytes that do not lie together: RSASSA-PKCS1-v1_5 (RFC 8017 8.2), the only kind
 * that the signed files of phones have.
 */
#include "x509/x509.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const EVP_MD *digest_of(enum lp_hash_algorithm algorithm)
{
    switch (algorithm) {
    case LP_HASH_SHA1:
        return EVP_sha1();
    case LP_HASH_SHA256:
        return EVP_sha256();
    case LP_HASH_SHA512:
        return EVP_sha512();
    case LP_HASH_MD5:
    case LP_HASH_UNKNOWN:
        break;
    }
    return NULL;
}

/* The RSA key of a certificate, owned by the caller; NULL: none that can be read. */
static EVP_PKEY *key_of(struct lp_rd certificate)
{
    const unsigned char *at = certificate.ptr;
    X509 *x509 = certificate.left <= LONG_MAX ? d2i_X509(NULL, &at, (long)certificate.left) : NULL;
    EVP_PKEY *key = x509 ? X509_get_pubkey(x509) : NULL;

    X509_free(x509);
    if (key && !EVP_PKEY_is_a(key, "RSA")) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static enum lp_signature_check check(EVP_MD_CTX *ctx, EVP_PKEY *key, const EVP_MD *md,
                                     const struct lp_signed_bytes *what)
{
    EVP_PKEY_CTX *padding = NULL; /* borrowed from ctx */

    if (EVP_DigestVerifyInit(ctx, &padding, md, NULL, key) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) != 1)
        return LP_SIGNATURE_UNCHECKED;
    for (size_t i = 0; i < what->part_count; i++)
        if (EVP_DigestVerifyUpdate(ctx, what->parts[i].ptr, what->parts[i].left) != 1)
            return LP_SIGNATURE_UNCHECKED;
    return EVP_DigestVerifyFinal(ctx, what->signature.ptr, what->signature.left) == 1
               ? LP_SIGNATURE_GOOD
               : LP_SIGNATURE_BAD;
}

enum lp_signature_check lp_x509_check_signature(struct lp_rd certificate,
                                                const struct lp_signed_bytes *what)
{
    enum lp_signature_check result = LP_SIGNATURE_UNCHECKED;
    const EVP_MD *md = digest_of(what->algorithm);

    ERR_set_mark();
    EVP_PKEY *key = key_of(certificate);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (md && key && ctx)
        result = check(ctx, key, md, what);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_pop_to_mark();
    return result;
}
