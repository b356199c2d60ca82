/*
 * Folders of phone configurations: thousands of files, read by several threads.
 */
#ifndef LP_SCAN_FOLDER_H
#define LP_SCAN_FOLDER_H

#include "base/mem.h"
#include "leafprint/leafprint.h"
#include "phone/phone.h"

/* One configuration of a folder. */
struct lp_folder_file {
    const char *path; /* as it is called; not printable */
    enum lp_status status;
    const char *error;       /* printable: why it could not be read; NULL when it could */
    struct lp_config config; /* when status is LP_OK */
};

/* Starts zeroed. The arenas hold all that the files refer to; whoever goes on using it takes them
 * over. */
struct lp_folder {
    struct lp_folder_file *files; /* owned */
    size_t count, cap;
    struct lp_arena **arenas; /* owned, like what is in them */
    size_t arena_count;
};

/* Reads a folder: what looks like a configuration by its name (*.xml, *.sgn), at any depth, in
 * bytewise order of the paths. What is no phone's, like the lists of tones beside it, is left out.
 * A file that cannot be read has a status; LP_ERR_IO is returned only for the folder itself. A path
 * that is a file is read as the only one. */
enum lp_status lp_folder_read(struct lp_folder *folder, const char *path,
                              const struct lp_phone_trust *trust, unsigned jobs,
                              struct lp_error *error);
void lp_folder_free(struct lp_folder *folder);

#endif
