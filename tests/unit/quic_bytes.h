/*
 * QUIC packets for tests: frames, headers, and the protection that tls/quic_seal.c has to take off
 * again, put on by OpenSSL.
 */
#ifndef LP_TESTS_QUIC_BYTES_H
#define LP_TESTS_QUIC_BYTES_H

#include "seals.h"

#include "base/text.h"
#include "tls/quic_seal.h"

enum { QUIC_1 = 1, QUIC_2 = 0x6b3343cf };

static inline size_t quic_hex(const char *hex, uint8_t *out, size_t size)
{
    long n = lp_hex_decode(hex, strlen(hex), true, out, size);
    assert_true(n >= 0);
    return (size_t)n;
}

/* ---- frames ---- */

/* In the shortest form. */
static inline void add_quic_number(struct bytes *b, uint64_t value)
{
    if (value < 1U << 6)
        add_number(b, 1, value);
    else if (value < 1U << 14)
        add_number(b, 2, value | UINT64_C(1) << 14);
    else if (value < 1U << 30)
        add_number(b, 4, value | UINT64_C(2) << 30);
    else
        add_number(b, 8, value | UINT64_C(3) << 62);
}

/* Bytes [from, to) of a stream. */
static inline void add_crypto_frame(struct bytes *b, const struct bytes *stream, size_t from,
                                    size_t to)
{
    add_number(b, 1, 6);
    add_quic_number(b, from);
    add_quic_number(b, to - from);
    add(b, stream->at + from, to - from);
}

static inline void add_ack_frame(struct bytes *b)
{
    static const uint8_t ack[] = {3, 9, 0, 1, 2, 1, 1, 5, 6, 7}; /* two ranges, counts of ECN */
    add(b, ack, sizeof ack);
}

static inline void add_close_frame(struct bytes *b, uint64_t code)
{
    add_number(b, 1, 0x1c);
    add_quic_number(b, code);
    add_number(b, 1, 6);
    add_vector(b, 1, "why", 3);
}

/* ---- packets ---- */

struct quic_head {
    enum lp_quic_type type;
    uint32_t version;
    const char *to, *from; /* connection ids, text */
    const char *token;     /* text, or NULL */
    uint64_t number;
    unsigned number_len; /* 0: one byte */
    size_t pad;          /* to so many bytes of payload */
    bool greased;        /* RFC 9287: the fixed bit is 0 */
};

static inline uint8_t quic_first_byte(const struct quic_head *head, unsigned number_len)
{
    unsigned type = (unsigned)head->type;

    if (lp_quic_version(head->version)->second)
        type = (type + 1) % 4;
    return (uint8_t)((head->greased ? 0x80 : 0xc0) | type << 4 | (number_len - 1));
}

static inline void add_quic_ids(struct bytes *b, const struct quic_head *head, uint8_t first)
{
    add_number(b, 1, first);
    add_number(b, 4, head->version);
    add_vector(b, 1, head->to, strlen(head->to));
    add_vector(b, 1, head->from, strlen(head->from));
}

static inline void quic_mask(const struct lp_quic_seal *seal, const uint8_t *sample,
                             uint8_t mask[32])
{
    static const uint8_t zeros[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool stream = seal->bulk == LP_BULK_CHACHA20_POLY1305;
    const EVP_CIPHER *cipher = stream                              ? EVP_chacha20()
                               : seal->bulk == LP_BULK_AES_256_GCM ? EVP_aes_256_ecb()
                                                                   : EVP_aes_128_ecb();
    int n = 0;

    assert_int_equal(1, EVP_EncryptInit_ex(ctx, cipher, NULL, seal->hp, stream ? sample : NULL));
    assert_int_equal(1, EVP_EncryptUpdate(ctx, mask, &n, stream ? zeros : sample, 16));
    EVP_CIPHER_CTX_free(ctx);
}

/* A protected packet: Initial, 0-RTT or Handshake. */
static inline void add_quic_packet(struct bytes *out, const struct lp_quic_seal *seal,
                                   const struct quic_head *head, const struct bytes *frames)
{
    struct lp_seal like = {.suite = {.bulk = seal->bulk, .tag = 16}, .sequence = head->number};
    struct bytes header = {0}, plain = {0}, sealed = {0};
    unsigned number_len = head->number_len ? head->number_len : 1;
    uint8_t nonce[12], mask[32];

    add(&plain, frames->at, frames->n);
    while (plain.n < head->pad || plain.n < 4)
        add_number(&plain, 1, 0);
    add_quic_ids(&header, head, quic_first_byte(head, number_len));
    if (head->type == LP_QUIC_INITIAL) {
        const char *token = head->token ? head->token : "";
        add_quic_number(&header, strlen(token));
        add(&header, token, strlen(token));
    }
    add_number(&header, 2, (number_len + plain.n + 16) | 1U << 14);
    size_t number_at = header.n;
    add_number(&header, number_len, head->number & ((UINT64_C(1) << 8 * number_len) - 1));
    memcpy(like.key, seal->key, sizeof like.key);
    memcpy(like.iv, seal->iv, 12);
    seal_nonce(&like, nonce);
    seal_aead(&sealed, &like, nonce, &header, &plain);
    quic_mask(seal, sealed.at + 4 - number_len, mask);
    header.at[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < number_len; i++)
        header.at[number_at + i] ^= mask[1 + i];
    add(out, header.at, header.n);
    add(out, sealed.at, sealed.n);
    drop(&header);
    drop(&plain);
    drop(&sealed);
}

static inline void add_quic_retry(struct bytes *out, const struct quic_head *head)
{
    struct quic_head retry = *head;

    retry.type = LP_QUIC_RETRY;
    add_quic_ids(out, &retry, quic_first_byte(&retry, 1));
    add(out, "token and sixteen bytes of tag", 30);
}

/* A Version Negotiation packet (RFC 9000 17.2.1). */
static inline void add_quic_refusal(struct bytes *out, const char *to, const char *from,
                                    uint32_t offered)
{
    struct quic_head head = {.to = to, .from = from};

    add_quic_ids(out, &head, 0xca);
    add_number(out, 4, 0x1a2a3a4a);
    add_number(out, 4, offered);
}

#endif
