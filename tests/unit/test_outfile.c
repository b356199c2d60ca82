/* Files of results that are whole or not there. */
#include "batch/outfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/outfile.XXXXXX";
static char path[64], part0[80], part1[80], status_path[80];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + sizeof dir - 7, "XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/r", dir);
    snprintf(part0, sizeof part0, "%s.part.0", path);
    snprintf(part1, sizeof part1, "%s.part.1", path);
    snprintf(status_path, sizeof status_path, "%s.status", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    unlink(part0);
    unlink(part1);
    unlink(status_path);
    return rmdir(dir); /* fails if anything else was left */
}

static bool exists(const char *name)
{
    struct stat info;
    return stat(name, &info) == 0;
}

static void make(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void open_new(struct lp_outfile *file)
{
    struct lp_error error;
    int status = 0;

    assert_int_equal(LP_OUTFILE_NEW, lp_outfile_open(file, path, &status, &error));
}

static void outfile_finished_gives_its_status_back(void **state)
{
    struct lp_outfile file;
    struct lp_error error;

    (void)state;
    for (int recorded = 0; recorded <= 3; recorded++) {
        int status = -1;
        open_new(&file);
        assert_int_equal(5, write(file.part.fd, "hello", 5));
        assert_false(exists(path));
        assert_true(lp_outfile_finish(&file, recorded, "some words\n", &error));
        assert_true(exists(path));
        assert_false(exists(part0));
        assert_int_equal(LP_OUTFILE_FINISHED, lp_outfile_open(&file, path, &status, &error));
        assert_int_equal(recorded, status);
        unlink(path);
    }
}

static void outfile_abandoned_leaves_nothing(void **state)
{
    struct lp_outfile file;

    (void)state;
    open_new(&file);
    lp_outfile_abandon(&file);
    lp_outfile_abandon(&file);
    assert_false(exists(path));
    assert_false(exists(part0));
}

static void outfile_stale_temporary_is_replaced(void **state)
{
    struct lp_outfile file;
    struct stat info;

    (void)state;
    make(part0, "half a line");
    make(part1, "another");
    open_new(&file);
    assert_int_equal(0, fstat(file.part.fd, &info));
    assert_int_equal(0, info.st_size);
    assert_false(exists(part1));
    lp_outfile_abandon(&file);
}

static void outfile_living_temporary_stays(void **state)
{
    struct lp_outfile first, second;
    struct lp_error error;

    (void)state;
    open_new(&first);
    open_new(&second);
    assert_true(exists(part0));
    assert_string_not_equal(first.part.part, second.part.part);
    assert_true(lp_outfile_finish(&second, 0, "", &error));
    assert_true(lp_outfile_finish(&first, 0, "", &error));
}

static void outfile_that_cannot_get_its_name_leaves_nothing(void **state)
{
    struct lp_outfile file;
    struct lp_error error;

    (void)state;
    open_new(&file);
    assert_int_equal(0, mkdir(path, 0777)); /* in its way */
    assert_false(lp_outfile_finish(&file, 0, "", &error));
    assert_non_null(strstr(error.text, path));
    assert_false(exists(status_path));
    assert_false(exists(part0));
    assert_int_equal(0, rmdir(path));
}

static void outfile_stale_status_is_replaced(void **state)
{
    struct lp_outfile file;
    struct lp_error error;
    char stale[96];
    int status = -1;

    (void)state;
    snprintf(stale, sizeof stale, "%s.part.3", status_path);
    make(stale, "status");
    open_new(&file);
    assert_true(lp_outfile_finish(&file, 2, "", &error));
    assert_false(exists(stale));
    assert_int_equal(LP_OUTFILE_FINISHED, lp_outfile_open(&file, path, &status, &error));
    assert_int_equal(2, status);
}

static void outfile_what_is_no_result_is_refused(void **state)
{
    static const char *const records[] = {
        "", "status", "status x", "status 4\n", "status -1\n", "status 12\n", "stat 1"};
    struct lp_outfile file;
    struct lp_error error;
    int status;

    (void)state;
    make(path, "mine");
    assert_int_equal(LP_OUTFILE_ERROR, lp_outfile_open(&file, path, &status, &error));
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        make(status_path, records[i]);
        assert_int_equal(LP_OUTFILE_ERROR, lp_outfile_open(&file, path, &status, &error));
    }
    assert_non_null(strstr(error.text, path));
    assert_int_equal(LP_OUTFILE_ERROR, lp_outfile_open(&file, dir, &status, &error));
    assert_int_equal(LP_OUTFILE_ERROR, lp_outfile_open(&file, "/dev/null", &status, &error));
    assert_int_equal(LP_OUTFILE_ERROR, lp_outfile_open(&file, "/no/such/r", &status, &error));
    lp_outfile_abandon(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outfile_finished_gives_its_status_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outfile_abandoned_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outfile_stale_temporary_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outfile_living_temporary_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outfile_that_cannot_get_its_name_leaves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(outfile_stale_status_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outfile_what_is_no_result_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
