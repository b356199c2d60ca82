/* What the files of the JSON Lines writer share. */
#ifndef LP_REPORT_JSONL_H
#define LP_REPORT_JSONL_H

#include "report/json.h"
#include "report/report.h"

void lp_jsonl_audited(struct lp_report *report, const struct lp_audit *audit);

/* A capture's line up to the value of "sessions", and from behind it to the end of the line. */
void lp_jsonl_before_sessions(struct lp_report *report, const struct lp_capture *capture);
void lp_jsonl_behind_sessions(struct lp_report *report, const struct lp_capture *capture);
/* One element of a capture's "sessions". */
void lp_jsonl_session(struct lp_json *json, const struct lp_session *session, bool verified);
/* What a certificate says by itself, for an object that the caller opened. */
void lp_jsonl_cert_fields(struct lp_json *json, const struct lp_cert *cert);
/* An enum lp_reason, by its address. */
void lp_jsonl_reason(struct lp_json *json, const void *value);

#endif
