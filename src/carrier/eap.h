/*
 * EAP (RFC 3748) with TLS inside: EAP-TLS (RFC 5216), PEAP, EAP-TTLS (RFC 5281), EAP-FAST (RFC
 * 4851) and TEAP (RFC 7170), in EAPOL frames (IEEE 802.1X) or wherever else. The bytes of each
 * direction are put together from the fragments that EAP cuts them into.
 */
#ifndef LP_CARRIER_EAP_H
#define LP_CARRIER_EAP_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

enum { LP_EAP_REQUEST = 1, LP_EAP_RESPONSE = 2, LP_EAP_SUCCESS = 3, LP_EAP_FAILURE = 4 };

struct lp_eap {
    uint8_t code, id;
    uint8_t type; /* of the method; 0 in a success or failure */
    bool start;   /* the server opens a conversation */
    bool more;    /* fragments follow */
    bool has_total;
    uint32_t total; /* bytes of all fragments of the message */
    uint32_t outer; /* TEAP: bytes behind the TLS data that are not TLS's */
    struct lp_rd data;
    bool cut; /* not all of it was captured */
};

/* One packet of a method with TLS inside, a success or a failure. False: anything else. */
bool lp_eap_read(struct lp_rd packet, struct lp_eap *out);
/* What an EAPOL frame carries, if that is EAP (IEEE 802.1X-2020 11.3). */
bool lp_eapol_read(struct lp_rd frame, struct lp_rd *packet);
/* "eap-tls", "peap", ...; NULL: no method with TLS inside. */
const char *lp_eap_carrier(uint8_t type);

/* The bytes that one packet brought. */
struct lp_eap_mark {
    uint64_t end; /* offset behind them */
    uint64_t frame;
    struct lp_time time;
};

enum { LP_EAP_REMEMBERED = 16 };

/* One direction. Starts zeroed but for stream.budget. */
struct lp_eap_half {
    struct lp_buf stream; /* TLS bytes that were not released */
    uint64_t offset;      /* of the first of them */
    struct lp_eap_mark *marks;
    size_t mark_count, mark_cap;
    size_t whole;    /* bytes of `stream` that whole messages make up */
    bool assembling; /* a message is being put together: */
    uint8_t last_id; /* of its last fragment */
    bool has_total;
    uint32_t total, outer;
    uint64_t packets;
    uint64_t seen[LP_EAP_REMEMBERED]; /* fingerprints of the last packets with data */
    unsigned seen_at;
};

enum lp_eap_step {
    LP_EAP_NOTHING, /* a retransmission, an acknowledgement, a fragment with more to come */
    LP_EAP_BYTES,   /* a message is whole, and with it the stream up to its end */
    LP_EAP_CUT,     /* the packet was cut off by the snap length: the stream breaks off here */
    LP_EAP_GAP,    /* nothing taken: a fragment before this one is missing. Break off, come again */
    LP_EAP_BROKEN, /* the fragments do not add up to what was announced: they are dropped, and the
                      stream breaks off here */
    LP_EAP_LIMIT,  /* the budget refused memory, or an allocation failed */
};

/* Takes the next packet of a direction, in the order of time. */
enum lp_eap_step lp_eap_push(struct lp_eap_half *half, const struct lp_eap *packet, uint64_t frame,
                             struct lp_time time);
/* Whether the packet was seen before. */
bool lp_eap_is_copy(const struct lp_eap_half *half, const struct lp_eap *packet);
/* The first n bytes of the stream are not needed again. */
void lp_eap_release(struct lp_eap_half *half, size_t n);
/* Forgets the stream so far, and the message that breaks off. */
void lp_eap_break(struct lp_eap_half *half);
void lp_eap_free(struct lp_eap_half *half); /* what the struct owns, not the struct */

/* The packet that completed the bytes [from, to); ctx is a struct lp_eap_half. */
void lp_eap_packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time);

#endif
