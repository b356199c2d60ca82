/* Interfaces as a source. Most of it needs the right to open one: without it those cases skip. */
#include "capture_rig.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

enum { PORT = 47001 };

static struct lp_source *open_loopback(const struct lp_live *live)
{
    struct lp_source *source;
    struct lp_error error;

    if (lp_source_open_live(live, &source, &error) != LP_OK)
        skip();
    return source;
}

static void send_datagrams(unsigned n)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    while (n--)
        assert_int_equal(5, sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof to));
    close(fd);
}

static void live_unknown_interface_is_refused_by_name(void **state)
{
    const struct lp_live live = {.interface = "no-such-interface"};
    struct lp_source *source;
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_ERR_IO, lp_source_open_live(&live, &source, &error));
    assert_null(source);
    assert_memory_equal("no-such-interface: ", error.text, 19);
}

static void live_stop_flag_ends_it(void **state)
{
    volatile sig_atomic_t stop = 1;
    const struct lp_live live = {.interface = "lo", .stop = &stop};
    struct lp_source *source = open_loopback(&live);

    (void)state;
    assert_int_equal(LP_READ_END, read_source(source).end);
    lp_source_close(source);
}

static void live_duration_ends_it(void **state)
{
    const struct lp_live live = {.interface = "lo", .seconds = 1};
    struct lp_source *source = open_loopback(&live);

    (void)state;
    assert_int_equal(LP_OK, lp_source_filter(source, "udp port 1", &(struct lp_error){""}));
    struct reading r = read_source(source);
    assert_int_equal(LP_READ_END, r.end);
    assert_int_equal(0, r.packets);
    lp_source_close(source);
}

static void live_number_of_packets_ends_it(void **state)
{
    const struct lp_live live = {.interface = "lo", .packets = 2, .seconds = 20};
    struct lp_source *source = open_loopback(&live);
    struct lp_error error;

    (void)state;
    assert_int_equal(1, lp_source_link_type(source));
    assert_int_equal(LP_OK, lp_source_filter(source, "udp dst port 47001", &error));
    send_datagrams(3);
    struct reading r = read_source(source);
    assert_int_equal(LP_READ_END, r.end);
    assert_int_equal(2, r.packets);
    assert_int_equal(14 + 20 + 8 + 5, r.last.captured);
    assert_true(r.last.time.sec > 1700000000);
    assert_int_equal(0, lp_source_lost(source));
    lp_source_close(source);
}

static void live_wrong_filter_is_usage(void **state)
{
    const struct lp_live live = {.interface = "lo", .seconds = 1};
    struct lp_source *source = open_loopback(&live);
    struct lp_error error;

    (void)state;
    assert_int_equal(LP_ERR_USAGE, lp_source_filter(source, "nonsense", &error));
    lp_source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_unknown_interface_is_refused_by_name),
        cmocka_unit_test(live_stop_flag_ends_it),
        cmocka_unit_test(live_duration_ends_it),
        cmocka_unit_test(live_number_of_packets_ends_it),
        cmocka_unit_test(live_wrong_filter_is_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
