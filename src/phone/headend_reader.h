/*
 * The reader of headend text, as its two files share it: headend.c knows the commands,
 * headend_value.c takes digests and certificates out of their lines.
 */
#ifndef LP_PHONE_HEADEND_READER_H
#define LP_PHONE_HEADEND_READER_H

#include "phone/headend.h"
#include "phone/terminal.h"
#include "x509/x509.h"

struct lp_headend_reader {
    struct lp_arena *arena; /* borrowed */
    struct lp_headend *out; /* borrowed */
    struct lp_digester *digester;
    unsigned long line;
    bool no_memory;

    const char *chain;      /* of "certificate chain NAME" */
    const char *exported;   /* of "crypto ca export NAME" */
    const char *trustpoint; /* of "Trustpoint NAME:" */
    unsigned long entry;    /* the certificate that "show" output is about */
    bool entry_ca, entry_self_signed;

    bool in_hex, in_pem;
    struct lp_buf bytes; /* owned: digits, or the block, so far */
    unsigned long bytes_line;
    bool hex_ca, hex_self_signed;

    bool in_hash; /* the last item waits for the rest of its value */
    struct lp_buf value;
    enum lp_hash_algorithm labelled;
};

/* A printable copy. NULL: memory is short, and noted. */
const char *lp_headend_keep(struct lp_headend_reader *r, struct lp_rd word);
/* A note for the one who decides (headend_config.c). */
void lp_headend_remark(struct lp_headend_reader *r, enum lp_headend_fault fault, unsigned long line,
                       struct lp_rd about);
/* "sha-1", "MD5:" */
enum lp_hash_algorithm lp_headend_algorithm(struct lp_rd word);

/* These three begin something; false, and nothing done, when the line is none of theirs. */
bool lp_headend_begin_pem(struct lp_headend_reader *r, struct lp_rd line);
bool lp_headend_begin_hex(struct lp_headend_reader *r, const struct lp_words *words);
bool lp_headend_take_fingerprint(struct lp_headend_reader *r, const struct lp_words *words);
/* "VPN Trustpoint 1 trustpoint NAME root HASH" */
void lp_headend_take_shown(struct lp_headend_reader *r, const struct lp_words *words);
/* The line belongs to what an earlier line began. */
bool lp_headend_continue(struct lp_headend_reader *r, struct lp_rd line);
/* The text is at its end. */
void lp_headend_finish(struct lp_headend_reader *r);

#endif
