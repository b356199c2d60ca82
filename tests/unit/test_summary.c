/* What many captures came to. */
#include "report/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The lines, in a buffer of the caller's. */
static const char *written(const struct lp_summary *summary, char text[4096])
{
    struct lp_out out = {.fd = -1};

    lp_summary_write(summary, &out);
    assert_int_equal(0, out.error);
    assert_true(out.buf.len < 4096);
    memcpy(text, out.buf.bytes, out.buf.len);
    text[out.buf.len] = '\0';
    lp_out_free(&out);
    return text;
}

static void note(struct lp_summary *summary, const char *phone, enum lp_verdict verdict,
                 enum lp_reason reason, uint8_t leaf)
{
    struct lp_cert cert = {.complete = true, .sha256 = {leaf}};
    struct lp_session session = {.chain = &cert, .chain_count = 1};
    struct lp_config config = {.phone = phone, .verdict = verdict};
    struct lp_capture capture = {.verified = true,
                                 .verdict = verdict,
                                 .reason = reason,
                                 .configs = &config,
                                 .config_count = 1,
                                 .sessions = &session,
                                 .session_count = 1};

    assert_true(lp_summary_note(summary, &capture));
}

static void summary_counts_verdicts_reasons_and_leaves(void **state)
{
    struct lp_summary *summary = lp_summary_new();
    char text[4096];

    (void)state;
    note(summary, "SEP00000000000A", LP_MATCH, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000A", LP_UNDECIDED, LP_REASON_ENCRYPTED, 1);
    note(summary, "SEP00000000000B", LP_UNDECIDED, LP_REASON_GAP, 2);
    note(summary, "SEP00000000000B", LP_UNDECIDED, LP_REASON_GAP, 2);
    assert_string_equal("4 captures: 1 match, 3 undecided (2 gap, 1 encrypted)\n"
                        "4 handshakes, 2 different leaf certificates\n",
                        written(summary, text));
    assert_int_equal(4, lp_summary_captures(summary));
    lp_summary_free(summary);
}

static void summary_phones_stand_by_need(void **state)
{
    struct lp_summary *summary = lp_summary_new();
    char text[4096];

    (void)state;
    note(summary, "SEP00000000000C", LP_MIXED, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000C", LP_MIXED, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000B", LP_MISMATCH, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000A", LP_MISMATCH, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000D", LP_MISMATCH, LP_REASON_NONE, 1);
    note(summary, "SEP00000000000D", LP_MISMATCH, LP_REASON_NONE, 1);
    note(summary, NULL, LP_MISMATCH, LP_REASON_NONE, 1);
    assert_non_null(strstr(written(summary, text), "phones to repair first:\n"
                                                   "  SEP00000000000D: 2 mismatches\n"
                                                   "  SEP00000000000A: 1 mismatch\n"
                                                   "  SEP00000000000B: 1 mismatch\n"
                                                   "  SEP00000000000C: 2 mixed\n"));
    lp_summary_free(summary);
}

static void summary_many_phones_keep_their_limit(void **state)
{
    struct lp_summary *summary = lp_summary_new();
    char name[16], text[4096];

    (void)state;
    for (unsigned i = 0; i < 70000; i++) {
        snprintf(name, sizeof name, "SEP%012X", i);
        note(summary, name, LP_MISMATCH, LP_REASON_NONE, (uint8_t)i);
    }
    written(summary, text);
    assert_non_null(strstr(text, "70000 captures: 70000 mismatch\n"));
    assert_non_null(strstr(text, "256 different leaf certificates\n"));
    assert_non_null(strstr(text, "  and more than 65526 others\n"));
    lp_summary_free(summary);
}

static void summary_every_allocation_failing_is_told(void **state)
{
    struct lp_cert cert = {.complete = true};
    struct lp_session session = {.chain = &cert, .chain_count = 1};
    struct lp_config config = {.phone = "SEP00000000000A", .verdict = LP_MISMATCH};
    struct lp_capture capture = {.verified = true,
                                 .verdict = LP_MISMATCH,
                                 .configs = &config,
                                 .config_count = 1,
                                 .sessions = &session,
                                 .session_count = 1};
    bool fine = false;

    (void)state;
    for (uint64_t n = 1; !fine; n++) {
        struct lp_out out = {.fd = -1};
        lp_alloc_fail_after(n);
        struct lp_summary *summary = lp_summary_new();
        fine = summary && lp_summary_note(summary, &capture);
        if (fine)
            lp_summary_write(summary, &out);
        lp_alloc_fail_after(0);
        fine = fine && out.error == 0;
        lp_summary_free(summary);
        lp_out_free(&out);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_counts_verdicts_reasons_and_leaves),
        cmocka_unit_test(summary_phones_stand_by_need),
        cmocka_unit_test(summary_many_phones_keep_their_limit),
        cmocka_unit_test(summary_every_allocation_failing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
