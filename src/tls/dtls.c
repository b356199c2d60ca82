/*
 * How it works: a datagram holds records (RFC 6347 4.1), those of epoch 0 are in the clear, and
 * handshake records hold fragments of messages (RFC 6347 4.2.2), which are put together by their
 * offsets (pieces.h). lp_dtls_end hands the messages in their order to the code that reads those of
 * TLS; of one that has holes, its beginning.
 *
 * A client that starts again begins with a fresh random value and counts its messages from 0: a
 * fragment that contradicts what is there in that way belongs to another handshake.
 */
#include "tls/dtls.h"

#include "tls/handshake.h"
#include "tls/pieces.h"

enum {
    RECORD_HEADER = 13,
    FRAGMENT_HEADER = 12,
    CONNECTION_ID = 25,     /* a record with a connection id (RFC 9146 4): encrypted */
    MAX_MESSAGE = 1 << 20,  /* bytes; a chain that is larger no peer would take */
    MAX_FRAGMENT_TYPE = 24, /* key_update is the highest message type */
    RANDOM_AT = 2,          /* behind the version of a hello */
    RANDOM = 32,
    MAX_RECORDS = 512, /* of one datagram */
};

struct lp_dtls_message {
    uint8_t type;
    uint32_t length; /* announced */
    struct lp_pieces pieces;
};

struct record {
    uint8_t type;
    uint16_t epoch;
    struct lp_rd payload;
    bool whole;
};

struct fragment {
    uint8_t type;
    uint32_t length; /* of the message */
    uint16_t sequence;
    uint32_t offset;
    uint32_t announced;
    struct lp_rd bytes; /* as far as they are there */
};

/* ---- records and fragments ---- */

/* False: no record (with a header that can be read) comes next. */
static bool next_record(struct lp_rd *bytes, struct record *out)
{
    struct lp_rd copy = *bytes;
    uint16_t version, length;

    if (!lp_rd_u8(&copy, &out->type) || !lp_rd_u16(&copy, &version) ||
        !lp_rd_u16(&copy, &out->epoch) || !lp_rd_skip(&copy, 6) || !lp_rd_u16(&copy, &length) ||
        out->type < LP_RECORD_CHANGE_CIPHER || out->type > LP_RECORD_HEARTBEAT ||
        (version != LP_DTLS_1_0 && version != LP_DTLS_1_2 && version != LP_DTLS_0_9) ||
        length > LP_RECORD_MAX)
        return false;
    out->whole = lp_rd_sub(&copy, length, &out->payload);
    if (!out->whole)
        out->payload = lp_rd_rest(&copy);
    *bytes = copy;
    return true;
}

/* False: no fragment comes next, or one that breaks the rules of RFC 6347 4.2.2. */
static bool next_fragment(struct lp_rd *payload, struct fragment *out)
{
    struct lp_rd copy = *payload;

    if (!lp_rd_u8(&copy, &out->type) || !lp_rd_u24(&copy, &out->length) ||
        !lp_rd_u16(&copy, &out->sequence) || !lp_rd_u24(&copy, &out->offset) ||
        !lp_rd_u24(&copy, &out->announced) || out->type > MAX_FRAGMENT_TYPE ||
        out->announced > out->length || out->offset > out->length - out->announced)
        return false;
    out->bytes = lp_rd_head(&copy, out->announced);
    if (!lp_rd_skip(&copy, out->announced))
        (void)lp_rd_rest(&copy);
    *payload = copy;
    return true;
}

bool lp_dtls_recognise(struct lp_rd datagram)
{
    struct record record;
    struct fragment fragment;
    uint8_t level, code;

    if (!next_record(&datagram, &record) || record.epoch != 0)
        return false;
    switch (record.type) {
    case LP_RECORD_HANDSHAKE:
        return next_fragment(&record.payload, &fragment) && fragment.sequence < LP_DTLS_MESSAGES &&
               (fragment.announced || fragment.type == LP_SERVER_HELLO_DONE) &&
               (fragment.bytes.left == fragment.announced || !record.whole);
    case LP_RECORD_ALERT:
        return record.whole && record.payload.left == 2 && lp_rd_u8(&record.payload, &level) &&
               lp_rd_u8(&record.payload, &code) && (level == 1 || level == 2);
    case LP_RECORD_CHANGE_CIPHER: /* three bytes before DTLS 1.0 was an RFC */
        return record.whole && lp_rd_u8(&record.payload, &code) && code == 1 &&
               (record.payload.left == 0 || record.payload.left == 2);
    default:
        return false;
    }
}

/* ---- messages ---- */

static void free_message(struct lp_dtls_message *message, struct lp_budget *budget)
{
    if (!message)
        return;
    lp_pieces_free(&message->pieces);
    lp_budget_give(budget, sizeof *message);
    lp_free(message);
}

static struct lp_dtls_message *new_message(const struct fragment *fragment,
                                           struct lp_budget *budget)
{
    if (!lp_budget_take(budget, sizeof(struct lp_dtls_message)))
        return NULL;
    struct lp_dtls_message *message = lp_alloc(sizeof *message);
    if (!message) {
        lp_budget_give(budget, sizeof *message);
        return NULL;
    }
    message->type = fragment->type;
    message->length = fragment->length;
    message->pieces.bytes.budget = budget;
    return message;
}

static bool is_hello(uint8_t type)
{
    return type == LP_CLIENT_HELLO || type == LP_SERVER_HELLO;
}

/* Whether both hold the random value of a hello; *same tells whether it is the same one. */
static bool compare_random(const struct lp_dtls_message *message, const struct fragment *fragment,
                           bool *same)
{
    struct lp_rd fresh = fragment->bytes;

    if (fragment->offset != 0 || !lp_rd_skip(&fresh, RANDOM_AT) || fresh.left < RANDOM ||
        lp_pieces_extent(&message->pieces) < RANDOM_AT + RANDOM)
        return false;
    struct lp_rd known = lp_pieces_bytes(&message->pieces, RANDOM_AT, RANDOM_AT + RANDOM);
    *same = memcmp(known.ptr, fresh.ptr, RANDOM) == 0;
    return true;
}

/* Whether the fragment cannot belong to this handshake. A hello that says more under the same
 * random value is an old client's second one, with the cookie. */
static bool is_anothers(const struct lp_dtls_half *half, const struct fragment *fragment)
{
    const struct lp_dtls_message *message =
        fragment->sequence < LP_DTLS_MESSAGES ? half->messages[fragment->sequence] : NULL;
    bool same;

    if (!message)
        return false;
    if (message->type != fragment->type)
        return true;
    if (is_hello(message->type) && compare_random(message, fragment, &same))
        return !same;
    return message->length != fragment->length;
}

static void note_conflict(struct lp_dtls_half *half, uint64_t frame)
{
    if (half->conflicts++ == 0)
        half->first_conflict_frame = frame;
}

/* False: there is no room. */
static bool store(struct lp_dtls *dtls, struct lp_dtls_half *half, const struct fragment *fragment,
                  const struct lp_dtls_input *input)
{
    struct lp_dtls_message **slot = &half->messages[fragment->sequence];

    if (fragment->length > MAX_MESSAGE)
        return false;
    if (*slot && (*slot)->length != fragment->length) { /* the second ClientHello counts */
        free_message(*slot, dtls->tls.budget);
        *slot = NULL;
    }
    if (!*slot && !(*slot = new_message(fragment, dtls->tls.budget)))
        return false;
    if (fragment->length && lp_rd_end(&fragment->bytes))
        return true;
    const struct lp_piece from = {.frame = input->frame, .time = input->time};
    bool differs = false;
    bool stored =
        lp_pieces_add(&(*slot)->pieces, fragment->offset, fragment->bytes, &from, &differs);
    if (differs)
        note_conflict(half, input->frame);
    return stored;
}

/* ---- reading ---- */

/* The packet of everything that is read at once. */
static void packet_of_input(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                            struct lp_time *time)
{
    const struct lp_dtls_input *input = ctx;

    (void)from;
    (void)to;
    *frame = input->frame;
    *time = input->time;
}

static void take_fragment(struct lp_dtls *dtls, const struct lp_reading *r,
                          const struct fragment *fragment, const struct lp_dtls_input *input)
{
    struct lp_dtls_half *half = &dtls->half[r->half - dtls->tls.half];

    if (fragment->type == LP_HELLO_VERIFY_REQUEST) { /* says nothing but who the server is */
        r->half->verifies = true;
        lp_reading_first(r, 0, 0);
    } else if (fragment->sequence < LP_DTLS_MESSAGES) {
        half->limited |= !store(dtls, half, fragment, input);
    }
}

static void take_record(struct lp_dtls *dtls, const struct lp_reading *r, struct record *record,
                        const struct lp_dtls_input *input)
{
    struct fragment fragment;
    bool broken = false;

    if (record->epoch != 0) {
        r->half->cipher_change = true;
        r->half->application_data |= record->type == LP_RECORD_DATA;
        return;
    }
    switch (record->type) {
    case LP_RECORD_HANDSHAKE:
        while (next_fragment(&record->payload, &fragment)) {
            take_fragment(dtls, r, &fragment, input);
            broken |= fragment.bytes.left < fragment.announced;
        }
        broken |= !lp_rd_end(&record->payload);
        if (record->whole && broken)
            lp_reading_problem(
                r, "handshake fragment (RFC 6347 4.2.2): exceeds its message or record", 0, 0);
        break;
    case LP_RECORD_ALERT:
        if (record->whole)
            lp_take_alert(r, record->payload, 0, 0);
        break;
    case LP_RECORD_CHANGE_CIPHER:
        r->half->cipher_change = true;
        break;
    default:
        break;
    }
}

static bool belongs(const struct lp_dtls_half *half, struct lp_rd bytes)
{
    struct record record;
    struct fragment fragment;

    for (unsigned i = 0; i < MAX_RECORDS && next_record(&bytes, &record); i++) {
        if (record.epoch != 0 || record.type != LP_RECORD_HANDSHAKE)
            continue;
        while (next_fragment(&record.payload, &fragment))
            if (fragment.type != LP_HELLO_VERIFY_REQUEST && is_anothers(half, &fragment))
                return false;
    }
    return true;
}

bool lp_dtls_read(struct lp_dtls *dtls, unsigned dir, const struct lp_dtls_input *input)
{
    const struct lp_tls_input packet = {.ctx = input, .packet = packet_of_input};
    const struct lp_reading r = {.tls = &dtls->tls, .half = &dtls->tls.half[dir], .input = &packet};
    struct lp_rd bytes = input->bytes;
    struct record record;

    if (!belongs(&dtls->half[dir], bytes))
        return false;
    dtls->half[dir].packets++;
    dtls->half[dir].snapped |= input->snapped;
    /* What is no record, such as those of DTLS 1.3 (RFC 9147 4) or with a connection id (RFC 9146),
     * is encrypted, and so is what follows. */
    for (unsigned i = 0; i < MAX_RECORDS && next_record(&bytes, &record); i++)
        take_record(dtls, &r, &record, input);
    return true;
}

/* ---- the end ---- */

/* The packet that completed the bytes [from, to) of a message. */
static void packet_of_message(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                              struct lp_time *time)
{
    const struct lp_dtls_message *message = ctx;

    lp_pieces_packet(&message->pieces, from, to, frame, time);
}

/* Where the leaf ends in a Certificate body (RFC 5246 7.4.2) whose first bytes these are; 0: it is
 * cut. */
static uint64_t leaf_end(struct lp_rd body)
{
    struct lp_rd leaf;
    size_t start = body.left;

    return lp_rd_skip(&body, 3) && lp_rd_vec(&body, 3, &leaf) ? start - body.left : 0;
}

/* Reads a message. *cut is set when it is not whole. */
static void read_message(struct lp_dtls *dtls, unsigned dir, const struct lp_dtls_message *message,
                         bool *cut)
{
    const struct lp_tls_input input = {.ctx = message, .packet = packet_of_message};
    struct lp_tls_half *half = &dtls->tls.half[dir];
    const struct lp_reading r = {.tls = &dtls->tls, .half = half, .input = &input};
    uint32_t there = lp_pieces_extent(&message->pieces);
    struct lp_rd body = lp_pieces_bytes(&message->pieces, 0, there);

    if (there < message->length || message->pieces.count == 0) {
        *cut = true;
        half->leaf_end = message->type == LP_CERTIFICATE ? leaf_end(body) : 0;
        if (message->pieces.count)
            lp_take_beginning(&r, message->type, body, 0, there);
        return;
    }
    if (message->type == LP_CLIENT_HELLO)
        half->hello.complete = false; /* the second one, with the cookie, counts */
    dtls->half[dir].limited |= lp_take_message(&r, message->type, body, 0, there) == LP_TLS_ROOM;
}

/* In the order of their numbers. True: one that must have been sent is missing or has holes. */
static bool read_messages(struct lp_dtls *dtls, unsigned dir)
{
    struct lp_dtls_half *half = &dtls->half[dir];
    bool cut = false, begun = false;
    unsigned missing = 0;

    for (unsigned i = 0; i < LP_DTLS_MESSAGES; i++) {
        const struct lp_dtls_message *message = half->messages[i];
        if (!message) {
            missing += begun;
            continue;
        }
        cut |= missing != 0; /* a later one is there */
        begun = true;
        read_message(dtls, dir, message, &cut);
    }
    return cut;
}

void lp_dtls_end(struct lp_dtls *dtls, struct lp_tls_circumstances known[2])
{
    bool cut[2] = {read_messages(dtls, 0), read_messages(dtls, 1)};

    for (unsigned dir = 0; dir < 2; dir++) {
        struct lp_tls_half *half = &dtls->tls.half[dir];
        const struct lp_tls_half *peer = &dtls->tls.half[1 - dir];
        const struct lp_dtls_half *own = &dtls->half[dir];
        /* The peer's keys tell that there was a whole flight, not a resumption. */
        if (peer->client_key_exchange && !half->hello_done && own->packets) {
            cut[dir] = true;
            half->cipher_change = false;
        }
        if (own->limited)
            half->cut = LP_TLS_CUT_LIMIT;
        else if (cut[dir])
            half->cut = own->snapped ? LP_TLS_CUT_SNAPPED : LP_TLS_CUT_LOST;
        else
            half->cut = LP_TLS_CUT_END;
        known[dir].packets = own->packets > 0;
        known[dir].limited = own->limited;
        known[dir].unseen = cut[dir];
        /* Only after the server's flight does a client send anything but hellos. */
        known[dir].acks = half->client_key_exchange || half->certificate_seen ||
                          half->cipher_change || half->is_server || half->verifies;
    }
}

void lp_dtls_free(struct lp_dtls *dtls)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        for (unsigned i = 0; i < LP_DTLS_MESSAGES; i++) {
            free_message(dtls->half[dir].messages[i], dtls->tls.budget);
            dtls->half[dir].messages[i] = NULL;
        }
    }
    lp_tls_free(&dtls->tls);
}
