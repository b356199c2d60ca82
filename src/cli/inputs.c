/*
 * Which captures a command works on.
 *
 * A name given is a file to be read, whatever is in it. A directory is a place to look for
 * captures: its regular files count when they begin like one or are called like one, the others are
 * passed over. Every directory is read in bytewise order of its names, so that a run is the same on
 * every machine. Links to directories are not followed, so that it ends, nor are links that lead
 * out of the directory that was named.
 *
 * --shard picks what is visited. The unit is a capture, or a line of --files-from: of the lines of
 * others not even the kind of file is asked for, which matters when there are millions.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "cli/inputs.h"

#include "batch/shard.h"
#include "cli/interrupt.h"
#include "cli/message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 }; /* no longer name can be opened (PATH_MAX) */

struct walk {
    const struct lp_inputs *in; /* borrowed */
    const char *list;           /* --files-from */
    const char *config;         /* of the line at hand, or NULL */
    const char *top;            /* the directory at hand, as it was named */
    char *top_real;             /* owned; the same without links, once that was needed */
    bool stdin_used;
    bool picked; /* the line at hand is in our shard, and all that it names */
    bool over;   /* somebody has had enough */
    bool failed;
};

/* ---- what a capture looks like ---- */

static bool begins_with(const uint8_t *head, size_t n, const char *magic, size_t magic_len)
{
    return n >= magic_len && memcmp(head, magic, magic_len) == 0;
}

static size_t read_head(const char *path, uint8_t head[4])
{
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */

    if (fd >= 0) {
        n = read(fd, head, 4);
        close(fd);
    }
    return n > 0 ? (size_t)n : 0;
}

bool lp_is_capture(const char *path)
{
    static const char magics[][5] = {
        "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", /* pcap, microseconds */
        "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1", /* nanoseconds */
        "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1", /* Kuznetzov's */
        "\x0a\x0d\x0d\x0a", /* pcapng: its block type reads the same both ways */
    };
    uint8_t head[4];
    size_t n = read_head(path, head);

    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (begins_with(head, n, magics[i], 4))
            return true;
    return false;
}

static bool ends_with(const char *text, size_t n, const char *end)
{
    size_t end_len = strlen(end);
    return n > end_len && memcmp(text + n - end_len, end, end_len) == 0;
}

/* The length of the name without the first of the endings that it has. */
static size_t without_ending(const char *name, size_t n, const char *const *endings)
{
    for (; *endings; endings++)
        if (ends_with(name, n, *endings))
            return n - strlen(*endings);
    return n;
}

/* A damaged or compressed capture shows by its name alone: it is tried, so that the damage is told
 * and not passed over. */
static bool called_capture(const char *name)
{
    static const char *const captures[] = {".pcap", ".pcapng", ".cap", ".ntar", NULL};
    static const char *const wrappers[] = {".gz", ".zst", ".xz", ".lz4", ".bz2", NULL};
    size_t n = without_ending(name, strlen(name), wrappers);

    return without_ending(name, n, captures) < n;
}

/* ---- visiting ---- */

static bool ours(const struct walk *walk, const char *path)
{
    const struct lp_cli *cli = walk->in->cli;

    return cli->shards == 0 || walk->picked || lp_shard_of(path, cli->shards) == cli->shard;
}

static void visit(struct walk *walk, const char *path)
{
    if (ours(walk, path) && !walk->in->visit(walk->in->ctx, path, walk->config))
        walk->over = true;
}

static void trouble(struct walk *walk, const char *path, const char *what)
{
    if (walk->in->silent)
        return;
    lp_say("%s: %s", path, what);
    walk->in->trouble(walk->in->ctx);
}

static void passed_over(const struct walk *walk, const char *path, const char *why)
{
    if (walk->in->cli->verbose && !walk->in->silent)
        lp_say("%s: passed over: %s", path, why);
}

/* What was asked for cannot be done. */
static void fail(struct walk *walk, const char *path, const char *what)
{
    if (!walk->in->silent)
        lp_say("%s: %s", path, what);
    walk->failed = walk->over = true;
}

/* ---- directories ---- */

static int bytewise(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_itself(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Whether a link ends inside the directory that was named. */
static bool stays_inside(struct walk *walk, const char *link)
{
    if (!walk->top_real)
        walk->top_real = realpath(walk->top, NULL);
    char *target = realpath(link, NULL);
    size_t n = walk->top_real ? strlen(walk->top_real) : 0;
    bool inside = target && n > 0 && strncmp(target, walk->top_real, n) == 0 &&
                  (walk->top_real[n - 1] == '/' || target[n] == '/');

    free(target);
    return inside;
}

/* What keeps a link from being followed; NULL: nothing. */
static const char *wrong_link(struct walk *walk, const char *path, struct stat *entry)
{
    if (stat(path, entry) != 0)
        return "a link to nowhere";
    if (S_ISDIR(entry->st_mode))
        return "a link to a directory";
    return stays_inside(walk, path) ? NULL : "a link that leads out of the directory";
}

static void walk_directory(struct walk *walk, const char *dir);

/* One entry of a directory. */
/* NOLINTNEXTLINE(misc-no-recursion): see walk_directory */
static void walk_entry(struct walk *walk, const char *path, const char *name)
{
    struct stat entry = {0};
    const char *wrong = NULL;

    if (lstat(path, &entry) == 0 && S_ISLNK(entry.st_mode))
        wrong = wrong_link(walk, path, &entry);
    if (wrong)
        passed_over(walk, path, wrong);
    else if (S_ISDIR(entry.st_mode))
        walk_directory(walk, path);
    else if (!S_ISREG(entry.st_mode))
        passed_over(walk, path, "not a regular file");
    else if (!called_capture(name) && !lp_is_capture(path))
        passed_over(walk, path, "not a capture");
    else
        visit(walk, path);
}

/* The recursion ends: each level makes the path longer, and its length has a limit. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void walk_directory(struct walk *walk, const char *dir)
{
    struct dirent **entries = NULL;
    char path[PATH_SIZE];
    size_t n = strlen(dir);
    int count = scandir(dir, &entries, not_itself, bytewise);

    if (count < 0) {
        trouble(walk, dir, strerror(errno));
        return;
    }
    while (n > 1 && dir[n - 1] == '/')
        n--;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const char *slash = n == 1 && dir[0] == '/' ? "" : "/";
        int used = snprintf(path, sizeof path, "%.*s%s%s", (int)n, dir, slash, name);
        if (used < 0 || (size_t)used >= sizeof path)
            trouble(walk, dir, "path too long");
        else if (!walk->over)
            walk_entry(walk, path, name);
        free(entries[i]);
    }
    free(entries);
}

/* ---- what the command line names ---- */

static void walk_input(struct walk *walk, const char *path)
{
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;

    if (is_stdin && walk->stdin_used) {
        fail(walk, "-", "standard input can be read only once");
        return;
    }
    walk->stdin_used |= is_stdin;
    if (!is_stdin && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        walk->top = path;
        walk_directory(walk, path);
        free(walk->top_real);
        walk->top_real = NULL;
    } else {
        visit(walk, path);
    }
}

/* One record of the list, n bytes without its separator: a name and perhaps, behind a TAB, the
 * configuration. */
static void listed_input(struct walk *walk, unsigned long line, char *record, size_t n)
{
    char where[PATH_SIZE + 32];

    if (n == 0)
        return;
    if (memchr(record, '\0', n)) {
        snprintf(where, sizeof where, "%s: line %lu", walk->list, line);
        fail(walk, where, "a NUL in a name (is --null missing?)");
        return;
    }
    char *tab = strchr(record, '\t');
    if (tab)
        *tab = '\0';
    walk->config = tab && tab[1] ? tab + 1 : NULL;
    if (!ours(walk, record))
        return;
    walk->picked = true;
    walk_input(walk, record);
    walk->picked = false;
    walk->config = NULL;
}

static void read_list(struct walk *walk, FILE *file)
{
    int separator = walk->in->cli->null_separated ? '\0' : '\n';
    char *record = NULL;
    size_t size = 0;
    ssize_t n;

    for (unsigned long line = 1;
         !walk->over && (n = getdelim(&record, &size, separator, file)) >= 0; line++) {
        if (n > 0 && record[n - 1] == separator)
            record[--n] = '\0';
        listed_input(walk, line, record, (size_t)n);
    }
    if (!walk->over && !feof(file) && !lp_interrupted) /* an interrupt ends a read early */
        fail(walk, walk->list, strerror(errno));
    free(record);
}

static void walk_list(struct walk *walk)
{
    bool is_stdin = strcmp(walk->list, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(walk->list, "r");

    if (!file) {
        fail(walk, walk->list, strerror(errno));
        return;
    }
    walk->stdin_used |= is_stdin;
    read_list(walk, file);
    if (!is_stdin)
        fclose(file);
}

bool lp_inputs_walk(const struct lp_inputs *inputs)
{
    const struct lp_cli *cli = inputs->cli;
    struct walk walk = {.in = inputs, .list = cli->files_from, .stdin_used = inputs->stdin_used};

    if (cli->live.interface)
        visit(&walk, cli->live.interface);
    if (walk.list)
        walk_list(&walk);
    for (size_t i = 0; i < cli->input_count && !walk.over; i++)
        walk_input(&walk, cli->inputs[i]);
    return !walk.failed;
}
