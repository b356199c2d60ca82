#include "scan/doubts.h"

#include "base/text.h"
#include "phone/pairing.h"
#include "phone/phone.h"
#include "phone/resolve.h"
#include "verdict/words.h"

#include <string.h>

/* ---- the server ---- */

/* The host of a url, as text. */
static const char *host_of(const struct lp_config *config, unsigned n)
{
    const struct lp_url *url = lp_config_url(config, n);
    return url && url->host ? url->host : "the name";
}

/* " (an alias of gw.example.com)", or nothing. */
static const char *alias_text(struct lp_findings *findings, const struct lp_dns_answer *answer,
                              const char *host)
{
    const char *name = answer->alias ? answer->alias : answer->name;
    const char *text = "";

    if (strcmp(name, host) != 0)
        text = lp_arena_printf(findings->arena, " (an alias of %.*s)", lp_shown(name), name);
    if (!text)
        findings->failed = true;
    return text ? text : "";
}

static void tell_unconfirmed(struct lp_findings *findings, const struct lp_comparison *it)
{
    const struct lp_dns_answer *answer = it->answer;
    struct lp_finding what = {.severity = LP_WARNING,
                              .code = "server-unconfirmed",
                              .session = -1,
                              .remedy = "where it is another server, name the headend's address by "
                                        "--server"};
    char server[LP_ENDPOINT_SIZE], client[46];

    lp_endpoint_text(&it->session->server, server);
    if (!answer) {
        lp_findings_add(findings, &what,
                        "%s was taken for url%u by its port alone: the capture does not show which "
                        "address that name has",
                        server, it->url);
        return;
    }
    what.frame = answer->frame;
    lp_ip_text(&answer->client.ip, client, sizeof client);
    if (strcmp(it->known_by, "dns-late") == 0)
        lp_findings_add(findings, &what,
                        "%s was taken for url%u by a DNS answer that came after the handshake, in "
                        "packet %llu",
                        server, it->url, (unsigned long long)answer->frame);
    else
        lp_findings_add(findings, &what,
                        "%s was taken for url%u by a DNS answer to another client, %s, in packet "
                        "%llu",
                        server, it->url, client, (unsigned long long)answer->frame);
}

static void tell_resolved(struct lp_findings *findings, const struct lp_comparison *it)
{
    struct lp_finding what = {.severity = LP_INFO,
                              .code = "server-by-dns",
                              .session = it->session->id,
                              .frame = it->answer->frame};
    const char *host = host_of(it->config, it->url);
    char server[LP_ENDPOINT_SIZE];

    lp_endpoint_text(&it->session->server, server);
    lp_findings_add(findings, &what,
                    "%s is url%u: the DNS answer in packet %llu gives %.*s%s this address", server,
                    it->url, (unsigned long long)it->answer->frame, lp_shown(host), host,
                    alias_text(findings, it->answer, host));
}

/* Each kind of evidence is told of once. */
static void find_servers(struct lp_findings *findings, struct lp_doubtful held)
{
    const struct lp_comparison *unconfirmed = NULL, *resolved = NULL;

    for (size_t i = 0; i < held.count; i++) {
        const struct lp_comparison *it = &held.items[i];
        if (it->unconfirmed && !unconfirmed)
            unconfirmed = it;
        else if (!it->unconfirmed && it->answer && !resolved)
            resolved = it;
    }
    if (unconfirmed)
        tell_unconfirmed(findings, unconfirmed);
    if (resolved)
        tell_resolved(findings, resolved);
}

void lp_doubts_unreached(struct lp_findings *findings, const struct lp_capture *capture,
                         const struct lp_config *config)
{
    struct lp_finding what = {.severity = LP_INFO, .code = "name-elsewhere", .session = -1};

    for (size_t i = 0; i < config->url_count && i < LP_MAX_URLS; i++) {
        const struct lp_url *url = &config->urls[i];
        const struct lp_dns_answer *answer;
        char address[46];
        size_t count;
        if (!url->usable || url->host_is_ip || !url->host ||
            !(answer = lp_resolve_answers(capture, url->host, &count)))
            continue;
        what.frame = answer->frame;
        lp_ip_text(&answer->ip, address, sizeof address);
        lp_findings_add(findings, &what, "by the DNS answer in packet %llu, %.*s (url%u) is %s%s",
                        (unsigned long long)answer->frame, lp_shown(url->host), url->host, url->n,
                        answer->ip.family ? address : answer->alias,
                        count > 1 ? ", among others" : "");
    }
}

/* ---- the phone ---- */

/* The only configuration was taken although the handshake came from another MAC than its phone's.
 * Behind a router that is always so. */
static void find_other_maker(struct lp_findings *findings, const struct lp_config *config,
                             const struct lp_session *session)
{
    struct lp_finding what = {LP_INFO,
                              "other-mac",
                              session->id,
                              session->first_frame,
                              NULL,
                              "where the capture was made next to the phone, give the "
                              "configuration of the phone that made it"};
    char name[16], seen[13];
    uint8_t mac[6];

    if (!config->phone || !session->client.has_mac ||
        !lp_phone_name_find(config->phone, name, mac) ||
        memcmp(mac, session->client.mac, sizeof mac) == 0)
        return;
    lp_hex_text(session->client.mac, sizeof mac, seen);
    lp_findings_add(findings, &what,
                    "the handshake comes from the MAC address %s, not from that of %s: a router "
                    "stands between, or "
                    "another phone made it",
                    seen, config->phone);
}

/* The capture is named after one phone, the only configuration after another. */
static void find_other_name(struct lp_findings *findings, const struct lp_capture *capture,
                            const struct lp_config *config)
{
    const struct lp_finding what = {.severity = LP_WARNING,
                                    .code = "other-phone-named",
                                    .session = -1,
                                    .remedy = "compare the capture with the configuration of the "
                                              "phone that it is named after"};
    char name[16];
    uint8_t mac[6];

    if (config->phone && lp_pairing_path_names(capture->path, name, mac) &&
        strcmp(name, config->phone) != 0)
        lp_findings_add(findings, &what,
                        "the capture is named after %s, the configuration is that of %s", name,
                        config->phone);
}

void lp_doubts_find(struct lp_findings *findings, const struct lp_capture *capture,
                    const struct lp_config *config, struct lp_doubtful held)
{
    find_servers(findings, held);
    if (!config->paired_by || strcmp(config->paired_by, "only") != 0 || held.count == 0)
        return;
    find_other_maker(findings, config, held.items[0].session);
    find_other_name(findings, capture, config);
}
