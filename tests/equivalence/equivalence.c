/*
 * Reads every file below the given directories with libpcap and with our own readers, side by side,
 * and holds number, times, lengths, bytes and link types of the packets against each other.
 *
 *   equivalence PATH...      exit 1 and one line for each capture that differs
 *
 * Where libpcap stops, the comparison ends: more than it is what our readers are for. Known to be
 * different, and allowed for:
 *   - libpcap cuts packets down to the snap length of the file's header; ours keep what is there;
 *   - an original length below the captured one is raised to it;
 *   - seconds and fractions are unsigned, and more than a second is carried;
 *   - libpcap turns some pseudo headers into this machine's byte order.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#define _DEFAULT_SOURCE   /* pcap.h needs u_int */

#include "capture/source.h"

#include <ftw.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_DIRECTORIES = 8, NANO = 1000000000 };

static struct {
    unsigned long captures, packets, different, ours_alone, neither;
} count; /* here because nftw's callback takes no context */

static bool turned_by_libpcap(pcap_t *pcap)
{
    int type = pcap_datalink(pcap);

    return pcap_is_swapped(pcap) &&
           (type == DLT_USB_LINUX || type == DLT_USB_LINUX_MMAPPED || type == DLT_NFLOG ||
            type == DLT_PFLOG || type == DLT_LINUX_SLL);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* libpcap reads seconds and fraction as signed numbers of 32 bits and carries nothing: modulo 2^64
 * nanoseconds the difference is none, or that of the sign of either. */
static bool same_time(const struct pcap_pkthdr *header, const struct lp_time *time)
{
    uint64_t theirs = (uint64_t)header->ts.tv_sec * NANO + (uint64_t)header->ts.tv_usec;
    uint64_t ours = (uint64_t)time->sec * NANO + time->nsec;
    uint64_t wrap = UINT64_C(1) << 32, apart = ours - theirs;

    if (apart >= wrap * NANO)
        apart -= wrap * NANO;
    return apart == 0 || apart == wrap || apart == wrap * 1000;
}

/* What differs; NULL: nothing. */
static const char *difference(pcap_t *pcap, const struct pcap_pkthdr *header, const u_char *bytes,
                              const struct lp_packet *packet)
{
    uint32_t snap = (uint32_t)pcap_snapshot(pcap);
    uint32_t original = header->len > packet->captured ? header->len : packet->captured;

    if (header->caplen != (packet->captured > snap ? snap : packet->captured))
        return "captured length";
    if (original != packet->original)
        return "original length";
    if (!same_time(header, &packet->time))
        return "time";
    if (pcap_datalink(pcap) != packet->link_type)
        return "link type";
    if (!turned_by_libpcap(pcap) && header->caplen &&
        memcmp(bytes, packet->bytes, least(header->caplen, packet->captured)) != 0)
        return "bytes";
    return NULL;
}

/* NULL: they agree to libpcap's end. */
static const char *compare(pcap_t *pcap, struct lp_source *source)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    struct lp_packet packet;
    struct lp_error why;
    const char *what = NULL;
    int got;

    while (!what && (got = pcap_next_ex(pcap, &header, &bytes)) == 1) {
        count.packets++;
        if (lp_source_next(source, &packet, &why) != LP_READ_PACKET)
            return "libpcap reads more packets";
        what = difference(pcap, header, bytes, &packet);
    }
    if (what || got != PCAP_ERROR_BREAK)
        return what;
    return lp_source_next(source, &packet, &why) == LP_READ_END ? NULL : "ours does not end there";
}

static int compare_file(const char *path, const struct stat *about, int type, struct FTW *where)
{
    char why_not[PCAP_ERRBUF_SIZE];
    struct lp_source *source = NULL;
    struct lp_error error;
    const char *what;
    pcap_t *pcap;

    (void)where;
    if (type != FTW_F || !S_ISREG(about->st_mode))
        return 0;
    pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why_not);
    bool opened = lp_source_open(path, &source, &error) == LP_OK;
    if (!pcap) {
        count.ours_alone += opened;
        count.neither += !opened;
        lp_source_close(source);
        return 0;
    }
    what = opened ? compare(pcap, source) : error.text;
    count.captures++;
    if (what) {
        count.different++;
        printf("%s: %s\n", path, what);
    }
    lp_source_close(source);
    pcap_close(pcap);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], compare_file, OPEN_DIRECTORIES, FTW_PHYS)) {
            perror(argv[i]);
            return 1;
        }
    }
    printf("%lu captures and %lu packets compared, %lu captures differ; %lu more are read by ours "
           "alone, %lu files by neither\n",
           count.captures, count.packets, count.different, count.ours_alone, count.neither);
    return count.different || !count.captures;
}
