/*
 * How it works: pieces are taken in the order of frames, each into the file that it belongs to: the
 * same name, asked by the same client at the same server, of the same length, and by a strong
 * validator in the same state (RFC 9110 15.3.7.3). What a file holds is a list of spans that
 * neither overlap nor stand out of order; of a new piece those bytes go in that are not there yet.
 * Bytes that are there already must be the same: if not, the server lied, and the file ends there.
 */
#include "scan/pieces.h"

#include "base/rd.h"
#include "base/text.h"
#include "carrier/file.h"

#include <stdlib.h>

struct span {
    uint64_t from;
    struct lp_rd bytes;
};

/* A file that is being put together. */
struct whole {
    const struct lp_piece *first; /* borrowed */
    const struct lp_piece *last;  /* borrowed: the newest */
    struct span *spans;           /* owned; ordered, without overlap */
    size_t count, cap;
    uint64_t held; /* bytes in the spans */
};

struct joining {
    struct whole *wholes; /* owned */
    size_t count, cap;
    lp_joined_fn fn;
    void *ctx;
};

static int by_frame(const void *left, const void *right)
{
    const struct lp_piece *a = left, *b = right;

    if (a->file.frame != b->file.frame)
        return a->file.frame < b->file.frame ? -1 : 1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return strcmp(a->file.name, b->file.name);
}

/* ---- one file ---- */

static bool same_state(const struct lp_piece *a, const struct lp_piece *b)
{
    return a->total == b->total && (a->tag[0] || a->modified[0]) && strcmp(a->tag, b->tag) == 0 &&
           strcmp(a->modified, b->modified) == 0;
}

static bool same_file(const struct lp_piece *a, const struct lp_piece *b)
{
    return lp_ip_equal(&a->file.client.ip, &b->file.client.ip) &&
           lp_ip_equal(&a->file.server.ip, &b->file.server.ip) &&
           a->file.server.port == b->file.server.port && strcmp(a->file.name, b->file.name) == 0 &&
           same_state(a, b);
}

/* Whether two runs of bytes say the same where both say something. */
static bool agree(struct span a, struct span b)
{
    uint64_t start = a.from > b.from ? a.from : b.from;

    if (start - a.from >= a.bytes.left || start - b.from >= b.bytes.left)
        return true;
    if (!lp_rd_skip(&a.bytes, (size_t)(start - a.from)) ||
        !lp_rd_skip(&b.bytes, (size_t)(start - b.from)))
        return false;
    size_t n = a.bytes.left < b.bytes.left ? a.bytes.left : b.bytes.left;
    return memcmp(a.bytes.ptr, b.bytes.ptr, n) == 0;
}

static bool fits(const struct whole *whole, struct span piece)
{
    for (size_t i = 0; i < whole->count; i++)
        if (!agree(whole->spans[i], piece))
            return false;
    return true;
}

/* False: memory is short. */
static bool put_span(struct whole *whole, size_t at, struct span span)
{
    if (!lp_grow_array(&whole->spans, &whole->cap, whole->count + 1, sizeof *whole->spans))
        return false;
    memmove(&whole->spans[at + 1], &whole->spans[at], (whole->count - at) * sizeof span);
    whole->spans[at] = span;
    whole->count++;
    whole->held += span.bytes.left;
    return true;
}

/* Fills the holes between the spans. False: memory is short. */
static bool put_in(struct whole *whole, struct span piece)
{
    for (size_t i = 0; piece.bytes.left; i++) {
        uint64_t next = i < whole->count ? whole->spans[i].from : UINT64_MAX;
        if (piece.from < next) {
            uint64_t room = next - piece.from;
            struct span fresh = {
                piece.from, lp_rd_head(&piece.bytes, room > SIZE_MAX ? SIZE_MAX : (size_t)room)};
            if (!put_span(whole, i++, fresh))
                return false;
            piece.from += fresh.bytes.left;
            if (!lp_rd_skip(&piece.bytes, fresh.bytes.left))
                return false;
        }
        if (i == whole->count)
            break;
        uint64_t end = whole->spans[i].from + whole->spans[i].bytes.left;
        if (piece.from >= end)
            continue;
        if (!lp_rd_skip(&piece.bytes, (size_t)(end - piece.from))) /* it ends within that span */
            break;
        piece.from = end;
    }
    return true;
}

static bool is_whole(const struct whole *whole)
{
    return whole->held == whole->first->total;
}

/* Hands out what there is from the beginning. False: memory is short, or fn said so. */
static bool hand_out(const struct joining *joining, const struct whole *whole)
{
    struct lp_boot_file file = whole->last->file;
    struct lp_buf bytes = {0};
    bool ok = true;

    for (size_t i = 0; i < whole->count && whole->spans[i].from == bytes.len && ok; i++)
        ok = lp_buf_append(&bytes, whole->spans[i].bytes.ptr, whole->spans[i].bytes.left) ==
             LP_GROW_OK;
    file.bytes = bytes.bytes;
    file.size = bytes.len;
    file.complete = is_whole(whole);
    ok = ok && (bytes.len == 0 || joining->fn(joining->ctx, &file));
    lp_buf_free(&bytes);
    return ok;
}

/* ---- all of them ---- */

/* NULL: memory is short. */
static struct whole *start_whole(struct joining *joining, const struct lp_piece *piece)
{
    if (!lp_grow_array(&joining->wholes, &joining->cap, joining->count + 1,
                       sizeof *joining->wholes))
        return NULL;
    joining->wholes[joining->count] = (struct whole){.first = piece};
    return &joining->wholes[joining->count++];
}

static bool end_whole(struct joining *joining, struct whole *whole)
{
    bool ok = hand_out(joining, whole);

    lp_free(whole->spans);
    *whole = joining->wholes[--joining->count];
    return ok;
}

/* The file that a piece belongs to; one that says otherwise is handed out, and another begun. NULL:
 * memory is short. */
static struct whole *whole_of(struct joining *joining, const struct lp_piece *piece,
                              struct span span)
{
    size_t i = 0;

    while (i < joining->count && !same_file(joining->wholes[i].first, piece))
        i++;
    if (i < joining->count && fits(&joining->wholes[i], span))
        return &joining->wholes[i];
    if (i < joining->count && !end_whole(joining, &joining->wholes[i]))
        return NULL;
    return start_whole(joining, piece);
}

static bool take_piece(struct joining *joining, const struct lp_piece *piece)
{
    struct span span = {piece->from, lp_rd_init(piece->file.bytes, piece->file.size)};
    struct whole *whole;

    if (piece->from > LP_FETCHED_MOST || piece->file.size > LP_FETCHED_MOST - piece->from)
        return true; /* of a file that is larger than any that a phone fetches */
    whole = whole_of(joining, piece, span);
    if (!whole || !put_in(whole, span))
        return false;
    whole->last = piece;
    return !is_whole(whole) || end_whole(joining, whole);
}

bool lp_pieces_join(struct lp_piece *pieces, size_t count, lp_joined_fn fn, void *ctx)
{
    struct joining joining = {.fn = fn, .ctx = ctx};
    bool ok = true;

    if (count > 1)
        qsort(pieces, count, sizeof *pieces, by_frame);
    for (size_t i = 0; i < count && ok; i++)
        ok = take_piece(&joining, &pieces[i]);
    for (size_t i = 0; i < joining.count; i++) {
        ok = ok && hand_out(&joining, &joining.wholes[i]);
        lp_free(joining.wholes[i].spans);
    }
    lp_free(joining.wholes);
    return ok;
}
