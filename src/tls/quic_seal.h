/*
 * Inside tls/ only: the protection of QUIC packets (RFC 9001 5, RFC 9369 3.3). What does not verify
 * is never handed out.
 */
#ifndef LP_TLS_QUIC_SEAL_H
#define LP_TLS_QUIC_SEAL_H

#include "tls/decrypt.h"
#include "tls/quic_packet.h"

/* One direction's keys at one level. */
struct lp_quic_seal {
    enum lp_bulk bulk;
    uint8_t key[32], hp[32], iv[12];
};

/* The keys of Initial packets, the client's first, from the destination id that the client chose.
 */
bool lp_quic_seal_initial(struct lp_crypto *crypto, uint32_t version, struct lp_rd id,
                          struct lp_quic_seal out[2]);

/* From a traffic secret of TLS. False: not one for the suite, or not a suite of QUIC's. */
struct lp_quic_secret {
    uint32_t version;
    uint16_t cipher;
    struct lp_rd bytes;
};
bool lp_quic_seal_secret(struct lp_crypto *crypto, const struct lp_quic_secret *secret,
                         struct lp_quic_seal *out);

/* A packet number space (RFC 9000 12.3), and room for the work. */
struct lp_quic_opening {
    struct lp_crypto *crypto;
    const struct lp_quic_seal *seal;
    uint64_t expected;     /* the highest number that verified so far, plus one */
    struct lp_buf *header; /* what is in it does not matter */
    struct lp_buf *plain;  /* the frames */
};
/* Opens a packet that is whole. On LP_CRYPTO_OK `expected` has followed and `plain` holds the
 * frames and nothing else. */
enum lp_crypto_result lp_quic_open(struct lp_quic_opening *opening,
                                   const struct lp_quic_packet *packet);

#endif
