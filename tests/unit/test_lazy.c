#include "lazy/lazy.h"

/* cmocka.h needs these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SONAME[] = "libm.so.6";
static int lookups;

static void lazy_find_a_functions_address_is_the_function(void **state)
{
    double (*power)(double, double);

    (void)state;
    for (int i = 0; i < 2; i++) {
        LP_LAZY_REAL(SONAME, (lookups++, "pow"), power);
        assert_true(power(2, 10) == 1024);
    }
    assert_int_equal(1, lookups);
}

/* What a child that looks this up says on standard error, and how it ends. */
static int find_in_child(const char *soname, const char *function, char *said, size_t size)
{
    int ends[2];
    int status;

    assert_int_equal(0, pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        if (dup2(ends[1], STDERR_FILENO) < 0)
            _exit(99);
        lp_lazy_find(soname, function);
        _exit(0);
    }
    assert_true(child > 0);
    close(ends[1]);
    ssize_t n = read(ends[0], said, size - 1);
    assert_true(n >= 0);
    said[n] = '\0';
    close(ends[0]);
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void lazy_find_what_is_not_there_ends_the_program_with_a_reason(void **state)
{
    char said[512];

    (void)state;
    assert_int_equal(0, find_in_child(SONAME, "pow", said, sizeof said));
    assert_string_equal("", said);
    assert_int_equal(2, find_in_child("libleafprint-none.so.9", "pow", said, sizeof said));
    assert_non_null(strstr(said, "leafprint: cannot load a library: libleafprint-none.so.9: "));
    assert_int_equal(2, find_in_child(SONAME, "leafprint_none", said, sizeof said));
    assert_non_null(strstr(said, "leafprint_none"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lazy_find_a_functions_address_is_the_function),
        cmocka_unit_test(lazy_find_what_is_not_there_ends_the_program_with_a_reason),
    };

    return cmocka_run_group_tests_name("lazy", tests, NULL, NULL);
}
