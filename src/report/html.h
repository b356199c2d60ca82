/*
 * HTML, written so that a text stays a text.
 *
 * Every value of a result passes through lp_html_text, wherever it goes: between tags, into an
 * attribute in double quotes, into SVG. It leaves printable (base/text.h), of bounded length, and
 * with & < > " ' as character references; so no value can end the place it stands in. What is
 * markup is a string constant of this program.
 *
 * A style attribute appears nowhere: the page's Content-Security-Policy admits one style sheet and
 * one script, by their hashes, and nothing else. What has a measure of its own is SVG.
 */
#ifndef LP_REPORT_HTML_H
#define LP_REPORT_HTML_H

#include "report/out.h"
#include "report/totals.h"

enum {
    LP_HTML_NAME_MOST = 300,   /* bytes of a name, a path, an address */
    LP_HTML_PROSE_MOST = 3000, /* of a finding's message */
};

struct lp_html {
    struct lp_out *out;     /* borrowed */
    struct lp_arena *arena; /* borrowed: for one result; NULL: escaping makes its own */
};

void lp_html_raw(struct lp_html *html, const char *markup);
/* At most `most` bytes of it, then an ellipsis. NULL writes nothing. */
void lp_html_text(struct lp_html *html, const char *text, size_t most);
void lp_html_name(struct lp_html *html, const char *text); /* with LP_HTML_NAME_MOST */
/* With LP_HTML_PROSE_MOST; what stands between backticks is to be typed: it becomes <code>. */
void lp_html_prose(struct lp_html *html, const char *text);
/* In groups of three digits, parted by a space that does not break. */
void lp_html_count(struct lp_html *html, uint64_t value);
void lp_html_number(struct lp_html *html, uint64_t value);
/* `markup`, the number, `behind` */
void lp_html_field(struct lp_html *html, const char *markup, uint64_t value, const char *behind);
/* The word with its sign, in its colour. */
void lp_html_verdict(struct lp_html *html, enum lp_verdict verdict);
/* A bar parted by verdicts, `width` units long. */
void lp_html_bar(struct lp_html *html, const struct lp_counts *counts, unsigned width,
                 unsigned height);

/* The order in which verdicts are shown: the worst first. */
extern const enum lp_verdict lp_html_order[LP_VERDICT_COUNT];

/* One result: its row and, with `opens`, the row below that tells all. `site` is printable. */
struct lp_html_place {
    const char *site;
    uint64_t number; /* of the row, for its id */
    bool opens;
};
void lp_html_result(struct lp_html *html, const struct lp_result *result,
                    const struct lp_html_place *place);

#endif
