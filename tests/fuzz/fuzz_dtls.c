/*
 * Datagrams of DTLS. In whatever order they come, the same certificates must come out, unless
 * copies contradict each other; no certificate may be reported whose DER does not fill its
 * announced length; and nothing is left charged to the budget.
 *
 * Input: datagrams, each with three bytes in front: the direction (its lowest bit; the second one
 * says that it was cut), and its length.
 */
#include "tls/dtls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { DATAGRAMS_MOST = 256, CERTS_MOST = 4096, BUDGET = 1 << 20 };

struct datagram {
    unsigned dir;
    struct lp_dtls_input input;
};

struct reader {
    struct lp_dtls dtls;
    struct lp_budget budget;
    uint64_t sum; /* over the certificates, whatever their order */
    size_t cert_count;
    bool contradiction;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const void *add_cert(void *ctx, const uint8_t *der, size_t n)
{
    static const char stored;
    struct reader *reader = ctx;
    uint64_t sum = n;

    require(n >= 2 && der[0] == 0x30);
    for (size_t i = 0; i < n; i++)
        sum = sum * 0x100000001b3U + der[i];
    if (reader->cert_count++ == CERTS_MOST)
        return NULL;
    reader->sum += sum;
    return &stored;
}

static void read_all(struct reader *reader, const struct datagram *datagrams, size_t count,
                     bool backwards)
{
    struct lp_tls_circumstances known[2] = {{0}};

    *reader = (struct reader){.budget.limit = BUDGET};
    reader->dtls.tls.add_cert = add_cert;
    reader->dtls.tls.add_ctx = reader;
    reader->dtls.tls.budget = &reader->budget;
    for (size_t i = 0; i < count; i++) {
        const struct datagram *one = &datagrams[backwards ? count - 1 - i : i];
        reader->contradiction |= !lp_dtls_read(&reader->dtls, one->dir, &one->input);
        require(reader->budget.used <= BUDGET);
    }
    lp_dtls_end(&reader->dtls, known);
    for (unsigned dir = 0; dir < 2; dir++)
        reader->contradiction |=
            reader->dtls.half[dir].conflicts > 0 || reader->dtls.half[dir].limited;

    struct lp_arena *arena = lp_arena_new();
    struct lp_session session = {0};
    require(arena && lp_tls_describe(&reader->dtls.tls, known, arena, &session));
    lp_arena_free(arena);
    lp_dtls_free(&reader->dtls);
    require(reader->budget.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct datagram datagrams[DATAGRAMS_MOST];
    static struct reader forwards, backwards;
    struct lp_rd rest = lp_rd_init(bytes, n);
    size_t count = 0;
    uint8_t flags;
    uint16_t length;

    while (count < DATAGRAMS_MOST && lp_rd_u8(&rest, &flags) && lp_rd_u16(&rest, &length)) {
        struct datagram *one = &datagrams[count++];
        one->dir = flags & 1;
        one->input = (struct lp_dtls_input){.bytes = lp_rd_head(&rest, length),
                                            .snapped = flags & 2,
                                            .frame = count,
                                            .time.sec = (int64_t)count};
        require(lp_rd_skip(&rest, one->input.bytes.left));
        (void)lp_dtls_recognise(one->input.bytes);
    }
    read_all(&forwards, datagrams, count, false);
    read_all(&backwards, datagrams, count, true);
    if (!forwards.contradiction && !backwards.contradiction)
        require(forwards.sum == backwards.sum && forwards.cert_count == backwards.cert_count);
    return 0;
}
