/* A connection's bytes on their way to TLS: wrapped or bare, what stood in front, and second looks.
 */
#include "wraps.h"

#include "scan/carried.h"

#include <ctype.h>

enum { SERVER = 1, CLIENT = 0 };

static const size_t chain[] = {700, 300};

struct rig {
    struct reading_rig tls;
    struct lp_carried carried;
    char told[2][1024];
};

static void open_rig(struct rig *rig, uint64_t limit)
{
    memset(rig, 0, sizeof *rig);
    reading_rig_open(&rig->tls, limit);
    rig->carried.tls = &rig->tls.tls;
    rig->carried.budget = &rig->tls.budget;
}

static void shut_rig(struct rig *rig)
{
    lp_carried_free(&rig->carried);
    reading_rig_shut(&rig->tls);
}

/* The server's flight up to ServerHelloDone, then what ends the handshake. */
static void make_flight(struct bytes *inner, size_t record)
{
    struct bytes messages = {0};

    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0x002f});
    add_certificates(&messages, chain, 2);
    add_filler(&messages, LP_SERVER_HELLO_DONE, 0);
    add_records(inner, &messages, record);
    drop(&messages);
}

/* Chunk after chunk, with what is released taken off; then the end, unless TLS was done. */
static void read_stream(struct rig *rig, unsigned dir, const struct bytes *b, size_t chunk)
{
    struct wire wire = {b->at, b->n, chunk};
    size_t from = 0, release;

    for (size_t to = 0; to < b->n;) {
        to = b->n - to < chunk ? b->n : to + chunk;
        struct lp_tls_input input = wire_input(&wire, from, to);
        if (lp_carried_read(&rig->carried, dir, &input, &release) == LP_TLS_DONE)
            return;
        from += release;
        assert_true(from <= to);
    }
    struct lp_tls_input rest = wire_input(&wire, from, b->n);
    lp_carried_cut(&rig->carried, dir, LP_TLS_CUT_END, &rest);
}

static void add_front(struct bytes *b, const char *text)
{
    add(b, text, strlen(text));
}

/* ---- wrapped ---- */

enum kind { TDS, OPENVPN, GSSAPI, KINDS };
static const char *const names[] = {"tds", "openvpn", "ftp-gssapi"};

static void wrap(struct bytes *b, enum kind kind, const struct bytes *inner)
{
    switch (kind) {
    case TDS:
        add_tds_options(b, false);
        add_in_tds(b, inner, 400);
        break;
    case OPENVPN:
        add_in_vpn(b, inner, 400, 20);
        break;
    case GSSAPI:
        add_line(b, "220 ready");
        add_in_adat(b, inner, 600, true);
        break;
    case KINDS:
        break;
    }
}

static void carried_read_wrapped_whole_chain(void **state)
{
    static const size_t chunks[] = {1, 7, 100, 1460, 100000};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
            struct bytes inner = {0}, outer = {0};
            struct rig rig;
            open_rig(&rig, 0);
            make_flight(&inner, 500);
            wrap(&outer, kind, &inner);
            read_stream(&rig, SERVER, &outer, chunks[i]);
            const struct lp_tls_half *half = &rig.tls.tls.half[SERVER];
            assert_true(half->certificate_complete);
            assert_int_equal(2, half->cert_count);
            assert_true(half->certs[1].complete);
            assert_null(half->problem);
            assert_string_equal(names[kind], lp_carried_name(&rig.carried));
            assert_in_range(half->certificate_frame, 1, (outer.n - 1) / chunks[i] + 1);
            shut_rig(&rig);
            drop(&inner);
            drop(&outer);
        }
    }
}

/* Wherever the stream ends, the leaf is there exactly when its last byte is. */
static void carried_cut_every_length_leaf_or_nothing(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes inner = {0}, outer = {0};
        bool before = false;
        make_flight(&inner, 500);
        wrap(&outer, kind, &inner);
        for (size_t n = 1; n <= outer.n; n++) {
            struct bytes part = {outer.at, n, n};
            struct rig rig;
            open_rig(&rig, 0);
            read_stream(&rig, SERVER, &part, 1460);
            const struct lp_tls_half *half = &rig.tls.tls.half[SERVER];
            bool leaf = half->cert_count > 0 && half->certs[0].complete;
            assert_true(leaf || !before); /* more bytes never take it away */
            assert_true(!leaf || half->certs[0].bytes == chain[0]);
            before = leaf;
            shut_rig(&rig);
        }
        assert_true(before);
        drop(&inner);
        drop(&outer);
    }
}

static void carried_rewind_better_copy_counts(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes inner = {0}, outer = {0}, bad = {0};
        struct rig rig;
        size_t release;
        open_rig(&rig, 0);
        make_flight(&inner, 500);
        wrap(&outer, kind, &inner);
        add(&bad, outer.at, outer.n);
        memset(bad.at, 'x', 30);
        struct wire wire = {bad.at, bad.n, 1460};
        struct lp_tls_input input = wire_input(&wire, 0, 40);
        (void)lp_carried_read(&rig.carried, SERVER, &input, &release);
        if (release == 0) { /* nothing is lost, so all is looked at again */
            lp_carried_rewind(&rig.carried, SERVER);
            read_stream(&rig, SERVER, &outer, 1460);
            assert_int_equal(2, rig.tls.tls.half[SERVER].cert_count);
            assert_string_equal(names[kind], lp_carried_name(&rig.carried));
        }
        shut_rig(&rig);
        drop(&inner);
        drop(&outer);
        drop(&bad);
    }
}

static void carried_read_every_allocation_fails_nothing_wrong(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        struct bytes inner = {0}, outer = {0};
        make_flight(&inner, 500);
        wrap(&outer, kind, &inner);
        for (uint64_t n = 1; n < 30; n++) {
            struct rig rig;
            open_rig(&rig, 0);
            lp_alloc_fail_after(n);
            read_stream(&rig, SERVER, &outer, 300);
            lp_alloc_fail_after(0);
            const struct lp_tls_half *half = &rig.tls.tls.half[SERVER];
            for (size_t i = 0; i < half->cert_count; i++)
                assert_true(!half->certs[i].complete || half->certs[i].bytes == chain[i]);
            shut_rig(&rig);
        }
        drop(&inner);
        drop(&outer);
    }
}

/* A direction whose headers were not recognised beside one whose were. */
static void carried_settle_bare_beside_wrapped_forgotten(void **state)
{
    struct bytes inner = {0}, outer = {0}, hello = {0}, bare = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    make_flight(&inner, 500);
    wrap(&outer, TDS, &inner);
    add_client_hello(&hello, &(struct hello){.version = 0x0303});
    add_front(&bare, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f junk that is binary");
    add_records(&bare, &hello, 1000);
    read_stream(&rig, SERVER, &outer, 1000);
    read_stream(&rig, CLIENT, &bare, 1000);
    assert_true(rig.tls.tls.half[CLIENT].hello.seen);
    lp_carried_settle(&rig.carried);
    assert_false(rig.tls.tls.half[CLIENT].hello.seen);
    assert_int_equal(2, rig.tls.tls.half[SERVER].cert_count);
    shut_rig(&rig);
    drop(&inner);
    drop(&outer);
    drop(&hello);
    drop(&bare);
}

/* ---- bare ---- */

static const struct {
    const char *name, *front;
    size_t n;
} fronts[] = {
    {"tls", "", 0},
    {"smtp", "220 mail.example.com ESMTP\r\n250-mail\r\n250 STARTTLS\r\n220 2.0.0 go\r\n", 0},
    {"ftp", "220 ftp ready\r\n234 AUTH TLS\r\n", 0},
    {"postgresql", "S", 1},
    {"socks4", "\0\x5a\0\0\0\0\0\0", 8},
    {"rdp", "\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0", 19},
    {"http-connect", "HTTP/1.1 200 Connection established\r\n\r\n", 0},
    {"tls", "\x7f\x7f\x7f nothing that is known \x7f\x7f", 0},
    {"tls", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
};

static void carried_name_front_any_chunks_same(void **state)
{
    static const size_t chunks[] = {1, 2, 15, 16, 17, 100, 100000};

    (void)state;
    for (size_t f = 0; f < sizeof fronts / sizeof fronts[0]; f++) {
        for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
            struct bytes stream = {0};
            struct rig rig;
            open_rig(&rig, 0);
            add(&stream, fronts[f].front, fronts[f].n ? fronts[f].n : strlen(fronts[f].front));
            make_flight(&stream, 500);
            read_stream(&rig, SERVER, &stream, chunks[i]);
            assert_int_equal(2, rig.tls.tls.half[SERVER].cert_count);
            assert_string_equal(fronts[f].name, lp_carried_name(&rig.carried));
            shut_rig(&rig);
            drop(&stream);
        }
    }
}

/* What may be wrong with a dialogue; TLS behind it is whole. */
enum damage {
    NONE,
    NO_CLIENT_LINE, /* the first line is not there */
    NO_SERVER_LINE,
    NO_FIRST_LINES,
    NO_CLIENT,
    NO_SERVER,
    BARE_LINE_FEEDS,
    UPPER_CASE,
    LOWER_CASE,
    DAMAGES
};

static const struct {
    const char *name, *client, *server;
    unsigned unnamed; /* bit per damage: what is left could be anybody's */
} spoken[] = {
    {"smtp", "EHLO phone\r\nSTARTTLS\r\n",
     "220-mail, \"+OK\", * OK\r\n220 mail ESMTP\r\n250-mail\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
     "220 2.0.0 go\r\n",
     0},
    {"lmtp", "LHLO phone\r\nSTARTTLS\r\n", "220 mail LMTP\r\n250 STARTTLS\r\n220 2.0.0 go\r\n",
     1 << NO_CLIENT_LINE | 1 << NO_FIRST_LINES | 1 << NO_CLIENT},
    {"imap", "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\na2 OK Begin "
     "TLS\r\n",
     0},
    {"pop3", "CAPA\r\nSTLS\r\n", "+OK ready\r\n+OK\r\nSTLS\r\n.\r\n+OK begin\r\n", 0},
    {"nntp", "CAPABILITIES\r\nSTARTTLS\r\n",
     "200 news ready\r\n101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n382 continue\r\n", 0},
    {"sieve", "STARTTLS\r\n",
     "\"IMPLEMENTATION\" \"x\"\r\n\"SIEVE\" \"\"\r\nOK\r\nOK \"Begin TLS\"\r\n", 1 << NO_SERVER},
    {"ftp", "FEAT\r\nAUTH TLS\r\n",
     "220-ftp\r\n of many lines\r\n220 ready\r\n211 none\r\n234 go\r\n", 0},
    {"irc", "CAP LS 302\r\nSTARTTLS\r\n",
     ":irc.example.com NOTICE * :*** Looking\r\n:irc.example.com 670 * :go\r\n", 0},
    {"http-connect", "CONNECT vpn.example.com:443 HTTP/1.1\r\nHost: vpn\r\n\r\n",
     "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", 1 << NO_FIRST_LINES},
    {"http-upgrade", "OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n",
     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\r\n", 0},
};

static void add_spoken(struct bytes *b, const char *text, bool no_first, enum damage damage)
{
    const char *from = no_first ? strchr(text, '\n') + 1 : text;

    for (; *from; from++) {
        int c = (unsigned char)*from;
        if (damage == BARE_LINE_FEEDS && c == '\r')
            continue;
        c = damage == UPPER_CASE ? toupper(c) : damage == LOWER_CASE ? tolower(c) : c;
        add_number(b, 1, (uint64_t)c);
    }
}

static void check_spoken(size_t i, enum damage damage, size_t chunk)
{
    struct bytes client = {0}, server = {0}, hello = {0};
    struct rig rig;
    bool unnamed = (spoken[i].unnamed >> damage & 1) != 0;

    open_rig(&rig, 0);
    if (damage != NO_CLIENT)
        add_spoken(&client, spoken[i].client, damage == NO_CLIENT_LINE || damage == NO_FIRST_LINES,
                   damage);
    if (damage != NO_SERVER)
        add_spoken(&server, spoken[i].server, damage == NO_SERVER_LINE || damage == NO_FIRST_LINES,
                   damage);
    add_client_hello(&hello, &(struct hello){.version = 0x0303});
    add_records(&client, &hello, 1000);
    make_flight(&server, 500);
    read_stream(&rig, CLIENT, &client, chunk);
    read_stream(&rig, SERVER, &server, chunk);
    lp_carried_settle(&rig.carried);
    assert_true(rig.tls.tls.half[CLIENT].hello.complete);
    assert_true(rig.tls.tls.half[SERVER].certificate_complete);
    assert_int_equal(2, rig.tls.tls.half[SERVER].cert_count);
    if (!unnamed)
        assert_string_equal(spoken[i].name, lp_carried_name(&rig.carried));
    shut_rig(&rig);
    drop(&client);
    drop(&server);
    drop(&hello);
}

static void carried_name_damaged_dialogue_certificate_and_name(void **state)
{
    static const size_t chunks[] = {1, 13, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof spoken / sizeof spoken[0]; i++)
        for (enum damage damage = NONE; damage < DAMAGES; damage++)
            for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++)
                check_spoken(i, damage, chunks[c]);
}

/* The server grants TLS and hangs up: that is no answer to the ClientHello, as it would be if the
 * client had not asked. */
static void carried_settle_granted_then_silent_no_answer(void **state)
{
    (void)state;
    for (unsigned asked = 0; asked < 2; asked++) {
        struct bytes client = {0}, server = {0}, hello = {0};
        struct rig rig;
        open_rig(&rig, 0);
        if (asked)
            add_front(&client, "EHLO phone\r\nSTARTTLS\r\n");
        add_client_hello(&hello, &(struct hello){.version = 0x0303});
        add_records(&client, &hello, 1000);
        add_front(&server, "220 mail ESMTP\r\n250 STARTTLS\r\n220 2.0.0 go\r\n");
        read_stream(&rig, CLIENT, &client, 1000);
        read_stream(&rig, SERVER, &server, 1000);
        lp_carried_settle(&rig.carried);
        assert_int_equal(!asked, rig.tls.tls.half[SERVER].other_bytes);
        assert_string_equal("smtp", lp_carried_name(&rig.carried));
        shut_rig(&rig);
        drop(&client);
        drop(&server);
        drop(&hello);
    }
}

/* Plain TLS costs no memory; a long dialogue no more than its first 4 KiB. */
static void carried_read_front_memory_bounded(void **state)
{
    struct bytes plain = {0}, dialogue = {0};
    struct rig rig;

    (void)state;
    make_flight(&plain, 500);
    open_rig(&rig, 0);
    read_stream(&rig, SERVER, &plain, 1460);
    assert_int_equal(0, rig.carried.side[SERVER].front.cap);
    shut_rig(&rig);

    for (unsigned i = 0; i < 2000; i++)
        add_line(&dialogue, "220-a very long greeting");
    open_rig(&rig, 0);
    read_stream(&rig, SERVER, &dialogue, 1460);
    assert_int_equal(4096, rig.carried.side[SERVER].front.len);
    shut_rig(&rig);
    drop(&plain);
    drop(&dialogue);
}

/* Behind a gap in a stream that had said nothing yet, a wrapper is recognised as well. */
static void carried_cut_then_wrapped_behind_gap_found(void **state)
{
    struct bytes inner = {0}, outer = {0}, lost = {0};
    struct rig rig;

    (void)state;
    open_rig(&rig, 0);
    make_flight(&inner, 500);
    add_in_tds(&outer, &inner, 400);
    add_front(&lost, "\x02\x01 something else first");
    struct wire first = {lost.at, lost.n, 100};
    struct lp_tls_input rest = wire_input(&first, 0, lost.n);
    size_t release;
    (void)lp_carried_read(&rig.carried, SERVER, &rest, &release);
    lp_carried_cut(&rig.carried, SERVER, LP_TLS_CUT_LOST, &rest);
    read_stream(&rig, SERVER, &outer, 1460);
    assert_int_equal(2, rig.tls.tls.half[SERVER].cert_count);
    assert_string_equal("tds", lp_carried_name(&rig.carried));
    shut_rig(&rig);
    drop(&inner);
    drop(&outer);
    drop(&lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carried_read_wrapped_whole_chain),
        cmocka_unit_test(carried_cut_every_length_leaf_or_nothing),
        cmocka_unit_test(carried_rewind_better_copy_counts),
        cmocka_unit_test(carried_read_every_allocation_fails_nothing_wrong),
        cmocka_unit_test(carried_settle_bare_beside_wrapped_forgotten),
        cmocka_unit_test(carried_name_front_any_chunks_same),
        cmocka_unit_test(carried_name_damaged_dialogue_certificate_and_name),
        cmocka_unit_test(carried_settle_granted_then_silent_no_answer),
        cmocka_unit_test(carried_read_front_memory_bounded),
        cmocka_unit_test(carried_cut_then_wrapped_behind_gap_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
