#include "verdict/words.h"

#include "phone/pairing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void lp_endpoint_text(const struct lp_endpoint *end, char out[static LP_ENDPOINT_SIZE])
{
    char ip[46];

    lp_ip_text(&end->ip, ip, sizeof ip);
    if (ip[0] == '\0')
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

/* The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the
 * leap day is the last of its year, and in eras of 400 years, which all have 146,097 days. */
static void date_of_day(int64_t day, int64_t *year, int64_t *month, int64_t *of_month)
{
    day += 719468; /* from 0000-03-01 */
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t of_era = day - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;

    *of_month = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

void lp_date_text(const struct lp_time *time, char out[static LP_DATE_SIZE])
{
    const int64_t limit = INT64_C(253402300800); /* the year 10000: RFC 3339 has four digits */
    int64_t sec = time->sec, year, month, of_month;

    if (sec < -limit || sec >= limit) {
        snprintf(out, LP_DATE_SIZE, "an impossible date");
        return;
    }
    int64_t of_day = (sec % 86400 + 86400) % 86400;
    date_of_day((sec - of_day) / 86400, &year, &month, &of_month);
    snprintf(out, LP_DATE_SIZE,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
             year, month, of_month, of_day / 3600, of_day / 60 % 60, of_day % 60);
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
