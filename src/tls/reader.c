/*
 * How it works: a direction first searches for the place where a handshake begins, then reads
 * record after record. The payload of handshake records is cut into messages. A message that lies
 * inside one record is read where it is; one that spans records is put together in a buffer. After
 * ChangeCipherSpec (or application data) everything is encrypted and the direction is finished,
 * except that a server which asked for another ClientHello sends its real ServerHello still in the
 * clear (RFC 8446 4.1.4, appendix D.4).
 *
 * A record is read when all of it is there. Where the stream breaks off, the part of the last
 * record that is there is read as well: a leaf that is complete counts even if what follows it is
 * lost.
 */
#include "tls/handshake.h"

enum { MAX_SEARCH = 64 * 1024 }; /* bytes in front of a handshake: greetings, a proxy's headers */

/* ---- records to messages ---- */

/* How many bytes of a Certificate message its leaf takes, with all that stands before it; 0 when
 * they are not there. */
static size_t leaf_reach(struct lp_rd message)
{
    struct lp_rd rest = message, leaf;
    uint8_t type;

    if (!lp_rd_u8(&rest, &type) || type != LP_CERTIFICATE || !lp_rd_skip(&rest, 3 + 3) ||
        !lp_rd_vec(&rest, 3, &leaf))
        return 0;
    return message.left - rest.left;
}

/* `to` is where the buffered bytes end in the stream. */
static void note_leaf(struct lp_tls_half *half, uint64_t to)
{
    size_t reach = leaf_reach(lp_rd_init(half->message.bytes, half->message.len));

    if (reach && !half->leaf_end)
        half->leaf_end = to - (half->message.len - reach);
}

/* Puts the rest of a record, which ends at `to`, behind what is there of a message. */
static enum lp_tls_want keep_message(const struct lp_reading *r, struct lp_rd payload, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    struct lp_buf *message = &half->message;

    if (message->len == 0) {
        half->message_from = to - payload.left;
        half->leaf_end = 0;
    }
    message->budget = r->tls->budget;
    if (lp_buf_append(message, payload.ptr, payload.left) != LP_GROW_OK)
        return LP_TLS_ROOM;
    note_leaf(half, to);
    return LP_TLS_MORE;
}

/* One whole message from the front of `bytes`, if there is one. *taken tells. */
static enum lp_tls_want one_message(const struct lp_reading *r, struct lp_rd *bytes, uint64_t from,
                                    uint64_t to, bool *taken)
{
    struct lp_rd copy = *bytes, body;
    uint8_t type;

    *taken = false;
    if (!lp_rd_u8(&copy, &type) || !lp_rd_vec(&copy, 3, &body))
        return LP_TLS_MORE;
    enum lp_tls_want want = lp_take_message(r, type, body, from, to);
    if (want == LP_TLS_ROOM)
        return want;
    *bytes = copy;
    *taken = true;
    return want;
}

/* The whole message that the buffer begins with may have come with this record: reads it and drops
 * it. */
static enum lp_tls_want buffered_messages(const struct lp_reading *r, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    struct lp_rd bytes = lp_rd_init(half->message.bytes, half->message.len);
    bool taken = true;
    enum lp_tls_want want = LP_TLS_MORE;

    while (taken && want == LP_TLS_MORE && !lp_rd_end(&bytes))
        want = one_message(r, &bytes, half->message_from, to, &taken);
    if (want == LP_TLS_ROOM)
        return want;
    size_t left = bytes.left;
    if (left == half->message.len)
        return want;
    if (left)
        memmove(half->message.bytes, bytes.ptr, left);
    half->message.len = left;
    half->message_from = to - left;
    half->leaf_end = 0;
    note_leaf(half, to);
    return want;
}

/* A record that finds no room will come again, and its messages with it: nothing of it is kept. */
static enum lp_tls_want handshake_payload(const struct lp_reading *r, struct lp_rd payload,
                                          uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    enum lp_tls_want want = LP_TLS_MORE;
    bool taken = true;

    if (half->message.len) {
        size_t before = half->message.len;
        want = keep_message(r, payload, to);
        if (want == LP_TLS_MORE)
            want = buffered_messages(r, to);
        if (want == LP_TLS_ROOM)
            half->message.len = before;
        return want;
    }
    while (taken && !lp_rd_end(&payload)) {
        want = one_message(r, &payload, from, to, &taken);
        if (want == LP_TLS_ROOM)
            return want;
    }
    return lp_rd_end(&payload) ? want : keep_message(r, payload, to);
}

static void take_alert(const struct lp_reading *r, struct lp_rd payload, uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    struct lp_tls_alert alert = {0};
    struct lp_time time;

    if (payload.left != 2 || half->alert_count == sizeof half->alerts / sizeof half->alerts[0] ||
        !lp_rd_u8(&payload, &alert.level) || !lp_rd_u8(&payload, &alert.code) || alert.level < 1 ||
        alert.level > 2)
        return;
    lp_reading_packet(r, from, to, &alert.frame, &time);
    half->alerts[half->alert_count++] = alert;
}

/* True: from here on this direction is encrypted. */
static bool is_over(const struct lp_tls_half *half)
{
    if (half->application_data)
        return true;
    if (half->is_server && half->hello.complete && half->hello.version >= 0x0304)
        return !half->hello.retry;
    return half->cipher_change && !(half->is_server && half->hello.retry);
}

static enum lp_tls_want take_record(const struct lp_reading *r, uint8_t type, struct lp_rd payload,
                                    uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;

    switch (type) {
    case LP_RECORD_HANDSHAKE:
        return handshake_payload(r, payload, from, to);
    case LP_RECORD_ALERT:
        if (!half->cipher_change)
            take_alert(r, payload, from, to);
        break;
    case LP_RECORD_CHANGE_CIPHER:
        half->cipher_change = true;
        break;
    case LP_RECORD_DATA:
        half->application_data = true;
        break;
    default:
        break;
    }
    return LP_TLS_MORE;
}

/* ---- a direction ---- */

static enum lp_tls_want finish(struct lp_tls_half *half)
{
    half->state = LP_TLS_FINISHED;
    lp_buf_free(&half->message);
    return LP_TLS_DONE;
}

/* What the stream begins with, in case no handshake is found in it. */
static void note_beginning(struct lp_tls_half *half, struct lp_rd bytes)
{
    uint8_t type;
    uint16_t length;

    half->other_records = lp_record_header(&bytes, &type, &length);
    half->other_bytes = !half->other_records && bytes.left >= LP_RECORD_HEADER;
}

static bool is_text(struct lp_rd bytes)
{
    uint8_t byte;
    while (lp_rd_u8(&bytes, &byte))
        if (byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n')
            return false;
    return true;
}

/* The input from stream offset `from` on. */
static struct lp_rd bytes_from(const struct lp_tls_input *input, uint64_t from)
{
    struct lp_rd bytes = input->bytes;
    if (from > input->offset && !lp_rd_skip(&bytes, (size_t)(from - input->offset)))
        (void)lp_rd_rest(&bytes);
    return bytes;
}

static enum lp_tls_want search(struct lp_tls_half *half, const struct lp_tls_input *input,
                               bool last, size_t *release)
{
    size_t skip = 0;

    if (!half->searched) {
        half->searched = true;
        half->origin = half->at = input->offset;
    }
    if (half->at == half->origin)
        note_beginning(half, bytes_from(input, half->origin));
    struct lp_rd bytes = bytes_from(input, half->at);
    enum lp_search found = lp_search(bytes, last, &skip);
    half->careful |= !is_text(lp_rd_head(&bytes, skip));
    half->at += skip;
    *release = half->at > input->offset ? (size_t)(half->at - input->offset) : 0;
    if (found == LP_SEARCH_FOUND)
        half->state = LP_TLS_READING;
    else if (half->at - half->origin > MAX_SEARCH)
        return finish(half);
    return LP_TLS_MORE;
}

/* What stood in front of the handshake may also stand between its segments (a framing of its own):
 * then a record's length leads into the middle of something. Its payload is believed when another
 * record, or nothing at all, follows it. */
static bool is_followed(struct lp_rd behind, bool last)
{
    uint8_t type;
    uint16_t length;

    return lp_record_header(&behind, &type, &length) || (last && lp_rd_end(&behind));
}

/* All whole records that are there. `last`: no more will come. */
static enum lp_tls_want read_records(const struct lp_reading *r, bool last)
{
    struct lp_tls_half *half = r->half;
    struct lp_rd bytes = bytes_from(r->input, half->at), payload;
    uint8_t type;
    uint16_t length;

    while (bytes.left >= LP_RECORD_HEADER) {
        if (!lp_record_header(&bytes, &type, &length)) {
            lp_reading_problem(r, "record (RFC 5246 6.2.1): what follows is no record", half->at,
                               half->at + LP_RECORD_HEADER);
            half->cut = half->cut ? half->cut : LP_TLS_CUT_END;
            return finish(half);
        }
        if (!lp_rd_sub(&bytes, length, &payload))
            break;
        if (half->careful && type == LP_RECORD_HANDSHAKE && !is_followed(bytes, last)) {
            if (!last && bytes.left < LP_RECORD_HEADER)
                break;
            lp_reading_problem(r, "record (RFC 5246 6.2.1): what follows is no record", half->at,
                               half->at + LP_RECORD_HEADER);
            return finish(half);
        }
        uint64_t end = half->at + LP_RECORD_HEADER + length;
        enum lp_tls_want want = take_record(r, type, payload, half->at, end);
        if (want == LP_TLS_ROOM)
            return want;
        half->at = end;
        if (is_over(half))
            return finish(half);
    }
    return LP_TLS_MORE;
}

enum lp_tls_want lp_tls_read(struct lp_tls *tls, unsigned dir, const struct lp_tls_input *input,
                             size_t *release)
{
    struct lp_tls_half *half = &tls->half[dir];
    struct lp_reading r = {tls, half, input};

    *release = 0;
    if (half->state == LP_TLS_SEARCHING) {
        enum lp_tls_want want = search(half, input, false, release);
        if (want == LP_TLS_DONE || half->state == LP_TLS_SEARCHING)
            return want;
    }
    if (half->state == LP_TLS_FINISHED)
        return LP_TLS_DONE;
    return read_records(&r, false);
}

void lp_tls_rewind(struct lp_tls *tls, unsigned dir)
{
    struct lp_tls_half *half = &tls->half[dir];
    struct lp_tls_half fresh = {.message = half->message,
                                .certs = half->certs,
                                .cert_cap = half->cert_cap,
                                .hello.sni = half->hello.sni,
                                .careful = half->careful, /* what stood in front may be released */
                                .cut = half->cut};

    fresh.message.len = 0;
    fresh.hello.sni.len = 0;
    *half = fresh;
}

/* The part of a record that is there when the stream breaks off: handshake bytes count as far as
 * they go. */
static void read_cut_record(const struct lp_reading *r)
{
    struct lp_tls_half *half = r->half;
    struct lp_rd bytes = r->input->bytes;
    uint8_t type;
    uint16_t length;

    if (half->at >= r->input->offset && lp_rd_skip(&bytes, (size_t)(half->at - r->input->offset)) &&
        lp_record_header(&bytes, &type, &length) && type == LP_RECORD_HANDSHAKE &&
        !half->cipher_change)
        (void)handshake_payload(r, lp_rd_head(&bytes, length), half->at,
                                r->input->offset + r->input->bytes.left);
}

/* The message that will not be completed. */
static void read_cut_message(const struct lp_reading *r)
{
    struct lp_tls_half *half = r->half;
    struct lp_rd bytes = lp_rd_init(half->message.bytes, half->message.len);
    uint64_t to = r->input->offset + r->input->bytes.left;
    uint8_t type;
    uint32_t length;

    if (!lp_rd_u8(&bytes, &type))
        return;
    lp_reading_first(r, half->message_from, to);
    if (type == LP_CLIENT_HELLO || type == LP_SERVER_HELLO) {
        half->hello.seen = true;
        half->is_client |= type == LP_CLIENT_HELLO;
        half->is_server |= type == LP_SERVER_HELLO;
    } else if (type == LP_CERTIFICATE && lp_rd_u24(&bytes, &length)) {
        (void)lp_take_certificate(r, bytes, false, half->message_from, to);
    }
    half->message.len = 0;
}

void lp_tls_cut(struct lp_tls *tls, unsigned dir, enum lp_tls_cut cut,
                const struct lp_tls_input *rest)
{
    struct lp_tls_half *half = &tls->half[dir];
    struct lp_reading r = {tls, half, rest};
    size_t skip;

    if (half->state == LP_TLS_SEARCHING) {
        (void)search(half, rest, true, &skip);
    }
    if (half->state == LP_TLS_READING)
        (void)read_records(&r, true);
    if (half->state == LP_TLS_FINISHED)
        return;
    if (half->state == LP_TLS_READING) {
        if (!half->careful)
            read_cut_record(&r);
        read_cut_message(&r);
    }
    if (half->cut == LP_TLS_CUT_NONE)
        half->cut = cut;
    half->state = LP_TLS_SEARCHING; /* behind the gap */
    half->searched = false;
}

void lp_tls_free(struct lp_tls *tls)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        lp_buf_free(&tls->half[dir].message);
        lp_buf_free(&tls->half[dir].hello.sni);
        lp_free(tls->half[dir].certs);
        tls->half[dir].certs = NULL;
    }
}
