/*
 * Two streams: whatever the chunks in which they come, the same must be read; and no certificate
 * may be reported whose DER does not fill its announced length.
 *
 * Input: the chunk's size, how many bytes are the first direction's (two bytes), how the streams
 * end, then the bytes.
 */
#include "tls/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CERTS_MOST = 4096, INPUT_MOST = 60000 };

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

static void read_stream(struct reader *reader, unsigned dir, struct lp_rd bytes, size_t chunk)
{
    size_t total = bytes.left, from = 0, release;

    for (size_t to = 0; to < total;) {
        to = total - to < chunk ? total : to + chunk;
        struct lp_rd part = lp_rd_head(&bytes, to);
        if (!lp_rd_skip(&part, from))
            abort();
        struct lp_tls_input input = {.bytes = part, .offset = from, .packet = packet};
        enum lp_tls_want want = lp_tls_read(&reader->tls, dir, &input, &release);
        if (want != LP_TLS_MORE)
            return;
        require(release <= part.left);
        from += release;
    }
    if (!lp_rd_skip(&bytes, from))
        abort();
    struct lp_tls_input rest = {.bytes = bytes, .offset = from, .packet = packet};
    lp_tls_cut(&reader->tls, dir, LP_TLS_CUT_END, &rest);
}

static struct reader *new_reader(void)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        abort();
    reader->budget.limit = UINT64_C(1) << 26;
    reader->tls.add_cert = add_cert;
    reader->tls.add_ctx = reader;
    reader->tls.budget = &reader->budget;
    return reader;
}

static void free_reader(struct reader *reader)
{
    lp_tls_free(&reader->tls);
    require(reader->budget.used == 0);
    free(reader);
}

static bool same_certs(const struct lp_tls_half *a, const struct lp_tls_half *b)
{
    if (a->cert_count != b->cert_count || a->certificate_seen != b->certificate_seen ||
        a->certificate_complete != b->certificate_complete)
        return false;
    for (size_t i = 0; i < a->cert_count; i++) {
        const uint64_t *left = a->certs[i].stored, *right = b->certs[i].stored;
        if (a->certs[i].complete != b->certs[i].complete ||
            a->certs[i].bytes != b->certs[i].bytes || !left != !right ||
            (left && *left != *right) || a->certs[i].complete != (left != NULL))
            return false;
    }
    return true;
}

static bool same_hello(const struct lp_tls_hello *a, const struct lp_tls_hello *b)
{
    return a->seen == b->seen && a->complete == b->complete && a->version == b->version &&
           a->cipher == b->cipher && a->retry == b->retry && a->psk == b->psk &&
           a->session_id_len == b->session_id_len && a->sni.len == b->sni.len &&
           (a->sni.len == 0 || memcmp(a->sni.bytes, b->sni.bytes, a->sni.len) == 0);
}

static bool same_half(const struct lp_tls_half *a, const struct lp_tls_half *b)
{
    for (unsigned i = 0; i < a->alert_count && i < b->alert_count; i++)
        if (a->alerts[i].code != b->alerts[i].code)
            return false;
    return a->state == b->state && a->is_client == b->is_client && a->is_server == b->is_server &&
           a->key_exchange == b->key_exchange && a->hello_done == b->hello_done &&
           a->client_key_exchange == b->client_key_exchange &&
           a->cipher_change == b->cipher_change && a->application_data == b->application_data &&
           a->alert_count == b->alert_count && a->problem == b->problem && a->cut == b->cut &&
           a->other_records == b->other_records && a->other_bytes == b->other_bytes &&
           same_certs(a, b) && same_hello(&a->hello, &b->hello);
}

/* The zero outcome is the default, so a certificate must be there when it says complete. */
static void check_description(const struct reader *reader, uint8_t ends)
{
    struct lp_tls_circumstances known[2] = {
        {.packets = true, .acks = ends & 1, .closed = ends & 2, .unseen = ends & 4},
        {.packets = true, .limited = ends & 8, .cut_short = ends & 16, .opened = ends & 32}};
    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};

    if (arena && lp_tls_describe(&reader->tls, known, arena, &session)) {
        const struct lp_tls_half *server =
            &reader->tls.half[1 - lp_tls_client(&reader->tls, known)];
        if (session.outcome == LP_OUTCOME_COMPLETE)
            require(server->cert_count > 0 && server->certificate_complete &&
                    server->certs[0].complete);
        require((session.reason == LP_REASON_NONE) == (session.outcome == LP_OUTCOME_COMPLETE));
    }
    lp_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_rd rd = lp_rd_init(bytes, n), stream[2];
    uint8_t chunk, ends;
    uint16_t first;

    if (n > INPUT_MOST || !lp_rd_u8(&rd, &chunk) || !lp_rd_u16(&rd, &first) ||
        !lp_rd_u8(&rd, &ends))
        return 0;
    stream[0] = lp_rd_head(&rd, first);
    if (!lp_rd_skip(&rd, stream[0].left))
        return 0;
    stream[1] = lp_rd_rest(&rd);
    struct reader *whole = new_reader(), *parts = new_reader();
    for (unsigned dir = 0; dir < 2; dir++) {
        read_stream(whole, dir, stream[dir], n);
        read_stream(parts, dir, stream[dir], chunk ? chunk : 1);
        require(same_half(&whole->tls.half[dir], &parts->tls.half[dir]));
        lp_tls_rewind(&parts->tls, dir);
        parts->tls.half[dir].cut = LP_TLS_CUT_NONE; /* which a rewind keeps */
        read_stream(parts, dir, stream[dir], n);
        require(same_half(&whole->tls.half[dir], &parts->tls.half[dir]));
    }
    check_description(whole, ends);
    free_reader(whole);
    free_reader(parts);
    return 0;
}
