#include "lazy/lazy.h"

#include <zlib.h>

static const char SONAME[] = LP_ZLIB_SONAME;

LP_LAZY(int, inflate, (z_streamp stream, int flush), stream, flush)
LP_LAZY(int, inflateEnd, (z_streamp stream), stream)
LP_LAZY(int, inflateInit_, (z_streamp stream, const char *version, int size), stream, version, size)
LP_LAZY(int, inflateInit2_, (z_streamp stream, int window, const char *version, int size), stream,
        window, version, size)
LP_LAZY(int, inflateReset, (z_streamp stream), stream)
LP_LAZY(const char *, zlibVersion, (void), )
