#include "report/page.h"

#include "report/assets.h"

#include "base/rd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- gathering ---- */

static int open_spool(struct lp_error *error)
{
    int fd = lp_out_nameless();

    if (fd < 0)
        snprintf(error->text, sizeof error->text, "temporary file: %s", strerror(errno));
    return fd;
}

bool lp_page_start(struct lp_page *page, unsigned site_depth, bool rows_wanted,
                   struct lp_error *error)
{
    *page = (struct lp_page){.rows_wanted = rows_wanted, .spool.fd = -1};
    if (!lp_totals_start(&page->totals, site_depth)) {
        snprintf(error->text, sizeof error->text, "out of memory");
        return false;
    }
    return !rows_wanted || (page->spool.fd = open_spool(error)) >= 0;
}

void lp_page_end(struct lp_page *page)
{
    lp_totals_end(&page->totals);
    for (size_t i = 0; i < LP_VERDICT_COUNT; i++)
        lp_free(page->kept[i].rows);
    lp_out_free(&page->spool);
    if (page->spool.fd >= 0)
        close(page->spool.fd);
}

/* Matches are many and say little: the first, then some of each site. */
static bool wanted(const struct lp_page *page, const struct lp_site *site, enum lp_verdict verdict)
{
    size_t most = lp_verdict_is_match(verdict) ? LP_PAGE_MATCHES : LP_PAGE_TROUBLE;
    size_t kept = page->kept[verdict].count;

    if (!page->rows_wanted || kept >= most || page->spooled >= LP_PAGE_BYTES)
        return false;
    return !lp_verdict_is_match(verdict) || kept < LP_PAGE_MATCHES_FIRST ||
           site->captures.of[verdict] <= LP_PAGE_MATCHES_SITE;
}

static bool keep(struct lp_page *page, const struct lp_result *result, const struct lp_site *site)
{
    enum lp_verdict verdict = result->verdict;
    struct lp_html html = {&page->spool, lp_arena_new()};
    struct lp_page_row row = {.start = page->spooled};
    const struct lp_html_place place = {site->name, ++page->number,
                                        page->kept[verdict].count < LP_PAGE_OPENED};

    if (!html.arena || !lp_grow_array(&page->kept[verdict].rows, &page->kept[verdict].cap,
                                      page->kept[verdict].count + 1, sizeof row)) {
        lp_arena_free(html.arena);
        return false;
    }
    lp_html_result(&html, result, &place);
    lp_arena_free(html.arena);
    row.size = page->spool.buf.len;
    if (!lp_out_flush(&page->spool))
        return false;
    page->spooled += row.size;
    page->kept[verdict].rows[page->kept[verdict].count++] = row;
    return true;
}

bool lp_page_add(struct lp_page *page, const struct lp_result *result)
{
    const struct lp_site *site = lp_totals_add(&page->totals, result);

    if (!site)
        return false;
    return !wanted(page, site, result->verdict) || keep(page, result, site);
}

void lp_page_pass(struct lp_page *page, const char *file, uint64_t line, enum lp_passed passed)
{
    page->totals.passed[passed]++;
    if (page->line_count < LP_PAGE_PASSED)
        page->lines[page->line_count++] = (struct lp_page_line){file, line, passed};
}

/* ---- the parts of the page ---- */

struct writer {
    struct lp_html html;
    struct lp_page *page;
    bool failed; /* the temporary file could not be read back */
};

static void put_hash_of(struct writer *writer, const struct lp_asset *asset)
{
    lp_out_base64(writer->html.out, asset->sha256, sizeof asset->sha256);
}

static void put_style_hash(struct writer *writer)
{
    put_hash_of(writer, &lp_asset_style);
}

static void put_script_hash(struct writer *writer)
{
    put_hash_of(writer, &lp_asset_script);
}

static void put_style(struct writer *writer)
{
    lp_out_bytes(writer->html.out, lp_asset_style.bytes, lp_asset_style.size);
}

static void put_script(struct writer *writer)
{
    lp_out_bytes(writer->html.out, lp_asset_script.bytes, lp_asset_script.size);
}

static void put_version(struct writer *writer)
{
    lp_html_name(&writer->html, lp_version());
}

/* The one thing to know. */
static void put_headline(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;
    uint64_t mismatches = lp_counts_of_mismatch(&totals->captures);
    uint64_t trouble = lp_counts_of_trouble(&totals->captures);

    if (!totals->results) {
        lp_html_raw(html, "No results");
        return;
    }
    if (!trouble)
        lp_html_raw(html, totals->results == 1 ? "The capture matches" : "All captures match");
    if (!trouble)
        return;
    lp_html_raw(html, mismatches ? "In " : "");
    lp_html_count(html, mismatches ? mismatches : trouble);
    lp_html_raw(html, " of ");
    lp_html_count(html, totals->results);
    lp_html_raw(html, totals->results == 1 ? " capture " : " captures ");
    lp_html_raw(html, mismatches ? "the headend presents another certificate than the phone expects"
                                 : "could not be decided; none is a mismatch");
}

static void put_amount(struct lp_html *html, uint64_t value, const char *behind)
{
    lp_html_raw(html, "<b>");
    lp_html_count(html, value);
    lp_html_raw(html, "</b>");
    lp_html_raw(html, behind);
}

static void put_lead(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;
    const char *bound = totals->phones.full ? "at least " : "";

    put_amount(html, totals->results, totals->results == 1 ? " capture in " : " captures in ");
    put_amount(html, writer->page->file_count,
               writer->page->file_count == 1 ? " file of results" : " files of results");
    if (totals->has_times) {
        lp_html_raw(html, ", recorded from <time>");
        lp_out_time(html->out, &totals->first, LP_TIME_PEOPLE);
        lp_html_raw(html, "</time> to <time>");
        lp_out_time(html->out, &totals->last, LP_TIME_PEOPLE);
        lp_html_raw(html, "</time> UTC");
    }
    lp_html_raw(html, ". Phones known by name: ");
    lp_html_raw(html, bound);
    put_amount(html, totals->phone_count, "; to repair: ");
    lp_html_raw(html, bound);
    put_amount(html, totals->to_repair, ".");
}

static void put_bar(struct writer *writer)
{
    lp_html_bar(&writer->html, &writer->page->totals.captures, 1000, 30);
}

/* Hundredths of a percent, rounded, but never to nothing. */
static void put_share(struct lp_html *html, uint64_t part, uint64_t sum)
{
    uint64_t share = sum ? (part * 1000 + sum / 2) / sum : 0;
    char text[32];

    snprintf(text, sizeof text, "%llu.%llu %%", (unsigned long long)(share / 10),
             (unsigned long long)(share % 10));
    lp_html_raw(html, part && !share ? "&lt; 0.1 %" : text);
}

static void put_legend(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;

    for (size_t i = 0; i < LP_VERDICT_COUNT; i++) {
        enum lp_verdict verdict = lp_html_order[i];
        uint64_t count = totals->captures.of[verdict];
        if (!count)
            continue;
        lp_html_raw(html, "<li>");
        lp_html_verdict(html, verdict);
        lp_html_raw(html, " <b>");
        lp_html_count(html, count);
        lp_html_raw(html, "</b> <small>");
        put_share(html, count, totals->results);
        lp_html_raw(html, "</small></li>\n");
    }
}

static void put_reasons(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;

    if (!totals->captures.of[LP_UNDECIDED])
        return;
    lp_html_raw(html, "<section class=reasons><h2>Why undecided</h2><ul>");
    for (size_t i = 0; i < LP_REASON_COUNT; i++) {
        if (!totals->reasons[i])
            continue;
        const char *name = lp_reason_name((enum lp_reason)i);
        lp_html_raw(html, "<li><code>");
        lp_html_raw(html, name ? name : "no reason given");
        lp_html_raw(html, "</code> <b>");
        lp_html_count(html, totals->reasons[i]);
        lp_html_raw(html, "</b></li>");
    }
    lp_html_raw(html, "</ul></section>");
}

/* ---- sites ---- */

enum { SITES_FIRST = 12, LEAVES_SHOWN = 10 };

static void put_site(struct lp_html *html, const struct lp_site *site)
{
    lp_html_raw(html, "<tr><th scope=row>");
    lp_html_name(html, *site->name ? site->name : "(no directory)");
    lp_html_raw(html, "</th><td class=n>");
    lp_html_count(html, site->phones);
    lp_html_raw(html, "</td><td class=n>");
    lp_html_count(html, site->to_repair);
    lp_html_raw(html, "</td><td class=n>");
    lp_html_count(html, lp_counts_sum(&site->captures));
    lp_html_raw(html, "</td><td class=n>");
    lp_html_count(html, lp_counts_of_mismatch(&site->captures));
    lp_html_raw(html, "</td><td>");
    lp_html_bar(html, &site->captures, 200, 12);
    lp_html_raw(html, "</td></tr>\n");
}

static void begin_sites(struct lp_html *html)
{
    lp_html_raw(html, "<table class=sites><thead><tr><th scope=col>site</th>"
                      "<th scope=col class=n>phones</th><th scope=col class=n>to repair</th>"
                      "<th scope=col class=n>captures</th><th scope=col class=n>mismatches</th>"
                      "<th scope=col>verdicts</th></tr></thead><tbody>\n");
}

static void put_sites(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;
    const struct lp_site **sites = lp_totals_sites(totals);
    size_t count = sites ? totals->sites.count : 0;

    if (!sites && totals->sites.count && !html->out->error)
        html->out->error = ENOMEM;
    if (count)
        begin_sites(html);
    for (size_t i = 0; i < count; i++) {
        if (i == SITES_FIRST) {
            lp_html_field(html, "</tbody></table><details class=rest><summary>",
                          count - SITES_FIRST, " more sites</summary>");
            begin_sites(html);
        }
        put_site(html, sites[i]);
    }
    if (lp_counts_sum(&totals->other_sites.captures))
        put_site(html, &totals->other_sites);
    if (count)
        lp_html_raw(html, count > SITES_FIRST ? "</tbody></table></details>" : "</tbody></table>");
    lp_free((void *)sites);
}

/* ---- certificates ---- */

static void put_leaf(struct lp_html *html, const struct lp_leaf *leaf)
{
    lp_html_raw(html, "<li><p><b>");
    lp_html_name(html, *leaf->subject ? leaf->subject : "(no subject)");
    lp_html_raw(html, "</b><br><code>");
    lp_html_name(html, leaf->sha1);
    lp_html_raw(html, "</code></p>");
    lp_html_bar(html, &leaf->handshakes, 200, 8);
    lp_html_raw(html, "<p>");
    for (size_t i = 0; i < LP_VERDICT_COUNT; i++) {
        enum lp_verdict verdict = lp_html_order[i];
        if (!leaf->handshakes.of[verdict])
            continue;
        lp_html_verdict(html, verdict);
        lp_html_raw(html, "\u00a0");
        lp_html_count(html, leaf->handshakes.of[verdict]);
        lp_html_raw(html, " ");
    }
    lp_html_raw(html, "</p></li>\n");
}

static void put_leaves(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_totals *totals = &writer->page->totals;
    const struct lp_leaf **leaves = lp_totals_leaves(totals);
    size_t count = leaves ? totals->leaves.count : 0;

    if (!leaves && totals->leaves.count && !html->out->error)
        html->out->error = ENOMEM;
    if (count)
        lp_html_raw(html, "<section class=leaves><h2>Certificates presented</h2><ol>\n");
    for (size_t i = 0; i < count && i < LEAVES_SHOWN; i++)
        put_leaf(html, leaves[i]);
    if (count)
        lp_html_raw(html, "</ol>");
    if (count > LEAVES_SHOWN)
        lp_html_field(html, totals->other_leaves ? "<p>and more than " : "<p>and ",
                      count - LEAVES_SHOWN, " others</p>");
    if (count)
        lp_html_raw(html, "</section>");
    lp_free((void *)leaves);
}

/* ---- rows ---- */

enum { FLUSH_FROM = 256 * 1024 };

/* Copies a row from the temporary file. */
static bool copy_row(struct writer *writer, const struct lp_page_row *row)
{
    struct lp_out *out = writer->html.out;
    uint64_t done = 0;

    if (lp_buf_reserve(&out->buf, row->size) != LP_GROW_OK) {
        out->error = ENOMEM;
        return false;
    }
    while (done < row->size) {
        uint8_t chunk[16 * 1024];
        size_t left = row->size - done < sizeof chunk ? row->size - done : sizeof chunk;
        ssize_t n = pread(writer->page->spool.fd, chunk, left, (off_t)(row->start + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        lp_out_bytes(out, chunk, (size_t)n);
        done += (uint64_t)n;
    }
    return true;
}

static void put_rows(struct writer *writer)
{
    const struct lp_page *page = writer->page;

    for (size_t i = 0; i < LP_VERDICT_COUNT; i++) {
        enum lp_verdict verdict = lp_html_order[i];
        for (size_t k = 0; k < page->kept[verdict].count && !writer->failed; k++) {
            writer->failed = !copy_row(writer, &page->kept[verdict].rows[k]);
            if (writer->html.out->buf.len > FLUSH_FROM && !lp_out_flush(writer->html.out))
                writer->failed = true;
        }
    }
}

/* Which results have no row. */
static void put_left_out(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_page *page = writer->page;
    bool any = false;

    for (size_t i = 0; i < LP_VERDICT_COUNT; i++) {
        enum lp_verdict verdict = lp_html_order[i];
        uint64_t count = page->totals.captures.of[verdict];
        if (count == page->kept[verdict].count)
            continue;
        lp_html_raw(html, any ? "; " : "<p class=leftout>Rows below: ");
        lp_html_count(html, page->kept[verdict].count);
        lp_html_raw(html, " of ");
        lp_html_count(html, count);
        lp_html_raw(html, " ");
        lp_html_raw(html, lp_verdict_name(verdict));
        any = true;
    }
    if (any)
        lp_html_raw(html, ". The totals above count all.</p>");
    for (size_t i = 0; i < LP_VERDICT_COUNT; i++) {
        if (page->kept[i].count <= LP_PAGE_OPENED)
            continue;
        lp_html_field(html, "<p class=leftout>Of each verdict the first ", LP_PAGE_OPENED,
                      " rows open; <code>leafprint verify</code> tells all of any capture.</p>");
        break;
    }
}

static void put_passed(struct writer *writer)
{
    struct lp_html *html = &writer->html;
    const struct lp_page *page = writer->page;
    uint64_t count = 0;

    for (size_t i = 0; i < LP_PASSED_COUNT; i++)
        count += page->totals.passed[i];
    if (!count)
        return;
    lp_html_raw(html, "<section class=passed><h2>Lines passed over</h2><p>");
    lp_html_count(html, count);
    lp_html_raw(html, " lines are no results; nothing above counts them.</p><ul>");
    for (size_t i = 0; i < page->line_count; i++) {
        lp_html_raw(html, "<li><code>");
        lp_html_name(html, page->lines[i].file);
        lp_html_field(html, ":", page->lines[i].line, "</code> ");
        lp_html_raw(html, lp_passed_text(page->lines[i].passed));
        lp_html_raw(html, "</li>");
    }
    lp_html_raw(html, "</ul>");
    if (count > page->line_count)
        lp_html_field(html, "<p>and ", count - page->line_count, " more</p>");
    lp_html_raw(html, "</section>");
}

/* ---- the template ---- */

static const struct part {
    const char *name;
    void (*put)(struct writer *writer);
} parts[] = {
    {"style-hash", put_style_hash},
    {"script-hash", put_script_hash},
    {"style", put_style},
    {"script", put_script},
    {"version", put_version},
    {"headline", put_headline},
    {"lead", put_lead},
    {"bar", put_bar},
    {"legend", put_legend},
    {"reasons", put_reasons},
    {"sites", put_sites},
    {"leaves", put_leaves},
    {"rows", put_rows},
    {"left-out", put_left_out},
    {"passed", put_passed},
};

/* Where the template says {{name}}. */
static void put_part(struct writer *writer, const struct lp_rd *name)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i].name) == name->left &&
            memcmp(parts[i].name, name->ptr, name->left) == 0)
            parts[i].put(writer);
}

bool lp_page_write(struct lp_page *page, struct lp_out *out)
{
    struct writer writer = {.html = {.out = out}, .page = page};
    struct lp_rd rd = lp_rd_init(lp_asset_page.bytes, lp_asset_page.size);
    struct lp_rd text = rd, name;
    uint8_t c, before = 0;

    while (lp_rd_u8(&rd, &c) && !writer.failed) {
        if (c == '{' && before == '{') {
            lp_out_bytes(out, text.ptr, text.left - rd.left - 2);
            name = rd;
            while (lp_rd_u8(&rd, &c) && c != '}')
                continue;
            name = lp_rd_head(&name, name.left - rd.left - 1);
            put_part(&writer, &name);
            if (!lp_rd_skip(&rd, 1)) /* the second brace */
                break;
            text = rd;
        }
        before = c;
    }
    lp_out_bytes(out, text.ptr, text.left);
    return lp_out_flush(out) && !writer.failed;
}
