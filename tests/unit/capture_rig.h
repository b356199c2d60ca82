/* What the tests of the capture readers share: blocks of pcapng, and reading a file to its end. */
#ifndef LP_TESTS_CAPTURE_RIG_H
#define LP_TESTS_CAPTURE_RIG_H

#include "packets.h"

#include "base/hash.h"
#include "capture/source.h"

/* A whole file as it was read. */
struct reading {
    enum lp_status opened;
    enum lp_read end;
    uint64_t packets;
    uint64_t cut;  /* those with packet.cut */
    uint64_t hash; /* over lengths, times and bytes of all packets */
    struct lp_packet last;
    struct lp_error error;
};

/* Every byte of a packet is looked at, so that a sanitizer sees them all. */
static inline uint64_t hash_packet(uint64_t hash, const struct lp_packet *packet)
{
    hash = lp_hash_mix(hash, (uint64_t)packet->time.sec ^ packet->time.nsec);
    hash = lp_hash_mix(hash, (uint64_t)packet->captured << 32 | packet->original);
    hash = lp_hash_mix(hash, (uint64_t)packet->link_type);
    return lp_hash_bytes(hash, packet->bytes, packet->captured);
}

/* Reads to the end and holds every packet to what source.h promises. */
static inline struct reading read_source(struct lp_source *source)
{
    struct reading r = {.opened = LP_OK};
    struct lp_packet packet;

    while ((r.end = lp_source_next(source, &packet, &r.error)) == LP_READ_PACKET) {
        assert_int_equal(++r.packets, packet.frame);
        assert_true(packet.captured <= packet.original);
        assert_true(packet.time.nsec < 1000000000);
        assert_true(!packet.cut || packet.captured < packet.original);
        assert_int_equal(0, r.cut); /* nothing comes behind a cut packet */
        r.cut += packet.cut;
        r.hash = hash_packet(r.hash, &packet);
        r.last = packet;
    }
    assert_true(!r.cut || r.end != LP_READ_END);
    assert_int_equal(r.end, lp_source_next(source, &packet, &r.error));
    if (r.end == LP_READ_CUT || r.end == LP_READ_BROKEN) {
        char where[64];
        snprintf(where, sizeof where, ": packet %llu: ", (unsigned long long)packet.frame);
        assert_non_null(strstr(r.error.text, where));
        assert_non_null(strstr(r.error.text, " byte "));
        assert_true(packet.frame == r.packets || packet.frame == r.packets + 1);
    }
    return r;
}

static inline struct reading read_path(const char *path)
{
    struct lp_source *source;
    struct lp_error error = {""};
    enum lp_status opened = lp_source_open(path, &source, &error);

    if (opened != LP_OK) {
        assert_null(source);
        return (struct reading){.opened = opened, .end = LP_READ_END, .error = error};
    }
    struct reading r = read_source(source);
    lp_source_close(source);
    return r;
}

static inline struct reading read_bytes(struct temp *temp, const void *bytes, size_t n)
{
    return read_path(temp_write(temp, "a.pcap", bytes, n));
}

static inline struct reading read_image(struct temp *temp, const struct image *image)
{
    return read_bytes(temp, image->bytes, image->n);
}

/* The n-th allocation fails, for each n: an error, or a result like the whole one. */
static inline void check_allocations(const char *path, const struct reading *whole)
{
    for (uint64_t n = 1;; n++) {
        lp_alloc_fail_after(n);
        struct reading r = read_path(path);
        lp_alloc_fail_after(0);
        if (r.opened == LP_OK && r.end == whole->end) {
            assert_int_equal(whole->hash, r.hash);
            return;
        }
        assert_true(r.opened == LP_ERR_MEMORY || r.end == LP_READ_MEMORY);
        assert_non_null(strstr(r.error.text, "out of memory"));
        assert_true(n < 1000);
    }
}

/* The file cut at every byte, and with every byte turned over: it never crashes, and there are
 * never more packets than bytes for them. A layout that is guessed may be guessed wrong when little
 * is left. */
static inline void check_damage(struct temp *temp, const struct image *image, bool guessed)
{
    struct reading whole = read_image(temp, image);

    for (size_t n = 0; n < image->n; n++) {
        struct reading r = read_bytes(temp, image->bytes, n);
        assert_true(r.packets <= whole.packets);
        assert_true(r.opened == LP_OK || r.opened == LP_ERR_IO);
        assert_true(r.end == LP_READ_END || r.end == LP_READ_CUT || guessed);
    }
    for (size_t i = 0; i < image->n; i++) {
        image->bytes[i] ^= 0xff;
        struct reading r = read_image(temp, image);
        assert_true(r.end != LP_READ_MEMORY && r.opened != LP_ERR_MEMORY);
        assert_true(r.packets <= image->n / 12);
        image->bytes[i] ^= 0xff;
    }
}

/* ---- pcapng ---- */

/* Where a block begins; its lengths are written by block_end. */
static inline size_t block_begin(struct image *image, uint32_t type)
{
    size_t at = image->n;
    image_u32(image, type);
    image_u32(image, 0);
    return at;
}

static inline void block_end(struct image *image, size_t at)
{
    uint32_t length;

    while (image->n % 4)
        image_bytes(image, "", 1);
    length = (uint32_t)(image->n - at + 4);
    image_u32(image, length);
    put_u32(image->bytes + at + 4, image->big_endian ? length : __builtin_bswap32(length));
}

static inline void block_option(struct image *image, uint16_t code, const void *bytes, uint16_t n)
{
    image_u16(image, code);
    image_u16(image, n);
    image_bytes(image, bytes, n);
    while (image->n % 4)
        image_bytes(image, "", 1);
}

static inline void block_interface(struct image *image, uint16_t link_type, uint32_t snap_length,
                                   uint8_t resolution)
{
    size_t at = block_begin(image, 1);
    image_u16(image, link_type);
    image_u16(image, 0);
    image_u32(image, snap_length);
    block_option(image, 9, &resolution, 1);
    block_option(image, 0, NULL, 0);
    block_end(image, at);
}

static inline void block_packet(struct image *image, uint32_t interface, uint64_t ticks,
                                const void *bytes, uint32_t n)
{
    size_t at = block_begin(image, 6);
    image_u32(image, interface);
    image_u32(image, (uint32_t)(ticks >> 32));
    image_u32(image, (uint32_t)ticks);
    image_u32(image, n);
    image_u32(image, n);
    image_bytes(image, bytes, n);
    block_end(image, at);
}

#endif
