#include "verdict/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lp_findings_start(struct lp_findings *findings, struct lp_arena *arena,
                       struct lp_finding *items, size_t count)
{
    struct lp_findings fresh = {arena, items, count, count, false};
    *findings = fresh;
}

/* Room for one more. An arena gives nothing back, so the list doubles. */
static bool make_room(struct lp_findings *findings)
{
    size_t cap, size;

    if (findings->count < findings->cap)
        return true;
    if (__builtin_mul_overflow(findings->count, (size_t)2, &cap) ||
        __builtin_add_overflow(cap, (size_t)8, &cap) ||
        __builtin_mul_overflow(cap, sizeof *findings->items, &size))
        return false;
    struct lp_finding *items = lp_arena_alloc(findings->arena, size);
    if (!items)
        return false;
    if (findings->count)
        memcpy(items, findings->items, findings->count * sizeof *items);
    findings->items = items;
    findings->cap = cap;
    return true;
}

void lp_findings_add(struct lp_findings *findings, const struct lp_finding *what,
                     const char *format, ...)
{
    char *message = NULL;
    va_list args;

    if (findings->failed || !make_room(findings)) {
        findings->failed = true;
        return;
    }
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0)
        message = lp_arena_alloc(findings->arena, (size_t)n + 1);
    if (!message) {
        findings->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(message, (size_t)n + 1, format, args);
    va_end(args);

    struct lp_finding *finding = &findings->items[findings->count++];
    *finding = *what;
    finding->message = message;
}
