/*
 * SSL 2.0 ("The SSL Protocol", February 1995), as far as it is in the clear: the CLIENT-HELLO,
 * which later clients still sent to offer SSL 3.0 and up (RFC 5246 appendix E.2), and the
 * SERVER-HELLO, which holds the certificate. Records have a header of their own, two bytes: the
 * upper bit, and a length of 15 bits.
 */
#include "tls/handshake.h"

enum {
    HEADER = 2,
    CLIENT_FIXED = 9,  /* type, version, three lengths */
    SERVER_FIXED = 11, /* type, hit, certificate type, version, three lengths */
    LONG_RECORD = 0x8000,
    HELLO_CLIENT = 1,
    HELLO_SERVER = 4,
    X509 = 1,
    CIPHER = 3, /* bytes of a cipher's number */
};

struct hello {
    uint8_t type, hit, certificate_type;
    uint16_t record, version;
    uint16_t
        lengths[3]; /* ciphers, session id, challenge; or certificate, ciphers, connection id */
};

static bool read_lengths(struct lp_rd *bytes, struct hello *out)
{
    return lp_rd_u16(bytes, &out->version) && lp_rd_u16(bytes, &out->lengths[0]) &&
           lp_rd_u16(bytes, &out->lengths[1]) && lp_rd_u16(bytes, &out->lengths[2]);
}

/* The fixed part, behind which the reader then stands. False: not all of it is there. */
static bool read_fixed(struct lp_rd *bytes, struct hello *out)
{
    *out = (struct hello){0};
    return lp_rd_u16(bytes, &out->record) && lp_rd_u8(bytes, &out->type) &&
           (out->type != HELLO_SERVER ||
            (lp_rd_u8(bytes, &out->hit) && lp_rd_u8(bytes, &out->certificate_type))) &&
           read_lengths(bytes, out);
}

static uint32_t sum_of(const struct hello *hello)
{
    return (uint32_t)hello->lengths[0] + hello->lengths[1] + hello->lengths[2];
}

/* All lengths have to agree with the record's, and each with what it is for. */
static bool client_fits(const struct hello *hello)
{
    enum { SESSION_ID = 16, LEAST_CHALLENGE = 16, MOST_CHALLENGE = 32 };
    bool version =
        hello->version == LP_SSL2 || (hello->version >> 8 == 3 && hello->version <= 0x0304);

    return version && hello->record == LONG_RECORD + CLIENT_FIXED + sum_of(hello) &&
           hello->lengths[0] > 0 && hello->lengths[0] % CIPHER == 0 &&
           (hello->lengths[1] == 0 || hello->lengths[1] == SESSION_ID) &&
           hello->lengths[2] >= LEAST_CHALLENGE && hello->lengths[2] <= MOST_CHALLENGE;
}

static bool server_fits(const struct hello *hello)
{
    enum { LEAST_ID = 16, MOST_ID = 32 };
    bool sizes = hello->hit ? hello->lengths[0] == 0 : hello->lengths[0] > 0;

    return hello->version == LP_SSL2 && hello->hit <= 1 && hello->certificate_type <= X509 &&
           hello->record == LONG_RECORD + SERVER_FIXED + sum_of(hello) && sizes &&
           hello->lengths[1] % CIPHER == 0 && hello->lengths[2] >= LEAST_ID &&
           hello->lengths[2] <= MOST_ID;
}

enum lp_search lp_ssl2_here(struct lp_rd bytes, bool last)
{
    struct lp_rd rest = bytes;
    struct hello hello;
    uint8_t first, second, type;

    bool whole = read_fixed(&rest, &hello);
    if (whole)
        return (hello.type == HELLO_CLIENT && client_fits(&hello)) ||
                       (hello.type == HELLO_SERVER && server_fits(&hello))
                   ? LP_SEARCH_FOUND
                   : LP_SEARCH_NO;
    if (last || (lp_rd_u8(&bytes, &first) && first < LONG_RECORD >> 8) ||
        (lp_rd_u8(&bytes, &second) && lp_rd_u8(&bytes, &type) && type != HELLO_CLIENT &&
         type != HELLO_SERVER))
        return LP_SEARCH_NO;
    return LP_SEARCH_MORE;
}

/* The challenge takes the place of the random value, with zeros in front (RFC 5246 E.2). */
static void take_client(const struct lp_reading *r, const struct hello *hello, struct lp_rd body)
{
    struct lp_tls_hello *out = &r->half->hello;
    struct lp_rd challenge = body;
    size_t n = hello->lengths[2];

    r->half->is_client = out->seen = true;
    out->version = hello->version;
    out->complete = n <= sizeof out->random &&
                    lp_rd_skip(&challenge, (size_t)hello->lengths[0] + hello->lengths[1]) &&
                    lp_rd_copy(&challenge, out->random + (sizeof out->random - n), n);
}

/* LP_TLS_ROOM: memory is short. */
static enum lp_tls_want take_server(const struct lp_reading *r, const struct hello *hello,
                                    struct lp_rd body, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    uint64_t leaf_end = half->at + HEADER + SERVER_FIXED + hello->lengths[0];
    const char *problem = NULL;
    struct lp_time time;

    half->is_server = half->hello.seen = half->hello.complete = true;
    half->hello.version = LP_SSL2;
    half->hello.resumed = hello->hit;
    lp_reading_packet(r, half->at, to, &half->hello_frame, &time);
    if (hello->hit || half->certificate_seen)
        return LP_TLS_MORE;
    if (!lp_certificate_one(r->tls, half, lp_rd_head(&body, hello->lengths[0]), hello->lengths[0],
                            &problem)) {
        lp_certificates_drop(r->tls, half, 0);
        return LP_TLS_ROOM;
    }
    half->certificate_seen = true;
    half->certificate_complete = body.left >= hello->lengths[0] && !problem;
    if (problem)
        lp_reading_problem(r, problem, half->at, to);
    if (half->certificate_complete)
        lp_reading_packet(r, half->at, leaf_end, &half->certificate_frame, &time);
    return LP_TLS_MORE;
}

enum lp_tls_want lp_ssl2_read(const struct lp_reading *r, struct lp_rd bytes)
{
    struct lp_tls_half *half = r->half;
    struct hello hello;
    uint64_t to;

    if (!read_fixed(&bytes, &hello))
        return LP_TLS_MORE; /* the search has seen it */
    bool client = hello.type == HELLO_CLIENT;
    bool whole = bytes.left >= sum_of(&hello);
    if (!whole && !r->last)
        return LP_TLS_MORE;
    to = half->at + HEADER + (uint64_t)(hello.record - LONG_RECORD);
    if (!whole)
        to = r->input->offset + r->input->bytes.left;
    lp_reading_first(r, half->at, to);
    if (client)
        take_client(r, &hello, bytes);
    else if (take_server(r, &hello, bytes, to) == LP_TLS_ROOM)
        return LP_TLS_ROOM;
    if (!whole)
        return LP_TLS_MORE;
    half->at = to;
    half->ssl2 = false;
    half->ssl2_hello = true;
    return client && hello.version != LP_SSL2 ? LP_TLS_MORE : LP_TLS_DONE;
}
