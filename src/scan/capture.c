#include "scan/capture.h"

#include "base/text.h"

#include <string.h>

struct lp_capture *lp_capture_new(const char *path)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_capture *capture = arena ? lp_arena_alloc(arena, sizeof *capture) : NULL;

    if (capture) {
        capture->arena = arena;
        capture->path = lp_text_clean(arena, path, strlen(path));
    }
    if (!capture || !capture->path) {
        lp_arena_free(arena);
        return NULL;
    }
    return capture;
}

void lp_capture_free(struct lp_capture *capture)
{
    if (!capture)
        return;
    lp_free(capture->order);
    lp_arena_free(capture->arena); /* which the struct itself lies in */
}
