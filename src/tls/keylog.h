/*
 * The secrets of TLS sessions, as programs write them down when SSLKEYLOGFILE is set (NSS key log
 * format; draft-ietf-tls-keylogfile): one line per secret, found by the handshake's client random.
 *
 * Text comes in pieces, as a file grows or as a capture brings it. It is as hostile as a capture: a
 * line that is no secret is counted and passed over, and what is kept is bounded.
 */
#ifndef LP_TLS_KEYLOG_H
#define LP_TLS_KEYLOG_H

#include "base/mem.h"
#include "base/rd.h"

/* What a secret is for. Later traffic secrets follow from the first of each direction (RFC 8446
 * 7.2). */
enum lp_secret {
    LP_SECRET_MASTER,           /* CLIENT_RANDOM: the master secret up to TLS 1.2 */
    LP_SECRET_CLIENT_EARLY,     /* CLIENT_EARLY_TRAFFIC_SECRET */
    LP_SECRET_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET */
    LP_SECRET_SERVER_HANDSHAKE,
    LP_SECRET_CLIENT_TRAFFIC, /* CLIENT_TRAFFIC_SECRET_0 */
    LP_SECRET_SERVER_TRAFFIC,
    LP_SECRET_COUNT
};

enum { LP_SECRET_MOST = 48, LP_CLIENT_RANDOM = 32 };

struct lp_keylog_stats {
    uint64_t secrets;  /* kept */
    uint64_t rsa;      /* lines with an encrypted premaster secret or a session id: not used */
    uint64_t unknown;  /* lines that are no secret */
    uint64_t too_many; /* secrets beyond what is kept */
};

struct lp_keylog;
struct lp_keylog *lp_keylog_new(uint64_t seed); /* NULL when memory is short */
void lp_keylog_free(struct lp_keylog *log);

/* The next piece of text. False: memory is short. */
LP_MUST_USE bool lp_keylog_add(struct lp_keylog *log, struct lp_rd text);
/* There is no more for now: a last line without its newline counts, unless more of it comes. */
LP_MUST_USE bool lp_keylog_pause(struct lp_keylog *log);
/* One source of text is over, another may follow. */
LP_MUST_USE bool lp_keylog_end(struct lp_keylog *log);

/* The secret, valid until text is added; left is 0 when there is none. */
struct lp_rd lp_keylog_find(const struct lp_keylog *log, const uint8_t random[LP_CLIENT_RANDOM],
                            enum lp_secret what);
const struct lp_keylog_stats *lp_keylog_stats(const struct lp_keylog *log);

#endif
