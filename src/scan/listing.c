/* lp_list_file: all that a file says about certificates. */
#include "base/file.h"
#include "base/text.h"
#include "scan/material.h"

#include <string.h>

static struct lp_listing *new_listing(const char *path)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_listing *listing = arena ? lp_arena_alloc(arena, sizeof *listing) : NULL;

    if (listing) {
        listing->arena = arena;
        listing->path = lp_text_clean(arena, path, strlen(path));
    }
    if (!listing || !listing->path) {
        lp_arena_free(arena);
        return NULL;
    }
    return listing;
}

static enum lp_status fill(struct lp_listing *listing, const char *path, const struct lp_buf *bytes,
                           struct lp_error *error)
{
    struct lp_material material = {.kind = LP_MATERIAL_NONE};
    enum lp_status status = LP_ERR_MEMORY;

    if (!lp_material_read(listing->arena, path, lp_rd_init(bytes->bytes, bytes->len), &material))
        goto out;
    if (!material.kind) {
        lp_error_set(error,
                     "%s: holds no certificate (PEM, DER, PKCS #7), no hash, no headend's text and "
                     "no trust list",
                     listing->path);
        status = LP_ERR_IO;
        goto out;
    }
    listing->kind = lp_material_name(material.kind);
    listing->items =
        lp_arena_copy(listing->arena, material.items, material.count * sizeof *material.items);
    listing->count = material.count;
    listing->findings = material.config.findings;
    listing->finding_count = material.config.finding_count;
    if (listing->items)
        status = LP_OK;
out:
    lp_material_free(&material);
    return status;
}

enum lp_status lp_list_file(const char *path, struct lp_listing **out, struct lp_error *error)
{
    struct lp_listing *listing = new_listing(path);
    struct lp_buf bytes = {0};
    enum lp_status status = LP_ERR_MEMORY;

    *out = NULL;
    if (listing)
        status = lp_file_read(path, &bytes, error);
    if (status == LP_OK)
        status = fill(listing, path, &bytes, error);
    if (status == LP_ERR_MEMORY)
        lp_error_set(error, "out of memory");
    if (status == LP_OK)
        *out = listing;
    else
        lp_listing_free(listing);
    lp_buf_free(&bytes);
    return status;
}

void lp_listing_free(struct lp_listing *listing)
{
    if (listing)
        lp_arena_free(listing->arena); /* which the struct itself lies in */
}
