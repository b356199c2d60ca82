/* What files other than configurations give: lp_list_file, and as expected sides. PKCS #7 too. */
#include "world.h"

#include "scan/material.h"
#include "x509/x509.h"

#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#define CA "7iyxABC0Jps23mq2bLLWNCAuoXY="
#define GW "BYuiklLHb91clxXsr6sA3GhBrRA="
#define FILES SOURCE_DIR "/tests/unit/headend/"

static void list_file_of_each_kind_lists_its_hashes(void **state)
{
    static const struct {
        const char *path, *kind, *first, *label;
        size_t count;
        bool certificate;
    } files[] = {
        {FILES "cme-show-voice-vpn.txt", "headend", CA, "trustpoint phone_ca, CA", 2, false},
        {FILES "cme-running-config.txt", "headend", CA, "trustpoint phone_ca, CA", 2, true},
        {FILES "ios-trustpoints-status.txt", "headend", CA, "trustpoint phone_gw, CA", 2, false},
        {FILES "asa-running-config.txt", "headend", GW, "trustpoint outside_tp", 2, true},
        {FILES "asa-export.txt", "certificate", GW, NULL, 1, true},
        {FILES "both.p7b", "certificate", CA, NULL, 2, true},
        {FILES "ITLFile.tlv", "trust-list", GW, "CCM+TFTP", 2, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct lp_listing *listing = NULL;
        struct lp_error error = {""};
        if (lp_list_file(files[i].path, &listing, &error) != LP_OK)
            fail_msg("%s", error.text);
        assert_string_equal(files[i].path, listing->path);
        assert_string_equal(files[i].kind, listing->kind);
        assert_int_equal(files[i].count, listing->count);
        assert_string_equal(files[i].first, listing->items[0].hash.text);
        assert_int_equal(files[i].certificate, listing->items[0].cert != NULL);
        if (files[i].label)
            assert_string_equal(files[i].label, listing->items[0].label);
        else
            assert_null(listing->items[0].label);
        lp_listing_free(listing);
    }
    lp_listing_free(NULL);
}

static void list_file_of_md5_alone_is_empty_and_says_why(void **state)
{
    struct lp_listing *listing = NULL;
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_OK, lp_list_file(FILES "asa-authenticate.txt", &listing, &error));
    assert_int_equal(0, listing->count);
    assert_string_equal("headend-md5", listing->findings[0].code);
    lp_listing_free(listing);
}

static void list_file_of_something_else_is_refused(void **state)
{
    struct lp_listing *listing = NULL;
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_ERR_IO, lp_list_file(SOURCE_DIR "/README.md", &listing, &error));
    assert_null(listing);
    assert_non_null(strstr(error.text, "README.md: holds no certificate"));
    assert_int_equal(LP_ERR_IO, lp_list_file("/nowhere", &listing, &error));
}

static struct lp_material material_of(struct lp_arena *arena, const void *bytes, size_t n)
{
    struct guarded input = guarded_copy(bytes, n);
    struct lp_material material;

    assert_true(lp_material_read(arena, "file", lp_rd_init(input.bytes, n), &material));
    guarded_free(&input);
    return material;
}

static void material_of_hashes_takes_every_notation(void **state)
{
    static const char text[] = "\xef\xbb\xbf# the gateways, as of today\r\n\r\n" CA "   # root\r\n"
                               "058ba29252c76fdd5c9715ecafab00dc6841ad10\n"
                               "7D:9D:B1:40:73:01:71:68:FF:7D:2A:0D:B3:92:24:3D:B0:36:3E:DF\n";
    struct lp_arena *arena = must(lp_arena_new());
    struct lp_material material = material_of(arena, text, sizeof text - 1);

    (void)state;
    assert_int_equal(LP_MATERIAL_HASHES, material.kind);
    assert_string_equal("hash", material.config.origin);
    assert_int_equal(3, material.config.hash_count);
    assert_int_equal(3, material.count);
    assert_int_equal(0x05, material.config.hashes[1].digest[0]);
    assert_int_equal(0x7d, material.config.hashes[2].digest[0]);
    assert_int_equal(3, material.config.hashes[2].n);
    lp_material_free(&material);
    lp_arena_free(arena);
}

static void material_of_hashes_with_one_that_is_none_is_nothing(void **state)
{
    static const char *const texts[] = {CA "\nhello\n", CA "\nfZ2x\n", CA " " GW "\n", "#\n", ""};
    struct lp_arena *arena = must(lp_arena_new());

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lp_material material = material_of(arena, texts[i], strlen(texts[i]));
        assert_int_equal(LP_MATERIAL_NONE, material.kind);
        lp_material_free(&material);
    }
    lp_arena_free(arena);
}

static void material_of_many_hashes_expects_the_first_ten(void **state)
{
    char text[12 * 32] = "";
    struct lp_arena *arena = must(lp_arena_new());

    (void)state;
    for (int i = 0; i < 12; i++)
        strcat(text, CA "\n");
    struct lp_material material = material_of(arena, text, strlen(text));
    assert_int_equal(LP_MAX_CERT_HASHES, material.config.hash_count);
    assert_string_equal("hashes-left-out", material.config.findings[0].code);
    lp_material_free(&material);
    lp_arena_free(arena);
}

static void material_with_any_allocation_failing_says_so(void **state)
{
    static const char *const paths[] = {FILES "cme-show-voice-vpn.txt", FILES "both.p7b",
                                        FILES "ITLFile.tlv", FILES "asa-export.txt"};

    (void)state;
    for (size_t f = 0; f < sizeof paths / sizeof *paths; f++) {
        bool done = false;
        for (uint64_t k = 1; !done; k++) {
            struct lp_listing *listing = NULL;
            struct lp_error error = {""};
            lp_alloc_fail_after(k);
            enum lp_status status = lp_list_file(paths[f], &listing, &error);
            lp_alloc_fail_after(0);
            done = status == LP_OK && listing->count > 0;
            assert_int_equal(status == LP_OK, listing != NULL);
            assert_int_equal(status == LP_OK, error.text[0] == '\0');
            assert_true(k < 2000);
            lp_listing_free(listing);
        }
    }
}

/* ---- as expected sides ---- */

static void expected_headend_text_is_compared_like_a_certificate(void **state)
{
    struct world *world = new_world();
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_OK,
                     lp_expected_add_file(world->expected, FILES "asa-running-config.txt", &error));
    const struct lp_config *config = side(world->expected, 0);
    assert_string_equal("headend", config->origin);
    assert_null(config->phone);
    assert_non_null(lp_expected_known(world->expected, 1)); /* the CA, though not expected */
    struct lp_session *session = add_session(world, "192.0.2.9", 8443, 0x0a, 0x11);
    memcpy(session->chain[0].sha1, config->hashes[0].digest, 20);
    expect(world, LP_MATCH, LP_REASON_NONE);
    free_world(world);
}

static void expected_headend_text_with_urls_matches_only_there(void **state)
{
    struct world *world = new_world();
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_OK,
                     lp_expected_add_file(world->expected, FILES "cme-show-voice-vpn.txt", &error));
    struct lp_session *session = add_session(world, "203.0.113.9", 443, 0x0a, 0x11);
    memcpy(session->chain[0].sha1, side(world->expected, 0)->hashes[0].digest, 20);
    expect(world, LP_UNDECIDED, LP_REASON_NOT_AT_URL);
    free_world(world);
}

static void expected_md5_text_is_undecided_with_the_reason(void **state)
{
    struct world *world = new_world();
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_OK,
                     lp_expected_add_file(world->expected, FILES "asa-authenticate.txt", &error));
    add_session(world, "192.0.2.9", 443, 0x0a, 0x11);
    expect(world, LP_UNDECIDED, LP_REASON_NO_CERT_HASH);
    assert_int_equal(1, count_findings(world, "headend-md5"));
    free_world(world);
}

static void expected_trust_list_is_known_and_not_expected(void **state)
{
    struct lp_expected *expected = must(lp_expected_new());
    struct lp_error error = {""};

    (void)state;
    assert_int_equal(LP_OK, lp_expected_add_file(expected, FILES "ITLFile.tlv", &error));
    assert_int_equal(0, lp_expected_count(expected));
    assert_non_null(lp_expected_known(expected, 1));
    assert_int_equal(2, lp_expected_trust(expected).count);
    assert_int_equal(LP_ERR_IO,
                     lp_expected_trust_file(expected, FILES "asa-authenticate.txt", &error));
    assert_int_equal(2, lp_expected_trust(expected).count);
    lp_expected_free(expected);
}

/* ---- PKCS #7 ---- */

struct gathered {
    size_t count, lengths[4];
};

static bool gather(void *ctx, const uint8_t *der, size_t n)
{
    struct gathered *gathered = ctx;

    assert_int_equal(0x30, der[0]);
    assert_true(gathered->count < 4);
    gathered->lengths[gathered->count++] = n;
    return true;
}

static size_t each_of(const uint8_t *bytes, size_t n)
{
    struct guarded input = guarded_copy(bytes, n);
    struct gathered gathered = {0};

    bool any = lp_x509_each(input.bytes, n, gather, &gathered);
    assert_int_equal(any, gathered.count > 0);
    guarded_free(&input);
    return gathered.count;
}

/* The structure of both.p7b, in DER. */
static uint8_t *pkcs7_der(size_t *n)
{
    FILE *file = fopen(FILES "both.p7b", "r");
    uint8_t *der = NULL;

    assert_non_null(file);
    PKCS7 *pkcs7 = PEM_read_PKCS7(file, NULL, NULL, NULL);
    fclose(file);
    int length = i2d_PKCS7(pkcs7, &der);
    assert_true(length > 0);
    *n = (size_t)length;
    PKCS7_free(pkcs7);
    return der;
}

static void each_of_pkcs7_hands_out_every_certificate(void **state)
{
    size_t n;
    uint8_t *der = pkcs7_der(&n);

    (void)state;
    assert_int_equal(2, each_of(der, n));
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(0, each_of(der, cut));
    OPENSSL_free(der);
}

/* The outermost SEQUENCE without a length, as NSS and Java write it (X.690 8.1.3.6). */
static void each_of_pkcs7_in_ber_hands_out_every_certificate(void **state)
{
    size_t n;
    uint8_t *der = pkcs7_der(&n), *ber = calloc(1, n + 2);

    (void)state;
    assert_non_null(ber);
    assert_int_equal(0x82, der[1]); /* two bytes of length, which become one of "unknown" */
    ber[0] = 0x30;
    ber[1] = 0x80;
    memcpy(ber + 2, der + 4, n - 4);
    assert_int_equal(2, each_of(ber, n)); /* with two NULs at the end */
    assert_int_equal(0, each_of(ber, n - 2));
    free(ber);
    OPENSSL_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_file_of_each_kind_lists_its_hashes),
        cmocka_unit_test(list_file_of_md5_alone_is_empty_and_says_why),
        cmocka_unit_test(list_file_of_something_else_is_refused),
        cmocka_unit_test(material_of_hashes_takes_every_notation),
        cmocka_unit_test(material_of_hashes_with_one_that_is_none_is_nothing),
        cmocka_unit_test(material_of_many_hashes_expects_the_first_ten),
        cmocka_unit_test(material_with_any_allocation_failing_says_so),
        cmocka_unit_test(expected_headend_text_is_compared_like_a_certificate),
        cmocka_unit_test(expected_headend_text_with_urls_matches_only_there),
        cmocka_unit_test(expected_md5_text_is_undecided_with_the_reason),
        cmocka_unit_test(expected_trust_list_is_known_and_not_expected),
        cmocka_unit_test(each_of_pkcs7_hands_out_every_certificate),
        cmocka_unit_test(each_of_pkcs7_in_ber_hands_out_every_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
