/*
 * Facts of a certificate, read by a walk over its DER (RFC 5280 4.1).
 *
 * d2i_X509 is not used: it spends four fifths of its time on finding a decoder for the public key,
 * which nobody asks for here, and it gives nothing at all when one byte displeases it. The walk
 * takes each field when it comes by; a field that makes no sense is noted in x509_error and the
 * rest is still read. OpenSSL is asked for the names of object identifiers only.
 */
#include "x509/walk.h"
#include "x509/x509.h"

#include "base/text.h"

void lp_walk_note(struct lp_cert_walk *walk, const char *field, const char *what)
{
    if (walk->facts->x509_error)
        return;
    walk->facts->x509_error =
        lp_arena_printf(walk->arena, "Certificate (RFC 5280 4.1): %s: %s", field, what);
    walk->no_memory |= !walk->facts->x509_error;
}

bool lp_walk_fault(struct lp_cert_walk *walk, const char *field, enum lp_der_fault fault)
{
    lp_walk_note(walk, field, lp_der_fault_text(fault));
    return false;
}

bool lp_walk_sound(struct lp_cert_walk *walk, const char *field, uint8_t tag, struct lp_rd body)
{
    return lp_walk_fine(walk, field, lp_der_sound(tag, body) ? LP_DER_FINE : LP_DER_UNSOUND);
}

void lp_walk_put_cut(struct lp_cert_walk *walk, const void *bytes, size_t n)
{
    size_t room = LP_FACT_TEXT_MAX - walk->text_len;

    walk->cut = true;
    lp_walk_put(walk, bytes, n < room ? n : room);
}

void lp_walk_put_hex(struct lp_cert_walk *walk, struct lp_rd bytes)
{
    enum { AT_ONCE = 32 };
    char digits[2 * AT_ONCE + 1];
    struct lp_rd part;

    while (!walk->cut && lp_rd_sub(&bytes, bytes.left < AT_ONCE ? bytes.left : AT_ONCE, &part) &&
           !lp_rd_end(&part)) {
        lp_hex_text(part.ptr, part.left, digits);
        lp_walk_put(walk, digits, 2 * part.left);
    }
}

const char *lp_walk_text(struct lp_cert_walk *walk)
{
    if (walk->cut) {
        memcpy(walk->text + walk->text_len, "...", 3);
        walk->text_len += 3;
    }
    char *text = walk->no_memory ? NULL : lp_text_clean(walk->arena, walk->text, walk->text_len);
    walk->no_memory |= !text;
    walk->text_len = 0;
    walk->cut = false;
    return text;
}

const char *lp_walk_plain_text(struct lp_cert_walk *walk, const char *prefix, size_t prefix_length,
                               struct lp_rd body)
{
    if (body.left > LP_FACT_TEXT_MAX - prefix_length)
        return NULL;
    char *text = lp_arena_alloc(walk->arena, prefix_length + body.left + 1);
    walk->no_memory |= !text;
    if (!text)
        return NULL;
    memcpy(text, prefix, prefix_length);
    return lp_text_copy_plain(text + prefix_length, body.ptr, body.left) == body.left ? text : NULL;
}

/* A whole number in hex as OpenSSL shows it: the magnitude, without leading zero bytes. RFC 5280
 * 4.1.2.2 wants 1 to 20 bytes and no negative ones; old devices send both. */
static void read_serial(struct lp_cert_walk *walk, struct lp_rd body)
{
    uint8_t number[256];
    size_t n = body.left;

    lp_walk_sound(walk, "serialNumber", LP_DER_INTEGER, body); /* shown all the same */
    if (n == 0 || n > sizeof number || !lp_rd_copy(&body, number, n)) {
        lp_walk_note(walk, "serialNumber", "empty, or longer than 256 bytes");
        return;
    }
    if (number[0] & 0x80) {
        unsigned carry = 1;
        for (size_t i = n; i-- > 0;) {
            carry += 0xff & ~(unsigned)number[i];
            number[i] = (uint8_t)carry;
            carry >>= 8;
        }
        lp_walk_puts(walk, "-");
    }
    struct lp_rd digits = lp_rd_init(number, n);
    while (digits.left > 1 && lp_der_next_is(&digits, 0))
        if (!lp_rd_skip(&digits, 1))
            break;
    lp_walk_put_hex(walk, digits);
    walk->facts->serial = lp_walk_text(walk);
}

/* AlgorithmIdentifier (RFC 5280 4.1.1.2): the name of the algorithm. */
static void read_algorithm(struct lp_cert_walk *walk, const char *field, struct lp_rd body)
{
    struct lp_tlv type;
    struct lp_oid oid;

    walk->signature = body;
    if (!lp_walk_fine(walk, field, lp_der_any(&body, &type)))
        return;
    if (!lp_der_oid(&type, &oid)) {
        lp_walk_note(walk, field, "the algorithm is no object identifier");
        return;
    }
    lp_walk_puts(walk, oid.long_name);
    walk->facts->signature = lp_walk_text(walk);
    enum lp_der_fault fault = lp_der_optional(body); /* the parameters */
    if (fault != LP_DER_FINE)
        lp_walk_note(walk, field, lp_der_fault_text(fault));
}

static const char *read_name(struct lp_cert_walk *walk, const char *field, struct lp_rd rdns)
{
    bool whole = lp_walk_name(walk, field, rdns);
    const char *text = lp_walk_text(walk); /* also what is left of a damaged one must go */
    return whole ? text : NULL;
}

static void read_validity(struct lp_cert_walk *walk, struct lp_rd body)
{
    struct lp_cert_facts *facts = walk->facts;
    struct lp_time from, to;
    struct lp_tlv first, second;

    if (!lp_walk_fine(walk, "validity", lp_der_any(&body, &first)) ||
        !lp_walk_fine(walk, "validity", lp_der_any(&body, &second)))
        return;
    if (!lp_rd_end(&body) || !lp_der_time(&first, &from) || !lp_der_time(&second, &to)) {
        lp_walk_note(walk, "validity", "not two dates (4.1.2.5)");
        return;
    }
    facts->not_before = from;
    facts->not_after = to;
    facts->has_dates = true;
}

/* Extension (RFC 5280 4.1.2.9). False: the structure is lost. */
static bool read_extension(struct lp_cert_walk *walk, struct lp_rd *list)
{
    static const uint8_t id_ce_subject_alt_name[] = {0x55, 0x1d, 0x11};
    static const char field[] = "extensions";
    struct lp_rd extension, oid, critical, value;

    if (!lp_walk_fine(walk, field, lp_der_take(list, LP_DER_SEQUENCE, &extension)) ||
        !lp_walk_fine(walk, field, lp_der_take(&extension, LP_DER_OID, &oid)) ||
        !lp_walk_sound(walk, field, LP_DER_OID, oid))
        return false;
    if (lp_der_next_is(&extension, LP_DER_BOOLEAN) &&
        (!lp_walk_fine(walk, field, lp_der_take(&extension, LP_DER_BOOLEAN, &critical)) ||
         !lp_walk_sound(walk, field, LP_DER_BOOLEAN, critical)))
        return false;
    if (!lp_walk_fine(walk, field, lp_der_only(extension, LP_DER_OCTET_STRING, &value)))
        return false;
    if (!lp_der_is(&oid, id_ce_subject_alt_name, sizeof id_ce_subject_alt_name))
        return true;
    if (walk->facts->san)
        lp_walk_note(walk, field, "more than one subjectAltName (4.2)");
    else
        lp_walk_san(walk, value);
    return true;
}

/* What may follow the key: issuerUniqueID [1], subjectUniqueID [2], extensions [3]. */
static void read_optional(struct lp_cert_walk *walk, struct lp_rd *tbs)
{
    enum { UNIQUE = LP_DER_CONTEXT, EXTENSIONS = LP_DER_CONTEXT_CONSTRUCTED | 3 };
    struct lp_tlv part;
    struct lp_rd list;
    uint8_t last = 0;

    while (!lp_rd_end(tbs)) {
        if (!lp_walk_fine(walk, "tbsCertificate", lp_der_any(tbs, &part)))
            return;
        uint8_t number = part.tag & 0x1f;
        if (part.tag != (number < 3 ? UNIQUE | number : EXTENSIONS) || number <= last) {
            lp_walk_note(walk, "tbsCertificate", "a field that does not belong there");
            return;
        }
        last = number;
        if (number < 3) { /* tells people nothing */
            if (!lp_walk_sound(walk, "unique identifier", LP_DER_BIT_STRING, part.body))
                return;
            continue;
        }
        if (!lp_walk_fine(walk, "extensions", lp_der_only(part.body, LP_DER_SEQUENCE, &list)))
            return;
        while (!lp_rd_end(&list))
            if (!read_extension(walk, &list))
                return;
    }
}

/* The fields of TBSCertificate before the optional ones, in the order of the standard. */
enum field { SERIAL, SIGNATURE, ISSUER, VALIDITY, SUBJECT, KEY, FIELD_COUNT };
static const struct {
    const char *name;
    uint8_t tag;
} fields[FIELD_COUNT] = {
    [SERIAL] = {"serialNumber", LP_DER_INTEGER}, [SIGNATURE] = {"signature", LP_DER_SEQUENCE},
    [ISSUER] = {"issuer", LP_DER_SEQUENCE},      [VALIDITY] = {"validity", LP_DER_SEQUENCE},
    [SUBJECT] = {"subject", LP_DER_SEQUENCE},    [KEY] = {"subjectPublicKeyInfo", LP_DER_SEQUENCE},
};

static void read_field(struct lp_cert_walk *walk, enum field field, struct lp_rd body)
{
    struct lp_cert_facts *facts = walk->facts;

    switch (field) {
    case SERIAL:
        read_serial(walk, body);
        break;
    case SIGNATURE:
        read_algorithm(walk, fields[field].name, body);
        break;
    case ISSUER:
        walk->issuer = body;
        facts->issuer = read_name(walk, fields[field].name, body);
        break;
    case VALIDITY:
        read_validity(walk, body);
        break;
    case SUBJECT:
        facts->subject = lp_der_is(&body, walk->issuer.ptr, walk->issuer.left)
                             ? facts->issuer /* and what is wrong with it has been noted */
                             : read_name(walk, fields[field].name, body);
        break;
    case KEY:
        lp_walk_key(walk, body);
        break;
    case FIELD_COUNT:
        break;
    }
}

static void read_version(struct lp_cert_walk *walk, struct lp_rd body)
{
    struct lp_rd number;

    if (lp_walk_fine(walk, "version", lp_der_only(body, LP_DER_INTEGER, &number)))
        lp_walk_sound(walk, "version", LP_DER_INTEGER, number);
}

static void read_tbs(struct lp_cert_walk *walk, struct lp_rd tbs)
{
    static const uint8_t version_tag = LP_DER_CONTEXT_CONSTRUCTED | 0;
    struct lp_rd body;

    if (lp_der_next_is(&tbs, version_tag)) {
        if (!lp_walk_fine(walk, "version", lp_der_take(&tbs, version_tag, &body)))
            return;
        read_version(walk, body);
    }
    for (enum field field = SERIAL; field < FIELD_COUNT; field++) {
        if (!lp_walk_fine(walk, fields[field].name, lp_der_take(&tbs, fields[field].tag, &body)))
            return;
        read_field(walk, field, body);
    }
    read_optional(walk, &tbs);
}

/* What stands behind TBSCertificate: nothing that people want to see, but it must be there. */
static void check_signature(struct lp_cert_walk *walk, struct lp_rd *certificate)
{
    struct lp_rd algorithm, value;

    if (!lp_walk_fine(walk, "signatureAlgorithm",
                      lp_der_take(certificate, LP_DER_SEQUENCE, &algorithm)) ||
        !lp_walk_fine(walk, "signatureValue", lp_der_only(*certificate, LP_DER_BIT_STRING, &value)))
        return;
    if (!lp_walk_sound(walk, "signatureValue", LP_DER_BIT_STRING, value))
        return;
    if (!lp_der_is(&algorithm, walk->signature.ptr, walk->signature.left))
        lp_walk_note(walk, "signatureAlgorithm", "differs from tbsCertificate.signature (4.1.1.2)");
}

static void read_certificate(struct lp_cert_walk *walk, struct lp_rd der)
{
    struct lp_rd certificate, tbs;

    if (!lp_walk_fine(walk, "the whole", lp_der_take(&der, LP_DER_SEQUENCE, &certificate)) ||
        !lp_walk_fine(walk, "tbsCertificate", lp_der_take(&certificate, LP_DER_SEQUENCE, &tbs)))
        return;
    read_tbs(walk, tbs);
    check_signature(walk, &certificate);
    if (!lp_rd_end(&der))
        lp_walk_note(walk, "the whole", lp_der_fault_text(LP_DER_TRAILING));
}

const struct lp_cert_facts *lp_x509_facts(struct lp_arena *arena, const uint8_t *der, size_t n)
{
    struct lp_cert_facts *facts = lp_arena_alloc(arena, sizeof *facts);
    char text[LP_FACT_TEXT_ROOM];
    struct lp_cert_walk walk = {.arena = arena, .facts = facts, .text = text};

    if (!facts)
        return NULL;
    read_certificate(&walk, lp_rd_init(der, n));
    return walk.no_memory ? NULL : facts;
}
