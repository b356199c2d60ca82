/*
 * How it works: EAP is in lockstep, so that in the order of time the fragments of a direction
 * follow each other. Each fragment's identifier is one more than the last one's (RFC 5216 2.1.5),
 * by which a missing one is noticed, and the first fragment tells the length of them all. A packet
 * that was sent again has the same identifier and bytes.
 */
#include "carrier/eap.h"

#include "base/hash.h"

enum {
    TYPE_TLS = 13,
    TYPE_TTLS = 21,
    TYPE_PEAP = 25,
    TYPE_FAST = 43,
    TYPE_TEAP = 55,
    TYPE_EXPANDED = 254,
};

enum { LENGTH_INCLUDED = 0x80, MORE_FRAGMENTS = 0x40, START = 0x20, OUTER_INCLUDED = 0x10 };

const char *lp_eap_carrier(uint8_t type)
{
    switch (type) {
    case TYPE_TLS:
        return "eap-tls";
    case TYPE_TTLS:
        return "eap-ttls";
    case TYPE_PEAP:
        return "peap";
    case TYPE_FAST:
        return "eap-fast";
    case TYPE_TEAP:
        return "teap";
    default:
        return NULL;
    }
}

bool lp_eapol_read(struct lp_rd frame, struct lp_rd *packet)
{
    enum { LAST_VERSION = 3, EAP_PACKET = 0 };
    uint8_t version, type;
    uint16_t length;

    if (!lp_rd_u8(&frame, &version) || !lp_rd_u8(&frame, &type) || !lp_rd_u16(&frame, &length) ||
        version == 0 || version > LAST_VERSION || type != EAP_PACKET)
        return false;
    *packet = lp_rd_head(&frame, length);
    return true;
}

/* RFC 3748 5.7: a type with a vendor; vendor 0 has the same types as without. */
static bool expanded_type(struct lp_rd *rd, uint8_t *type)
{
    uint32_t vendor, number;

    if (*type != TYPE_EXPANDED)
        return true;
    if (!lp_rd_u24(rd, &vendor) || !lp_rd_u32(rd, &number) || vendor != 0 || number > UINT8_MAX)
        return false;
    *type = (uint8_t)number;
    return true;
}

/* Flags, lengths, TLS data (RFC 5216 3.1; RFC 7170 4.1 has the second length). */
static bool method(struct lp_rd body, struct lp_eap *out)
{
    uint8_t flags;

    if (!lp_rd_u8(&body, &flags))
        return false;
    out->start = flags & START && out->code == LP_EAP_REQUEST;
    out->more = flags & MORE_FRAGMENTS;
    out->has_total = flags & LENGTH_INCLUDED;
    if ((out->has_total && !lp_rd_u32(&body, &out->total)) ||
        (out->type == TYPE_TEAP && flags & OUTER_INCLUDED && !lp_rd_u32(&body, &out->outer)))
        return false;
    if (out->outer > body.left)
        return false;
    /* A start has no TLS, but hints for the peer. */
    out->data = lp_rd_head(&body, out->start ? 0 : body.left - out->outer);
    return true;
}

bool lp_eap_read(struct lp_rd packet, struct lp_eap *out)
{
    enum { HEADER = 4 };
    uint16_t length;

    *out = (struct lp_eap){.data = lp_rd_init(NULL, 0)};
    if (!lp_rd_u8(&packet, &out->code) || !lp_rd_u8(&packet, &out->id) ||
        !lp_rd_u16(&packet, &length) || length < HEADER)
        return false;
    if (out->code == LP_EAP_SUCCESS || out->code == LP_EAP_FAILURE)
        return length == HEADER;
    out->cut = packet.left < length - (size_t)HEADER;
    packet = lp_rd_head(&packet, length - (size_t)HEADER);
    return (out->code == LP_EAP_REQUEST || out->code == LP_EAP_RESPONSE) &&
           lp_rd_u8(&packet, &out->type) && expanded_type(&packet, &out->type) &&
           lp_eap_carrier(out->type) && method(packet, out);
}

/* ---- a direction ---- */

static uint64_t fingerprint(const struct lp_eap *packet)
{
    return lp_hash_bytes((uint64_t)packet->id << 8 | packet->code, packet->data.ptr,
                         packet->data.left) |
           1; /* never that of an empty place */
}

bool lp_eap_is_copy(const struct lp_eap_half *half, const struct lp_eap *packet)
{
    uint64_t print = fingerprint(packet);

    for (unsigned i = 0; i < LP_EAP_REMEMBERED; i++)
        if (half->seen[i] == print)
            return true;
    return false;
}

static void remember(struct lp_eap_half *half, const struct lp_eap *packet)
{
    half->seen[half->seen_at++ % LP_EAP_REMEMBERED] = fingerprint(packet);
}

/* Whether TLS begins with these bytes: a record of some type and version (RFC 5246 6.2.1), as far
 * as they go. */
static bool begins_record(struct lp_rd data)
{
    enum { FIRST_TYPE = 20, LAST_TYPE = 24, MAJOR = 3, LAST_MINOR = 4 };
    uint8_t type, major, minor;

    if (!lp_rd_u8(&data, &type) || type < FIRST_TYPE || type > LAST_TYPE)
        return false;
    return !lp_rd_u8(&data, &major) ||
           (major == MAJOR && (!lp_rd_u8(&data, &minor) || minor <= LAST_MINOR));
}

static bool append(struct lp_eap_half *half, struct lp_rd data, uint64_t frame, struct lp_time time)
{
    if (!lp_grow_array(&half->marks, &half->mark_cap, half->mark_count + 1, sizeof *half->marks) ||
        lp_buf_append(&half->stream, data.ptr, data.left) != LP_GROW_OK)
        return false;
    half->marks[half->mark_count++] =
        (struct lp_eap_mark){half->offset + half->stream.len, frame, time};
    return true;
}

/* The last fragment is there. */
static enum lp_eap_step finish_message(struct lp_eap_half *half)
{
    size_t length = half->stream.len - half->whole;

    half->assembling = false;
    /* Whether TEAP's outer part counts, RFC 7170 leaves open. */
    if (half->has_total && length != half->total && length + half->outer != half->total) {
        half->stream.len = half->whole;
        return LP_EAP_BROKEN;
    }
    half->whole = half->stream.len;
    return LP_EAP_BYTES;
}

enum lp_eap_step lp_eap_push(struct lp_eap_half *half, const struct lp_eap *packet, uint64_t frame,
                             struct lp_time time)
{
    if (lp_rd_end(&packet->data) && !packet->cut) {
        half->packets++;
        return LP_EAP_NOTHING;
    }
    if (lp_eap_is_copy(half, packet))
        return LP_EAP_NOTHING;
    if (half->assembling && packet->id != (uint8_t)(half->last_id + 1))
        return LP_EAP_GAP;
    if (!half->assembling && !begins_record(packet->data)) {
        half->packets++; /* the first fragment was lost, or is this one, and nothing of it there */
        return packet->cut ? LP_EAP_CUT : LP_EAP_NOTHING;
    }
    if (!half->assembling) {
        half->has_total = packet->has_total;
        half->total = packet->total;
        half->outer = packet->outer;
    }
    if (!append(half, packet->data, frame, time))
        return LP_EAP_LIMIT;
    remember(half, packet);
    half->packets++;
    half->assembling = true;
    half->last_id = packet->id;
    if (packet->cut)
        return LP_EAP_CUT;
    return packet->more ? LP_EAP_NOTHING : finish_message(half);
}

void lp_eap_release(struct lp_eap_half *half, size_t n)
{
    struct lp_rd rest = lp_rd_init(half->stream.bytes, half->stream.len);
    size_t gone = 0;

    if (n == 0 || !lp_rd_skip(&rest, n))
        return;
    if (rest.left)
        memmove(half->stream.bytes, rest.ptr, rest.left);
    half->stream.len = rest.left;
    half->whole = n < half->whole ? half->whole - n : 0;
    half->offset += n;
    while (gone < half->mark_count && half->marks[gone].end <= half->offset)
        gone++;
    half->mark_count -= gone;
    memmove(half->marks, half->marks + gone, half->mark_count * sizeof *half->marks);
}

void lp_eap_break(struct lp_eap_half *half)
{
    half->offset += half->stream.len + 1; /* what follows does not join on */
    half->stream.len = half->whole = 0;
    half->mark_count = 0;
    half->assembling = false;
}

void lp_eap_free(struct lp_eap_half *half)
{
    lp_buf_free(&half->stream);
    lp_free(half->marks);
    half->marks = NULL;
}

void lp_eap_packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    const struct lp_eap_half *half = ctx;
    uint64_t start = half->offset;

    *frame = 0;
    *time = (struct lp_time){0};
    for (size_t i = 0; i < half->mark_count; i++) {
        const struct lp_eap_mark *mark = &half->marks[i];
        if (mark->end > from && start < to && mark->frame > *frame) {
            *frame = mark->frame;
            *time = mark->time;
        }
        start = mark->end;
    }
}
