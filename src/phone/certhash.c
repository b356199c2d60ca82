/*
 * One certHashN: text to digest.
 *
 * The algorithm follows from the decoded length alone. Base64 of a digest and the digest in hex
 * never have the same number of characters (24, 28, 44, 88 against 32, 40, 64, 128), so hex is
 * tried first without a doubt about which was meant. A digest is filled in only where the value is
 * what the phone expects: a value with a fault has none, and can match nothing.
 */
#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"

enum { DIGEST_MAX = 64, HEX_TEXT_MAX = 256 };

static enum lp_hash_algorithm algorithm_of(long length)
{
    switch (length) {
    case 16:
        return LP_HASH_MD5;
    case 20:
        return LP_HASH_SHA1;
    case 32:
        return LP_HASH_SHA256;
    case 64:
        return LP_HASH_SHA512;
    default:
        return LP_HASH_UNKNOWN;
    }
}

/* Copies everything but white space; `out` has room for all of it. The length. */
static size_t squeeze(struct lp_rd rd, char *out)
{
    size_t used = 0;
    uint8_t c;

    while (lp_rd_u8(&rd, &c))
        if (!lp_phone_blank(c))
            out[used++] = (char)c;
    return used;
}

/* The length of the digest whose hex digits these are, with or without separators; 0 for none. */
static size_t hex_digest(const char *text, size_t n, uint8_t digest[DIGEST_MAX])
{
    long length = lp_hex_decode(text, n, true, digest, DIGEST_MAX);
    return algorithm_of(length) == LP_HASH_UNKNOWN ? 0 : (size_t)length;
}

static size_t hex_digest_of_bytes(const uint8_t *bytes, size_t n, uint8_t digest[DIGEST_MAX])
{
    char text[HEX_TEXT_MAX];
    /* longer than any digest in hex with separators and a line end */
    if (n > sizeof text)
        return 0;
    return hex_digest(text, squeeze(lp_rd_init(bytes, n), text), digest);
}

static void set_digest(struct lp_cert_hash *out, const uint8_t *digest, size_t n)
{
    memcpy(out->digest, digest, n);
    out->digest_len = n;
    out->algorithm = algorithm_of((long)n);
    out->fault = LP_HASH_FINE;
}

/* `scratch` has room for n bytes. */
static void classify(const char *text, size_t n, uint8_t *scratch, struct lp_cert_hash *out)
{
    uint8_t meant[DIGEST_MAX];

    if (n == 0) {
        out->fault = LP_HASH_EMPTY;
        return;
    }
    if (hex_digest(text, n, meant)) {
        out->fault = LP_HASH_IS_HEX;
        return;
    }
    long length = lp_base64_decode(text, n, scratch, n);
    if (length < 0)
        out->fault = LP_HASH_NOT_BASE64;
    else if (algorithm_of(length) != LP_HASH_UNKNOWN)
        set_digest(out, scratch, (size_t)length);
    else if (hex_digest_of_bytes(scratch, (size_t)length, meant))
        out->fault = LP_HASH_OF_HEX_TEXT;
    else
        out->fault = LP_HASH_BAD_LENGTH;
}

bool lp_cert_hash_read(struct lp_arena *arena, const char *text, size_t n, struct lp_cert_hash *out)
{
    bool ok = false;
    char *squeezed = lp_alloc(n);
    uint8_t *scratch = lp_alloc(n);

    *out = (struct lp_cert_hash){.n = out->n, .fault = LP_HASH_EMPTY};
    if (!squeezed || !scratch)
        goto out;
    size_t used = squeeze(lp_rd_init(text, n), squeezed);
    out->text = lp_text_clean(arena, squeezed, used);
    if (!out->text)
        goto out;
    classify(squeezed, used, scratch, out);
    ok = true;
out:
    lp_free(scratch);
    lp_free(squeezed);
    return ok;
}

bool lp_cert_hash_typed(struct lp_arena *arena, const char *text, struct lp_cert_hash *out)
{
    uint8_t digest[DIGEST_MAX];

    if (!lp_cert_hash_read(arena, text, strlen(text), out)) {
        out->fault = LP_HASH_FINE; /* nothing is wrong with the text: memory is short */
        return false;
    }
    if (out->fault == LP_HASH_IS_HEX)
        set_digest(out, digest, lp_cert_hash_meant(out, digest));
    return out->fault == LP_HASH_FINE;
}

size_t lp_cert_hash_meant(const struct lp_cert_hash *hash, uint8_t digest[64])
{
    uint8_t decoded[HEX_TEXT_MAX];
    size_t n = strlen(hash->text);

    if (hash->fault == LP_HASH_IS_HEX)
        return hex_digest(hash->text, n, digest);
    if (hash->fault != LP_HASH_OF_HEX_TEXT)
        return 0;
    long length = lp_base64_decode(hash->text, n, decoded, sizeof decoded);
    return length < 0 ? 0 : hex_digest_of_bytes(decoded, (size_t)length, digest);
}

static bool one_byte_repeated(const void *bytes, size_t n)
{
    struct lp_rd rd = lp_rd_init(bytes, n);
    uint8_t first, c;

    if (!lp_rd_u8(&rd, &first))
        return false;
    while (lp_rd_u8(&rd, &c))
        if (c != first)
            return false;
    return true;
}

/* Whether the text, in either case, contains one of the words that stand where a value should. */
static bool holds_filler(struct lp_rd rd)
{
    static const char *const words[] = {"hash", "replace", "changeme", "placeholder", "base64",
                                        "xxx",  "todo",    "example",  "insert",      "..."};
    char lower[64] = {0};
    size_t used = 0;
    uint8_t c;

    while (used + 1 < sizeof lower && lp_rd_u8(&rd, &c))
        lower[used++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (!lp_rd_end(&rd)) /* as long as a real value, or longer */
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(lower, words[i]))
            return true;
    return false;
}

bool lp_cert_hash_is_placeholder(const struct lp_cert_hash *hash)
{
    struct lp_rd rd = lp_rd_init(hash->text, strlen(hash->text)), rest = rd;
    uint8_t first;

    if (hash->fault == LP_HASH_FINE)
        return one_byte_repeated(hash->digest, hash->digest_len);
    if (!lp_rd_u8(&rest, &first))
        return false;
    return one_byte_repeated(hash->text, rd.left) || strchr("<[{(%$", first) || holds_filler(rd);
}

bool lp_cert_hash_is_of_nothing(const struct lp_cert_hash *hash)
{
    static const char *const nothing[] = {
        "1B2M2Y8AsgTpgAmY7PhCfg==",                     /* MD5 */
        "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",                 /* SHA-1 */
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", /* SHA-256 */
    };

    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(hash->text, nothing[i]) == 0)
            return true;
    return false;
}
