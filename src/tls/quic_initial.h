/*
 * How the Initial packets of a handshake are opened: under the keys of each origin known so far, or
 * under those of their own destination id.
 */
#ifndef LP_TLS_QUIC_INITIAL_H
#define LP_TLS_QUIC_INITIAL_H

#include "tls/quic.h"

/* How an Initial packet was opened. */
enum lp_quic_opened {
    LP_QUIC_NOT_OPENED,
    LP_QUIC_BY_KNOWN, /* an origin of this handshake */
    LP_QUIC_BY_OWN,   /* its own destination id: it may begin another */
};

/* The frames are then in quic->plain. *expected is the packet number that should come next. */
bool lp_quic_open_packet(struct lp_quic *quic, unsigned dir, const struct lp_quic_packet *packet,
                         const struct lp_quic_seal *seal, uint64_t *expected);

/* The frames are then in quic->plain. With LP_QUIC_BY_OWN *fresh is where the keys come from. */
enum lp_quic_opened lp_quic_open_initial(struct lp_quic *quic, unsigned dir,
                                         const struct lp_quic_packet *packet,
                                         struct lp_quic_origin *fresh);
void lp_quic_add_origin(struct lp_quic *quic, const struct lp_quic_origin *origin);

void lp_quic_keep_id(struct lp_quic_id *id, struct lp_rd bytes);
bool lp_quic_is_id(const struct lp_quic_id *id, struct lp_rd bytes);

#endif
