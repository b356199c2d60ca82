/* Distinct certificates, from files and from captures. */
#ifndef LP_TESTS_DIFFERENTIAL_CERTS_H
#define LP_TESTS_DIFFERENTIAL_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cert {
    uint8_t sha256[32];
    uint8_t *der; /* owned */
    size_t n;
};

struct certs {
    struct cert *items; /* owned; after certs_sort by their hashes, each once */
    size_t count, cap;
};

/* Adds what is at or below `path`: files that hold certificates (DER, PEM), and all certificates of
 * captures. False: no such path. */
bool certs_add(struct certs *certs, const char *path);
void certs_sort(struct certs *certs);
void certs_free(struct certs *certs);

#endif
