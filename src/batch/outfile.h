/*
 * A file of results (disk/partfile.h) with the status of its run in FILE.status, which is there
 * first: whoever finds FILE finds all of it and the status.
 */
#ifndef LP_BATCH_OUTFILE_H
#define LP_BATCH_OUTFILE_H

#include "disk/partfile.h"
#include "leafprint/leafprint.h"

enum { LP_OUT_PATH = 4096 };

struct lp_outfile {
    struct lp_partfile part; /* owned; part.fd is to be written to */
    char path[LP_OUT_PATH], status_path[LP_OUT_PATH];
};

/* What a finished file's run came to. */
enum lp_outfile_state {
    LP_OUTFILE_NEW,      /* to be written: it is open */
    LP_OUTFILE_FINISHED, /* not to be written again; *status is what was recorded */
    LP_OUTFILE_ERROR, /* error says why: it cannot be written, or exists and is nobody's result */
};

enum lp_outfile_state lp_outfile_open(struct lp_outfile *file, const char *path, int *status,
                                      struct lp_error *error);

/* Gives the file its name, with the status, and `summary` for people behind it in FILE.status. On
 * failure nothing is left. */
bool lp_outfile_finish(struct lp_outfile *file, int status, const char *summary,
                       struct lp_error *error);

/* Leaves nothing behind. Fine for one that is not open. */
void lp_outfile_abandon(struct lp_outfile *file);

#endif
