/*
 * The certificates of one capture, each kept once however often it was presented.
 *
 * Hashing comes first and is done for every copy, since it is what tells whether one was seen
 * before; facts are read once per distinct certificate, and only when asked for: they cost many
 * times what the hashes do.
 *
 * Where handshakes are handed on as they end (lp_options.sink), a certificate that no connection
 * holds any more stays only until so many others came after it, so that memory does not grow with
 * their number.
 */
#ifndef LP_SCAN_CERTSTORE_H
#define LP_SCAN_CERTSTORE_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

struct lp_cert_store;
/* Results go into `arena` (borrowed), except with options->sink. NULL when memory is short. */
struct lp_cert_store *lp_cert_store_new(uint64_t seed, struct lp_arena *arena,
                                        const struct lp_options *options);
void lp_cert_store_free(struct lp_cert_store *store);

/* A pattern for lp_cert: complete, depth 0. Lives in the arena, or with options->sink until it was
 * dropped as often as it was added; NULL when memory is short. The signature is lp_tls_cert_fn's.
 */
const void *lp_cert_store_add(void *ctx, const uint8_t *der, size_t n);
/* What an addition returned is needed no more. */
void lp_cert_store_drop(void *ctx, const void *stored);

#endif
