/* The expected sides: hashes, configurations, certificates, folders. */
#include "world.h"

#include <sys/stat.h>

static void add_hash_every_notation_is_read(void **state)
{
    static const char *const good[] = {
        "fZ2xQHMBcWj/fSoNs5IkPbA2Pt8=",
        "7d9db14073017168ff7d2a0db392243db0363edf",
        "7D:9D:B1:40:73:01:71:68:FF:7D:2A:0D:B3:92:24:3D:B0:36:3E:DF",
    };
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(LP_OK, lp_expected_add_hash(expected, good[i], &error));
        const struct lp_config *config = side(expected, i);
        assert_string_equal("hash", config->origin);
        assert_string_equal(good[i], config->source);
        assert_int_equal(1, config->hash_count);
        assert_int_equal(1, config->hashes[0].n);
        assert_int_equal(LP_HASH_SHA1, config->hashes[0].algorithm);
        assert_int_equal(0x7d, config->hashes[0].digest[0]);
    }
    assert_null(lp_expected_get(expected, 3));
    assert_false(lp_expected_needs_more_digests(expected));
    lp_expected_free(expected);
}

static void add_hash_no_digest_is_usage(void **state)
{
    static const char *const bad[] = {"", " ", "zz", "fZ2x", "\x1b[31m", "7d9db1"};
    struct lp_expected *expected = must(lp_expected_new());

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lp_error error = {{0}};
        assert_int_equal(LP_ERR_USAGE, lp_expected_add_hash(expected, bad[i], &error));
        assert_true(error.text[0] != '\0');
        assert_null(strchr(error.text, '\x1b'));
    }
    assert_int_equal(0, lp_expected_count(expected));
    lp_expected_free(expected);
}

static const char xml[] =
    "<?xml version=\"1.0\"?>\n<device><vpnGroup><addresses><url1>https://192.0.2.1/vpn</url1>"
    "</addresses><credentials><hashAlg>0</hashAlg><certHash1>fZ2xQHMBcWj/fSoNs5IkPbA2Pt8="
    "</certHash1></credentials></vpnGroup></device>\n";
static const char der[] = "\x30\x05\x30\x03\x02\x01\x05";
static const char pem_block[] =
    "-----BEGIN CERTIFICATE-----\nMAUwAwIBBQ==\n-----END CERTIFICATE-----\n";

static const struct lp_known_cert *must_know(const struct lp_expected *expected)
{
    const struct lp_known_cert *known = lp_expected_known(expected, 0);
    if (!known)
        abort();
    return known;
}

/* A folder for one test; `path` names the last file written. */
struct folder {
    char dir[64], path[256];
};

static void make_folder(struct folder *folder)
{
    strcpy(folder->dir, "/tmp/leafprint-test-XXXXXX");
    assert_non_null(mkdtemp(folder->dir));
}

static const char *write_file(struct folder *folder, const char *name, const void *bytes, size_t n)
{
    snprintf(folder->path, sizeof folder->path, "%s/%s", folder->dir, name);
    FILE *file = fopen(folder->path, "wb");
    assert_non_null(file);
    assert_int_equal(n, fwrite(bytes, 1, n, file));
    assert_int_equal(0, fclose(file));
    return folder->path;
}

static void remove_file(struct folder *folder, const char *name)
{
    snprintf(folder->path, sizeof folder->path, "%s/%s", folder->dir, name);
    assert_int_equal(0, remove(folder->path));
}

static void add_file_configuration_is_read(void **state)
{
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error = {{0}};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    write_file(&folder, "SEP001F6C81110E.cnf.xml", xml, sizeof xml - 1);
    assert_int_equal(LP_OK, lp_expected_add_file(expected, folder.path, &error));
    const struct lp_config *config = side(expected, 0);
    assert_string_equal("file", config->origin);
    assert_string_equal("SEP001F6C81110E", config->phone);
    assert_string_equal(folder.path, config->source);
    assert_int_equal(0x7d, config->hashes[0].digest[0]);
    assert_int_equal(443, config->urls[0].port);
    remove_file(&folder, "SEP001F6C81110E.cnf.xml");
    rmdir(folder.dir);
    lp_expected_free(expected);
}

static void add_file_certificates_become_hashes(void **state)
{
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error = {{0}};
    char bundle[12 * sizeof pem_block];
    struct folder folder;

    (void)state;
    make_folder(&folder);
    write_file(&folder, "ca.cer", der, sizeof der - 1);
    assert_int_equal(LP_OK, lp_expected_add_file(expected, folder.path, &error));
    const struct lp_config *config = side(expected, 0);
    assert_string_equal("certificate", config->origin);
    assert_null(config->phone);
    assert_int_equal(1, config->hash_count);
    assert_int_equal(LP_HASH_SHA1, config->hashes[0].algorithm);
    assert_int_equal(28, strlen(config->hashes[0].text));
    const struct lp_known_cert *known = must_know(expected);
    assert_int_equal(7, known->cert.bytes);
    assert_memory_equal(config->hashes[0].digest, known->cert.sha1, 20);

    for (size_t i = 0; i < 12; i++)
        memcpy(bundle + i * (sizeof pem_block - 1), pem_block, sizeof pem_block - 1);
    write_file(&folder, "ca.pem", bundle, 12 * (sizeof pem_block - 1));
    assert_int_equal(LP_OK, lp_expected_add_file(expected, folder.path, &error));
    config = side(expected, 1);
    assert_int_equal(LP_MAX_CERT_HASHES, config->hash_count);
    assert_int_equal(10, config->hashes[9].n);
    assert_string_equal("certificates-left-out", config->findings[0].code);
    assert_non_null(lp_expected_known(expected, 12));
    assert_null(lp_expected_known(expected, 13));
    remove_file(&folder, "ca.cer");
    remove_file(&folder, "ca.pem");
    rmdir(folder.dir);
    lp_expected_free(expected);
}

static void add_file_neither_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } files[] = {
        {"", 0}, {"hello", 5}, {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8}, {"\x30\x03\x02", 3}};
    struct lp_expected *expected = must(lp_expected_new());
    struct folder folder;

    (void)state;
    make_folder(&folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct lp_error error = {{0}};
        write_file(&folder, "x\x1b.bin", files[i].bytes, files[i].n);
        assert_int_equal(LP_ERR_IO, lp_expected_add_file(expected, folder.path, &error));
        assert_non_null(strstr(error.text, folder.dir));
        assert_null(strchr(error.text, '\x1b'));
    }
    remove_file(&folder, "x\x1b.bin");
    struct lp_error error = {{0}};
    assert_int_equal(LP_ERR_IO, lp_expected_add_file(expected, folder.path, &error));
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(LP_ERR_IO, lp_expected_add_file(expected, folder.dir, &error));
    assert_int_equal(0, lp_expected_count(expected));
    rmdir(folder.dir);
    lp_expected_free(expected);
}

static void add_file_too_large_is_refused(void **state)
{
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error = {{0}};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    write_file(&folder, "big.xml", xml, sizeof xml - 1);
    assert_int_equal(0, truncate(folder.path, 16 * 1024 * 1024 + 1));
    assert_int_equal(LP_ERR_IO, lp_expected_add_file(expected, folder.path, &error));
    assert_non_null(strstr(error.text, "16 MiB"));
    remove_file(&folder, "big.xml");
    rmdir(folder.dir);
    lp_expected_free(expected);
}

static void add_file_folder_takes_configurations_in_order(void **state)
{
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error = {{0}};
    struct folder folder;
    char sub[128], link[128];

    (void)state;
    make_folder(&folder);
    snprintf(sub, sizeof sub, "%s/site", folder.dir);
    snprintf(link, sizeof link, "%s/site/loop", folder.dir);
    assert_int_equal(0, mkdir(sub, 0700));
    assert_int_equal(0, symlink("..", link));
    write_file(&folder, "site/SEP001F6C81110A.cnf.xml", xml, sizeof xml - 1);
    write_file(&folder, "SEP001F6C81110C.cnf.xml", xml, sizeof xml - 1);
    write_file(&folder, "SEP001F6C81110B.cnf.xml", xml, sizeof xml - 1);
    write_file(&folder, "ringlist.xml", "<list/>", 7); /* no phone's */
    write_file(&folder, "notes.txt", "hello", 5);
    assert_int_equal(LP_OK, lp_expected_add_file(expected, folder.dir, &error));
    assert_int_equal(3, lp_expected_count(expected));
    assert_string_equal("SEP001F6C81110B", side(expected, 0)->phone);
    assert_string_equal("SEP001F6C81110C", side(expected, 1)->phone);
    assert_string_equal("SEP001F6C81110A", side(expected, 2)->phone);
    remove_file(&folder, "site/loop");
    remove_file(&folder, "site/SEP001F6C81110A.cnf.xml");
    remove_file(&folder, "SEP001F6C81110C.cnf.xml");
    remove_file(&folder, "SEP001F6C81110B.cnf.xml");
    remove_file(&folder, "ringlist.xml");
    remove_file(&folder, "notes.txt");
    rmdir(sub);
    rmdir(folder.dir);
    lp_expected_free(expected);
}

static void add_file_memory_short_adds_nothing(void **state)
{
    static const struct {
        const char *name;
        const void *bytes;
        size_t n;
    } files[] = {{"SEP001F6C81110E.cnf.xml", xml, sizeof xml - 1},
                 {"ca.pem", pem_block, sizeof pem_block - 1}};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    for (size_t i = 0; i < 2; i++) {
        bool succeeded = false;
        write_file(&folder, files[i].name, files[i].bytes, files[i].n);
        for (uint64_t n = 1; n < 500 && !succeeded; n++) {
            struct lp_expected *expected = must(lp_expected_new());
            struct lp_error error = {{0}};
            lp_alloc_fail_after(n);
            succeeded = lp_expected_add_file(expected, folder.path, &error) == LP_OK;
            lp_alloc_fail_after(0);
            assert_int_equal(succeeded, lp_expected_count(expected));
            assert_int_equal(succeeded, error.text[0] == '\0');
            lp_expected_free(expected);
        }
        assert_true(succeeded);
        remove_file(&folder, files[i].name);
    }
    rmdir(folder.dir);
}

static void verify_known_issuer_not_presented_is_named(void **state)
{
    struct world *world = new_world();
    struct lp_error error = {{0}};
    struct folder folder;

    (void)state;
    make_folder(&folder);
    write_file(&folder, "ca.cer", der, sizeof der - 1);
    assert_int_equal(LP_OK, lp_expected_add_file(world->expected, folder.path, &error));
    struct lp_config config = config_of(world, PHONE_A, "https://192.0.2.1/vpn", 0x44);
    memcpy(config.hashes[0].digest, must_know(world->expected)->cert.sha1, 20);
    assert_true(lp_expected_add_config(world->expected, &config));
    add_session(world, "192.0.2.1", 443, 0x0a, 0x11);
    expect(world, LP_MISMATCH, LP_REASON_NONE);
    assert_int_equal(1, count_findings(world, "issuer-not-presented"));
    assert_non_null(strstr(finding(world, "issuer-not-presented")->message, "ca.cer"));
    remove_file(&folder, "ca.cer");
    rmdir(folder.dir);
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_hash_every_notation_is_read),
        cmocka_unit_test(add_hash_no_digest_is_usage),
        cmocka_unit_test(add_file_configuration_is_read),
        cmocka_unit_test(add_file_certificates_become_hashes),
        cmocka_unit_test(add_file_neither_is_refused),
        cmocka_unit_test(add_file_too_large_is_refused),
        cmocka_unit_test(add_file_folder_takes_configurations_in_order),
        cmocka_unit_test(add_file_memory_short_adds_nothing),
        cmocka_unit_test(verify_known_issuer_not_presented_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
