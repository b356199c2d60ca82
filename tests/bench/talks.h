/* What is said in the captures: TLS handshakes with real chains, and all kinds of other things. */
#ifndef LP_BENCH_TALKS_H
#define LP_BENCH_TALKS_H

#include "flow.h"

enum { HEADENDS_MOST = 16, NOISE_KINDS = 16 };

struct headend {
    struct talk talk; /* the whole connection, a short one */
    uint8_t *leaf;    /* DER */
    size_t leaf_size;
    size_t serial; /* where in it its own bytes are */
};

struct world {
    struct headend headends[HEADENDS_MOST];
    size_t headend_count;
    struct talk noise[NOISE_KINDS];
};

/* Reads the chains (PEM); ends the program when they cannot be read. */
void world_make(struct world *world, const char *chains);

/* A connection of about so many bytes of payload, without a farewell; with `secret` as the n-th
 * headend's, behind a handshake. */
struct talk bulk_talk(const struct world *world, size_t bytes, bool secret);

#endif
