/*
 * One handshake message: what it tells is noted in its direction's state. Where it came from (TCP
 * records, datagrams) does not matter here.
 */
#include "tls/handshake.h"

void lp_reading_packet(const struct lp_reading *r, uint64_t from, uint64_t to, uint64_t *frame,
                       struct lp_time *time)
{
    r->input->packet(r->input->ctx, from, to, frame, time);
}

void lp_reading_first(const struct lp_reading *r, uint64_t from, uint64_t to)
{
    if (!r->half->first_frame)
        lp_reading_packet(r, from, to, &r->half->first_frame, &r->half->first_time);
}

void lp_reading_problem(const struct lp_reading *r, const char *problem, uint64_t from, uint64_t to)
{
    struct lp_time time;
    if (!r->half->problem)
        r->half->problem = problem;
    if (!r->half->problem_frame)
        lp_reading_packet(r, from, to, &r->half->problem_frame, &time);
}

static void forget_hello(struct lp_tls_half *half)
{
    struct lp_buf sni = half->hello.sni;
    sni.len = 0;
    half->hello = (struct lp_tls_hello){.sni = sni};
}

static void take_hello(const struct lp_reading *r, bool client, struct lp_rd body, uint64_t from,
                       uint64_t to)
{
    struct lp_tls_half *half = r->half;
    const char *problem = NULL;

    if (half->hello.complete && !half->hello.retry)
        return; /* a second ClientHello after a HelloRetryRequest: the first one has told enough */
    forget_hello(half);
    half->hello.seen = true;
    half->hello.sni.budget = r->tls->budget;
    if (client)
        half->is_client = true;
    else
        half->is_server = true;
    if (!(client ? lp_client_hello : lp_server_hello)(body, &half->hello, &problem))
        lp_reading_problem(r, problem, from, to);
}

/* A Certificate message, or its beginning. Only the first of a direction counts. */
enum lp_tls_want lp_take_certificate(const struct lp_reading *r, struct lp_rd body, bool whole,
                                     uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    const char *problem = NULL;
    size_t before = half->cert_count;
    struct lp_time time;

    if (half->certificate_seen)
        return LP_TLS_MORE;
    if (lp_certificate_list(r->tls, half, body, whole, &problem) == LP_TLS_ROOM) {
        half->cert_count = before;
        return LP_TLS_ROOM;
    }
    half->certificate_seen = true;
    half->certificate_complete = whole && !problem;
    if (whole && problem)
        lp_reading_problem(r, problem, from, to);
    bool leaf = half->cert_count && half->certs[0].complete;
    if (whole || leaf) /* of a message that is cut, the packet that completed the leaf */
        lp_reading_packet(r, from, whole || !half->leaf_end ? to : half->leaf_end,
                          &half->certificate_frame, &time);
    return LP_TLS_MORE;
}

enum lp_tls_want lp_take_message(const struct lp_reading *r, uint8_t type, struct lp_rd body,
                                 uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;

    lp_reading_first(r, from, to);
    switch (type) {
    case LP_CLIENT_HELLO:
    case LP_SERVER_HELLO:
        take_hello(r, type == LP_CLIENT_HELLO, body, from, to);
        break;
    case LP_CERTIFICATE:
        return lp_take_certificate(r, body, true, from, to);
    case LP_SERVER_KEY_EXCHANGE:
        half->is_server = half->key_exchange = true;
        break;
    case LP_CERTIFICATE_REQUEST:
        half->is_server = true;
        break;
    case LP_SERVER_HELLO_DONE:
        half->is_server = half->hello_done = true;
        break;
    case LP_CERTIFICATE_VERIFY:
        half->is_client = true;
        break;
    case LP_CLIENT_KEY_EXCHANGE:
        half->is_client = half->client_key_exchange = true;
        break;
    default: /* HelloRequest, NewSessionTicket, CertificateStatus, NextProtocol and others say
                nothing that is needed */
        break;
    }
    return LP_TLS_MORE;
}
