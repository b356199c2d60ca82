/*
 * leafprint: does the VPN headend present the certificate that the IP phone was told to trust?
 *
 * How to use it, in four calls:
 *
 *     struct lp_error error;
 *     struct lp_expected *expected = lp_expected_new();
 *     struct lp_capture *capture = NULL;
 *     lp_expected_add_file(expected, "SEP001F6C81110E.cnf.xml", &error);
 *     if (lp_inspect("phone.pcap", NULL, &capture, &error) == LP_OK)
 *         lp_verify(capture, expected, NULL, &error);
 *     ... capture->verdict, capture->summary, capture->sessions[i] ...
 *     lp_capture_free(capture);
 *     lp_expected_free(expected);
 *
 * Everything in a struct lp_capture belongs to it and lives until lp_capture_free(). All texts that
 * came from the wire or from a file are valid UTF-8 without control characters: an offending byte
 * stands there as \xNN. No call keeps global state; different threads may work on different
 * captures at the same time. A struct lp_expected may be shared between threads once nothing is
 * added to it.
 *
 * Zeroed memory never reads as a match: the zero verdict is LP_UNDECIDED.
 */
#ifndef LEAFPRINT_LEAFPRINT_H
#define LEAFPRINT_LEAFPRINT_H

#include <signal.h> /* sig_atomic_t */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LP_PUBLIC __attribute__((visibility("default")))
#else
#define LP_PUBLIC
#endif

/* ---- status and errors ---- */

/* What a call returns. Damaged input is not among the errors: it becomes findings inside the
 * result. */
enum lp_status {
    LP_OK = 0,
    LP_ERR_USAGE,  /* the caller's arguments make no sense together */
    LP_ERR_IO,     /* a file could not be opened, read or written */
    LP_ERR_MEMORY, /* an allocation failed */
};

/* Owned by the caller; `text` is "what: where: which rule", without a newline, and is set whenever
 * a call does not return LP_OK. */
struct lp_error {
    char text[512];
};

/* ---- verdicts ---- */

enum lp_verdict {
    LP_UNDECIDED = 0, /* no comparison was possible; the reason says why */
    LP_MATCH,         /* a certHashN equals the leaf's hash */
    LP_MATCH_ISSUER,  /* a certHashN equals the hash of another presented certificate */
    LP_MISMATCH,      /* the leaf is complete and every certHashN differs from every presented
                         certificate */
    LP_MIXED,         /* some compared handshakes match and others do not */
    LP_UNREADABLE,    /* the input could not be read ("error") */
};

/* Why a verdict is LP_UNDECIDED. The order is the order of precedence when several sessions are
 * undecided for different reasons: what lies nearer to a certificate comes first. */
enum lp_reason {
    LP_REASON_NONE = 0,
    LP_REASON_TRUNCATED, /* the snap length cut a packet that carries the certificate */
    LP_REASON_GAP,       /* packets that carry the certificate are not in the capture */
    LP_REASON_MALFORMED, /* what was sent breaks the protocol's rules */
    LP_REASON_LIMIT,     /* a memory budget cut something off */
    LP_REASON_ENCRYPTED, /* TLS 1.3: the Certificate message is encrypted */
    LP_REASON_RESUMED,   /* an abbreviated handshake: no Certificate message is sent */
    LP_REASON_ONE_SIDED, /* only one direction was recorded */
    LP_REASON_ANONYMOUS, /* a cipher suite without a certificate */
    LP_REASON_PSK,       /* a pre-shared key instead of a certificate */
    LP_REASON_ABORTED,   /* an alert or a close before any Certificate */
    LP_REASON_NO_CERTIFICATE_MESSAGE, /* none of the three known */
    LP_REASON_NO_SERVER_REPLY,        /* a ClientHello, or a SYN, that nobody answered */
    LP_REASON_NOT_AT_URL,             /* no handshake went to a configured url */
    LP_REASON_NO_TLS,                 /* packets, but no TLS handshake among them */
    LP_REASON_NO_PACKETS,             /* an empty capture */
    LP_REASON_NO_CONFIG,              /* nothing to compare with */
    LP_REASON_NO_VPN_GROUP,           /* the configuration holds no vpnGroup */
    LP_REASON_NO_CERT_HASH,           /* no certHashN, or only empty ones */
    LP_REASON_ENCRYPTED_CONFIG,       /* a configuration encrypted for one phone */
    LP_REASON_COUNT
};

/* How far the server's Certificate message of one handshake could be had. */
enum lp_outcome {
    LP_OUTCOME_NO_CERTIFICATE = 0,
    LP_OUTCOME_COMPLETE,
    LP_OUTCOME_RESUMED,
    LP_OUTCOME_ENCRYPTED,
    LP_OUTCOME_TRUNCATED,
    LP_OUTCOME_GAP,
    LP_OUTCOME_ONE_SIDED,
    LP_OUTCOME_MALFORMED,
    LP_OUTCOME_LIMIT,
    LP_OUTCOME_COUNT
};

/* The words that JSON uses: "match", "not-at-url", "one-sided", ... Static strings; NULL for
 * LP_REASON_NONE. */
LP_PUBLIC const char *lp_verdict_name(enum lp_verdict verdict);
LP_PUBLIC const char *lp_reason_name(enum lp_reason reason);
LP_PUBLIC const char *lp_outcome_name(enum lp_outcome outcome);

/* ---- what was seen ---- */

/* Seconds since 1970 in UTC and nanoseconds (0 to 999,999,999). */
struct lp_time {
    int64_t sec;
    uint32_t nsec;
};

struct lp_ip {
    uint8_t family;    /* 4, 6, or 0 when unknown */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

struct lp_endpoint {
    struct lp_ip ip;
    uint16_t port;
    bool has_mac;
    uint8_t mac[6]; /* source address of the Ethernet frames that this end sent, as the capture
                       point saw them */
};

/* Facts for people, read from the certificate after it was hashed. Any of them may be NULL. */
struct lp_cert_facts {
    const char *subject, *issuer; /* RFC 2253 order as sent, e.g. "CN=vpn.example.com,O=Example" */
    const char *serial;           /* lower-case hex */
    struct lp_time not_before, not_after;
    bool has_dates;
    const char *key;        /* "RSA 2048", "EC prime256v1", "ED25519" */
    const char *signature;  /* "sha256WithRSAEncryption" */
    const char *const *san; /* "DNS:vpn.example.com", "IP:192.0.2.1" */
    size_t san_count;
    const char *x509_error; /* what was wrong with the DER; NULL if nothing */
};

/* For expected values that are neither SHA-1 nor SHA-256. */
struct lp_more_digests {
    uint8_t md5[16];
    uint8_t sha512[64];
};

/* One certificate of a Certificate message (RFC 5246 7.4.2), in wire order: depth 0 is the leaf. */
struct lp_cert {
    unsigned depth;
    bool complete;  /* every byte was captured; only then are the hashes and `der` set */
    uint32_t bytes; /* length as announced on the wire */
    const uint8_t
        *der; /* `bytes` bytes exactly as sent; NULL unless complete and lp_options.keep_der */
    uint8_t sha1[20];
    uint8_t sha256[32];
    const struct lp_more_digests *more; /* NULL unless lp_options.more_digests */
    const struct lp_cert_facts *facts;  /* NULL unless lp_options.facts */
    unsigned matches; /* bit N-1 set: equals certHashN of a configuration it was compared with */
};

struct lp_alert {
    uint64_t frame;
    bool from_client;
    uint8_t level; /* 1 warning, 2 fatal */
    uint8_t code;  /* RFC 5246 7.2 and later registrations */
};
LP_PUBLIC const char *lp_alert_level_name(uint8_t level); /* "warning", "fatal", or "unknown" */
LP_PUBLIC const char *
lp_alert_name(uint8_t code); /* "bad_certificate", ...; "unknown" when unregistered */

/* A tunnel that a handshake came through, from the outside in. */
struct lp_tunnel {
    const char *name;      /* static: "GRE", "VXLAN", ... */
    struct lp_ip src, dst; /* as its first segment was sent */
};

/* One TLS, DTLS or QUIC handshake. Frames count from 1; 0 means "not seen". */
struct lp_session {
    unsigned id;           /* its index in lp_capture.sessions */
    const char *transport; /* "tcp", "udp", "quic", or "eapol": frames of IEEE 802.1X, whose
                              ends have MACs alone */
    const char *carrier;   /* what stood in front of TLS or around it, "smtp", "turn",
                              "eap-tls", ...; "tls" or "dtls" when nothing did */
    struct lp_endpoint client, server; /* in RADIUS the client is the switch or access point, with
                                          the supplicant's MAC */
    const struct lp_tunnel *tunnels;   /* NULL when there are none */
    size_t tunnel_count;
    uint64_t first_frame;        /* the packet that completed the first handshake message seen */
    uint64_t server_hello_frame; /* the packet that completed it */
    uint64_t certificate_frame;  /* the packet that completed the server's Certificate message, or
                                    its leaf if the message is cut */
    struct lp_time start;        /* time of first_frame */
    uint16_t version; /* negotiated: 0x0300 SSL 3.0 to 0x0304 TLS 1.3, 0xfeff DTLS 1.0 to 0xfefc
                         DTLS 1.3; 0 when no ServerHello was seen */
    uint16_t offered_version; /* the highest that the ClientHello offered; 0 when there was none */
    const uint16_t *offered_ciphers; /* IANA numbers of the ClientHello's, at most 16; NULL unless
                                        the handshake ended before a certificate */
    size_t offered_cipher_count;     /* of all of them, also beyond 16 */
    uint16_t cipher;                 /* IANA number; valid when has_cipher */
    bool has_cipher;
    bool hello_seen;       /* a ClientHello was seen */
    bool past_certificate; /* the client went on (ClientKeyExchange, ChangeCipherSpec or application
                              data) after the Certificate */
    const char *sni;       /* server_name of the ClientHello (RFC 6066 3); NULL when absent */
    enum lp_outcome outcome;
    enum lp_reason reason; /* why the Certificate message is missing or not whole; LP_REASON_NONE
                              when it is complete */
    bool chain_complete;   /* the Certificate message was captured to its last byte */
    struct lp_cert *chain; /* of the server, in wire order */
    size_t chain_count;
    struct lp_cert *client_chain;
    size_t client_chain_count;
    struct lp_alert *alerts;
    size_t alert_count;
    /* Set by lp_verify: */
    bool compared;
    enum lp_verdict verdict;
    const char *expected_by; /* the configuration, hash, certificate or trust list that it was
                                compared with, the first of several; NULL: with none */
};
LP_PUBLIC const char *lp_version_name(uint16_t version); /* "TLSv1.2", "SSLv3"; NULL when unknown */
LP_PUBLIC const char *lp_cipher_name(uint16_t cipher);   /* IANA name; NULL when unregistered */

/* A file that a phone fetched within the capture. */
struct lp_boot_file {
    const char *carrier; /* static: "tftp", "http" */
    const char *name;    /* as it was asked for */
    const uint8_t *bytes;
    size_t size;
    bool complete; /* otherwise bytes are what comes before the first gap */
    struct lp_endpoint client, server;
    uint64_t frame; /* the packet that completed it */
    struct lp_time time;
};

/* An address that a name server gave within the capture. */
struct lp_dns_answer {
    const char *name;          /* that was asked for; lower case, without a dot at the end */
    const char *alias;         /* what its CNAMEs end in; NULL: it has none */
    struct lp_ip ip;           /* family 0: the answer ends at the alias */
    struct lp_endpoint client; /* to whom it was given; the port is not told */
    uint64_t frame; /* of the earliest answer that says so, like the time and the client's MAC */
    struct lp_time time;
};

/* A connection that was tried and not answered at all, or refused by a reset. */
struct lp_attempt {
    struct lp_endpoint client, server;
    uint64_t frame; /* of the first SYN */
    struct lp_time time;
    bool refused;
};

enum lp_event_kind {
    LP_EVENT_FILE,       /* a phone's file was fetched */
    LP_EVENT_UNANSWERED, /* a connection was tried in vain */
    LP_EVENT_REFUSED,    /* the same, and a reset came back */
    LP_EVENT_HANDSHAKE,
};
LP_PUBLIC const char *lp_event_name(enum lp_event_kind kind); /* "file", "unanswered", ... */

struct lp_event {
    enum lp_event_kind kind;
    uint64_t frame;
    struct lp_time time;
    const struct lp_endpoint *server;
    const struct lp_boot_file *file;  /* NULL unless LP_EVENT_FILE */
    const struct lp_session *session; /* NULL unless LP_EVENT_HANDSHAKE */
};

/* What one phone did, in the order of frames. */
struct lp_time_line {
    const char *phone; /* "SEP001F6C81110E"; NULL when nothing tells */
    struct lp_endpoint client;
    struct lp_event *events; /* at most 256 */
    size_t count;
    size_t left_out; /* events beyond those */
};

enum lp_severity { LP_INFO, LP_WARNING, LP_PROBLEM };
LP_PUBLIC const char *lp_severity_name(enum lp_severity severity); /* "info", "warning", "error" */

struct lp_finding {
    enum lp_severity severity;
    const char *code;    /* stable, e.g. "hash-mismatch" */
    int64_t session;     /* index, or -1 */
    uint64_t frame;      /* or 0 */
    const char *message; /* what was seen */
    const char *remedy;  /* what to do; NULL when there is nothing to do */
};

struct lp_stats {
    uint64_t packets, bytes; /* bytes: captured lengths summed */
    uint64_t truncated_packets;
    const char *const *link_types; /* names without DLT_, in order of appearance */
    size_t link_type_count;
    struct lp_time first, last; /* earliest and latest time stamp; meaningful when packets > 0 */
};

/* ---- what was expected ---- */

enum lp_hash_algorithm {
    LP_HASH_UNKNOWN = 0,
    LP_HASH_MD5,
    LP_HASH_SHA1,
    LP_HASH_SHA256,
    LP_HASH_SHA512
};
LP_PUBLIC const char *
lp_hash_algorithm_name(enum lp_hash_algorithm algorithm); /* "sha1", ...; NULL for unknown */

/* What is wrong with the text of a certHashN. */
enum lp_hash_fault {
    LP_HASH_FINE = 0,
    LP_HASH_EMPTY,       /* no characters but white space: as if it were not there */
    LP_HASH_NOT_BASE64,  /* characters outside the alphabet, or padding in the wrong place */
    LP_HASH_OF_HEX_TEXT, /* Base64 of the thumbprint's hex digits instead of its bytes */
    LP_HASH_IS_HEX,      /* the hex digits themselves */
    LP_HASH_BAD_LENGTH,  /* decodes, but to no digest's length */
};

struct lp_cert_hash {
    unsigned n;                       /* 1 for certHash1 */
    enum lp_hash_algorithm algorithm; /* by the decoded length */
    enum lp_hash_fault fault;
    uint8_t digest[64];
    size_t digest_len;
    const char *text; /* as written, white space removed */
};

struct lp_url {
    unsigned n;       /* 1 for url1; 0 when it is no phone's */
    const char *text; /* as written, trimmed */
    bool usable;      /* host and port could be read */
    bool host_is_ip;
    const char *host; /* lower case, without brackets */
    struct lp_ip ip;  /* when host_is_ip */
    uint16_t port;
};

enum { LP_MAX_URLS = 3, LP_MAX_CERT_HASHES = 10 };

/* A handshake that was compared, and what its server is known by. */
struct lp_reached {
    unsigned session;     /* index */
    unsigned url;         /* N of the urlN that the server is; 0: of none */
    const char *known_by; /* static: "address", "sni", "dns"; "dns-other", "dns-late" and "port",
                             which confirm nothing; "server", "any" where no url decides */
    const struct lp_dns_answer *answer; /* of "dns", "dns-other" and "dns-late"; else NULL */
};

/* One expected side: a phone's vpnGroup, or a hash or certificate given by itself (origin "hash",
 * "certificate"). */
struct lp_config {
    const char *source; /* file name, or the text of --expect */
    const char *origin; /* "file", "hash", "certificate", "headend", "tftp", "http" */
    const char *phone;  /* "SEP001F6C81110E"; NULL when the name does not tell */
    const char
        *paired_by; /* "manifest", "mac", "name", "client", "only", "url"; set by lp_verify */
    enum lp_reason reason; /* why nothing can be compared with it (no-vpn-group, no-cert-hash,
                              encrypted-config) */
    struct lp_url urls[LP_MAX_URLS];
    size_t url_count;
    bool url_lost; /* no url could be read, but there may be one: no server is known to be meant */
    bool has_host_id_check, host_id_check;
    bool has_hash_algorithm;
    const char *hash_algorithm; /* hashAlg as written */
    struct lp_cert_hash hashes[LP_MAX_CERT_HASHES];
    size_t hash_count;
    const struct lp_finding *findings; /* what was odd in the file; frame and session unset */
    size_t finding_count;
    /* A configuration found inside the capture: who fetched it, and the handshakes it is for, those
     * in frames from the first to before the second (0: no end). */
    const struct lp_boot_file *file; /* NULL when it was given */
    uint64_t from_frame, until_frame;
    /* Set by lp_verify: */
    enum lp_verdict verdict;
    enum lp_reason verdict_reason;
    const char *summary;
    const unsigned *sessions;         /* indices of the handshakes that were compared */
    const struct lp_reached *reached; /* the same handshakes */
    size_t session_count;
};

/* ---- one capture's result ---- */

struct lp_capture {
    const char *path;  /* as given, made printable */
    const char *error; /* why the input could not be read (to its end); NULL if it could */
    bool verified;     /* lp_verify ran: verdict, reason, summary and configs are meaningful */
    enum lp_verdict verdict;
    enum lp_reason reason;
    const char *summary;
    struct lp_config *configs; /* copies, in the order given */
    size_t config_count;
    struct lp_session *sessions; /* ordered by first_frame */
    size_t session_count;
    /* With lp_options.sink instead of the two above: the numbers, from 0, of the sessions that it
     * took, ordered by first_frame. */
    uint32_t *order;
    size_t handed_on;
    struct lp_boot_file *files; /* boot files of phones, ordered by frame */
    size_t file_count;
    struct lp_attempt *attempts; /* ordered by frame; at most 1,024 are kept */
    size_t attempt_count;
    struct lp_dns_answer *dns_answers; /* ordered by name, then time; at most 65,536 are kept */
    size_t dns_answer_count;
    struct lp_time_line *time_lines; /* set by lp_verify; at most 64 */
    size_t time_line_count;
    struct lp_finding *findings;
    size_t finding_count;
    struct lp_stats stats;
    struct lp_arena *arena; /* private: owns all of the above */
};

/* For captures of any size in little memory: takes each handshake when all is known of it. */
struct lp_session_sink {
    /* `session` and all that it points to live for the call; its id is the number of the call,
     * from 0. False: memory is short, and the scan ends so. */
    bool (*take)(void *ctx, const struct lp_session *session);
    /* What was taken is void, since the capture is read once more, with the secrets that stood
     * behind its packets; numbers begin again at 0. */
    void (*again)(void *ctx);
    void *ctx; /* borrowed */
};

/* Zeroed means defaults. */
struct lp_options {
    uint64_t max_memory;     /* bytes for connections and reassembly of one scan; 0: 256 MiB */
    uint64_t max_connection; /* bytes for one connection; 0: 64 MiB */
    uint64_t max_expansion;  /* bytes that a compressed capture may expand to; 0: 16 GiB. More than
                                1,000 times its own size is refused in any case */
    const char *filter;      /* only packets that match it, in the language of pcap-filter(7);
                                NULL: all. Frames keep the numbers that they have in the file */
    const char *keylog; /* path of the secrets of TLS sessions, in the NSS key log format, which may
                           still grow; NULL: those in the capture alone */
    volatile sig_atomic_t *stop; /* soon after it is not 0, reading ends, and out->error says so:
                                    for a signal handler. May be NULL */
    const struct lp_session_sink *sink; /* takes the handshakes; NULL: they are kept in the result.
                                           What was handed on cannot be verified */
    bool facts;                         /* fill lp_cert.facts */
    bool keep_der;                      /* fill lp_cert.der */
    bool more_digests; /* fill lp_cert.more; lp_expected_needs_more_digests() tells whether a
                          comparison needs it */
};

/* Reads a capture ("-": standard input) and lists its handshakes: pcap and pcapng, also compressed
 * by gzip, zstd, xz, lz4 or bzip2. On LP_OK *out is a result to be freed, also when the input was
 * unreadable or broken (then out->error says so, and what was read before counts). `options` may be
 * NULL. LP_ERR_USAGE: options->filter is no filter. */
LP_PUBLIC enum lp_status lp_inspect(const char *path, const struct lp_options *options,
                                    struct lp_capture **out, struct lp_error *error);

/* A recording from an interface: until one of the three reasons to end it holds. */
struct lp_live {
    const char *interface;       /* "eth0", "any": as libpcap names them */
    uint64_t packets;            /* after so many (that match options->filter); 0: any number */
    unsigned seconds;            /* after so long; 0: any time */
    volatile sig_atomic_t *stop; /* soon after it is not 0: for a signal handler. May be NULL */
    bool drop_privileges;        /* a process of root becomes the user who called sudo, or nobody,
                                    for good, once the interface is open */
};

/* The same for what passes an interface now. out->error says so when it cannot be opened. */
LP_PUBLIC enum lp_status lp_inspect_live(const struct lp_live *live,
                                         const struct lp_options *options, struct lp_capture **out,
                                         struct lp_error *error);
LP_PUBLIC void lp_capture_free(struct lp_capture *capture); /* NULL is fine */

/* The expected sides: configurations, hashes, certificates. Starts empty. NULL only when memory is
 * short. */
struct lp_expected;
LP_PUBLIC struct lp_expected *lp_expected_new(void);
LP_PUBLIC void lp_expected_free(struct lp_expected *expected); /* NULL is fine */
/* A phone's configuration (XML, plain or signed), or a folder of them; certificates, a headend's
 * text, or hashes, as lp_list_file reads them. The certificates of a trust list become known, but
 * none is expected of a headend. LP_ERR_IO: not readable, or none of these. */
LP_PUBLIC enum lp_status lp_expected_add_file(struct lp_expected *expected, const char *path,
                                              struct lp_error *error);
/* Certificates (PEM, DER, PKCS #7, or those of a trust list) that may have signed configurations
 * (.sgn): the signatures of files that are added later are checked with them. */
LP_PUBLIC enum lp_status lp_expected_trust_file(struct lp_expected *expected, const char *path,
                                                struct lp_error *error);
/* A hash: Base64, or hex with or without colons. LP_ERR_USAGE: no digest. */
LP_PUBLIC enum lp_status lp_expected_add_hash(struct lp_expected *expected, const char *text,
                                              struct lp_error *error);
/* Whether any expected value is an MD5 or SHA-512 digest, so that lp_options.more_digests must be
 * set before lp_inspect. */
LP_PUBLIC bool lp_expected_needs_more_digests(const struct lp_expected *expected);
LP_PUBLIC size_t lp_expected_count(const struct lp_expected *expected);
LP_PUBLIC const struct lp_config *lp_expected_get(const struct lp_expected *expected,
                                                  size_t index); /* borrowed; NULL past the end */

struct lp_verify_options {
    bool leaf_only;     /* an issuer's hash is no match */
    bool any_server;    /* compare every handshake, not only those to a url */
    bool assigned;      /* the expected side was named for this very capture: paired_by says
                           "manifest" */
    const char *server; /* HOST[:PORT] of the headend, instead of the urls; NULL: the urls */
};

/* Compares what was seen with what was expected and fills the verdict fields, configs and further
 * findings of `capture`. `options` may be NULL. Call it once per capture. LP_ERR_USAGE:
 * options->server cannot be read, or the handshakes were handed on (lp_options.sink). */
LP_PUBLIC enum lp_status lp_verify(struct lp_capture *capture, const struct lp_expected *expected,
                                   const struct lp_verify_options *options, struct lp_error *error);

/* ---- certificates as files ---- */

/* Reads every certificate (PEM or DER) of a file or of standard input ("-"); facts and DER
 * included. The result's only session holds them as `chain`. LP_ERR_IO: unreadable, or no
 * certificate in it. */
LP_PUBLIC enum lp_status lp_read_certificates(const char *path, struct lp_capture **out,
                                              struct lp_error *error);

/* A certificate, or the hash of one, that a file holds. */
struct lp_listed {
    const char *label;          /* "trustpoint cme_cert, CA", "CCM+TFTP"; NULL: nothing to say */
    unsigned long line;         /* of a text; 0: none */
    const struct lp_cert *cert; /* with facts and DER; NULL: there is only a hash */
    struct lp_cert_hash hash;   /* of a certificate its SHA-1; n is 0, or that of a certHashN that
                                   already has this value */
};

/* All that a file says about certificates. Everything belongs to it. */
struct lp_listing {
    const char *path; /* as given, made printable */
    const char *kind; /* static: "certificate", "headend", "trust-list", "hash" */
    const struct lp_listed *items;
    size_t count;
    const struct lp_finding *findings; /* what could not be used, and why */
    size_t finding_count;
    struct lp_arena *arena; /* private */
};

/* Reads certificates (PEM, DER, PKCS #7), a headend's text (configuration or "show" output of CME,
 * IOS, ASA), a phone's trust list (CTL, ITL), or hashes one per line, from a file or from standard
 * input ("-"). LP_ERR_IO: unreadable, or none of these. A listing may be empty: then the findings
 * say why. */
LP_PUBLIC enum lp_status lp_list_file(const char *path, struct lp_listing **out,
                                      struct lp_error *error);
LP_PUBLIC void lp_listing_free(struct lp_listing *listing); /* NULL is fine */

struct lp_export {
    const char *dir; /* existing or creatable directory */
    bool all;        /* the whole chain and client certificates, not the leaf alone */
    bool pem;
};
/* Called for each certificate: the path, and whether it was written now (or was there already with
 * the same bytes). */
typedef void (*lp_export_fn)(void *ctx, const char *path, bool written);
/* Writes the complete certificates of `capture` (which needs keep_der) as files that never
 * overwrite other bytes. */
LP_PUBLIC enum lp_status lp_export(const struct lp_capture *capture, const struct lp_export *what,
                                   lp_export_fn fn, void *ctx, struct lp_error *error);

/* Writes the boot files of phones that are complete, byte for byte as they were fetched, into a
 * directory, existing or creatable, under the same rules. Each is named as it was asked for, with
 * the beginning of its SHA-256 in front of its extensions: SEP001F6C81110E_<16 digits>.cnf.xml. */
LP_PUBLIC enum lp_status lp_export_phone_files(const struct lp_capture *capture, const char *dir,
                                               lp_export_fn fn, void *ctx, struct lp_error *error);

/* ---- before a certificate changes ---- */

/* What a phone's configuration holds of the audited certificates' hashes. */
enum lp_holding {
    LP_HOLDS_UNKNOWN = 0, /* encrypted, partial or broken: the vpnGroup cannot be read */
    LP_HOLDS_ALL,
    LP_HOLDS_SOME,
    LP_HOLDS_OTHERS, /* hashes of other certificates only: the old one's */
    LP_HOLDS_NONE,   /* a vpnGroup without any hash */
    LP_HOLDS_NO_VPN, /* no vpnGroup: the phone builds no VPN */
    LP_HOLDS_ERROR,  /* the file could not be read */
    LP_HOLDING_COUNT
};
LP_PUBLIC const char *lp_holding_name(enum lp_holding holding); /* "all", "no-vpn", ... */

enum { LP_AUDIT_CERTS_MOST = 64 };

struct lp_audit_cert {
    const char *source;  /* the file */
    const char *label;   /* as in lp_listed */
    const char *subject; /* NULL: only the hash is known */
    struct lp_cert_hash hash;
    size_t holders; /* configurations that hold it */
};

struct lp_audit_config {
    const char *source;
    const char *phone; /* NULL when the name does not tell */
    enum lp_holding holding;
    const char *why;                        /* of UNKNOWN and ERROR; else NULL */
    uint64_t held;                          /* bit i set: the hash of certificate i */
    const char *values[LP_MAX_CERT_HASHES]; /* certHash1 and on, as written; NULL: free */
    unsigned foreign;                       /* bit N-1 set: certHashN is no audited certificate's */
};

struct lp_audit {
    struct lp_audit_cert *certs;
    size_t cert_count;
    struct lp_audit_config *configs; /* in the order given, folders in bytewise order of paths */
    size_t config_count;
    size_t totals[LP_HOLDING_COUNT];
    struct lp_arena *arena; /* private */
};

struct lp_audit_request {
    const char *const *configs; /* files and folders of phones' configurations */
    size_t config_count;
    const char *const *certs; /* files, as lp_list_file reads them */
    size_t cert_count;
    const char *const *trust; /* files, as lp_expected_trust_file reads them: a configuration whose
                                 signature is wrong is LP_HOLDS_UNKNOWN */
    size_t trust_count;
    unsigned jobs; /* threads; 0: as many as processors */
};
/* LP_ERR_IO: a folder or a certificate could not be read; a configuration that could not is in the
 * result. LP_ERR_USAGE: more than LP_AUDIT_CERTS_MOST certificates. */
LP_PUBLIC enum lp_status lp_audit(const struct lp_audit_request *request, struct lp_audit **out,
                                  struct lp_error *error);
LP_PUBLIC void lp_audit_free(struct lp_audit *audit); /* NULL is fine */

/* ---- small helpers that a front end needs ---- */

/* Writes "192.0.2.1" or "2001:db8::1" (RFC 5952), NUL-terminated. Size 46 suffices. */
LP_PUBLIC void lp_ip_text(const struct lp_ip *ip, char *out, size_t size);
/* Lower-case hex / Base64 with padding, NUL-terminated; `out` needs 2n+1 / 4*((n+2)/3)+1 bytes. */
LP_PUBLIC void lp_hex_text(const uint8_t *bytes, size_t n, char *out);
LP_PUBLIC void lp_base64_text(const uint8_t *bytes, size_t n, char *out);

LP_PUBLIC const char *lp_version(void);
/* The libraries this one uses: name, version compiled against, version running; false past the end.
 */
LP_PUBLIC bool lp_library_version(size_t index, const char **name, const char **compiled,
                                  const char **running);

#ifdef __cplusplus
}
#endif

#endif
