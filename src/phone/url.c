/*
 * The URL of a VPN gateway, and HOST[:PORT] as a person types it.
 *
 * Only what a comparison with a capture needs is taken apart (RFC 3986 3.2): host and port. Path
 * and query are the group-url; they matter to the headend and not here. Names are compared with
 * SNI and DNS, so they are brought to the form these have: lower case, no dot at the end.
 */
#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"

enum { HTTPS_PORT = 443, LABEL_MAX = 63, NAME_MAX_LEN = 253 /* RFC 1035 2.3.4, as text */ };

/* Everything before the first of `stops`, which stays unread. A NUL stops as well. */
static struct lp_rd take_until(struct lp_rd *rd, const char *stops)
{
    struct lp_rd ahead = *rd, part;
    size_t n = 0;
    uint8_t c;

    while (lp_rd_u8(&ahead, &c) && !strchr(stops, c))
        n++;
    if (!lp_rd_sub(rd, n, &part)) /* n bytes were just read */
        part = lp_rd_init(NULL, 0);
    return part;
}

static bool take_char(struct lp_rd *rd, char want)
{
    struct lp_rd ahead = *rd;
    uint8_t c;

    if (!lp_rd_u8(&ahead, &c) || c != (uint8_t)want)
        return false;
    *rd = ahead;
    return true;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool equals_ignoring_case(struct lp_rd rd, const char *want)
{
    uint8_t c;

    for (; *want; want++)
        if (!lp_rd_u8(&rd, &c) || lower(c) != (uint8_t)*want)
            return false;
    return lp_rd_end(&rd);
}

/* Letters, digits, hyphen (RFC 1123 2.1) and the underscore that is seen in practice. */
static bool read_label(struct lp_rd label, bool *all_digits)
{
    uint8_t c;

    if (lp_rd_end(&label) || label.left > LABEL_MAX)
        return false;
    *all_digits = true;
    while (lp_rd_u8(&label, &c)) {
        bool digit = c >= '0' && c <= '9';
        bool letter = lower(c) >= 'a' && lower(c) <= 'z';
        if (!digit && !letter && c != '-' && c != '_')
            return false;
        *all_digits = *all_digits && digit;
    }
    return true;
}

/* A host name. One whose last label is a number is an address with an error in it (RFC 3696 2). */
static bool read_name(struct lp_rd rd, bool *dotted)
{
    bool number = false;

    *dotted = false;
    do {
        if (*dotted && lp_rd_end(&rd))
            return !number; /* the dot at the end */
        struct lp_rd label = take_until(&rd, ".");
        if (!read_label(label, &number))
            return false;
        *dotted = *dotted || !lp_rd_end(&rd);
    } while (take_char(&rd, '.'));
    return !number && lp_rd_end(&rd);
}

/* The name in lower case without the dot at the end. NULL when memory is short. */
static const char *name_text(struct lp_arena *arena, struct lp_rd rd)
{
    char *text = lp_arena_alloc(arena, rd.left + 1);
    size_t used = 0;
    uint8_t c;

    if (!text)
        return NULL;
    while (lp_rd_u8(&rd, &c))
        if (c != '.' || !lp_rd_end(&rd))
            text[used++] = (char)lower(c);
    return text;
}

static bool set_ip(struct lp_arena *arena, struct lp_url *out)
{
    char text[46];

    lp_ip_text(&out->ip, text, sizeof text);
    out->host_is_ip = true;
    out->host = lp_arena_text(arena, text);
    return out->host != NULL;
}

/* Host and what follows it up to the colon of the port. *bad: no host can be read. False only when
 * memory is short. */
static bool read_host(struct lp_arena *arena, struct lp_rd *rd, struct lp_url *out, bool *bad)
{
    bool dotted;

    *bad = true;
    if (take_char(rd, '[')) {
        struct lp_rd literal = take_until(rd, "]");
        if (!take_char(rd, ']') ||
            !lp_ip_parse((const char *)literal.ptr, literal.left, &out->ip) || out->ip.family != 6)
            return true;
        *bad = false;
        return set_ip(arena, out);
    }
    struct lp_rd host = take_until(rd, ":");
    if (lp_ip_parse((const char *)host.ptr, host.left, &out->ip) && out->ip.family == 4) {
        *bad = false;
        return set_ip(arena, out);
    }
    if (host.left > NAME_MAX_LEN + 1 || !read_name(host, &dotted))
        return true;
    *bad = false;
    out->host = name_text(arena, host);
    return out->host != NULL;
}

/* ":443" up to the end; nothing, and a colon with nothing behind it (RFC 3986 3.2.3), leave *port
 * as it is. */
static bool read_port(struct lp_rd rd, uint16_t *port)
{
    uint32_t value = 0;
    uint8_t c;

    if (lp_rd_end(&rd))
        return true;
    if (!take_char(&rd, ':'))
        return false;
    if (lp_rd_end(&rd))
        return true;
    while (lp_rd_u8(&rd, &c)) {
        if (c < '0' || c > '9' || value > UINT16_MAX)
            return false;
        value = value * 10 + (uint32_t)(c - '0');
    }
    if (value == 0 || value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

/* Takes "scheme://" off the front. */
static enum lp_url_fault take_scheme(struct lp_rd *rd)
{
    struct lp_rd ahead = *rd, scheme = take_until(&ahead, ":/?#[@");

    if (!take_char(&ahead, ':') || !take_char(&ahead, '/') || !take_char(&ahead, '/'))
        return LP_URL_NO_SCHEME;
    *rd = ahead;
    if (equals_ignoring_case(scheme, "https"))
        return LP_URL_FINE;
    return equals_ignoring_case(scheme, "http") ? LP_URL_HTTP : LP_URL_FOREIGN_SCHEME;
}

static bool holds_char(struct lp_rd rd, char want)
{
    uint8_t c;

    while (lp_rd_u8(&rd, &c))
        if (c == (uint8_t)want)
            return true;
    return false;
}

/* What stands between the scheme and the path. False only when memory is short. */
static bool read_authority(struct lp_arena *arena, struct lp_rd rd, struct lp_url *out,
                           enum lp_url_fault *fault)
{
    bool bad, bare = *fault == LP_URL_NO_SCHEME;

    if (holds_char(rd, '@')) {
        *fault = LP_URL_USERINFO;
        return true;
    }
    if (!read_host(arena, &rd, out, &bad))
        return false;
    /* a single word is the name of something only where a scheme says so: not "URL", not "none" */
    if (bad || (bare && !out->host_is_ip && !strchr(out->host, '.')))
        *fault = LP_URL_BAD_HOST;
    else if (!read_port(rd, &out->port))
        *fault = LP_URL_BAD_PORT;
    return true;
}

bool lp_url_parse(struct lp_arena *arena, const char *text, size_t n, struct lp_url *out,
                  enum lp_url_fault *fault)
{
    struct lp_rd rd = lp_phone_trim(text, n);

    *out = (struct lp_url){.text = lp_text_clean(arena, rd.ptr, rd.left)};
    *fault = LP_URL_EMPTY;
    if (!out->text)
        return false;
    if (lp_rd_end(&rd))
        return true;

    *fault = take_scheme(&rd);
    out->port = HTTPS_PORT;
    if (*fault != LP_URL_FOREIGN_SCHEME &&
        !read_authority(arena, take_until(&rd, "/?#"), out, fault))
        return false;
    out->usable = *fault < LP_URL_EMPTY;
    if (!out->usable)
        *out = (struct lp_url){.text = out->text};
    return true;
}

bool lp_url_read(struct lp_arena *arena, const char *text, size_t n, struct lp_url *out)
{
    enum lp_url_fault fault;
    return lp_url_parse(arena, text, n, out, &fault);
}

bool lp_server_read(struct lp_arena *arena, const char *text, struct lp_url *out)
{
    struct lp_rd rd = lp_phone_trim(text, strlen(text));
    bool bad = false, ok;

    *out = (struct lp_url){.text = lp_text_clean(arena, rd.ptr, rd.left)};
    if (!out->text)
        return false;
    if (lp_ip_parse((const char *)rd.ptr, rd.left, &out->ip)) {
        ok = set_ip(arena, out); /* IPv6 without brackets has no room for a port */
    } else {
        ok = read_host(arena, &rd, out, &bad) && !bad && read_port(rd, &out->port);
    }
    out->usable = ok;
    if (!ok)
        *out = (struct lp_url){.text = out->text};
    return ok;
}
