/*
 * How it works: a read request opens a transfer, named by the client's address and port; the server
 * answers from a port of its own. Blocks are kept by number, in any order, the first copy of each.
 * The block size is known from the server's answer to the options, or is 512; a shorter block is
 * the last. Block numbers are 16 bits wide and come round again in a long file: a number belongs to
 * the round nearest to the highest block so far.
 */
#include "carrier/tftp.h"

#include "base/text.h"

enum {
    READ_REQUEST = 1,
    DATA = 3,
    ERROR = 5,
    OPTIONS = 6,
    DEFAULT_BLOCK = 512,
    MAX_BLOCK = 65464, /* RFC 2348 */
    MAX_TRANSFERS = 256,
    MAX_BLOCKS = 65536,
    MAX_NAME = 255,
};

struct block {
    size_t at; /* in `bytes` */
    uint32_t length;
    bool present;
};

struct transfer {
    struct transfer *next; /* owned */
    struct lp_endpoint client, server;
    bool answered; /* the server's port is known */
    uint8_t name[MAX_NAME];
    size_t name_length;
    bool netascii;
    uint32_t block_size;
    uint32_t last; /* number of the last block; 0: not seen */
    uint32_t highest;
    struct block *blocks; /* owned; [0] is block 1 */
    size_t block_cap, block_count;
    struct lp_buf bytes; /* in order of arrival */
    uint64_t frame;
    struct lp_time time;
};

struct lp_tftp {
    struct transfer *transfers; /* owned; the newest first */
    unsigned count;
    struct lp_budget *budget;
    lp_fetched_fn fn;
    void *ctx;
};

struct lp_tftp *lp_tftp_new(struct lp_budget *budget, lp_fetched_fn fn, void *ctx)
{
    struct lp_tftp *tftp = lp_alloc(sizeof *tftp);
    if (tftp)
        *tftp = (struct lp_tftp){.budget = budget, .fn = fn, .ctx = ctx};
    return tftp;
}

static void drop(struct lp_tftp *tftp, struct transfer *transfer)
{
    struct transfer **link = &tftp->transfers;
    while (*link != transfer)
        link = &(*link)->next;
    *link = transfer->next;
    tftp->count--;
    lp_buf_free(&transfer->bytes);
    lp_free(transfer->blocks);
    lp_budget_give(tftp->budget, sizeof *transfer);
    lp_free(transfer);
}

void lp_tftp_free(struct lp_tftp *tftp)
{
    if (!tftp)
        return;
    while (tftp->transfers)
        drop(tftp, tftp->transfers);
    lp_free(tftp);
}

/* ---- handing out ---- */

/* netascii (RFC 764): CR LF is a line's end, CR NUL a bare CR. In place; the new length. */
static size_t from_netascii(uint8_t *bytes, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\r' && i + 1 < n && (bytes[i + 1] == '\n' || bytes[i + 1] == 0))
            bytes[used++] = bytes[++i] == 0 ? '\r' : '\n';
        else
            bytes[used++] = bytes[i];
    }
    return used;
}

/* The blocks in order, up to the first that is missing. */
static bool join(const struct transfer *transfer, struct lp_buf *out, bool *complete)
{
    size_t i = 0;

    for (; i < transfer->block_count && transfer->blocks[i].present &&
           (transfer->last == 0 || i < transfer->last);
         i++) {
        struct lp_rd bytes = lp_rd_init(transfer->bytes.bytes, transfer->bytes.len), block;
        if (!lp_rd_skip(&bytes, transfer->blocks[i].at) ||
            !lp_rd_sub(&bytes, transfer->blocks[i].length, &block) ||
            lp_buf_append(out, block.ptr, block.left) != LP_GROW_OK)
            return false;
    }
    *complete = transfer->last != 0 && i == transfer->last;
    if (transfer->netascii && out->len)
        out->len = from_netascii(out->bytes, out->len);
    return true;
}

static void hand_out(struct lp_tftp *tftp, struct transfer *transfer)
{
    struct lp_buf whole = {.budget = tftp->budget};
    struct lp_fetched file = {.carrier = "tftp",
                              .client = transfer->client,
                              .server = transfer->server,
                              .frame = transfer->frame,
                              .time = transfer->time};

    if (join(transfer, &whole, &file.complete) && whole.len) {
        file.name = lp_rd_init(transfer->name, transfer->name_length);
        file.bytes = lp_rd_init(whole.bytes, whole.len);
        tftp->fn(tftp->ctx, &file);
    }
    lp_buf_free(&whole);
    drop(tftp, transfer);
}

void lp_tftp_flush(struct lp_tftp *tftp)
{
    while (tftp->transfers)
        hand_out(tftp, tftp->transfers);
}

/* ---- a request ---- */

/* A text that ends in NUL. */
static bool text_field(struct lp_rd *bytes, struct lp_rd *out)
{
    struct lp_rd copy = *bytes;
    uint8_t byte = 1;

    *out = *bytes;
    while (lp_rd_u8(&copy, &byte) && byte != 0)
        if (byte < ' ')
            return false;
    if (byte != 0)
        return false;
    *out = lp_rd_head(bytes, bytes->left - copy.left - 1);
    *bytes = copy;
    return true;
}

static bool is_word(struct lp_rd text, const char *word)
{
    uint8_t byte;
    for (; *word; word++)
        if (!lp_rd_u8(&text, &byte) || (byte | 0x20) != (unsigned char)*word)
            return false;
    return lp_rd_end(&text);
}

static uint32_t number(struct lp_rd text)
{
    uint32_t value = 0;
    uint8_t byte;
    while (value < 1000000 && lp_rd_u8(&text, &byte) && byte >= '0' && byte <= '9')
        value = value * 10 + (uint32_t)(byte - '0');
    return value;
}

/* The size that the server has accepted. A client's wish alone changes nothing (RFC 2347). */
static void read_options(struct transfer *transfer, struct lp_rd options)
{
    struct lp_rd name, value;

    while (text_field(&options, &name) && text_field(&options, &value))
        if (is_word(name, "blksize") && number(value) >= 8 && number(value) <= MAX_BLOCK)
            transfer->block_size = number(value);
}

static bool same_end(const struct lp_endpoint *end, const struct lp_ip *ip, uint16_t port)
{
    return end->port == port && lp_ip_equal(&end->ip, ip);
}

static struct transfer *find(const struct lp_tftp *tftp, const struct lp_ip *client, uint16_t port,
                             const struct lp_ip *server)
{
    for (struct transfer *t = tftp->transfers; t; t = t->next)
        if (same_end(&t->client, client, port) && lp_ip_equal(&t->server.ip, server))
            return t;
    return NULL;
}

static void request(struct lp_tftp *tftp, const struct lp_datagram *d, uint16_t src, uint16_t dst,
                    struct lp_rd bytes)
{
    struct lp_rd name, mode;

    if (!text_field(&bytes, &name) || name.left == 0 || name.left > MAX_NAME ||
        !text_field(&bytes, &mode) || !(is_word(mode, "octet") || is_word(mode, "netascii")) ||
        !lp_fetched_wanted(name))
        return;
    struct transfer *old = find(tftp, &d->src, src, &d->dst);
    if (old && old->block_count == 0)
        return; /* the request again */
    if (old)
        hand_out(tftp, old);
    while (tftp->count >= MAX_TRANSFERS) { /* the oldest gives way */
        struct transfer *oldest = tftp->transfers;
        while (oldest && oldest->next)
            oldest = oldest->next;
        if (!oldest)
            break;
        hand_out(tftp, oldest);
    }
    struct transfer *t = lp_budget_take(tftp->budget, sizeof *t) ? lp_alloc(sizeof *t) : NULL;
    if (!t)
        return;
    t->name_length = name.left;
    if (!lp_rd_copy(&name, t->name, name.left)) {
        lp_budget_give(tftp->budget, sizeof *t);
        lp_free(t);
        return;
    }
    t->bytes.budget = tftp->budget;
    t->block_size = DEFAULT_BLOCK;
    t->netascii = is_word(mode, "netascii");
    t->client = (struct lp_endpoint){.ip = d->src, .port = src, .has_mac = d->has_mac};
    t->server = (struct lp_endpoint){.ip = d->dst, .port = dst};
    memcpy(t->client.mac, d->src_mac, sizeof d->src_mac);
    t->next = tftp->transfers;
    tftp->transfers = t;
    tftp->count++;
}

/* ---- a block ---- */

/* The full number behind a 16-bit one, from 1: in the round nearest to the highest so far. */
static uint32_t full_number(const struct transfer *transfer, uint16_t low)
{
    uint32_t base = transfer->highest & ~UINT32_C(0xffff), value = base | low;

    if (value + 0x8000 < transfer->highest)
        value += 0x10000;
    else if (value > transfer->highest + 0x8000 && value >= 0x10000)
        value -= 0x10000;
    return value;
}

static void keep_block(struct transfer *transfer, uint32_t index, struct lp_rd data)
{
    if (!lp_grow_array(&transfer->blocks, &transfer->block_cap, index + 1,
                       sizeof *transfer->blocks))
        return;
    for (; transfer->block_count <= index; transfer->block_count++)
        transfer->blocks[transfer->block_count] = (struct block){0};
    struct block *block = &transfer->blocks[index];
    if (block->present || transfer->bytes.len + data.left > LP_FETCHED_MOST)
        return;
    block->at = transfer->bytes.len;
    if (lp_buf_append(&transfer->bytes, data.ptr, data.left) != LP_GROW_OK)
        return;
    block->length = (uint32_t)data.left;
    block->present = true;
}

static bool is_whole(const struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->last; i++)
        if (i >= transfer->block_count || !transfer->blocks[i].present)
            return false;
    return transfer->last != 0;
}

static void data_block(struct lp_tftp *tftp, struct transfer *transfer, const struct lp_datagram *d,
                       struct lp_rd bytes)
{
    uint16_t low;

    if (!lp_rd_u16(&bytes, &low))
        return;
    uint32_t n = full_number(transfer, low);
    if (n == 0 || n > MAX_BLOCKS ||
        d->bytes.left < d->announced) /* a block that the snap length cut is none */
        return;
    keep_block(transfer, n - 1, bytes);
    if (n > transfer->highest)
        transfer->highest = n;
    if (bytes.left < transfer->block_size && transfer->last == 0)
        transfer->last = n;
    if (d->frame > transfer->frame) {
        transfer->frame = d->frame;
        transfer->time = d->time;
    }
    if (is_whole(transfer))
        hand_out(tftp, transfer);
}

void lp_tftp_push(struct lp_tftp *tftp, const struct lp_datagram *datagram)
{
    struct lp_rd bytes = datagram->bytes;
    uint16_t src, dst, length, opcode;

    if (!lp_rd_u16(&bytes, &src) || !lp_rd_u16(&bytes, &dst) || !lp_rd_u16(&bytes, &length) ||
        !lp_rd_skip(&bytes, 2) || length < 8)
        return;
    bytes = lp_rd_head(&bytes, length - 8U);
    if (!lp_rd_u16(&bytes, &opcode))
        return;
    if (opcode == READ_REQUEST) {
        request(tftp, datagram, src, dst, bytes);
        return;
    }
    struct transfer *transfer =
        tftp->count ? find(tftp, &datagram->dst, dst, &datagram->src) : NULL;
    if (!transfer || (transfer->answered && transfer->server.port != src))
        return;
    if (!transfer->answered && (opcode == DATA || opcode == OPTIONS)) {
        transfer->answered = true;
        transfer->server.port = src;
        transfer->server.has_mac = datagram->has_mac;
        memcpy(transfer->server.mac, datagram->src_mac, sizeof datagram->src_mac);
    }
    if (opcode == DATA)
        data_block(tftp, transfer, datagram, bytes);
    else if (opcode == OPTIONS)
        read_options(transfer, bytes);
    else if (opcode == ERROR)
        drop(tftp, transfer);
}
