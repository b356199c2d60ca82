/* TURN over TCP (RFC 8656 3.1): takes the datagrams out of a stream, for those who read datagrams.
 */
#ifndef LP_SCAN_RELAYED_H
#define LP_SCAN_RELAYED_H

#include "tcp/tcp.h"
#include "udp/udp.h"

/* Hands on what is whole. LP_FLOW_DONE: what follows is something else. */
struct lp_flow_answer lp_relayed_read(struct lp_udp *udp, const struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream);

#endif
