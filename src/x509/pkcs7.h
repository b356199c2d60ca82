/* Certificates inside PKCS #7 (RFC 2315 9.1, RFC 5652 5.1): ".p7b" files. */
#ifndef LP_X509_PKCS7_H
#define LP_X509_PKCS7_H

#include "base/mem.h"
#include "base/rd.h"

/* Finds the set of certificates of a SignedData, nothing standing behind it. *set borrows from
 * `bytes`, or from `room` (the caller's to free) where the encoding was not DER. False: it is no
 * SignedData, or *no_memory is set. */
LP_MUST_USE bool lp_pkcs7_certificates(struct lp_rd bytes, struct lp_buf *room, struct lp_rd *set,
                                       bool *no_memory);

#endif
