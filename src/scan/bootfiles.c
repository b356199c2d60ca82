#include "scan/bootfiles.h"

#include "base/text.h"
#include "carrier/http.h"

#include <stdlib.h>

enum { MAX_FILES = 4096, MAX_DIRECTION = LP_FETCHED_MOST + 256 * 1024 };

static bool keep_file(void *ctx, const struct lp_boot_file *file)
{
    struct lp_boot_files *files = ctx;

    if (files->count >= MAX_FILES)
        return true;
    if (!lp_grow_array(&files->items, &files->cap, files->count + 1, sizeof *files->items))
        return false;
    files->items[files->count++] = *file;
    return true;
}

static bool keep_piece(struct lp_boot_files *files, const struct lp_boot_file *file,
                       const struct lp_range *range)
{
    struct lp_piece piece = {
        .file = *file,
        .from = range->from,
        .total = range->total,
        .tag = lp_text_clean(files->arena, range->tag.ptr, range->tag.left),
        .modified = lp_text_clean(files->arena, range->modified.ptr, range->modified.left)};

    if (!piece.tag || !piece.modified ||
        !lp_grow_array(&files->pieces, &files->piece_cap, files->piece_count + 1, sizeof piece))
        return false;
    files->pieces[files->piece_count++] = piece;
    return true;
}

void lp_boot_files_add(void *ctx, const struct lp_fetched *file)
{
    struct lp_boot_files *files = ctx;

    if (files->count >= MAX_FILES || files->piece_count >= MAX_FILES)
        return;
    struct lp_boot_file kept = {
        .carrier = file->carrier,
        .name = lp_text_clean(files->arena, file->name.ptr, file->name.left),
        .bytes = lp_arena_copy(files->arena, file->bytes.ptr, file->bytes.left),
        .size = file->bytes.left,
        .complete = file->complete,
        .client = file->client,
        .server = file->server,
        .frame = file->frame,
        .time = file->time};
    if (!kept.name || !kept.bytes ||
        !(file->range ? keep_piece(files, &kept, file->range) : keep_file(files, &kept)))
        files->out_of_memory = true;
}

static bool keep_joined(void *ctx, const struct lp_boot_file *file)
{
    struct lp_boot_files *files = ctx;
    struct lp_boot_file kept = *file;

    kept.bytes = lp_arena_copy(files->arena, file->bytes, file->size);
    return kept.bytes && keep_file(files, &kept);
}

static int by_frame(const void *left, const void *right)
{
    const struct lp_boot_file *a = left, *b = right;
    int order = (a->frame > b->frame) - (a->frame < b->frame);

    order = order ? order : strcmp(a->name, b->name);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

bool lp_boot_files_take(struct lp_boot_files *files, struct lp_capture *capture)
{
    if (!lp_pieces_join(files->pieces, files->piece_count, keep_joined, files))
        return false;
    if (files->count)
        qsort(files->items, files->count, sizeof *files->items, by_frame);
    capture->files =
        lp_arena_copy(capture->arena, files->items, files->count * sizeof *files->items);
    capture->file_count = files->count;
    return capture->files && !files->out_of_memory;
}

void lp_boot_files_free(struct lp_boot_files *files)
{
    lp_free(files->items);
    lp_free(files->pieces);
    files->items = NULL;
    files->pieces = NULL;
}

/* ---- HTTP ---- */

struct lp_boot_http {
    unsigned client; /* the direction of the requests */
    struct lp_budget *budget;
    struct half {
        struct lp_buf bytes;   /* owned */
        uint64_t next;         /* stream offset behind them */
        bool started, ended;   /* nothing more: a gap, or enough */
        struct lp_mark *marks; /* owned: which packet brought them */
        size_t mark_count, mark_cap;
        uint64_t first; /* stream offset of bytes[0] */
    } half[2];
};

struct lp_boot_http *lp_boot_http_new(struct lp_flow *flow, unsigned client)
{
    struct lp_boot_http *http =
        lp_budget_take(&flow->budget, sizeof *http) ? lp_alloc(sizeof *http) : NULL;

    if (!http)
        return NULL;
    http->client = client;
    http->budget = &flow->budget;
    for (unsigned dir = 0; dir < 2; dir++)
        http->half[dir].bytes.budget = &flow->budget;
    return http;
}

static bool take_marks(struct half *half, const struct lp_stream *stream)
{
    for (size_t i = 0; i < stream->mark_count; i++) {
        if (stream->marks[i].end <= half->next)
            continue;
        if (!lp_grow_array(&half->marks, &half->mark_cap, half->mark_count + 1,
                           sizeof *half->marks))
            return false;
        half->marks[half->mark_count++] = stream->marks[i];
    }
    return true;
}

bool lp_boot_http_take(struct lp_boot_http *http, unsigned dir, const struct lp_stream *stream)
{
    struct half *half = &http->half[dir];
    struct lp_rd bytes = stream->bytes;

    if (!half->started) {
        half->started = true;
        half->first = half->next = stream->offset;
    }
    if (half->ended || stream->offset > half->next ||
        !lp_rd_skip(&bytes, (size_t)(half->next - stream->offset)) ||
        half->bytes.len + bytes.left > MAX_DIRECTION || !take_marks(half, stream) ||
        lp_buf_append(&half->bytes, bytes.ptr, bytes.left) != LP_GROW_OK) {
        half->ended = true;
        return false;
    }
    half->next += bytes.left;
    return true;
}

/* The packet that completed the answers' first n bytes. */
static void packet(const void *ctx, uint64_t n, uint64_t *frame, struct lp_time *time)
{
    const struct half *half = ctx;
    struct lp_stream stream = {
        .offset = half->first, .marks = half->marks, .mark_count = half->mark_count};
    lp_stream_packet(&stream, half->first, half->first + n, frame, time);
}

void lp_boot_http_read(struct lp_boot_http *http, const struct lp_flow *flow,
                       const struct lp_flow_end ends[2], struct lp_boot_files *files)
{
    const struct half *asks = &http->half[http->client], *answers = &http->half[1 - http->client];
    struct lp_http both = {.requests = lp_rd_init(asks->bytes.bytes, asks->bytes.len),
                           .answers = lp_rd_init(answers->bytes.bytes, answers->bytes.len),
                           .answers_end = ends[1 - http->client].fin && !answers->ended,
                           .client = flow->end[http->client],
                           .server = flow->end[1 - http->client],
                           .packet = packet,
                           .ctx = answers};

    lp_http_files(&both, http->budget, lp_boot_files_add, files);
}

void lp_boot_http_free(struct lp_boot_http *http)
{
    if (!http)
        return;
    for (unsigned dir = 0; dir < 2; dir++) {
        lp_buf_free(&http->half[dir].bytes);
        lp_free(http->half[dir].marks);
    }
    lp_budget_give(http->budget, sizeof *http);
    lp_free(http);
}
