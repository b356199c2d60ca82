/*
 * Results read back: the JSON Lines that `leafprint verify` wrote.
 *
 * One line is held at a time, so a file may have any length. Nothing in it is trusted: a line that
 * is no result is told to the caller and passed over, a member of the wrong type counts as absent,
 * and no text is printable before lp_text_clean has seen it.
 */
#ifndef LP_REPORT_RESULTS_H
#define LP_REPORT_RESULTS_H

#include "base/mem.h"
#include "leafprint/leafprint.h"

#include <jansson.h>

enum { LP_VERDICT_COUNT = LP_UNREADABLE + 1 };

/* Why a line is no result. */
enum lp_passed {
    LP_PASSED_BROKEN,    /* no JSON: the end of a line that was cut, for instance */
    LP_PASSED_TOO_LONG,  /* longer than LP_LINE_MOST */
    LP_PASSED_OTHER,     /* JSON of another kind, such as `leafprint hash` writes */
    LP_PASSED_INSPECTED, /* a capture that was compared with nothing */
    LP_PASSED_COUNT
};
const char *lp_passed_text(enum lp_passed passed);

struct lp_result {
    const json_t *root;  /* borrowed: valid during the call, as all that hangs on it */
    const char *capture; /* never NULL */
    enum lp_verdict verdict;
    enum lp_reason reason;
};

/* Either may end the reading by returning false. */
struct lp_results_user {
    bool (*result)(void *ctx, const struct lp_result *result);
    bool (*passed)(void *ctx, const char *file, uint64_t line, enum lp_passed passed);
    void *ctx;
};

/* Reads one file ("-": standard input) to its end. LP_ERR_IO: error->text names the file. */
enum lp_status lp_results_read(const char *path, const struct lp_results_user *user,
                               struct lp_error *error);

/* Members of an object, NULL or 0 or an empty array where there is none of that type. */
const char *lp_member_text(const json_t *object, const char *name);
uint64_t lp_member_number(const json_t *object, const char *name);
bool lp_member_true(const json_t *object, const char *name);
const json_t *lp_member(const json_t *object, const char *name);
/* The element of an array that is a member; NULL past the end. */
const json_t *lp_element(const json_t *object, const char *name, size_t index);
size_t lp_element_count(const json_t *object, const char *name);

/* A verdict by its word; false: there is none of that name. */
bool lp_verdict_read(const char *word, enum lp_verdict *out);
/* Seconds and nanoseconds of a time as leafprint writes it; false: it is none. */
bool lp_time_read(const char *text, struct lp_time *out);

#endif
