/* Answers of name servers out of captures, over UDP and TCP. */
#include "dns_bytes.h"
#include "packets.h"

#include "scan/resolved.h"

static const struct lp_dns_answer *inspect_answers(const struct image *image, size_t *count,
                                                   struct lp_capture **capture)
{
    struct lp_error error;
    struct temp temp;

    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", image->bytes, image->n);
    assert_int_equal(LP_OK, lp_inspect(path, NULL, capture, &error));
    temp_close(&temp, "t.pcap");
    assert_null((*capture)->error);
    *count = (*capture)->dns_answer_count;
    return (*capture)->dns_answers;
}

/* Packet `number` from 10.0.0.53, which carries the time of its number. */
static void add_packet(struct image *image, struct packet *p, const struct ends *ends,
                       uint64_t number)
{
    packet_ip(p, ends);
    packet_ethernet(p);
    struct lp_frame frame = packet_frame(p, number);
    image_pcap_record(image, &frame);
}

static void add_udp(struct image *image, const struct dns *dns, uint16_t from, uint64_t number)
{
    struct ends ends = ends_of("10.0.0.53", "10.0.0.5");
    struct packet p;

    packet_payload(&p, dns->bytes, dns->n);
    packet_udp(&p, &(struct udp_head){.ends = &ends, .src_port = from, .dst_port = 40000});
    add_packet(image, &p, &ends, number);
}

static void add_tcp(struct image *image, const void *bytes, size_t n, uint32_t seq, uint8_t flags,
                    uint64_t number)
{
    struct ends ends = ends_of("10.0.0.53", "10.0.0.5");
    struct packet p;

    packet_payload(&p, bytes, n);
    packet_tcp(&p,
               &(struct tcp_head){
                   .ends = &ends, .src_port = 53, .dst_port = 40000, .seq = seq, .flags = flags});
    add_packet(image, &p, &ends, number);
}

static void datagram_from_any_port_is_kept_once(void **state)
{
    struct image image = {0};
    struct lp_capture *capture;
    struct dns dns;
    size_t count;

    (void)state;
    image_pcap(&image, LINK_ETHERNET, 65535);
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    add_udp(&image, &dns, 53, 5); /* the earlier one comes second */
    add_udp(&image, &dns, 5300, 3);
    dns_simple(&dns, "a.example.com", "2001:db8::1");
    add_udp(&image, &dns, 53, 4);
    const struct lp_dns_answer *answers = inspect_answers(&image, &count, &capture);
    assert_int_equal(2, count);
    assert_string_equal("a.example.com", answers[0].name);
    assert_int_equal(6, answers[0].ip.family);
    assert_string_equal("vpn.example.com", answers[1].name);
    assert_null(answers[1].alias);
    assert_int_equal(2, answers[1].frame);
    assert_int_equal(1700000003, answers[1].time.sec);
    assert_int_equal(5, answers[1].client.ip.bytes[3]);
    lp_capture_free(capture);
    image_free(&image);
}

static void datagram_of_multicast_dns_is_not_kept(void **state)
{
    struct image image = {0};
    struct lp_capture *capture;
    struct dns dns;
    size_t count;

    (void)state;
    image_pcap(&image, LINK_ETHERNET, 65535);
    dns_simple(&dns, "vpn.local", "192.0.2.1");
    add_udp(&image, &dns, 5353, 1);
    add_udp(&image, &dns, 5355, 2);
    (void)inspect_answers(&image, &count, &capture);
    assert_int_equal(0, count);
    lp_capture_free(capture);
    image_free(&image);
}

/* Two messages, cut into segments of every size, with and without the SYN. */
static void stream_of_messages_is_read(void **state)
{
    struct dns dns, stream = {.n = 0};

    (void)state;
    dns_start(&dns, DNS_ANSWER, 2, "vpn.example.com");
    dns_alias(&dns, "vpn.example.com", "gw.example.net");
    dns_address(&dns, "gw.example.net", "192.0.2.1");
    dns_u16(&stream, (unsigned)dns.n);
    dns_bytes(&stream, dns.bytes, dns.n);
    dns_simple(&dns, "a.example.com", "192.0.2.2");
    dns_u16(&stream, (unsigned)dns.n);
    dns_bytes(&stream, dns.bytes, dns.n);
    for (size_t segment = 1; segment <= stream.n; segment++) {
        struct image image = {0};
        struct lp_capture *capture;
        uint64_t number = 0;
        size_t count;
        bool syn = segment < stream.n; /* in one piece it is known without */
        image_pcap(&image, LINK_ETHERNET, 65535);
        if (syn)
            add_tcp(&image, "", 0, 999, 2 | 16, ++number);
        for (size_t at = 0; at < stream.n; at += segment)
            add_tcp(&image, stream.bytes + at, stream.n - at < segment ? stream.n - at : segment,
                    1000 + (uint32_t)at, 16, ++number);
        const struct lp_dns_answer *answers = inspect_answers(&image, &count, &capture);
        assert_int_equal(2, count);
        assert_string_equal("a.example.com", answers[0].name);
        assert_int_equal(number, answers[0].frame);
        assert_string_equal("vpn.example.com", answers[1].name);
        assert_string_equal("gw.example.net", answers[1].alias);
        lp_capture_free(capture);
        image_free(&image);
    }
}

/* Without room answers are left out, and a finding says so. */
static void datagram_without_room_is_told(void **state)
{
    const struct lp_options options = {.max_memory = 1};
    struct image image = {0};
    struct lp_capture *capture = NULL;
    struct lp_error error;
    struct temp temp;
    struct dns dns;

    (void)state;
    image_pcap(&image, LINK_ETHERNET, 65535);
    dns_simple(&dns, "vpn.example.com", "192.0.2.1");
    add_udp(&image, &dns, 53, 1);
    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", image.bytes, image.n);
    assert_int_equal(LP_OK, lp_inspect(path, &options, &capture, &error));
    assert_int_equal(0, capture->dns_answer_count);
    assert_int_equal(1, capture->finding_count);
    assert_string_equal("dns-limit", capture->findings[0].code);
    lp_capture_free(capture);
    for (uint64_t n = 1; n < 500; n++) { /* memory is another matter */
        lp_alloc_fail_after(n);
        enum lp_status status = lp_inspect(path, NULL, &capture, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || status == LP_ERR_MEMORY);
        bool done = status == LP_OK && !capture->error;
        if (done)
            assert_int_equal(1, capture->dns_answer_count);
        lp_capture_free(capture);
        if (done)
            break;
        assert_true(n < 499);
    }
    temp_close(&temp, "t.pcap");
    image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagram_from_any_port_is_kept_once),
        cmocka_unit_test(datagram_of_multicast_dns_is_not_kept),
        cmocka_unit_test(stream_of_messages_is_read),
        cmocka_unit_test(datagram_without_room_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
