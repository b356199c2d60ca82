#include "scan/certstore.h"

#include "base/hash.h"
#include "x509/x509.h"

struct entry {
    struct lp_cert cert;
    struct entry *next; /* in the same bucket */
    /* With a sink. */
    struct lp_arena *own;        /* owned: what the certificate's fields point to */
    struct entry *newer, *older; /* among those that nobody holds */
    unsigned holders;
};

struct lp_cert_store {
    struct entry **buckets; /* owned */
    size_t bucket_count, count;
    uint64_t seed;
    struct lp_digester *digester; /* owned */
    struct lp_arena *arena;       /* borrowed */
    struct lp_options options;
    bool recycles;                 /* there is a sink */
    struct entry *newest, *oldest; /* those that nobody holds */
    size_t idle;                   /* how many they are */
};

/* MOST_IDLE: of an authority's certificates there are few, and leaves seldom come again soon. */
enum { FIRST_BUCKETS = 64, MOST_IDLE = 256 };

struct lp_cert_store *lp_cert_store_new(uint64_t seed, struct lp_arena *arena,
                                        const struct lp_options *options)
{
    struct lp_cert_store *store = lp_alloc(sizeof *store);
    if (!store)
        return NULL;
    store->seed = seed;
    store->arena = arena;
    store->options = *options;
    store->recycles = options->sink != NULL;
    store->bucket_count = FIRST_BUCKETS;
    store->buckets = lp_alloc_array(FIRST_BUCKETS, sizeof(struct entry *));
    store->digester = lp_digester_new();
    if (!store->buckets || !store->digester) {
        lp_cert_store_free(store);
        return NULL;
    }
    return store;
}

static void free_entry(struct entry *entry)
{
    if (!entry)
        return;
    lp_arena_free(entry->own);
    lp_free(entry);
}

void lp_cert_store_free(struct lp_cert_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; store->recycles && store->buckets && i < store->bucket_count; i++) {
        while (store->buckets[i]) {
            struct entry *entry = store->buckets[i];
            store->buckets[i] = entry->next;
            free_entry(entry);
        }
    }
    lp_digester_free(store->digester);
    lp_free(store->buckets);
    lp_free(store);
}

static struct entry **bucket_of(const struct lp_cert_store *store, const uint8_t sha256[32])
{
    return &store->buckets[lp_hash_bytes(store->seed, sha256, 32) & (store->bucket_count - 1)];
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

/* ---- those that nobody holds ---- */

static void leave_idle(struct lp_cert_store *store, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &store->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &store->oldest) = entry->newer;
    store->idle--;
}

static void become_idle(struct lp_cert_store *store, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = store->newest;
    *(entry->older ? &entry->older->newer : &store->oldest) = entry;
    store->newest = entry;
    store->idle++;
}

static void hold(struct lp_cert_store *store, struct entry *entry)
{
    if (store->recycles && entry->holders++ == 0)
        leave_idle(store, entry);
}

static void take_out(struct lp_cert_store *store, struct entry *entry)
{
    struct entry **link = bucket_of(store, entry->cert.sha256);

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    leave_idle(store, entry);
    store->count--;
}

void lp_cert_store_drop(void *ctx, const void *stored)
{
    struct lp_cert_store *store = ctx;

    if (!store->recycles)
        return;
    struct entry *entry = *bucket_of(store, ((const struct lp_cert *)stored)->sha256);
    while (entry && &entry->cert != stored)
        entry = entry->next;
    if (!entry || --entry->holders)
        return;
    become_idle(store, entry);
    if (store->idle <= MOST_IDLE)
        return;
    entry = store->oldest;
    take_out(store, entry);
    free_entry(entry);
}

/* ---- adding ---- */

/* What the options ask for beyond the two hashes. */
static bool decorate(struct lp_cert_store *store, struct entry *entry, const uint8_t *der, size_t n)
{
    struct lp_arena *arena = entry->own ? entry->own : store->arena;
    struct lp_cert *cert = &entry->cert;

    if (store->options.keep_der && !(cert->der = lp_arena_copy(arena, der, n)))
        return false;
    if (store->options.more_digests) {
        struct lp_more_digests *more = lp_arena_alloc(arena, sizeof *more);
        if (!more)
            return false;
        if (lp_digest_more(store->digester, der, n, more))
            cert->more = more;
    }
    return !store->options.facts || (cert->facts = lp_x509_facts(arena, der, n));
}

/* An empty one, with an arena of its own where entries come and go. */
static struct entry *new_entry(struct lp_cert_store *store)
{
    if (!store->recycles)
        return lp_arena_alloc(store->arena, sizeof(struct entry));
    if (store->idle == MOST_IDLE) { /* the memory of one that has to go anyway */
        struct entry *old = store->oldest;
        take_out(store, old);
        lp_arena_reset(old->own);
        *old = (struct entry){.own = old->own};
        return old;
    }
    struct entry *entry = lp_alloc(sizeof *entry);
    if (!entry)
        return NULL;
    entry->own = lp_arena_new();
    if (entry->own)
        return entry;
    free_entry(entry);
    return NULL;
}

const void *lp_cert_store_add(void *ctx, const uint8_t *der, size_t n)
{
    struct lp_cert_store *store = ctx;
    uint8_t sha1[20], sha256[32];

    if (!lp_digest_cert(store->digester, der, n, sha1, sha256))
        return NULL;
    for (struct entry *seen = *bucket_of(store, sha256); seen; seen = seen->next) {
        if (seen->cert.bytes == n && memcmp(seen->cert.sha256, sha256, sizeof sha256) == 0) {
            hold(store, seen);
            return &seen->cert;
        }
    }

    struct entry *entry = new_entry(store);
    if (!entry)
        return NULL;
    entry->cert.complete = true;
    entry->cert.bytes = (uint32_t)n;
    memcpy(entry->cert.sha1, sha1, sizeof sha1);
    memcpy(entry->cert.sha256, sha256, sizeof sha256);
    if (!decorate(store, entry, der, n)) {
        if (store->recycles)
            free_entry(entry);
        return NULL;
    }
    entry->holders = 1;
    if (store->count++ >= store->bucket_count)
        grow(store);
    struct entry **bucket = bucket_of(store, sha256);
    entry->next = *bucket;
    *bucket = entry;
    return &entry->cert;
}
