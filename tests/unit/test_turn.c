/* TURN's messages: data for a peer, by channel or by address, in datagrams and in streams. */
#include "streams.h"

#include "base/text.h"
#include "carrier/turn.h"

static const uint8_t transaction[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

enum { SEND = 0x0016, DATA = 0x0017, CHANNEL_BIND = 0x0009, BINDING = 0x0001 };
enum { ATTR_CHANNEL = 0x000c, ATTR_PEER = 0x0012, ATTR_DATA = 0x0013, ATTR_SOFTWARE = 0x8022 };

static void add_attribute(struct bytes *b, uint16_t type, const void *value, size_t n)
{
    add_number(b, 2, type);
    add_vector(b, 2, value, n);
    add(b, "\0\0\0", (4 - n % 4) % 4);
}

/* As RFC 8489 14.2 veils it; kept apart from the library's own way of doing it. */
static void add_peer(struct bytes *b, const char *text, uint16_t port)
{
    static const uint8_t veil[16] = {0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct lp_ip ip;
    uint8_t value[20] = {0};

    assert_true(lp_ip_parse(text, strlen(text), &ip));
    size_t n = ip.family == 4 ? 4 : 16;
    value[1] = ip.family == 4 ? 1 : 2;
    value[2] = (uint8_t)(port >> 8) ^ veil[0];
    value[3] = (uint8_t)port ^ veil[1];
    for (size_t i = 0; i < n; i++)
        value[4 + i] = ip.bytes[i] ^ veil[i];
    add_attribute(b, ATTR_PEER, value, 4 + n);
}

static void add_stun(struct bytes *b, uint16_t type, const struct bytes *attributes)
{
    add_number(b, 2, type);
    add_number(b, 2, attributes->n);
    add_number(b, 4, 0x2112a442);
    add(b, transaction, sizeof transaction);
    add(b, attributes->at, attributes->n);
}

static void add_channel_data(struct bytes *b, uint16_t channel, const void *data, size_t n)
{
    add_number(b, 2, channel);
    add_vector(b, 2, data, n);
}

static void add_indication(struct bytes *b, uint16_t type, const char *peer, const char *data)
{
    struct bytes attributes = {0};

    add_peer(&attributes, peer, 5000);
    add_attribute(&attributes, ATTR_SOFTWARE, "test", 4);
    add_attribute(&attributes, ATTR_DATA, data, strlen(data));
    add_stun(b, type, &attributes);
    drop(&attributes);
}

static bool read_guarded(const struct bytes *b, size_t n, struct lp_turn *out, char *data,
                         size_t size)
{
    struct guarded g = guarded_copy(b->at, n);
    bool taken = lp_turn_read(lp_rd_init(g.bytes, n), out);

    if (taken) {
        assert_true(out->data.left < size);
        memcpy(data, out->data.ptr, out->data.left);
        data[out->data.left] = '\0';
    }
    guarded_free(&g);
    return taken;
}

static void read_indications_name_the_peer(void **state)
{
    static const char *const peers[] = {"192.0.2.9", "2001:db8::9"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bytes b = {0};
        struct lp_turn turn;
        struct lp_ip expected;
        char data[64];
        add_indication(&b, i ? DATA : SEND, peers[i], "hello");
        assert_true(lp_ip_parse(peers[i], strlen(peers[i]), &expected));
        assert_true(read_guarded(&b, b.n, &turn, data, sizeof data));
        assert_string_equal("hello", data);
        assert_false(turn.bind);
        assert_true(turn.has_peer);
        assert_int_equal(0, turn.channel);
        assert_int_equal(5000, turn.peer_port);
        assert_memory_equal(&expected, &turn.peer, sizeof expected);
        for (size_t n = 0; n < b.n; n++) /* what is cut has a part of the data, or is none */
            if (read_guarded(&b, n, &turn, data, sizeof data))
                assert_memory_equal("hello", data, strlen(data));
        drop(&b);
    }
}

static void read_channel_data_may_be_padded_or_cut(void **state)
{
    struct bytes b = {0};
    struct lp_turn turn;
    char data[64];

    (void)state;
    add_channel_data(&b, 0x4001, "hello", 5);
    assert_true(read_guarded(&b, b.n, &turn, data, sizeof data));
    assert_string_equal("hello", data);
    assert_int_equal(0x4001, turn.channel);
    assert_false(turn.has_peer);
    add(&b, "\0\0\0", 3);
    assert_true(read_guarded(&b, b.n, &turn, data, sizeof data));
    assert_string_equal("hello", data);
    add(&b, "\0", 1);
    assert_false(read_guarded(&b, b.n, &turn, data, sizeof data)); /* something else follows */
    for (size_t n = 0; n < 9; n++) {
        assert_int_equal(n >= 4, read_guarded(&b, n, &turn, data, sizeof data));
        if (n >= 4)
            assert_int_equal(n - 4, strlen(data));
    }
    b.at[0] = 0x50;
    assert_false(read_guarded(&b, 9, &turn, data, sizeof data));
    drop(&b);
}

static void read_channel_bind_gives_a_peer_its_number(void **state)
{
    struct bytes b = {0}, attributes = {0};
    struct lp_turn turn;
    char data[64];

    (void)state;
    add_attribute(&attributes, ATTR_CHANNEL, "\x40\x02\0", 4);
    add_peer(&attributes, "192.0.2.9", 5000);
    add_stun(&b, CHANNEL_BIND, &attributes);
    assert_true(read_guarded(&b, b.n, &turn, data, sizeof data));
    assert_true(turn.bind && turn.has_peer);
    assert_int_equal(0x4002, turn.channel);
    b.at[24] = 0x30; /* no channel's number */
    assert_false(read_guarded(&b, b.n, &turn, data, sizeof data));
    drop(&b);
    drop(&attributes);
}

static void read_other_messages_are_none_of_ours(void **state)
{
    struct bytes b = {0}, attributes = {0};
    struct lp_turn turn;
    char data[64];

    (void)state;
    add_peer(&attributes, "192.0.2.9", 5000);
    add_stun(&b, SEND, &attributes); /* no data */
    assert_false(read_guarded(&b, b.n, &turn, data, sizeof data));
    add_attribute(&attributes, ATTR_DATA, "x", 1);
    b.n = 0;
    add_stun(&b, BINDING, &attributes);
    assert_false(read_guarded(&b, b.n, &turn, data, sizeof data));
    b.n = 0;
    add_stun(&b, SEND, &attributes);
    assert_true(read_guarded(&b, b.n, &turn, data, sizeof data));
    b.at[4] ^= 1; /* the cookie */
    assert_false(read_guarded(&b, b.n, &turn, data, sizeof data));
    drop(&b);
    drop(&attributes);
}

/* ---- streams ---- */

static void next_takes_message_after_message(void **state)
{
    struct bytes stream = {0};

    (void)state;
    add_indication(&stream, SEND, "192.0.2.9", "one");
    add_channel_data(&stream, 0x4000, "second", 6);
    add(&stream, "\0\0", 2);
    add_channel_data(&stream, 0x4000, "4444", 4);
    for (size_t n = 0; n <= stream.n; n++) { /* however much of it is there */
        struct guarded g = guarded_copy(stream.at, n);
        struct lp_rd rest = lp_rd_init(g.bytes, n), frame;
        size_t frames = 0, before = rest.left;
        enum lp_turn_next next;
        while ((next = lp_turn_next(&rest, &frame)) == LP_TURN_FRAME) {
            assert_true(rest.left < before);
            before = rest.left;
            frames++;
        }
        assert_int_equal(LP_TURN_MORE, next);
        assert_true(frames <= 3);
        assert_int_equal(n == stream.n, frames == 3);
        guarded_free(&g);
    }
    drop(&stream);
}

static void next_something_else_is_broken(void **state)
{
    struct lp_rd rest = lp_rd_init("\x80HTTP, for one", 14), frame;
    struct bytes stream = {0}, none = {0};

    (void)state;
    assert_int_equal(LP_TURN_BROKEN, lp_turn_next(&rest, &frame));
    add_stun(&stream, SEND, &none);
    stream.at[5] ^= 1;
    rest = lp_rd_init(stream.at, stream.n);
    assert_int_equal(LP_TURN_BROKEN, lp_turn_next(&rest, &frame));
    drop(&stream);
}

static void begins_needs_the_whole_header(void **state)
{
    struct bytes stream = {0}, none = {0};

    (void)state;
    add_stun(&stream, 0x0003, &none); /* Allocate */
    for (size_t n = 0; n <= stream.n; n++)
        assert_int_equal(n == stream.n ? LP_TURN_FRAME : LP_TURN_MORE,
                         lp_turn_begins(lp_rd_init(stream.at, n)));
    assert_int_equal(LP_TURN_BROKEN, lp_turn_begins(lp_rd_init("\x16\x03\x01", 3)));
    assert_int_equal(LP_TURN_BROKEN, lp_turn_begins(lp_rd_init("HELO", 4)));
    drop(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_indications_name_the_peer),
        cmocka_unit_test(read_channel_data_may_be_padded_or_cut),
        cmocka_unit_test(read_channel_bind_gives_a_peer_its_number),
        cmocka_unit_test(read_other_messages_are_none_of_ours),
        cmocka_unit_test(next_takes_message_after_message),
        cmocka_unit_test(next_something_else_is_broken),
        cmocka_unit_test(begins_needs_the_whole_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
