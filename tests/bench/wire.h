/* Frames of Ethernet and IPv4 in a pcap file, with right lengths and checksums. */
#ifndef LP_BENCH_WIRE_H
#define LP_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { WIRE_MSS = 1460, WIRE_FIN = 0x01, WIRE_SYN = 0x02, WIRE_PSH = 0x08, WIRE_ACK = 0x10 };
enum protocol { ARP = 0, ICMP = 1, TCP = 6, UDP = 17 };

struct wire {
    FILE *file;
    uint64_t packets, bytes;
    uint64_t now; /* microseconds since 1970 */
};

struct ends {
    uint32_t client_ip, server_ip;
    uint16_t client_port, server_port;
    uint32_t client_mac; /* its last three bytes; those before are 00:1f:6c */
};

struct packet {
    const struct ends *ends;
    enum protocol protocol;
    bool from_server;
    uint8_t flags; /* of TCP, as seq and ack */
    uint32_t seq, ack;
    const uint8_t *data; /* n bytes */
    size_t n;
};

/* Ends the program when the file cannot be made or written. */
void wire_open(struct wire *wire, const char *path, uint64_t now);
void wire_put(struct wire *wire, const struct packet *packet);
void wire_close(struct wire *wire);

/* xorshift64: the same numbers in every run. */
uint32_t random_number(void);
void random_fill(uint8_t *bytes, size_t n);

#endif
