/* Dates of certificates, without the C library's time zones: those are global state. */
#include "base/date.h"
#include "x509/der.h"

static bool digits(struct lp_rd *rd, unsigned *out)
{
    struct lp_rd copy = *rd;
    uint8_t tens, ones;

    if (!lp_rd_u8(&copy, &tens) || !lp_rd_u8(&copy, &ones) || tens < '0' || tens > '9' ||
        ones < '0' || ones > '9')
        return false;
    *out = (unsigned)(tens - '0') * 10 + (unsigned)(ones - '0');
    *rd = copy;
    return true;
}

static void skip_fraction(struct lp_rd *rd)
{
    struct lp_rd copy = *rd;
    uint8_t c;

    if (!lp_rd_u8(&copy, &c) || (c != '.' && c != ','))
        return;
    do
        *rd = copy;
    while (lp_rd_u8(&copy, &c) && c >= '0' && c <= '9');
}

/* "Z", "+hhmm" or "-hhmm": seconds that local time is ahead of UTC. */
static bool read_zone(struct lp_rd *rd, int64_t *ahead)
{
    uint8_t sign;
    unsigned hours = 0, minutes = 0;

    if (!lp_rd_u8(rd, &sign))
        return false;
    if (sign == 'Z') {
        *ahead = 0;
        return true;
    }
    if ((sign != '+' && sign != '-') || !digits(rd, &hours) || !digits(rd, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *ahead = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    if (sign == '-')
        *ahead = -*ahead;
    return true;
}

static bool leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

static bool read_year(struct lp_rd *rd, uint8_t tag, unsigned *year)
{
    unsigned century = 0, rest = 0;

    if (tag == LP_DER_GENERALIZED_TIME) {
        if (!digits(rd, &century) || !digits(rd, &rest))
            return false;
        *year = century * 100 + rest;
        return true;
    }
    if (tag != LP_DER_UTC_TIME || !digits(rd, &rest))
        return false;
    *year = rest + (rest < 50 ? 2000 : 1900); /* RFC 5280 4.1.2.5.1 */
    return true;
}

bool lp_der_time(const struct lp_tlv *tlv, struct lp_time *out)
{
    struct lp_rd rd = tlv->body;
    unsigned year, month, day, hour, minute, second = 0;
    int64_t ahead;

    if (!read_year(&rd, tlv->tag, &year) || !digits(&rd, &month) || !digits(&rd, &day) ||
        !digits(&rd, &hour) || !digits(&rd, &minute))
        return false;
    if (!digits(&rd, &second))
        second = 0; /* what stands there instead must be a zone */
    if (tlv->tag == LP_DER_GENERALIZED_TIME)
        skip_fraction(&rd);
    if (!read_zone(&rd, &ahead) || !lp_rd_end(&rd))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    const struct lp_date date = {year, month, day};
    out->sec = lp_day_of_date(&date) * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 +
               second - ahead;
    out->nsec = 0;
    return true;
}
