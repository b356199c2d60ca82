/* Any bytes as a certificate, and as a file of certificates. */
#include "x509/x509.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Nothing is handed on that could be hashed as a certificate without being one. */
static bool look(void *ctx, const uint8_t *der, size_t n)
{
    struct lp_arena *arena = ctx;
    struct lp_buf pem = {0};

    if (n < 4 || !lp_x509_facts(arena, der, n) || !lp_pem_text(&pem, der, n))
        abort();
    lp_buf_free(&pem);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_arena *arena = lp_arena_new();
    if (!arena)
        return 0;
    const struct lp_cert_facts *facts = lp_x509_facts(arena, bytes, n);
    if (!facts || (n == 0 && !facts->x509_error))
        abort();
    lp_x509_each(bytes, n, look, arena);
    lp_arena_free(arena);
    return 0;
}
