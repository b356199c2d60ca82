/* What stood in front of TLS gets its name from either direction, and nothing else gets one. */
#include "guard.h"

#include "carrier/starttls.h"

struct dialogue {
    const char *name;
    const char *client, *server; /* NULL: that direction is not there */
    size_t client_n, server_n;   /* 0: texts */
};

#define BINARY(name, client, server)                                                               \
    {                                                                                              \
        name, client, server, sizeof client - 1, sizeof server - 1                                 \
    }

static const struct dialogue dialogues[] = {
    {"smtp", "EHLO phone\r\nSTARTTLS\r\n",
     "220 mail ESMTP\r\n250-mail\r\n250 STARTTLS\r\n220 go\r\n", 0, 0},
    {"lmtp", "LHLO phone\r\nSTARTTLS\r\n", NULL, 0, 0},
    {"imap", "a1 CAPABILITY\r\na2 STARTTLS\r\n", "* OK ready\r\na2 OK begin TLS\r\n", 0, 0},
    {"pop3", "STLS\r\n", "+OK POP3 ready\r\n+OK begin\r\n", 0, 0},
    {"nntp", "CAPABILITIES\r\nSTARTTLS\r\n", "200 news ready\r\n382 continue\r\n", 0, 0},
    {"sieve", NULL, "\"IMPLEMENTATION\" \"x\"\r\nOK\r\nOK \"Begin TLS\"\r\n", 0, 0},
    {"ftp", "FEAT\r\nAUTH TLS\r\n", "220 ftp ready\r\n211 none\r\n234 go\r\n", 0, 0},
    {"xmpp", "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
     "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 0, 0},
    {"irc", "CAP LS 302\r\nSTARTTLS\r\n", ":irc.example.com 670 * :STARTTLS successful\r\n", 0, 0},
    {"http-connect", "CONNECT vpn.example.com:443 HTTP/1.1\r\n\r\n",
     "HTTP/1.1 200 Connection established\r\n\r\n", 0, 0},
    {"http-upgrade", "OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n",
     "HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, 0},
    {"sstp", "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n\r\n", NULL,
     0, 0},
    {"haproxy", "PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", NULL, 0, 0},
    {"amqp", "AMQP\2\1\0\0", "AMQP\2\1\0\0", 8, 8},
    BINARY("haproxy",
           "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"
           "aaaabbbbccdd",
           ""),
    BINARY("ldap",
           "\x30\x1d\2\1\1\x77\x18\x80\x16"
           "1.3.6.1.4.1.1466.20037",
           "\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0"),
    BINARY("ldap", "", "\x30\x84\0\0\0\x0c\2\1\1\x78\x84\0\0\0\3\x0a\1\0"),
    BINARY("mysql", "\x20\0\0\1\x05\xae\xff\x19\0\0\0\1\x21",
           "\x4a\0\0\0\x0a"
           "8.0.33\0\x08\0\0\0"),
    BINARY("postgresql", "\0\0\0\x08\x04\xd2\x16\x2f", "S"),
    BINARY("rdp", "\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",
           "\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0"),
    BINARY("socks4", "\4\1\1\xbb\xc0\0\2\1user\0", "\0\x5a\1\xbb\xc0\0\2\1"),
    BINARY("socks5", "\5\1\0\5\1\0\1\xc0\0\2\1\1\xbb", "\5\0\5\0\0\1\0\0\0\0\0\0"),
};

static struct lp_rd front_of(const char *text, size_t n)
{
    return lp_rd_init(text, text ? (n ? n : strlen(text)) : 0);
}

static void starttls_name_both_directions_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
        const struct dialogue *d = &dialogues[i];
        struct lp_rd front[2] = {front_of(d->client, d->client_n),
                                 front_of(d->server, d->server_n)};
        struct lp_rd turned[2] = {front[1], front[0]};
        assert_string_equal(d->name, lp_starttls_name(front));
        assert_string_equal(d->name, lp_starttls_name(turned));
    }
}

/* Each direction alone, except where it could be anybody's. */
static void starttls_name_one_direction_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
        const struct dialogue *d = &dialogues[i];
        for (unsigned dir = 0; dir < 2; dir++) {
            const char *text = dir ? d->server : d->client;
            struct lp_rd front[2] = {front_of(text, dir ? d->server_n : d->client_n),
                                     lp_rd_init(NULL, 0)};
            if (front[0].left)
                assert_string_equal(d->name, lp_starttls_name(front));
        }
    }
}

static void starttls_name_nothing_or_noise_none(void **state)
{
    struct lp_rd front[2] = {lp_rd_init(NULL, 0), lp_rd_init(NULL, 0)};

    (void)state;
    assert_null(lp_starttls_name(front));
    front[0] = front_of("\x7f\x01nothing that is known", 0);
    assert_null(lp_starttls_name(front));
    front[0] = front_of("show version\r\n", 0);
    assert_null(lp_starttls_name(front));
}

/* A proxy led to a mail server: that is what TLS belongs to. */
static void starttls_name_proxy_before_dialogue_dialogue(void **state)
{
    struct lp_rd front[2] = {
        front_of("CONNECT mail.example.com:25 HTTP/1.1\r\n\r\nEHLO phone\r\nSTARTTLS\r\n", 0),
        lp_rd_init(NULL, 0)};

    (void)state;
    assert_string_equal("smtp", lp_starttls_name(front));
}

static void starttls_name_every_truncation_stays_inside(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
        for (unsigned dir = 0; dir < 2; dir++) {
            const struct dialogue *d = &dialogues[i];
            struct lp_rd all =
                dir ? front_of(d->server, d->server_n) : front_of(d->client, d->client_n);
            for (size_t n = 0; n <= all.left; n++) {
                struct guarded page = guarded_copy(all.ptr, n);
                struct lp_rd front[2] = {lp_rd_init(page.bytes, n), lp_rd_init(NULL, 0)};
                (void)lp_starttls_name(front);
                (void)lp_starttls_possible(front[0]);
                guarded_free(&page);
            }
        }
    }
}

/* Whatever has a name is kept to begin with. */
static void starttls_possible_named_streams_true(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
        for (unsigned dir = 0; dir < 2; dir++) {
            const struct dialogue *d = &dialogues[i];
            struct lp_rd all =
                dir ? front_of(d->server, d->server_n) : front_of(d->client, d->client_n);
            if (all.left >= LP_STARTTLS_LOOK)
                assert_true(lp_starttls_possible(lp_rd_head(&all, LP_STARTTLS_LOOK)));
        }
    }
}

static void starttls_possible_everyday_traffic_false(void **state)
{
    static const char *const others[] = {
        "GET /index.html HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\nServer: x", "show version\r\nshow run",
        "SSH-2.0-OpenSSH_9.2\r\n", "REGISTER sip:example.com SIP/2.0"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(lp_starttls_possible(lp_rd_init(others[i], LP_STARTTLS_LOOK)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starttls_name_both_directions_protocol),
        cmocka_unit_test(starttls_name_one_direction_protocol),
        cmocka_unit_test(starttls_name_nothing_or_noise_none),
        cmocka_unit_test(starttls_name_proxy_before_dialogue_dialogue),
        cmocka_unit_test(starttls_name_every_truncation_stays_inside),
        cmocka_unit_test(starttls_possible_named_streams_true),
        cmocka_unit_test(starttls_possible_everyday_traffic_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
