#include "report/totals.h"

#include "base/hash.h"
#include "base/rd.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- counts ---- */

uint64_t lp_counts_sum(const struct lp_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LP_VERDICT_COUNT; i++)
        sum += counts->of[i];
    return sum;
}

bool lp_verdict_is_match(enum lp_verdict verdict)
{
    return verdict == LP_MATCH || verdict == LP_MATCH_ISSUER;
}

uint64_t lp_counts_of_trouble(const struct lp_counts *counts)
{
    return lp_counts_sum(counts) - counts->of[LP_MATCH] - counts->of[LP_MATCH_ISSUER];
}

uint64_t lp_counts_of_mismatch(const struct lp_counts *counts)
{
    return counts->of[LP_MISMATCH] + counts->of[LP_MIXED];
}

/* ---- phones ---- */

/* Names in results are hostile: the key keeps them from being chosen to collide. */
static uint64_t make_seed(void)
{
    uint64_t seed = 0;
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, &seed, sizeof seed) != (ssize_t)sizeof seed) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = lp_hash_mix((uint64_t)now.tv_sec, (uint64_t)now.tv_nsec);
    }
    if (fd >= 0)
        close(fd);
    return seed;
}

/* The slot that holds the key, or the free one where it would stand. */
static uint64_t *slot_of(uint64_t *slots, size_t cap, uint64_t key)
{
    size_t at = key & (cap - 1); /* cap is a power of two, and never all of it is taken */
    while (slots[at] && slots[at] != key)
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

static bool grow_set(struct lp_phone_set *set)
{
    size_t cap = set->cap ? set->cap * 2 : 1024;
    uint64_t *slots = lp_alloc_array(cap, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i])
            *slot_of(slots, cap, set->slots[i]) = set->slots[i];
    lp_free(set->slots);
    set->slots = slots;
    set->cap = cap;
    return true;
}

/* Whether it is new. `ok` false: memory is short. */
static bool add_to_set(struct lp_phone_set *set, uint64_t key, bool *ok)
{
    key |= 1; /* never 0, which marks a free slot */
    if (set->cap && *slot_of(set->slots, set->cap, key))
        return false;
    if (set->count >= LP_TOTALS_PHONES_MOST) {
        set->full = true;
        return false;
    }
    if (set->count * 2 >= set->cap && !grow_set(set)) {
        *ok = false;
        return false;
    }
    *slot_of(set->slots, set->cap, key) = key;
    set->count++;
    return true;
}

static bool add_phone(struct lp_totals *totals, struct lp_site *site, const json_t *config)
{
    enum lp_verdict verdict = LP_UNDECIDED;
    const char *phone = lp_member_text(config, "phone");
    bool ok = true;

    if (!phone)
        return true;
    lp_verdict_read(lp_member_text(config, "verdict"), &verdict);
    bool to_repair = verdict == LP_MISMATCH || verdict == LP_MIXED;
    uint64_t key = lp_hash_bytes(totals->seed, phone, strlen(phone));
    /* one set holds four kinds of key: seen and to repair, at a site and at all */
    uint64_t here = lp_hash_bytes(key, site->name, strlen(site->name));
    totals->phone_count += add_to_set(&totals->phones, lp_hash_mix(key, 1), &ok);
    site->phones += add_to_set(&totals->phones, lp_hash_mix(here, 2), &ok);
    if (to_repair) {
        totals->to_repair += add_to_set(&totals->phones, lp_hash_mix(key, 3), &ok);
        site->to_repair += add_to_set(&totals->phones, lp_hash_mix(here, 4), &ok);
    }
    return ok;
}

/* ---- sites ---- */

/* The directory of the path that stands at `depth`, from 1; "." and ".." are none. Empty: the path
 * has not so many. */
static struct lp_rd site_in(const char *path, unsigned depth)
{
    struct lp_rd rd = lp_rd_init(path, strlen(path)), part, none = lp_rd_init(NULL, 0);
    const struct lp_rd dot = lp_rd_init("..", 2);

    while (!lp_rd_end(&rd)) {
        uint8_t c = 0;
        struct lp_rd start = rd;
        while (lp_rd_u8(&rd, &c) && c != '/')
            continue;
        if (c != '/') /* the file itself */
            break;
        part = lp_rd_head(&start, start.left - rd.left - 1);
        if (part.left <= dot.left && memcmp(part.ptr, dot.ptr, part.left) == 0)
            continue;
        if (--depth == 0)
            return part;
    }
    return none;
}

static struct lp_site *find_site(struct lp_totals *totals, const struct lp_rd *name, uint64_t hash)
{
    struct lp_node *node = lp_table_first(&totals->sites, hash);
    for (; node; node = lp_table_next(node)) {
        struct lp_site *site = (struct lp_site *)node;
        if (strlen(site->name) == name->left && memcmp(site->name, name->ptr, name->left) == 0)
            return site;
    }
    return NULL;
}

static const char *short_name(struct lp_arena *arena, const struct lp_rd *text)
{
    return lp_text_clean(arena, text->ptr, lp_text_cut(text->ptr, text->left, LP_TOTALS_NAME_MOST));
}

/* Names are compared as they will be shown: printable and not too long. */
static struct lp_site *site_of(struct lp_totals *totals, const char *path)
{
    struct lp_rd part = site_in(path, totals->site_depth);
    struct lp_arena *arena = lp_arena_new();
    struct lp_site *site = NULL;
    const char *name = arena ? short_name(arena, &part) : NULL;

    if (!name)
        goto out;
    struct lp_rd key = lp_rd_init(name, strlen(name));
    uint64_t hash = lp_hash_bytes(totals->seed, name, key.left);
    site = find_site(totals, &key, hash);
    if (site)
        goto out;
    if (totals->sites.count >= LP_TOTALS_SITES_MOST) {
        site = &totals->other_sites;
        goto out;
    }
    const char *kept = lp_arena_text(totals->arena, name);
    site = kept ? lp_arena_alloc(totals->arena, sizeof *site) : NULL;
    if (site) {
        site->name = kept;
        lp_table_add(&totals->sites, &site->node, hash);
    }
out:
    lp_arena_free(arena);
    return site;
}

/* ---- certificates ---- */

static struct lp_leaf *new_leaf(struct lp_totals *totals, const json_t *cert, const char *sha1)
{
    const char *text = lp_member_text(cert, "subject");
    struct lp_rd subject = lp_rd_init(text, text ? strlen(text) : 0);
    struct lp_leaf *leaf = lp_arena_alloc(totals->arena, sizeof *leaf);

    if (!leaf || !(leaf->subject = short_name(totals->arena, &subject)))
        return NULL;
    memcpy(leaf->sha1, sha1, sizeof leaf->sha1);
    lp_table_add(&totals->leaves, &leaf->node, lp_hash_bytes(totals->seed, sha1, strlen(sha1)));
    return leaf;
}

/* Only what is a digest by its form is taken for one. */
static bool is_hex_sha1(const char *text)
{
    return text && strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

static bool add_leaf(struct lp_totals *totals, const json_t *session)
{
    const json_t *cert = lp_element(session, "chain", 0);
    const char *sha1 = lp_member_text(cert, "sha1");
    enum lp_verdict verdict = LP_UNDECIDED;
    struct lp_leaf *leaf = NULL;

    if (!is_hex_sha1(sha1) || !lp_verdict_read(lp_member_text(session, "verdict"), &verdict))
        return true;
    uint64_t hash = lp_hash_bytes(totals->seed, sha1, strlen(sha1));
    struct lp_node *node = lp_table_first(&totals->leaves, hash);
    for (; node && !leaf; node = lp_table_next(node))
        if (strcmp(((struct lp_leaf *)node)->sha1, sha1) == 0)
            leaf = (struct lp_leaf *)node;
    if (!leaf && totals->leaves.count >= LP_TOTALS_LEAVES_MOST) {
        totals->other_leaves++;
        return true;
    }
    if (!leaf && !(leaf = new_leaf(totals, cert, sha1)))
        return false;
    leaf->handshakes.of[verdict]++;
    return true;
}

/* ---- results ---- */

static bool earlier(const struct lp_time *a, const struct lp_time *b)
{
    return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

static void add_stats(struct lp_totals *totals, const json_t *stats)
{
    struct lp_time first, last;

    totals->packets += lp_member_number(stats, "packets");
    totals->bytes += lp_member_number(stats, "bytes");
    if (!lp_time_read(lp_member_text(stats, "first"), &first) ||
        !lp_time_read(lp_member_text(stats, "last"), &last))
        return;
    if (!totals->has_times || earlier(&first, &totals->first))
        totals->first = first;
    if (!totals->has_times || earlier(&totals->last, &last))
        totals->last = last;
    totals->has_times = true;
}

struct lp_site *lp_totals_add(struct lp_totals *totals, const struct lp_result *result)
{
    struct lp_site *site = site_of(totals, result->capture);
    size_t configs = lp_element_count(result->root, "configs");
    size_t sessions = lp_element_count(result->root, "sessions");

    if (!site)
        return NULL;
    for (size_t i = 0; i < configs; i++)
        if (!add_phone(totals, site, lp_element(result->root, "configs", i)))
            return NULL;
    for (size_t i = 0; i < sessions; i++)
        if (!add_leaf(totals, lp_element(result->root, "sessions", i)))
            return NULL;
    totals->results++;
    totals->captures.of[result->verdict]++;
    site->captures.of[result->verdict]++;
    if (result->verdict == LP_UNDECIDED)
        totals->reasons[result->reason]++;
    add_stats(totals, lp_member(result->root, "stats"));
    return site;
}

bool lp_totals_start(struct lp_totals *totals, unsigned site_depth)
{
    *totals = (struct lp_totals){
        .seed = make_seed(), .site_depth = site_depth, .other_sites.name = "(other sites)"};
    return (totals->arena = lp_arena_new()) && lp_table_start(&totals->sites) &&
           lp_table_start(&totals->leaves);
}

void lp_totals_end(struct lp_totals *totals)
{
    lp_table_end(&totals->sites);
    lp_table_end(&totals->leaves);
    lp_free(totals->phones.slots);
    lp_arena_free(totals->arena);
}

/* ---- in order ---- */

static int by_number(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b); /* the greater one first */
}

static int compare_sites(const void *a, const void *b)
{
    const struct lp_site *left = *(const struct lp_site *const *)a;
    const struct lp_site *right = *(const struct lp_site *const *)b;
    int order =
        by_number(lp_counts_of_mismatch(&left->captures), lp_counts_of_mismatch(&right->captures));

    if (!order)
        order = by_number(lp_counts_of_trouble(&left->captures),
                          lp_counts_of_trouble(&right->captures));
    return order ? order : strcmp(left->name, right->name);
}

static int compare_leaves(const void *a, const void *b)
{
    const struct lp_leaf *left = *(const struct lp_leaf *const *)a;
    const struct lp_leaf *right = *(const struct lp_leaf *const *)b;
    int order = by_number(lp_counts_sum(&left->handshakes), lp_counts_sum(&right->handshakes));

    return order ? order : strcmp(left->sha1, right->sha1);
}

static const void **in_order(const struct lp_table *table,
                             int (*compare)(const void *a, const void *b))
{
    const void **items = table->count ? lp_alloc_array(table->count, sizeof *items) : NULL;
    size_t count = 0;

    if (!items)
        return NULL;
    for (const struct lp_node *node = table->newest; node; node = node->older)
        items[count++] = node;
    qsort((void *)items, count, sizeof *items, compare);
    return items;
}

const struct lp_site **lp_totals_sites(const struct lp_totals *totals)
{
    return (const struct lp_site **)in_order(&totals->sites, compare_sites);
}

const struct lp_leaf **lp_totals_leaves(const struct lp_totals *totals)
{
    return (const struct lp_leaf **)in_order(&totals->leaves, compare_leaves);
}
