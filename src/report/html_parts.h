/* The parts of one opened result (html_result.c). */
#ifndef LP_REPORT_HTML_PARTS_H
#define LP_REPORT_HTML_PARTS_H

#include "report/html.h"

enum { LP_SHOWN_MOST = 12, LP_LADDERS_MOST = 4 };

/* The handshakes of a result that are shown: those that were compared, or all if none was. */
struct lp_shown {
    const json_t *sessions[LP_SHOWN_MOST]; /* borrowed */
    size_t count;
    size_t left_out;
};
void lp_shown_pick(struct lp_shown *shown, const json_t *root);

/* "192.0.2.1:443"; without an address (802.1X) the MAC; "-" without either. */
void lp_html_endpoint(struct lp_html *html, const json_t *endpoint);
/* "198.51.100.1:443 (vpn.example.com)" */
void lp_html_server(struct lp_html *html, const json_t *session);

/* What each phone did beside its handshakes, in time. */
void lp_html_time_lines(struct lp_html *html, const json_t *root);
/* When and where: a line for each attempt, and where there are several their place in time. */
void lp_html_attempts(struct lp_html *html, const struct lp_shown *shown);
/* The messages of one handshake between its two ends; its number among the attempts, 0: none. */
void lp_html_ladder(struct lp_html *html, const json_t *session, uint64_t number);
/* What the configurations expect against what was presented. */
void lp_html_hashes(struct lp_html *html, const json_t *root, const struct lp_shown *shown);
/* The certificates that the shown handshakes presented, each once. */
void lp_html_certificates(struct lp_html *html, const struct lp_shown *shown);
/* Display filters for Wireshark: the frames that the result names, and the connections. */
void lp_html_filters(struct lp_html *html, const json_t *root, const struct lp_shown *shown);

#endif
