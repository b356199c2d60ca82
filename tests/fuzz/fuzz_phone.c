/* A phone's configuration: whatever the bytes, no value that could match without a digest. */
#include "phone/phone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_hash(const struct lp_cert_hash *hash)
{
    bool fine = hash->fault == LP_HASH_FINE;

    if (fine != (hash->digest_len > 0) || fine != (hash->algorithm != LP_HASH_UNKNOWN))
        abort();
    if (hash->n < 1 || hash->n > LP_MAX_CERT_HASHES || !hash->text)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_config config;

    if (!arena)
        return 0;
    (void)lp_phone_looks_like_xml(bytes, n);
    if (lp_phone_config(arena, "SEP00506001A2B3.cnf.xml", bytes, n, &config)) {
        for (size_t i = 0; i < config.hash_count; i++)
            check_hash(&config.hashes[i]);
        for (size_t i = 0; i < config.url_count; i++)
            if (config.urls[i].usable && (!config.urls[i].host || config.urls[i].port == 0))
                abort();
        if ((config.reason == LP_REASON_NONE) != (config.hash_count > 0))
            abort();
    }
    lp_arena_free(arena);
    return 0;
}
