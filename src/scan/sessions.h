/*
 * The handshakes of one capture, whatever carried them: makes an lp_session of what TLS read and of
 * what is known of the way it came.
 */
#ifndef LP_SCAN_SESSIONS_H
#define LP_SCAN_SESSIONS_H

#include "net/net.h"
#include "scan/certstore.h"
#include "tls/tls.h"
#include "verdict/findings.h"

struct lp_session_place;

struct lp_sessions {
    struct lp_arena *arena;       /* borrowed */
    struct lp_cert_store *store;  /* borrowed */
    const char *path;             /* borrowed; for messages */
    struct lp_findings *findings; /* borrowed */
    struct lp_session *items;     /* owned until lp_sessions_take */
    size_t count, cap;
    uint64_t limited;                   /* handshakes that a budget cut off */
    const struct lp_session_sink *sink; /* borrowed; NULL: they are kept. Then `items` is empty */
    struct lp_arena *scratch;           /* owned; with a sink: what one session points to */
    struct lp_session_place *places;    /* owned until lp_sessions_take; with a sink */
    size_t place_cap;
    bool encrypted;       /* there was one without keys */
    bool cut_short;       /* the input ended inside a packet */
    bool tls_crypt_noted; /* the user was told that OpenVPN may hide a handshake */
    bool out_of_memory;
};

/* How a handshake came. Direction 0 runs from end[0] to end[1]. */
struct lp_way {
    const char *transport, *carrier; /* static */
    struct lp_endpoint end[2];
    const struct lp_outer *outer; /* borrowed; the tunnels, or NULL */
    unsigned outer_count;
    struct lp_tls_circumstances known[2];
    uint64_t conflicts[2], first_conflict_frame[2]; /* copies of the same bytes that differed */
};

/* Adds the handshake that `tls` holds, and those behind its encryption. Without memory
 * `out_of_memory` is set. */
void lp_sessions_add(struct lp_sessions *sessions, const struct lp_tls *tls,
                     const struct lp_way *way);

/* Hands over the sessions, sorted by their first frame and numbered, in the arena; the findings'
 * numbers follow. False: memory is short. */
bool lp_sessions_take(struct lp_sessions *sessions, struct lp_capture *capture);
void lp_sessions_free(struct lp_sessions *sessions);

#endif
