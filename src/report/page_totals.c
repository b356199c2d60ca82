/* The totals as a text for people: what `leafprint report` says beside the page. */
#include "report/page.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { LABEL_WIDTH = 24, NUMBER_WIDTH = 9, SITES_SHOWN = 10 };

static void put_count(struct lp_out *out, const char *label, uint64_t count)
{
    size_t n = strlen(label), digits = 1;

    for (uint64_t rest = count; rest >= 10; rest /= 10)
        digits++;
    lp_out_text(out, "  ");
    lp_out_text(out, label);
    lp_out_spaces(out, n < LABEL_WIDTH ? LABEL_WIDTH - n : 1);
    lp_out_spaces(out, digits < NUMBER_WIDTH ? NUMBER_WIDTH - digits : 0);
    lp_out_number(out, count);
    lp_out_char(out, '\n');
}

static void put_sites(const struct lp_totals *totals, struct lp_out *out)
{
    const struct lp_site **sites = lp_totals_sites(totals);
    size_t count = sites ? totals->sites.count : 0, shown = 0;

    if (!sites && totals->sites.count && !out->error)
        out->error = ENOMEM;
    for (size_t i = 0; i < count && shown < SITES_SHOWN; i++) {
        uint64_t mismatches = lp_counts_of_mismatch(&sites[i]->captures);
        if (!mismatches)
            break; /* those with the most come first */
        if (!shown++)
            lp_out_text(out, "mismatches by site\n");
        put_count(out, *sites[i]->name ? sites[i]->name : "(no directory)", mismatches);
    }
    lp_free((void *)sites);
}

void lp_page_totals(const struct lp_page *page, struct lp_out *out)
{
    const struct lp_totals *totals = &page->totals;
    const char *bound = totals->phones.full ? " (at least)" : "";

    lp_out_number(out, totals->results);
    lp_out_text(out, totals->results == 1 ? " capture\n" : " captures\n");
    for (size_t i = 0; i < LP_VERDICT_COUNT; i++)
        if (totals->captures.of[lp_html_order[i]])
            put_count(out, lp_verdict_name(lp_html_order[i]),
                      totals->captures.of[lp_html_order[i]]);
    if (totals->captures.of[LP_UNDECIDED])
        lp_out_text(out, "undecided because of\n");
    for (size_t i = 0; i < LP_REASON_COUNT; i++) {
        const char *name = lp_reason_name((enum lp_reason)i);
        if (totals->reasons[i])
            put_count(out, name ? name : "no reason given", totals->reasons[i]);
    }
    put_sites(totals, out);
    lp_out_text(out, "phones");
    lp_out_text(out, bound);
    lp_out_char(out, '\n');
    put_count(out, "known by name", totals->phone_count);
    put_count(out, "to repair", totals->to_repair);
    for (size_t i = 0; i < LP_PASSED_COUNT; i++)
        if (totals->passed[i])
            put_count(out, "lines passed over", totals->passed[i]);
}
