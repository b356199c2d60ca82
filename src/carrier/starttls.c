/*
 * How it works: a row of the table names a protocol by signs, of which one is enough: how a line
 * begins, what stands somewhere, or a look at binary bytes. Rows that can be told by less come
 * later. Of a proxy and what it led to, the latter counts, as it is nearer to TLS.
 */
#include "carrier/starttls.h"

/* ---- signs ---- */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

/* Reads `text`, whose letters are lower case; those of the bytes may be either. */
static bool read_text(struct lp_rd *bytes, const char *text)
{
    struct lp_rd copy = *bytes;
    uint8_t byte;

    for (; *text; text++) {
        if (!lp_rd_u8(&copy, &byte))
            return false;
        if (lower(byte) != (uint8_t)*text)
            return false;
    }
    *bytes = copy;
    return true;
}

static bool begins_with(struct lp_rd front, const char *text)
{
    return read_text(&front, text);
}

static bool has(struct lp_rd front, const char *text)
{
    for (; !lp_rd_end(&front); (void)!lp_rd_skip(&front, 1))
        if (begins_with(front, text))
            return true;
    return false;
}

/* Whether a line begins with it; "#" in front stands for a reply code or a tag, whatever it is. */
static bool has_line(struct lp_rd front, const char *text)
{
    bool tagged = text[0] == '#';

    while (!lp_rd_end(&front)) {
        struct lp_rd line = front;
        if ((!tagged || lp_rd_skip_to(&line, ' ', '\n')) && begins_with(line, text + tagged))
            return true;
        if (!lp_rd_skip_to(&front, '\n', '\n') || !lp_rd_skip(&front, 1))
            return false;
    }
    return false;
}

/* ---- binary protocols ---- */

static bool is_exactly(struct lp_rd front, const void *bytes, size_t n)
{
    return front.left >= n && memcmp(front.ptr, bytes, n) == 0;
}

/* RFC 4511 4.14: the extended request names its OID, the response is [APPLICATION 24]. */
static bool is_ldap(struct lp_rd front)
{
    enum { SEQUENCE = 0x30, INTEGER = 2, EXTENDED_RESPONSE = 0x78 };
    uint8_t tag, length, id_tag, response;
    struct lp_rd id;

    if (!lp_rd_u8(&front, &tag) || tag != SEQUENCE || !lp_rd_u8(&front, &length))
        return false;
    if (front.left < LP_STARTTLS_LOOK || has(front, "1.3.6.1.4.1.1466.20037"))
        return true;
    if (length > 0x80 && !lp_rd_skip(&front, length & 0x7f))
        return false;
    return lp_rd_u8(&front, &id_tag) && id_tag == INTEGER && lp_rd_vec(&front, 1, &id) &&
           lp_rd_u8(&front, &response) && response == EXTENDED_RESPONSE;
}

/* The server's greeting of protocol 10, or the client's short login that asks for TLS. */
static bool is_mysql(struct lp_rd front)
{
    enum { PROTOCOL = 10, CLIENT_SSL = 0x08, REQUEST = 32 };
    uint8_t low, middle, high, sequence, first, second;

    if (!lp_rd_u8(&front, &low) || !lp_rd_u8(&front, &middle) || !lp_rd_u8(&front, &high) ||
        !lp_rd_u8(&front, &sequence) || !lp_rd_u8(&front, &first) || !lp_rd_u8(&front, &second) ||
        high != 0)
        return false;
    if (sequence == 0)
        return first == PROTOCOL && second >= '0' && second <= '9';
    return sequence == 1 && middle == 0 && low == REQUEST && (second & CLIENT_SSL);
}

/* SSLRequest; the server's answer is a single letter. */
static bool is_postgresql(struct lp_rd front)
{
    static const uint8_t request[] = {0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f};
    return is_exactly(front, request, sizeof request) ||
           (front.left == 1 && is_exactly(front, "S", 1));
}

/* AMQP 1.0, protocol id 2 (OASIS AMQP 1.0 part 5, 5.2.1). */
static bool is_amqp(struct lp_rd front)
{
    static const uint8_t header[] = {'A', 'M', 'Q', 'P', 2, 1, 0, 0};
    return is_exactly(front, header, sizeof header);
}

/* TPKT (RFC 1006) around an X.224 connection request or confirm. */
static bool is_rdp(struct lp_rd front)
{
    enum { VERSION = 3, REQUEST = 0xe0, CONFIRM = 0xd0 };
    uint8_t version, reserved, size, kind;
    uint16_t length;

    return lp_rd_u8(&front, &version) && lp_rd_u8(&front, &reserved) &&
           lp_rd_u16(&front, &length) && lp_rd_u8(&front, &size) && lp_rd_u8(&front, &kind) &&
           version == VERSION && reserved == 0 && size + 5 == length &&
           (kind == REQUEST || kind == CONFIRM);
}

static bool is_haproxy(struct lp_rd front)
{
    static const uint8_t second[] = {'\r', '\n', '\r', '\n', 0,   '\r',
                                     '\n', 'Q',  'U',  'I',  'T', '\n'};
    return is_exactly(front, second, sizeof second) || begins_with(front, "proxy tcp") ||
           begins_with(front, "proxy unknown");
}

/* The request, or the answer of eight bytes. */
static bool is_socks4(struct lp_rd front)
{
    enum { VERSION = 4, CONNECT = 1, ANSWER = 8, GRANTED = 90, LEAST = 9 };
    size_t length = front.left;
    uint8_t version, command;

    return lp_rd_u8(&front, &version) && lp_rd_u8(&front, &command) &&
           ((version == VERSION && command == CONNECT && length >= LEAST) ||
            (version == 0 && command == GRANTED && length == ANSWER));
}

/* RFC 1928: methods offered or chosen, a request or a reply. */
static bool is_socks5(struct lp_rd front)
{
    enum { VERSION = 5, MOST_METHODS = 16 };
    uint8_t version, next;

    return lp_rd_u8(&front, &version) && lp_rd_u8(&front, &next) && version == VERSION &&
           next <= MOST_METHODS && front.left > 0;
}

/* ---- the table ---- */

static const struct row {
    const char *name;
    bool (*binary)(struct lp_rd front);
    const char *begins[3], *lines[6], *has[2];
} rows[] = {
    {"lmtp", .lines = {"lhlo "}},
    {"ftp", .lines = {"auth tls", "auth ssl", "234 ", "234-"}},
    {"pop3", .begins = {"+ok"}, .lines = {"stls"}},
    {"irc", .lines = {"# 670 ", "cap ls", "cap req", "nick "}},
    {"sieve", .lines = {"\"implementation\"", "\"sieve\"", "ok \"begin tls", "ok \"begin"}},
    {"nntp", .begins = {"200 ", "201 "}, .lines = {"382 ", "capabilities", "mode reader"}},
    {"xmpp", .has = {"urn:ietf:params:xml:ns:xmpp-tls", "http://etherx.jabber.org/streams"}},
    {"smtp", .begins = {"220 ", "220-"},
     .lines = {"ehlo ", "helo ", "250-", "250 starttls", "220 2.0.0"}},
    {"imap", .begins = {"* ok", "* preauth"},
     .lines = {"* capability", "# starttls", "# ok begin tls", "# capability"}},
    {"ldap", .binary = is_ldap},
    {"mysql", .binary = is_mysql},
    {"postgresql", .binary = is_postgresql},
    {"amqp", .binary = is_amqp},
    {"rdp", .binary = is_rdp},
    {"sstp", .lines = {"sstp_duplex_post "}},
    {"http-upgrade", .begins = {"http/1.1 101"}, .lines = {"upgrade: tls/"}},
    {"http-connect", .begins = {"connect ", "http/1.1 200 c", "http/1.0 200 c"}},
    {"socks4", .binary = is_socks4},
    {"socks5", .binary = is_socks5},
    {"haproxy", .binary = is_haproxy},
};

static bool any(const char *const *texts, size_t most, struct lp_rd front,
                bool (*fits)(struct lp_rd front, const char *text))
{
    for (size_t i = 0; i < most && texts[i]; i++)
        if (fits(front, texts[i]))
            return true;
    return false;
}

static bool fits(const struct row *row, struct lp_rd front)
{
    return (row->binary && row->binary(front)) ||
           any(row->begins, sizeof row->begins / sizeof row->begins[0], front, begins_with) ||
           any(row->lines, sizeof row->lines / sizeof row->lines[0], front, has_line) ||
           any(row->has, sizeof row->has / sizeof row->has[0], front, has);
}

/* A reply code as of FTP, SMTP and NNTP. */
static bool is_reply(struct lp_rd line)
{
    uint8_t byte = 0;

    for (unsigned i = 0; i < 3; i++)
        if (!lp_rd_u8(&line, &byte) || byte < '0' || byte > '9')
            return false;
    return lp_rd_u8(&line, &byte) && (byte == ' ' || byte == '-');
}

/* How a dialogue may go on whose first line is not in the capture. */
static const char *const openers[] = {"starttls", "options ", "feat", "host ", "user ", "opts ",
                                      "capa",     "* ",       ":",    "<",     "ok",    "\""};

/* `text` and the bytes agree as far as both go. */
static bool may_begin_with(struct lp_rd first, const char *text)
{
    if (!lp_rd_end(&first) && lower(lp_at_u8(&first, 0)) != (uint8_t)*text)
        return false;
    char cut[LP_STARTTLS_LOOK + 1] = {0};

    for (size_t i = 0; i < first.left && i < LP_STARTTLS_LOOK && text[i]; i++)
        cut[i] = text[i];
    return begins_with(first, cut);
}

/* The first line alone. */
static bool may_have_line(struct lp_rd first, const char *text)
{
    bool tagged = text[0] == '#';

    return (!tagged || lp_rd_skip_to(&first, ' ', '\n')) && may_begin_with(first, text + tagged);
}

bool lp_starttls_possible(struct lp_rd first)
{
    if (is_reply(first) || any(openers, sizeof openers / sizeof openers[0], first, begins_with))
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((rows[i].binary && rows[i].binary(first)) ||
            any(rows[i].begins, sizeof rows[i].begins / sizeof rows[i].begins[0], first,
                may_begin_with) ||
            any(rows[i].lines, sizeof rows[i].lines / sizeof rows[i].lines[0], first,
                may_have_line))
            return true;
    return false;
}

const char *lp_starttls_name(const struct lp_rd front[2])
{
    if (lp_rd_end(&front[0]) && lp_rd_end(&front[1]))
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (fits(&rows[i], front[0]) || fits(&rows[i], front[1]))
            return rows[i].name;
    return NULL;
}
