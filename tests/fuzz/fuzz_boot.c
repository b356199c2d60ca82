/* Boot files: the input is either the two directions of an HTTP connection, or a script of TFTP
 * datagrams. */
#include "carrier/http.h"
#include "carrier/tftp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_file(void *ctx, const struct lp_fetched *file)
{
    (void)ctx;
    if (file->bytes.left == 0 || file->bytes.left > LP_FETCHED_MOST ||
        !lp_fetched_wanted(file->name))
        abort();
}

static void packet(const void *ctx, uint64_t n, uint64_t *frame, struct lp_time *time)
{
    if (n > *(const size_t *)ctx)
        abort();
    *frame = n;
    *time = (struct lp_time){0};
}

static void http(struct lp_rd input)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_rd requests;

    if (!lp_rd_vec(&input, 2, &requests))
        return;
    struct lp_http both = {requests, input, true, {.port = 1}, {.port = 2}, packet, &input.left};
    (void)lp_http_wanted(requests);
    lp_http_files(&both, &budget, on_file, NULL);
    if (budget.used)
        abort();
}

static void tftp(struct lp_rd input)
{
    struct lp_budget budget = {.limit = 1 << 20};
    struct lp_tftp *transfers = lp_tftp_new(&budget, on_file, NULL);
    struct lp_rd payload;
    uint8_t up;

    while (transfers && lp_rd_u8(&input, &up) && lp_rd_vec(&input, 2, &payload)) {
        struct lp_datagram d = {
            .protocol = 17, .announced = (uint32_t)payload.left, .bytes = payload};
        d.src = (struct lp_ip){4, {192, 0, 2, up & 1 ? 1 : 2}};
        d.dst = (struct lp_ip){4, {192, 0, 2, up & 1 ? 2 : 1}};
        lp_tftp_push(transfers, &d);
    }
    lp_tftp_flush(transfers);
    lp_tftp_free(transfers);
    if (budget.used)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lp_rd input = lp_rd_init(data, size);
    uint8_t which;

    if (lp_rd_u8(&input, &which))
        (which & 1 ? tftp : http)(input);
    return 0;
}
