/*
 * How it works: the certificates of all trust lists in the capture are gathered first. A file is
 * then read with the trusted certificates and with those of the lists that its own client fetched,
 * in that order: what the user trusts stands above what the capture says of itself.
 */
#include "scan/fetched.h"

#include "base/text.h"
#include "phone/phone.h"
#include "phone/trustlist.h"
#include "scan/material.h"
#include "verdict/words.h"

#include <string.h>

/* A certificate of a trust list that a phone fetched. */
struct signer {
    struct lp_trusted trusted;
    const struct lp_boot_file *list; /* borrowed */
};

struct reader {
    struct lp_capture *capture;  /* borrowed */
    struct lp_phone_trust given; /* borrowed */
    struct signer *signers;      /* owned */
    size_t count, cap;
    struct lp_trusted *trust; /* owned: room for the given ones and all signers */
};

static void reader_end(struct reader *reader)
{
    lp_free(reader->signers);
    lp_free(reader->trust);
}

static bool add_signers(struct reader *reader, const struct lp_boot_file *list,
                        const struct lp_material *material)
{
    for (size_t i = 0; i < material->count; i++) {
        const struct lp_cert *cert = material->items[i].cert;
        if (!cert || !cert->facts)
            continue;
        if (!lp_grow_array(&reader->signers, &reader->cap, reader->count + 1,
                           sizeof *reader->signers))
            return false;
        reader->signers[reader->count++] =
            (struct signer){{.der = lp_rd_init(cert->der, cert->bytes),
                             .serial = cert->facts->serial,
                             .source = list->name},
                            list};
    }
    return true;
}

static bool add_list(struct reader *reader, const struct lp_boot_file *list)
{
    struct lp_material material;

    if (!list->complete || !lp_trust_list_found(list->bytes, list->size))
        return true;
    if (!lp_material_read(reader->capture->arena, list->name, lp_rd_init(list->bytes, list->size),
                          &material))
        return false;
    bool ok = add_signers(reader, list, &material);
    lp_material_free(&material);
    return ok;
}

/* False: memory is short. reader_end in both cases. */
static bool reader_start(struct reader *reader, struct lp_capture *capture,
                         const struct lp_expected *expected)
{
    *reader = (struct reader){.capture = capture};
    if (expected)
        reader->given = lp_expected_trust(expected);
    for (size_t i = 0; i < capture->file_count; i++)
        if (!add_list(reader, &capture->files[i]))
            return false;
    reader->trust = lp_alloc_array(reader->given.count + reader->count, sizeof *reader->trust);
    return reader->trust != NULL;
}

static struct lp_phone_trust trust_for(struct reader *reader, const struct lp_boot_file *file)
{
    size_t n = reader->given.count;

    if (n)
        memcpy(reader->trust, reader->given.certificates, n * sizeof *reader->trust);
    for (size_t i = 0; i < reader->count; i++)
        if (lp_ip_equal(&reader->signers[i].list->client.ip, &file->client.ip))
            reader->trust[n++] = reader->signers[i].trusted;
    return (struct lp_phone_trust){reader->trust, n};
}

/* Of a file that is not all there, what is missing may hold what was not found. False: memory is
 * short. */
static bool note_incomplete(struct lp_arena *arena, const struct lp_boot_file *file,
                            struct lp_config *config)
{
    size_t kept = config->hash_count ? config->finding_count : 0;
    struct lp_finding *findings = lp_arena_alloc(arena, (kept + 1) * sizeof *findings);
    const char *message =
        lp_arena_printf(arena, "%s: the capture holds only the first %zu bytes of the file",
                        config->source, file->size);

    if (!findings || !message)
        return false;
    findings[0] = (struct lp_finding){
        .severity = config->hash_count ? LP_WARNING : LP_PROBLEM,
        .code = "config-incomplete",
        .session = -1,
        .frame = file->frame,
        .message = message,
        .remedy = "record the whole download, or give the file (-c)",
    };
    if (kept)
        memcpy(findings + 1, config->findings, kept * sizeof *findings);
    config->findings = findings;
    config->finding_count = kept + 1;
    if (config->hash_count == 0 && config->reason != LP_REASON_ENCRYPTED_CONFIG)
        config->reason = LP_REASON_NO_CONFIG;
    return true;
}

/* Reads a configuration that a phone fetched. *is_one: it is one, and not the default that every
 * phone gets. False: memory is short. */
static bool read_fetched(struct reader *reader, const struct lp_boot_file *file,
                         struct lp_config *out, bool *is_one)
{
    *is_one = strstr(file->name, ".cnf.xml") || strstr(file->name, ".CNF.XML");
    if (!*is_one)
        return true;
    const struct lp_phone_trust trust = trust_for(reader, file);
    if (!lp_phone_config_trusting(reader->capture->arena, file->name,
                                  lp_rd_init(file->bytes, file->size), &trust, out))
        return false;
    out->origin = file->carrier;
    out->file = file;
    out->from_frame = file->frame + 1;
    *is_one = out->phone || out->reason != LP_REASON_NO_VPN_GROUP;
    return file->complete || note_incomplete(reader->capture->arena, file, out);
}

/* A configuration ends where the same phone's next one begins. */
static void end_former(struct lp_capture *capture, const struct lp_config *config)
{
    for (size_t i = 0; i < capture->config_count; i++) {
        struct lp_config *former = &capture->configs[i];
        bool same = former->phone && config->phone
                        ? strcmp(former->phone, config->phone) == 0
                        : lp_ip_equal(&former->file->client.ip, &config->file->client.ip);
        if (same && former->until_frame == 0)
            former->until_frame = config->from_frame;
    }
}

bool lp_fetched_configs(struct lp_capture *capture, const struct lp_expected *expected)
{
    struct reader reader;
    bool ok = false;

    if (!reader_start(&reader, capture, expected))
        goto out;
    capture->configs =
        lp_arena_alloc(capture->arena, capture->file_count * sizeof *capture->configs);
    if (!capture->configs)
        goto out;
    for (size_t i = 0; i < capture->file_count; i++) {
        struct lp_config config = {0};
        bool is_one;
        if (!read_fetched(&reader, &capture->files[i], &config, &is_one))
            goto out;
        if (!is_one)
            continue;
        end_former(capture, &config);
        capture->configs[capture->config_count++] = config;
    }
    ok = true;
out:
    reader_end(&reader);
    return ok;
}

static bool same_hashes(const struct lp_config *a, const struct lp_config *b)
{
    bool same = a->hash_count == b->hash_count;
    for (size_t i = 0; same && i < a->hash_count; i++) /* both sorted by number */
        same = a->hashes[i].n == b->hashes[i].n &&
               a->hashes[i].digest_len == b->hashes[i].digest_len &&
               memcmp(a->hashes[i].digest, b->hashes[i].digest, a->hashes[i].digest_len) == 0;
    return same;
}

static void tell_differing(struct lp_findings *findings, const struct lp_capture *capture,
                           const struct lp_config *fetched)
{
    const struct lp_finding what = {.severity = LP_WARNING,
                                    .code = "config-differs",
                                    .session = -1,
                                    .frame = fetched->file->frame,
                                    .remedy = "compare with what the phone really has: leave out "
                                              "-c"};

    for (size_t i = 0; fetched->phone && i < capture->config_count; i++) {
        const struct lp_config *given = &capture->configs[i];
        if (given->phone && !given->file && strcmp(given->phone, fetched->phone) == 0 &&
            !same_hashes(given, fetched))
            lp_findings_add(findings, &what,
                            "the configuration that %s fetched in this capture holds other hashes "
                            "than %.*s",
                            fetched->phone, lp_shown(given->source), given->source);
    }
}

bool lp_fetched_compare(struct lp_capture *capture, const struct lp_expected *expected,
                        struct lp_findings *findings)
{
    struct reader reader;
    bool ok = reader_start(&reader, capture, expected);

    for (size_t i = 0; i < capture->file_count && capture->config_count && ok; i++) {
        struct lp_config fetched = {0};
        bool is_one;
        ok = read_fetched(&reader, &capture->files[i], &fetched, &is_one);
        if (ok && is_one)
            tell_differing(findings, capture, &fetched);
    }
    reader_end(&reader);
    return ok;
}
