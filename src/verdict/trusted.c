#include "verdict/trusted.h"

#include "verdict/words.h"

static const struct lp_trust_service services[] = {
    {"SIP", 5061, {LP_TRUST_CCM, LP_TRUST_CCM_TFTP}},
    {"SCCP", 2443, {LP_TRUST_CCM, LP_TRUST_CCM_TFTP}},
    {"HTTPS", 6971, {LP_TRUST_CCM_TFTP, LP_TRUST_TFTP}},
    {"TVS", 2445, {LP_TRUST_TVS, LP_TRUST_TVS}},
    {"CAPF", 3804, {LP_TRUST_CAPF, LP_TRUST_CAPF}},
};

const struct lp_trust_service *lp_trust_service_at(uint16_t port)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].port == port)
            return &services[i];
    return NULL;
}

static bool fits(const struct lp_trust_record *record, const struct lp_trust_service *service)
{
    return record->role == service->roles[0] || record->role == service->roles[1];
}

enum lp_trust_says lp_trust_says(const struct lp_trust_list *list,
                                 const struct lp_trust_service *service, const struct lp_cert *leaf,
                                 const struct lp_trust_record **record)
{
    enum lp_trust_says says = LP_TRUST_SILENT;
    bool doubtful = false, elsewhere = false;

    *record = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct lp_trust_record *it = &list->records[i];
        enum lp_equal equal =
            leaf && leaf->complete ? lp_cert_equals(leaf, &it->hash) : LP_DIFFERENT;
        if (!fits(it, service)) {
            if (equal == LP_EQUAL) {
                elsewhere = true;
                *record = it;
            }
            continue;
        }
        if (equal == LP_EQUAL) {
            *record = it;
            return LP_TRUST_NAMES;
        }
        doubtful |= equal == LP_INCOMPARABLE;
        says = LP_TRUST_REFUSES;
    }
    if (says == LP_TRUST_REFUSES && doubtful)
        return LP_TRUST_DOUBTFUL;
    return says == LP_TRUST_REFUSES && elsewhere ? LP_TRUST_ELSEWHERE : says;
}

static const char *role_of(const struct lp_trust_record *record)
{
    const char *name = lp_trust_role_name(record->role);
    return name ? name : "another";
}

void lp_cause_trust(struct lp_findings *findings, const struct lp_trust_comparison *it)
{
    static const char remedy[] =
        "after a certificate of the cluster was renewed, restart its TVS and TFTP services, which "
        "make the list, then reset the phone; a phone that trusts no list any more needs its list "
        "deleted in its security settings";
    const struct lp_cert *leaf = lp_whole_leaf(it->session);
    struct lp_finding what = {.session = (int64_t)it->session->id,
                              .frame = it->session->certificate_frame};
    char server[LP_ENDPOINT_SIZE];

    if (!it->source || !leaf)
        return;
    const char *subject = lp_subject(leaf);
    lp_endpoint_text(&it->session->server, server);
    switch (it->says) {
    case LP_TRUST_NAMES:
        what.code = "trusted";
        lp_findings_add(findings, &what, "%s (%s) presents %.*s, which %.*s names as %s", server,
                        it->service->name, lp_shown(subject), subject, lp_shown(it->source),
                        it->source, role_of(it->record));
        break;
    case LP_TRUST_ELSEWHERE:
        what.severity = LP_PROBLEM;
        what.code = "trusted-other-role";
        what.remedy = remedy;
        lp_findings_add(findings, &what,
                        "%s (%s) presents %.*s, which %.*s names only in the role %s", server,
                        it->service->name, lp_shown(subject), subject, lp_shown(it->source),
                        it->source, role_of(it->record));
        break;
    case LP_TRUST_REFUSES:
        what.severity = LP_PROBLEM;
        what.code = "not-trusted";
        what.remedy = remedy;
        lp_findings_add(findings, &what,
                        "%s (%s) presents %.*s, and %.*s names other certificates in that role",
                        server, it->service->name, lp_shown(subject), subject, lp_shown(it->source),
                        it->source);
        break;
    case LP_TRUST_DOUBTFUL:
    case LP_TRUST_SILENT:
        break;
    }
}

const char *lp_summary_trust(enum lp_verdict verdict)
{
    if (verdict == LP_MATCH)
        return "the servers present the certificates that the phone's trust list names";
    if (verdict == LP_MISMATCH)
        return "the servers present other certificates than the phone's trust list names";
    return "some servers present the certificate that the phone's trust list names, others do not";
}
