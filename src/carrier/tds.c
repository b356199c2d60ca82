/*
 * TDS 7.1 and later (MS-TDS 2.2.3.1): packets with a header of eight bytes, of which the length
 * (big-endian) counts the header. Client and server agree on encryption by PRELOGIN messages (type
 * 0x12, the server's first answer 0x04); then the TLS handshake travels as the payload of further
 * 0x12 packets; when it is done TLS goes on without packets. TDS 8 begins with TLS and needs
 * nothing of this.
 */
#include "carrier/unwrap.h"

enum {
    HEADER = 8,
    RESPONSE = 0x04,
    PRELOGIN = 0x12,
    VERSION_TOKEN = 0,
    VERSION_LENGTH = 6,
    ENOUGH = HEADER + 5, /* to tell what kind of payload follows */
    RECORD_FRONT = 3,    /* type and version */
};

struct header {
    uint8_t type, status;
    uint16_t length;
};

static bool read_header(struct lp_rd *bytes, struct header *out)
{
    struct lp_rd copy = *bytes;
    uint8_t window;

    if (!lp_rd_u8(&copy, &out->type) || !lp_rd_u8(&copy, &out->status) ||
        !lp_rd_u16(&copy, &out->length) || !lp_rd_skip(&copy, 3) || !lp_rd_u8(&copy, &window) ||
        out->length < HEADER || window != 0)
        return false;
    *bytes = copy;
    return true;
}

/* What there is of the payload behind a header. */
static struct lp_rd payload_of(const struct header *header, struct lp_rd bytes)
{
    return lp_rd_head(&bytes, header->length - (size_t)HEADER);
}

/* The options of a PRELOGIN message (MS-TDS 2.2.6.5) begin with that of the version. */
static bool looks_like_options(struct lp_rd payload)
{
    uint8_t token;
    uint16_t offset, length = 0;

    return lp_rd_u8(&payload, &token) && lp_rd_u16(&payload, &offset) &&
           lp_rd_u16(&payload, &length) && token == VERSION_TOKEN && offset > 0 &&
           length == VERSION_LENGTH;
}

static enum lp_begins begins(struct lp_rd stream, bool last)
{
    struct lp_rd bytes = stream;
    struct header header;
    uint8_t type;

    if (!lp_rd_u8(&stream, &type) || (type != PRELOGIN && type != RESPONSE))
        return LP_BEGINS_NOT;
    if (bytes.left < ENOUGH)
        return last ? LP_BEGINS_NOT : LP_BEGINS_WAIT;
    if (!read_header(&bytes, &header))
        return LP_BEGINS_NOT;
    bytes = payload_of(&header, bytes);
    return looks_like_options(bytes) || (type == PRELOGIN && lp_looks_like_record(bytes))
               ? LP_BEGINS
               : LP_BEGINS_NOT;
}

/* Behind a gap: at the next packet whose payload begins with a record. True: `bytes` stands there.
 */
static bool find_packet(struct lp_wrapped *w, struct lp_rd *bytes, bool last)
{
    while (bytes->left >= ENOUGH) {
        struct lp_rd payload = *bytes;
        struct header header;
        if (read_header(&payload, &header) && header.type == PRELOGIN && header.status <= 1 &&
            lp_looks_like_record(payload)) {
            w->lost = false;
            w->packet_end = w->at;
            return true;
        }
        if (!lp_rd_skip(bytes, 1))
            break;
        w->at++;
    }
    if (last)
        w->at += lp_rd_rest(bytes).left;
    return false;
}

/* Whether the payload of a packet belongs to TLS. False: this is no connection with TLS. */
static bool choose(struct lp_tds_state *state, const struct header *header, struct lp_rd payload)
{
    bool ours = header->type == PRELOGIN || header->type == RESPONSE;

    state->taken = ours && (state->begun || lp_looks_like_record(payload));
    state->begun |= state->taken;
    return state->taken || (ours && looks_like_options(payload));
}

static enum lp_unwrap take_payload(struct lp_wrapped *w, struct lp_rd *bytes)
{
    struct lp_rd payload = lp_rd_head(bytes, (size_t)(w->packet_end - w->at));

    if (w->state.tds.raw)
        payload = *bytes;
    if (w->state.tds.taken && !lp_wrapped_put(w, payload, w->at, w->at + payload.left))
        return LP_UNWRAP_ROOM;
    w->at += payload.left;
    return lp_rd_skip(bytes, payload.left) ? LP_UNWRAP_MORE : LP_UNWRAP_END;
}

/* The header of a packet, or a bare record. */
static enum lp_unwrap take_header(struct lp_wrapped *w, struct lp_rd *bytes)
{
    struct lp_tds_state *state = &w->state.tds;
    struct lp_rd payload = *bytes;
    struct header header;

    if (lp_looks_like_record(*bytes)) {
        state->raw = state->taken = true;
        return LP_UNWRAP_MORE;
    }
    if (!read_header(&payload, &header)) {
        lp_wrapped_problem(w, "TDS packet (MS-TDS 2.2.3.1): what follows is no packet", w->at,
                           w->at + HEADER);
        return LP_UNWRAP_END;
    }
    if (!choose(state, &header, payload_of(&header, payload)))
        return LP_UNWRAP_END;
    w->packet_end = w->at + header.length;
    w->at += HEADER;
    *bytes = payload;
    return LP_UNWRAP_MORE;
}

static bool enough(struct lp_rd bytes, bool last)
{
    struct lp_rd payload = bytes;
    struct header header;

    if (bytes.left >= RECORD_FRONT && lp_looks_like_record(bytes))
        return true;
    return bytes.left >= HEADER &&
           (last || bytes.left >= ENOUGH ||
            (read_header(&payload, &header) && bytes.left >= header.length));
}

static enum lp_unwrap take(struct lp_wrapped *w, struct lp_rd bytes, bool last)
{
    enum lp_unwrap got = LP_UNWRAP_MORE;

    while (!lp_rd_end(&bytes) && got == LP_UNWRAP_MORE) {
        if (w->lost && !find_packet(w, &bytes, last))
            break;
        if (w->state.tds.raw || w->at < w->packet_end)
            got = take_payload(w, &bytes);
        else if (enough(bytes, last))
            got = take_header(w, &bytes);
        else
            break;
    }
    return got;
}

const struct lp_wrapper lp_wrapper_tds = {"tds", begins, take, NULL};
