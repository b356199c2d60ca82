/*
 * lp_inspect where nothing is TCP: DTLS, bare or relayed, and EAP in EAPOL and RADIUS. What a
 * capture says must not depend on the order in which its packets stand there, only on their time
 * stamps.
 */
#include "dtls_bytes.h"
#include "eap_bytes.h"
#include "packets.h"

#include <openssl/sha.h>

enum { TAPE_MOST = 200, START = 1700000000, SUMMARY = 2048 };

static const size_t chain[] = {900, 300}, other_chain[] = {700}, client_chain[] = {500};
static const uint8_t group_mac[6] = {0x01, 0x80, 0xc2, 0, 0, 3},
                     other_mac[6] = {0x00, 0x1f, 0x6c, 0x81, 0x22, 0x0a};

/* ---- a capture that is made frame by frame ---- */

struct tape {
    struct {
        uint8_t *bytes; /* owned */
        size_t n;
        int64_t sec;
    } frames[TAPE_MOST];
    size_t count;
    int64_t clock, tick; /* seconds; from one frame to the next */
};

static void tape_open(struct tape *tape)
{
    memset(tape, 0, sizeof *tape);
    tape->tick = 1;
}

static void tape_shut(struct tape *tape)
{
    for (size_t i = 0; i < tape->count; i++)
        free(tape->frames[i].bytes);
}

static void tape_packet(struct tape *tape, struct packet *p)
{
    size_t i = tape->count++;

    assert_true(i < TAPE_MOST);
    tape->frames[i].bytes = malloc(p->n);
    assert_non_null(tape->frames[i].bytes);
    memcpy(tape->frames[i].bytes, packet_bytes(p), p->n);
    tape->frames[i].n = p->n;
    tape->frames[i].sec = START + tape->clock;
    tape->clock += tape->tick;
}

/* Reads the capture whose frames come in this order, each cut to `snap` bytes. */
static struct lp_capture *inspect(const struct tape *tape, const size_t *order, size_t snap,
                                  const struct lp_options *options)
{
    struct image image = {0};
    struct temp temp;
    struct lp_capture *capture = NULL;
    struct lp_error error;

    image_pcap(&image, LINK_ETHERNET, 65535);
    for (size_t i = 0; i < tape->count; i++) {
        size_t k = order ? order[i] : i, n = tape->frames[k].n;
        struct lp_frame frame = {.time.sec = tape->frames[k].sec,
                                 .bytes = lp_rd_init(tape->frames[k].bytes, n < snap ? n : snap),
                                 .original = (uint32_t)n};
        image_pcap_record(&image, &frame);
    }
    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", image.bytes, image.n);
    assert_int_equal(LP_OK, lp_inspect(path, options, &capture, &error));
    temp_close(&temp, "t.pcap");
    image_free(&image);
    if (!capture)
        abort();
    return capture;
}

/* Hashes must be those of the DER with this length and mark (add_der). */
static void check_cert(const struct lp_cert *cert)
{
    struct bytes der = {0};
    uint8_t sha1[20];

    if (!cert->complete)
        return;
    add_der(&der, cert->bytes, (uint8_t)(cert->depth + 1));
    SHA1(der.at, der.n, sha1);
    assert_memory_equal(sha1, cert->sha1, sizeof sha1);
    drop(&der);
}

static size_t tell_end(char *out, size_t size, const struct lp_endpoint *end)
{
    char ip[46] = "";
    size_t n;

    lp_ip_text(&end->ip, ip, sizeof ip);
    n = (size_t)snprintf(out, size, " %s:%u", ip, end->port);
    if (end->has_mac && n < size)
        n += (size_t)snprintf(out + n, size - n, "/%02x%02x", end->mac[4], end->mac[5]);
    return n;
}

/* All sessions, one line each, frames left out; in the order of their times. */
static void summarize(const struct lp_capture *capture, char out[SUMMARY])
{
    char lines[16][SUMMARY / 8];
    size_t count = capture->session_count;
    int64_t times[16];

    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++) {
        const struct lp_session *s = &capture->sessions[i];
        size_t at = i;
        for (; at > 0 && times[at - 1] > s->start.sec; at--) {
            times[at] = times[at - 1];
            memcpy(lines[at], lines[at - 1], sizeof lines[at]);
        }
        char *line = lines[at];
        size_t size = sizeof lines[at];
        times[at] = s->start.sec;
        size_t n = (size_t)snprintf(line, size, "%s %s", s->transport, s->carrier);
        n += tell_end(line + n, size - n, &s->client);
        n += tell_end(line + n, size - n, &s->server);
        n += (size_t)snprintf(line + n, size - n, " %s %s",
                              s->version ? lp_version_name(s->version) : "-",
                              lp_outcome_name(s->outcome));
        for (size_t k = 0; k < s->chain_count + s->client_chain_count; k++) {
            bool server = k < s->chain_count;
            const struct lp_cert *cert =
                server ? &s->chain[k] : &s->client_chain[k - s->chain_count];
            check_cert(cert);
            n += (size_t)snprintf(line + n, size - n, " %s%u%s", server ? "" : "client ",
                                  cert->bytes, cert->complete ? "" : "?");
        }
        snprintf(line + n, size - n, "\n");
    }
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strncat(out, lines[i], SUMMARY - 1 - strlen(out));
}

static void shuffle(size_t *order, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        size_t other = (size_t)(*state >> 33) % i, keep = order[i - 1];
        order[i - 1] = order[other];
        order[other] = keep;
    }
}

/* As recorded, backwards and in thirty other orders. */
static void expect_in_any_order(const struct tape *tape, const char *summary)
{
    size_t order[TAPE_MOST];
    uint64_t random = 4711;

    for (unsigned round = 0; round < 32; round++) {
        char told[SUMMARY];
        for (size_t i = 0; i < tape->count; i++)
            order[i] = round == 1 ? tape->count - 1 - i : i;
        if (round > 1)
            shuffle(order, tape->count, &random);
        struct lp_capture *capture = inspect(tape, order, SIZE_MAX, NULL);
        summarize(capture, told);
        assert_string_equal(summary, told);
        lp_capture_free(capture);
    }
}

/* Whatever is cut off or refused: certificates are whole and right, or not there (check_cert). */
static void expect_nothing_made_up(const struct tape *tape)
{
    char told[SUMMARY];

    for (size_t snap = 0; snap < 1600; snap += snap < 120 ? 1 : 37) {
        struct lp_capture *capture = inspect(tape, NULL, snap, NULL);
        summarize(capture, told);
        lp_capture_free(capture);
    }
    for (uint64_t memory = 1; memory < 200000; memory += memory / 4 + 500) {
        struct lp_options options = {.max_memory = memory};
        struct lp_capture *capture = inspect(tape, NULL, SIZE_MAX, &options);
        summarize(capture, told);
        bool limited = false;
        for (size_t i = 0; i < capture->finding_count; i++)
            limited |= strcmp(capture->findings[i].code, "limit") == 0;
        assert_true(limited || strstr(told, " complete "));
        lp_capture_free(capture);
    }
    for (size_t lost = 0; lost < tape->count; lost++) {
        struct tape less = *tape;
        less.count--;
        memmove(&less.frames[lost], &less.frames[lost + 1],
                (less.count - lost) * sizeof less.frames[0]);
        struct lp_capture *capture = inspect(&less, NULL, SIZE_MAX, NULL);
        summarize(capture, told);
        lp_capture_free(capture);
    }
}

/* ---- DTLS ---- */

struct line {
    uint16_t client_port, server_port;
};

static const struct line headend = {50000, 443};

static void put_udp(struct tape *tape, const struct line *line, bool server,
                    const struct bytes *payload)
{
    struct packet p;
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");

    ends = server ? ends_swapped(&ends) : ends;
    packet_payload(&p, payload->at, payload->n);
    packet_udp(&p, &(struct udp_head){.ends = &ends,
                                      .src_port = server ? line->server_port : line->client_port,
                                      .dst_port = server ? line->client_port : line->server_port});
    packet_ip(&p, &ends);
    packet_ethernet_between(&p, server ? server_mac : client_mac, server ? client_mac : server_mac);
    tape_packet(tape, &p);
}

/* How a DTLS datagram goes out. */
typedef void (*send_fn)(struct tape *tape, const void *ctx, bool server,
                        const struct bytes *datagram);

static void send_bare(struct tape *tape, const void *ctx, bool server, const struct bytes *datagram)
{
    put_udp(tape, ctx, server, datagram);
}

enum { RANDOM_AT = 13 + 12 + 2 }; /* in a record with a whole hello */

static void dtls_hellos(struct tape *tape, send_fn send, const void *ctx, uint8_t mark)
{
    struct bytes d = {0};

    add_dtls_client_hello(&d, 0, &(struct hello){.version = LP_DTLS_1_2});
    d.at[RANDOM_AT] = mark;
    send(tape, ctx, false, &d);
    send(tape, ctx, false, &d); /* sent again */
    d.n = 0;
    add_dtls_filler(&d, DTLS_HELLO_VERIFY_REQUEST, 0, 23);
    send(tape, ctx, true, &d);
    d.n = 0;
    add_dtls_client_hello(&d, 1, &(struct hello){.version = LP_DTLS_1_2, .cookie = "crumb"});
    d.at[RANDOM_AT] = mark;
    send(tape, ctx, false, &d);
    drop(&d);
}

/* The Certificate in fragments of 400 bytes, two of them twice. */
static void dtls_flight(struct tape *tape, send_fn send, const void *ctx, uint8_t mark,
                        const size_t *sizes, size_t count)
{
    struct bytes d = {0}, body = {0};

    add_dtls_server_hello(&d, 1, &(struct hello){.version = LP_DTLS_1_2, .cipher = 0xc02f});
    d.at[RANDOM_AT] = mark;
    send(tape, ctx, true, &d);
    certificate_body(&body, sizes, count);
    for (size_t from = 0; from < body.n; from += 400) {
        size_t to = from + 450 < body.n ? from + 450 : body.n; /* they overlap */
        d.n = 0;
        add_dtls_piece(&d, LP_CERTIFICATE, 2, &body, from, to);
        send(tape, ctx, true, &d);
    }
    d.n = 0;
    add_dtls_filler(&d, LP_SERVER_KEY_EXCHANGE, 3, 60);
    add_dtls_filler(&d, LP_SERVER_HELLO_DONE, 4, 0);
    send(tape, ctx, true, &d);
    drop(&d);
    drop(&body);
}

static void dtls_answer(struct tape *tape, send_fn send, const void *ctx)
{
    struct bytes d = {0}, body = {0};

    certificate_body(&body, client_chain, 1);
    add_dtls_message(&d, LP_CERTIFICATE, 2, &body);
    add_dtls_filler(&d, LP_CLIENT_KEY_EXCHANGE, 3, 66);
    add_dtls_record(&d, LP_RECORD_CHANGE_CIPHER, 0, "\1", 1);
    add_dtls_record(&d, LP_RECORD_HANDSHAKE, 1, "a secret Finished message", 25);
    send(tape, ctx, false, &d);
    d.n = 0;
    add_dtls_record(&d, LP_RECORD_DATA, 1, "much data", 9);
    send(tape, ctx, true, &d);
    drop(&d);
    drop(&body);
}

static void dtls_handshake(struct tape *tape, send_fn send, const void *ctx, uint8_t mark,
                           const size_t *sizes, size_t count)
{
    dtls_hellos(tape, send, ctx, mark);
    dtls_flight(tape, send, ctx, mark, sizes, count);
    dtls_answer(tape, send, ctx);
}

#define ENDS " 10.0.0.5:50000/110e 10.201.160.201:443/0001 "

static void inspect_of_dtls_tells_both_chains(void **state)
{
    struct tape tape;

    (void)state;
    tape_open(&tape);
    dtls_handshake(&tape, send_bare, &headend, 1, chain, 2);
    expect_in_any_order(&tape, "udp dtls" ENDS "DTLSv1.2 complete 900 300 client 500\n");
    expect_nothing_made_up(&tape);
    struct lp_capture *capture = inspect(&tape, NULL, SIZE_MAX, NULL);
    assert_int_equal(1, capture->sessions[0].first_frame);
    assert_int_equal(8, capture->sessions[0].certificate_frame);
    assert_true(capture->sessions[0].past_certificate);
    assert_int_equal(0, capture->finding_count);
    lp_capture_free(capture);
    tape_shut(&tape);
}

static void inspect_of_dtls_twice_between_the_same_ports_is_two_sessions(void **state)
{
    struct tape tape;

    (void)state;
    tape_open(&tape);
    dtls_handshake(&tape, send_bare, &headend, 1, chain, 2);
    dtls_handshake(&tape, send_bare, &headend, 2, other_chain, 1);
    expect_in_any_order(&tape, "udp dtls" ENDS "DTLSv1.2 complete 900 300 client 500\n"
                               "udp dtls" ENDS "DTLSv1.2 complete 700 client 500\n");
    tape_shut(&tape);
}

static void send_capwap(struct tape *tape, const void *ctx, bool server,
                        const struct bytes *datagram)
{
    struct bytes d = {0};

    add_number(&d, 4, 0x01000000);
    add(&d, datagram->at, datagram->n);
    put_udp(tape, ctx, server, &d);
    drop(&d);
}

static void inspect_of_capwap_control_sees_the_controller(void **state)
{
    static const struct line line = {50000, 5246};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    dtls_handshake(&tape, send_capwap, &line, 1, chain, 2);
    expect_in_any_order(&tape, "udp capwap 10.0.0.5:50000/110e 10.201.160.201:5246/0001 "
                               "DTLSv1.2 complete 900 300 client 500\n");
    tape_shut(&tape);
}

/* ---- relayed ---- */

struct relayed {
    uint8_t peer;     /* last byte of its address */
    uint16_t channel; /* 0: indications */
    uint32_t *seq;    /* of a TCP connection, client and server; NULL: UDP */
};

static const struct line relay = {50000, 3478};

/* A segment. `seq`: of client and server. */
static void put_tcp(struct tape *tape, const struct line *line, bool server, uint32_t seq[2],
                    const struct bytes *message)
{
    struct packet p;
    struct ends ends = ends_of("10.0.0.5", "10.201.160.201");

    ends = server ? ends_swapped(&ends) : ends;
    packet_payload(&p, message->at, message->n);
    packet_tcp(&p, &(struct tcp_head){.ends = &ends,
                                      .src_port = server ? line->server_port : line->client_port,
                                      .dst_port = server ? line->client_port : line->server_port,
                                      .seq = seq[server],
                                      .ack = seq[!server],
                                      .flags = 16});
    seq[server] += (uint32_t)message->n;
    packet_ip(&p, &ends);
    packet_ethernet_between(&p, server ? server_mac : client_mac, server ? client_mac : server_mac);
    tape_packet(tape, &p);
}

static void put_relay(struct tape *tape, const struct relayed *to, bool server,
                      const struct bytes *message)
{
    if (to->seq)
        put_tcp(tape, &relay, server, to->seq, message);
    else
        put_udp(tape, &relay, server, message);
}

static void stun(struct bytes *b, uint16_t type, const struct bytes *attributes)
{
    add_number(b, 2, type);
    add_number(b, 2, attributes->n);
    add_number(b, 4, 0x2112a442);
    add(b, "transaction!", 12);
    add(b, attributes->at, attributes->n);
}

/* 192.0.2.`peer`, port 5000, veiled. */
static void peer_address(struct bytes *b, uint8_t peer)
{
    add_number(b, 4, 0x00120008);
    add_number(b, 2, 1);
    add_number(b, 2, 5000 ^ 0x2112);
    add_number(b, 4, (0xc0000200U | peer) ^ 0x2112a442);
}

static void send_relayed(struct tape *tape, const void *ctx, bool server,
                         const struct bytes *datagram)
{
    const struct relayed *to = ctx;
    struct bytes b = {0}, attributes = {0};

    if (to->channel) {
        add_number(&b, 2, to->channel);
        add_vector(&b, 2, datagram->at, datagram->n);
        if (to->seq)
            add(&b, "\0\0\0", (4 - b.n % 4) % 4);
    } else {
        peer_address(&attributes, to->peer);
        add_number(&attributes, 2, 0x0013);
        add_vector(&attributes, 2, datagram->at, datagram->n);
        add(&attributes, "\0\0\0", (4 - datagram->n % 4) % 4);
        stun(&b, server ? 0x0017 : 0x0016, &attributes);
    }
    put_relay(tape, to, server, &b);
    drop(&b);
    drop(&attributes);
}

static void bind_channel(struct tape *tape, const struct relayed *to)
{
    struct bytes b = {0}, attributes = {0};

    add_number(&attributes, 4, 0x000c0004);
    add_number(&attributes, 2, to->channel);
    add_number(&attributes, 2, 0);
    peer_address(&attributes, to->peer);
    stun(&b, 0x0009, &attributes);
    put_relay(tape, to, false, &b);
    drop(&b);
    drop(&attributes);
}

#define RELAY " 10.0.0.5:50000/110e 10.201.160.201:3478/0001 "

/* With the first peer it begins by indications and goes on by a channel. */
static void inspect_of_turn_tells_peers_apart(void **state)
{
    static const struct relayed by_address = {7, 0, NULL}, by_channel = {7, 0x4000, NULL},
                                other = {8, 0x4001, NULL};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    tape.tick = 2;
    bind_channel(&tape, &by_channel);
    dtls_hellos(&tape, send_relayed, &by_address, 1);
    dtls_flight(&tape, send_relayed, &by_channel, 1, chain, 2);
    dtls_answer(&tape, send_relayed, &by_channel);
    tape.clock = 5; /* in between */
    dtls_handshake(&tape, send_relayed, &other, 2, other_chain, 1);
    expect_in_any_order(&tape, "udp turn" RELAY "DTLSv1.2 complete 900 300 client 500\n"
                               "udp turn" RELAY "DTLSv1.2 complete 700 client 500\n");
    expect_nothing_made_up(&tape);
    tape_shut(&tape);
}

static void inspect_of_turn_over_tcp_reads_the_datagrams(void **state)
{
    uint32_t seq[2] = {1000, 2000};
    const struct relayed by_address = {7, 0, seq}, by_channel = {7, 0x4000, seq};
    struct tape tape;
    struct bytes allocate = {0}, none = {0};

    (void)state;
    tape_open(&tape);
    stun(&allocate, 0x0003, &none);
    put_relay(&tape, &by_address, false, &allocate);
    allocate.at[0] = 1; /* the answer */
    put_relay(&tape, &by_address, true, &allocate);
    bind_channel(&tape, &by_channel);
    dtls_hellos(&tape, send_relayed, &by_address, 1);
    dtls_flight(&tape, send_relayed, &by_channel, 1, chain, 2);
    dtls_answer(&tape, send_relayed, &by_channel);
    expect_in_any_order(&tape, "tcp turn" RELAY "DTLSv1.2 complete 900 300 client 500\n");
    expect_nothing_made_up(&tape);
    drop(&allocate);
    tape_shut(&tape);
}

/* ---- EAP ---- */

/* Where a conversation takes place. */
struct place {
    const uint8_t *supplicant, *to_server, *to_supplicant; /* EAPOL: MACs */
    const char *station, *user;                            /* RADIUS: else */
    uint16_t port;
    uint8_t *radius_id; /* counts */
    uint32_t *seq;      /* RADIUS over TCP: of client and server */
    bool requests_only;
};

static void put_eapol(struct tape *tape, const struct place *place, bool server,
                      const struct bytes *eap)
{
    struct bytes frame = {0};
    struct packet p;

    add_eapol(&frame, eap);
    packet_payload(&p, frame.at, frame.n);
    p.type = 0x888e;
    packet_ethernet_between(&p, server ? server_mac : place->supplicant,
                            server ? place->to_supplicant : place->to_server);
    tape_packet(tape, &p);
    drop(&frame);
}

/* An answer has the number of its request. */
static void put_radius(struct tape *tape, const struct place *place, bool server,
                       const struct bytes *eap)
{
    const struct line line = {place->port, 1812};
    struct radius_head head = {.code = LP_RADIUS_REQUEST};
    struct bytes packet = {0};

    if (server) {
        head.code = eap->at[0] == LP_EAP_SUCCESS ? LP_RADIUS_ACCEPT : LP_RADIUS_CHALLENGE;
        head.id = *place->radius_id;
    } else {
        head.id = ++*place->radius_id;
        head.station = place->station;
        head.user = place->user;
    }
    add_radius(&packet, &head, eap);
    if (place->seq)
        put_tcp(tape, &line, server, place->seq, &packet);
    else if (!server || !place->requests_only)
        put_udp(tape, &line, server, &packet);
    drop(&packet);
}

struct eap_talk {
    struct tape *tape;
    const struct place *place;
    uint8_t type, id;
    size_t fragment;
};

static void say_eap(struct eap_talk *talk, bool server, const struct bytes *eap)
{
    (talk->place->supplicant ? put_eapol : put_radius)(talk->tape, talk->place, server, eap);
}

static void say_one(struct eap_talk *talk, bool server, uint8_t flags, size_t total,
                    const void *data, size_t n)
{
    struct bytes eap = {0};

    add_eap(&eap, server ? LP_EAP_REQUEST : LP_EAP_RESPONSE, talk->id, talk->type, flags, total,
            data, n);
    say_eap(talk, server, &eap);
    drop(&eap);
}

/* A message in fragments, each acknowledged by the other side (RFC 5216 2.1.5). */
static void say_message(struct eap_talk *talk, bool server, const struct bytes *tls)
{
    for (size_t at = 0; at < tls->n; at += talk->fragment) {
        bool more = tls->n - at > talk->fragment;
        uint8_t flags = (uint8_t)((more ? EAP_M : 0) | (at == 0 ? EAP_L : 0));
        talk->id += server;
        say_one(talk, server, flags, tls->n, tls->at + at, more ? talk->fragment : tls->n - at);
        if (more && !server)
            talk->id++;
        if (more)
            say_one(talk, !server, 0, 0, "", 0);
    }
}

static void eap_conversation(struct tape *tape, const struct place *place, uint8_t type,
                             const size_t *sizes, size_t count)
{
    struct eap_talk talk = {tape, place, type, 250, 300}; /* the numbers wrap */
    struct bytes messages = {0}, tls = {0}, success = {0};

    say_one(&talk, false, 0, 0, "", 0); /* as an identity would: there must be a request first */
    say_one(&talk, true, EAP_S, 0, "", 0);
    add_client_hello(&messages, &(struct hello){.version = 0x0303});
    add_records(&tls, &messages, 16384);
    say_message(&talk, false, &tls);
    messages.n = tls.n = 0;
    add_server_hello(&messages, &(struct hello){.version = 0x0303, .cipher = 0xc02f});
    add_certificates(&messages, sizes, count);
    add_filler(&messages, LP_SERVER_KEY_EXCHANGE, 60);
    add_filler(&messages, LP_CERTIFICATE_REQUEST, 10);
    add_filler(&messages, LP_SERVER_HELLO_DONE, 0);
    add_records(&tls, &messages, 800);
    say_message(&talk, true, &tls);
    messages.n = tls.n = 0;
    add_certificates(&messages, client_chain, 1);
    add_filler(&messages, LP_CLIENT_KEY_EXCHANGE, 66);
    add_records(&tls, &messages, 16384);
    add_change_cipher(&tls);
    add_secret(&tls, LP_RECORD_HANDSHAKE, 40);
    say_message(&talk, false, &tls);
    tls.n = 0;
    add_change_cipher(&tls);
    add_secret(&tls, LP_RECORD_HANDSHAKE, 40);
    say_message(&talk, true, &tls);
    say_one(&talk, false, 0, 0, "", 0);
    add_eap_end(&success, LP_EAP_SUCCESS, talk.id);
    say_eap(&talk, true, &success);
    drop(&messages);
    drop(&tls);
    drop(&success);
}

#define EAPOL_ENDS " :0/110e :0/0001 "
#define COMPLETE "TLSv1.2 complete 900 300 client 500\n"

static void inspect_of_eapol_shows_server_and_supplicant(void **state)
{
    static const struct {
        const uint8_t *to_server, *to_supplicant;
    } ways[] = {{server_mac, client_mac},
                {group_mac, client_mac},
                {server_mac, group_mac},
                {group_mac, group_mac}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct place place = {.supplicant = client_mac,
                                    .to_server = ways[i].to_server,
                                    .to_supplicant = ways[i].to_supplicant};
        struct tape tape;
        tape_open(&tape);
        eap_conversation(&tape, &place, EAP_TLS, chain, 2);
        expect_in_any_order(&tape, "eapol eap-tls" EAPOL_ENDS COMPLETE);
        if (i == 1)
            expect_nothing_made_up(&tape);
        tape_shut(&tape);
    }
}

static void inspect_of_eapol_tells_supplicants_and_methods_apart(void **state)
{
    static const struct place one = {.supplicant = client_mac,
                                     .to_server = server_mac,
                                     .to_supplicant = client_mac},
                              two = {.supplicant = other_mac,
                                     .to_server = group_mac,
                                     .to_supplicant = other_mac};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    tape.tick = 2;
    eap_conversation(&tape, &one, EAP_PEAP, chain, 2);
    tape.clock = 5;
    eap_conversation(&tape, &two, EAP_TTLS, other_chain, 1);
    expect_in_any_order(&tape, "eapol peap" EAPOL_ENDS COMPLETE
                               "eapol eap-ttls :0/220a :0/0001 TLSv1.2 complete 700 client 500\n");
    tape_shut(&tape);
}

static void inspect_of_eapol_again_is_another_session(void **state)
{
    static const struct place place = {
        .supplicant = client_mac, .to_server = server_mac, .to_supplicant = client_mac};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    eap_conversation(&tape, &place, EAP_TLS, chain, 2);
    tape.clock = 3600;
    eap_conversation(&tape, &place, EAP_TLS, other_chain, 1);
    struct lp_capture *capture = inspect(&tape, NULL, SIZE_MAX, NULL);
    char told[SUMMARY];
    summarize(capture, told);
    assert_string_equal("eapol eap-tls" EAPOL_ENDS COMPLETE "eapol eap-tls" EAPOL_ENDS
                        "TLSv1.2 complete 700 client 500\n",
                        told);
    lp_capture_free(capture);
    tape_shut(&tape);
}

static void inspect_of_eapol_with_a_fragment_lost_is_a_gap(void **state)
{
    static const struct place place = {
        .supplicant = client_mac, .to_server = server_mac, .to_supplicant = client_mac};
    struct tape tape;
    unsigned gaps = 0;

    (void)state;
    tape_open(&tape);
    eap_conversation(&tape, &place, EAP_TLS, chain, 2);
    for (size_t lost = 0; lost < tape.count; lost++) {
        struct tape less = tape;
        char told[SUMMARY];
        less.count--;
        memmove(&less.frames[lost], &less.frames[lost + 1],
                (less.count - lost) * sizeof less.frames[0]);
        struct lp_capture *capture = inspect(&less, NULL, SIZE_MAX, NULL);
        summarize(capture, told);
        gaps += strstr(told, " gap") != NULL;
        assert_true(strstr(told, " gap") || strstr(told, "complete 900 300"));
        lp_capture_free(capture);
    }
    assert_true(gaps >= 4); /* the server's fragments */
    tape_shut(&tape);
}

static void inspect_of_radius_tells_supplicants_apart(void **state)
{
    uint8_t id = 0, other_id = 100;
    const struct place one = {.station = "00-1F-6C-81-11-0E",
                              .user = "host/one",
                              .port = 1645,
                              .radius_id = &id},
                       two = {.station = "001f.6c81.220a",
                              .user = "host/two",
                              .port = 1645,
                              .radius_id = &other_id};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    tape.tick = 2;
    eap_conversation(&tape, &one, EAP_TLS, chain, 2);
    tape.clock = 5;
    eap_conversation(&tape, &two, EAP_TEAP, other_chain, 1);
    expect_in_any_order(&tape, "udp eap-tls 10.0.0.5:1645/110e 10.201.160.201:1812/0001 " COMPLETE
                               "udp teap 10.0.0.5:1645/220a 10.201.160.201:1812/0001 "
                               "TLSv1.2 complete 700 client 500\n");
    expect_nothing_made_up(&tape);
    tape_shut(&tape);
}

/* Both of them in one connection. */
static void inspect_of_radius_over_tcp_reads_the_packets(void **state)
{
    uint8_t id = 0, other_id = 100;
    uint32_t seq[2] = {1000, 2000};
    const struct place one = {.station = "00-1F-6C-81-11-0E",
                              .user = "host/one",
                              .port = 40000,
                              .radius_id = &id,
                              .seq = seq},
                       two = {.station = "001f.6c81.220a",
                              .user = "host/two",
                              .port = 40000,
                              .radius_id = &other_id,
                              .seq = seq};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    eap_conversation(&tape, &one, EAP_TLS, chain, 2);
    eap_conversation(&tape, &two, EAP_TEAP, other_chain, 1);
    expect_in_any_order(&tape, "tcp eap-tls 10.0.0.5:40000/110e 10.201.160.201:1812/0001 " COMPLETE
                               "tcp teap 10.0.0.5:40000/220a 10.201.160.201:1812/0001 "
                               "TLSv1.2 complete 700 client 500\n");
    expect_nothing_made_up(&tape);
    tape_shut(&tape);
}

static void inspect_of_radius_requests_alone_is_one_sided(void **state)
{
    uint8_t id = 0;
    const struct place place = {.station = "00-1F-6C-81-11-0E",
                                .user = "host/one",
                                .port = 1645,
                                .radius_id = &id,
                                .requests_only = true};
    struct tape tape;

    (void)state;
    tape_open(&tape);
    eap_conversation(&tape, &place, EAP_TLS, chain, 2);
    expect_in_any_order(
        &tape, "udp eap-tls 10.0.0.5:1645/110e 10.201.160.201:1812 - one-sided client 500\n");
    tape_shut(&tape);
}

/* ---- memory ---- */

static void inspect_with_any_allocation_failing_is_complete_or_says_so(void **state)
{
    static const struct place place = {
        .supplicant = client_mac, .to_server = server_mac, .to_supplicant = client_mac};
    struct tape tape;
    struct image image = {0};
    struct temp temp;
    bool done = false;

    (void)state;
    tape_open(&tape);
    dtls_handshake(&tape, send_bare, &headend, 1, chain, 2);
    eap_conversation(&tape, &place, EAP_TLS, chain, 2);
    image_pcap(&image, LINK_ETHERNET, 65535);
    for (size_t i = 0; i < tape.count; i++) {
        struct lp_frame frame = {.time.sec = tape.frames[i].sec,
                                 .bytes = lp_rd_init(tape.frames[i].bytes, tape.frames[i].n),
                                 .original = (uint32_t)tape.frames[i].n};
        image_pcap_record(&image, &frame);
    }
    temp_open(&temp);
    const char *path = temp_write(&temp, "t.pcap", image.bytes, image.n);
    for (uint64_t n = 1; !done; n++) {
        struct lp_capture *capture = NULL;
        struct lp_error error;
        char told[SUMMARY];
        lp_alloc_fail_after(n);
        enum lp_status status = lp_inspect(path, NULL, &capture, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || status == LP_ERR_MEMORY);
        if (status == LP_OK && !capture->error) {
            summarize(capture, told);
            assert_string_equal("udp dtls" ENDS "DTLSv1.2 complete 900 300 client 500\n"
                                "eapol eap-tls" EAPOL_ENDS COMPLETE,
                                told);
            done = true;
        }
        lp_capture_free(capture);
        assert_true(n < 1000);
    }
    temp_close(&temp, "t.pcap");
    image_free(&image);
    tape_shut(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inspect_of_dtls_tells_both_chains),
        cmocka_unit_test(inspect_of_dtls_twice_between_the_same_ports_is_two_sessions),
        cmocka_unit_test(inspect_of_capwap_control_sees_the_controller),
        cmocka_unit_test(inspect_of_turn_tells_peers_apart),
        cmocka_unit_test(inspect_of_turn_over_tcp_reads_the_datagrams),
        cmocka_unit_test(inspect_of_eapol_shows_server_and_supplicant),
        cmocka_unit_test(inspect_of_eapol_tells_supplicants_and_methods_apart),
        cmocka_unit_test(inspect_of_eapol_again_is_another_session),
        cmocka_unit_test(inspect_of_eapol_with_a_fragment_lost_is_a_gap),
        cmocka_unit_test(inspect_of_radius_tells_supplicants_apart),
        cmocka_unit_test(inspect_of_radius_over_tcp_reads_the_packets),
        cmocka_unit_test(inspect_of_radius_requests_alone_is_one_sided),
        cmocka_unit_test(inspect_with_any_allocation_failing_is_complete_or_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
