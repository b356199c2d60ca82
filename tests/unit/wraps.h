/*
 * Wrapped streams for tests: an inner stream goes in, what a protocol makes of it comes out, with
 * everything around it that the protocol has.
 */
#ifndef LP_TESTS_WRAPS_H
#define LP_TESTS_WRAPS_H

#include "streams.h"

#include "carrier/openvpn.h"
#include "carrier/wrapped.h"

/* ---- TDS ---- */

static inline void add_tds(struct bytes *b, uint8_t type, bool last, const void *payload, size_t n)
{
    add_number(b, 1, type);
    add_number(b, 1, last);
    add_number(b, 2, n + 8);
    add_number(b, 4, 0x00330100); /* SPID, packet number, window */
    add(b, payload, n);
}

static inline void add_tds_options(struct bytes *b, bool client)
{
    static const uint8_t options[] = {0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 15, 0, 16, 0, 0, 0, 1};
    add_tds(b, client ? 0x12 : 0x04, true, options, sizeof options);
}

/* The inner stream in packets of at most `most` bytes of payload. */
static inline void add_in_tds(struct bytes *b, const struct bytes *inner, size_t most)
{
    for (size_t at = 0; at < inner->n;) {
        size_t n = inner->n - at < most ? inner->n - at : most;
        add_tds(b, 0x12, at + n == inner->n, inner->at + at, n);
        at += n;
    }
}

/* ---- OpenVPN ---- */

struct vpn_packet {
    uint8_t opcode, key;
    size_t hmac;     /* bytes; with it go a replay id and a time */
    uint32_t replay; /* 0: 1 */
    unsigned acks;
    uint32_t id;
    bool back;        /* from the server: another session id */
    uint64_t session; /* 0: that of the side */
    const void *payload;
    size_t n;
};

enum {
    VPN_CLIENT_RESET = 7,
    VPN_SERVER_RESET = 8,
    VPN_SOFT_RESET = 3,
    VPN_CONTROL = 4,
    VPN_ACK = 5
};

static inline void add_vpn(struct bytes *b, const struct vpn_packet *p)
{
    uint64_t ids[2] = {0xa1a2a3a4a5a6a7a8, 0xb1b2b3b4b5b6b7b8};

    add_number(b, 1, (uint64_t)(p->opcode << 3 | p->key));
    add_number(b, 8, p->session ? p->session : ids[p->back]);
    for (size_t i = 0; i < p->hmac; i++) /* as random as an HMAC, and always the same */
        add_number(b, 1, (i * 151 + p->id * 29 + 0x9d) & 0xff);
    if (p->hmac) {
        add_number(b, 4, p->replay ? p->replay : 1);
        add_number(b, 4, 1700000000);
    }
    add_number(b, 1, p->acks);
    for (unsigned i = 0; i < p->acks; i++)
        add_number(b, 4, i);
    if (p->acks)
        add_number(b, 8, ids[!p->back]);
    if (p->opcode != VPN_ACK)
        add_number(b, 4, p->id);
    add(b, p->payload, p->n);
}

/* The same with a length in front, as over TCP. */
static inline void add_vpn_tcp(struct bytes *b, const struct vpn_packet *p)
{
    struct bytes packet = {0};
    add_vpn(&packet, p);
    add_vector(b, 2, packet.at, packet.n);
    drop(&packet);
}

/* A reset, then the inner stream in control packets with acknowledgements in between. */
static inline void add_in_vpn(struct bytes *b, const struct bytes *inner, size_t most, size_t hmac)
{
    struct vpn_packet p = {.opcode = VPN_CLIENT_RESET, .hmac = hmac};
    uint32_t id = 1;

    add_vpn_tcp(b, &p);
    for (size_t at = 0; at < inner->n; id++) {
        size_t n = inner->n - at < most ? inner->n - at : most;
        struct vpn_packet ack = {.opcode = VPN_ACK, .hmac = hmac, .acks = 1 + id % 3};
        struct vpn_packet control = {.opcode = VPN_CONTROL,
                                     .hmac = hmac,
                                     .acks = id % 2,
                                     .id = id,
                                     .payload = inner->at + at,
                                     .n = n};
        add_vpn_tcp(b, &ack);
        add_vpn_tcp(b, &control);
        at += n;
    }
}

/* ---- GSSAPI ---- */

static inline void add_line(struct bytes *b, const char *text)
{
    add(b, text, strlen(text));
    add(b, "\r\n", 2);
}

/* The inner stream in tokens of at most `most` bytes. */
static inline void add_in_adat(struct bytes *b, const struct bytes *inner, size_t most, bool server)
{
    for (size_t at = 0; at < inner->n;) {
        size_t n = inner->n - at < most ? inner->n - at : most;
        char *text = malloc((n + 2) / 3 * 4 + 1);
        assert_non_null(text);
        lp_base64_text(inner->at + at, n, text);
        add(b, server ? "335 ADAT=" : "ADAT ", server ? 9 : 5);
        add_line(b, text);
        free(text);
        at += n;
    }
}

#endif
