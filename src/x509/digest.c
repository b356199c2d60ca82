/*
 * Digests of raw certificate bytes.
 *
 * The algorithms are fetched once and one context serves all of them: a fetch walks the providers'
 * tables and costs many times what hashing a certificate does. Nothing here looks into the bytes.
 */
#include "x509/x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>

struct lp_digester {
    EVP_MD_CTX *ctx;                      /* owned */
    EVP_MD *md5, *sha1, *sha256, *sha512; /* owned; md5 is NULL where a policy forbids it */
};

static EVP_MD *fetch(const char *name)
{
    ERR_set_mark();
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    ERR_pop_to_mark();
    return md;
}

struct lp_digester *lp_digester_new(void)
{
    struct lp_digester *digester = lp_alloc(sizeof *digester);
    if (!digester)
        return NULL;
    digester->ctx = EVP_MD_CTX_new();
    digester->md5 = fetch("MD5");
    digester->sha1 = fetch("SHA1");
    digester->sha256 = fetch("SHA256");
    digester->sha512 = fetch("SHA512");
    if (!digester->ctx || !digester->sha1 || !digester->sha256 || !digester->sha512) {
        lp_digester_free(digester);
        return NULL;
    }
    return digester;
}

void lp_digester_free(struct lp_digester *digester)
{
    if (!digester)
        return;
    EVP_MD_free(digester->md5);
    EVP_MD_free(digester->sha1);
    EVP_MD_free(digester->sha256);
    EVP_MD_free(digester->sha512);
    EVP_MD_CTX_free(digester->ctx);
    lp_free(digester);
}

static bool digest(struct lp_digester *digester, const EVP_MD *md, struct lp_rd bytes, uint8_t *out)
{
    return md && EVP_DigestInit_ex2(digester->ctx, md, NULL) == 1 &&
           EVP_DigestUpdate(digester->ctx, bytes.ptr, bytes.left) == 1 &&
           EVP_DigestFinal_ex(digester->ctx, out, NULL) == 1;
}

bool lp_digest_cert(struct lp_digester *digester, const uint8_t *der, size_t n, uint8_t sha1[20],
                    uint8_t sha256[32])
{
    struct lp_rd bytes = lp_rd_init(der, n);
    uint8_t short_digest[20], long_digest[32]; /* copied out only when both could be made */

    if (!digest(digester, digester->sha1, bytes, short_digest) ||
        !digest(digester, digester->sha256, bytes, long_digest))
        return false;
    memcpy(sha1, short_digest, sizeof short_digest);
    memcpy(sha256, long_digest, sizeof long_digest);
    return true;
}

bool lp_digest_more(struct lp_digester *digester, const uint8_t *der, size_t n,
                    struct lp_more_digests *out)
{
    struct lp_rd bytes = lp_rd_init(der, n);
    struct lp_more_digests more;

    if (!digest(digester, digester->md5, bytes, more.md5) ||
        !digest(digester, digester->sha512, bytes, more.sha512))
        return false;
    *out = more;
    return true;
}
