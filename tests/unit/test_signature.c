/* Signed configurations: what the header says, and whether the signature holds. */
#include "signed_files.h"

#include "phone/phone.h"
#include "phone/signed.h"
#include "x509/x509.h"

#define NAME "SEP001F6C81110E.cnf.xml.sgn"
static const char xml[] =
    "<device><vpnGroup><addresses><url1>https://192.0.2.1/vpn</url1></addresses><credentials>"
    "<hashAlg>0</hashAlg><certHash1>NYOhnS/W033jvPEtjqK8BVXEzRw=</certHash1></credentials>"
    "</vpnGroup></device>\n";

static struct lp_arena *arena;
static struct signer signer, other, elliptic;

static int make_signers(void **state)
{
    (void)state;
    signer = new_signer("RSA", SIGNER_SERIAL);
    other = new_signer("RSA", SIGNER_SERIAL); /* the same serial number, another key */
    elliptic = new_signer("EC", SIGNER_SERIAL);
    return 0;
}

static int free_signers(void **state)
{
    (void)state;
    free_signer(&signer);
    free_signer(&other);
    free_signer(&elliptic);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    arena = lp_arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lp_arena_free(arena);
    return 0;
}

static struct lp_trusted trusted(const struct signer *one)
{
    const struct lp_cert_facts *facts = lp_x509_facts(arena, one->der, one->der_len);

    assert_non_null(facts);
    return (struct lp_trusted){lp_rd_init(one->der, one->der_len), facts->serial, NULL};
}

static struct lp_config read_config(const struct file_bytes *file,
                                    const struct lp_trusted *certificates, size_t count)
{
    const struct lp_phone_trust trust = {certificates, count};
    struct guarded input = guarded_copy(file->at, file->n);
    struct lp_config config;

    assert_true(
        lp_phone_config_trusting(arena, NAME, lp_rd_init(input.bytes, input.n), &trust, &config));
    guarded_free(&input);
    return config;
}

static const char *message(const struct lp_config *config, const char *code)
{
    for (size_t i = 0; i < config->finding_count; i++)
        if (strcmp(config->findings[i].code, code) == 0)
            return config->findings[i].message;
    fail_msg("no finding %s", code);
    return "";
}

static void signed_config_shows_what_its_header_says(void **state)
{
    struct file_bytes *file = signed_file(&signer, 1, NAME, xml, sizeof xml - 1);
    struct lp_config config = read_config(file, NULL, 0);
    char expected[256];

    (void)state;
    snprintf(expected, sizeof expected,
             NAME ": signed by \"CN=cucm-lab;O=Lab\" as \"" NAME
                  "\", 2023-11-14 22:13:20 UTC; the text begins at byte %zu",
             file->n - (sizeof xml - 1));
    assert_string_equal(expected, message(&config, "config-signed"));
    assert_non_null(strstr(message(&config, "config-signature-unchecked"), "is not given"));
    assert_int_equal(1, config.hash_count);
    free(file);
}

static void signed_config_with_the_signers_certificate_is_good(void **state)
{
    (void)state;
    for (uint8_t hash = 1; hash <= 3; hash++) {
        struct file_bytes *file = signed_file(&signer, hash, NAME, xml, sizeof xml - 1);
        const struct lp_trusted certificates[] = {trusted(&elliptic), trusted(&other),
                                                  trusted(&signer)};
        struct lp_config config = read_config(file, certificates, 3);
        assert_non_null(strstr(message(&config, "config-signature-good"), "is good"));
        assert_int_equal(LP_REASON_NONE, config.reason);
        free(file);
    }
}

static void signed_config_with_any_byte_changed_is_never_good(void **state)
{
    struct file_bytes *file = signed_file(&signer, 2, NAME, xml, sizeof xml - 1);
    const struct lp_trusted certificate = trusted(&signer);

    (void)state;
    for (size_t i = 0; i < file->n; i++) {
        file->at[i] ^= 1;
        struct lp_config config = read_config(file, &certificate, 1);
        for (size_t k = 0; k < config.finding_count; k++)
            if (strcmp(config.findings[k].code, "config-signature-good") == 0)
                fail_msg("byte %zu changed, and good all the same", i);
        file->at[i] ^= 1;
    }
    free(file);
}

static void signed_config_that_was_changed_is_bad(void **state)
{
    struct file_bytes *file = signed_file(&signer, 1, NAME, xml, sizeof xml - 1);
    const struct lp_trusted certificate = trusted(&signer);

    (void)state;
    file->at[file->n - 2] ^= 1; /* in the last tag: not well-formed either */
    struct lp_config config = read_config(file, &certificate, 1);
    assert_non_null(strstr(message(&config, "config-signature-bad"), "was changed"));
    free(file);
}

static void signed_config_with_another_key_is_bad_or_unchecked(void **state)
{
    struct file_bytes *file = signed_file(&signer, 1, NAME, xml, sizeof xml - 1);
    struct signer stranger = new_signer("RSA", 0x77);
    struct lp_trusted certificate = trusted(&other);

    (void)state;
    struct lp_config config = read_config(file, &certificate, 1);
    message(&config, "config-signature-bad");
    certificate = trusted(&stranger);
    config = read_config(file, &certificate, 1);
    assert_non_null(strstr(message(&config, "config-signature-unchecked"), "number 5c17a90b"));
    certificate = trusted(&elliptic);
    config = read_config(file, &certificate, 1);
    assert_non_null(strstr(message(&config, "config-signature-unchecked"), "no RSA certificate"));
    free_signer(&stranger);
    free(file);
}

static void signed_read_cut_anywhere_is_cut_or_signed(void **state)
{
    struct file_bytes *file = signed_file(&signer, 1, NAME, xml, sizeof xml - 1);
    size_t header = file->n - (sizeof xml - 1);

    (void)state;
    for (size_t n = 0; n <= file->n; n++) {
        struct guarded input = guarded_copy(file->at, n);
        struct lp_signed read;
        lp_signed_read(lp_rd_init(input.bytes, n), &read);
        assert_int_equal(n < 10       ? LP_WRAPPING_NONE
                         : n < header ? LP_WRAPPING_CUT
                                      : LP_WRAPPING_SIGNED,
                         read.wrapping);
        if (read.wrapping == LP_WRAPPING_SIGNED)
            assert_int_equal(n - header, read.payload.left);
        guarded_free(&input);
    }
    free(file);
}

/* A certificate that the capture holds is asked where none that was given has the serial number. */
static void signature_is_checked_by_given_certificates_first(void **state)
{
    struct file_bytes *file = signed_file(&signer, 2, NAME, xml, sizeof xml - 1);
    struct lp_trusted fetched = trusted(&signer);

    (void)state;
    fetched.source = "ITLSEP001F6C81110E.tlv";
    struct lp_config config = read_config(file, &fetched, 1);
    assert_non_null(
        strstr(message(&config, "config-signature-good"), "certificate in ITLSEP001F6C81110E.tlv"));
    const struct lp_trusted both[] = {trusted(&other), fetched};
    config = read_config(file, both, 2);
    assert_non_null(message(&config, "config-signature-bad"));
    free(file);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(signed_config_shows_what_its_header_says),
        CASE(signed_config_with_the_signers_certificate_is_good),
        CASE(signed_config_with_any_byte_changed_is_never_good),
        CASE(signed_config_that_was_changed_is_bad),
        CASE(signed_config_with_another_key_is_bad_or_unchecked),
        CASE(signature_is_checked_by_given_certificates_first),
        CASE(signed_read_cut_anywhere_is_cut_or_signed),
    };
    return cmocka_run_group_tests(tests, make_signers, free_signers);
}
