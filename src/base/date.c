/*
 * How it works: years are taken to begin in March, so that the leap day is the last of its year;
 * five months from March on always have 153 days, and 400 years always 146,097. Both ways are then
 * plain arithmetic.
 */
#include "base/date.h"

enum { ERA_YEARS = 400, ERA_DAYS = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

struct lp_date lp_date_of_day(int64_t day)
{
    int64_t shifted = day + DAYS_TO_1970;
    int64_t era = (shifted >= 0 ? shifted : shifted - (ERA_DAYS - 1)) / ERA_DAYS;
    unsigned of_era = (unsigned)(shifted - era * ERA_DAYS);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned from_march = (5 * of_year + 2) / 153;

    return (struct lp_date){.year = (int64_t)year + era * ERA_YEARS + (from_march >= 10),
                            .month = from_march < 10 ? from_march + 3 : from_march - 9,
                            .day = of_year - (153 * from_march + 2) / 5 + 1};
}

int64_t lp_day_of_date(const struct lp_date *date)
{
    int64_t year = date->year - (date->month <= 2);
    int64_t era = (year >= 0 ? year : year - (ERA_YEARS - 1)) / ERA_YEARS;
    int64_t of_era = year - era * ERA_YEARS;
    int64_t of_year = (153 * (int64_t)((date->month + 9) % 12) + 2) / 5 + date->day - 1;

    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}
