/*
 * Display filters for Wireshark. They are pasted into another program: an address goes in only
 * after it was read as one, and all else are numbers.
 */
#include "report/html_parts.h"

#include "base/text.h"

#include <string.h>

enum { FRAMES_MOST = 24, ALERTS_MOST = 12, LIST_MOST = 16, LINES_MOST = 4 };

struct frames {
    uint64_t number[FRAMES_MOST];
    size_t count;
};

/* In rising order, each once. */
static void add(struct frames *frames, uint64_t number)
{
    size_t at = frames->count;

    while (at > 0 && frames->number[at - 1] >= number)
        at--;
    if (!number || frames->count == FRAMES_MOST ||
        (at < frames->count && frames->number[at] == number))
        return;
    for (size_t i = frames->count++; i > at; i--)
        frames->number[i] = frames->number[i - 1];
    frames->number[at] = number;
}

static void gather(struct frames *frames, const json_t *session)
{
    size_t alerts = lp_element_count(session, "alerts");

    add(frames, lp_member_number(session, "first_frame"));
    add(frames, lp_member_number(session, "server_hello_frame"));
    add(frames, lp_member_number(session, "certificate_frame"));
    for (size_t i = 0; i < alerts && i < ALERTS_MOST; i++)
        add(frames, lp_member_number(lp_element(session, "alerts", i), "frame"));
}

/* Those of the list's elements. */
static void gather_list(struct frames *frames, const json_t *owner, const char *name)
{
    size_t count = lp_element_count(owner, name);

    for (size_t i = 0; i < count && i < LIST_MOST; i++)
        add(frames, lp_member_number(lp_element(owner, name, i), "frame"));
}

/* A text to copy, beside a button that the script brings to life; its number, 0: none. */
static void begin(struct lp_html *html, const char *title, uint64_t number)
{
    lp_html_raw(html, "<p>");
    lp_html_raw(html, title);
    if (number)
        lp_html_number(html, number);
    lp_html_raw(html, "</p><p class=take><code class=copy>");
}

static void put_frames(struct lp_html *html, const struct frames *frames)
{
    begin(html, "these frames", 0);
    for (size_t i = 0; i < frames->count; i++)
        lp_html_field(html, i ? " || frame.number == " : "frame.number == ", frames->number[i], "");
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

/* Of several attempts over one connection, or from one port again, the first has the filter. */
static bool connection_repeated(const struct lp_shown *shown, size_t index)
{
    const json_t *session = shown->sessions[index];

    for (size_t i = 0; i < index; i++)
        if (json_equal(lp_member(session, "client"), lp_member(shown->sessions[i], "client")) &&
            json_equal(lp_member(session, "server"), lp_member(shown->sessions[i], "server")))
            return true;
    return false;
}

static void put_connection(struct lp_html *html, const json_t *session, uint64_t number)
{
    const json_t *client = lp_member(session, "client"), *server = lp_member(session, "server");
    const char *transport = lp_member_text(session, "transport");
    /* QUIC's is "quic". */
    bool udp = transport && strcmp(transport, "tcp") != 0;
    struct lp_ip ip;
    const char *text = lp_member_text(server, "ip");

    if (!text || !lp_ip_parse(text, strlen(text), &ip)) /* 802.1X has no addresses */
        return;
    begin(html, number ? "the whole connection of attempt " : "the whole connection", number);
    put_address(html, client);
    put_address(html, server);
    lp_html_field(html, udp ? "udp.port == " : "tcp.port == ", lp_member_number(client, "port"),
                  " && ");
    lp_html_field(html, udp ? "udp.port == " : "tcp.port == ", lp_member_number(server, "port"),
                  "");
    lp_html_raw(html, "</code></p>");
}

void lp_html_filters(struct lp_html *html, const json_t *root, const struct lp_shown *shown)
{
    struct frames frames = {.count = 0};
    size_t lines = lp_element_count(root, "timeline");

    for (size_t i = 0; i < shown->count; i++)
        gather(&frames, shown->sessions[i]);
    gather_list(&frames, root, "findings");
    for (size_t i = 0; i < lines && i < LINES_MOST; i++)
        gather_list(&frames, lp_element(root, "timeline", i), "events");
    if (!frames.count)
        return;
    lp_html_raw(html, "<section class=filters><h3>In Wireshark</h3>");
    put_frames(html, &frames);
    for (size_t i = 0; i < shown->count && i < LP_LADDERS_MOST; i++)
        if (!connection_repeated(shown, i))
            put_connection(html, shown->sessions[i], shown->count > 1 ? i + 1 : 0);
    lp_html_raw(html, "</section>");
}
