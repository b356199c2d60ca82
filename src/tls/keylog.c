/*
 * How it works: text is cut into lines, a line into words: label, client random, secret. Secrets
 * stand in a hash table keyed by a seed of the run. A program may be in the middle of a line when
 * its file is read: the unfinished line is kept, and what was read from it gives way to the longer
 * secret of the whole line.
 */
#include "tls/keylog.h"

#include "base/hash.h"
#include "base/text.h"

#include <string.h>

enum {
    FIRST_BUCKETS = 64,
    MAX_SECRETS = 1 << 18, /* some 30 MiB */
    MAX_LINE = 512,        /* the longest label with random and secret takes less than half */
};

struct entry {
    struct entry *next; /* owned by the bucket */
    uint64_t hash;
    uint8_t random[LP_CLIENT_RANDOM];
    uint8_t what, length;
    uint8_t secret[LP_SECRET_MOST];
};

struct lp_keylog {
    struct entry **buckets; /* owned */
    size_t bucket_count;
    uint64_t seed;
    uint8_t line[MAX_LINE]; /* what is there of an unfinished line */
    size_t line_len;
    bool overlong; /* the rest of a line that is too long comes next */
    struct lp_keylog_stats stats;
};

struct lp_keylog *lp_keylog_new(uint64_t seed)
{
    struct lp_keylog *log = lp_alloc(sizeof *log);

    if (!log)
        return NULL;
    log->buckets = lp_alloc_array(FIRST_BUCKETS, sizeof(struct entry *));
    if (!log->buckets) {
        lp_free(log);
        return NULL;
    }
    log->bucket_count = FIRST_BUCKETS;
    log->seed = seed;
    return log;
}

void lp_keylog_free(struct lp_keylog *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->bucket_count; i++) {
        while (log->buckets[i]) {
            struct entry *entry = log->buckets[i];
            log->buckets[i] = entry->next;
            lp_free(entry);
        }
    }
    lp_free(log->buckets);
    lp_free(log);
}

const struct lp_keylog_stats *lp_keylog_stats(const struct lp_keylog *log)
{
    return &log->stats;
}

/* ---- the table ---- */

static uint64_t hash_of(const struct lp_keylog *log, const uint8_t *random)
{
    return lp_hash_bytes(log->seed, random, LP_CLIENT_RANDOM);
}

static struct entry *find(const struct lp_keylog *log, uint64_t hash, const uint8_t *random,
                          enum lp_secret what)
{
    struct entry *entry = log->buckets[hash % log->bucket_count];

    while (entry && (entry->hash != hash || entry->what != what ||
                     memcmp(entry->random, random, LP_CLIENT_RANDOM) != 0))
        entry = entry->next;
    return entry;
}

static void grow_table(struct lp_keylog *log)
{
    size_t count = log->bucket_count * 4;
    struct entry **buckets = lp_alloc_array(count, sizeof *buckets);

    if (!buckets)
        return; /* a fuller table is slower, not wrong */
    for (size_t i = 0; i < log->bucket_count; i++) {
        while (log->buckets[i]) {
            struct entry *entry = log->buckets[i];
            log->buckets[i] = entry->next;
            entry->next = buckets[entry->hash % count];
            buckets[entry->hash % count] = entry;
        }
    }
    lp_free(log->buckets);
    log->buckets = buckets;
    log->bucket_count = count;
}

/* The first secret counts, except that the whole of an unfinished line replaces its beginning. */
static bool keep(struct lp_keylog *log, enum lp_secret what, const uint8_t *random,
                 struct lp_rd secret)
{
    uint64_t hash = hash_of(log, random);
    struct entry *entry = find(log, hash, random, what);
    size_t length = secret.left;

    if (!entry && log->stats.secrets >= MAX_SECRETS) {
        log->stats.too_many++;
        return true;
    }
    if (!entry) {
        entry = lp_alloc(sizeof *entry);
        if (!entry)
            return false;
        if (log->stats.secrets >= log->bucket_count)
            grow_table(log);
        entry->hash = hash;
        entry->what = (uint8_t)what;
        memcpy(entry->random, random, LP_CLIENT_RANDOM);
        entry->next = log->buckets[hash % log->bucket_count];
        log->buckets[hash % log->bucket_count] = entry;
        log->stats.secrets++;
    }
    if (entry->length < length && lp_rd_copy(&secret, entry->secret, length))
        entry->length = (uint8_t)length;
    return true;
}

struct lp_rd lp_keylog_find(const struct lp_keylog *log, const uint8_t random[LP_CLIENT_RANDOM],
                            enum lp_secret what)
{
    const struct entry *entry = find(log, hash_of(log, random), random, what);
    return entry ? lp_rd_init(entry->secret, entry->length) : lp_rd_init(NULL, 0);
}

/* ---- lines ---- */

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next word of a line; empty at its end. */
static struct lp_rd next_word(struct lp_rd *line)
{
    struct lp_rd peek = *line, word;
    uint8_t byte;
    size_t n = 0;

    while (lp_rd_u8(&peek, &byte) && is_space(byte))
        *line = peek;
    peek = *line;
    while (lp_rd_u8(&peek, &byte) && !is_space(byte))
        n++;
    return lp_rd_sub(line, n, &word) ? word : lp_rd_init(NULL, 0);
}

static bool is_word(struct lp_rd word, const char *text)
{
    return word.left == strlen(text) && memcmp(word.ptr, text, word.left) == 0;
}

/* The number of bytes that a word of hex digits stands for, or -1. */
static long hex(struct lp_rd word, uint8_t *out, size_t size)
{
    return lp_hex_decode((const char *)word.ptr, word.left, false, out, size);
}

/* Secrets of labels that are known; LP_SECRET_COUNT stands for those without use here. */
static const struct {
    const char *label;
    enum lp_secret what;
} labels[] = {
    {"CLIENT_RANDOM", LP_SECRET_MASTER},
    {"CLIENT_EARLY_TRAFFIC_SECRET", LP_SECRET_CLIENT_EARLY},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", LP_SECRET_CLIENT_HANDSHAKE},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", LP_SECRET_SERVER_HANDSHAKE},
    {"CLIENT_TRAFFIC_SECRET_0", LP_SECRET_CLIENT_TRAFFIC},
    {"SERVER_TRAFFIC_SECRET_0", LP_SECRET_SERVER_TRAFFIC},
    {"EXPORTER_SECRET", LP_SECRET_COUNT},
    {"EARLY_EXPORTER_SECRET", LP_SECRET_COUNT},
    {"ECH_SECRET", LP_SECRET_COUNT},
    {"ECH_CONFIG", LP_SECRET_COUNT},
};

/* CLIENT_TRAFFIC_SECRET_1 and so on: they follow from the first. */
static bool is_later_secret(struct lp_rd label)
{
    static const char *const prefixes[] = {"CLIENT_TRAFFIC_SECRET_", "SERVER_TRAFFIC_SECRET_"};

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t n = strlen(prefixes[i]);
        if (label.left > n && memcmp(label.ptr, prefixes[i], n) == 0)
            return true;
    }
    return false;
}

/* A master secret has 48 bytes (RFC 5246 8.1), a traffic secret as many as its hash: 32 or 48. */
static bool is_secret_length(enum lp_secret what, long length)
{
    return length == 48 || (length == 32 && what != LP_SECRET_MASTER);
}

enum line_kind { LINE_SECRET, LINE_IGNORED, LINE_RSA, LINE_UNKNOWN };

static enum line_kind read_line(struct lp_rd line, enum lp_secret *what, uint8_t *random,
                                uint8_t *secret, size_t *length)
{
    struct lp_rd label = next_word(&line), first = next_word(&line), second = next_word(&line);
    struct lp_rd peek = label, more = next_word(&line);
    uint8_t byte;

    if (!lp_rd_u8(&peek, &byte) || byte == '#')
        return LINE_IGNORED;
    if (is_word(label, "RSA"))
        return LINE_RSA;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (!is_word(label, labels[i].label))
            continue;
        *what = labels[i].what;
        if (*what == LP_SECRET_COUNT)
            return LINE_IGNORED;
        long n = hex(second, secret, LP_SECRET_MOST);
        if (hex(first, random, LP_CLIENT_RANDOM) != LP_CLIENT_RANDOM ||
            !is_secret_length(*what, n) || !lp_rd_end(&more))
            return LINE_UNKNOWN;
        *length = (size_t)n;
        return LINE_SECRET;
    }
    return is_later_secret(label) ? LINE_IGNORED : LINE_UNKNOWN;
}

/* `whole`: the line has ended, so that what it is may be counted. */
static bool take_line(struct lp_keylog *log, struct lp_rd line, bool whole)
{
    uint8_t random[LP_CLIENT_RANDOM], secret[LP_SECRET_MOST];
    enum lp_secret what;
    size_t length;

    switch (read_line(line, &what, random, secret, &length)) {
    case LINE_SECRET:
        return keep(log, what, random, lp_rd_init(secret, length));
    case LINE_RSA:
        log->stats.rsa += whole;
        break;
    case LINE_UNKNOWN:
        log->stats.unknown += whole;
        break;
    case LINE_IGNORED:
        break;
    }
    return true;
}

static bool finish_line(struct lp_keylog *log)
{
    struct lp_rd line = lp_rd_init(log->line, log->line_len);
    bool overlong = log->overlong;

    log->line_len = 0;
    log->overlong = false;
    log->stats.unknown += overlong;
    return overlong || take_line(log, line, true);
}

bool lp_keylog_add(struct lp_keylog *log, struct lp_rd text)
{
    uint8_t byte;

    while (lp_rd_u8(&text, &byte)) {
        if (byte == '\n') {
            if (!finish_line(log))
                return false;
        } else if (log->line_len < MAX_LINE) {
            log->line[log->line_len++] = byte;
        } else {
            log->overlong = true;
        }
    }
    return true;
}

bool lp_keylog_pause(struct lp_keylog *log)
{
    return log->overlong || take_line(log, lp_rd_init(log->line, log->line_len), false);
}

bool lp_keylog_end(struct lp_keylog *log)
{
    return log->line_len == 0 || finish_line(log);
}
