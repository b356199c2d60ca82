/*
 * Encrypted records for tests: what lp_seal_open has to open again, made by OpenSSL. The keys are
 * those that tls/decrypt.c derives; that they are the right ones is for known answers to tell.
 */
#ifndef LP_TESTS_SEALS_H
#define LP_TESTS_SEALS_H

#include "streams.h"

#include "tls/decrypt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static inline const EVP_CIPHER *seal_cipher(enum lp_bulk bulk)
{
    switch ((int)bulk) {
    case LP_BULK_AES_128_GCM:
        return EVP_aes_128_gcm();
    case LP_BULK_AES_256_GCM:
        return EVP_aes_256_gcm();
    case LP_BULK_CHACHA20_POLY1305:
        return EVP_chacha20_poly1305();
    case LP_BULK_AES_128_CCM:
        return EVP_aes_128_ccm();
    case LP_BULK_AES_256_CCM:
        return EVP_aes_256_ccm();
    case LP_BULK_AES_128_CBC:
        return EVP_aes_128_cbc();
    case LP_BULK_AES_256_CBC:
        return EVP_aes_256_cbc();
    default:
        fail_msg("no cipher %d", (int)bulk);
        return NULL;
    }
}

static inline void seal_nonce(const struct lp_seal *seal, uint8_t nonce[12])
{
    memcpy(nonce, seal->iv, 12);
    for (unsigned i = 0; i < 8; i++)
        nonce[11 - i] ^= (uint8_t)(seal->sequence >> 8 * i);
}

/* Appends ciphertext and tag. */
static inline void seal_aead(struct bytes *out, const struct lp_seal *seal, const uint8_t nonce[12],
                             const struct bytes *data, const struct bytes *plain)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *sealed = malloc(plain->n + 16), tag[16];
    const uint8_t *in = plain->n ? plain->at : tag;
    int n = 0, more = 0, tag_len = (int)seal->suite.tag;
    bool ccm = seal->suite.bulk == LP_BULK_AES_128_CCM || seal->suite.bulk == LP_BULK_AES_256_CCM;

    assert_int_equal(1, EVP_EncryptInit_ex(ctx, seal_cipher(seal->suite.bulk), NULL, NULL, NULL));
    assert_int_equal(1, EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL));
    if (ccm)
        assert_int_equal(1, EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len, NULL));
    assert_int_equal(1, EVP_EncryptInit_ex(ctx, NULL, NULL, seal->key, nonce));
    if (ccm)
        assert_int_equal(1, EVP_EncryptUpdate(ctx, NULL, &n, NULL, (int)plain->n));
    assert_int_equal(1, EVP_EncryptUpdate(ctx, NULL, &n, data->at, (int)data->n));
    assert_int_equal(1, EVP_EncryptUpdate(ctx, sealed, &n, in, (int)plain->n));
    assert_int_equal(1, EVP_EncryptFinal_ex(ctx, sealed + n, &more));
    assert_int_equal(1, EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_len, tag));
    add(out, sealed, (size_t)(n + more));
    add(out, tag, (size_t)tag_len);
    free(sealed);
    EVP_CIPHER_CTX_free(ctx);
}

/* What a MAC and the AEAD of TLS 1.2 cover. */
static inline void seal_facts(struct bytes *out, const struct lp_seal *seal, uint8_t type, size_t n)
{
    add_number(out, 8, seal->sequence);
    add_number(out, 1, type);
    add_number(out, 2, seal->version);
    add_number(out, 2, n);
}

static inline void seal_mac(struct bytes *out, const struct lp_seal *seal, uint8_t type,
                            const struct bytes *covered)
{
    const EVP_MD *md = seal->suite.mac == LP_MAC_SHA1     ? EVP_sha1()
                       : seal->suite.mac == LP_MAC_SHA256 ? EVP_sha256()
                                                          : EVP_sha384();
    struct bytes all = {0};
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    seal_facts(&all, seal, type, covered->n);
    add(&all, covered->at, covered->n);
    assert_non_null(
        HMAC(md, seal->mac_key, (int)lp_mac_size(seal->suite.mac), all.at, all.n, mac, &n));
    add(out, mac, n);
    drop(&all);
}

/* Appends IV (from TLS 1.1 on) and blocks, with the MAC inside or behind. */
static inline void seal_cbc(struct bytes *out, struct lp_seal *seal, uint8_t type,
                            const struct bytes *content)
{
    size_t block = lp_bulk_block(seal->suite.bulk);
    struct bytes plain = {0}, body = {0};
    uint8_t iv[16], *sealed;
    int n = 0;

    add(&plain, content->at, content->n);
    if (!seal->encrypt_then_mac)
        seal_mac(&plain, seal, type, content);
    size_t padding = block - plain.n % block;
    for (size_t i = 0; i < padding; i++)
        add_number(&plain, 1, padding - 1);
    memcpy(iv, seal->iv, block);
    if (seal->version >= 0x0302) {
        memset(iv, (int)(0x30 + seal->sequence), block);
        add(&body, iv, block);
    }
    sealed = malloc(plain.n + block);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(1,
                     EVP_EncryptInit_ex(ctx, seal_cipher(seal->suite.bulk), NULL, seal->key, iv));
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    assert_int_equal(1, EVP_EncryptUpdate(ctx, sealed, &n, plain.at, (int)plain.n));
    add(&body, sealed, (size_t)n);
    if (seal->version == 0x0301)
        memcpy(seal->iv, sealed + plain.n - block, block);
    add(out, body.at, body.n);
    if (seal->encrypt_then_mac)
        seal_mac(out, seal, type, &body);
    EVP_CIPHER_CTX_free(ctx);
    free(sealed);
    drop(&plain);
    drop(&body);
}

/* Appends a record and moves on. `padding` zeros follow in TLS 1.3. */
static inline void add_sealed(struct bytes *out, struct lp_seal *seal, uint8_t type,
                              const struct bytes *content, size_t padding)
{
    struct bytes payload = {0}, data = {0}, plain = {0};
    uint8_t nonce[12];
    bool tls13 = seal->version == 0x0304;

    seal_nonce(seal, nonce);
    if (tls13) {
        add(&plain, content->at, content->n);
        add_number(&plain, 1, type);
        for (; padding; padding--)
            add_number(&plain, 1, 0);
        add_number(&data, 1, LP_RECORD_DATA);
        add_number(&data, 2, 0x0303);
        add_number(&data, 2, plain.n + seal->suite.tag);
        seal_aead(&payload, seal, nonce, &data, &plain);
    } else if (lp_bulk_block(seal->suite.bulk)) {
        seal_cbc(&payload, seal, type, content);
    } else {
        seal_facts(&data, seal, type, content->n);
        if (seal->suite.bulk != LP_BULK_CHACHA20_POLY1305) {
            memcpy(nonce, seal->iv, 4);
            memset(nonce + 4, (int)(0x50 + seal->sequence), 8);
            add(&payload, nonce + 4, 8);
        }
        seal_aead(&payload, seal, nonce, &data, content);
    }
    add_number(out, 1, tls13 ? LP_RECORD_DATA : type);
    add_number(out, 2, tls13 ? 0x0303 : seal->version);
    add_vector(out, 2, payload.at, payload.n);
    seal->sequence++;
    drop(&payload);
    drop(&data);
    drop(&plain);
}

/* A secret of so many equal bytes, as a line of a key log. */
static inline void add_key_line(struct bytes *out, const char *label, const uint8_t random[32],
                                uint8_t fill, size_t n)
{
    char hex[3];

    add(out, label, strlen(label));
    add(out, " ", 1);
    for (unsigned i = 0; i < 32; i++) {
        snprintf(hex, sizeof hex, "%02x", random[i]);
        add(out, hex, 2);
    }
    add(out, " ", 1);
    snprintf(hex, sizeof hex, "%02x", fill);
    for (size_t i = 0; i < n; i++)
        add(out, hex, 2);
    add(out, "\n", 1);
}

#endif
