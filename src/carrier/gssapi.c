/*
 * FTP with GSSAPI (RFC 2228, RFC 4217 has the plain way): the security exchange goes on in lines,
 * "ADAT token" from the client and "335 ADAT=token" from the server, each token in Base64. Globus's
 * mechanism (GSI) has TLS records in them. What is on the control connection besides those lines
 * does not matter.
 *
 * Other mechanisms (Kerberos) are left alone: the first token must begin as a handshake record
 * does.
 */
#include "carrier/unwrap.h"

#include "base/text.h"

enum {
    MOST_LOOKED_AT = 4096, /* commands and replies in front of the first token */
    MOST_LINE = 1 << 20,
    CHARACTERS = 1024, /* decoded at a time */
    OCTETS = CHARACTERS / 4 * 3,
};

/* A line without its end, which is not among the first `scanned` bytes. False: it is not there. */
static bool read_line(struct lp_rd *bytes, size_t scanned, struct lp_rd *line)
{
    struct lp_rd from = *bytes, byte;
    uint8_t first;

    if (!lp_rd_skip(&from, scanned))
        return false;
    byte = from;
    if (!lp_rd_u8(&byte, &first) || (first != '\n' && !lp_rd_skip_to(&from, '\n', '\n')))
        return false;
    return lp_rd_sub(bytes, bytes->left - from.left, line) && lp_rd_skip(bytes, 1);
}

/* Reads `word`, given in upper case. */
static bool read_word(struct lp_rd *line, const char *word)
{
    struct lp_rd copy = *line;
    uint8_t byte;

    for (; *word; word++) {
        if (!lp_rd_u8(&copy, &byte))
            return false;
        if (byte >= 'a' && byte <= 'z')
            byte = (uint8_t)(byte - ('a' - 'A'));
        if (byte != (uint8_t)*word)
            return false;
    }
    *line = copy;
    return true;
}

/* The three digits of a reply (RFC 959 4.2) and what separates them from the text. */
static bool read_code(struct lp_rd *line)
{
    struct lp_rd copy = *line;
    uint8_t byte = 0;

    for (unsigned i = 0; i < 3; i++)
        if (!lp_rd_u8(&copy, &byte) || byte < '0' || byte > '9')
            return false;
    if (!lp_rd_u8(&copy, &byte) || (byte != ' ' && byte != '-'))
        return false;
    *line = copy;
    return true;
}

/* What stands before the token. */
static bool read_adat(struct lp_rd *line)
{
    struct lp_rd copy = *line;

    if (read_code(&copy) ? !read_word(&copy, "ADAT=") : !read_word(&copy, "ADAT "))
        return false;
    *line = copy;
    return true;
}

/* Whether the first line may be one of an FTP control connection; cheap, as every stream is asked.
 */
static bool is_ftp(struct lp_rd line)
{
    static const char *const commands[] = {"AUTH", "ADAT", "FEAT", "HOST", "USER", "SYST",
                                           "OPTS", "CLNT", "NOOP", "HELP", "LANG"};
    enum { LENGTH = 4 };

    if (line.left < LENGTH || read_code(&line))
        return true;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (read_word(&line, commands[i]))
            return true;
    return false;
}

static enum lp_begins begins(struct lp_rd stream, bool last)
{
    static const char record[] = {'F', 'g', 'M'}; /* Base64 of 0x16 0x03 and any minor version */
    struct lp_rd bytes = lp_rd_head(&stream, MOST_LOOKED_AT), line, token;
    uint8_t first;

    if (!lp_rd_u8(&stream, &first) || first < '0' || first > 'z' || !is_ftp(bytes))
        return LP_BEGINS_NOT;
    bool full = bytes.left == MOST_LOOKED_AT;
    while (!lp_rd_end(&bytes)) {
        bool whole = read_line(&bytes, 0, &line);
        if (!whole)
            line = lp_rd_rest(&bytes);
        if (read_adat(&line) && lp_rd_sub(&line, sizeof record, &token))
            return memcmp(token.ptr, record, sizeof record) == 0 ? LP_BEGINS : LP_BEGINS_NOT;
    }
    return last || full ? LP_BEGINS_NOT : LP_BEGINS_MAYBE;
}

/* Takes a carriage return and spaces off the end. */
static struct lp_rd trimmed(struct lp_rd token)
{
    struct lp_rd last;
    uint8_t byte;

    for (; token.left; token.left--) {
        last = token;
        if (!lp_rd_skip(&last, token.left - 1) || !lp_rd_u8(&last, &byte) ||
            (byte != '\r' && byte != ' '))
            break;
    }
    return token;
}

/* One part of a token. False: no Base64. */
static bool decode(struct lp_rd *token, uint8_t out[static OCTETS], size_t *n)
{
    struct lp_rd part = lp_rd_head(token, CHARACTERS);
    long octets = lp_base64_decode((const char *)part.ptr, part.left, out, OCTETS);

    if (octets < 0 || !lp_rd_skip(token, part.left) || (!lp_rd_end(token) && octets != OCTETS))
        return false;
    *n = (size_t)octets;
    return true;
}

static bool is_base64(struct lp_rd token)
{
    uint8_t octets[OCTETS];
    size_t n;

    while (!lp_rd_end(&token))
        if (!decode(&token, octets, &n))
            return false;
    return true;
}

static bool put_token(struct lp_wrapped *w, struct lp_rd token, uint64_t outer)
{
    size_t n, before = w->bytes.len, spans = w->spans.len;
    uint8_t octets[OCTETS];

    while (!lp_rd_end(&token)) {
        size_t characters = token.left;
        if (!decode(&token, octets, &n))
            break;
        characters -= token.left;
        if (!lp_wrapped_put(w, lp_rd_init(octets, n), outer, outer + characters)) {
            w->bytes.len = before; /* the whole line comes again */
            w->spans.len = spans;
            return false;
        }
        outer += characters;
    }
    return true;
}

/* A whole line, or what there is of the last one. */
static enum lp_unwrap take_line(struct lp_wrapped *w, struct lp_rd line, bool whole)
{
    uint64_t from = w->at;
    size_t length = line.left;

    if (!read_adat(&line))
        return LP_UNWRAP_MORE;
    from += length - line.left;
    if (!whole) /* the groups of four that are complete */
        line = lp_rd_head(&line, line.left / 4 * 4);
    line = trimmed(line);
    if (!is_base64(line)) {
        lp_wrapped_problem(w, "ADAT (RFC 2228 3): the token is no Base64", w->at, w->at + length);
        return LP_UNWRAP_HOLE;
    }
    return put_token(w, line, from) ? LP_UNWRAP_MORE : LP_UNWRAP_ROOM;
}

static enum lp_unwrap take(struct lp_wrapped *w, struct lp_rd bytes, bool last)
{
    uint64_t *scanned = &w->state.gssapi.scanned;
    struct lp_rd line;

    while (!lp_rd_end(&bytes)) {
        size_t before = bytes.left;
        bool whole = read_line(&bytes, *scanned > w->at ? (size_t)(*scanned - w->at) : 0, &line);
        if (!whole && !last) {
            *scanned = w->at + before;
            return before > MOST_LINE ? LP_UNWRAP_END : LP_UNWRAP_MORE;
        }
        if (!whole)
            line = lp_rd_rest(&bytes);
        enum lp_unwrap got = take_line(w, line, whole);
        if (got == LP_UNWRAP_ROOM)
            return got;
        w->at += before - bytes.left;
        w->packet_end = w->at;
        if (got != LP_UNWRAP_MORE)
            return got;
    }
    return LP_UNWRAP_MORE;
}

const struct lp_wrapper lp_wrapper_ftp_gssapi = {"ftp-gssapi", begins, take, NULL};
