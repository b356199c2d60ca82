/*
 * From a file's bytes to certificates and hashes.
 *
 * The kinds are tried from the one that is hardest to mistake: a trust list has a header of its
 * own, a headend's text has commands that nothing else has, a certificate is DER or a PEM block,
 * and a list of hashes has nothing else on any line. Certificates inside a headend's text or a
 * trust list are listed like those of a certificate file, with what the text says about them.
 */
#include "scan/material.h"

#include "base/text.h"
#include "phone/headend.h"
#include "phone/phone.h"
#include "scan/certstore.h"
#include "x509/x509.h"

#include <string.h>

const char *lp_material_name(enum lp_material_kind kind)
{
    static const char *const names[] = {
        [LP_MATERIAL_NONE] = "nothing",    [LP_MATERIAL_CERTIFICATES] = "certificate",
        [LP_MATERIAL_HEADEND] = "headend", [LP_MATERIAL_TRUST_LIST] = "trust-list",
        [LP_MATERIAL_HASHES] = "hash",
    };
    return names[kind];
}

struct reading {
    struct lp_material *out;     /* borrowed */
    struct lp_cert_store *store; /* owned */
    bool no_memory;
};

static bool add_item(struct lp_material *out, const struct lp_listed *item)
{
    if (!lp_grow_array(&out->items, &out->cap, out->count + 1, sizeof *out->items))
        return false;
    out->items[out->count++] = *item;
    return true;
}

static bool same_hash(const struct lp_cert_hash *a, const struct lp_cert_hash *b)
{
    return a->digest_len == b->digest_len && memcmp(a->digest, b->digest, a->digest_len) == 0;
}

/* NULL: not listed yet. */
static struct lp_listed *listed(struct lp_material *out, const struct lp_cert_hash *hash)
{
    for (size_t i = 0; i < out->count; i++)
        if (same_hash(&out->items[i].hash, hash))
            return &out->items[i];
    return NULL;
}

/* The SHA-1 of a certificate as an expected value. */
static bool hash_of(struct lp_arena *arena, const struct lp_cert *cert, struct lp_cert_hash *out)
{
    char base64[29];

    lp_base64_text(cert->sha1, sizeof cert->sha1, base64);
    *out = (struct lp_cert_hash){.algorithm = LP_HASH_SHA1, .digest_len = sizeof cert->sha1};
    memcpy(out->digest, cert->sha1, sizeof cert->sha1);
    out->text = lp_arena_text(arena, base64);
    return out->text != NULL;
}

/* `item` with the certificate of these bytes in it. */
static bool add_certificate(struct reading *reading, struct lp_listed item, const uint8_t *der,
                            size_t n)
{
    item.cert = lp_cert_store_add(reading->store, der, n);
    if (item.cert && hash_of(reading->out->arena, item.cert, &item.hash) &&
        add_item(reading->out, &item))
        return true;
    reading->no_memory = true;
    return false;
}

/* A finding of the file as a whole. */
static bool note(struct lp_material *out, const char *code, const char *message, const char *remedy)
{
    struct lp_finding *finding = lp_arena_alloc(out->arena, sizeof *finding);

    if (!finding || !message)
        return false;
    *finding = (struct lp_finding){
        .severity = LP_WARNING, .code = code, .session = -1, .message = message, .remedy = remedy};
    out->config.findings = finding;
    out->config.finding_count = 1;
    return true;
}

/* ---- certificates ---- */

static bool on_certificate(void *ctx, const uint8_t *der, size_t n)
{
    const struct lp_listed plain = {.label = NULL};
    return add_certificate(ctx, plain, der, n);
}

/* The first ten become expected values. */
static bool expect_certificates(struct lp_material *out)
{
    struct lp_config *config = &out->config;

    config->origin = "certificate";
    for (size_t i = 0; i < out->count && i < LP_MAX_CERT_HASHES; i++) {
        config->hashes[i] = out->items[i].hash;
        config->hashes[i].n = (unsigned)i + 1;
        config->hash_count++;
    }
    if (out->count <= LP_MAX_CERT_HASHES)
        return true;
    return note(out, "certificates-left-out",
                lp_arena_printf(out->arena,
                                "%s: the file holds %zu certificates; the first %d are expected",
                                config->source, out->count, (int)LP_MAX_CERT_HASHES),
                "give the certificates that may be presented in a file of their own");
}

static bool read_certificates(struct reading *reading, struct lp_rd bytes)
{
    struct lp_material *out = reading->out;
    bool all = lp_x509_each(bytes.ptr, bytes.left, on_certificate, reading);

    if (reading->no_memory || (out->count && !all))
        return false;
    if (out->count == 0)
        return true;
    out->kind = LP_MATERIAL_CERTIFICATES;
    return expect_certificates(out);
}

/* ---- a headend's text ---- */

static bool label_of(struct lp_arena *arena, const struct lp_headend_item *item, const char **label)
{
    const char *ca = item->ca ? ", CA" : "";

    if (!item->trustpoint)
        return true;
    *label = lp_arena_printf(arena, "trustpoint %s%s", item->trustpoint, ca);
    return *label != NULL;
}

/* One hash is listed once, wherever the text repeats it, and with its certificate if the text has
 * that somewhere. */
static bool list_headend_item(struct reading *reading, const struct lp_headend_item *item)
{
    struct lp_listed fresh = {.line = item->line, .hash = item->hash};
    struct lp_listed *before = listed(reading->out, &item->hash);

    if (item->hash.algorithm == LP_HASH_MD5 || (before && (before->cert || !item->der)))
        return true;
    if (before) {
        before->cert = lp_cert_store_add(reading->store, item->der, item->der_len);
        return before->cert != NULL;
    }
    if (!label_of(reading->out->arena, item, &fresh.label))
        return false;
    return item->der ? add_certificate(reading, fresh, item->der, item->der_len)
                     : add_item(reading->out, &fresh);
}

static bool list_headend(struct reading *reading, const struct lp_headend *headend)
{
    for (size_t i = 0; i < headend->item_count; i++)
        if (!list_headend_item(reading, &headend->items[i]))
            return false;
    return true;
}

static bool read_headend(struct reading *reading, const char *path, struct lp_rd bytes)
{
    struct lp_material *out = reading->out;
    struct lp_headend *headend = lp_alloc(sizeof *headend);
    bool ok = headend && lp_headend_read(out->arena, bytes.ptr, bytes.left, headend);

    if (ok && lp_headend_found(headend)) {
        out->kind = LP_MATERIAL_HEADEND;
        ok = lp_headend_config(out->arena, path, headend, &out->config) &&
             list_headend(reading, headend);
    }
    lp_free(headend);
    return ok;
}

/* ---- a trust list ---- */

static const char *role_text(struct lp_arena *arena, const struct lp_trust_record *record)
{
    const char *name = lp_trust_role_name(record->role);

    if (name)
        return name;
    if (record->role == LP_TRUST_NO_ROLE)
        return "no role";
    return lp_arena_printf(arena, "role %u", record->role);
}

static bool list_record(struct reading *reading, const struct lp_trust_record *record)
{
    struct lp_listed listed = {.label = role_text(reading->out->arena, record),
                               .hash = record->hash};

    if (!listed.label)
        return false;
    if (record->der)
        return add_certificate(reading, listed, record->der, record->der_len);
    return record->hash.digest_len == 0 || add_item(reading->out, &listed);
}

static bool note_fault(struct lp_material *out)
{
    static const char *const faults[] = {
        [LP_TRUST_CUT] = "the trust list ends inside a record",
        [LP_TRUST_DAMAGED] = "a record of the trust list does not fit together",
        [LP_TRUST_LIMIT] = "the trust list has more records than are read",
    };

    if (out->trust.fault == LP_TRUST_WHOLE)
        return true;
    return note(out, "trust-list-damaged",
                lp_arena_printf(out->arena, "%s: %s; the %zu before count", out->config.source,
                                faults[out->trust.fault], out->trust.count),
                "fetch the file again: it is not whole");
}

static bool read_trust_list(struct reading *reading, struct lp_rd bytes)
{
    struct lp_material *out = reading->out;

    if (!lp_trust_list_found(bytes.ptr, bytes.left))
        return true;
    out->kind = LP_MATERIAL_TRUST_LIST;
    if (!lp_trust_list_read(out->arena, bytes.ptr, bytes.left, &out->trust))
        return false;
    for (size_t i = 0; i < out->trust.count; i++)
        if (!list_record(reading, &out->trust.records[i]))
            return false;
    return note_fault(out);
}

/* ---- hashes ---- */

static bool read_hashes(struct lp_material *out, struct lp_rd bytes)
{
    struct lp_hash_list list;
    struct lp_config *config = &out->config;

    if (!lp_hash_list_read(out->arena, bytes.ptr, bytes.left, &list))
        return false;
    if (list.count == 0)
        return true;
    out->kind = LP_MATERIAL_HASHES;
    config->origin = "hash";
    config->hash_count = list.count;
    memcpy(config->hashes, list.hashes, sizeof config->hashes);
    for (size_t i = 0; i < list.count; i++) {
        struct lp_listed listed = {.hash = list.hashes[i]};
        listed.hash.n = 0;
        if (!add_item(out, &listed))
            return false;
    }
    if (!list.left_out)
        return true;
    return note(out, "hashes-left-out",
                lp_arena_printf(out->arena, "%s: only the first %d hashes are expected",
                                config->source, (int)LP_MAX_CERT_HASHES),
                "leave the hashes of certificates that are not presented out");
}

/* ---- any of them ---- */

static bool read_any(struct reading *reading, const char *path, struct lp_rd bytes)
{
    struct lp_material *out = reading->out;

    if (!read_trust_list(reading, bytes))
        return false;
    if (!out->kind && !read_headend(reading, path, bytes))
        return false;
    if (!out->kind && !read_certificates(reading, bytes))
        return false;
    return out->kind || read_hashes(out, bytes);
}

bool lp_material_read(struct lp_arena *arena, const char *path, struct lp_rd bytes,
                      struct lp_material *out)
{
    static const struct lp_options options = {.facts = true, .keep_der = true};
    struct reading reading = {.out = out};
    bool ok = false;

    *out = (struct lp_material){.arena = arena};
    out->config.source = lp_text_clean(arena, path, strlen(path));
    reading.store = lp_cert_store_new(0, arena, &options);
    if (out->config.source && reading.store)
        ok = read_any(&reading, path, bytes);
    lp_cert_store_free(reading.store);
    if (!ok)
        lp_material_free(out);
    return ok;
}

void lp_material_free(struct lp_material *material)
{
    lp_free(material->items);
    *material = (struct lp_material){.kind = LP_MATERIAL_NONE};
}
