/*
 * Makes the captures of the benchmark, the same in every run.
 *
 *   mkcaptures CHAINS bulk OUT MEGABYTES        8 connections, one of them TLS
 *   mkcaptures CHAINS noise OUT MEGABYTES       100 handshakes in ten thousands of other
 * connections mkcaptures CHAINS handshakes OUT SESSIONS   short connections, each with a leaf of
 * its own mkcaptures CHAINS reorder OUT SESSIONS      the same, with segments late, twice, in other
 * pieces mkcaptures CHAINS batch OUT CAPTURES        OUT/phoneN.pcap, one phone each; OUT/cnf/, the
 * phones' configurations of 20 KB, every 50th with an old hash
 *
 * Prints one line: packets, bytes, sessions (each with a certificate), mismatches.
 */
#include "talks.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MEGABYTE = 1000000, STALE_EVERY = 50 };
static const uint64_t first_moment = UINT64_C(1700000000) * 1000000;

struct order {
    const struct world *world;
    struct wire *wire;
    uint64_t bytes_most;          /* of the file; 0: no matter */
    uint64_t sessions, done, all; /* handshakes wanted, those begun, connections begun */
    bool disturbed;
    struct talk bulk[2];
};

static bool next_handshake(void *ctx, struct flow *out)
{
    struct order *order = ctx;
    const struct world *world = order->world;

    if (order->done == order->sessions)
        return false;
    const struct talk *talk = &world->headends[order->done % world->headend_count].talk;
    if (order->disturbed) {
        struct talk *other = malloc(sizeof *other);
        if (!other)
            abort();
        *other = talk_disturbed(talk);
        talk = other;
    }
    *out = flow_of(talk, order->done++);
    return true;
}

/* Handshakes come evenly, by the bytes written. */
static bool next_noise(void *ctx, struct flow *out)
{
    struct order *order = ctx;
    const struct world *world = order->world;
    uint64_t due = order->sessions * order->wire->bytes / order->bytes_most;

    if (order->done < order->sessions && order->done <= due) {
        const struct talk *talk = &world->headends[order->done % world->headend_count].talk;
        order->done++;
        *out = flow_of(talk, order->all++);
        return true;
    }
    if (order->wire->bytes >= order->bytes_most)
        return false;
    *out = flow_of(&world->noise[random_number() % NOISE_KINDS], order->all++);
    return true;
}

static bool next_bulk(void *ctx, struct flow *out)
{
    enum { CONNECTIONS = 8 };
    struct order *order = ctx;

    if (order->all == CONNECTIONS)
        return false;
    *out = flow_of(&order->bulk[order->all == 3], order->all);
    order->done += order->all == 3;
    order->all++;
    return true;
}

static void say_done(const struct order *order, uint64_t mismatches)
{
    printf("{\"packets\": %llu, \"bytes\": %llu, \"sessions\": %llu, \"mismatches\": %llu}\n",
           (unsigned long long)order->wire->packets, (unsigned long long)order->wire->bytes,
           (unsigned long long)order->done, (unsigned long long)mismatches);
}

static void make_capture(const struct world *world, const char *kind, const char *path,
                         uint64_t amount)
{
    struct wire wire;
    struct order order = {.world = world, .wire = &wire, .sessions = amount};

    wire_open(&wire, path, first_moment);
    if (strcmp(kind, "bulk") == 0) {
        for (size_t i = 0; i < 2; i++)
            order.bulk[i] = bulk_talk(world, amount * MEGABYTE / 8, i == 1);
        flows_play(&wire, 8, next_bulk, &order);
    } else if (strcmp(kind, "noise") == 0) {
        order.sessions = 100;
        order.bytes_most = amount * MEGABYTE;
        flows_play(&wire, 1000, next_noise, &order);
    } else {
        order.disturbed = strcmp(kind, "reorder") == 0;
        flows_play(&wire, 200, next_handshake, &order);
    }
    wire_close(&wire);
    say_done(&order, 0);
}

/* certHash1: the SHA-1 of the leaf that this phone gets to see, in Base64. */
static void hash_text(const struct headend *headend, uint64_t id, char text[32])
{
    uint8_t *leaf = malloc(headend->leaf_size), hash[SHA_DIGEST_LENGTH];

    if (!leaf)
        abort();
    memcpy(leaf, headend->leaf, headend->leaf_size);
    for (unsigned i = 0; i < 8; i++)
        leaf[headend->serial + i] = (uint8_t)(id >> (8 * (7 - i)));
    SHA1(leaf, headend->leaf_size, hash);
    free(leaf);
    EVP_EncodeBlock((uint8_t *)text, hash, sizeof hash);
}

static void write_config(const char *dir, const struct flow *flow, const char *hash)
{
    enum { LINES = 100 };
    char path[4096];
    uint32_t mac = flow->ends.client_mac, ip = flow->ends.server_ip;

    snprintf(path, sizeof path, "%s/cnf/SEP001F6C%06X.cnf.xml", dir, mac);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(1);
    }
    fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<device>\n<deviceProtocol>SIP"
                  "</deviceProtocol>\n<sipProfile><sipLines>\n");
    for (unsigned i = 0; i < LINES; i++)
        fprintf(
            file,
            "<line button=\"%u\"><featureID>9</featureID><featureLabel>%u</featureLabel><name>%u"
            "</name><displayName>Desk %u</displayName><contact>%08x</contact><proxy>USECALLMANAGER"
            "</proxy></line>\n",
            i + 1, 1000 + i, 1000 + i, mac % 10000, mac * 31 + i);
    fprintf(
        file,
        "</sipLines></sipProfile>\n<vpnGroup>\n<mtu>1290</mtu>\n<authMethod>2</authMethod>\n"
        "<enableHostIDCheck>0</enableHostIDCheck>\n<addresses>\n<url1>https://%u.%u.%u.%u/phone"
        "</url1>\n</addresses>\n<credentials>\n<hashAlg>0</hashAlg>\n<certHash1>%s</certHash1>\n"
        "</credentials>\n</vpnGroup>\n</device>\n",
        ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, hash);
    fclose(file);
}

/* What a phone says at its desk: names, registration, log lines, its headend, a status page. */
static void play_phone(const struct world *world, uint64_t id, struct wire *wire)
{
    static const size_t noises[] = {2, 3, 5, 7};
    struct flow flows[5];
    size_t count = 0;

    for (size_t i = 0; i < 4; i++) {
        flows[count] = flow_of(&world->noise[noises[i]], id * 8 + i);
        flows[count++].ends.client_mac = (uint32_t)id;
    }
    flows[count++] = flow_of(&world->headends[id % world->headend_count].talk, id);
    while (count > 0) {
        size_t i = random_number() % count;
        wire->now += 1000;
        if (!flow_step(&flows[i], wire))
            flows[i] = flows[--count];
    }
}

static void make_directories(const char *dir)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/cnf", dir);
    mkdir(dir, 0755);
    mkdir(path, 0755); /* what fails here fails when the files are written */
}

static void make_batch(const struct world *world, const char *dir, uint64_t captures)
{
    struct wire wire = {0}, total = {0};
    struct order order = {.world = world, .wire = &total, .done = captures};
    uint64_t stale = 0;
    char path[4096], hash[32];

    make_directories(dir);
    for (uint64_t id = 0; id < captures; id++) {
        const struct headend *headend = &world->headends[id % world->headend_count];
        struct flow flow = flow_of(&headend->talk, id);
        bool old = id % STALE_EVERY == STALE_EVERY - 1;
        snprintf(path, sizeof path, "%s/phone%06llu.pcap", dir, (unsigned long long)id);
        wire_open(&wire, path, first_moment + id * 60000000);
        play_phone(world, id, &wire);
        wire_close(&wire);
        total.packets += wire.packets;
        total.bytes += wire.bytes;
        stale += old;
        hash_text(headend, old ? ~id : id, hash);
        write_config(dir, &flow, hash);
    }
    say_done(&order, stale);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"bulk", "noise", "handshakes", "reorder", "batch"};
    struct world world;
    size_t kind = 0;

    while (argc == 5 && kind < 5 && strcmp(argv[2], kinds[kind]) != 0)
        kind++;
    if (argc != 5 || kind == 5) {
        fputs("usage: mkcaptures CHAINS bulk|noise|handshakes|reorder|batch OUT AMOUNT\n", stderr);
        return 2;
    }
    world_make(&world, argv[1]);
    if (kind == 4)
        make_batch(&world, argv[3], strtoull(argv[4], NULL, 10));
    else
        make_capture(&world, argv[2], argv[3], strtoull(argv[4], NULL, 10));
    return 0;
}
