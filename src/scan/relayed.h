/*
 * What are datagrams elsewhere and here follow each other in a TCP stream: TURN (RFC 8656 3.1) and
 * RADIUS (RFC 6613). Takes them out for those who read datagrams.
 */
#ifndef LP_SCAN_RELAYED_H
#define LP_SCAN_RELAYED_H

#include "tcp/tcp.h"
#include "udp/udp.h"

/* What the datagrams of a stream are. MAYBE: there are too few bytes to tell. */
enum lp_relayed { LP_RELAYED_NOT, LP_RELAYED_MAYBE, LP_RELAYED_TURN, LP_RELAYED_RADIUS };
enum lp_relayed lp_relayed_begins(struct lp_rd stream);

/* Hands on what is whole of a stream that begins so. LP_FLOW_DONE: what follows is something else.
 */
struct lp_flow_answer lp_relayed_read(enum lp_relayed relayed, struct lp_udp *udp,
                                      const struct lp_flow *flow, unsigned dir,
                                      const struct lp_stream *stream);

#endif
