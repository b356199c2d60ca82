/* lp_audit: which configurations hold the hashes; and the folders that it reads. */
#include "signed_files.h"

#include "report/report.h"
#include "scan/folder.h"
#include "scan/parallel.h"

#include <stdatomic.h>
#include <sys/stat.h>

#define OLD "NYOhnS/W033jvPEtjqK8BVXEzRw="
#define NEW "NKxNQGzZAljr6wWQzJM9pA2dIpo="
#define NEXT "fZ2xQHMBcWj/fSoNs5IkPbA2Pt8="
#define HASH(n, value) "<certHash" #n ">" value "</certHash" #n ">"
#define CONFIG(hashes)                                                                             \
    "<device><vpnGroup><addresses><url1>https://192.0.2.1/vpn</url1></addresses><credentials>"     \
    "<hashAlg>0</hashAlg>" hashes "</credentials></vpnGroup></device>\n"

/* A folder for one test. */
static char dir[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/leafprint-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(n, fwrite(bytes, 1, n, file));
    assert_int_equal(0, fclose(file));
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

/* Audits the folder "fleet" for the hashes in the file "new". */
static struct lp_audit *audit_of(const char *hashes, unsigned jobs)
{
    char fleet[128], certs[128];
    const char *configs[] = {fleet}, *files[] = {certs};
    const struct lp_audit_request request = {
        .configs = configs, .config_count = 1, .certs = files, .cert_count = 1, .jobs = jobs};
    struct lp_audit *audit = NULL;
    struct lp_error error = {""};

    snprintf(fleet, sizeof fleet, "%s/fleet", dir);
    snprintf(certs, sizeof certs, "%s/new", dir);
    write_text("new", hashes);
    if (lp_audit(&request, &audit, &error) != LP_OK)
        fail_msg("%s", error.text);
    return audit;
}

static void make_fleet(void)
{
    assert_int_equal(0, mkdir(path_of("fleet"), 0700));
    write_text("fleet/SEP001F6C811101.cnf.xml", CONFIG(HASH(1, OLD) HASH(2, NEW)));
    write_text("fleet/SEP001F6C811102.cnf.xml", CONFIG(HASH(1, OLD) HASH(3, OLD)));
    write_text("fleet/SEP001F6C811103.cnf.xml", CONFIG(""));
    write_text("fleet/SEP001F6C811104.cnf.xml", "<device><name>x</name></device>");
    write_text("fleet/SEP001F6C811105.cnf.xml", "<device><fullConfig>False</fullConfig></device>");
    write_text("fleet/SEP001F6C811106.cnf.xml", CONFIG(HASH(1, "not Base64") HASH(2, OLD)));
    write_text("fleet/ringlist.xml", "<list/>");
}

static void audit_of_a_fleet_sorts_the_phones(void **state)
{
    static const enum lp_holding holdings[] = {LP_HOLDS_ALL,    LP_HOLDS_OTHERS,  LP_HOLDS_NONE,
                                               LP_HOLDS_NO_VPN, LP_HOLDS_UNKNOWN, LP_HOLDS_OTHERS};

    (void)state;
    make_fleet();
    struct lp_audit *audit = audit_of(NEW "\n", 0);
    assert_int_equal(1, audit->cert_count);
    assert_string_equal(NEW, audit->certs[0].hash.text);
    assert_int_equal(1, audit->certs[0].holders);
    assert_int_equal(6, audit->config_count);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(holdings[i], audit->configs[i].holding);
    assert_string_equal("SEP001F6C811101", audit->configs[0].phone);
    assert_int_equal(1, audit->configs[0].held);
    assert_int_equal(1, audit->configs[0].foreign);
    assert_int_equal(5, audit->configs[1].foreign);
    assert_int_equal(2, lp_audit_free_place(&audit->configs[1], 0));
    assert_int_equal(4, lp_audit_free_place(&audit->configs[1], 2));
    assert_non_null(strstr(audit->configs[4].why, "partial"));
    assert_int_equal(3, audit->configs[5].foreign);
    assert_int_equal(2, audit->totals[LP_HOLDS_OTHERS]);
    lp_audit_free(audit);
}

static void audit_of_two_certificates_tells_some_from_all(void **state)
{
    (void)state;
    make_fleet();
    struct lp_audit *audit = audit_of(NEW "\n" OLD "\n" NEW "\n", 1);
    assert_int_equal(2, audit->cert_count); /* the third is the first again */
    assert_int_equal(LP_HOLDS_ALL, audit->configs[0].holding);
    assert_int_equal(3, audit->configs[0].held);
    assert_int_equal(0, audit->configs[0].foreign);
    assert_int_equal(LP_HOLDS_SOME, audit->configs[1].holding);
    assert_int_equal(2, audit->configs[1].held);
    lp_audit_free(audit);
}

static void audit_of_nothing_is_usage(void **state)
{
    const struct lp_audit_request request = {.jobs = 1};
    struct lp_audit *audit = NULL;
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_ERR_USAGE, lp_audit(&request, &audit, &error));
    assert_null(audit);
    assert_true(error.text[0] != '\0');
}

static void audit_of_unreadable_things_says_which(void **state)
{
    char config[256], certs[256];
    const char *configs[] = {config}, *files[] = {certs};
    struct lp_audit_request request = {
        .configs = configs, .config_count = 1, .certs = files, .cert_count = 1};
    struct lp_audit *audit = NULL;
    struct lp_error error = {""};

    (void)state;
    snprintf(certs, sizeof certs, "%s", path_of("new"));
    snprintf(config, sizeof config, "%s", path_of("nosuch"));
    assert_int_equal(LP_ERR_IO, lp_audit(&request, &audit, &error));
    assert_non_null(strstr(error.text, "/new"));
    write_text("new", NEW);
    assert_int_equal(LP_ERR_IO, lp_audit(&request, &audit, &error));
    assert_non_null(strstr(error.text, "/nosuch"));
    write_text("new", "f4be8d453497cde5dba3657f0a11bfcd\n"); /* an MD5 */
    assert_int_equal(LP_ERR_IO, lp_audit(&request, &audit, &error));
    assert_non_null(strstr(error.text, "SHA-1"));
    assert_null(audit);
}

static void audit_of_a_changed_signed_file_is_unknown(void **state)
{
    static const char text[] = CONFIG(HASH(1, NEW));
    struct signer signer = new_signer("RSA", SIGNER_SERIAL);
    struct file_bytes *file =
        signed_file(&signer, 1, "SEP001F6C811101.cnf.xml.sgn", text, sizeof text - 1);
    char config[256], certs[256], trust[256];
    const char *configs[] = {config}, *files[] = {certs}, *signers[] = {trust};
    const struct lp_audit_request request = {configs, 1, files, 1, signers, 1, 0};
    struct lp_audit *audit = NULL;
    struct lp_error error = {""};

    (void)state;
    snprintf(config, sizeof config, "%s", path_of("SEP001F6C811101.cnf.xml.sgn"));
    snprintf(certs, sizeof certs, "%s", path_of("new"));
    snprintf(trust, sizeof trust, "%s", path_of("signer.cer"));
    write_text("new", NEW);
    write_bytes("signer.cer", signer.der, signer.der_len);
    write_bytes("SEP001F6C811101.cnf.xml.sgn", file->at, file->n);
    assert_int_equal(LP_OK, lp_audit(&request, &audit, &error));
    assert_int_equal(LP_HOLDS_ALL, audit->configs[0].holding);
    lp_audit_free(audit);
    file->at[file->n - 1] = ' '; /* for the newline */
    write_bytes("SEP001F6C811101.cnf.xml.sgn", file->at, file->n);
    assert_int_equal(LP_OK, lp_audit(&request, &audit, &error));
    assert_int_equal(LP_HOLDS_UNKNOWN, audit->configs[0].holding);
    assert_non_null(strstr(audit->configs[0].why, "signature"));
    lp_audit_free(audit);
    free(file);
    free_signer(&signer);
}

static void audit_by_many_threads_is_the_same(void **state)
{
    enum { PHONES = 300 };
    char name[64];

    (void)state;
    assert_int_equal(0, mkdir(path_of("fleet"), 0700));
    for (int i = 0; i < PHONES; i++) {
        snprintf(name, sizeof name, "fleet/SEP001F6C81%04X.cnf.xml", (unsigned)i);
        write_text(name, i % 3 == 0   ? CONFIG(HASH(1, NEW))
                         : i % 3 == 1 ? CONFIG(HASH(1, OLD))
                                      : "<device><vpnGroup>"); /* cut off */
    }
    struct lp_audit *alone = audit_of(NEW, 1), *many = audit_of(NEW, 8);
    assert_int_equal(PHONES, alone->config_count);
    assert_int_equal(PHONES, many->config_count);
    for (size_t i = 0; i < PHONES; i++) {
        assert_string_equal(alone->configs[i].source, many->configs[i].source);
        assert_int_equal(alone->configs[i].holding, many->configs[i].holding);
    }
    assert_int_equal(100, many->totals[LP_HOLDS_ALL]);
    lp_audit_free(alone);
    lp_audit_free(many);
}

static void audit_with_any_allocation_failing_says_so(void **state)
{
    char fleet[128], certs[128];
    const char *configs[] = {fleet}, *files[] = {certs};
    const struct lp_audit_request request = {
        .configs = configs, .config_count = 1, .certs = files, .cert_count = 1};
    bool done = false;

    (void)state;
    make_fleet();
    write_text("new", NEW);
    snprintf(fleet, sizeof fleet, "%s/fleet", dir);
    snprintf(certs, sizeof certs, "%s/new", dir);
    for (uint64_t k = 1; !done; k++) {
        struct lp_audit *audit = NULL;
        struct lp_error error = {""};
        lp_alloc_fail_after(k);
        enum lp_status status = lp_audit(&request, &audit, &error);
        lp_alloc_fail_after(0);
        done = status == LP_OK;
        assert_true(done || status == LP_ERR_MEMORY);
        assert_int_equal(done, audit != NULL);
        assert_true(k < 2000);
        if (done)
            assert_int_equal(6, audit->config_count);
        lp_audit_free(audit);
    }
}

/* ---- the reports ---- */

static void assert_report(const struct lp_writer *writer, const struct lp_audit *audit,
                          const char *part)
{
    struct lp_out out = {.fd = -1};
    struct lp_report report = {.out = &out};

    writer->audited(&report, audit);
    lp_out_char(&out, '\0');
    if (!strstr((const char *)out.buf.bytes, part))
        fail_msg("\"%s\" lacks \"%s\"", (const char *)out.buf.bytes, part);
    lp_out_free(&out);
}

static void audited_phones_get_lines_for_free_places(void **state)
{
    (void)state;
    make_fleet();
    struct lp_audit *audit = audit_of(NEW "\n" NEXT "\n", 1);
    assert_report(&lp_writer_text, audit,
                  "SEP001F6C811102.cnf.xml: only hashes of other certificates\n"
                  "  <certHash2>" NEW "</certHash2>\n  <certHash4>" NEXT "</certHash4>\n");
    assert_report(&lp_writer_text, audit, NEW "  held by 1 of 5  ");
    assert_report(&lp_writer_text, audit,
                  "6 configurations: 1 some, 2 others, 1 none, 1 unknown, 1 no-vpn\n");
    assert_report(&lp_writer_jsonl, audit,
                  "\"add\":[\"<certHash2>" NEW "</certHash2>\",\"<certHash4>" NEXT
                  "</certHash4>\"]}\n");
    assert_report(&lp_writer_jsonl, audit, "\"holds\":\"some\",\"why\":null,");
    assert_report(&lp_writer_jsonl, audit, "\"held\":true,\"place\":2}");
    lp_audit_free(audit);
}

static void audited_phone_without_a_free_place_is_told_so(void **state)
{
    (void)state;
    assert_int_equal(0, mkdir(path_of("fleet"), 0700));
    write_text("fleet/SEP001F6C811101.cnf.xml",
               CONFIG(HASH(1, OLD) HASH(2, OLD) HASH(3, OLD) HASH(4, OLD) HASH(5, OLD) HASH(6, OLD)
                          HASH(7, OLD) HASH(8, OLD) HASH(9, OLD) HASH(10, OLD)));
    struct lp_audit *audit = audit_of(NEW, 1);
    assert_int_equal(0, lp_audit_free_place(&audit->configs[0], 0));
    assert_report(&lp_writer_text, audit, "no place is free");
    assert_report(&lp_writer_jsonl, audit, "\"add\":[]}");
    lp_audit_free(audit);
}

/* ---- threads ---- */

static void count_call(void *ctx, size_t worker, size_t index)
{
    atomic_uint *calls = ctx;
    assert_true(worker < LP_WORKERS_MOST);
    atomic_fetch_add(&calls[index], 1);
}

static void parallel_calls_once_for_each(void **state)
{
    static atomic_uint calls[1000];

    (void)state;
    assert_int_equal(1, lp_parallel_workers(8, 5));
    assert_int_equal(8, lp_parallel_workers(8, 1000));
    assert_int_equal(LP_WORKERS_MOST, lp_parallel_workers(9999, 1000));
    assert_true(lp_parallel_workers(0, 1000) >= 1);
    lp_parallel(8, 1000, count_call, calls);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(1, atomic_load(&calls[i]));
    lp_parallel(8, 0, count_call, calls);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(audit_of_a_fleet_sorts_the_phones),
        CASE(audit_of_two_certificates_tells_some_from_all),
        CASE(audit_of_nothing_is_usage),
        CASE(audit_of_unreadable_things_says_which),
        CASE(audit_of_a_changed_signed_file_is_unknown),
        CASE(audit_by_many_threads_is_the_same),
        CASE(audit_with_any_allocation_failing_says_so),
        CASE(audited_phones_get_lines_for_free_places),
        CASE(audited_phone_without_a_free_place_is_told_so),
        cmocka_unit_test(parallel_calls_once_for_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
