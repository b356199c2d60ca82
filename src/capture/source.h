/*
 * Where packets come from: a capture file or standard input, read through libpcap.
 *
 * libpcap tells a file that ends inside a packet from one that breaks the format only by its
 * message; this module makes the difference explicit, since a recording that was stopped hard is a
 * daily thing and what was read before its end counts in full.
 */
#ifndef LP_CAPTURE_SOURCE_H
#define LP_CAPTURE_SOURCE_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

struct lp_packet {
    uint64_t frame; /* from 1 */
    struct lp_time time;
    const uint8_t *bytes; /* borrowed until the next read */
    uint32_t captured;    /* bytes present */
    uint32_t original;    /* bytes that were on the wire; never less than captured */
};

enum lp_read {
    LP_READ_PACKET,
    LP_READ_END,
    LP_READ_CUT,    /* the input ends inside a packet */
    LP_READ_BROKEN, /* the input breaks the format's rules, or reading failed */
};

struct lp_source;

/* Opens a file, or standard input for "-". LP_ERR_IO: cannot be opened, or is no capture;
 * error->text says which. */
enum lp_status lp_source_open(const char *path, struct lp_source **out, struct lp_error *error);
void lp_source_close(struct lp_source *source);

/* After LP_READ_CUT and LP_READ_BROKEN the message names packet and byte; there is nothing more to
 * read then. */
enum lp_read lp_source_next(struct lp_source *source, struct lp_packet *packet,
                            struct lp_error *error);

int lp_source_link_type(const struct lp_source *source); /* a DLT_ number */
const char *lp_source_link_name(
    const struct lp_source *source); /* "EN10MB", or "DLT 147"; lives as long as the source */
void lp_capture_library_version(const char **compiled,
                                const char **running); /* of the running libpcap */

#endif
