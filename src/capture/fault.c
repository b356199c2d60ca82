#include "capture/reader.h"

#include <stdarg.h>
#include <stdio.h>

enum lp_read lp_fault_broken(struct lp_fault *fault, uint64_t at, const char *format, ...)
{
    va_list args;

    fault->what = LP_READ_BROKEN;
    fault->at = at;
    va_start(args, format);
    vsnprintf(fault->rule, sizeof fault->rule, format, args);
    va_end(args);
    return fault->what;
}

enum lp_read lp_fault_short(struct lp_fault *fault, const struct lp_stream *stream,
                            const char *format, ...)
{
    va_list args;

    fault->at = stream->total;
    switch (stream->state) {
    case LP_STREAM_OPEN:
    case LP_STREAM_END:
        fault->what = LP_READ_CUT;
        va_start(args, format);
        vsnprintf(fault->rule, sizeof fault->rule, format, args);
        va_end(args);
        return fault->what;
    case LP_STREAM_CUT:
        fault->what = LP_READ_CUT;
        break;
    case LP_STREAM_BROKEN:
        fault->what = LP_READ_BROKEN;
        break;
    case LP_STREAM_MEMORY:
        fault->what = LP_READ_MEMORY;
        break;
    }
    snprintf(fault->rule, sizeof fault->rule, "%s", stream->why);
    return fault->what;
}

enum lp_read lp_fault_between(struct lp_fault *fault, const struct lp_stream *stream,
                              const char *what)
{
    if (stream->state == LP_STREAM_END && lp_rd_end(&stream->ready)) {
        fault->what = LP_READ_END;
        return fault->what;
    }
    return lp_fault_short(fault, stream, "only %zu bytes of %s are there", stream->ready.left,
                          what);
}
