/*
 * Names of object identifiers.
 *
 * Those that certificates are made of are in a table: an arc, and one number behind it. OpenSSL
 * knows the others; it builds an object for each question, which costs more than the rest of a
 * certificate. The names are OpenSSL's own throughout.
 */
#include "x509/der.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

struct known {
    int nid;
    const char *short_name, *long_name;
};

/* id-at (X.520) */
static const struct known attributes[] = {
    [3] = {NID_commonName, "CN", "commonName"},
    [4] = {NID_surname, "SN", "surname"},
    [5] = {NID_serialNumber, "serialNumber", "serialNumber"},
    [6] = {NID_countryName, "C", "countryName"},
    [7] = {NID_localityName, "L", "localityName"},
    [8] = {NID_stateOrProvinceName, "ST", "stateOrProvinceName"},
    [9] = {NID_streetAddress, "street", "streetAddress"},
    [10] = {NID_organizationName, "O", "organizationName"},
    [11] = {NID_organizationalUnitName, "OU", "organizationalUnitName"},
    [12] = {NID_title, "title", "title"},
    [13] = {NID_description, "description", "description"},
    [15] = {NID_businessCategory, "businessCategory", "businessCategory"},
    [17] = {NID_postalCode, "postalCode", "postalCode"},
    [41] = {NID_name, "name", "name"},
    [42] = {NID_givenName, "GN", "givenName"},
    [43] = {NID_initials, "initials", "initials"},
    [46] = {NID_dnQualifier, "dnQualifier", "dnQualifier"},
    [97] = {NID_organizationIdentifier, "organizationIdentifier", "organizationIdentifier"},
};

static const struct known pkcs1[] = {
    [1] = {NID_rsaEncryption, "rsaEncryption", "rsaEncryption"},
    [4] = {NID_md5WithRSAEncryption, "RSA-MD5", "md5WithRSAEncryption"},
    [5] = {NID_sha1WithRSAEncryption, "RSA-SHA1", "sha1WithRSAEncryption"},
    [10] = {NID_rsassaPss, "RSASSA-PSS", "rsassaPss"},
    [11] = {NID_sha256WithRSAEncryption, "RSA-SHA256", "sha256WithRSAEncryption"},
    [12] = {NID_sha384WithRSAEncryption, "RSA-SHA384", "sha384WithRSAEncryption"},
    [13] = {NID_sha512WithRSAEncryption, "RSA-SHA512", "sha512WithRSAEncryption"},
    [14] = {NID_sha224WithRSAEncryption, "RSA-SHA224", "sha224WithRSAEncryption"},
};

static const struct known pkcs9[] = {
    [1] = {NID_pkcs9_emailAddress, "emailAddress", "emailAddress"},
    [2] = {NID_pkcs9_unstructuredName, "unstructuredName", "unstructuredName"},
    [8] = {NID_pkcs9_unstructuredAddress, "unstructuredAddress", "unstructuredAddress"},
};

/* ANSI X9.62: keys, curves and signatures */
static const struct known ec_keys[] = {
    [1] = {NID_X9_62_id_ecPublicKey, "id-ecPublicKey", "id-ecPublicKey"},
};
static const struct known prime_curves[] = {
    [7] = {NID_X9_62_prime256v1, "prime256v1", "prime256v1"},
};
static const struct known ecdsa[] = {
    [1] = {NID_ecdsa_with_SHA1, "ecdsa-with-SHA1", "ecdsa-with-SHA1"},
};
static const struct known ecdsa_sha2[] = {
    [1] = {NID_ecdsa_with_SHA224, "ecdsa-with-SHA224", "ecdsa-with-SHA224"},
    [2] = {NID_ecdsa_with_SHA256, "ecdsa-with-SHA256", "ecdsa-with-SHA256"},
    [3] = {NID_ecdsa_with_SHA384, "ecdsa-with-SHA384", "ecdsa-with-SHA384"},
    [4] = {NID_ecdsa_with_SHA512, "ecdsa-with-SHA512", "ecdsa-with-SHA512"},
};
static const struct known certicom_curves[] = {
    [10] = {NID_secp256k1, "secp256k1", "secp256k1"},
    [34] = {NID_secp384r1, "secp384r1", "secp384r1"},
    [35] = {NID_secp521r1, "secp521r1", "secp521r1"},
};

/* RFC 8410 3 */
static const struct known edwards[] = {
    [112] = {NID_ED25519, "ED25519", "ED25519"},
    [113] = {NID_ED448, "ED448", "ED448"},
};

/* pilotAttributeType (RFC 4524) */
static const struct known pilot[] = {
    [1] = {NID_userId, "UID", "userId"},
    [25] = {NID_domainComponent, "DC", "domainComponent"},
};

/* where an organisation is registered: extended validation */
static const struct known jurisdiction[] = {
    [1] = {NID_jurisdictionLocalityName, "jurisdictionL", "jurisdictionLocalityName"},
    [2] = {NID_jurisdictionStateOrProvinceName, "jurisdictionST",
           "jurisdictionStateOrProvinceName"},
    [3] = {NID_jurisdictionCountryName, "jurisdictionC", "jurisdictionCountryName"},
};

#define ARC(rows, bytes)                                                                           \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, rows, sizeof(rows) / sizeof *(rows)                              \
    }
static const struct {
    const char *bytes; /* DER, without the last byte */
    size_t n;
    const struct known *rows; /* by the last byte */
    size_t count;
} arcs[] = {
    ARC(attributes, "\x55\x04"),
    ARC(pkcs1, "\x2a\x86\x48\x86\xf7\x0d\x01\x01"),
    ARC(ec_keys, "\x2a\x86\x48\xce\x3d\x02"),
    ARC(prime_curves, "\x2a\x86\x48\xce\x3d\x03\x01"),
    ARC(ecdsa_sha2, "\x2a\x86\x48\xce\x3d\x04\x03"),
    ARC(pkcs9, "\x2a\x86\x48\x86\xf7\x0d\x01\x09"),
    ARC(pilot, "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01"),
    ARC(certicom_curves, "\x2b\x81\x04\x00"),
    ARC(ecdsa, "\x2a\x86\x48\xce\x3d\x04"),
    ARC(jurisdiction, "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01"),
    ARC(edwards, "\x2b\x65"),
};

static bool find_known(struct lp_rd body, struct lp_oid *out)
{
    uint8_t last;

    if (!lp_rd_last(&body, &last))
        return false;
    for (size_t i = 0; i < sizeof arcs / sizeof *arcs; i++) {
        if (!lp_der_is(&body, arcs[i].bytes, arcs[i].n))
            continue;
        if (last >= arcs[i].count || !arcs[i].rows[last].short_name)
            return false;
        out->nid = arcs[i].rows[last].nid;
        out->short_name = arcs[i].rows[last].short_name;
        out->long_name = arcs[i].rows[last].long_name;
        return true;
    }
    return false;
}

/* OpenSSL's answer. */
static bool ask(struct lp_rd whole, struct lp_oid *out)
{
    const unsigned char *next = whole.ptr;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &next, (long)whole.left);

    if (!object)
        return false;
    out->nid = OBJ_obj2nid(object);
    bool ok = out->nid != NID_undef || OBJ_obj2txt(out->dotted, sizeof out->dotted, object, 1) > 0;
    const char *short_name = out->nid == NID_undef ? NULL : OBJ_nid2sn(out->nid);
    const char *long_name = out->nid == NID_undef ? NULL : OBJ_nid2ln(out->nid);
    out->short_name = short_name ? short_name : out->dotted;
    out->long_name = long_name ? long_name : out->dotted;
    ASN1_OBJECT_free(object);
    return ok;
}

bool lp_der_oid(const struct lp_tlv *tlv, struct lp_oid *out)
{
    if (tlv->tag != LP_DER_OID || tlv->body.left > LP_OID_MAX)
        return false;
    if (find_known(tlv->body, out))
        return true;
    ERR_set_mark(); /* the caller sees what OpenSSL dislikes; the queue belongs to others */
    bool ok = ask(tlv->whole, out);
    ERR_pop_to_mark();
    return ok;
}
