/*
 * Finds the first handshake record of a stream by its content: ports prove nothing, and a STARTTLS
 * dialogue or a proxy's greeting may stand in front. A place is accepted when the record header and
 * the fixed fields of a ClientHello, ServerHello or Certificate agree with each other, over record
 * boundaries if need be (records may hold a single byte). A capture that starts late may show only
 * the messages behind them. An alert in the clear counts too: it may be a server's only answer.
 */
#include "tls/handshake.h"

enum {
    HELLO_FIXED = 4 + 2 + 32 + 1, /* message header, version, random, session id length */
    LIST_FIXED =
        4 + 3 + 3 +
        2, /* message header, list length, certificate length, DER tag and first length byte */
    MAX_HELLO = 1 << 17,
    MAX_PEEK_RECORDS = 64,
};

/* 3.x; and 0.2, which some stacks wrote that had begun with a hello of SSL 2.0. What the version is
 * for is negotiated in the hellos (RFC 5246 appendix E.1). */
static bool record_version(uint8_t major, uint8_t minor)
{
    return major == LP_SSL2 >> 8 ? minor == LP_SSL2 : major == 3;
}

bool lp_record_header(struct lp_rd *bytes, uint8_t *type, uint16_t *length)
{
    struct lp_rd copy = *bytes;
    uint8_t major, minor;

    if (!lp_rd_u8(&copy, type) || !lp_rd_u8(&copy, &major) || !lp_rd_u8(&copy, &minor) ||
        !lp_rd_u16(&copy, length) || *type < LP_RECORD_CHANGE_CIPHER ||
        *type > LP_RECORD_HEARTBEAT || !record_version(major, minor) || *length > LP_RECORD_MAX)
        return false;
    *bytes = copy;
    return true;
}

/* Collects up to `want` bytes of handshake payload from the records at the start. False: something
 * that is no handshake record ends them before. */
static bool gather(struct lp_rd bytes, uint8_t *out, size_t want, size_t *got)
{
    uint8_t type;
    uint16_t length;

    *got = 0;
    for (unsigned i = 0; i < MAX_PEEK_RECORDS && *got < want && bytes.left >= LP_RECORD_HEADER;
         i++) {
        if (!lp_record_header(&bytes, &type, &length) || type != LP_RECORD_HANDSHAKE || length == 0)
            return false;
        struct lp_rd payload = lp_rd_head(&bytes, length);
        size_t n = payload.left < want - *got ? payload.left : want - *got;
        if (!lp_rd_copy(&payload, out + *got, n))
            return false;
        *got += n;
        if (!lp_rd_skip(&bytes, length))
            break;
    }
    return true;
}

/* Whether the beginning of a hello, as far as it goes, can be one. */
static bool hello_fits(struct lp_rd fixed)
{
    uint8_t type, major, minor, session_id;
    uint32_t length;

    if (!lp_rd_u8(&fixed, &type) || fixed.left < 3)
        return true;
    if (!lp_rd_u24(&fixed, &length) || length < HELLO_FIXED - 4 || length > MAX_HELLO)
        return false;
    if (fixed.left >= 2 &&
        (!lp_rd_u8(&fixed, &major) || !lp_rd_u8(&fixed, &minor) || major != 3 || minor > 4))
        return false;
    return fixed.left < 33 ||
           (lp_rd_skip(&fixed, 32) && lp_rd_u8(&fixed, &session_id) && session_id <= 32);
}

/* Whether the beginning of a Certificate message can be one: its three lengths agree and a SEQUENCE
 * follows. */
static bool list_fits(struct lp_rd fixed)
{
    uint8_t type, tag, der_length;
    uint32_t message, list, certificate;

    return lp_rd_u8(&fixed, &type) && lp_rd_u24(&fixed, &message) && lp_rd_u24(&fixed, &list) &&
           lp_rd_u24(&fixed, &certificate) && lp_rd_u8(&fixed, &tag) &&
           lp_rd_u8(&fixed, &der_length) && list + 3 == message && certificate + 3 <= list &&
           tag == 0x30 && der_length >= 0x81 && der_length <= 0x83;
}

/* A message of the later handshake that fills its record: a capture may start behind the hellos. */
static bool later_fits(struct lp_rd record)
{
    uint8_t record_type, type;
    uint16_t record_length;
    uint32_t length;

    return lp_record_header(&record, &record_type, &record_length) && lp_rd_u8(&record, &type) &&
           lp_rd_u24(&record, &length) && length + 4 == record_length &&
           (type == LP_SERVER_HELLO_DONE) == (length == 0) &&
           (type == LP_SERVER_KEY_EXCHANGE || type == LP_CERTIFICATE_REQUEST ||
            type == LP_SERVER_HELLO_DONE || type == LP_CERTIFICATE_VERIFY ||
            type == LP_CLIENT_KEY_EXCHANGE);
}

static enum lp_search alert_here(struct lp_rd bytes)
{
    uint8_t type, level, code;
    uint16_t length;

    if (bytes.left < LP_RECORD_HEADER + 2)
        return LP_SEARCH_MORE;
    if (!lp_record_header(&bytes, &type, &length) || length != 2 || !lp_rd_u8(&bytes, &level) ||
        !lp_rd_u8(&bytes, &code) || (level != 1 && level != 2))
        return LP_SEARCH_NO;
    return LP_SEARCH_FOUND;
}

enum lp_search lp_search_here(struct lp_rd bytes, bool last)
{
    uint8_t fixed[HELLO_FIXED], first = 0;
    size_t got;
    struct lp_rd peek = bytes, gathered;
    uint8_t type, major, minor;

    if (lp_rd_u8(&peek, &type) && type != LP_RECORD_HANDSHAKE && type != LP_RECORD_ALERT)
        return LP_SEARCH_NO;
    if (lp_rd_u8(&peek, &major) && (major != 3 || (lp_rd_u8(&peek, &minor) && minor > 4)))
        return LP_SEARCH_NO;
    if (bytes.left < LP_RECORD_HEADER + 1)
        return last ? LP_SEARCH_NO : LP_SEARCH_MORE;
    if (type == LP_RECORD_ALERT)
        return last && bytes.left < LP_RECORD_HEADER + 2 ? LP_SEARCH_NO : alert_here(bytes);
    bool open = gather(bytes, fixed, sizeof fixed, &got);

    gathered = lp_rd_init(fixed, got);
    peek = gathered;
    if (!lp_rd_u8(&peek, &first))
        return LP_SEARCH_NO;
    if (first == LP_CERTIFICATE) {
        if (got < LIST_FIXED)
            return last || !open ? LP_SEARCH_NO : LP_SEARCH_MORE;
        return list_fits(gathered) ? LP_SEARCH_FOUND : LP_SEARCH_NO;
    }
    if (first != LP_CLIENT_HELLO && first != LP_SERVER_HELLO)
        return later_fits(bytes)          ? LP_SEARCH_FOUND
               : got < 4 && open && !last ? LP_SEARCH_MORE
                                          : LP_SEARCH_NO;
    if (!open || !hello_fits(gathered))
        return LP_SEARCH_NO;
    if (got == sizeof fixed)
        return LP_SEARCH_FOUND;
    return !last ? LP_SEARCH_MORE : got >= 6 ? LP_SEARCH_FOUND : LP_SEARCH_NO;
}

enum lp_search lp_search(struct lp_rd bytes, bool last, size_t *skip)
{
    size_t start = bytes.left;

    while (!lp_rd_end(&bytes)) {
        enum lp_search here = lp_search_here(bytes, last);
        *skip = start - bytes.left;
        if (here != LP_SEARCH_NO)
            return here;
        if (!lp_rd_skip_to_pair(&bytes, LP_RECORD_ALERT, LP_RECORD_HANDSHAKE, 3))
            break;
    }
    *skip = start;
    return LP_SEARCH_NO;
}

/* Only a hello tells where a handshake begins: whatever else can be found may have something before
 * it that is still to come. */
bool lp_tls_recognise(struct lp_rd bytes)
{
    uint8_t first;
    size_t got;

    if (lp_ssl2_here(bytes, true) == LP_SEARCH_FOUND)
        return true;
    return gather(bytes, &first, 1, &got) && got == 1 &&
           (first == LP_CLIENT_HELLO || first == LP_SERVER_HELLO) &&
           lp_search_here(bytes, true) == LP_SEARCH_FOUND;
}
