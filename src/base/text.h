/*
 * Hex, Base64 and printable text.
 *
 * Names from the wire, from files and from the file system are hostile. lp_text_clean is the one
 * place where they become printable: well-formed UTF-8 stays, everything that could steer a
 * terminal or hide in a line becomes \xNN.
 */
#ifndef LP_BASE_TEXT_H
#define LP_BASE_TEXT_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

/* A copy in the arena with every control character (C0, DEL, C1), line and paragraph separator,
 * bidirectional control and each byte that is no part of well-formed UTF-8 (RFC 3629) written as
 * \xNN. NULL when memory is short. */
char *lp_text_clean(struct lp_arena *arena, const void *bytes, size_t n);

/* Whether all of it is well-formed UTF-8 (RFC 3629 4). */
bool lp_text_is_utf8(const void *bytes, size_t n);

/* Copies what stands before the first byte that is no printable ASCII, or '"' or '\\': all of
 * nearly every text. How many bytes that is; `out` has room for n, and what lies behind is
 * undefined. */
size_t lp_text_copy_plain(char *out, const void *bytes, size_t n);

/* The most bytes, up to `most`, after which the text can be cut without parting a UTF-8 sequence.
 */
size_t lp_text_cut(const void *bytes, size_t n, size_t most);

/* Base64 (RFC 4648 4) without white space, padding required: the decoded length, or -1 when the
 * text is not Base64 or exceeds `size`. */
long lp_base64_decode(const char *text, size_t n, uint8_t *out, size_t size);

/* Hex digits, either case; with `separators`, ':' ' ' or '-' may stand between bytes. The decoded
 * length, or -1. */
long lp_hex_decode(const char *text, size_t n, bool separators, uint8_t *out, size_t size);

/* Reads "192.0.2.1" or "2001:db8::1" (n bytes, no brackets, no zone). */
bool lp_ip_parse(const char *text, size_t n, struct lp_ip *out);
bool lp_ip_equal(const struct lp_ip *a, const struct lp_ip *b);

void lp_error_set(struct lp_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
