/* The facts against OpenSSL's own parser: the same for certificates that are right, and for mutated
 * ones the same or an error. */
#include "x509/x509.h"

#include "base/text.h"
#include "certs.h"
#include "certs_build.h"

#include <openssl/err.h>
#include <strings.h>

static const char *openssl_name(struct lp_arena *arena, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    int n = X509_NAME_print_ex(bio, name, 0,
                               XN_FLAG_SEP_COMMA_PLUS | ASN1_STRFLGS_ESC_2253 |
                                   ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN |
                                   ASN1_STRFLGS_DUMP_DER);
    assert_true(n >= 0);
    long len = BIO_get_mem_data(bio, &text);
    const char *clean = lp_text_clean(arena, text, (size_t)len);
    BIO_free(bio);
    return clean;
}

static void same_name(struct lp_arena *arena, const char *ours, const X509_NAME *theirs)
{
    const char *text = openssl_name(arena, theirs);
    if (!strchr(text, '#')) /* OpenSSL writes the hex behind it in capitals */
        assert_string_equal(ours, text);
    else
        assert_int_equal(0, strcasecmp(ours, text));
}

static void same_serial(const char *ours, const ASN1_INTEGER *theirs)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(theirs, NULL), *read = NULL;
    assert_non_null(number);
    assert_int_equal(strlen(ours), BN_hex2bn(&read, ours));
    assert_int_equal(0, BN_cmp(number, read));
    BN_free(number);
    BN_free(read);
}

static void same_date(struct lp_time ours, const ASN1_TIME *theirs)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    if (ASN1_TIME_diff(&days, &seconds, epoch, theirs))
        assert_int_equal(ours.sec, (int64_t)days * 86400 + seconds);
    ASN1_TIME_free(epoch);
}

/* Where OpenSSL accepts the bytes, our facts are its facts or tell of an error. */
static void same_facts(const struct lp_cert_facts *facts, struct lp_arena *arena, X509 *x509)
{
    if (facts->x509_error)
        return;
    same_name(arena, facts->subject, X509_get_subject_name(x509));
    same_name(arena, facts->issuer, X509_get_issuer_name(x509));
    same_serial(facts->serial, X509_get0_serialNumber(x509));
    assert_true(facts->has_dates);
    same_date(facts->not_before, X509_get0_notBefore(x509));
    same_date(facts->not_after, X509_get0_notAfter(x509));
    int nid = X509_get_signature_nid(x509);
    if (nid != NID_undef)
        assert_string_equal(facts->signature, OBJ_nid2ln(nid));
}

static void same_key(const struct lp_cert_facts *facts, X509 *x509)
{
    const EVP_PKEY *key = X509_get0_pubkey(x509);
    char text[128], group[80];

    assert_non_null(key);
    int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_RSA || type == EVP_PKEY_DSA || type == EVP_PKEY_RSA_PSS)
        snprintf(text, sizeof text, "%s %d", EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
    else if (type == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) &&
             strcmp(facts->key, "EC explicit") != 0)
        snprintf(text, sizeof text, "EC %s", group);
    else
        snprintf(text, sizeof text, "%s",
                 type == EVP_PKEY_EC ? "EC explicit" : EVP_PKEY_get0_type_name(key));
    assert_string_equal(facts->key, text);
}

static void same_san(const struct lp_cert_facts *facts, X509 *x509)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

    assert_int_equal(facts->san_count, names ? sk_GENERAL_NAME_num(names) : 0);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            const char *dns = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
            assert_memory_equal(facts->san[i], "DNS:", 4);
            assert_string_equal(facts->san[i] + 4, dns);
        }
    }
    GENERAL_NAMES_free(names);
}

/* A certificate that is right must be read without complaint. */
static bool compare_right(void *ctx, const uint8_t *der, size_t n)
{
    struct lp_arena *arena;
    const struct lp_cert_facts *facts = facts_of(&arena, der, n);
    const unsigned char *next = der;
    X509 *x509 = d2i_X509(NULL, &next, (long)n);

    assert_non_null(x509);
    assert_null(facts->x509_error);
    same_facts(facts, arena, x509);
    same_key(facts, x509);
    same_san(facts, x509);
    X509_free(x509);
    lp_arena_free(arena);
    ++*(unsigned *)ctx;
    return true;
}

static void facts_of_made_certificates_are_openssls(void **state)
{
    (void)state;
    static const char *const kinds[][2] = {
        {"RSA", NULL},     {"EC", "P-256"}, {"EC", "secp521r1"},
        {"ED25519", NULL}, {"ED448", NULL}, {"EC", "brainpoolP256r1"},
    };
    static const char *const pems[] = {rich_pem, dsa_pem, pss_pem, explicit_pem};
    unsigned count = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint8_t *der;
        size_t n = made_by_openssl(kinds[i][0], kinds[i][1], &der);
        compare_right(&count, der, n);
        OPENSSL_free(der);
    }
    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++)
        assert_true(lp_x509_each((const uint8_t *)pems[i], strlen(pems[i]), compare_right, &count));
    assert_int_equal(count, 10);
}

static void facts_of_the_systems_certificates_are_openssls(void **state)
{
    (void)state;
    static const char bundle[] = "/etc/ssl/certs/ca-certificates.crt";
    unsigned count = 0;
    size_t n;

    if (access(bundle, R_OK) != 0)
        skip();
    uint8_t *bytes = read_file(bundle, &n);
    lp_x509_each(bytes, n, compare_right, &count);
    free(bytes);
    if (count == 0)
        skip();
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

/* Up to four bytes changed, dropped or doubled. */
static size_t mutate(uint8_t *bytes, size_t n, uint32_t *seed)
{
    for (unsigned left = 1 + next_random(seed) % 4; left > 0 && n > 1; left--) {
        size_t at = next_random(seed) % n;
        uint32_t how = next_random(seed) % 8;
        if (how == 0) {
            memmove(bytes + at, bytes + at + 1, n - at - 1);
            n--;
        } else if (how == 1) {
            memmove(bytes + at + 1, bytes + at, n - at);
            n++;
        } else if (how < 5) {
            bytes[at] ^= (uint8_t)(1U << next_random(seed) % 8);
        } else {
            bytes[at] = (uint8_t)next_random(seed);
        }
    }
    return n;
}

static bool mutate_many(void *ctx, const uint8_t *der, size_t n)
{
    uint32_t seed = 20241124 + (uint32_t)n;
    uint8_t bytes[4096];
    unsigned *accepted = ctx;

    assert_true(n + 4 <= sizeof bytes);
    for (unsigned round = 0; round < 5000; round++) {
        struct lp_arena *arena;
        memcpy(bytes, der, n);
        size_t left = mutate(bytes, n, &seed);
        const struct lp_cert_facts *facts = facts_of(&arena, bytes, left);
        const unsigned char *next = bytes;
        X509 *x509 = d2i_X509(NULL, &next, (long)left);
        if (x509) {
            same_facts(facts, arena, x509);
            *accepted += !facts->x509_error;
        }
        X509_free(x509);
        lp_arena_free(arena);
    }
    return true;
}

static void facts_of_mutated_certificates_are_openssls_or_an_error(void **state)
{
    (void)state;
    static const char *const pems[] = {rich_pem, dsa_pem, explicit_pem};
    unsigned accepted = 0;
    uint8_t *der;
    size_t n = made_by_openssl("EC", "P-256", &der);

    mutate_many(&accepted, der, n);
    OPENSSL_free(der);
    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++)
        lp_x509_each((const uint8_t *)pems[i], strlen(pems[i]), mutate_many, &accepted);
    assert_true(accepted > 1000); /* the comparison has had something to compare */
    ERR_clear_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_made_certificates_are_openssls),
        cmocka_unit_test(facts_of_the_systems_certificates_are_openssls),
        cmocka_unit_test(facts_of_mutated_certificates_are_openssls_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
