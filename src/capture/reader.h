/*
 * What the readers of the capture formats share with source.c: each takes packets from a stream,
 * one at a time, and says which rule the input broke when there are no more.
 */
#ifndef LP_CAPTURE_READER_H
#define LP_CAPTURE_READER_H

#include "capture/source.h"
#include "capture/stream.h"

enum {
    /* Packets of this size are taken whatever a file says of its snap length: libpcap's maximum. */
    LP_PACKET_USUAL = 256 * 1024,
    /* No snap length allows more. */
    LP_PACKET_MOST = 16 * 1024 * 1024,
};

/* Why reading stops: where in the (expanded) capture, and which rule was broken there. A reader
 * may set it together with a packet, which is then the last one. */
struct lp_fault {
    enum lp_read what; /* zero, LP_READ_PACKET: nothing stopped yet */
    uint64_t at;
    char rule[320];
};

/* Sets the fault to LP_READ_BROKEN and returns that. */
enum lp_read lp_fault_broken(struct lp_fault *fault, uint64_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* After lp_stream_have said no: the stream's own reason, or LP_READ_CUT with a text that says what
 * was being read. */
enum lp_read lp_fault_short(struct lp_fault *fault, const struct lp_stream *stream,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same between two records, where the input may end: then LP_READ_END. */
enum lp_read lp_fault_between(struct lp_fault *fault, const struct lp_stream *stream,
                              const char *what);

/* The largest packet that an interface with this snap length (0: unknown) may have recorded. */
uint32_t lp_packet_most(uint32_t snap_length);

/* A LINKTYPE_ number of a file as the DLT_ number that libpcap gives it. */
int lp_link_type_from_file(uint32_t number);

/* Numbers in the byte order of the machine that recorded. */
LP_MUST_USE static inline bool lp_order_u32(struct lp_rd *rd, bool little, uint32_t *out)
{
    return little ? lp_rd_u32_le(rd, out) : lp_rd_u32(rd, out);
}

LP_MUST_USE static inline bool lp_order_u16(struct lp_rd *rd, bool little, uint16_t *out)
{
    if (!lp_rd_u16(rd, out))
        return false;
    if (little)
        *out = __builtin_bswap16(*out);
    return true;
}

/* ---- pcap ---- */

struct lp_pcap {
    const struct lp_pcap_kind *kind; /* static: by the magic number */
    bool little;
    bool nanoseconds;
    bool lengths_exchanged, lengths_doubtful; /* captured and original length stand the other way
                                                 round; or do when the other order makes no sense */
    bool layout_known;                        /* false until the first records were looked at */
    size_t record_bytes;                      /* of the header in front of each packet */
    uint32_t most;                            /* captured bytes */
    int link_type;
};

bool lp_pcap_recognise(struct lp_rd head); /* by the magic number */
/* False: not a capture that can be read, and fault->rule says why. */
bool lp_pcap_open(struct lp_pcap *pcap, struct lp_stream *stream, struct lp_fault *fault);
enum lp_read lp_pcap_next(struct lp_pcap *pcap, struct lp_stream *stream, struct lp_packet *packet,
                          struct lp_fault *fault);

/* ---- pcapng ---- */

struct lp_pcapng_interface {
    int link_type;
    uint32_t snap_length; /* 0: unlimited */
    uint8_t resolution;   /* if_tsresol as written */
    int64_t offset;       /* if_tsoffset, seconds */
};

struct lp_pcapng {
    bool little;                            /* of the section */
    struct lp_pcapng_interface *interfaces; /* owned: of the section */
    size_t count, cap;
    unsigned earlier;      /* interfaces of the sections before */
    struct lp_buf secrets; /* owned: key log lines of the whole file so far */
};

bool lp_pcapng_recognise(struct lp_rd head);
/* Reads on to the first interface or packet, so that a link type is known. False: there is none
 * that can be read, and fault->rule says why. A section without any is an empty capture. */
bool lp_pcapng_open(struct lp_pcapng *file, struct lp_stream *stream, struct lp_fault *fault);
enum lp_read lp_pcapng_next(struct lp_pcapng *file, struct lp_stream *stream,
                            struct lp_packet *packet, struct lp_fault *fault);
void lp_pcapng_close(struct lp_pcapng *file);

#endif
