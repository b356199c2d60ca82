#include "batch/outfile.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool join(char out[LP_OUT_PATH], const char *path, const char *end)
{
    int n = snprintf(out, LP_OUT_PATH, "%s%s", path, end);
    return n > 0 && n < LP_OUT_PATH;
}

static bool say(struct lp_error *error, const char *path, const char *what)
{
    lp_error_set(error, "%s: %s", path, what);
    return false;
}

/* ---- what earlier runs left ---- */

/* "status 3" is the first line of FILE.status. */
static bool recorded_status(const char *path, int *status)
{
    static const char word[] = "status ";
    char line[16] = "";
    FILE *file = fopen(path, "r");
    bool fine = file && fgets(line, sizeof line, file) && strncmp(line, word, sizeof word - 1) == 0;
    const char *digit = line + sizeof word - 1;

    if (file)
        fclose(file);
    if (!fine || *digit < '0' || *digit > '3' || strcmp(digit + 1, "\n") != 0)
        return false;
    *status = *digit - '0';
    return true;
}

/* ---- writing ---- */

enum lp_outfile_state lp_outfile_open(struct lp_outfile *file, const char *path, int *status,
                                      struct lp_error *error)
{
    struct stat info;
    const char *wrong = NULL;

    file->part.fd = -1;
    if (!join(file->path, path, "") || !join(file->status_path, path, ".status"))
        wrong = "path too long";
    else if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        wrong = "not a regular file";
    else if (lstat(path, &info) == 0 && recorded_status(file->status_path, status))
        return LP_OUTFILE_FINISHED;
    else if (lstat(path, &info) == 0)
        wrong = "exists, and is no finished result; not overwritten";
    else if (!lp_partfile_open(&file->part, path))
        wrong = strerror(errno);
    if (wrong)
        say(error, path, wrong);
    return wrong ? LP_OUTFILE_ERROR : LP_OUTFILE_NEW;
}

/* Writes FILE.status: it too is whole or not there, since a torn one would be taken for none. */
static bool record(const struct lp_outfile *file, int status, const char *summary)
{
    struct lp_partfile part;

    if (!lp_partfile_open(&part, file->status_path))
        return false;
    if (dprintf(part.fd, "status %d\n%s", status, summary) < 0) {
        int why = errno;
        lp_partfile_abandon(&part);
        errno = why;
        return false;
    }
    return lp_partfile_keep(&part);
}

/* The status is recorded first, and lasts before the file does. */
bool lp_outfile_finish(struct lp_outfile *file, int status, const char *summary,
                       struct lp_error *error)
{
    bool recorded = record(file, status, summary);

    if (recorded && lp_partfile_keep(&file->part))
        return true;
    say(error, file->path, strerror(errno));
    if (recorded)
        unlink(file->status_path);
    lp_partfile_abandon(&file->part);
    return false;
}

void lp_outfile_abandon(struct lp_outfile *file)
{
    lp_partfile_abandon(&file->part);
}
