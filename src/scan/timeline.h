/*
 * What each phone did, in order: the files that it fetched, the connections that it tried in vain,
 * its handshakes.
 */
#ifndef LP_SCAN_TIMELINE_H
#define LP_SCAN_TIMELINE_H

#include "phone/clients.h"

/* Fills capture->time_lines, once the verdicts are known. False: memory is short. */
bool lp_time_lines_draw(struct lp_capture *capture, const struct lp_clients *clients);

#endif
