#include "report/summary.h"

#include "base/hash.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VERDICTS = LP_UNREADABLE + 1, ENTRIES_MOST = 65536, PHONES_SHOWN = 10, NAME_SIZE = 16 };

struct leaf {
    struct lp_node node;
    uint8_t sha256[32];
};

/* A phone whose configuration did not match somewhere. */
struct phone {
    struct lp_node node;
    char name[NAME_SIZE];
    uint64_t mismatches, mixed; /* captures */
};

struct lp_summary {
    uint64_t captures, verified, handshakes, failed; /* failed: could not be read to the end */
    uint64_t verdicts[VERDICTS], reasons[LP_REASON_COUNT];
    struct lp_table leaves, phones;
    bool more_leaves, more_phones; /* than are kept */
    uint64_t seed;
};

/* ---- counting ---- */

struct lp_summary *lp_summary_new(void)
{
    struct lp_summary *summary = lp_alloc(sizeof *summary);
    struct timespec time = {0};

    if (!summary)
        return NULL;
    /* Nobody who made a capture knows when it will be looked at. */
    clock_gettime(CLOCK_REALTIME, &time);
    summary->seed = lp_hash_mix((uint64_t)time.tv_sec, (uint64_t)time.tv_nsec);
    if (lp_table_start(&summary->leaves) && lp_table_start(&summary->phones))
        return summary;
    lp_summary_free(summary);
    return NULL;
}

static void free_entries(struct lp_table *table)
{
    struct lp_node *node;

    while (table->buckets && (node = table->newest)) {
        lp_table_remove(table, node);
        lp_free(node);
    }
    lp_table_end(table);
}

void lp_summary_free(struct lp_summary *summary)
{
    if (!summary)
        return;
    free_entries(&summary->leaves);
    free_entries(&summary->phones);
    lp_free(summary);
}

/* A new entry; NULL: there is no room (*more is set) or no memory. */
static void *add_entry(struct lp_table *table, size_t size, uint64_t hash, bool *more)
{
    if (table->count >= ENTRIES_MOST) {
        *more = true;
        return NULL;
    }
    struct lp_node *node = lp_alloc(size);
    if (node)
        lp_table_add(table, node, hash);
    return node;
}

static bool note_leaf(struct lp_summary *summary, const uint8_t sha256[32])
{
    uint64_t hash = lp_hash_bytes(summary->seed, sha256, 32);
    struct lp_node *node = lp_table_first(&summary->leaves, hash);

    for (; node; node = lp_table_next(node))
        if (memcmp(((struct leaf *)node)->sha256, sha256, 32) == 0)
            return true;
    struct leaf *leaf = add_entry(&summary->leaves, sizeof *leaf, hash, &summary->more_leaves);
    if (leaf)
        memcpy(leaf->sha256, sha256, sizeof leaf->sha256);
    return leaf || summary->more_leaves;
}

static bool note_phone(struct lp_summary *summary, const struct lp_config *config)
{
    size_t n = strlen(config->phone);
    uint64_t hash = lp_hash_bytes(summary->seed, config->phone, n);
    struct lp_node *node = lp_table_first(&summary->phones, hash);
    struct phone *phone = NULL;

    for (; node && !phone; node = lp_table_next(node))
        if (strcmp(((struct phone *)node)->name, config->phone) == 0)
            phone = (struct phone *)node;
    if (!phone && n < NAME_SIZE) {
        phone = add_entry(&summary->phones, sizeof *phone, hash, &summary->more_phones);
        if (phone)
            memcpy(phone->name, config->phone, n + 1);
    }
    if (!phone)
        return summary->more_phones || n >= NAME_SIZE;
    phone->mismatches += config->verdict == LP_MISMATCH;
    phone->mixed += config->verdict == LP_MIXED;
    return true;
}

bool lp_summary_note_leaf(struct lp_summary *summary, const uint8_t sha256[32])
{
    return note_leaf(summary, sha256);
}

void lp_summary_more_leaves(struct lp_summary *summary)
{
    summary->more_leaves = true;
}

bool lp_summary_note(struct lp_summary *summary, const struct lp_capture *capture)
{
    bool fine = true;

    summary->captures++;
    summary->handshakes += capture->session_count + capture->handed_on;
    summary->failed += capture->error != NULL;
    for (size_t i = 0; i < capture->session_count && fine; i++) {
        const struct lp_session *session = &capture->sessions[i];
        if (session->chain_count && session->chain[0].complete)
            fine = note_leaf(summary, session->chain[0].sha256);
    }
    if (!capture->verified)
        return fine;
    summary->verified++;
    summary->verdicts[capture->verdict]++;
    if (capture->verdict == LP_UNDECIDED)
        summary->reasons[capture->reason]++;
    for (size_t i = 0; i < capture->config_count && fine; i++) {
        const struct lp_config *config = &capture->configs[i];
        if (config->phone && (config->verdict == LP_MISMATCH || config->verdict == LP_MIXED))
            fine = note_phone(summary, config);
    }
    return fine;
}

uint64_t lp_summary_captures(const struct lp_summary *summary)
{
    return summary->captures;
}

/* ---- telling ---- */

static void put_count(struct lp_out *out, uint64_t count, const char *one, const char *many)
{
    lp_out_number(out, count);
    lp_out_char(out, ' ');
    lp_out_text(out, count == 1 ? one : many);
}

static void write_reasons(const struct lp_summary *summary, struct lp_out *out)
{
    const char *before = " (";

    for (int i = 0; i < LP_REASON_COUNT; i++) {
        const char *name = lp_reason_name((enum lp_reason)i);
        if (summary->reasons[i] == 0 || !name)
            continue;
        lp_out_text(out, before);
        put_count(out, summary->reasons[i], name, name);
        before = ", ";
    }
    if (before[0] == ',')
        lp_out_char(out, ')');
}

static void write_verdicts(const struct lp_summary *summary, struct lp_out *out)
{
    static const enum lp_verdict order[] = {LP_MATCH, LP_MATCH_ISSUER, LP_MISMATCH,
                                            LP_MIXED, LP_UNDECIDED,    LP_UNREADABLE};
    const char *before = ": ";

    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *name = lp_verdict_name(order[i]);
        if (summary->verdicts[order[i]] == 0)
            continue;
        lp_out_text(out, before);
        put_count(out, summary->verdicts[order[i]], name, name);
        if (order[i] == LP_UNDECIDED)
            write_reasons(summary, out);
        before = ", ";
    }
}

/* Who cannot get in at all comes before who gets in by another gateway, then who tried more often;
 * the name decides the rest. */
static int by_need(const void *left, const void *right)
{
    const struct phone *a = *(struct phone *const *)left, *b = *(struct phone *const *)right;

    if (a->mismatches != b->mismatches)
        return a->mismatches > b->mismatches ? -1 : 1;
    if (a->mixed != b->mixed)
        return a->mixed > b->mixed ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void write_phone(const struct phone *phone, struct lp_out *out)
{
    lp_out_text(out, "  ");
    lp_out_text(out, phone->name);
    lp_out_text(out, ": ");
    if (phone->mismatches)
        put_count(out, phone->mismatches, "mismatch", "mismatches");
    lp_out_text(out, phone->mismatches && phone->mixed ? ", " : NULL);
    if (phone->mixed)
        put_count(out, phone->mixed, "mixed", "mixed");
    lp_out_char(out, '\n');
}

static void write_phones(const struct lp_summary *summary, struct lp_out *out)
{
    size_t count = summary->phones.count, i = 0;
    struct phone **list = lp_alloc_array(count, sizeof *list);
    struct lp_node *node;

    if (!list) {
        out->error = out->error ? out->error : ENOMEM;
        return;
    }
    for (node = summary->phones.newest; node; node = node->older)
        list[i++] = (struct phone *)node;
    qsort(list, count, sizeof *list, by_need);
    lp_out_text(out, "phones to repair first:\n");
    for (i = 0; i < count && i < PHONES_SHOWN; i++)
        write_phone(list[i], out);
    if (count > PHONES_SHOWN) {
        lp_out_text(out, summary->more_phones ? "  and more than " : "  and ");
        lp_out_number(out, count - PHONES_SHOWN);
        lp_out_text(out, " others\n");
    }
    lp_free(list);
}

void lp_summary_write(const struct lp_summary *summary, struct lp_out *out)
{
    put_count(out, summary->captures, "capture", "captures");
    write_verdicts(summary, out);
    if (!summary->verified && summary->failed) {
        lp_out_text(out, ", ");
        put_count(out, summary->failed, "unreadable", "unreadable");
    }
    lp_out_char(out, '\n');
    put_count(out, summary->handshakes, "handshake", "handshakes");
    lp_out_text(out, summary->more_leaves ? ", more than " : ", ");
    put_count(out, summary->leaves.count, "different leaf certificate",
              "different leaf certificates");
    lp_out_char(out, '\n');
    if (summary->phones.count)
        write_phones(summary, out);
}
