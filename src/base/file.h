/* Small files read whole: configurations and certificates. */
#ifndef LP_BASE_FILE_H
#define LP_BASE_FILE_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* Larger ones are refused. */
enum { LP_FILE_MOST = 16 * 1024 * 1024 };

/* Appends the file ("-": standard input) to the buffer. LP_ERR_IO: error->text has the path and the
 * cause. */
enum lp_status lp_file_read(const char *path, struct lp_buf *out, struct lp_error *error);

#endif
