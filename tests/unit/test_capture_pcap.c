/* Classic pcap: every variant that is known, and what is wrong with a file. */
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

static const char bytes[] = "abcdefghij";

enum { SEC = 1700000000, FRACTION = 123456, CAPTURED = 10, ORIGINAL = 60 };

struct variant {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t link_type;
    size_t more_header; /* zero bytes behind the file header */
    const char *fields; /* behind the record header */
    size_t fields_n;
    bool exchanged; /* original length first */
    int expected_link_type;
    uint32_t expected_nsec;
};

static const char kuznetsov[] = "\0\0\0\2\x08\0\0\0";
static const char with_debug[] = "\0\0\0\2\x08\0\0\0\0\0\0\0";
static const char nokia[] = "\x9f\xbf\xb6\1";

static const struct variant variants[] = {
    {0xa1b2c3d4, 2, 4, 1, 0, NULL, 0, false, 1, FRACTION * 1000},
    {0xa1b23c4d, 2, 4, 1, 0, NULL, 0, false, 1, FRACTION},
    {0xa1b2cd34, 2, 4, 1, 0, kuznetsov, 8, false, 1, FRACTION * 1000},
    {0xa1b2cd34, 2, 4, 1, 0, with_debug, 12, false, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 4, 1, 0, kuznetsov, 8, false, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 4, 1, 0, nokia, 4, false, 1, FRACTION * 1000},
    {0xa1e2cb12, 2, 4, 1, 0, kuznetsov, 8, false, 1, FRACTION},
    {0x1c0001ac, 2, 4, 1, 4, NULL, 0, false, 1, FRACTION},
    {0x1c0001ab, 2, 4, 1, 4, NULL, 0, false, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 2, 1, 0, NULL, 0, true, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 3, 1, 0, NULL, 0, true, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 3, 1, 0, NULL, 0, false, 1, FRACTION * 1000},
    {0xa1b2c3d4, 543, 0, 1, 0, NULL, 0, true, 1, FRACTION * 1000},
    {0xa1b2c3d4, 2, 2, 6, 0, NULL, 0, true, 1, FRACTION},                  /* AIX: Ethernet */
    {0xa1b2c3d4, 2, 2, 9, 0, NULL, 0, true, 6, FRACTION},                  /* Token Ring */
    {0xa1b2c3d4, 2, 2, 15, 0, NULL, 0, true, 10, FRACTION},                /* FDDI */
    {0xa1b2c3d4, 2, 2, 24, 0, NULL, 0, true, 0, FRACTION},                 /* loopback */
    {0xa1b2c3d4, 2, 4, 101, 0, NULL, 0, false, 12, FRACTION * 1000},       /* raw IP: DLT_RAW */
    {0xa1b2c3d4, 2, 4, 0x24000001, 0, NULL, 0, false, 1, FRACTION * 1000}, /* with FCS length */
};

enum { VARIANTS = sizeof variants / sizeof variants[0], PACKETS = 3 };

static void header(struct image *image, const struct variant *v)
{
    static const char zeros[8];

    image_u32(image, v->magic);
    image_u16(image, v->major);
    image_u16(image, v->minor);
    image_bytes(image, zeros, 8);
    image_u32(image, 65535);
    image_u32(image, v->link_type);
    image_bytes(image, zeros, v->more_header);
}

/* Fields are given in big-endian order. */
static void fields(struct image *image, const struct variant *v)
{
    const uint8_t *at = (const uint8_t *)v->fields;

    if (!v->fields_n)
        return;
    image_u32(image, (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
    if (v->fields_n == 4)
        return;
    image_u16(image, (unsigned)at[4] << 8 | at[5]);
    image_bytes(image, at + 6, v->fields_n - 6);
}

static void record(struct image *image, const struct variant *v)
{
    image_u32(image, SEC);
    image_u32(image, FRACTION);
    image_u32(image, v->exchanged ? ORIGINAL : CAPTURED);
    image_u32(image, v->exchanged ? CAPTURED : ORIGINAL);
    fields(image, v);
    image_bytes(image, bytes, CAPTURED);
}

static struct image image_of(const struct variant *v, bool big_endian)
{
    struct image image = {.big_endian = big_endian};

    header(&image, v);
    for (int i = 0; i < PACKETS; i++)
        record(&image, v);
    return image;
}

static void pcap_every_variant_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * (size_t)VARIANTS; i++) {
        const struct variant *v = &variants[i / 2];
        struct image image = image_of(v, i % 2);
        struct lp_source *source;
        struct lp_packet got;
        struct lp_error error;

        assert_int_equal(LP_OK, lp_source_open(temp_write(&temp, "a.pcap", image.bytes, image.n),
                                               &source, &error));
        assert_int_equal(v->expected_link_type, lp_source_link_type(source));
        for (unsigned n = 1; n <= PACKETS; n++) {
            assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
            assert_int_equal(n, got.frame);
            assert_int_equal(SEC, got.time.sec);
            assert_int_equal(v->expected_nsec, got.time.nsec);
            assert_int_equal(CAPTURED, got.captured);
            assert_int_equal(ORIGINAL, got.original);
            assert_int_equal(v->expected_link_type, got.link_type);
            assert_int_equal(0, got.interface);
            assert_false(got.cut);
            assert_memory_equal(bytes, got.bytes, CAPTURED);
        }
        assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
        lp_source_close(source);
        image_free(&image);
    }
}

static void pcap_damaged_anywhere_is_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        struct image image = image_of(&variants[i], i % 2);
        check_damage(&temp, &image, variants[i].fields_n > 0);
        image_free(&image);
    }
}

static void pcap_cut_packet_is_handed_out_as_cut(void **state)
{
    struct image image = image_of(&variants[0], false);

    (void)state;
    for (size_t lost = 1; lost < CAPTURED; lost++) {
        struct reading r = read_bytes(&temp, image.bytes, image.n - lost);
        assert_int_equal(LP_READ_CUT, r.end);
        assert_int_equal(PACKETS, r.packets);
        assert_int_equal(1, r.cut);
        assert_int_equal(CAPTURED - lost, r.last.captured);
        assert_int_equal(ORIGINAL, r.last.original);
    }
    /* Nothing of its bytes, or less than its header: no packet. */
    for (size_t lost = CAPTURED; lost < CAPTURED + 16; lost++) {
        struct reading r = read_bytes(&temp, image.bytes, image.n - lost);
        assert_int_equal(LP_READ_CUT, r.end);
        assert_int_equal(PACKETS - 1, r.packets);
    }
    assert_int_equal(LP_READ_END, read_bytes(&temp, image.bytes, image.n - CAPTURED - 16).end);
    image_free(&image);
}

/* A snap length raises what a packet may have, but not without end. */
static void pcap_captured_length_is_held_to_the_snap_length(void **state)
{
    static const struct {
        uint32_t snap, captured;
        enum lp_read expected;
    } cases[] = {
        {0, 256 * 1024, LP_READ_END},
        {0, 256 * 1024 + 1, LP_READ_BROKEN},
        {96, 256 * 1024, LP_READ_END},
        {300000, 300000, LP_READ_END},
        {300000, 300001, LP_READ_BROKEN},
        {0xffffffff, 16 << 20, LP_READ_END},
        {0xffffffff, (16 << 20) + 1, LP_READ_BROKEN},
    };
    uint8_t *much = calloc(1, (16 << 20) + 1);

    (void)state;
    assert_non_null(much);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image image = {0};
        image_pcap(&image, LINK_ETHERNET, cases[i].snap);
        image_u32(&image, SEC);
        image_u32(&image, 0);
        image_u32(&image, cases[i].captured);
        image_u32(&image, cases[i].captured);
        image_bytes(&image, much, cases[i].captured);
        struct reading r = read_image(&temp, &image);
        assert_int_equal(cases[i].expected, r.end);
        assert_int_equal(cases[i].expected == LP_READ_END, r.packets);
        image_free(&image);
    }
    free(much);
}

static void pcap_unknown_version_is_refused(void **state)
{
    static const struct variant wrong[] = {
        {.magic = 0xa1b2c3d4, .major = 1, .minor = 0},
        {.magic = 0xa1b2c3d4, .major = 2, .minor = 5},
        {.magic = 0xa1b2c3d4, .major = 3, .minor = 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct image image = {0};
        header(&image, &wrong[i]);
        struct reading r = read_image(&temp, &image);
        assert_int_equal(LP_ERR_IO, r.opened);
        assert_non_null(strstr(r.error.text, "version"));
        image_free(&image);
    }
}

/* One record cannot tell which layout it has: the usual one counts. */
static void pcap_few_records_are_read_in_the_usual_layout(void **state)
{
    struct image image = {0};

    (void)state;
    header(&image, &variants[0]);
    record(&image, &variants[0]);
    assert_int_equal(1, read_image(&temp, &image).packets);
    image_free(&image);
}

static void pcap_every_allocation_failing_is_out_of_memory(void **state)
{
    struct image image = image_of(&variants[0], false);
    struct reading whole = read_image(&temp, &image);

    (void)state;
    check_allocations(temp.path, &whole);
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pcap_every_variant_is_read),
        cmocka_unit_test(pcap_damaged_anywhere_is_safe),
        cmocka_unit_test(pcap_cut_packet_is_handed_out_as_cut),
        cmocka_unit_test(pcap_captured_length_is_held_to_the_snap_length),
        cmocka_unit_test(pcap_unknown_version_is_refused),
        cmocka_unit_test(pcap_few_records_are_read_in_the_usual_layout),
        cmocka_unit_test(pcap_every_allocation_failing_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
