/* RADIUS packets with EAP inside. */
#include "eap_bytes.h"

static const struct radius_head request = {.code = LP_RADIUS_REQUEST,
                                           .id = 17,
                                           .user = "host/phone",
                                           .station = "00-1F-6C-81-11-0E",
                                           .port = "Gi1/0/7"};

/* A packet with n bytes of EAP. */
static void make(struct bytes *b, const struct radius_head *head, size_t n)
{
    struct bytes eap = {0};

    for (size_t i = 0; i < n; i++)
        add_number(&eap, 1, i & 0xff);
    add_radius(b, head, &eap);
    drop(&eap);
}

static bool read_guarded(const struct bytes *b, size_t n, struct lp_radius *out)
{
    struct guarded g = guarded_copy(b->at, n);
    bool taken = lp_radius_read(lp_rd_init(g.bytes, n), out);

    assert_int_equal(taken, lp_radius_recognise(lp_rd_init(g.bytes, n)));
    guarded_free(&g);
    return taken;
}

static void read_attributes_are_put_together(void **state)
{
    struct bytes b = {0};
    struct lp_radius radius;

    (void)state;
    make(&b, &request, 1000);
    assert_true(lp_radius_read(lp_rd_init(b.at, b.n), &radius));
    assert_int_equal(LP_RADIUS_REQUEST, radius.code);
    assert_int_equal(17, radius.id);
    assert_int_equal(1000, radius.eap_len);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(i & 0xff, radius.eap[i]);
    assert_int_equal(10, radius.user.left);
    assert_memory_equal("host/phone", radius.user.ptr, 10);
    assert_int_equal(17, radius.station.left);
    assert_memory_equal("Gi1/0/7", radius.port.ptr, 7);
    drop(&b);
}

static void read_largest_packet_fits(void **state)
{
    struct bytes b = {0};
    struct lp_radius radius;
    size_t eap = 4096 - 20 - 18; /* header, Message-Authenticator */

    (void)state;
    eap -= 2 * ((eap + 254) / 255);
    make(&b, &(struct radius_head){.code = LP_RADIUS_CHALLENGE}, eap);
    assert_int_equal(4096, b.n);
    assert_true(read_guarded(&b, b.n, &radius));
    assert_int_equal(eap, radius.eap_len);
    assert_int_equal(0, radius.user.left);
    b.at[2] = 0x10; /* one byte more than is allowed */
    b.at[3] = 0x01;
    assert_false(read_guarded(&b, b.n, &radius));
    drop(&b);
}

static void read_cut_anywhere_is_a_beginning_or_none(void **state)
{
    struct bytes b = {0};
    struct lp_radius radius;
    size_t first = 0;

    (void)state;
    make(&b, &request, 600);
    for (size_t n = 0; n < b.n; n++) {
        if (!read_guarded(&b, n, &radius))
            continue;
        first = first ? first : n;
        assert_true(radius.eap_len <= 600);
        for (size_t i = 0; i < radius.eap_len; i++)
            assert_int_equal(i & 0xff, radius.eap[i]);
    }
    assert_true(first > 20 && first < 80); /* as soon as there is anything of EAP */
    drop(&b);
}

static void read_other_packets_are_none_of_ours(void **state)
{
    struct bytes b = {0}, none = {0};
    struct lp_radius radius;

    (void)state;
    add_radius(&b, &request, &none); /* no EAP */
    assert_false(read_guarded(&b, b.n, &radius));
    b.n = 0;
    make(&b, &request, 100);
    assert_true(read_guarded(&b, b.n, &radius));
    b.at[0] = 4; /* accounting */
    assert_false(read_guarded(&b, b.n, &radius));
    b.at[0] = LP_RADIUS_REQUEST;
    b.at[21] = 0; /* an attribute shorter than its own header */
    assert_false(read_guarded(&b, b.n, &radius));
    b.at[21] = 255; /* that leads out of step */
    assert_false(read_guarded(&b, b.n, &radius));
    drop(&b);
}

/* ---- streams ---- */

static void next_takes_packet_after_packet(void **state)
{
    struct bytes stream = {0};

    (void)state;
    make(&stream, &request, 600);
    size_t first = stream.n;
    make(&stream, &(struct radius_head){.code = LP_RADIUS_CHALLENGE}, 100);
    for (size_t n = 0; n <= stream.n; n++) { /* however much of it is there */
        struct guarded g = guarded_copy(stream.at, n);
        struct lp_rd rest = lp_rd_init(g.bytes, n), packet;
        unsigned packets = 0;
        while (lp_radius_next(&rest, &packet) == LP_RADIUS_PACKET)
            assert_int_equal(packets++ ? stream.n - first : first, packet.left);
        assert_int_equal((n >= first) + (n == stream.n), packets);
        assert_int_equal(LP_RADIUS_MORE, lp_radius_next(&rest, &packet));
        assert_int_equal(n >= first ? LP_RADIUS_PACKET : LP_RADIUS_MORE,
                         lp_radius_begins(lp_rd_init(g.bytes, n)));
        guarded_free(&g);
    }
    stream.at[2] = 0xff; /* longer than any packet */
    struct lp_rd rest = lp_rd_init(stream.at, stream.n), packet;
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_next(&rest, &packet));
    drop(&stream);
}

static void begins_needs_what_only_radius_has(void **state)
{
    static const char rdp[] = "\3\0\0\x2b\x26\xe0\0\0\0\0\0Cookie: mstshash=reader\r\n"
                              "\1\0\x08\0\3\0\0\0";
    struct bytes b = {0}, none = {0};

    (void)state;
    add_radius(&b, &request, &none); /* no EAP, but authenticated */
    assert_int_equal(LP_RADIUS_PACKET, lp_radius_begins(lp_rd_init(b.at, b.n)));
    b.at[0] = 12; /* Status-Server */
    assert_int_equal(LP_RADIUS_PACKET, lp_radius_begins(lp_rd_init(b.at, b.n)));
    b.at[0] = 4; /* accounting */
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_begins(lp_rd_init(b.at, b.n)));
    b.at[0] = LP_RADIUS_REQUEST;
    b.at[b.n - 18] = 24; /* what was a Message-Authenticator */
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_begins(lp_rd_init(b.at, b.n)));
    b.at[b.n - 18] = 80;
    b.at[b.n - 17]++; /* out of step */
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_begins(lp_rd_init(b.at, b.n)));
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_begins(lp_rd_init(rdp, sizeof rdp - 1)));
    assert_int_equal(LP_RADIUS_BROKEN, lp_radius_begins(lp_rd_init("\x16\3\1", 3)));
    drop(&b);
}

static void mac_is_read_however_it_is_written(void **state)
{
    static const char *const good[] = {"00-1F-6C-81-11-0E", "00:1f:6c:81:11:0e", "001f.6c81.110e",
                                       "001F6C81110E"},
                             *const bad[] = {"",
                                             "00-1F-6C-81-11",
                                             "00-1F-6C-81-11-0E-00",
                                             "00-1F-6C-81-11-0G",
                                             "host/phone",
                                             "192.0.2.1"};
    static const uint8_t expected[6] = {0x00, 0x1f, 0x6c, 0x81, 0x11, 0x0e};
    uint8_t mac[6];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(lp_radius_mac(lp_rd_init(good[i], strlen(good[i])), mac));
        assert_memory_equal(expected, mac, 6);
    }
    for (size_t i = 0; i < 6; i++)
        assert_false(lp_radius_mac(lp_rd_init(bad[i], strlen(bad[i])), mac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_attributes_are_put_together),
        cmocka_unit_test(read_largest_packet_fits),
        cmocka_unit_test(read_cut_anywhere_is_a_beginning_or_none),
        cmocka_unit_test(read_other_packets_are_none_of_ours),
        cmocka_unit_test(next_takes_packet_after_packet),
        cmocka_unit_test(begins_needs_what_only_radius_has),
        cmocka_unit_test(mac_is_read_however_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
