/*
 * Where packets come from: a capture file, standard input, or an interface.
 *
 * pcap and pcapng, also compressed, are read by readers of our own (reader.h), since libpcap
 * refuses pcapng files whose interfaces differ, shows no secrets, and costs about twice the time.
 * libpcap stays for formats that those do not know, for filters, and for interfaces.
 *
 * A recording that was stopped hard ends inside a packet. That is a daily thing and not the same as
 * a damaged file: what is there of that packet is handed out, and the end has a name of its own.
 */
#ifndef LP_CAPTURE_SOURCE_H
#define LP_CAPTURE_SOURCE_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

struct lp_packet {
    uint64_t frame; /* from 1: its number in the file, whatever a filter left out */
    struct lp_time time;
    const uint8_t *bytes; /* borrowed until the next read */
    uint32_t captured;    /* bytes present */
    uint32_t original;    /* bytes that were on the wire; never less than captured */
    int link_type;        /* a DLT_ number */
    unsigned interface;   /* from 0, counted over all sections of a file */
    bool cut;             /* the input ends inside it */
};

enum lp_read {
    LP_READ_PACKET = 0,
    LP_READ_END,
    LP_READ_CUT,    /* the input ends inside a packet, or its compressed form does */
    LP_READ_BROKEN, /* the input breaks the format's rules, or reading failed */
    LP_READ_MEMORY, /* an allocation failed */
};

struct lp_source;

/* Opens a file, or standard input for "-". LP_ERR_IO: cannot be opened, or is no capture;
 * error->text says which. The path is borrowed until the source is closed. */
enum lp_status lp_source_open(const char *path, struct lp_source **out, struct lp_error *error);
/* Opens an interface. It ends as `live` says; the struct is borrowed until the source is closed. */
enum lp_status lp_source_open_live(const struct lp_live *live, struct lp_source **out,
                                   struct lp_error *error);
void lp_source_close(struct lp_source *source); /* NULL is fine */

/* A compressed input may expand to so many bytes; 0: 16 GiB. */
void lp_source_limit_expansion(struct lp_source *source, uint64_t most);

/* From now on only packets that match the expression (pcap-filter(7)) are handed out. It is
 * compiled for each link type that occurs. LP_ERR_IO: not for the first one, only for others;
 * LP_ERR_USAGE: it is no filter. */
enum lp_status lp_source_filter(struct lp_source *source, const char *expression,
                                struct lp_error *error);

/* After anything but LP_READ_PACKET there is nothing more to read. With LP_READ_CUT and
 * LP_READ_BROKEN the message names packet, byte and rule, and packet->frame is that packet's
 * number. */
enum lp_read lp_source_next(struct lp_source *source, struct lp_packet *packet,
                            struct lp_error *error);

/* The first interface's, a DLT_ number; -1 when the file describes none. */
int lp_source_link_type(const struct lp_source *source);

enum { LP_LINK_NAME = 32 };
/* "EN10MB", or "DLT 147". */
void lp_link_type_name(int link_type, char out[static LP_LINK_NAME]);

/* TLS key log lines (draft-ietf-tls-keylogfile) out of the pcapng blocks read so far; at most 16
 * MiB are kept. Empty for other formats. */
const struct lp_buf *lp_source_secrets(const struct lp_source *source);

/* Packets that an interface saw and that nobody had time for. */
uint64_t lp_source_lost(const struct lp_source *source);

void lp_capture_library_version(const char **compiled, const char **running); /* of libpcap */
void lp_archive_library_version(const char **compiled, const char **running); /* of libarchive */

#endif
