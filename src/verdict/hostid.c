/*
 * The host ID check (enableHostIDCheck): the host of the url must be in the certificate's
 * subjectAltName (RFC 5280 4.2.1.6), or, where it has none, be its common name. An address counts
 * like a name. A wildcard covers the host for a browser, but Cisco says that the phone refuses it;
 * it is told apart here, so that the message can say which of the two it was.
 *
 * The facts are texts that were made printable; they are taken apart with the reader all the same.
 */
#include "verdict/findings.h"

#include "base/rd.h"
#include "base/text.h"
#include "phone/pairing.h"

enum { SAN_LISTED_MOST = 1000, NAME_MOST = 255 /* RFC 1035 2.3.4 */ };

static bool starts_with(const struct lp_rd *rd, const char *prefix)
{
    size_t n = strlen(prefix);
    return rd->left >= n && memcmp(rd->ptr, prefix, n) == 0;
}

/* "*.example.com" covers one label in front of the rest (RFC 6125 6.4.3). */
static bool wildcard_covers(const char *host, const char *name, size_t n)
{
    const char *rest = strchr(host, '.');
    return rest && n > 2 && name[0] == '*' && name[1] == '.' &&
           lp_host_equal(rest, name + 1, n - 1);
}

static enum lp_host_id compare_name(const struct lp_url *url, const char *name, size_t n)
{
    struct lp_ip ip;

    if (url->host_is_ip && lp_ip_parse(name, n, &ip))
        return lp_ip_equal(&ip, &url->ip) ? LP_HOST_ID_NAMED : LP_HOST_ID_ABSENT;
    if (lp_host_equal(url->host, name, n))
        return LP_HOST_ID_NAMED;
    return !url->host_is_ip && wildcard_covers(url->host, name, n) ? LP_HOST_ID_WILDCARD
                                                                   : LP_HOST_ID_ABSENT;
}

/* Keeps the better of two answers: named, else wildcard, else absent. */
static enum lp_host_id better(enum lp_host_id a, enum lp_host_id b)
{
    return a == LP_HOST_ID_NAMED || (a == LP_HOST_ID_WILDCARD && b == LP_HOST_ID_ABSENT) ? a : b;
}

static enum lp_host_id check_san(const struct lp_cert_facts *facts, const struct lp_url *url)
{
    enum lp_host_id answer = LP_HOST_ID_ABSENT;

    for (size_t i = 0; i < facts->san_count && answer != LP_HOST_ID_NAMED; i++) {
        const char *entry = facts->san[i];
        if (strncmp(entry, "DNS:", 4) == 0)
            answer = better(answer, compare_name(url, entry + 4, strlen(entry + 4)));
        else if (strncmp(entry, "IP:", 3) == 0)
            answer = better(answer, compare_name(url, entry + 3, strlen(entry + 3)));
    }
    /* A list that was cut may have named it further on. */
    return answer != LP_HOST_ID_NAMED && facts->san_count >= SAN_LISTED_MOST ? LP_HOST_ID_UNKNOWN
                                                                             : answer;
}

/* Reads one attribute value of a name in RFC 4514 form, up to the next "," or "+" that no "\"
 * escapes. A value that is longer than a host name can be is skipped: *n is then 0. */
static void read_value(struct lp_rd *rd, char out[NAME_MOST], size_t *n)
{
    bool fits = true;
    uint8_t c = 0;

    *n = 0;
    while (lp_rd_u8(rd, &c) && c != ',' && c != '+') {
        if (c == '\\' && !lp_rd_u8(rd, &c))
            break;
        fits = fits && *n < NAME_MOST;
        if (fits)
            out[(*n)++] = (char)c;
    }
    if (!fits)
        *n = 0;
}

static enum lp_host_id check_common_names(const char *subject, const struct lp_url *url)
{
    struct lp_rd rd = lp_rd_init(subject, strlen(subject));
    enum lp_host_id answer = LP_HOST_ID_ABSENT;

    while (!lp_rd_end(&rd)) {
        char value[NAME_MOST];
        size_t n;
        bool is_name = starts_with(&rd, "CN=") && lp_rd_skip(&rd, 3);
        read_value(&rd, value, &n);
        if (is_name && n)
            answer = better(answer, compare_name(url, value, n));
    }
    return answer;
}

enum lp_host_id lp_host_id_check(const struct lp_cert_facts *facts, const struct lp_url *url)
{
    if (!facts || facts->x509_error || !url->usable || !url->host)
        return LP_HOST_ID_UNKNOWN;
    if (facts->san_count)
        return check_san(facts, url);
    return facts->subject ? check_common_names(facts->subject, url) : LP_HOST_ID_UNKNOWN;
}

void lp_cause_host_id(struct lp_findings *findings, const struct lp_comparison *it)
{
    const struct lp_cert *leaf = lp_whole_leaf(it->session);
    const struct lp_finding what = {
        LP_PROBLEM,
        "host-id",
        it->session->id,
        it->session->certificate_frame,
        NULL,
        "give the headend a certificate that carries the host of the url literally in its subject "
        "alternative names, or set enableHostIDCheck to 0 in the VPN profile"};

    const struct lp_url *url = it->url ? lp_config_url(it->config, it->url) : NULL;
    if (!it->config->host_id_check || !leaf || !url)
        return;
    enum lp_host_id answer = lp_host_id_check(leaf->facts, url);
    if (answer == LP_HOST_ID_ABSENT)
        lp_findings_add(findings, &what,
                        "enableHostIDCheck is 1, and the certificate does not name the host of "
                        "url%u, %.*s",
                        it->url, 255, url->host);
    else if (answer == LP_HOST_ID_WILDCARD)
        lp_findings_add(findings, &what,
                        "enableHostIDCheck is 1, and the certificate names the host of url%u, "
                        "%.*s, by a wildcard only, which Cisco documents as failing",
                        it->url, 255, url->host);
}
