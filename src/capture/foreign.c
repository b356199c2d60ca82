/* A stdio stream of our own stands between the buffer and libpcap, so that compressed input and
 * pipes are the same to it. */
#define _GNU_SOURCE /* fopencookie */
#include "capture/foreign.h"

#include <stdio.h>
#include <string.h>

static ssize_t cookie_read(void *cookie, char *out, size_t size)
{
    struct lp_stream *stream = cookie;

    if (!lp_stream_have(stream, 1))
        return stream->state == LP_STREAM_END ? 0 : -1;
    size_t n = lp_rd_head(&stream->ready, size).left;
    return lp_rd_copy(&stream->ready, out, n) ? (ssize_t)n : -1;
}

pcap_t *lp_foreign_open(struct lp_stream *stream, struct lp_fault *fault)
{
    static const cookie_io_functions_t functions = {.read = cookie_read};
    char why[PCAP_ERRBUF_SIZE] = "out of memory";
    FILE *file = fopencookie(stream, "rb", functions);
    pcap_t *pcap = NULL;

    if (file)
        pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!pcap) {
        lp_fault_broken(fault, 0, "%s", why);
        if (file)
            fclose(file);
    }
    return pcap;
}

enum lp_read lp_foreign_next(pcap_t *pcap, const struct lp_stream *stream, struct lp_packet *packet,
                             struct lp_fault *fault)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got = pcap_next_ex(pcap, &header, &bytes);

    if (got == PCAP_ERROR_BREAK) {
        fault->what = LP_READ_END;
        return fault->what;
    }
    if (got != 1)
        return lp_fault_broken(fault, lp_stream_at(stream), "%s", pcap_geterr(pcap));
    packet->time.sec = header->ts.tv_sec;
    packet->time.nsec = (uint32_t)header->ts.tv_usec; /* nanoseconds, as asked for */
    packet->bytes = bytes;
    packet->captured = header->caplen;
    packet->original = header->len > header->caplen ? header->len : header->caplen;
    packet->link_type = pcap_datalink(pcap);
    packet->interface = 0;
    packet->cut = false;
    return LP_READ_PACKET;
}
