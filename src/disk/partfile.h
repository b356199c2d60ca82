/*
 * A file that is there whole or not at all.
 *
 * What is written goes to a temporary file beside it, FILE.part.N, which is locked as long as its
 * writer lives. When all is written it is brought to the disk and gets its name. A temporary that
 * nobody holds a lock on is what a killed run left behind; the next run that comes upon it removes
 * it. fcntl(2) locks also reach over NFS; where a file system has none, temporaries of killed runs
 * stay.
 */
#ifndef LP_DISK_PARTFILE_H
#define LP_DISK_PARTFILE_H

#include <stdbool.h>

/* Of names in one directory; file systems take 255 bytes. */
enum { LP_PART_NAME = 288 };

struct lp_partfile {
    int dir;                 /* owned */
    int fd;                  /* owned, -1: not open; to be written to */
    char part[LP_PART_NAME]; /* the temporary's name in `dir` */
    char name[LP_PART_NAME]; /* the file's, where it was opened by its path */
};

/* Removes what killed runs for this path left, and opens a fresh temporary. False: errno says why.
 */
bool lp_partfile_open(struct lp_partfile *file, const char *path);
/* Gives the file its name, and makes that last; what had the name is replaced. False: errno says
 * why, and nothing is left. */
bool lp_partfile_keep(struct lp_partfile *file);

/* The same for one of many files in a directory (borrowed), whose temporaries are all called
 * `stem`.part.N, so that there are but as many as writers. Of what killed runs left, it removes
 * what is in its way. */
bool lp_partfile_open_in(struct lp_partfile *file, int dir, const char *stem);
/* Never replaces anything: EEXIST where the name is taken. Making the name last is left to the
 * caller, once for all. */
bool lp_partfile_keep_new(struct lp_partfile *file, const char *name);

/* Leaves nothing behind. Fine for one that is not open. */
void lp_partfile_abandon(struct lp_partfile *file);

/* Removes all that killed runs left in the directory under this stem. */
void lp_partfile_sweep(int dir, const char *stem);

#endif
