/*
 * Small texts that findings and summaries are made of.
 */
#ifndef LP_VERDICT_WORDS_H
#define LP_VERDICT_WORDS_H

#include "base/mem.h"
#include "leafprint/leafprint.h"
#include "verdict/verdict.h"

enum {
    LP_ENDPOINT_SIZE = 56,
    LP_SERVER_SIZE = 72,
    LP_DATE_SIZE = 40,
    LP_SHOWN = 160, /* bytes of a name from the wire that a message repeats */
};

/* "192.0.2.1:443", "[2001:db8::1]:443"; "an unknown address" when there is none. */
void lp_endpoint_text(const struct lp_endpoint *end, char out[static LP_ENDPOINT_SIZE]);
/* The server of a comparison, with "url2 " in front when it is that. */
void lp_server_text(const struct lp_comparison *comparison, char out[static LP_SERVER_SIZE]);

/* "2026-11-24T05:39:56Z" (RFC 3339), without locale and time zone. */
void lp_date_text(const struct lp_time *time, char out[static LP_DATE_SIZE]);

/* How many bytes of `text` "%.*s" may print so that at most LP_SHOWN appear and no UTF-8 sequence
 * (RFC 3629) is cut. */
int lp_shown(const char *text);

/* The leaf's subject; "a certificate" when it is not known. Never NULL. */
const char *lp_subject(const struct lp_cert *cert);

/* "certHash1", "the given hash", "certificate 2 of ca.pem". In the arena; NULL: memory is short. */
const char *lp_hash_label(struct lp_arena *arena, const struct lp_config *config,
                          const struct lp_cert_hash *hash);

#endif
