/*
 * Inside tls/ only: a direction behind the point where it becomes encrypted, when there is a key
 * log. The reader (reader.c) finds the records and cuts messages; here they are opened.
 */
#ifndef LP_TLS_SEALED_H
#define LP_TLS_SEALED_H

#include "tls/decrypt.h"
#include "tls/handshake.h"

/* All of these take the connection's first handshake as r->tls and its half as r->half. */

/* From here on the direction is encrypted. LP_TLS_DONE: and that is the end of it. */
enum lp_tls_want lp_sealed_begin(const struct lp_reading *r);
void lp_sealed_free(struct lp_tls *tls, struct lp_tls_half *half);

/* The next record. LP_TLS_WAIT: it is to come again; LP_TLS_DONE: nothing more can be read. */
enum lp_tls_want lp_sealed_record(const struct lp_reading *r, const struct lp_record *record,
                                  uint64_t from, uint64_t to);
/* A message out of such a record, and one that breaks off: lp_take_message and lp_take_beginning
 * for the handshake it belongs to. */
enum lp_tls_want lp_sealed_message(const struct lp_reading *r, uint8_t type, struct lp_rd body,
                                   uint64_t from, uint64_t to);
void lp_sealed_beginning(const struct lp_reading *r, uint8_t type, struct lp_rd body, uint64_t from,
                         uint64_t to);
/* Where what is read now is noted. */
struct lp_tls_half *lp_sealed_result(const struct lp_reading *r);

/* Whether the records read so far may be released: they lie behind the handshake, and no better
 * copy can come for them. */
bool lp_sealed_release(const struct lp_reading *r);
/* Whether more than is reasonable was read and could not be released. */
bool lp_sealed_overdue(const struct lp_reading *r);
/* The unreleased bytes changed. True: what was released stays read, and reading goes on behind it;
 * otherwise all is to be read again. */
bool lp_sealed_resume(struct lp_tls *tls, unsigned dir);

#endif
