/*
 * DTLS for tests: fragments of handshake messages and the records around them (RFC
 * 6347 4.1, 4.2.2). The messages are those of streams.h.
 */
#ifndef LP_TESTS_DTLS_BYTES_H
#define LP_TESTS_DTLS_BYTES_H

#include "streams.h"

enum { DTLS_HELLO_VERIFY_REQUEST = 3 };

static inline void add_dtls_record(struct bytes *b, uint8_t type, uint16_t epoch,
                                   const void *payload, size_t n)
{
    static uint64_t sequence; /* nobody looks at it */

    add_number(b, 1, type);
    add_number(b, 2, LP_DTLS_1_2);
    add_number(b, 2, epoch);
    add_number(b, 6, sequence++);
    add_vector(b, 2, payload, n);
}

/* Bytes [from, to) of the body. */
static inline void add_fragment(struct bytes *b, uint8_t type, uint16_t sequence,
                                const struct bytes *body, size_t from, size_t to)
{
    add_number(b, 1, type);
    add_number(b, 3, body->n);
    add_number(b, 2, sequence);
    add_number(b, 3, from);
    add_vector(b, 3, body->n ? body->at + from : NULL, to - from);
}

/* A record with one fragment. */
static inline void add_dtls_piece(struct bytes *b, uint8_t type, uint16_t sequence,
                                  const struct bytes *body, size_t from, size_t to)
{
    struct bytes fragment = {0};

    add_fragment(&fragment, type, sequence, body, from, to);
    add_dtls_record(b, LP_RECORD_HANDSHAKE, 0, fragment.at, fragment.n);
    drop(&fragment);
}

/* A record with a whole message. */
static inline void add_dtls_message(struct bytes *b, uint8_t type, uint16_t sequence,
                                    const struct bytes *body)
{
    add_dtls_piece(b, type, sequence, body, 0, body->n);
}

static inline void add_dtls_client_hello(struct bytes *b, uint16_t sequence,
                                         const struct hello *hello)
{
    struct bytes body = {0};
    client_hello_body(&body, hello);
    add_dtls_message(b, LP_CLIENT_HELLO, sequence, &body);
    drop(&body);
}

static inline void add_dtls_server_hello(struct bytes *b, uint16_t sequence,
                                         const struct hello *hello)
{
    struct bytes body = {0};
    server_hello_body(&body, hello);
    add_dtls_message(b, LP_SERVER_HELLO, sequence, &body);
    drop(&body);
}

static inline void add_dtls_filler(struct bytes *b, uint8_t type, uint16_t sequence, size_t n)
{
    struct bytes body = {0};
    for (; n; n--)
        add_number(&body, 1, 0xa5);
    add_dtls_message(b, type, sequence, &body);
    drop(&body);
}

#endif
