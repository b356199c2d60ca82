/*
 * The files that phones fetched, as files again (contract: "Exported files"). The name that a phone
 * asked for says whose file it is and what is in it, and the hash behind it keeps two versions of
 * one file apart; nothing of a name leads out of the directory.
 */
#include "base/text.h"
#include "disk/store.h"
#include "leafprint/leafprint.h"
#include "x509/x509.h"

#include <string.h>

enum { STEM_MOST = 100, EXTENSIONS_MOST = 60 };

/* The last part of a name as a client wrote it. */
static const char *last_part(const char *name)
{
    const char *last = name;

    for (; *name; name++)
        if (*name == '/' || *name == '\\')
            last = name + 1;
    return last;
}

/* NULL: memory is short. */
static char *name_of(struct lp_arena *arena, struct lp_digester *digester,
                     const struct lp_boot_file *file)
{
    const char *name = last_part(file->name);
    size_t stem = strcspn(name, ".");
    uint8_t sha1[20], sha256[32];
    char hash[17];

    if (!lp_digest_cert(digester, file->bytes, file->size, sha1, sha256))
        return NULL;
    lp_hex_text(sha256, 8, hash);
    char *text =
        lp_arena_printf(arena, "%.*s_%s%.*s", stem < STEM_MOST ? (int)stem : (int)STEM_MOST, name,
                        hash, (int)EXTENSIONS_MOST, name + stem);
    if (text)
        lp_store_clean_name(text);
    return text;
}

struct exporter {
    struct lp_store store;
    struct lp_arena *arena;       /* owned */
    struct lp_digester *digester; /* owned */
    lp_export_fn fn;
    void *ctx;
};

static enum lp_status write_file(struct exporter *exporter, const struct lp_boot_file *file,
                                 struct lp_error *error)
{
    const char *dir = exporter->store.dir,
               *name = name_of(exporter->arena, exporter->digester, file);
    bool written;

    if (!name)
        return LP_ERR_MEMORY;
    enum lp_status status =
        lp_store_put(&exporter->store, name, lp_rd_init(file->bytes, file->size), &written, error);
    if (status != LP_OK || !exporter->fn)
        return status;
    const char *path = lp_arena_printf(exporter->arena, "%s%s%s", dir,
                                       dir[strlen(dir) - 1] == '/' ? "" : "/", name);
    if (!path)
        return LP_ERR_MEMORY;
    exporter->fn(exporter->ctx, path, written);
    return LP_OK;
}

/* Whether the same file, under the same name, comes earlier: phones fetch again and again. */
static bool is_again(const struct lp_capture *capture, size_t index)
{
    const struct lp_boot_file *file = &capture->files[index];

    for (size_t i = 0; i < index; i++) {
        const struct lp_boot_file *former = &capture->files[i];
        if (former->complete && former->size == file->size &&
            strcmp(last_part(former->name), last_part(file->name)) == 0 &&
            memcmp(former->bytes, file->bytes, file->size) == 0)
            return true;
    }
    return false;
}

static bool any_complete(const struct lp_capture *capture)
{
    for (size_t i = 0; i < capture->file_count; i++)
        if (capture->files[i].complete)
            return true;
    return false;
}

enum lp_status lp_export_phone_files(const struct lp_capture *capture, const char *dir,
                                     lp_export_fn fn, void *ctx, struct lp_error *error)
{
    struct exporter exporter = {.store.fd = -1, .fn = fn, .ctx = ctx};
    enum lp_status status = LP_ERR_MEMORY;

    if (!capture || !dir || !dir[0]) {
        lp_error_set(error, "no directory to write files to");
        return LP_ERR_USAGE;
    }
    if (!any_complete(capture)) /* nothing to write: no directory either */
        return LP_OK;
    exporter.arena = lp_arena_new();
    exporter.digester = lp_digester_new();
    if (!exporter.arena || !exporter.digester)
        goto out;
    status = lp_store_open(&exporter.store, dir, error);
    for (size_t i = 0; i < capture->file_count && status == LP_OK; i++)
        if (capture->files[i].complete && !is_again(capture, i))
            status = write_file(&exporter, &capture->files[i], error);
    lp_store_close(&exporter.store);
out:
    if (status == LP_ERR_MEMORY)
        lp_error_set(error, "%s: out of memory", dir);
    lp_digester_free(exporter.digester);
    lp_arena_free(exporter.arena);
    return status;
}
