#include "scan/certstore.h"

#include "base/hash.h"
#include "x509/x509.h"

struct entry {
    struct entry *next; /* borrowed: in the arena */
    struct lp_cert cert;
};

struct lp_cert_store {
    struct entry **buckets; /* owned */
    size_t bucket_count, count;
    uint64_t seed;
    struct lp_digester *digester; /* owned */
    struct lp_arena *arena;       /* borrowed */
    struct lp_options options;
};

enum { FIRST_BUCKETS = 64 };

struct lp_cert_store *lp_cert_store_new(uint64_t seed, struct lp_arena *arena,
                                        const struct lp_options *options)
{
    struct lp_cert_store *store = lp_alloc(sizeof *store);
    if (!store)
        return NULL;
    store->seed = seed;
    store->arena = arena;
    store->options = *options;
    store->bucket_count = FIRST_BUCKETS;
    store->buckets = lp_alloc_array(FIRST_BUCKETS, sizeof(struct entry *));
    store->digester = lp_digester_new();
    if (!store->buckets || !store->digester) {
        lp_cert_store_free(store);
        return NULL;
    }
    return store;
}

void lp_cert_store_free(struct lp_cert_store *store)
{
    if (!store)
        return;
    lp_digester_free(store->digester);
    lp_free(store->buckets);
    lp_free(store);
}

static struct entry **bucket_of(const struct lp_cert_store *store, const uint8_t sha256[32])
{
    return &store->buckets[lp_hash_bytes(store->seed, sha256, 32) % store->bucket_count];
}

static void grow(struct lp_cert_store *store)
{
    size_t old_count = store->bucket_count;
    struct entry **old = store->buckets,
                 **buckets = lp_alloc_array(old_count * 2, sizeof(struct entry *));

    if (!buckets)
        return; /* a fuller table is slower, not wrong */
    store->buckets = buckets;
    store->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct entry *entry = old[i], **bucket = bucket_of(store, entry->cert.sha256);
            old[i] = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    lp_free(old);
}

/* What the options ask for beyond the two hashes. */
static bool decorate(struct lp_cert_store *store, struct lp_cert *cert, const uint8_t *der,
                     size_t n)
{
    if (store->options.keep_der && !(cert->der = lp_arena_copy(store->arena, der, n)))
        return false;
    if (store->options.more_digests) {
        struct lp_more_digests *more = lp_arena_alloc(store->arena, sizeof *more);
        if (!more)
            return false;
        if (lp_digest_more(store->digester, der, n, more))
            cert->more = more;
    }
    return !store->options.facts || (cert->facts = lp_x509_facts(store->arena, der, n));
}

const void *lp_cert_store_add(void *ctx, const uint8_t *der, size_t n)
{
    struct lp_cert_store *store = ctx;
    uint8_t sha1[20], sha256[32];

    if (!lp_digest_cert(store->digester, der, n, sha1, sha256))
        return NULL;
    for (struct entry *seen = *bucket_of(store, sha256); seen; seen = seen->next)
        if (seen->cert.bytes == n && memcmp(seen->cert.sha256, sha256, sizeof sha256) == 0)
            return &seen->cert;

    struct entry *entry = lp_arena_alloc(store->arena, sizeof *entry);
    if (!entry)
        return NULL;
    entry->cert.complete = true;
    entry->cert.bytes = (uint32_t)n;
    memcpy(entry->cert.sha1, sha1, sizeof sha1);
    memcpy(entry->cert.sha256, sha256, sizeof sha256);
    if (!decorate(store, &entry->cert, der, n))
        return NULL;
    if (store->count++ >= store->bucket_count)
        grow(store);
    struct entry **bucket = bucket_of(store, sha256);
    entry->next = *bucket;
    *bucket = entry;
    return &entry->cert;
}
