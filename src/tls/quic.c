/*
 * How it works: a datagram holds packets (RFC 9000 12.2). An Initial packet is tried under the keys
 * of each origin known so far, then, if it may be the client's, under those of its own destination
 * id: so a Retry (RFC 9000 17.2.5), another version that the server prefers (RFC 9368) and a
 * capture that lacks some packets need no case of their own, and what verifies says which direction
 * is the client's. CRYPTO frames are put together by their offsets (pieces.h), at the level of each
 * kind of packet.
 *
 * What cannot be opened yet is held. At the end Initial packets are tried once more, then the
 * hellos are read, which tell what Handshake packets are opened by.
 *
 * Anybody can make Initial packets that verify: nothing but hellos is believed there.
 */
#include "tls/quic.h"

#include "tls/handshake.h"
#include "tls/quic_initial.h"

enum {
    MAX_PACKETS = 64,     /* of one datagram */
    MAX_STREAM = 1 << 20, /* bytes; a chain that is larger no peer would take */
    MAX_HELD = 2 << 20,   /* bytes */
    TLS13 = 0x0304,
    FATAL = 2,
};

struct lp_quic_held {
    struct lp_quic_held *next; /* owned */
    unsigned dir;
    struct lp_quic_packet packet; /* its bytes are the array's below; the ids are not kept */
    uint64_t frame;
    struct lp_time time;
    uint8_t bytes[];
};

bool lp_quic_recognise(struct lp_rd datagram)
{
    struct lp_quic_packet packet;

    if (!lp_quic_next(&datagram, &packet))
        return false;
    if (packet.type != LP_QUIC_EARLY)
        return true;
    return lp_quic_next(&datagram, &packet); /* data alone tells nothing */
}

/* ---- whose it is ---- */

/* Whether the CRYPTO frames at hand say something else than what is there. */
static bool contradicts(const struct lp_quic *quic, unsigned dir)
{
    const struct lp_pieces *stream = &quic->half[dir].stream[LP_QUIC_AT_INITIAL];
    struct lp_rd frames = lp_rd_init(quic->plain.bytes, quic->plain.len);
    struct lp_quic_frame frame;

    while (lp_quic_next_frame(&frames, quic->google, &frame))
        if (frame.kind == LP_QUIC_FRAME_CRYPTO && frame.offset <= MAX_STREAM &&
            lp_pieces_differ(stream, (uint32_t)frame.offset, frame.bytes))
            return true;
    return false;
}

/* A client that was refused for its version, or told to retry, begins anew (RFC 9000 6.2,
 * 17.2.5.3), not always with the same bytes. */
static void begin_anew(struct lp_quic *quic, unsigned dir)
{
    lp_pieces_free(&quic->half[dir].stream[LP_QUIC_AT_INITIAL]);
    quic->half[dir].expected[LP_QUIC_AT_INITIAL] = 0;
    quic->refused = quic->retried = false;
}

/* By the first packet of a datagram, as far as it could be opened. */
static bool is_anothers(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                        enum lp_quic_opened opened)
{
    const struct lp_quic_id *own = &quic->half[dir].id, *peer = &quic->half[1 - dir].id;
    bool names_source = packet->type != LP_QUIC_RETRY && packet->type != LP_QUIC_NEGOTIATION;

    if (opened != LP_QUIC_NOT_OPENED && quic->client_known && dir == quic->client &&
        contradicts(quic, dir)) {
        if (!quic->refused && !quic->retried)
            return opened == LP_QUIC_BY_OWN;
        begin_anew(quic, dir);
    }
    if (opened != LP_QUIC_NOT_OPENED)
        return false;
    if (names_source && own->known && !lp_quic_is_id(own, packet->source))
        return true;
    return quic->client_known && dir != quic->client && peer->known &&
           !lp_quic_is_id(peer, packet->destination);
}

/* ---- packets ---- */

static void packet_of_input(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                            struct lp_time *time)
{
    const struct lp_quic_input *input = ctx;

    (void)from;
    (void)to;
    *frame = input->frame;
    *time = input->time;
}

static void take_crypto(struct lp_quic *quic, struct lp_quic_half *half, unsigned level,
                        const struct lp_quic_frame *frame, const struct lp_quic_input *input)
{
    const struct lp_piece from = {.frame = input->frame, .time = input->time};
    bool differs = false;

    if (lp_rd_end(&frame->bytes))
        return;
    half->stream[level].bytes.budget = quic->tls.budget;
    if (frame->offset > MAX_STREAM || frame->bytes.left > MAX_STREAM - frame->offset ||
        !lp_pieces_add(&half->stream[level], (uint32_t)frame->offset, frame->bytes, &from,
                       &differs))
        half->limited = true;
    if (differs && half->conflicts++ == 0)
        half->first_conflict_frame = input->frame;
}

/* RFC 9001 4.8: an alert of TLS is a range of error codes. */
static void take_close(struct lp_quic *quic, unsigned dir, uint64_t code,
                       const struct lp_quic_input *input)
{
    const struct lp_tls_input packet = {.ctx = input, .packet = packet_of_input};
    const struct lp_reading r = {.tls = &quic->tls, .half = &quic->tls.half[dir], .input = &packet};
    const uint8_t alert[2] = {FATAL, (uint8_t)code};
    bool repeated = quic->half[dir].closed; /* each packet is answered by another one */

    quic->half[dir].closed = true;
    if (code >> 8 == 1 && !repeated)
        lp_take_alert(&r, lp_rd_init(alert, sizeof alert), 0, 0);
}

/* What is in quic->plain. */
static void take_frames(struct lp_quic *quic, unsigned dir, unsigned level,
                        const struct lp_quic_input *input)
{
    struct lp_quic_half *half = &quic->half[dir];
    struct lp_rd frames = lp_rd_init(quic->plain.bytes, quic->plain.len);
    struct lp_quic_frame frame;

    while (lp_quic_next_frame(&frames, quic->google, &frame)) {
        switch (frame.kind) {
        case LP_QUIC_FRAME_CRYPTO:
            take_crypto(quic, half, level, &frame, input);
            break;
        case LP_QUIC_FRAME_ACK:
            half->acks = true;
            break;
        case LP_QUIC_FRAME_CLOSE:
            take_close(quic, dir, frame.code, input);
            break;
        case LP_QUIC_FRAME_OTHER:
            break;
        }
    }
}

/* Keeps a packet for the end. */
static void hold(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                 const struct lp_quic_input *input)
{
    size_t n = packet->bytes.left;
    struct lp_quic_held *held = NULL;

    if (quic->held_bytes + n <= MAX_HELD && lp_budget_take(quic->tls.budget, sizeof *held + n)) {
        held = lp_alloc(sizeof *held + n);
        if (!held)
            lp_budget_give(quic->tls.budget, sizeof *held + n);
    }
    if (!held) {
        quic->half[dir].limited = true;
        return;
    }
    held->dir = dir;
    held->packet = *packet;
    held->frame = input->frame;
    held->time = input->time;
    memcpy(held->bytes, packet->bytes.ptr, n);
    held->packet.bytes = lp_rd_init(held->bytes, n);
    held->packet.destination = held->packet.source = lp_rd_init(NULL, 0);
    quic->held_bytes += n;
    if (!quic->held)
        quic->held_end = &quic->held;
    *quic->held_end = held;
    quic->held_end = &held->next;
}

static void take_initial(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                         enum lp_quic_opened opened, const struct lp_quic_input *input)
{
    struct lp_quic_half *half = &quic->half[dir];

    lp_quic_keep_id(&half->id, packet->source);
    if (opened != LP_QUIC_NOT_OPENED)
        take_frames(quic, dir, LP_QUIC_AT_INITIAL, input);
    else if (packet->whole)
        hold(quic, dir, packet, input);
    else
        half->unread = true;
}

static void take_packet(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                        enum lp_quic_opened opened, const struct lp_quic_input *input)
{
    struct lp_quic_half *half = &quic->half[dir];

    switch (packet->type) {
    case LP_QUIC_INITIAL:
        take_initial(quic, dir, packet, opened, input);
        break;
    case LP_QUIC_HANDSHAKE:
        half->handshake = true;
        if (!half->id.known)
            lp_quic_keep_id(&half->id, packet->source);
        if (quic->tls.keys && packet->whole)
            hold(quic, dir, packet, input);
        break;
    case LP_QUIC_RETRY:
        half->id.known = false; /* the next one is another */
        quic->retried = true;
        break;
    case LP_QUIC_NEGOTIATION:
        quic->refused = true;
        quic->refuser = dir;
        break;
    case LP_QUIC_EARLY:
        break;
    }
}

static void note_datagram(struct lp_quic_half *half, const struct lp_quic_input *input)
{
    if (half->packets++ == 0) {
        half->first_frame = input->frame;
        half->first_time = input->time;
    }
    half->snapped |= input->snapped;
}

bool lp_quic_read(struct lp_quic *quic, unsigned dir, const struct lp_quic_input *input)
{
    struct lp_rd rest = input->bytes;
    struct lp_quic_packet packet;
    struct lp_quic_origin fresh;

    for (unsigned i = 0; i < MAX_PACKETS && lp_quic_next(&rest, &packet); i++) {
        if (!packet.whole && !input->snapped)
            break; /* no QUIC after all, or damaged */
        enum lp_quic_opened opened = packet.type == LP_QUIC_INITIAL
                                         ? lp_quic_open_initial(quic, dir, &packet, &fresh)
                                         : LP_QUIC_NOT_OPENED;
        if (i == 0 && is_anothers(quic, dir, &packet, opened))
            return false;
        if (i == 0)
            note_datagram(&quic->half[dir], input);
        if (opened == LP_QUIC_BY_OWN) {
            quic->client_known = true;
            quic->client = dir;
            lp_quic_add_origin(quic, &fresh);
        }
        take_packet(quic, dir, &packet, opened, input);
    }
    return true;
}

/* ---- messages ---- */

static void packet_of_stream(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                             struct lp_time *time)
{
    lp_pieces_packet(ctx, from, to, frame, time);
}

/* Where the leaf ends in the stream, of a Certificate body (RFC 8446 4.4.2) that begins at `from`;
 * 0: it is cut. */
static uint64_t leaf_end(struct lp_rd body, uint64_t from)
{
    struct lp_rd context, leaf;
    size_t start = body.left;

    return lp_rd_vec(&body, 1, &context) && lp_rd_skip(&body, 3) && lp_rd_vec(&body, 3, &leaf)
               ? from + start - body.left
               : 0;
}

/* Whether a message may come at this level, from this side (RFC 9001 4.1.3). */
static bool is_welcome(const struct lp_quic *quic, unsigned dir, unsigned level, uint8_t type)
{
    bool hello = type == LP_CLIENT_HELLO || type == LP_SERVER_HELLO;

    if (level == LP_QUIC_AT_HANDSHAKE)
        return !hello;
    return type == (dir == quic->client ? LP_CLIENT_HELLO : LP_SERVER_HELLO);
}

/* What begins at `at` and is not all there. */
static void read_beginning(const struct lp_reading *r, struct lp_rd rest, uint64_t at)
{
    uint64_t end = at + rest.left;
    uint32_t length;
    uint8_t type;

    if (!lp_rd_u8(&rest, &type) || !lp_rd_u24(&rest, &length))
        return;
    r->half->leaf_end = type == LP_CERTIFICATE ? leaf_end(rest, end - rest.left) : 0;
    lp_take_beginning(r, type, rest, at, end);
}

/* All messages of a level. True: the stream has holes, or ends inside one. */
static bool read_stream(struct lp_quic *quic, unsigned dir, unsigned level)
{
    const struct lp_pieces *stream = &quic->half[dir].stream[level];
    const struct lp_tls_input input = {.ctx = stream, .packet = packet_of_stream};
    const struct lp_reading r = {.tls = &quic->tls,
                                 .half = &quic->tls.half[dir],
                                 .input = &input,
                                 .tls13 = level == LP_QUIC_AT_HANDSHAKE};
    struct lp_rd rest = lp_pieces_bytes(stream, 0, lp_pieces_extent(stream));
    uint64_t at = 0;

    while (!lp_rd_end(&rest)) {
        struct lp_rd message = rest, body;
        uint8_t type;
        if (!lp_rd_u8(&message, &type))
            break;
        if (!is_welcome(quic, dir, level, type)) {
            lp_reading_problem(
                &r, "CRYPTO frames (RFC 9001 4.1.3): a message that does not belong there", at,
                at + 1);
            return false;
        }
        if (!lp_rd_vec(&message, 3, &body)) {
            read_beginning(&r, rest, at);
            return true;
        }
        uint64_t end = at + rest.left - message.left;
        if (lp_take_message(&r, type, body, at, end) == LP_TLS_ROOM) {
            quic->half[dir].limited = true;
            return true;
        }
        rest = message;
        at = end;
    }
    return lp_pieces_gap(stream);
}

/* ---- the end ---- */

static struct lp_quic_input input_of(const struct lp_quic_held *held)
{
    return (struct lp_quic_input){
        .bytes = held->packet.bytes, .frame = held->frame, .time = held->time};
}

/* Initial packets that came before what opens them. */
static void open_held_initials(struct lp_quic *quic)
{
    struct lp_quic_origin fresh;

    for (const struct lp_quic_held *held = quic->held; held; held = held->next) {
        const struct lp_quic_input input = input_of(held);
        if (held->packet.type != LP_QUIC_INITIAL)
            continue;
        if (lp_quic_open_initial(quic, held->dir, &held->packet, &fresh) == LP_QUIC_BY_KNOWN)
            take_frames(quic, held->dir, LP_QUIC_AT_INITIAL, &input);
        else
            quic->half[held->dir].unread = true;
    }
}

/* Where Initial packets did not tell: whoever was refused, or sent the first packet. */
static void find_client(struct lp_quic *quic)
{
    const struct lp_quic_half *half = quic->half;

    if (!quic->client_known && quic->refused)
        quic->client = 1 - quic->refuser;
    if (quic->client_known || quic->refused) {
        quic->tls.half[quic->client].is_client = true;
        return;
    }
    quic->client =
        half[1].packets && (!half[0].packets || half[1].first_frame < half[0].first_frame);
    for (unsigned dir = 0; dir < 2; dir++) /* neither is proven: known[].opened is to decide */
        if (half[dir].packets)
            quic->tls.half[dir].is_client = quic->tls.half[dir].is_server = true;
}

/* The key log's secret for a direction's Handshake packets. False: there is no hope. */
static bool find_secret(struct lp_quic *quic, unsigned dir, struct lp_rd *secret)
{
    struct lp_tls_keys *keys = quic->tls.keys;
    const struct lp_tls_hello *client = &quic->tls.half[quic->client].hello;
    const struct lp_tls_hello *server = &quic->tls.half[1 - quic->client].hello;
    enum lp_secret what =
        dir == quic->client ? LP_SECRET_CLIENT_HANDSHAKE : LP_SECRET_SERVER_HANDSHAKE;

    if (!keys)
        return false;
    quic->tls.half[dir].no_key = true;
    if (!client->complete || !server->complete || server->retry || server->version != TLS13 ||
        server->draft)
        return false;
    *secret = lp_keylog_find(keys->log, client->random, what);
    if (lp_rd_end(secret) && keys->look) {
        keys->look(keys->look_ctx, keys->log);
        *secret = lp_keylog_find(keys->log, client->random, what);
    }
    quic->tls.half[dir].no_key = lp_rd_end(secret);
    return !lp_rd_end(secret);
}

static void refuse(struct lp_tls_half *half, uint64_t frame)
{
    if (!half->wrong_key_frame)
        half->wrong_key_frame = frame;
}

/* A packet that does not verify may be anybody's (RFC 9000 12.2); that none does tells of a wrong
 * key. */
static void open_handshake(struct lp_quic *quic, unsigned dir)
{
    struct lp_tls_half *half = &quic->tls.half[dir];
    struct lp_quic_secret secret = {.cipher = quic->tls.half[1 - quic->client].hello.cipher};
    struct lp_quic_seal seal = {0};

    if (!find_secret(quic, dir, &secret.bytes))
        return;
    half->keyed = true;
    for (const struct lp_quic_held *held = quic->held; held; held = held->next) {
        const struct lp_quic_input input = input_of(held);
        if (held->dir != dir || held->packet.type != LP_QUIC_HANDSHAKE)
            continue;
        if (secret.version != held->packet.version) {
            secret.version = held->packet.version;
            half->keyed = lp_quic_seal_secret(quic->crypto, &secret, &seal);
        }
        if (!half->keyed)
            return;
        if (lp_quic_open_packet(quic, dir, &held->packet, &seal,
                                &quic->half[dir].expected[LP_QUIC_AT_HANDSHAKE])) {
            quic->half[dir].opened = true;
            take_frames(quic, dir, LP_QUIC_AT_HANDSHAKE, &input);
        } else {
            refuse(half, held->frame);
        }
    }
    half->wrong_key = half->keyed && !quic->half[dir].opened && half->wrong_key_frame;
}

/* What is missing of a direction, once its messages are read. */
static bool is_cut(const struct lp_quic *quic, unsigned dir)
{
    const struct lp_quic_half *own = &quic->half[dir], *peer = &quic->half[1 - dir];
    const struct lp_tls_half *half = &quic->tls.half[dir];

    if (half->hello.complete) /* then only keys show what else there should be */
        return half->keyed && own->snapped && !half->finished;
    return own->unread || own->handshake || (dir != quic->client && peer->handshake);
}

static void conclude(struct lp_quic *quic, unsigned dir, bool cut,
                     struct lp_tls_circumstances *known)
{
    const struct lp_quic_half *own = &quic->half[dir];
    struct lp_tls_half *half = &quic->tls.half[dir];

    half->cut = own->limited   ? LP_TLS_CUT_LIMIT
                : !cut         ? LP_TLS_CUT_END
                : own->snapped ? LP_TLS_CUT_SNAPPED
                               : LP_TLS_CUT_LOST;
    known->packets = own->packets > 0;
    known->acks = own->acks || own->handshake;
    known->closed = own->closed || (quic->refused && dir != quic->client);
    known->unseen = cut;
    known->limited = own->limited;
    if (!half->first_frame && own->packets && (half->is_client || half->is_server)) {
        half->first_frame = own->first_frame;
        half->first_time = own->first_time;
    }
}

void lp_quic_end(struct lp_quic *quic, struct lp_tls_circumstances known[2])
{
    bool cut[2];

    open_held_initials(quic);
    find_client(quic);
    for (unsigned dir = 0; dir < 2; dir++)
        cut[dir] = read_stream(quic, dir, LP_QUIC_AT_INITIAL);
    for (unsigned dir = 0; dir < 2; dir++) {
        open_handshake(quic, dir);
        cut[dir] |= read_stream(quic, dir, LP_QUIC_AT_HANDSHAKE) || is_cut(quic, dir);
    }
    for (unsigned dir = 0; dir < 2; dir++)
        conclude(quic, dir, cut[dir], &known[dir]);
}

void lp_quic_free(struct lp_quic *quic)
{
    while (quic->held) {
        struct lp_quic_held *held = quic->held;
        quic->held = held->next;
        lp_budget_give(quic->tls.budget, sizeof *held + held->packet.bytes.left);
        lp_free(held);
    }
    for (unsigned dir = 0; dir < 2; dir++)
        for (unsigned level = 0; level < LP_QUIC_LEVELS; level++)
            lp_pieces_free(&quic->half[dir].stream[level]);
    lp_buf_free(&quic->header);
    lp_buf_free(&quic->plain);
    lp_tls_free(&quic->tls);
}
