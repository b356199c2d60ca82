/* Headend text: whatever it says, no expected value without a digest, and no certificate that is
 * not one element of DER. */
#include "phone/headend.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_item(const struct lp_headend_item *item)
{
    if (item->hash.fault != LP_HASH_FINE || !item->hash.text || item->hash.digest_len < 16)
        abort();
    if ((item->der != NULL) != (item->source >= LP_HEADEND_CHAIN))
        abort();
    if (item->der && (item->der_len < 4 || item->der[0] != 0x30))
        abort();
}

static void check_config(const struct lp_config *config)
{
    if ((config->reason == LP_REASON_NONE) != (config->hash_count > 0))
        abort();
    for (size_t i = 0; i < config->hash_count; i++) {
        const struct lp_cert_hash *hash = &config->hashes[i];
        if (hash->n < 1 || hash->n > LP_MAX_CERT_HASHES || hash->digest_len < 20)
            abort();
    }
    for (size_t i = 0; i < config->url_count; i++)
        if (config->urls[i].n < 1 || config->urls[i].n > LP_MAX_URLS)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_headend *headend = malloc(sizeof *headend);
    struct lp_arena *arena = lp_arena_new();
    struct lp_config config;

    if (headend && arena && lp_headend_read(arena, bytes, n, headend)) {
        for (size_t i = 0; i < headend->item_count; i++)
            check_item(&headend->items[i]);
        (void)lp_headend_found(headend);
        if (lp_headend_config(arena, "show.txt", headend, &config))
            check_config(&config);
    }
    lp_arena_free(arena);
    free(headend);
    return 0;
}
