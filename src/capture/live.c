/*
 * An interface as a source. It waits for packets a tenth of a second at a time and looks at the
 * reasons to end in between; so a signal handler need only set a flag, and ^C ends a recording as
 * its last packet would.
 */
#define _DEFAULT_SOURCE /* setgroups */
#include "capture/foreign.h"

#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SNAP_LENGTH = 262144, WAIT_MS = 100, BUFFER = 8 * 1024 * 1024 };

/* ---- privileges ---- */

/* A number that sudo left in the environment; 0, which is root, when there is none. */
static unsigned long from_environment(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;

    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    return *end || errno || number >= UINT32_MAX ? 0 : number;
}

/* Becomes the user who called sudo, else nobody: from here on hostile packets are looked at. */
static bool drop_privileges(void)
{
    unsigned long uid = from_environment("SUDO_UID"), gid = from_environment("SUDO_GID");

    if (geteuid() != 0)
        return true;
    if (uid == 0 || gid == 0) {
        const struct passwd *nobody = getpwnam("nobody");
        if (!nobody)
            return false;
        uid = nobody->pw_uid;
        gid = nobody->pw_gid;
    }
    if (setgroups(0, NULL) != 0 || setgid((gid_t)gid) != 0 || setuid((uid_t)uid) != 0)
        return false;
    return setuid(0) != 0; /* no way back */
}

/* ---- the interface ---- */

static int activate(pcap_t *pcap)
{
    pcap_set_snaplen(pcap, SNAP_LENGTH);
    pcap_set_promisc(pcap, 0);
    pcap_set_timeout(pcap, WAIT_MS);
    pcap_set_immediate_mode(pcap, 1);
    pcap_set_buffer_size(pcap, BUFFER);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    return pcap_activate(pcap);
}

/* libpcap's own time-out is a hint, which some kernels never keep while the interface is quiet; the
 * waiting is done here. An interface that cannot be waited for is looked at ten times a second. */
static void wait_for_packets(pcap_t *pcap)
{
    struct pollfd fd = {.fd = pcap_get_selectable_fd(pcap), .events = POLLIN};
    (void)poll(&fd, 1, WAIT_MS);
}

pcap_t *lp_live_open(const struct lp_live *live, struct lp_error *error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(live->interface, why);
    int status;

    if (!pcap) {
        lp_error_set(error, "%s: %s", live->interface, why);
        return NULL;
    }
    status = activate(pcap);
    if (status < 0) {
        const char *more = pcap_geterr(pcap);
        lp_error_set(error, "%s: %s%s%s", live->interface, pcap_statustostr(status),
                     *more ? ": " : "", more);
        pcap_close(pcap);
        return NULL;
    }
    if (pcap_setnonblock(pcap, 1, why) != 0) {
        lp_error_set(error, "%s: %s", live->interface, why);
        pcap_close(pcap);
        return NULL;
    }
    if (live->drop_privileges && !drop_privileges()) {
        lp_error_set(error, "%s: privileges cannot be dropped: %s", live->interface,
                     strerror(errno));
        pcap_close(pcap);
        return NULL;
    }
    return pcap;
}

enum lp_status lp_live_filter(pcap_t *pcap, const char *expression, struct lp_error *error)
{
    struct bpf_program program;

    if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        lp_error_set(error, "filter \"%s\": %s", expression, pcap_geterr(pcap));
        return LP_ERR_USAGE;
    }
    int status = pcap_setfilter(pcap, &program);
    pcap_freecode(&program);
    if (status == 0)
        return LP_OK;
    lp_error_set(error, "filter \"%s\": %s", expression, pcap_geterr(pcap));
    return LP_ERR_USAGE;
}

static struct lp_time now(void)
{
    struct timespec time = {0};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (struct lp_time){time.tv_sec, (uint32_t)time.tv_nsec};
}

struct lp_time lp_live_end(const struct lp_live *live)
{
    struct lp_time end = {0};

    if (live->seconds) {
        end = now();
        end.sec += live->seconds;
    }
    return end;
}

static bool over(const struct lp_live *live, const struct lp_time *end)
{
    if (live->stop && *live->stop)
        return true;
    if (end->sec == 0)
        return false;
    struct lp_time time = now();
    return time.sec != end->sec ? time.sec > end->sec : time.nsec >= end->nsec;
}

enum lp_read lp_live_next(pcap_t *pcap, const struct lp_live *live, const struct lp_time *end,
                          struct lp_packet *packet, struct lp_fault *fault)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got;

    for (;;) {
        if (over(live, end)) {
            fault->what = LP_READ_END;
            return fault->what;
        }
        got = pcap_next_ex(pcap, &header, &bytes);
        if (got != 0)
            break;
        wait_for_packets(pcap);
    }
    if (got != 1)
        return lp_fault_broken(fault, 0, "%s", pcap_geterr(pcap));
    bool nano = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO;
    packet->time.sec = header->ts.tv_sec;
    packet->time.nsec = (uint32_t)header->ts.tv_usec * (nano ? 1 : 1000);
    packet->bytes = bytes;
    packet->captured = header->caplen;
    packet->original = header->len > header->caplen ? header->len : header->caplen;
    packet->link_type = pcap_datalink(pcap);
    packet->interface = 0;
    packet->cut = false;
    return LP_READ_PACKET;
}
