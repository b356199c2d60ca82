/*
 * Where the secrets of TLS sessions come from: a key log file, which may grow while the capture is
 * read, and the capture itself.
 */
#ifndef LP_SCAN_KEYS_H
#define LP_SCAN_KEYS_H

#include "tls/decrypt.h"
#include "tls/tls.h"
#include "verdict/findings.h"

#include <stdio.h>

struct lp_scan_keys {
    struct lp_tls_keys tls;
    FILE *file;                   /* owned; NULL: no key log was given */
    const char *path;             /* borrowed; of the file */
    int64_t looked;               /* when, in units of LOOK_EVERY */
    const struct lp_buf *secrets; /* borrowed; the capture's own, while it is open */
    size_t capture_len;           /* how much of the capture's own secrets was taken */
    bool usable;                  /* there is a key log, of whatever kind */
    bool late;                    /* secrets came behind packets */
    bool missed;                  /* a handshake stayed encrypted */
    bool out_of_memory;
};

/* Zeroed keys become usable; `path` may be NULL: then they do with the first secrets of the
 * capture. LP_ERR_IO: the file cannot be read. */
enum lp_status lp_scan_keys_open(struct lp_scan_keys *keys, uint64_t seed, const char *path,
                                 struct lp_error *error);
void lp_scan_keys_close(struct lp_scan_keys *keys);

void lp_scan_keys_take(struct lp_scan_keys *keys, uint64_t packets);
/* Takes what is new among the capture's own secrets, which live until lp_scan_keys_finish;
 * `packets` were read before. Inline, since it is asked for every packet and seldom has to do. */
static inline void lp_scan_keys_add(struct lp_scan_keys *keys, const struct lp_buf *secrets,
                                    uint64_t packets)
{
    keys->secrets = secrets;
    if (secrets && secrets->len > keys->capture_len)
        lp_scan_keys_take(keys, packets);
}
/* The capture is over: what the file has by now, and what stood behind the last packet, must do. */
void lp_scan_keys_finish(struct lp_scan_keys *keys);

/* What to give to lp_tls.keys. */
struct lp_tls_keys *lp_scan_keys_tls(struct lp_scan_keys *keys);

/* Findings about the key log as a whole: keylog-lines, keylog-rsa, keylog-limit. */
void lp_scan_keys_note(const struct lp_scan_keys *keys, struct lp_findings *findings);
/* no-key, wrong-key: about one handshake. */
void lp_keys_note_session(const struct lp_tls *tls, const struct lp_session *session,
                          const char *path, struct lp_findings *findings);

#endif
