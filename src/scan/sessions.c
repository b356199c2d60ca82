#include "scan/sessions.h"

#include "scan/keys.h"

#include <stdlib.h>

static bool put_chain(const struct lp_sessions *sessions, const struct lp_tls_half *half,
                      struct lp_cert **out, size_t *count)
{
    if (half->cert_count == 0)
        return true;
    struct lp_cert *chain = lp_arena_alloc(sessions->arena, half->cert_count * sizeof *chain);
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
    struct lp_tunnel *tunnels = lp_arena_alloc(sessions->arena, way->outer_count * sizeof *tunnels);
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

static void add_one(struct lp_sessions *sessions, const struct lp_tls *tls,
                    const struct lp_way *way)
{
    struct lp_session session = {
        .id = (unsigned)sessions->count, .transport = way->transport, .carrier = way->carrier};
    unsigned client = lp_tls_client(tls, way->known);

    session.client = way->end[client];
    session.server = way->end[1 - client];
    if (!put_tunnels(sessions, way, &session) ||
        !lp_tls_describe(tls, way->known, sessions->arena, &session) ||
        !put_chain(sessions, &tls->half[1 - client], &session.chain, &session.chain_count) ||
        !put_chain(sessions, &tls->half[client], &session.client_chain,
                   &session.client_chain_count) ||
        !lp_grow_array(&sessions->items, &sessions->cap, sessions->count + 1, sizeof session)) {
        sessions->out_of_memory = true;
        return;
    }
    sessions->limited += session.outcome == LP_OUTCOME_LIMIT;
    find_faults(sessions, tls, way);
    lp_keys_note_session(tls, &session, sessions->path, sessions->findings);
    sessions->items[sessions->count++] = session;
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

bool lp_sessions_take(struct lp_sessions *sessions, struct lp_capture *capture)
{
    unsigned *place = lp_alloc_array(sessions->count, sizeof *place);

    if (!place)
        return false;
    for (size_t i = 0; i < sessions->count; i++)
        sessions->items[i].id = (unsigned)i;
    if (sessions->count)
        qsort(sessions->items, sessions->count, sizeof *sessions->items, by_first_frame);
    for (size_t i = 0; i < sessions->count; i++) {
        place[sessions->items[i].id] = (unsigned)i;
        sessions->items[i].id = (unsigned)i;
    }
    for (size_t i = 0; i < sessions->findings->count; i++)
        if (sessions->findings->items[i].session >= 0)
            sessions->findings->items[i].session = place[sessions->findings->items[i].session];
    lp_free(place);
    capture->session_count = sessions->count;
    capture->sessions =
        lp_arena_copy(capture->arena, sessions->items, sessions->count * sizeof *sessions->items);
    return capture->sessions != NULL;
}

void lp_sessions_free(struct lp_sessions *sessions)
{
    lp_free(sessions->items);
    sessions->items = NULL;
}
