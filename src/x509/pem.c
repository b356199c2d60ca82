/*
 * Certificates in files: PEM blocks (RFC 7468) amid whatever else the file says, or plain DER; in
 * either form also PKCS #7 (pkcs7.c).
 *
 * What looks like a certificate (a SEQUENCE that begins with a SEQUENCE) is handed on byte for
 * byte, since its hash is what counts. A block that is none, an empty one above all, is passed
 * over: nobody must ever be told the hash of nothing.
 */
#include "x509/der.h"
#include "x509/pkcs7.h"
#include "x509/x509.h"

#include "base/text.h"

enum content {
    CERTIFICATE,
    TRUSTED, /* OpenSSL's own: its trust settings follow the certificate */
    PKCS7,   /* RFC 7468 8 and 9 */
};

static const struct block {
    const char *begin, *end;
    enum content content;
} blocks[] = {
    {"-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", CERTIFICATE},
    {"-----BEGIN X509 CERTIFICATE-----", "-----END X509 CERTIFICATE-----", CERTIFICATE},
    {"-----BEGIN TRUSTED CERTIFICATE-----", "-----END TRUSTED CERTIFICATE-----", TRUSTED},
    {"-----BEGIN PKCS7-----", "-----END PKCS7-----", PKCS7},
    {"-----BEGIN PKCS #7 SIGNED DATA-----", "-----END PKCS #7 SIGNED DATA-----", PKCS7},
    {"-----BEGIN CMS-----", "-----END CMS-----", PKCS7},
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next line, without its end; CR, LF and CR LF all end one (the last as an empty line more). */
static bool next_line(struct lp_rd *text, struct lp_rd *line)
{
    struct lp_rd ahead = *text;
    uint8_t c = 0;

    if (lp_rd_end(text))
        return false;
    while (lp_rd_u8(&ahead, &c) && c != '\n' && c != '\r')
        continue;
    size_t ending = c == '\n' || c == '\r';
    return lp_rd_sub(text, text->left - ahead.left - ending, line) && lp_rd_skip(text, ending);
}

static struct lp_rd trimmed(struct lp_rd line)
{
    struct lp_rd rest = line, start = line, out = line;
    uint8_t c;

    while (lp_rd_u8(&rest, &c) && is_space(c))
        start = rest;
    rest = start;
    size_t kept = 0;
    while (lp_rd_u8(&rest, &c))
        if (!is_space(c))
            kept = start.left - rest.left;
    return lp_rd_sub(&start, kept, &out) ? out : line;
}

static bool line_is(const struct lp_rd *line, const char *text)
{
    return lp_der_is(line, text, strlen(text));
}

static const struct block *opened_by(const struct lp_rd *line)
{
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (line_is(line, blocks[i].begin))
            return &blocks[i];
    return NULL;
}

/* A certificate at the start of `rd`: all of it, and what is left behind it stays in `rd`. */
static bool take_certificate(struct lp_rd *rd, struct lp_rd *certificate)
{
    struct lp_rd after = *rd;
    struct lp_tlv tlv;

    if (lp_der_any(&after, &tlv) != LP_DER_FINE || tlv.tag != LP_DER_SEQUENCE ||
        !lp_der_next_is(&tlv.body, LP_DER_SEQUENCE))
        return false;
    *certificate = tlv.whole;
    *rd = after;
    return true;
}

struct pem {
    lp_x509_each_fn fn;
    void *ctx;
    const struct block *open; /* the block that the current line is in, or NULL */
    struct lp_buf base64;     /* owned: its text so far, without white space */
    bool found, stop, no_memory;
};

static void deliver_one(struct pem *pem, struct lp_rd certificate)
{
    pem->found = true;
    pem->stop = !pem->fn(pem->ctx, certificate.ptr, certificate.left);
}

/* Every certificate of a PKCS #7 structure. False: it is none. */
static bool deliver_pkcs7(struct pem *pem, struct lp_rd bytes)
{
    struct lp_buf room = {0};
    struct lp_rd set, certificate;
    bool is_one = lp_pkcs7_certificates(bytes, &room, &set, &pem->no_memory);

    while (is_one && !pem->stop && take_certificate(&set, &certificate))
        deliver_one(pem, certificate);
    lp_buf_free(&room);
    return is_one;
}

/* The block's end has come. */
static void deliver(struct pem *pem)
{
    size_t size = pem->base64.len / 4 * 3;
    uint8_t *der = lp_alloc(size);

    if (!der) {
        pem->no_memory = true;
        return;
    }
    const char *text = pem->base64.bytes ? (const char *)pem->base64.bytes : "";
    long n = lp_base64_decode(text, pem->base64.len, der, size);
    struct lp_rd all = lp_rd_init(der, n > 0 ? (size_t)n : 0), rest = all, certificate;
    if (pem->open->content == PKCS7)
        deliver_pkcs7(pem, all);
    else if (take_certificate(&rest, &certificate)) /* what does not belong behind it is for
                                                       lp_x509_facts to tell */
        deliver_one(pem, pem->open->content == TRUSTED ? certificate : all);
    lp_free(der);
}

static void collect(struct pem *pem, struct lp_rd line)
{
    uint8_t c;

    while (lp_rd_u8(&line, &c))
        if (!is_space(c))
            pem->no_memory |= lp_buf_append(&pem->base64, &c, 1) != LP_GROW_OK;
}

static void take_line(struct pem *pem, struct lp_rd line)
{
    const struct block *begins = opened_by(&line);

    if (begins) {
        pem->open = begins; /* also when the one before has no end: it was cut off */
        pem->base64.len = 0;
    } else if (pem->open && line_is(&line, pem->open->end)) {
        deliver(pem);
        pem->open = NULL;
    } else if (pem->open) {
        collect(pem, line);
    }
}

bool lp_x509_each(const uint8_t *bytes, size_t n, lp_x509_each_fn fn, void *ctx)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};
    struct lp_rd text = lp_rd_init(bytes, n), rest = text, line;
    struct pem pem = {.fn = fn, .ctx = ctx};

    if (take_certificate(&rest, &line) && lp_rd_end(&rest)) {
        fn(ctx, line.ptr, line.left); /* the only one: whether to go on does not matter */
        return true;
    }
    if (deliver_pkcs7(&pem, text) || pem.no_memory)
        return pem.found && !pem.no_memory;
    rest = text;
    if (lp_rd_sub(&rest, sizeof byte_order_mark, &line) &&
        lp_der_is(&line, byte_order_mark, sizeof byte_order_mark))
        text = rest;
    while (!pem.stop && !pem.no_memory && next_line(&text, &line))
        take_line(&pem, trimmed(line));
    lp_buf_free(&pem.base64);
    return pem.found && !pem.no_memory;
}

static bool put(struct lp_buf *out, const char *text)
{
    return lp_buf_append(out, text, strlen(text)) == LP_GROW_OK;
}

bool lp_pem_text(struct lp_buf *out, const uint8_t *der, size_t n)
{
    enum { LINE_BYTES = 48 }; /* 64 characters */
    struct lp_rd rest = lp_rd_init(der, n), part;
    char line[LINE_BYTES / 3 * 4 + 1];

    if (!put(out, "-----BEGIN CERTIFICATE-----\n"))
        return false;
    while (!lp_rd_end(&rest)) {
        if (!lp_rd_sub(&rest, rest.left < LINE_BYTES ? rest.left : LINE_BYTES, &part))
            return false;
        lp_base64_text(part.ptr, part.left, line);
        if (!put(out, line) || !put(out, "\n"))
            return false;
    }
    return put(out, "-----END CERTIFICATE-----\n");
}
