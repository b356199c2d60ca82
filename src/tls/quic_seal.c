#include "tls/quic_seal.h"

enum {
    NONCE = 12,
    TAG = 16,
    SAMPLE_AT = 4, /* from the packet number on, which is taken to be as long as it can be */
    HASH = 32,     /* SHA-256, of the Initial secrets */
};

/* ---- keys ---- */

/* RFC 9001 5.1. */
static bool expand(struct lp_crypto *crypto, const struct lp_quic_version *version,
                   enum lp_mac_hash hash, struct lp_rd secret, struct lp_quic_seal *out)
{
    const struct lp_expand key = {hash, secret, version->key}, iv = {hash, secret, version->iv},
                           hp = {hash, secret, version->hp_label};
    size_t n = lp_bulk_key(out->bulk);

    return lp_expand_label(crypto, &key, out->key, n) &&
           lp_expand_label(crypto, &iv, out->iv, NONCE) && lp_expand_label(crypto, &hp, out->hp, n);
}

bool lp_quic_seal_initial(struct lp_crypto *crypto, uint32_t version, struct lp_rd id,
                          struct lp_quic_seal out[2])
{
    static const char *const labels[2] = {"client in", "server in"};
    const struct lp_quic_version *rules = lp_quic_version(version);
    uint8_t common[HASH], secret[HASH];

    if (!rules || lp_rd_end(&id))
        return false;
    const struct lp_rd extract[2] = {lp_rd_init(rules->salt, sizeof rules->salt), id};
    if (!lp_extract(crypto, LP_MAC_SHA256, extract, common))
        return false;
    for (unsigned i = 0; i < 2; i++) {
        const struct lp_expand in = {LP_MAC_SHA256, lp_rd_init(common, HASH), labels[i]};
        out[i].bulk = LP_BULK_AES_128_GCM;
        if (!lp_expand_label(crypto, &in, secret, HASH) ||
            !expand(crypto, rules, LP_MAC_SHA256, lp_rd_init(secret, HASH), &out[i]))
            return false;
    }
    return true;
}

bool lp_quic_seal_secret(struct lp_crypto *crypto, const struct lp_quic_secret *secret,
                         struct lp_quic_seal *out)
{
    const struct lp_quic_version *rules = lp_quic_version(secret->version);
    struct lp_suite suite;

    if (!rules || !lp_suite_read(secret->cipher, &suite) || suite.tag != TAG ||
        secret->bytes.left != lp_mac_size(suite.hash))
        return false;
    out->bulk = suite.bulk;
    return expand(crypto, rules, suite.hash, secret->bytes, out);
}

/* ---- packets ---- */

/* RFC 9000 A.3: the number nearest to the expected one that ends in these bits. */
static uint64_t whole_number(uint64_t expected, uint64_t truncated, unsigned bytes)
{
    uint64_t window = UINT64_C(1) << (8 * bytes), most = UINT64_C(1) << 62;
    uint64_t candidate = (expected & ~(window - 1)) | truncated;

    if (candidate + window / 2 <= expected && candidate < most - window)
        return candidate + window;
    if (candidate > expected + window / 2 && candidate >= window)
        return candidate - window;
    return candidate;
}

/* Takes the mask off a copy of the header, up to and with the packet number. *number_len is how
 * long that is. */
static enum lp_crypto_result unmask(const struct lp_quic_opening *opening,
                                    const struct lp_quic_packet *packet, unsigned *number_len)
{
    enum { LONGEST = 4, TYPE_BITS = 0x0f };
    uint8_t sample[LP_MASK_SAMPLE], mask[LP_MASK];
    struct lp_rd bytes = packet->bytes;
    struct lp_buf *header = opening->header;

    header->len = 0;
    if (!lp_rd_skip(&bytes, packet->number_at + SAMPLE_AT) ||
        !lp_rd_copy(&bytes, sample, sizeof sample) ||
        !lp_header_mask(opening->crypto, opening->seal->bulk, opening->seal->hp, sample, mask))
        return LP_CRYPTO_REFUSED;
    if (lp_buf_append(header, packet->bytes.ptr, packet->number_at + LONGEST) != LP_GROW_OK)
        return LP_CRYPTO_BUDGET;
    header->bytes[0] ^= mask[0] & TYPE_BITS;
    *number_len = 1 + (header->bytes[0] & 3U);
    for (unsigned i = 0; i < *number_len; i++)
        header->bytes[packet->number_at + i] ^= mask[1 + i];
    header->len = packet->number_at + *number_len;
    return LP_CRYPTO_OK;
}

/* RFC 9001 5.3: the IV with the packet number in its last bytes. */
static void mix_nonce(const uint8_t iv[NONCE], uint64_t number, uint8_t nonce[NONCE])
{
    for (unsigned i = NONCE; i-- > 0; number >>= 8)
        nonce[i] = iv[i] ^ (uint8_t)number;
}

static uint64_t read_number(const struct lp_quic_opening *opening, unsigned number_len)
{
    struct lp_rd rd = lp_rd_init(opening->header->bytes, opening->header->len);
    uint64_t truncated = 0;
    uint8_t byte;

    if (!lp_rd_skip(&rd, rd.left - number_len))
        return 0;
    while (lp_rd_u8(&rd, &byte))
        truncated = truncated << 8 | byte;
    return whole_number(opening->expected, truncated, number_len);
}

enum lp_crypto_result lp_quic_open(struct lp_quic_opening *opening,
                                   const struct lp_quic_packet *packet)
{
    struct lp_rd sealed = packet->bytes;
    uint8_t nonce[NONCE];
    unsigned number_len;

    opening->plain->len = 0;
    if (!packet->whole)
        return LP_CRYPTO_REFUSED;
    enum lp_crypto_result result = unmask(opening, packet, &number_len);
    if (result != LP_CRYPTO_OK)
        return result;
    uint64_t number = read_number(opening, number_len);
    mix_nonce(opening->seal->iv, number, nonce);
    const struct lp_aead in = {opening->seal->bulk, opening->seal->key, nonce, TAG,
                               lp_rd_init(opening->header->bytes, opening->header->len)};
    if (!lp_rd_skip(&sealed, opening->header->len))
        return LP_CRYPTO_REFUSED;
    result = lp_aead_open(opening->crypto, &in, sealed, opening->plain);
    if (result == LP_CRYPTO_OK && number >= opening->expected)
        opening->expected = number + 1;
    return result;
}
