/*
 * Looks whether the name is taken, writes beside it (partfile.h), gives the name if it is still
 * free. Everything is relative to the directory's descriptor and follows no link, so that nobody
 * who may write there can turn the output elsewhere.
 */
#include "disk/store.h"

#include "base/text.h"
#include "disk/partfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the temporary files: hidden, since they stand among what people look through. */
static const char stem[] = ".leafprint";

static enum lp_status io_error(struct lp_error *error, const struct lp_store *store,
                               const char *name, int code)
{
    char why[128];

    if (strerror_r(code, why, sizeof why) != 0)
        snprintf(why, sizeof why, "error %d", code);
    lp_error_set(error, "%s%s%s: %s", store->dir, name ? "/" : "", name ? name : "", why);
    return LP_ERR_IO;
}

enum lp_status lp_store_open(struct lp_store *store, const char *dir, struct lp_error *error)
{
    *store = (struct lp_store){.dir = dir, .fd = -1};
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return io_error(error, store, NULL, errno);
    store->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return store->fd < 0 ? io_error(error, store, NULL, errno) : LP_OK;
}

void lp_store_close(struct lp_store *store)
{
    if (store->fd < 0)
        return;
    if (store->changed)
        (void)fsync(store->fd); /* the files are safe; some systems cannot do it for a directory */
    close(store->fd);
    store->fd = -1;
}

void lp_store_sweep(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    lp_partfile_sweep(fd, stem);
    close(fd);
}

static bool write_all(int fd, struct lp_rd content)
{
    while (!lp_rd_end(&content)) {
        ssize_t n = write(fd, content.ptr, content.left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !lp_rd_skip(&content, (size_t)n))
            return false;
    }
    return true;
}

/* The file's bytes from its start are exactly these. */
static bool holds(int fd, struct lp_rd content)
{
    uint8_t chunk[4096];

    for (;;) {
        struct lp_rd same;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 && lp_rd_end(&content);
        if (!lp_rd_sub(&content, (size_t)n, &same) || memcmp(same.ptr, chunk, (size_t)n) != 0)
            return false;
    }
}

enum present { ABSENT, SAME, OTHER, UNKNOWN }; /* UNKNOWN: errno says why */

static enum present look(const struct lp_store *store, const char *name, struct lp_rd content)
{
    struct stat st;
    enum present present = OTHER;

    if (fstatat(store->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ABSENT : UNKNOWN;
    if (!S_ISREG(st.st_mode))
        return OTHER;
    /* O_NONBLOCK: should a FIFO take the file's place in this moment, nobody waits for it. */
    int fd = openat(store->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? OTHER : UNKNOWN;
    if (holds(fd, content))
        present = SAME;
    close(fd);
    return present;
}

static bool write_new(struct lp_store *store, const char *name, struct lp_rd content)
{
    struct lp_partfile file;

    if (!lp_partfile_open_in(&file, store->fd, stem))
        return false;
    if (!write_all(file.fd, content)) {
        int why = errno ? errno : EIO;
        lp_partfile_abandon(&file);
        errno = why;
        return false;
    }
    store->changed = true;
    return lp_partfile_keep_new(&file, name);
}

enum lp_status lp_store_put(struct lp_store *store, const char *name, struct lp_rd content,
                            bool *written, struct lp_error *error)
{
    *written = false;
    enum present present = look(store, name, content);
    if (present == ABSENT) {
        if (write_new(store, name, content)) {
            *written = true;
            return LP_OK;
        }
        if (errno != EEXIST)
            return io_error(error, store, name, errno);
        present = look(store, name, content); /* somebody was faster */
    }
    if (present == SAME)
        return LP_OK;
    if (present == UNKNOWN)
        return io_error(error, store, name, errno);
    lp_error_set(error, "%s/%s: exists and holds something else; not overwritten", store->dir,
                 name);
    return LP_ERR_IO;
}

static bool harmless(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

void lp_store_clean_name(char *name)
{
    if (*name == '.' || *name == '-')
        *name = '_';
    for (; *name; name++)
        if (!harmless(*name))
            *name = '_';
}
