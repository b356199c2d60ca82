/* EAP with TLS inside: packets, and the stream that their fragments make up. */
#include "eap_bytes.h"

static bool read_guarded(const struct bytes *b, size_t n, struct lp_eap *out)
{
    struct guarded g = guarded_copy(b->at, n);
    bool taken = lp_eap_read(lp_rd_init(g.bytes, n), out);

    if (taken)
        assert_true(out->data.left <= n);
    guarded_free(&g);
    return taken;
}

/* ---- packets ---- */

static void read_methods_have_names(void **state)
{
    static const struct {
        uint8_t type;
        const char *name;
    } methods[] = {{EAP_TLS, "eap-tls"},
                   {EAP_TTLS, "eap-ttls"},
                   {EAP_PEAP, "peap"},
                   {EAP_FAST, "eap-fast"},
                   {EAP_TEAP, "teap"}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct bytes b = {0};
        struct lp_eap eap;
        add_eap(&b, LP_EAP_RESPONSE, 7, methods[i].type, 0, 0, "tls", 3);
        assert_true(lp_eap_read(lp_rd_init(b.at, b.n), &eap));
        assert_string_equal(methods[i].name, lp_eap_carrier(eap.type));
        assert_int_equal(7, eap.id);
        assert_int_equal(3, eap.data.left);
        assert_false(eap.start || eap.more || eap.has_total || eap.cut);
        drop(&b);
    }
    assert_null(lp_eap_carrier(1));
    assert_null(lp_eap_carrier(4));
}

static void read_flags_and_lengths(void **state)
{
    struct bytes b = {0};
    struct lp_eap eap;

    (void)state;
    add_eap(&b, LP_EAP_REQUEST, 1, EAP_TLS, EAP_L | EAP_M, 70000, "data", 4);
    assert_true(read_guarded(&b, b.n, &eap));
    assert_true(eap.more && eap.has_total && !eap.start);
    assert_int_equal(70000, eap.total);
    for (size_t n = 0; n < b.n; n++) {
        bool readable = n >= 10; /* up to the message's length */
        assert_int_equal(readable, read_guarded(&b, n, &eap));
        if (readable)
            assert_true(eap.cut && eap.data.left == n - 10);
    }
    b.n = 0; /* bytes behind the packet do not count: Ethernet pads */
    add_eap(&b, LP_EAP_REQUEST, 1, EAP_PEAP, EAP_S | 1, 0, "hint", 4);
    add(&b, "padding", 7);
    assert_true(read_guarded(&b, b.n, &eap));
    assert_true(eap.start);
    assert_int_equal(0, eap.data.left); /* not TLS */
    b.n = 0;
    add_eap(&b, LP_EAP_RESPONSE, 1, EAP_TLS, EAP_S, 0, "data", 4);
    assert_true(read_guarded(&b, b.n, &eap));
    assert_false(eap.start); /* only a server starts */
    drop(&b);
}

static void read_teap_leaves_outer_values_out(void **state)
{
    struct bytes b = {0}, data = {0};
    struct lp_eap eap;

    (void)state;
    add_number(&data, 4, 5);
    add(&data, "the TLS bytesouter", 18);
    add_eap(&b, LP_EAP_RESPONSE, 1, EAP_TEAP, EAP_O | 1, 0, data.at, data.n);
    assert_true(read_guarded(&b, b.n, &eap));
    assert_int_equal(13, eap.data.left);
    assert_int_equal(5, eap.outer);
    b.at[9] = 200; /* more than there is */
    assert_false(read_guarded(&b, b.n, &eap));
    b.at[4] = EAP_TLS; /* where the flag means nothing */
    assert_true(read_guarded(&b, b.n, &eap));
    assert_int_equal(22, eap.data.left);
    drop(&b);
    drop(&data);
}

static void read_expanded_type_of_no_vendor_is_the_plain_one(void **state)
{
    static const uint8_t packet[] = {2, 1, 0, 14, 254, 0, 0, 0, 0, 0, 0, 13, 0, 'x'};
    struct bytes b = {0};
    struct lp_eap eap;

    (void)state;
    add(&b, packet, sizeof packet);
    assert_true(read_guarded(&b, b.n, &eap));
    assert_string_equal("eap-tls", lp_eap_carrier(eap.type));
    assert_int_equal(1, eap.data.left);
    b.at[7] = 9; /* a vendor's own */
    assert_false(read_guarded(&b, b.n, &eap));
    drop(&b);
}

static void read_other_packets_are_none_of_ours(void **state)
{
    static const uint8_t identity[] = {2, 1, 0, 9, 1, 'n', 'a', 'm', 'e'}, code[] = {5, 1, 0, 4},
                         success[] = {3, 9, 0, 4}, long_success[] = {3, 9, 0, 8, 0, 0, 0, 0},
                         short_length[] = {1, 1, 0, 3, 13, 0};
    struct lp_eap eap;

    (void)state;
    assert_false(lp_eap_read(lp_rd_init(identity, sizeof identity), &eap));
    assert_false(lp_eap_read(lp_rd_init(code, sizeof code), &eap));
    assert_false(lp_eap_read(lp_rd_init(long_success, sizeof long_success), &eap));
    assert_false(lp_eap_read(lp_rd_init(short_length, sizeof short_length), &eap));
    assert_true(lp_eap_read(lp_rd_init(success, sizeof success), &eap));
    assert_int_equal(LP_EAP_SUCCESS, eap.code);
}

static void eapol_frame_gives_its_packet(void **state)
{
    struct bytes frame = {0}, eap = {0};
    struct lp_rd packet;

    (void)state;
    add_eap(&eap, LP_EAP_REQUEST, 1, EAP_TLS, EAP_S, 0, "", 0);
    add_eapol(&frame, &eap);
    add(&frame, "trailer", 7);
    assert_true(lp_eapol_read(lp_rd_init(frame.at, frame.n), &packet));
    assert_int_equal(eap.n, packet.left);
    for (size_t n = 0; n < 4; n++)
        assert_false(lp_eapol_read(lp_rd_init(frame.at, n), &packet));
    frame.at[1] = 3; /* a key */
    assert_false(lp_eapol_read(lp_rd_init(frame.at, frame.n), &packet));
    frame.at[1] = 0;
    frame.at[0] = 9;
    assert_false(lp_eapol_read(lp_rd_init(frame.at, frame.n), &packet));
    drop(&frame);
    drop(&eap);
}

/* ---- a direction ---- */

struct rig {
    struct lp_eap_half half;
    struct lp_budget budget;
    uint64_t frame;
};

static void open_rig(struct rig *rig, uint64_t limit)
{
    memset(rig, 0, sizeof *rig);
    rig->budget.limit = limit;
    rig->half.stream.budget = &rig->budget;
}

static void shut_rig(struct rig *rig)
{
    lp_eap_free(&rig->half);
    assert_int_equal(0, rig->budget.used);
}

static enum lp_eap_step push(struct rig *rig, uint8_t id, uint8_t flags, size_t total,
                             const char *data)
{
    struct bytes b = {0};
    struct lp_eap eap;

    add_eap(&b, LP_EAP_RESPONSE, id, EAP_TLS, flags, total, data, strlen(data));
    assert_true(lp_eap_read(lp_rd_init(b.at, b.n), &eap));
    rig->frame++;
    enum lp_eap_step step =
        lp_eap_push(&rig->half, &eap, rig->frame, (struct lp_time){.sec = (int64_t)rig->frame});
    drop(&b);
    return step;
}

static void expect_stream(const struct rig *rig, const char *text)
{
    assert_int_equal(strlen(text), rig->half.whole);
    assert_memory_equal(text, rig->half.stream.bytes, strlen(text));
}

static uint64_t frame_of(const struct rig *rig, uint64_t from, uint64_t to)
{
    uint64_t frame;
    struct lp_time time;
    lp_eap_packet(&rig->half, from, to, &frame, &time);
    assert_int_equal(frame, time.sec);
    return frame;
}

static void push_fragments_make_a_message(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 1 << 20);
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 254, EAP_L | EAP_M, 12,
                                          "\x16\x03\x01"
                                          "a"));
    assert_int_equal(0, rig.half.whole); /* not before it is whole */
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 255, EAP_M, 0, "bcde"));
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 255, EAP_M, 0, "bcde")); /* sent again */
    assert_int_equal(LP_EAP_BYTES, push(&rig, 0, 0, 0, "fghi"));         /* 255, 0 */
    expect_stream(&rig, "\x16\x03\x01"
                        "abcdefghi");
    assert_int_equal(1, frame_of(&rig, 0, 4));
    assert_int_equal(2, frame_of(&rig, 0, 5));
    assert_int_equal(4, frame_of(&rig, 7, 9));
    assert_int_equal(2, frame_of(&rig, 4, 8));
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 0, 0, 0, "fghi")); /* sent again, after the end */
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 1, 0, 0, ""));     /* an acknowledgement */
    assert_int_equal(LP_EAP_BYTES, push(&rig, 2, 0, 0, "\x17\x03\x03"));
    assert_int_equal(15, rig.half.whole);
    lp_eap_release(&rig.half, 12);
    expect_stream(&rig, "\x17\x03\x03");
    assert_int_equal(12, rig.half.offset);
    assert_int_equal(7, frame_of(&rig, 12, 15));
    shut_rig(&rig);
}

static void push_missing_fragment_is_a_gap(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 1 << 20);
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 1, EAP_L | EAP_M, 12, "\x16\x03\x01 one"));
    assert_int_equal(LP_EAP_GAP, push(&rig, 3, EAP_M, 0, "three"));
    lp_eap_break(&rig.half);
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 3, EAP_M, 0, "three")); /* no beginning */
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 4, 0, 0, "four"));
    assert_int_equal(0, rig.half.stream.len);
    assert_int_equal(LP_EAP_BYTES, push(&rig, 5, EAP_L, 4, "\x16\x03\x01."));
    expect_stream(&rig, "\x16\x03\x01.");
    assert_true(rig.half.offset > 6); /* does not join on */
    shut_rig(&rig);
}

static void push_wrong_total_drops_the_message(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 1 << 20);
    assert_int_equal(LP_EAP_BYTES, push(&rig, 1, EAP_L, 4, "\x16\x03\x01."));
    assert_int_equal(LP_EAP_NOTHING, push(&rig, 2, EAP_L | EAP_M, 100, "\x16\x03\x01 one"));
    assert_int_equal(LP_EAP_BROKEN, push(&rig, 3, 0, 0, "two"));
    expect_stream(&rig, "\x16\x03\x01.");
    shut_rig(&rig);
}

static void push_cut_packet_breaks_the_stream(void **state)
{
    struct rig rig;
    struct bytes b = {0};
    struct lp_eap eap;

    (void)state;
    open_rig(&rig, 1 << 20);
    add_eap(&b, LP_EAP_REQUEST, 1, EAP_TLS, 0, 0, "\x16\x03\x01 and more", 12);
    assert_true(lp_eap_read(lp_rd_init(b.at, b.n - 4), &eap));
    assert_int_equal(LP_EAP_CUT, lp_eap_push(&rig.half, &eap, 1, (struct lp_time){0}));
    assert_int_equal(8, rig.half.stream.len);
    assert_int_equal(0, rig.half.whole);
    shut_rig(&rig);
    open_rig(&rig, 1 << 20); /* nothing of the data is there */
    assert_true(lp_eap_read(lp_rd_init(b.at, 6), &eap));
    assert_int_equal(LP_EAP_CUT, lp_eap_push(&rig.half, &eap, 1, (struct lp_time){0}));
    shut_rig(&rig);
    drop(&b);
}

static void push_without_room_says_limit(void **state)
{
    struct rig rig;

    (void)state;
    open_rig(&rig, 2);
    assert_int_equal(LP_EAP_LIMIT, push(&rig, 1, EAP_L | EAP_M, 12, "\x16\x03\x01 one"));
    shut_rig(&rig);
    for (uint64_t n = 1; n < 3; n++) {
        open_rig(&rig, 1 << 20);
        lp_alloc_fail_after(n);
        enum lp_eap_step step = push(&rig, 1, 0, 0, "\x16\x03\x01 one");
        lp_alloc_fail_after(0);
        assert_int_equal(LP_EAP_LIMIT, step);
        shut_rig(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_methods_have_names),
        cmocka_unit_test(read_flags_and_lengths),
        cmocka_unit_test(read_teap_leaves_outer_values_out),
        cmocka_unit_test(read_expanded_type_of_no_vendor_is_the_plain_one),
        cmocka_unit_test(read_other_packets_are_none_of_ours),
        cmocka_unit_test(eapol_frame_gives_its_packet),
        cmocka_unit_test(push_fragments_make_a_message),
        cmocka_unit_test(push_missing_fragment_is_a_gap),
        cmocka_unit_test(push_wrong_total_drops_the_message),
        cmocka_unit_test(push_cut_packet_breaks_the_stream),
        cmocka_unit_test(push_without_room_says_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
