/* Any text as a key log: whatever the pieces in which it comes, the same is kept. */
#include "tls/keylog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct lp_keylog *read_in(struct lp_rd text, size_t piece)
{
    struct lp_keylog *log = lp_keylog_new(1);
    struct lp_rd part;

    if (!log)
        abort();
    while (!lp_rd_end(&text))
        if (!lp_rd_sub(&text, text.left < piece ? text.left : piece, &part) ||
            !lp_keylog_add(log, part))
            abort();
    if (!lp_keylog_end(log))
        abort();
    return log;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_rd text = lp_rd_init(bytes, n);
    struct lp_keylog *whole = read_in(text, n), *pieces = read_in(text, 7);
    const struct lp_keylog_stats *a = lp_keylog_stats(whole), *b = lp_keylog_stats(pieces);
    uint8_t random[LP_CLIENT_RANDOM] = {0};

    if (a->secrets != b->secrets || a->rsa != b->rsa || a->unknown != b->unknown)
        abort();
    for (enum lp_secret what = 0; what < LP_SECRET_COUNT; what++) {
        struct lp_rd secret = lp_keylog_find(whole, random, what);
        if (secret.left != 0 && secret.left != 32 && secret.left != 48)
            abort();
    }
    lp_keylog_free(whole);
    lp_keylog_free(pieces);
    return 0;
}
