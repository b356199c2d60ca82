#include "tls/tls.h"

#include <brotli/decode.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

void lp_zlib_version(const char **compiled, const char **running)
{
    *compiled = ZLIB_VERSION;
    *running = zlibVersion();
}

/* The library knows its version as a number only: 8, 12 and 12 bits. The text is the thread's. */
void lp_brotli_version(const char **compiled, const char **running)
{
    static _Thread_local char text[sizeof "255.4095.4095"];
    uint32_t version = BrotliDecoderVersion();

    (void)snprintf(text, sizeof text, "%u.%u.%u", (unsigned)(version >> 24 & 0xff),
                   (unsigned)(version >> 12 & 0xfff), (unsigned)(version & 0xfff));
    *compiled = LP_BROTLI_VERSION;
    *running = text;
}

void lp_zstd_version(const char **compiled, const char **running)
{
    *compiled = ZSTD_VERSION_STRING;
    *running = ZSTD_versionString();
}
