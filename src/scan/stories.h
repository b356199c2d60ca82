/*
 * A capture may hold thousands of handshakes that tell the same story: each is told once, and their
 * number is limited.
 */
#ifndef LP_SCAN_STORIES_H
#define LP_SCAN_STORIES_H

#include "leafprint/leafprint.h"
#include "verdict/findings.h"

enum { LP_STORIES_MOST = 32 };

/* Starts zeroed. */
struct lp_stories {
    const struct lp_session *sessions[LP_STORIES_MOST];
    struct {
        enum lp_verdict verdict;
        enum lp_reason reason;
    } ends[LP_STORIES_MOST];
    size_t count;
    bool full; /* one more was not told */
};

/* Whether this handshake, with this end, is new and there is room to tell of it. */
bool lp_stories_news(struct lp_stories *stories, const struct lp_session *session,
                     enum lp_verdict verdict, enum lp_reason reason);
/* findings-limited, if there was more to tell. */
void lp_stories_rest(const struct lp_stories *stories, struct lp_findings *findings);

#endif
