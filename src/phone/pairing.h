/*
 * Which handshakes a configuration is compared with: those that its phone made to its headend.
 *
 * Two questions, answered apart. Who made the handshake? Known from the client's MAC, from the
 * capture's name, or from there being only one configuration. Where did it go? Known from the urls,
 * or from what the user said. A handshake counts when both answers are yes.
 */
#ifndef LP_PHONE_PAIRING_H
#define LP_PHONE_PAIRING_H

#include "base/mem.h"
#include "leafprint/leafprint.h"
#include "phone/clients.h"

#include <string.h>

struct lp_pairing_side;

/* Start with lp_pairing_start; lp_pairing_end frees what is owned. Not changed in between, so that
 * threads may share it. */
struct lp_pairing {
    const struct lp_capture *capture; /* borrowed; its configs are the expected sides */
    const struct lp_clients *clients; /* borrowed */
    const struct lp_url *server;      /* borrowed; the headend that the user named, or NULL */
    bool any_server;
    struct lp_pairing_side *sides; /* owned; one for each configuration */
    bool *owned;                   /* owned; for each session: its client is a configured phone */
    bool by_mac;                   /* a configured phone was recognised by its MAC */
    bool by_name;                  /* the capture is named after a configured phone */
    bool servers_named;            /* some handshake carries a server name, or a DNS answer gives
                                      its server's address */
};

/* The number of the MAC of the phone whose configuration it is; 0: it is no phone's, or of one
 * without. */
uint64_t lp_pairing_config_mac(const struct lp_config *config);

/* False: memory is short, and there is nothing to end. */
bool lp_pairing_start(struct lp_pairing *pairing, const struct lp_capture *capture,
                      const struct lp_clients *clients, const struct lp_url *server,
                      bool any_server);
void lp_pairing_end(struct lp_pairing *pairing);

/* "mac", "name", "only", or NULL when nothing but the url can tie this configuration to the
 * capture. Static. */
const char *lp_pairing_rule(const struct lp_pairing *pairing, size_t config);

/* Whether the capture is about other configured phones than this one's. Unless a handshake without
 * a known maker went to its url, its silence then says nothing about the capture. */
bool lp_pairing_elsewhere(const struct lp_pairing *pairing, size_t config);

/* Whether this configuration's phone made the handshake, as far as the capture tells. Never true
 * when another configured phone is known to have made it. */
bool lp_pairing_made(const struct lp_pairing *pairing, size_t config, size_t session);

struct lp_meeting {
    bool counts;          /* the server is one to compare with */
    unsigned url;         /* N of the urlN that the server is, or 0 */
    bool unconfirmed;     /* it may as well be another server */
    const char *known_by; /* as in struct lp_reached, like the answer */
    const struct lp_dns_answer *answer;
};
struct lp_meeting lp_pairing_met(const struct lp_pairing *pairing, size_t config, size_t session);

/* The first connection of this configuration's phone to its headend that was not answered, or
 * refused; NULL when there is none. *url is the N of the urlN that it went to, or 0. */
const struct lp_attempt *lp_pairing_tried(const struct lp_pairing *pairing, size_t config,
                                          unsigned *url);

/* The phone that a capture's path names, the last part of the path first; writes as
 * lp_phone_name_find does. */
bool lp_pairing_path_names(const char *path, char name[16], uint8_t mac[6]);

/* A configuration belongs to a phone; a bare hash, a certificate or a headend's text does not. */
static inline bool lp_is_phone_side(const struct lp_config *config)
{
    return !config->origin ||
           (strcmp(config->origin, "hash") != 0 && strcmp(config->origin, "certificate") != 0 &&
            strcmp(config->origin, "headend") != 0);
}

/* urlN, which may stand anywhere among the urls; NULL: there is none. */
static inline const struct lp_url *lp_config_url(const struct lp_config *config, unsigned n)
{
    for (size_t i = 0; i < config->url_count && i < LP_MAX_URLS; i++)
        if (config->urls[i].n == n)
            return &config->urls[i];
    return NULL;
}

/* Whether a name of n bytes is `host`, which is in lower case. DNS names ignore the case of ASCII
 * letters (RFC 4343) and one final dot; locales have no say. */
static inline bool lp_host_equal(const char *host, const char *name, size_t n)
{
    if (n > 0 && name[n - 1] == '.')
        n--;
    if (n == 0 || strlen(host) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != host[i])
            return false;
    }
    return true;
}

#endif
