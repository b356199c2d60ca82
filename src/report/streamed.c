#include "report/streamed.h"

#include "report/jsonl.h"

#include <errno.h>

/* How a handshake's object begins as long as its number is not known. */
static const char unnumbered[] = "{\"id\":0";

enum { SEND_AT = 256 * 1024 };

static bool note_leaf(struct lp_streamed *streamed, const struct lp_session *session)
{
    if (session->chain_count == 0 || !session->chain[0].complete)
        return true;
    if (streamed->leaf_count == LP_STREAMED_LEAVES) {
        streamed->leaves_left_out++;
        return true;
    }
    if (!lp_grow_array(&streamed->leaves, &streamed->leaf_cap, streamed->leaf_count + 1,
                       sizeof *streamed->leaves))
        return false;
    memcpy(streamed->leaves[streamed->leaf_count++], session->chain[0].sha256, 32);
    return true;
}

static bool take(void *ctx, const struct lp_session *session)
{
    struct lp_streamed *streamed = ctx;
    struct lp_out *out = &streamed->scratch;
    struct lp_json json = {out, false};
    struct lp_session numberless = *session;

    numberless.id = 0;
    out->buf.len = 0;
    lp_jsonl_session(&json, &numberless, false);
    if (out->error || out->buf.len < sizeof unnumbered)
        return false;
    (void)lp_spool_add(&streamed->spool, out->buf.bytes + (sizeof unnumbered - 1),
                       out->buf.len - (sizeof unnumbered - 1));
    return streamed->spool.error != ENOMEM && note_leaf(streamed, session);
}

static void again(void *ctx)
{
    struct lp_streamed *streamed = ctx;

    lp_spool_free(&streamed->spool);
    streamed->leaf_count = 0;
    streamed->leaves_left_out = 0;
}

struct lp_session_sink lp_streamed_sink(struct lp_streamed *streamed)
{
    return (struct lp_session_sink){.take = take, .again = again, .ctx = streamed};
}

bool lp_streamed_is_large(const struct lp_streamed *streamed)
{
    return streamed->spool.fd != 0;
}

void lp_streamed_write(struct lp_streamed *streamed, struct lp_report *report,
                       const struct lp_capture *capture,
                       bool (*send)(void *ctx, struct lp_out *out), void *ctx)
{
    struct lp_out *out = report->out;

    lp_jsonl_before_sessions(report, capture);
    lp_out_char(out, '[');
    for (size_t i = 0; i < capture->handed_on && !out->error; i++) {
        lp_out_bytes(out, ",", i > 0);
        lp_out_bytes(out, unnumbered, sizeof unnumbered - 2);
        lp_out_number(out, i);
        lp_spool_get(&streamed->spool, capture->order[i], out);
        if (send && out->buf.len >= SEND_AT && !send(ctx, out))
            return;
    }
    lp_out_char(out, ']');
    lp_jsonl_behind_sessions(report, capture);
}

bool lp_streamed_note(const struct lp_streamed *streamed, struct lp_summary *summary)
{
    bool fine = true;

    for (size_t i = 0; i < streamed->leaf_count && fine; i++)
        fine = lp_summary_note_leaf(summary, streamed->leaves[i]);
    if (streamed->leaves_left_out)
        lp_summary_more_leaves(summary);
    return fine;
}

void lp_streamed_free(struct lp_streamed *streamed)
{
    lp_spool_free(&streamed->spool);
    lp_out_free(&streamed->scratch);
    lp_free(streamed->leaves);
    *streamed = (struct lp_streamed){0};
}
