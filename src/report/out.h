/*
 * Where a report goes.
 *
 * What is written gathers in a buffer and leaves in one write(2) when the caller flushes: after
 * each capture, so that a reader at the other end of a pipe sees whole lines and whole blocks. The
 * first failure is kept and makes everything after it a no-op; the caller asks once, at the flush.
 */
#ifndef LP_REPORT_OUT_H
#define LP_REPORT_OUT_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

struct lp_out {
    struct lp_buf buf; /* owned */
    int fd;            /* borrowed */
    int error;         /* errno of the first failure, ENOMEM when memory was short; 0: none */
};

/* Room for n more bytes at once, so that a field asks but once: the caller fills it from its start
 * and says by lp_out_filled where it ended. NULL: the output has failed. */
char *lp_out_grow(struct lp_out *out, size_t n);
static inline char *lp_out_room(struct lp_out *out, size_t n)
{
    if (out->error || out->buf.cap - out->buf.len < n)
        return lp_out_grow(out, n);
    return (char *)out->buf.bytes + out->buf.len;
}
static inline void lp_out_filled(struct lp_out *out, const char *end)
{
    out->buf.len = (size_t)(end - (const char *)out->buf.bytes);
}

void lp_out_bytes(struct lp_out *out, const void *bytes, size_t n);
void lp_out_text(struct lp_out *out, const char *text); /* as it is; NULL writes nothing */
void lp_out_char(struct lp_out *out, char c);
void lp_out_spaces(struct lp_out *out, size_t n);
void lp_out_number(struct lp_out *out, uint64_t value);
void lp_out_hex(struct lp_out *out, const uint8_t *bytes, size_t n);
void lp_out_base64(struct lp_out *out, const uint8_t *bytes, size_t n);

/* A text that nobody made printable yet, such as a name from the command line: offending bytes
 * become \xNN, what is printable stays. */
void lp_out_clean(struct lp_out *out, const char *text);

/* A certificate as RFC 7468 prints it: Base64 in lines of 64 between the two BEGIN/END lines. */
void lp_out_pem(struct lp_out *out, const uint8_t *der, size_t n);

/* The decimal digits of a number, written from `at` on: behind the last. */
enum { LP_NUMBER_SIZE = 20 }; /* 2^64 - 1 has 20 digits */
char *lp_number_digits(char *at, uint64_t value);

/* UTC by our own arithmetic: neither locale nor time zone can touch it. */
enum lp_time_form {
    LP_TIME_NANO,    /* 2026-11-24T05:39:56.123456789Z */
    LP_TIME_SECONDS, /* 2026-11-24T05:39:56Z */
    LP_TIME_PEOPLE,  /* 2026-11-24 05:39:56 */
    LP_TIME_DAY,     /* 2026-11-24 */
};
/* False: the year has no four digits (RFC 3339 5.6), as in a capture whose clock is garbage. */
bool lp_time_printable(const struct lp_time *time);
/* What lp_out_time writes, of a printable time, written from `at` on: behind the last. */
enum { LP_TIME_SIZE = sizeof "2026-11-24T05:39:56.123456789Z" - 1 };
char *lp_time_text(char *at, const struct lp_time *time, enum lp_time_form form);
/* False, and nothing written, when the time is not printable. */
bool lp_out_time(struct lp_out *out, const struct lp_time *time, enum lp_time_form form);

/* A new file without a name, in TMPDIR or /tmp: it is gone with the process, however that ends. -1:
 * errno says why there is none. */
int lp_out_nameless(void);

/* Hands everything to the descriptor and empties the buffer. False: out->error says why. */
bool lp_out_flush(struct lp_out *out);
void lp_out_free(struct lp_out *out);

#endif
