/* Headers come off, nothing of them stays, and every byte knows where it came from. */
#include "wraps.h"

#include "base/mem.h"

enum { INNER = 1200, MOST_OUT = 1 << 16, GUARDED = 100 };

static struct lp_budget budget;

/* The packet of an outer byte is its offset, counted from 1. */
static void packet(const void *ctx, uint64_t from, uint64_t to, uint64_t *frame,
                   struct lp_time *time)
{
    (void)ctx;
    assert_true(from < to);
    *frame = to;
    *time = (struct lp_time){.sec = (int64_t)to};
}

/* Bytes that begin like a record and never repeat for long. */
static void make_inner(struct bytes *inner, size_t n)
{
    add(inner, "\x16\x03\x01\x04\x00", 5);
    for (size_t i = 5; i < n; i++)
        add_number(inner, 1, (i * i + i / 251) & 0xff);
}

struct out {
    uint8_t bytes[MOST_OUT];
    uint64_t frames[MOST_OUT];
    size_t n;
    unsigned holes;
    enum lp_unwrap last;
};

/* Takes what is new of the inner stream. */
static void collect(struct lp_wrapped *w, const struct lp_wrapped_input *input, struct out *out,
                    size_t *seen)
{
    struct lp_unwrapping map = {w, input};
    struct lp_time time;

    for (; *seen < w->bytes.len; (*seen)++) {
        uint64_t at = w->offset + *seen;
        assert_true(out->n < MOST_OUT);
        out->bytes[out->n] = w->bytes.bytes[*seen];
        lp_unwrapping_packet(&map, at, at + 1, &out->frames[out->n++], &time);
    }
}

/* Reads outer bytes in chunks, releasing what may be released. */
static void unwrap(struct lp_wrapped *w, const struct bytes *outer, size_t chunk, struct out *out)
{
    size_t from = 0, seen = 0;

    *out = (struct out){0};
    for (size_t to = 0; to < outer->n || out->last == LP_UNWRAP_HOLE;) {
        if (out->last != LP_UNWRAP_HOLE)
            to = outer->n - to < chunk ? outer->n : to + chunk;
        struct guarded page = {0};
        struct lp_rd bytes = lp_rd_init(outer->at + from, to - from);
        if (chunk >= GUARDED) { /* a page for each of many small chunks would take long */
            page = guarded_copy(bytes.ptr, bytes.left);
            bytes.ptr = page.bytes;
        }
        struct lp_wrapped_input input = {bytes, from, NULL, packet};
        out->last = lp_wrapped_read(w, &input, to == outer->n);
        collect(w, &input, out, &seen);
        from += lp_wrapped_release(w, &input);
        if (page.map)
            guarded_free(&page);
        if (out->last == LP_UNWRAP_HOLE) {
            lp_wrapped_pass(w);
            seen = 0;
            out->holes++;
        } else if (out->last != LP_UNWRAP_MORE) {
            break;
        }
    }
}

static const struct lp_wrapper *find(const struct bytes *outer)
{
    const struct lp_wrapper *wrapper = NULL;
    struct guarded page = guarded_copy(outer->at, outer->n);

    assert_int_equal(LP_BEGINS, lp_wrapper_find(lp_rd_init(page.bytes, page.n), true, &wrapper));
    guarded_free(&page);
    return wrapper;
}

/* Whatever the chunks, the inner stream comes out; `linear`: each byte from its own place. */
static void check(const char *name, const struct bytes *outer, const struct bytes *inner,
                  bool linear)
{
    static const size_t chunks[] = {1, 2, 3, 7, 100, 1460, 1 << 20};
    const struct lp_wrapper *wrapper = find(outer);
    static struct out out;

    assert_string_equal(name, lp_wrapper_name(wrapper));
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        struct lp_wrapped w;
        lp_wrapped_start(&w, wrapper, &budget);
        unwrap(&w, outer, chunks[i], &out);
        assert_int_equal(0, out.holes);
        assert_null(w.problem);
        assert_int_equal(inner->n, out.n);
        assert_memory_equal(inner->at, out.bytes, inner->n);
        for (size_t k = 0; k < out.n; k++) {
            assert_in_range(out.frames[k], 1, outer->n);
            if (linear)
                assert_int_equal(inner->at[k], outer->at[out.frames[k] - 1]);
            assert_true(k == 0 || out.frames[k] >= out.frames[k - 1]);
        }
        lp_wrapped_free(&w);
        assert_int_equal(0, budget.used);
    }
}

static int set_up(void **state)
{
    (void)state;
    budget = (struct lp_budget){.limit = 1 << 24};
    return 0;
}

/* ---- TDS ---- */

static void tds_any_packet_size_inner_stream(void **state)
{
    static const size_t sizes[] = {1, 5, 100, 4088};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct bytes inner = {0}, outer = {0};
        make_inner(&inner, INNER);
        add_tds_options(&outer, i % 2);
        add_in_tds(&outer, &inner, sizes[i / 2]);
        check("tds", &outer, &inner, true);
        drop(&inner);
        drop(&outer);
    }
}

static void tds_first_packet_lost_inner_stream(void **state)
{
    struct bytes inner = {0}, outer = {0};

    (void)state;
    make_inner(&inner, INNER);
    add_in_tds(&outer, &inner, 500);
    check("tds", &outer, &inner, true);
    drop(&inner);
    drop(&outer);
}

static void tds_handshake_over_rest_is_bare(void **state)
{
    struct bytes inner = {0}, outer = {0}, tail = {0};

    (void)state;
    make_inner(&inner, 600);
    add(&tail, "\x17\x03\x03\x00\x04good", 9);
    add_tds_options(&outer, true);
    add_in_tds(&outer, &inner, 100);
    add(&outer, tail.at, tail.n);
    add(&inner, tail.at, tail.n);
    check("tds", &outer, &inner, true);
    drop(&inner);
    drop(&outer);
    drop(&tail);
}

static void tds_without_encryption_ends(void **state)
{
    static struct out out;
    struct bytes outer = {0};
    struct lp_wrapped w;

    (void)state;
    add_tds_options(&outer, true);
    add_tds(&outer, 0x10, true, "a login in the clear", 20);
    lp_wrapped_start(&w, find(&outer), &budget);
    unwrap(&w, &outer, 7, &out);
    assert_int_equal(LP_UNWRAP_END, out.last);
    assert_int_equal(0, out.n);
    lp_wrapped_free(&w);
    drop(&outer);
}

/* A hole of the outer stream: within a packet what follows is still found, and behind it the next
 * packet with a record. Nothing of a header is ever taken. */
static void tds_gap_anywhere_no_header_bytes(void **state)
{
    struct bytes inner = {0}, outer = {0};

    (void)state;
    make_inner(&inner, 300);
    add_tds_options(&outer, true);
    for (unsigned i = 0; i < 3; i++)
        add_in_tds(&outer, &inner, 120);
    for (size_t gap = 1; gap + 40 < outer.n; gap++) {
        static struct out out;
        struct lp_wrapped w;
        size_t seen = 0;
        struct lp_wrapped_input input = {lp_rd_init(outer.at, gap), 0, NULL, packet};
        out = (struct out){0};
        lp_wrapped_start(&w, find(&outer), &budget);
        out.last = lp_wrapped_read(&w, &input, true);
        collect(&w, &input, &out, &seen);
        lp_wrapped_pass(&w);
        size_t from = gap + 40;
        input = (struct lp_wrapped_input){lp_rd_init(outer.at + from, outer.n - from), from, NULL,
                                          packet};
        if (out.last == LP_UNWRAP_MORE)
            out.last = lp_wrapped_read(&w, &input, true);
        seen = 0;
        collect(&w, &input, &out, &seen);
        for (size_t k = 0; k < out.n; k++) {
            size_t at = (size_t)out.frames[k] - 1, start = 26; /* behind the options */
            while (at >= start + 8 + 120 || (at - start >= 8 + 60 && outer.at[start + 3] == 68))
                start += 8 + (outer.at[start + 3] - 8U);
            assert_in_range(at, start + 8, start + 8 + 119);
            assert_int_equal(outer.at[at], out.bytes[k]);
        }
        lp_wrapped_free(&w);
    }
    assert_int_equal(0, budget.used);
    drop(&inner);
    drop(&outer);
}

/* ---- OpenVPN ---- */

static void openvpn_every_hmac_inner_stream(void **state)
{
    static const size_t hmacs[] = {0, 16, 20, 28, 32, 48, 64};
    static const size_t sizes[] = {1, 114, 1100};

    (void)state;
    for (size_t i = 0; i < sizeof hmacs / sizeof hmacs[0] * 3; i++) {
        struct bytes inner = {0}, outer = {0};
        make_inner(&inner, i % 3 ? INNER : 40);
        add_in_vpn(&outer, &inner, sizes[i % 3], hmacs[i / 3]);
        check("openvpn", &outer, &inner, true);
        drop(&inner);
        drop(&outer);
    }
}

static void openvpn_reset_lost_inner_stream(void **state)
{
    struct bytes inner = {0}, all = {0}, outer = {0};

    (void)state;
    make_inner(&inner, INNER);
    add_in_vpn(&all, &inner, 500, 20);
    add(&outer, all.at + 44, all.n - 44); /* begins with an acknowledgement */
    check("openvpn", &outer, &inner, true);
    drop(&inner);
    drop(&outer);
    drop(&all);
}

static void openvpn_data_and_other_keys_are_passed_over(void **state)
{
    struct bytes inner = {0}, outer = {0};
    struct vpn_packet other = {
        .opcode = VPN_CONTROL, .key = 3, .id = 1, .payload = "not this", .n = 8};

    (void)state;
    make_inner(&inner, 700);
    add_in_vpn(&outer, &inner, 350, 0);
    add_vector(&outer, 2, "\x30garbage that is encrypted", 26);
    add_vpn_tcp(&outer, &other);
    add_vector(&outer, 2, "\x48garbage that is encrypted", 26);
    check("openvpn", &outer, &inner, true);
    drop(&inner);
    drop(&outer);
}

static void openvpn_packet_missing_hole(void **state)
{
    static struct out out;
    struct bytes inner = {0}, outer = {0};
    struct lp_wrapped w;

    (void)state;
    make_inner(&inner, 60);
    for (uint32_t id = 1; id < 6; id++) {
        struct vpn_packet p = {.opcode = VPN_CONTROL,
                               .hmac = 20,
                               .id = id,
                               .payload = inner.at + (id - 1) * 10,
                               .n = 10};
        if (id != 3)
            add_vpn_tcp(&outer, &p);
    }
    lp_wrapped_start(&w, find(&outer), &budget);
    unwrap(&w, &outer, 9, &out);
    assert_int_equal(1, out.holes);
    assert_int_equal(40, out.n);
    assert_memory_equal(inner.at, out.bytes, 20);
    assert_memory_equal(inner.at + 30, out.bytes + 20, 20);
    lp_wrapped_free(&w);
    drop(&inner);
    drop(&outer);
}

/* Over UDP: every order of six packets, with repetitions, gives the stream. */
static void openvpn_datagrams_any_order_inner_stream(void **state)
{
    enum { COUNT = 6, ORDERS = 720 };
    struct bytes inner = {0}, packets[COUNT] = {{0}};
    size_t n = 0;

    (void)state;
    make_inner(&inner, 60);
    for (uint32_t id = 0; id < COUNT; id++) {
        struct vpn_packet p = {.opcode = id ? VPN_CONTROL : VPN_CLIENT_RESET,
                               .hmac = 32,
                               .id = id,
                               .payload = inner.at + n,
                               .n = id ? 4 * id : 0};
        n += p.n;
        add_vpn(&packets[id], &p);
    }
    for (unsigned order = 0; order < ORDERS; order++) {
        struct lp_wrapped w;
        unsigned left[COUNT] = {0, 1, 2, 3, 4, 5}, code = order;
        lp_wrapped_start(&w, &lp_wrapper_openvpn, &budget);
        for (unsigned i = COUNT; i > 0; code /= i, i--) {
            struct bytes *next = &packets[left[code % i]];
            left[code % i] = left[i - 1];
            struct lp_rd rd = lp_rd_init(next->at, next->n);
            for (unsigned twice = 0; twice < 2; twice++)
                assert_int_equal(LP_UNWRAP_MORE, lp_openvpn_datagram(&w, rd, 1000 * i, true));
        }
        assert_int_equal(LP_UNWRAP_MORE, lp_openvpn_flush(&w));
        assert_int_equal(n, w.bytes.len);
        assert_memory_equal(inner.at, w.bytes.bytes, n);
        lp_wrapped_free(&w);
        assert_int_equal(0, budget.used);
    }
    for (unsigned i = 0; i < COUNT; i++)
        drop(&packets[i]);
    drop(&inner);
}

static void openvpn_datagram_never_came_hole_at_the_end(void **state)
{
    struct vpn_packet first = {.opcode = VPN_CONTROL, .id = 1, .payload = "one", .n = 3};
    struct vpn_packet third = {.opcode = VPN_CONTROL, .id = 3, .payload = "three", .n = 5};
    struct bytes a = {0}, b = {0};
    struct lp_wrapped w;

    (void)state;
    add_vpn(&a, &first);
    add_vpn(&b, &third);
    lp_wrapped_start(&w, &lp_wrapper_openvpn, &budget);
    assert_int_equal(LP_UNWRAP_MORE, lp_openvpn_datagram(&w, lp_rd_init(b.at, b.n), 0, true));
    assert_int_equal(LP_UNWRAP_MORE, lp_openvpn_datagram(&w, lp_rd_init(a.at, a.n), 100, true));
    assert_int_equal(3, w.bytes.len);
    assert_int_equal(LP_UNWRAP_HOLE, lp_openvpn_flush(&w));
    lp_wrapped_pass(&w);
    assert_int_equal(LP_UNWRAP_MORE, lp_openvpn_flush(&w));
    assert_int_equal(5, w.bytes.len);
    assert_memory_equal("three", w.bytes.bytes, 5);
    lp_wrapped_free(&w);
    drop(&a);
    drop(&b);
}

/* The rest of a cut packet is missing, so nothing may follow it directly. */
static void openvpn_datagram_cut_hole_behind_it(void **state)
{
    struct vpn_packet first = {.opcode = VPN_CONTROL, .id = 1, .payload = "whole", .n = 5};
    struct bytes a = {0};
    struct lp_wrapped w;

    (void)state;
    add_vpn(&a, &first);
    lp_wrapped_start(&w, &lp_wrapper_openvpn, &budget);
    assert_int_equal(LP_UNWRAP_HOLE, lp_openvpn_datagram(&w, lp_rd_init(a.at, a.n - 2), 0, false));
    assert_int_equal(3, w.bytes.len);
    lp_wrapped_free(&w);
    drop(&a);
}

static void openvpn_tls_crypt_is_named(void **state)
{
    static struct out out;
    struct bytes outer = {0}, packet_bytes = {0};
    struct lp_wrapped w;

    (void)state;
    add_number(&packet_bytes, 1, VPN_CLIENT_RESET << 3);
    add_number(&packet_bytes, 8, 0xa1a2a3a4a5a6a7a8);
    add_number(&packet_bytes, 4, 1);
    add_number(&packet_bytes, 4, 1700000000);
    for (unsigned i = 0; i < 32 + 5; i++)
        add_number(&packet_bytes, 1, (i * 151 + 0x9d) & 0xff);
    add_vector(&outer, 2, packet_bytes.at, packet_bytes.n);
    lp_wrapped_start(&w, find(&outer), &budget);
    unwrap(&w, &outer, 1000, &out);
    assert_int_equal(LP_UNWRAP_END, out.last);
    assert_true(lp_wrapped_encrypted(&w));
    lp_wrapped_free(&w);
    drop(&outer);
    drop(&packet_bytes);
}

/* ---- GSSAPI ---- */

static void gssapi_any_token_size_inner_stream(void **state)
{
    static const size_t sizes[] = {3, 4, 100, 767, 768, 769, 5000};

    (void)state;
    for (size_t i = 0; i < 14; i++) {
        struct bytes inner = {0}, outer = {0};
        make_inner(&inner, INNER);
        add_line(&outer, i % 2 ? "220 ready" : "AUTH GSSAPI");
        if (i % 2)
            add_line(&outer, "334 ADAT must follow");
        add_in_adat(&outer, &inner, sizes[i / 2], i % 2);
        add_line(&outer, i % 2 ? "235 done" : "ENC ignored");
        check("ftp-gssapi", &outer, &inner, false);
        drop(&inner);
        drop(&outer);
    }
}

static void gssapi_first_lines_lost_inner_stream(void **state)
{
    struct bytes inner = {0}, outer = {0};

    (void)state;
    make_inner(&inner, 500);
    add_in_adat(&outer, &inner, 200, true);
    check("ftp-gssapi", &outer, &inner, false);
    drop(&inner);
    drop(&outer);
}

static void gssapi_bad_token_hole_and_problem(void **state)
{
    static struct out out;
    struct bytes inner = {0}, outer = {0};
    struct lp_wrapped w;

    (void)state;
    make_inner(&inner, 30);
    add_in_adat(&outer, &inner, 30, false);
    add_line(&outer, "ADAT FgMBAxxxx?=");
    add_in_adat(&outer, &inner, 30, false);
    lp_wrapped_start(&w, find(&outer), &budget);
    unwrap(&w, &outer, 11, &out);
    assert_int_equal(1, out.holes);
    assert_int_equal(60, out.n);
    assert_non_null(w.problem);
    lp_wrapped_free(&w);
    drop(&inner);
    drop(&outer);
}

static void gssapi_kerberos_is_left_alone(void **state)
{
    static const char text[] = "AUTH GSSAPI\r\nADAT YIICbAYJKoZIhvcSAQICAQ==\r\n";
    const struct lp_wrapper *wrapper;

    (void)state;
    assert_int_equal(LP_BEGINS_NOT,
                     lp_wrapper_find(lp_rd_init(text, sizeof text - 1), false, &wrapper));
}

/* ---- all ---- */

static void wrapper_find_other_protocols_not(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } others[] = {
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 random random random", 32},
        {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 37},
        {"SSH-2.0-OpenSSH_9.2\r\n", 21},
        {"\x00\x1d\x20\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07"
         "example\x03"
         "com\x00",
         30},
        {"\x12\x34\x00\x10 something of another kind", 29},
        {"\x04\x01\x00\x20 something of another kind", 29},
    };
    const struct lp_wrapper *wrapper;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(LP_BEGINS_NOT,
                         lp_wrapper_find(lp_rd_init(others[i].bytes, others[i].n), true, &wrapper));
}

/* With too few bytes nothing is decided that more bytes would not confirm. */
static void wrapper_find_every_prefix_agrees(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct bytes inner = {0}, outer = {0};
        const struct lp_wrapper *wrapper;
        make_inner(&inner, 50);
        if (kind == 0)
            add_tds_options(&outer, true);
        else if (kind == 1)
            add_in_vpn(&outer, &inner, 50, 20);
        else
            add_line(&outer, "AUTH GSSAPI");
        if (kind == 2)
            add_in_adat(&outer, &inner, 50, false);
        for (size_t n = 0; n <= outer.n; n++) {
            struct guarded page = guarded_copy(outer.at, n);
            struct lp_rd rd = lp_rd_init(page.bytes, page.n);
            enum lp_begins begins = lp_wrapper_find(rd, false, &wrapper);
            assert_true(n == 0 || begins != LP_BEGINS_NOT);
            (void)lp_wrapper_find(rd, true, &wrapper);
            guarded_free(&page);
        }
        drop(&inner);
        drop(&outer);
    }
}

/* A refusal of memory changes nothing: with memory again the rest comes. */
static void wrapped_read_every_allocation_fails_resumes(void **state)
{
    static struct out out;

    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct bytes inner = {0}, outer = {0};
        make_inner(&inner, INNER);
        if (kind == 0)
            add_in_tds(&outer, &inner, 300);
        else if (kind == 1)
            add_in_vpn(&outer, &inner, 300, 20);
        else
            add_in_adat(&outer, &inner, 1500, false);
        for (uint64_t n = 1; n < 40; n++) {
            struct lp_wrapped w;
            size_t seen = 0;
            struct lp_wrapped_input input = {lp_rd_init(outer.at, outer.n), 0, NULL, packet};
            lp_wrapped_start(&w, find(&outer), &budget);
            lp_alloc_fail_after(n);
            enum lp_unwrap got = lp_wrapped_read(&w, &input, true);
            lp_alloc_fail_after(0);
            assert_true(got == LP_UNWRAP_ROOM || got == LP_UNWRAP_MORE);
            assert_int_equal(LP_UNWRAP_MORE, lp_wrapped_read(&w, &input, true));
            out = (struct out){0};
            collect(&w, &input, &out, &seen);
            assert_int_equal(inner.n, out.n);
            assert_memory_equal(inner.at, out.bytes, inner.n);
            lp_wrapped_free(&w);
            assert_int_equal(0, budget.used);
        }
        drop(&inner);
        drop(&outer);
    }
}

static void wrapped_rewind_same_again(void **state)
{
    static struct out out;
    struct bytes inner = {0}, outer = {0};
    struct lp_wrapped w;

    (void)state;
    make_inner(&inner, INNER);
    add_in_vpn(&outer, &inner, 300, 64);
    lp_wrapped_start(&w, find(&outer), &budget);
    for (unsigned i = 0; i < 2; i++) {
        size_t seen = 0;
        struct lp_wrapped_input input = {lp_rd_init(outer.at, outer.n), 0, NULL, packet};
        assert_int_equal(LP_UNWRAP_MORE, lp_wrapped_read(&w, &input, true));
        out = (struct out){0};
        collect(&w, &input, &out, &seen);
        assert_int_equal(inner.n, out.n);
        lp_wrapped_rewind(&w);
    }
    lp_wrapped_free(&w);
    assert_int_equal(0, budget.used);
    drop(&inner);
    drop(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tds_any_packet_size_inner_stream, set_up),
        cmocka_unit_test_setup(tds_first_packet_lost_inner_stream, set_up),
        cmocka_unit_test_setup(tds_handshake_over_rest_is_bare, set_up),
        cmocka_unit_test_setup(tds_without_encryption_ends, set_up),
        cmocka_unit_test_setup(tds_gap_anywhere_no_header_bytes, set_up),
        cmocka_unit_test_setup(openvpn_every_hmac_inner_stream, set_up),
        cmocka_unit_test_setup(openvpn_reset_lost_inner_stream, set_up),
        cmocka_unit_test_setup(openvpn_data_and_other_keys_are_passed_over, set_up),
        cmocka_unit_test_setup(openvpn_packet_missing_hole, set_up),
        cmocka_unit_test_setup(openvpn_datagrams_any_order_inner_stream, set_up),
        cmocka_unit_test_setup(openvpn_datagram_never_came_hole_at_the_end, set_up),
        cmocka_unit_test_setup(openvpn_datagram_cut_hole_behind_it, set_up),
        cmocka_unit_test_setup(openvpn_tls_crypt_is_named, set_up),
        cmocka_unit_test_setup(gssapi_any_token_size_inner_stream, set_up),
        cmocka_unit_test_setup(gssapi_first_lines_lost_inner_stream, set_up),
        cmocka_unit_test_setup(gssapi_bad_token_hole_and_problem, set_up),
        cmocka_unit_test_setup(gssapi_kerberos_is_left_alone, set_up),
        cmocka_unit_test_setup(wrapper_find_other_protocols_not, set_up),
        cmocka_unit_test_setup(wrapper_find_every_prefix_agrees, set_up),
        cmocka_unit_test_setup(wrapped_read_every_allocation_fails_resumes, set_up),
        cmocka_unit_test_setup(wrapped_rewind_same_again, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
