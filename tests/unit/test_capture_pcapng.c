/* pcapng: sections, interfaces, every kind of packet block, and what is wrong with a file. */
#include "capture_rig.h"

static struct temp temp;

static int set_up(void **state)
{
    (void)state;
    temp_open(&temp);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_close(&temp, "a.pcap");
    return 0;
}

enum { LINK_WLAN = 105 };

static const char key_line[] = "CLIENT_RANDOM 00 11";

static void secrets(struct image *image, uint32_t type, const char *text, size_t n)
{
    size_t at = block_begin(image, 10);
    image_u32(image, type);
    image_u32(image, (uint32_t)n);
    image_bytes(image, text, n);
    block_end(image, at);
}

static void unknown(struct image *image, uint32_t type)
{
    size_t at = block_begin(image, type);
    image_bytes(image, "what it means is not known", 26);
    block_end(image, at);
}

static void obsolete_packet(struct image *image, uint16_t interface, uint64_t ticks)
{
    size_t at = block_begin(image, 2);
    image_u16(image, interface);
    image_u16(image, 7); /* drops */
    image_u32(image, (uint32_t)(ticks >> 32));
    image_u32(image, (uint32_t)ticks);
    image_u32(image, 3);
    image_u32(image, 9);
    image_bytes(image, "old", 3);
    block_end(image, at);
}

static void simple_packet(struct image *image, uint32_t original, const char *bytes, size_t n)
{
    size_t at = block_begin(image, 3);
    image_u32(image, original);
    image_bytes(image, bytes, n);
    block_end(image, at);
}

/* Two sections of different byte orders; interfaces of different link types, snap lengths and
 * resolutions; every kind of block. */
static struct image mixed_image(bool big_endian_first)
{
    struct image image = {.big_endian = big_endian_first};

    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 262144, 6);
    block_interface(&image, LINK_RAW, 64, 9);
    secrets(&image, 0x544c534b, key_line, sizeof key_line - 1);
    secrets(&image, 0x57474b4c, "wireguard", 9);
    unknown(&image, 4); /* name resolution */
    block_packet(&image, 0, UINT64_C(1700000000123456), "first", 5);
    block_packet(&image, 1, UINT64_C(1700000001123456789), "second", 6);
    unknown(&image, 0xbad); /* custom */
    obsolete_packet(&image, 1, UINT64_C(1700000002000000001));
    unknown(&image, 0x77777777);

    image.big_endian = !big_endian_first;
    image_pcapng_section(&image);
    block_interface(&image, LINK_WLAN, 4, 0x80 | 10);
    simple_packet(&image, 6, "simp", 4);
    block_packet(&image, 0, UINT64_C(1700000003) << 10 | 512, "half", 4);
    unknown(&image, 5); /* interface statistics */
    secrets(&image, 0x544c534b, key_line, sizeof key_line - 1);
    return image;
}

static const struct {
    const char *bytes;
    uint32_t original;
    int link_type;
    unsigned interface;
    struct lp_time time;
} mixed[] = {
    {"first", 5, LINK_ETHERNET, 0, {1700000000, 123456000}},
    {"second", 6, LINK_RAW_BSD, 1, {1700000001, 123456789}},
    {"old", 9, LINK_RAW_BSD, 1, {1700000002, 1}},
    {"simp", 6, LINK_WLAN, 2, {0, 0}},
    {"half", 4, LINK_WLAN, 2, {1700000003, 500000000}},
};

static void pcapng_mixed_sections_are_read(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct image image = mixed_image(big);
        struct lp_source *source;
        struct lp_packet got;
        struct lp_error error;
        const char *path = temp_write(&temp, "a.pcap", image.bytes, image.n);

        assert_int_equal(LP_OK, lp_source_open(path, &source, &error));
        assert_int_equal(LINK_ETHERNET, lp_source_link_type(source));
        for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
            assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
            assert_int_equal(i + 1, got.frame);
            assert_int_equal(strlen(mixed[i].bytes), got.captured);
            assert_memory_equal(mixed[i].bytes, got.bytes, got.captured);
            assert_int_equal(mixed[i].original, got.original);
            assert_int_equal(mixed[i].link_type, got.link_type);
            assert_int_equal(mixed[i].interface, got.interface);
            assert_int_equal(mixed[i].time.sec, got.time.sec);
            assert_int_equal(mixed[i].time.nsec, got.time.nsec);
        }
        assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
        const struct lp_buf *kept = lp_source_secrets(source);
        assert_int_equal(2 * sizeof key_line, kept->len); /* each with a line's end */
        assert_memory_equal(key_line, kept->bytes, sizeof key_line - 1);
        assert_int_equal('\n', kept->bytes[kept->len - 1]);
        lp_source_close(source);
        image_free(&image);
    }
}

static void pcapng_damaged_anywhere_is_safe(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct image image = mixed_image(big);
        check_damage(&temp, &image, false);
        image_free(&image);
    }
}

static void pcapng_every_allocation_failing_is_out_of_memory(void **state)
{
    struct image image = mixed_image(false);
    struct reading whole = read_image(&temp, &image);

    (void)state;
    assert_int_equal(5, whole.packets);
    check_allocations(temp.path, &whole);
    image_free(&image);
}

static void pcapng_every_resolution_gives_the_time(void **state)
{
    static const struct {
        uint8_t resolution;
        uint64_t ticks;
        struct lp_time time;
    } cases[] = {
        {0, 1700000000, {1700000000, 0}},
        {3, 1700000000123, {1700000000, 123000000}},
        {12, UINT64_C(17000000123456789), {17000, 123456}},
        {19, UINT64_C(12345678901234567890), {1, 234567890}},
        {20, UINT64_C(12345678901234567890), {0, 123456789}},
        {28, UINT64_C(12345678901234567890), {0, 1}},
        {127, UINT64_MAX, {0, 0}},
        {0x80, 1700000000, {1700000000, 0}},
        {0x80 | 1, 3, {1, 500000000}},
        {0x80 | 32, UINT64_C(5) << 32 | UINT64_C(1) << 30, {5, 250000000}},
        {0x80 | 63, UINT64_MAX, {1, 999999999}},
        {0x80 | 64, UINT64_C(1) << 63, {0, 500000000}},
        {0x80 | 127, UINT64_MAX, {0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image image = {0};
        image_pcapng_section(&image);
        block_interface(&image, LINK_ETHERNET, 0, cases[i].resolution);
        block_packet(&image, 0, cases[i].ticks, "time", 4);
        struct reading r = read_image(&temp, &image);
        assert_int_equal(LP_READ_END, r.end);
        assert_int_equal(cases[i].time.sec, r.last.time.sec);
        assert_int_equal(cases[i].time.nsec, r.last.time.nsec);
        image_free(&image);
    }
}

static void pcapng_time_offset_is_added(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        const uint8_t minus_ten_big[8] = {255, 255, 255, 255, 255, 255, 255, 246};
        const uint8_t minus_ten_little[8] = {246, 255, 255, 255, 255, 255, 255, 255};
        struct image image = {.big_endian = big};
        image_pcapng_section(&image);
        size_t at = block_begin(&image, 1);
        image_u16(&image, LINK_ETHERNET);
        image_u16(&image, 0);
        image_u32(&image, 0);
        block_option(&image, 2, "eth0", 4);
        block_option(&image, 14, big ? minus_ten_big : minus_ten_little, 8);
        block_end(&image, at);
        block_packet(&image, 0, UINT64_C(1700000000000000), "time", 4);
        assert_int_equal(1699999990, read_image(&temp, &image).last.time.sec);
        image_free(&image);
    }
}

/* Puts one word somewhere into a small file; what came before stays, and the rule is named. */
static void pcapng_broken_rule_is_named(void **state)
{
    enum { SECTION = 28, INTERFACE = 32, FIRST = 36, SECOND = SECTION + INTERFACE + FIRST };
    static const struct {
        size_t at;
        uint32_t word;
        const char *rule;
    } cases[] = {
        {SECOND + 4, 8, "with the length 8"},
        {SECOND + 4, 37, "with the length 37"},
        {SECOND + 32, 40, "its length is 36 at its start and 40 at its end"},
        {SECOND + 8, 1, "interface 1 is not among the 1 described"},
        {SECOND + 20, 5, "captured length 5 exceeds the 4 bytes of its block"},
        {SECOND + 20, 262145, "exceeds 262144"},
        {SECOND, 1, "interface description whose options cannot be read"},
        {SECOND, 0x0a0d0d0a, "byte-order magic 0x00000000"},
        {SECOND, 10, "secrets block whose data exceed"},
        {SECOND + 4, 0x7ffffffc, "with the length 2147483644"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
        struct image image = {.big_endian = i % 2};
        image_pcapng_section(&image);
        block_interface(&image, LINK_ETHERNET, 262144, 6);
        block_packet(&image, 0, 1, "fine", 4);
        block_packet(&image, 0, UINT64_C(0xffffffffffff), "then", 4);
        uint32_t word = cases[i / 2].word;
        put_u32(image.bytes + cases[i / 2].at, i % 2 ? word : __builtin_bswap32(word));
        struct reading r = read_image(&temp, &image);
        assert_int_equal(LP_OK, r.opened);
        assert_int_equal(LP_READ_BROKEN, r.end);
        assert_int_equal(1, r.packets);
        if (!strstr(r.error.text, cases[i / 2].rule))
            fail_msg("\"%s\" does not say \"%s\"", r.error.text, cases[i / 2].rule);
        image_free(&image);
    }
}

static void pcapng_wrong_option_length_is_broken(void **state)
{
    static const struct {
        uint16_t code, n;
    } cases[] = {{9, 2}, {9, 0}, {14, 4}, {14, 9}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image image = {0};
        image_pcapng_section(&image);
        size_t at = block_begin(&image, 1);
        image_u32(&image, LINK_ETHERNET);
        image_u32(&image, 0);
        block_option(&image, cases[i].code, "123456789", cases[i].n);
        block_end(&image, at);
        struct reading r = read_image(&temp, &image);
        assert_int_equal(LP_ERR_IO, r.opened);
        assert_non_null(strstr(r.error.text, "options"));
        image_free(&image);
    }
}

static void pcapng_section_of_another_version_is_broken(void **state)
{
    struct image image = {0};

    (void)state;
    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 0, 6);
    block_packet(&image, 0, 1, "fine", 4);
    size_t at = image.n;
    image_pcapng_section(&image);
    image.bytes[at + 12] = 2;
    struct reading r = read_image(&temp, &image);
    assert_int_equal(LP_READ_BROKEN, r.end);
    assert_int_equal(1, r.packets);
    assert_non_null(strstr(r.error.text, "version 2.0"));
    image_free(&image);
}

static void pcapng_section_forgets_the_interfaces_before(void **state)
{
    struct image image = {0};

    (void)state;
    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 0, 6);
    image_pcapng_section(&image);
    block_packet(&image, 0, 1, "lost", 4);
    struct reading r = read_image(&temp, &image);
    assert_int_equal(LP_READ_BROKEN, r.end);
    assert_non_null(strstr(r.error.text, "interface 0 is not among the 0 described"));
    image_free(&image);
}

static void pcapng_section_alone_is_an_empty_capture(void **state)
{
    struct image image = {0};
    struct lp_source *source;
    struct lp_error error;

    (void)state;
    image_pcapng_section(&image);
    assert_int_equal(LP_READ_END, read_image(&temp, &image).end);
    assert_int_equal(LP_OK, lp_source_open(temp.path, &source, &error));
    assert_int_equal(-1, lp_source_link_type(source));
    lp_source_close(source);
    image_free(&image);
}

/* A block much larger than the buffer is passed over, and cut inside it the file is cut. */
static void pcapng_large_unknown_block_is_passed_over(void **state)
{
    enum { LARGE = 3 << 20 };
    uint8_t *much = calloc(1, LARGE);
    struct image image = {0};

    (void)state;
    assert_non_null(much);
    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 0, 6);
    size_t at = block_begin(&image, 0x40000001);
    image_bytes(&image, much, LARGE);
    block_end(&image, at);
    size_t end = image.n;
    block_packet(&image, 0, 1, "then", 4);
    struct reading r = read_image(&temp, &image);
    assert_int_equal(LP_READ_END, r.end);
    assert_int_equal(1, r.packets);
    assert_int_equal(LP_READ_CUT, read_bytes(&temp, image.bytes, end - 1).end);
    assert_int_equal(LP_READ_CUT, read_bytes(&temp, image.bytes, end - 1000).end);
    image_free(&image);
    free(much);
}

/* A trailer that is missing takes nothing from the packet in front of it. */
static void pcapng_packet_without_its_trailer_is_whole(void **state)
{
    struct image image = {0};

    (void)state;
    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 0, 6);
    block_packet(&image, 0, 1, "whole", 5);
    for (size_t lost = 1; lost <= 7; lost++) { /* trailer and padding */
        struct reading r = read_bytes(&temp, image.bytes, image.n - lost);
        assert_int_equal(LP_READ_CUT, r.end);
        assert_int_equal(1, r.packets);
        assert_int_equal(0, r.cut);
        assert_int_equal(5, r.last.captured);
    }
    struct reading r = read_bytes(&temp, image.bytes, image.n - 8);
    assert_int_equal(1, r.cut);
    assert_int_equal(4, r.last.captured);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcapng_mixed_sections_are_read),
        cmocka_unit_test(pcapng_damaged_anywhere_is_safe),
        cmocka_unit_test(pcapng_every_allocation_failing_is_out_of_memory),
        cmocka_unit_test(pcapng_every_resolution_gives_the_time),
        cmocka_unit_test(pcapng_time_offset_is_added),
        cmocka_unit_test(pcapng_broken_rule_is_named),
        cmocka_unit_test(pcapng_wrong_option_length_is_broken),
        cmocka_unit_test(pcapng_section_of_another_version_is_broken),
        cmocka_unit_test(pcapng_section_forgets_the_interfaces_before),
        cmocka_unit_test(pcapng_section_alone_is_an_empty_capture),
        cmocka_unit_test(pcapng_large_unknown_block_is_passed_over),
        cmocka_unit_test(pcapng_packet_without_its_trailer_is_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
