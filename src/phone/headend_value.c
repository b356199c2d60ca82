/*
 * Digests and certificates in headend text.
 *
 * Three things go over several lines, and the reader remembers that it is inside one: the hex
 * digits of a certificate (until "quit"), a PEM block, and a hash that a narrow terminal broke. A
 * value counts only when it is whole: hex must be one DER element to the last byte, a fingerprint
 * and a Base64 value must have a digest's length. What is not whole becomes a remark.
 */
#include "phone/headend_reader.h"

#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"

enum {
    DIGEST_MAX = 64,
    CERTIFICATE_MOST = 64 * 1024,
    VALUE_MOST = 4 * DIGEST_MAX, /* characters: hex with separators is the longest */
};

/* NULL: no room, and noted. */
static struct lp_headend_item *new_item(struct lp_headend_reader *r, enum lp_headend_source source)
{
    if (r->out->item_count == LP_HEADEND_ITEMS) {
        r->out->left_out = true;
        return NULL;
    }
    struct lp_headend_item *item = &r->out->items[r->out->item_count++];
    *item = (struct lp_headend_item){.source = source, .line = r->line};
    return item;
}

/* ---- hex digits ---- */

static bool is_hex(struct lp_rd word)
{
    uint8_t c;

    if (lp_rd_end(&word))
        return false;
    while (lp_rd_u8(&word, &c))
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    return true;
}

/* Groups of at most eight digits, and nothing else. */
static bool is_hex_line(struct lp_rd line)
{
    enum { GROUP = 8 };
    struct lp_rd word;

    while (lp_word_next(&line, &word))
        if (word.left > GROUP || !is_hex(word))
            return false;
    return true;
}

static void gather(struct lp_headend_reader *r, struct lp_buf *buf, struct lp_rd part)
{
    r->no_memory |= lp_buf_append(buf, part.ptr, part.left) != LP_GROW_OK;
}

static void gather_words(struct lp_headend_reader *r, struct lp_buf *buf, struct lp_rd line)
{
    struct lp_rd word;

    while (lp_word_next(&line, &word))
        gather(r, buf, word);
}

/* ---- certificates ---- */

struct found {
    struct lp_headend_reader *reader;
    enum lp_headend_source source;
    size_t count;
};

static void set_sha1(struct lp_headend_reader *r, struct lp_headend_item *item)
{
    uint8_t sha256[32];
    char base64[29];

    if (!lp_digest_cert(r->digester, item->der, item->der_len, item->hash.digest, sha256)) {
        r->no_memory = true;
        return;
    }
    item->hash.digest_len = 20;
    item->hash.algorithm = LP_HASH_SHA1;
    lp_base64_text(item->hash.digest, item->hash.digest_len, base64);
    item->hash.text = lp_arena_text(r->arena, base64);
    r->no_memory |= !item->hash.text;
}

static bool on_certificate(void *ctx, const uint8_t *der, size_t n)
{
    struct found *found = ctx;
    struct lp_headend_reader *r = found->reader;
    struct lp_headend_item *item = new_item(r, found->source);

    found->count++;
    if (!item)
        return false;
    item->line = r->bytes_line;
    item->trustpoint = found->source == LP_HEADEND_CHAIN ? r->chain : r->exported;
    item->ca = found->source == LP_HEADEND_CHAIN && r->hex_ca;
    item->self_signed = found->source == LP_HEADEND_CHAIN && r->hex_self_signed;
    item->der = lp_arena_copy(r->arena, der, n);
    item->der_len = n;
    if (item->der)
        set_sha1(r, item);
    r->no_memory |= !item->der;
    return !r->no_memory;
}

/* What was gathered since bytes_line is one certificate, or a remark. */
static void end_hex(struct lp_headend_reader *r)
{
    struct found found = {r, LP_HEADEND_CHAIN, 0};
    struct lp_rd chain = lp_rd_init(r->chain, strlen(r->chain));
    uint8_t *der = lp_alloc(r->bytes.len / 2 + 1);

    r->in_hex = false;
    if (!der) {
        r->no_memory = true;
        return;
    }
    const char *digits = r->bytes.bytes ? (const char *)r->bytes.bytes : "";
    long n = lp_hex_decode(digits, r->bytes.len, false, der, r->bytes.len / 2 + 1);
    /* Lines that the pager swallowed make the element's own length wrong. */
    if (n > 0 && n <= CERTIFICATE_MOST)
        lp_x509_each(der, (size_t)n, on_certificate, &found);
    if (!found.count)
        lp_headend_remark(r, LP_HEADEND_CUT_HEX, r->bytes_line, chain);
    lp_free(der);
}

/* "certificate [KIND] SERIAL [nvram:FILE]", which "Certificate Usage: Signature" is not. */
static bool is_certificate(const struct lp_words *words)
{
    static const char *const kinds[] = {"ca",         "self-signed", "rollover",  "rollover-ca",
                                        "ra-general", "ra-sign",     "ra-encrypt"};

    if (words->count < 2 || !lp_words_begin(words, "certificate"))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (words->count > 2 && lp_word_is(words->at[1], kinds[i]))
            return true;
    return is_hex(words->at[1]);
}

bool lp_headend_begin_hex(struct lp_headend_reader *r, const struct lp_words *words)
{
    if (!r->chain || !is_certificate(words))
        return false;
    r->out->listed = true;
    r->bytes_line = r->line;
    r->bytes.len = 0;
    r->hex_ca = lp_word_is(words->at[1], "ca") || lp_word_is(words->at[1], "rollover-ca");
    r->hex_self_signed = lp_word_is(words->at[1], "self-signed");
    /* "nvram:name.cer" instead of digits */
    r->in_hex = is_hex(words->at[words->count - 1]);
    if (!r->in_hex)
        lp_headend_remark(r, LP_HEADEND_REFERENCE, r->line, lp_rd_init(r->chain, strlen(r->chain)));
    return true;
}

static bool is_pem_line(struct lp_rd line, const char *mark)
{
    return lp_word_begins(line, mark) && lp_phone_holds(line, "CERTIFICATE-----");
}

bool lp_headend_begin_pem(struct lp_headend_reader *r, struct lp_rd line)
{
    if (!is_pem_line(line, "-----begin"))
        return false;
    r->in_pem = true;
    r->bytes_line = r->line;
    r->bytes.len = 0;
    gather(r, &r->bytes, line);
    gather(r, &r->bytes, lp_rd_init("\n", 1));
    return true;
}

static void take_pem(struct lp_headend_reader *r, struct lp_rd line)
{
    struct found found = {r, LP_HEADEND_PEM, 0};

    if (is_pem_line(line, "-----begin")) { /* the one before has no end: it was cut off */
        lp_headend_remark(r, LP_HEADEND_CUT_PEM, r->bytes_line, lp_rd_init("", 0));
        (void)lp_headend_begin_pem(r, line);
        return;
    }
    gather(r, &r->bytes, line);
    gather(r, &r->bytes, lp_rd_init("\n", 1));
    if (!is_pem_line(line, "-----end"))
        return;
    r->in_pem = false;
    lp_x509_each(r->bytes.bytes, r->bytes.len, on_certificate, &found);
    if (!found.count)
        lp_headend_remark(r, LP_HEADEND_CUT_PEM, r->bytes_line, lp_rd_init("", 0));
}

/* ---- hashes ---- */

static struct lp_headend_item *last_item(struct lp_headend_reader *r)
{
    return &r->out->items[r->out->item_count - 1];
}

/* Reads what was gathered. False: it is no digest (yet). */
static bool read_value(struct lp_headend_reader *r, struct lp_headend_item *item)
{
    struct lp_cert_hash hash = {.n = item->hash.n};
    char base64[89];

    if (!lp_cert_hash_read(r->arena, (const char *)r->value.bytes, r->value.len, &hash)) {
        r->no_memory = true;
        return false;
    }
    bool hex = hash.fault == LP_HASH_IS_HEX;
    if (hex != (item->source == LP_HEADEND_FINGERPRINT))
        return false;
    if (hex) {
        hash.digest_len = lp_cert_hash_meant(&hash, hash.digest);
        hash.fault = LP_HASH_FINE;
        hash.algorithm = hash.digest_len == 16   ? LP_HASH_MD5
                         : hash.digest_len == 20 ? LP_HASH_SHA1
                         : hash.digest_len == 32 ? LP_HASH_SHA256
                                                 : LP_HASH_SHA512;
        lp_base64_text(hash.digest, hash.digest_len, base64);
        hash.text = lp_arena_text(r->arena, base64);
        r->no_memory |= !hash.text;
    }
    if (hash.fault != LP_HASH_FINE || (r->labelled && hash.algorithm != r->labelled))
        return false;
    item->hash = hash;
    return true;
}

/* Ends a hash that never became a digest: the item goes, a remark stays. */
static void drop_hash(struct lp_headend_reader *r)
{
    const struct lp_headend_item *item = last_item(r);

    r->in_hash = false;
    lp_headend_remark(r, LP_HEADEND_CUT_HASH, item->line, lp_rd_init(r->value.bytes, r->value.len));
    r->out->item_count--;
}

/* Hex digits with the separators that fingerprints have. */
static bool is_fingerprint_part(struct lp_rd word)
{
    uint8_t c;

    while (lp_rd_u8(&word, &c))
        if (c != ':' && c != '-' && !is_hex(lp_rd_init(&c, 1)))
            return false;
    return true;
}

/* Adds what belongs to the value. In Base64 that is one word, and what follows is another sentence;
 * of a fingerprint it is every word in hex. */
static bool take_value(struct lp_headend_reader *r, struct lp_rd line)
{
    struct lp_headend_item *item = last_item(r);
    bool hex = item->source == LP_HEADEND_FINGERPRINT;
    struct lp_rd word;

    while (lp_word_next(&line, &word) && word.left <= VALUE_MOST && r->value.len <= VALUE_MOST &&
           (!hex || is_fingerprint_part(word))) {
        gather(r, &r->value, word);
        if (!hex)
            break;
    }
    r->in_hash = !r->no_memory && !read_value(r, item);
    return !r->in_hash;
}

static void begin_hash(struct lp_headend_reader *r, struct lp_headend_item *item, struct lp_rd line)
{
    if (!item)
        return;
    r->in_hash = true;
    r->value.len = 0;
    take_value(r, line);
}

/* The line behind an unfinished value: its rest, if a narrow terminal broke it. True: that is what
 * the line was. */
static bool continue_hash(struct lp_headend_reader *r, struct lp_rd line)
{
    bool hex = last_item(r)->source == LP_HEADEND_FINGERPRINT;

    if ((!hex || is_hex_line(line)) && take_value(r, line))
        return true;
    drop_hash(r);
    return false;
}

/* Some words before the label say that the digest is of something else. */
static bool is_of_request(const struct lp_words *words, size_t label)
{
    for (size_t i = 0; i < label; i++)
        if (lp_word_is(words->at[i], "request"))
            return true;
    return false;
}

enum lp_hash_algorithm lp_headend_algorithm(struct lp_rd word)
{
    static const struct {
        const char *name;
        enum lp_hash_algorithm algorithm;
    } names[] = {{"md5", LP_HASH_MD5},        {"sha1", LP_HASH_SHA1},
                 {"sha-1", LP_HASH_SHA1},     {"sha256", LP_HASH_SHA256},
                 {"sha-256", LP_HASH_SHA256}, {"sha512", LP_HASH_SHA512}};

    word = lp_word_without(word, ':');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lp_word_is(word, names[i].name))
            return names[i].algorithm;
    return LP_HASH_UNKNOWN;
}

/* "Fingerprint SHA1: 481A6986 ...", "Fingerprint: dbc1e67d ...", "SHA1 Fingerprint=48:1A:..." */
bool lp_headend_take_fingerprint(struct lp_headend_reader *r, const struct lp_words *words)
{
    static const char glued[] = "fingerprint=";
    size_t i = 0;

    while (i < words->count && !lp_word_is(lp_word_without(words->at[i], ':'), "fingerprint") &&
           !lp_word_begins(words->at[i], glued))
        i++;
    if (i == words->count)
        return false;
    struct lp_rd value = words->rest[i], word = words->at[i];
    r->labelled = i ? lp_headend_algorithm(words->at[i - 1]) : LP_HASH_UNKNOWN;
    if (lp_word_begins(word, glued) && lp_rd_skip(&word, sizeof glued - 1))
        value = word;
    else if (i + 1 < words->count && lp_headend_algorithm(words->at[i + 1])) {
        r->labelled = lp_headend_algorithm(words->at[i + 1]);
        value = words->rest[i + 1];
    }
    struct lp_rd ahead = value;
    if (is_of_request(words, i) || (!r->labelled && !lp_word_next(&ahead, &word)))
        return true;
    if (!r->labelled && !is_fingerprint_part(word))
        return false; /* a sentence about fingerprints */
    struct lp_headend_item *item = new_item(r, LP_HEADEND_FINGERPRINT);
    if (item) {
        item->entry = r->entry;
        item->trustpoint = r->trustpoint;
        item->ca = r->entry_ca;
        item->self_signed = r->entry_self_signed;
    }
    begin_hash(r, item, value);
    return true;
}

/* "VPN Trustpoint 1 trustpoint NAME root HASH" */
void lp_headend_take_shown(struct lp_headend_reader *r, const struct lp_words *words)
{
    unsigned n = lp_word_number(words->at[2], LP_MAX_CERT_HASHES);

    if (!lp_words_begin(words, "* * * trustpoint *") || words->count < 6) {
        lp_headend_remark(r, LP_HEADEND_RAW, r->line, words->at[1]);
        return;
    }
    if (!n) {
        lp_headend_remark(r, LP_HEADEND_FAULT_NUMBER, r->line, words->at[2]);
        return;
    }
    struct lp_headend_item *item = new_item(r, LP_HEADEND_VALUE);
    if (item) {
        item->trustpoint = lp_headend_keep(r, words->at[4]);
        item->ca = lp_word_is(words->at[5], "root");
        item->hash.n = n;
    }
    r->labelled = LP_HASH_SHA1; /* the only algorithm that CME has */
    begin_hash(r, item, words->rest[5]);
}

/* ---- over several lines ---- */

/* Whether the line cannot stand among a certificate's digits: "quit" is missing. */
static bool ends_hex(struct lp_rd line)
{
    struct lp_words words = lp_words_split(line);
    return lp_words_begin(&words, "crypto") || lp_words_begin(&words, "!") ||
           is_certificate(&words);
}

bool lp_headend_continue(struct lp_headend_reader *r, struct lp_rd line)
{
    if (r->in_pem) {
        take_pem(r, line);
        return true;
    }
    if (r->in_hash)
        return continue_hash(r, line);
    if (!r->in_hex)
        return false;
    if (is_hex_line(line)) {
        gather_words(r, &r->bytes, line);
        return true;
    }
    bool quit = lp_word_is(line, "quit");
    if (!quit && !ends_hex(line))
        return true; /* a message of the console: what it tore apart will not be whole */
    end_hex(r);
    return quit;
}

void lp_headend_finish(struct lp_headend_reader *r)
{
    if (r->in_hex)
        end_hex(r);
    if (r->in_pem)
        lp_headend_remark(r, LP_HEADEND_CUT_PEM, r->bytes_line, lp_rd_init("", 0));
    if (r->in_hash)
        drop_hash(r);
}
