/*
 * How a configuration finds its handshakes.
 *
 * The rules stand in the order of their strength. (A manifest that names the configuration of each
 * capture will come before all of them.)
 *
 *   mac   the phone's MAC is the client's: the capture point sees the phones themselves. Then every
 *         handshake from such a MAC has one maker, and is held against that phone's configuration
 *         alone. A handshake from a MAC of no configured phone was made by some other device.
 *   name  the capture's path names the phone; handshakes without a known maker are taken for its.
 *   client  it fetched the configuration within this capture.
 *   only  there is one configuration, and nothing to choose.
 *   url   nobody knows who made the handshake, but it went to the configuration's url. What the
 *         headend presents to one caller says something about what it presents to the next.
 *
 * A bare hash or certificate has no phone: the maker does not matter to it.
 */
#include "phone/pairing.h"

#include "base/carrier.h"
#include "base/text.h"
#include "phone/phone.h"
#include "phone/resolve.h"

#include <stdlib.h>

struct lp_pairing_side {
    const char *rule; /* static, or NULL */
    bool phone_side;  /* some phone's configuration */
    bool has_mac;
    uint64_t mac;
};

struct phone_mac {
    uint64_t mac;
    bool seen; /* as a client in the capture */
};

uint64_t lp_pairing_config_mac(const struct lp_config *config)
{
    char name[16];
    uint8_t mac[6];

    if (!lp_is_phone_side(config) || !config->phone ||
        !lp_phone_name_find(config->phone, name, mac))
        return 0;
    return lp_mac_number(mac);
}

static int by_number(const void *a, const void *b)
{
    const struct phone_mac *left = a, *right = b;
    return (left->mac > right->mac) - (left->mac < right->mac);
}

static struct phone_mac *find_mac(struct phone_mac *macs, size_t count, uint64_t number)
{
    struct phone_mac key = {number, false};
    return count ? bsearch(&key, macs, count, sizeof *macs, by_number) : NULL;
}

/* The MACs of the configured phones, sorted, each once. The zeros of a loopback interface are
 * nobody's. */
static size_t gather_macs(const struct lp_pairing *pairing, struct phone_mac *macs)
{
    size_t count = 0, distinct = 0;

    for (size_t i = 0; i < pairing->capture->config_count; i++)
        if (pairing->sides[i].has_mac)
            macs[count++].mac = pairing->sides[i].mac;
    if (count > 1)
        qsort(macs, count, sizeof *macs, by_number);
    for (size_t i = 0; i < count; i++)
        if (distinct == 0 || macs[distinct - 1].mac != macs[i].mac)
            macs[distinct++] = macs[i];
    return distinct;
}

/* Marks the sessions made by a configured phone, and the sides whose phone was seen. */
static bool recognise_macs(struct lp_pairing *pairing)
{
    const struct lp_capture *capture = pairing->capture;
    struct phone_mac *macs = lp_alloc_array(capture->config_count, sizeof *macs);

    if (!macs)
        return false;
    size_t count = gather_macs(pairing, macs);
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_endpoint *client = &capture->sessions[i].client;
        struct phone_mac *known =
            client->has_mac ? find_mac(macs, count, lp_mac_number(client->mac)) : NULL;
        if (known)
            known->seen = pairing->owned[i] = true;
    }
    for (size_t i = 0; i < capture->config_count; i++) {
        struct lp_pairing_side *side = &pairing->sides[i];
        const struct phone_mac *own = side->has_mac ? find_mac(macs, count, side->mac) : NULL;
        if (own && own->seen) {
            side->rule = "mac";
            pairing->by_mac = true;
        }
    }
    lp_free(macs);
    return true;
}

bool lp_pairing_path_names(const char *path, char name[16], uint8_t mac[6])
{
    if (!path)
        return false;
    for (size_t i = strlen(path) + 1; i-- > 0;)
        if ((i == 0 || path[i - 1] == '/') && lp_phone_name_find(path + i, name, mac))
            return true;
    return false;
}

static void recognise_name(struct lp_pairing *pairing)
{
    char name[16];
    uint8_t mac[6];

    if (!lp_pairing_path_names(pairing->capture->path, name, mac))
        return;
    for (size_t i = 0; i < pairing->capture->config_count; i++) {
        struct lp_pairing_side *side = &pairing->sides[i];
        if (!side->rule && side->has_mac && side->mac == lp_mac_number(mac)) {
            side->rule = "name";
            pairing->by_name = true;
        }
    }
}

/* The client that fetched a configuration within the capture is its phone, whatever routers did to
 * its MAC. */
static void recognise_clients(struct lp_pairing *pairing)
{
    const struct lp_capture *capture = pairing->capture;

    for (size_t i = 0; i < capture->config_count; i++) {
        struct lp_pairing_side *side = &pairing->sides[i];
        const struct lp_boot_file *file = capture->configs[i].file;
        for (size_t k = 0; file && !side->rule && k < capture->session_count; k++)
            if (!pairing->owned[k] &&
                lp_clients_same(pairing->clients, &file->client, &capture->sessions[k].client))
                side->rule = "client";
    }
}

static void recognise_only(struct lp_pairing *pairing)
{
    size_t count = pairing->capture->config_count, phones = 0, last = 0;

    for (size_t i = 0; i < count; i++)
        if (pairing->sides[i].phone_side) {
            phones++;
            last = i;
        }
    if (phones == 1 && !pairing->sides[last].rule)
        pairing->sides[last].rule = "only";
    if (phones == 0 && count == 1)
        pairing->sides[0].rule = "only";
}

static bool read_sides(struct lp_pairing *pairing)
{
    bool named = false;

    for (size_t i = 0; i < pairing->capture->config_count; i++) {
        const struct lp_config *config = &pairing->capture->configs[i];
        struct lp_pairing_side *side = &pairing->sides[i];
        side->phone_side = lp_is_phone_side(config);
        side->mac = lp_pairing_config_mac(config);
        side->has_mac = side->mac != 0;
    }
    for (size_t i = 0; i < pairing->capture->session_count && !named; i++)
        named = pairing->capture->sessions[i].sni != NULL;
    if (!named && !lp_resolve_any(pairing->capture, &named))
        return false;
    pairing->servers_named = named;
    return true;
}

bool lp_pairing_start(struct lp_pairing *pairing, const struct lp_capture *capture,
                      const struct lp_clients *clients, const struct lp_url *server,
                      bool any_server)
{
    struct lp_pairing fresh = {
        .capture = capture, .clients = clients, .server = server, .any_server = any_server};
    bool ok = false;

    fresh.sides = lp_alloc_array(capture->config_count, sizeof *fresh.sides);
    fresh.owned = lp_alloc_array(capture->session_count, sizeof *fresh.owned);
    if (!fresh.sides || !fresh.owned || !read_sides(&fresh) || !recognise_macs(&fresh))
        goto out;
    recognise_name(&fresh);
    recognise_clients(&fresh);
    recognise_only(&fresh);
    ok = true;
out:
    if (!ok)
        lp_pairing_end(&fresh);
    *pairing = fresh;
    return ok;
}

void lp_pairing_end(struct lp_pairing *pairing)
{
    lp_free(pairing->sides);
    lp_free(pairing->owned);
    pairing->sides = NULL;
    pairing->owned = NULL;
}

const char *lp_pairing_rule(const struct lp_pairing *pairing, size_t config)
{
    return pairing->sides[config].rule;
}

bool lp_pairing_elsewhere(const struct lp_pairing *pairing, size_t config)
{
    const struct lp_pairing_side *side = &pairing->sides[config];
    return side->phone_side && !side->rule && (pairing->by_mac || pairing->by_name);
}

/* A configuration found in the capture is for what its phone does until it fetches the next. */
static bool in_time(const struct lp_config *config, uint64_t frame)
{
    return frame >= config->from_frame && (config->until_frame == 0 || frame < config->until_frame);
}

bool lp_pairing_made(const struct lp_pairing *pairing, size_t config, size_t session)
{
    const struct lp_pairing_side *side = &pairing->sides[config];
    const struct lp_endpoint *client = &pairing->capture->sessions[session].client;

    if (!in_time(&pairing->capture->configs[config],
                 pairing->capture->sessions[session].first_frame))
        return false;
    if (!side->phone_side)
        return true;
    if (side->rule && strcmp(side->rule, "mac") == 0)
        return client->has_mac && lp_mac_number(client->mac) == side->mac;
    if (pairing->owned[session])
        return false;
    if (side->rule && strcmp(side->rule, "client") == 0)
        return lp_clients_same(pairing->clients, &pairing->capture->configs[config].file->client,
                               client);
    if (side->rule)
        return true;
    if (pairing->by_name)
        return false; /* the phone that the capture is named after made it */
    /* Where phones show their MACs, one of them would have shown its own. */
    return !(pairing->by_mac && side->has_mac && client->has_mac);
}

/* By what name servers said about the url's host. */
static struct lp_meeting server_resolved(const struct lp_pairing *pairing, const struct lp_url *url,
                                         const struct lp_session *session)
{
    struct lp_resolve question = {.capture = pairing->capture,
                                  .clients = pairing->clients,
                                  .host = url->host,
                                  .server = &session->server,
                                  .client = &session->client,
                                  .when = session->start};
    struct lp_meeting meeting = {.counts = true, .unconfirmed = true};

    switch (lp_resolve(&question, &meeting.answer)) {
    case LP_RESOLVE_CONFIRMED:
        meeting.known_by = "dns";
        meeting.unconfirmed = false;
        return meeting;
    case LP_RESOLVE_LATE:
        meeting.known_by = "dns-late";
        return meeting;
    case LP_RESOLVE_OTHERS:
        meeting.known_by = "dns-other";
        return meeting;
    case LP_RESOLVE_ELSEWHERE:
        return (struct lp_meeting){.counts = false};
    case LP_RESOLVE_UNKNOWN:
        break;
    }
    meeting.known_by = "port";
    meeting.counts = !pairing->servers_named;
    return meeting;
}

/* Whether the session's server is `url`. A name is held against the server name that the client
 * sent; old phones send none. */
static struct lp_meeting server_is(const struct lp_pairing *pairing, const struct lp_url *url,
                                   const struct lp_session *session)
{
    struct lp_meeting meeting = {.counts = false};

    if (!url->usable || (url->port != 0 && url->port != session->server.port))
        return meeting;
    if (url->host_is_ip) {
        meeting.counts = session->server.ip.family != 0 && url->ip.family != 0 &&
                         lp_ip_equal(&url->ip, &session->server.ip);
        meeting.known_by = "address";
    } else if (session->sni && url->host) {
        meeting.counts = lp_host_equal(url->host, session->sni, strlen(session->sni));
        meeting.known_by = "sni";
    } else if (url->host) {
        meeting = server_resolved(pairing, url, session);
    }
    return meeting;
}

static struct lp_meeting met_url(const struct lp_pairing *pairing, const struct lp_config *config,
                                 const struct lp_session *session)
{
    struct lp_meeting best = {.counts = false};

    for (size_t i = 0; i < config->url_count && i < LP_MAX_URLS; i++) {
        struct lp_meeting one = server_is(pairing, &config->urls[i], session);
        if (one.counts && (!best.counts || (best.unconfirmed && !one.unconfirmed))) {
            best = one;
            best.url = config->urls[i].n;
        }
    }
    return best;
}

/* `it` may stand for an attempt: only its two ends, its carrier, its server name and its time are
 * looked at. No server of IEEE 802.1X is a headend, whatever its address or the user says. DTLS at
 * a url's port is the headend's as TLS is. */
static struct lp_meeting met(const struct lp_pairing *pairing, const struct lp_config *side,
                             const struct lp_session *it)
{
    struct lp_meeting meeting = {.counts = false};

    if (lp_is_8021x(it))
        return meeting;
    meeting = met_url(pairing, side, it);
    if (!pairing->server && !pairing->any_server && (side->url_count > 0 || side->url_lost))
        return meeting;
    /* The user, or the absence of urls, decides; a name given by the user must have been seen. */
    struct lp_meeting said = {.counts = true};
    if (pairing->server)
        said = server_is(pairing, pairing->server, it);
    said.counts = said.counts && !said.unconfirmed;
    said.url = meeting.unconfirmed ? 0 : meeting.url;
    said.known_by = pairing->server ? "server" : "any";
    said.unconfirmed = false;
    said.answer = NULL;
    return said;
}

struct lp_meeting lp_pairing_met(const struct lp_pairing *pairing, size_t config, size_t session)
{
    return met(pairing, &pairing->capture->configs[config], &pairing->capture->sessions[session]);
}

/* Whether an attempt may be this side's phone's: not when its MAC is another's. */
static bool may_have_tried(const struct lp_pairing *pairing, size_t config,
                           const struct lp_endpoint *client)
{
    const struct lp_pairing_side *side = &pairing->sides[config];

    if (!side->phone_side || !client->has_mac)
        return true;
    uint64_t mac = lp_mac_number(client->mac);
    if (side->rule && strcmp(side->rule, "mac") == 0)
        return mac == side->mac;
    for (size_t i = 0; i < pairing->capture->config_count; i++)
        if (i != config && pairing->sides[i].has_mac && pairing->sides[i].mac == mac)
            return false;
    return true;
}

const struct lp_attempt *lp_pairing_tried(const struct lp_pairing *pairing, size_t config,
                                          unsigned *url)
{
    const struct lp_capture *capture = pairing->capture;

    for (size_t i = 0; i < capture->attempt_count; i++) {
        const struct lp_attempt *attempt = &capture->attempts[i];
        struct lp_session it = {
            .client = attempt->client, .server = attempt->server, .start = attempt->time};
        struct lp_meeting meeting = met(pairing, &capture->configs[config], &it);
        if (meeting.counts && !meeting.unconfirmed &&
            in_time(&capture->configs[config], attempt->frame) &&
            may_have_tried(pairing, config, &attempt->client)) {
            *url = meeting.url;
            return attempt;
        }
    }
    return NULL;
}
