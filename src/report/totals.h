/*
 * What many results add up to, in bounded memory.
 *
 * Verdicts and reasons are counted exactly, whatever their number. Sites and certificates have
 * tables of a fixed size: what finds no room there is counted together, under no name. Phones are
 * told apart by a keyed hash of 64 bits in a table of at most LP_TOTALS_PHONES_MOST entries; when
 * it is full, their number is a lower bound, and says so.
 */
#ifndef LP_REPORT_TOTALS_H
#define LP_REPORT_TOTALS_H

#include "base/table.h"
#include "report/results.h"

enum {
    LP_TOTALS_SITES_MOST = 4096,
    LP_TOTALS_LEAVES_MOST = 1024,
    LP_TOTALS_PHONES_MOST = 1024 * 1024, /* of 8 bytes, in a table at most half full */
    LP_TOTALS_NAME_MOST = 120,           /* bytes of a site's or subject's name */
};

/* How many of each verdict. */
struct lp_counts {
    uint64_t of[LP_VERDICT_COUNT];
};

struct lp_site {
    struct lp_node node;
    const char *name; /* borrowed from the totals's arena, printable */
    struct lp_counts captures;
    uint64_t phones, to_repair; /* told apart; to_repair: with a mismatch */
};

/* A certificate that headends presented as their own. */
struct lp_leaf {
    struct lp_node node;
    char sha1[41];       /* hex, as the results say it */
    const char *subject; /* borrowed from the totals's arena, printable */
    struct lp_counts handshakes;
};

struct lp_phone_set {
    uint64_t *slots; /* owned; 0: free */
    size_t cap, count;
    bool full; /* some found no room */
};

struct lp_totals {
    struct lp_arena *arena; /* owned */
    uint64_t seed;
    unsigned site_depth; /* which directory of a path is the site, from 1 */
    uint64_t results, passed[LP_PASSED_COUNT];
    struct lp_counts captures;
    uint64_t reasons[LP_REASON_COUNT];
    uint64_t packets, bytes;
    struct lp_time first, last; /* of all packets; valid when has_times */
    bool has_times;
    struct lp_table sites, leaves;
    struct lp_site other_sites; /* those beyond LP_TOTALS_SITES_MOST */
    uint64_t other_leaves;      /* handshakes with a leaf beyond LP_TOTALS_LEAVES_MOST */
    struct lp_phone_set phones;
    uint64_t phone_count, to_repair;
};

/* False: memory is short. lp_totals_end in every case. */
bool lp_totals_start(struct lp_totals *totals, unsigned site_depth);
void lp_totals_end(struct lp_totals *totals);

/* The site that the result belongs to; NULL: memory is short. */
struct lp_site *lp_totals_add(struct lp_totals *totals, const struct lp_result *result);

uint64_t lp_counts_sum(const struct lp_counts *counts);
uint64_t lp_counts_of_trouble(const struct lp_counts *counts); /* all but the two matches */
/* Mismatches, where `mixed` counts as one. */
uint64_t lp_counts_of_mismatch(const struct lp_counts *counts);
bool lp_verdict_is_match(enum lp_verdict verdict);

/* Sites with the most to repair first, then by name; owned by the caller (lp_free). NULL: memory is
 * short, or there are none. The sites beyond the table are not among them. */
const struct lp_site **lp_totals_sites(const struct lp_totals *totals);
/* Certificates by the handshakes that showed them, the most frequent first; likewise. */
const struct lp_leaf **lp_totals_leaves(const struct lp_totals *totals);

#endif
