/*
 * Lists that were given speak for the phone that their names tell, or for all. Lists that a phone
 * fetched within the capture speak for that phone from then on, until it fetches the next of that
 * kind: a CTL and an ITL stand side by side.
 */
#include "scan/trusted.h"

#include "base/text.h"
#include "x509/x509.h"

struct side {
    const char *source;               /* borrowed */
    const struct lp_boot_file *file;  /* borrowed; NULL: it was given */
    const struct lp_trust_list *list; /* borrowed */
    uint64_t until;                   /* the frame from which another one counts; 0: no end */
    bool bound;                       /* it was given and names a phone that the capture shows */
    uint8_t mac[6];
};

struct sides {
    const struct lp_boot *boot;
    struct side *items; /* in the capture's arena */
    size_t count;
};

/* ---- gathering ---- */

bool lp_trust_list_digest(struct lp_trust_list *list)
{
    struct lp_digester *digester = lp_digester_new();
    bool ok = digester != NULL;

    for (size_t i = 0; i < list->count && ok; i++) {
        struct lp_trust_record *record = &list->records[i];
        struct lp_cert_hash hash = {.algorithm = LP_HASH_SHA256, .digest_len = 32};
        uint8_t sha1[20];

        if (!record->der)
            continue;
        ok = lp_digest_cert(digester, record->der, record->der_len, sha1, hash.digest);
        record->hash = hash;
    }
    lp_digester_free(digester);
    return ok;
}

static bool seen_in(const struct lp_capture *capture, const uint8_t mac[6])
{
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_endpoint *client = &capture->sessions[i].client;
        if (client->has_mac && memcmp(client->mac, mac, sizeof client->mac) == 0)
            return true;
    }
    return false;
}

static bool given_sides(struct sides *sides)
{
    const struct lp_capture *capture = sides->boot->capture;
    const struct lp_expected *expected = sides->boot->expected;
    const struct lp_trust_list *list;
    const char *source;
    char name[16];
    size_t count = 0;

    while (expected && lp_expected_trust_list(expected, count, &source))
        count++;
    sides->items = lp_arena_alloc(capture->arena, count * sizeof *sides->items);
    if (!sides->items)
        return false;
    while (sides->count < count &&
           (list = lp_expected_trust_list(expected, sides->count, &source))) {
        struct side *side = &sides->items[sides->count++];
        *side = (struct side){.source = source, .list = list};
        side->bound = lp_phone_name_find(source, name, side->mac) && seen_in(capture, side->mac);
    }
    return true;
}

/* "CTL" or "ITL" in either case: what the file replaces. */
static bool same_kind(const struct lp_boot_file *a, const struct lp_boot_file *b)
{
    return (a->name[0] | 0x20) == (b->name[0] | 0x20);
}

static void end_former(struct sides *sides, const struct lp_boot_file *file)
{
    for (size_t i = 0; i < sides->count; i++) {
        struct side *former = &sides->items[i];
        if (!former->until && same_kind(former->file, file) &&
            lp_clients_same(sides->boot->clients, &former->file->client, &file->client))
            former->until = file->frame + 1;
    }
}

static bool fetched_sides(struct sides *sides)
{
    const struct lp_boot *boot = sides->boot;

    sides->items = lp_arena_alloc(boot->capture->arena, boot->list_count * sizeof *sides->items);
    if (!sides->items)
        return false;
    for (size_t i = 0; i < boot->list_count; i++) {
        struct lp_boot_list *from = &boot->lists[i];
        if (!lp_trust_list_digest(&from->list))
            return false;
        end_former(sides, from->file);
        sides->items[sides->count++] =
            (struct side){.source = from->file->name, .file = from->file, .list = &from->list};
    }
    return true;
}

/* ---- which speaks ---- */

/* A given list that names a phone is another's when the capture shows that phone elsewhere. */
static bool speaks_for(const struct sides *sides, const struct side *side,
                       const struct lp_session *session)
{
    const struct lp_endpoint *client = &session->client;

    if (side->file)
        return lp_clients_same(sides->boot->clients, &side->file->client, client) &&
               session->first_frame > side->file->frame &&
               (!side->until || session->first_frame < side->until);
    return !side->bound || !client->has_mac ||
           memcmp(side->mac, client->mac, sizeof client->mac) == 0;
}

static void judge(struct lp_trust_comparison *it)
{
    const struct lp_session *session = it->session;

    if (!lp_whole_leaf(session)) {
        it->verdict = LP_UNDECIDED;
        it->reason = session->reason ? session->reason : LP_REASON_NO_CERTIFICATE_MESSAGE;
    } else if (it->says == LP_TRUST_DOUBTFUL) {
        it->verdict = LP_UNDECIDED;
        it->reason = LP_REASON_LIMIT;
    } else {
        it->verdict = it->says == LP_TRUST_NAMES ? LP_MATCH : LP_MISMATCH;
    }
}

static void compare(const struct sides *sides, struct lp_trust_comparison *it)
{
    const struct lp_cert *leaf = lp_whole_leaf(it->session);

    for (size_t i = 0; i < sides->count; i++) {
        const struct side *side = &sides->items[i];
        const struct lp_trust_record *record;
        if (!speaks_for(sides, side, it->session))
            continue;
        enum lp_trust_says says = lp_trust_says(side->list, it->service, leaf, &record);
        if (says <= it->says)
            continue;
        it->says = says;
        it->source = side->source;
        it->record = record;
    }
    if (it->source)
        judge(it);
}

bool lp_trusted_compare(const struct lp_boot *boot, const bool *compared,
                        struct lp_trust_comparison **out)
{
    const struct lp_capture *capture = boot->capture;
    struct sides sides = {.boot = boot};

    *out = lp_arena_alloc(capture->arena, capture->session_count * sizeof **out);
    if (!*out || !given_sides(&sides) || (sides.count == 0 && !fetched_sides(&sides)))
        return false;
    for (size_t i = 0; i < capture->session_count; i++) {
        struct lp_trust_comparison *it = &(*out)[i];
        *it = (struct lp_trust_comparison){
            .session = &capture->sessions[i],
            .service = lp_trust_service_at(capture->sessions[i].server.port)};
        if (it->service && !compared[i])
            compare(&sides, it);
    }
    return true;
}
