#include "scrub.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/err.h"

static void
arguments_are_copied_and_overwritten_in_place(void **state)
{
    char program[] = "printhold:/", id[] = "7", user[] = "alice",
         title[] = "secret", copies[] = "2", options[] = "a=b", file[] = "/f";
    char *argv[] = {program, id, user, title, copies, options, file, NULL};
    struct ph_arguments a;

    (void)state;
    assert_int_equal(ph_scrub_arguments(7, argv, &a), PH_OK);
    assert_string_equal(a.job_id, "7");
    assert_string_equal(a.user, "alice");
    assert_string_equal(a.title, "secret");
    assert_string_equal(a.copies, "2");
    assert_string_equal(a.options, "a=b");
    assert_string_equal(a.file, "/f");
    assert_string_equal(program, "printhold:/");
    for (size_t i = 0; i < sizeof(title); i++)
        assert_int_equal(title[i], 0);
    for (size_t i = 0; i < sizeof(options); i++)
        assert_int_equal(options[i], 0);
    assert_int_equal(user[0], 0);
    assert_int_equal(file[1], 0);
    ph_scrub_free(&a);
    assert_null(a.title);
}

static void
without_a_file_standard_input_is_meant(void **state)
{
    char word[] = "1";
    char *argv[] = {word, word, word, word, word, word, NULL};
    struct ph_arguments a;

    (void)state;
    assert_int_equal(ph_scrub_arguments(6, argv, &a), PH_OK);
    assert_null(a.file);
    ph_scrub_free(&a);
}

static void
the_password_is_overwritten_where_it_stood(void **state)
{
    char *where;

    (void)state;
    assert_int_equal(setenv("AUTH_PASSWORD", "correct horse", 1), 0);
    where = getenv("AUTH_PASSWORD");
    assert_non_null(where);
    ph_scrub_environment();
    assert_null(getenv("AUTH_PASSWORD"));
    /* The environment's memory stays with the process. */
    for (size_t i = 0; i < strlen("correct horse"); i++)
        assert_int_equal(where[i], 0);
    ph_scrub_environment();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_copied_and_overwritten_in_place),
        cmocka_unit_test(without_a_file_standard_input_is_meant),
        cmocka_unit_test(the_password_is_overwritten_where_it_stood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
