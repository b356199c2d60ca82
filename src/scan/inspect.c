/*
 * lp_inspect: the corridor from a capture to its sessions.
 *
 *     source -> net -> tcp -> (flows) -----> tls -> (certstore) -> sessions
 *                   -> udp -> (datagrams) /
 *
 * The only place where the layers meet. Every packet is pushed through at once; what cannot be
 * decided yet waits in tcp or udp, within the budget.
 */
#include "base/text.h"
#include "capture/source.h"
#include "carrier/tftp.h"
#include "net/net.h"
#include "scan/capture.h"
#include "scan/datagrams.h"
#include "scan/flows.h"
#include "scan/keys.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static const uint64_t DEFAULT_MEMORY = UINT64_C(256) << 20, DEFAULT_CONNECTION = UINT64_C(64) << 20;

enum { LINK_TYPES = 65536 }; /* files have 16 bits for them */

struct scan {
    struct lp_capture *capture; /* borrowed */
    struct lp_options options;
    struct lp_scan_keys *keys; /* borrowed */
    struct lp_budget budget;
    struct lp_findings findings;
    struct lp_cert_store *store; /* owned */
    struct lp_sessions sessions;
    struct lp_flows flows;
    struct lp_datagrams datagrams;
    struct lp_boot_files files;
    struct lp_resolved resolved;
    struct lp_tftp *tftp;     /* owned */
    struct lp_tcp *tcp;       /* owned */
    struct lp_udp *udp;       /* owned */
    struct lp_net *net;       /* owned */
    struct lp_source *source; /* owned */
    int link_type;            /* of the packet before; -1: none yet */
    uint8_t link_types_seen[LINK_TYPES / 8];
    const char **link_types; /* owned; the names are in the arena */
    size_t link_type_count, link_type_cap;
};

/* Hash tables that hostile input fills are keyed afresh in every run. Not a secret of value: a few
 * unpredictable bits suffice. */
static uint64_t fresh_seed(const void *somewhere)
{
    struct timespec now = {0};
    uint64_t seed = (uint64_t)(uintptr_t)somewhere; /* address space randomisation */
    FILE *random = fopen("/dev/urandom", "rb");

    if (random) {
        uint64_t bits;
        setvbuf(random, NULL, _IONBF, 0);
        if (fread(&bits, sizeof bits, 1, random) == 1)
            seed ^= bits;
        fclose(random);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return seed ^ (uint64_t)now.tv_nsec << 20;
}

static void on_datagram(void *ctx, const struct lp_datagram *datagram)
{
    enum { PROTOCOL_TCP = 6 };
    struct scan *scan = ctx;
    if (datagram->protocol == PROTOCOL_TCP)
        lp_tcp_push(scan->tcp, datagram);
    else
        lp_tftp_push(scan->tftp, datagram);
    if (datagram->protocol == LP_PROTOCOL_UDP) {
        lp_resolved_datagram(&scan->resolved, datagram);
        lp_udp_push(scan->udp, datagram);
    }
}

static void on_eapol(void *ctx, const struct lp_datagram *frame)
{
    struct scan *scan = ctx;
    lp_udp_push(scan->udp, frame);
}

static bool build(struct scan *scan)
{
    const struct lp_options *options = &scan->options;
    struct lp_arena *arena = scan->capture->arena;
    uint64_t seed = fresh_seed(scan);

    scan->budget.limit = options->max_memory ? options->max_memory : DEFAULT_MEMORY;
    lp_findings_start(&scan->findings, arena, NULL, 0);
    scan->store = lp_cert_store_new(seed, arena, options);
    scan->sessions = (struct lp_sessions){.arena = arena,
                                          .store = scan->store,
                                          .path = scan->capture->path,
                                          .findings = &scan->findings,
                                          .sink = options->sink,
                                          .scratch = options->sink ? lp_arena_new() : NULL};
    scan->files = (struct lp_boot_files){.arena = arena};
    scan->tftp = lp_tftp_new(&scan->budget, lp_boot_files_add, &scan->files);
    scan->flows = (struct lp_flows){.sessions = &scan->sessions,
                                    .keys = scan->keys,
                                    .files = &scan->files,
                                    .resolved = &scan->resolved};
    scan->datagrams =
        (struct lp_datagrams){.sessions = &scan->sessions, .keys = scan->keys, .seed = seed};
    uint64_t share = options->max_connection ? options->max_connection : DEFAULT_CONNECTION;
    struct lp_tcp_consumer streams = lp_flows_consumer(&scan->flows);
    struct lp_udp_consumer datagrams = lp_datagrams_consumer(&scan->datagrams);
    scan->tcp = lp_tcp_new(seed, &scan->budget, share, &streams);
    scan->udp = lp_udp_new(seed, &scan->budget, share, &datagrams);
    scan->net = lp_net_new(seed, &scan->budget, on_datagram, scan);
    if (!lp_resolved_start(&scan->resolved, arena, &scan->budget, seed) || !scan->store ||
        !scan->tftp || !scan->tcp || !scan->udp || !scan->net ||
        (options->sink && !scan->sessions.scratch))
        return false;
    scan->flows.udp = scan->udp;
    lp_net_on_eapol(scan->net, on_eapol);
    return true;
}

static bool earlier(const struct lp_time *a, const struct lp_time *b)
{
    return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

static void count_packet(struct lp_stats *stats, const struct lp_packet *packet)
{
    if (stats->packets == 0)
        stats->first = stats->last = packet->time;
    if (earlier(&packet->time, &stats->first))
        stats->first = packet->time;
    if (earlier(&stats->last, &packet->time))
        stats->last = packet->time;
    stats->packets++;
    stats->bytes += packet->captured;
    stats->truncated_packets += packet->captured < packet->original && !packet->cut;
}

static bool out_of_memory(const struct scan *scan)
{
    return scan->sessions.out_of_memory || scan->keys->out_of_memory || scan->files.out_of_memory ||
           scan->resolved.out_of_memory || scan->findings.failed ||
           lp_tcp_out_of_memory(scan->tcp) || lp_udp_out_of_memory(scan->udp);
}

/* Lists a link type when it is new, and says so when its packets cannot be read. */
static bool note_link_type(struct scan *scan, int link_type, uint64_t frame)
{
    struct lp_finding finding = {.severity = LP_WARNING,
                                 .code = "link-type",
                                 .session = -1,
                                 .frame = frame,
                                 .remedy = "record on an Ethernet interface, or on \"any\""};
    char name[LP_LINK_NAME];
    uint8_t *seen = &scan->link_types_seen[(unsigned)link_type % LINK_TYPES / 8];
    uint8_t bit = (uint8_t)(1U << (unsigned)link_type % 8);

    scan->link_type = link_type;
    if (link_type < 0 || *seen & bit)
        return true;
    if (!lp_grow_array(&scan->link_types, &scan->link_type_cap, scan->link_type_count + 1,
                       sizeof *scan->link_types))
        return false;
    lp_link_type_name(link_type, name);
    const char *kept = lp_arena_text(scan->capture->arena, name);
    if (!kept)
        return false;
    *seen |= bit;
    scan->link_types[scan->link_type_count++] = kept;
    if (!lp_net_knows(link_type))
        lp_findings_add(&scan->findings, &finding, "%s: link type %s is not one that can be read",
                        scan->capture->path, kept);
    return true;
}

static void note_cut(struct scan *scan, uint64_t frame, const char *why)
{
    struct lp_finding finding = {
        .severity = LP_WARNING,
        .code = "file-cut",
        .session = -1,
        .frame = frame,
        .remedy =
            "end the recording before the file is copied; what was read before the cut counts"};

    lp_findings_add(&scan->findings, &finding, "%s", why);
}

/* Reads to the end. A break in the input is noted; what was read before it counts. False: memory is
 * short. */
static bool read_packets(struct scan *scan)
{
    enum { ASK_MEMORY = 64 }; /* packets; once it is short nothing more is made of them anyway */
    struct lp_capture *capture = scan->capture;
    struct lp_packet packet;
    struct lp_error why;
    enum lp_read got;

    while ((got = lp_source_next(scan->source, &packet, &why)) == LP_READ_PACKET) {
        if (scan->options.stop && *scan->options.stop) {
            lp_error_set(&why, "%s: packet %llu: reading was ended here", capture->path,
                         (unsigned long long)packet.frame);
            got = LP_READ_BROKEN;
            break;
        }
        struct lp_frame frame = {packet.frame, packet.time,
                                 lp_rd_init(packet.bytes, packet.captured), packet.original};
        lp_scan_keys_add(scan->keys, lp_source_secrets(scan->source), capture->stats.packets);
        if (packet.link_type != scan->link_type &&
            !note_link_type(scan, packet.link_type, packet.frame))
            return false;
        count_packet(&capture->stats, &packet);
        lp_net_push(scan->net, packet.link_type, &frame);
        if (packet.frame % ASK_MEMORY == 0 && out_of_memory(scan))
            return false;
    }
    if (got == LP_READ_MEMORY || out_of_memory(scan) ||
        (capture->stats.packets == 0 &&
         !note_link_type(scan, lp_source_link_type(scan->source), 0)))
        return false;
    if (got == LP_READ_END)
        return true;
    const char *text = lp_text_clean(capture->arena, why.text, strlen(why.text));
    if (!text)
        return false;
    scan->sessions.cut_short = got == LP_READ_CUT;
    if (got == LP_READ_CUT)
        note_cut(scan, packet.frame, text);
    else
        capture->error = text;
    return true;
}

/* An interface that delivered more than there was time for. */
static void note_lost(struct scan *scan)
{
    struct lp_finding finding = {.severity = LP_WARNING,
                                 .code = "packets-dropped",
                                 .session = -1,
                                 .remedy = "record fewer packets, with a filter"};
    uint64_t lost = lp_source_lost(scan->source);

    if (lost)
        lp_findings_add(&scan->findings, &finding, "%s: %llu packets came too fast to be recorded",
                        scan->capture->path, (unsigned long long)lost);
}

static void note_fragments(struct scan *scan)
{
    const struct lp_net_stats *stats = lp_net_stats(scan->net);
    struct lp_finding finding = {.severity = LP_WARNING, .session = -1};

    if (stats->fragments_incomplete) {
        finding.code = "fragments-lost";
        finding.remedy = "record where no packet is dropped, and without a filter on ports: later "
                         "fragments have none";
        lp_findings_add(&scan->findings, &finding,
                        "%s: %llu fragmented IP datagrams are incomplete", scan->capture->path,
                        (unsigned long long)stats->fragments_incomplete);
    }
    if (stats->fragments_conflicting) {
        finding.code = "fragments-differ";
        finding.frame = stats->first_conflict_frame;
        finding.remedy = NULL;
        lp_findings_add(
            &scan->findings, &finding,
            "%s: packet %llu: overlapping IP fragments (RFC 5722) differ; the first counts",
            scan->capture->path, (unsigned long long)stats->first_conflict_frame);
    }
}

static void note_skipped(struct scan *scan)
{
    const struct lp_net_stats *stats = lp_net_stats(scan->net);
    struct lp_finding finding = {.severity = LP_INFO, .code = "skipped", .session = -1};

    for (enum lp_skipped what = 0; what < LP_SKIPPED_COUNT; what++) {
        finding.frame = stats->skipped_frame[what];
        if (stats->skipped[what])
            lp_findings_add(&scan->findings, &finding,
                            "%s: packet %llu: %s cannot be looked into; packets of the kind: %llu",
                            scan->capture->path, (unsigned long long)finding.frame,
                            lp_skipped_name(what), (unsigned long long)stats->skipped[what]);
    }
}

static void note_limit(struct scan *scan)
{
    struct lp_finding finding = {.severity = LP_WARNING,
                                 .code = "limit",
                                 .session = -1,
                                 .remedy = "allow more with --max-memory"};
    uint64_t limited = scan->flows.limited + lp_udp_limited(scan->udp);

    if (scan->sessions.limited)
        lp_findings_add(&scan->findings, &finding,
                        "%s: the memory budget of %llu bytes cut off %llu handshakes",
                        scan->capture->path, (unsigned long long)scan->budget.limit,
                        (unsigned long long)scan->sessions.limited);
    else if (limited || lp_tcp_refused(scan->tcp))
        lp_findings_add(&scan->findings, &finding,
                        "%s: the memory budget of %llu bytes left out %llu connections and %llu "
                        "packets; there may be handshakes in them",
                        scan->capture->path, (unsigned long long)scan->budget.limit,
                        (unsigned long long)limited, (unsigned long long)lp_tcp_refused(scan->tcp));
}

static void note_answers(struct scan *scan)
{
    const struct lp_finding finding = {.severity = LP_WARNING,
                                       .code = "dns-limit",
                                       .session = -1,
                                       .remedy = "cut the capture down, or name the headend by "
                                                 "--server"};

    if (scan->resolved.left_out)
        lp_findings_add(&scan->findings, &finding,
                        "%s: %llu answers of name servers were left out: there was no room",
                        scan->capture->path, (unsigned long long)scan->resolved.left_out);
}

static enum lp_status finish(struct scan *scan, struct lp_error *error)
{
    struct lp_capture *capture = scan->capture;

    lp_scan_keys_finish(scan->keys);
    lp_net_flush(scan->net);
    lp_tcp_flush(scan->tcp);
    lp_udp_flush(scan->udp);
    lp_tftp_flush(scan->tftp);
    note_lost(scan);
    note_fragments(scan);
    note_skipped(scan);
    note_limit(scan);
    note_answers(scan);
    lp_scan_keys_note(scan->keys, &scan->findings);
    capture->stats.link_type_count = scan->link_type_count;
    capture->stats.link_types = lp_arena_copy(capture->arena, scan->link_types,
                                              scan->link_type_count * sizeof *scan->link_types);
    if (!capture->stats.link_types || out_of_memory(scan) ||
        !lp_sessions_take(&scan->sessions, capture) || !lp_flows_take(&scan->flows, capture) ||
        !lp_boot_files_take(&scan->files, capture) || !lp_resolved_take(&scan->resolved, capture)) {
        lp_error_set(error, "%s: out of memory", capture->path);
        return LP_ERR_MEMORY;
    }
    capture->findings = scan->findings.items;
    capture->finding_count = scan->findings.count;
    return LP_OK;
}

static void tear_down(struct scan *scan)
{
    /* Where the scan broke off, connections are still open, and hold what only closing frees. */
    if (scan->tcp)
        lp_tcp_flush(scan->tcp);
    if (scan->udp)
        lp_udp_flush(scan->udp);
    lp_net_free(scan->net);
    lp_tcp_free(scan->tcp);
    lp_udp_free(scan->udp);
    lp_flows_free(&scan->flows);
    lp_tftp_free(scan->tftp);
    lp_boot_files_free(&scan->files);
    lp_resolved_end(&scan->resolved);
    lp_sessions_free(&scan->sessions);
    lp_cert_store_free(scan->store);
    lp_source_close(scan->source);
    lp_free(scan->link_types);
}

/* What is looked at: an interface, or a file when `live` is NULL. */
struct input {
    const char *path;
    const struct lp_live *live;
};

static enum lp_status run(struct scan *scan, const struct input *input, struct lp_error *error)
{
    struct lp_error why;
    enum lp_status status = input->live ? lp_source_open_live(input->live, &scan->source, &why)
                                        : lp_source_open(input->path, &scan->source, &why);

    if (status == LP_OK && scan->options.filter) {
        struct lp_error fault;
        status = lp_source_filter(scan->source, scan->options.filter, &fault);
        lp_error_set(&why, "%s: %s", scan->capture->path, fault.text);
    }
    if (status == LP_ERR_USAGE) {
        lp_error_set(error, "%s", why.text);
        return status;
    }
    if (status == LP_ERR_IO) { /* a result of its own: nothing to read */
        scan->capture->error = lp_text_clean(scan->capture->arena, why.text, strlen(why.text));
        if (scan->capture->error)
            return LP_OK;
    }
    if (status == LP_OK)
        lp_source_limit_expansion(scan->source, scan->options.max_expansion);
    if (status != LP_OK || !build(scan) || !read_packets(scan)) {
        lp_error_set(error, "%s: out of memory", scan->capture->path);
        return LP_ERR_MEMORY;
    }
    return finish(scan, error);
}

static enum lp_status inspect_once(const struct input *input, const struct lp_options *options,
                                   struct lp_scan_keys *keys, struct lp_capture **out,
                                   struct lp_error *error)
{
    struct scan scan = {.options = *options, .keys = keys, .link_type = -1};

    *out = NULL;
    scan.capture = lp_capture_new(input->live ? input->live->interface : input->path);
    if (!scan.capture) {
        lp_error_set(error, "out of memory");
        return LP_ERR_MEMORY;
    }
    enum lp_status status = run(&scan, input, error);
    keys->missed = scan.sessions.encrypted;
    tear_down(&scan);
    if (status == LP_OK)
        *out = scan.capture;
    else
        lp_capture_free(scan.capture);
    return status;
}

/* Not a pipe, nor anything else that is over when it was read. */
static bool can_be_read_again(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Whether the capture's own secrets came too late for a handshake that is encrypted. */
static bool wants_another_look(const struct lp_scan_keys *keys, const struct lp_capture *capture)
{
    return keys->late && keys->missed && can_be_read_again(capture->path);
}

static enum lp_status inspect(const struct input *input, const struct lp_options *options,
                              struct lp_capture **out, struct lp_error *error)
{
    static const struct lp_options defaults;
    struct lp_scan_keys keys = {0};

    *out = NULL;
    options = options ? options : &defaults;
    enum lp_status status = lp_scan_keys_open(&keys, fresh_seed(&keys), options->keylog, error);
    if (status == LP_OK)
        status = inspect_once(input, options, &keys, out, error);
    if (status == LP_OK && wants_another_look(&keys, *out)) {
        lp_capture_free(*out);
        if (options->sink)
            options->sink->again(options->sink->ctx);
        status = inspect_once(input, options, &keys, out, error);
    }
    lp_scan_keys_close(&keys);
    return status;
}

enum lp_status lp_inspect(const char *path, const struct lp_options *options,
                          struct lp_capture **out, struct lp_error *error)
{
    const struct input input = {.path = path};
    return inspect(&input, options, out, error);
}

enum lp_status lp_inspect_live(const struct lp_live *live, const struct lp_options *options,
                               struct lp_capture **out, struct lp_error *error)
{
    const struct input input = {.live = live};
    return inspect(&input, options, out, error);
}
