/*
 * IP fragments, rebuilt in any order (RFC 791 3.2, RFC 8200 4.5, the checks of RFC 1858 and 5722).
 *
 * Fragments start on multiples of eight bytes, so a datagram of at most 65,535 bytes is 8,192
 * blocks. Two bit sets per datagram tell which blocks were announced and which bytes are at hand (a
 * snap length may cut a fragment). It is complete when every announced block up to the last
 * fragment's end was seen. Of two copies of a block the first wins; a difference is counted. The
 * number of unfinished datagrams and their bytes are bounded; the least recently begun one leaves
 * first, and hands out what it holds from its beginning.
 */
#include "base/hash.h"
#include "base/text.h"
#include "net/layers.h"

#include <string.h>

enum {
    BLOCK = 8,
    MAX_BYTES = 65535,
    MAX_BLOCKS = 8192,
    BUCKETS = 1024,
    MAX_UNFINISHED = 4096,
    MAX_NESTING = 8, /* fragments inside rebuilt datagrams */
    FINISHED = 256,  /* whole datagrams that are remembered for a while */
    LIFETIME = 60,   /* seconds; RFC 8200 4.5. Identification numbers come round again */
};

struct rebuild {
    struct rebuild *bucket_next;   /* owned by the bucket */
    struct rebuild *older, *newer; /* borrowed: by time of beginning */
    uint64_t hash;
    uint32_t id;
    struct lp_datagram head; /* addresses, protocol and MACs of the first fragment seen, of offset 0
                                once that is there */
    bool has_head, snapped;
    unsigned rebuilds; /* how many rebuilt datagrams its fragments lay in */
    uint32_t total;    /* bytes; 0 until the last fragment was seen */
    uint32_t extent;   /* bytes of `bytes` in use */
    uint64_t last_frame;
    struct lp_time last_time;
    struct lp_buf bytes; /* owned */
    uint8_t announced[MAX_BLOCKS / 8], present[MAX_BLOCKS / 8];
};

struct lp_fragments {
    struct rebuild *buckets[BUCKETS];
    struct rebuild *oldest, *newest;
    unsigned count;
    uint64_t seed;
    uint64_t finished[FINISHED]; /* hashes of the last whole datagrams, in a ring */
    unsigned next_finished;
    struct lp_budget *budget; /* borrowed */
};

struct lp_fragments *lp_fragments_new(uint64_t seed, struct lp_budget *budget)
{
    struct lp_fragments *fragments = lp_alloc(sizeof *fragments);
    if (fragments) {
        fragments->seed = seed;
        fragments->budget = budget;
    }
    return fragments;
}

static bool test_bit(const uint8_t *bits, uint32_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static void set_bit(uint8_t *bits, uint32_t i)
{
    bits[i / 8] = (uint8_t)(bits[i / 8] | 1U << (i % 8));
}

static uint32_t blocks_of(uint32_t bytes)
{
    return (bytes + BLOCK - 1) / BLOCK;
}

/* How many bytes from the start fulfil the bit set. */
static uint32_t covered(const uint8_t *bits, uint32_t bytes)
{
    uint32_t block = 0, all = blocks_of(bytes);
    while (block < all && test_bit(bits, block))
        block++;
    return block == all ? bytes : block * BLOCK;
}

static uint64_t hash_of(const struct lp_fragments *fragments, const struct lp_datagram *d,
                        uint32_t id)
{
    /* Both addresses are family-sized, the rest of their bytes zero. The protocol is left out: IPv6
     * does not key by it. */
    uint64_t h = lp_hash_bytes(fragments->seed, d->src.bytes, sizeof d->src.bytes);
    h = lp_hash_bytes(h, d->dst.bytes, sizeof d->dst.bytes);
    return lp_hash_bytes(h, &id, sizeof id);
}

static bool same_datagram(const struct rebuild *r, uint64_t hash, const struct lp_datagram *d,
                          uint32_t id)
{
    return r->hash == hash && r->id == id && lp_ip_equal(&r->head.src, &d->src) &&
           lp_ip_equal(&r->head.dst, &d->dst) &&
           (d->src.family == 6 || r->head.protocol == d->protocol);
}

static void unlink_rebuild(struct lp_fragments *fragments, struct rebuild *r)
{
    struct rebuild **link = &fragments->buckets[r->hash % BUCKETS];
    while (*link != r)
        link = &(*link)->bucket_next;
    *link = r->bucket_next;
    *(r->older ? &r->older->newer : &fragments->oldest) = r->newer;
    *(r->newer ? &r->newer->older : &fragments->newest) = r->older;
    fragments->count--;
}

static void release(struct lp_fragments *fragments, struct rebuild *r)
{
    lp_buf_free(&r->bytes);
    lp_budget_give(fragments->budget, sizeof *r);
    lp_free(r);
}

/* A mirror port may show every packet twice: what is left of the second copy is no loss. */
static bool is_finished(const struct lp_fragments *fragments, uint64_t hash)
{
    for (unsigned i = 0; i < FINISHED; i++)
        if (fragments->finished[i] == hash)
            return true;
    return false;
}

/* Hands out the datagram, or its beginning when it is unfinished, and forgets it. It leaves the
 * table first: what it carries may be a fragment itself. */
static void hand_out(struct lp_fragments *fragments, struct rebuild *r, const struct lp_walk *from)
{
    bool whole = r->total != 0 && covered(r->announced, r->total) == r->total;
    uint32_t present = covered(r->present, whole ? r->total : r->extent);
    /* The caller's count bounds the recursion, the datagram's own a nest that a loop unwinds. */
    unsigned within = r->rebuilds > from->rebuilds ? r->rebuilds : from->rebuilds;
    struct lp_walk walk = {
        .datagram = r->head, .net = from->net, .rebuilds = within + 1, .depth = from->depth};

    unlink_rebuild(fragments, r);
    if (whole)
        fragments->finished[fragments->next_finished++ % FINISHED] = r->hash;
    else if (!is_finished(fragments, r->hash))
        lp_net_stats_of(from->net)->fragments_incomplete++;
    if (r->has_head && present > 0 && walk.rebuilds <= MAX_NESTING) {
        walk.datagram.bytes = lp_rd_init(r->bytes.bytes, present);
        walk.datagram.announced = whole ? r->total : present;
        walk.datagram.snapped = r->snapped;
        walk.datagram.frame = r->last_frame;
        walk.datagram.time = r->last_time;
        walk.next = lp_layer_ip_payload;
        lp_net_walk(&walk);
    }
    release(fragments, r);
}

static struct rebuild *begin(struct lp_fragments *fragments, const struct lp_walk *walk,
                             uint64_t hash, uint32_t id)
{
    while (fragments->count >= MAX_UNFINISHED && fragments->oldest)
        hand_out(fragments, fragments->oldest, walk);
    while (!lp_budget_take(fragments->budget, sizeof(struct rebuild))) {
        if (!fragments->oldest)
            return NULL;
        hand_out(fragments, fragments->oldest, walk);
    }
    struct rebuild *r = lp_alloc(sizeof *r);
    if (!r) {
        lp_budget_give(fragments->budget, sizeof *r);
        return NULL;
    }
    r->hash = hash;
    r->id = id;
    r->head = walk->datagram;
    r->bytes.budget = fragments->budget;
    r->bucket_next = fragments->buckets[hash % BUCKETS];
    fragments->buckets[hash % BUCKETS] = r;
    r->older = fragments->newest;
    *(r->older ? &r->older->newer : &fragments->oldest) = r;
    fragments->newest = r;
    fragments->count++;
    return r;
}

static struct rebuild *find(struct lp_fragments *fragments, const struct lp_walk *walk, uint32_t id)
{
    uint64_t hash = hash_of(fragments, &walk->datagram, id);
    struct rebuild *r = fragments->buckets[hash % BUCKETS];

    while (r && !same_datagram(r, hash, &walk->datagram, id))
        r = r->bucket_next;
    if (r) {
        int64_t age; /* overflows where the file makes its times up */
        if (!__builtin_sub_overflow(walk->datagram.time.sec, r->head.time.sec, &age) &&
            age <= LIFETIME && age >= -LIFETIME)
            return r;
        hand_out(fragments, r, walk);
    }
    return begin(fragments, walk, hash, id);
}

/* Copies the blocks that are not there yet; false when a block that is there differs. */
static bool copy_blocks(struct rebuild *r, uint32_t offset, struct lp_rd piece, bool last)
{
    bool agrees = true;

    while (piece.left >= BLOCK || (last && piece.left > 0)) {
        uint8_t block[BLOCK] = {0};
        size_t n = piece.left < BLOCK ? piece.left : BLOCK;
        if (!lp_rd_copy(&piece, block, n))
            break;
        if (!test_bit(r->present, offset / BLOCK)) {
            memcpy(r->bytes.bytes + offset, block, n);
            set_bit(r->present, offset / BLOCK);
        } else if (memcmp(r->bytes.bytes + offset, block, n) != 0) {
            agrees = false;
        }
        offset += BLOCK;
    }
    return agrees;
}

static bool make_room(struct rebuild *r, uint32_t end)
{
    if (end <= r->extent)
        return true;
    if (lp_buf_reserve(&r->bytes, end - r->bytes.len) != LP_GROW_OK)
        return false;
    memset(r->bytes.bytes + r->bytes.len, 0, end - r->bytes.len);
    r->bytes.len = r->extent = end;
    return true;
}

static void count_conflict(struct lp_net_stats *stats, uint64_t frame)
{
    if (stats->fragments_conflicting++ == 0)
        stats->first_conflict_frame = frame;
}

void lp_fragments_add(struct lp_fragments *fragments, struct lp_walk *walk,
                      const struct lp_fragment *fragment)
{
    struct lp_net_stats *stats = lp_net_stats_of(walk->net);
    const struct lp_datagram *d = &walk->datagram;
    uint32_t length = d->announced, end;

    stats->fragments++;
    if (fragment->more)
        length -=
            length %
            BLOCK; /* all but the last are multiples of eight; what is over cannot be placed */
    if (length == 0 || __builtin_add_overflow(fragment->offset, length, &end) || end > MAX_BYTES) {
        stats->fragments_dropped++;
        return;
    }
    struct rebuild *r = find(fragments, walk, fragment->id);
    if (r && !fragment->more && r->total != 0 && end != r->total) {
        count_conflict(stats, d->frame); /* a second end: the bytes behind it would pass as seen */
        return;
    }
    if (!r || !make_room(r, end)) {
        stats->fragments_dropped++;
        return;
    }
    bool seen_further = !fragment->more && r->total == 0 && r->extent > end;
    if (!fragment->more)
        r->total = end;

    struct lp_rd piece = lp_rd_head(&d->bytes, length);
    bool conflict =
        !copy_blocks(r, fragment->offset, piece, !fragment->more && piece.left == length);
    if (seen_further || (r->total != 0 && end > r->total))
        conflict = true;
    for (uint32_t block = fragment->offset / BLOCK; block < blocks_of(end); block++)
        set_bit(r->announced, block);
    if (conflict)
        count_conflict(stats, d->frame);
    if (fragment->offset == 0 && !r->has_head) {
        r->head = *d;
        r->has_head = true;
    }
    r->snapped |= d->snapped;
    if (walk->rebuilds > r->rebuilds)
        r->rebuilds = walk->rebuilds;
    if (d->frame > r->last_frame) {
        r->last_frame = d->frame;
        r->last_time = d->time;
    }
    if (r->has_head && r->total != 0 && covered(r->announced, r->total) == r->total)
        hand_out(fragments, r, walk);
}

void lp_fragments_flush(struct lp_fragments *fragments, struct lp_net *net)
{
    struct lp_walk walk = {.net = net};
    while (fragments->oldest)
        hand_out(fragments, fragments->oldest, &walk);
}

void lp_fragments_free(struct lp_fragments *fragments)
{
    if (!fragments)
        return;
    while (fragments->oldest) {
        struct rebuild *r = fragments->oldest;
        unlink_rebuild(fragments, r);
        release(fragments, r);
    }
    lp_free(fragments);
}
