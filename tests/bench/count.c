/* The yardstick: libpcap reads a capture and counts its packets, nothing else. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char why_not[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    unsigned long packets = 0;
    int got;

    if (argc != 2)
        return 2;
    pcap_t *pcap = pcap_open_offline(argv[1], why_not);
    if (!pcap) {
        fprintf(stderr, "%s\n", why_not);
        return 1;
    }
    while ((got = pcap_next_ex(pcap, &header, &bytes)) == 1)
        packets++;
    printf("%lu\n", packets);
    pcap_close(pcap);
    return got != PCAP_ERROR_BREAK;
}
