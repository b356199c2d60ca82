/*
 * Stands in for libFuzzer: hands each file named on the command line, and each file below a named
 * directory, to the fuzz target once. Each input ends directly before a page that cannot be
 * touched, so that reading one byte too far is a crash also without a sanitizer. A name that does
 * not exist is passed over, since not every target has a corpus yet; no input at all is a failure.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#define _DEFAULT_SOURCE   /* MAP_ANONYMOUS */

#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_DIRECTORIES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static unsigned long replayed; /* here because nftw's callback takes no context */

static int run_guarded(FILE *file, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (n + page - 1) / page * page;
    int status = -1;
    uint8_t *map =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return -1;
    uint8_t *bytes = map + room - n;
    if (mprotect(map + room, page, PROT_NONE) || fread(bytes, 1, n, file) != n)
        goto out;
    (void)LLVMFuzzerTestOneInput(bytes, n);
    replayed++;
    status = 0;
out:
    munmap(map, room + page);
    return status;
}

static int replay(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F || !S_ISREG(about->st_mode))
        return 0;

    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    int status = run_guarded(file, (size_t)about->st_size);
    if (status)
        fprintf(stderr, "%s: cannot be read\n", path);
    fclose(file);
    return status;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat about;
        if (stat(argv[i], &about))
            continue;
        if (nftw(argv[i], replay, OPEN_DIRECTORIES, FTW_PHYS))
            return 1;
    }
    if (!replayed) {
        fprintf(stderr, "nothing to replay\n");
        return 1;
    }
    printf("%lu inputs replayed\n", replayed);
    return 0;
}
