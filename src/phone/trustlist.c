/*
 * Trust lists: records behind the header of a signed file.
 *
 * A record is a run of elements of tag (1 byte), length (2 bytes, big-endian) and value. Its first
 * element, tag 1, holds the length of the record, counted from that element's own first byte. A
 * record counts only when all its bytes are there; a certificate only when it is one DER element
 * from first to last byte, so that no hash is ever made of a part.
 */
#include "phone/trustlist.h"

#include "phone/parts.h"
#include "phone/phone.h"

#include "base/text.h"
#include "x509/der.h"

enum {
    TAG_RECORD_LENGTH = 1,
    TAG_DNS_NAME = 2,
    TAG_SUBJECT = 3,
    TAG_ROLE = 4,
    TAG_ISSUER = 5,
    TAG_SERIAL = 6,
    TAG_CERTIFICATE = 9,
    TAG_IP = 10,
    TAG_HASH = 11,
};
enum {
    LENGTH_ELEMENT = 5, /* tag, length, and two bytes */
    RECORDS_MOST = 4096,
    SERIAL_MOST = 64,
};

const char *lp_trust_role_name(unsigned role)
{
    static const struct {
        enum lp_trust_role role;
        const char *name;
    } names[] = {
        {LP_TRUST_SAST, "SAST"}, {LP_TRUST_CCM, "CCM"},   {LP_TRUST_CCM_TFTP, "CCM+TFTP"},
        {LP_TRUST_TFTP, "TFTP"}, {LP_TRUST_CAPF, "CAPF"}, {LP_TRUST_APP_SERVER, "APP-SERVER"},
        {LP_TRUST_TVS, "TVS"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (role == (unsigned)names[i].role)
            return names[i].name;
    return NULL;
}

/* The body of the next record. The reader moves behind it. */
static enum lp_trust_fault next_record(struct lp_rd *rd, struct lp_rd *body)
{
    struct lp_sgn_tag first;
    uint16_t length;

    if (!lp_sgn_next(rd, &first))
        return LP_TRUST_CUT;
    if (first.tag != TAG_RECORD_LENGTH || !lp_rd_u16(&first.value, &length) ||
        !lp_rd_end(&first.value) || length < LENGTH_ELEMENT)
        return LP_TRUST_DAMAGED;
    return lp_rd_sub(rd, length - LENGTH_ELEMENT, body) ? LP_TRUST_WHOLE : LP_TRUST_CUT;
}

/* ---- one record ---- */

static bool is_certificate(struct lp_rd value)
{
    struct lp_rd body;

    return lp_der_only(value, LP_DER_SEQUENCE, &body) == LP_DER_FINE &&
           lp_der_next_is(&body, LP_DER_SEQUENCE);
}

static bool keep_text(struct lp_arena *arena, struct lp_rd value, const char **out)
{
    value = lp_sgn_text(value);
    if (lp_rd_end(&value))
        return true;
    *out = lp_text_clean(arena, value.ptr, value.left);
    return *out != NULL;
}

static bool keep_serial(struct lp_arena *arena, struct lp_rd value, const char **out)
{
    if (lp_rd_end(&value) || value.left > SERIAL_MOST)
        return true;
    char *hex = lp_arena_alloc(arena, 2 * value.left + 1);
    if (!hex)
        return false;
    lp_hex_text(value.ptr, value.left, hex);
    *out = hex;
    return true;
}

static bool keep_hash(struct lp_arena *arena, struct lp_rd value, struct lp_cert_hash *out)
{
    char base64[89];
    struct lp_cert_hash hash = {.n = 0};

    /* no digest is longer, and lp_cert_hash_read leaves out what has no digest's length */
    if (value.left == 0 || value.left > sizeof hash.digest)
        return true;
    lp_base64_text(value.ptr, value.left, base64);
    if (!lp_cert_hash_read(arena, base64, strlen(base64), &hash))
        return false;
    if (hash.fault == LP_HASH_FINE)
        *out = hash;
    return true;
}

static void set_ip(struct lp_rd value, struct lp_ip *ip)
{
    enum { V4 = 4, V6 = 16 };
    size_t n = value.left;

    if ((n == V4 || n == V6) && lp_rd_copy(&value, ip->bytes, n))
        ip->family = n == V4 ? 4 : 6;
}

static bool take_element(struct lp_arena *arena, struct lp_sgn_tag element,
                         struct lp_trust_record *out)
{
    uint16_t role;

    switch (element.tag) {
    case TAG_DNS_NAME:
        return keep_text(arena, element.value, &out->dns_name);
    case TAG_SUBJECT:
        return keep_text(arena, element.value, &out->subject);
    case TAG_ISSUER:
        return keep_text(arena, element.value, &out->issuer);
    case TAG_SERIAL:
        return keep_serial(arena, element.value, &out->serial);
    case TAG_ROLE:
        if (lp_rd_u16(&element.value, &role) && lp_rd_end(&element.value))
            out->role = role;
        return true;
    case TAG_IP:
        set_ip(element.value, &out->ip);
        return true;
    case TAG_HASH:
        return keep_hash(arena, element.value, &out->hash);
    case TAG_CERTIFICATE:
        if (out->der || !is_certificate(element.value))
            return true;
        out->der = lp_arena_copy(arena, element.value.ptr, element.value.left);
        out->der_len = element.value.left;
        return out->der != NULL;
    default: /* keys and signatures are in the certificate too */
        return true;
    }
}

/* False only when memory is short. *whole: the elements fill the record exactly. */
static bool read_record(struct lp_arena *arena, struct lp_rd body, struct lp_trust_record *out,
                        bool *whole)
{
    enum { PADDING = 13 };
    struct lp_sgn_tag element;
    uint8_t c;

    *out = (struct lp_trust_record){.role = LP_TRUST_NO_ROLE};
    while (lp_sgn_next(&body, &element))
        if (!take_element(arena, element, out))
            return false;
    *whole = true;
    while (lp_rd_u8(&body, &c))
        *whole = *whole && c == PADDING;
    return true;
}

/* ---- the list ---- */

static bool read_header(struct lp_arena *arena, const struct lp_signed *file,
                        struct lp_trust_list *out)
{
    out->has_time = file->has_time;
    out->time.sec = file->time;
    return keep_text(arena, file->signer, &out->signer) &&
           keep_text(arena, file->file_name, &out->file_name);
}

/* Whether nothing but padding is left. */
static bool is_spent(struct lp_rd rd)
{
    enum { PADDING = 13 };
    uint8_t c = PADDING;

    while (c == PADDING && lp_rd_u8(&rd, &c))
        continue;
    return c == PADDING;
}

/* The records into a list of the caller's to free. False: memory is short. */
static bool read_records(struct lp_arena *arena, struct lp_rd rd, struct lp_trust_list *out,
                         struct lp_trust_record **records)
{
    size_t cap = 0;
    struct lp_rd body;
    bool whole;

    while (!is_spent(rd)) {
        if (out->count == RECORDS_MOST)
            out->fault = LP_TRUST_LIMIT;
        else
            out->fault = next_record(&rd, &body);
        if (out->fault != LP_TRUST_WHOLE)
            return true;
        if (!lp_grow_array(records, &cap, out->count + 1, sizeof **records) ||
            !read_record(arena, body, &(*records)[out->count], &whole))
            return false;
        if (!whole) {
            out->fault = LP_TRUST_DAMAGED;
            return true;
        }
        out->count++;
    }
    return true;
}

/* The first record's first element, whatever length it announces. */
static bool begins_record(struct lp_rd rd)
{
    uint8_t tag;
    uint16_t length;

    return lp_rd_u8(&rd, &tag) && tag == TAG_RECORD_LENGTH && lp_rd_u16(&rd, &length) &&
           length == 2;
}

static bool is_list(const struct lp_signed *file)
{
    return file->wrapping == LP_WRAPPING_SIGNED &&
           (begins_record(file->payload) || lp_phone_holds(file->file_name, ".tlv"));
}

bool lp_trust_list_found(const void *bytes, size_t n)
{
    struct lp_signed file;

    lp_signed_read(lp_rd_init(bytes, n), &file);
    return is_list(&file);
}

bool lp_trust_list_read(struct lp_arena *arena, const void *bytes, size_t n,
                        struct lp_trust_list *out)
{
    struct lp_trust_record *records = NULL;
    struct lp_signed file;
    bool ok = false;

    memset(out, 0, sizeof *out);
    lp_signed_read(lp_rd_init(bytes, n), &file);
    if (!is_list(&file))
        return true;
    if (!read_header(arena, &file, out) || !read_records(arena, file.payload, out, &records))
        goto out;
    if (out->count) {
        out->records = lp_arena_copy(arena, records, out->count * sizeof *records);
        if (!out->records)
            goto out;
    }
    ok = true;
out:
    lp_free(records);
    if (!ok)
        memset(out, 0, sizeof *out);
    return ok;
}
