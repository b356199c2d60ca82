/* Any bytes as a CompressedCertificate: what unpacks has the announced length. */
#include "tls/handshake.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_buf out = {.budget = &budget};
    struct lp_rd body = lp_rd_init(bytes, n), announced = body;
    const char *problem = NULL;
    uint32_t length = 0;

    enum lp_tls_want want = lp_decompress(body, &out, &problem);
    bool unpacked = want == LP_TLS_MORE && !problem;
    if (unpacked &&
        (!lp_rd_skip(&announced, 2) || !lp_rd_u24(&announced, &length) || out.len != length))
        abort();
    lp_buf_free(&out);
    return budget.used != 0;
}
