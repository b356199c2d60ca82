/* Key logs from files and captures, and whole captures read with them. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "guard.h"

#include "scan/keys.h"

static char dir[] = "/tmp/leafprint-test-XXXXXX";
static char path[64];

static const char FIRST[] =
    "CLIENT_RANDOM 4141414141414141414141414141414141414141414141414141414141414141 "
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdce"
    "cf\n";
static const char SECOND[] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET "
                             "4141414141414141414141414141414141414141414141414141414141414141 "
                             "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf\n";

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/keys", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void append(const char *text)
{
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(strlen(text), fwrite(text, 1, strlen(text), file));
    fclose(file);
}

static size_t found(const struct lp_scan_keys *keys, enum lp_secret what)
{
    uint8_t random[32];
    memset(random, 0x41, sizeof random);
    return lp_keylog_find(keys->tls.log, random, what).left;
}

static void lp_scan_keys_open_of_a_growing_file_reads_on(void **state)
{
    struct lp_scan_keys keys = {0};
    struct lp_error error;
    char half[80];

    (void)state;
    unlink(path);
    append(FIRST);
    assert_int_equal(LP_OK, lp_scan_keys_open(&keys, 1, path, &error));
    assert_ptr_equal(&keys.tls, lp_scan_keys_tls(&keys));
    assert_true(keys.tls.patient);
    assert_int_equal(48, found(&keys, LP_SECRET_MASTER));
    snprintf(half, sizeof half, "%.79s", SECOND);
    append(half);
    keys.tls.look(keys.tls.look_ctx, keys.tls.log);
    assert_int_equal(0, found(&keys, LP_SECRET_CLIENT_HANDSHAKE));
    append(SECOND + strlen(half));
    lp_scan_keys_finish(&keys);
    assert_int_equal(32, found(&keys, LP_SECRET_CLIENT_HANDSHAKE));
    assert_int_equal(0, lp_keylog_stats(keys.tls.log)->unknown);
    assert_false(keys.late);
    lp_scan_keys_close(&keys);
}

static void lp_scan_keys_open_of_no_file_names_it(void **state)
{
    struct lp_error error;

    (void)state;
    unlink(path);
    for (unsigned i = 0; i < 2; i++) {
        struct lp_scan_keys keys = {0};
        const char *bad = i ? dir : path;
        assert_int_equal(LP_ERR_IO, lp_scan_keys_open(&keys, 1, bad, &error));
        assert_non_null(strstr(error.text, bad));
        lp_scan_keys_close(&keys);
    }
    append("");
    struct lp_scan_keys keys = {0};
    assert_int_equal(LP_OK, lp_scan_keys_open(&keys, 1, path, &error)); /* empty so far */
    lp_scan_keys_close(&keys);
}

static void lp_scan_keys_add_of_the_captures_own_tells_late_ones(void **state)
{
    struct lp_scan_keys keys = {0};
    struct lp_error error;
    struct lp_buf secrets = {0};

    (void)state;
    assert_int_equal(LP_OK, lp_scan_keys_open(&keys, 1, NULL, &error));
    assert_null(lp_scan_keys_tls(&keys)); /* nothing waits for keys that there are not */
    lp_scan_keys_add(&keys, &secrets, 0);
    assert_null(lp_scan_keys_tls(&keys));
    assert_int_equal(LP_GROW_OK, lp_buf_append(&secrets, FIRST, strlen(FIRST)));
    lp_scan_keys_add(&keys, &secrets, 0);
    assert_int_equal(48, found(&keys, LP_SECRET_MASTER));
    assert_non_null(lp_scan_keys_tls(&keys));
    assert_false(keys.late || keys.tls.patient);
    /* Without its newline, and behind the last packet. */
    assert_int_equal(LP_GROW_OK, lp_buf_append(&secrets, SECOND, strlen(SECOND) - 1));
    lp_scan_keys_finish(&keys);
    assert_int_equal(32, found(&keys, LP_SECRET_CLIENT_HANDSHAKE));
    assert_true(keys.late);
    lp_scan_keys_close(&keys);
    lp_buf_free(&secrets);
}

/* ---- whole captures ---- */

static enum lp_status inspect(const char *keylog, struct lp_capture **out)
{
    struct lp_options options = {.keylog = keylog};
    struct lp_error error;

    return lp_inspect(SOURCE_DIR "/tests/captures/tls13.pcap", &options, out, &error);
}

static void lp_inspect_with_a_key_log_reads_what_is_encrypted(void **state)
{
    struct lp_capture *capture;

    (void)state;
    assert_int_equal(LP_OK, inspect(SOURCE_DIR "/tests/captures/tls13.keys", &capture));
    assert_int_equal(1, capture->session_count);
    assert_int_equal(LP_OUTCOME_COMPLETE, capture->sessions[0].outcome);
    assert_true(capture->sessions[0].chain_count > 0 && capture->sessions[0].chain[0].complete);
    assert_int_equal(0, capture->finding_count);
    lp_capture_free(capture);
}

/* The key log with one digit of its server's secret changed. */
static void write_wrong_keys(size_t digit)
{
    static const char label[] = "SERVER_HANDSHAKE_TRAFFIC_SECRET ";
    size_t n;
    char *text = (char *)read_file(SOURCE_DIR "/tests/captures/tls13.keys", &n);

    text = realloc(text, n + 1);
    assert_non_null(text);
    text[n] = '\0';
    char *line = strstr(text, label);
    assert_non_null(line);
    char *secret = line + strlen(label) + 64 + 1;
    secret[digit] = secret[digit] == '0' ? '1' : '0';
    unlink(path);
    append(text);
    free(text);
}

static void lp_inspect_with_a_wrong_key_says_so_and_shows_nothing(void **state)
{
    (void)state;
    for (size_t digit = 0; digit < 96; digit++) {
        struct lp_capture *capture;
        write_wrong_keys(digit);
        assert_int_equal(LP_OK, inspect(path, &capture));
        assert_int_equal(1, capture->session_count);
        assert_int_equal(LP_OUTCOME_ENCRYPTED, capture->sessions[0].outcome);
        assert_int_equal(0, capture->sessions[0].chain_count);
        assert_int_equal(1, capture->finding_count);
        assert_string_equal("wrong-key", capture->findings[0].code);
        assert_true(capture->findings[0].frame > 0);
        lp_capture_free(capture);
    }
    unlink(path);
    append(FIRST);
    struct lp_capture *capture;
    assert_int_equal(LP_OK, inspect(path, &capture));
    assert_int_equal(LP_OUTCOME_ENCRYPTED, capture->sessions[0].outcome);
    assert_string_equal("no-key", capture->findings[0].code);
    lp_capture_free(capture);
}

static void lp_inspect_with_keys_when_the_nth_allocation_fails_is_whole_or_none(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        struct lp_capture *capture = NULL;
        lp_alloc_fail_after(n);
        enum lp_status status = inspect(SOURCE_DIR "/tests/captures/tls13.keys", &capture);
        lp_alloc_fail_after(0);
        assert_true(status == LP_OK || (status == LP_ERR_MEMORY && !capture));
        whole = status == LP_OK && capture->session_count == 1 &&
                capture->sessions[0].outcome == LP_OUTCOME_COMPLETE;
        /* Memory that runs short may cut a connection off, and then it says so. */
        if (status == LP_OK && !whole && capture->session_count)
            assert_true(capture->sessions[0].outcome == LP_OUTCOME_LIMIT);
        lp_capture_free(capture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lp_scan_keys_open_of_a_growing_file_reads_on),
        cmocka_unit_test(lp_scan_keys_open_of_no_file_names_it),
        cmocka_unit_test(lp_scan_keys_add_of_the_captures_own_tells_late_ones),
        cmocka_unit_test(lp_inspect_with_a_key_log_reads_what_is_encrypted),
        cmocka_unit_test(lp_inspect_with_a_wrong_key_says_so_and_shows_nothing),
        cmocka_unit_test(lp_inspect_with_keys_when_the_nth_allocation_fails_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
