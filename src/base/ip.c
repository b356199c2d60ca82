/* Addresses as text: RFC 5952 out, RFC 4291 2.2 and dotted quads in. Written here so that the core
 * needs no socket library. */
#include "base/text.h"

#include <string.h>

bool lp_ip_equal(const struct lp_ip *a, const struct lp_ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

static unsigned group_of(const struct lp_ip *ip, unsigned i)
{
    size_t at = (size_t)i * 2;
    return (unsigned)ip->bytes[at] << 8 | ip->bytes[at + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2). */
static void longest_zero_run(const struct lp_ip *ip, unsigned *start, unsigned *length)
{
    *start = 8;
    *length = 1;
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && group_of(ip, i + n) == 0)
            n++;
        if (n > *length) {
            *start = i;
            *length = n;
        }
        i += n;
    }
}

enum { IP_TEXT = 46 }; /* room that suffices for every address */

static char *ipv4_text(const uint8_t *bytes, char *at)
{
    for (size_t i = 0; i < 4; i++) {
        unsigned value = bytes[i];
        if (i)
            *at++ = '.';
        if (value >= 100)
            *at++ = (char)('0' + value / 100);
        if (value >= 10)
            *at++ = (char)('0' + value / 10 % 10);
        *at++ = (char)('0' + value % 10);
    }
    return at;
}

static char *group_text(unsigned group, char *at)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shift = 12;

    while (shift && !(group >> shift))
        shift -= 4;
    for (;; shift -= 4) {
        *at++ = digits[group >> shift & 15];
        if (!shift)
            return at;
    }
}

static char *ipv6_text(const struct lp_ip *ip, char *at)
{
    unsigned zeros, zero_count, i = 0;

    longest_zero_run(ip, &zeros, &zero_count);
    while (i < 8) {
        if (i == zeros) {
            *at++ = ':';
            *at++ = ':';
            i += zero_count;
            continue;
        }
        if (i > 0 && i != zeros + zero_count)
            *at++ = ':';
        at = group_text(group_of(ip, i++), at);
    }
    return at;
}

void lp_ip_text(const struct lp_ip *ip, char *out, size_t size)
{
    char text[IP_TEXT], *end = text;

    if (size == 0)
        return;
    if (ip->family == 4)
        end = ipv4_text(ip->bytes, text);
    else if (ip->family == 6)
        end = ipv6_text(ip, text);
    size_t n = (size_t)(end - text);
    if (n >= size)
        n = size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
}

static bool parse_ipv4(const char *text, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (unsigned part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        if (part && (i == n || text[i++] != '.'))
            return false;
        for (; i < n && text[i] >= '0' && text[i] <= '9' && digits < 3; i++, digits++)
            value = value * 10 + (unsigned)(text[i] - '0');
        if (digits == 0 || value > 255 || (digits > 1 && text[i - digits] == '0'))
            return false;
        out[part] = (uint8_t)value;
    }
    return i == n;
}

/* Hex groups between colons into out[0..max); the count, or -1. A dotted quad may stand at the end.
 */
static int parse_groups(const char *text, size_t n, uint8_t *out, unsigned max)
{
    unsigned count = 0;
    size_t i = 0;
    while (i < n) {
        size_t end = i;
        while (end < n && text[end] != ':')
            end++;
        if (memchr(text + i, '.', end - i)) {
            if (end != n || count + 2 > max ||
                !parse_ipv4(text + i, end - i, out + 2 * (size_t)count))
                return -1;
            return (int)count + 2;
        }
        uint8_t value[2] = {0, 0};
        char padded[4] = {'0', '0', '0', '0'};
        if (end == i || end - i > 4 || count == max)
            return -1;
        memcpy(padded + 4 - (end - i), text + i, end - i);
        if (lp_hex_decode(padded, 4, false, value, 2) != 2)
            return -1;
        memcpy(out + 2 * (size_t)count++, value, 2);
        if (end + 1 == n)
            return -1; /* a colon at the end */
        i = end + 1;
    }
    return (int)count;
}

static bool parse_ipv6(const char *text, size_t n, uint8_t *out)
{
    const char *gap = NULL;
    for (size_t i = 0; i + 1 < n && !gap; i++)
        if (text[i] == ':' && text[i + 1] == ':')
            gap = text + i;
    if (!gap)
        return parse_groups(text, n, out, 8) == 8;

    uint8_t tail[16] = {0};
    size_t before = (size_t)(gap - text);
    if (memchr(text, '.', before))
        return false; /* a dotted quad is the last of an address, not the last before the gap */
    int head_groups = parse_groups(text, before, out, 7);
    if (head_groups < 0)
        return false;
    int tail_groups = parse_groups(gap + 2, n - before - 2, tail, 7 - (unsigned)head_groups);
    if (tail_groups < 0)
        return false;
    memcpy(out + 16 - 2 * (size_t)tail_groups, tail, 2 * (size_t)tail_groups);
    return true;
}

bool lp_ip_parse(const char *text, size_t n, struct lp_ip *out)
{
    struct lp_ip ip = {0};
    if (parse_ipv4(text, n, ip.bytes))
        ip.family = 4;
    else if (memset(ip.bytes, 0, sizeof ip.bytes), n >= 2 && parse_ipv6(text, n, ip.bytes))
        ip.family = 6;
    else
        return false;
    *out = ip;
    return true;
}
