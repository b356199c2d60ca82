/* Answers of name servers, built field by field. */
#ifndef LP_TESTS_DNS_BYTES_H
#define LP_TESTS_DNS_BYTES_H

#include "guard.h"

#include "base/text.h"

enum { DNS_ROOM = 4096, DNS_ANSWER = 0x8180, DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28 };

struct dns {
    uint8_t bytes[DNS_ROOM];
    size_t n;
};

static inline void dns_bytes(struct dns *dns, const void *bytes, size_t n)
{
    assert_true(n <= DNS_ROOM - dns->n);
    memcpy(dns->bytes + dns->n, bytes, n);
    dns->n += n;
}

static inline void dns_u16(struct dns *dns, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    dns_bytes(dns, bytes, 2);
}

/* Without pointers; "" is the root. */
static inline void dns_name(struct dns *dns, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        const uint8_t length = (uint8_t)n;
        dns_bytes(dns, &length, 1);
        dns_bytes(dns, name, n);
        name += n + (name[n] == '.');
    }
    dns_bytes(dns, "", 1);
}

static inline void dns_pointer(struct dns *dns, unsigned to)
{
    dns_u16(dns, 0xc000 | to);
}

/* The header, and a question of type A, whose name stands at byte 12. */
static inline void dns_start(struct dns *dns, unsigned flags, unsigned answers, const char *asked)
{
    dns->n = 0;
    dns_u16(dns, 0x2a17);
    dns_u16(dns, flags);
    dns_u16(dns, 1);
    dns_u16(dns, answers);
    dns_u16(dns, 0);
    dns_u16(dns, 0);
    dns_name(dns, asked);
    dns_u16(dns, DNS_A);
    dns_u16(dns, 1);
}

/* What stands between a record's name and its data. */
static inline void dns_middle(struct dns *dns, unsigned type, size_t length)
{
    dns_u16(dns, type);
    dns_u16(dns, 1);
    dns_u16(dns, 0);
    dns_u16(dns, 60);
    dns_u16(dns, (unsigned)length);
}

static inline void dns_address(struct dns *dns, const char *owner, const char *address)
{
    struct lp_ip ip;
    assert_true(lp_ip_parse(address, strlen(address), &ip));
    size_t n = ip.family == 4 ? 4 : 16;

    dns_name(dns, owner);
    dns_middle(dns, ip.family == 4 ? DNS_A : DNS_AAAA, n);
    dns_bytes(dns, ip.bytes, n);
}

static inline void dns_alias(struct dns *dns, const char *owner, const char *target)
{
    dns_name(dns, owner);
    dns_middle(dns, DNS_CNAME, strlen(target) + 2);
    dns_name(dns, target);
}

/* One address, as most tests want it. */
static inline void dns_simple(struct dns *dns, const char *asked, const char *address)
{
    dns_start(dns, DNS_ANSWER, 1, asked);
    dns_address(dns, asked, address);
}

#endif
