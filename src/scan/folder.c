/*
 * How a folder is read: first the names, then the files.
 *
 * Names come in whatever order the file system has them; sorting the paths makes the result the
 * same everywhere. Then each file is read and parsed by one of several threads into an arena of
 * that thread, and its place in the list is the only thing that the threads share.
 */
#include "scan/folder.h"

#include "base/file.h"
#include "base/text.h"
#include "scan/parallel.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- names ---- */

struct listing {
    char **paths; /* owned array; the texts are the arena's */
    size_t count, cap;
};

/* Folders still to be looked into, and the files found so far. */
struct walk {
    struct lp_arena *arena; /* borrowed */
    struct listing folders, files;
};

static enum lp_status no_memory(struct lp_error *error)
{
    lp_error_set(error, "out of memory");
    return LP_ERR_MEMORY;
}

/* "path: what is wrong", the path made printable. */
static enum lp_status refuse(struct lp_arena *arena, const char *path, struct lp_error *error)
{
    int reason = errno;
    const char *shown = lp_text_clean(arena, path, strlen(path));

    if (!shown)
        return no_memory(error);
    lp_error_set(error, "%.300s: %s", shown, strerror(reason));
    return LP_ERR_IO;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);
    return n > e && strcmp(name + n - e, end) == 0;
}

static bool is_configuration_name(const char *name)
{
    return ends_with(name, ".xml") || ends_with(name, ".sgn");
}

static bool list_path(struct listing *list, char *path)
{
    if (!lp_grow_array(&list->paths, &list->cap, list->count + 1, sizeof *list->paths))
        return false;
    list->paths[list->count++] = path;
    return true;
}

/* Files are taken by their names; folders are walked, but not through links, so that the walk ends.
 */
static enum lp_status take_entry(struct walk *walk, const char *folder, const char *name,
                                 struct lp_error *error)
{
    size_t n = strlen(folder);
    const char *between = n && folder[n - 1] == '/' ? "" : "/";
    char *path = lp_arena_printf(walk->arena, "%s%s%s", folder, between, name);
    struct stat self, target;
    struct listing *list = NULL;

    if (!path)
        return no_memory(error);
    if (lstat(path, &self) != 0)
        return refuse(walk->arena, path, error);
    if (S_ISDIR(self.st_mode))
        list = &walk->folders;
    else if (is_configuration_name(path) && stat(path, &target) == 0 && S_ISREG(target.st_mode))
        list = &walk->files;
    return !list || list_path(list, path) ? LP_OK : no_memory(error);
}

static enum lp_status take_folder(struct walk *walk, const char *folder, struct lp_error *error)
{
    DIR *dir = opendir(folder);
    enum lp_status status = LP_OK;
    const struct dirent *entry;

    if (!dir)
        return refuse(walk->arena, folder, error);
    errno = 0;
    while (status == LP_OK && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = take_entry(walk, folder, entry->d_name, error);
        errno = 0;
    }
    if (status == LP_OK && errno)
        status = refuse(walk->arena, folder, error);
    closedir(dir);
    return status;
}

/* A folder, or one file, whatever it is called. */
static enum lp_status take_path(struct walk *walk, const char *path, struct lp_error *error)
{
    struct stat target = {0};

    if (strcmp(path, "-") != 0 && stat(path, &target) != 0)
        return refuse(walk->arena, path, error);
    if (strcmp(path, "-") != 0 && S_ISDIR(target.st_mode))
        return take_folder(walk, path, error);
    char *copy = lp_arena_text(walk->arena, path);
    return copy && list_path(&walk->files, copy) ? LP_OK : no_memory(error);
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* ---- files ---- */

struct reading {
    struct lp_folder_file *files;       /* borrowed */
    struct lp_arena **arenas;           /* borrowed; one for each worker */
    struct lp_buf *buffers;             /* owned; likewise */
    const struct lp_phone_trust *trust; /* borrowed */
};

static void fail(struct lp_folder_file *file, struct lp_arena *arena, enum lp_status status,
                 const char *text)
{
    file->status = status;
    file->error = lp_text_clean(arena, text, strlen(text));
    if (!file->error) {
        file->status = LP_ERR_MEMORY;
        file->error = "out of memory";
    }
}

static void read_one(void *ctx, size_t worker, size_t index)
{
    struct reading *reading = ctx;
    struct lp_folder_file *file = &reading->files[index];
    struct lp_arena *arena = reading->arenas[worker];
    struct lp_buf *buf = &reading->buffers[worker];
    struct lp_error error = {""};

    buf->len = 0;
    file->status = lp_file_read(file->path, buf, &error);
    if (file->status != LP_OK)
        fail(file, arena, file->status, error.text);
    else if (!lp_phone_config_trusting(arena, file->path, lp_rd_init(buf->bytes, buf->len),
                                       reading->trust, &file->config))
        fail(file, arena, LP_ERR_MEMORY, "out of memory");
}

static bool is_foreign(const struct lp_folder_file *file)
{
    return file->status == LP_OK && file->config.reason == LP_REASON_NO_VPN_GROUP &&
           !file->config.phone;
}

static void drop_foreign(struct lp_folder *folder)
{
    size_t kept = 0;

    for (size_t i = 0; i < folder->count; i++)
        if (folder->count == 1 || !is_foreign(&folder->files[i]))
            folder->files[kept++] = folder->files[i];
    folder->count = kept;
}

/* One arena for each worker, behind the one that the names are in. */
static bool make_room(struct lp_folder *folder, size_t workers, size_t files)
{
    folder->files = lp_alloc_array(files, sizeof *folder->files);
    if (!folder->files || !folder->arenas)
        return false;
    for (size_t i = 0; i < workers; i++) {
        folder->arenas[folder->arena_count] = lp_arena_new();
        if (!folder->arenas[folder->arena_count])
            return false;
        folder->arena_count++;
    }
    return true;
}

static enum lp_status read_files(struct lp_folder *folder, const struct listing *list,
                                 const struct lp_phone_trust *trust, unsigned jobs,
                                 struct lp_error *error)
{
    size_t workers = lp_parallel_workers(jobs, list->count);
    struct reading reading = {.trust = trust,
                              .buffers = lp_alloc_array(workers, sizeof *reading.buffers)};
    enum lp_status status = LP_ERR_MEMORY;

    if (!reading.buffers || !make_room(folder, workers, list->count))
        goto out;
    folder->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        folder->files[i].path = list->paths[i];
    reading.files = folder->files;
    reading.arenas = folder->arenas + 1;
    /* The first by itself: a library that prepares itself on first use does so before there are
     * threads. */
    if (list->count)
        read_one(&reading, 0, 0);
    if (list->count > 1) {
        reading.files++;
        lp_parallel(workers, list->count - 1, read_one, &reading);
    }
    drop_foreign(folder);
    status = LP_OK;
    for (size_t i = 0; i < folder->count; i++)
        if (folder->files[i].status == LP_ERR_MEMORY)
            status = LP_ERR_MEMORY;
out:
    for (size_t i = 0; reading.buffers && i < workers; i++)
        lp_buf_free(&reading.buffers[i]);
    lp_free(reading.buffers);
    return status == LP_OK ? LP_OK : no_memory(error);
}

enum lp_status lp_folder_read(struct lp_folder *folder, const char *path,
                              const struct lp_phone_trust *trust, unsigned jobs,
                              struct lp_error *error)
{
    struct walk walk = {.arena = lp_arena_new()};
    enum lp_status status = LP_ERR_MEMORY;

    *folder = (struct lp_folder){0};
    folder->arenas = lp_alloc_array(LP_WORKERS_MOST + 1, sizeof(struct lp_arena *));
    if (!walk.arena || !folder->arenas) {
        lp_arena_free(walk.arena);
        no_memory(error);
        goto out;
    }
    folder->arenas[folder->arena_count++] = walk.arena;
    status = take_path(&walk, path, error);
    while (status == LP_OK && walk.folders.count)
        status = take_folder(&walk, walk.folders.paths[--walk.folders.count], error);
    if (walk.files.count > 1)
        qsort(walk.files.paths, walk.files.count, sizeof *walk.files.paths, by_bytes);
    if (status == LP_OK)
        status = read_files(folder, &walk.files, trust, jobs, error);
out:
    lp_free(walk.folders.paths);
    lp_free(walk.files.paths);
    if (status != LP_OK)
        lp_folder_free(folder);
    return status;
}

void lp_folder_free(struct lp_folder *folder)
{
    for (size_t i = 0; folder->arenas && i < folder->arena_count; i++)
        lp_arena_free(folder->arenas[i]);
    lp_free(folder->arenas);
    lp_free(folder->files);
    *folder = (struct lp_folder){0};
}
