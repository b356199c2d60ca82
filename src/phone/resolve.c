/*
 * How it works: the answers that this client was given decide. They say when the client knew the
 * address, and a name may have another one for every client that asks. Only where this client was
 * told nothing do the others' answers count, and they confirm nothing. Addresses of the other
 * family say nothing about this one: hosts have both. But a client may ask by IPv4 for where it
 * goes by IPv6, and is the same one (clients.h).
 *
 * An answer after the connection cannot have led to it. That it names the server is no more than a
 * hint; but where it names another one, that is as good a reason as ever to doubt.
 *
 * An answer that ends at an alias is followed to what that name's answers say (RFC 1034 3.6.2),
 * through so many names at most.
 */
#include "phone/resolve.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MOST = 16 };

/* Where the name's answers begin, or would stand. */
static size_t place_of(const struct lp_capture *capture, const char *name)
{
    size_t low = 0, high = capture->dns_answer_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(capture->dns_answers[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct lp_dns_answer *lp_resolve_answers(const struct lp_capture *capture, const char *host,
                                               size_t *count)
{
    size_t first = place_of(capture, host), end = first;

    while (end < capture->dns_answer_count && strcmp(capture->dns_answers[end].name, host) == 0)
        end++;
    *count = end - first;
    return *count ? &capture->dns_answers[first] : NULL;
}

static bool earlier(const struct lp_time *a, const struct lp_time *b)
{
    return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

/* The names that lead from the host onward, each with the moment from which it was known to. */
struct names {
    struct {
        const char *name;
        struct lp_time since;
    } items[NAMES_MOST];
    size_t count;
};

static void add_name(struct names *names, const char *name, struct lp_time since)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].name, name) == 0)
            return;
    if (names->count == NAMES_MOST)
        return;
    names->items[names->count].name = name;
    names->items[names->count++].since = since;
}

/* What answers say about one connection. */
struct said {
    bool any;                         /* the name has addresses of the server's kind */
    const struct lp_dns_answer *here; /* the earliest that is the server's; NULL: none is */
    struct lp_time since;             /* when it was known that it leads from the host to here */
};

static void take_address(struct said *said, const struct lp_resolve *it,
                         const struct lp_dns_answer *answer, const struct lp_time *named)
{
    const struct lp_time *since = earlier(&answer->time, named) ? named : &answer->time;

    said->any = said->any || answer->ip.family == it->server->ip.family;
    if (!lp_ip_equal(&answer->ip, &it->server->ip) || (said->here && !earlier(since, &said->since)))
        return;
    said->here = answer;
    said->since = *since;
}

/* The answers that were given to this client, or (`own` is false) to whomsoever. */
static struct said ask(const struct lp_resolve *it, bool own)
{
    struct said said = {.any = false};
    struct names names = {.count = 0};

    add_name(&names, it->host, (struct lp_time){.sec = INT64_MIN});
    for (size_t i = 0; i < names.count; i++) {
        const struct lp_time named = names.items[i].since;
        size_t count;
        const struct lp_dns_answer *answer =
            lp_resolve_answers(it->capture, names.items[i].name, &count);
        for (; count; count--, answer++) {
            if (own && !lp_clients_same(it->clients, &answer->client, it->client))
                continue;
            if (answer->ip.family)
                take_address(&said, it, answer, &named);
            else if (answer->alias)
                add_name(&names, answer->alias,
                         earlier(&answer->time, &named) ? named : answer->time);
        }
    }
    return said;
}

enum lp_resolve_result lp_resolve(const struct lp_resolve *it, const struct lp_dns_answer **answer)
{
    struct said said = ask(it, true);

    *answer = said.here;
    if (said.here)
        return earlier(&it->when, &said.since) ? LP_RESOLVE_LATE : LP_RESOLVE_CONFIRMED;
    if (said.any)
        return LP_RESOLVE_ELSEWHERE;
    said = ask(it, false);
    *answer = said.here;
    if (said.here)
        return LP_RESOLVE_OTHERS;
    return said.any ? LP_RESOLVE_ELSEWHERE : LP_RESOLVE_UNKNOWN;
}

/* ---- any name ---- */

static int by_address(const void *left, const void *right)
{
    const struct lp_ip *a = left, *b = right;

    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16);
}

bool lp_resolve_any(const struct lp_capture *capture, bool *out)
{
    size_t count = capture->dns_answer_count;
    bool found = false;

    struct lp_ip *known = lp_alloc_array(count, sizeof *known);
    if (!known)
        return false;
    for (size_t i = 0; i < count; i++)
        known[i] = capture->dns_answers[i].ip;
    if (count > 1)
        qsort(known, count, sizeof *known, by_address);
    for (size_t i = 0; i < capture->session_count && count && !found; i++) {
        const struct lp_ip *server = &capture->sessions[i].server.ip;
        found = server->family && bsearch(server, known, count, sizeof *known, by_address);
    }
    lp_free(known);
    *out = found;
    return true;
}
