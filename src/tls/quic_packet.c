#include "tls/quic_packet.h"

enum {
    LONG_HEADER = 0x80,
    MAX_TYPES = 4,
    LEAST_PAYLOAD = 20, /* of a protected packet: number and sample (RFC 9001 5.4.2) */
    RETRY_TAG = 16,
    DRAFT = 0xff0000, /* the upper three bytes of a draft's number */
};

/* ---- versions ---- */

#define GOOGLE_LABELS true, false, "quic key", "quic iv", "quic hp"
#define FIRST_LABELS false, false, "quic key", "quic iv", "quic hp"
#define SECOND_LABELS false, true, "quicv2 key", "quicv2 iv", "quicv2 hp"

static const struct lp_quic_version draft_22 = {{0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb,
                                                 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51,
                                                 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a},
                                                FIRST_LABELS};
static const struct lp_quic_version draft_23 = {{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                                 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                                 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
                                                FIRST_LABELS};
static const struct lp_quic_version draft_29 = {{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                                 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                                 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
                                                FIRST_LABELS};
static const struct lp_quic_version t050 = {{0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72,
                                             0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2,
                                             0x36, 0x7c, 0x60, 0x48, 0x83, 0x10},
                                            GOOGLE_LABELS};
static const struct lp_quic_version t051 = {{0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee,
                                             0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f,
                                             0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d},
                                            GOOGLE_LABELS};
static const struct lp_quic_version version_1 = {{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                                  0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                                  0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
                                                 FIRST_LABELS};
static const struct lp_quic_version draft_version_2 = {{0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47,
                                                        0x18, 0x4a, 0x1d, 0x62, 0xca, 0x57, 0x04,
                                                        0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3},
                                                       SECOND_LABELS};
static const struct lp_quic_version version_2 = {{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
                                                  0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
                                                  0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
                                                 SECOND_LABELS};

const struct lp_quic_version *lp_quic_version(uint32_t number)
{
    enum { FIRST_DRAFT = 22, LAST_DRAFT = 34 };
    enum { GREASE_MASK = 0x0f0f0f0f, GREASE = 0x0a0a0a0a }; /* RFC 9000 15: to be refused */
    uint32_t draft = number & 0xff;

    switch (number) {
    case 0x00000001: /* RFC 9000 */
        return &version_1;
    case 0x6b3343cf: /* RFC 9369 */
        return &version_2;
    case 0x709a50c4:
        return &draft_version_2;
    case 0xfaceb001: /* mvfst's names for drafts */
        return &draft_22;
    case 0xfaceb002:
    case 0xfaceb00e:
        return &draft_23;
    case 0x54303530: /* "T050", "T051": of Google, with TLS */
        return &t050;
    case 0x54303531:
        return &t051;
    default:
        break;
    }
    if ((number & GREASE_MASK) == GREASE) /* which many a client sends encrypted like this */
        return &draft_29;
    if (number >> 8 != DRAFT || draft < FIRST_DRAFT || draft > LAST_DRAFT)
        return NULL;
    return draft < 23 ? &draft_22 : draft < 29 ? &draft_23 : draft < 33 ? &draft_29 : &version_1;
}

/* ---- headers ---- */

bool lp_quic_number(struct lp_rd *bytes, uint64_t *out)
{
    struct lp_rd copy = *bytes;
    uint8_t byte;

    if (!lp_rd_u8(&copy, &byte))
        return false;
    uint64_t value = byte & 0x3f;
    for (unsigned more = (1U << (byte >> 6)) - 1; more; more--) {
        if (!lp_rd_u8(&copy, &byte))
            return false;
        value = value << 8 | byte;
    }
    *bytes = copy;
    *out = value;
    return true;
}

/* RFC 9000 17.2.1: the versions that the server would have taken. Any draft counts. */
static bool is_negotiation(struct lp_rd versions)
{
    uint32_t number;

    if (versions.left == 0 || versions.left % 4 != 0)
        return false;
    while (lp_rd_u32(&versions, &number))
        if (lp_quic_version(number) || number >> 8 == DRAFT)
            return true;
    return false;
}

/* Version 2 has the types one further than version 1 (RFC 9369 3.2). */
static enum lp_quic_type type_of(const struct lp_quic_version *version, uint8_t first)
{
    static const enum lp_quic_type types[MAX_TYPES] = {LP_QUIC_INITIAL, LP_QUIC_EARLY,
                                                       LP_QUIC_HANDSHAKE, LP_QUIC_RETRY};
    unsigned number = (first >> 4) & 3U;
    return types[version->second ? (number + MAX_TYPES - 1) % MAX_TYPES : number];
}

/* From the token's length, or that of the payload, on. */
static bool read_payload(struct lp_rd *rest, struct lp_quic_packet *out)
{
    size_t start = out->bytes.left;
    uint64_t length = 0;

    if (out->type == LP_QUIC_INITIAL &&
        (!lp_quic_number(rest, &length) || length > rest->left || !lp_rd_skip(rest, length)))
        return false;
    if (!lp_quic_number(rest, &length) || length < LEAST_PAYLOAD)
        return false;
    out->number_at = start - rest->left;
    out->whole = length <= rest->left;
    if (!out->whole)
        (void)lp_rd_rest(rest);
    else if (!lp_rd_skip(rest, length))
        return false;
    out->bytes = lp_rd_head(&out->bytes, start - rest->left);
    return true;
}

bool lp_quic_may_begin(struct lp_rd datagram)
{
    uint8_t first;
    uint32_t version;

    return lp_rd_u8(&datagram, &first) && first & LONG_HEADER && lp_rd_u32(&datagram, &version) &&
           (version == 0 || lp_quic_version(version));
}

bool lp_quic_next(struct lp_rd *datagram, struct lp_quic_packet *out)
{
    struct lp_rd rest = *datagram;
    uint8_t first;

    *out = (struct lp_quic_packet){.bytes = rest, .whole = true};
    if (!lp_rd_u8(&rest, &first) || !(first & LONG_HEADER) || !lp_rd_u32(&rest, &out->version))
        return false;
    const struct lp_quic_version *version = lp_quic_version(out->version);
    if (!version && out->version != 0)
        return false; /* the "fixed" bit need not be set (RFC 9287) */
    if (!lp_rd_vec(&rest, 1, &out->destination) || !lp_rd_vec(&rest, 1, &out->source) ||
        out->destination.left > LP_QUIC_ID_MOST || out->source.left > LP_QUIC_ID_MOST)
        return false;
    out->type = version ? type_of(version, first) : LP_QUIC_NEGOTIATION;
    if (out->type == LP_QUIC_NEGOTIATION || out->type == LP_QUIC_RETRY) {
        if (out->type == LP_QUIC_RETRY ? rest.left < RETRY_TAG : !is_negotiation(rest))
            return false;
        (void)lp_rd_rest(&rest);
    } else if (!read_payload(&rest, out)) {
        return false;
    }
    *datagram = rest;
    return true;
}

/* ---- frames ---- */

/* Ends with the bytes, if not before. */
static bool skip_numbers(struct lp_rd *bytes, uint64_t n)
{
    uint64_t value;

    for (; n; n--)
        if (!lp_quic_number(bytes, &value))
            return false;
    return true;
}

/* RFC 9000 19.3: nothing in it is of interest but that it is there. */
static bool skip_ack(struct lp_rd *bytes, bool ecn)
{
    enum { BEFORE = 2 /* highest, delay */, COUNTS = 3 /* of ECN */ };
    uint64_t ranges;

    return skip_numbers(bytes, BEFORE) && lp_quic_number(bytes, &ranges) &&
           skip_numbers(bytes, 1 + 2 * ranges + (ecn ? COUNTS : 0));
}

static bool take_bytes(struct lp_rd *bytes, struct lp_quic_frame *out)
{
    uint64_t length;
    return lp_quic_number(bytes, &length) && length <= bytes->left &&
           lp_rd_sub(bytes, length, &out->bytes);
}

/* RFC 9000 12.4: the types that Initial and Handshake packets may hold. */
static bool take_frame(struct lp_rd *bytes, struct lp_quic_frame *out)
{
    enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, CLOSE = 0x1c };
    uint64_t type, of_frame;

    if (!lp_quic_number(bytes, &type))
        return false;
    switch (type) {
    case PADDING:
    case PING:
        return true;
    case ACK:
    case ACK_ECN:
        out->kind = LP_QUIC_FRAME_ACK;
        return skip_ack(bytes, type == ACK_ECN);
    case CRYPTO:
        out->kind = LP_QUIC_FRAME_CRYPTO;
        return lp_quic_number(bytes, &out->offset) && take_bytes(bytes, out);
    case CLOSE:
        out->kind = LP_QUIC_FRAME_CLOSE;
        return lp_quic_number(bytes, &out->code) && lp_quic_number(bytes, &of_frame) &&
               take_bytes(bytes, out);
    default:
        return false;
    }
}

/* The type says how long numbers are: the lowest two bits for ranges, the next two for the highest
 * number. */
static bool skip_google_ack(struct lp_rd *bytes, uint8_t type)
{
    enum { SEVERAL = 0x20, FIRST_TIME = 5, TIME = 3 };
    static const uint8_t sizes[4] = {1, 2, 4, 6};
    size_t range = sizes[type & 3], highest = sizes[(type >> 2) & 3];
    uint8_t more = 0, times;

    return lp_rd_skip(bytes, highest + 2) && (!(type & SEVERAL) || lp_rd_u8(bytes, &more)) &&
           lp_rd_skip(bytes, range + more * (1 + range)) && lp_rd_u8(bytes, &times) &&
           (times == 0 || lp_rd_skip(bytes, FIRST_TIME + (times - 1U) * TIME));
}

static bool take_google_frame(struct lp_rd *bytes, struct lp_quic_frame *out)
{
    enum { PADDING = 0, PING = 7, CRYPTO = 8, ACK = 0x40, NO_STREAM = 0xc0 };
    uint8_t type;

    if (!lp_rd_u8(bytes, &type))
        return false;
    if ((type & NO_STREAM) == ACK) {
        out->kind = LP_QUIC_FRAME_ACK;
        return skip_google_ack(bytes, type);
    }
    if (type != CRYPTO)
        return type == PADDING || type == PING;
    out->kind = LP_QUIC_FRAME_CRYPTO;
    return lp_quic_number(bytes, &out->offset) && take_bytes(bytes, out);
}

bool lp_quic_next_frame(struct lp_rd *rest, bool google, struct lp_quic_frame *out)
{
    struct lp_rd copy = *rest;

    *out = (struct lp_quic_frame){0};
    if (!(google ? take_google_frame : take_frame)(&copy, out))
        return false;
    *rest = copy;
    return true;
}
