/*
 * Files in one directory that appear whole or not at all, and never replace other bytes.
 */
#ifndef LP_DISK_STORE_H
#define LP_DISK_STORE_H

#include "base/rd.h"
#include "leafprint/leafprint.h"

struct lp_store {
    const char *dir; /* borrowed */
    int fd;          /* owned: the directory; -1 when not open */
    bool changed;    /* something was written since the directory was last synchronised */
};

/* Opens the directory, creating it (one level) when it is missing. */
enum lp_status lp_store_open(struct lp_store *store, const char *dir, struct lp_error *error);
/* Makes sure that a file `name` (no '/') holds exactly `content`. *written: it was not there
 * before. A file of that name with other bytes, a link or anything else is left alone: LP_ERR_IO.
 */
enum lp_status lp_store_put(struct lp_store *store, const char *name, struct lp_rd content,
                            bool *written, struct lp_error *error);
void lp_store_close(struct lp_store *store);

/* Removes what killed runs left in the directory, should it be there. Once for each run is enough:
 * what is in the way of lp_store_put it removes itself. */
void lp_store_sweep(const char *dir);

/* Makes a file name, which is not empty, of harmless characters, in place: letters, digits, dots,
 * hyphens and underscores, neither hidden nor to be taken for an option. */
void lp_store_clean_name(char *name);

#endif
