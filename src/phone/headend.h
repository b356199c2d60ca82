/*
 * What a headend, or the call manager beside it, prints about certificates: running configurations,
 * "show" output and exported certificates of IOS, CME and ASA.
 *
 * Reading (headend.c) only collects what the text says. Which of it a phone has to expect is
 * decided afterwards (headend_config.c), since the answer may stand behind the certificates.
 */
#ifndef LP_PHONE_HEADEND_H
#define LP_PHONE_HEADEND_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

enum lp_headend_source {
    LP_HEADEND_VALUE = 0,   /* "show voice vpn": what stands in the phones' configurations */
    LP_HEADEND_FINGERPRINT, /* a certificate's digest in hex */
    LP_HEADEND_CHAIN,       /* a certificate of the running configuration, in hex */
    LP_HEADEND_PEM,         /* an exported certificate */
};

/* A hash or a certificate of the text. */
struct lp_headend_item {
    enum lp_headend_source source;
    unsigned long line;
    unsigned long entry;      /* fingerprints with the same number are of one certificate */
    const char *trustpoint;   /* printable; NULL: not told */
    bool ca;                  /* the trustpoint's CA, not its own certificate */
    bool self_signed;         /* said to be */
    struct lp_cert_hash hash; /* of a VALUE or FINGERPRINT as printed, else the SHA-1 of `der`; n is
                                 that of certHashN, or 0 */
    const uint8_t *der;       /* in the arena; NULL for VALUE and FINGERPRINT */
    size_t der_len;
};

/* "vpn-trustpoint N trustpoint NAME root|leaf" */
struct lp_headend_use {
    unsigned long line;
    unsigned n; /* 1 to 10 */
    const char *trustpoint;
    bool root;
};

enum lp_headend_fault {
    LP_HEADEND_CUT_HASH,     /* a value or fingerprint that is no digest */
    LP_HEADEND_CUT_HEX,      /* hex digits that are not one whole certificate */
    LP_HEADEND_CUT_PEM,      /* a block that is not one */
    LP_HEADEND_REFERENCE,    /* "certificate ca 01 nvram:...": the certificate is elsewhere */
    LP_HEADEND_RAW,          /* "vpn-trustpoint N raw" */
    LP_HEADEND_ALGORITHM,    /* vpn-hash-algorithm other than sha-1 */
    LP_HEADEND_FAULT_NUMBER, /* a trustpoint or gateway number out of range */
};
struct lp_headend_remark {
    enum lp_headend_fault fault;
    unsigned long line;
    const char *text; /* printable: what it is about */
};

enum {
    LP_HEADEND_ITEMS = 64,
    LP_HEADEND_USES = 16,
    LP_HEADEND_PRESENTED = 8,
    LP_HEADEND_REMARKS = 32,
};

struct lp_headend {
    struct lp_headend_item items[LP_HEADEND_ITEMS];
    size_t item_count;
    struct lp_headend_use uses[LP_HEADEND_USES];
    size_t use_count;
    /* trustpoints that an SSL server presents: "ssl trust-point NAME", "ssl trustpoint NAME" */
    const char *presented[LP_HEADEND_PRESENTED];
    size_t presented_count;
    struct lp_url urls[LP_MAX_URLS]; /* vpn-gateway */
    size_t url_count;
    bool has_host_id_check, host_id_check, host_id_differs; /* host-id-check; profiles disagree */
    bool listed; /* certificates are listed, be it without any digest */
    struct lp_headend_remark remarks[LP_HEADEND_REMARKS];
    size_t remark_count;
    bool left_out; /* something had no room */
};

/* Reads a text of any kind; everything in *out lives in the arena. False only when memory is short
 * or a digest cannot be made. */
bool lp_headend_read(struct lp_arena *arena, const void *bytes, size_t n, struct lp_headend *out);

/* Whether the text says anything that only a headend's does. PEM blocks alone do not count: those
 * are a certificate file. */
bool lp_headend_found(const struct lp_headend *headend);

/* The expected side that follows from it: origin "headend". False only when memory is short. */
bool lp_headend_config(struct lp_arena *arena, const char *source, const struct lp_headend *headend,
                       struct lp_config *out);

#endif
