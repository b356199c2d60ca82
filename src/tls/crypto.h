/*
 * The cryptography that reading an encrypted handshake takes, and nothing else: the only place of
 * tls/ that knows OpenSSL. Every call works on bytes the caller holds; algorithms are fetched once
 * and kept.
 */
#ifndef LP_TLS_CRYPTO_H
#define LP_TLS_CRYPTO_H

#include "base/mem.h"
#include "base/rd.h"

enum lp_mac_hash {                  /* of a PRF, of HKDF, of an HMAC */
                   LP_MAC_MD5_SHA1, /* the PRF of TLS 1.0 and 1.1 (RFC 4346 5) */
                   LP_MAC_MD5,
                   LP_MAC_SHA1,
                   LP_MAC_SHA256,
                   LP_MAC_SHA384,
                   LP_MAC_COUNT
};

enum lp_bulk {
    LP_BULK_AES_128_GCM,
    LP_BULK_AES_256_GCM,
    LP_BULK_ARIA_128_GCM,
    LP_BULK_ARIA_256_GCM,
    LP_BULK_CHACHA20_POLY1305,
    LP_BULK_AES_128_CCM,
    LP_BULK_AES_256_CCM,
    LP_BULK_AES_128_CBC,
    LP_BULK_AES_256_CBC,
    LP_BULK_CAMELLIA_128_CBC,
    LP_BULK_CAMELLIA_256_CBC,
    LP_BULK_3DES_CBC,
    LP_BULK_COUNT
};

enum lp_crypto_result {
    LP_CRYPTO_OK = 0,
    LP_CRYPTO_REFUSED, /* what should verify does not, or the algorithm is not to be had */
    LP_CRYPTO_BUDGET,  /* no room for the plaintext */
};

struct lp_crypto;
struct lp_crypto *lp_crypto_new(void); /* NULL when memory is short */
void lp_crypto_free(struct lp_crypto *crypto);

size_t lp_mac_size(enum lp_mac_hash hash); /* bytes of output */
size_t lp_bulk_key(enum lp_bulk bulk);     /* bytes */
size_t lp_bulk_block(enum lp_bulk bulk);   /* of a CBC cipher, bytes; 0: an AEAD */

/* HKDF-Expand-Label (RFC 8446 7.1) with an empty context. */
struct lp_expand {
    enum lp_mac_hash hash;
    struct lp_rd secret;
    const char *label; /* without "tls13 " */
};
bool lp_expand_label(struct lp_crypto *crypto, const struct lp_expand *in, uint8_t *out, size_t n);
/* HKDF-Extract (RFC 5869 2.2) of salt and key material: lp_mac_size(hash) bytes. */
bool lp_extract(struct lp_crypto *crypto, enum lp_mac_hash hash, const struct lp_rd in[2],
                uint8_t *out);
/* The PRF of TLS 1.0 to 1.2 (RFC 5246 5); the seed comes in two parts. */
struct lp_prf {
    enum lp_mac_hash hash;
    struct lp_rd secret;
    const char *label;
    struct lp_rd seed[2];
};
bool lp_prf(struct lp_crypto *crypto, const struct lp_prf *in, uint8_t *out, size_t n);

struct lp_aead {
    enum lp_bulk bulk;
    const uint8_t *key;
    const uint8_t *nonce; /* 12 bytes */
    size_t tag;           /* bytes at the end of what is sealed */
    struct lp_rd data;    /* additional data */
};
/* Appends the plaintext, and only if it verifies. */
enum lp_crypto_result lp_aead_open(struct lp_crypto *crypto, const struct lp_aead *in,
                                   struct lp_rd sealed, struct lp_buf *out);
/* The mask of a QUIC packet's header (RFC 9001 5.4.3, 5.4.4): the key is as long as the AEAD's. */
enum { LP_MASK_SAMPLE = 16, LP_MASK = 5 };
bool lp_header_mask(struct lp_crypto *crypto, enum lp_bulk bulk, const uint8_t *key,
                    const uint8_t sample[LP_MASK_SAMPLE], uint8_t mask[LP_MASK]);
struct lp_cbc {
    enum lp_bulk bulk;
    const uint8_t *key;
    struct lp_rd iv; /* one block */
};
/* Appends the plaintext with whatever padding is in it; verifies nothing. */
enum lp_crypto_result lp_cbc_decrypt(struct lp_crypto *crypto, const struct lp_cbc *in,
                                     struct lp_rd blocks, struct lp_buf *out);
/* HMAC over two parts; whether it is `mac`. */
bool lp_hmac_is(struct lp_crypto *crypto, enum lp_mac_hash hash, const uint8_t *key,
                const struct lp_rd parts[2], struct lp_rd mac);

#endif
