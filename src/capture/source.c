#define _DEFAULT_SOURCE /* pcap.h needs u_int */
#include "capture/source.h"

#include "base/text.h"
#include "capture/filter.h"
#include "capture/foreign.h"
#include "capture/reader.h"

#include <archive.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

enum format { FORMAT_PCAP, FORMAT_PCAPNG, FORMAT_FOREIGN, FORMAT_LIVE };

struct lp_source {
    const char *path; /* borrowed */
    enum format format;
    struct lp_stream stream;
    struct lp_pcap pcap;
    struct lp_pcapng pcapng;
    pcap_t *foreign;            /* owned: of a file or of an interface */
    const struct lp_live *live; /* borrowed */
    struct lp_time live_end;
    struct lp_filter *filter; /* owned */
    struct lp_fault stop;     /* why there is no more, once it is known */
    bool stopped_inside;      /* the last packet handed out is the one that `stop` is about */
    uint64_t frame;
    int link_type;
};

/* ---- opening ---- */

static struct lp_source *new_source(const char *path, struct lp_error *error)
{
    struct lp_source *source = lp_alloc(sizeof *source);

    if (!source) {
        lp_error_set(error, "%s: out of memory", path);
        return NULL;
    }
    source->path = path;
    source->link_type = -1;
    return source;
}

/* By the first bytes; a capture has more of them than the longest magic number. False: no format
 * that anybody knows. */
static bool open_format(struct lp_source *source, struct lp_fault *fault)
{
    enum { LONGEST_MAGIC = 12 };
    struct lp_stream *stream = &source->stream;

    bool enough = lp_stream_have(stream, LONGEST_MAGIC);
    if (!enough && stream->state != LP_STREAM_END) {
        lp_fault_short(fault, stream, "nothing");
        return false;
    }
    if (stream->total == 0) {
        lp_fault_broken(fault, 0, "the %s is empty", stream->compression ? "archive" : "file");
        return false;
    }
    if (lp_pcap_recognise(stream->ready)) {
        source->format = FORMAT_PCAP;
        if (!lp_pcap_open(&source->pcap, stream, fault))
            return false;
        source->link_type = source->pcap.link_type;
        return true;
    }
    if (lp_pcapng_recognise(stream->ready)) {
        source->format = FORMAT_PCAPNG;
        if (!lp_pcapng_open(&source->pcapng, stream, fault))
            return false;
        source->link_type = source->pcapng.count ? source->pcapng.interfaces[0].link_type : -1;
        return true;
    }
    source->format = FORMAT_FOREIGN;
    source->foreign = lp_foreign_open(stream, fault);
    if (source->foreign)
        source->link_type = pcap_datalink(source->foreign);
    return source->foreign != NULL;
}

enum lp_status lp_source_open(const char *path, struct lp_source **out, struct lp_error *error)
{
    enum lp_status status;
    struct lp_source *source = new_source(path, error);

    *out = NULL;
    if (!source)
        return LP_ERR_MEMORY;
    status = lp_stream_open(&source->stream, path, error);
    if (status != LP_OK)
        goto out;
    if (!open_format(source, &source->stop)) {
        status = source->stop.what == LP_READ_MEMORY ? LP_ERR_MEMORY : LP_ERR_IO;
        if (status == LP_ERR_MEMORY)
            lp_error_set(error, "%s: out of memory", path);
        else
            lp_error_set(error, "%s: not a readable capture: %s", path, source->stop.rule);
        goto out;
    }
    *out = source;
out:
    if (status != LP_OK)
        lp_source_close(source);
    return status;
}

enum lp_status lp_source_open_live(const struct lp_live *live, struct lp_source **out,
                                   struct lp_error *error)
{
    struct lp_source *source = new_source(live->interface, error);

    *out = NULL;
    if (!source)
        return LP_ERR_MEMORY;
    source->format = FORMAT_LIVE;
    source->live = live;
    source->foreign = lp_live_open(live, error);
    if (!source->foreign) {
        lp_source_close(source);
        return LP_ERR_IO;
    }
    source->live_end = lp_live_end(live);
    source->link_type = pcap_datalink(source->foreign);
    *out = source;
    return LP_OK;
}

void lp_source_close(struct lp_source *source)
{
    if (!source)
        return;
    if (source->foreign)
        pcap_close(source->foreign);
    lp_filter_free(source->filter);
    lp_pcapng_close(&source->pcapng);
    lp_stream_close(&source->stream);
    lp_free(source);
}

void lp_source_limit_expansion(struct lp_source *source, uint64_t most)
{
    if (most)
        lp_stream_limit(&source->stream, most);
}

enum lp_status lp_source_filter(struct lp_source *source, const char *expression,
                                struct lp_error *error)
{
    if (source->format == FORMAT_LIVE)
        return lp_live_filter(source->foreign, expression, error);
    source->filter = lp_filter_new(expression);
    if (!source->filter) {
        lp_error_set(error, "%s: out of memory", source->path);
        return LP_ERR_MEMORY;
    }
    /* Without an interface any link type shows whether the expression is one. */
    int link_type = source->link_type < 0 ? DLT_RAW : source->link_type;
    enum lp_status status = lp_filter_prepare(source->filter, link_type, error);
    struct lp_error unused;

    /* What Ethernet knows is a filter; then the fault lies with this file. */
    if (status == LP_ERR_USAGE && lp_filter_prepare(source->filter, DLT_EN10MB, &unused) == LP_OK)
        status = LP_ERR_IO;
    return status;
}

/* ---- reading ---- */

static enum lp_read read_one(struct lp_source *source, struct lp_packet *packet)
{
    switch (source->format) {
    case FORMAT_PCAP:
        return lp_pcap_next(&source->pcap, &source->stream, packet, &source->stop);
    case FORMAT_PCAPNG:
        return lp_pcapng_next(&source->pcapng, &source->stream, packet, &source->stop);
    case FORMAT_FOREIGN:
        return lp_foreign_next(source->foreign, &source->stream, packet, &source->stop);
    case FORMAT_LIVE:
        if (source->live->packets && source->frame >= source->live->packets)
            source->stop.what = LP_READ_END;
        else
            return lp_live_next(source->foreign, source->live, &source->live_end, packet,
                                &source->stop);
        break;
    }
    return source->stop.what;
}

static enum lp_read report(const struct lp_source *source, struct lp_packet *packet,
                           struct lp_error *error)
{
    const struct lp_fault *stop = &source->stop;
    bool cut = stop->what == LP_READ_CUT;

    packet->frame = source->stopped_inside ? source->frame : source->frame + 1;
    if (stop->what == LP_READ_MEMORY)
        lp_error_set(error, "%s: out of memory", source->path);
    else if (stop->what != LP_READ_END)
        lp_error_set(error, "%s: packet %llu: %s at byte %llu: %s", source->path,
                     (unsigned long long)packet->frame,
                     cut ? "the file ends inside it" : "cannot be read",
                     (unsigned long long)stop->at, stop->rule);
    return stop->what;
}

/* Whether the filter lets the packet through. One that cannot be compiled for its link type ends
 * the reading. */
static bool wanted(struct lp_source *source, const struct lp_packet *packet)
{
    struct lp_error why;
    bool match;

    enum lp_status status = lp_filter_match(source->filter, packet, &match, &why);
    if (status == LP_OK)
        return match;
    lp_fault_broken(&source->stop, lp_stream_at(&source->stream), "%s", why.text);
    if (status == LP_ERR_MEMORY)
        source->stop.what = LP_READ_MEMORY;
    source->stopped_inside = true;
    return false;
}

enum lp_read lp_source_next(struct lp_source *source, struct lp_packet *packet,
                            struct lp_error *error)
{
    do {
        if (source->stop.what != LP_READ_PACKET || read_one(source, packet) != LP_READ_PACKET)
            return report(source, packet, error);
        packet->frame = ++source->frame;
        source->stopped_inside = source->stop.what != LP_READ_PACKET;
        if (source->link_type < 0)
            source->link_type = packet->link_type;
    } while (source->filter && !wanted(source, packet));
    return LP_READ_PACKET;
}

/* ---- facts ---- */

int lp_source_link_type(const struct lp_source *source)
{
    return source->link_type;
}

const struct lp_buf *lp_source_secrets(const struct lp_source *source)
{
    return &source->pcapng.secrets;
}

uint64_t lp_source_lost(const struct lp_source *source)
{
    struct pcap_stat stat;

    if (source->format != FORMAT_LIVE || pcap_stats(source->foreign, &stat) != 0)
        return 0;
    return (uint64_t)stat.ps_drop + stat.ps_ifdrop;
}

void lp_capture_library_version(const char **compiled, const char **running)
{
    static const char words[] = "libpcap version ";
    const char *text = pcap_lib_version(); /* "libpcap version 1.10.3 (with TPACKET_V3)" */

    *compiled = LP_PCAP_VERSION;
    *running = strncmp(text, words, sizeof words - 1) == 0 ? text + sizeof words - 1 : text;
}

void lp_archive_library_version(const char **compiled, const char **running)
{
    static const char words[] = "libarchive ";
    const char *text = archive_version_string(); /* "libarchive 3.6.2" */

    *compiled = ARCHIVE_VERSION_ONLY_STRING;
    *running = strncmp(text, words, sizeof words - 1) == 0 ? text + sizeof words - 1 : text;
}
