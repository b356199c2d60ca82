/*
 * Packets and capture files for tests.
 *
 * A packet grows from the inside out. packet_payload() comes first; each header is then put in
 * front of what is there, counts its length, computes its checksum and leaves its own number for
 * the header that comes next:
 *
 *     struct ends ends = ends_of("10.0.0.5", "10.201.160.201");
 *     packet_payload(&p, "hello", 5);
 *     packet_tcp(&p, &(struct tcp_head){.ends = &ends, .src_port = 49152, .dst_port = 443});
 *     packet_ipv4(&p, &(struct ipv4_head){.ends = &ends});
 *     packet_vlan(&p, 0x8100, 7);
 *     packet_ethernet(&p);
 *     ... packet_bytes(&p), p.n ...
 *
 * Where a test wants a wrong number, it writes over packet_bytes(). A capture file is an image in
 * memory (struct image), put together record by record, and written with temp_write().
 */
#ifndef LP_TESTS_PACKETS_H
#define LP_TESTS_PACKETS_H

#include "guard.h"

#include "base/text.h"
#include "leafprint/leafprint.h"
#include "net/net.h"

/* ---- a packet ---- */

enum { PACKET_MOST = 128 * 1024 };

enum { TCP = 6, UDP = 17, IPV4 = 0x0800, IPV6 = 0x86dd };

struct packet {
    uint8_t room[PACKET_MOST]; /* filled from its end */
    size_t n;                  /* bytes in use */
    uint8_t protocol;          /* of the outermost header, as IP numbers it */
    uint16_t type;             /* of the outermost header, as Ethernet numbers it */
};

struct ends {
    struct lp_ip src, dst;
};

static inline struct ends ends_of(const char *src, const char *dst)
{
    struct ends ends;
    assert_true(lp_ip_parse(src, strlen(src), &ends.src));
    assert_true(lp_ip_parse(dst, strlen(dst), &ends.dst));
    return ends;
}

static inline struct ends ends_swapped(const struct ends *ends)
{
    return (struct ends){ends->dst, ends->src};
}

static inline uint8_t *packet_bytes(struct packet *p)
{
    return p->room + PACKET_MOST - p->n;
}

/* As a frame of the capture; `p` must outlive it. */
static inline struct lp_frame packet_frame(struct packet *p, uint64_t number)
{
    return (struct lp_frame){.number = number,
                             .time = {.sec = 1700000000 + (int64_t)number},
                             .bytes = lp_rd_init(packet_bytes(p), p->n),
                             .original = (uint32_t)p->n};
}

static inline void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, value >> 16);
    put_u16(at + 2, value & 0xffff);
}

/* Room for n zero bytes in front of what is there. */
static inline uint8_t *packet_front(struct packet *p, size_t n)
{
    assert_true(n <= PACKET_MOST - p->n);
    p->n += n;
    memset(packet_bytes(p), 0, n);
    return packet_bytes(p);
}

static inline void packet_payload(struct packet *p, const void *bytes, size_t n)
{
    p->n = 0;
    p->protocol = 0;
    p->type = 0;
    uint8_t *at = packet_front(p, n);
    if (n)
        memcpy(at, bytes, n);
}

/* What stands behind everything, as Ethernet's padding does. */
static inline void packet_trailer(struct packet *p, uint8_t fill, size_t n)
{
    assert_true(n <= PACKET_MOST - p->n);
    memmove(packet_bytes(p) - n, packet_bytes(p), p->n);
    p->n += n;
    memset(p->room + PACKET_MOST - n, fill, n);
}

/* ---- transport ---- */

/* RFC 1071, word by word; kept apart from the library's own way of doing it. */
static inline uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* The checksum over a pseudo header (RFC 9293 3.1, RFC 8200 8.1) and the packet so far. */
static inline uint16_t transport_checksum(struct packet *p, const struct ends *ends,
                                          uint8_t protocol)
{
    size_t size = ends->src.family == 4 ? 4 : 16;
    uint32_t sum = sum_words(0, ends->src.bytes, size);

    sum = sum_words(sum, ends->dst.bytes, size);
    sum += protocol + (uint32_t)(p->n >> 16) + (uint32_t)(p->n & 0xffff);
    return (uint16_t)~sum_words(sum, packet_bytes(p), p->n);
}

struct tcp_head {
    const struct ends *ends;
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t flags; /* 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK */
    const uint8_t *options;
    size_t options_n; /* a multiple of four, at most 40 */
    bool wrong_checksum;
};

static inline void packet_tcp(struct packet *p, const struct tcp_head *head)
{
    size_t n = 20 + head->options_n;
    uint8_t *at = packet_front(p, n);

    put_u16(at, head->src_port);
    put_u16(at + 2, head->dst_port);
    put_u32(at + 4, head->seq);
    put_u32(at + 8, head->ack);
    at[12] = (uint8_t)(n / 4 << 4);
    at[13] = head->flags;
    put_u16(at + 14, 0xffff);
    if (head->options_n)
        memcpy(at + 20, head->options, head->options_n);
    put_u16(at + 16, transport_checksum(p, head->ends, TCP) ^ (head->wrong_checksum ? 0x5aa5U : 0));
    p->protocol = TCP;
}

struct udp_head {
    const struct ends *ends;
    uint16_t src_port, dst_port;
};

static inline void packet_udp(struct packet *p, const struct udp_head *head)
{
    uint8_t *at = packet_front(p, 8);

    put_u16(at, head->src_port);
    put_u16(at + 2, head->dst_port);
    put_u16(at + 4, (unsigned)p->n);
    uint16_t sum = transport_checksum(p, head->ends, UDP);
    put_u16(at + 6, sum ? sum : 0xffff); /* RFC 768: zero would mean "none" */
    p->protocol = UDP;
}

/* ---- IP ---- */

struct ipv4_head {
    const struct ends *ends;
    uint16_t id;
    uint32_t offset; /* of a fragment, in bytes */
    bool more;
    const uint8_t *options;
    size_t options_n; /* a multiple of four, at most 40 */
    bool zero_length; /* as segmentation by hardware leaves it */
};

static inline void packet_ipv4(struct packet *p, const struct ipv4_head *head)
{
    size_t n = 20 + head->options_n;
    uint8_t *at = packet_front(p, n);

    at[0] = (uint8_t)(0x40 | n / 4);
    put_u16(at + 2, head->zero_length ? 0 : (unsigned)p->n);
    put_u16(at + 4, head->id);
    put_u16(at + 6, (head->more ? 0x2000U : 0) | (unsigned)head->offset / 8);
    at[8] = 64;
    at[9] = p->protocol;
    memcpy(at + 12, head->ends->src.bytes, 4);
    memcpy(at + 16, head->ends->dst.bytes, 4);
    if (head->options_n)
        memcpy(at + 20, head->options, head->options_n);
    put_u16(at + 10, (uint16_t)~sum_words(0, at, n));
    p->type = IPV4;
}

/* An IPv6 extension header of (words + 1) * 8 bytes: 0 hop-by-hop, 43 routing, 60 destination
 * options, 135 mobility. */
static inline void packet_extension(struct packet *p, uint8_t kind, uint8_t words)
{
    uint8_t *at = packet_front(p, (words + 1U) * 8U);
    at[0] = p->protocol;
    at[1] = words;
    p->protocol = kind;
}

/* An authentication header (RFC 4302 2) of (words + 2) * 4 bytes. */
static inline void packet_authentication(struct packet *p, uint8_t words)
{
    uint8_t *at = packet_front(p, (words + 2U) * 4U);
    at[0] = p->protocol;
    at[1] = words;
    p->protocol = 51;
}

static inline void packet_fragment_header(struct packet *p, uint32_t id, uint32_t offset, bool more)
{
    uint8_t *at = packet_front(p, 8);
    at[0] = p->protocol;
    put_u16(at + 2, (unsigned)(offset & 0xfff8U) | (more ? 1U : 0));
    put_u32(at + 4, id);
    p->protocol = 44;
}

static inline void packet_ipv6(struct packet *p, const struct ends *ends)
{
    size_t length = p->n;
    uint8_t *at = packet_front(p, 40);

    at[0] = 0x60;
    put_u16(at + 4, length <= 0xffff ? (unsigned)length : 0);
    at[6] = p->protocol;
    at[7] = 64;
    memcpy(at + 8, ends->src.bytes, 16);
    memcpy(at + 24, ends->dst.bytes, 16);
    p->type = IPV6;
}

/* IPv4 or IPv6, as the addresses are. */
static inline void packet_ip(struct packet *p, const struct ends *ends)
{
    if (ends->src.family == 4)
        packet_ipv4(p, &(struct ipv4_head){.ends = ends});
    else
        packet_ipv6(p, ends);
}

/* ---- link layers; the numbers are those of tcpdump.org/linktypes ---- */

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_SLL2 = 276,
};

static const uint8_t client_mac[6] = {0x00, 0x1f, 0x6c, 0x81, 0x11, 0x0e};
static const uint8_t server_mac[6] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01};

/* `tag` is 0x8100, 0x88a8, 0x9100 or 0x9200. */
static inline void packet_vlan(struct packet *p, uint16_t tag, uint16_t vlan)
{
    uint8_t *at = packet_front(p, 4);
    put_u16(at, vlan); /* the tag itself is the EtherType of the header before */
    put_u16(at + 2, p->type);
    p->type = tag;
}

static inline void packet_ethernet_between(struct packet *p, const uint8_t src[6],
                                           const uint8_t dst[6])
{
    uint8_t *at = packet_front(p, 14);
    memcpy(at, dst, 6);
    memcpy(at + 6, src, 6);
    put_u16(at + 12, p->type);
}

static inline void packet_ethernet(struct packet *p)
{
    packet_ethernet_between(p, client_mac, server_mac);
}

static inline void packet_sll(struct packet *p, uint16_t hardware)
{
    uint8_t *at = packet_front(p, 16);
    put_u16(at + 2, hardware);
    put_u16(at + 4, 6);
    memcpy(at + 6, client_mac, 6);
    put_u16(at + 14, p->type);
}

static inline void packet_sll2(struct packet *p, uint16_t hardware)
{
    uint8_t *at = packet_front(p, 20);
    put_u16(at, p->type);
    put_u32(at + 4, 3);
    put_u16(at + 8, hardware);
    at[11] = 6;
    memcpy(at + 12, client_mac, 6);
}

static inline void packet_null(struct packet *p, uint32_t family, bool little_endian)
{
    uint8_t *at = packet_front(p, 4);
    put_u32(at, little_endian ? __builtin_bswap32(family) : family);
}

/* A whole frame with a TCP segment, as most tests want it. */
static inline void packet_tcp_frame(struct packet *p, const struct tcp_head *head,
                                    const void *payload, size_t n)
{
    packet_payload(p, payload, n);
    packet_tcp(p, head);
    packet_ip(p, head->ends);
    packet_ethernet(p);
}

/* ---- capture files ---- */

struct image {
    uint8_t *bytes; /* owned */
    size_t n;
    bool big_endian, nanoseconds;
};

static inline void image_free(struct image *image)
{
    free(image->bytes);
    image->bytes = NULL;
    image->n = 0;
}

static inline void image_bytes(struct image *image, const void *bytes, size_t n)
{
    uint8_t *grown = realloc(image->bytes, image->n + n + 1);
    assert_non_null(grown);
    image->bytes = grown;
    if (n)
        memcpy(image->bytes + image->n, bytes, n);
    image->n += n;
}

static inline void image_u16(struct image *image, unsigned value)
{
    uint8_t at[2];
    put_u16(at, image->big_endian ? value : (value & 255) << 8 | value >> 8);
    image_bytes(image, at, 2);
}

static inline void image_u32(struct image *image, uint32_t value)
{
    uint8_t at[4];
    put_u32(at, image->big_endian ? value : __builtin_bswap32(value));
    image_bytes(image, at, 4);
}

/* The header of a classic file; byte order and resolution are the image's. */
static inline void image_pcap(struct image *image, uint32_t link_type, uint32_t snap_length)
{
    image_u32(image, image->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    image_u16(image, 2);
    image_u16(image, 4);
    image_u32(image, 0);
    image_u32(image, 0);
    image_u32(image, snap_length);
    image_u32(image, link_type);
}

/* The frame's record; its time is written with what the resolution leaves of it. */
static inline void image_pcap_record(struct image *image, const struct lp_frame *frame)
{
    uint32_t nsec = frame->time.nsec;
    image_u32(image, (uint32_t)frame->time.sec);
    image_u32(image, image->nanoseconds ? nsec : nsec / 1000);
    image_u32(image, (uint32_t)frame->bytes.left);
    image_u32(image, frame->original);
    image_bytes(image, frame->bytes.ptr, frame->bytes.left);
}

static inline void image_pcapng_section(struct image *image)
{
    image_u32(image, 0x0a0d0d0a);
    image_u32(image, 28);
    image_u32(image, 0x1a2b3c4d);
    image_u16(image, 1);
    image_u16(image, 0);
    image_u32(image, 0xffffffff); /* the section's length is not told */
    image_u32(image, 0xffffffff);
    image_u32(image, 28);
}

/* With the option if_tsresol: 10^-9 or 10^-6 seconds. */
static inline void image_pcapng_interface(struct image *image, uint16_t link_type,
                                          uint32_t snap_length)
{
    const uint8_t resolution[4] = {image->nanoseconds ? 9 : 6, 0, 0, 0};
    image_u32(image, 1);
    image_u32(image, 32);
    image_u16(image, link_type);
    image_u16(image, 0);
    image_u32(image, snap_length);
    image_u16(image, 9);
    image_u16(image, 1);
    image_bytes(image, resolution, 4);
    image_u32(image, 0); /* the end of the options */
    image_u32(image, 32);
}

/* An Enhanced Packet Block of interface 0. */
static inline void image_pcapng_record(struct image *image, const struct lp_frame *frame)
{
    static const uint8_t padding[3];
    uint32_t padded = (uint32_t)(frame->bytes.left + 3) / 4 * 4;
    uint64_t units = image->nanoseconds ? 1000000000U : 1000000U;
    uint64_t time = (uint64_t)frame->time.sec * units +
                    (image->nanoseconds ? frame->time.nsec : frame->time.nsec / 1000);

    image_u32(image, 6);
    image_u32(image, 32 + padded);
    image_u32(image, 0);
    image_u32(image, (uint32_t)(time >> 32));
    image_u32(image, (uint32_t)time);
    image_u32(image, (uint32_t)frame->bytes.left);
    image_u32(image, frame->original);
    image_bytes(image, frame->bytes.ptr, frame->bytes.left);
    image_bytes(image, padding, padded - frame->bytes.left);
    image_u32(image, 32 + padded);
}

/* ---- a directory for a test's files ---- */

struct temp {
    char dir[64];
    char path[96]; /* of the file last named */
};

static inline void temp_open(struct temp *temp)
{
    snprintf(temp->dir, sizeof temp->dir, "/tmp/leafprint-test-XXXXXX");
    assert_non_null(mkdtemp(temp->dir));
    temp->path[0] = '\0';
}

static inline const char *temp_path(struct temp *temp, const char *name)
{
    int n = snprintf(temp->path, sizeof temp->path, "%s/%s", temp->dir, name);
    assert_true(n > 0 && (size_t)n < sizeof temp->path);
    return temp->path;
}

/* Writes a file anew; its path is good until the next one is named. It is not written over: some
 * file systems then wait for the disk. */
static inline const char *temp_write(struct temp *temp, const char *name, const void *bytes,
                                     size_t n)
{
    unlink(temp_path(temp, name));
    FILE *file = fopen(temp->path, "wb");
    assert_non_null(file);
    assert_int_equal(n, fwrite(bytes, 1, n, file));
    assert_int_equal(0, fclose(file));
    return temp->path;
}

/* The directory must be empty but for `name` (NULL: empty). */
static inline void temp_close(struct temp *temp, const char *name)
{
    if (name)
        assert_int_equal(0, unlink(temp_path(temp, name)));
    assert_int_equal(0, rmdir(temp->dir));
}

#endif
