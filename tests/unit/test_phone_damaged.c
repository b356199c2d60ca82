/*
 * Every shape of a phone's configuration, cut short and with bytes changed: never a crash, and
 * never a hash that does not stand in the file.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, beyond POSIX.1-2008 */
#endif

#include "phone_config.h"

#include <dirent.h>

enum { DAMAGES = 400 };

/* Shapes that no file has. */
static const char *const texts[] = {
    VPN,
    "\n" DEVICE(VPN),
    DEVICE("<a><dateTemplate>M/D/YA</dateTempliate></a>" VPN),
    DEVICE("<TVS><members/><TVS>" VPN),
    DEVICE("<name>a&nbsp;b &amp; A & B</name>" VPN),
    DEVICE("<name>caf\xe9\x01</name>" VPN),
    DEVICE("<!-- a -- b -->" VPN "<!--" VPN "-->"),
    DEVICE(VPN) "<junk> & more",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<device>" VPN "</device>",
    "<!DOCTYPE device [<!ENTITY h \"" SECOND "\">]><device>" VPN "</device>",
    "\xef\xbb\xbf" DEVICE(VPN),
    DEVICE("<!-- " VPN " -->"),
    DEVICE(GROUP(URL1, "<certHash1><![CDATA[" FIRST "]]></certHash1>")),
    DEVICE("<x:vpnGroup><y:credentials>" HASH1 "</y:credentials></x:vpnGroup>"),
    DEVICE(GROUP(URL1, "<certHash1>\n NYOhnS/W033j\tvPEtjqK8BVXEzRw= </certHash1>")),
};

/* Without white space and NULs, as text. Owned by the caller (free). */
static char *squeezed(const uint8_t *bytes, size_t n)
{
    char *out = calloc(1, n + 1);
    size_t used = 0;

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        if (bytes[i] > ' ')
            out[used++] = (char)bytes[i];
    return out;
}

static void check(const uint8_t *bytes, size_t n, const char *name, const char *damage, size_t at)
{
    struct lp_config config = read_bytes(bytes, n);
    char *text = squeezed(bytes, n);

    for (size_t i = 0; i < config.hash_count; i++) {
        const struct lp_cert_hash *hash = &config.hashes[i];
        char *value = squeezed((const uint8_t *)hash->text, strlen(hash->text));
        if (hash->fault == LP_HASH_FINE && !strstr(text, value))
            fail_msg("%s, %s at %zu: made up: %s", name, damage, at, hash->text);
        free(value);
    }
    free(text);
    lp_arena_free(arena);
    arena = lp_arena_new();
    assert_non_null(arena);
}

static void cut(const uint8_t *bytes, size_t n, const char *name)
{
    size_t step = n / DAMAGES + 1;

    for (size_t at = 0; at < n; at += step)
        check(bytes, at, name, "cut", at);
}

static uint32_t random_number(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U; /* Numerical Recipes */
    return *seed >> 8;
}

static void change(uint8_t *bytes, size_t n, const char *name)
{
    uint32_t seed = 7;

    for (int round = 0; round < DAMAGES && n; round++) {
        size_t at = random_number(&seed) % n;
        uint8_t old = bytes[at];
        bytes[at] = (uint8_t)random_number(&seed);
        check(bytes, n, name, "change", at);
        if (round % 4) /* damage gathers */
            bytes[at] = old;
    }
}

static void config_texts_damaged_make_nothing_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = strlen(texts[i]);
        uint8_t *bytes = malloc(n);
        assert_non_null(bytes);
        memcpy(bytes, texts[i], n);
        cut(bytes, n, texts[i]);
        change(bytes, n, texts[i]);
        free(bytes);
    }
}

static void config_files_damaged_make_nothing_up(void **state)
{
    static const char *const folders[] = {SOURCE_DIR "/tests/unit/phone",
                                          SOURCE_DIR "/tests/fuzz/corpus/phone",
                                          SOURCE_DIR "/tests/captures"};
    const struct dirent *entry;
    unsigned files = 0;

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        DIR *list = opendir(folders[i]);
        assert_non_null(list);
        while ((entry = readdir(list))) {
            char path[1024];
            size_t n;
            if (!strstr(entry->d_name, ".cnf.xml"))
                continue;
            snprintf(path, sizeof path, "%s/%s", folders[i], entry->d_name);
            uint8_t *bytes = read_file(path, &n);
            cut(bytes, n, entry->d_name);
            change(bytes, n, entry->d_name);
            free(bytes);
            files++;
        }
        closedir(list);
    }
    assert_true(files >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(config_texts_damaged_make_nothing_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(config_files_damaged_make_nothing_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
