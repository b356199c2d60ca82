/*
 * A connection's bytes on their way to TLS: taken out of a protocol that wraps them, or as they
 * are; and what stood in front of the handshake, which tells what carries it.
 */
#ifndef LP_SCAN_CARRIED_H
#define LP_SCAN_CARRIED_H

#include "carrier/wrapped.h"
#include "tls/tls.h"

/* One direction. */
struct lp_carried_side {
    enum { LP_CARRIED_UNDECIDED = 0, LP_CARRIED_BARE, LP_CARRIED_WRAPPED } how;
    struct lp_wrapped *wrapped; /* owned; with LP_CARRIED_WRAPPED */
    bool released;              /* the beginning of the stream is gone */
    bool judged;                /* the next one is set */
    bool front_wanted;          /* it may be a dialogue that leads to TLS */
    bool rewound;               /* bytes that were kept may have changed */
    struct lp_buf front;        /* owned: what came before the handshake, as far as it is kept */
    uint64_t front_from;        /* stream offset of front.bytes */
};

/* Starts zeroed. */
struct lp_carried {
    struct lp_tls *tls;       /* borrowed */
    struct lp_budget *budget; /* borrowed */
    struct lp_carried_side side[2];
};

/* As lp_tls_read, lp_tls_rewind and lp_tls_cut, with what the connection brings. */
enum lp_tls_want lp_carried_read(struct lp_carried *carried, unsigned dir,
                                 const struct lp_tls_input *input, size_t *release);
void lp_carried_rewind(struct lp_carried *carried, unsigned dir);
void lp_carried_cut(struct lp_carried *carried, unsigned dir, enum lp_tls_cut cut,
                    const struct lp_tls_input *rest);

/* Both directions have been read. What was found in a bare direction beside a wrapped one is
 * forgotten: there were headers in it that were not recognised. So is the server's part of a
 * dialogue, where nothing came behind it. */
void lp_carried_settle(struct lp_carried *carried);
/* What carries the handshake: "tls" when nothing stood in front; static. */
const char *lp_carried_name(const struct lp_carried *carried);
/* Whether it is known to be encrypted as a whole (OpenVPN's tls-crypt). */
bool lp_carried_encrypted(const struct lp_carried *carried);
void lp_carried_free(struct lp_carried *carried); /* what the struct owns, not the struct */

#endif
