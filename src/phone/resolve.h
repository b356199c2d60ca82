/*
 * Whether a server is the host of a url by what name servers said within the capture.
 */
#ifndef LP_PHONE_RESOLVE_H
#define LP_PHONE_RESOLVE_H

#include "phone/clients.h"

/* A connection to a host that is known by name. Borrowed. */
struct lp_resolve {
    const struct lp_capture *capture; /* its dns_answers are looked at */
    const struct lp_clients *clients;
    const char *host; /* lower case, without a dot at the end */
    const struct lp_endpoint *server, *client;
    struct lp_time when;
};

enum lp_resolve_result {
    LP_RESOLVE_UNKNOWN = 0, /* of the name no address of the server's family is known */
    LP_RESOLVE_ELSEWHERE,   /* it has others */
    LP_RESOLVE_OTHERS,      /* it has this one, but another client was told so */
    LP_RESOLVE_LATE,        /* this client was told so, but only after it had connected */
    LP_RESOLVE_CONFIRMED,
};

/* *answer: the earliest one that gives the name this address; NULL: none does. */
enum lp_resolve_result lp_resolve(const struct lp_resolve *it, const struct lp_dns_answer **answer);

/* The first of the answers about a name, which stand one behind the other; NULL: there is none.
 * *count: how many. */
const struct lp_dns_answer *lp_resolve_answers(const struct lp_capture *capture, const char *host,
                                               size_t *count);

/* Whether some answer, about whatever name, gives the address of a handshake's server. Needs the
 * capture alone. *out stays when memory is short, which is false. */
bool lp_resolve_any(const struct lp_capture *capture, bool *out);

#endif
