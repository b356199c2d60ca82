/*
 * The expected side: what the phone was told to trust, and which phone it is.
 */
#ifndef LP_PHONE_PHONE_H
#define LP_PHONE_PHONE_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

/* Certificates that may have signed configurations. Borrowed. */
struct lp_trusted {
    struct lp_rd der;
    const char *serial; /* as lp_cert_facts has it */
    const char *source; /* the file within the capture that it comes from; NULL: it was given. Given
                           ones stand first */
};
struct lp_phone_trust {
    const struct lp_trusted *certificates;
    size_t count;
};

/* Reads the vpnGroup of a phone's configuration. `source` (a path, borrowed for the call) names it
 * in messages and may tell the phone. Everything in *out lives in the arena. Never fails on
 * content: what cannot be read becomes out->reason and out->findings. False only when memory is
 * short. */
bool lp_phone_config(struct lp_arena *arena, const char *source, const void *bytes, size_t n,
                     struct lp_config *out);
/* The same, and the signature of a signed file is checked with what `trust` (or NULL) holds. */
bool lp_phone_config_trusting(struct lp_arena *arena, const char *source, struct lp_rd bytes,
                              const struct lp_phone_trust *trust, struct lp_config *out);

/* Whether the bytes look like XML or a phone's configuration at all (a BOM, white space and NULs
 * may stand in front). */
bool lp_phone_looks_like_xml(const void *bytes, size_t n);

/* Fills algorithm, fault, digest, digest_len and text from one certHashN as written (white space
 * anywhere is ignored). */
bool lp_cert_hash_read(struct lp_arena *arena, const char *text, size_t n,
                       struct lp_cert_hash *out);
/* The same for a value typed by a person: hex with or without colons is welcome too. False: no
 * digest (out->fault says why; LP_HASH_FINE means that memory is short). */
bool lp_cert_hash_typed(struct lp_arena *arena, const char *text, struct lp_cert_hash *out);

/* Hashes one per line, as lp_cert_hash_typed takes them; "#" begins a comment. */
struct lp_hash_list {
    struct lp_cert_hash hashes[LP_MAX_CERT_HASHES];
    size_t count;   /* 0: some line is no hash, and none counts */
    bool left_out;  /* there are more */
    bool no_memory; /* of the reader's own use */
};
/* False only when memory is short. */
bool lp_hash_list_read(struct lp_arena *arena, const void *bytes, size_t n,
                       struct lp_hash_list *out);

/* Fills *out from "https://host[:port]/path"; `usable` stays false for what cannot be read. False
 * only when memory is short. "http://" and no scheme at all are usable too, with port 443. */
bool lp_url_read(struct lp_arena *arena, const char *text, size_t n, struct lp_url *out);
/* "HOST[:PORT]", "[v6]:PORT"; without a port `port` is 0, meaning any. False: unreadable. */
bool lp_server_read(struct lp_arena *arena, const char *text, struct lp_url *out);

/* "SEP001F6C81110E" when the text holds SEP and 12 hex digits in either case (not followed by
 * another); writes 15 characters in canonical case and NUL. The MAC in `mac`. */
bool lp_phone_name_find(const char *text, char name[16], uint8_t mac[6]);

/* Of libxml2. */
void lp_phone_library_version(const char **compiled, const char **running);

#endif
