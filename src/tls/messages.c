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
    struct lp_time time;

    if (half->hello.complete && !half->hello.retry)
        return; /* a second ClientHello after a HelloRetryRequest: the first one has told enough */
    forget_hello(half);
    half->hello.seen = true;
    half->hello.sni.budget = r->tls->budget;
    if (client)
        half->is_client = true;
    else
        half->is_server = true;
    if (!client)
        lp_reading_packet(r, from, to, &half->hello_frame, &time);
    if (!(client ? lp_client_hello : lp_server_hello)(body, &half->hello, &problem))
        lp_reading_problem(r, problem, from, to);
}

static enum lp_tls_want read_list(const struct lp_reading *r, struct lp_rd body, bool whole,
                                  const char **problem)
{
    return r->tls13 ? lp_certificate_list_13(r->tls, r->half, body, whole, problem)
                    : lp_certificate_list(r->tls, r->half, body, whole, problem);
}

/* A Certificate message, or its beginning. Only the first of a direction counts, except that a
 * client may show after the handshake what it did not have in it (RFC 8446 4.6.2). */
enum lp_tls_want lp_take_certificate(const struct lp_reading *r, struct lp_rd body, bool whole,
                                     uint64_t from, uint64_t to)
{
    struct lp_tls_half *half = r->half;
    const char *problem = NULL;
    size_t before = half->cert_count;
    struct lp_time time;

    if (half->certificate_seen &&
        !(r->tls13 && half->certificate_complete && half->cert_count == 0))
        return LP_TLS_MORE;
    if (read_list(r, body, whole, &problem) == LP_TLS_ROOM) {
        lp_certificates_drop(r->tls, half, before);
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

/* RFC 8879 4: read as the Certificate that is packed in it. */
static enum lp_tls_want take_compressed(const struct lp_reading *r, struct lp_rd body,
                                        uint64_t from, uint64_t to)
{
    struct lp_buf unpacked = {.budget = r->tls->budget};
    const char *problem = NULL;
    enum lp_tls_want want = lp_decompress(body, &unpacked, &problem);

    if (want == LP_TLS_MORE && !problem)
        want = lp_take_certificate(r, lp_rd_init(unpacked.bytes, unpacked.len), true, from, to);
    if (problem) {
        r->half->certificate_seen = true;
        lp_reading_problem(r, problem, from, to);
    }
    lp_buf_free(&unpacked);
    return want;
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
        half->is_client |= !r->tls13; /* there the server sends one, too */
        break;
    case LP_ENCRYPTED_EXTENSIONS:
        half->hello.raw_public_key |= r->tls13 && lp_selects_raw_key(body);
        break;
    case LP_COMPRESSED_CERTIFICATE:
        return r->tls13 ? take_compressed(r, body, from, to) : LP_TLS_MORE;
    case LP_FINISHED:
        half->finished = true;
        break;
    case LP_KEY_UPDATE:
        half->key_updates += r->tls13;
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

void lp_take_beginning(const struct lp_reading *r, uint8_t type, struct lp_rd body, uint64_t from,
                       uint64_t to)
{
    struct lp_tls_half *half = r->half;

    lp_reading_first(r, from, to);
    if (type == LP_CLIENT_HELLO || type == LP_SERVER_HELLO) {
        half->hello.seen = true;
        half->is_client |= type == LP_CLIENT_HELLO;
        half->is_server |= type == LP_SERVER_HELLO;
    } else if (type == LP_CERTIFICATE) {
        (void)lp_take_certificate(r, body, false, from, to);
    }
}

void lp_take_alert(const struct lp_reading *r, struct lp_rd payload, uint64_t from, uint64_t to)
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
