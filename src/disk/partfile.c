#define _GNU_SOURCE /* F_OFD_SETLK, of POSIX.1-2024; O_PATH */
#include "disk/partfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARTS_MOST = 1000 };

#define PART ".part."

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

static bool same_file(int fd, int dir, const char *name)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* ---- what earlier runs left ---- */

/* Removes a temporary file unless a living process holds its lock. O_NONBLOCK: nobody waits for a
 * FIFO that is called so. */
static bool remove_stale(int dir, const char *part)
{
    int fd = openat(dir, part, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return false;
    bool removed = lock(fd) && same_file(fd, dir, part) && unlinkat(dir, part, 0) == 0;
    close(fd);
    return removed;
}

void lp_partfile_sweep(int dir, const char *stem)
{
    size_t n = strlen(stem);
    const struct dirent *entry;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && !list)
        close(fd);
    while (list && (entry = readdir(list)))
        if (strncmp(entry->d_name, stem, n) == 0 &&
            strncmp(entry->d_name + n, PART, sizeof PART - 1) == 0)
            (void)remove_stale(dir, entry->d_name);
    if (list)
        closedir(list);
}

/* ---- writing ---- */

/* Between its creation and its lock a temporary file looks stale; whoever removed it then made room
 * for another try. */
static int open_part(struct lp_partfile *file, const char *stem)
{
    for (int n = 0; n < PARTS_MOST; n++) {
        int length = snprintf(file->part, sizeof file->part, "%s" PART "%d", stem, n);
        if (length < 0 || (size_t)length >= sizeof file->part) {
            errno = ENAMETOOLONG;
            return -1;
        }
        (void)remove_stale(file->dir, file->part);
        int fd = openat(file->dir, file->part,
                        O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0)
            continue;
        (void)lock(fd); /* without locks nobody takes it for stale either */
        if (same_file(fd, file->dir, file->part))
            return fd;
        close(fd);
    }
    errno = EEXIST;
    return -1;
}

/* The directory closes with the file; errno stays. */
static bool shut(struct lp_partfile *file, bool fine)
{
    int why = errno;

    if (file->fd >= 0)
        close(file->fd);
    if (file->dir >= 0)
        close(file->dir);
    file->fd = file->dir = -1;
    errno = why;
    return fine;
}

/* The directory of a path. One that may be searched but not read serves as well: only what is done
 * for it as a whole, in vain, is lost. */
static int open_directory(const char *path, size_t n)
{
    char dir[4096] = ".";

    if (n >= sizeof dir) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (n)
        snprintf(dir, sizeof dir, "%.*s", (int)n, path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#ifdef O_PATH
    if (fd < 0 && errno == EACCES)
        fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
#endif
    return fd;
}

bool lp_partfile_open(struct lp_partfile *file, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    *file = (struct lp_partfile){.dir = -1, .fd = -1};
    if (!*name || strlen(name) >= sizeof file->name) {
        errno = *name ? ENAMETOOLONG : EISDIR;
        return false;
    }
    snprintf(file->name, sizeof file->name, "%s", name);
    file->dir = open_directory(path, (size_t)(name - path));
    if (file->dir < 0)
        return false;
    lp_partfile_sweep(file->dir, name);
    file->fd = open_part(file, name);
    return file->fd >= 0 || shut(file, false);
}

bool lp_partfile_open_in(struct lp_partfile *file, int dir, const char *stem)
{
    *file = (struct lp_partfile){.dir = fcntl(dir, F_DUPFD_CLOEXEC, 0), .fd = -1};
    if (file->dir >= 0)
        file->fd = open_part(file, stem);
    return file->fd >= 0 || shut(file, false);
}

bool lp_partfile_keep(struct lp_partfile *file)
{
    if (fsync(file->fd) != 0 || renameat(file->dir, file->part, file->dir, file->name) != 0) {
        int why = errno;
        lp_partfile_abandon(file);
        errno = why;
        return false;
    }
    (void)fsync(file->dir); /* some file systems cannot, and need not */
    return shut(file, true);
}

/* For file systems without hard links. The claimed name is ours, so nothing else is replaced. */
static bool claim_and_rename(const struct lp_partfile *file, const char *name)
{
    int claim = openat(file->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (claim < 0)
        return false;
    close(claim);
    if (renameat(file->dir, file->part, file->dir, name) == 0)
        return true;
    int why = errno;
    unlinkat(file->dir, name, 0);
    errno = why;
    return false;
}

/* A hard link gives the name where it is free; an empty file claims it where there are none. */
bool lp_partfile_keep_new(struct lp_partfile *file, const char *name)
{
    bool fine = fsync(file->fd) == 0;

    if (fine && linkat(file->dir, file->part, file->dir, name, 0) != 0) {
        fine = (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK) &&
               claim_and_rename(file, name);
    }
    int why = errno;
    lp_partfile_abandon(file);
    errno = why;
    return fine;
}

void lp_partfile_abandon(struct lp_partfile *file)
{
    if (file->fd < 0)
        return;
    unlinkat(file->dir, file->part, 0); /* gone already where it was renamed */
    (void)shut(file, false);            /* the lock goes last: until then the file is not stale */
}
