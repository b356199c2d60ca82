#include "verdict/verdict.h"

void lp_tally_add(struct lp_tally *tally, enum lp_verdict verdict, enum lp_reason reason)
{
    switch (verdict) {
    case LP_MATCH:
        tally->matches++;
        return;
    case LP_MATCH_ISSUER:
        tally->issuer_matches++;
        return;
    case LP_MISMATCH:
        tally->mismatches++;
        return;
    case LP_MIXED:
        tally->mixed++;
        return;
    case LP_UNDECIDED:
    case LP_UNREADABLE: /* decides nothing either */
        break;
    }
    if (reason != LP_REASON_NONE && (tally->reason == LP_REASON_NONE || reason < tally->reason))
        tally->reason = reason;
}

enum lp_verdict lp_tally_verdict(const struct lp_tally *tally, enum lp_reason *reason)
{
    bool agreed = tally->matches || tally->issuer_matches;

    *reason = LP_REASON_NONE;
    if (tally->mixed || (agreed && tally->mismatches))
        return LP_MIXED;
    if (tally->mismatches)
        return LP_MISMATCH;
    if (agreed)
        return tally->matches ? LP_MATCH : LP_MATCH_ISSUER;
    *reason = tally->reason;
    return LP_UNDECIDED;
}
