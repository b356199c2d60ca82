/* A text file of hashes, one on each line: what a person noted down. */
#include "phone/phone.h"

#include "phone/parts.h"
#include "phone/terminal.h"

#include "base/text.h"

/* The line up to a comment. */
static struct lp_rd without_comment(struct lp_rd line)
{
    struct lp_rd ahead = line, value;
    size_t n = 0;
    uint8_t c;

    while (lp_rd_u8(&ahead, &c) && c != '#')
        n++;
    if (!lp_rd_sub(&line, n, &value))
        return line;
    return lp_phone_trim((const char *)value.ptr, value.left);
}

/* False: the line is no hash, or memory is short. */
static bool take_line(struct lp_arena *arena, struct lp_rd value, struct lp_hash_list *list)
{
    enum { LINE_MOST = 256 };
    struct lp_cert_hash hash = {.n = (unsigned)list->count + 1};

    if (value.left > LINE_MOST)
        return false;
    const char *text = lp_text_clean(arena, value.ptr, value.left);
    if (!text || !lp_cert_hash_typed(arena, text, &hash)) {
        list->no_memory |= !text || hash.fault == LP_HASH_FINE;
        return false;
    }
    if (list->count == LP_MAX_CERT_HASHES) {
        list->left_out = true;
        return true;
    }
    list->hashes[list->count++] = hash;
    return true;
}

bool lp_hash_list_read(struct lp_arena *arena, const void *bytes, size_t n,
                       struct lp_hash_list *out)
{
    struct lp_terminal terminal = {.line = 0};
    struct lp_phone_text text;
    struct lp_buf room = {0};
    struct lp_rd line;
    bool all = true;

    *out = (struct lp_hash_list){.count = 0};
    if (!lp_phone_text(lp_rd_init(bytes, n), &room, &text)) {
        lp_buf_free(&room);
        return false;
    }
    terminal.rest = text.rd;
    while (all && lp_terminal_next(&terminal, &line)) {
        struct lp_rd value = without_comment(line);
        all = lp_rd_end(&value) || take_line(arena, value, out);
    }
    bool ok = !out->no_memory && !terminal.no_memory;
    if (!all || !ok)
        *out = (struct lp_hash_list){.count = 0};
    lp_terminal_end(&terminal);
    lp_buf_free(&room);
    return ok;
}
