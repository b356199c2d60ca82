/*
 * What the readers of a certificate's parts share: the facts under construction, the first thing
 * found wrong, and one text in the making.
 *
 * Damage does not end the walk by itself. A field whose content makes no sense is noted and passed
 * over; only where the structure is lost does the walk end.
 */
#ifndef LP_X509_WALK_H
#define LP_X509_WALK_H

#include "base/mem.h"
#include "x509/der.h"

/* No text of a certificate may be longer: the rest is cut off and replaced by "...". */
enum { LP_FACT_TEXT_MAX = 4096, LP_FACT_TEXT_ROOM = LP_FACT_TEXT_MAX + sizeof "..." };

struct lp_cert_walk {
    struct lp_arena *arena;      /* borrowed */
    struct lp_cert_facts *facts; /* borrowed: lies in the arena */
    char *text;                  /* borrowed: LP_FACT_TEXT_ROOM bytes, the text in the making */
    size_t text_len;
    struct lp_rd issuer;    /* borrowed */
    struct lp_rd signature; /* borrowed: the first of the two AlgorithmIdentifiers */
    bool cut;               /* that text had to be shortened */
    bool no_memory;         /* sticks; nothing after it counts */
};

/* Notes what is wrong with a field. The first note stays. */
void lp_walk_note(struct lp_cert_walk *walk, const char *field, const char *what);
/* Notes a fault; false. */
bool lp_walk_fault(struct lp_cert_walk *walk, const char *field, enum lp_der_fault fault);
/* True when fine; else notes the fault. */
LP_MUST_USE static inline bool lp_walk_fine(struct lp_cert_walk *walk, const char *field,
                                            enum lp_der_fault fault)
{
    return fault == LP_DER_FINE || lp_walk_fault(walk, field, fault);
}

/* True when the content is one that the type allows; else notes that it is not. */
bool lp_walk_sound(struct lp_cert_walk *walk, const char *field, uint8_t tag, struct lp_rd body);

/* Adds to the text in the making. */
void lp_walk_put_cut(struct lp_cert_walk *walk, const void *bytes, size_t n); /* more than fits */
static inline void lp_walk_put(struct lp_cert_walk *walk, const void *bytes, size_t n)
{
    if (n > LP_FACT_TEXT_MAX - walk->text_len) {
        lp_walk_put_cut(walk, bytes, n);
        return;
    }
    memcpy(walk->text + walk->text_len, bytes, n);
    walk->text_len += n;
}
static inline void lp_walk_puts(struct lp_cert_walk *walk, const char *text)
{
    lp_walk_put(walk, text, strlen(text));
}
void lp_walk_put_hex(struct lp_cert_walk *walk, struct lp_rd bytes);
/* Ends the text: a printable copy in the arena; NULL when memory was short. */
const char *lp_walk_text(struct lp_cert_walk *walk);
/* A text at one go: a prefix, and bytes that are printable as they are. NULL, with nothing noted,
 * when they are not or are too long, or when memory was short. */
const char *lp_walk_plain_text(struct lp_cert_walk *walk, const char *prefix, size_t prefix_length,
                               struct lp_rd body);

/* Adds a Name's RDNs (the body of its SEQUENCE) to the text. False: damaged, and noted. */
LP_MUST_USE bool lp_walk_name(struct lp_cert_walk *walk, const char *field, struct lp_rd rdns);
/* Body of SubjectPublicKeyInfo -> facts->key. */
void lp_walk_key(struct lp_cert_walk *walk, struct lp_rd spki);
/* DER of a subjectAltName extension -> facts->san. */
void lp_walk_san(struct lp_cert_walk *walk, struct lp_rd value);

#endif
