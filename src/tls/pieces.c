#include "tls/pieces.h"

enum { MAX_PIECES = 1024 };

struct lp_rd lp_pieces_bytes(const struct lp_pieces *pieces, uint32_t from, uint32_t to)
{
    struct lp_rd bytes = lp_rd_init(pieces->bytes.bytes, pieces->bytes.len);
    return lp_rd_skip(&bytes, from) ? lp_rd_head(&bytes, to - from) : lp_rd_init(NULL, 0);
}

uint32_t lp_pieces_extent(const struct lp_pieces *pieces)
{
    uint32_t end = 0;
    for (size_t i = 0; i < pieces->count && pieces->items[i].from == end; i++)
        end = pieces->items[i].to;
    return end;
}

bool lp_pieces_gap(const struct lp_pieces *pieces)
{
    return pieces->count && pieces->items[pieces->count - 1].to > lp_pieces_extent(pieces);
}

bool lp_pieces_differ(const struct lp_pieces *pieces, uint32_t offset, struct lp_rd bytes)
{
    uint64_t end = offset + (uint64_t)bytes.left;

    for (size_t i = 0; i < pieces->count; i++) {
        uint32_t from = pieces->items[i].from > offset ? pieces->items[i].from : offset;
        uint32_t to = pieces->items[i].to < end ? pieces->items[i].to : (uint32_t)end;
        struct lp_rd known = lp_pieces_bytes(pieces, from, to), said = bytes;
        if (from < to && lp_rd_skip(&said, from - offset) &&
            memcmp(known.ptr, said.ptr, to - from) != 0)
            return true;
    }
    return false;
}

void lp_pieces_packet(const struct lp_pieces *pieces, uint64_t from, uint64_t to, uint64_t *frame,
                      struct lp_time *time)
{
    *frame = 0;
    *time = (struct lp_time){0};
    for (size_t i = 0; i < pieces->count; i++) {
        const struct lp_piece *piece = &pieces->items[i];
        bool empty = piece->from == piece->to; /* of a message without a body */
        if ((empty || (piece->from < to && piece->to > from)) && piece->frame > *frame) {
            *frame = piece->frame;
            *time = piece->time;
        }
    }
}

/* A new range at place `i`. False: there is no room. */
static bool insert(struct lp_pieces *pieces, size_t i, struct lp_piece piece)
{
    size_t before = pieces->cap;

    if (pieces->count == MAX_PIECES ||
        !lp_grow_array(&pieces->items, &pieces->cap, pieces->count + 1, sizeof piece))
        return false;
    size_t grown = (pieces->cap - before) * sizeof piece;
    if (!lp_budget_take(pieces->bytes.budget, grown)) {
        pieces->cap = before; /* what is not paid for is not used */
        return false;
    }
    memmove(pieces->items + i + 1, pieces->items + i, (pieces->count - i) * sizeof piece);
    pieces->items[i] = piece;
    pieces->count++;
    return true;
}

static bool make_room(struct lp_pieces *pieces, uint32_t end)
{
    if (pieces->bytes.len >= end)
        return true;
    if (lp_buf_reserve(&pieces->bytes, end - pieces->bytes.len) != LP_GROW_OK)
        return false;
    pieces->bytes.len = end;
    return true;
}

bool lp_pieces_add(struct lp_pieces *pieces, uint32_t offset, struct lp_rd bytes,
                   const struct lp_piece *from, bool *differs)
{
    uint32_t at = offset, end = offset + (uint32_t)bytes.left;
    struct lp_rd part;
    size_t i = 0;

    if (!make_room(pieces, end))
        return false;
    if (at == end) /* only the packet of a message without a body is worth a place */
        return pieces->count ||
               insert(pieces, 0, (struct lp_piece){at, end, from->frame, from->time});
    while (i < pieces->count && pieces->items[i].to <= at)
        i++;
    for (; at < end; i++) {
        bool known = i < pieces->count && pieces->items[i].from <= at;
        uint32_t to = known ? pieces->items[i].to : i < pieces->count ? pieces->items[i].from : end;
        if (!lp_rd_sub(&bytes, (to < end ? to : end) - at, &part))
            return false;
        to = at + (uint32_t)part.left;
        struct lp_rd place = lp_pieces_bytes(pieces, at, to);
        if (known && memcmp(place.ptr, part.ptr, part.left) != 0)
            *differs = true;
        if (!known) {
            struct lp_piece piece = {at, to, from->frame, from->time};
            if (!insert(pieces, i, piece))
                return false;
            memcpy(pieces->bytes.bytes + at, part.ptr, part.left);
        }
        at = to;
    }
    return true;
}

void lp_pieces_free(struct lp_pieces *pieces)
{
    lp_budget_give(pieces->bytes.budget, pieces->cap * sizeof *pieces->items);
    lp_buf_free(&pieces->bytes);
    lp_free(pieces->items);
    pieces->items = NULL;
    pieces->count = pieces->cap = 0;
}
