#define _GNU_SOURCE /* F_OFD_SETLK, of POSIX.1-2024 */
#include "batch/outfile.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARTS_MOST = 1000 };

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

/* The lock of the whole file, as its writer holds it. It belongs to the descriptor where that can
 * be had: a lock of the process is lost when any descriptor of the file is closed, such as that of
 * a walk through the directory. */
static bool lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
#ifdef F_OFD_SETLK
    return fcntl(fd, F_OFD_SETLK, &whole) == 0;
#else
    return fcntl(fd, F_SETLK, &whole) == 0;
#endif
}

static bool same_file(int fd, const char *path)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
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

/* Removes a temporary file unless a living process holds its lock. */
static void remove_stale(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (lock(fd) && same_file(fd, path))
        unlink(path);
    close(fd);
}

/* Those that belong to `path`: named so, in the same directory. */
static void remove_stale_parts(const char *path)
{
    char dir[LP_OUT_PATH], prefix[LP_OUT_PATH], part[LP_OUT_PATH];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const struct dirent *entry;
    int n = slash ? (int)(slash - path) + 1 : 0;

    if (snprintf(dir, sizeof dir, "%.*s", n, path) < 0 || !join(prefix, name, ".part."))
        return;
    DIR *list = opendir(n ? dir : ".");
    while (list && (entry = readdir(list)))
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && join(part, dir, entry->d_name))
            remove_stale(part);
    if (list)
        closedir(list);
}

/* ---- writing ---- */

/* Between its creation and its lock a temporary file looks stale; whoever removed it then made room
 * for another try. */
static int open_part(struct lp_outfile *file)
{
    for (int n = 0; n < PARTS_MOST; n++) {
        char end[32];
        snprintf(end, sizeof end, ".part.%d", n);
        if (!join(file->part, file->path, end)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0)
            continue;
        (void)lock(fd); /* without locks nobody takes it for stale either */
        if (same_file(fd, file->part))
            return fd;
        close(fd);
    }
    errno = EEXIST;
    return -1;
}

enum lp_outfile_state lp_outfile_open(struct lp_outfile *file, const char *path, int *status,
                                      struct lp_error *error)
{
    struct stat info;
    const char *wrong = NULL;

    file->fd = -1;
    if (!join(file->path, path, "") || !join(file->status_path, path, ".status"))
        wrong = "path too long";
    else if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        wrong = "not a regular file";
    else if (lstat(path, &info) == 0 && recorded_status(file->status_path, status))
        return LP_OUTFILE_FINISHED;
    else if (lstat(path, &info) == 0)
        wrong = "exists, and is no finished result; not overwritten";
    if (!wrong) {
        remove_stale_parts(path);
        file->fd = open_part(file);
        if (file->fd < 0)
            wrong = strerror(errno);
    }
    if (wrong)
        say(error, path, wrong);
    return wrong ? LP_OUTFILE_ERROR : LP_OUTFILE_NEW;
}

/* Makes a new name in a directory last. Some file systems cannot, and need not. */
static void sync_directory(const char *path)
{
    char dir[LP_OUT_PATH];
    const char *slash = strrchr(path, '/');
    int n = slash ? (int)(slash - path) + 1 : 0;

    snprintf(dir, sizeof dir, "%.*s", n, path);
    int fd = open(n ? dir : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

/* Writes FILE.status: under another name first, since a torn one would be taken for none. */
static bool record(const struct lp_outfile *file, int status, const char *summary)
{
    char fresh[LP_OUT_PATH + 8];
    bool fine;

    snprintf(fresh, sizeof fresh, "%s.status", file->part);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    (void)lock(fd); /* it is no more stale than the other */
    FILE *out = fdopen(fd, "w");
    if (!out) {
        close(fd);
        return false;
    }
    fine = fprintf(out, "status %d\n%s", status, summary) > 0 && fflush(out) == 0 &&
           fsync(fileno(out)) == 0;
    fine = fclose(out) == 0 && fine;
    fine = fine && rename(fresh, file->status_path) == 0;
    if (!fine) {
        int why = errno;
        unlink(fresh);
        errno = why;
    }
    return fine;
}

bool lp_outfile_finish(struct lp_outfile *file, int status, const char *summary,
                       struct lp_error *error)
{
    bool fine = fsync(file->fd) == 0 && record(file, status, summary);

    if (fine) {
        sync_directory(file->path); /* the status must not come after the file */
        fine = rename(file->part, file->path) == 0;
    }
    if (!fine) {
        say(error, file->path, strerror(errno));
        lp_outfile_abandon(file);
        return false;
    }
    close(file->fd);
    file->fd = -1;
    sync_directory(file->path);
    return true;
}

void lp_outfile_abandon(struct lp_outfile *file)
{
    if (file->fd < 0)
        return;
    unlink(file->part);
    close(file->fd); /* the lock goes last: until then the file is not stale */
    file->fd = -1;
}
