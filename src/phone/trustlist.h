/*
 * Trust lists: CTL and ITL files, which tell a phone whose certificate counts in which role.
 */
#ifndef LP_PHONE_TRUSTLIST_H
#define LP_PHONE_TRUSTLIST_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

enum lp_trust_role {
    LP_TRUST_SAST = 0, /* signs configurations and trust lists */
    LP_TRUST_CCM = 1,
    LP_TRUST_CCM_TFTP = 2,
    LP_TRUST_TFTP = 3,
    LP_TRUST_CAPF = 4,
    LP_TRUST_APP_SERVER = 7,
    LP_TRUST_TVS = 21,
    LP_TRUST_NO_ROLE = 0x10000, /* the record does not say */
};

/* One record. Texts are printable and NULL where there is none. */
struct lp_trust_record {
    unsigned role; /* enum lp_trust_role, or a number that has no name */
    const char *subject, *issuer, *dns_name;
    const char *serial; /* lower-case hex */
    struct lp_ip ip;
    const uint8_t *der; /* the certificate, wholly there; NULL: none */
    size_t der_len;
    struct lp_cert_hash hash; /* as the list has it; n is 0; digest_len 0: none */
};

enum lp_trust_fault {
    LP_TRUST_WHOLE = 0,
    LP_TRUST_CUT,     /* the file ends inside a record */
    LP_TRUST_DAMAGED, /* a record does not fit together; nothing behind it was read */
    LP_TRUST_LIMIT,   /* more records than are read */
};

/* Everything lives in the arena. */
struct lp_trust_list {
    struct lp_trust_record *records; /* those that are whole */
    size_t count;
    enum lp_trust_fault fault;
    const char *signer, *file_name; /* of the header; NULL: it does not say */
    bool has_time;
    struct lp_time time;
};

/* Whether the bytes are a trust list: a signed file's header, and records behind it. */
bool lp_trust_list_found(const void *bytes, size_t n);

/* Reads the records. Damage shows in out->fault; what comes before it counts. Zeroed when the bytes
 * are no trust list. False only when memory is short. */
bool lp_trust_list_read(struct lp_arena *arena, const void *bytes, size_t n,
                        struct lp_trust_list *out);

/* "CCM+TFTP"; NULL: the number has no name. Static. */
const char *lp_trust_role_name(unsigned role);

#endif
