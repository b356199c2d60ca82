/* Inside tls/ only: one handshake message after the other. */
#ifndef LP_TLS_HANDSHAKE_H
#define LP_TLS_HANDSHAKE_H

#include "tls/tls.h"

enum {
    LP_RECORD_CHANGE_CIPHER = 20,
    LP_RECORD_ALERT = 21,
    LP_RECORD_HANDSHAKE = 22,
    LP_RECORD_DATA = 23,
    LP_RECORD_HEARTBEAT = 24,
};

enum {
    LP_HELLO_REQUEST = 0,
    LP_CLIENT_HELLO = 1,
    LP_SERVER_HELLO = 2,
    LP_HELLO_VERIFY_REQUEST = 3, /* DTLS (RFC 6347 4.2.1) */
    LP_CERTIFICATE = 11,
    LP_SERVER_KEY_EXCHANGE = 12,
    LP_CERTIFICATE_REQUEST = 13,
    LP_SERVER_HELLO_DONE = 14,
    LP_CERTIFICATE_VERIFY = 15,
    LP_CLIENT_KEY_EXCHANGE = 16,
    LP_FINISHED = 20,
    LP_KEY_UPDATE = 24,
    LP_COMPRESSED_CERTIFICATE = 25,
    LP_ENCRYPTED_EXTENSIONS = 8,
};

enum {
    LP_RECORD_HEADER = 5,
    LP_RECORD_MAX = 16384 + 2048, /* RFC 5246 6.2.3; SSL 3.0 and TLS 1.3 allow no more */
};

/* A record's header (RFC 5246 6.2.1). False: too short, or no record's. */
bool lp_record_header(struct lp_rd *bytes, uint8_t *type, uint16_t *length);

/* DTLS counts its versions downwards from 0xfeff (RFC 6347 4.1). 0x0100 was a draft's number, which
 * AnyConnect still sends. */
enum { LP_DTLS_0_9 = 0x0100, LP_DTLS_1_3 = 0xfefc, LP_DTLS_1_2 = 0xfefd, LP_DTLS_1_0 = 0xfeff };

static inline bool lp_version_is_dtls(uint16_t version)
{
    return version == LP_DTLS_0_9 || version >> 8 == 0xfe;
}

/* The version of TLS that a version of DTLS is like; any other as it is. */
static inline uint16_t lp_version_like(uint16_t version)
{
    if (!lp_version_is_dtls(version))
        return version;
    return version == LP_DTLS_1_3 ? 0x0304 : version == LP_DTLS_1_2 ? 0x0303 : 0x0302;
}

/* ClientHello and ServerHello bodies (RFC 5246 7.4.1, RFC 8446 4.1, RFC 6347 4.2.1). False:
 * malformed, *problem says what. */
bool lp_client_hello(struct lp_rd body, struct lp_tls_hello *out, const char **problem);
bool lp_server_hello(struct lp_rd body, struct lp_tls_hello *out, const char **problem);

struct lp_reading;

/* EncryptedExtensions (RFC 8446 4.3.1): whether the server's certificate is a raw public key. */
bool lp_selects_raw_key(struct lp_rd body);

/* sslv2.c. Whether a stream begins with a hello of SSL 2.0, and reading it: `bytes` begin there. */
enum { LP_SSL2 = 0x0002 };
enum lp_tls_want lp_ssl2_read(const struct lp_reading *r, struct lp_rd bytes);

/* Forgets the entries from number `from` on. */
void lp_certificates_drop(const struct lp_tls *tls, struct lp_tls_half *half, size_t from);
/* One certificate by itself, of which `der` is what is there. False: memory is short. */
bool lp_certificate_one(struct lp_tls *tls, struct lp_tls_half *half, struct lp_rd der,
                        uint32_t announced, const char **problem);
/* The Certificate body (RFC 5246 7.4.2). With `whole` false the body breaks off where it ends: the
 * certificates that are complete are taken, the one that is cut is noted. *problem is set when a
 * rule is broken (which a body that breaks off always seems to do). */
enum lp_tls_want lp_certificate_list(struct lp_tls *tls, struct lp_tls_half *half,
                                     struct lp_rd body, bool whole, const char **problem);
/* The same of TLS 1.3 (RFC 8446 4.4.2). */
enum lp_tls_want lp_certificate_list_13(struct lp_tls *tls, struct lp_tls_half *half,
                                        struct lp_rd body, bool whole, const char **problem);
/* Unpacks a CompressedCertificate (RFC 8879 4) into `out`, which is empty. *problem is set when it
 * cannot be. */
enum lp_tls_want lp_decompress(struct lp_rd body, struct lp_buf *out, const char **problem);

/* A direction in the course of being read. */
struct lp_reading {
    struct lp_tls *tls;
    struct lp_tls_half *half;
    const struct lp_tls_input *input;
    bool last;  /* nothing more will come */
    bool tls13; /* the messages at hand are those of TLS 1.3, out of records that verified */
};

/* reader.c: the payload of handshake records, cut into messages. */
enum lp_tls_want lp_take_handshake(const struct lp_reading *r, struct lp_rd payload, uint64_t from,
                                   uint64_t to);

/* messages.c. `from` and `to` are the stream offsets that the message's bytes came from. */
void lp_reading_packet(const struct lp_reading *r, uint64_t from, uint64_t to, uint64_t *frame,
                       struct lp_time *time);
void lp_reading_first(const struct lp_reading *r, uint64_t from,
                      uint64_t to); /* notes the first message's packet */
void lp_reading_problem(const struct lp_reading *r, const char *problem, uint64_t from,
                        uint64_t to);
enum lp_tls_want lp_take_message(const struct lp_reading *r, uint8_t type, struct lp_rd body,
                                 uint64_t from, uint64_t to);
/* A Certificate message, or its beginning when not `whole`. Only the first of a direction counts.
 */
enum lp_tls_want lp_take_certificate(const struct lp_reading *r, struct lp_rd body, bool whole,
                                     uint64_t from, uint64_t to);

/* A message that breaks off: its beginning, as far as it is there. */
void lp_take_beginning(const struct lp_reading *r, uint8_t type, struct lp_rd body, uint64_t from,
                       uint64_t to);
/* The payload of an alert record in the clear (RFC 5246 7.2). */
void lp_take_alert(const struct lp_reading *r, struct lp_rd payload, uint64_t from, uint64_t to);

/* Where a handshake begins in a stream. */
enum lp_search { LP_SEARCH_NO, LP_SEARCH_MORE, LP_SEARCH_FOUND };
/* At the very start of `bytes`. `last`: nothing more will come, so that what is there must do. */
enum lp_search lp_search_here(struct lp_rd bytes, bool last);
/* The same for a hello of SSL 2.0, which is looked for nowhere else. */
enum lp_search lp_ssl2_here(struct lp_rd bytes, bool last);
/* Anywhere. *skip is how many bytes lie before the place found or still possible. */
enum lp_search lp_search(struct lp_rd bytes, bool last, size_t *skip);

bool lp_cipher_anonymous(uint16_t cipher); /* no certificate: DH_anon, ECDH_anon */
bool lp_cipher_psk(uint16_t cipher); /* no certificate: PSK, DHE_PSK, ECDHE_PSK (RSA_PSK has one) */

#endif
