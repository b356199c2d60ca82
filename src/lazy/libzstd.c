#include "lazy/lazy.h"

#include <zstd.h>

static const char SONAME[] = LP_ZSTD_SONAME;

LP_LAZY(size_t, ZSTD_decompress, (void *out, size_t size, const void *packed, size_t packed_size),
        out, size, packed, packed_size)
LP_LAZY(const char *, ZSTD_versionString, (void), )
