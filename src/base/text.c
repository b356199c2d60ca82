#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

/* The length of the well-formed UTF-8 sequence at the start (RFC 3629 4), its code point in *code;
 * 0 when there is none. */
static size_t utf8_sequence(const uint8_t *p, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xe0) == 0xc0 ? 2
                 : (p[0] & 0xf0) == 0xe0 ? 3
                 : (p[0] & 0xf8) == 0xf0 ? 4
                                         : 0;

    if (len == 0 || len > n)
        return 0;
    *code = len == 1 ? p[0] : p[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return len;
}

static bool printable(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    if (code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
        (code >= 0x2066 && code <= 0x2069))
        return false; /* separators and bidirectional controls: they reorder what the reader sees */
    return code != 0xfeff && code != 0xfffe && code != 0xffff;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Sixteen bytes that are looked at together: gcc and clang have one instruction for each step where
 * the processor has it. */
typedef uint8_t block __attribute__((vector_size(16)));
typedef int8_t verdict __attribute__((vector_size(16))); /* of a comparison: 0 or -1 for each */

static inline bool all_plain(block bytes)
{
    static const uint8_t first = 0x20, count = 0x7f - 0x20, quote = '"', backslash = '\\';
    uint64_t refused[2];
    verdict each = (bytes - first >= count) | (bytes == quote) | (bytes == backslash);

    memcpy(refused, &each, sizeof refused);
    return (refused[0] | refused[1]) == 0;
}

/* Copies n bytes, at least 8 and at most 16, as two words that may overlap; whether all are plain.
 */
static inline bool copy_words(char *out, const uint8_t *p, size_t n)
{
    uint64_t words[2];
    block bytes;

    memcpy(&words[0], p, sizeof *words);
    memcpy(&words[1], p + n - sizeof *words, sizeof *words);
    memcpy(out, &words[0], sizeof *words);
    memcpy(out + n - sizeof *words, &words[1], sizeof *words);
    memcpy(&bytes, words, sizeof bytes);
    return all_plain(bytes);
}

/* The same for 4 to 8 bytes. */
static inline bool copy_half_words(char *out, const uint8_t *p, size_t n)
{
    uint32_t first, last;
    block bytes;

    memcpy(&first, p, sizeof first);
    memcpy(&last, p + n - sizeof last, sizeof last);
    memcpy(out, &first, sizeof first);
    memcpy(out + n - sizeof last, &last, sizeof last);
    memcpy(&bytes, (const uint32_t[]){first, last, first, last}, sizeof bytes);
    return all_plain(bytes);
}

size_t lp_text_copy_plain(char *out, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t i = 0;

    while (n - i >= sizeof(block) && copy_words(out + i, p + i, sizeof(block)))
        i += sizeof(block);
    size_t rest = n - i;
    if (rest >= sizeof(uint64_t) && rest < sizeof(block) && copy_words(out + i, p + i, rest))
        return n;
    if (rest >= sizeof(uint32_t) && rest < sizeof(uint64_t) &&
        copy_half_words(out + i, p + i, rest))
        return n;
    for (; i < n && is_plain(p[i]); i++)
        out[i] = (char)p[i];
    return i;
}

/* How many bytes from the start stay as they are. */
static size_t clean_prefix(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint32_t code = 0;
        if (is_plain(p[i])) {
            i++;
            continue;
        }
        size_t len = utf8_sequence(p + i, n - i, &code);
        if (len == 0 || !printable(code))
            break;
        i += len;
    }
    return i;
}

char *lp_text_clean(struct lp_arena *arena, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    char *out = lp_arena_alloc(arena, n + 1);
    size_t used = out ? lp_text_copy_plain(out, p, n) : 0, room;

    if (!out || used == n)
        return out;
    used += clean_prefix(p + used, n - used);
    /* The rest may need four characters for each byte. */
    if (__builtin_mul_overflow(n - used, (size_t)4, &room) ||
        __builtin_add_overflow(room, used + 1, &room))
        return NULL;
    if (used < n && !(out = lp_arena_alloc(arena, room)))
        return NULL;
    memcpy(out, p, used);
    for (size_t i = used; i < n;) {
        size_t plain = clean_prefix(p + i, n - i);
        memcpy(out + used, p + i, plain);
        used += plain;
        i += plain;
        if (i == n)
            break;
        uint32_t code = 0;
        size_t bad = utf8_sequence(p + i, n - i, &code);
        for (size_t end = i + (bad ? bad : 1); i < end; i++) {
            out[used++] = '\\';
            out[used++] = 'x';
            out[used++] = hex_digits[p[i] >> 4];
            out[used++] = hex_digits[p[i] & 15];
        }
    }
    out[used] = '\0';
    return out;
}

static bool ascii_word(const uint8_t *p, size_t n)
{
    uint64_t word;

    if (n < sizeof word)
        return false;
    memcpy(&word, p, sizeof word);
    return (word & 0x8080808080808080) == 0;
}

bool lp_text_is_utf8(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint32_t code;

    for (size_t len; n > 0; p += len, n -= len) {
        len = ascii_word(p, n) ? sizeof(uint64_t) : utf8_sequence(p, n, &code);
        if (len == 0)
            return false;
    }
    return true;
}

size_t lp_text_cut(const void *bytes, size_t n, size_t most)
{
    enum { TAIL_MOST = 3 }; /* continuation bytes in a row; more belong to no sequence */
    const uint8_t *p = bytes;
    size_t cut = most, back = 0;

    if (n <= most)
        return n;
    while (cut > 0 && back < TAIL_MOST && (p[cut] & 0xc0) == 0x80) {
        cut--;
        back++;
    }
    return (p[cut] & 0xc0) == 0x80 ? most : cut;
}

void lp_hex_text(const uint8_t *bytes, size_t n, char *out)
{
#define ROW(d)                                                                                     \
    d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9" d "a" d "b" d "c" d "d" d "e" d "f"
    static const char pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
        ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
#undef ROW

    for (size_t i = 0; i < n; i++)
        memcpy(out + 2 * i, pairs + 2 * (size_t)bytes[i], 2);
    out[2 * n] = '\0';
}

void lp_base64_text(const uint8_t *bytes, size_t n, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (have > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (have > 2)
            group |= bytes[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = have > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = have > 2 ? alphabet[group & 63] : '=';
    }
    *out = '\0';
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long lp_base64_decode(const char *text, size_t n, uint8_t *out, size_t size)
{
    size_t used = 0, padding = 0;

    if (n % 4 != 0)
        return -1;
    while (padding < 2 && padding < n && text[n - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < n; i += 4) {
        uint32_t group = 0;
        size_t digits = i + 4 == n ? 4 - padding : 4;
        for (size_t k = 0; k < 4; k++) {
            int value = k < digits ? base64_value(text[i + k]) : 0;
            if (value < 0)
                return -1;
            group = group << 6 | (uint32_t)value;
        }
        if ((digits == 2 && (group & 0xffff)) || (digits == 3 && (group & 0xff)))
            return -1; /* RFC 4648 3.5: bits that no byte holds must be zero */
        for (size_t k = 0; k + 1 < digits; k++) {
            if (used == size)
                return -1;
            out[used++] = (uint8_t)(group >> (16 - 8 * k));
        }
    }
    return (long)used;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

long lp_hex_decode(const char *text, size_t n, bool separators, uint8_t *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < n;) {
        if (separators && used && (text[i] == ':' || text[i] == ' ' || text[i] == '-') &&
            i + 1 < n) {
            i++;
            continue;
        }
        int high = hex_value(text[i]);
        int low = i + 1 < n ? hex_value(text[i + 1]) : -1;
        if (high < 0 || low < 0 || used == size)
            return -1;
        out[used++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    return (long)used;
}

void lp_error_set(struct lp_error *error, const char *format, ...)
{
    if (!error)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
}
