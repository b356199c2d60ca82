/*
 * The header of signed files.
 *
 * Elements of tag (1 byte), length (2 bytes, big-endian) and value. Tag 1 is the version, tag 2 the
 * length of the whole header, which is where the text begins. Some tags are containers, whose
 * contents follow as further elements; tag 13 is a padding byte without a length. Encrypted files
 * have the same header with a few tags more.
 *
 * The signature covers the whole file without its own element; it is checked by whoever knows the
 * signer (signature.c).
 */
#include "phone/signed.h"

#include "phone/parts.h"

enum {
    TAG_VERSION = 1,
    TAG_HEADER_LENGTH = 2,
    TAG_SIGNER_INFO = 3,
    TAG_SIGNER = 4,
    TAG_SERIAL = 5,
    TAG_ISSUER = 6,
    TAG_SIGNATURE_INFO = 7,
    TAG_HASH = 8,
    TAG_SIGNATURE_ALGORITHM_INFO = 9,
    TAG_SIGNATURE = 12,
    TAG_PADDING = 13,
    TAG_FILE_NAME = 14,
    TAG_TIME = 15,
    TAG_ENCRYPTION_INFO = 16,
    TAG_ENCRYPTION_IV_INFO = 17,
    TAG_ENCRYPTION_IV = 19,
    TAG_ENCRYPTION_PADDING = 20,
    TAG_ENCRYPTION_KEY_INFO = 21,
    TAG_ENCRYPTION_KEY_SIZE = 23,
    TAG_ENCRYPTION_KEY = 25,
    TAG_ENCRYPTION_HASH_ALGORITHM = 26,
    TAG_ENCRYPTION_HASH = 27,
};
enum { ELEMENT_HEAD = 3 }; /* tag and length */

static bool is_container(uint8_t tag)
{
    return tag == TAG_SIGNER_INFO || tag == TAG_SIGNATURE_INFO ||
           tag == TAG_SIGNATURE_ALGORITHM_INFO || tag == TAG_ENCRYPTION_INFO ||
           tag == TAG_ENCRYPTION_IV_INFO || tag == TAG_ENCRYPTION_KEY_INFO;
}

static bool tells_encryption(uint8_t tag)
{
    return tag == TAG_ENCRYPTION_IV || tag == TAG_ENCRYPTION_PADDING ||
           tag == TAG_ENCRYPTION_KEY_SIZE || tag == TAG_ENCRYPTION_KEY ||
           tag == TAG_ENCRYPTION_HASH_ALGORITHM || tag == TAG_ENCRYPTION_HASH;
}

bool lp_sgn_next(struct lp_rd *rd, struct lp_sgn_tag *out)
{
    struct lp_rd ahead = *rd;

    do {
        if (!lp_rd_u8(&ahead, &out->tag))
            return false;
    } while (out->tag == TAG_PADDING);
    if (!lp_rd_vec(&ahead, 2, &out->value))
        return false;
    *rd = ahead;
    return true;
}

struct lp_rd lp_sgn_text(struct lp_rd value)
{
    struct lp_rd ahead = value, text;
    size_t n = 0, used = 0;
    uint8_t c;

    while (lp_rd_u8(&ahead, &c)) {
        n++;
        if (c != 0)
            used = n;
    }
    return lp_rd_sub(&value, used, &text) ? text : value;
}

/* A tag whose value is one 16-bit number, with no padding before it. */
static bool read_number(struct lp_rd *rd, uint8_t want, uint16_t *value)
{
    uint8_t tag;
    uint16_t length;

    return lp_rd_u8(rd, &tag) && tag == want && lp_rd_u16(rd, &length) && length == 2 &&
           lp_rd_u16(rd, value);
}

static enum lp_hash_algorithm algorithm_of(struct lp_rd value)
{
    uint8_t number;

    if (!lp_rd_u8(&value, &number) || !lp_rd_end(&value))
        return LP_HASH_UNKNOWN;
    return number == 1   ? LP_HASH_SHA1
           : number == 2 ? LP_HASH_SHA256
           : number == 3 ? LP_HASH_SHA512
                         : LP_HASH_UNKNOWN;
}

/* Passes over padding; the tag after it is looked at and not taken. */
static bool peek_tag(struct lp_rd *rd, uint8_t *tag)
{
    struct lp_rd ahead = *rd;

    while (lp_rd_u8(&ahead, tag)) {
        if (*tag != TAG_PADDING)
            return true;
        *rd = ahead;
    }
    return false;
}

static void take_element(const struct lp_sgn_tag *element, struct lp_signed *out)
{
    struct lp_rd value = element->value;

    switch (element->tag) {
    case TAG_SIGNER:
        out->signer = lp_sgn_text(value);
        break;
    case TAG_SERIAL:
        out->serial = value;
        break;
    case TAG_ISSUER:
        out->issuer = lp_sgn_text(value);
        break;
    case TAG_HASH:
        out->algorithm = algorithm_of(value);
        break;
    case TAG_FILE_NAME:
        out->file_name = lp_sgn_text(value);
        break;
    case TAG_TIME:
        out->has_time = lp_rd_u32(&value, &out->time) && lp_rd_end(&value);
        break;
    default:
        break;
    }
}

/* The element of the signature stands `at` so many bytes into the file. The first one counts. */
static void take_signature(struct lp_rd file, size_t at, struct lp_rd value, struct lp_signed *out)
{
    struct lp_rd rest = file, before;

    if (out->signature.left || !lp_rd_sub(&rest, at, &before) ||
        !lp_rd_skip(&rest, ELEMENT_HEAD + value.left))
        return;
    out->signature = value;
    out->before = before;
    out->behind = rest;
}

/* Looks through the header's elements, behind which `tail` bytes of the file follow. One that does
 * not fit ends the search: where the text begins is known without it. True: the file is encrypted.
 */
static bool read_elements(struct lp_rd file, struct lp_rd header, size_t tail,
                          struct lp_signed *out)
{
    struct lp_sgn_tag element;
    uint8_t tag;

    while (peek_tag(&header, &tag)) {
        size_t at = file.left - tail - header.left;
        if (tells_encryption(tag))
            return true;
        /* what is inside a container follows as elements like all others */
        bool fits =
            is_container(tag) ? lp_rd_skip(&header, ELEMENT_HEAD) : lp_sgn_next(&header, &element);
        if (!fits)
            return false;
        if (tag == TAG_SIGNATURE)
            take_signature(file, at, element.value, out);
        else if (!is_container(tag))
            take_element(&element, out);
    }
    return false;
}

void lp_signed_read(struct lp_rd file, struct lp_signed *out)
{
    struct lp_rd header = file, payload = file;
    uint16_t version, length;

    *out = (struct lp_signed){.wrapping = LP_WRAPPING_NONE};
    out->payload = out->signer = out->issuer = out->serial = out->file_name = lp_rd_init(NULL, 0);
    out->signature = out->before = out->behind = lp_rd_init(NULL, 0);
    if (!read_number(&header, TAG_VERSION, &version) ||
        !read_number(&header, TAG_HEADER_LENGTH, &length))
        return;

    size_t fixed = file.left - header.left;
    bool whole = length >= fixed && lp_rd_skip(&payload, length) &&
                 lp_rd_sub(&header, length - fixed, &header);
    out->header_length = length;
    /* of a header that was cut, what there is */
    if (read_elements(file, header, whole ? payload.left : 0, out)) {
        out->wrapping = LP_WRAPPING_ENCRYPTED;
    } else if (!whole) {
        out->wrapping = LP_WRAPPING_CUT;
    } else {
        out->wrapping = LP_WRAPPING_SIGNED;
        out->payload = payload;
    }
}
