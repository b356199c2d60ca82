/*
 * Datagrams of all kinds, from where the network layer leaves off to the sessions: UDP between a
 * few hosts and ports, EAPOL between a few MACs, under a small budget. No session may hold a
 * certificate that is said to be complete without a hash, and nothing is left charged.
 *
 * Input: datagrams, each with four bytes in front: kind, ends and flags (see below), time, and the
 * length (two bytes).
 */
#include "scan/datagrams.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { BUDGET = 512 * 1024, SESSIONS_MOST = 2000 };
enum { EAPOL = 1, SERVER = 2, OTHER = 4, SNAPPED = 8, GROUP = 16 };

static void require(bool condition)
{
    if (!condition)
        abort();
}

static struct lp_endpoint end_of(bool server, bool other)
{
    struct lp_endpoint end = {.ip = {.family = 4, .bytes = {192, 0, 2}}, .has_mac = true};

    end.ip.bytes[3] = server ? 1 : 5;
    end.port = server ? 1812 : other ? 50001 : 50000;
    end.mac[5] = server ? 1 : other ? 6 : 5;
    return end;
}

static void put(struct lp_udp *udp, uint8_t flags, struct lp_parcel *parcel)
{
    bool server = flags & SERVER, other = flags & OTHER;

    parcel->protocol = flags & EAPOL ? LP_PROTOCOL_EAPOL : LP_PROTOCOL_UDP;
    parcel->from = end_of(server, other);
    parcel->to = end_of(!server, other);
    parcel->snapped = flags & SNAPPED;
    parcel->checksum = LP_CHECKSUM_UNKNOWN;
    if (flags & EAPOL)
        parcel->from.ip = parcel->to.ip = (struct lp_ip){0};
    if (flags & GROUP)
        parcel->to.mac[0] = 1;
    lp_udp_put(udp, parcel, NULL, 0);
}

static void check(const struct lp_sessions *sessions)
{
    static const uint8_t zeros[20];

    for (size_t i = 0; i < sessions->count; i++) {
        const struct lp_session *session = &sessions->items[i];
        require(session->transport && session->carrier);
        for (size_t k = 0; k < session->chain_count; k++)
            require(!session->chain[k].complete || memcmp(session->chain[k].sha1, zeros, 20) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct lp_options options;
    struct lp_arena *arena = lp_arena_new();
    struct lp_cert_store *store = arena ? lp_cert_store_new(1, arena, &options) : NULL;
    struct lp_findings findings;
    struct lp_budget budget = {.limit = BUDGET};
    struct lp_rd rest = lp_rd_init(bytes, n);
    uint8_t flags, time;
    uint16_t length;

    require(store != NULL);
    lp_findings_start(&findings, arena, NULL, 0);
    struct lp_sessions sessions = {
        .arena = arena, .store = store, .path = "fuzz", .findings = &findings};
    struct lp_datagrams datagrams = {.sessions = &sessions, .seed = 1};
    struct lp_udp_consumer consumer = lp_datagrams_consumer(&datagrams);
    struct lp_udp *udp = lp_udp_new(1, &budget, BUDGET / 2, &consumer);
    require(udp != NULL);
    for (uint64_t frame = 1; sessions.count < SESSIONS_MOST && lp_rd_u8(&rest, &flags) &&
                             lp_rd_u8(&rest, &time) && lp_rd_u16(&rest, &length);
         frame++) {
        struct lp_parcel parcel = {
            .bytes = lp_rd_head(&rest, length), .frame = frame, .time.sec = time};
        require(lp_rd_skip(&rest, parcel.bytes.left));
        put(udp, flags, &parcel);
        require(budget.used <= budget.limit);
    }
    lp_udp_flush(udp);
    require(!sessions.out_of_memory && !lp_udp_out_of_memory(udp));
    check(&sessions);
    lp_udp_free(udp);
    require(budget.used == 0);
    lp_sessions_free(&sessions);
    lp_cert_store_free(store);
    lp_arena_free(arena);
    return 0;
}
