/*
 * What must hold for every recorded capture, however it is damaged. invariants MODE CAPTURES
 * [STRIDE]
 *
 *   cut       the file ends after each of its bytes
 *   snap      every packet is cut to each snap length
 *   permute   the packets arrive in another order
 *
 * Never a crash; never a certificate that the whole capture does not hold; never a match without
 * the whole leaf; and, where nothing but the order changed, the verdict and the certificates of the
 * whole capture.
 *
 * The captures are rewritten in memory (classic pcap, nanoseconds) and read through /dev/fd. STRIDE
 * tries every n-th length only: for sanitizers, under which one run costs ten times as much.
 */
#define _GNU_SOURCE /* memfd_create */
#include "leafprint/leafprint.h"

#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MAX_PACKETS = 4096,
    MAX_CERTS = 256,
    PERMUTATIONS = 60,
    EVERY_LENGTH = 2048,
    THEN_EVERY = 61
};

struct packet {
    struct pcap_pkthdr header;
    uint8_t *bytes; /* owned */
};

struct recording {
    const char *name;
    int link_type;
    struct packet packets[MAX_PACKETS];
    size_t count;
    uint32_t longest;
};

/* What one run of the library said. */
struct result {
    enum lp_verdict verdict;
    enum lp_reason reason;
    uint8_t certs[MAX_CERTS][20];
    size_t cert_count;
    bool leafless_match;
};

static struct recording recording;
static struct lp_options options;    /* of the capture at hand */
static struct lp_expected *expected; /* of the capture at hand */
static int memory = -1;
static char memory_path[64];
static unsigned long runs, faults;

#define FAULT(...) (faults++, printf("%s: ", recording.name), printf(__VA_ARGS__), putchar('\n'))

static void die(const char *what)
{
    fprintf(stderr, "invariants: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- rewriting ---- */

static void read_recording(const char *path)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
    struct pcap_pkthdr *header;
    const u_char *bytes;

    recording.count = 0;
    recording.longest = 0;
    if (!pcap)
        die(why);
    recording.link_type = pcap_datalink(pcap);
    while (pcap_next_ex(pcap, &header, &bytes) == 1 && recording.count < MAX_PACKETS) {
        struct packet *packet = &recording.packets[recording.count++];
        packet->header = *header;
        packet->bytes = malloc(header->caplen ? header->caplen : 1);
        memcpy(packet->bytes, bytes, header->caplen);
        if (header->caplen > recording.longest)
            recording.longest = header->caplen;
    }
    pcap_close(pcap);
}

static void free_recording(void)
{
    for (size_t i = 0; i < recording.count; i++)
        free(recording.packets[i].bytes);
}

static uint32_t *put(uint32_t *at, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    at[0] = a;
    at[1] = b;
    at[2] = c;
    at[3] = d;
    return at + 4;
}

/* Writes the packets in the order given, each cut to `snap` bytes; the size of the file. */
static size_t rewrite(const size_t *order, uint32_t snap)
{
    static uint8_t file[8 << 20];
    uint32_t *word = (uint32_t *)(void *)file;
    size_t used;

    put(word, 0xa1b23c4d, 2 | 4 << 16, 0, 0);
    put(word + 4, 1 << 20, (uint32_t)recording.link_type, 0, 0);
    used = 24;
    for (size_t i = 0; i < recording.count; i++) {
        const struct packet *packet = &recording.packets[order ? order[i] : i];
        uint32_t captured = packet->header.caplen < snap ? packet->header.caplen : snap, head[4];
        if (used + sizeof head + captured > sizeof file)
            break;
        put(head, (uint32_t)packet->header.ts.tv_sec, (uint32_t)packet->header.ts.tv_usec, captured,
            packet->header.len);
        memcpy(file + used, head, sizeof head);
        memcpy(file + used + sizeof head, packet->bytes, captured);
        used += sizeof head + captured;
    }
    if (ftruncate(memory, 0) != 0 || pwrite(memory, file, used, 0) != (ssize_t)used)
        die("memory file");
    return used;
}

/* ---- running ---- */

static void collect(const struct lp_capture *capture, struct result *result)
{
    bool leaf = false;

    result->verdict = capture->verdict;
    result->reason = capture->reason;
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_session *session = &capture->sessions[i];
        for (size_t k = 0; k < session->chain_count + session->client_chain_count; k++) {
            bool server = k < session->chain_count;
            const struct lp_cert *cert =
                server ? &session->chain[k] : &session->client_chain[k - session->chain_count];
            if (cert->complete && result->cert_count < MAX_CERTS)
                memcpy(result->certs[result->cert_count++], cert->sha1, 20);
            leaf |= server && k == 0 && cert->complete && session->compared;
        }
    }
    bool match = result->verdict == LP_MATCH || result->verdict == LP_MATCH_ISSUER;
    result->leafless_match = match && !leaf;
}

static struct result run(void)
{
    struct lp_capture *capture = NULL;
    struct lp_error error;
    struct result result = {0};

    runs++;
    if (lseek(memory, 0, SEEK_SET) != 0)
        die("memory file");
    if (lp_inspect(memory_path, &options, &capture, &error) != LP_OK ||
        lp_verify(capture, expected, NULL, &error) != LP_OK)
        FAULT("%s", error.text);
    else
        collect(capture, &result);
    lp_capture_free(capture);
    return result;
}

static bool holds(const struct result *all, const uint8_t sha1[20])
{
    for (size_t i = 0; i < all->cert_count; i++)
        if (memcmp(all->certs[i], sha1, 20) == 0)
            return true;
    return false;
}

static void check(const struct result *whole, const struct result *part, const char *what, size_t n)
{
    for (size_t i = 0; i < part->cert_count; i++)
        if (!holds(whole, part->certs[i]))
            FAULT("%s %zu: a certificate that is not in the whole capture", what, n);
    if (part->leafless_match)
        FAULT("%s %zu: a match without a leaf", what, n);
}

static void cut(const struct result *whole, size_t stride)
{
    for (size_t left = rewrite(NULL, UINT32_MAX); left-- > 0;) {
        if (left % stride != 0)
            continue;
        if (ftruncate(memory, (off_t)left) != 0)
            die("memory file");
        struct result part = run();
        check(whole, &part, "cut at byte", left);
    }
}

static void snap(const struct result *whole, size_t stride)
{
    for (uint32_t length = 0; length <= recording.longest;
         length += length < EVERY_LENGTH ? 1 : THEN_EVERY) {
        if (length % stride != 0)
            continue;
        rewrite(NULL, length);
        struct result part = run();
        check(whole, &part, "snap length", length);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void shuffle(size_t *order, uint64_t *state)
{
    for (size_t i = 0; i < recording.count; i++)
        order[i] = i;
    for (size_t i = recording.count; i > 1; i--) {
        size_t other = (size_t)(next_random(state) % i), keep = order[i - 1];
        order[i - 1] = order[other];
        order[other] = keep;
    }
}

static void permute(const struct result *whole, size_t stride)
{
    static size_t order[MAX_PACKETS];
    uint64_t state = 0x9e3779b97f4a7c15;

    for (size_t n = 0; n<PERMUTATIONS; n += stride> PERMUTATIONS / 4 ? PERMUTATIONS / 4 : stride) {
        if (n == 0)
            for (size_t i = 0; i < recording.count; i++)
                order[i] = recording.count - 1 - i;
        else
            shuffle(order, &state);
        rewrite(order, UINT32_MAX);
        struct result part = run();
        check(whole, &part, "order", n);
        if (part.verdict != whole->verdict || part.reason != whole->reason ||
            part.cert_count != whole->cert_count)
            FAULT("order %zu: %s (%s), %zu certificates; in the recorded order %s (%s), %zu", n,
                  lp_verdict_name(part.verdict), part.reason ? lp_reason_name(part.reason) : "-",
                  part.cert_count, lp_verdict_name(whole->verdict),
                  whole->reason ? lp_reason_name(whole->reason) : "-", whole->cert_count);
    }
}

/* ---- the manifest ---- */

/* Whether the order of arrival decides by the rules: of two copies that differ, the first wins. */
static bool order_matters(const char *name)
{
    return strcmp(name, "conflicting-retransmission.pcap") == 0;
}

/* The word behind an option, if that is among those given. */
static bool option(const char *given, const char *name, char out[4096])
{
    const char *at = strstr(given, name);
    return at && sscanf(at + strlen(name), "%4095s", out) == 1;
}

/* What a line of the manifest compares with: configurations, or a hash among the options. */
static void expect(const char *captures, char *configs, const char *given)
{
    char path[4096], hash[4096];
    struct lp_error error;

    expected = lp_expected_new();
    if (option(given, "--expect", hash)) {
        if (lp_expected_add_hash(expected, hash, &error) != LP_OK)
            FAULT("%s", error.text);
        return;
    }
    if (strcmp(configs, "-") == 0)
        return;
    for (char *rest = configs, *config; (config = strtok_r(rest, ",", &rest));) {
        snprintf(path, sizeof path, "%s/%s", captures, config);
        if (lp_expected_add_file(expected, path, &error) != LP_OK)
            FAULT("%s", error.text);
    }
}

/* Without a configuration the one inside the capture counts, for what comes after it: then the
 * order decides. */
static bool usable(const char *mode, const char *configs, const char *given)
{
    char value[4096];
    return strcmp(configs, "-") != 0 || option(given, "--expect", value) ||
           strcmp(mode, "permute") != 0;
}

static void one(const char *captures, const char *name, const char *mode, size_t stride)
{
    char path[4096];

    recording.name = name;
    snprintf(path, sizeof path, "%s/%s", captures, name);
    read_recording(path);
    rewrite(NULL, UINT32_MAX);
    struct result whole = run();
    if (strcmp(mode, "cut") == 0)
        cut(&whole, stride);
    else if (strcmp(mode, "snap") == 0)
        snap(&whole, stride);
    else if (!order_matters(name))
        permute(&whole, stride);
    free_recording();
}

int main(int argc, char **argv)
{
    char path[8200], keys[8200], value[4096] = "", line[4096], last[8200] = "";
    size_t stride = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;

    if (argc < 3 || stride == 0)
        return 2;
    snprintf(path, sizeof path, "%s/MANIFEST", argv[2]);
    FILE *manifest = fopen(path, "r");
    memory = memfd_create("capture", 0);
    if (!manifest || memory < 0)
        die(path);
    snprintf(memory_path, sizeof memory_path, "/proc/self/fd/%d", memory);
    while (
        fgets(line, sizeof line, manifest)) { /* each capture with the first configuration that it
                                                 is listed with, and once more with a key log */
        char *rest = line, *name = strtok_r(line, "\t", &rest),
             *configs = strtok_r(rest, "\t", &rest), *given = strtok_r(rest, "\t", &rest);
        if (!name || line[0] == '#' || !configs || !given || !usable(argv[1], configs, given))
            continue;
        bool keyed = option(given, "--keylog", value);
        snprintf(path, sizeof path, "%s %s", name, keyed ? value : "");
        if (strcmp(path, last) == 0)
            continue;
        snprintf(last, sizeof last, "%s", path);
        snprintf(keys, sizeof keys, "%s/%s", argv[2], value);
        options.keylog = keyed ? keys : NULL;
        expect(argv[2], configs, given);
        one(argv[2], name, argv[1], stride);
        lp_expected_free(expected);
    }
    fclose(manifest);
    printf("%s: %lu runs, %lu faults\n", argv[1], runs, faults);
    return faults != 0 || runs == 0;
}
