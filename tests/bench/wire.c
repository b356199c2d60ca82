#include "wire.h"

#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IPV4 = 20, FRAME_LEAST = 60, FILE_BUFFER = 1 << 20 };

static uint64_t state = 88172645463393265u;

uint32_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

void random_fill(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)random_number();
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

void wire_open(struct wire *wire, const char *path, uint64_t now)
{
    /* microseconds, version 2.4, snap length 262144, Ethernet; in this machine's byte order */
    const uint32_t header[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 262144, 1};

    *wire = (struct wire){.file = fopen(path, "wb"), .now = now, .bytes = sizeof header};
    if (!wire->file || setvbuf(wire->file, NULL, _IOFBF, FILE_BUFFER) != 0 ||
        fwrite(header, sizeof header, 1, wire->file) != 1)
        fail(path);
}

void wire_close(struct wire *wire)
{
    if (fclose(wire->file) != 0)
        fail("close");
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* RFC 1071, to be folded at the end */
static uint32_t sum(const uint8_t *bytes, size_t n)
{
    uint32_t total = 0;

    for (size_t i = 0; i + 1 < n; i += 2)
        total += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return n % 2 ? total + ((uint32_t)bytes[n - 1] << 8) : total;
}

static uint32_t folded(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static void put_ethernet(uint8_t *frame, const struct packet *packet)
{
    static const uint8_t server[6] = {0x02, 0, 0, 0, 0, 0x01};
    uint8_t client[6] = {0x00, 0x1f, 0x6c};

    client[3] = (uint8_t)(packet->ends->client_mac >> 16);
    put16(client + 4, packet->ends->client_mac);
    memcpy(frame, packet->from_server ? client : server, 6);
    memcpy(frame + 6, packet->from_server ? server : client, 6);
    put16(frame + 12, packet->protocol == ARP ? 0x0806 : 0x0800);
}

/* "Who has the server's address?" */
static size_t put_arp(uint8_t *at, const struct packet *packet)
{
    static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0, 1};

    memset(at, 0, 28);
    memcpy(at, start, sizeof start);
    put32(at + 14, packet->ends->client_ip);
    put32(at + 24, packet->ends->server_ip);
    return 28;
}

static void put_ipv4(uint8_t *at, const struct packet *packet, size_t length)
{
    const struct ends *ends = packet->ends;

    memset(at, 0, IPV4);
    at[0] = 0x45;
    put16(at + 2, (uint32_t)length);
    put16(at + 4, random_number());
    at[6] = 0x40; /* do not fragment */
    at[8] = packet->from_server ? 57 : 64;
    at[9] = (uint8_t)packet->protocol;
    put32(at + 12, packet->from_server ? ends->server_ip : ends->client_ip);
    put32(at + 16, packet->from_server ? ends->client_ip : ends->server_ip);
    put16(at + 10, folded(sum(at, IPV4)));
}

static size_t put_transport(uint8_t *at, const struct packet *packet)
{
    const struct ends *ends = packet->ends;
    size_t header = packet->protocol == TCP ? 20 : 8;

    memset(at, 0, header);
    if (packet->protocol == ICMP) {
        at[0] = packet->from_server ? 0 : 8; /* echo */
        return header;
    }
    put16(at, packet->from_server ? ends->server_port : ends->client_port);
    put16(at + 2, packet->from_server ? ends->client_port : ends->server_port);
    if (packet->protocol == UDP) {
        put16(at + 4, (uint32_t)(header + packet->n));
        return header;
    }
    put32(at + 4, packet->seq);
    put32(at + 8, packet->ack);
    at[12] = 0x50;
    at[13] = packet->flags;
    put16(at + 14, 64240);
    return header;
}

static void put_checksum(uint8_t *ip, const struct packet *packet, size_t length)
{
    static const size_t places[] = {[ICMP] = 2, [TCP] = 16, [UDP] = 6};
    uint32_t total = sum(ip + IPV4, length - IPV4);

    if (packet->protocol != ICMP) /* the pseudo header */
        total += sum(ip + 12, 8) + packet->protocol + (uint32_t)(length - IPV4);
    put16(ip + IPV4 + places[packet->protocol], folded(total));
}

static size_t put_frame(uint8_t *frame, const struct packet *packet)
{
    uint8_t *ip = frame + ETHERNET;

    put_ethernet(frame, packet);
    if (packet->protocol == ARP)
        return ETHERNET + put_arp(ip, packet);
    size_t header = put_transport(ip + IPV4, packet), length = IPV4 + header + packet->n;
    if (packet->n)
        memcpy(ip + IPV4 + header, packet->data, packet->n);
    put_ipv4(ip, packet, length);
    put_checksum(ip, packet, length);
    return ETHERNET + length;
}

void wire_put(struct wire *wire, const struct packet *packet)
{
    uint8_t frame[ETHERNET + IPV4 + 20 + WIRE_MSS];
    size_t n = put_frame(frame, packet);

    if (n < FRAME_LEAST) {
        memset(frame + n, 0, FRAME_LEAST - n);
        n = FRAME_LEAST;
    }
    const uint32_t record[4] = {(uint32_t)(wire->now / 1000000), (uint32_t)(wire->now % 1000000),
                                (uint32_t)n, (uint32_t)n};
    if (fwrite(record, sizeof record, 1, wire->file) != 1 || fwrite(frame, n, 1, wire->file) != 1)
        fail("write");
    wire->packets++;
    wire->bytes += sizeof record + n;
}
