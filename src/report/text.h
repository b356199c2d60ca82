/*
 * Text for people: the pieces that the reports share.
 *
 * A report is a headline and, where there is more to say, a block of labelled rows:
 *
 *     mismatch: phone.pcap: the headend presents another certificate than the phone expects
 *       phone     SEP001F6C81110E (SEP001F6C81110E.cnf.xml, paired by mac)
 *       Base64    expected  fZ2xQHMBcWj/fSoNs5IkPbA2Pt8=  certHash1
 *                 seen      K8pM1s0cHj2mVq7pYH0e3O2xvUw=  leaf
 *
 * Headlines are one line each, whatever their length, so that grep finds them; prose below is
 * wrapped. Width never depends on the terminal.
 */
#ifndef LP_REPORT_TEXT_H
#define LP_REPORT_TEXT_H

#include "report/report.h"

enum {
    LP_TEXT_LABEL = 2,  /* column of a row's label */
    LP_TEXT_VALUE = 12, /* column of its value */
    LP_TEXT_WIDTH = 96, /* where prose is wrapped */
};

void lp_text_verdict(struct lp_report *report, enum lp_verdict verdict);

/* Starts a row: the label (NULL: none) and the spaces up to LP_TEXT_VALUE. */
void lp_text_label(struct lp_report *report, const char *label);
/* A label that is a word and a number: "#3", "ca2". */
void lp_text_numbered(struct lp_report *report, const char *word, uint64_t number);
/* Prose from LP_TEXT_VALUE on, to the end of the row. */
void lp_text_prose(struct lp_report *report, const char *text);

/* What the text says without the capture's name, which the headline has said. */
const char *lp_text_without_name(const char *text, const struct lp_capture *capture);

/* "192.0.2.1:443" */
void lp_text_endpoint(struct lp_out *out, const struct lp_endpoint *end);
/* "10.0.0.5:49152 -> 192.0.2.1:443" */
void lp_text_ends(struct lp_report *report, const struct lp_session *session);
/* The rows of one certificate, under the label of its role. */
void lp_text_certificate(struct lp_report *report, const struct lp_cert *cert, bool of_client);
/* The same for a leaf whose SHA-1 stands in a comparison above. */
void lp_text_leaf_seen(struct lp_report *report, const struct lp_cert *leaf);
/* The rows of everything one handshake showed. */
void lp_text_session(struct lp_report *report, const struct lp_session *session);
/* The findings from `least` upwards. */
void lp_text_findings(struct lp_report *report, const struct lp_capture *capture,
                      enum lp_severity least);

void lp_text_verified(struct lp_report *report, const struct lp_capture *capture);
void lp_text_audited(struct lp_report *report, const struct lp_audit *audit);
void lp_text_inspected(struct lp_report *report, const struct lp_capture *capture);

#endif
