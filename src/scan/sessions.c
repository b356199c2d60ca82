/*
 * How it works: what TLS has read of a handshake becomes a struct lp_session, in the capture's
 * arena, and all of them are put in order at the end. With a sink each is made in an arena that is
 * emptied behind it; what stays is its number and its first frame, by which the order is told.
 */
#include "scan/sessions.h"

#include "scan/keys.h"

#include <stdlib.h>

/* 12 bytes, since there may be millions. */
struct lp_session_place {
    uint32_t frame_high, frame_low; /* of the first frame */
    uint32_t number;                /* in the order in which they ended */
};

static struct lp_arena *arena_of(const struct lp_sessions *sessions)
{
    return sessions->sink ? sessions->scratch : sessions->arena;
}

static bool put_chain(const struct lp_sessions *sessions, const struct lp_tls_half *half,
                      struct lp_cert **out, size_t *count)
{
    if (half->cert_count == 0)
        return true;
    struct lp_cert *chain = lp_arena_alloc(arena_of(sessions), half->cert_count * sizeof *chain);
    if (!chain)
        return false;
    for (size_t i = 0; i < half->cert_count; i++) {
        if (half->certs[i].complete)
            chain[i] = *(const struct lp_cert *)half->certs[i].stored;
        chain[i].depth = (unsigned)i;
        chain[i].bytes = half->certs[i].bytes;
    }
    *out = chain;
    *count = half->cert_count;
    return true;
}

static bool put_tunnels(const struct lp_sessions *sessions, const struct lp_way *way,
                        struct lp_session *session)
{
    if (way->outer_count == 0)
        return true;
    struct lp_tunnel *tunnels =
        lp_arena_alloc(arena_of(sessions), way->outer_count * sizeof *tunnels);
    if (!tunnels)
        return false;
    for (unsigned i = 0; i < way->outer_count; i++)
        tunnels[i] = (struct lp_tunnel){way->outer[i].tunnel, way->outer[i].src, way->outer[i].dst};
    session->tunnels = tunnels;
    session->tunnel_count = way->outer_count;
    return true;
}

/* RFC 7250: what was sent has no hash that a phone could hold. */
static void find_raw_key(struct lp_sessions *sessions, const struct lp_tls_half *half)
{
    struct lp_finding finding = {
        .severity = LP_INFO,
        .code = "raw-public-key",
        .session = (int64_t)sessions->count,
        .frame = half->certificate_frame,
    };

    if (half->raw_public_key)
        lp_findings_add(sessions->findings, &finding,
                        "%s: packet %llu: the %s sent a raw public key (RFC 7250) instead of a "
                        "certificate",
                        sessions->path, (unsigned long long)finding.frame,
                        half->is_client ? "client" : "server");
}

/* Where it says that copies are the same. */
static const char *rule_of_copies(const char *transport)
{
    if (strcmp(transport, "tcp") == 0)
        return "RFC 9293 3.8.1";
    return strcmp(transport, "quic") == 0 ? "RFC 9000 2.2" : "RFC 6347 4.2.4";
}

static void find_faults(struct lp_sessions *sessions, const struct lp_tls *tls,
                        const struct lp_way *way)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct lp_tls_half *half = &tls->half[dir];
        struct lp_finding finding = {.severity = LP_WARNING, .session = (int64_t)sessions->count};
        find_raw_key(sessions, half);
        if (half->problem) {
            finding.code = "malformed";
            finding.frame = half->problem_frame;
            lp_findings_add(sessions->findings, &finding, "%s: packet %llu: %s", sessions->path,
                            (unsigned long long)half->problem_frame, half->problem);
        }
        if (way->conflicts[dir]) {
            finding.code = "copies-differ";
            finding.frame = way->first_conflict_frame[dir];
            finding.remedy =
                "look at both packets: a middlebox, a damaged copy or an attack may be at work";
            lp_findings_add(sessions->findings, &finding,
                            "%s: packet %llu: a retransmission (%s) holds other bytes than the "
                            "first copy; the first counts, unless only a later one has a right "
                            "checksum",
                            sessions->path, (unsigned long long)way->first_conflict_frame[dir],
                            rule_of_copies(way->transport));
        }
    }
}

static bool keep(struct lp_sessions *sessions, const struct lp_session *session)
{
    if (!lp_grow_array(&sessions->items, &sessions->cap, sessions->count + 1, sizeof *session))
        return false;
    sessions->items[sessions->count++] = *session;
    return true;
}

static bool hand_on(struct lp_sessions *sessions, const struct lp_session *session)
{
    if (sessions->count == UINT32_MAX ||
        !lp_grow_array(&sessions->places, &sessions->place_cap, sessions->count + 1,
                       sizeof *sessions->places))
        return false;
    sessions->places[sessions->count] =
        (struct lp_session_place){.frame_high = (uint32_t)(session->first_frame >> 32),
                                  .frame_low = (uint32_t)session->first_frame,
                                  .number = (uint32_t)sessions->count};
    sessions->count++;
    return sessions->sink->take(sessions->sink->ctx, session);
}

static void add_one(struct lp_sessions *sessions, const struct lp_tls *tls,
                    const struct lp_way *way)
{
    struct lp_session session = {
        .id = (unsigned)sessions->count, .transport = way->transport, .carrier = way->carrier};
    unsigned client = lp_tls_client(tls, way->known);

    if (sessions->sink)
        lp_arena_reset(sessions->scratch);
    session.client = way->end[client];
    session.server = way->end[1 - client];
    if (!put_tunnels(sessions, way, &session) ||
        !lp_tls_describe(tls, way->known, arena_of(sessions), &session) ||
        !put_chain(sessions, &tls->half[1 - client], &session.chain, &session.chain_count) ||
        !put_chain(sessions, &tls->half[client], &session.client_chain,
                   &session.client_chain_count)) {
        sessions->out_of_memory = true;
        return;
    }
    sessions->limited += session.outcome == LP_OUTCOME_LIMIT;
    sessions->encrypted |= session.outcome == LP_OUTCOME_ENCRYPTED;
    find_faults(sessions, tls, way);
    lp_keys_note_session(tls, &session, sessions->path, sessions->findings);
    sessions->out_of_memory |=
        !(sessions->sink ? hand_on(sessions, &session) : keep(sessions, &session));
}

void lp_sessions_add(struct lp_sessions *sessions, const struct lp_tls *tls,
                     const struct lp_way *way)
{
    struct lp_way behind = *way;

    add_one(sessions, tls, way);
    behind.conflicts[0] = behind.conflicts[1] = 0; /* told once per connection */
    while ((tls = tls->next))
        if (lp_tls_found(tls))
            add_one(sessions, tls, &behind);
}

/* ---- handing over ---- */

static int by_first_frame(const void *left, const void *right)
{
    const struct lp_session *a = left, *b = right;
    if (a->first_frame != b->first_frame)
        return a->first_frame < b->first_frame ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* `place` tells where number i has come to. */
static void renumber_findings(struct lp_sessions *sessions, const uint32_t *place)
{
    for (size_t i = 0; i < sessions->findings->count; i++)
        if (sessions->findings->items[i].session >= 0)
            sessions->findings->items[i].session = place[sessions->findings->items[i].session];
}

static bool take_kept(struct lp_sessions *sessions, struct lp_capture *capture)
{
    uint32_t *place = lp_alloc_array(sessions->count, sizeof *place);

    if (!place)
        return false;
    for (size_t i = 0; i < sessions->count; i++)
        sessions->items[i].id = (unsigned)i;
    if (sessions->count)
        qsort(sessions->items, sessions->count, sizeof *sessions->items, by_first_frame);
    for (size_t i = 0; i < sessions->count; i++) {
        place[sessions->items[i].id] = (uint32_t)i;
        sessions->items[i].id = (unsigned)i;
    }
    renumber_findings(sessions, place);
    lp_free(place);
    capture->session_count = sessions->count;
    capture->sessions =
        lp_arena_copy(capture->arena, sessions->items, sessions->count * sizeof *sessions->items);
    return capture->sessions != NULL;
}

/* ---- those that were handed on ---- */

static bool before(const struct lp_session_place *a, const struct lp_session_place *b)
{
    if (a->frame_high != b->frame_high)
        return a->frame_high < b->frame_high;
    return a->frame_low != b->frame_low ? a->frame_low < b->frame_low : a->number < b->number;
}

/* Lets the one at `at` sink to where it belongs in the heap of the first n. */
static void sink(struct lp_session_place *places, size_t at, size_t n)
{
    struct lp_session_place place = places[at];

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(&places[child], &places[child + 1]))
            child++;
        if (!before(&place, &places[child]))
            break;
        places[at] = places[child];
    }
    places[at] = place;
}

/* In place, which qsort is not: there may be millions, and memory for only so many. */
static void sort(struct lp_session_place *places, size_t n)
{
    for (size_t i = n / 2; i > 0; i--)
        sink(places, i - 1, n);
    for (size_t left = n; left > 1; left--) {
        struct lp_session_place last = places[left - 1];
        places[left - 1] = places[0];
        places[0] = last;
        sink(places, 0, left - 1);
    }
}

static bool any_finding(const struct lp_findings *findings)
{
    bool any = false;

    for (size_t i = 0; i < findings->count; i++)
        any |= findings->items[i].session >= 0;
    return any;
}

static bool take_order(struct lp_sessions *sessions, struct lp_capture *capture)
{
    struct lp_session_place *places = sessions->places;
    uint32_t *place = NULL;

    sort(places, sessions->count);
    if (any_finding(sessions->findings)) {
        place = lp_alloc_array(sessions->count, sizeof *place);
        if (!place)
            return false;
        for (size_t i = 0; i < sessions->count; i++)
            place[places[i].number] = (uint32_t)i;
        renumber_findings(sessions, place);
        lp_free(place);
    }
    /* The numbers move up to the front of the memory that the places are in. */
    for (size_t i = 0; i < sessions->count; i++)
        memmove((uint8_t *)places + i * sizeof places->number, &places[i].number,
                sizeof places->number);
    capture->handed_on = sessions->count;
    capture->order = (uint32_t *)(void *)places;
    sessions->places = NULL;
    return true;
}

bool lp_sessions_take(struct lp_sessions *sessions, struct lp_capture *capture)
{
    return sessions->sink ? take_order(sessions, capture) : take_kept(sessions, capture);
}

void lp_sessions_free(struct lp_sessions *sessions)
{
    lp_free(sessions->items);
    sessions->items = NULL;
    lp_free(sessions->places);
    sessions->places = NULL;
    lp_arena_free(sessions->scratch);
    sessions->scratch = NULL;
}
