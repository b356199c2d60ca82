/*
 * DTLS 1.0 and 1.2 (RFC 4347, RFC 6347), and of DTLS 1.3 (RFC 9147) what is in the clear: one
 * handshake between two ends.
 *
 * Datagrams come in the order of time, of both directions. Their handshake fragments are put
 * together by message and offset, whatever their order, overlap and number; of two copies of a byte
 * the first one counts. The messages are read when the handshake is over, and say the same as those
 * of TLS. Nothing here knows what carried the datagrams.
 */
#ifndef LP_TLS_DTLS_H
#define LP_TLS_DTLS_H

#include "tls/tls.h"

struct lp_dtls_message; /* being put together */

enum { LP_DTLS_MESSAGES = 24 }; /* of one direction of a handshake; no flight has half as many */

struct lp_dtls_half {
    struct lp_dtls_message *messages[LP_DTLS_MESSAGES]; /* owned, by message_seq; NULL: not seen */
    uint64_t packets;
    bool snapped;                             /* something was cut off by the snap length */
    bool limited;                             /* the budget refused memory for a fragment */
    uint64_t conflicts, first_conflict_frame; /* copies that differ */
};

/* Zeroed, then tls.add_cert, tls.add_ctx and tls.budget are set. */
struct lp_dtls {
    struct lp_tls tls;
    struct lp_dtls_half half[2];
};

struct lp_dtls_input {
    struct lp_rd bytes; /* of one datagram */
    bool snapped;       /* more was sent than was captured */
    uint64_t frame;
    struct lp_time time;
};

/* Whether a datagram holds something of a handshake in the clear, by its first record alone. */
bool lp_dtls_recognise(struct lp_rd datagram);

/* Takes a datagram. False: it belongs to another handshake, and nothing of it was taken. */
bool lp_dtls_read(struct lp_dtls *dtls, unsigned dir, const struct lp_dtls_input *input);

/* The handshake is over: reads the messages into `tls`, for lp_tls_found and lp_tls_describe.
 * known[].packets, .acks, .unseen and .limited are set. */
void lp_dtls_end(struct lp_dtls *dtls, struct lp_tls_circumstances known[2]);
void lp_dtls_free(struct lp_dtls *dtls); /* what the struct owns, not the struct */

#endif
