/*
 * A file of results that is there whole or not at all.
 *
 * What is written goes to a temporary file beside it, FILE.part.N, which is locked as long as its
 * writer lives. When all is written it is brought to the disk, the status is recorded in
 * FILE.status, and then it gets its name: whoever finds FILE finds all of it and the status. A
 * temporary that nobody holds a lock on is what a killed run left behind; the next run for the same
 * file removes it and starts afresh. fcntl(2) locks also reach over NFS; where a file system has
 * none, temporaries of killed runs stay.
 */
#ifndef LP_BATCH_OUTFILE_H
#define LP_BATCH_OUTFILE_H

#include "leafprint/leafprint.h"

enum { LP_OUT_PATH = 4096 };

struct lp_outfile {
    char path[LP_OUT_PATH], part[LP_OUT_PATH], status_path[LP_OUT_PATH];
    int fd; /* owned, -1: not open; to be written to */
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
