/*
 * One result as a <tbody>: a row that says what, and a row below it that says why.
 *
 * The first row holds a <details> without content, whose summary is the phone's name: a switch that
 * every browser, keyboard and screen reader knows. The style sheet shows the second row when it is
 * open, so the page needs no script for reading (assets/page.css, "tr.d").
 *
 * What the second row holds stands in a <noscript>. Where scripts are off that is as good as
 * nothing around it; where they are on, a browser keeps it as one text, and the script takes it out
 * when the row opens (assets/page.js). Thousands of rows then cost a browser little: their drawings
 * and tables would be a million elements. No value can end the <noscript>, as none can hold a "<".
 *
 * A result may be of any size; each list shown is cut at a fixed length that tells how many are
 * left out.
 */
#include "report/html_parts.h"

#include <string.h>

enum { FINDINGS_MOST = 16 };

static void more(struct lp_html *html, const char *tag, uint64_t count, const char *what)
{
    if (!count)
        return;
    lp_html_raw(html, tag);
    lp_html_field(html, "and ", count, " more ");
    lp_html_raw(html, what);
}

/* ---- the row ---- */

/* The configuration that the verdict is about: the first with the capture's verdict, else the
 * first. */
static const json_t *chief_config(const json_t *root, enum lp_verdict wanted)
{
    size_t count = lp_element_count(root, "configs");

    for (size_t i = 0; i < count; i++) {
        enum lp_verdict verdict;
        const json_t *config = lp_element(root, "configs", i);
        if (lp_verdict_read(lp_member_text(config, "verdict"), &verdict) && verdict == wanted)
            return config;
    }
    return lp_element(root, "configs", 0);
}

static void put_phone(struct lp_html *html, const struct lp_result *result, bool opens)
{
    const json_t *config = chief_config(result->root, result->verdict);
    const char *phone = lp_member_text(config, "phone"), *slash = strrchr(result->capture, '/');
    size_t phones = 0, count = lp_element_count(result->root, "configs");

    for (size_t i = 0; i < count; i++)
        phones += lp_member_text(lp_element(result->root, "configs", i), "phone") != NULL;
    lp_html_raw(html, "<th scope=row class=p>");
    lp_html_raw(html, opens ? "<details><summary>" : "<b>");
    lp_html_name(html, phone ? phone : slash && slash[1] ? slash + 1 : result->capture);
    lp_html_raw(html, opens ? "</summary></details>" : "</b>");
    if (phones > 1)
        lp_html_field(html, "<small>one of ", phones, " phones</small> ");
    if (phone || slash) { /* else it stands above already */
        lp_html_raw(html, "<small class=path>");
        lp_html_name(html, result->capture);
        lp_html_raw(html, "</small>");
    }
    lp_html_raw(html, "</th>");
}

/* "2026-11-24 05:39:56"; what has not that form has no place in a column of times. */
static void put_time(struct lp_html *html, const char *text)
{
    struct lp_time time;

    if (!lp_time_read(text, &time)) {
        lp_html_raw(html, "-");
        return;
    }
    lp_html_raw(html, "<time>");
    lp_out_time(html->out, &time, LP_TIME_PEOPLE);
    lp_html_raw(html, "</time>");
}

static void put_summary(struct lp_html *html, const struct lp_result *result)
{
    const char *summary = lp_member_text(result->root, "summary");
    const char *error = lp_member_text(result->root, "error");

    if (result->reason)
        lp_html_raw(html, "<code class=why>");
    lp_html_raw(html, lp_reason_name(result->reason));
    if (result->reason)
        lp_html_raw(html, "</code> ");
    lp_html_text(html, error && result->verdict == LP_UNREADABLE ? error : summary,
                 LP_HTML_PROSE_MOST);
}

static void put_row(struct lp_html *html, const struct lp_result *result,
                    const struct lp_html_place *place, const struct lp_shown *shown)
{
    const json_t *first = shown->count ? shown->sessions[0] : NULL;

    lp_html_raw(html, "<tr class=s><td>");
    lp_html_verdict(html, result->verdict);
    lp_html_raw(html, "</td>");
    put_phone(html, result, place->opens);
    lp_html_raw(html, *place->site ? "<td class=site>" : "<td class=\"site no\">-");
    lp_html_name(html, place->site);
    lp_html_raw(html, first ? "</td><td class=m>" : "</td><td class=\"m no\">-");
    if (first)
        lp_html_endpoint(html, lp_member(first, "server"));
    lp_html_raw(html, "</td><td class=w>");
    put_summary(html, result);
    lp_html_raw(html, "</td><td class=t>");
    put_time(html, first ? lp_member_text(first, "start")
                         : lp_member_text(lp_member(result->root, "stats"), "first"));
    lp_html_raw(html, "</td></tr>\n");
}

/* ---- findings ---- */

static const char *severity(const json_t *finding)
{
    static const char *const words[] = {"error", "warning", "info"};
    const char *word = lp_member_text(finding, "severity");

    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0)
            return words[i];
    return "info";
}

static void put_finding(struct lp_html *html, const json_t *finding)
{
    const char *remedy = lp_member_text(finding, "remedy");
    uint64_t frame = lp_member_number(finding, "frame");

    lp_html_raw(html, "<li class=s-");
    lp_html_raw(html, severity(finding));
    lp_html_raw(html, "><b>");
    lp_html_raw(html, severity(finding));
    lp_html_raw(html, "</b> <code>");
    lp_html_name(html, lp_member_text(finding, "code"));
    lp_html_raw(html, "</code>");
    if (frame)
        lp_html_field(html, " <small>frame ", frame, "</small>");
    lp_html_raw(html, "<p>");
    lp_html_prose(html, lp_member_text(finding, "message"));
    lp_html_raw(html, "</p>");
    if (remedy) {
        lp_html_raw(html, "<p class=do><b>What to do</b> ");
        lp_html_prose(html, remedy);
        lp_html_raw(html, "</p>");
    }
    lp_html_raw(html, "</li>");
}

static void put_findings(struct lp_html *html, const json_t *root)
{
    size_t count = lp_element_count(root, "findings");

    if (!count)
        return;
    lp_html_raw(html, "<section class=findings><h3>Findings and remedies</h3><ul>");
    for (size_t i = 0; i < count && i < FINDINGS_MOST; i++)
        put_finding(html, lp_element(root, "findings", i));
    lp_html_raw(html, "</ul>");
    more(html, "<p>", count > FINDINGS_MOST ? count - FINDINGS_MOST : 0, "findings");
    lp_html_raw(html, "</section>");
}

/* ---- the whole ---- */

/* Whether the array of numbers holds this one. */
static bool among(const json_t *numbers, json_int_t wanted)
{
    for (size_t i = 0; i < json_array_size(numbers); i++)
        if (json_integer_value(json_array_get(numbers, i)) == wanted)
            return true;
    return false;
}

/* Some configuration names it among those it was compared with, or it says so itself. */
static bool compared(const json_t *root, const json_t *session)
{
    size_t count = lp_element_count(root, "configs");

    if (lp_member_true(session, "compared"))
        return true;
    for (size_t i = 0; i < count && i < LP_SHOWN_MOST; i++)
        if (among(lp_member(lp_element(root, "configs", i), "sessions"),
                  json_integer_value(lp_member(session, "id"))))
            return true;
    return false;
}

void lp_shown_pick(struct lp_shown *shown, const json_t *root)
{
    size_t count = lp_element_count(root, "sessions");
    bool any = false;

    *shown = (struct lp_shown){.count = 0};
    for (size_t i = 0; i < count && !any; i++)
        any = compared(root, lp_element(root, "sessions", i));
    for (size_t i = 0; i < count; i++) {
        const json_t *session = lp_element(root, "sessions", i);
        if (shown->count < LP_SHOWN_MOST && (!any || compared(root, session)))
            shown->sessions[shown->count++] = session;
    }
    shown->left_out = count - shown->count;
}

static void put_handshakes(struct lp_html *html, const struct lp_shown *shown)
{
    if (!shown->count)
        return;
    lp_html_raw(html, "<section class=attempts><h3>Attempts</h3>");
    lp_html_attempts(html, shown);
    more(html, "<p>", shown->left_out,
         "handshakes in this capture: <code>leafprint inspect</code> shows them</p>");
    lp_html_raw(html, "</section><section class=ladders><h3>Handshake</h3>");
    for (size_t i = 0; i < shown->count && i < LP_LADDERS_MOST; i++)
        lp_html_ladder(html, shown->sessions[i], shown->count > 1 ? i + 1 : 0);
    lp_html_raw(html, "</section>");
}

static void put_detail(struct lp_html *html, const json_t *root, const struct lp_shown *shown)
{
    lp_html_raw(html, "<tr class=d><td colspan=6><noscript><div class=x>");
    put_findings(html, root);
    lp_html_hashes(html, root, shown);
    lp_html_time_lines(html, root);
    put_handshakes(html, shown);
    lp_html_certificates(html, shown);
    lp_html_filters(html, root, shown);
    lp_html_raw(html, "</div></noscript></td></tr>");
}

void lp_html_result(struct lp_html *html, const struct lp_result *result,
                    const struct lp_html_place *place)
{
    struct lp_shown shown;

    lp_shown_pick(&shown, result->root);
    lp_html_field(html, "<tbody id=r", place->number, " data-v=");
    lp_html_raw(html, lp_verdict_name(result->verdict));
    lp_html_raw(html, ">\n");
    put_row(html, result, place, &shown);
    if (place->opens)
        put_detail(html, result->root, &shown);
    lp_html_raw(html, "</tbody>\n");
}
