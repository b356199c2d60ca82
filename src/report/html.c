#include "report/html.h"

#include "base/rd.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

const enum lp_verdict lp_html_order[LP_VERDICT_COUNT] = {
    LP_MISMATCH, LP_MIXED, LP_UNREADABLE, LP_UNDECIDED, LP_MATCH_ISSUER, LP_MATCH,
};

void lp_html_raw(struct lp_html *html, const char *markup)
{
    lp_out_text(html->out, markup);
}

static const char *reference(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* The next `ticks` backticks, an even number, become tags. */
static void escape(struct lp_out *out, const char *text, size_t ticks)
{
    struct lp_rd rd = lp_rd_init(text, strlen(text)), run = rd;
    uint8_t c;

    while (lp_rd_u8(&rd, &c)) {
        const char *instead = reference(c);
        if (c == '`' && ticks)
            instead = ticks-- % 2 ? "</code>" : "<code>";
        if (!instead)
            continue;
        lp_out_bytes(out, run.ptr, run.left - rd.left - 1);
        lp_out_text(out, instead);
        run = rd;
    }
    lp_out_bytes(out, run.ptr, run.left);
}

static size_t ticks_in(const char *text)
{
    struct lp_rd rd = lp_rd_init(text, strlen(text));
    size_t count = 0;
    uint8_t c;

    while (lp_rd_u8(&rd, &c))
        count += c == '`';
    return count - count % 2;
}

static void put(struct lp_html *html, const char *text, size_t most, bool prose)
{
    struct lp_arena *arena = html->arena ? html->arena : lp_arena_new();

    if (!text)
        goto out;
    size_t n = strlen(text), cut = lp_text_cut(text, n, most);
    const char *clean = arena ? lp_text_clean(arena, text, cut) : NULL;
    if (clean)
        escape(html->out, clean, prose ? ticks_in(clean) : 0);
    else if (!html->out->error)
        html->out->error = ENOMEM;
    if (cut < n)
        lp_html_raw(html, "…");
out:
    if (!html->arena)
        lp_arena_free(arena);
}

void lp_html_text(struct lp_html *html, const char *text, size_t most)
{
    put(html, text, most, false);
}

void lp_html_prose(struct lp_html *html, const char *text)
{
    put(html, text, LP_HTML_PROSE_MOST, true);
}

void lp_html_name(struct lp_html *html, const char *text)
{
    lp_html_text(html, text, LP_HTML_NAME_MOST);
}

void lp_html_number(struct lp_html *html, uint64_t value)
{
    lp_out_number(html->out, value);
}

void lp_html_count(struct lp_html *html, uint64_t value)
{
    uint64_t group = 1;

    while (value / group >= 1000)
        group *= 1000;
    lp_out_number(html->out, value / group);
    while ((group /= 1000)) {
        uint64_t part = value / group % 1000;
        lp_html_raw(html, part < 10 ? "\u00a000" : part < 100 ? "\u00a00" : "\u00a0");
        lp_out_number(html->out, part);
    }
}

void lp_html_field(struct lp_html *html, const char *markup, uint64_t value, const char *behind)
{
    lp_html_raw(html, markup);
    lp_html_number(html, value);
    lp_html_raw(html, behind);
}

void lp_html_verdict(struct lp_html *html, enum lp_verdict verdict)
{
    const char *name = lp_verdict_name(verdict);

    lp_html_raw(html, "<span class=\"v v-");
    lp_html_raw(html, name);
    lp_html_raw(html, "\"><svg class=i viewBox=\"0 0 16 16\" aria-hidden=true><use href=\"#i-");
    lp_html_raw(html, name);
    lp_html_raw(html, "\"/></svg>");
    lp_html_raw(html, name);
    lp_html_raw(html, "</span>");
}

/* The bar may be stretched, so gaps are left out of it: the style sheet draws them as strokes. */
void lp_html_bar(struct lp_html *html, const struct lp_counts *counts, unsigned width,
                 unsigned height)
{
    uint64_t sum = lp_counts_sum(counts), seen = 0, at = 0;

    lp_html_field(html, "<svg class=bar preserveAspectRatio=none aria-hidden=true viewBox=\"0 0 ",
                  width, " ");
    lp_html_field(html, "", height, "\">");
    for (size_t i = 0; sum && i < LP_VERDICT_COUNT; i++) {
        enum lp_verdict verdict = lp_html_order[i];
        if (!counts->of[verdict])
            continue;
        seen += counts->of[verdict];
        uint64_t end = seen * width / sum;
        if (end < at + 3) /* one phone among a million is there to be seen */
            end = at + 3;
        lp_html_raw(html, "<rect class=f-");
        lp_html_raw(html, lp_verdict_name(verdict));
        lp_html_field(html, " x=", at, "");
        lp_html_field(html, " width=", end - at, "");
        lp_html_field(html, " height=", height, "><title>");
        lp_html_raw(html, lp_verdict_name(verdict));
        lp_html_field(html, " ", counts->of[verdict], "</title></rect>");
        at = end;
    }
    lp_html_raw(html, "</svg>");
}
