/*
 * CompressedCertificate (RFC 8879). The announced length is the limit: what unpacks to more, or to
 * less, is refused, and it is a 24-bit number, so that nothing unpacks to more than 16 MiB.
 */
#include "tls/handshake.h"

#define ZLIB_CONST /* next_in is read only */
#include <brotli/decode.h>
#include <limits.h>
#include <zlib.h>
#include <zstd.h>

enum { ZLIB = 1, BROTLI = 2, ZSTD = 3 }; /* RFC 8879 7.3 */

/* zlib writes through the structure, which the linter does not follow. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static bool unpack_zlib(struct lp_rd in, uint8_t *out, size_t n)
{
    z_stream stream = {
        .next_in = in.ptr, .avail_in = (uInt)in.left, .next_out = out, .avail_out = (uInt)n};

    if (inflateInit(&stream) != Z_OK)
        return false;
    bool whole =
        inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
    (void)inflateEnd(&stream);
    return whole;
}

static bool unpack(uint16_t algorithm, struct lp_rd in, uint8_t *out, size_t n)
{
    size_t made = n;

    if (algorithm == ZLIB)
        return unpack_zlib(in, out, n);
    if (algorithm == BROTLI)
        return BrotliDecoderDecompress(in.left, in.ptr, &made, out) ==
                   BROTLI_DECODER_RESULT_SUCCESS &&
               made == n;
    return ZSTD_decompress(out, n, in.ptr, in.left) == n;
}

enum lp_tls_want lp_decompress(struct lp_rd body, struct lp_buf *out, const char **problem)
{
    struct lp_rd packed;
    uint16_t algorithm;
    uint32_t length;

    *problem = "CompressedCertificate (RFC 8879 4): a field exceeds the message";
    if (!lp_rd_u16(&body, &algorithm) || !lp_rd_u24(&body, &length) ||
        !lp_rd_vec(&body, 3, &packed) || !lp_rd_end(&body))
        return LP_TLS_MORE;
    *problem = "CompressedCertificate (RFC 8879 7.3): an algorithm that is not known";
    if (algorithm < ZLIB || algorithm > ZSTD)
        return LP_TLS_MORE;
    *problem = NULL;
    if (lp_buf_reserve(out, length + 1) != LP_GROW_OK) /* never a NULL to write to */
        return LP_TLS_ROOM;
    out->len = length;
    if (!unpack(algorithm, packed, out->bytes, length))
        *problem = "CompressedCertificate (RFC 8879 4): does not unpack to the announced length";
    return LP_TLS_MORE;
}
