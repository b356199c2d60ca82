/*
 * Handshakes drawn: when they were made, and what went between the two ends.
 *
 * The ladder knows what the result knows. A message has its frame number where the result has it.
 * ServerHello was seen when a version or a cipher suite was negotiated. Steps stand in the order of
 * their frames; one without a frame stands behind the one it follows.
 */
#include "report/html_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- ends ---- */

void lp_html_endpoint(struct lp_html *html, const json_t *endpoint)
{
    const char *ip = lp_member_text(endpoint, "ip"), *mac = lp_member_text(endpoint, "mac");
    bool brackets = ip && strchr(ip, ':');

    if (!ip) {
        lp_html_name(html, mac ? mac : "-");
        return;
    }
    lp_html_raw(html, brackets ? "[" : "");
    lp_html_name(html, ip);
    lp_html_field(html, brackets ? "]:" : ":", lp_member_number(endpoint, "port"), "");
}

void lp_html_server(struct lp_html *html, const json_t *session)
{
    const char *sni = lp_member_text(session, "sni");

    lp_html_endpoint(html, lp_member(session, "server"));
    if (sni) {
        lp_html_raw(html, " (");
        lp_html_name(html, sni);
        lp_html_raw(html, ")");
    }
}

/* ---- attempts ---- */

static void session_verdict(struct lp_html *html, const json_t *session)
{
    enum lp_verdict verdict;
    const char *reason = lp_member_text(session, "outcome_reason");

    if (lp_verdict_read(lp_member_text(session, "verdict"), &verdict))
        lp_html_verdict(html, verdict);
    else
        lp_html_raw(html, "<span class=v>not compared</span>");
    if (reason) {
        lp_html_raw(html, " <code class=why>");
        lp_html_name(html, reason);
        lp_html_raw(html, "</code>");
    }
}

/* Seconds from the first attempt, with three digits. False: the times are not known. */
static bool offset_of(const struct lp_shown *shown, size_t index, int64_t *milliseconds)
{
    struct lp_time first, time;
    int64_t span;

    if (!lp_time_read(lp_member_text(shown->sessions[0], "start"), &first) ||
        !lp_time_read(lp_member_text(shown->sessions[index], "start"), &time))
        return false;
    span = (time.sec - first.sec) * 1000 + ((int64_t)time.nsec - (int64_t)first.nsec) / 1000000;
    *milliseconds = span;
    return span >= 0;
}

static void put_offset(struct lp_html *html, const char *before, int64_t milliseconds)
{
    char text[40];

    snprintf(text, sizeof text, "%lld.%03d s", (long long)(milliseconds / 1000),
             (int)(milliseconds % 1000));
    lp_html_raw(html, before);
    lp_html_raw(html, text);
}

/* The attempts as marks on an axis of time. */
static void put_strip(struct lp_html *html, const struct lp_shown *shown)
{
    enum { LEFT = 10, WIDTH = 420 };
    int64_t span = 0, at = 0;

    for (size_t i = 0; i < shown->count; i++) {
        if (!offset_of(shown, i, &at))
            return;
        span = at > span ? at : span;
    }
    lp_html_raw(html, "<svg class=strip viewBox=\"0 0 440 44\" aria-hidden=true>"
                      "<path class=lane d=\"M10 16H430\"/>");
    for (size_t i = 0; i < shown->count; i++) {
        enum lp_verdict verdict = LP_UNDECIDED;
        if (!offset_of(shown, i, &at))
            continue;
        lp_verdict_read(lp_member_text(shown->sessions[i], "verdict"), &verdict);
        lp_html_raw(html, "<circle r=7 cy=16 class=f-");
        lp_html_raw(html, lp_verdict_name(verdict));
        lp_html_field(html, " cx=", LEFT + (span ? (uint64_t)(at * WIDTH / span) : 0),
                      "></circle>");
    }
    lp_html_raw(html, "<text x=4 y=40>0 s</text><text x=436 y=40 class=end>");
    put_offset(html, "+", span);
    lp_html_raw(html, "</text></svg>");
}

static void put_attempt(struct lp_html *html, const struct lp_shown *shown, size_t index)
{
    const json_t *session = shown->sessions[index];
    struct lp_time time;
    int64_t offset;

    lp_html_raw(html, "<li>");
    session_verdict(html, session);
    lp_html_raw(html, " <span class=m>");
    lp_html_endpoint(html, lp_member(session, "client"));
    lp_html_raw(html, " → ");
    lp_html_server(html, session);
    lp_html_raw(html, "</span> <small>");
    if (lp_time_read(lp_member_text(session, "start"), &time)) {
        lp_out_time(html->out, &time, LP_TIME_PEOPLE);
        lp_html_raw(html, " UTC");
    }
    if (index && offset_of(shown, index, &offset))
        put_offset(html, ", +", offset);
    lp_html_raw(html, "</small></li>");
}

void lp_html_attempts(struct lp_html *html, const struct lp_shown *shown)
{
    if (shown->count > 1)
        put_strip(html, shown);
    lp_html_raw(html, "<ol>");
    for (size_t i = 0; i < shown->count; i++)
        put_attempt(html, shown, i);
    lp_html_raw(html, "</ol>");
}

/* ---- the ladder ---- */

enum side { FROM_CLIENT, FROM_SERVER, MISSING };

enum { STEPS_MOST = 20, ALERTS_MOST = 12, DETAIL_SIZE = 96, DETAIL_SHOWN = 50 };

struct step {
    enum side side;
    const char *name; /* a constant */
    uint64_t frame;   /* 0: not told */
    uint64_t order;
    bool bad; /* an alert that ends it, or what should be there and is not */
    char detail[DETAIL_SIZE];
};

struct ladder {
    struct step steps[STEPS_MOST];
    size_t count;
};

/* Steps come in with orders that mostly rise: insert from the end. Equal orders keep theirs. */
static struct step *add(struct ladder *ladder, const struct step *step)
{
    size_t at = ladder->count;

    if (ladder->count == STEPS_MOST)
        return &ladder->steps[STEPS_MOST - 1];
    for (; at > 0 && ladder->steps[at - 1].order > step->order; at--)
        ladder->steps[at] = ladder->steps[at - 1];
    ladder->steps[at] = *step;
    ladder->count++;
    return &ladder->steps[at];
}

static void add_hellos(struct ladder *ladder, const json_t *session, uint64_t first)
{
    const char *offered = lp_member_text(session, "offered_version");
    const char *version = lp_member_text(session, "version");
    const char *cipher = lp_member_text(session, "cipher");
    struct step *step;

    if (offered) {
        step = add(ladder, &(struct step){FROM_CLIENT, "ClientHello", first, first, false, ""});
        snprintf(step->detail, DETAIL_SIZE, "offers up to %.16s", offered);
    }
    if (version || cipher) {
        uint64_t frame = lp_member_number(session, "server_hello_frame");
        step = add(ladder, &(struct step){FROM_SERVER, "ServerHello", frame,
                                          frame > first ? frame : first, false, ""});
        if (cipher && strncmp(cipher, "TLS_", 4) == 0)
            cipher += 4; /* the version says so already */
        snprintf(step->detail, DETAIL_SIZE, "%.16s%s%.48s", version ? version : "",
                 version && cipher ? " " : "", cipher ? cipher : "");
    }
}

/* The order of what follows. */
static uint64_t add_certificate(struct ladder *ladder, const json_t *session, uint64_t first)
{
    uint64_t frame = lp_member_number(session, "certificate_frame");
    uint64_t order = frame > first ? frame : first;
    size_t count = lp_element_count(session, "chain");
    const char *reason = lp_member_text(session, "outcome_reason");
    struct step *step;

    if (count) {
        bool whole = lp_member_true(lp_element(session, "chain", 0), "complete");
        step = add(ladder, &(struct step){FROM_SERVER, "Certificate", frame, order, !whole, ""});
        snprintf(step->detail, DETAIL_SIZE, "%zu in the chain, leaf of %llu bytes%s", count,
                 (unsigned long long)lp_member_number(lp_element(session, "chain", 0), "bytes"),
                 whole ? "" : ", cut");
    } else {
        step = add(ladder, &(struct step){MISSING, "no Certificate", 0, order, true, ""});
        snprintf(step->detail, DETAIL_SIZE, "%.40s", reason ? reason : "");
    }
    if (lp_element_count(session, "client_chain")) {
        step = add(ladder, &(struct step){FROM_CLIENT, "Certificate", 0, order, false, ""});
        snprintf(step->detail, DETAIL_SIZE, "of the client");
    }
    return order;
}

static void add_alerts(struct ladder *ladder, const json_t *session)
{
    size_t count = lp_element_count(session, "alerts");

    for (size_t i = 0; i < count && i < ALERTS_MOST; i++) {
        const json_t *alert = lp_element(session, "alerts", i);
        const char *from = lp_member_text(alert, "from"), *level = lp_member_text(alert, "level");
        const char *name = lp_member_text(alert, "name");
        uint64_t frame = lp_member_number(alert, "frame");
        bool client = from && strcmp(from, "client") == 0;
        bool fatal = level && strcmp(level, "fatal") == 0;
        struct step *step = add(ladder, &(struct step){client ? FROM_CLIENT : FROM_SERVER, "Alert",
                                                       frame, frame, fatal, ""});
        snprintf(step->detail, DETAIL_SIZE, "%.8s %.40s (%llu)", level ? level : "",
                 name ? name : "", (unsigned long long)lp_member_number(alert, "code"));
    }
}

static void build(struct ladder *ladder, const json_t *session)
{
    uint64_t first = lp_member_number(session, "first_frame");

    add_hellos(ladder, session, first);
    uint64_t order = add_certificate(ladder, session, first);
    if (lp_member_true(session, "past_certificate"))
        add(ladder, &(struct step){FROM_CLIENT, "goes on", 0, order, false, "with the handshake"});
    add_alerts(ladder, session);
}

/* The same in words, for those who do not see the drawing. */
static void put_words(struct lp_html *html, const struct ladder *ladder)
{
    static const char *const from[] = {"client: ", "server: ", ""};

    lp_html_raw(html, "Handshake: ");
    for (size_t i = 0; i < ladder->count; i++) {
        const struct step *step = &ladder->steps[i];
        lp_html_raw(html, i ? "; " : "");
        lp_html_raw(html, from[step->side]);
        lp_html_raw(html, step->name);
        lp_html_raw(html, step->detail[0] ? ", " : "");
        lp_html_text(html, step->detail, DETAIL_SHOWN);
        if (step->frame)
            lp_html_field(html, ", frame ", step->frame, "");
    }
}

static void put_step(struct lp_html *html, const struct step *step, uint64_t y)
{
    static const char *const arrows[] = {" d=\"M64 0H368l-7-4m7 4l-7 4\"",
                                         " d=\"M376 0H72l7-4m-7 4l7 4\"", " d=\"M64 0H376\""};
    static const char *const classes[] = {"c", "h", "n"};

    lp_html_raw(html, "<g class=\"");
    lp_html_raw(html, classes[step->side]);
    lp_html_raw(html, step->bad ? " bad" : "");
    lp_html_field(html, "\" transform=\"translate(0 ", y, ")\"><path");
    lp_html_raw(html, arrows[step->side]);
    lp_html_raw(html, "></path><text x=220 y=-7 class=n>");
    lp_html_raw(html, step->name);
    lp_html_raw(html, "</text><text x=220 y=14 class=q>");
    lp_html_text(html, step->detail, DETAIL_SHOWN);
    lp_html_raw(html, "</text>");
    if (step->frame) {
        lp_html_raw(html,
                    step->side == FROM_CLIENT ? "<text x=54 y=4 class=end>" : "<text x=386 y=4>");
        lp_html_number(html, step->frame);
        lp_html_raw(html, "</text>");
    }
    lp_html_raw(html, "</g>");
}

void lp_html_ladder(struct lp_html *html, const json_t *session, uint64_t number)
{
    enum { TOP = 62, STEP = 48 };
    struct ladder ladder = {.count = 0};

    build(&ladder, session);
    uint64_t bottom = TOP + STEP * (uint64_t)ladder.count - 20;
    lp_html_raw(html, "<figure><figcaption class=m>");
    if (number)
        lp_html_field(html, "", number, ". ");
    lp_html_server(html, session);
    lp_html_field(html, "</figcaption><svg class=ladder viewBox=\"0 0 440 ", bottom + 4,
                  "\" role=img aria-label=\"");
    put_words(html, &ladder);
    lp_html_raw(html,
                "\"><text x=64 y=16 class=e>client</text><text x=376 y=16 class=e>server</text>"
                "<text x=54 y=32 class=end>frame</text>");
    lp_html_field(html, "<path class=lane d=\"M64 24V", bottom, "");
    lp_html_field(html, "M376 24V", bottom, "\"></path>");
    for (size_t i = 0; i < ladder.count; i++)
        put_step(html, &ladder.steps[i], TOP + STEP * (uint64_t)i);
    lp_html_raw(html, "</svg></figure>");
}
