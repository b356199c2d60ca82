/*
 * lp_audit: which configurations already hold the hashes of certificates that are to come.
 *
 * The folders are read as lp_expected reads them, by several threads; what the report needs of each
 * configuration is then copied, so that the parsed files can go.
 */
#include "base/file.h"
#include "base/text.h"
#include "scan/expected.h"
#include "scan/folder.h"
#include "scan/material.h"

#include <string.h>

const char *lp_holding_name(enum lp_holding holding)
{
    static const char *const names[LP_HOLDING_COUNT] = {
        [LP_HOLDS_UNKNOWN] = "unknown", [LP_HOLDS_ALL] = "all",   [LP_HOLDS_SOME] = "some",
        [LP_HOLDS_OTHERS] = "others",   [LP_HOLDS_NONE] = "none", [LP_HOLDS_NO_VPN] = "no-vpn",
        [LP_HOLDS_ERROR] = "error",
    };
    return names[holding];
}

struct auditing {
    const struct lp_audit_request *request; /* borrowed */
    struct lp_audit *audit;                 /* borrowed */
    struct lp_error *error;                 /* borrowed */
    struct lp_expected *signers;            /* owned */
    struct lp_audit_config *configs;        /* owned until they are the audit's */
    size_t config_cap;
};

static enum lp_status no_memory(struct lp_error *error)
{
    lp_error_set(error, "out of memory");
    return LP_ERR_MEMORY;
}

/* ---- certificates ---- */

/* The same certificate in two files is audited once. */
static bool is_known(const struct lp_audit *audit, const struct lp_cert_hash *hash)
{
    for (size_t i = 0; i < audit->cert_count; i++)
        if (memcmp(audit->certs[i].hash.digest, hash->digest, hash->digest_len) == 0)
            return true;
    return false;
}

static enum lp_status take_item(struct auditing *a, const char *source,
                                const struct lp_listed *item)
{
    struct lp_audit *audit = a->audit;

    if (item->hash.algorithm != LP_HASH_SHA1 || is_known(audit, &item->hash))
        return LP_OK;
    if (audit->cert_count == LP_AUDIT_CERTS_MOST) {
        lp_error_set(a->error, "%.300s: more than %d certificates at once", source,
                     (int)LP_AUDIT_CERTS_MOST);
        return LP_ERR_USAGE;
    }
    audit->certs[audit->cert_count++] = (struct lp_audit_cert){
        .source = source,
        .label = item->label,
        .subject = item->cert && item->cert->facts ? item->cert->facts->subject : NULL,
        .hash = item->hash,
    };
    return LP_OK;
}

static enum lp_status read_certificates(struct auditing *a, const char *path)
{
    struct lp_arena *arena = a->audit->arena;
    struct lp_material material = {.kind = LP_MATERIAL_NONE};
    struct lp_buf bytes = {0};
    bool any = false;
    enum lp_status status = lp_file_read(path, &bytes, a->error);

    if (status == LP_OK &&
        !lp_material_read(arena, path, lp_rd_init(bytes.bytes, bytes.len), &material))
        status = no_memory(a->error);
    for (size_t i = 0; i < material.count && status == LP_OK; i++) {
        any = any || material.items[i].hash.algorithm == LP_HASH_SHA1;
        status = take_item(a, material.config.source, &material.items[i]);
    }
    if (status == LP_OK && !any) {
        lp_error_set(a->error, "%.300s: no certificate and no SHA-1 hash in it", path);
        status = LP_ERR_IO;
    }
    lp_material_free(&material);
    lp_buf_free(&bytes);
    return status;
}

/* ---- configurations ---- */

static const struct lp_finding *finding_of(const struct lp_config *config, const char *code)
{
    for (size_t i = 0; i < config->finding_count; i++)
        if (strcmp(config->findings[i].code, code) == 0)
            return &config->findings[i];
    return NULL;
}

/* Why a configuration says nothing about its vpnGroup; NULL when it does, be it that there is none.
 */
static const struct lp_finding *obstacle(const struct lp_config *config)
{
    const struct lp_finding *bad = finding_of(config, "config-signature-bad");

    if (bad ||
        (config->reason != LP_REASON_NO_VPN_GROUP && config->reason != LP_REASON_ENCRYPTED_CONFIG))
        return bad;
    for (size_t i = 0; i < config->finding_count; i++) {
        const struct lp_finding *finding = &config->findings[i];
        bool broken = strcmp(finding->code, "config-xml") == 0;
        if (broken ||
            (finding->severity == LP_PROBLEM && strcmp(finding->code, "config-no-vpn-group") != 0))
            return finding;
    }
    return NULL;
}

/* The certificate whose hash this is; -1: none of them. */
static int certificate_of(const struct lp_audit *audit, const struct lp_cert_hash *hash)
{
    for (size_t i = 0; i < audit->cert_count; i++) {
        const struct lp_cert_hash *wanted = &audit->certs[i].hash;
        if (hash->fault == LP_HASH_FINE && hash->algorithm == LP_HASH_SHA1 &&
            memcmp(wanted->digest, hash->digest, wanted->digest_len) == 0)
            return (int)i;
    }
    return -1;
}

static bool take_hash(struct lp_audit *audit, const struct lp_cert_hash *hash,
                      struct lp_audit_config *out)
{
    int index = certificate_of(audit, hash);

    if (index < 0)
        out->foreign |= 1U << (hash->n - 1);
    else
        out->held |= UINT64_C(1) << index;
    out->values[hash->n - 1] = lp_arena_text(audit->arena, hash->text);
    return out->values[hash->n - 1] != NULL;
}

static enum lp_holding holding_of(const struct lp_audit *audit,
                                  const struct lp_audit_config *config)
{
    uint64_t every = audit->cert_count == LP_AUDIT_CERTS_MOST
                         ? UINT64_MAX
                         : (UINT64_C(1) << audit->cert_count) - 1;

    if (config->held == every)
        return LP_HOLDS_ALL;
    if (config->held)
        return LP_HOLDS_SOME;
    return config->foreign ? LP_HOLDS_OTHERS : LP_HOLDS_NONE;
}

/* A text of the folder's, copied; NULL stays NULL. */
static bool keep(struct lp_audit *audit, const char *text, const char **out)
{
    if (text)
        *out = lp_arena_text(audit->arena, text);
    return !text || *out;
}

static bool read_config(struct lp_audit *audit, const struct lp_config *config,
                        struct lp_audit_config *out)
{
    const struct lp_finding *why = obstacle(config);

    if (why) {
        out->holding = LP_HOLDS_UNKNOWN;
        return keep(audit, why->message, &out->why);
    }
    if (config->reason == LP_REASON_NO_VPN_GROUP) {
        out->holding = LP_HOLDS_NO_VPN;
        return true;
    }
    for (size_t i = 0; i < config->hash_count; i++)
        if (!take_hash(audit, &config->hashes[i], out))
            return false;
    out->holding = holding_of(audit, out);
    return true;
}

static bool take_file(struct auditing *a, const struct lp_folder_file *file)
{
    struct lp_audit *audit = a->audit;
    struct lp_audit_config config = {.holding = LP_HOLDS_ERROR};

    if (!lp_grow_array(&a->configs, &a->config_cap, audit->config_count + 1, sizeof config))
        return false;
    config.source = lp_text_clean(audit->arena, file->path, strlen(file->path));
    if (!config.source || !keep(audit, file->error, &config.why) ||
        !keep(audit, file->config.phone, &config.phone) ||
        (file->status == LP_OK && !read_config(audit, &file->config, &config)))
        return false;
    a->configs[audit->config_count++] = config;
    audit->totals[config.holding]++;
    for (size_t i = 0; i < audit->cert_count; i++)
        audit->certs[i].holders += config.held >> i & 1;
    return true;
}

static enum lp_status read_configs(struct auditing *a, const char *path)
{
    const struct lp_phone_trust trust = lp_expected_trust(a->signers);
    struct lp_folder folder = {.count = 0};
    enum lp_status status = lp_folder_read(&folder, path, &trust, a->request->jobs, a->error);

    for (size_t i = 0; i < folder.count && status == LP_OK; i++)
        if (!take_file(a, &folder.files[i]))
            status = no_memory(a->error);
    lp_folder_free(&folder);
    return status;
}

/* ---- the whole ---- */

static enum lp_status read_all(struct auditing *a)
{
    const struct lp_audit_request *request = a->request;
    struct lp_audit *audit = a->audit;
    enum lp_status status = LP_OK;

    if (request->cert_count == 0) { /* or every phone would hold all of nothing */
        lp_error_set(a->error, "no certificate to audit");
        return LP_ERR_USAGE;
    }
    audit->certs = lp_arena_alloc(audit->arena, LP_AUDIT_CERTS_MOST * sizeof *audit->certs);
    if (!audit->certs || !a->signers)
        return no_memory(a->error);
    for (size_t i = 0; i < request->cert_count && status == LP_OK; i++)
        status = read_certificates(a, request->certs[i]);
    for (size_t i = 0; i < request->trust_count && status == LP_OK; i++)
        status = lp_expected_trust_file(a->signers, request->trust[i], a->error);
    for (size_t i = 0; i < request->config_count && status == LP_OK; i++)
        status = read_configs(a, request->configs[i]);
    if (status != LP_OK)
        return status;
    audit->configs =
        lp_arena_copy(audit->arena, a->configs, audit->config_count * sizeof *a->configs);
    return audit->configs ? LP_OK : no_memory(a->error);
}

enum lp_status lp_audit(const struct lp_audit_request *request, struct lp_audit **out,
                        struct lp_error *error)
{
    struct lp_arena *arena = lp_arena_new();
    struct auditing a = {.request = request, .error = error};
    enum lp_status status = LP_ERR_MEMORY;

    *out = NULL;
    a.audit = arena ? lp_arena_alloc(arena, sizeof *a.audit) : NULL;
    if (!a.audit) {
        lp_arena_free(arena);
        return no_memory(error);
    }
    a.audit->arena = arena;
    a.signers = lp_expected_new();
    status = read_all(&a);
    lp_expected_free(a.signers);
    lp_free(a.configs);
    if (status == LP_OK)
        *out = a.audit;
    else
        lp_audit_free(a.audit);
    return status;
}

void lp_audit_free(struct lp_audit *audit)
{
    if (audit)
        lp_arena_free(audit->arena); /* which the struct itself lies in */
}
