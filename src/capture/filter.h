/* Filters in libpcap's language, for packets of any link type: the same expression is another
 * program for each. */
#ifndef LP_CAPTURE_FILTER_H
#define LP_CAPTURE_FILTER_H

#include "capture/source.h"

struct lp_filter;

/* NULL when memory is short. The expression is copied. */
struct lp_filter *lp_filter_new(const char *expression);
void lp_filter_free(struct lp_filter *filter); /* NULL is fine */

/* Makes it ready for a link type. LP_ERR_USAGE: not a filter for it; error->text says why. */
enum lp_status lp_filter_prepare(struct lp_filter *filter, int link_type, struct lp_error *error);

/* Whether the packet matches. Its link type is prepared if need be. */
enum lp_status lp_filter_match(struct lp_filter *filter, const struct lp_packet *packet,
                               bool *match, struct lp_error *error);

#endif
