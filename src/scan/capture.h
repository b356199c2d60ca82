/* The result's making and unmaking, for the files of scan/. */
#ifndef LP_SCAN_CAPTURE_H
#define LP_SCAN_CAPTURE_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* An empty result with an arena of its own and a printable copy of the path. NULL when memory is
 * short. */
struct lp_capture *lp_capture_new(const char *path);

#endif
