/* Inside carrier/ only: what a protocol of the table of wrapped.c is made of. */
#ifndef LP_CARRIER_UNWRAP_H
#define LP_CARRIER_UNWRAP_H

#include "carrier/wrapped.h"

/* So many inner bytes came from these outer ones; one from one when the lengths are equal. */
struct lp_span {
    uint64_t inner_end;
    uint64_t outer_from, outer_to;
};

struct lp_wrapper {
    const char *name;
    /* Whether a stream of this protocol begins here. */
    enum lp_begins (*begins)(struct lp_rd stream, bool last);
    /* Reads the bytes that begin at wrapped->at and moves that. */
    enum lp_unwrap (*read)(struct lp_wrapped *wrapped, struct lp_rd bytes, bool last);
    void (*forget)(struct lp_wrapped *wrapped); /* frees what its state owns; may be NULL */
};

/* Appends to the inner stream. False: the budget refuses, nothing changed. */
bool lp_wrapped_put(struct lp_wrapped *wrapped, struct lp_rd inner, uint64_t outer_from,
                    uint64_t outer_to);
/* Remembers the first rule that was broken. */
void lp_wrapped_problem(struct lp_wrapped *wrapped, const char *problem, uint64_t from,
                        uint64_t to);
/* A record header of SSL 3.0 to TLS 1.3, as far as there are bytes to tell. */
bool lp_looks_like_record(struct lp_rd bytes);

extern const struct lp_wrapper lp_wrapper_tds;        /* tds.c */
extern const struct lp_wrapper lp_wrapper_openvpn;    /* openvpn.c; over TCP */
extern const struct lp_wrapper lp_wrapper_ftp_gssapi; /* gssapi.c */

#endif
