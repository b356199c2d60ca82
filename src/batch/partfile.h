/*
 * A file that is there whole or not at all.
 *
 * What is written goes to a temporary file beside it, FILE.part.N, which is locked as long as its
 * writer lives. When all is written it is brought to the disk and gets its name. A temporary that
 * nobody holds a lock on is what a killed run left behind; the next run for the same file removes
 * it. fcntl(2) locks also reach over NFS; where a file system has none, temporaries of killed runs
 * stay.
 */
#ifndef LP_BATCH_PARTFILE_H
#define LP_BATCH_PARTFILE_H

#include <stdbool.h>

enum { LP_OUT_PATH = 4096 };

struct lp_partfile {
    char path[LP_OUT_PATH], part[LP_OUT_PATH];
    int fd; /* owned, -1: not open; to be written to */
};

/* Removes what killed runs left and opens a fresh temporary. False: errno says why. */
bool lp_partfile_open(struct lp_partfile *file, const char *path);
/* Gives the file its name; what had that name is replaced. False: errno says why, and nothing is
 * left. */
bool lp_partfile_keep(struct lp_partfile *file);
/* Leaves nothing behind. Fine for one that is not open. */
void lp_partfile_abandon(struct lp_partfile *file);

/* The lock by which a temporary is known to be in use, for files beside it. */
bool lp_partfile_lock(int fd);
/* Makes new names in the directory of `path` last. */
void lp_partfile_sync_directory(const char *path);

#endif
