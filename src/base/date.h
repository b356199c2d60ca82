/* The Gregorian calendar, without locale and time zone. */
#ifndef LP_BASE_DATE_H
#define LP_BASE_DATE_H

#include <stdint.h>

struct lp_date {
    int64_t year;
    unsigned month, day; /* from 1 */
};

/* A day counted from 1970-01-01. */
struct lp_date lp_date_of_day(int64_t day);
int64_t lp_day_of_date(const struct lp_date *date);

#endif
