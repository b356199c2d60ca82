/* libpcap as the reader of what the others do not recognise, and of interfaces. */
#ifndef LP_CAPTURE_FOREIGN_H
#define LP_CAPTURE_FOREIGN_H

#include "capture/reader.h"

#include <pcap/pcap.h>

/* NULL: libpcap does not know the format either; `fault` has its words. The stream is borrowed
 * until pcap_close. */
pcap_t *lp_foreign_open(struct lp_stream *stream, struct lp_fault *fault);
enum lp_read lp_foreign_next(pcap_t *pcap, const struct lp_stream *stream, struct lp_packet *packet,
                             struct lp_fault *fault);

/* NULL: error->text is set. */
pcap_t *lp_live_open(const struct lp_live *live, struct lp_error *error);
/* In the kernel, where there is one: what does not match is never seen. LP_ERR_USAGE: no filter. */
enum lp_status lp_live_filter(pcap_t *pcap, const char *expression, struct lp_error *error);
/* When `end`, a CLOCK_MONOTONIC time, is not zero, it ends then. */
enum lp_read lp_live_next(pcap_t *pcap, const struct lp_live *live, const struct lp_time *end,
                          struct lp_packet *packet, struct lp_fault *fault);
struct lp_time lp_live_end(const struct lp_live *live); /* from now */

#endif
