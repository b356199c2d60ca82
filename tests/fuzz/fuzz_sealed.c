/*
 * What stands in encrypted records: the harness has the keys and seals whatever the input says.
 * Whichever direction comes first and in whatever chunks, the same must be read, and no certificate
 * may be reported whose DER does not fill its announced length.
 *
 * Input: the chunk's size, the version (even: TLS 1.3, odd: TLS 1.2), what the ClientHello offers;
 * then records: a byte of flags, a length (two bytes), the content.
 */
#include "tls/decrypt.h"
#include "tls/tls.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum {
    CERTS_MOST = 4096,
    STREAM_MOST = 1 << 17,
    RECORD_MOST = 16384,
    SECRET = 32,
    MASTER = 48,
    TAG = 16,
    /* flags */
    FROM_SERVER = 1,
    TYPE_SHIFT = 1, /* two bits */
    IN_CLEAR = 8,
    BROKEN = 16,
};

struct stream {
    uint8_t bytes[STREAM_MOST];
    size_t n;
    struct lp_seal seal;
};

struct reader {
    struct lp_tls tls;
    struct lp_budget budget;
    uint64_t certs[CERTS_MOST]; /* a sum over the bytes of each */
    size_t cert_count;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* ---- making the streams ---- */

static void put(struct stream *stream, const void *bytes, size_t n)
{
    require(n <= sizeof stream->bytes - stream->n);
    if (n)
        memcpy(stream->bytes + stream->n, bytes, n);
    stream->n += n;
}

static void put_header(struct stream *stream, uint8_t type, size_t n)
{
    const uint8_t header[5] = {type, 3, 3, (uint8_t)(n >> 8), (uint8_t)n};
    put(stream, header, sizeof header);
}

/* AES-128-GCM as TLS 1.3 and TLS 1.2 use it. */
static void put_sealed(struct stream *stream, uint8_t type, const uint8_t *content, size_t n)
{
    struct lp_seal *seal = &stream->seal;
    bool tls13 = seal->version == 0x0304;
    uint8_t nonce[12], data[13] = {0}, plain[RECORD_MOST + 1], sealed[RECORD_MOST + 1], tag[TAG];
    size_t inner = n + tls13, outer = inner + TAG + (tls13 ? 0 : 8);
    int made = 0, more = 0;

    if (n)
        memcpy(plain, content, n);
    plain[n] = type;
    memcpy(nonce, seal->iv, sizeof nonce);
    data[7] = (uint8_t)seal->sequence;
    data[8] = type;
    data[9] = data[10] = 3;
    data[11] = (uint8_t)(n >> 8);
    data[12] = (uint8_t)n;
    if (tls13)
        nonce[11] ^= (uint8_t)seal->sequence;
    else
        memset(nonce + 4, 0, 8);
    put_header(stream, tls13 ? 23 : type, outer);
    if (!tls13)
        put(stream, nonce + 4, 8);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    require(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, seal->key, nonce) == 1);
    const uint8_t *covered = tls13 ? stream->bytes + stream->n - 5 : data;
    require(EVP_EncryptUpdate(ctx, NULL, &made, covered, tls13 ? 5 : 13) == 1 &&
            EVP_EncryptUpdate(ctx, sealed, &made, plain, (int)inner) == 1 &&
            EVP_EncryptFinal_ex(ctx, sealed + made, &more) == 1 &&
            EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    put(stream, sealed, inner);
    put(stream, tag, TAG);
    seal->sequence++;
}

static void put_hellos(struct stream *client, struct stream *server, bool tls13, uint8_t offers)
{
    uint8_t hello[128] = {1, 0, 0, 0, 3, 3};
    const uint8_t change[] = {1};
    size_t n = 6 + 32 + 1; /* random and session id are zeros */

    memcpy(hello + n, "\0\2\x13\1\1\0", 6);
    n += 6 + 2;
    memcpy(hello + n, "\0\x2b\0\3\2\3\4", 7);
    n += 7;
    if (offers & 1) {
        memcpy(hello + n, "\0\x2a\0\0", 4);
        n += 4;
    }
    if (offers & 2) {
        memcpy(hello + n, "\0\x31\0\0", 4);
        n += 4;
    }
    hello[3] = (uint8_t)(n - 4);
    hello[46] = (uint8_t)(n - 47);
    put_header(client, 22, n);
    put(client, hello, n);
    if (!tls13) {
        put_header(client, 20, 1);
        put(client, change, 1);
    }
    memset(hello, 0, sizeof hello);
    hello[0] = 2;
    hello[4] = hello[5] = 3;
    n = 6 + 32 + 1;
    memcpy(hello + n, tls13 ? "\x13\1\0\0\6\0\x2b\0\2\3\4" : "\xc0\x2f\0", tls13 ? 11 : 3);
    n += tls13 ? 11 : 3;
    hello[3] = (uint8_t)(n - 4);
    put_header(server, 22, n);
    put(server, hello, n);
    if (!tls13) {
        put_header(server, 20, 1);
        put(server, change, 1);
    }
}

static void make_keys(struct lp_crypto *crypto, struct stream streams[2], bool tls13)
{
    static const uint8_t zeros[MASTER];

    for (unsigned dir = 0; dir < 2; dir++) {
        struct lp_seal_12 in = {0x0303, 0xc02f, dir == 0, false, lp_rd_init(zeros, MASTER),
                                zeros,  zeros};
        require(tls13 ? lp_seal_13(crypto, 0x1301, lp_rd_init(zeros, SECRET), &streams[dir].seal)
                      : lp_seal_12(crypto, &in, &streams[dir].seal));
    }
}

static void put_records(struct stream streams[2], struct lp_rd script)
{
    static const uint8_t types[] = {22, 21, 23, 20};
    uint8_t flags;
    struct lp_rd content;

    while (lp_rd_u8(&script, &flags) && lp_rd_vec(&script, 2, &content)) {
        struct stream *stream = &streams[flags & FROM_SERVER];
        uint8_t type = types[flags >> TYPE_SHIFT & 3];
        if (content.left >= RECORD_MOST || sizeof stream->bytes - stream->n < RECORD_MOST + 100)
            return;
        if (flags & IN_CLEAR) {
            put_header(stream, type, content.left);
            put(stream, content.ptr, content.left);
            continue;
        }
        put_sealed(stream, type, content.ptr, content.left);
        if (flags & BROKEN)
            stream->bytes[stream->n - 1] ^= 1;
    }
}

/* ---- reading them ---- */

static const void *add_cert(void *ctx, const uint8_t *der, size_t n)
{
    struct reader *reader = ctx;
    uint64_t sum = n;

    require(n >= 2 && der[0] == 0x30);
    for (size_t i = 0; i < n; i++)
        sum = sum * 0x100000001b3U + der[i];
    if (reader->cert_count == CERTS_MOST)
        return NULL;
    reader->certs[reader->cert_count] = sum;
    return &reader->certs[reader->cert_count++];
}

static void packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    (void)ctx;
    require(from < to);
    *frame = 1;
    time->sec = 0;
    time->nsec = 0;
}

struct turn {
    const struct stream *stream;
    size_t from, to;
    bool done, waits;
};

static struct lp_tls_input input_of(const struct turn *turn)
{
    return (struct lp_tls_input){
        .bytes = lp_rd_init(turn->stream->bytes + turn->from, turn->to - turn->from),
        .offset = turn->from,
        .packet = packet};
}

static void offer(struct reader *reader, struct turn turns[2], unsigned dir)
{
    bool again = true;

    while (again && !turns[dir].done) {
        struct lp_tls_input input = input_of(&turns[dir]);
        size_t release;
        enum lp_tls_want want = lp_tls_read(&reader->tls, dir, &input, &release);
        turns[dir].done = want == LP_TLS_DONE || want == LP_TLS_ROOM;
        turns[dir].waits = want == LP_TLS_WAIT;
        require(release <= input.bytes.left);
        turns[dir].from += turns[dir].done ? 0 : release;
        again = lp_tls_news(&reader->tls, dir) && turns[1 - dir].waits;
        dir = again ? 1 - dir : dir;
    }
}

static void read_both(struct reader *reader, const struct stream streams[2], unsigned first,
                      size_t chunk)
{
    struct turn turns[2] = {{.stream = &streams[0]}, {.stream = &streams[1]}};

    for (unsigned i = 0; i < 2; i++) {
        unsigned dir = i ? 1 - first : first;
        while (turns[dir].to < streams[dir].n) {
            size_t left = streams[dir].n - turns[dir].to;
            turns[dir].to += left < chunk ? left : chunk;
            offer(reader, turns, dir);
        }
    }
    first = turns[0].waits;
    for (unsigned i = 0; i < 2; i++) {
        unsigned dir = i ? 1 - first : first;
        offer(reader, turns, dir);
        struct lp_tls_input rest = input_of(&turns[dir]);
        if (!turns[dir].done)
            lp_tls_cut(&reader->tls, dir, LP_TLS_CUT_END, &rest);
    }
}

static struct reader *new_reader(struct lp_tls_keys *keys)
{
    struct reader *reader = calloc(1, sizeof *reader);

    require(reader != NULL);
    reader->budget.limit = UINT64_C(1) << 26;
    reader->tls.add_cert = add_cert;
    reader->tls.add_ctx = reader;
    reader->tls.budget = &reader->budget;
    reader->tls.keys = keys;
    return reader;
}

static void free_reader(struct reader *reader)
{
    lp_tls_free(&reader->tls);
    require(reader->budget.used == 0);
    free(reader);
}

static void require_same(const struct reader *a, const struct reader *b)
{
    const struct lp_tls *left = &a->tls, *right = &b->tls;

    for (; left && right; left = left->next, right = right->next) {
        for (unsigned dir = 0; dir < 2; dir++) {
            const struct lp_tls_half *one = &left->half[dir], *other = &right->half[dir];
            require(one->cert_count == other->cert_count &&
                    one->certificate_complete == other->certificate_complete &&
                    one->wrong_key == other->wrong_key && one->finished == other->finished);
            for (size_t i = 0; i < one->cert_count; i++) {
                require(one->certs[i].complete == other->certs[i].complete);
                require(!one->certs[i].complete || *(const uint64_t *)one->certs[i].stored ==
                                                       *(const uint64_t *)other->certs[i].stored);
            }
        }
    }
    require(left == right); /* both at their end */
}

static void log_zeros(struct lp_keylog *log)
{
    static const char *const labels[] = {"CLIENT_RANDOM", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                                         "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                         "CLIENT_TRAFFIC_SECRET_0"};

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        char line[256];
        int n = snprintf(line, sizeof line, "%s %064d %0*d\n", labels[i], 0,
                         i ? 2 * SECRET : 2 * MASTER, 0);
        require(lp_keylog_add(log, lp_rd_init(line, (size_t)n)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_tls_keys keys = {.log = lp_keylog_new(1), .crypto = lp_crypto_new()};
    struct stream *streams = calloc(2, sizeof *streams);
    struct lp_rd script = lp_rd_init(bytes, n);
    uint8_t chunk, version, offers;

    require(keys.log && keys.crypto && streams);
    if (lp_rd_u8(&script, &chunk) && lp_rd_u8(&script, &version) && lp_rd_u8(&script, &offers)) {
        struct reader *one = new_reader(&keys), *other = new_reader(&keys);
        bool tls13 = version % 2 == 0;
        log_zeros(keys.log);
        make_keys(keys.crypto, streams, tls13);
        put_hellos(&streams[0], &streams[1], tls13, offers);
        put_records(streams, script);
        read_both(one, streams, 0, STREAM_MOST);
        read_both(other, streams, 1, chunk + 1U);
        require_same(one, other);
        free_reader(one);
        free_reader(other);
    }
    free(streams);
    lp_keylog_free(keys.log);
    lp_crypto_free(keys.crypto);
    lp_buf_free(&keys.plain);
    return 0;
}
