/*
 * Headend text: lines to hashes and certificates.
 *
 * terminal.c hands over plain lines; each is looked at word by word, in either case, and what is
 * not known is passed over. headend_value.c reads the values that some of the lines begin.
 *
 *     crypto pki certificate chain NAME           the chain that the next lines belong to
 *      certificate [self-signed|ca] SERIAL        then hex digits, then quit
 *     vpn-trustpoint 1 trustpoint NAME root       CME: whose hash the phones are given
 *     VPN Trustpoint 1 trustpoint NAME root HASH  CME, show voice vpn: that hash
 *     vpn-gateway 1 URL                           CME: url1
 *     Fingerprint SHA1: 481A6986 ...              show crypto pki certificates verbose
 *     ssl trust-point NAME outside                ASA: what an interface presents
 */
#include "phone/headend_reader.h"

#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"

const char *lp_headend_keep(struct lp_headend_reader *r, struct lp_rd word)
{
    enum { NAME_MOST = 128 };
    struct lp_rd part = lp_rd_head(&word, NAME_MOST);
    const char *text = lp_text_clean(r->arena, part.ptr, part.left);

    r->no_memory |= !text;
    return text;
}

void lp_headend_remark(struct lp_headend_reader *r, enum lp_headend_fault fault, unsigned long line,
                       struct lp_rd about)
{
    if (r->out->remark_count == LP_HEADEND_REMARKS)
        r->out->left_out = true;
    else
        r->out->remarks[r->out->remark_count++] =
            (struct lp_headend_remark){fault, line, lp_headend_keep(r, about)};
}

/* "vpn-trustpoint 1 trustpoint NAME root" */
static void take_use(struct lp_headend_reader *r, const struct lp_words *words)
{
    unsigned n = lp_word_number(words->at[1], LP_MAX_CERT_HASHES);

    if (!lp_words_begin(words, "* * trustpoint *"))
        lp_headend_remark(r, LP_HEADEND_RAW, r->line, words->at[1]);
    else if (!n)
        lp_headend_remark(r, LP_HEADEND_FAULT_NUMBER, r->line, words->at[1]);
    else if (r->out->use_count == LP_HEADEND_USES)
        r->out->left_out = true;
    else
        r->out->uses[r->out->use_count++] =
            (struct lp_headend_use){r->line, n, lp_headend_keep(r, words->at[3]),
                                    words->count > 4 && lp_word_is(words->at[4], "root")};
}

/* The number and the URL stand at these places. */
static void take_gateway(struct lp_headend_reader *r, const struct lp_words *words, size_t n_at,
                         size_t url_at)
{
    unsigned n = lp_word_number(words->at[n_at], LP_MAX_URLS);
    struct lp_rd text = words->at[url_at];

    if (!n) {
        lp_headend_remark(r, LP_HEADEND_FAULT_NUMBER, r->line, words->at[n_at]);
        return;
    }
    for (size_t i = 0; i < r->out->url_count; i++)
        if (r->out->urls[i].n == n)
            return; /* "show" output behind the configuration says it again */
    if (r->out->url_count == LP_MAX_URLS)
        return;
    struct lp_url *url = &r->out->urls[r->out->url_count++];
    r->no_memory |= !lp_url_read(r->arena, (const char *)text.ptr, text.left, url);
    url->n = n;
}

static void take_algorithm(struct lp_headend_reader *r, struct lp_rd word)
{
    if (lp_headend_algorithm(word) != LP_HASH_SHA1)
        lp_headend_remark(r, LP_HEADEND_ALGORITHM, r->line, word);
}

static void take_host_id_check(struct lp_headend_reader *r, bool on)
{
    struct lp_headend *out = r->out;

    out->host_id_differs |= out->has_host_id_check && out->host_id_check != on;
    out->has_host_id_check = true;
    out->host_id_check = on;
}

static void take_presented(struct lp_headend_reader *r, struct lp_rd name)
{
    if (r->out->presented_count == LP_HEADEND_PRESENTED)
        r->out->left_out = true;
    else
        r->out->presented[r->out->presented_count++] = lp_headend_keep(r, name);
}

/* "CA Certificate", "Router Self-Signed Certificate", "Router General Purpose certificate
 * configured:": what follows is about one certificate. */
static bool take_heading(struct lp_headend_reader *r, const struct lp_words *words)
{
    size_t last = words->count - 1;

    if (words->count > 5)
        return false;
    if (last > 0 && lp_word_is(words->at[last], "configured:"))
        last--;
    if (!lp_word_is(words->at[last], "certificate"))
        return false;
    r->entry++;
    r->entry_ca = lp_word_is(words->at[0], "ca") || lp_words_begin(words, "issuing ca");
    r->entry_self_signed = lp_words_begin(words, "* self-signed");
    return true;
}

/* "Associated Trustpoints: NAME ..." stands behind the fingerprints that it is about. */
static void name_entry(struct lp_headend_reader *r, struct lp_rd names)
{
    names = lp_phone_trim((const char *)names.ptr, names.left);
    for (size_t i = 0; i < r->out->item_count; i++) {
        struct lp_headend_item *item = &r->out->items[i];
        if (item->source == LP_HEADEND_FINGERPRINT && item->entry == r->entry)
            item->trustpoint = lp_headend_keep(r, names);
    }
}

static bool take_crypto(struct lp_headend_reader *r, const struct lp_words *words)
{
    if (!lp_words_begin(words, "crypto pki") && !lp_words_begin(words, "crypto ca"))
        return false;
    if (lp_words_begin(words, "* * certificate chain *")) {
        r->chain = lp_headend_keep(r, words->at[4]);
    } else if (lp_words_begin(words, "* * export *")) {
        r->exported = lp_headend_keep(r, words->at[3]);
    } else if (lp_words_begin(words, "* * trustpoint *")) {
        r->trustpoint = lp_headend_keep(r, words->at[3]);
        r->entry++;
        r->entry_ca = true; /* "fingerprint" there is what the CA's must be */
    }
    return true;
}

static bool take_voice_vpn(struct lp_headend_reader *r, const struct lp_words *words)
{
    if (lp_words_begin(words, "vpn trustpoint hash in *"))
        take_algorithm(r, words->at[4]);
    else if (lp_words_begin(words, "vpn trustpoint * *"))
        lp_headend_take_shown(r, words);
    else if (lp_words_begin(words, "vpn gateway * url *"))
        take_gateway(r, words, 2, 4);
    else if (lp_words_begin(words, "vpn-trustpoint * *"))
        take_use(r, words);
    else if (lp_words_begin(words, "vpn-gateway * *"))
        take_gateway(r, words, 1, 2);
    else if (lp_words_begin(words, "vpn-hash-algorithm *"))
        take_algorithm(r, words->at[1]);
    else if (lp_words_begin(words, "host-id-check *"))
        take_host_id_check(r, lp_word_is(words->at[1], "enable"));
    else if (lp_words_begin(words, "the host_id_check setting: *"))
        take_host_id_check(r, !lp_word_is(words->at[3], "0"));
    else
        return false;
    return true;
}

static void take_line(struct lp_headend_reader *r, struct lp_rd line)
{
    struct lp_words words = lp_words_split(line);

    if (words.count == 0 || lp_headend_begin_pem(r, line) || lp_headend_begin_hex(r, &words))
        return;
    if (lp_words_begin(&words, "certificate serial *"))
        r->out->listed = true;
    else if (lp_words_begin(&words, "associated trustpoints: *") ||
             lp_words_begin(&words, "associated trustpoint: *"))
        name_entry(r, words.rest[1]);
    else if (words.count == 2 && lp_words_begin(&words, "trustpoint"))
        r->trustpoint = lp_headend_keep(r, lp_word_without(words.at[1], ':'));
    else if (lp_words_begin(&words, "ssl trust-point *") ||
             lp_words_begin(&words, "ssl trustpoint *"))
        take_presented(r, words.at[2]);
    else if (lp_words_begin(&words, "pki trustpoint * sign"))
        take_presented(r, words.at[2]);
    else if (!take_crypto(r, &words) && !take_voice_vpn(r, &words) && !take_heading(r, &words))
        lp_headend_take_fingerprint(r, &words);
}

bool lp_headend_read(struct lp_arena *arena, const void *bytes, size_t n, struct lp_headend *out)
{
    struct lp_headend_reader r = {.arena = arena, .out = out, .digester = lp_digester_new()};
    struct lp_terminal terminal = {.line = 0};
    struct lp_phone_text text;
    struct lp_buf room = {0};
    struct lp_rd line;
    bool ok = false;

    memset(out, 0, sizeof *out);
    if (!r.digester || !lp_phone_text(lp_rd_init(bytes, n), &room, &text))
        goto out;
    terminal.rest = text.rd;
    terminal.line = text.skipped;
    while (!r.no_memory && lp_terminal_next(&terminal, &line)) {
        r.line = terminal.line;
        if (!lp_headend_continue(&r, line))
            take_line(&r, line);
    }
    if (!r.no_memory)
        lp_headend_finish(&r);
    ok = !r.no_memory && !terminal.no_memory;
out:
    lp_terminal_end(&terminal);
    lp_buf_free(&room);
    lp_buf_free(&r.bytes);
    lp_buf_free(&r.value);
    lp_digester_free(r.digester);
    return ok;
}

bool lp_headend_found(const struct lp_headend *headend)
{
    if (headend->use_count || headend->url_count || headend->listed || headend->presented_count)
        return true;
    for (size_t i = 0; i < headend->item_count; i++)
        if (headend->items[i].source != LP_HEADEND_PEM)
            return true;
    for (size_t i = 0; i < headend->remark_count; i++)
        if (headend->remarks[i].fault != LP_HEADEND_CUT_PEM)
            return true;
    return false;
}
