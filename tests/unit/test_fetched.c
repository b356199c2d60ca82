/* Configurations that phones fetched within a capture: who may have signed them. */
#include "signed_files.h"
#include "world.h"

#include "phone/trustlist.h"

enum { FILES_MOST = 8 };

static const char xml[] =
    "<device><vpnGroup><addresses><url1>https://192.0.2.1/vpn</url1></addresses><credentials>"
    "<hashAlg>0</hashAlg><certHash1>ERERERERERERERERERERERERERE=</certHash1></credentials>"
    "</vpnGroup></device>\n";

static struct lp_boot_file *add_file(struct world *world, const char *name,
                                     const struct file_bytes *content)
{
    struct lp_capture *capture = &world->capture;

    if (!capture->files)
        capture->files = must(lp_arena_alloc(world->arena, FILES_MOST * sizeof *capture->files));
    struct lp_boot_file *file = &capture->files[capture->file_count++];
    *file =
        (struct lp_boot_file){.carrier = "tftp",
                              .name = name,
                              .bytes = must(lp_arena_copy(world->arena, content->at, content->n)),
                              .size = content->n,
                              .complete = true,
                              .frame = capture->file_count};
    assert_true(lp_ip_parse("10.0.0.5", 8, &file->client.ip));
    return file;
}

struct setting {
    struct world *world;
    struct signer signer;
    struct lp_boot_file *list, *config;
};

/* A phone that fetched its trust list and its signed configuration, and then built its VPN. */
static struct setting booted(void)
{
    struct setting setting = {.world = new_world(), .signer = new_signer("RSA", SIGNER_SERIAL)};
    struct file_bytes *records = must(calloc(1, sizeof *records));

    put_record(records, LP_TRUST_CCM_TFTP, setting.signer.der, setting.signer.der_len);
    struct file_bytes *list =
        signed_file(&setting.signer, 1, "ITLSEP001F6C81110A.tlv", records->at, records->n);
    struct file_bytes *config =
        signed_file(&setting.signer, 2, PHONE_A ".cnf.xml.sgn", xml, sizeof xml - 1);
    setting.list = add_file(setting.world, "ITLSEP001F6C81110A.tlv", list);
    setting.config = add_file(setting.world, PHONE_A ".cnf.xml.sgn", config);
    add_session(setting.world, "192.0.2.1", 443, 0x0a, 0x11);
    free(records);
    free(list);
    free(config);
    return setting;
}

static void end(struct setting *setting)
{
    free_world(setting->world);
    free_signer(&setting->signer);
}

static void verify_signature_by_a_list_in_the_capture(void **state)
{
    struct setting setting = booted();

    (void)state;
    expect(setting.world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(
        strstr(finding(setting.world, "config-signature-good")->message, "ITLSEP001F6C81110A.tlv"));
    end(&setting);
}

static void verify_signature_by_anothers_or_partial_list_is_unchecked(void **state)
{
    struct setting setting = booted();

    (void)state;
    setting.list->client.ip.bytes[3] = 9;
    expect(setting.world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(finding(setting.world, "config-signature-unchecked"));
    setting.list->client.ip.bytes[3] = 5;
    setting.list->complete = false;
    setting.world->capture.finding_count = 0;
    expect(setting.world, LP_MATCH, LP_REASON_NONE);
    assert_non_null(finding(setting.world, "config-signature-unchecked"));
    end(&setting);
}

/* --trust counts for files in the capture, and above what the capture holds. */
static void verify_signature_by_a_trusted_file(void **state)
{
    struct setting setting = booted();
    struct signer other = new_signer("RSA", SIGNER_SERIAL);
    const struct signer *signers[] = {&setting.signer, &other};
    static const char *const codes[] = {"config-signature-good", "config-signature-bad"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char path[] = "/tmp/leafprint-trust-XXXXXX";
        struct lp_error error = {""};
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(signers[i]->der_len, write(fd, signers[i]->der, signers[i]->der_len));
        close(fd);
        lp_expected_free(setting.world->expected);
        setting.world->expected = must(lp_expected_new());
        assert_int_equal(LP_OK, lp_expected_trust_file(setting.world->expected, path, &error));
        unlink(path);
        setting.world->capture.finding_count = 0;
        expect(setting.world, LP_MATCH, LP_REASON_NONE);
        assert_null(strstr(finding(setting.world, codes[i])->message, "ITLSEP"));
    }
    free_signer(&other);
    end(&setting);
}

static void verify_with_any_allocation_failing_forgets_all(void **state)
{
    struct setting setting = booted();
    struct lp_capture *capture = &setting.world->capture;
    enum lp_status status = LP_ERR_MEMORY;
    struct lp_error error;

    (void)state;
    for (uint64_t n = 1; status != LP_OK; n++) {
        lp_alloc_fail_after(n);
        status = lp_verify(capture, setting.world->expected, NULL, &error);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || status == LP_ERR_MEMORY);
        assert_int_equal(status == LP_OK ? LP_MATCH : LP_UNDECIDED, capture->verdict);
        assert_true(n < 2000);
    }
    end(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_signature_by_a_list_in_the_capture),
        cmocka_unit_test(verify_signature_by_anothers_or_partial_list_is_unchecked),
        cmocka_unit_test(verify_signature_by_a_trusted_file),
        cmocka_unit_test(verify_with_any_allocation_failing_forgets_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
