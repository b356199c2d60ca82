/* EAP packets for tests, and what they come in: EAPOL frames and RADIUS packets. */
#ifndef LP_TESTS_EAP_BYTES_H
#define LP_TESTS_EAP_BYTES_H

#include "streams.h"

#include "carrier/eap.h"
#include "carrier/radius.h"

enum { EAP_TLS = 13, EAP_TTLS = 21, EAP_PEAP = 25, EAP_FAST = 43, EAP_TEAP = 55 };
enum { EAP_L = 0x80, EAP_M = 0x40, EAP_S = 0x20, EAP_O = 0x10 };

/* `total` is written when the flags have L. */
static inline void add_eap(struct bytes *b, uint8_t code, uint8_t id, uint8_t type, uint8_t flags,
                           size_t total, const void *data, size_t n)
{
    bool length = flags & EAP_L;

    add_number(b, 1, code);
    add_number(b, 1, id);
    add_number(b, 2, 6 + (length ? 4U : 0) + n);
    add_number(b, 1, type);
    add_number(b, 1, flags);
    if (length)
        add_number(b, 4, total);
    add(b, data, n);
}

/* A success or failure. */
static inline void add_eap_end(struct bytes *b, uint8_t code, uint8_t id)
{
    add_number(b, 1, code);
    add_number(b, 1, id);
    add_number(b, 2, 4);
}

static inline void add_eapol(struct bytes *b, const struct bytes *eap)
{
    add_number(b, 1, 2);
    add_number(b, 1, 0);
    add_vector(b, 2, eap->at, eap->n);
}

struct radius_head {
    uint8_t code, id;
    const char *user, *station, *port; /* text; NULL: absent */
};

static inline void add_radius_attribute(struct bytes *b, uint8_t type, const void *value, size_t n)
{
    assert_true(n <= 253);
    add_number(b, 1, type);
    add_number(b, 1, n + 2);
    add(b, value, n);
}

static inline void add_radius(struct bytes *b, const struct radius_head *head,
                              const struct bytes *eap)
{
    struct bytes attributes = {0};

    if (head->user)
        add_radius_attribute(&attributes, 1, head->user, strlen(head->user));
    if (head->station)
        add_radius_attribute(&attributes, 31, head->station, strlen(head->station));
    if (head->port)
        add_radius_attribute(&attributes, 87, head->port, strlen(head->port));
    for (size_t at = 0; at < eap->n; at += 253)
        add_radius_attribute(&attributes, 79, eap->at + at, eap->n - at < 253 ? eap->n - at : 253);
    add_radius_attribute(&attributes, 80, "0123456789abcdef", 16);
    add_number(b, 1, head->code);
    add_number(b, 1, head->id);
    add_number(b, 2, 20 + attributes.n);
    add(b, "authenticatorauth", 16);
    add(b, attributes.at, attributes.n);
    drop(&attributes);
}

#endif
