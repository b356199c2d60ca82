/*
 * QUIC, with a key log of random secrets and without one. Headers and frames are read as they come;
 * then the frames of the input are sealed by the right keys, so that what is behind the protection
 * is reached as well. No certificate may be reported whose DER does not fill its announced length,
 * and nothing is left charged to the budget.
 *
 * Input: datagrams, each with three bytes in front: flags (below), and its length. One that is to
 * be sealed is the frames of a packet.
 */
#include "tls/quic.h"

#include <openssl/evp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { BUDGET = 1 << 20, DATAGRAMS_MOST = 128, FRAMES_MOST = 2000, CERTS_MOST = 4096 };
enum { SERVER = 1, SNAPPED = 2, SEALED = 4, HANDSHAKE = 8, SECOND = 16, OTHER_ID = 32 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* ---- sealing ---- */

static const char log_lines[] =
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET "
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f "
    "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1\n"
    "SERVER_HANDSHAKE_TRAFFIC_SECRET "
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f "
    "5151515151515151515151515151515151515151515151515151515151515151\n";

static void keys_of(struct lp_crypto *crypto, uint8_t flags, uint32_t version,
                    struct lp_quic_seal *out)
{
    struct lp_quic_seal seal[2];
    uint8_t secret[32];
    bool server = flags & SERVER;

    memset(secret, server ? 0x51 : 0xc1, sizeof secret);
    require(lp_quic_seal_initial(crypto, version,
                                 lp_rd_init(flags & OTHER_ID ? "other id" : "first id", 8), seal));
    *out = seal[server];
    if (flags & HANDSHAKE)
        require(lp_quic_seal_secret(
            crypto, &(struct lp_quic_secret){version, 0x1301, lp_rd_init(secret, 32)}, out));
}

/* A packet of these frames; room for a hundred bytes more. Returns its length. */
static size_t seal(struct lp_crypto *crypto, uint8_t flags, struct lp_rd frames, uint8_t *out)
{
    static const uint8_t ids[] = "\x08other id\0";
    uint32_t version = flags & SECOND ? 0x6b3343cf : 1;
    unsigned type = (flags & HANDSHAKE ? 2 : 0) + (flags & SECOND ? 1 : 0);
    size_t n = 0, length = 1 + frames.left + 16;
    struct lp_quic_seal keys;
    uint8_t mask[LP_MASK];
    int len;

    keys_of(crypto, flags, version, &keys);
    out[n++] = (uint8_t)(0xc0 | type << 4);
    for (unsigned shift = 32; shift; shift -= 8)
        out[n++] = (uint8_t)(version >> (shift - 8));
    memcpy(out + n, ids, 10);
    if (!(flags & OTHER_ID))
        memcpy(out + n + 1, "first id", 8);
    n += 10;
    if (!(flags & HANDSHAKE))
        out[n++] = 0;
    out[n++] = (uint8_t)(0x40 | length >> 8);
    out[n++] = (uint8_t)length;
    size_t number_at = n;
    out[n++] = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    require(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, keys.key, keys.iv) == 1);
    require(EVP_EncryptUpdate(ctx, NULL, &len, out, (int)n) == 1);
    require(EVP_EncryptUpdate(ctx, out + n, &len, frames.ptr, (int)frames.left) == 1);
    n += frames.left;
    require(EVP_EncryptFinal_ex(ctx, out + n, &len) == 1);
    require(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + n) == 1);
    EVP_CIPHER_CTX_free(ctx);
    require(lp_header_mask(crypto, keys.bulk, keys.hp, out + number_at + 4, mask));
    out[0] ^= mask[0] & 0x0f;
    out[number_at] ^= mask[1];
    return n + 16;
}

/* ---- reading ---- */

static size_t cert_count;

static const void *add_cert(void *ctx, const uint8_t *der, size_t n)
{
    static const char stored;

    (void)ctx;
    require(n >= 2 && der[0] == 0x30);
    return cert_count++ == CERTS_MOST ? NULL : &stored;
}

static void finish(struct lp_quic *quic)
{
    struct lp_tls_circumstances known[2] = {{0}};
    struct lp_session session = {0};
    struct lp_arena *arena = lp_arena_new();

    lp_quic_end(quic, known);
    require(arena && lp_tls_describe(&quic->tls, known, arena, &session));
    lp_arena_free(arena);
    lp_quic_free(quic);
    require(quic->tls.budget->used == 0);
}

static void read_all(struct lp_crypto *crypto, struct lp_tls_keys *keys, struct lp_rd rest)
{
    static uint8_t packet[FRAMES_MOST + 100];
    struct lp_budget budget = {.limit = BUDGET};
    struct lp_quic quic = {.crypto = crypto,
                           .tls = {.add_cert = add_cert, .budget = &budget, .keys = keys}};
    uint8_t flags;
    uint16_t length;

    cert_count = 0;
    for (uint64_t frame = 1;
         frame < DATAGRAMS_MOST && lp_rd_u8(&rest, &flags) && lp_rd_u16(&rest, &length); frame++) {
        struct lp_rd body = lp_rd_head(&rest, length);
        require(lp_rd_skip(&rest, body.left));
        struct lp_quic_input input = {
            .bytes = body, .snapped = flags & SNAPPED, .frame = frame, .time.sec = (int64_t)frame};
        if (flags & SEALED && body.left >= 4 && body.left <= FRAMES_MOST)
            input.bytes = lp_rd_init(packet, seal(crypto, flags, body, packet));
        (void)lp_quic_recognise(input.bytes);
        (void)lp_quic_read(&quic, flags & SERVER, &input);
        require(budget.used <= BUDGET);
    }
    finish(&quic);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct lp_crypto *crypto; /* fetches algorithms, which takes time */
    crypto = crypto ? crypto : lp_crypto_new();
    struct lp_tls_keys keys = {.log = lp_keylog_new(1), .crypto = crypto};

    require(keys.log && keys.crypto &&
            lp_keylog_add(keys.log, lp_rd_init(log_lines, sizeof log_lines - 1)));
    read_all(keys.crypto, NULL, lp_rd_init(bytes, n));
    read_all(keys.crypto, &keys, lp_rd_init(bytes, n));
    lp_keylog_free(keys.log);
    lp_buf_free(&keys.plain);
    return 0;
}
