/* What the files of the JSON Lines writer share. */
#ifndef LP_REPORT_JSONL_H
#define LP_REPORT_JSONL_H

#include "report/report.h"

void lp_jsonl_audited(struct lp_report *report, const struct lp_audit *audit);

#endif
