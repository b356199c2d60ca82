/* The one line that people read first. */
#include "verdict/verdict.h"

#include "base/text.h"
#include "phone/pairing.h"
#include "verdict/words.h"

enum { STEPS_SHOWN = 8 };

static bool decided(enum lp_verdict verdict)
{
    return verdict == LP_MATCH || verdict == LP_MATCH_ISSUER || verdict == LP_MISMATCH;
}

static bool same_step(const struct lp_comparison *a, const struct lp_comparison *b)
{
    return a->url == b->url && (a->verdict == LP_MISMATCH) == (b->verdict == LP_MISMATCH) &&
           a->session->server.port == b->session->server.port &&
           lp_ip_equal(&a->session->server.ip, &b->session->server.ip);
}

/* How it ended: a phone that tries its urls one after the other gets in by the one that matches. */
static const char *mixed_end(struct lp_arena *arena, const struct lp_config *config,
                             const struct lp_comparison *last)
{
    if (!lp_is_phone_side(config))
        return "";
    if (last->verdict == LP_MISMATCH)
        return ": the last one does not fit";
    return last->url ? lp_arena_printf(arena, ": the phone gets in by url%u", last->url)
                     : ": the last one fits";
}

/* "url1 192.0.2.1:443 mismatched, then url2 192.0.2.2:443 matched: the phone gets in by url2" */
static const char *mixed_summary(struct lp_arena *arena, const struct lp_config *config,
                                 const struct lp_comparison *items, size_t count)
{
    const struct lp_comparison *last = NULL;
    const char *text = "";
    size_t steps = 0;

    for (size_t i = 0; i < count && text; i++) {
        const struct lp_comparison *it = &items[i];
        char server[LP_SERVER_SIZE];
        if (!decided(it->verdict) || (last && same_step(last, it)))
            continue;
        last = it;
        if (++steps > STEPS_SHOWN)
            continue;
        lp_server_text(it, server);
        text = lp_arena_printf(arena, "%s%s%s %s", text, steps > 1 ? ", then " : "", server,
                               it->verdict == LP_MISMATCH ? "mismatched" : "matched");
    }
    const char *end = last ? mixed_end(arena, config, last) : "";
    if (!text || !end)
        return NULL;
    if (steps > STEPS_SHOWN)
        return lp_arena_printf(arena, "%s, then %zu more%s", text, steps - STEPS_SHOWN, end);
    return lp_arena_printf(arena, "%s%s", text, end);
}

/* The expected value that a presented certificate equals, and which certificate that is. */
static const struct lp_cert_hash *what_matched(const struct lp_comparison *it, size_t *depth)
{
    for (size_t i = 0; i < it->session->chain_count; i++)
        for (size_t h = 0; h < it->config->hash_count && h < LP_MAX_CERT_HASHES; h++)
            if (lp_cert_equals(&it->session->chain[i], &it->config->hashes[h]) == LP_EQUAL) {
                *depth = i;
                return &it->config->hashes[h];
            }
    return NULL;
}

static const char *match_summary(struct lp_arena *arena, const struct lp_comparison *it)
{
    size_t depth = 0;
    const struct lp_cert_hash *hash = what_matched(it, &depth);
    const char *label = hash ? lp_hash_label(arena, it->config, hash) : "an expected hash";
    char server[LP_SERVER_SIZE];

    if (!label)
        return NULL;
    lp_server_text(it, server);
    if (depth == 0)
        return lp_arena_printf(arena, "the leaf presented by %s has %s", server, label);
    return lp_arena_printf(arena, "the issuer at depth %zu presented by %s has %s", depth, server,
                           label);
}

const char *lp_summary_config(struct lp_arena *arena, const struct lp_config *config,
                              const struct lp_comparison *items, size_t count)
{
    if (config->verdict == LP_MIXED)
        return mixed_summary(arena, config, items, count);
    if (config->verdict == LP_MISMATCH)
        return lp_is_phone_side(config)
                   ? "the headend presents another certificate than the phone expects"
                   : "the server presents another certificate than the one expected";
    for (size_t i = 0; i < count; i++)
        if (config->verdict != LP_UNDECIDED && items[i].verdict == config->verdict)
            return match_summary(arena, &items[i]);
    return lp_summary_reason(config->verdict_reason);
}

const char *lp_summary_capture(struct lp_arena *arena, const struct lp_tally *tally,
                               unsigned undecided)
{
    const struct {
        const char *words;
        unsigned count;
    } parts[] = {{"matched by the leaf", tally->matches},
                 {"matched by an issuer", tally->issuer_matches},
                 {"mismatched", tally->mismatches},
                 {"mixed", tally->mixed},
                 {"undecided", undecided}};
    const char *text = "", *between = "";
    unsigned total = 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts && text; i++) {
        if (!parts[i].count)
            continue;
        total += parts[i].count;
        text = lp_arena_printf(arena, "%s%s%u %s", text, between, parts[i].count, parts[i].words);
        between = ", ";
    }
    return text ? lp_arena_printf(arena, "%u expected sides: %s", total, text) : NULL;
}
