/*
 * How it works: a cipher suite's name says all that decryption must know of it, so the names are
 * read instead of keeping a second table of numbers. Records are opened one by one by their
 * sequence number: only TLS 1.0 chains them, by the last block of ciphertext.
 */
#include "tls/decrypt.h"

#include "leafprint/leafprint.h"

#include <string.h>

enum {
    TLS10 = 0x0301,
    TLS11 = 0x0302,
    TLS12 = 0x0303,
    TLS13 = 0x0304,
    NONCE = 12,
    SALT = 4, /* the part of a nonce that is not on the wire (RFC 5288 3) */
    TAG = 16,
    SHORT_TAG = 8,
};

/* ---- cipher suites ---- */

/* How the name goes on behind "WITH_". The longer one of two that begin alike comes first. */
static const struct {
    const char *name;
    struct lp_suite suite;
} bulk_names[] = {
    {"AES_128_GCM_", {.bulk = LP_BULK_AES_128_GCM, .tag = TAG}},
    {"AES_256_GCM_", {.bulk = LP_BULK_AES_256_GCM, .tag = TAG}},
    {"ARIA_128_GCM_", {.bulk = LP_BULK_ARIA_128_GCM, .tag = TAG}},
    {"ARIA_256_GCM_", {.bulk = LP_BULK_ARIA_256_GCM, .tag = TAG}},
    {"CHACHA20_POLY1305_", {.bulk = LP_BULK_CHACHA20_POLY1305, .tag = TAG}},
    {"AES_128_CCM_8", {.bulk = LP_BULK_AES_128_CCM, .tag = SHORT_TAG}},
    {"AES_256_CCM_8", {.bulk = LP_BULK_AES_256_CCM, .tag = SHORT_TAG}},
    {"AES_128_CCM", {.bulk = LP_BULK_AES_128_CCM, .tag = TAG}},
    {"AES_256_CCM", {.bulk = LP_BULK_AES_256_CCM, .tag = TAG}},
    {"AES_128_CBC_", {.bulk = LP_BULK_AES_128_CBC}},
    {"AES_256_CBC_", {.bulk = LP_BULK_AES_256_CBC}},
    {"CAMELLIA_128_CBC_", {.bulk = LP_BULK_CAMELLIA_128_CBC}},
    {"CAMELLIA_256_CBC_", {.bulk = LP_BULK_CAMELLIA_256_CBC}},
    {"3DES_EDE_CBC_", {.bulk = LP_BULK_3DES_CBC}},
};

/* How the name ends. Without any of them (CCM) it is SHA-256 (RFC 6655 3). */
static const struct {
    const char *name;
    enum lp_mac_hash hash;
} hash_names[] = {
    {"_SHA384", LP_MAC_SHA384},
    {"_SHA256", LP_MAC_SHA256},
    {"_SHA", LP_MAC_SHA1},
    {"_MD5", LP_MAC_MD5},
};

static enum lp_mac_hash hash_of(const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < sizeof hash_names / sizeof hash_names[0]; i++) {
        size_t end = strlen(hash_names[i].name);
        if (n >= end && strcmp(name + n - end, hash_names[i].name) == 0)
            return hash_names[i].hash;
    }
    return LP_MAC_SHA256;
}

bool lp_suite_read(uint16_t cipher, struct lp_suite *out)
{
    const char *name = lp_cipher_name(cipher);
    const char *with = name ? strstr(name, "_WITH_") : NULL;

    if (!name)
        return false;
    with =
        with ? with + strlen("_WITH_") : name + strlen("TLS_"); /* TLS 1.3 names no key exchange */
    for (size_t i = 0; i < sizeof bulk_names / sizeof bulk_names[0]; i++) {
        if (strncmp(with, bulk_names[i].name, strlen(bulk_names[i].name)) != 0)
            continue;
        *out = bulk_names[i].suite;
        out->mac = hash_of(name);
        /* The PRF is SHA-256's unless the suite says otherwise (RFC 5246 5). */
        out->hash = out->mac == LP_MAC_SHA384 ? LP_MAC_SHA384 : LP_MAC_SHA256;
        return true;
    }
    return false;
}

/* ---- keys ---- */

static bool expand(struct lp_crypto *crypto, const struct lp_seal *seal, const char *label,
                   uint8_t *out, size_t n)
{
    struct lp_expand in = {seal->suite.hash, lp_rd_init(seal->secret, seal->secret_len), label};
    return lp_expand_label(crypto, &in, out, n);
}

/* RFC 8446 7.3. */
static bool set_keys_13(struct lp_crypto *crypto, struct lp_seal *seal)
{
    seal->sequence = 0;
    return expand(crypto, seal, "key", seal->key, lp_bulk_key(seal->suite.bulk)) &&
           expand(crypto, seal, "iv", seal->iv, NONCE);
}

bool lp_seal_13(struct lp_crypto *crypto, uint16_t cipher, struct lp_rd secret, struct lp_seal *out)
{
    *out = (struct lp_seal){.version = TLS13, .secret_len = secret.left};
    if (!lp_suite_read(cipher, &out->suite) || lp_bulk_block(out->suite.bulk) ||
        secret.left != lp_mac_size(out->suite.hash) ||
        !lp_rd_copy(&secret, out->secret, out->secret_len))
        return false;
    return set_keys_13(crypto, out);
}

bool lp_seal_update(struct lp_crypto *crypto, struct lp_seal *seal)
{
    uint8_t next[LP_SECRET_MOST];

    if (!expand(crypto, seal, "traffic upd", next, seal->secret_len))
        return false;
    memcpy(seal->secret, next, seal->secret_len);
    return set_keys_13(crypto, seal);
}

/* The client's part of each kind stands before the server's: MAC keys, keys, IVs. */
static bool cut_key_block(struct lp_rd block, bool from_client, const size_t sizes[3],
                          uint8_t *const out[3])
{
    struct lp_rd client, server;

    for (unsigned i = 0; i < 3; i++) {
        if (!lp_rd_sub(&block, sizes[i], &client) || !lp_rd_sub(&block, sizes[i], &server) ||
            !lp_rd_copy(from_client ? &client : &server, out[i], sizes[i]))
            return false;
    }
    return true;
}

bool lp_seal_12(struct lp_crypto *crypto, const struct lp_seal_12 *in, struct lp_seal *out)
{
    enum { MASTER = 48, RANDOM = 32 };
    uint8_t bytes[2 * (LP_SECRET_MOST + 32 + 16)];

    *out = (struct lp_seal){.version = in->version, .encrypt_then_mac = in->encrypt_then_mac};
    if (in->version < TLS10 || in->version > TLS12 || in->master.left != MASTER ||
        !lp_suite_read(in->cipher, &out->suite))
        return false;
    size_t block = lp_bulk_block(out->suite.bulk);
    if (block == 0 && in->version != TLS12)
        return false;
    size_t iv = block ? block : out->suite.bulk == LP_BULK_CHACHA20_POLY1305 ? NONCE : SALT;
    const size_t sizes[3] = {block ? lp_mac_size(out->suite.mac) : 0, lp_bulk_key(out->suite.bulk),
                             iv};
    uint8_t *const parts[3] = {out->mac_key, out->key, out->iv};
    size_t n = 2 * (sizes[0] + sizes[1] + sizes[2]);
    struct lp_prf prf = {
        in->version == TLS12 ? out->suite.hash : LP_MAC_MD5_SHA1,
        in->master,
        "key expansion",
        {lp_rd_init(in->server_random, RANDOM), lp_rd_init(in->client_random, RANDOM)}};
    return lp_prf(crypto, &prf, bytes, n) &&
           cut_key_block(lp_rd_init(bytes, n), in->from_client, sizes, parts);
}

/* ---- records ---- */

/* Big-endian, `n` bytes. */
static void put(uint8_t *out, uint64_t value, unsigned n)
{
    while (n > 0) {
        out[--n] = (uint8_t)value;
        value >>= 8;
    }
}

/* RFC 8446 5.3, RFC 7905 2. */
static void mix_nonce(const struct lp_seal *seal, uint8_t nonce[NONCE])
{
    uint8_t sequence[NONCE] = {0};

    put(sequence + NONCE - 8, seal->sequence, 8);
    for (unsigned i = 0; i < NONCE; i++)
        nonce[i] = seal->iv[i] ^ sequence[i];
}

enum { HEADER = 5, FACTS = 8 + HEADER };

/* What the MAC and the AEAD of TLS 1.2 cover besides the content (RFC 5246 6.2.3.1, 6.2.3.3). */
static void put_facts(const struct lp_seal *seal, const struct lp_record *record, size_t length,
                      uint8_t facts[FACTS])
{
    put(facts, seal->sequence, 8);
    put(facts + 8, record->type, 1);
    put(facts + 9, record->version, 2);
    put(facts + 11, length, 2);
}

static enum lp_crypto_result open_13(struct lp_crypto *crypto, const struct lp_seal *seal,
                                     const struct lp_record *record, struct lp_buf *out)
{
    uint8_t nonce[NONCE], header[HEADER];
    struct lp_aead in = {seal->suite.bulk, seal->key, nonce, seal->suite.tag,
                         lp_rd_init(header, sizeof header)};

    put(header, record->type, 1);
    put(header + 1, record->version, 2);
    put(header + 3, record->payload.left, 2);
    mix_nonce(seal, nonce);
    return lp_aead_open(crypto, &in, record->payload, out);
}

static enum lp_crypto_result open_aead_12(struct lp_crypto *crypto, const struct lp_seal *seal,
                                          const struct lp_record *record, struct lp_buf *out)
{
    uint8_t nonce[NONCE], facts[FACTS];
    struct lp_aead in = {seal->suite.bulk, seal->key, nonce, seal->suite.tag,
                         lp_rd_init(facts, sizeof facts)};
    struct lp_rd sealed = record->payload;

    mix_nonce(seal, nonce);
    if (seal->suite.bulk != LP_BULK_CHACHA20_POLY1305) {
        memcpy(nonce, seal->iv, SALT);
        if (!lp_rd_copy(&sealed, nonce + SALT, NONCE - SALT))
            return LP_CRYPTO_REFUSED;
    }
    if (sealed.left < in.tag)
        return LP_CRYPTO_REFUSED;
    put_facts(seal, record, sealed.left - in.tag, facts);
    return lp_aead_open(crypto, &in, sealed, out);
}

static bool mac_is_right(struct lp_crypto *crypto, const struct lp_seal *seal,
                         const struct lp_record *record, struct lp_rd covered, struct lp_rd mac)
{
    uint8_t facts[FACTS];

    put_facts(seal, record, covered.left, facts);
    const struct lp_rd parts[2] = {lp_rd_init(facts, sizeof facts), covered};
    return lp_hmac_is(crypto, seal->suite.mac, seal->mac_key, parts, mac);
}

/* RFC 5246 6.2.3.2: so many bytes of its own value, and the length itself. The content is what is
 * left. */
static bool strip_padding(struct lp_rd *plain)
{
    struct lp_rd copy = *plain, content;
    uint8_t byte, padding;

    if (copy.left == 0 || !lp_rd_skip(&copy, copy.left - 1) || !lp_rd_u8(&copy, &padding) ||
        plain->left < padding + 1U)
        return false;
    copy = *plain;
    if (!lp_rd_sub(&copy, plain->left - padding - 1, &content))
        return false;
    while (lp_rd_u8(&copy, &byte))
        if (byte != padding)
            return false;
    *plain = content;
    return true;
}

/* Decrypts behind what `out` holds already, and leaves the content there. */
static enum lp_crypto_result open_blocks(struct lp_crypto *crypto, const struct lp_seal *seal,
                                         const struct lp_record *record, struct lp_rd blocks,
                                         struct lp_buf *out)
{
    size_t block = lp_bulk_block(seal->suite.bulk), before = out->len;
    size_t mac_len = seal->encrypt_then_mac ? 0 : lp_mac_size(seal->suite.mac);
    struct lp_cbc in = {seal->suite.bulk, seal->key, lp_rd_init(seal->iv, block)};
    struct lp_rd content, plain;

    if (seal->version >= TLS11 && !lp_rd_sub(&blocks, block, &in.iv))
        return LP_CRYPTO_REFUSED;
    enum lp_crypto_result result = lp_cbc_decrypt(crypto, &in, blocks, out);
    if (result != LP_CRYPTO_OK)
        return result;
    plain = lp_rd_init(out->bytes, out->len);
    out->len = before;
    if (!lp_rd_skip(&plain, before) || !strip_padding(&plain) || plain.left < mac_len ||
        !lp_rd_sub(&plain, plain.left - mac_len, &content))
        return LP_CRYPTO_REFUSED;
    if (mac_len && !mac_is_right(crypto, seal, record, content, plain))
        return LP_CRYPTO_REFUSED;
    out->len += content.left;
    return LP_CRYPTO_OK;
}

static enum lp_crypto_result open_cbc(struct lp_crypto *crypto, const struct lp_seal *seal,
                                      const struct lp_record *record, struct lp_buf *out)
{
    struct lp_rd mac = record->payload, blocks = mac;
    size_t mac_len = lp_mac_size(seal->suite.mac);

    if (!seal->encrypt_then_mac)
        return open_blocks(crypto, seal, record, blocks, out);
    if (mac.left < mac_len || !lp_rd_sub(&mac, mac.left - mac_len, &blocks) ||
        !mac_is_right(crypto, seal, record, blocks, mac))
        return LP_CRYPTO_REFUSED;
    return open_blocks(crypto, seal, record, blocks, out);
}

enum lp_crypto_result lp_seal_open(struct lp_crypto *crypto, struct lp_seal *seal,
                                   const struct lp_record *record, struct lp_buf *out)
{
    enum lp_crypto_result result;

    if (seal->version == TLS13)
        result = open_13(crypto, seal, record, out);
    else if (lp_bulk_block(seal->suite.bulk))
        result = open_cbc(crypto, seal, record, out);
    else
        result = open_aead_12(crypto, seal, record, out);
    if (result == LP_CRYPTO_OK)
        lp_seal_skip(seal, record);
    return result;
}

void lp_seal_skip(struct lp_seal *seal, const struct lp_record *record)
{
    size_t block = lp_bulk_block(seal->suite.bulk);
    size_t behind = seal->encrypt_then_mac ? lp_mac_size(seal->suite.mac) : 0;
    struct lp_rd payload = record->payload;

    seal->sequence++;
    if (seal->version != TLS10 || !block || payload.left < block + behind)
        return;
    if (!lp_rd_skip(&payload, payload.left - behind - block) ||
        !lp_rd_copy(&payload, seal->iv, block))
        seal->sequence = 0; /* cannot happen, and would verify nothing */
}
