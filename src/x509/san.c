/* Subject alternative names (RFC 5280 4.2.1.6) as "DNS:vpn.example.com", one text each. */
#include "x509/walk.h"

#include "base/text.h"

static const char field[] = "subjectAltName (RFC 5280 4.2.1.6)";

/* A certificate has a handful; hostile ones are not worth the memory. */
enum { SAN_SHOWN = 1000 };

static bool put_ip(struct lp_cert_walk *walk, struct lp_rd body)
{
    struct lp_ip ip = {0};
    char text[46];

    if (body.left != 4 && body.left != 16) {
        lp_walk_puts(walk, "#");
        lp_walk_put_hex(walk, body);
        lp_walk_note(walk, field, "an iPAddress of neither 4 nor 16 bytes");
        return true;
    }
    ip.family = body.left == 4 ? 4 : 6;
    if (!lp_rd_copy(&body, ip.bytes, body.left))
        return false;
    lp_ip_text(&ip, text, sizeof text);
    lp_walk_puts(walk, text);
    return true;
}

/* [8] IMPLICIT OBJECT IDENTIFIER, or the type of an otherName. */
static bool put_oid(struct lp_cert_walk *walk, const struct lp_tlv *tlv)
{
    struct lp_oid oid;

    if (!lp_der_oid(tlv, &oid)) {
        lp_walk_note(walk, field, "no object identifier where one must stand");
        return false;
    }
    lp_walk_puts(walk, oid.short_name);
    return true;
}

/* registeredID: its tag hides that it is an object identifier, so it is given its own back. */
static bool put_registered(struct lp_cert_walk *walk, struct lp_rd body)
{
    uint8_t whole[2 + LP_OID_MAX] = {LP_DER_OID};
    size_t n = body.left;

    if (n > LP_OID_MAX) {
        lp_walk_note(walk, field, "a registeredID longer than any in use");
        return false;
    }
    whole[1] = (uint8_t)n;
    if (!lp_rd_copy(&body, whole + 2, n))
        return false;
    struct lp_rd rd = lp_rd_init(whole, 2 + n);
    struct lp_tlv tlv;
    return lp_walk_fine(walk, field, lp_der_any(&rd, &tlv)) && put_oid(walk, &tlv);
}

static bool put_directory(struct lp_cert_walk *walk, struct lp_rd body)
{
    struct lp_rd rdns;

    return lp_walk_fine(walk, field, lp_der_only(body, LP_DER_SEQUENCE, &rdns)) &&
           lp_walk_name(walk, field, rdns);
}

/* otherName: what kind it is; the value may have any form. */
static bool put_other(struct lp_cert_walk *walk, struct lp_rd body)
{
    struct lp_rd value;
    struct lp_tlv type;

    return lp_walk_fine(walk, field, lp_der_any(&body, &type)) && put_oid(walk, &type) &&
           lp_walk_fine(walk, field, lp_der_only(body, LP_DER_CONTEXT_CONSTRUCTED | 0, &value)) &&
           lp_walk_fine(walk, field, lp_der_optional(value));
}

/* The text of one GeneralName, behind its prefix. False: damaged, and noted. */
static bool put_general_name(struct lp_cert_walk *walk, const struct lp_tlv *name)
{
    switch (name->tag) {
    case LP_DER_CONTEXT_CONSTRUCTED | 0:
        lp_walk_puts(walk, "othername:");
        return put_other(walk, name->body);
    case LP_DER_CONTEXT | 1:
        lp_walk_puts(walk, "email:");
        break;
    case LP_DER_CONTEXT | 2:
        lp_walk_puts(walk, "DNS:");
        break;
    case LP_DER_CONTEXT_CONSTRUCTED | 3:
        lp_walk_puts(walk, "X400Name");
        return true;
    case LP_DER_CONTEXT_CONSTRUCTED | 4:
        lp_walk_puts(walk, "DirName:");
        return put_directory(walk, name->body);
    case LP_DER_CONTEXT_CONSTRUCTED | 5:
        lp_walk_puts(walk, "EdiPartyName");
        return true;
    case LP_DER_CONTEXT | 6:
        lp_walk_puts(walk, "URI:");
        break;
    case LP_DER_CONTEXT | 7:
        lp_walk_puts(walk, "IP:");
        return put_ip(walk, name->body);
    case LP_DER_CONTEXT | 8:
        lp_walk_puts(walk, "RID:");
        return put_registered(walk, name->body);
    default:
        lp_walk_note(walk, field, "a kind of name that does not exist");
        return false;
    }
    lp_walk_put(walk, name->body.ptr, name->body.left);
    return true;
}

/* The text of one GeneralName; NULL when it is damaged, and noted, or when memory was short. */
static const char *read_general_name(struct lp_cert_walk *walk, const struct lp_tlv *name)
{
    static const char dns[] = "DNS:";

    if (name->tag == (LP_DER_CONTEXT | 2)) { /* nearly all are these, and nearly all plain */
        const char *text = lp_walk_plain_text(walk, dns, sizeof dns - 1, name->body);
        if (text)
            return text;
    }
    bool readable = put_general_name(walk, name);
    const char *text = lp_walk_text(walk); /* also what is left of a damaged one must go */
    return readable ? text : NULL;
}

/* How many names there are, up to the first damage. */
static size_t count_names(struct lp_rd names)
{
    struct lp_tlv name;
    size_t count = 0;

    while (lp_der_any(&names, &name) == LP_DER_FINE)
        count++;
    return count;
}

void lp_walk_san(struct lp_cert_walk *walk, struct lp_rd value)
{
    const char *san[SAN_SHOWN + 1];
    struct lp_rd names;
    struct lp_tlv name;
    size_t count = 0, shown = 0;

    if (!lp_walk_fine(walk, field, lp_der_only(value, LP_DER_SEQUENCE, &names)))
        return;
    for (; !walk->no_memory && !lp_rd_end(&names) && shown < SAN_SHOWN; count++) {
        if (!lp_walk_fine(walk, field, lp_der_any(&names, &name)))
            break;
        const char *text = read_general_name(walk, &name);
        if (text)
            san[shown++] = text;
    }
    count += count_names(names);
    if (!walk->no_memory && count > SAN_SHOWN) {
        san[shown] = lp_arena_printf(walk->arena, "... and %zu more", count - SAN_SHOWN);
        walk->no_memory |= !san[shown++];
    }
    walk->facts->san = lp_arena_copy(walk->arena, san, shown * sizeof *san);
    walk->facts->san_count = shown;
    walk->no_memory |= !walk->facts->san;
}
