/* Input for parsers, placed so that the byte behind it is on a page that cannot be touched: one
 * step too far is a crash. */
#ifndef LP_TESTS_GUARD_H
#define LP_TESTS_GUARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded {
    uint8_t *bytes; /* n bytes, the last one directly before the forbidden page */
    size_t n;
    void *map;
    size_t map_size;
};

static inline struct guarded guarded_copy(const void *bytes, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (n + page - 1) / page * page;
    struct guarded g = {NULL, n, NULL, room + page};

    g.map = mmap(NULL, g.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(0, mprotect((uint8_t *)g.map + room, page, PROT_NONE));
    g.bytes = (uint8_t *)g.map + room - n;
    if (n)
        memcpy(g.bytes, bytes, n);
    return g;
}

static inline void guarded_free(struct guarded *g)
{
    munmap(g->map, g->map_size);
}

/* A whole file; fails the test when it cannot be read. */
static inline uint8_t *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*n ? *n : 1);
    assert_int_equal(*n, fread(bytes, 1, *n, file));
    fclose(file);
    return bytes;
}

#endif
