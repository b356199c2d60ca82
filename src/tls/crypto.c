/*
 * How it works: ciphers, MACs and key derivations are fetched at their first use, since a fetch
 * walks the providers' tables; one cipher context serves all. A key is set anew for every record,
 * so that a direction's state stays plain bytes that may be copied.
 *
 * A failure here is daily bread (a wrong key), so OpenSSL's error queue is left as it was.
 */
#include "tls/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

enum { NONCE = 12 };

static const struct {
    const char *name;
    size_t key, block;
    const char *mask; /* of QUIC's headers (RFC 9001 5.4.1); NULL: not used there */
} bulks[LP_BULK_COUNT] = {
    [LP_BULK_AES_128_GCM] = {"AES-128-GCM", 16, 0, "AES-128-ECB"},
    [LP_BULK_AES_256_GCM] = {"AES-256-GCM", 32, 0, "AES-256-ECB"},
    [LP_BULK_ARIA_128_GCM] = {"ARIA-128-GCM", 16, 0, NULL},
    [LP_BULK_ARIA_256_GCM] = {"ARIA-256-GCM", 32, 0, NULL},
    [LP_BULK_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", 32, 0, "ChaCha20"},
    [LP_BULK_AES_128_CCM] = {"AES-128-CCM", 16, 0, "AES-128-ECB"},
    [LP_BULK_AES_256_CCM] = {"AES-256-CCM", 32, 0, NULL},
    [LP_BULK_AES_128_CBC] = {"AES-128-CBC", 16, 16, NULL},
    [LP_BULK_AES_256_CBC] = {"AES-256-CBC", 32, 16, NULL},
    [LP_BULK_CAMELLIA_128_CBC] = {"CAMELLIA-128-CBC", 16, 16, NULL},
    [LP_BULK_CAMELLIA_256_CBC] = {"CAMELLIA-256-CBC", 32, 16, NULL},
    [LP_BULK_3DES_CBC] = {"DES-EDE3-CBC", 24, 8, NULL},
};

static const struct {
    const char *name;
    size_t size;
} hashes[LP_MAC_COUNT] = {
    [LP_MAC_MD5_SHA1] = {"MD5-SHA1", 36}, [LP_MAC_MD5] = {"MD5", 16},
    [LP_MAC_SHA1] = {"SHA1", 20},         [LP_MAC_SHA256] = {"SHA256", 32},
    [LP_MAC_SHA384] = {"SHA384", 48},
};

struct lp_crypto {
    EVP_CIPHER_CTX *ctx;                /* owned */
    EVP_CIPHER *ciphers[LP_BULK_COUNT]; /* owned; NULL until asked for */
    EVP_CIPHER *masks[LP_BULK_COUNT];   /* owned; NULL until asked for */
    EVP_KDF *hkdf, *prf;                /* owned; NULL until asked for */
    EVP_MAC *hmac;                      /* owned; NULL until asked for */
};

struct lp_crypto *lp_crypto_new(void)
{
    struct lp_crypto *crypto = lp_alloc(sizeof *crypto);

    if (!crypto)
        return NULL;
    crypto->ctx = EVP_CIPHER_CTX_new();
    if (!crypto->ctx) {
        lp_free(crypto);
        return NULL;
    }
    return crypto;
}

void lp_crypto_free(struct lp_crypto *crypto)
{
    if (!crypto)
        return;
    for (size_t i = 0; i < LP_BULK_COUNT; i++) {
        EVP_CIPHER_free(crypto->ciphers[i]);
        EVP_CIPHER_free(crypto->masks[i]);
    }
    EVP_KDF_free(crypto->hkdf);
    EVP_KDF_free(crypto->prf);
    EVP_MAC_free(crypto->hmac);
    EVP_CIPHER_CTX_free(crypto->ctx);
    lp_free(crypto);
}

size_t lp_mac_size(enum lp_mac_hash hash)
{
    return hashes[hash].size;
}

size_t lp_bulk_key(enum lp_bulk bulk)
{
    return bulks[bulk].key;
}

size_t lp_bulk_block(enum lp_bulk bulk)
{
    return bulks[bulk].block;
}

/* OpenSSL's parameters take no constant, though they only read it. */
static OSSL_PARAM octets(const char *key, struct lp_rd bytes)
{
    union {
        const uint8_t *in;
        void *out;
    } same = {.in = bytes.ptr};
    return OSSL_PARAM_construct_octet_string(key, same.out, bytes.left);
}

static OSSL_PARAM text(const char *key, const char *value)
{
    union {
        const char *in;
        char *out;
    } same = {.in = value};
    return OSSL_PARAM_construct_utf8_string(key, same.out, 0);
}

/* ---- keys ---- */

static bool derive(EVP_KDF **kdf, const char *name, const OSSL_PARAM *params, uint8_t *out,
                   size_t n)
{
    ERR_set_mark();
    if (!*kdf)
        *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(*kdf); /* NULL of NULL */
    bool derived = ctx && EVP_KDF_derive(ctx, out, n, params) == 1;
    EVP_KDF_CTX_free(ctx);
    ERR_pop_to_mark();
    return derived;
}

bool lp_expand_label(struct lp_crypto *crypto, const struct lp_expand *in, uint8_t *out, size_t n)
{
    static const char prefix[] = "tls13 ";
    uint8_t info[2 + 1 + 255 + 1];
    size_t prefix_len = sizeof prefix - 1, label_len = strlen(in->label), used = 0;
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;

    if (n > UINT8_MAX || prefix_len + label_len > UINT8_MAX)
        return false;
    info[used++] = 0; /* struct HkdfLabel: length, label, context */
    info[used++] = (uint8_t)n;
    info[used++] = (uint8_t)(prefix_len + label_len);
    memcpy(info + used, prefix, prefix_len);
    used += prefix_len;
    memcpy(info + used, in->label, label_len);
    used += label_len;
    info[used++] = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        text(OSSL_KDF_PARAM_DIGEST, hashes[in->hash].name), octets(OSSL_KDF_PARAM_KEY, in->secret),
        octets(OSSL_KDF_PARAM_INFO, lp_rd_init(info, used)), OSSL_PARAM_construct_end()};
    return derive(&crypto->hkdf, "HKDF", params, out, n);
}

bool lp_extract(struct lp_crypto *crypto, enum lp_mac_hash hash, const struct lp_rd in[2],
                uint8_t *out)
{
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                           text(OSSL_KDF_PARAM_DIGEST, hashes[hash].name),
                           octets(OSSL_KDF_PARAM_SALT, in[0]), octets(OSSL_KDF_PARAM_KEY, in[1]),
                           OSSL_PARAM_construct_end()};
    return derive(&crypto->hkdf, "HKDF", params, out, hashes[hash].size);
}

bool lp_prf(struct lp_crypto *crypto, const struct lp_prf *in, uint8_t *out, size_t n)
{
    OSSL_PARAM params[] = {text(OSSL_KDF_PARAM_DIGEST, hashes[in->hash].name),
                           octets(OSSL_KDF_PARAM_SECRET, in->secret),
                           octets(OSSL_KDF_PARAM_SEED, lp_rd_init(in->label, strlen(in->label))),
                           octets(OSSL_KDF_PARAM_SEED, in->seed[0]), /* several are put together */
                           octets(OSSL_KDF_PARAM_SEED, in->seed[1]),
                           OSSL_PARAM_construct_end()};
    return derive(&crypto->prf, "TLS1-PRF", params, out, n);
}

/* ---- records ---- */

/* NULL: OpenSSL does not have it, or a policy forbids it. */
static EVP_CIPHER *cipher(struct lp_crypto *crypto, enum lp_bulk bulk)
{
    if (!crypto->ciphers[bulk])
        crypto->ciphers[bulk] = EVP_CIPHER_fetch(NULL, bulks[bulk].name, NULL);
    return crypto->ciphers[bulk];
}

/* CCM wants tag and length told in advance, and hands out nothing before it has verified; the
 * others verify at the end. Nobody looks at `out` unless all of it succeeds. */
static bool open_sealed(struct lp_crypto *crypto, const struct lp_aead *in, struct lp_rd body,
                        struct lp_rd tag, uint8_t *out)
{
    bool ccm = in->bulk == LP_BULK_AES_128_CCM || in->bulk == LP_BULK_AES_256_CCM;
    EVP_CIPHER_CTX *ctx = crypto->ctx;
    size_t nonce = NONCE;
    uint8_t last[16];
    int n;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_CIPHER_PARAM_IVLEN, &nonce),
                           octets(OSSL_CIPHER_PARAM_AEAD_TAG, tag), OSSL_PARAM_construct_end()};

    return EVP_DecryptInit_ex2(ctx, cipher(crypto, in->bulk), NULL, NULL, params) == 1 &&
           EVP_DecryptInit_ex2(ctx, NULL, in->key, in->nonce, NULL) == 1 &&
           (!ccm || EVP_DecryptUpdate(ctx, NULL, &n, NULL, (int)body.left) == 1) &&
           EVP_DecryptUpdate(ctx, NULL, &n, in->data.ptr, (int)in->data.left) == 1 &&
           EVP_DecryptUpdate(ctx, out, &n, body.ptr, (int)body.left) == 1 &&
           (size_t)n == body.left && (ccm || EVP_DecryptFinal_ex(ctx, last, &n) == 1);
}

static enum lp_crypto_result make_room(struct lp_buf *out, size_t n)
{
    return lp_buf_reserve(out, n) == LP_GROW_OK ? LP_CRYPTO_OK : LP_CRYPTO_BUDGET;
}

enum lp_crypto_result lp_aead_open(struct lp_crypto *crypto, const struct lp_aead *in,
                                   struct lp_rd sealed, struct lp_buf *out)
{
    struct lp_rd body;

    if (sealed.left < in->tag || sealed.left > INT_MAX ||
        !lp_rd_sub(&sealed, sealed.left - in->tag, &body))
        return LP_CRYPTO_REFUSED;
    if (make_room(out, body.left + 1) != LP_CRYPTO_OK) /* never a NULL to write to */
        return LP_CRYPTO_BUDGET;
    ERR_set_mark();
    bool opened =
        cipher(crypto, in->bulk) && open_sealed(crypto, in, body, sealed, out->bytes + out->len);
    ERR_pop_to_mark();
    if (!opened)
        return LP_CRYPTO_REFUSED;
    out->len += body.left;
    return LP_CRYPTO_OK;
}

/* ChaCha20 takes the sample as its counter and nonce, just as OpenSSL wants its IV. */
static bool make_mask(struct lp_crypto *crypto, enum lp_bulk bulk, const uint8_t *key,
                      const uint8_t *sample, uint8_t *out)
{
    static const uint8_t zeros[LP_MASK_SAMPLE];
    bool stream = bulk == LP_BULK_CHACHA20_POLY1305;
    EVP_CIPHER_CTX *ctx = crypto->ctx;
    int n;

    if (!crypto->masks[bulk])
        crypto->masks[bulk] = EVP_CIPHER_fetch(NULL, bulks[bulk].mask, NULL);
    return crypto->masks[bulk] &&
           EVP_EncryptInit_ex2(ctx, crypto->masks[bulk], key, stream ? sample : NULL, NULL) == 1 &&
           EVP_EncryptUpdate(ctx, out, &n, stream ? zeros : sample, LP_MASK_SAMPLE) == 1 &&
           n == LP_MASK_SAMPLE;
}

bool lp_header_mask(struct lp_crypto *crypto, enum lp_bulk bulk, const uint8_t *key,
                    const uint8_t sample[LP_MASK_SAMPLE], uint8_t mask[LP_MASK])
{
    uint8_t block[2 * LP_MASK_SAMPLE];

    if (!bulks[bulk].mask)
        return false;
    ERR_set_mark();
    bool made = make_mask(crypto, bulk, key, sample, block);
    ERR_pop_to_mark();
    if (made)
        memcpy(mask, block, LP_MASK);
    return made;
}

enum lp_crypto_result lp_cbc_decrypt(struct lp_crypto *crypto, const struct lp_cbc *in,
                                     struct lp_rd blocks, struct lp_buf *out)
{
    size_t block = bulks[in->bulk].block;
    int n = 0;

    if (block == 0 || blocks.left % block != 0 || blocks.left > INT_MAX || in->iv.left != block)
        return LP_CRYPTO_REFUSED;
    if (make_room(out, blocks.left + block) != LP_CRYPTO_OK)
        return LP_CRYPTO_BUDGET;
    ERR_set_mark();
    EVP_CIPHER_CTX *ctx = crypto->ctx;
    bool decrypted =
        cipher(crypto, in->bulk) &&
        EVP_DecryptInit_ex2(ctx, cipher(crypto, in->bulk), in->key, in->iv.ptr, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
        EVP_DecryptUpdate(ctx, out->bytes + out->len, &n, blocks.ptr, (int)blocks.left) == 1;
    ERR_pop_to_mark();
    if (!decrypted || (size_t)n != blocks.left)
        return LP_CRYPTO_REFUSED;
    out->len += blocks.left;
    return LP_CRYPTO_OK;
}

bool lp_hmac_is(struct lp_crypto *crypto, enum lp_mac_hash hash, const uint8_t *key,
                const struct lp_rd parts[2], struct lp_rd mac)
{
    uint8_t made[EVP_MAX_MD_SIZE];
    size_t n = 0;
    OSSL_PARAM params[] = {text(OSSL_MAC_PARAM_DIGEST, hashes[hash].name),
                           OSSL_PARAM_construct_end()};

    ERR_set_mark();
    if (!crypto->hmac)
        crypto->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = crypto->hmac ? EVP_MAC_CTX_new(crypto->hmac) : NULL;
    bool ok = ctx && EVP_MAC_init(ctx, key, hashes[hash].size, params) == 1 &&
              EVP_MAC_update(ctx, parts[0].ptr, parts[0].left) == 1 &&
              EVP_MAC_update(ctx, parts[1].ptr, parts[1].left) == 1 &&
              EVP_MAC_final(ctx, made, &n, sizeof made) == 1;
    EVP_MAC_CTX_free(ctx);
    ERR_pop_to_mark();
    return ok && n == mac.left && CRYPTO_memcmp(made, mac.ptr, n) == 0;
}
