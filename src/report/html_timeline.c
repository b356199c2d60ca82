/*
 * What a phone did, in the order of frames: files fetched, connections that were refused or stayed
 * unanswered, handshakes. Where there were handshakes alone, the attempts say it all.
 */
#include "report/html_parts.h"

#include <string.h>

enum { LINES_MOST = 4, EVENTS_MOST = 24 };

static bool is_kind(const json_t *event, const char *kind)
{
    const char *has = lp_member_text(event, "kind");
    return has && strcmp(has, kind) == 0;
}

static bool tells_more(const json_t *line)
{
    size_t count = lp_element_count(line, "events");

    for (size_t i = 0; i < count; i++)
        if (!is_kind(lp_element(line, "events", i), "handshake"))
            return true;
    return false;
}

static void put_what(struct lp_html *html, const json_t *root, const json_t *event)
{
    enum lp_verdict verdict;
    const char *file = lp_member_text(event, "file");

    if (is_kind(event, "file")) {
        lp_html_name(html, file ? file : "a file");
        lp_html_raw(html, " from ");
    } else if (is_kind(event, "refused")) {
        lp_html_raw(html, "connection refused by ");
    } else if (is_kind(event, "unanswered")) {
        lp_html_raw(html, "no answer from ");
    } else {
        const json_t *session =
            lp_element(root, "sessions", (size_t)lp_member_number(event, "session"));
        if (lp_verdict_read(lp_member_text(session, "verdict"), &verdict))
            lp_html_verdict(html, verdict);
        lp_html_raw(html, " handshake with ");
    }
    lp_html_endpoint(html, lp_member(event, "server"));
}

static void put_event(struct lp_html *html, const json_t *root, const json_t *event)
{
    struct lp_time time;

    lp_html_raw(html, "<li><span class=m>");
    put_what(html, root, event);
    lp_html_field(html, "</span> <small>frame ", lp_member_number(event, "frame"), "");
    if (lp_time_read(lp_member_text(event, "time"), &time)) {
        lp_html_raw(html, ", ");
        lp_out_time(html->out, &time, LP_TIME_PEOPLE);
        lp_html_raw(html, " UTC");
    }
    lp_html_raw(html, "</small></li>");
}

static void put_line(struct lp_html *html, const json_t *root, const json_t *line)
{
    size_t count = lp_element_count(line, "events");
    uint64_t left_out = lp_member_number(line, "left_out");
    const char *phone = lp_member_text(line, "phone");

    lp_html_raw(html, "<section class=attempts><h3>Time line of ");
    if (phone)
        lp_html_name(html, phone);
    else
        lp_html_endpoint(html, lp_member(line, "client"));
    lp_html_raw(html, "</h3><ol>");
    for (size_t i = 0; i < count && i < EVENTS_MOST; i++)
        put_event(html, root, lp_element(line, "events", i));
    lp_html_raw(html, "</ol>");
    left_out += count > EVENTS_MOST ? count - EVENTS_MOST : 0;
    if (left_out)
        lp_html_field(html, "<p>and ", left_out, " events more</p>");
    lp_html_raw(html, "</section>");
}

void lp_html_time_lines(struct lp_html *html, const json_t *root)
{
    size_t count = lp_element_count(root, "timeline"), shown = 0;

    for (size_t i = 0; i < count && shown < LINES_MOST; i++) {
        const json_t *line = lp_element(root, "timeline", i);
        if (!tells_more(line))
            continue;
        put_line(html, root, line);
        shown++;
    }
}
