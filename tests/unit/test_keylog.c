/* Key logs: any text, in any pieces. */
#include "guard.h"

#include "tls/keylog.h"

static const char RANDOM[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char SHORT[] = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
static const char LONG[] = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
                           "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf";

static struct lp_keylog *open_log(void)
{
    struct lp_keylog *log = lp_keylog_new(7);
    assert_non_null(log);
    return log;
}

static void give(struct lp_keylog *log, const char *text)
{
    assert_true(lp_keylog_add(log, lp_rd_init(text, strlen(text))));
}

/* "LABEL random secret" and what follows. */
static void give_line(struct lp_keylog *log, const char *label, const char *secret, const char *end)
{
    char line[512];
    snprintf(line, sizeof line, "%s %s %s%s", label, RANDOM, secret, end);
    give(log, line);
}

static size_t length_of(const struct lp_keylog *log, enum lp_secret what)
{
    uint8_t random[32];
    for (unsigned i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)i;
    struct lp_rd secret = lp_keylog_find(log, random, what);
    for (size_t i = 0; i < secret.left; i++)
        assert_int_equal(0xa0 + i, secret.ptr[i]);
    return secret.left;
}

static void lp_keylog_find_each_label_by_its_secret(void **state)
{
    static const struct {
        const char *label, *secret;
        enum lp_secret what;
        size_t length;
    } lines[] = {
        {"CLIENT_RANDOM", LONG, LP_SECRET_MASTER, 48},
        {"CLIENT_EARLY_TRAFFIC_SECRET", SHORT, LP_SECRET_CLIENT_EARLY, 32},
        {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", SHORT, LP_SECRET_CLIENT_HANDSHAKE, 32},
        {"SERVER_HANDSHAKE_TRAFFIC_SECRET", LONG, LP_SECRET_SERVER_HANDSHAKE, 48},
        {"CLIENT_TRAFFIC_SECRET_0", SHORT, LP_SECRET_CLIENT_TRAFFIC, 32},
        {"SERVER_TRAFFIC_SECRET_0", LONG, LP_SECRET_SERVER_TRAFFIC, 48},
    };
    struct lp_keylog *log = open_log();
    uint8_t other[32] = {1};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(0, length_of(log, lines[i].what));
        give_line(log, lines[i].label, lines[i].secret, i % 2 ? "\n" : " \r\n");
        assert_int_equal(lines[i].length, length_of(log, lines[i].what));
        assert_int_equal(0, lp_keylog_find(log, other, lines[i].what).left);
    }
    assert_int_equal(sizeof lines / sizeof lines[0], lp_keylog_stats(log)->secrets);
    assert_int_equal(0, lp_keylog_stats(log)->unknown);
    lp_keylog_free(log);
}

static void lp_keylog_add_of_what_is_no_secret_counts_and_goes_on(void **state)
{
    static const char *const ignored[] = {"# comment\n", "\n", " \t\r\n", "EXPORTER_SECRET 00 00\n",
                                          "CLIENT_TRAFFIC_SECRET_1 00 00\n"};
    static const char *const unknown[] = {
        "CLIENT_RANDOM\n", "CLIENT_RANDOM 00 00\n", "client_random\n", "\x80\xff\n",
        "CLIENT_TRAFFIC_SECRET_ 00\n",
        "CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f zz\n",
        /* a traffic secret's length */
        ("CLIENT_RANDOM 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
         "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n")};
    struct lp_keylog *log = open_log();

    (void)state;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        give(log, ignored[i]);
    assert_int_equal(0, lp_keylog_stats(log)->unknown);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        give(log, unknown[i]);
    assert_int_equal(sizeof unknown / sizeof unknown[0], lp_keylog_stats(log)->unknown);
    give(log, "RSA 0011223344556677 00\nRSA Session-ID:00 Master-Key:00\n");
    assert_int_equal(2, lp_keylog_stats(log)->rsa);
    give_line(log, "CLIENT_RANDOM", LONG, " more\n");
    assert_int_equal(0, length_of(log, LP_SECRET_MASTER));
    give_line(log, "CLIENT_RANDOM", LONG, "\n");
    assert_int_equal(48, length_of(log, LP_SECRET_MASTER));
    lp_keylog_free(log);
}

static void lp_keylog_add_of_an_endless_line_drops_it_alone(void **state)
{
    struct lp_keylog *log = open_log();
    char blank[1000];

    (void)state;
    memset(blank, 'x', sizeof blank - 1);
    blank[sizeof blank - 1] = '\0';
    for (unsigned i = 0; i < 100; i++)
        give(log, blank);
    assert_true(lp_keylog_pause(log));
    give(log, "\n");
    give_line(log, "CLIENT_RANDOM", LONG, "\n");
    assert_int_equal(1, lp_keylog_stats(log)->unknown);
    assert_int_equal(48, length_of(log, LP_SECRET_MASTER));
    lp_keylog_free(log);
}

/* A secret of 48 bytes that is written in two parts looks like one of 32 in between. */
static void lp_keylog_pause_in_a_line_gives_way_to_the_whole(void **state)
{
    struct lp_keylog *log = open_log();

    (void)state;
    give_line(log, "SERVER_HANDSHAKE_TRAFFIC_SECRET", SHORT, "");
    assert_int_equal(0, length_of(log, LP_SECRET_SERVER_HANDSHAKE));
    assert_true(lp_keylog_pause(log));
    assert_int_equal(32, length_of(log, LP_SECRET_SERVER_HANDSHAKE));
    give(log, LONG + strlen(SHORT));
    assert_true(lp_keylog_pause(log));
    give(log, "\n");
    assert_int_equal(48, length_of(log, LP_SECRET_SERVER_HANDSHAKE));
    assert_int_equal(1, lp_keylog_stats(log)->secrets);
    assert_int_equal(0, lp_keylog_stats(log)->unknown);
    lp_keylog_free(log);
}

static void lp_keylog_end_without_newline_counts_the_line(void **state)
{
    struct lp_keylog *log = open_log();

    (void)state;
    give_line(log, "CLIENT_RANDOM", LONG, "");
    assert_true(lp_keylog_end(log));
    give_line(log, "SERVER_TRAFFIC_SECRET_0", SHORT, "");
    assert_true(lp_keylog_end(log));
    assert_int_equal(48, length_of(log, LP_SECRET_MASTER));
    assert_int_equal(32, length_of(log, LP_SECRET_SERVER_TRAFFIC));
    lp_keylog_free(log);
}

static void lp_keylog_add_in_any_pieces_finds_the_same(void **state)
{
    char line[512];
    int n = snprintf(line, sizeof line, "# x\nCLIENT_RANDOM %s %s\r\nbad\n", RANDOM, LONG);

    (void)state;
    for (size_t piece = 1; piece <= (size_t)n; piece++) {
        struct lp_keylog *log = open_log();
        for (size_t at = 0; at < (size_t)n; at += piece) {
            size_t left = (size_t)n - at;
            struct guarded g = guarded_copy(line + at, left < piece ? left : piece);
            assert_true(lp_keylog_add(log, lp_rd_init(g.bytes, g.n)));
            guarded_free(&g);
        }
        assert_int_equal(48, length_of(log, LP_SECRET_MASTER));
        assert_int_equal(1, lp_keylog_stats(log)->unknown);
        lp_keylog_free(log);
    }
}

static void lp_keylog_add_of_many_stays_bounded(void **state)
{
    struct lp_keylog *log = open_log();
    uint8_t random[32] = {0};
    char line[256];

    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        snprintf(line, sizeof line, "CLIENT_TRAFFIC_SECRET_0 %08x%s %s\n", i, RANDOM + 8, SHORT);
        give(log, line);
    }
    assert_int_equal(300000, lp_keylog_stats(log)->secrets + lp_keylog_stats(log)->too_many);
    assert_int_equal(1 << 18, lp_keylog_stats(log)->secrets);
    for (unsigned i = 4; i < sizeof random; i++)
        random[i] = (uint8_t)i;
    random[2] = 0x12;
    random[3] = 0x34;
    assert_int_equal(32, lp_keylog_find(log, random, LP_SECRET_CLIENT_TRAFFIC).left);
    lp_keylog_free(log);
}

static void lp_keylog_when_the_nth_allocation_fails_says_so(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        lp_alloc_fail_after(n);
        struct lp_keylog *log = lp_keylog_new(1);
        char line[256];
        snprintf(line, sizeof line, "CLIENT_RANDOM %s %s\n", RANDOM, LONG);
        whole = log && lp_keylog_add(log, lp_rd_init(line, strlen(line)));
        lp_alloc_fail_after(0);
        lp_keylog_free(log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_keylog_find_each_label_by_its_secret),
        cmocka_unit_test(lp_keylog_add_of_what_is_no_secret_counts_and_goes_on),
        cmocka_unit_test(lp_keylog_add_of_an_endless_line_drops_it_alone),
        cmocka_unit_test(lp_keylog_pause_in_a_line_gives_way_to_the_whole),
        cmocka_unit_test(lp_keylog_end_without_newline_counts_the_line),
        cmocka_unit_test(lp_keylog_add_in_any_pieces_finds_the_same),
        cmocka_unit_test(lp_keylog_add_of_many_stays_bounded),
        cmocka_unit_test(lp_keylog_when_the_nth_allocation_fails_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
