/*
 * Protocols that carry TLS inside headers of their own, packet by packet or line by line. Searching
 * such a stream for records would run over the headers and take their bytes for TLS's. Here the
 * headers are taken off: outer bytes go in, the inner stream comes out, and every inner byte can
 * name the outer ones that it came from.
 *
 * Each direction is unwrapped by itself and recognised by its own bytes alone, so that the order in
 * which the two arrive changes nothing. Outer offsets are the caller's; those of the inner stream
 * begin at 0 and leave a hole where bytes are missing.
 */
#ifndef LP_CARRIER_WRAPPED_H
#define LP_CARRIER_WRAPPED_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Outer bytes in order, and a way to ask which packet completed the bytes [from, to) of them. */
struct lp_wrapped_input {
    struct lp_rd bytes;
    uint64_t offset;
    const void *ctx;
    void (*packet)(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time);
};

/* An OpenVPN control packet that waits for those before it. */
struct lp_held {
    struct lp_held *next; /* owned; the numbers ascend */
    uint32_t id;
    uint64_t outer; /* offset of bytes[0] */
    size_t n;
    uint8_t bytes[];
};

struct lp_tds_state {
    bool begun; /* TLS was seen inside a packet */
    bool raw;   /* TLS goes on without packets */
    bool taken; /* the packet at hand carries TLS */
};

struct lp_gssapi_state {
    uint64_t scanned; /* outer offset up to which the line at hand has no end */
};

struct lp_openvpn_state {
    uint8_t sizes;    /* one bit for each length of HMAC that agrees with all packets so far */
    bool sized;       /* the above is set */
    bool crypt;       /* tls-crypt: everything is encrypted */
    bool has_session; /* the two below are set */
    uint64_t session;
    uint8_t key;
    uint32_t next;        /* the packet id that comes next */
    struct lp_held *held; /* owned */
    unsigned held_count;
};

struct lp_wrapper; /* a row of the table of protocols */

/* One direction. Zeroed, then lp_wrapped_start. */
struct lp_wrapped {
    const struct lp_wrapper *wrapper;
    struct lp_budget *budget; /* borrowed; pays for everything below */
    bool placed;              /* `at` is set */
    uint64_t at;              /* outer offset of what is read next */
    uint64_t packet_end;      /* outer offset behind the packet at hand */
    bool lost;                /* where the next packet begins is not known */
    bool released;            /* outer bytes were given back: a rewind does not lead to the start */
    struct lp_buf bytes;      /* owned: the inner stream from `offset` on */
    uint64_t offset;
    struct lp_buf spans; /* owned: where the inner bytes came from, an array of struct lp_span */
    const char *problem; /* static: which rule of the carrier was broken first; NULL if none */
    uint64_t problem_from, problem_to; /* outer offsets */
    union {
        struct lp_tds_state tds;
        struct lp_gssapi_state gssapi;
        struct lp_openvpn_state openvpn;
    } state;
};

enum lp_begins {
    LP_BEGINS_NOT,
    LP_BEGINS_MAYBE, /* more must be seen, and meanwhile it may be read as anything else */
    LP_BEGINS_WAIT,  /* more must be seen before it can be read at all */
    LP_BEGINS,
};
/* Whether the stream of one of the protocols begins with these bytes; *out is set with LP_BEGINS.
 * `last`: no more will come. */
enum lp_begins lp_wrapper_find(struct lp_rd stream, bool last, const struct lp_wrapper **out);
const char *lp_wrapper_name(const struct lp_wrapper *wrapper); /* "tds", ...; static */

void lp_wrapped_start(struct lp_wrapped *wrapped, const struct lp_wrapper *wrapper,
                      struct lp_budget *budget);

enum lp_unwrap {
    LP_UNWRAP_MORE, /* all that is there was taken */
    LP_UNWRAP_HOLE, /* the inner stream breaks off: look at `bytes`, call lp_wrapped_pass, go on */
    LP_UNWRAP_END,  /* nothing of interest follows */
    LP_UNWRAP_ROOM, /* the budget refused memory: free some and call again */
};

/* Takes what it can of the outer bytes. `last`: the outer stream breaks off behind them, so that
 * the beginning of a packet counts as far as it goes. */
enum lp_unwrap lp_wrapped_read(struct lp_wrapped *wrapped, const struct lp_wrapped_input *input,
                               bool last);
/* Drops the inner bytes that are there; the stream goes on behind a hole. */
void lp_wrapped_pass(struct lp_wrapped *wrapped);
/* The outer bytes changed: all is to be read again. */
void lp_wrapped_rewind(struct lp_wrapped *wrapped);
void lp_wrapped_free(struct lp_wrapped *wrapped); /* what the struct owns; it may be read on */

/* How many of the outer bytes, from input->offset on, are not needed again. */
size_t lp_wrapped_release(struct lp_wrapped *wrapped, const struct lp_wrapped_input *input);

/* Whether it was recognised that all of it is encrypted. */
bool lp_wrapped_encrypted(const struct lp_wrapped *wrapped);

/* For the inner stream what lp_wrapped_input.packet is for the outer one. `unwrapping` is a struct
 * lp_unwrapping. */
struct lp_unwrapping {
    const struct lp_wrapped *wrapped;
    const struct lp_wrapped_input *outer;
};
void lp_unwrapping_packet(const void *unwrapping, uint64_t from, uint64_t to, uint64_t *frame,
                          struct lp_time *time);

#endif
