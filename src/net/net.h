/*
 * From a frame to the datagrams it carries: link layers, VLAN tags, IPv4 and IPv6 with options,
 * extension headers and fragments.
 *
 * Lengths come from the IP header, never from the frame: Ethernet pads short frames, and padding is
 * no payload. Where the header says more than was captured, the difference is told apart from what
 * was never sent.
 */
#ifndef LP_NET_NET_H
#define LP_NET_NET_H

#include "base/mem.h"
#include "base/rd.h"
#include "leafprint/leafprint.h"

struct lp_frame {
    uint64_t number; /* from 1 */
    struct lp_time time;
    struct lp_rd bytes; /* as captured */
    uint32_t original;  /* length on the wire */
};

/* The addresses of a tunnel that the datagram came through. */
struct lp_outer {
    const char *tunnel; /* static: "GRE", "VXLAN", ... */
    struct lp_ip src, dst;
};
enum { LP_MAX_OUTER = 4 };

/* What IP carries: a transport header and its payload. */
struct lp_datagram {
    struct lp_ip src, dst;
    uint8_t protocol;   /* 6: TCP, 17: UDP */
    struct lp_rd bytes; /* the captured part, borrowed for the call */
    uint32_t
        announced; /* length by the IP header (or of the rebuilt fragments); at least bytes.left */
    bool snapped;  /* the missing rest was cut off by the snap length (and is not merely a lost
                      fragment) */
    bool has_mac;  /* the two below are known */
    uint8_t src_mac[6], dst_mac[6];
    uint64_t frame; /* the packet that completed it */
    struct lp_time time;
    struct lp_outer outer[LP_MAX_OUTER]; /* from the outside in */
    unsigned outer_count;
};

enum lp_checksum { LP_CHECKSUM_WRONG, LP_CHECKSUM_UNKNOWN, LP_CHECKSUM_RIGHT };
/* The checksum of a TCP or UDP header, whose field stands `at` bytes behind its beginning. UNKNOWN
 * when the datagram is not all there, and where the recording machine's hardware was still to fill
 * the checksum in: the field then holds nothing, or the sum over the pseudo header alone. */
enum lp_checksum lp_datagram_checksum(const struct lp_datagram *datagram, size_t at);

typedef void (*lp_datagram_fn)(void *ctx, const struct lp_datagram *datagram);

struct lp_net;

/* `seed` keys the fragment table. `budget` (borrowed) pays for unfinished fragments. NULL when
 * memory is short. */
struct lp_net *lp_net_new(uint64_t seed, struct lp_budget *budget, lp_datagram_fn fn, void *ctx);
void lp_net_free(struct lp_net *net);

/* From now on `fn` also gets what EAPOL frames (IEEE 802.1X) carry, wired or wireless: a datagram
 * whose addresses are unknown (family 0) and whose MACs are the two ends. */
void lp_net_on_eapol(struct lp_net *net, lp_datagram_fn fn);

/* True when the link type is one that this module reads. */
bool lp_net_knows(int link_type);

/* Decodes one frame; calls fn for each datagram that it completes. */
void lp_net_push(struct lp_net *net, int link_type, const struct lp_frame *frame);

/* Hands out what the unfinished fragments hold, as far as their beginning is there. Call once, at
 * the end. */
void lp_net_flush(struct lp_net *net);

/* Kinds of packets that hold something which cannot be read. */
enum lp_skipped {
    LP_SKIPPED_ESP,
    LP_SKIPPED_IPCOMP,
    LP_SKIPPED_MACSEC,
    LP_SKIPPED_WLAN,
    LP_SKIPPED_WIREGUARD,
    LP_SKIPPED_COMPRESSED_PPP,
    LP_SKIPPED_COUNT
};
const char *lp_skipped_name(enum lp_skipped what);

struct lp_net_stats {
    uint64_t fragments, fragments_incomplete, fragments_conflicting, fragments_dropped;
    uint64_t first_conflict_frame;
    uint64_t skipped[LP_SKIPPED_COUNT],
        skipped_frame[LP_SKIPPED_COUNT]; /* how many, and the first */
};
const struct lp_net_stats *lp_net_stats(const struct lp_net *net);

#endif
