/*
 * The header in front of a signed file: configurations (.sgn) and trust lists (.tlv) have the same.
 */
#ifndef LP_PHONE_SIGNED_H
#define LP_PHONE_SIGNED_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

enum lp_wrapping {
    LP_WRAPPING_NONE = 0,
    LP_WRAPPING_SIGNED,    /* a header with a signature; the plain text follows it */
    LP_WRAPPING_ENCRYPTED, /* the header says that what follows is encrypted */
    LP_WRAPPING_CUT,       /* the file ends inside the header */
};

/* Readers borrow from the file; one that is empty was not there. */
struct lp_signed {
    enum lp_wrapping wrapping; /* with LP_WRAPPING_NONE nothing below means anything */
    size_t header_length;      /* where what is signed begins */
    struct lp_rd payload;      /* empty unless LP_WRAPPING_SIGNED */
    struct lp_rd signer, issuer, serial, file_name; /* texts without the NUL at their end */
    bool has_time;
    uint32_t time; /* seconds since 1970 */
    enum lp_hash_algorithm algorithm;
    /* The signature, and what it covers: all before and all behind its tag, length and value. */
    struct lp_rd signature, before, behind;
};

void lp_signed_read(struct lp_rd file, struct lp_signed *out);

/* One element of header or record. */
struct lp_sgn_tag {
    uint8_t tag;
    struct lp_rd value;
};
/* The next element, padding passed over. False: there is none, or it does not fit. */
LP_MUST_USE bool lp_sgn_next(struct lp_rd *rd, struct lp_sgn_tag *out);
/* A value without NULs at its end. */
struct lp_rd lp_sgn_text(struct lp_rd value);

#endif
