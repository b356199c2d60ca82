/*
 * A phone that speaks IPv4 and IPv6 asks, fetches and connects now by the one, now by the other.
 * Its addresses have nothing in common; the MAC that its frames come from is what they share.
 *
 * A router's MAC is shared by everybody behind it. So a MAC stands for one host only where the
 * capture shows it with one address of each kind at most: IPv4, IPv6, and IPv6 of the link alone
 * (RFC 4291 2.5.6), which every host has besides. Whatever else has it, a server or a second
 * address, makes it nobody's: then the addresses alone tell clients apart.
 */
#include "phone/clients.h"

#include "base/carrier.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum kind { KIND_NONE, KIND_IPV4, KIND_IPV6, KIND_LINK_LOCAL };

struct seen {
    uint64_t mac;
    enum kind kind;
    const struct lp_ip *ip; /* borrowed */
};

/* Room is for all; `kinds` tells which there are. */
struct gathered {
    struct seen *items; /* owned; NULL: only count */
    size_t count;
    unsigned kinds;
};

uint64_t lp_mac_number(const uint8_t mac[6])
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 6; i++)
        number = number << 8 | mac[i];
    return number;
}

static enum kind kind_of(const struct lp_ip *ip)
{
    if (ip->family == 4)
        return KIND_IPV4;
    if (ip->family != 6)
        return KIND_NONE;
    return ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80 ? KIND_LINK_LOCAL : KIND_IPV6;
}

/* ---- gathering ---- */

/* The zeros of a loopback interface and a group's address (IEEE 802) are nobody's. */
static void gather(struct gathered *all, const struct lp_endpoint *end)
{
    enum kind kind = kind_of(&end->ip);

    if (!end->has_mac || kind == KIND_NONE || lp_mac_number(end->mac) == 0 || (end->mac[0] & 1))
        return;
    if (all->items)
        all->items[all->count] = (struct seen){lp_mac_number(end->mac), kind, &end->ip};
    all->count++;
    all->kinds |= 1U << kind;
}

/* In RADIUS the client's address and MAC are two machines'. */
static void gather_all(struct gathered *all, const struct lp_capture *capture)
{
    all->count = 0;
    for (size_t i = 0; i < capture->session_count; i++) {
        if (lp_is_8021x(&capture->sessions[i]))
            continue;
        gather(all, &capture->sessions[i].client);
        gather(all, &capture->sessions[i].server);
    }
    for (size_t i = 0; i < capture->attempt_count; i++) {
        gather(all, &capture->attempts[i].client);
        gather(all, &capture->attempts[i].server);
    }
    for (size_t i = 0; i < capture->file_count; i++) {
        gather(all, &capture->files[i].client);
        gather(all, &capture->files[i].server);
    }
    for (size_t i = 0; i < capture->dns_answer_count; i++)
        gather(all, &capture->dns_answers[i].client);
}

/* ---- whose a MAC is ---- */

static int by_mac(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;

    if (a->mac != b->mac)
        return a->mac < b->mac ? -1 : 1;
    return (int)a->kind - (int)b->kind;
}

/* The items of one MAC, of the `count` that are left; *one: they are several addresses of one host.
 */
static size_t one_mac(const struct seen *items, size_t count, bool *one)
{
    size_t n = 1;
    bool shared = false;

    for (; n < count && items[n].mac == items[0].mac; n++)
        shared = shared ||
                 (items[n].kind == items[n - 1].kind && !lp_ip_equal(items[n].ip, items[n - 1].ip));
    *one = !shared && items[0].kind != items[n - 1].kind;
    return n;
}

bool lp_clients_start(struct lp_clients *clients, const struct lp_capture *capture)
{
    struct gathered all = {.items = NULL};
    bool one;

    *clients = (struct lp_clients){.macs = NULL};
    gather_all(&all, capture);
    if ((all.kinds & (all.kinds - 1)) == 0) /* one kind at most: addresses tell everything */
        return true;
    all.items = lp_alloc_array(all.count, sizeof *all.items);
    clients->macs = lp_alloc_array(all.count, sizeof *clients->macs);
    if (!all.items || !clients->macs) {
        lp_free(all.items);
        lp_clients_end(clients);
        return false;
    }
    gather_all(&all, capture);
    qsort(all.items, all.count, sizeof *all.items, by_mac);
    for (size_t i = 0; i < all.count;) {
        uint64_t mac = all.items[i].mac;
        i += one_mac(&all.items[i], all.count - i, &one);
        if (one)
            clients->macs[clients->count++] = mac;
    }
    lp_free(all.items);
    return true;
}

void lp_clients_end(struct lp_clients *clients)
{
    lp_free(clients->macs);
    *clients = (struct lp_clients){.macs = NULL};
}

/* ---- asking ---- */

static int by_number(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

bool lp_clients_same(const struct lp_clients *clients, const struct lp_endpoint *a,
                     const struct lp_endpoint *b)
{
    enum kind kind = kind_of(&a->ip), other = kind_of(&b->ip);

    if (kind == other || kind == KIND_NONE || other == KIND_NONE)
        return kind != KIND_NONE && lp_ip_equal(&a->ip, &b->ip);
    if (clients->count == 0 || !a->has_mac || !b->has_mac ||
        memcmp(a->mac, b->mac, sizeof a->mac) != 0)
        return false;
    const uint64_t mac = lp_mac_number(a->mac);
    return bsearch(&mac, clients->macs, clients->count, sizeof mac, by_number) != NULL;
}
