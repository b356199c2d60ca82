#include "scan/stories.h"

#include "base/text.h"
#include "phone/phone.h"
#include "verdict/verdict.h"

#include <string.h>

static bool same_leaf(const struct lp_session *a, const struct lp_session *b)
{
    const struct lp_cert *left = lp_whole_leaf(a), *right = lp_whole_leaf(b);

    if (!left || !right)
        return left == right;
    return memcmp(left->sha256, right->sha256, sizeof left->sha256) == 0;
}

static bool same_reaction(const struct lp_session *a, const struct lp_session *b)
{
    if (a->past_certificate != b->past_certificate || a->alert_count != b->alert_count)
        return false;
    for (size_t i = 0; i < a->alert_count; i++)
        if (a->alerts[i].code != b->alerts[i].code ||
            a->alerts[i].from_client != b->alerts[i].from_client)
            return false;
    return true;
}

static bool same_story(const struct lp_session *a, const struct lp_session *b)
{
    return a->server.port == b->server.port && lp_ip_equal(&a->server.ip, &b->server.ip) &&
           same_leaf(a, b) && same_reaction(a, b);
}

bool lp_stories_news(struct lp_stories *stories, const struct lp_session *session,
                     enum lp_verdict verdict, enum lp_reason reason)
{
    for (size_t i = 0; i < stories->count; i++)
        if (stories->ends[i].verdict == verdict && stories->ends[i].reason == reason &&
            same_story(stories->sessions[i], session))
            return false;
    if (stories->count == LP_STORIES_MOST) {
        stories->full = true;
        return false;
    }
    stories->sessions[stories->count] = session;
    stories->ends[stories->count].verdict = verdict;
    stories->ends[stories->count].reason = reason;
    stories->count++;
    return true;
}

void lp_stories_rest(const struct lp_stories *stories, struct lp_findings *findings)
{
    const struct lp_finding what = {LP_INFO, "findings-limited", -1, 0, NULL, NULL};

    if (stories->full)
        lp_findings_add(findings, &what,
                        "further handshakes have findings that are not listed: %d different ones "
                        "are the limit",
                        (int)LP_STORIES_MOST);
}
