/*
 * How it works: a stdio stream of our own stands between the file descriptor and libpcap
 * (fopencookie). It counts what passes, so that a position can be named on a pipe as well as in a
 * file, and is the place where decompression goes. Time stamps are asked for in nanoseconds
 * whatever the file has.
 */
#define _GNU_SOURCE /* fopencookie */
#include "capture/source.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_AHEAD = 256 * 1024 };

struct lp_source {
    pcap_t *pcap;     /* owned; closes the stream, which closes the descriptor */
    char *buffer;     /* owned; of the stream */
    const char *path; /* borrowed */
    int fd;           /* owned; -1 once closed */
    uint64_t taken;   /* bytes handed to the stream */
    uint64_t frame;
    int link_type;
    char link_name[32];
};

static ssize_t stream_read(void *cookie, char *buffer, size_t size)
{
    struct lp_source *source = cookie;
    ssize_t got;

    do
        got = read(source->fd, buffer, size);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        source->taken += (uint64_t)got;
    return got;
}

/* Only "where am I?" is answered: enough for ftello() to name a position on a pipe. */
static int stream_seek(void *cookie, off64_t *offset, int whence)
{
    const struct lp_source *source = cookie;
    if (whence != SEEK_CUR || *offset != 0)
        return -1;
    *offset = (off64_t)source->taken;
    return 0;
}

static int stream_close(void *cookie)
{
    struct lp_source *source = cookie;
    int fd = source->fd;
    source->fd = -1;
    return fd > STDIN_FILENO ? close(fd) : 0;
}

static enum lp_status open_descriptor(struct lp_source *source, struct lp_error *error)
{
    struct stat info;

    if (strcmp(source->path, "-") == 0) {
        source->fd = STDIN_FILENO;
        return LP_OK;
    }
    source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0) {
        lp_error_set(error, "%s: %s", source->path, strerror(errno));
        return LP_ERR_IO;
    }
    if (fstat(source->fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        lp_error_set(error, "%s: is a directory", source->path);
        return LP_ERR_IO;
    }
    return LP_OK;
}

static enum lp_status open_capture(struct lp_source *source, struct lp_error *error)
{
    static const cookie_io_functions_t functions = {
        .read = stream_read, .seek = stream_seek, .close = stream_close};
    char why[PCAP_ERRBUF_SIZE];
    FILE *stream = fopencookie(source, "rb", functions);

    if (!stream || !(source->buffer = lp_alloc(READ_AHEAD))) {
        lp_error_set(error, "%s: out of memory", source->path);
        if (stream)
            fclose(stream);
        return LP_ERR_MEMORY;
    }
    setvbuf(stream, source->buffer, _IOFBF, READ_AHEAD);
    source->pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!source->pcap) {
        lp_error_set(error, "%s: not a readable capture: %s", source->path,
                     source->taken == 0 ? "the file is empty" : why);
        fclose(stream);
        return LP_ERR_IO;
    }
    source->link_type = pcap_datalink(source->pcap);
    const char *name = pcap_datalink_val_to_name(source->link_type);
    if (name)
        snprintf(source->link_name, sizeof source->link_name, "%s", name);
    else
        snprintf(source->link_name, sizeof source->link_name, "DLT %d", source->link_type);
    return LP_OK;
}

enum lp_status lp_source_open(const char *path, struct lp_source **out, struct lp_error *error)
{
    struct lp_source *source = lp_alloc(sizeof *source);
    enum lp_status status;

    *out = NULL;
    if (!source) {
        lp_error_set(error, "%s: out of memory", path);
        return LP_ERR_MEMORY;
    }
    source->path = path;
    source->fd = -1;
    if ((status = open_descriptor(source, error)) != LP_OK ||
        (status = open_capture(source, error)) != LP_OK) {
        lp_source_close(source);
        return status;
    }
    *out = source;
    return LP_OK;
}

void lp_source_close(struct lp_source *source)
{
    if (!source)
        return;
    if (source->pcap)
        pcap_close(source->pcap);
    if (source->fd >= 0)
        stream_close(source);
    lp_free(source->buffer);
    lp_free(source);
}

/* libpcap's reader has no code for "cut short", only this wording (sf-pcap.c, sf-pcapng.c). */
static bool is_cut(const char *why)
{
    return strncmp(why, "truncated dump file", 19) == 0 ||
           strncmp(why, "truncated pcapng dump file", 26) == 0;
}

/* libpcap hands on what the file holds: seconds of 32 bits as signed, though the format counts them
 * without a sign (beyond the year 2038), and a fraction of a second that may be none. */
static struct lp_time time_of(const struct pcap_pkthdr *header)
{
    enum { MOST_NANOSECONDS = 999999999 };
    int64_t sec = header->ts.tv_sec, nsec = header->ts.tv_usec; /* nanoseconds, as asked for */

    if (sec < 0 && sec >= INT32_MIN)
        sec += INT64_C(1) << 32;
    if (nsec < 0 || nsec > MOST_NANOSECONDS)
        nsec = MOST_NANOSECONDS;
    return (struct lp_time){sec, (uint32_t)nsec};
}

enum lp_read lp_source_next(struct lp_source *source, struct lp_packet *packet,
                            struct lp_error *error)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got = pcap_next_ex(source->pcap, &header, &bytes);

    if (got == 1) {
        packet->frame = ++source->frame;
        packet->time = time_of(header);
        packet->bytes = bytes;
        packet->captured = header->caplen;
        packet->original = header->len > header->caplen ? header->len : header->caplen;
        return LP_READ_PACKET;
    }
    if (got == PCAP_ERROR_BREAK)
        return LP_READ_END;

    const char *why = pcap_geterr(source->pcap);
    bool cut = is_cut(why);
    lp_error_set(
        error, "%s: packet %llu: %s at byte %llu: %s", source->path,
        (unsigned long long)source->frame + 1, cut ? "the file ends inside it" : "cannot be read",
        (unsigned long long)(cut ? source->taken : (uint64_t)ftello(pcap_file(source->pcap))), why);
    return cut ? LP_READ_CUT : LP_READ_BROKEN;
}

int lp_source_link_type(const struct lp_source *source)
{
    return source->link_type;
}

const char *lp_source_link_name(const struct lp_source *source)
{
    return source->link_name;
}

void lp_capture_library_version(const char **compiled, const char **running)
{
    static const char words[] = "libpcap version ";
    const char *text = pcap_lib_version(); /* "libpcap version 1.10.3 (with TPACKET_V3)" */

    *compiled = LP_PCAP_VERSION;
    *running = strncmp(text, words, sizeof words - 1) == 0 ? text + sizeof words - 1 : text;
}
