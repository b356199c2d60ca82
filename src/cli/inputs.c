/*
 * Which captures a command works on.
 *
 * A name given is a file to be read, whatever is in it. A directory is a place to look for
 * captures: its regular files count when they begin like one or are called like one, the others are
 * passed over. Every directory is read in bytewise order of its names, so that a run is the same on
 * every machine; links to directories are not followed, so that it ends.
 */
#include "cli/run.h"

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

/* The run and what is to be done with each capture. */
struct walk {
    struct lp_run *run;
    lp_visit_fn visit;
    void *ctx;
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

/* ---- directories ---- */

static int bytewise(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_itself(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void trouble(struct lp_run *run, const char *path, const char *what)
{
    lp_say("%s: %s", path, what);
    lp_run_note(run, LP_EXIT_TROUBLE);
}

static void passed_over(struct lp_run *run, const char *path, const char *why)
{
    if (run->cli->verbose)
        lp_say("%s: passed over: %s", path, why);
}

static void walk_directory(struct walk *walk, const char *dir);

/* One entry of a directory. */
/* NOLINTNEXTLINE(misc-no-recursion): see walk_directory */
static void walk_entry(struct walk *walk, const char *path, const char *name)
{
    struct stat entry;
    bool link = false;

    if (lstat(path, &entry) == 0 && S_ISLNK(entry.st_mode)) {
        link = true;
        if (stat(path, &entry) != 0) {
            passed_over(walk->run, path, "a link to nowhere");
            return;
        }
    }
    if (S_ISDIR(entry.st_mode) && !link)
        walk_directory(walk, path);
    else if (S_ISDIR(entry.st_mode))
        passed_over(walk->run, path, "a link to a directory");
    else if (!S_ISREG(entry.st_mode))
        passed_over(walk->run, path, "not a regular file");
    else if (!called_capture(name) && !lp_is_capture(path))
        passed_over(walk->run, path, "not a capture");
    else
        walk->visit(walk->ctx, path);
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
        trouble(walk->run, dir, strerror(errno));
        return;
    }
    while (n > 1 && dir[n - 1] == '/')
        n--;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const char *slash = n == 1 && dir[0] == '/' ? "" : "/";
        int used = snprintf(path, sizeof path, "%.*s%s%s", (int)n, dir, slash, name);
        if (used < 0 || (size_t)used >= sizeof path)
            trouble(walk->run, dir, "path too long");
        else if (!walk->run->failed)
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

    if (is_stdin && walk->run->stdin_used) {
        lp_say("standard input (-) can be read only once");
        walk->run->failed = true;
        return;
    }
    walk->run->stdin_used |= is_stdin;
    if (!is_stdin && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        walk_directory(walk, path);
    else
        walk->visit(walk->ctx, path);
}

/* One name of the list, n bytes without its separator. */
static void listed_input(struct walk *walk, unsigned long line, const char *name, size_t n)
{
    const char *list = walk->run->cli->files_from;
    const char *wrong = NULL;

    if (n == 0)
        return;
    if (memchr(name, '\0', n))
        wrong = "a NUL in a name (is --null missing?)";
    else if (strchr(name, '\t'))
        wrong = "a second column (behind a TAB) is not supported";
    if (wrong) {
        lp_say("%s: line %lu: %s", list, line, wrong);
        walk->run->failed = true;
        return;
    }
    walk_input(walk, name);
}

static void walk_list(struct walk *walk)
{
    const char *list = walk->run->cli->files_from;
    int separator = walk->run->cli->null_separated ? '\0' : '\n';
    bool is_stdin = strcmp(list, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(list, "r");
    char *name = NULL;
    size_t size = 0;
    ssize_t n;

    if (!file) {
        lp_say("%s: %s", list, strerror(errno));
        walk->run->failed = true;
        return;
    }
    walk->run->stdin_used |= is_stdin;
    for (unsigned long line = 1;
         !walk->run->failed && (n = getdelim(&name, &size, separator, file)) >= 0; line++) {
        if (n > 0 && name[n - 1] == separator)
            name[--n] = '\0';
        listed_input(walk, line, name, (size_t)n);
    }
    if (!walk->run->failed && !feof(file)) {
        lp_say("%s: %s", list, strerror(errno));
        walk->run->failed = true;
    }
    free(name);
    if (!is_stdin)
        fclose(file);
}

void lp_run_inputs(struct lp_run *run, lp_visit_fn visit, void *ctx)
{
    struct walk walk = {run, visit, ctx};

    if (run->cli->live.interface)
        visit(ctx, run->cli->live.interface);
    if (run->cli->files_from)
        walk_list(&walk);
    for (size_t i = 0; i < run->cli->input_count && !run->failed; i++)
        walk_input(&walk, run->cli->inputs[i]);
}
