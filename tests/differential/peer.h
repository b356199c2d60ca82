/* The facts of a certificate as OpenSSL tells them, in the words of leafprint's. */
#ifndef LP_TESTS_PEER_H
#define LP_TESTS_PEER_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

struct peer {
    struct lp_cert_facts facts; /* what OpenSSL refuses to read is NULL; x509_error is not used */
    const char *refused;        /* the first of what it refuses; NULL: nothing */
};

/* Texts lie in the arena. Aborts when memory is short. */
void peer_read(struct lp_arena *arena, const uint8_t *der, size_t n, struct peer *out);

#endif
