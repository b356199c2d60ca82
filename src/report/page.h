/*
 * The page that shows many results, in one HTML file.
 *
 * Results come in one by one and in any number. What is counted is counted for all of them
 * (report/totals.h); what is shown is bounded: LP_PAGE_... says how many rows of each kind. A row
 * is rendered when its result comes, and waits in an unnamed temporary file; memory holds its place
 * alone. The page is written at the end, when the totals that stand above the rows are known.
 */
#ifndef LP_REPORT_PAGE_H
#define LP_REPORT_PAGE_H

#include "report/html.h"

enum {
    LP_PAGE_TROUBLE = 10000, /* rows of each verdict that is no match */
    LP_PAGE_OPENED = 2000,   /* of them, those that open: a row with all in it takes ten times as
                                much of the page and of the browser */
    LP_PAGE_MATCHES = 500,   /* rows of match; as many of match-issuer; all of them open */
    LP_PAGE_MATCHES_FIRST = 200,      /* of them the first, whatever their sites */
    LP_PAGE_MATCHES_SITE = 3,         /* and behind those so many of each site */
    LP_PAGE_BYTES = 64 * 1024 * 1024, /* of all rows together: results may be made to be large */
    LP_PAGE_PASSED = 100,             /* lines named that are no results */
};

/* A row that waits. */
struct lp_page_row {
    uint64_t start, size; /* in the temporary file */
};

struct lp_page_line {
    const char *file; /* borrowed from the caller */
    uint64_t line;
    enum lp_passed passed;
};

struct lp_page {
    struct lp_totals totals;
    bool rows_wanted; /* false: totals alone */
    struct lp_out spool;
    uint64_t spooled, number;
    struct {
        struct lp_page_row *rows; /* owned */
        size_t count, cap;
    } kept[LP_VERDICT_COUNT];
    struct lp_page_line lines[LP_PAGE_PASSED];
    size_t line_count;
    uint64_t file_count;
};

/* False: no temporary file or no memory; error->text says so. lp_page_end in every case. */
bool lp_page_start(struct lp_page *page, unsigned site_depth, bool rows_wanted,
                   struct lp_error *error);
void lp_page_end(struct lp_page *page);

/* False: memory is short, or the temporary file could not be written; lp_page_failure tells. */
bool lp_page_add(struct lp_page *page, const struct lp_result *result);
void lp_page_pass(struct lp_page *page, const char *file, uint64_t line, enum lp_passed passed);

/* Writes the page. False: out->error, or the temporary file could not be read. */
bool lp_page_write(struct lp_page *page, struct lp_out *out);

/* The totals as a text for people. */
void lp_page_totals(const struct lp_page *page, struct lp_out *out);

#endif
