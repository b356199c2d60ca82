/*
 * How it works: a direction that becomes encrypted asks for a struct lp_sealed, which it gets when
 * there is a key log and anything to be hoped for. The keys need both hellos. Each direction is
 * read by itself, so one may have to wait until the other's hello has come, or until its secret is
 * known: it then stands still before the record at hand and is offered the same bytes again.
 *
 * TLS 1.3 (RFC 8446): the server's records are read up to its Finished, the client's too, unless it
 * offered post-handshake authentication: then its application records may hold a Certificate.
 * Early data comes before the client's handshake records, under a key of its own: what does not
 * verify is passed over until something does.
 *
 * TLS 1.0 to 1.2: only a renegotiated handshake can hold certificates behind encryption. Its
 * records show their type, so that application data is passed over by its length. A hello begins
 * another handshake, struct lp_tls.next, whose ChangeCipherSpec switches to its keys.
 */
#include "tls/sealed.h"

#include "tls/decrypt.h"

enum {
    TLS10 = 0x0301,
    TLS13 = 0x0304,
    NO_RENEGOTIATION = 100,
    MAX_HANDSHAKES = 64, /* in one connection */
};

/* Bytes kept while keys are missing: no flight of a handshake takes more. Within so many the order
 * of arrival does not matter. */
static const uint64_t MAX_WAITING = UINT64_C(1) << 20;

struct lp_sealed {
    struct lp_tls *handshake; /* borrowed: whose messages come now */
    struct lp_tls *keyed_by;  /* borrowed: whose keys are in use, or will be */
    struct lp_seal seal;
    bool ready;       /* seal is set */
    bool opened;      /* a record has verified under it */
    bool application; /* TLS 1.3: behind the handshake */
    bool released;    /* records that were read are no longer among the bytes */
};

static unsigned direction(const struct lp_reading *r)
{
    return r->half == &r->tls->half[1];
}

/* The half of `tls` that is the client's. The first handshake of the connection tells which. */
static struct lp_tls_half *client_of(const struct lp_reading *r, struct lp_tls *tls)
{
    return &tls->half[r->half->is_client ? direction(r) : 1 - direction(r)];
}

static struct lp_tls_half *server_of(const struct lp_reading *r, struct lp_tls *tls)
{
    return &tls->half[r->half->is_client ? 1 - direction(r) : direction(r)];
}

/* Where what is read now is noted. */
static struct lp_reading into(const struct lp_reading *r)
{
    struct lp_reading to = *r;

    to.tls = r->half->sealed->handshake;
    to.half = &to.tls->half[direction(r)];
    return to;
}

enum lp_tls_want lp_sealed_begin(const struct lp_reading *r)
{
    struct lp_tls_half *half = r->half;

    if (!r->tls->keys || !half->hello.complete || half->is_client == half->is_server ||
        half->hello.version < TLS10 || half->hello.draft || half->hello.compressed)
        return LP_TLS_DONE;
    if (!lp_budget_take(r->tls->budget, sizeof *half->sealed))
        return LP_TLS_ROOM;
    half->sealed = lp_alloc(sizeof *half->sealed);
    if (!half->sealed) {
        lp_budget_give(r->tls->budget, sizeof *half->sealed);
        return LP_TLS_ROOM;
    }
    half->sealed->handshake = half->sealed->keyed_by = r->tls;
    return LP_TLS_MORE;
}

void lp_sealed_free(struct lp_tls *tls, struct lp_tls_half *half)
{
    if (!half->sealed)
        return;
    lp_free(half->sealed);
    half->sealed = NULL;
    lp_budget_give(tls->budget, sizeof *half->sealed);
}

/* ---- keys ---- */

static enum lp_secret secret_of(const struct lp_reading *r, bool tls13)
{
    bool application = r->half->sealed->application;

    if (!tls13)
        return LP_SECRET_MASTER;
    if (r->half->is_client)
        return application ? LP_SECRET_CLIENT_TRAFFIC : LP_SECRET_CLIENT_HANDSHAKE;
    return application ? LP_SECRET_SERVER_TRAFFIC : LP_SECRET_SERVER_HANDSHAKE;
}

static bool derive(const struct lp_reading *r, struct lp_rd secret)
{
    struct lp_sealed *sealed = r->half->sealed;
    const struct lp_tls_hello *client = &client_of(r, sealed->keyed_by)->hello;
    const struct lp_tls_hello *server = &server_of(r, sealed->keyed_by)->hello;
    struct lp_crypto *crypto = r->tls->keys->crypto;

    if (server->version >= TLS13)
        return lp_seal_13(crypto, server->cipher, secret, &sealed->seal);
    struct lp_seal_12 in = {.version = server->version,
                            .cipher = server->cipher,
                            .from_client = r->half->is_client,
                            .encrypt_then_mac = server->encrypt_then_mac,
                            .master = secret,
                            .client_random = client->random,
                            .server_random = server->random};
    return lp_seal_12(crypto, &in, &sealed->seal);
}

/* LP_TLS_DONE: there is no hope. */
static enum lp_tls_want make_ready(const struct lp_reading *r)
{
    struct lp_sealed *sealed = r->half->sealed;
    struct lp_tls_keys *keys = r->tls->keys;
    struct lp_tls_half *client = client_of(r, sealed->keyed_by);
    struct lp_tls_half *server = server_of(r, sealed->keyed_by);
    const struct lp_tls_half *peer = &r->tls->half[1 - direction(r)];
    struct lp_tls_half *result = &sealed->keyed_by->half[direction(r)];
    bool hopeless = r->last || peer->state == LP_TLS_FINISHED;

    if (!client->hello.complete || !server->hello.complete || server->hello.retry) {
        result->no_key = hopeless && !client->hello.complete;
        return hopeless ? LP_TLS_DONE : LP_TLS_WAIT;
    }
    if (server->hello.draft || server->hello.compressed)
        return LP_TLS_DONE;
    bool tls13 = server->hello.version >= TLS13;
    enum lp_secret what = secret_of(r, tls13);
    struct lp_rd secret = lp_keylog_find(keys->log, client->hello.random, what);
    if (lp_rd_end(&secret) && keys->look) {
        keys->look(keys->look_ctx, keys->log);
        secret = lp_keylog_find(keys->log, client->hello.random, what);
    }
    if (lp_rd_end(&secret)) {
        bool waits = keys->patient && tls13 && !sealed->application && !r->last;
        result->no_key = tls13 && !sealed->application;
        return waits ? LP_TLS_WAIT : LP_TLS_DONE;
    }
    result->no_key = false;
    if (!derive(r, secret))
        return LP_TLS_DONE;
    result->keyed = true;
    sealed->ready = true;
    sealed->opened = false;
    return LP_TLS_MORE;
}

/* ---- the next handshake ---- */

static struct lp_tls *another_handshake(const struct lp_tls *first)
{
    if (!lp_budget_take(first->budget, sizeof *first))
        return NULL;
    struct lp_tls *tls = lp_alloc(sizeof *tls);
    if (!tls) {
        lp_budget_give(first->budget, sizeof *first);
        return NULL;
    }
    tls->add_cert = first->add_cert;
    tls->drop_cert = first->drop_cert;
    tls->add_ctx = first->add_ctx;
    tls->budget = first->budget;
    return tls;
}

/* Goes on to the connection's next handshake. */
static enum lp_tls_want next_handshake(const struct lp_reading *r)
{
    struct lp_tls *tls = r->half->sealed->handshake;
    unsigned count = 1;

    for (const struct lp_tls *each = r->tls; each != tls; each = each->next)
        count++;
    if (count >= MAX_HANDSHAKES)
        return LP_TLS_DONE;
    if (!tls->next)
        tls->next = another_handshake(r->tls);
    if (!tls->next)
        return LP_TLS_ROOM;
    r->half->sealed->handshake = tls->next;
    return LP_TLS_MORE;
}

/* ---- records ---- */

/* Nothing of what does not verify is looked at. */
static enum lp_tls_want refuse(const struct lp_reading *r, uint64_t from, uint64_t to)
{
    struct lp_reading noted = into(r);
    struct lp_time time;

    noted.half->wrong_key = true;
    lp_reading_packet(r, from, to, &noted.half->wrong_key_frame, &time);
    return LP_TLS_DONE;
}

/* The content of a TLS 1.3 record is followed by its type and zeros (RFC 8446 5.2). False: nothing
 * but zeros. */
static bool inner_type(struct lp_rd *plain, uint8_t *type)
{
    while (lp_rd_last(plain, type))
        if (*type != 0)
            return true;
    return false;
}

/* RFC 5246 7.2.2: the server's answer to a ClientHello that it does not want. */
static bool refuses_handshake(struct lp_rd alert)
{
    uint8_t level, code;
    return lp_rd_u8(&alert, &level) && lp_rd_u8(&alert, &code) && code == NO_RENEGOTIATION;
}

/* close_notify (RFC 5246 7.2.1), which ends every connection and which nobody sees without keys. */
static bool says_goodbye(struct lp_rd alert)
{
    uint8_t level, code;
    return lp_rd_u8(&alert, &level) && lp_rd_u8(&alert, &code) && code == 0;
}

/* What a record of any version held, once it has verified. */
static enum lp_tls_want take_content(const struct lp_reading *r, uint8_t type, struct lp_rd plain,
                                     uint64_t from, uint64_t to)
{
    struct lp_reading noted = into(r);

    if (type == LP_RECORD_HANDSHAKE)
        return lp_take_handshake(r, plain, from, to);
    if (type == LP_RECORD_ALERT) {
        if (!r->tls13 && !r->half->is_client && refuses_handshake(plain)) {
            enum lp_tls_want want = next_handshake(r);
            if (want != LP_TLS_MORE)
                return want;
            noted = into(r);
        }
        if (!says_goodbye(plain))
            lp_take_alert(&noted, plain, from, to);
    }
    if (type == LP_RECORD_DATA)
        noted.half->application_data = true;
    return LP_TLS_MORE;
}

/* RFC 8446 4.4.4 and 4.6.3: what a message means for the keys. */
static enum lp_tls_want after_messages(const struct lp_reading *r, unsigned updates)
{
    struct lp_sealed *sealed = r->half->sealed;

    if (r->half->finished && !sealed->application) {
        if (!r->half->is_client || !r->half->hello.post_handshake_auth)
            return LP_TLS_DONE;
        sealed->application = true;
        sealed->ready = false;
    } else if (r->half->key_updates != updates &&
               !lp_seal_update(r->tls->keys->crypto, &sealed->seal)) {
        return LP_TLS_DONE;
    }
    return LP_TLS_MORE;
}

static enum lp_tls_want open_record(const struct lp_reading *r, const struct lp_record *record,
                                    uint64_t from, uint64_t to)
{
    struct lp_sealed *sealed = r->half->sealed, before = *sealed;
    struct lp_tls_keys *keys = r->tls->keys;
    bool tls13 = sealed->seal.version >= TLS13;
    unsigned updates = r->half->key_updates;
    struct lp_reading opened = *r;
    uint8_t type = record->type;

    keys->plain.len = 0;
    switch (lp_seal_open(keys->crypto, &sealed->seal, record, &keys->plain)) {
    case LP_CRYPTO_BUDGET:
        return LP_TLS_ROOM;
    case LP_CRYPTO_REFUSED: /* early data of TLS 1.3 (RFC 8446 4.2.10) has a key of its own */
        return tls13 && r->half->is_client && r->half->hello.early_data && !sealed->opened
                   ? LP_TLS_MORE
                   : refuse(r, from, to);
    case LP_CRYPTO_OK:
        break;
    }
    struct lp_rd plain = lp_rd_init(keys->plain.bytes, keys->plain.len);
    opened.tls13 = tls13;
    sealed->opened = true;
    if (tls13 && !inner_type(&plain, &type))
        return LP_TLS_MORE;
    enum lp_tls_want want = take_content(&opened, type, plain, from, to);
    if (want == LP_TLS_ROOM)
        *sealed = before; /* the record comes again */
    return want == LP_TLS_MORE && tls13 ? after_messages(r, updates) : want;
}

static enum lp_tls_want record_13(const struct lp_reading *r, const struct lp_record *record,
                                  uint64_t from, uint64_t to)
{
    const struct lp_sealed *sealed = r->half->sealed;

    if (record->type == LP_RECORD_DATA)
        return open_record(r, record, from, to);
    /* In the clear there may be the second ClientHello, an alert before there were keys, and
     * ChangeCipherSpec, which means nothing (RFC 8446 D.4). */
    if (record->type == LP_RECORD_HANDSHAKE && r->half->is_client && !sealed->opened)
        return lp_take_handshake(r, record->payload, from, to);
    if (record->type == LP_RECORD_ALERT && !sealed->opened)
        lp_take_alert(r, record->payload, from, to);
    return LP_TLS_MORE;
}

static enum lp_tls_want record_12(const struct lp_reading *r, const struct lp_record *record,
                                  uint64_t from, uint64_t to)
{
    struct lp_sealed *sealed = r->half->sealed;
    struct lp_reading noted = into(r);

    switch (record->type) {
    case LP_RECORD_CHANGE_CIPHER:
        if (sealed->keyed_by == sealed->handshake)
            return LP_TLS_DONE; /* new keys out of nothing that was seen */
        noted.half->cipher_change = true;
        sealed->keyed_by = sealed->handshake;
        sealed->ready = false;
        return LP_TLS_MORE;
    case LP_RECORD_HANDSHAKE:
    case LP_RECORD_ALERT:
        return open_record(r, record, from, to);
    default:
        lp_seal_skip(&sealed->seal, record);
        return LP_TLS_MORE;
    }
}

enum lp_tls_want lp_sealed_record(const struct lp_reading *r, const struct lp_record *record,
                                  uint64_t from, uint64_t to)
{
    struct lp_sealed *sealed = r->half->sealed;

    if (!sealed->ready) {
        enum lp_tls_want want = make_ready(r);
        uint64_t end = r->input->offset + r->input->bytes.left;
        if (want == LP_TLS_WAIT && end - from > MAX_WAITING)
            return LP_TLS_DONE;
        if (want != LP_TLS_MORE)
            return want;
    }
    return sealed->seal.version >= TLS13 ? record_13(r, record, from, to)
                                         : record_12(r, record, from, to);
}

/* ---- messages ---- */

enum lp_tls_want lp_sealed_message(const struct lp_reading *r, uint8_t type, struct lp_rd body,
                                   uint64_t from, uint64_t to)
{
    struct lp_sealed *sealed = r->half->sealed;
    bool renegotiates = sealed->ready && sealed->seal.version < TLS13 &&
                        (type == LP_CLIENT_HELLO || type == LP_SERVER_HELLO);

    if (sealed->ready && sealed->seal.version >= TLS13 && !r->tls13 && type != LP_CLIENT_HELLO)
        return LP_TLS_MORE; /* nothing else comes in the clear here */
    enum lp_tls_want want = renegotiates ? next_handshake(r) : LP_TLS_MORE;
    if (want != LP_TLS_MORE)
        return want;
    struct lp_reading noted = into(r);
    noted.half->leaf_end = r->half->leaf_end;
    return lp_take_message(&noted, type, body, from, to);
}

void lp_sealed_beginning(const struct lp_reading *r, uint8_t type, struct lp_rd body, uint64_t from,
                         uint64_t to)
{
    struct lp_reading noted = into(r);

    noted.tls13 = r->half->sealed->seal.version >= TLS13;
    noted.half->leaf_end = r->half->leaf_end;
    lp_take_beginning(&noted, type, body, from, to);
}

/* ---- the stream ---- */

bool lp_sealed_release(const struct lp_reading *r)
{
    struct lp_sealed *sealed = r->half->sealed;
    bool long_lived =
        sealed && sealed->opened && (sealed->seal.version < TLS13 || sealed->application);

    if (!long_lived || !r->input->settled || !r->input->settled(r->input->ctx, r->half->at))
        return false;
    sealed->released = true;
    return true;
}

bool lp_sealed_overdue(const struct lp_reading *r)
{
    const struct lp_sealed *sealed = r->half->sealed;
    bool handshake = sealed->opened && sealed->seal.version >= TLS13 && !sealed->application;

    return !handshake && r->half->at > r->input->offset &&
           r->half->at - r->input->offset > MAX_WAITING;
}

bool lp_sealed_resume(struct lp_tls *tls, unsigned dir)
{
    struct lp_sealed *sealed = tls->half[dir].sealed;

    if (!sealed || !sealed->released)
        return false;
    sealed->handshake->half[dir].wrong_key = false;
    tls->half[dir].state = LP_TLS_READING;
    return true;
}

struct lp_tls_half *lp_sealed_result(const struct lp_reading *r)
{
    struct lp_reading noted = into(r);
    return noted.half;
}
