/*
 * Record protection of one direction: TLS 1.3 (RFC 8446 5.2) and TLS 1.0 to 1.2 (RFC 5246 6.2.3,
 * RFC 5288, RFC 6655, RFC 7905; encrypt-then-MAC of RFC 7366).
 *
 * What does not verify is never handed out. All of a direction's state is plain bytes.
 */
#ifndef LP_TLS_DECRYPT_H
#define LP_TLS_DECRYPT_H

#include "tls/crypto.h"
#include "tls/keylog.h"

/* What decryption draws on; one per scan. */
struct lp_tls_keys {
    struct lp_keylog *log;    /* owned */
    struct lp_crypto *crypto; /* owned */
    bool patient;             /* a secret that is missing may still come */
    /* Looks for more secrets, at most as often as one is missing. NULL: there is no place to look.
     */
    void (*look)(void *ctx, struct lp_keylog *log);
    void *look_ctx;      /* borrowed */
    struct lp_buf plain; /* of the record at hand */
};

/* The pieces of a cipher suite. */
struct lp_suite {
    enum lp_bulk bulk;
    enum lp_mac_hash hash; /* of HKDF, or of the PRF of TLS 1.2 */
    enum lp_mac_hash mac;  /* of the HMAC of a CBC suite */
    size_t tag;            /* bytes, of an AEAD */
};

/* By the suite's name. False: none that can be decrypted. */
bool lp_suite_read(uint16_t cipher, struct lp_suite *out);

struct lp_seal {
    struct lp_suite suite;
    uint16_t version; /* 0x0301 to 0x0304 */
    bool encrypt_then_mac;
    uint64_t sequence;
    uint8_t secret[LP_SECRET_MOST]; /* TLS 1.3: the traffic secret */
    size_t secret_len;
    uint8_t key[32], mac_key[LP_SECRET_MOST];
    uint8_t iv[16]; /* AEAD: what nonces are made of; TLS 1.0: the last block of ciphertext */
};

/* TLS 1.3: from a traffic secret. False: not a cipher suite, or not a secret, for it. */
bool lp_seal_13(struct lp_crypto *crypto, uint16_t cipher, struct lp_rd secret,
                struct lp_seal *out);
/* After a KeyUpdate (RFC 8446 7.2). */
bool lp_seal_update(struct lp_crypto *crypto, struct lp_seal *seal);

/* TLS 1.0 to 1.2: one direction's half of the key block (RFC 5246 6.3). */
struct lp_seal_12 {
    uint16_t version, cipher;
    bool from_client, encrypt_then_mac;
    struct lp_rd master;
    const uint8_t *client_random, *server_random; /* 32 bytes each */
};
bool lp_seal_12(struct lp_crypto *crypto, const struct lp_seal_12 *in, struct lp_seal *out);

/* A record as it is on the wire. */
struct lp_record {
    uint8_t type;
    uint16_t version;
    struct lp_rd payload;
};

/* Appends what the record holds and moves on to the next sequence number; on anything but
 * LP_CRYPTO_OK nothing has changed. In TLS 1.3 the type and the padding are still behind the
 * content. */
enum lp_crypto_result lp_seal_open(struct lp_crypto *crypto, struct lp_seal *seal,
                                   const struct lp_record *record, struct lp_buf *out);
/* Passes over a record of TLS 1.0 to 1.2 that is of no interest. */
void lp_seal_skip(struct lp_seal *seal, const struct lp_record *record);

#endif
