#define _GNU_SOURCE /* F_OFD_SETLK, of POSIX.1-2024 */
#include "batch/partfile.h"

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

/* The lock of the whole file, as its writer holds it. It belongs to the descriptor where that can
 * be had: a lock of the process is lost when any descriptor of the file is closed, such as that of
 * a walk through the directory. */
bool lp_partfile_lock(int fd)
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

/* Removes a temporary file unless a living process holds its lock. */
static void remove_stale(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    if (lp_partfile_lock(fd) && same_file(fd, path))
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
static int open_part(struct lp_partfile *file)
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
        (void)lp_partfile_lock(fd); /* without locks nobody takes it for stale either */
        if (same_file(fd, file->part))
            return fd;
        close(fd);
    }
    errno = EEXIST;
    return -1;
}

bool lp_partfile_open(struct lp_partfile *file, const char *path)
{
    file->fd = -1;
    if (!join(file->path, path, "")) {
        errno = ENAMETOOLONG;
        return false;
    }
    remove_stale_parts(path);
    file->fd = open_part(file);
    return file->fd >= 0;
}

/* Some file systems cannot, and need not. */
void lp_partfile_sync_directory(const char *path)
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

bool lp_partfile_keep(struct lp_partfile *file)
{
    bool fine = fsync(file->fd) == 0 && rename(file->part, file->path) == 0;

    if (!fine) {
        int why = errno;
        lp_partfile_abandon(file);
        errno = why;
        return false;
    }
    close(file->fd);
    file->fd = -1;
    lp_partfile_sync_directory(file->path);
    return true;
}

void lp_partfile_abandon(struct lp_partfile *file)
{
    if (file->fd < 0)
        return;
    unlink(file->part);
    close(file->fd); /* the lock goes last: until then the file is not stale */
    file->fd = -1;
}
