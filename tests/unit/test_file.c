#include "packets.h"

#include "base/file.h"

#include <errno.h>

static void file_read_whole_file_is_appended(void **state)
{
    struct temp temp;
    struct lp_buf buf = {0};
    struct lp_error error;

    (void)state;
    temp_open(&temp);
    assert_int_equal(LP_GROW_OK, lp_buf_append(&buf, "before ", 7));
    assert_int_equal(LP_OK, lp_file_read(temp_write(&temp, "a", "<device>\0", 9), &buf, &error));
    assert_int_equal(16, buf.len);
    assert_memory_equal("before <device>\0", buf.bytes, 16);
    lp_buf_free(&buf);
    temp_close(&temp, "a");
}

static void file_read_empty_file_is_no_error(void **state)
{
    struct temp temp;
    struct lp_buf buf = {0};
    struct lp_error error;

    (void)state;
    temp_open(&temp);
    assert_int_equal(LP_OK, lp_file_read(temp_write(&temp, "a", "", 0), &buf, &error));
    assert_int_equal(0, buf.len);
    lp_buf_free(&buf);
    temp_close(&temp, "a");
}

static void file_read_missing_file_names_path_and_cause(void **state)
{
    struct lp_buf buf = {0};
    struct lp_error error;
    char expected[128];

    (void)state;
    assert_int_equal(LP_ERR_IO, lp_file_read("/nowhere/phone.xml", &buf, &error));
    snprintf(expected, sizeof expected, "/nowhere/phone.xml: %s", strerror(ENOENT));
    assert_string_equal(expected, error.text);
    lp_buf_free(&buf);
}

static void file_read_directory_is_an_error(void **state)
{
    struct lp_buf buf = {0};
    struct lp_error error;

    (void)state;
    assert_int_equal(LP_ERR_IO, lp_file_read("/tmp", &buf, &error));
    assert_memory_equal("/tmp: ", error.text, 6);
    lp_buf_free(&buf);
}

/* A file of holes: large without being written. */
static enum lp_status read_sized(struct temp *temp, off_t size, struct lp_buf *buf,
                                 struct lp_error *error)
{
    const char *path = temp_write(temp, "a", "x", 1);
    assert_int_equal(0, truncate(path, size));
    return lp_file_read(path, buf, error);
}

static void file_read_limit_is_exact(void **state)
{
    struct temp temp;
    struct lp_buf buf = {0};
    struct lp_error error;

    (void)state;
    temp_open(&temp);
    assert_int_equal(LP_OK, read_sized(&temp, LP_FILE_MOST, &buf, &error));
    assert_int_equal(LP_FILE_MOST, buf.len);
    lp_buf_free(&buf);
    assert_int_equal(LP_ERR_IO, read_sized(&temp, LP_FILE_MOST + 1, &buf, &error));
    assert_non_null(strstr(error.text, "larger than 16 MiB"));
    lp_buf_free(&buf);
    temp_close(&temp, "a");
}

static void file_read_budget_exhausted_is_an_error(void **state)
{
    struct temp temp;
    struct lp_budget budget = {.limit = 1000};
    struct lp_buf buf = {.budget = &budget};
    struct lp_error error;

    (void)state;
    temp_open(&temp);
    assert_int_equal(LP_ERR_MEMORY, lp_file_read(temp_write(&temp, "a", "x", 1), &buf, &error));
    assert_non_null(strstr(error.text, temp.path));
    lp_buf_free(&buf);
    assert_int_equal(0, budget.used);
    temp_close(&temp, "a");
}

static void file_read_every_allocation_failing_is_memory(void **state)
{
    struct temp temp;
    struct lp_error error;
    const size_t large = 300000;
    uint8_t *bytes = calloc(1, large);

    (void)state;
    temp_open(&temp);
    const char *path = temp_write(&temp, "a", bytes, large);
    free(bytes);
    for (uint64_t n = 1;; n++) {
        struct lp_buf buf = {0};
        lp_alloc_fail_after(n);
        enum lp_status status = lp_file_read(path, &buf, &error);
        lp_alloc_fail_after(0);
        size_t len = buf.len;
        lp_buf_free(&buf);
        if (status == LP_OK) {
            assert_true(n > 1);
            assert_int_equal(large, len);
            break;
        }
        assert_int_equal(LP_ERR_MEMORY, status);
        assert_true(n < 20);
    }
    temp_close(&temp, "a");
}

static void file_read_dash_is_standard_input(void **state)
{
    int ends[2], kept = dup(STDIN_FILENO);
    struct lp_buf buf = {0};
    struct lp_error error;

    (void)state;
    assert_int_equal(0, pipe(ends));
    assert_int_equal(5, write(ends[1], "piped", 5));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    enum lp_status status = lp_file_read("-", &buf, &error);
    clearerr(stdin);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    assert_int_equal(LP_OK, status);
    assert_int_equal(5, buf.len);
    assert_memory_equal("piped", buf.bytes, 5);
    lp_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_read_whole_file_is_appended),
        cmocka_unit_test(file_read_empty_file_is_no_error),
        cmocka_unit_test(file_read_missing_file_names_path_and_cause),
        cmocka_unit_test(file_read_directory_is_an_error),
        cmocka_unit_test(file_read_limit_is_exact),
        cmocka_unit_test(file_read_budget_exhausted_is_an_error),
        cmocka_unit_test(file_read_every_allocation_failing_is_memory),
        cmocka_unit_test(file_read_dash_is_standard_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
