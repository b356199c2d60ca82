#define _DEFAULT_SOURCE /* pcap.h needs u_int */

#include "lazy/lazy.h"

#include <pcap/pcap.h>

static const char SONAME[] = LP_PCAP_SONAME;

LP_LAZY(int, pcap_activate, (pcap_t * pcap), pcap)
LP_LAZY_VOID(pcap_close, (pcap_t * pcap), pcap)
LP_LAZY(int, pcap_compile,
        (pcap_t * pcap, struct bpf_program *filter, const char *text, int optimize,
         bpf_u_int32 mask),
        pcap, filter, text, optimize, mask)
LP_LAZY(pcap_t *, pcap_create, (const char *source, char *error), source, error)
LP_LAZY(int, pcap_datalink, (pcap_t * pcap), pcap)
LP_LAZY(const char *, pcap_datalink_val_to_name, (int link_type), link_type)
LP_LAZY(pcap_t *, pcap_fopen_offline_with_tstamp_precision,
        (FILE * file, u_int precision, char *error), file, precision, error)
LP_LAZY_VOID(pcap_freecode, (struct bpf_program * filter), filter)
LP_LAZY(int, pcap_get_selectable_fd, (pcap_t * pcap), pcap)
LP_LAZY(int, pcap_get_tstamp_precision, (pcap_t * pcap), pcap)
LP_LAZY(char *, pcap_geterr, (pcap_t * pcap), pcap)
LP_LAZY(const char *, pcap_lib_version, (void), )
LP_LAZY(int, pcap_next_ex, (pcap_t * pcap, struct pcap_pkthdr **header, const u_char **packet),
        pcap, header, packet)
LP_LAZY(int, pcap_offline_filter,
        (const struct bpf_program *filter, const struct pcap_pkthdr *header, const u_char *packet),
        filter, header, packet)
LP_LAZY(pcap_t *, pcap_open_dead, (int link_type, int snap_length), link_type, snap_length)
LP_LAZY(int, pcap_set_buffer_size, (pcap_t * pcap, int size), pcap, size)
LP_LAZY(int, pcap_set_immediate_mode, (pcap_t * pcap, int on), pcap, on)
LP_LAZY(int, pcap_set_promisc, (pcap_t * pcap, int on), pcap, on)
LP_LAZY(int, pcap_set_snaplen, (pcap_t * pcap, int snap_length), pcap, snap_length)
LP_LAZY(int, pcap_set_timeout, (pcap_t * pcap, int milliseconds), pcap, milliseconds)
LP_LAZY(int, pcap_set_tstamp_precision, (pcap_t * pcap, int precision), pcap, precision)
LP_LAZY(int, pcap_setfilter, (pcap_t * pcap, struct bpf_program *filter), pcap, filter)
LP_LAZY(int, pcap_setnonblock, (pcap_t * pcap, int on, char *error), pcap, on, error)
LP_LAZY(int, pcap_stats, (pcap_t * pcap, struct pcap_stat *counts), pcap, counts)
LP_LAZY(const char *, pcap_statustostr, (int status), status)
