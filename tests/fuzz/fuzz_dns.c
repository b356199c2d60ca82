/* Answers of name servers: the input is the bytes of a TCP stream, and its rest a message of UDP.
 */
#include "carrier/dns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void host_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

    if (n == 0 || name[n] != '\0' || n > 255)
        abort();
}

static void on_record(void *ctx, const struct lp_dns_record *record)
{
    unsigned *calls = ctx;

    ++*calls;
    host_name(record->name);
    if (record->alias)
        host_name(record->alias);
    if (record->ip.family != 4 && record->ip.family != 6 && (record->ip.family || !record->alias))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lp_rd stream = lp_rd_init(data, size), message;
    unsigned calls = 0;

    while (lp_dns_next(&stream, &message) == LP_DNS_MESSAGE)
        (void)lp_dns_read(message, on_record, &calls);
    calls = 0;
    if (!lp_dns_read(stream, on_record, &calls) && calls)
        abort();
    return 0;
}
