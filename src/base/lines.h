/*
 * A file read line by line, in bounded memory.
 *
 * Lines end in a newline; the last one may lack it. A line longer than LP_LINE_MOST is passed over
 * without being kept: it costs time, not memory.
 */
#ifndef LP_BASE_LINES_H
#define LP_BASE_LINES_H

#include "base/mem.h"
#include "base/rd.h"

#include <stdio.h>

enum { LP_LINE_MOST = 16 * 1024 * 1024 };

enum lp_line {
    LP_LINE_END = 0,
    LP_LINE_WHOLE,
    LP_LINE_TOO_LONG,
    LP_LINE_FAILED, /* lines->error is the errno of it */
};

struct lp_lines {
    FILE *file; /* borrowed */
    int error;
    uint64_t number;   /* of the line last returned, from 1 */
    struct lp_buf buf; /* owned: what was read and not yet given out */
    size_t used;       /* of buf: given out */
    bool ended;        /* nothing more comes from the file */
};

/* The next line without its newline; valid until the next call. */
enum lp_line lp_lines_next(struct lp_lines *lines, struct lp_rd *line);
void lp_lines_free(struct lp_lines *lines);

#endif
