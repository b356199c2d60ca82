/*
 * TLS on one connection: SSL 2.0 to TLS 1.2 as far as it is in the clear, and what is encrypted,
 * TLS 1.3 above all, as far as there are keys.
 *
 * Each direction is read by itself, so that either may be missing or come first: a stream becomes
 * records (RFC 5246 6.2.1), records become handshake messages, whatever the boundaries of either.
 * What the two directions tell together is decided only at the end (outcome.c). Nothing here knows
 * what carried the bytes.
 */
#ifndef LP_TLS_TLS_H
#define LP_TLS_TLS_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Bytes in order, from the last release on, and a way to ask which packet completed the bytes
 * [from, to) of them. */
struct lp_tls_input {
    struct lp_rd bytes;
    uint64_t offset;
    const void *ctx;
    void (*packet)(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time);
    /* Whether the bytes before `to` are final: no better copy of them can come. NULL: not known. */
    bool (*settled)(const void *ctx, uint64_t to);
};

/* Takes one complete certificate and returns what stands for it, borrowed from the sink's owner;
 * NULL when memory is short. */
typedef const void *(*lp_tls_cert_fn)(void *ctx, const uint8_t *der, size_t n);

enum lp_tls_want {
    LP_TLS_MORE,
    LP_TLS_DONE,
    LP_TLS_ROOM,
    LP_TLS_WAIT, /* stands still until the other direction, or the key log, brings what is missing
                  */
};

/* Why a stream broke off. */
enum lp_tls_cut {
    LP_TLS_CUT_NONE,
    LP_TLS_CUT_END,
    LP_TLS_CUT_LOST,
    LP_TLS_CUT_SNAPPED,
    LP_TLS_CUT_LIMIT
};

struct lp_tls_cert {
    bool complete;
    uint32_t bytes;     /* announced length */
    const void *stored; /* what the sink returned; NULL unless complete */
};

struct lp_tls_alert {
    uint64_t frame;
    uint8_t level, code;
};

enum { LP_TLS_CIPHERS_KEPT = 16 };

struct lp_tls_hello {
    bool seen;        /* enough of it to know that it is one */
    bool complete;    /* the fields below are valid */
    uint16_t version; /* ClientHello: highest offered; ServerHello: negotiated */
    uint16_t cipher;  /* ServerHello */
    uint16_t offered[LP_TLS_CIPHERS_KEPT]; /* ClientHello: cipher suites, the first of them */
    uint16_t offered_count;                /* all of them */
    bool retry;                            /* a HelloRetryRequest (RFC 8446 4.1.4) */
    bool psk; /* ServerHello: pre_shared_key selected (RFC 8446 4.2.11) */
    uint8_t random[32];
    bool compressed;          /* ServerHello: the records are compressed (RFC 3749) */
    bool resumed;             /* SERVER-HELLO of SSL 2.0: the session is known */
    bool draft;               /* ServerHello: a draft of TLS 1.3 */
    bool encrypt_then_mac;    /* ServerHello: RFC 7366 */
    bool raw_public_key;      /* ServerHello: the certificate is none (RFC 7250) */
    bool early_data;          /* ClientHello: offered (RFC 8446 4.2.10) */
    bool post_handshake_auth; /* ClientHello: offered (RFC 8446 4.2.6) */
    uint8_t session_id[32];
    uint8_t session_id_len;
    struct lp_buf sni; /* owned */
};

struct lp_sealed;
struct lp_tls_keys; /* tls/decrypt.h */

/* One direction. */
struct lp_tls_half {
    enum { LP_TLS_SEARCHING = 0, LP_TLS_READING, LP_TLS_FINISHED } state;
    uint64_t at;           /* stream offset of the next record, or of the next byte to search */
    uint64_t origin;       /* where the search began */
    bool searched;         /* origin is set */
    bool ssl2;             /* a hello of SSL 2.0 comes next */
    bool ssl2_hello;       /* one was read */
    bool careful;          /* binary data stood in front: it may go on between the records */
    struct lp_buf message; /* a handshake message that spans records, as far as it has come */
    uint64_t message_from; /* stream offset of its first byte */
    uint64_t leaf_end;     /* stream offset behind its leaf, once that is there; else 0 */
    uint64_t first_frame;  /* of the first message */
    struct lp_time first_time;
    struct lp_tls_hello hello;
    uint64_t hello_frame;      /* of the server's; of a client's first_frame tells */
    bool is_client, is_server; /* by the messages seen */
    bool verifies;             /* a server that asked for a cookie (RFC 6347 4.2.1) */
    bool certificate_seen, certificate_complete;
    bool raw_public_key; /* a public key stood in its place (RFC 7250) */
    uint64_t certificate_frame;
    struct lp_tls_cert *certs; /* owned */
    size_t cert_count, cert_cap;
    struct lp_tls_alert alerts[8];
    unsigned alert_count;
    bool key_exchange, hello_done; /* ServerKeyExchange, ServerHelloDone seen */
    bool client_key_exchange, cipher_change, application_data;
    bool finished;        /* Finished seen, which is always encrypted */
    unsigned key_updates; /* RFC 8446 4.6.3 */
    bool keyed;           /* the key log has the secrets */
    bool no_key;          /* it does not, and so nothing more could be read */
    bool wrong_key;       /* records do not verify under them */
    uint64_t wrong_key_frame;
    struct lp_sealed
        *sealed;         /* owned; NULL while in the clear, and in all but the first handshake */
    bool other_records;  /* looked like TLS, but no handshake was in it */
    bool other_bytes;    /* something that is not TLS */
    enum lp_tls_cut cut; /* the first place where the stream broke off */
    const char *problem; /* static: which rule was broken; NULL if none */
    uint64_t problem_frame;
};

struct lp_tls {
    struct lp_tls_half half[2];
    lp_tls_cert_fn add_cert;
    /* What add_cert returned is needed no more. NULL: nobody asks. */
    void (*drop_cert)(void *ctx, const void *stored);
    void *add_ctx;            /* borrowed */
    struct lp_budget *budget; /* borrowed; pays for messages that span records */
    struct lp_tls_keys *keys; /* borrowed; NULL: nothing is decrypted */
    struct lp_tls *next;      /* owned; a handshake behind the encryption of this one */
    bool news[2];             /* a hello was completed in this direction, or it is finished */
};

/* Reads what it can. *release is how many bytes from the front are not needed again. LP_TLS_ROOM:
 * call again with the same bytes. LP_TLS_WAIT: call again when there are more, or when the other
 * direction has news (lp_tls_news), or lp_tls_cut when that is over. */
enum lp_tls_want lp_tls_read(struct lp_tls *tls, unsigned dir, const struct lp_tls_input *input,
                             size_t *release);
/* Whether a direction has had news since this was asked last: what the other may be waiting for. */
bool lp_tls_news(struct lp_tls *tls, unsigned dir);
/* The unreleased bytes changed: forget what was made of them. */
void lp_tls_rewind(struct lp_tls *tls, unsigned dir);
/* The stream breaks off behind `rest`; reading may go on behind the gap. */
void lp_tls_cut(struct lp_tls *tls, unsigned dir, enum lp_tls_cut cut,
                const struct lp_tls_input *rest);
void lp_tls_free(struct lp_tls *tls); /* what the struct owns, not the struct */

/* Whether the bytes begin a TLS handshake, as far as they go. */
bool lp_tls_recognise(struct lp_rd bytes);

/* Whether there was a handshake at all. `next` ones are asked for by themselves. */
bool lp_tls_found(const struct lp_tls *tls);

/* What else is known of a direction. */
struct lp_tls_circumstances {
    bool packets;   /* any packet at all */
    bool acks;      /* acknowledged something of the other direction */
    bool closed;    /* FIN or RST */
    bool unseen;    /* more was sent than is in the capture */
    bool limited;   /* a budget cut it off */
    bool cut_short; /* the recording ends inside a packet, which may have been this direction's */
    bool opened;    /* sent the SYN that was not an answer */
};

/* Which direction is the client's: by the messages, then by who opened the connection. */
unsigned lp_tls_client(const struct lp_tls *tls, const struct lp_tls_circumstances known[2]);

/* Fills version, cipher, SNI, frames, outcome, reason and alerts of *out. Chains are the caller's:
 * half[].certs. False: memory is short. */
bool lp_tls_describe(const struct lp_tls *tls, const struct lp_tls_circumstances known[2],
                     struct lp_arena *arena, struct lp_session *out);

/* The libraries that unpack certificates: compiled against, and running. */
void lp_zlib_version(const char **compiled, const char **running);
void lp_brotli_version(const char **compiled, const char **running);
void lp_zstd_version(const char **compiled, const char **running);

#endif
