/*
 * Inside tls/ only: what a QUIC packet with a long header shows without any key (RFC 8999 5.1,
 * RFC 9000 17.2), and the frames inside once it is open.
 */
#ifndef LP_TLS_QUIC_PACKET_H
#define LP_TLS_QUIC_PACKET_H

#include "base/rd.h"

enum lp_quic_type {
    LP_QUIC_INITIAL,
    LP_QUIC_EARLY, /* 0-RTT */
    LP_QUIC_HANDSHAKE,
    LP_QUIC_RETRY,
    LP_QUIC_NEGOTIATION, /* Version Negotiation */
};

enum { LP_QUIC_ID_MOST = 20, LP_QUIC_SALT = 20 };

/* What sets a version apart. */
struct lp_quic_version {
    uint8_t salt[LP_QUIC_SALT];      /* of the Initial keys (RFC 9001 5.2) */
    bool google;                     /* frames are those of Google's own QUIC */
    bool second;                     /* as in version 2, RFC 9369: the types are numbered anew, */
    const char *key, *iv, *hp_label; /* and the labels of keys read otherwise */
};

/* NULL: not a version whose handshake can be read. */
const struct lp_quic_version *lp_quic_version(uint32_t number);

struct lp_quic_packet {
    enum lp_quic_type type;
    uint32_t version;
    struct lp_rd destination, source; /* connection ids */
    struct lp_rd bytes;               /* from its first byte on, as far as they are there */
    size_t number_at;                 /* where in `bytes` the packet number is */
    bool whole;                       /* all its bytes are there */
};

/* A look at the first bytes, which sorts out nearly all that is something else, RTP above all. */
bool lp_quic_may_begin(struct lp_rd datagram);

/* The datagram's next packet. False: none with a long header, or one that is malformed. */
bool lp_quic_next(struct lp_rd *datagram, struct lp_quic_packet *out);

/* A variable-length integer (RFC 9000 16). */
bool lp_quic_number(struct lp_rd *bytes, uint64_t *out);

struct lp_quic_frame {
    enum { LP_QUIC_FRAME_OTHER, LP_QUIC_FRAME_ACK, LP_QUIC_FRAME_CRYPTO, LP_QUIC_FRAME_CLOSE } kind;
    uint64_t offset; /* CRYPTO */
    uint64_t code;   /* CONNECTION_CLOSE */
    struct lp_rd bytes;
};

/* The packet's next frame. False: none that belongs into a handshake. */
bool lp_quic_next_frame(struct lp_rd *rest, bool google, struct lp_quic_frame *out);

#endif
