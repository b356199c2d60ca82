/*
 * QUIC version 1 (RFC 9000, RFC 9001), version 2 (RFC 9369) and the drafts from 22 on: one
 * handshake between two ends.
 *
 * Datagrams come in the order of time, of both directions. Initial packets are opened by keys that
 * the capture itself holds; their CRYPTO frames bring both hellos, in any order and number. What
 * follows, the certificates among it, is in Handshake packets, for which a key log is needed.
 * Packets with a short header are of no interest. Nothing here knows what carried the datagrams.
 */
#ifndef LP_TLS_QUIC_H
#define LP_TLS_QUIC_H

#include "tls/pieces.h"
#include "tls/quic_seal.h"
#include "tls/tls.h"

enum { LP_QUIC_ORIGINS = 4 };

/* The levels of encryption that carry a handshake. */
enum { LP_QUIC_AT_INITIAL, LP_QUIC_AT_HANDSHAKE, LP_QUIC_LEVELS };

struct lp_quic_id {
    bool known;
    uint8_t length, bytes[LP_QUIC_ID_MOST];
};

struct lp_quic_half {
    struct lp_pieces stream[LP_QUIC_LEVELS];
    uint64_t expected[LP_QUIC_LEVELS]; /* packet number */
    struct lp_quic_id id;              /* its own: the source of its packets */
    uint64_t packets;
    uint64_t first_frame;
    struct lp_time first_time;
    bool handshake;                           /* sent packets behind the hellos */
    bool unread;                              /* Initial packets that could not be opened */
    bool snapped;                             /* something was cut off by the snap length */
    bool limited;                             /* there was no room for something */
    bool acks, closed;                        /* frames that say so */
    bool opened;                              /* a Handshake packet verified */
    uint64_t conflicts, first_conflict_frame; /* copies that differ */
};

/* A destination id that the client made up, or was told by a Retry (RFC 9001 5.2): whence the keys
 * of Initial packets come. */
struct lp_quic_origin {
    struct lp_quic_id id;
    uint32_t version;
    struct lp_quic_seal seal[2]; /* the client's, the server's */
};

struct lp_quic_held; /* a packet that cannot be opened yet */

/* Zeroed, then crypto, tls.add_cert, tls.add_ctx, tls.budget and tls.keys are set. */
struct lp_quic {
    struct lp_tls tls;
    struct lp_crypto *crypto; /* borrowed */
    struct lp_quic_half half[2];
    bool client_known;
    unsigned client;                                /* which direction, if known */
    bool refused, retried;                          /* Version Negotiation, Retry came last */
    unsigned refuser;                               /* which direction */
    struct lp_quic_origin origins[LP_QUIC_ORIGINS]; /* the newest first */
    unsigned origin_count;
    struct lp_quic_held *held, **held_end; /* owned, in the order of arrival */
    size_t held_bytes;
    struct lp_buf header, plain; /* of the packet at hand */
    bool google;                 /* its frames are Google's */
};

struct lp_quic_input {
    struct lp_rd bytes; /* of one datagram */
    bool snapped;       /* more was sent than was captured */
    uint64_t frame;
    struct lp_time time;
};

/* Whether a datagram holds something of a handshake, by its first packet's header. */
bool lp_quic_recognise(struct lp_rd datagram);

/* Takes a datagram. False: it belongs to another handshake, and nothing of it was taken. */
bool lp_quic_read(struct lp_quic *quic, unsigned dir, const struct lp_quic_input *input);

/* The handshake is over: reads the messages into `tls`, for lp_tls_found and lp_tls_describe.
 * known[].packets, .acks, .closed, .unseen and .limited are set. */
void lp_quic_end(struct lp_quic *quic, struct lp_tls_circumstances known[2]);
void lp_quic_free(struct lp_quic *quic); /* what the struct owns, not the struct */

#endif
