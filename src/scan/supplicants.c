/*
 * How it works: a table holds the conversations by who the supplicant is. In EAPOL that is its MAC;
 * where the authenticator addresses the group of all of them, the supplicant that answers it tells.
 * In RADIUS it is what an Access-Request says of the user and the place where it is plugged in, and
 * the answer has the identifier of the request (RFC 2865 3).
 *
 * A conversation has two streams of TLS records, which are read like a TCP connection's. It is over
 * with EAP's success or failure, or when the server starts another one.
 */
#include "scan/supplicants.h"

#include "base/hash.h"
#include "base/table.h"
#include "carrier/eap.h"
#include "carrier/radius.h"

enum {
    SUPPLICANT = 0, /* directions, by who sends */
    SERVER = 1,
    IDENTITY_MOST = 128,
    PENDING = 1024,  /* places for requests that wait for an answer */
    PATIENCE = 60,   /* seconds that a request may wait */
    MOST = 4096,     /* conversations at a time */
    LOOKED_AT = 256, /* of them, for one whose supplicant is not known yet */
};

struct conversation {
    struct lp_node node; /* first: the table knows the conversation by it */
    uint8_t identity[IDENTITY_MOST];
    size_t identity_len;
    struct lp_endpoint end[2];
    bool nameless; /* nothing was seen of the supplicant yet */
    const char *transport, *carrier;
    struct lp_tls tls;
    struct lp_eap_half half[2];
    bool begun, over, limited;
    uint8_t start_id;
};

/* A RADIUS request. */
struct pending {
    struct conversation *conversation; /* NULL: the place is free */
    uint16_t port;
    uint8_t id;
    struct lp_time time;
};

struct lp_supplicants {
    struct lp_table table; /* of struct conversation, which it owns */
    uint64_t seed;
    struct lp_sessions *sessions; /* borrowed */
    struct lp_scan_keys *keys;    /* borrowed, or NULL */
    struct lp_udp_flow *flow;     /* borrowed */
    struct lp_budget *budget;     /* the flow's */
    struct pending pending[PENDING];
};

struct lp_supplicants *lp_supplicants_new(uint64_t seed, struct lp_sessions *sessions,
                                          struct lp_scan_keys *keys, struct lp_udp_flow *flow)
{
    if (!lp_budget_take(&flow->budget, sizeof(struct lp_supplicants))) {
        flow->limited = true;
        return NULL;
    }
    struct lp_supplicants *all = lp_alloc(sizeof *all);
    if (!all || !lp_table_start(&all->table)) {
        lp_free(all);
        lp_budget_give(&flow->budget, sizeof *all);
        sessions->out_of_memory = true;
        return NULL;
    }
    all->seed = seed;
    all->sessions = sessions;
    all->keys = keys;
    all->flow = flow;
    all->budget = &flow->budget;
    return all;
}

/* ---- TLS ---- */

static struct lp_tls_input input_of(const struct lp_eap_half *half)
{
    return (struct lp_tls_input){.bytes = lp_rd_init(half->stream.bytes, half->whole),
                                 .offset = half->offset,
                                 .ctx = half,
                                 .packet = lp_eap_packet};
}

static void read_half(struct conversation *c, unsigned dir)
{
    struct lp_tls_input input = input_of(&c->half[dir]);
    size_t release = 0;
    enum lp_tls_want want = lp_tls_read(&c->tls, dir, &input, &release);

    c->limited |= want == LP_TLS_ROOM;
    lp_eap_release(&c->half[dir], want == LP_TLS_DONE ? input.bytes.left : release);
}

/* What one direction brings, the other may be waiting for. */
static void read_halves(struct conversation *c, unsigned dir)
{
    enum { HELLOS = 4 }; /* news that there can be */

    for (unsigned i = 0; i < HELLOS; i++, dir = 1 - dir) {
        read_half(c, dir);
        if (!lp_tls_news(&c->tls, dir))
            return;
    }
}

/* The stream breaks off; what is there of an unfinished message counts as far as it goes. */
static void break_off(struct conversation *c, unsigned dir, enum lp_tls_cut cut)
{
    struct lp_eap_half *half = &c->half[dir];
    struct lp_tls_input rest = input_of(half);

    rest.bytes = lp_rd_init(half->stream.bytes, half->stream.len);
    lp_tls_cut(&c->tls, dir, cut, &rest);
    lp_eap_break(half);
}

/* ---- a conversation ---- */

static void start_tls(struct lp_supplicants *all, struct conversation *c)
{
    c->tls = (struct lp_tls){.add_cert = lp_cert_store_add,
                             .drop_cert = lp_cert_store_drop,
                             .add_ctx = all->sessions->store,
                             .budget = all->budget,
                             .keys = all->keys ? lp_scan_keys_tls(all->keys) : NULL};
}

/* Adds the handshake, if there was one, and makes room for the next. */
static void conclude(struct lp_supplicants *all, struct conversation *c, bool at_end)
{
    struct lp_way way = {.transport = c->transport,
                         .carrier = c->carrier,
                         .end = {c->end[SUPPLICANT], c->end[SERVER]},
                         .outer = all->flow->outer,
                         .outer_count = all->flow->outer_count};

    for (unsigned dir = 0; dir < 2; dir++) {
        struct lp_tls_circumstances *known = &way.known[dir];
        break_off(c, dir, c->half[dir].assembling ? LP_TLS_CUT_LOST : LP_TLS_CUT_END);
        known->packets = c->half[dir].packets > 0;
        known->acks = known->packets; /* in lockstep every packet answers another */
        known->closed = c->over;
        known->limited = c->limited || !at_end;
        known->cut_short = all->sessions->cut_short && at_end;
        known->opened = dir == SUPPLICANT;
        c->half[dir].packets = 0;
        memset(c->half[dir].seen, 0, sizeof c->half[dir].seen);
    }
    if (lp_tls_found(&c->tls))
        lp_sessions_add(all->sessions, &c->tls, &way);
    all->flow->limited |= c->limited;
    lp_tls_free(&c->tls);
    start_tls(all, c);
    c->begun = c->limited = false;
}

static void leave(struct lp_supplicants *all, struct conversation *c, bool at_end)
{
    conclude(all, c, at_end);
    for (unsigned i = 0; i < PENDING; i++)
        if (all->pending[i].conversation == c)
            all->pending[i].conversation = NULL;
    lp_table_remove(&all->table, &c->node);
    lp_tls_free(&c->tls);
    for (unsigned dir = 0; dir < 2; dir++)
        lp_eap_free(&c->half[dir]);
    lp_budget_give(all->budget, sizeof *c);
    lp_free(c);
}

void lp_supplicants_end(struct lp_supplicants *all, bool at_end)
{
    if (!all)
        return;
    while (all->table.oldest)
        leave(all, (struct conversation *)all->table.oldest, at_end);
    lp_table_end(&all->table);
    lp_budget_give(all->budget, sizeof *all);
    lp_free(all);
}

/* Makes room when another conversation begins. False: the packet was sent again, or comes late. */
static bool enter(struct lp_supplicants *all, struct conversation *c, unsigned dir,
                  const struct lp_eap *eap)
{
    bool another = eap->start || c->over;

    if (eap->start && c->begun && !c->over && eap->id == c->start_id)
        return false;
    if (!eap->start && (lp_eap_is_copy(&c->half[dir], eap) || (c->over && lp_rd_end(&eap->data))))
        return false;
    if (another && c->begun)
        conclude(all, c, true);
    if (eap->start)
        c->start_id = eap->id;
    c->begun = true;
    c->over = false;
    c->carrier = lp_eap_carrier(eap->type);
    return true;
}

/* A packet of the conversation. */
static void take_eap(struct lp_supplicants *all, struct conversation *c, const struct lp_eap *eap,
                     const struct lp_parcel *parcel)
{
    unsigned dir = eap->code == LP_EAP_RESPONSE ? SUPPLICANT : SERVER;
    struct lp_eap_half *half = &c->half[dir];

    if (eap->code == LP_EAP_SUCCESS || eap->code == LP_EAP_FAILURE) {
        c->over = c->begun;
        return;
    }
    if (!enter(all, c, dir, eap))
        return;
    enum lp_eap_step step = lp_eap_push(half, eap, parcel->frame, parcel->time);
    if (step == LP_EAP_GAP) {
        break_off(c, dir, LP_TLS_CUT_LOST);
        step = lp_eap_push(half, eap, parcel->frame, parcel->time);
    }
    switch (step) {
    case LP_EAP_BYTES:
        read_halves(c, dir);
        break;
    case LP_EAP_CUT:
        break_off(c, dir, LP_TLS_CUT_SNAPPED);
        break;
    case LP_EAP_BROKEN:
        break_off(c, dir, LP_TLS_CUT_LOST);
        break;
    case LP_EAP_LIMIT:
        c->limited = true;
        break_off(c, dir, LP_TLS_CUT_LIMIT);
        break;
    case LP_EAP_GAP:
    case LP_EAP_NOTHING:
        break;
    }
}

/* ---- finding the conversation ---- */

static uint64_t hash_of(const struct lp_supplicants *all, struct lp_rd identity)
{
    return lp_hash_bytes(all->seed, identity.ptr, identity.left);
}

static struct conversation *find(const struct lp_supplicants *all, struct lp_rd identity)
{
    struct lp_node *node = lp_table_first(&all->table, hash_of(all, identity));

    for (; node; node = lp_table_next(node)) {
        struct conversation *c = (struct conversation *)node;
        if (c->identity_len == identity.left &&
            memcmp(c->identity, identity.ptr, identity.left) == 0)
            return c;
    }
    return NULL;
}

static void set_identity(struct lp_supplicants *all, struct conversation *c, struct lp_rd identity)
{
    uint64_t hash = hash_of(all, identity);

    c->identity_len = identity.left;
    if (lp_rd_copy(&identity, c->identity, identity.left))
        lp_table_add(&all->table, &c->node, hash);
}

/* NULL: there is no memory. */
static struct conversation *begin(struct lp_supplicants *all, struct lp_rd identity)
{
    while (all->table.count >= MOST || !lp_budget_take(all->budget, sizeof(struct conversation))) {
        all->flow->limited = true;
        if (!all->table.oldest)
            return NULL;
        leave(all, (struct conversation *)all->table.oldest, false);
    }
    struct conversation *c = lp_alloc(sizeof *c);
    if (!c) {
        lp_budget_give(all->budget, sizeof *c);
        all->sessions->out_of_memory = true;
        return NULL;
    }
    c->half[0].stream.budget = c->half[1].stream.budget = all->budget;
    start_tls(all, c);
    set_identity(all, c, identity);
    return c;
}

static bool is_group(const uint8_t mac[6])
{
    return mac[0] & 1;
}

/* The latest conversation of this authenticator (NULL: of any), as far as that is known, whose
 * supplicant is known or not. */
static struct conversation *of_authenticator(const struct lp_supplicants *all, const uint8_t *mac,
                                             bool nameless)
{
    unsigned looked_at = 0;

    for (struct lp_node *node = all->table.newest; node && looked_at < LOOKED_AT;
         node = node->older, looked_at++) {
        struct conversation *c = (struct conversation *)node;
        const struct lp_endpoint *server = &c->end[SERVER];
        if (c->nameless == nameless &&
            (!mac || !server->has_mac || memcmp(server->mac, mac, 6) == 0))
            return c;
    }
    return NULL;
}

static void set_mac(struct lp_endpoint *end, const uint8_t mac[6])
{
    if (is_group(mac))
        return;
    end->has_mac = true;
    memcpy(end->mac, mac, 6);
}

static struct conversation *from_supplicant(struct lp_supplicants *all,
                                            const struct lp_parcel *parcel)
{
    struct lp_rd identity = lp_rd_init(parcel->from.mac, 6);
    struct conversation *c = find(all, identity);

    if (!c) {
        const uint8_t *mac = parcel->to.mac;
        c = of_authenticator(all, is_group(mac) ? NULL : mac, true);
        if (c) {
            lp_table_remove(&all->table, &c->node);
            set_identity(all, c, identity);
        } else {
            c = begin(all, identity);
        }
    }
    if (c) {
        c->nameless = false;
        set_mac(&c->end[SUPPLICANT], parcel->from.mac);
        set_mac(&c->end[SERVER], parcel->to.mac);
    }
    return c;
}

static struct conversation *from_authenticator(struct lp_supplicants *all,
                                               const struct lp_parcel *parcel)
{
    bool group = is_group(parcel->to.mac);
    struct lp_rd identity = lp_rd_init(group ? parcel->from.mac : parcel->to.mac, 6);
    struct conversation *c = group ? of_authenticator(all, parcel->from.mac, false) : NULL;

    if (!c)
        c = find(all, identity);
    if (!c) {
        c = begin(all, identity);
        if (c)
            c->nameless = group;
    }
    if (c) {
        set_mac(&c->end[SUPPLICANT], parcel->to.mac);
        set_mac(&c->end[SERVER], parcel->from.mac);
    }
    return c;
}

void lp_supplicants_eapol(struct lp_supplicants *all, const struct lp_parcel *parcel)
{
    struct lp_rd packet;
    struct lp_eap eap;

    if (!lp_eapol_read(parcel->bytes, &packet) || !lp_eap_read(packet, &eap))
        return;
    struct conversation *c = eap.code == LP_EAP_RESPONSE ? from_supplicant(all, parcel)
                                                         : from_authenticator(all, parcel);
    if (!c)
        return;
    c->transport = "eapol";
    lp_table_touch(&all->table, &c->node);
    take_eap(all, c, &eap, parcel);
}

/* ---- RADIUS ---- */

/* Appends a part and its length, so that different parts never make the same whole. */
static void add_part(uint8_t identity[IDENTITY_MOST], size_t *len, struct lp_rd part)
{
    enum { PART_MOST = 40 };
    size_t n = part.left < PART_MOST ? part.left : PART_MOST;

    identity[(*len)++] = (uint8_t)part.left;
    if (lp_rd_copy(&part, identity + *len, n))
        *len += n;
}

static struct pending *pending_of(struct lp_supplicants *all, uint16_t port, uint8_t id)
{
    return &all->pending[(port * 31U + id) % PENDING];
}

static struct conversation *of_request(struct lp_supplicants *all, const struct lp_radius *radius,
                                       const struct lp_parcel *parcel)
{
    uint8_t identity[IDENTITY_MOST];
    size_t len = 0;

    add_part(identity, &len, radius->station);
    add_part(identity, &len, radius->user);
    add_part(identity, &len, radius->port);
    struct conversation *c = find(all, lp_rd_init(identity, len));
    if (!c)
        c = begin(all, lp_rd_init(identity, len));
    if (!c)
        return NULL;
    c->end[SUPPLICANT] = parcel->from;
    c->end[SUPPLICANT].has_mac = lp_radius_mac(radius->station, c->end[SUPPLICANT].mac);
    if (!c->end[SERVER].has_mac) {
        c->end[SERVER] = parcel->to;
        c->end[SERVER].has_mac = false; /* its own packets show it */
    }
    *pending_of(all, parcel->from.port, radius->id) =
        (struct pending){c, parcel->from.port, radius->id, parcel->time};
    return c;
}

/* Without the request nobody can tell whom the answer is for: then all such make up one
 * conversation. */
static struct conversation *of_answer(struct lp_supplicants *all, const struct lp_radius *radius,
                                      const struct lp_parcel *parcel)
{
    static const uint8_t nobody[3]; /* as of a request that says nothing */
    struct pending *pending = pending_of(all, parcel->to.port, radius->id);
    struct conversation *c = NULL;

    if (pending->conversation && pending->port == parcel->to.port && pending->id == radius->id &&
        parcel->time.sec - pending->time.sec <= PATIENCE)
        c = pending->conversation;
    if (!c)
        c = find(all, lp_rd_init(nobody, sizeof nobody));
    if (!c) {
        c = begin(all, lp_rd_init(nobody, sizeof nobody));
        if (!c)
            return NULL;
        c->end[SUPPLICANT] = parcel->to;
        c->end[SUPPLICANT].has_mac = false;
    }
    c->end[SERVER] = parcel->from;
    return c;
}

void lp_supplicants_radius(struct lp_supplicants *all, const struct lp_parcel *parcel)
{
    struct lp_radius radius;
    struct lp_eap eap;

    if (!lp_radius_read(parcel->bytes, &radius) ||
        !lp_eap_read(lp_rd_init(radius.eap, radius.eap_len), &eap))
        return;
    bool request = radius.code == LP_RADIUS_REQUEST;
    if (request != (eap.code == LP_EAP_RESPONSE))
        return;
    struct conversation *c =
        request ? of_request(all, &radius, parcel) : of_answer(all, &radius, parcel);
    if (!c)
        return;
    c->transport = parcel->protocol == LP_PROTOCOL_TCP ? "tcp" : "udp";
    lp_table_touch(&all->table, &c->node);
    take_eap(all, c, &eap, parcel);
}
