/*
 * OpenSSL's answers. Every value comes out of an accessor of its X.509 interface, never out of the
 * bytes; only the words around them ("DNS:", "RSA 2048") are put here.
 *
 * d2i_X509 leaves much undecoded: keys, dates and extensions are refused, if at all, when somebody
 * asks for them. All of them are asked for, so that "refused" says what OpenSSL as a whole makes of
 * the bytes.
 */
#include "peer.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 4096, SAN_MOST = 1000 }; /* leafprint shows no more of either */

struct reading {
    struct lp_arena *arena; /* borrowed */
    struct peer *out;       /* borrowed */
    BIO *text;              /* owned: the text in the making */
};

static void refuse(struct reading *reading, const char *what)
{
    if (!reading->out->refused)
        reading->out->refused = what;
}

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* Ends the text in the making. */
static char *finished(struct reading *reading)
{
    char *bytes;
    long n = BIO_get_mem_data(reading->text, &bytes);
    bool cut = n > TEXT_MOST;

    char *text = must(lp_text_clean(reading->arena, bytes, (size_t)(cut ? TEXT_MOST : n)));
    if (cut)
        text = must(lp_arena_printf(reading->arena, "%s...", text));
    (void)BIO_reset(reading->text);
    return text;
}

/* The innermost of OpenSSL's complaints, and the field where it arose. */
static const char *why_refused(struct reading *reading, const char *of)
{
    const char *where = NULL, *data;
    const char *what = ERR_reason_error_string(ERR_get_error_all(NULL, NULL, NULL, &data, NULL));

    BIO_printf(reading->text, "%s: %s", of, what ? what : "refused");
    while (!where && ERR_get_error_all(NULL, NULL, NULL, &data, NULL) != 0)
        where = data && *data ? data : NULL;
    if (where)
        BIO_printf(reading->text, ", %s", where);
    return finished(reading);
}

static void put_object(struct reading *reading, const ASN1_OBJECT *object, bool long_name)
{
    char dotted[512];
    int nid = OBJ_obj2nid(object);

    if (nid != NID_undef)
        BIO_puts(reading->text, long_name ? OBJ_nid2ln(nid) : OBJ_nid2sn(nid));
    else if (OBJ_obj2txt(dotted, sizeof dotted, object, 1) > 0)
        BIO_puts(reading->text, dotted);
}

/* A value that is no text is "#" and hex, in capitals here and in small letters there. */
static void small_hex(char *text)
{
    while ((text = strstr(text, "=#")) != NULL)
        for (text += 2; isxdigit((unsigned char)*text); text++)
            *text = (char)tolower((unsigned char)*text);
}

static bool put_name(struct reading *reading, const X509_NAME *name)
{
    return X509_NAME_print_ex(reading->text, name, 0,
                              XN_FLAG_SEP_COMMA_PLUS | ASN1_STRFLGS_ESC_2253 |
                                  ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
                                  ASN1_STRFLGS_DUMP_DER) >= 0;
}

static const char *name_of(struct reading *reading, const X509_NAME *name, const char *what)
{
    bool whole = put_name(reading, name);
    char *text = finished(reading);

    small_hex(text);
    if (!whole)
        refuse(reading, what);
    return whole ? text : NULL;
}

static const char *serial_of(struct reading *reading, const ASN1_INTEGER *serial)
{
    BIGNUM *number = must(ASN1_INTEGER_to_BN(serial, NULL));
    char *hex = must(BN_bn2hex(number));

    for (char *c = hex; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    BIO_puts(reading->text, BN_is_zero(number) ? "00" : hex);
    OPENSSL_free(hex);
    BN_free(number);
    return finished(reading);
}

static bool date_of(const ASN1_TIME *date, struct lp_time *out)
{
    ASN1_TIME *epoch = must(ASN1_TIME_set(NULL, 0));
    int days, seconds;
    bool ok = ASN1_TIME_diff(&days, &seconds, epoch, date) == 1;

    if (ok)
        *out = (struct lp_time){.sec = (int64_t)days * 86400 + seconds};
    ASN1_TIME_free(epoch);
    return ok;
}

static void read_dates(struct reading *reading, const X509 *x509)
{
    struct lp_cert_facts *facts = &reading->out->facts;

    facts->has_dates = date_of(X509_get0_notBefore(x509), &facts->not_before) &&
                       date_of(X509_get0_notAfter(x509), &facts->not_after);
    if (!facts->has_dates)
        refuse(reading, "dates");
}

static void read_signature(struct reading *reading, const X509 *x509)
{
    const X509_ALGOR *inside = X509_get0_tbs_sigalg(x509), *outside;
    const ASN1_BIT_STRING *value;
    const ASN1_OBJECT *object;

    X509_get0_signature(&value, &outside, x509);
    X509_ALGOR_get0(&object, NULL, NULL, inside);
    put_object(reading, object, true);
    reading->out->facts.signature = finished(reading);
    if (X509_ALGOR_cmp(inside, outside) != 0) /* as X509_verify finds */
        refuse(reading, "signature algorithms that differ");
}

/* Whether OpenSSL knows how to read keys of this kind. */
static bool has_decoder(int nid)
{
    static const int known[] = {EVP_PKEY_RSA,  EVP_PKEY_RSA2,    EVP_PKEY_RSA_PSS, EVP_PKEY_DSA,
                                EVP_PKEY_EC,   EVP_PKEY_ED25519, EVP_PKEY_ED448,   EVP_PKEY_X25519,
                                EVP_PKEY_X448, EVP_PKEY_DH,      EVP_PKEY_DHX,     EVP_PKEY_SM2,
                                EVP_PKEY_NONE};
    for (const int *at = known; *at != EVP_PKEY_NONE; at++)
        if (*at == nid)
            return true;
    return false;
}

static void put_key(struct reading *reading, const EVP_PKEY *key)
{
    char group[80];
    int type = EVP_PKEY_get_base_id(key);

    BIO_puts(reading->text, EVP_PKEY_get0_type_name(key));
    if (type == EVP_PKEY_RSA || type == EVP_PKEY_DSA || type == EVP_PKEY_RSA_PSS)
        BIO_printf(reading->text, " %d", EVP_PKEY_get_bits(key));
    else if (type == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, NULL))
        BIO_printf(reading->text, " %s", group);
}

static void read_key(struct reading *reading, const X509 *x509)
{
    const EVP_PKEY *key = X509_get0_pubkey(x509);
    ASN1_OBJECT *object;

    X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, X509_get_X509_PUBKEY(x509));
    if (!key && has_decoder(OBJ_obj2nid(object))) {
        refuse(reading, "key");
        return;
    }
    if (key)
        put_key(reading, key);
    else
        put_object(reading, object, true);
    reading->out->facts.key = finished(reading);
}

static bool put_ip(struct reading *reading, const ASN1_OCTET_STRING *bytes)
{
    char text[INET6_ADDRSTRLEN];
    int family = bytes->length == 4 ? AF_INET : AF_INET6;

    if (bytes->length != 4 && bytes->length != 16)
        return false;
    BIO_puts(reading->text, inet_ntop(family, bytes->data, text, sizeof text));
    return true;
}

static void put_bytes(struct reading *reading, const char *kind, const ASN1_STRING *string)
{
    BIO_puts(reading->text, kind);
    BIO_write(reading->text, string->data, string->length);
}

static bool put_general_name(struct reading *reading, const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_OTHERNAME:
        BIO_puts(reading->text, "othername:");
        put_object(reading, name->d.otherName->type_id, false);
        return true;
    case GEN_EMAIL:
        put_bytes(reading, "email:", name->d.rfc822Name);
        return true;
    case GEN_DNS:
        put_bytes(reading, "DNS:", name->d.dNSName);
        return true;
    case GEN_X400:
        BIO_puts(reading->text, "X400Name");
        return true;
    case GEN_DIRNAME:
        BIO_puts(reading->text, "DirName:");
        return put_name(reading, name->d.directoryName);
    case GEN_EDIPARTY:
        BIO_puts(reading->text, "EdiPartyName");
        return true;
    case GEN_URI:
        put_bytes(reading, "URI:", name->d.uniformResourceIdentifier);
        return true;
    case GEN_IPADD:
        BIO_puts(reading->text, "IP:");
        return put_ip(reading, name->d.iPAddress);
    default:
        BIO_puts(reading->text, "RID:");
        put_object(reading, name->d.registeredID, false);
        return true;
    }
}

static void put_names(struct reading *reading, const GENERAL_NAMES *names)
{
    size_t count = (size_t)sk_GENERAL_NAME_num(names);
    size_t shown = count < SAN_MOST ? count : SAN_MOST;
    const char **san = must(lp_arena_alloc(reading->arena, (shown + 1) * sizeof *san));

    for (size_t i = 0; i < shown; i++) {
        if (!put_general_name(reading, sk_GENERAL_NAME_value(names, (int)i)))
            refuse(reading, "subjectAltName");
        char *text = finished(reading);
        small_hex(text);
        san[i] = text;
    }
    if (count > SAN_MOST)
        san[shown++] =
            must(lp_arena_printf(reading->arena, "... and %zu more", count - (size_t)SAN_MOST));
    reading->out->facts.san = san;
    reading->out->facts.san_count = shown;
}

static void read_san(struct reading *reading, const X509 *x509)
{
    int at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);

    if (at < 0)
        return;
    if (X509_get_ext_by_NID(x509, NID_subject_alt_name, at) >= 0)
        refuse(reading, "subjectAltName");
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x509, at));
    const unsigned char *next = value->data;
    ERR_clear_error();
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &next, value->length);
    if (names && next == value->data + value->length)
        put_names(reading, names);
    else
        refuse(reading,
               names ? "bytes behind subjectAltName" : why_refused(reading, "subjectAltName"));
    GENERAL_NAMES_free(names);
}

static void read_all(struct reading *reading, const X509 *x509)
{
    struct lp_cert_facts *facts = &reading->out->facts;

    facts->serial = serial_of(reading, X509_get0_serialNumber(x509));
    facts->issuer = name_of(reading, X509_get_issuer_name(x509), "issuer");
    facts->subject = name_of(reading, X509_get_subject_name(x509), "subject");
    read_signature(reading, x509);
    read_dates(reading, x509);
    read_key(reading, x509);
    read_san(reading, x509);
}

void peer_read(struct lp_arena *arena, const uint8_t *der, size_t n, struct peer *out)
{
    struct reading reading = {.arena = arena, .out = out, .text = must(BIO_new(BIO_s_mem()))};
    const unsigned char *next = der;
    X509 *x509 = d2i_X509(NULL, &next, (long)n);

    *out = (struct peer){0};
    if (!x509)
        refuse(&reading, why_refused(&reading, "structure"));
    else
        read_all(&reading, x509);
    if (x509 && next != der + n)
        refuse(&reading, "bytes behind it");
    X509_free(x509);
    BIO_free(reading.text);
    ERR_clear_error();
}
