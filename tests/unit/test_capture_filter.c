/* Filters: which packets are left, with which numbers, over several link types. */
#include "capture_rig.h"

static struct temp temp;
static struct packet packet; /* large */

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

static void add_packet(struct image *image, uint32_t interface, uint16_t port, bool ethernet)
{
    struct ends ends = ends_of("192.0.2.1", "198.51.100.1");
    const struct tcp_head head = {.ends = &ends, .src_port = 49152, .dst_port = port};

    packet_payload(&packet, "hello", 5);
    packet_tcp(&packet, &head);
    packet_ip(&packet, &ends);
    if (ethernet)
        packet_ethernet(&packet);
    block_packet(image, interface, 1, packet_bytes(&packet), (uint32_t)packet.n);
}

/* Ethernet and raw IP in turn, ports 443 and 80 in pairs. */
static struct image image_of_two_link_types(void)
{
    struct image image = {0};

    image_pcapng_section(&image);
    block_interface(&image, LINK_ETHERNET, 0, 6);
    block_interface(&image, LINK_RAW, 0, 6);
    for (uint32_t i = 0; i < 8; i++)
        add_packet(&image, i % 2, i / 2 % 2 ? 80 : 443, i % 2 == 0);
    return image;
}

static struct lp_source *open_image(const struct image *image)
{
    struct lp_source *source;
    struct lp_error error;
    const char *path = temp_write(&temp, "a.pcap", image->bytes, image->n);

    assert_int_equal(LP_OK, lp_source_open(path, &source, &error));
    return source;
}

static void filter_keeps_what_matches_and_its_number(void **state)
{
    static const uint64_t expected[] = {1, 2, 5, 6};
    struct image image = image_of_two_link_types();
    struct lp_source *source = open_image(&image);
    struct lp_packet got;
    struct lp_error error;

    (void)state;
    assert_int_equal(LP_OK, lp_source_filter(source, "tcp port 443", &error));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
        assert_int_equal(expected[i], got.frame);
    }
    assert_int_equal(LP_READ_END, lp_source_next(source, &got, &error));
    lp_source_close(source);
    image_free(&image);
}

static void filter_that_is_none_is_usage(void **state)
{
    static const char *const wrong[] = {"tcp port", "nonsense", "port 99999"};
    struct image image = image_of_two_link_types();
    struct lp_error error;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct lp_source *source = open_image(&image);
        assert_int_equal(LP_ERR_USAGE, lp_source_filter(source, wrong[i], &error));
        assert_non_null(strstr(error.text, wrong[i]));
        lp_source_close(source);
    }
    image_free(&image);
}

/* Raw IP first: the expression is a filter, only not for this file. */
static void filter_not_for_this_file_is_no_usage_error(void **state)
{
    struct lp_source *source;
    struct lp_error error;

    (void)state;
    assert_int_equal(LP_OK,
                     lp_source_open(SOURCE_DIR "/tests/captures/links/enc.pcap", &source, &error));
    assert_int_equal(LP_ERR_IO, lp_source_filter(source, "ether src 00:1f:6c:81:11:0e", &error));
    assert_non_null(strstr(error.text, "link type ENC"));
    lp_source_close(source);
}

/* What cannot be asked of a later link type ends the reading, and says so. */
static void filter_not_for_a_later_link_type_is_broken(void **state)
{
    struct image image = image_of_two_link_types();
    struct lp_source *source = open_image(&image);
    struct lp_packet got;
    struct lp_error error;

    (void)state;
    assert_int_equal(LP_OK, lp_source_filter(source, "ether src 00:1f:6c:81:11:0e", &error));
    assert_int_equal(LP_READ_PACKET, lp_source_next(source, &got, &error));
    assert_int_equal(LP_READ_BROKEN, lp_source_next(source, &got, &error));
    assert_int_equal(2, got.frame);
    assert_non_null(strstr(error.text, "packet 2"));
    assert_non_null(strstr(error.text, "link type RAW"));
    lp_source_close(source);
    image_free(&image);
}

static void filter_every_allocation_failing_is_out_of_memory(void **state)
{
    struct image image = image_of_two_link_types();
    struct lp_error error;
    struct lp_packet got;

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct lp_source *source = open_image(&image);
        enum lp_read end;
        unsigned packets = 0;
        lp_alloc_fail_after(n);
        enum lp_status status = lp_source_filter(source, "tcp", &error);
        while ((end = lp_source_next(source, &got, &error)) == LP_READ_PACKET)
            packets++;
        lp_alloc_fail_after(0);
        lp_source_close(source);
        if (status == LP_OK && end == LP_READ_END) {
            assert_int_equal(8, packets);
            break;
        }
        assert_true(status == LP_ERR_MEMORY || end == LP_READ_MEMORY);
        assert_true(n < 100);
    }
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_keeps_what_matches_and_its_number),
        cmocka_unit_test(filter_that_is_none_is_usage),
        cmocka_unit_test(filter_not_for_this_file_is_no_usage_error),
        cmocka_unit_test(filter_not_for_a_later_link_type_is_broken),
        cmocka_unit_test(filter_every_allocation_failing_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
