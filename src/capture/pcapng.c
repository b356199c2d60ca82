/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks with their length in front and behind. A section
 * header says in which byte order the blocks after it are written, and forgets the interfaces of
 * the section before; an interface description says of which link type, snap length and time
 * resolution the packets are that name it.
 *
 * Blocks with a meaning here are looked at as a whole, in place; all others are passed over by
 * their length. The section's own length is not believed: many programs cannot know it.
 */
#include "capture/reader.h"

enum block_type {
    BLOCK_SECTION = 0x0a0d0d0a, /* reads the same in both byte orders */
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OBSOLETE = 2,
    BLOCK_PACKET_SIMPLE = 3,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10,
};

enum {
    LEAST_BLOCK = 12,                      /* type, length, length */
    MOST_BLOCK = LP_PACKET_MOST + 1048576, /* with room for options */
    MOST_INTERFACES = 65536,
    DEFAULT_RESOLUTION = 6, /* microseconds */
    OPTION_END = 0,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,
};

static const uint32_t BYTE_ORDER_MAGIC = 0x1a2b3c4d;
static const uint32_t SECRETS_TLS_KEY_LOG = 0x544c534b;
static const size_t MOST_SECRETS = 16U << 20;

struct block {
    uint64_t at;
    uint32_t type, length;
};

bool lp_pcapng_recognise(struct lp_rd head)
{
    uint32_t type, order;

    return lp_rd_u32(&head, &type) && type == BLOCK_SECTION && lp_rd_skip(&head, 4) &&
           lp_rd_u32(&head, &order) &&
           (order == BYTE_ORDER_MAGIC || __builtin_bswap32(order) == BYTE_ORDER_MAGIC);
}

/* ---- blocks ---- */

/* Reads type and length of the next block and leaves it where it is. */
static enum lp_read look(struct lp_pcapng *file, struct lp_stream *stream, struct block *block,
                         struct lp_fault *fault)
{
    uint32_t order;

    *block = (struct block){.at = lp_stream_at(stream)};
    if (!lp_stream_have(stream, LEAST_BLOCK))
        return lp_fault_between(fault, stream, "a block");
    struct lp_rd head = lp_rd_head(&stream->ready, LEAST_BLOCK);
    struct lp_rd start = head;
    if (!lp_rd_u32(&head, &block->type) || !lp_rd_skip(&head, 4) || !lp_rd_u32(&head, &order))
        return lp_fault_between(fault, stream, "a block");
    if (block->type == BLOCK_SECTION) {
        file->little = __builtin_bswap32(order) == BYTE_ORDER_MAGIC;
        if (!file->little && order != BYTE_ORDER_MAGIC)
            return lp_fault_broken(fault, block->at,
                                   "section header with the byte-order magic 0x%08x", order);
    }
    if (!lp_order_u32(&start, file->little, &block->type) ||
        !lp_order_u32(&start, file->little, &block->length))
        return lp_fault_between(fault, stream, "a block");
    if (block->length < LEAST_BLOCK || block->length % 4)
        return lp_fault_broken(fault, block->at,
                               "block of type 0x%08x with the length %u: it must be a multiple of "
                               "4 and at least 12",
                               block->type, block->length);
    return LP_READ_PACKET;
}

static enum lp_read check_trailer(const struct block *block, uint32_t trailer,
                                  struct lp_fault *fault)
{
    if (trailer == block->length)
        return LP_READ_PACKET;
    return lp_fault_broken(fault, block->at,
                           "block of type 0x%08x: its length is %u at its start and %u at its end",
                           block->type, block->length, trailer);
}

/* Brings a whole block into the buffer and takes it off the stream; `body` is what lies between the
 * lengths. */
static enum lp_read take(const struct lp_pcapng *file, struct lp_stream *stream,
                         const struct block *block, struct lp_rd *body, struct lp_fault *fault)
{
    uint32_t trailer;
    struct lp_rd whole;

    *body = lp_rd_init(NULL, 0);
    if (block->length > MOST_BLOCK)
        return lp_fault_broken(fault, block->at, "block of type 0x%08x with the length %u",
                               block->type, block->length);
    if (!lp_stream_have(stream, block->length))
        return lp_fault_short(fault, stream, "only %zu of %u bytes of a block are there",
                              stream->ready.left, block->length);
    if (!lp_rd_sub(&stream->ready, block->length, &whole) || !lp_rd_skip(&whole, 8) ||
        !lp_rd_sub(&whole, block->length - LEAST_BLOCK, body) ||
        !lp_order_u32(&whole, file->little, &trailer))
        return lp_fault_short(fault, stream, "a block is not there");
    return check_trailer(block, trailer, fault);
}

static enum lp_read pass_over(const struct lp_pcapng *file, struct lp_stream *stream,
                              const struct block *block, struct lp_fault *fault)
{
    uint32_t trailer;

    if (!lp_stream_skip(stream, block->length - 4) || !lp_stream_have(stream, 4) ||
        !lp_order_u32(&stream->ready, file->little, &trailer))
        return lp_fault_short(fault, stream, "a block of %u bytes is not all there", block->length);
    return check_trailer(block, trailer, fault);
}

/* ---- what is no packet ---- */

static enum lp_read start_section(struct lp_pcapng *file, struct lp_stream *stream,
                                  const struct block *block, struct lp_fault *fault)
{
    struct lp_rd body;
    uint16_t major, minor;
    enum lp_read got = take(file, stream, block, &body, fault);

    if (got != LP_READ_PACKET)
        return got;
    if (!lp_rd_skip(&body, 4) || !lp_order_u16(&body, file->little, &major) ||
        !lp_order_u16(&body, file->little, &minor) || !lp_rd_skip(&body, 8))
        return lp_fault_broken(fault, block->at, "section header of %u bytes: it needs 28",
                               block->length);
    if (major != 1)
        return lp_fault_broken(fault, block->at, "section of pcapng version %u.%u: only 1 is known",
                               major, minor);
    file->earlier += (unsigned)file->count;
    file->count = 0;
    return LP_READ_PACKET;
}

LP_MUST_USE static bool read_offset(struct lp_rd value, bool little, int64_t *offset)
{
    uint32_t first, second;

    if (!lp_order_u32(&value, little, &first) || !lp_order_u32(&value, little, &second) ||
        !lp_rd_end(&value))
        return false;
    *offset = (int64_t)(little ? (uint64_t)second << 32 | first : (uint64_t)first << 32 | second);
    return true;
}

/* False: an option that matters, or a length, is wrong. */
LP_MUST_USE static bool read_options(struct lp_rd options, bool little,
                                     struct lp_pcapng_interface *interface)
{
    uint16_t code, length;
    struct lp_rd value;

    while (!lp_rd_end(&options)) {
        if (!lp_order_u16(&options, little, &code) || !lp_order_u16(&options, little, &length) ||
            !lp_rd_sub(&options, length, &value) || !lp_rd_skip(&options, -(size_t)length % 4))
            return false;
        if (code == OPTION_END)
            return true; /* what lies behind has no meaning */
        if (code == OPTION_RESOLUTION &&
            (!lp_rd_u8(&value, &interface->resolution) || !lp_rd_end(&value)))
            return false;
        if (code == OPTION_OFFSET && !read_offset(value, little, &interface->offset))
            return false;
    }
    return true;
}

static enum lp_read add_interface(struct lp_pcapng *file, struct lp_stream *stream,
                                  const struct block *block, struct lp_fault *fault)
{
    struct lp_pcapng_interface interface = {.resolution = DEFAULT_RESOLUTION};
    struct lp_rd body;
    uint16_t link_type;
    enum lp_read got = take(file, stream, block, &body, fault);

    if (got != LP_READ_PACKET)
        return got;
    if (!lp_order_u16(&body, file->little, &link_type) || !lp_rd_skip(&body, 2) ||
        !lp_order_u32(&body, file->little, &interface.snap_length))
        return lp_fault_broken(fault, block->at, "interface description of %u bytes: it needs 20",
                               block->length);
    if (!read_options(body, file->little, &interface))
        return lp_fault_broken(fault, block->at,
                               "interface description whose options cannot be read");
    if (file->count == MOST_INTERFACES)
        return lp_fault_broken(fault, block->at, "more than %d interfaces in one section",
                               MOST_INTERFACES);
    interface.link_type = lp_link_type_from_file(link_type);
    if (!lp_grow_array(&file->interfaces, &file->cap, file->count + 1, sizeof *file->interfaces)) {
        fault->what = LP_READ_MEMORY;
        return fault->what;
    }
    file->interfaces[file->count++] = interface;
    return LP_READ_PACKET;
}

/* Key log lines are text; a block may end without a line's end. What exceeds the limit stays out.
 */
static enum lp_read keep_secrets(struct lp_pcapng *file, struct lp_stream *stream,
                                 const struct block *block, struct lp_fault *fault)
{
    struct lp_rd body, text;
    uint32_t type, length;
    enum lp_read got = take(file, stream, block, &body, fault);

    if (got != LP_READ_PACKET)
        return got;
    if (!lp_order_u32(&body, file->little, &type) || !lp_order_u32(&body, file->little, &length) ||
        !lp_rd_sub(&body, length, &text))
        return lp_fault_broken(fault, block->at, "secrets block whose data exceed its %u bytes",
                               block->length);
    if (type != SECRETS_TLS_KEY_LOG || file->secrets.len + text.left + 1 > MOST_SECRETS)
        return LP_READ_PACKET;
    if (lp_buf_append(&file->secrets, text.ptr, text.left) != LP_GROW_OK ||
        lp_buf_append(&file->secrets, "\n", 1) != LP_GROW_OK) {
        fault->what = LP_READ_MEMORY;
        return fault->what;
    }
    return LP_READ_PACKET;
}

static bool holds_packet(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE || type == BLOCK_PACKET_OBSOLETE;
}

/* Reads on to the next packet's block, or only to the first interface. */
static enum lp_read to_packet(struct lp_pcapng *file, struct lp_stream *stream,
                              bool interface_will_do, struct block *block, struct lp_fault *fault)
{
    for (;;) {
        enum lp_read got = look(file, stream, block, fault);
        if (got != LP_READ_PACKET || holds_packet(block->type))
            return got;
        if (block->type == BLOCK_SECTION)
            got = start_section(file, stream, block, fault);
        else if (block->type == BLOCK_INTERFACE)
            got = add_interface(file, stream, block, fault);
        else if (block->type == BLOCK_SECRETS && block->length <= MOST_BLOCK)
            got = keep_secrets(file, stream, block, fault);
        else
            got = pass_over(file, stream, block, fault);
        if (got != LP_READ_PACKET || (interface_will_do && file->count))
            return got;
    }
}

bool lp_pcapng_open(struct lp_pcapng *file, struct lp_stream *stream, struct lp_fault *fault)
{
    struct block block;

    if (look(file, stream, &block, fault) != LP_READ_PACKET ||
        start_section(file, stream, &block, fault) != LP_READ_PACKET)
        return false;
    enum lp_read got = to_packet(file, stream, true, &block, fault);
    return got == LP_READ_PACKET || got == LP_READ_END;
}

void lp_pcapng_close(struct lp_pcapng *file)
{
    lp_free(file->interfaces);
    lp_buf_free(&file->secrets);
    *file = (struct lp_pcapng){0};
}

/* ---- packets ---- */

static struct lp_time to_time(const struct lp_pcapng_interface *interface, uint64_t ticks)
{
    enum { BINARY = 0x80, NANO = 9, MOST_POWER = 19 };
    static const uint64_t powers[] = {
        1U,
        10U,
        100U,
        1000U,
        10000U,
        100000U,
        1000000U,
        10000000U,
        100000000U,
        1000000000U,
        10000000000U,
        100000000000U,
        1000000000000U,
        10000000000000U,
        100000000000000U,
        1000000000000000U,
        10000000000000000U,
        100000000000000000U,
        1000000000000000000U,
        10000000000000000000U,
    };
    __extension__ typedef unsigned __int128 wide;
    unsigned n = interface->resolution & (BINARY - 1);
    uint64_t sec = 0, nsec;

    if (interface->resolution & BINARY) {
        uint64_t fraction = n < 64 ? ticks & ((UINT64_C(1) << n) - 1) : ticks;
        sec = n < 64 ? ticks >> n : 0;
        nsec = (uint64_t)((wide)fraction * powers[NANO] >> n);
    } else if (n <= NANO) {
        sec = ticks / powers[n];
        nsec = ticks % powers[n] * powers[NANO - n];
    } else {
        if (n <= MOST_POWER) {
            sec = ticks / powers[n];
            ticks %= powers[n];
        }
        nsec = n - NANO <= MOST_POWER ? ticks / powers[n - NANO] : 0;
    }
    return (struct lp_time){(int64_t)(sec + (uint64_t)interface->offset), (uint32_t)nsec};
}

struct fields {
    uint32_t interface, captured, original;
    uint64_t ticks;
};

LP_MUST_USE static bool read_ticks(struct lp_rd *body, bool little, struct fields *fields)
{
    uint32_t high, low;

    if (!lp_order_u32(body, little, &high) || !lp_order_u32(body, little, &low))
        return false;
    fields->ticks = (uint64_t)high << 32 | low;
    return true;
}

/* What stands in front of the packet's bytes. A simple packet has no time, is of the first
 * interface, and as long as that one's snap length lets it be. */
LP_MUST_USE static bool read_fields(const struct lp_pcapng *file, uint32_t type, struct lp_rd *body,
                                    struct fields *fields)
{
    bool little = file->little;
    uint16_t interface, drops;

    *fields = (struct fields){0};
    if (type == BLOCK_PACKET_SIMPLE) {
        if (!lp_order_u32(body, little, &fields->original))
            return false;
        fields->captured = fields->original;
        if (file->count && file->interfaces[0].snap_length &&
            file->interfaces[0].snap_length < fields->captured)
            fields->captured = file->interfaces[0].snap_length;
        return true;
    }
    if (type == BLOCK_PACKET) {
        if (!lp_order_u32(body, little, &fields->interface))
            return false;
    } else {
        if (!lp_order_u16(body, little, &interface) || !lp_order_u16(body, little, &drops))
            return false;
        fields->interface = interface;
    }
    return read_ticks(body, little, fields) && lp_order_u32(body, little, &fields->captured) &&
           lp_order_u32(body, little, &fields->original);
}

/* `room`: bytes of the block's body behind the fields, whether they are there or not. */
static enum lp_read check_fields(const struct lp_pcapng *file, const struct block *block,
                                 const struct fields *fields, size_t room, struct lp_fault *fault)
{
    if (fields->interface >= file->count)
        return lp_fault_broken(fault, block->at, "interface %u is not among the %zu described",
                               fields->interface, file->count);
    uint32_t most = lp_packet_most(file->interfaces[fields->interface].snap_length);
    if (fields->captured > most)
        return lp_fault_broken(fault, block->at,
                               "captured length %u exceeds %u, the most that the interface allows",
                               fields->captured, most);
    if (fields->captured > room)
        return lp_fault_broken(fault, block->at,
                               "captured length %u exceeds the %zu bytes of its block",
                               fields->captured, room);
    return LP_READ_PACKET;
}

/* The block is not all there. What the packet has lost decides whether it is cut. */
static enum lp_read take_cut_packet(struct lp_stream *stream, const struct block *block,
                                    struct lp_rd *body, struct lp_fault *fault)
{
    (void)lp_fault_short(fault, stream, "only %zu of %u bytes of its block are there",
                         stream->ready.left, block->length);
    *body = lp_rd_rest(&stream->ready);
    if (!lp_rd_skip(body, 8))
        return fault->what;
    *body = lp_rd_head(body, block->length - LEAST_BLOCK);
    return LP_READ_PACKET;
}

enum lp_read lp_pcapng_next(struct lp_pcapng *file, struct lp_stream *stream,
                            struct lp_packet *packet, struct lp_fault *fault)
{
    struct block block;
    struct lp_rd body, bytes;
    struct fields fields;
    enum lp_read got = to_packet(file, stream, false, &block, fault);

    if (got != LP_READ_PACKET)
        return got;
    if (block.length <= MOST_BLOCK && !lp_stream_have(stream, block.length))
        got = take_cut_packet(stream, &block, &body, fault);
    else
        got = take(file, stream, &block, &body, fault);
    if (got != LP_READ_PACKET)
        return got;

    size_t missing = block.length - LEAST_BLOCK - body.left;
    if (!read_fields(file, block.type, &body, &fields))
        return missing ? fault->what
                       : lp_fault_broken(fault, block.at, "packet block of %u bytes is too short",
                                         block.length);
    got = check_fields(file, &block, &fields, body.left + missing, fault);
    if (got != LP_READ_PACKET)
        return got;
    packet->cut = body.left < fields.captured;
    if (packet->cut && lp_rd_end(&body))
        return fault->what;
    bytes = lp_rd_head(&body, fields.captured);
    const struct lp_pcapng_interface *interface = &file->interfaces[fields.interface];
    packet->time = to_time(interface, fields.ticks);
    packet->bytes = bytes.ptr;
    packet->captured = (uint32_t)bytes.left;
    packet->original = fields.original > fields.captured ? fields.original : fields.captured;
    packet->link_type = interface->link_type;
    packet->interface = file->earlier + fields.interface;
    return LP_READ_PACKET;
}
