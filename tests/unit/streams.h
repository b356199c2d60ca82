/*
 * TLS streams for tests: messages, the records around them, and what a reader makes of both.
 *
 * A `struct bytes` grows at its end. Messages are made first, then cut into records:
 *
 *     struct bytes flight = {0}, wire = {0};
 *     add_server_hello(&flight, &(struct hello){.version = 0x0303, .cipher = 0x002f});
 *     add_certificates(&flight, certs, 2);
 *     add_records(&wire, &flight, 100);      ... in records of at most 100 bytes
 *
 * A `struct reading_rig` feeds such streams to lp_tls_read in chunks; the chunk's number is the
 * frame.
 */
#ifndef LP_TESTS_STREAMS_H
#define LP_TESTS_STREAMS_H

#include "guard.h"

#include "tls/handshake.h"
#include "tls/tls.h"

/* ---- bytes ---- */

struct bytes {
    uint8_t *at; /* owned */
    size_t n, room;
};

static inline void add(struct bytes *b, const void *bytes, size_t n)
{
    if (b->n + n > b->room) {
        b->room = (b->n + n) * 2 + 64;
        b->at = realloc(b->at, b->room);
        assert_non_null(b->at);
    }
    if (n)
        memcpy(b->at + b->n, bytes, n);
    b->n += n;
}

/* A number of so many bytes, big-endian. */
static inline void add_number(struct bytes *b, unsigned size, uint64_t value)
{
    while (size-- > 0) {
        uint8_t byte = (uint8_t)(value >> size * 8);
        add(b, &byte, 1);
    }
}

/* A vector (RFC 5246 4.3). */
static inline void add_vector(struct bytes *b, unsigned size, const void *bytes, size_t n)
{
    add_number(b, size, n);
    add(b, bytes, n);
}

static inline void drop(struct bytes *b)
{
    free(b->at);
    *b = (struct bytes){0};
}

/* ---- messages ---- */

static inline void add_message(struct bytes *b, uint8_t type, const struct bytes *body)
{
    add_number(b, 1, type);
    add_vector(b, 3, body->at, body->n);
}

/* A message of n bytes that say nothing. */
static inline void add_filler(struct bytes *b, uint8_t type, size_t n)
{
    add_number(b, 1, type);
    add_number(b, 3, n);
    for (; n; n--)
        add_number(b, 1, 0xa5);
}

static const uint8_t retry_magic[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

struct hello {
    uint16_t version;
    uint16_t chosen;        /* supported_versions of a ServerHello; 0: none */
    uint16_t cipher;        /* ServerHello */
    const char *session_id; /* text; NULL: empty */
    const char *cookie;     /* ClientHello of DTLS, text; NULL: empty */
    const char *sni;        /* ClientHello; NULL: none */
    bool retry, psk;
    bool draft; /* a ServerHello as drafts of TLS 1.3 up to 21 have it: no session id */
    const struct bytes *extensions; /* these instead of any above, as they stand */
    bool no_extensions;
};

static inline void add_extension(struct bytes *b, uint16_t type, const void *bytes, size_t n)
{
    add_number(b, 2, type);
    add_vector(b, 2, bytes, n);
}

/* server_name (RFC 6066 3) with one host_name. */
static inline void add_sni(struct bytes *b, const void *name, size_t n)
{
    struct bytes entry = {0}, list = {0};

    add_number(&entry, 1, 0);
    add_vector(&entry, 2, name, n);
    add_vector(&list, 2, entry.at, entry.n);
    add_extension(b, 0, list.at, list.n);
    drop(&entry);
    drop(&list);
}

static inline void add_hello_extensions(struct bytes *body, const struct hello *hello, bool client)
{
    struct bytes list = {0};

    if (hello->no_extensions)
        return;
    if (hello->extensions)
        add(&list, hello->extensions->at, hello->extensions->n);
    else if (client && hello->sni)
        add_sni(&list, hello->sni, strlen(hello->sni));
    if (!client && hello->chosen) {
        uint8_t version[2] = {(uint8_t)(hello->chosen >> 8), (uint8_t)hello->chosen};
        add_extension(&list, 43, version, 2);
    }
    if (!client && hello->psk)
        add_extension(&list, 41, "\0\0", 2);
    if (list.n || hello->extensions)
        add_vector(body, 2, list.at, list.n);
    drop(&list);
}

static inline void client_hello_body(struct bytes *body, const struct hello *hello)
{
    static const uint8_t ciphers[] = {0x00, 0x2f, 0xc0, 0x2f, 0x13, 0x01}, null_compression[] = {0};
    const char *id = hello->session_id ? hello->session_id : "";

    add_number(body, 2, hello->version);
    for (unsigned i = 0; i < 32; i++)
        add_number(body, 1, 0x40 + i);
    add_vector(body, 1, id, strlen(id));
    if (lp_version_is_dtls(hello->version))
        add_vector(body, 1, hello->cookie ? hello->cookie : "",
                   hello->cookie ? strlen(hello->cookie) : 0);
    add_vector(body, 2, ciphers, sizeof ciphers);
    add_vector(body, 1, null_compression, sizeof null_compression);
    add_hello_extensions(body, hello, true);
}

static inline void server_hello_body(struct bytes *body, const struct hello *hello)
{
    const char *id = hello->session_id ? hello->session_id : "";

    add_number(body, 2, hello->version);
    for (unsigned i = 0; i < 32; i++)
        add_number(body, 1, hello->retry ? retry_magic[i] : 0x60 + i);
    if (!hello->draft)
        add_vector(body, 1, id, strlen(id));
    add_number(body, 2, hello->cipher);
    if (!hello->draft)
        add_number(body, 1, 0);
    add_hello_extensions(body, hello, false);
}

static inline void add_client_hello(struct bytes *b, const struct hello *hello)
{
    struct bytes body = {0};
    client_hello_body(&body, hello);
    add_message(b, LP_CLIENT_HELLO, &body);
    drop(&body);
}

static inline void add_server_hello(struct bytes *b, const struct hello *hello)
{
    struct bytes body = {0};
    server_hello_body(&body, hello);
    add_message(b, LP_SERVER_HELLO, &body);
    drop(&body);
}

/* A DER SEQUENCE that fills n bytes (at least 4) in the shortest form; `mark` makes it different.
 */
static inline void add_der(struct bytes *b, size_t n, uint8_t mark)
{
    size_t head = n < 2 + 128 ? 2 : n < 3 + 256 ? 3 : n < 4 + 65536 ? 4 : 5;
    size_t body = n - head;

    add_number(b, 1, 0x30);
    if (head == 2) {
        add_number(b, 1, body);
    } else {
        add_number(b, 1, 0x80 + head - 2);
        add_number(b, (unsigned)head - 2, body);
    }
    for (size_t i = 0; i < body; i++)
        add_number(b, 1, (uint8_t)(mark + i % 7));
}

/* A Certificate message (RFC 5246 7.4.2) of DER SEQUENCEs of these lengths, marked 1, 2, 3, ... */
static inline void certificate_body(struct bytes *body, const size_t *sizes, size_t count)
{
    struct bytes list = {0}, der = {0};

    for (size_t i = 0; i < count; i++) {
        der.n = 0;
        add_der(&der, sizes[i], (uint8_t)(i + 1));
        add_vector(&list, 3, der.at, der.n);
    }
    add_vector(body, 3, list.at, list.n);
    drop(&list);
    drop(&der);
}

static inline void add_certificates(struct bytes *b, const size_t *sizes, size_t count)
{
    struct bytes body = {0};
    certificate_body(&body, sizes, count);
    add_message(b, LP_CERTIFICATE, &body);
    drop(&body);
}

/* ---- records ---- */

static inline void add_record(struct bytes *b, uint8_t type, const void *payload, size_t n)
{
    add_number(b, 1, type);
    add_number(b, 2, 0x0301);
    add_vector(b, 2, payload, n);
}

/* Handshake messages in records of at most `most` bytes. */
static inline void add_records(struct bytes *b, const struct bytes *messages, size_t most)
{
    for (size_t at = 0; at < messages->n; at += most)
        add_record(b, LP_RECORD_HANDSHAKE, messages->at + at,
                   messages->n - at < most ? messages->n - at : most);
}

static inline void add_alert(struct bytes *b, uint8_t level, uint8_t code)
{
    uint8_t alert[2] = {level, code};
    add_record(b, LP_RECORD_ALERT, alert, 2);
}

static inline void add_change_cipher(struct bytes *b)
{
    add_record(b, LP_RECORD_CHANGE_CIPHER, "\1", 1);
}

/* Encrypted bytes under a record type. */
static inline void add_secret(struct bytes *b, uint8_t type, size_t n)
{
    struct bytes secret = {0};
    for (; n; n--)
        add_number(&secret, 1, 0x16 + n * 31 % 230);
    add_record(b, type, secret.at, secret.n);
    drop(&secret);
}

/* ---- a reader under test ---- */

struct kept_cert {
    size_t n;
    uint64_t sum; /* stands for the bytes */
};

struct reading_rig {
    struct lp_tls tls;
    struct lp_budget budget;
    struct kept_cert **certs; /* owned, and so is each */
    size_t cert_count;
    unsigned refusals; /* so many calls of add_cert fail */
};

/* FNV-1a: two different runs of bytes in a test do not collide. */
static inline uint64_t sum_of(const uint8_t *bytes, size_t n)
{
    uint64_t sum = 0xcbf29ce484222325U;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3U;
    return sum;
}

static inline const void *reading_rig_cert(void *ctx, const uint8_t *der, size_t n)
{
    struct reading_rig *rig = ctx;

    if (rig->refusals) {
        rig->refusals--;
        return NULL;
    }
    struct kept_cert *kept = malloc(sizeof *kept);
    rig->certs = realloc(rig->certs, (rig->cert_count + 1) * sizeof(struct kept_cert *));
    assert_true(kept && rig->certs);
    *kept = (struct kept_cert){n, sum_of(der, n)};
    rig->certs[rig->cert_count++] = kept;
    return kept;
}

static inline void reading_rig_open(struct reading_rig *rig, uint64_t limit)
{
    memset(rig, 0, sizeof *rig);
    rig->budget.limit = limit ? limit : UINT64_C(1) << 28;
    rig->tls.add_cert = reading_rig_cert;
    rig->tls.add_ctx = rig;
    rig->tls.budget = &rig->budget;
}

static inline void reading_rig_shut(struct reading_rig *rig)
{
    lp_tls_free(&rig->tls);
    assert_int_equal(0, rig->budget.used);
    for (size_t i = 0; i < rig->cert_count; i++)
        free(rig->certs[i]);
    free(rig->certs);
}

/* A stream's bytes and how they came: packet k (from 1) brought chunk k. */
struct wire {
    const uint8_t *bytes;
    size_t n, chunk;
};

enum { WIRE_BASE = 1 << 20 }; /* stream offset of the first byte */

static inline void wire_packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                               struct lp_time *time)
{
    const struct wire *wire = ctx;
    assert_true(from < to && from >= WIRE_BASE && to <= WIRE_BASE + wire->n);
    *frame = (to - WIRE_BASE - 1) / wire->chunk + 1;
    time->sec = (int64_t)*frame;
    time->nsec = 0;
}

/* Bytes [from, to) of the wire. */
static inline struct lp_tls_input wire_input(const struct wire *wire, size_t from, size_t to)
{
    return (struct lp_tls_input){.bytes = lp_rd_init(wire->bytes + from, to - from),
                                 .offset = WIRE_BASE + from,
                                 .ctx = wire,
                                 .packet = wire_packet};
}

/* Chunk after chunk; then, unless the reader was done, the end. How often it asked for room. */
static inline unsigned read_wire(struct reading_rig *rig, unsigned dir, const struct wire *wire,
                                 enum lp_tls_cut cut)
{
    size_t from = 0, to = 0, release = 0;
    unsigned rooms = 0;
    bool again = false;

    while (again || to < wire->n) {
        if (!again)
            to = wire->n - to < wire->chunk ? wire->n : to + wire->chunk;
        struct lp_tls_input input = wire_input(wire, from, to);
        enum lp_tls_want want = lp_tls_read(&rig->tls, dir, &input, &release);
        if (want == LP_TLS_DONE)
            return rooms;
        again = want == LP_TLS_ROOM;
        if (again && ++rooms > 3)
            break;
        from += again ? 0 : release;
        assert_true(from <= to);
    }
    struct lp_tls_input rest = wire_input(wire, from, wire->n);
    lp_tls_cut(&rig->tls, dir, cut, &rest);
    return rooms;
}

/* All at once. */
static inline void read_bytes(struct reading_rig *rig, unsigned dir, const struct bytes *b,
                              enum lp_tls_cut cut)
{
    struct wire wire = {b->at, b->n, b->n ? b->n : 1};
    read_wire(rig, dir, &wire, cut);
}

/* What was made of a direction, in one line, for comparison; frames are left out. */
static inline void tell_half(const struct reading_rig *rig, unsigned dir, char *out, size_t size)
{
    const struct lp_tls_half *half = &rig->tls.half[dir];
    size_t n = (size_t)snprintf(
        out, size, "hello %d%d%d %04x %04x id %u sni %.*s; %d%d cert %d%d; %d%d%d%d%d; alerts",
        half->hello.seen, half->hello.complete, half->hello.retry, half->hello.version,
        half->hello.cipher, half->hello.session_id_len, (int)half->hello.sni.len,
        half->hello.sni.len ? (const char *)half->hello.sni.bytes : "", half->is_client,
        half->is_server, half->certificate_seen, half->certificate_complete, half->key_exchange,
        half->hello_done, half->client_key_exchange, half->cipher_change, half->application_data);

    for (unsigned i = 0; i < half->alert_count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, " %u/%u", half->alerts[i].level,
                              half->alerts[i].code);
    for (size_t i = 0; i < half->cert_count && n < size; i++) {
        const struct kept_cert *kept = half->certs[i].stored;
        assert_int_equal(half->certs[i].complete, kept != NULL);
        n += (size_t)snprintf(out + n, size - n, "; %u %llx", half->certs[i].bytes,
                              kept ? (unsigned long long)kept->sum : 0);
    }
    if (n < size)
        snprintf(out + n, size - n, "; %s", half->problem ? half->problem : "fine");
}

#endif
