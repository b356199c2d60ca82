/*
 * How it works: the trust lists of the capture are read first, each once. A configuration is then
 * read with the trusted certificates and with those of the lists that its own client fetched, in
 * that order: what the user trusts stands above what the capture says of itself.
 */
#include "scan/fetched.h"

#include "base/text.h"
#include "verdict/words.h"
#include "x509/x509.h"

#include <string.h>

/* A certificate knows its own serial number best. */
static bool read_list(struct lp_boot *boot, const struct lp_boot_file *file, size_t *certificates)
{
    struct lp_boot_list *list = &boot->lists[boot->list_count];
    struct lp_arena *arena = boot->capture->arena;

    if (!file->complete || !lp_trust_list_found(file->bytes, file->size))
        return true;
    list->file = file;
    boot->list_count++;
    if (!lp_trust_list_read(arena, file->bytes, file->size, &list->list))
        return false;
    for (size_t i = 0; i < list->list.count; i++) {
        struct lp_trust_record *record = &list->list.records[i];
        const struct lp_cert_facts *facts;
        if (!record->der)
            continue;
        if (!(facts = lp_x509_facts(arena, record->der, record->der_len)))
            return false;
        record->serial = facts->serial;
        ++*certificates;
    }
    return true;
}

bool lp_boot_start(struct lp_boot *boot)
{
    const struct lp_capture *capture = boot->capture;
    size_t certificates = boot->expected ? lp_expected_trust(boot->expected).count : 0;

    boot->lists = lp_arena_alloc(capture->arena, capture->file_count * sizeof *boot->lists);
    if (!boot->lists)
        return false;
    for (size_t i = 0; i < capture->file_count; i++)
        if (!read_list(boot, &capture->files[i], &certificates))
            return false;
    boot->trust = lp_alloc_array(certificates, sizeof *boot->trust);
    return boot->trust != NULL;
}

void lp_boot_end(struct lp_boot *boot)
{
    lp_free(boot->trust);
    boot->trust = NULL;
}

/* What the user trusts stands first. */
static struct lp_phone_trust trust_for(struct lp_boot *boot, const struct lp_boot_file *file)
{
    size_t n = 0;

    if (boot->expected) {
        const struct lp_phone_trust given = lp_expected_trust(boot->expected);
        for (; n < given.count; n++)
            boot->trust[n] = given.certificates[n];
    }
    for (size_t i = 0; i < boot->list_count; i++) {
        const struct lp_boot_list *from = &boot->lists[i];
        if (!lp_clients_same(boot->clients, &from->file->client, &file->client))
            continue;
        for (size_t k = 0; k < from->list.count; k++) {
            const struct lp_trust_record *record = &from->list.records[k];
            if (record->der)
                boot->trust[n++] = (struct lp_trusted){lp_rd_init(record->der, record->der_len),
                                                       record->serial, from->file->name};
        }
    }
    return (struct lp_phone_trust){boot->trust, n};
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
static bool read_fetched(struct lp_boot *boot, const struct lp_boot_file *file,
                         struct lp_config *out, bool *is_one)
{
    *is_one = strstr(file->name, ".cnf.xml") || strstr(file->name, ".CNF.XML");
    if (!*is_one)
        return true;
    const struct lp_phone_trust trust = trust_for(boot, file);
    if (!lp_phone_config_trusting(boot->capture->arena, file->name,
                                  lp_rd_init(file->bytes, file->size), &trust, out))
        return false;
    out->origin = file->carrier;
    out->file = file;
    out->from_frame = file->frame + 1;
    *is_one = out->phone || out->reason != LP_REASON_NO_VPN_GROUP;
    return file->complete || note_incomplete(boot->capture->arena, file, out);
}

/* A configuration ends where the same phone's next one begins. */
static void end_former(const struct lp_boot *boot, const struct lp_config *config)
{
    for (size_t i = 0; i < boot->capture->config_count; i++) {
        struct lp_config *former = &boot->capture->configs[i];
        bool same =
            former->phone && config->phone
                ? strcmp(former->phone, config->phone) == 0
                : lp_clients_same(boot->clients, &former->file->client, &config->file->client);
        if (same && former->until_frame == 0)
            former->until_frame = config->from_frame;
    }
}

bool lp_boot_configs(struct lp_boot *boot)
{
    struct lp_capture *capture = boot->capture;

    capture->configs =
        lp_arena_alloc(capture->arena, capture->file_count * sizeof *capture->configs);
    if (!capture->configs)
        return false;
    for (size_t i = 0; i < capture->file_count; i++) {
        struct lp_config config = {0};
        bool is_one;
        if (!read_fetched(boot, &capture->files[i], &config, &is_one))
            return false;
        if (!is_one)
            continue;
        end_former(boot, &config);
        capture->configs[capture->config_count++] = config;
    }
    return true;
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

bool lp_boot_compare(struct lp_boot *boot, struct lp_findings *findings)
{
    const struct lp_capture *capture = boot->capture;

    for (size_t i = 0; i < capture->file_count && capture->config_count; i++) {
        struct lp_config fetched = {0};
        bool is_one;
        if (!read_fetched(boot, &capture->files[i], &fetched, &is_one))
            return false;
        if (is_one)
            tell_differing(findings, capture, &fetched);
    }
    return true;
}
