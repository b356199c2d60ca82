/* ClientHello and ServerHello bodies by themselves. */
#include "streams.h"

static bool parse(bool client, const struct bytes *body, struct lp_tls_hello *out)
{
    const char *problem = NULL;
    struct guarded guarded = guarded_copy(body->at, body->n);
    struct lp_rd rd = lp_rd_init(guarded.bytes, guarded.n);
    bool ok = (client ? lp_client_hello : lp_server_hello)(rd, out, &problem);

    assert_int_equal(ok, problem == NULL);
    assert_int_equal(ok, out->complete);
    guarded_free(&guarded);
    return ok;
}

static struct lp_tls_hello client(const struct hello *hello, bool expected)
{
    struct lp_tls_hello out = {0};
    struct bytes body = {0};

    client_hello_body(&body, hello);
    assert_int_equal(expected, parse(true, &body, &out));
    drop(&body);
    return out;
}

static struct lp_tls_hello server(const struct hello *hello, bool expected)
{
    struct lp_tls_hello out = {0};
    struct bytes body = {0};

    server_hello_body(&body, hello);
    assert_int_equal(expected, parse(false, &body, &out));
    drop(&body);
    return out;
}

static void assert_sni(struct lp_tls_hello *hello, const char *expected)
{
    assert_int_equal(strlen(expected), hello->sni.len);
    if (hello->sni.len)
        assert_memory_equal(expected, hello->sni.bytes, hello->sni.len);
    lp_buf_free(&hello->sni);
}

static void lp_client_hello_of_every_version_reads_its_fields(void **state)
{
    (void)state;
    for (uint16_t version = 0x0300; version <= 0x0303; version++) {
        struct lp_tls_hello out = client(
            &(struct hello){.version = version, .session_id = "0123456789", .sni = "a.example"},
            true);
        assert_int_equal(version, out.version);
        assert_int_equal(10, out.session_id_len);
        assert_memory_equal("0123456789", out.session_id, 10);
        assert_sni(&out, "a.example");
        out = client(&(struct hello){.version = version, .no_extensions = true}, true);
        assert_int_equal(0, out.session_id_len);
        assert_sni(&out, "");
    }
}

/* The highest version that is none of RFC 8701's reserved values counts, in whatever order. */
static void lp_client_hello_with_supported_versions_takes_the_highest_real_one(void **state)
{
    static const struct {
        const char *list;
        size_t n;
        uint16_t version;
    } cases[] = {
        {"\x08\x7a\x7a\x03\x03\x03\x04\x03\x01", 9, 0x0304},
        {"\x02\x03\x03", 3, 0x0303},
        {"\x04\xfa\xfa\x03\x02", 5, 0x0302},
        {"\x02\x0a\x0a", 3, 0x0301},     /* nothing but GREASE: the old field stands */
        {"\x02\x7f\x1c", 3, 0x0304},     /* draft 28 */
        {"\x02\xfb\x1a", 3, 0x0304},     /* draft 26 at one large site */
        {"\x03\x03\x03\x03", 4, 0x0303}, /* an odd byte at the end */
        {"\x04\x03\x03", 3, 0x0301},     /* the list exceeds the extension */
        {"", 0, 0x0301},
        {"\x00", 1, 0x0301},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes list = {0};
        add_extension(&list, 0x1a1a, "", 0);
        add_extension(&list, 43, cases[i].list, cases[i].n);
        add_extension(&list, 0x2a2a, "\0", 1);
        struct lp_tls_hello out =
            client(&(struct hello){.version = 0x0301, .extensions = &list}, true);
        assert_int_equal(cases[i].version, out.version);
        drop(&list);
    }
}

static void lp_client_hello_with_an_odd_server_name_takes_what_is_one(void **state)
{
    static const struct {
        const char *extension;
        size_t n;
        const char *sni;
    } cases[] = {
        {"", 0, ""},
        {"\0\0", 2, ""},
        {"\0\4\0\0\1a", 6, "a"},
        {"\0\3\0\0\0", 5, ""},               /* an empty name */
        {"\0\x09\1\0\2xx\0\0\1b", 11, "b"},  /* another type first */
        {"\0\x08\0\0\1a\0\0\1b", 10, "a"},   /* two: the first counts */
        {"\0\4\0\0\2a", 6, ""},              /* the name exceeds the list */
        {"\0\5\0\0\1a", 6, ""},              /* the list exceeds the extension */
        {"\0\7\0\0\4a\x1b[m", 9, "a\x1b[m"}, /* hostile bytes are cleaned later */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes list = {0};
        add_extension(&list, 0, cases[i].extension, cases[i].n);
        struct lp_tls_hello out =
            client(&(struct hello){.version = 0x0303, .extensions = &list}, true);
        assert_sni(&out, cases[i].sni);
        drop(&list);
    }
}

/* Every prefix is malformed, but for the one that ends before the extensions (RFC 5246 7.4.1.2). */
static void check_truncations(bool is_client, const struct hello *hello)
{
    struct bytes body = {0}, without = {0};
    struct hello plain = *hello;

    plain.no_extensions = true;
    (is_client ? client_hello_body : server_hello_body)(&body, hello);
    (is_client ? client_hello_body : server_hello_body)(&without, &plain);
    for (size_t n = 0; n <= body.n; n++) {
        struct lp_tls_hello out = {0};
        struct bytes part = {body.at, n, n};
        assert_int_equal(n == body.n || n == without.n, parse(is_client, &part, &out));
        lp_buf_free(&out.sni);
    }
    add_number(&body, 1, 0); /* and a byte too many */
    struct lp_tls_hello out = {0};
    assert_false(parse(is_client, &body, &out));
    lp_buf_free(&out.sni);
    drop(&body);
    drop(&without);
}

static void lp_client_hello_at_every_truncation_is_malformed(void **state)
{
    (void)state;
    check_truncations(true, &(struct hello){.version = 0x0303, .session_id = "abc", .sni = "x.y"});
}

static void lp_server_hello_at_every_truncation_is_malformed(void **state)
{
    (void)state;
    check_truncations(false,
                      &(struct hello){.version = 0x0303, .session_id = "abc", .chosen = 0x0304});
}

static void lp_client_hello_with_33_bytes_of_session_id_is_malformed(void **state)
{
    (void)state;
    struct hello hello = {.version = 0x0303, .session_id = "0123456789abcdef0123456789abcdef"};
    assert_int_equal(32, client(&hello, true).session_id_len);
    hello.session_id = "0123456789abcdef0123456789abcdef+";
    client(&hello, false);
    server(&hello, false);
}

static void lp_server_hello_of_every_kind_reads_its_fields(void **state)
{
    static const struct {
        struct hello hello;
        uint16_t version;
    } cases[] = {
        {{.version = 0x0300, .cipher = 5, .no_extensions = true}, 0x0300},
        {{.version = 0x0301, .cipher = 0x2f, .session_id = "id"}, 0x0301},
        {{.version = 0x0303, .cipher = 0xc02f}, 0x0303},
        {{.version = 0x0303, .cipher = 0x1301, .chosen = 0x0304}, 0x0304},
        {{.version = 0x0303, .cipher = 0x1301, .chosen = 0x7f1c}, 0x0304},
        {{.version = 0x0303, .cipher = 0x1302, .chosen = 0x0304, .psk = true}, 0x0304},
        {{.version = 0x0303, .cipher = 0x1301, .chosen = 0x0304, .retry = true}, 0x0304},
        {{.version = 0x7f12, .cipher = 0x1301, .draft = true, .psk = true}, 0x0304},
        {{.version = 0x7f16, .cipher = 0x1303, .session_id = "id"}, 0x0304},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct hello *hello = &cases[i].hello;
        struct lp_tls_hello out = server(hello, true);
        assert_int_equal(cases[i].version, out.version);
        assert_int_equal(hello->cipher, out.cipher);
        assert_int_equal(hello->retry, out.retry);
        assert_int_equal(hello->psk, out.psk);
        assert_int_equal(hello->session_id ? strlen(hello->session_id) : 0, out.session_id_len);
    }
}

/* A server's server_name is an empty acknowledgement; a client's pre_shared_key only an offer. */
static void lp_hello_with_the_other_sides_extensions_ignores_them(void **state)
{
    struct bytes list = {0};

    (void)state;
    add_sni(&list, "a", 1);
    add_extension(&list, 41, "\0\0", 2);
    struct hello hello = {.version = 0x0303, .extensions = &list};
    struct lp_tls_hello out = server(&hello, true);
    assert_true(out.psk);
    assert_sni(&out, "");
    out = client(&hello, true);
    assert_false(out.psk);
    assert_sni(&out, "a");
    drop(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_client_hello_of_every_version_reads_its_fields),
        cmocka_unit_test(lp_client_hello_with_supported_versions_takes_the_highest_real_one),
        cmocka_unit_test(lp_client_hello_with_an_odd_server_name_takes_what_is_one),
        cmocka_unit_test(lp_client_hello_at_every_truncation_is_malformed),
        cmocka_unit_test(lp_server_hello_at_every_truncation_is_malformed),
        cmocka_unit_test(lp_client_hello_with_33_bytes_of_session_id_is_malformed),
        cmocka_unit_test(lp_server_hello_of_every_kind_reads_its_fields),
        cmocka_unit_test(lp_hello_with_the_other_sides_extensions_ignores_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
