#include "report/spool.h"

#include "base/rd.h"

#include <errno.h>
#include <unistd.h>

enum {
    STRIDE = 64,          /* pieces between two whose start is known */
    IN_MEMORY = 1 << 20,  /* bytes that need no file */
    AT_ONCE = 256 * 1024, /* bytes that go into the file together */
};

static bool fail(struct lp_spool *spool, int error)
{
    if (!spool->error)
        spool->error = error;
    return false;
}

/* Moves what is in memory to the end of the file. */
static bool file_away(struct lp_spool *spool)
{
    struct lp_rd rest = lp_rd_init(spool->bytes.bytes, spool->bytes.len);

    if (!spool->fd) {
        spool->fd = lp_out_nameless();
        if (spool->fd < 0) {
            spool->fd = 0;
            return fail(spool, errno);
        }
    }
    while (!lp_rd_end(&rest)) {
        ssize_t n = pwrite(spool->fd, rest.ptr, rest.left, (off_t)spool->filed);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !lp_rd_skip(&rest, (size_t)n))
            return fail(spool, n < 0 ? errno : EIO);
        spool->filed += (uint64_t)n;
    }
    spool->bytes.len = 0;
    return true;
}

bool lp_spool_add(struct lp_spool *spool, const void *bytes, size_t n)
{
    size_t i = spool->count;

    if (spool->error)
        return false;
    if (n > UINT32_MAX ||
        !lp_grow_array(&spool->lengths, &spool->length_cap, i + 1, sizeof *spool->lengths) ||
        !lp_grow_array(&spool->starts, &spool->start_cap, i / STRIDE + 1, sizeof *spool->starts) ||
        lp_buf_append(&spool->bytes, bytes, n) != LP_GROW_OK)
        return fail(spool, ENOMEM);
    if (i % STRIDE == 0)
        spool->starts[i / STRIDE] = spool->filed + spool->bytes.len - n;
    spool->lengths[i] = (uint32_t)n;
    spool->count++;
    if (spool->bytes.len < (spool->fd ? AT_ONCE : IN_MEMORY))
        return true;
    return file_away(spool);
}

/* Bytes of the file. */
static bool read_back(const struct lp_spool *spool, uint64_t at, uint8_t *out, size_t n)
{
    while (n) {
        ssize_t got = pread(spool->fd, out, n, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        out += got;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

void lp_spool_get(struct lp_spool *spool, size_t i, struct lp_out *out)
{
    if (spool->error || i >= spool->count) {
        out->error = out->error ? out->error : spool->error ? spool->error : EINVAL;
        return;
    }
    uint64_t at = spool->starts[i / STRIDE];
    for (size_t k = i / STRIDE * STRIDE; k < i; k++)
        at += spool->lengths[k];
    size_t n = spool->lengths[i];
    /* A piece is never parted: what is filed away ends with a whole one. */
    if (at >= spool->filed) {
        lp_out_bytes(out, spool->bytes.bytes + (at - spool->filed), n);
        return;
    }
    if (out->error || lp_buf_reserve(&out->buf, n) != LP_GROW_OK) {
        out->error = out->error ? out->error : ENOMEM;
        return;
    }
    if (!read_back(spool, at, out->buf.bytes + out->buf.len, n))
        out->error = errno;
    else
        out->buf.len += n;
}

void lp_spool_free(struct lp_spool *spool)
{
    if (spool->fd)
        close(spool->fd);
    lp_buf_free(&spool->bytes);
    lp_free(spool->lengths);
    lp_free(spool->starts);
    *spool = (struct lp_spool){0};
}
