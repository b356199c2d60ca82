#include "verdict/words.h"

#include "base/date.h"

#include "phone/pairing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void lp_endpoint_text(const struct lp_endpoint *end, char out[static LP_ENDPOINT_SIZE])
{
    char ip[46];

    lp_ip_text(&end->ip, ip, sizeof ip);
    if (ip[0] == '\0' && end->has_mac)
        snprintf(out, LP_ENDPOINT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", end->mac[0], end->mac[1],
                 end->mac[2], end->mac[3], end->mac[4], end->mac[5]);
    else if (ip[0] == '\0')
        snprintf(out, LP_ENDPOINT_SIZE, "an unknown address");
    else
        snprintf(out, LP_ENDPOINT_SIZE, end->ip.family == 6 ? "[%s]:%u" : "%s:%u", ip, end->port);
}

void lp_server_text(const struct lp_comparison *comparison, char out[static LP_SERVER_SIZE])
{
    char address[LP_ENDPOINT_SIZE];

    lp_endpoint_text(&comparison->session->server, address);
    if (comparison->url)
        snprintf(out, LP_SERVER_SIZE, "url%u %s", comparison->url, address);
    else
        snprintf(out, LP_SERVER_SIZE, "%s", address);
}

void lp_date_text(const struct lp_time *time, char out[static LP_DATE_SIZE])
{
    const int64_t limit = INT64_C(253402300800); /* the year 10000: RFC 3339 has four digits */
    int64_t sec = time->sec;

    if (sec < -limit || sec >= limit) {
        snprintf(out, LP_DATE_SIZE, "an impossible date");
        return;
    }
    int64_t of_day = (sec % 86400 + 86400) % 86400;
    struct lp_date date = lp_date_of_day((sec - of_day) / 86400);
    snprintf(out, LP_DATE_SIZE,
             "%04" PRId64 "-%02u-%02uT%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z", date.year,
             date.month, date.day, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

int lp_shown(const char *text)
{
    size_t n = strlen(text);

    if (n <= LP_SHOWN)
        return (int)n;
    for (n = LP_SHOWN; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
        n--;
    return (int)n;
}

const char *lp_subject(const struct lp_cert *cert)
{
    return cert->facts && cert->facts->subject && cert->facts->subject[0] ? cert->facts->subject
                                                                          : "a certificate";
}

const char *lp_hash_label(struct lp_arena *arena, const struct lp_config *config,
                          const struct lp_cert_hash *hash)
{
    const char *source = config->source ? config->source : "the given file";

    if (lp_is_phone_side(config))
        return lp_arena_printf(arena, "certHash%u", hash->n);
    if (strcmp(config->origin, "hash") == 0)
        return "the given hash";
    return lp_arena_printf(arena, "certificate %u of %.*s", hash->n, lp_shown(source), source);
}
