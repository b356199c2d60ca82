/*
 * How it works: a message counts as a whole or not at all. All of its records must fit, and end
 * where it ends: that is also how an answer is told from other datagrams, whatever port they come
 * from.
 *
 * Only the name that was asked for gets an address, by itself or through its CNAMEs (RFC 1034
 * 3.6.2), in whatever order the records stand. Whatever else a message says, about other names or
 * in its further sections, is what nobody asked for.
 *
 * A name may end in a pointer to an earlier one (RFC 1035 4.1.4). Each pointer must lead in front
 * of the place where the last one led, so that a chain of them ends.
 */
#include "carrier/dns.h"

enum {
    RESPONSE = 0x8000,
    NOT_PLAIN = 0x7a4f, /* OPCODE, TC, Z, RCODE: all zero in a whole answer to a query */
    CLASS_IN = 1,
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_AAAA = 28,
    HEADER = 12,
    POINTER = 0xc0,
    NAME_SIZE = 256, /* RFC 1035 2.3.4: 255 bytes on the wire */
    MAX_LABEL = 63,
    MAX_ANSWERS = 256,
    MAX_ALIASES = 16,
};

/* ---- names ---- */

struct name {
    char text[NAME_SIZE];
    size_t length;
    bool host; /* letters, digits, hyphens and underscores alone, and not the root */
};

static bool append(struct name *name, uint8_t c)
{
    if (name->length + 1 >= NAME_SIZE)
        return false;
    name->text[name->length++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return true;
}

static bool append_label(struct name *name, struct lp_rd label)
{
    uint8_t c;

    if (name->length && !append(name, '.'))
        return false;
    while (lp_rd_u8(&label, &c)) {
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                     c == '-' || c == '_';
        name->host = name->host && plain;
        if (!append(name, c))
            return false;
    }
    return true;
}

/* Moves to where a pointer, whose first byte was `high`, leads: before *limit, which it lowers. */
static bool follow(struct lp_rd whole, uint8_t high, struct lp_rd *at, size_t *limit)
{
    uint8_t low;

    if (high < POINTER || !lp_rd_u8(at, &low))
        return false;
    size_t to = (size_t)(high & ~POINTER) << 8 | low;
    if (to >= *limit)
        return false;
    *limit = to;
    *at = whole;
    return lp_rd_skip(at, to);
}

/* `rd` stands inside the message and runs to its end. */
static bool read_name(struct lp_rd whole, struct lp_rd *rd, struct name *out)
{
    struct lp_rd at = *rd, behind = *rd, label;
    size_t limit = whole.left - rd->left;
    bool jumped = false;
    uint8_t length;

    *out = (struct name){.host = true};
    do {
        if (!lp_rd_u8(&at, &length))
            return false;
        if (length > MAX_LABEL) {
            behind = jumped ? behind : at;
            jumped = true;
            if (!follow(whole, length, &at, &limit))
                return false;
        } else if (!lp_rd_sub(&at, length, &label) || (length && !append_label(out, label))) {
            return false;
        }
    } while (length);
    out->text[out->length] = '\0';
    out->host = out->host && out->length;
    if (!jumped)
        *rd = at;
    else if (!lp_rd_skip(&behind, 1))
        return false;
    else
        *rd = behind;
    return true;
}

/* ---- records ---- */

struct record {
    struct name owner;
    uint16_t type, class;
    struct lp_rd data;
    struct lp_rd rest; /* of the message, from the data on: names in it may point outside */
};

static bool next_record(struct lp_rd whole, struct lp_rd *rd, struct record *out)
{
    uint32_t ttl;
    uint16_t length;

    if (!read_name(whole, rd, &out->owner) || !lp_rd_u16(rd, &out->type) ||
        !lp_rd_u16(rd, &out->class) || !lp_rd_u32(rd, &ttl) || !lp_rd_u16(rd, &length))
        return false;
    out->rest = *rd;
    return lp_rd_sub(rd, length, &out->data);
}

static bool read_address(const struct record *record, struct lp_ip *ip)
{
    struct lp_rd data = record->data;

    *ip = (struct lp_ip){.family = record->type == TYPE_A ? 4 : 6};
    if (record->type != TYPE_A && record->type != TYPE_AAAA)
        return false;
    return lp_rd_copy(&data, ip->bytes, ip->family == 4 ? 4 : 16) && lp_rd_end(&data);
}

/* The name that fills the record's data. */
static bool read_alias(struct lp_rd whole, const struct record *record, struct name *out)
{
    struct lp_rd rest = record->rest;

    return record->type == TYPE_CNAME && read_name(whole, &rest, out) && out->host &&
           record->rest.left - rest.left == record->data.left;
}

/* ---- a message ---- */

struct message {
    struct lp_rd whole, answers; /* `answers` runs to the end */
    unsigned answer_count;
    struct name asked;
};

static bool read_message(struct lp_rd whole, struct message *out)
{
    struct lp_rd rd = whole;
    struct record record;
    uint16_t id, flags, questions, answers, authorities, more, type, class;

    if (!lp_rd_u16(&rd, &id) || !lp_rd_u16(&rd, &flags) || !lp_rd_u16(&rd, &questions) ||
        !lp_rd_u16(&rd, &answers) || !lp_rd_u16(&rd, &authorities) || !lp_rd_u16(&rd, &more))
        return false;
    if (!(flags & RESPONSE) || (flags & NOT_PLAIN) || questions != 1 || answers == 0 ||
        answers > MAX_ANSWERS)
        return false;
    if (!read_name(whole, &rd, &out->asked) || !out->asked.host || !lp_rd_u16(&rd, &type) ||
        !lp_rd_u16(&rd, &class) || class != CLASS_IN)
        return false;
    out->whole = whole;
    out->answers = rd;
    out->answer_count = answers;
    for (size_t left = (size_t)answers + authorities + more; left; left--)
        if (!next_record(whole, &rd, &record))
            return false;
    return lp_rd_end(&rd);
}

/* Hands out what the answers say about one name. *target: where it leads, if it is an alias. True:
 * it has an address. */
static bool tell(const struct message *message, const struct name *owner, struct name *target,
                 lp_dns_fn fn, void *ctx)
{
    struct lp_dns_record out = {.name = message->asked.text};
    struct lp_rd rd = message->answers;
    struct record record;
    struct name alias;
    bool found = false;

    target->length = 0;
    if (strcmp(owner->text, message->asked.text) != 0)
        out.alias = owner->text;
    for (unsigned i = 0; i < message->answer_count; i++) {
        if (!next_record(message->whole, &rd, &record))
            break;
        if (record.class != CLASS_IN || !record.owner.host ||
            strcmp(record.owner.text, owner->text) != 0)
            continue;
        if (read_address(&record, &out.ip)) {
            found = true;
            fn(ctx, &out);
        } else if (target->length == 0 && read_alias(message->whole, &record, &alias)) {
            *target = alias;
        }
    }
    return found;
}

bool lp_dns_read(struct lp_rd whole, lp_dns_fn fn, void *ctx)
{
    struct message message;
    struct name owner, target;

    if (!read_message(whole, &message))
        return false;
    owner = message.asked;
    for (unsigned i = 0; i < MAX_ALIASES; i++) {
        if (tell(&message, &owner, &target, fn, ctx))
            return true;
        if (target.length == 0)
            break;
        owner = target;
    }
    if (strcmp(owner.text, message.asked.text) != 0) {
        const struct lp_dns_record open = {.name = message.asked.text, .alias = owner.text};
        fn(ctx, &open);
    }
    return true;
}

enum lp_dns_next lp_dns_next(struct lp_rd *stream, struct lp_rd *message)
{
    struct lp_rd ahead = *stream, head;
    uint16_t length, id, flags, questions;

    if (!lp_rd_u16(&ahead, &length))
        return LP_DNS_MORE;
    head = ahead;
    if (length < HEADER)
        return LP_DNS_NOT;
    if (!lp_rd_u16(&head, &id) || !lp_rd_u16(&head, &flags))
        return LP_DNS_MORE;
    if (!(flags & RESPONSE) || (flags & NOT_PLAIN & ~0xf))
        return LP_DNS_NOT;
    if (lp_rd_u16(&head, &questions) && questions > 1)
        return LP_DNS_NOT;
    if (!lp_rd_sub(&ahead, length, message))
        return LP_DNS_MORE;
    *stream = ahead;
    return LP_DNS_MESSAGE;
}
