/*
 * lp_verify: what was seen against what was expected.
 *
 * 1. The expected sides are copied into the capture's arena.
 * 2. pairing.c says which handshakes each of them is compared with; verdict/ compares. A handshake
 *    and a configuration each collect what they were part of in a tally.
 * 3. Findings say why, first those of each configuration, then those of each handshake.
 * 4. Only when all of that succeeded does the capture show any of it: memory that runs short leaves
 *    no verdict behind.
 */
#include "base/text.h"
#include "leafprint/leafprint.h"
#include "phone/pairing.h"
#include "phone/phone.h"
#include "scan/chosen.h"
#include "scan/doubts.h"
#include "scan/expected.h"
#include "scan/fetched.h"
#include "scan/stories.h"
#include "scan/timeline.h"
#include "scan/trusted.h"
#include "verdict/findings.h"
#include "verdict/verdict.h"
#include "verdict/words.h"

#include <string.h>

struct comparisons {
    struct lp_comparison *items; /* owned */
    size_t count, cap;
};

struct run {
    struct lp_capture *capture;
    const struct lp_expected *expected; /* may be NULL */
    bool leaf_only, assigned;
    struct lp_clients clients;
    struct lp_boot boot;     /* what phones fetched */
    struct lp_chosen chosen; /* of the expected sides: where each of capture->configs comes from */
    struct lp_pairing pairing;
    struct lp_findings findings;
    struct lp_tally *tallies;          /* owned; one for each session */
    bool *compared;                    /* owned; one for each session */
    const char **expected_by;          /* owned; for each session: what it was held against first */
    struct lp_trust_comparison *trust; /* in the arena; one for each session */
    struct lp_tally trusted;           /* over those that a trust list speaks of */
    bool *aside;              /* owned; for each config: another phone's, nothing to do with it */
    struct comparisons held;  /* of the configuration at hand */
    struct comparisons other; /* handshakes of its phone that went elsewhere */
    struct lp_tally total;    /* over the configurations that this capture is about */
    unsigned undecided;       /* among them */
    size_t about, last;       /* their number, and the last one */
};

/* ---- comparing ---- */

static bool add_comparison(struct comparisons *list, const struct lp_comparison *it)
{
    if (!lp_grow_array(&list->items, &list->cap, list->count + 1, sizeof *list->items))
        return false;
    list->items[list->count++] = *it;
    return true;
}

/* A hash that equals none may stand before others that the capture does not hold. */
static void doubt_incomplete(struct lp_comparison *it)
{
    const struct lp_boot_file *file = it->config->file;

    if (it->verdict != LP_MISMATCH || !file || file->complete)
        return;
    it->verdict = LP_UNDECIDED;
    it->reason = LP_REASON_NO_CONFIG;
}

static bool compare_session(struct run *run, size_t config, size_t session)
{
    struct lp_session *seen = &run->capture->sessions[session];
    struct lp_meeting meeting = lp_pairing_met(&run->pairing, config, session);
    struct lp_comparison it = {.config = &run->capture->configs[config],
                               .session = seen,
                               .url = meeting.url,
                               .unconfirmed = meeting.unconfirmed,
                               .known_by = meeting.known_by,
                               .answer = meeting.answer,
                               .leaf_only = run->leaf_only};

    if (!meeting.counts) {
        it.verdict = lp_verdict_peek(seen, it.config, run->leaf_only, &it.reason);
        return add_comparison(&run->other, &it);
    }
    it.verdict = lp_verdict_session(seen, it.config, run->leaf_only, &it.reason);
    doubt_incomplete(&it);
    if (it.config->reason == LP_REASON_NONE) {
        run->compared[session] = true;
        if (!run->expected_by[session])
            run->expected_by[session] = it.config->source;
        lp_tally_add(&run->tallies[session], it.verdict, it.reason);
    }
    return add_comparison(&run->held, &it);
}

static enum lp_reason why_nothing_held(const struct run *run, size_t config)
{
    const struct lp_capture *capture = run->capture;
    unsigned url;

    if (lp_pairing_tried(&run->pairing, config, &url))
        return LP_REASON_NO_SERVER_REPLY;
    if (capture->session_count)
        return LP_REASON_NOT_AT_URL;
    return capture->stats.packets ? LP_REASON_NO_TLS : LP_REASON_NO_PACKETS;
}

/* The handshakes that were compared. */
static bool keep_sessions(struct run *run, struct lp_config *config)
{
    if (config->reason != LP_REASON_NONE || run->held.count == 0)
        return true;
    unsigned *indices = lp_arena_alloc(run->capture->arena, run->held.count * sizeof *indices);
    struct lp_reached *reached =
        lp_arena_alloc(run->capture->arena, run->held.count * sizeof *reached);
    if (!indices || !reached)
        return false;
    for (size_t i = 0; i < run->held.count; i++) {
        const struct lp_comparison *it = &run->held.items[i];
        indices[i] = (unsigned)(it->session - run->capture->sessions);
        reached[i] = (struct lp_reached){
            .session = indices[i], .url = it->url, .known_by = it->known_by, .answer = it->answer};
    }
    config->sessions = indices;
    config->reached = reached;
    config->session_count = run->held.count;
    return true;
}

static void judge_config(struct run *run, size_t index)
{
    struct lp_config *config = &run->capture->configs[index];
    struct lp_tally tally = {0};

    for (size_t i = 0; i < run->held.count; i++)
        lp_tally_add(&tally, run->held.items[i].verdict, run->held.items[i].reason);
    config->verdict = lp_tally_verdict(&tally, &config->verdict_reason);
    if (config->verdict != LP_UNDECIDED || config->verdict_reason != LP_REASON_NONE)
        return;
    config->verdict_reason =
        config->reason != LP_REASON_NONE ? config->reason : why_nothing_held(run, index);
}

static bool compare_config(struct run *run, size_t index)
{
    struct lp_config *config = &run->capture->configs[index];

    run->held.count = run->other.count = 0;
    config->paired_by = lp_pairing_rule(&run->pairing, index);
    for (size_t i = 0; i < run->capture->session_count; i++)
        if (lp_pairing_made(&run->pairing, index, i) && !compare_session(run, index, i))
            return false;
    for (size_t i = 0; i < run->held.count && !config->paired_by; i++)
        if (run->held.items[i].url)
            config->paired_by = "url";
    run->aside[index] = run->held.count == 0 && lp_pairing_elsewhere(&run->pairing, index);
    judge_config(run, index);
    config->summary =
        lp_summary_config(run->capture->arena, config, run->held.items, run->held.count);
    return config->summary && keep_sessions(run, config);
}

/* ---- findings of a configuration ---- */

static const char *name_of(const struct lp_config *config)
{
    return config->source ? config->source : "the configuration";
}

/* What was odd in the file. These messages name it already. */
static void find_in_file(struct run *run, const struct lp_config *config)
{
    bool told = config->reason == LP_REASON_NONE;

    for (size_t i = 0; i < config->finding_count; i++) {
        struct lp_finding what = config->findings[i];
        const char *message = what.message ? what.message : "";
        what.session = -1;
        what.frame = 0;
        told = told || what.severity == LP_PROBLEM; /* it says why nothing can be compared */
        lp_findings_add(&run->findings, &what, "%s", message);
    }
    if (!told)
        lp_cause_undecided(&run->findings, NULL, config->reason, LP_PROBLEM);
}

static void find_comparisons(struct run *run)
{
    struct lp_stories stories = {.count = 0};

    for (size_t i = 0; i < run->held.count; i++) {
        const struct lp_comparison *it = &run->held.items[i];
        const struct lp_known_cert *known;
        if (!lp_stories_news(&stories, it->session, it->verdict, it->reason))
            continue;
        lp_cause_comparison(&run->findings, it);
        lp_cause_own_cert(&run->findings, it);
        for (size_t k = 0; run->expected && (known = lp_expected_known(run->expected, k)); k++)
            lp_cause_known_cert(&run->findings, it, known);
        lp_cause_host_id(&run->findings, it);
    }
    lp_stories_rest(&stories, &run->findings);
}

/* A gateway that was tried in vain: the reason, or why the phone went to the next url. */
static void find_unanswered(struct run *run, size_t index)
{
    unsigned url;
    char server[LP_ENDPOINT_SIZE];
    const struct lp_attempt *attempt = lp_pairing_tried(&run->pairing, index, &url);
    struct lp_finding what = {LP_WARNING, "gateway-unanswered",
                              -1,         0,
                              NULL,       "check the gateway's address, port, route and firewall"};

    if (!attempt)
        return;
    what.frame = attempt->frame;
    lp_endpoint_text(&attempt->server, server);
    if (url)
        lp_findings_add(&run->findings, &what, "%s (url%u) %s", server, url,
                        attempt->refused ? "refused the connection"
                                         : "did not answer the connection attempt");
    else
        lp_findings_add(&run->findings, &what, "%s %s", server,
                        attempt->refused ? "refused the connection"
                                         : "did not answer the connection attempt");
}

/* The file came when the handshakes were over. */
static bool find_newer(struct run *run, const struct lp_config *config)
{
    const struct lp_capture *capture = run->capture;

    if (!config->file || run->held.count || !config->source)
        return false;
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_session *session = &capture->sessions[i];
        if (!run->compared[i] && session->first_frame < config->from_frame &&
            lp_clients_same(&run->clients, &session->client, &config->file->client)) {
            lp_cause_newer(&run->findings, config, session);
            return true;
        }
    }
    return false;
}

static void find_for_config(struct run *run, size_t index)
{
    const struct lp_config *config = &run->capture->configs[index];

    if (run->aside[index])
        return;
    find_in_file(run, config);
    if (config->reason != LP_REASON_NONE)
        return;
    find_comparisons(run);
    lp_doubts_find(&run->findings, run->capture, config,
                   (struct lp_doubtful){run->held.items, run->held.count});
    find_unanswered(run, index);
    bool newer = find_newer(run, config);
    if (config->verdict_reason == LP_REASON_NOT_AT_URL && !newer) {
        lp_cause_not_at_url(&run->findings, config, run->other.items, run->other.count);
        lp_doubts_unreached(&run->findings, run->capture, config);
    }
    if (config->verdict == LP_UNDECIDED || config->verdict == LP_MISMATCH)
        lp_cause_elsewhere(&run->findings, config, run->other.items, run->other.count);
}

/* Configurations of phones that this capture is not about. */
static void find_other_phones(struct run *run)
{
    const struct lp_finding what = {LP_INFO, "other-phones", -1, 0, NULL, NULL};
    size_t left_out = run->chosen.left_out, count = left_out;
    size_t first_out = left_out ? lp_chosen_first_left_out(&run->chosen) : SIZE_MAX;
    const struct lp_config *config = NULL;

    for (size_t i = 0; i < run->capture->config_count; i++) {
        if (run->aside[i] && !config && (!left_out || run->chosen.indices[i] < first_out))
            config = &run->capture->configs[i];
        count += run->aside[i];
    }
    if (!config && left_out)
        config = lp_expected_get(run->expected, first_out);
    if (!config)
        return;
    const char *source = name_of(config);
    lp_findings_add(&run->findings, &what,
                    "%zu of %zu configurations found no handshake of their phones here and "
                    "were not compared, among them %.*s",
                    count, run->capture->config_count + left_out, lp_shown(source), source);
}

/* ---- findings of a handshake ---- */

/* The handshake itself is the reason, not the configuration and not a digest that nobody computed.
 */
static bool own_reason(const struct lp_session *session, enum lp_reason reason)
{
    if (reason == LP_REASON_LIMIT && session->chain_complete && lp_whole_leaf(session))
        return false;
    return reason != LP_REASON_NONE && reason < LP_REASON_NOT_AT_URL;
}

static void find_in_sessions(struct run *run, enum lp_verdict total)
{
    /* Beside a decided handshake one that shows nothing is no trouble: sessions are resumed. */
    enum lp_severity severity = total == LP_UNDECIDED ? LP_WARNING : LP_INFO;
    struct lp_stories stories = {.count = 0};

    for (size_t i = 0; i < run->capture->session_count; i++) {
        const struct lp_session *session = &run->capture->sessions[i];
        enum lp_reason reason;
        enum lp_verdict verdict = lp_tally_verdict(&run->tallies[i], &reason);
        if (!run->compared[i] || !lp_stories_news(&stories, session, verdict, reason))
            continue;
        if (verdict == LP_UNDECIDED && own_reason(session, reason))
            lp_cause_undecided(&run->findings, session, reason, severity);
        lp_cause_leaf(&run->findings, session);
        lp_cause_reaction(&run->findings, session, verdict);
    }
    lp_stories_rest(&stories, &run->findings);
}

/* ---- servers that trust lists speak of ---- */

static bool compare_trust(struct run *run)
{
    const struct lp_capture *capture = run->capture;
    struct lp_stories stories = {.count = 0};

    if (!lp_trusted_compare(&run->boot, run->compared, &run->trust))
        return false;
    for (size_t i = 0; i < capture->session_count; i++) {
        const struct lp_trust_comparison *it = &run->trust[i];
        if (!it->source)
            continue;
        lp_tally_add(&run->trusted, it->verdict, it->reason);
        if (!lp_stories_news(&stories, it->session, it->verdict, it->reason))
            continue;
        lp_cause_trust(&run->findings, it);
        if (it->verdict == LP_UNDECIDED && own_reason(it->session, it->reason))
            lp_cause_undecided(&run->findings, it->session, it->reason, LP_INFO);
        lp_cause_reaction(&run->findings, it->session, it->verdict);
    }
    lp_stories_rest(&stories, &run->findings);
    return true;
}

/* Where there is no VPN to look at, what the trust lists say is the answer. */
static bool trust_decides(const struct run *run, enum lp_verdict *verdict, enum lp_reason *reason)
{
    enum lp_reason unused;

    if (*verdict != LP_UNDECIDED ||
        (*reason != LP_REASON_NO_CONFIG && *reason != LP_REASON_NO_VPN_GROUP))
        return false;
    enum lp_verdict trusted = lp_tally_verdict(&run->trusted, &unused);
    if (trusted == LP_UNDECIDED)
        return false;
    *verdict = trusted;
    *reason = LP_REASON_NONE;
    return true;
}

/* ---- the whole ---- */

static bool copy_configs(struct run *run)
{
    struct lp_capture *capture = run->capture;
    size_t count, size;

    if (!lp_chosen_find(&run->chosen, capture, run->expected))
        return false;
    count = run->chosen.count;
    if (count == 0)
        return lp_boot_configs(&run->boot);
    if (__builtin_mul_overflow(count, sizeof *capture->configs, &size))
        return false;
    capture->configs = lp_arena_alloc(capture->arena, size);
    if (!capture->configs)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!lp_config_copy(capture->arena, lp_expected_get(run->expected, run->chosen.indices[i]),
                            &capture->configs[i]))
            return false;
    capture->config_count = count;
    return lp_boot_compare(&run->boot, &run->findings);
}

static bool compare_all(struct run *run)
{
    const struct lp_capture *capture = run->capture;

    for (size_t i = 0; i < capture->config_count; i++) {
        if (!compare_config(run, i))
            return false;
        find_for_config(run, i);
        if (run->aside[i])
            continue;
        lp_tally_add(&run->total, capture->configs[i].verdict, capture->configs[i].verdict_reason);
        run->undecided += capture->configs[i].verdict == LP_UNDECIDED;
        run->about++;
        run->last = i;
    }
    return true;
}

/* The capture's own verdict, and the findings that belong to no configuration. */
static bool judge_capture(struct run *run)
{
    struct lp_capture *capture = run->capture;
    enum lp_reason reason;
    enum lp_verdict verdict = lp_tally_verdict(&run->total, &reason);

    if (verdict == LP_UNDECIDED && capture->config_count == 0)
        reason = LP_REASON_NO_CONFIG;
    bool by_trust = trust_decides(run, &verdict, &reason);
    find_other_phones(run);
    find_in_sessions(run, verdict);
    if ((reason == LP_REASON_NO_CONFIG && capture->config_count == 0) ||
        ((reason == LP_REASON_NO_TLS || reason == LP_REASON_NO_PACKETS) && !capture->error))
        lp_cause_undecided(&run->findings, NULL, reason, LP_WARNING);

    if (by_trust)
        capture->summary = lp_summary_trust(verdict);
    else if (run->about == 1)
        capture->summary = capture->configs[run->last].summary;
    else if (verdict != LP_UNDECIDED)
        capture->summary = lp_summary_capture(capture->arena, &run->total, run->undecided);
    else
        capture->summary = lp_summary_reason(reason);
    if (verdict == LP_UNDECIDED && capture->error) {
        /* Nothing was decided before the damage: then the damage is the answer. */
        verdict = LP_UNREADABLE;
        reason = LP_REASON_NONE;
        capture->summary = capture->error;
    }
    capture->verdict = verdict;
    capture->reason = reason;
    return capture->summary && !run->findings.failed;
}

/* Takes back whatever a verdict has written. */
static void forget(struct lp_capture *capture)
{
    capture->verified = false;
    capture->verdict = LP_UNDECIDED;
    capture->reason = LP_REASON_NONE;
    capture->summary = NULL;
    capture->configs = NULL;
    capture->config_count = 0;
    capture->time_line_count = 0;
    for (size_t i = 0; i < capture->session_count; i++) {
        struct lp_session *session = &capture->sessions[i];
        session->compared = false;
        session->verdict = LP_UNDECIDED;
        session->expected_by = NULL;
        for (size_t k = 0; k < session->chain_count; k++)
            session->chain[k].matches = 0;
    }
}

/* Of a folder of configurations only those are shown that this capture says something about. */
static void leave_out_others(const struct run *run)
{
    struct lp_capture *capture = run->capture;
    size_t kept = 0;

    for (size_t i = 0; i < capture->config_count && run->about > 0; i++)
        if (!run->aside[i])
            capture->configs[kept++] = capture->configs[i];
    if (run->about > 0)
        capture->config_count = kept;
}

/* Whoever named this configuration for this capture knew more than the capture shows. */
static void note_assignment(const struct run *run)
{
    for (size_t i = 0; i < run->capture->config_count; i++) {
        struct lp_config *config = &run->capture->configs[i];
        if (config->paired_by && !config->file && lp_is_phone_side(config))
            config->paired_by = "manifest";
    }
}

static bool show(struct run *run)
{
    struct lp_capture *capture = run->capture;

    for (size_t i = 0; i < capture->session_count; i++) {
        enum lp_reason unused;
        capture->sessions[i].compared = run->compared[i];
        capture->sessions[i].verdict = lp_tally_verdict(&run->tallies[i], &unused);
        capture->sessions[i].expected_by = run->expected_by[i];
        if (run->trust[i].source) {
            capture->sessions[i].compared = true;
            capture->sessions[i].verdict = run->trust[i].verdict;
            capture->sessions[i].expected_by = run->trust[i].source;
        }
    }
    leave_out_others(run);
    if (run->assigned)
        note_assignment(run);
    capture->findings = run->findings.items;
    capture->finding_count = run->findings.count;
    capture->verified = true;
    return lp_time_lines_draw(capture, &run->clients);
}

static bool verify(struct run *run, const struct lp_url *server, bool any_server)
{
    struct lp_capture *capture = run->capture;
    bool paired = false, ok = false;

    run->tallies = lp_alloc_array(capture->session_count, sizeof *run->tallies);
    run->compared = lp_alloc_array(capture->session_count, sizeof *run->compared);
    run->expected_by = lp_alloc_array(capture->session_count, sizeof *run->expected_by);
    run->boot =
        (struct lp_boot){.capture = capture, .expected = run->expected, .clients = &run->clients};
    if (!run->tallies || !run->compared || !run->expected_by ||
        !lp_clients_start(&run->clients, capture) || !lp_boot_start(&run->boot) ||
        !copy_configs(run))
        goto out;
    run->aside = lp_alloc_array(capture->config_count, sizeof *run->aside);
    if (!run->aside)
        goto out;
    paired = lp_pairing_start(&run->pairing, capture, &run->clients, server, any_server);
    if (!paired || !compare_all(run) || !compare_trust(run) || !judge_capture(run))
        goto out;
    ok = show(run);
out:
    if (paired)
        lp_pairing_end(&run->pairing);
    lp_free(run->held.items);
    lp_free(run->other.items);
    lp_free(run->tallies);
    lp_free(run->compared);
    lp_free(run->expected_by);
    lp_free(run->aside);
    lp_chosen_free(&run->chosen);
    lp_boot_end(&run->boot);
    lp_clients_end(&run->clients);
    return ok;
}

static enum lp_status read_server(struct lp_capture *capture, const char *text, struct lp_url *out,
                                  struct lp_error *error)
{
    if (lp_server_read(capture->arena, text, out)) {
        out->usable = true; /* also without a port */
        return LP_OK;
    }
    const char *shown = lp_text_clean(capture->arena, text, strlen(text));
    lp_error_set(error, "server %.200s: not HOST or HOST:PORT", shown ? shown : "");
    return LP_ERR_USAGE;
}

enum lp_status lp_verify(struct lp_capture *capture, const struct lp_expected *expected,
                         const struct lp_verify_options *options, struct lp_error *error)
{
    const struct lp_verify_options none = {0};
    const struct lp_verify_options *how = options ? options : &none;
    struct run run = {.capture = capture,
                      .expected = expected,
                      .leaf_only = how->leaf_only,
                      .assigned = how->assigned};
    struct lp_url server = {0};

    forget(capture);
    if (capture->handed_on) {
        lp_error_set(error, "%s: its handshakes were handed on, and cannot be verified",
                     capture->path);
        return LP_ERR_USAGE;
    }
    if (how->server) {
        enum lp_status status = read_server(capture, how->server, &server, error);
        if (status != LP_OK)
            return status;
    }
    lp_findings_start(&run.findings, capture->arena, capture->findings, capture->finding_count);
    if (!verify(&run, how->server ? &server : NULL, how->any_server)) {
        forget(capture);
        lp_error_set(error, "out of memory");
        return LP_ERR_MEMORY;
    }
    return LP_OK;
}
