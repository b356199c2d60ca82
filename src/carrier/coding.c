#include "carrier/coding.h"

#include "carrier/file.h"

#define ZLIB_CONST /* next_in is read only */
#include <zlib.h>

enum { EITHER = 15 + 32, RAW = -15 }; /* windows of 32 KiB; +32: the header tells zlib from gzip */

static bool unpack_as(int window, struct lp_rd packed, struct lp_buf *out, bool *whole)
{
    z_stream stream = {.next_in = packed.ptr, .avail_in = (uInt)packed.left};
    uint8_t room[16 * 1024];
    int status = Z_OK;
    bool ok = true;

    if (inflateInit2(&stream, window) != Z_OK)
        return false;
    while (ok && status == Z_OK && out->len < LP_FETCHED_MOST) {
        size_t left = LP_FETCHED_MOST - out->len;
        uInt n = (uInt)(left < sizeof room ? left : sizeof room);
        stream.next_out = room;
        stream.avail_out = n;
        status = inflate(&stream, Z_NO_FLUSH); /* Z_BUF_ERROR: the input is at its end */
        ok = lp_buf_append(out, room, n - stream.avail_out) == LP_GROW_OK;
    }
    *whole = status == Z_STREAM_END && stream.avail_in == 0;
    (void)inflateEnd(&stream);
    return ok;
}

bool lp_coding_unpack(struct lp_rd packed, struct lp_buf *out, bool *whole)
{
    *whole = false;
    if (packed.left > LP_FETCHED_MOST)
        return true;
    if (!unpack_as(EITHER, packed, out, whole))
        return false;
    return out->len > 0 || *whole || unpack_as(RAW, packed, out, whole);
}
