/*
 * Which certificates of a headend's text a phone has to expect.
 *
 * The first of these that the text has:
 *
 *   1  "show voice vpn": the values themselves, as CME writes them into the phones' files
 *   2  vpn-trustpoint: the root or the leaf of the trustpoint that it names
 *   3  ssl trust-point: the certificate that the headend presents
 *   4  every certificate and fingerprint, since nothing says which
 *
 * MD5 never counts, since a certHashN is a SHA-1; a finding says so, or people would compare the
 * two.
 */
#include "phone/headend.h"

#include "phone/parts.h"
#include "phone/terminal.h"

#include "base/text.h"

struct choice {
    const struct lp_headend *headend; /* borrowed */
    struct lp_config *out;            /* borrowed */
    struct lp_notes notes;
    bool left_out; /* more hashes than a configuration holds */
};

/* Whether the name is one of those in the list. */
static bool names(const char *list, const char *name)
{
    struct lp_rd rest = lp_rd_init(list, list ? strlen(list) : 0), word;
    size_t n = name ? strlen(name) : 0;

    while (name && lp_word_next(&rest, &word))
        if (word.left == n && memcmp(word.ptr, name, n) == 0)
            return true;
    return false;
}

static bool same_hash(const struct lp_cert_hash *a, const struct lp_cert_hash *b)
{
    return a->digest_len == b->digest_len && memcmp(a->digest, b->digest, a->digest_len) == 0;
}

/* What a phone can compare with. */
static bool counts(const struct lp_headend_item *item)
{
    return item->hash.algorithm != LP_HASH_UNKNOWN && item->hash.algorithm != LP_HASH_MD5;
}

/* A longer digest of a certificate whose SHA-1 stands beside it says nothing more. */
static bool has_sha1_beside(const struct lp_headend *headend, const struct lp_headend_item *item)
{
    if (item->source != LP_HEADEND_FINGERPRINT || item->hash.algorithm == LP_HASH_SHA1)
        return false;
    for (size_t i = 0; i < headend->item_count; i++) {
        const struct lp_headend_item *other = &headend->items[i];
        if (other->source == LP_HEADEND_FINGERPRINT && other->entry == item->entry &&
            other->hash.algorithm == LP_HASH_SHA1)
            return true;
    }
    return false;
}

/* With n 0: the next free number; a hash that is there already is not added again. */
static void expect(struct choice *choice, const struct lp_headend_item *item, unsigned n)
{
    struct lp_config *out = choice->out;

    for (size_t i = 0; i < out->hash_count; i++)
        if (same_hash(&out->hashes[i], &item->hash) || out->hashes[i].n == n)
            return;
    if (out->hash_count == LP_MAX_CERT_HASHES) {
        choice->left_out = true;
        return;
    }
    struct lp_cert_hash *hash = &out->hashes[out->hash_count++];
    *hash = item->hash;
    hash->n = n ? n : (unsigned)out->hash_count;
}

/* ---- what trustpoints hold ---- */

/* The CA's certificate of a trustpoint or its own; a self-signed one is both. Certificates go
 * before fingerprints, of which only SHA-1 will do. NULL: the text does not show it. */
static const struct lp_headend_item *held_by(const struct lp_headend *headend,
                                             const char *trustpoint, bool ca)
{
    const struct lp_headend_item *fingerprint = NULL;

    for (size_t i = 0; i < headend->item_count; i++) {
        const struct lp_headend_item *item = &headend->items[i];
        if (item->source == LP_HEADEND_VALUE || !names(item->trustpoint, trustpoint) ||
            (item->ca != ca && !item->self_signed) || item->hash.algorithm != LP_HASH_SHA1)
            continue;
        if (item->der)
            return item;
        if (!fingerprint)
            fingerprint = item;
    }
    return fingerprint;
}

static void note_missing(struct choice *choice, unsigned long line, const char *trustpoint,
                         bool root)
{
    lp_note(&choice->notes, LP_NOTE_HEADEND_MISSING, line,
            "the %s certificate of trustpoint %.100s is not in the text",
            root ? "root (CA)" : "leaf", trustpoint);
}

/* 1: the values that CME gives to the phones. */
static bool choose_values(struct choice *choice)
{
    bool any = false;

    for (size_t i = 0; i < choice->headend->item_count; i++) {
        const struct lp_headend_item *item = &choice->headend->items[i], *now;
        if (item->source != LP_HEADEND_VALUE)
            continue;
        any = true;
        expect(choice, item, item->hash.n);
        now = held_by(choice->headend, item->trustpoint, item->ca);
        if (now && !same_hash(&now->hash, &item->hash))
            lp_note(&choice->notes, LP_NOTE_HEADEND_STALE, item->line,
                    "certHash%u is %s, but the %s certificate of trustpoint %.100s (line %lu) has "
                    "%s",
                    item->hash.n, item->hash.text, item->ca ? "root (CA)" : "leaf",
                    item->trustpoint, now->line, now->hash.text);
    }
    return any;
}

/* 2: what the configuration will give to them. */
static bool choose_uses(struct choice *choice)
{
    const struct lp_headend *headend = choice->headend;

    for (size_t i = 0; i < headend->use_count; i++) {
        const struct lp_headend_use *use = &headend->uses[i];
        const struct lp_headend_item *item = held_by(headend, use->trustpoint, use->root);
        if (item)
            expect(choice, item, use->n);
        else
            note_missing(choice, use->line, use->trustpoint, use->root);
    }
    return headend->use_count > 0;
}

/* 3: what the headend presents. */
static bool choose_presented(struct choice *choice)
{
    const struct lp_headend *headend = choice->headend;

    for (size_t i = 0; i < headend->presented_count; i++) {
        const struct lp_headend_item *item = held_by(headend, headend->presented[i], false);
        if (item)
            expect(choice, item, 0);
        else
            note_missing(choice, 0, headend->presented[i], false);
    }
    return headend->presented_count > 0;
}

/* 4: everything. */
static void choose_all(struct choice *choice)
{
    for (size_t i = 0; i < choice->headend->item_count; i++) {
        const struct lp_headend_item *item = &choice->headend->items[i];
        if (counts(item) && !has_sha1_beside(choice->headend, item))
            expect(choice, item, 0);
    }
    if (choice->out->hash_count > 1)
        lp_note(&choice->notes, LP_NOTE_HEADEND_ANY, 0,
                "the text names no trustpoint for phones: each of its %zu certificates is expected",
                choice->out->hash_count);
}

/* ---- what else there is to say ---- */

static void note_md5(struct choice *choice)
{
    char hex[33];

    for (size_t i = 0; i < choice->headend->item_count; i++) {
        const struct lp_headend_item *item = &choice->headend->items[i];
        if (item->hash.algorithm != LP_HASH_MD5)
            continue;
        bool beside = has_sha1_beside(choice->headend, item);
        lp_hex_text(item->hash.digest, item->hash.digest_len, hex);
        lp_note(&choice->notes, beside ? LP_NOTE_HEADEND_MD5_BESIDE : LP_NOTE_HEADEND_MD5,
                item->line,
                "the fingerprint %s is an MD5 and can never equal a certHash, which is a SHA-1%s",
                hex, beside ? " (that stands beside it)" : "");
    }
}

static void note_remark(struct choice *choice, const struct lp_headend_remark *remark)
{
    struct lp_notes *notes = &choice->notes;

    switch (remark->fault) {
    case LP_HEADEND_CUT_HASH:
        lp_note(notes, LP_NOTE_HEADEND_HASH, remark->line,
                "not read: \"%.100s\" is no whole digest", remark->text);
        break;
    case LP_HEADEND_CUT_HEX:
        lp_note(notes, LP_NOTE_HEADEND_CERTIFICATE, remark->line,
                "not read: the hex digits of trustpoint %.100s are not one whole certificate",
                remark->text);
        break;
    case LP_HEADEND_CUT_PEM:
        lp_note(notes, LP_NOTE_HEADEND_CERTIFICATE, remark->line,
                "not read: the PEM block is not one whole certificate");
        break;
    case LP_HEADEND_REFERENCE:
        lp_note(notes, LP_NOTE_HEADEND_REFERENCE, remark->line,
                "the certificate of trustpoint %.100s is in a file of the router, not in the text",
                remark->text);
        break;
    case LP_HEADEND_RAW:
        lp_note(notes, LP_NOTE_HEADEND_RAW, remark->line,
                "not read: vpn-trustpoint %.100s names no trustpoint", remark->text);
        break;
    case LP_HEADEND_ALGORITHM:
        lp_note(notes, LP_NOTE_HEADEND_ALGORITHM, remark->line,
                "the hash algorithm is \"%.100s\", not sha-1", remark->text);
        break;
    case LP_HEADEND_FAULT_NUMBER:
        lp_note(notes, LP_NOTE_HEADEND_NUMBER, remark->line,
                "not read: the number \"%.100s\" is out of range", remark->text);
        break;
    }
}

static void note_rest(struct choice *choice)
{
    const struct lp_headend *headend = choice->headend;

    note_md5(choice);
    for (size_t i = 0; i < headend->remark_count; i++)
        note_remark(choice, &headend->remarks[i]);
    if (choice->left_out || headend->left_out)
        lp_note(&choice->notes, LP_NOTE_HEADEND_LEFT_OUT, 0,
                "the text holds more than fits: only the first %d hashes are expected",
                LP_MAX_CERT_HASHES);
    if (choice->out->hash_count == 0)
        lp_note(&choice->notes, LP_NOTE_HEADEND_NO_HASH, 0,
                "the headend's text holds no certificate and no SHA-1 fingerprint that counts");
}

bool lp_headend_config(struct lp_arena *arena, const char *source, const struct lp_headend *headend,
                       struct lp_config *out)
{
    struct choice choice = {.headend = headend, .out = out, .notes.arena = arena};

    memset(out, 0, sizeof *out);
    out->origin = "headend";
    out->source = lp_text_clean(arena, source, strlen(source));
    if (!out->source)
        return false;
    choice.notes.source = out->source;
    out->url_count = headend->url_count;
    memcpy(out->urls, headend->urls, sizeof out->urls);
    /* Where the profiles differ, which one a phone has is not known. */
    out->has_host_id_check = headend->has_host_id_check && !headend->host_id_differs;
    out->host_id_check = out->has_host_id_check && headend->host_id_check;
    if (!choose_values(&choice) && !choose_uses(&choice) && !choose_presented(&choice))
        choose_all(&choice);
    if (out->hash_count == 0)
        out->reason = LP_REASON_NO_CERT_HASH;
    note_rest(&choice);
    return lp_notes_keep(&choice.notes, out);
}
