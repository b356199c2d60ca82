/*
 * What the files of this module share, and nobody else sees.
 *
 * A configuration passes through four hands: signed.c takes off the header of a signed file,
 * container.c brings the text into one form, vpngroup.c finds the elements with libxml2, and
 * config.c gives them their meaning, with certhash.c, url.c and name.c for the single values and
 * notes.c for what is odd about them.
 */
#ifndef LP_PHONE_PARTS_H
#define LP_PHONE_PARTS_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"
#include "phone/phone.h"
#include "phone/signed.h"

/* ---- container.c ---- */

struct lp_phone_text {
    struct lp_rd rd;       /* without BOM, NULs and white space at both ends */
    unsigned long skipped; /* lines before it */
    bool padded;           /* what was trimmed does not belong into XML */
    bool converted;        /* it was UTF-16 and is UTF-8 now, whatever its declaration says */
};

/* Trims `raw`; UTF-16 is converted into `room` (owned by the caller, which out->rd may then
 * borrow). False only when memory is short. */
bool lp_phone_text(struct lp_rd raw, struct lp_buf *room, struct lp_phone_text *out);

/* Whether the bytes of `needle` occur anywhere in what is left of `rd`. */
bool lp_phone_holds(struct lp_rd rd, const char *needle);

bool lp_phone_blank(uint8_t c); /* white space of XML 1.0 2.3, vertical tab, form feed */
struct lp_rd lp_phone_trim(const char *text, size_t n); /* without white space at both ends */

/* ---- vpngroup.c ---- */

/* One element inside a vpnGroup. */
struct lp_vpn_field {
    const char *name;   /* without prefix */
    const char *parent; /* name of the element around it */
    const char *text; /* what stands before its first child element; NUL-terminated, not cleaned */
    size_t n;
    unsigned long line;
    bool closed;  /* its end tag was seen to the last character */
    bool damaged; /* the XML is broken inside the value, so that something may be missing */
};

enum { LP_MAX_VPN_FIELDS = 64 };

struct lp_vpn_group {
    bool found;
    bool doctype;          /* a document type declaration: nothing else was read */
    bool commented;        /* a comment holds a vpnGroup */
    bool partial;          /* fullConfig is false, or encrConfig true */
    unsigned long groups;  /* how many vpnGroup elements there are */
    const char *xml_error; /* what the strict parser objected to first; NULL: well-formed */
    unsigned long xml_line;
    struct lp_vpn_field fields[LP_MAX_VPN_FIELDS];
    size_t count;
    bool left_out; /* there were more fields */
};

/* Finds the vpnGroup that counts: the first with a certHash in it, else the first. Texts live in
 * the arena. False only when memory is short. Safe in several threads. */
bool lp_vpn_group_read(struct lp_arena *arena, const struct lp_phone_text *text,
                       struct lp_vpn_group *out);

/* ---- certhash.c ---- */

/* The digest that a hash of fault LP_HASH_IS_HEX or LP_HASH_OF_HEX_TEXT was meant to be; its
 * length, or 0. */
size_t lp_cert_hash_meant(const struct lp_cert_hash *hash, uint8_t digest[64]);
/* Whether somebody forgot to fill the value in: HASH, xxxx, [hash here], twenty zero bytes. */
bool lp_cert_hash_is_placeholder(const struct lp_cert_hash *hash);
/* Whether it is the digest of no bytes at all, the trace of a pipeline that hashed an empty file.
 */
bool lp_cert_hash_is_of_nothing(const struct lp_cert_hash *hash);

/* ---- url.c ---- */

enum lp_url_fault {
    LP_URL_FINE = 0,
    LP_URL_NO_SCHEME,      /* usable */
    LP_URL_HTTP,           /* usable: the phone's VPN is TLS, whatever the scheme says */
    LP_URL_EMPTY,          /* this and all below: not usable */
    LP_URL_FOREIGN_SCHEME, /* ftp:// and the like */
    LP_URL_USERINFO,       /* user@host */
    LP_URL_BAD_HOST,
    LP_URL_BAD_PORT,
};

/* lp_url_read, and what was wrong. */
bool lp_url_parse(struct lp_arena *arena, const char *text, size_t n, struct lp_url *out,
                  enum lp_url_fault *fault);

/* ---- notes.c ---- */

enum lp_note {
    LP_NOTE_XML,
    LP_NOTE_DOCTYPE,
    LP_NOTE_SIGNED,
    LP_NOTE_SIGNATURE_GOOD,
    LP_NOTE_SIGNATURE_BAD,
    LP_NOTE_SIGNATURE_UNCHECKED,
    LP_NOTE_HEADER,
    LP_NOTE_ENCRYPTED,
    LP_NOTE_PARTIAL,
    LP_NOTE_COMMENT,
    LP_NOTE_EMPTY,
    LP_NOTE_SIZE,
    LP_NOTE_NO_VPN_GROUP,
    LP_NOTE_VPN_GROUPS,
    LP_NOTE_NO_CERT_HASH,
    LP_NOTE_FIELDS,
    LP_NOTE_MORE,
    LP_NOTE_CUT,
    LP_NOTE_DAMAGED,
    LP_NOTE_DUPLICATE,
    LP_NOTE_RANGE,
    LP_NOTE_HASH_BASE64,
    LP_NOTE_HASH_HEX_BASE64,
    LP_NOTE_HASH_HEX,
    LP_NOTE_HASH_LENGTH,
    LP_NOTE_HASH_DAMAGED,
    LP_NOTE_HASH_EMPTY,
    LP_NOTE_HASH_PLACEHOLDER,
    LP_NOTE_HASH_OF_NOTHING,
    LP_NOTE_HASH_ALGORITHM,
    LP_NOTE_HASH_ALGORITHM_UNKNOWN,
    LP_NOTE_HASH_NUMBER,
    LP_NOTE_URL_MALFORMED,
    LP_NOTE_URL_SCHEME,
    LP_NOTE_URL_LENGTH,
    LP_NOTE_URL_NUMBER,
    LP_NOTE_URL_NONE,
    LP_NOTE_HOST_ID_CHECK,
    LP_NOTE_HEADEND_MD5,
    LP_NOTE_HEADEND_MD5_BESIDE,
    LP_NOTE_HEADEND_MISSING,
    LP_NOTE_HEADEND_STALE,
    LP_NOTE_HEADEND_ANY,
    LP_NOTE_HEADEND_HASH,
    LP_NOTE_HEADEND_CERTIFICATE,
    LP_NOTE_HEADEND_REFERENCE,
    LP_NOTE_HEADEND_RAW,
    LP_NOTE_HEADEND_ALGORITHM,
    LP_NOTE_HEADEND_NUMBER,
    LP_NOTE_HEADEND_LEFT_OUT,
    LP_NOTE_HEADEND_NO_HASH,
};

enum { LP_MAX_NOTES = 48 };

/* Findings while they are collected. Starts zeroed but for arena and source. */
struct lp_notes {
    struct lp_arena *arena; /* borrowed */
    const char *source;     /* borrowed; printable */
    struct lp_finding findings[LP_MAX_NOTES];
    size_t count, dropped;
    bool no_memory;
};

/* Adds a finding, "source: line N: message", printable whatever is quoted in it. Line 0: no line.
 */
void lp_note(struct lp_notes *notes, enum lp_note note, unsigned long line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives the list to `out`. False: memory is short, now or when one was added. */
bool lp_notes_keep(struct lp_notes *notes, struct lp_config *out);

/* ---- signature.c ---- */

/* Says who signed the file, and whether the signature holds. */
void lp_note_signed(struct lp_notes *notes, const struct lp_signed *file,
                    const struct lp_phone_trust *trust);

#endif
