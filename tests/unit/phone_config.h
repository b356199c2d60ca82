/* What the tests of phone configurations share: pieces of XML, and a reader that checks what holds
 * for every result. */
#ifndef LP_TESTS_PHONE_CONFIG_H
#define LP_TESTS_PHONE_CONFIG_H

#include "guard.h"
#include "phone/phone.h"

/* Two digests; the files in phone/ hold them as certHash1 and certHash2. */
#define FIRST "NYOhnS/W033jvPEtjqK8BVXEzRw="
#define SECOND "NKxNQGzZAljr6wWQzJM9pA2dIpo="
#define FIRST_ENCODED_HEX "MzU4M2ExOWQyZmQ2ZDM3ZGUzYmNmMTJkOGVhMmJjMDU1NWM0Y2QxYw=="

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define GROUP(addresses, credentials)                                                              \
    "<vpnGroup>\n<enableHostIDCheck>0</enableHostIDCheck>\n<addresses>" addresses                  \
    "</addresses>\n<credentials>" credentials "</credentials>\n</vpnGroup>\n"
#define URL1 "<url1>https://192.0.2.1/phones</url1>"
#define HASH1 "<hashAlg>0</hashAlg>\n<certHash1>" FIRST "</certHash1>"
#define VPN GROUP(URL1, HASH1)
#define DEVICE(inside)                                                                             \
    DECLARATION "<device  xsi:type=\"axl:XIPPhone\" ctiid=\"112\">\n" inside                       \
                "<certHash>5b1c0f0e8d3a49b7a2c6e4f10987bdcc</certHash>\n</device>\n"

static struct lp_arena *arena;

static inline int set_up(void **state)
{
    (void)state;
    arena = lp_arena_new();
    return arena ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    lp_arena_free(arena);
    return 0;
}

static inline struct lp_config read_bytes(const void *bytes, size_t n)
{
    struct guarded input = guarded_copy(bytes, n);
    struct lp_config config;

    assert_true(lp_phone_config(arena, "dir/SEP00506001A2B3.cnf.xml", input.bytes, n, &config));
    guarded_free(&input);
    assert_string_equal("dir/SEP00506001A2B3.cnf.xml", config.source);
    assert_string_equal("file", config.origin);
    assert_string_equal("SEP00506001A2B3", config.phone);
    for (size_t i = 0; i < config.hash_count; i++)
        assert_int_equal(config.hashes[i].fault == LP_HASH_FINE, config.hashes[i].digest_len > 0);
    return config;
}

static inline struct lp_config read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static inline struct lp_config read_fixture(const char *name)
{
    char path[512];
    size_t n;

    snprintf(path, sizeof path, SOURCE_DIR "/tests/unit/phone/%s", name);
    uint8_t *bytes = read_file(path, &n);
    struct lp_config config = read_bytes(bytes, n);
    free(bytes);
    return config;
}

static inline const struct lp_finding *finding(const struct lp_config *config, const char *code)
{
    for (size_t i = 0; i < config->finding_count; i++)
        if (strcmp(config->findings[i].code, code) == 0)
            return &config->findings[i];
    return NULL;
}

static inline void assert_finding(const struct lp_config *config, const char *code,
                                  enum lp_severity severity, const char *part)
{
    const struct lp_finding *found = finding(config, code);

    if (!found) {
        fail_msg("no finding %s", code);
        return;
    }
    assert_int_equal(severity, found->severity);
    assert_int_equal(-1, found->session);
    assert_int_equal(0, found->frame);
    if (!strstr(found->message, part))
        fail_msg("%s: \"%s\" lacks \"%s\"", code, found->message, part);
}

static inline void assert_first_hash(const struct lp_config *config)
{
    assert_int_equal(LP_REASON_NONE, config->reason);
    assert_true(config->hash_count >= 1);
    assert_int_equal(1, config->hashes[0].n);
    assert_int_equal(LP_HASH_FINE, config->hashes[0].fault);
    assert_int_equal(LP_HASH_SHA1, config->hashes[0].algorithm);
    assert_string_equal(FIRST, config->hashes[0].text);
}

static inline void assert_no_group(const struct lp_config *config, const char *code)
{
    assert_int_equal(LP_REASON_NO_VPN_GROUP, config->reason);
    assert_int_equal(0, config->hash_count);
    assert_int_equal(0, config->url_count);
    assert_finding(config, code, LP_PROBLEM, "SEP00506001A2B3.cnf.xml: ");
}

#endif
