/*
 * The expected sides: configurations, certificates and hashes, gathered before the captures are
 * read. Everything lives in one arena; the two lists are arrays beside it.
 */
#include "scan/expected.h"

#include "base/file.h"
#include "base/text.h"
#include "phone/pairing.h"
#include "phone/phone.h"
#include "scan/folder.h"
#include "scan/material.h"
#include "scan/trusted.h"

#include <string.h>
#include <sys/stat.h>

struct lp_expected {
    struct lp_arena *arena;    /* owned */
    struct lp_config *configs; /* owned */
    size_t count, cap;
    bool rare_digests;             /* a hash is one that is not computed unless it is asked for */
    struct lp_phone_place *phones; /* owned: the configurations of phones that have a MAC, sorted */
    size_t phone_count, phone_cap;
    size_t *others; /* owned: all other configurations, ascending */
    size_t other_count, other_cap;
    struct lp_known_cert *known; /* owned */
    size_t known_count, known_cap;
    struct lp_trusted *trusted; /* owned; may have signed configurations */
    size_t trusted_count, trusted_cap;
    struct given_list {
        const char *source;
        struct lp_trust_list list;
    } * lists; /* owned */
    size_t list_count, list_cap;
    struct lp_arena **arenas; /* owned, like what is in them: of folders that were read */
    size_t arena_count, arena_cap;
};

struct lp_expected *lp_expected_new(void)
{
    struct lp_expected *expected = lp_alloc(sizeof *expected);

    if (!expected)
        return NULL;
    expected->arena = lp_arena_new();
    if (!expected->arena) {
        lp_free(expected);
        return NULL;
    }
    return expected;
}

void lp_expected_free(struct lp_expected *expected)
{
    if (!expected)
        return;
    lp_free(expected->configs);
    lp_free(expected->phones);
    lp_free(expected->others);
    lp_free(expected->known);
    lp_free(expected->trusted);
    lp_free(expected->lists);
    for (size_t i = 0; i < expected->arena_count; i++)
        lp_arena_free(expected->arenas[i]);
    lp_free(expected->arenas);
    lp_arena_free(expected->arena);
    lp_free(expected);
}

size_t lp_expected_count(const struct lp_expected *expected)
{
    return expected->count;
}

const struct lp_config *lp_expected_get(const struct lp_expected *expected, size_t index)
{
    return index < expected->count ? &expected->configs[index] : NULL;
}

const struct lp_known_cert *lp_expected_known(const struct lp_expected *expected, size_t index)
{
    return index < expected->known_count ? &expected->known[index] : NULL;
}

bool lp_expected_needs_more_digests(const struct lp_expected *expected)
{
    return expected->rare_digests;
}

/* ---- copies ---- */

/* Moves one text into the arena; NULL stays NULL. */
static bool keep_text(struct lp_arena *arena, const char **text)
{
    if (!*text)
        return true;
    *text = lp_arena_text(arena, *text);
    return *text != NULL;
}

static bool keep_findings(struct lp_arena *arena, struct lp_config *config)
{
    size_t size;

    if (config->finding_count == 0)
        return true;
    if (__builtin_mul_overflow(config->finding_count, sizeof *config->findings, &size))
        return false;
    struct lp_finding *copy = lp_arena_copy(arena, config->findings, size);
    if (!copy)
        return false;
    config->findings = copy;
    for (size_t i = 0; i < config->finding_count; i++)
        if (!keep_text(arena, &copy[i].code) || !keep_text(arena, &copy[i].message) ||
            !keep_text(arena, &copy[i].remedy))
            return false;
    return true;
}

bool lp_config_copy(struct lp_arena *arena, const struct lp_config *from, struct lp_config *to)
{
    *to = *from;
    /* What lp_verify says starts anew. */
    to->paired_by = to->summary = NULL;
    to->verdict = LP_UNDECIDED;
    to->verdict_reason = LP_REASON_NONE;
    to->sessions = NULL;
    to->reached = NULL;
    to->session_count = 0;
    if (!keep_text(arena, &to->source) || !keep_text(arena, &to->origin) ||
        !keep_text(arena, &to->phone) || !keep_text(arena, &to->hash_algorithm))
        return false;
    for (size_t i = 0; i < LP_MAX_URLS; i++)
        if (!keep_text(arena, &to->urls[i].text) || !keep_text(arena, &to->urls[i].host))
            return false;
    for (size_t i = 0; i < LP_MAX_CERT_HASHES; i++)
        if (!keep_text(arena, &to->hashes[i].text))
            return false;
    return keep_findings(arena, to);
}

/* ---- which are whose ---- */

/* Of the phones' places, the first that does not stand before (mac, index). */
static size_t place_of(const struct lp_expected *expected, uint64_t mac, size_t index)
{
    size_t low = 0, high = expected->phone_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lp_phone_place *place = &expected->phones[middle];
        if (place->mac < mac || (place->mac == mac && place->index < index))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct lp_phone_place *lp_expected_phone(const struct lp_expected *expected, uint64_t mac,
                                               size_t *count)
{
    size_t first = place_of(expected, mac, 0), end = place_of(expected, mac, SIZE_MAX);

    *count = end - first;
    return *count ? expected->phones + first : NULL;
}

const size_t *lp_expected_others(const struct lp_expected *expected, size_t *count)
{
    *count = expected->other_count;
    return expected->others;
}

/* Files come in the order of their names, which is that of the MACs: they go to the end. */
static bool note_phone(struct lp_expected *expected, const struct lp_config *config, size_t index)
{
    uint64_t mac = lp_pairing_config_mac(config);

    if (mac == 0) {
        if (!lp_grow_array(&expected->others, &expected->other_cap, expected->other_count + 1,
                           sizeof *expected->others))
            return false;
        expected->others[expected->other_count++] = index;
        return true;
    }
    if (!lp_grow_array(&expected->phones, &expected->phone_cap, expected->phone_count + 1,
                       sizeof *expected->phones))
        return false;
    size_t at = place_of(expected, mac, index);
    memmove(expected->phones + at + 1, expected->phones + at,
            (expected->phone_count - at) * sizeof *expected->phones);
    expected->phones[at] = (struct lp_phone_place){mac, index};
    expected->phone_count++;
    return true;
}

/* Takes over a configuration whose texts are in the arena already. */
static bool append(struct lp_expected *expected, const struct lp_config *config)
{
    if (!lp_grow_array(&expected->configs, &expected->cap, expected->count + 1,
                       sizeof *expected->configs) ||
        !note_phone(expected, config, expected->count))
        return false;
    for (size_t i = 0; i < config->hash_count; i++)
        expected->rare_digests |= config->hashes[i].algorithm == LP_HASH_MD5 ||
                                  config->hashes[i].algorithm == LP_HASH_SHA512;
    expected->configs[expected->count++] = *config;
    return true;
}

bool lp_expected_add_config(struct lp_expected *expected, const struct lp_config *config)
{
    struct lp_config copy;

    return lp_config_copy(expected->arena, config, &copy) && append(expected, &copy);
}

/* ---- hashes ---- */

static enum lp_status no_memory(struct lp_error *error)
{
    lp_error_set(error, "out of memory");
    return LP_ERR_MEMORY;
}

/* "path: what is wrong", the path made printable. */
static enum lp_status refuse(struct lp_expected *expected, const char *path, const char *what,
                             struct lp_error *error)
{
    const char *shown = lp_text_clean(expected->arena, path, strlen(path));

    if (!shown)
        return no_memory(error);
    lp_error_set(error, "%.300s: %s", shown, what);
    return LP_ERR_IO;
}

static const char *fault_text(enum lp_hash_fault fault)
{
    switch (fault) {
    case LP_HASH_EMPTY:
        return "empty";
    case LP_HASH_OF_HEX_TEXT:
        return "Base64 of the hex digits instead of the hash itself";
    case LP_HASH_BAD_LENGTH:
        return "as long as no digest (20 bytes for SHA-1)";
    case LP_HASH_NOT_BASE64:
    case LP_HASH_IS_HEX:
    case LP_HASH_FINE:
        break;
    }
    return "neither Base64 nor hex";
}

enum lp_status lp_expected_add_hash(struct lp_expected *expected, const char *text,
                                    struct lp_error *error)
{
    struct lp_config config = {.origin = "hash", .hash_count = 1};
    struct lp_cert_hash *hash = &config.hashes[0];

    config.source = lp_text_clean(expected->arena, text, strlen(text));
    if (!config.source)
        return no_memory(error);
    bool digest = lp_cert_hash_typed(expected->arena, text, hash);
    if (!digest && hash->fault == LP_HASH_FINE)
        return no_memory(error); /* nothing is wrong with the text */
    if (!digest) {
        lp_error_set(error, "%.200s: no hash: the value is %s", config.source,
                     fault_text(hash->fault));
        return LP_ERR_USAGE;
    }
    hash->n = 1;
    return append(expected, &config) ? LP_OK : no_memory(error);
}

/* ---- files ---- */

static bool know(struct lp_expected *expected, const char *source, const struct lp_cert *cert)
{
    struct lp_known_cert known = {.source = source, .cert = *cert};

    if (!lp_grow_array(&expected->known, &expected->known_cap, expected->known_count + 1,
                       sizeof known))
        return false;
    expected->known[expected->known_count++] = known;
    return true;
}

const struct lp_trust_list *lp_expected_trust_list(const struct lp_expected *expected, size_t index,
                                                   const char **source)
{
    if (index >= expected->list_count)
        return NULL;
    *source = expected->lists[index].source;
    return &expected->lists[index].list;
}

static bool keep_list(struct lp_expected *expected, const struct lp_material *material)
{
    struct given_list kept = {material->config.source, material->trust};

    if (!lp_trust_list_digest(&kept.list) || !lp_grow_array(&expected->lists, &expected->list_cap,
                                                            expected->list_count + 1, sizeof kept))
        return false;
    expected->lists[expected->list_count++] = kept;
    return true;
}

static bool trust(struct lp_expected *expected, const struct lp_cert *cert)
{
    struct lp_trusted trusted = {.der = lp_rd_init(cert->der, cert->bytes),
                                 .serial = cert->facts ? cert->facts->serial : NULL};

    if (!lp_grow_array(&expected->trusted, &expected->trusted_cap, expected->trusted_count + 1,
                       sizeof trusted))
        return false;
    expected->trusted[expected->trusted_count++] = trusted;
    return true;
}

struct lp_phone_trust lp_expected_trust(const struct lp_expected *expected)
{
    return (struct lp_phone_trust){expected->trusted, expected->trusted_count};
}

/* The file's bytes; an empty one is refused. */
static enum lp_status read_file(struct lp_expected *expected, const char *path, struct lp_buf *buf,
                                struct lp_error *error)
{
    enum lp_status status = lp_file_read(path, buf, error);

    if (status == LP_ERR_MEMORY)
        return no_memory(error);
    if (status != LP_OK) {
        const char *shown = lp_text_clean(expected->arena, error->text, strlen(error->text));
        if (!shown)
            return no_memory(error);
        lp_error_set(error, "%s", shown);
        return status;
    }
    return buf->len ? LP_OK : refuse(expected, path, "the file is empty", error);
}

static enum lp_status add_configuration(struct lp_expected *expected, const char *path,
                                        struct lp_rd bytes, struct lp_error *error)
{
    const struct lp_phone_trust trust = lp_expected_trust(expected);
    struct lp_config config = {0};

    if (!lp_phone_config_trusting(expected->arena, path, bytes, &trust, &config) ||
        !append(expected, &config))
        return no_memory(error);
    return LP_OK;
}

/* A trust list is for signatures and for other servers than the headend: it is not expected. */
static bool take_material(struct lp_expected *expected, const struct lp_material *material)
{
    bool is_list = material->kind == LP_MATERIAL_TRUST_LIST;

    for (size_t i = 0; i < material->count; i++) {
        const struct lp_cert *cert = material->items[i].cert;
        if (cert &&
            (!know(expected, material->config.source, cert) || (is_list && !trust(expected, cert))))
            return false;
    }
    return is_list ? keep_list(expected, material) : append(expected, &material->config);
}

static enum lp_status add_material(struct lp_expected *expected, const char *path,
                                   struct lp_rd bytes, struct lp_error *error)
{
    struct lp_material material = {.kind = LP_MATERIAL_NONE};
    enum lp_status status = LP_OK;

    if (!lp_material_read(expected->arena, path, bytes, &material))
        status = no_memory(error);
    else if (!material.kind)
        status = refuse(expected, path,
                        "neither a phone's configuration (XML, plain or signed) nor a certificate "
                        "(PEM, DER or PKCS #7), nor hashes, a headend's text or a trust list",
                        error);
    else if (!take_material(expected, &material))
        status = no_memory(error);
    lp_material_free(&material);
    return status;
}

static enum lp_status add_one(struct lp_expected *expected, const char *path,
                              struct lp_error *error)
{
    struct lp_buf buf = {0};
    enum lp_status status = read_file(expected, path, &buf, error);

    if (status == LP_OK) {
        struct lp_rd bytes = lp_rd_init(buf.bytes, buf.len);
        if (lp_phone_looks_like_xml(buf.bytes, buf.len) && !lp_trust_list_found(buf.bytes, buf.len))
            status = add_configuration(expected, path, bytes, error);
        else
            status = add_material(expected, path, bytes, error);
    }
    lp_buf_free(&buf);
    return status;
}

/* Everything in the folder's arenas becomes this one's. */
static bool take_arenas(struct lp_expected *expected, struct lp_folder *folder)
{
    if (!lp_grow_array(&expected->arenas, &expected->arena_cap,
                       expected->arena_count + folder->arena_count, sizeof(struct lp_arena *)))
        return false;
    for (size_t i = 0; i < folder->arena_count; i++)
        expected->arenas[expected->arena_count++] = folder->arenas[i];
    folder->arena_count = 0;
    return true;
}

static enum lp_status add_folder(struct lp_expected *expected, const char *path,
                                 struct lp_error *error)
{
    const struct lp_phone_trust trust = lp_expected_trust(expected);
    struct lp_folder folder = {.count = 0};
    enum lp_status status = lp_folder_read(&folder, path, &trust, 0, error);

    if (status == LP_OK && folder.count == 0)
        status =
            refuse(expected, path, "no phone's configuration (*.xml, *.sgn) in this folder", error);
    if (status == LP_OK && !take_arenas(expected, &folder))
        status = no_memory(error);
    for (size_t i = 0; i < folder.count && status == LP_OK; i++) {
        status = folder.files[i].status;
        if (status != LP_OK)
            lp_error_set(error, "%s", folder.files[i].error);
        else if (!append(expected, &folder.files[i].config))
            status = no_memory(error);
    }
    lp_folder_free(&folder);
    return status;
}

enum lp_status lp_expected_add_file(struct lp_expected *expected, const char *path,
                                    struct lp_error *error)
{
    size_t before = expected->count, known_before = expected->known_count,
           trusted_before = expected->trusted_count, lists_before = expected->list_count;
    struct stat target;
    bool is_folder = strcmp(path, "-") != 0 && stat(path, &target) == 0 && S_ISDIR(target.st_mode);
    enum lp_status status =
        is_folder ? add_folder(expected, path, error) : add_one(expected, path, error);

    if (status != LP_OK) { /* all of it or nothing */
        expected->count = before;
        expected->known_count = known_before;
        expected->trusted_count = trusted_before;
        expected->list_count = lists_before;
    }
    return status;
}

enum lp_status lp_expected_trust_file(struct lp_expected *expected, const char *path,
                                      struct lp_error *error)
{
    struct lp_material material = {.kind = LP_MATERIAL_NONE};
    size_t before = expected->trusted_count;
    struct lp_buf buf = {0};
    enum lp_status status = read_file(expected, path, &buf, error);

    if (status == LP_OK &&
        !lp_material_read(expected->arena, path, lp_rd_init(buf.bytes, buf.len), &material))
        status = no_memory(error);
    for (size_t i = 0; i < material.count && status == LP_OK; i++)
        if (material.items[i].cert && !trust(expected, material.items[i].cert))
            status = no_memory(error);
    if (status == LP_OK && expected->trusted_count == before)
        status =
            refuse(expected, path, "no certificate (PEM, DER, PKCS #7, CTL or ITL) in it", error);
    if (status != LP_OK)
        expected->trusted_count = before;
    lp_material_free(&material);
    lp_buf_free(&buf);
    return status;
}
