/*
 * Display filters for Wireshark. They are pasted into another program: an address goes in only
 * after it was read as one, and all else are numbers.
 */
#include "report/html_parts.h"

#include "base/text.h"

#include <string.h>

enum { FRAMES_MOST = 24, ALERTS_MOST = 12 };

struct frames {
    uint64_t number[FRAMES_MOST];
    size_t count;
};

static void add(struct frames *frames, uint64_t number)
{
    for (size_t i = 0; i < frames->count; i++)
        if (frames->number[i] == number)
            return;
    if (number && frames->count < FRAMES_MOST)
        frames->number[frames->count++] = number;
}

static void gather(struct frames *frames, const json_t *session)
{
    size_t alerts = lp_element_count(session, "alerts");

    add(frames, lp_member_number(session, "first_frame"));
    add(frames, lp_member_number(session, "certificate_frame"));
    for (size_t i = 0; i < alerts && i < ALERTS_MOST; i++)
        add(frames, lp_member_number(lp_element(session, "alerts", i), "frame"));
}

/* A text to copy, beside a button that the script brings to life. */
static void begin(struct lp_html *html, const char *title)
{
    lp_html_raw(html, "<p>");
    lp_html_raw(html, title);
    lp_html_raw(html, "<br><code class=copy>");
}

static void put_frames(struct lp_html *html, const struct lp_shown *shown)
{
    struct frames frames = {.count = 0};

    for (size_t i = 0; i < shown->count; i++)
        gather(&frames, shown->sessions[i]);
    if (!frames.count)
        return;
    begin(html, "these frames");
    for (size_t i = 0; i < frames.count; i++)
        lp_html_field(html, i ? " || frame.number == " : "frame.number == ", frames.number[i], "");
    lp_html_raw(html, "</code></p>");
}

/* "ip.addr == 192.0.2.1 && "; false, and nothing written, when it is no address. */
static bool put_address(struct lp_html *html, const json_t *endpoint)
{
    const char *text = lp_member_text(endpoint, "ip");
    char clean[46]; /* the longest text of an IPv6 address */
    struct lp_ip ip;

    if (!text || !lp_ip_parse(text, strlen(text), &ip))
        return false;
    lp_ip_text(&ip, clean, sizeof clean);
    lp_html_raw(html, ip.family == 6 ? "ipv6.addr == " : "ip.addr == ");
    lp_html_raw(html, clean);
    lp_html_raw(html, " && ");
    return true;
}

static void put_connection(struct lp_html *html, const json_t *session)
{
    const json_t *client = lp_member(session, "client"), *server = lp_member(session, "server");
    const char *transport = lp_member_text(session, "transport");
    bool udp = transport && strcmp(transport, "udp") == 0;
    struct lp_ip ip;
    const char *text = lp_member_text(server, "ip");

    if (!text || !lp_ip_parse(text, strlen(text), &ip)) /* 802.1X has no addresses */
        return;
    begin(html, "the whole connection");
    put_address(html, client);
    put_address(html, server);
    lp_html_field(html, udp ? "udp.port == " : "tcp.port == ", lp_member_number(client, "port"),
                  " && ");
    lp_html_field(html, udp ? "udp.port == " : "tcp.port == ", lp_member_number(server, "port"),
                  "");
    lp_html_raw(html, "</code></p>");
}

void lp_html_filters(struct lp_html *html, const struct lp_shown *shown)
{
    if (!shown->count)
        return;
    lp_html_raw(html, "<section class=filters><h3>In Wireshark</h3>");
    put_frames(html, shown);
    for (size_t i = 0; i < shown->count && i < LP_LADDERS_MOST; i++)
        put_connection(html, shown->sessions[i]);
    lp_html_raw(html, "</section>");
}
