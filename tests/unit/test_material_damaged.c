/*
 * Certificate files, trust lists and lists of hashes, cut short and with bytes changed: never a
 * crash, and never a hash of what does not stand in the file.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "guard.h"

#include "base/text.h"
#include "scan/material.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#define HEADEND SOURCE_DIR "/tests/unit/headend/"

enum { DAMAGES = 400, ROUNDS = 2 * DAMAGES };

/* Owned by the caller (free). */
static uint8_t *pkcs7_der(size_t *n)
{
    FILE *file = fopen(HEADEND "both.p7b", "r");
    unsigned char *made = NULL;

    assert_non_null(file);
    PKCS7 *pkcs7 = PEM_read_PKCS7(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(pkcs7);
    int length = i2d_PKCS7(pkcs7, &made);
    assert_true(length > 0);
    PKCS7_free(pkcs7);
    *n = (size_t)length;
    uint8_t *der = malloc(*n);
    assert_non_null(der);
    memcpy(der, made, *n);
    OPENSSL_free(made);
    return der;
}

static bool stands_in(const uint8_t *bytes, size_t n, const uint8_t *what, size_t length)
{
    return memmem(bytes, n, what, length) != NULL;
}

/* Text without white space, at most as long. Owned by the caller (free). */
static uint8_t *squeezed(const uint8_t *bytes, size_t n, size_t *used)
{
    uint8_t *out = calloc(1, n + 1);

    assert_non_null(out);
    *used = 0;
    for (size_t i = 0; i < n; i++)
        if (bytes[i] > ' ')
            out[(*used)++] = bytes[i];
    return out;
}

static bool in_text(const uint8_t *bytes, size_t n, const uint8_t *der, size_t length)
{
    unsigned char *base64 = calloc(1, length * 2 + 8);
    size_t used;

    assert_non_null(base64);
    int m = EVP_EncodeBlock(base64, der, (int)length);
    uint8_t *text = squeezed(bytes, n, &used);
    bool found = stands_in(text, used, base64, (size_t)m);
    free(text);
    free(base64);
    return found;
}

static void check_item(const struct lp_listed *item, const uint8_t *bytes, size_t n)
{
    const struct lp_cert_hash *hash = &item->hash;
    uint8_t sha1[20];
    char hex[2 * sizeof hash->digest + 1];
    size_t used;

    if (item->cert) {
        assert_int_equal(
            1, EVP_Digest(item->cert->der, item->cert->bytes, sha1, NULL, EVP_sha1(), NULL));
        assert_memory_equal(sha1, hash->digest, sizeof sha1);
        assert_true(stands_in(bytes, n, item->cert->der, item->cert->bytes) ||
                    in_text(bytes, n, item->cert->der, item->cert->bytes));
        return;
    }
    uint8_t *text = squeezed(bytes, n, &used);
    lp_hex_text(hash->digest, hash->digest_len, hex);
    for (size_t i = 0; i < used; i++) /* hex digits may be in upper case, with colons between */
        text[i] = (uint8_t)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
    bool found = stands_in(text, used, (const uint8_t *)hex, strlen(hex)) ||
                 stands_in(bytes, n, hash->digest, hash->digest_len);
    free(text);
    assert_true(found || in_text(bytes, n, hash->digest, hash->digest_len));
}

static size_t check(const uint8_t *bytes, size_t n)
{
    struct lp_arena *arena = lp_arena_new();
    struct lp_material material;

    assert_non_null(arena);
    assert_true(lp_material_read(arena, "file", lp_rd_init(bytes, n), &material));
    size_t count = material.count;
    for (size_t i = 0; i < count; i++)
        check_item(&material.items[i], bytes, n);
    lp_material_free(&material);
    lp_arena_free(arena);
    return count;
}

static uint32_t random_number(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes */
    return *seed >> 8;
}

static void damage(uint8_t *bytes, size_t n, size_t whole)
{
    uint32_t seed = 11;

    assert_int_equal(whole, check(bytes, n));
    for (size_t at = 0; at < n; at += n / DAMAGES + 1)
        check(bytes, at);
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = random_number(&seed) % n;
        uint8_t old = bytes[at];
        bytes[at] = (uint8_t)random_number(&seed);
        check(bytes, n);
        if (round % 4) /* damage gathers */
            bytes[at] = old;
    }
    free(bytes);
}

static void material_of_pkcs7_damaged_makes_nothing_up(void **state)
{
    size_t n;
    uint8_t *der = pkcs7_der(&n);

    (void)state;
    damage(der, n, 2);
}

static void material_of_files_damaged_makes_nothing_up(void **state)
{
    static const struct {
        const char *path;
        size_t count;
    } files[] = {
        {HEADEND "ITLFile.tlv", 2},
        {HEADEND "asa-export.txt", 1},
        {SOURCE_DIR "/tests/fuzz/corpus/x509/rich.der", 1},
    };
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        uint8_t *bytes = read_file(files[i].path, &n);
        damage(bytes, n, files[i].count);
    }
}

static void material_of_hashes_damaged_makes_nothing_up(void **state)
{
    static const char text[] = "# the headend's\nNYOhnS/W033jvPEtjqK8BVXEzRw=\n"
                               "3583a19d2fd6d37de3bcf12d8ea2bc0555c4cd1d\n";
    uint8_t *bytes = malloc(sizeof text - 1);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, text, sizeof text - 1);
    damage(bytes, sizeof text - 1, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(material_of_pkcs7_damaged_makes_nothing_up),
        cmocka_unit_test(material_of_files_damaged_makes_nothing_up),
        cmocka_unit_test(material_of_hashes_damaged_makes_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
