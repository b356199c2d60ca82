/*
 * Digests of raw certificate bytes.
 *
 * Each algorithm is fetched when it is first asked for, and keeps its context: a fetch walks the
 * providers' tables, the first one even starts OpenSSL, and both cost many times what hashing a
 * certificate does. Nothing here looks into the bytes.
 */
#include "x509/x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>

struct algorithm {
    bool fetched;    /* or tried to: MD5 may be forbidden by a policy */
    EVP_MD *md;      /* owned */
    EVP_MD_CTX *ctx; /* owned; of this algorithm alone, else each change would allocate anew */
};

struct lp_digester {
    struct algorithm md5, sha1, sha256, sha512;
};

struct lp_digester *lp_digester_new(void)
{
    return lp_alloc(sizeof(struct lp_digester));
}

static void release(struct algorithm *algorithm)
{
    EVP_MD_free(algorithm->md);
    EVP_MD_CTX_free(algorithm->ctx);
}

void lp_digester_free(struct lp_digester *digester)
{
    if (!digester)
        return;
    release(&digester->md5);
    release(&digester->sha1);
    release(&digester->sha256);
    release(&digester->sha512);
    lp_free(digester);
}

static void fetch(struct algorithm *algorithm, const char *name)
{
    algorithm->fetched = true;
    ERR_set_mark();
    algorithm->md = EVP_MD_fetch(NULL, name, NULL);
    algorithm->ctx = EVP_MD_CTX_new();
    ERR_pop_to_mark();
}

static bool digest(struct algorithm *algorithm, const char *name, struct lp_rd bytes, uint8_t *out)
{
    if (!algorithm->fetched)
        fetch(algorithm, name);
    return algorithm->md && algorithm->ctx &&
           EVP_DigestInit_ex2(algorithm->ctx, algorithm->md, NULL) == 1 &&
           EVP_DigestUpdate(algorithm->ctx, bytes.ptr, bytes.left) == 1 &&
           EVP_DigestFinal_ex(algorithm->ctx, out, NULL) == 1;
}

bool lp_digest_cert(struct lp_digester *digester, const uint8_t *der, size_t n, uint8_t sha1[20],
                    uint8_t sha256[32])
{
    struct lp_rd bytes = lp_rd_init(der, n);
    uint8_t short_digest[20], long_digest[32]; /* copied out only when both could be made */

    if (!digest(&digester->sha1, "SHA1", bytes, short_digest) ||
        !digest(&digester->sha256, "SHA256", bytes, long_digest))
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

    if (!digest(&digester->md5, "MD5", bytes, more.md5) ||
        !digest(&digester->sha512, "SHA512", bytes, more.sha512))
        return false;
    *out = more;
    return true;
}
