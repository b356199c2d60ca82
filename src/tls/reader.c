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
#include "tls/sealed.h"

enum { MAX_SEARCH = 64 * 1024 }; /* bytes in front of a handshake: greetings, a proxy's headers */

/* ---- records to messages ---- */

/* How many bytes of a Certificate message its leaf takes, with all that stands before it; 0 when
 * they are not there. */
static size_t leaf_reach(struct lp_rd message, bool tls13)
{
    struct lp_rd rest = message, context, leaf;
    uint8_t type;

    if (!lp_rd_u8(&rest, &type) || type != LP_CERTIFICATE || !lp_rd_skip(&rest, 3) ||
        (tls13 && !lp_rd_vec(&rest, 1, &context)) || !lp_rd_skip(&rest, 3) ||
        !lp_rd_vec(&rest, 3, &leaf))
        return 0;
    return message.left - rest.left;
}

/* `to` is where the buffered bytes end in the stream. A record that was encrypted counts as a
 * whole, since it has to verify. */
static void note_leaf(const struct lp_reading *r, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    size_t reach = leaf_reach(lp_rd_init(half->message.bytes, half->message.len), r->tls13);

    if (reach && !half->leaf_end)
        half->leaf_end = half->sealed ? to : to - (half->message.len - reach);
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
    note_leaf(r, to);
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
    enum lp_tls_want want =
        (r->half->sealed ? lp_sealed_message : lp_take_message)(r, type, body, from, to);
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
    note_leaf(r, to);
    return want;
}

/* A record that finds no room will come again, and its messages with it: nothing of it is kept. */
enum lp_tls_want lp_take_handshake(const struct lp_reading *r, struct lp_rd payload, uint64_t from,
                                   uint64_t to)
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
        return lp_take_handshake(r, payload, from, to);
    case LP_RECORD_ALERT:
        if (!half->cipher_change)
            lp_take_alert(r, payload, from, to);
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

/* Behind what is_over found the records are encrypted: either they can be opened, or that was all.
 */
static enum lp_tls_want pass_over(const struct lp_reading *r)
{
    if (r->half->sealed || !is_over(r->half))
        return LP_TLS_MORE;
    enum lp_tls_want want = lp_sealed_begin(r);
    return want == LP_TLS_DONE ? finish(r->half) : want;
}

/* What the stream begins with, in case no handshake is found in it. */
static void note_beginning(struct lp_tls_half *half, struct lp_rd bytes)
{
    uint8_t type;
    uint16_t length;

    half->other_records = lp_record_header(&bytes, &type, &length);
    half->other_bytes = !half->other_records && bytes.left >= LP_RECORD_HEADER;
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
    struct lp_rd bytes = bytes_from(input, half->at);
    if (half->at == half->origin) {
        enum lp_search ssl2 = lp_ssl2_here(bytes, last);
        half->ssl2 = ssl2 == LP_SEARCH_FOUND;
        half->state = half->ssl2 ? LP_TLS_READING : LP_TLS_SEARCHING;
        if (ssl2 != LP_SEARCH_NO || (bytes.left < LP_RECORD_HEADER && !last))
            return LP_TLS_MORE;
        note_beginning(half, bytes);
    }
    enum lp_search found = lp_search(bytes, last, &skip);
    half->careful = half->careful || !lp_rd_is_text(lp_rd_head(&bytes, skip));
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

/* A whole record. `from` to `to` is where it stands in the stream. */
static enum lp_tls_want one_record(const struct lp_reading *r, const struct lp_record *record,
                                   uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    enum lp_tls_want want;

    if (record->type == LP_RECORD_DATA && !half->sealed) { /* encrypted already */
        half->application_data = true;
        want = pass_over(r);
        if (want != LP_TLS_MORE)
            return want;
    }
    if (half->sealed) {
        want = lp_sealed_record(r, record, from, to);
        return want == LP_TLS_DONE ? finish(half) : want;
    }
    return take_record(r, record->type, record->payload, from, to);
}

/* In front of the first record. */
static enum lp_tls_want read_ssl2(const struct lp_reading *r)
{
    enum lp_tls_want want = lp_ssl2_read(r, bytes_from(r->input, r->half->at));
    return want == LP_TLS_DONE ? finish(r->half) : want;
}

static enum lp_tls_want no_record(const struct lp_reading *r)
{
    struct lp_tls_half *half = r->half;

    if (half->ssl2_hello) /* the server chose SSL 2.0, and here it goes on */
        return finish(half);
    lp_reading_problem(r, "record (RFC 5246 6.2.1): what follows is no record", half->at,
                       half->at + LP_RECORD_HEADER);
    half->cut = half->cut ? half->cut : LP_TLS_CUT_END;
    return finish(half);
}

/* All whole records that are there. */
static enum lp_tls_want read_records(const struct lp_reading *r)
{
    struct lp_tls_half *half = r->half;
    enum lp_tls_want want = half->ssl2 ? read_ssl2(r) : pass_over(r);
    struct lp_rd bytes = bytes_from(r->input, half->at);
    uint16_t length;

    while (!half->ssl2 && want == LP_TLS_MORE && bytes.left >= LP_RECORD_HEADER) {
        struct lp_rd header = bytes;
        struct lp_record record;
        if (!lp_record_header(&bytes, &record.type, &length)) {
            return no_record(r);
        }
        if (!lp_rd_skip(&header, 1) || !lp_rd_u16(&header, &record.version) ||
            !lp_rd_sub(&bytes, length, &record.payload))
            break;
        if (half->careful && record.type == LP_RECORD_HANDSHAKE && !is_followed(bytes, r->last)) {
            if (!r->last && bytes.left < LP_RECORD_HEADER)
                break;
            lp_reading_problem(r, "record (RFC 5246 6.2.1): what follows is no record", half->at,
                               half->at + LP_RECORD_HEADER);
            return finish(half);
        }
        uint64_t end = half->at + LP_RECORD_HEADER + length;
        want = one_record(r, &record, half->at, end);
        if (want != LP_TLS_MORE)
            break;
        half->at = end;
        want = pass_over(r);
    }
    return want;
}

/* How much of what the other direction may wait for is there. */
static unsigned heard(const struct lp_tls *tls, unsigned dir)
{
    unsigned count = tls->half[dir].state == LP_TLS_FINISHED;

    for (; tls; tls = tls->next)
        count += tls->half[dir].hello.complete && !tls->half[dir].hello.retry;
    return count;
}

bool lp_tls_news(struct lp_tls *tls, unsigned dir)
{
    bool news = tls->news[dir];
    tls->news[dir] = false;
    return news;
}

/* Records, and what is behind their encryption. */
static enum lp_tls_want read_on(const struct lp_reading *r, size_t *release)
{
    struct lp_tls_half *half = r->half;
    enum lp_tls_want want = read_records(r);

    if (!half->sealed || want == LP_TLS_DONE)
        return want;
    if (lp_sealed_release(r))
        *release = (size_t)(half->at - r->input->offset);
    else if (lp_sealed_overdue(r))
        return finish(half);
    return want;
}

enum lp_tls_want lp_tls_read(struct lp_tls *tls, unsigned dir, const struct lp_tls_input *input,
                             size_t *release)
{
    struct lp_tls_half *half = &tls->half[dir];
    struct lp_reading r = {.tls = tls, .half = half, .input = input};
    unsigned before = heard(tls, dir);

    *release = 0;
    if (half->state == LP_TLS_SEARCHING) {
        enum lp_tls_want want = search(half, input, false, release);
        if (want == LP_TLS_DONE || half->state == LP_TLS_SEARCHING)
            return want;
    }
    if (half->state == LP_TLS_FINISHED)
        return LP_TLS_DONE;
    enum lp_tls_want want = read_on(&r, release);
    tls->news[dir] |= heard(tls, dir) != before;
    return want;
}

void lp_tls_rewind(struct lp_tls *tls, unsigned dir)
{
    if (lp_sealed_resume(tls, dir))
        return;
    lp_sealed_free(tls, &tls->half[dir]);
    for (; tls; tls = tls->next) {
        struct lp_tls_half *half = &tls->half[dir];
        struct lp_tls_half fresh = {.message = half->message,
                                    .certs = half->certs,
                                    .cert_cap = half->cert_cap,
                                    .hello.sni = half->hello.sni,
                                    .careful = half->careful, /* what stood in front may be
                                                                 released */
                                    .cut = half->cut};

        lp_certificates_drop(tls, half, 0);
        fresh.message.len = 0;
        fresh.hello.sni.len = 0;
        *half = fresh;
    }
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
        (void)lp_take_handshake(r, lp_rd_head(&bytes, length), half->at,
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
    if (!lp_rd_u24(&bytes, &length))
        (void)lp_rd_rest(&bytes);
    (half->sealed ? lp_sealed_beginning : lp_take_beginning)(r, type, bytes, half->message_from,
                                                             to);
    half->message.len = 0;
}

void lp_tls_cut(struct lp_tls *tls, unsigned dir, enum lp_tls_cut cut,
                const struct lp_tls_input *rest)
{
    struct lp_tls_half *half = &tls->half[dir], *result = half;
    struct lp_reading r = {.tls = tls, .half = half, .input = rest, .last = true};
    size_t skip;

    if (half->state == LP_TLS_SEARCHING) {
        (void)search(half, rest, true, &skip);
    }
    if (half->state == LP_TLS_READING)
        (void)read_records(&r);
    if (half->state == LP_TLS_FINISHED)
        return;
    if (half->state == LP_TLS_READING) {
        if (!half->careful && !half->sealed)
            read_cut_record(&r);
        read_cut_message(&r);
    }
    if (half->sealed)
        result = lp_sealed_result(&r);
    if (result->cut == LP_TLS_CUT_NONE)
        result->cut = cut;
    if (half->sealed) { /* without the records in between nothing verifies */
        (void)finish(half);
        return;
    }
    half->state = LP_TLS_SEARCHING; /* behind the gap */
    half->ssl2 = false;
    half->searched = false;
}

void lp_tls_free(struct lp_tls *tls)
{
    struct lp_tls *next = tls->next;

    for (unsigned dir = 0; dir < 2; dir++) {
        lp_sealed_free(tls, &tls->half[dir]);
        lp_buf_free(&tls->half[dir].message);
        lp_buf_free(&tls->half[dir].hello.sni);
        lp_certificates_drop(tls, &tls->half[dir], 0);
        lp_free(tls->half[dir].certs);
        tls->half[dir].certs = NULL;
    }
    tls->next = NULL;
    while (next) { /* there are none behind encryption of its own */
        struct lp_tls *each = next;
        next = each->next;
        each->next = NULL;
        lp_tls_free(each);
        lp_budget_give(each->budget, sizeof *each);
        lp_free(each);
    }
}
