/*
 * What both directions tell together: who is the client, which handshake it was, and why there is
 * no certificate if there is none. The difference between "was not sent", "was not recorded" and
 * "cannot be read" is what a user needs most when nothing came out.
 */
#include "tls/handshake.h"

#include "base/text.h"

bool lp_tls_found(const struct lp_tls *tls)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct lp_tls_half *half = &tls->half[dir];
        if (half->hello.seen || half->certificate_seen || half->is_client || half->is_server ||
            half->verifies)
            return true;
    }
    return false;
}

unsigned lp_tls_client(const struct lp_tls *tls, const struct lp_tls_circumstances known[2])
{
    const struct lp_tls_half *half = tls->half;
    bool serves[2] = {half[0].is_server || half[0].verifies, half[1].is_server || half[1].verifies};

    for (unsigned dir = 0; dir < 2; dir++)
        if ((half[dir].is_client && !serves[dir]) || (serves[1 - dir] && !half[1 - dir].is_client))
            return dir;
    return known[1].opened && !known[0].opened ? 1 : 0;
}

struct ends {
    const struct lp_tls_half *client, *server;
    const struct lp_tls_circumstances *client_known, *server_known;
};

static void set(struct lp_session *out, enum lp_outcome outcome, enum lp_reason reason)
{
    out->outcome = outcome;
    out->reason = reason;
}

/* Both name the same thing, for the kinds of loss. */
static void set_loss(struct lp_session *out, enum lp_tls_cut cut)
{
    if (cut == LP_TLS_CUT_SNAPPED)
        set(out, LP_OUTCOME_TRUNCATED, LP_REASON_TRUNCATED);
    else if (cut == LP_TLS_CUT_LIMIT)
        set(out, LP_OUTCOME_LIMIT, LP_REASON_LIMIT);
    else
        set(out, LP_OUTCOME_GAP, LP_REASON_GAP);
}

/* Why the server's bytes end where nothing is known to be missing: at the end of the recording. */
static enum lp_tls_cut how_it_ended(const struct ends *e)
{
    if (e->server_known->limited)
        return LP_TLS_CUT_LIMIT;
    return e->server_known->cut_short && !e->server_known->closed ? LP_TLS_CUT_SNAPPED
                                                                  : LP_TLS_CUT_LOST;
}

/* RFC 5246 7.4.1.3: the server echoes the session id. RFC 5077 3.4: a ticket was taken when
 * ChangeCipherSpec follows at once. */
static bool is_resumed(const struct ends *e)
{
    const struct lp_tls_hello *client = &e->client->hello, *server = &e->server->hello;

    if (lp_version_like(server->version) >= 0x0304)
        return server->psk;
    if (server->resumed)
        return true;
    if (client->complete && server->session_id_len &&
        client->session_id_len == server->session_id_len &&
        memcmp(client->session_id, server->session_id, server->session_id_len) == 0)
        return true;
    return e->server->cipher_change && !e->server->key_exchange && !e->server->hello_done;
}

/* TLS 1.3 without the right secrets, and a handshake behind encryption whose records did not
 * verify. The first handshake up to TLS 1.2 is in the clear, whatever comes behind it. */
static bool is_encrypted(const struct lp_tls_half *server)
{
    if (server->hello.complete && lp_version_like(server->hello.version) >= 0x0304)
        return !server->keyed || server->wrong_key;
    return server->wrong_key && !server->sealed;
}

static bool has_alert(const struct ends *e)
{
    return e->client->alert_count || e->server->alert_count;
}

/* There is a ServerHello, but no Certificate. */
static void after_server_hello(const struct ends *e, struct lp_session *out)
{
    const struct lp_tls_half *server = e->server;

    if (is_resumed(e))
        set(out, LP_OUTCOME_RESUMED, LP_REASON_RESUMED);
    else if (is_encrypted(server))
        set(out, LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED);
    else if (server->hello.complete && lp_cipher_anonymous(server->hello.cipher))
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_ANONYMOUS);
    else if (server->hello.complete && lp_cipher_psk(server->hello.cipher))
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_PSK);
    else if (server->problem)
        set(out, LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED);
    else if (server->cut == LP_TLS_CUT_SNAPPED || server->cut == LP_TLS_CUT_LOST ||
             server->cut == LP_TLS_CUT_LIMIT)
        set_loss(out, server->cut);
    else if (server->key_exchange || server->hello_done || server->finished)
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_NO_CERTIFICATE_MESSAGE);
    else if (has_alert(e) || e->server_known->closed || e->client_known->closed)
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_ABORTED);
    else
        set_loss(out, how_it_ended(e));
}

/* There is not even a ServerHello. */
static void without_server_hello(const struct ends *e, struct lp_session *out)
{
    const struct lp_tls_half *server = e->server;
    const struct lp_tls_circumstances *known = e->server_known;

    if (server->alert_count && !server->is_server)
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_ABORTED); /* the alert is the answer */
    else if (!known->packets)
        set(out, e->client_known->acks ? LP_OUTCOME_ONE_SIDED : LP_OUTCOME_NO_CERTIFICATE,
            e->client_known->acks ? LP_REASON_ONE_SIDED : LP_REASON_NO_SERVER_REPLY);
    else if (server->is_server || server->verifies || server->other_records ||
             e->client->client_key_exchange)
        set_loss(out, server->cut); /* the handshake went on, its beginning is not there */
    else if (server->cut == LP_TLS_CUT_SNAPPED || server->cut == LP_TLS_CUT_LOST ||
             server->cut == LP_TLS_CUT_LIMIT)
        set_loss(out, server->cut);
    else if (known->limited || known->unseen)
        set_loss(out, known->limited ? LP_TLS_CUT_LIMIT : LP_TLS_CUT_LOST);
    else if (server->other_bytes || server->problem)
        set(out, LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED); /* an answer that is no TLS */
    else if (known->closed || has_alert(e))
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_ABORTED);
    else if (known->cut_short)
        set_loss(out, LP_TLS_CUT_SNAPPED);
    else
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_NO_SERVER_REPLY);
}

static void decide(const struct ends *e, struct lp_session *out)
{
    const struct lp_tls_half *server = e->server;

    if (server->certificate_complete && server->cert_count)
        set(out, LP_OUTCOME_COMPLETE, LP_REASON_NONE);
    else if (server->certificate_complete)
        set(out, LP_OUTCOME_NO_CERTIFICATE, LP_REASON_NO_CERTIFICATE_MESSAGE); /* an empty list */
    else if (server->certificate_seen && server->problem)
        set(out, LP_OUTCOME_MALFORMED, LP_REASON_MALFORMED);
    else if (server->certificate_seen)
        set_loss(out, server->cut == LP_TLS_CUT_END ? how_it_ended(e) : server->cut);
    else if (server->hello.seen)
        after_server_hello(e, out);
    else if (is_encrypted(server))
        set(out, LP_OUTCOME_ENCRYPTED, LP_REASON_ENCRYPTED);
    else
        without_server_hello(e, out);
}

static void add_alerts(const struct lp_tls_half *half, bool from_client, struct lp_session *out)
{
    for (unsigned i = 0; i < half->alert_count; i++) {
        size_t at = out->alert_count++;
        for (; at > 0 && out->alerts[at - 1].frame > half->alerts[i].frame; at--)
            out->alerts[at] = out->alerts[at - 1];
        out->alerts[at] = (struct lp_alert){.frame = half->alerts[i].frame,
                                            .from_client = from_client,
                                            .level = half->alerts[i].level,
                                            .code = half->alerts[i].code};
    }
}

/* In the order of their frames. */
static bool put_alerts(const struct ends *e, struct lp_arena *arena, struct lp_session *out)
{
    size_t count = (size_t)e->client->alert_count + e->server->alert_count;

    if (count == 0)
        return true;
    out->alerts = lp_arena_alloc(arena, count * sizeof *out->alerts);
    if (!out->alerts)
        return false;
    add_alerts(e->client, true, out);
    add_alerts(e->server, false, out);
    return true;
}

/* Whether the client did what follows when the certificate is accepted. The ChangeCipherSpec of TLS
 * 1.3 says nothing (RFC 8446 D.4). */
static bool went_on(const struct ends *e)
{
    if (lp_version_like(e->server->hello.version) >= 0x0304)
        return e->client->finished;
    return e->client->client_key_exchange || e->client->cipher_change ||
           e->client->application_data;
}

/* Of interest only where the server took none of them. */
static bool put_offered(const struct ends *e, struct lp_arena *arena, struct lp_session *out)
{
    const struct lp_tls_hello *hello = &e->client->hello;
    size_t kept =
        hello->offered_count < LP_TLS_CIPHERS_KEPT ? hello->offered_count : LP_TLS_CIPHERS_KEPT;

    if (out->reason != LP_REASON_ABORTED || !hello->complete || kept == 0)
        return true;
    out->offered_ciphers = lp_arena_copy(arena, hello->offered, kept * sizeof *hello->offered);
    out->offered_cipher_count = hello->offered_count;
    return out->offered_ciphers != NULL;
}

bool lp_tls_describe(const struct lp_tls *tls, const struct lp_tls_circumstances known[2],
                     struct lp_arena *arena, struct lp_session *out)
{
    unsigned c = lp_tls_client(tls, known);
    struct ends e = {&tls->half[c], &tls->half[1 - c], &known[c], &known[1 - c]};
    const struct lp_tls_half *first = e.client->first_frame ? e.client : e.server;

    out->first_frame = first->first_frame;
    out->start = first->first_time;
    out->hello_seen = e.client->hello.seen;
    out->offered_version = e.client->hello.complete ? e.client->hello.version : 0;
    out->version = e.server->hello.complete ? e.server->hello.version : 0;
    out->has_cipher = e.server->hello.complete && out->version != LP_SSL2; /* there it is the
                                                                              client's choice */
    out->cipher = e.server->hello.cipher;
    out->server_hello_frame = e.server->hello.complete ? e.server->hello_frame : 0;
    out->certificate_frame = e.server->certificate_frame;
    out->chain_complete = e.server->certificate_complete;
    out->past_certificate = e.server->certificate_seen && went_on(&e);
    if (e.client->hello.complete && e.client->hello.sni.len) {
        out->sni = lp_text_clean(arena, e.client->hello.sni.bytes, e.client->hello.sni.len);
        if (!out->sni)
            return false;
    }
    decide(&e, out);
    return put_offered(&e, arena, out) && put_alerts(&e, arena, out);
}
