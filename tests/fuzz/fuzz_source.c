/* Any bytes as a capture file, plain or compressed: every packet keeps the promises of source.h,
 * and what follows the last one does too. */
#define _GNU_SOURCE /* memfd_create */
#include "capture/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MOST_EXPANDED = 1 << 20 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_all(struct lp_source *source)
{
    struct lp_packet packet;
    struct lp_error error;
    enum lp_read got;
    uint64_t frames = 0;
    unsigned sum = 0;
    bool cut = false;

    lp_source_limit_expansion(source, MOST_EXPANDED);
    while ((got = lp_source_next(source, &packet, &error)) == LP_READ_PACKET) {
        require(packet.frame == ++frames && !cut);
        require(packet.captured <= packet.original && packet.time.nsec < 1000000000);
        require(packet.link_type >= 0);
        cut = packet.cut;
        for (uint32_t i = 0; i < packet.captured; i++)
            sum += packet.bytes[i];
    }
    require(!cut || got != LP_READ_END);
    require(lp_source_next(source, &packet, &error) == got);
    require(sum != 1 || frames);
    require(lp_source_secrets(source)->len <= 16U << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[32];
    struct lp_source *source;
    struct lp_error error;
    int fd = memfd_create("capture", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (lp_source_open(path, &source, &error) == LP_OK) {
        read_all(source);
        lp_source_close(source);
    }
    close(fd);
    return 0;
}
