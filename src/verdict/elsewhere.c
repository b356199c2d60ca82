/*
 * Handshakes that went to no url of the configuration. Their certificates never decide: another
 * server that happens to hold the expected certificate is not the headend. But what they show helps
 * to see why nothing was compared, and that a headend stands behind another address.
 */
#include "verdict/findings.h"

#include "base/carrier.h"
#include "base/text.h"
#include "verdict/words.h"

enum { SERVERS_SHOWN = 8 };

static bool same_server(const struct lp_comparison *a, const struct lp_comparison *b)
{
    return a->session->server.port == b->session->server.port && a->verdict == b->verdict &&
           a->reason == b->reason && lp_ip_equal(&a->session->server.ip, &b->session->server.ip);
}

/* The first handshake of each server and outcome; the count, at most SERVERS_SHOWN. *more: there
 * were others. */
static size_t distinct(const struct lp_comparison *others, size_t count,
                       const struct lp_comparison *out[SERVERS_SHOWN], bool *more)
{
    size_t n = 0;

    *more = false;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = same_server(out[k], &others[i]);
        if (!known && n < SERVERS_SHOWN)
            out[n++] = &others[i];
        else if (!known)
            *more = true;
    }
    return n;
}

static const char *describe(const struct lp_comparison *other)
{
    switch (other->verdict) {
    case LP_MATCH:
    case LP_MATCH_ISSUER:
        return "its certificate would match";
    case LP_MISMATCH:
        return "another certificate";
    case LP_UNDECIDED:
    case LP_MIXED:
    case LP_UNREADABLE:
        break;
    }
    return lp_summary_reason(other->reason);
}

static const char *list_urls(struct lp_arena *arena, const struct lp_config *config)
{
    const char *text = "";

    for (size_t i = 0; i < config->url_count && i < LP_MAX_URLS && text; i++) {
        const char *url = config->urls[i].text ? config->urls[i].text : "(empty)";
        text =
            lp_arena_printf(arena, "%s%surl%u %.*s%s", text, i ? ", " : "", config->urls[i].n,
                            lp_shown(url), url, config->urls[i].usable ? "" : " (cannot be read)");
    }
    return text && !text[0] ? "a server that is named, by a url or by --server" : text;
}

static const char *list_servers(struct lp_arena *arena, const struct lp_comparison *others,
                                size_t count)
{
    const struct lp_comparison *servers[SERVERS_SHOWN];
    bool more;
    size_t n = distinct(others, count, servers, &more);
    const char *text = "";

    for (size_t i = 0; i < n && text; i++) {
        const struct lp_session *session = servers[i]->session;
        const char *sni = session->sni ? session->sni : "";
        char server[LP_ENDPOINT_SIZE];
        lp_endpoint_text(&session->server, server);
        text = lp_arena_printf(arena, "%s%s%s%s%.*s (%s)", text, i ? ", " : "", server,
                               sni[0] ? " " : "", lp_shown(sni), sni, describe(servers[i]));
    }
    return text && more ? lp_arena_printf(arena, "%s, and more", text) : text;
}

void lp_cause_not_at_url(struct lp_findings *findings, const struct lp_config *config,
                         const struct lp_comparison *others, size_t count)
{
    const struct lp_finding what = {
        LP_WARNING,
        "not-at-url",
        -1,
        0,
        NULL,
        "record while the phone connects to its url; where the headend is seen under another "
        "address (NAT), name it by --server or compare all by --any-server"};
    const char *phone = config->phone ? config->phone : "the phone";
    const char *urls = list_urls(findings->arena, config);
    const char *servers = list_servers(findings->arena, others, count);

    if (!urls || !servers)
        findings->failed = true;
    else if (count == 0)
        lp_findings_add(findings, &what, "no handshake of %s is in the capture; expected at %s",
                        phone, urls);
    else
        lp_findings_add(findings, &what, "no handshake of %s went to %s; seen: %s", phone, urls,
                        servers);
}

void lp_cause_elsewhere(struct lp_findings *findings, const struct lp_config *config,
                        const struct lp_comparison *others, size_t count)
{
    static const char admission[] = "record while the phone connects to its url: this is how it "
                                    "gets into the network (IEEE 802.1X), not into the VPN";
    struct lp_finding what = {LP_WARNING, "would-match-elsewhere", -1, 0, NULL, NULL};
    const struct lp_comparison *servers[SERVERS_SHOWN];
    bool more;
    size_t n = distinct(others, count, servers, &more);

    for (size_t i = 0; i < n; i++) {
        const struct lp_session *session = servers[i]->session;
        char server[LP_ENDPOINT_SIZE];
        if (servers[i]->verdict != LP_MATCH && servers[i]->verdict != LP_MATCH_ISSUER)
            continue;
        lp_endpoint_text(&session->server, server);
        what.session = session->id;
        what.frame = session->certificate_frame;
        what.remedy = admission;
        if (!lp_is_8021x(session))
            what.remedy = lp_arena_printf(findings->arena,
                                          "if %s is the headend (seen through NAT), say so by "
                                          "--server; else this match means nothing",
                                          server);
        if (!what.remedy) {
            findings->failed = true;
            return;
        }
        lp_findings_add(findings, &what,
                        "%s presents an expected certificate, but is no url of %.*s; it was not "
                        "counted",
                        server, lp_shown(config->source ? config->source : "the configuration"),
                        config->source ? config->source : "the configuration");
    }
}
