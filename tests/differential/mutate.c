/*
 * Two families of damage. Blind: bits, bytes, runs that go or come twice, a cut end. And with an
 * eye for DER: the tag, the length or the body of an element, where the lengths of all that enclose
 * it follow, so that what is inside is reached by the parser and not refused at the door.
 */
#include "mutate.h"

#include <stdbool.h>
#include <string.h>

enum { DEPTH_MOST = 16 };

/* An element and those that enclose it, from the outside in: where their headers begin. */
struct path {
    size_t header[DEPTH_MOST];
    size_t depth; /* how many; 0: the bytes are no DER */
    size_t body, length;
};

uint32_t random_below(struct random *random, uint32_t limit)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)(random->state >> 32) % limit;
}

/* The header at `at`, which must lie before `end`: its size and the length of the body. */
static bool read_header(const uint8_t *der, size_t at, size_t end, size_t *size, size_t *length)
{
    if (end - at < 2)
        return false;
    size_t more = der[at + 1] < 0x80 ? 0 : der[at + 1] & 0x7fU;
    *size = 2 + more;
    *length = more ? 0 : der[at + 1];
    if (more > 3 || end - at < *size)
        return false;
    for (size_t i = 0; i < more; i++)
        *length = *length << 8 | der[at + 2 + i];
    return *length <= end - at - *size;
}

static void write_length(uint8_t *der, size_t at, size_t length)
{
    size_t more = der[at + 1] < 0x80 ? 0 : der[at + 1] & 0x7fU;

    if (!more)
        der[at + 1] = (uint8_t)(length < 0x80 ? length : 0x7f);
    for (size_t i = more; i > 0; i--, length >>= 8)
        der[at + 1 + i] = (uint8_t)length;
}

/* How many elements stand side by side from `at` to `end`. */
static uint32_t count_elements(const uint8_t *der, size_t at, size_t end)
{
    size_t size, length;
    uint32_t count = 0;

    while (at < end && read_header(der, at, end, &size, &length)) {
        at += size + length;
        count++;
    }
    return count;
}

/* Octet strings are entered too: extensions hide in them. Bit strings are not. */
static bool has_elements(const uint8_t *der, const struct path *path)
{
    uint8_t tag = der[path->header[path->depth - 1]];
    return (tag & 0x20) || tag == 0x04;
}

/* Walks from the outermost element inwards and stops at any depth. */
static void choose(struct random *random, const uint8_t *der, size_t n, struct path *path)
{
    size_t at = 0, end = n, size;

    path->depth = 0;
    while (path->depth < DEPTH_MOST) {
        uint32_t count = count_elements(der, at, end);
        if (count == 0)
            return;
        for (uint32_t skip = random_below(random, count); skip > 0; skip--)
            if (read_header(der, at, end, &size, &path->length))
                at += size + path->length;
        if (!read_header(der, at, end, &size, &path->length))
            return;
        path->header[path->depth++] = at;
        path->body = at + size;
        if (!has_elements(der, path) || random_below(random, 8) == 0)
            return;
        at = path->body;
        end = at + path->length;
    }
}

static size_t remove_run(uint8_t *der, size_t n, size_t at, size_t run)
{
    memmove(der + at, der + at + run, n - at - run);
    return n - run;
}

/* Doubles the run. */
static size_t repeat_run(uint8_t *der, size_t n, size_t at, size_t run)
{
    memmove(der + at + run, der + at, n - at);
    return n + run;
}

static void follow(uint8_t *der, const struct path *path, size_t levels, size_t grown, size_t gone)
{
    size_t size, length;

    for (size_t i = 0; i < levels; i++)
        if (read_header(der, path->header[i], SIZE_MAX, &size, &length))
            write_length(der, path->header[i], length + grown - gone);
}

/* A part of the body goes or comes twice; all lengths follow. */
static size_t resize_body(struct random *random, uint8_t *der, size_t n, const struct path *path)
{
    if (path->length == 0)
        return n;
    size_t from = random_below(random, (uint32_t)path->length);
    size_t most = path->length - from < MUTATE_GROWS ? path->length - from : MUTATE_GROWS;
    size_t run = 1 + random_below(random, (uint32_t)most);

    if (random_below(random, 2)) {
        follow(der, path, path->depth, 0, run);
        return remove_run(der, n, path->body + from, run);
    }
    follow(der, path, path->depth, run, 0);
    return repeat_run(der, n, path->body + from, run);
}

/* The whole element goes or comes twice; the lengths of those around it follow. */
static size_t resize_list(struct random *random, uint8_t *der, size_t n, const struct path *path)
{
    size_t at = path->header[path->depth - 1], run = path->body + path->length - at;

    if (random_below(random, 2) || run > MUTATE_GROWS) {
        follow(der, path, path->depth - 1, 0, run);
        return remove_run(der, n, at, run);
    }
    follow(der, path, path->depth - 1, run, 0);
    return repeat_run(der, n, at, run);
}

static size_t mutate_element(struct random *random, uint8_t *der, size_t n)
{
    static const uint8_t tags[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13,
                                   0x14, 0x16, 0x17, 0x18, 0x1a, 0x1c, 0x1e, 0x30, 0x31, 0x80,
                                   0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0xa4, 0x24, 0x2c, 0x1f};
    struct path path;

    choose(random, der, n, &path);
    if (path.depth == 0)
        return n;
    size_t header = path.header[path.depth - 1];
    switch (random_below(random, 6)) {
    case 0:
        der[header] = tags[random_below(random, sizeof tags)];
        return n;
    case 1:
        write_length(der, header, path.length + random_below(random, 5) - 2);
        return n;
    case 2:
        der[header + 1] = (uint8_t)random_below(random, 256);
        return n;
    case 3:
        return resize_list(random, der, n, &path);
    case 4:
        return resize_body(random, der, n, &path);
    default:
        if (path.length)
            der[path.body + random_below(random, (uint32_t)path.length)] =
                (uint8_t)random_below(random, 256);
        return n;
    }
}

static size_t mutate_blindly(struct random *random, uint8_t *der, size_t n)
{
    size_t at = random_below(random, (uint32_t)n);
    size_t most = n - at < 4 ? n - at : 4;

    switch (random_below(random, 8)) {
    case 0:
        return n > 1 && random_below(random, 4) == 0 ? n - 1 - at / 2 : n;
    case 1:
        return n > 8 ? remove_run(der, n, at, 1 + random_below(random, (uint32_t)most)) : n;
    case 2:
        return repeat_run(der, n, at, 1 + random_below(random, (uint32_t)most));
    case 3:
    case 4:
        der[at] = (uint8_t)random_below(random, 256);
        return n;
    default:
        der[at] ^= (uint8_t)(1U << random_below(random, 8));
        return n;
    }
}

size_t mutate(struct random *random, uint8_t *der, size_t n)
{
    if (random_below(random, 2))
        return mutate_element(random, der, n);
    size_t before = n;
    for (uint32_t left = 1 + random_below(random, 3); left > 0; left--)
        if (n <= before + MUTATE_GROWS - 4 && n > 8)
            n = mutate_blindly(random, der, n);
    return n;
}
