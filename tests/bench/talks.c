/*
 * TLS 1.2 (RFC 5246) as an observer sees it: hellos and certificates in the clear, then random
 * bytes in records of the right sizes. Nothing is signed or encrypted, for nobody could tell.
 */
#include "talks.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHANGE_CIPHER_SPEC = 20,
    ALERT = 21,
    HANDSHAKE = 22,
    APPLICATION_DATA = 23,
    SERIAL_SIZE = 16,
    OWN_BYTES = 8,
};

struct text {
    uint8_t *bytes;
    size_t n, cap;
};

static void put(struct text *text, const void *bytes, size_t n)
{
    text->bytes = grown(text->bytes, &text->cap, text->n + n, 1);
    if (n)
        memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
}

static void put_number(struct text *text, size_t value, unsigned size)
{
    for (unsigned i = size; i > 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * (i - 1)));
        put(text, &byte, 1);
    }
}

static void put_random(struct text *text, size_t n)
{
    text->bytes = grown(text->bytes, &text->cap, text->n + n, 1);
    random_fill(text->bytes + text->n, n);
    text->n += n;
}

static void put_message(struct text *out, unsigned type, const struct text *body)
{
    put_number(out, type, 1);
    put_number(out, body->n, 3);
    put(out, body->bytes, body->n);
}

static void put_record(struct text *out, unsigned type, const void *bytes, size_t n)
{
    put_number(out, type, 1);
    put_number(out, 0x0303, 2);
    put_number(out, n, 2);
    put(out, bytes, n);
}

static void put_random_record(struct text *out, unsigned type, size_t n)
{
    struct text body = {0};

    put_random(&body, n);
    put_record(out, type, body.bytes, n);
    free(body.bytes);
}

static void put_handshake(struct text *out, unsigned type, const struct text *body)
{
    struct text message = {0};

    put_message(&message, type, body);
    put_record(out, HANDSHAKE, message.bytes, message.n);
    free(message.bytes);
}

/* RFC 5246 7.4.1.2, with server_name (RFC 6066 3), groups and signature algorithms */
static struct text client_hello(void)
{
    static const uint8_t ciphers[] = {0xc0, 0x2f, 0xc0, 0x2b, 0xc0, 0x30, 0xc0, 0x2c, 0x00, 0x9c,
                                      0x00, 0x9d, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 0x00, 0x35};
    static const uint8_t groups[] = {0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24};
    static const uint8_t algorithms[] = {0, 13, 0, 10, 0, 8, 4, 1, 4, 3, 5, 1, 5, 3};
    static const char name[] = "vpn.example.com";
    struct text body = {0}, extensions = {0}, out = {0};
    size_t n = sizeof name - 1;

    put_number(&extensions, 0, 2);
    put_number(&extensions, n + 5, 2);
    put_number(&extensions, n + 3, 2);
    put_number(&extensions, 0, 1);
    put_number(&extensions, n, 2);
    put(&extensions, name, n);
    put(&extensions, groups, sizeof groups);
    put(&extensions, algorithms, sizeof algorithms);
    put_number(&body, 0x0303, 2);
    put_random(&body, 32);
    put_number(&body, 32, 1);
    put_random(&body, 32);
    put_number(&body, sizeof ciphers, 2);
    put(&body, ciphers, sizeof ciphers);
    put_number(&body, 0x0100, 2); /* no compression */
    put_number(&body, extensions.n, 2);
    put(&body, extensions.bytes, extensions.n);
    put_handshake(&out, 1, &body);
    free(body.bytes);
    free(extensions.bytes);
    return out;
}

/* ServerHello to ServerHelloDone; `list` is the certificate_list. */
static struct text server_flight(const struct text *list)
{
    static const uint8_t point[] = {3, 0, 23, 65, 4};
    struct text hello = {0}, certificate = {0}, exchange = {0}, done = {0}, out = {0};

    put_number(&hello, 0x0303, 2);
    put_random(&hello, 32);
    put_number(&hello, 32, 1);
    put_random(&hello, 32);
    put_number(&hello, 0xc02f, 2); /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
    put_number(&hello, 0, 1);
    put_handshake(&out, 2, &hello);
    put_number(&certificate, list->n, 3);
    put(&certificate, list->bytes, list->n);
    put_handshake(&out, 11, &certificate);
    put(&exchange, point, sizeof point);
    put_random(&exchange, 64);
    put_number(&exchange, 0x0401, 2);
    put_number(&exchange, 256, 2);
    put_random(&exchange, 256);
    put_handshake(&out, 12, &exchange);
    put_handshake(&out, 14, &done);
    free(hello.bytes);
    free(certificate.bytes);
    free(exchange.bytes);
    return out;
}

/* ChangeCipherSpec and an encrypted Finished, behind a ClientKeyExchange for the client */
static struct text finish(bool from_server)
{
    static const uint8_t one = 1;
    struct text exchange = {0}, out = {0};

    if (!from_server) {
        put_number(&exchange, 65, 1);
        put_random(&exchange, 65);
        put_handshake(&out, 16, &exchange);
        free(exchange.bytes);
    }
    put_record(&out, CHANGE_CIPHER_SPEC, &one, 1);
    put_random_record(&out, HANDSHAKE, 40);
    return out;
}

static void say_record(struct talk *talk, bool from_server, unsigned type, size_t n)
{
    struct text text = {0};

    put_random_record(&text, type, n);
    talk_say(talk, from_server, text.bytes, text.n);
}

static void say_handshake(struct talk *talk, const struct text *list, const struct headend *headend)
{
    struct text hello = client_hello(), flight = server_flight(list);
    struct text ours = finish(false), theirs = finish(true);

    /* behind record header, message header and two lengths of three bytes */
    const uint8_t *leaf = memmem(flight.bytes, flight.n, headend->leaf, headend->leaf_size);
    if (!leaf)
        abort();
    talk->own_bytes = (uint32_t)((size_t)(leaf - flight.bytes) + headend->serial);
    talk_open(talk);
    talk_say(talk, false, hello.bytes, hello.n);
    talk_say(talk, true, flight.bytes, flight.n);
    talk_say(talk, false, ours.bytes, ours.n);
    talk_say(talk, true, theirs.bytes, theirs.n);
}

/* A short connection: the handshake, a request, its answer, the end. */
static void finish_headend(struct headend *headend, const struct text *list, size_t number)
{
    struct talk *talk = &headend->talk;

    talk->protocol = TCP;
    talk->server_ip = 0xc0000201 + (uint32_t)number; /* 192.0.2.1, ... */
    talk->server_port = 443;
    say_handshake(talk, list, headend);
    say_record(talk, false, APPLICATION_DATA, 300);
    say_record(talk, true, APPLICATION_DATA, 700);
    say_record(talk, false, ALERT, 26);
    talk_close(talk);
}

static bool is_leaf(const uint8_t *der, size_t n, size_t *own_bytes)
{
    static const uint8_t start[] = {0x02, SERIAL_SIZE, 'l', 'e', 'a', 'f', 0, 0, 0, 0};
    const uint8_t *serial = memmem(der, n, start, sizeof start);

    if (serial)
        *own_bytes = (size_t)(serial - der) + 2 + SERIAL_SIZE - OWN_BYTES;
    return serial != NULL;
}

static void read_chains(struct world *world, FILE *file)
{
    struct text list = {0};
    struct headend *headend = NULL;
    char *name, *header;
    uint8_t *der;
    long n;
    size_t serial;

    while (PEM_read(file, &name, &header, &der, &n)) {
        if (is_leaf(der, (size_t)n, &serial) && world->headend_count < HEADENDS_MOST) {
            if (headend)
                finish_headend(headend, &list, world->headend_count);
            headend = &world->headends[world->headend_count++];
            *headend = (struct headend){.leaf = der, .leaf_size = (size_t)n, .serial = serial};
            list.n = 0;
        }
        put_number(&list, (size_t)n, 3);
        put(&list, der, (size_t)n);
        OPENSSL_free(name);
        OPENSSL_free(header);
    }
    if (headend)
        finish_headend(headend, &list, world->headend_count);
    free(list.bytes);
}

/* `turns` questions and answers, either of random bytes or of a text over and over. */
struct noise {
    enum protocol protocol;
    uint16_t port;
    unsigned turns;
    unsigned question, answer; /* bytes; 0: none */
    const char *text;          /* NULL: random */
};

static void say(struct talk *talk, bool from_server, size_t n, const char *text)
{
    uint8_t *bytes = malloc(n + 1);

    if (!bytes)
        abort();
    if (text)
        for (size_t i = 0, size = strlen(text); i < n; i++)
            bytes[i] = (uint8_t)text[i % size];
    else
        random_fill(bytes, n);
    talk_say(talk, from_server, bytes, n);
}

/* RTP version 2 in front (RFC 3550 5.1) */
static void say_sound(struct talk *talk, bool from_server, unsigned number)
{
    uint8_t *bytes = malloc(172);

    if (!bytes)
        abort();
    random_fill(bytes, 172);
    bytes[0] = 0x80;
    bytes[1] = 0;
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
    talk_say(talk, from_server, bytes, 172);
}

static void make_noise(struct talk *talk, const struct noise *noise, uint32_t server)
{
    *talk =
        (struct talk){.protocol = noise->protocol, .server_port = noise->port, .server_ip = server};
    if (talk->protocol == TCP)
        talk_open(talk);
    for (unsigned i = 0; i < noise->turns; i++) {
        if (noise->port >= 16384) {
            say_sound(talk, i % 2, i / 2);
            continue;
        }
        if (noise->question)
            say(talk, false, noise->question, noise->text);
        if (noise->answer)
            say(talk, true, noise->answer, noise->text);
    }
    if (talk->protocol == TCP)
        talk_close(talk);
}

static const char http[] =
    "GET /cgi/status?id=17 HTTP/1.1\r\nHost: cm.example.com\r\nAccept: */*\r\n\r\n";
static const char sip[] =
    "REGISTER sip:cm.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.1.1:5060\r\n";
static const char shell[] = "show interfaces status\r\nGi1/0/1 connected trunk a-full a-1000\r\n";
static const char syslog_line[] =
    "<189>12: *Mar 1 00:00:01: %LINK-3-UPDOWN: Interface Gi1/0/1, up\n";
static const char dns_query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\2cm\7example\3com\0\0\1\0\1";

static const struct noise noises[NOISE_KINDS] = {
    {UDP, 16384, 180, 172, 172, NULL}, {UDP, 16386, 240, 172, 172, NULL},
    {UDP, 53, 1, 32, 0, dns_query},    {UDP, 5060, 3, 420, 510, sip},
    {UDP, 123, 1, 48, 48, NULL},       {UDP, 514, 1, 160, 0, syslog_line},
    {UDP, 161, 4, 90, 110, NULL},      {TCP, 80, 3, 120, 900, http},
    {TCP, 80, 8, 90, 4000, http},      {TCP, 23, 25, 12, 130, shell},
    {TCP, 22, 20, 68, 180, NULL},      {TCP, 2000, 15, 40, 100, NULL},
    {TCP, 5060, 3, 430, 560, sip},     {TCP, 3306, 6, 150, 2200, NULL},
    {ICMP, 0, 4, 56, 56, NULL},        {ARP, 0, 1, 1, 0, NULL},
};

void world_make(struct world *world, const char *chains)
{
    FILE *file = fopen(chains, "r");

    *world = (struct world){0};
    if (file) {
        read_chains(world, file);
        fclose(file);
    }
    if (world->headend_count == 0) {
        fprintf(stderr, "%s: no chains\n", chains);
        exit(1);
    }
    for (size_t i = 0; i < NOISE_KINDS; i++)
        make_noise(&world->noise[i], &noises[i], 0xc6336401 + (uint32_t)i); /* 198.51.100.1, ... */
}

struct talk bulk_talk(const struct world *world, size_t bytes, bool secret)
{
    enum { RECORD = 16384, RECORDS = 12 };
    struct text stream = {0};
    struct talk talk = {.protocol = TCP, .server_ip = 0xcb007101, .server_port = 8080};

    for (unsigned i = 0; i < RECORDS; i++)
        put_random_record(&stream, APPLICATION_DATA, RECORD);
    if (secret) { /* all of a headend's connection but its farewell */
        talk = world->headends[0].talk;
        talk.steps = NULL;
        talk.cap = 0;
        talk.steps = grown(NULL, &talk.cap, talk.count, sizeof *talk.steps);
        memcpy(talk.steps, world->headends[0].talk.steps, talk.count * sizeof *talk.steps);
        talk.count -= 3;
        talk.sent[0]--;
        talk.sent[1]--;
    } else {
        talk_open(&talk);
        stream.bytes[0] = 'x';
    }
    for (size_t said = 0; said < bytes; said += stream.n)
        talk_say(&talk, true, stream.bytes, stream.n);
    return talk;
}
