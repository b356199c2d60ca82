#define _DEFAULT_SOURCE /* pcap.h needs u_int */
#include "capture/filter.h"

#include "base/text.h"

#include <pcap/pcap.h>
#include <pthread.h>
#include <string.h>

/* One file does not mix more; and each costs a compilation. */
enum { MOST_PROGRAMS = 256, SNAP_LENGTH = 262144 };

struct program {
    int link_type;
    struct bpf_program code; /* owned, through pcap_freecode */
};

struct lp_filter {
    char *expression;         /* owned */
    struct program *programs; /* owned */
    size_t count, cap;
    size_t last; /* the one used last */
};

/* libpcap 1.10 names a link type that it does not know, in an error, by way of a static buffer. */
static pthread_mutex_t compiling = PTHREAD_MUTEX_INITIALIZER;

static int compile(pcap_t *pcap, struct bpf_program *code, const char *expression)
{
    pthread_mutex_lock(&compiling);
    int status = pcap_compile(pcap, code, expression, 1, PCAP_NETMASK_UNKNOWN);
    pthread_mutex_unlock(&compiling);
    return status;
}

struct lp_filter *lp_filter_new(const char *expression)
{
    struct lp_filter *filter = lp_alloc(sizeof *filter);
    size_t n = strlen(expression) + 1;

    if (!filter || !(filter->expression = lp_alloc(n))) {
        lp_free(filter);
        return NULL;
    }
    memcpy(filter->expression, expression, n);
    return filter;
}

void lp_filter_free(struct lp_filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < filter->count; i++)
        pcap_freecode(&filter->programs[i].code);
    lp_free(filter->programs);
    lp_free(filter->expression);
    lp_free(filter);
}

static bool find(struct lp_filter *filter, int link_type)
{
    if (filter->last < filter->count && filter->programs[filter->last].link_type == link_type)
        return true;
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->programs[i].link_type == link_type) {
            filter->last = i;
            return true;
        }
    }
    return false;
}

enum lp_status lp_filter_prepare(struct lp_filter *filter, int link_type, struct lp_error *error)
{
    char name[LP_LINK_NAME];
    struct program program = {.link_type = link_type};

    if (find(filter, link_type))
        return LP_OK;
    if (filter->count == MOST_PROGRAMS) {
        lp_error_set(error, "filter \"%s\": more than %d link types", filter->expression,
                     MOST_PROGRAMS);
        return LP_ERR_USAGE;
    }
    pcap_t *pcap = pcap_open_dead(link_type, SNAP_LENGTH);
    if (!pcap || !lp_grow_array(&filter->programs, &filter->cap, filter->count + 1,
                                sizeof *filter->programs)) {
        if (pcap)
            pcap_close(pcap);
        lp_error_set(error, "filter: out of memory");
        return LP_ERR_MEMORY;
    }
    if (compile(pcap, &program.code, filter->expression) != 0) {
        lp_link_type_name(link_type, name);
        lp_error_set(error, "filter \"%s\", link type %s: %s", filter->expression, name,
                     pcap_geterr(pcap));
        pcap_close(pcap);
        return LP_ERR_USAGE;
    }
    pcap_close(pcap);
    filter->last = filter->count;
    filter->programs[filter->count++] = program;
    return LP_OK;
}

enum lp_status lp_filter_match(struct lp_filter *filter, const struct lp_packet *packet,
                               bool *match, struct lp_error *error)
{
    struct pcap_pkthdr header = {.caplen = packet->captured, .len = packet->original};
    enum lp_status status = lp_filter_prepare(filter, packet->link_type, error);

    *match = status == LP_OK &&
             pcap_offline_filter(&filter->programs[filter->last].code, &header, packet->bytes) != 0;
    return status;
}
