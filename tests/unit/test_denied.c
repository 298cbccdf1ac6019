/* The list of denied printers: strict, since a line that is skipped would be a
 * printer that is served. */
#include "printhold/proto/denied.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/buf.h"
#include "printhold/base/err.h"

/* 32 zero bytes. */
#define ZEROS    "0000000000000000000000000000000000000000000000000000000000000000"
#define ZEROS_43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define COLONS                                                                 \
    "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:" \
    "00:00:00:00:00:00:00:00"

static bool
denies(const char *text, const char *id, const char *thumbprint)
{
    struct ph_identity printer = {.kind = PH_IDENTITY_PRINTER};
    struct ph_denied *denied = NULL;
    struct ph_why why = {""};
    bool has;

    (void)strncpy(printer.id, id, sizeof(printer.id) - 1);
    (void)strncpy(printer.thumbprint, thumbprint,
                  sizeof(printer.thumbprint) - 1);
    if (ph_denied_parse("list", text, strlen(text), &denied, &why) != PH_OK)
        fail_msg("%s", why.text);
    has = ph_denied_has(denied, &printer);
    ph_denied_free(denied);
    return has;
}

static void
printers_are_denied_by_id_and_certificates_by_digest(void **state)
{
    (void)state;
    assert_true(denies("printer pr-1", "pr-1", "x"));
    assert_true(
        denies("# a\n\n\tprinter \t pr-2 \r\nprinter pr-1\n", "pr-1", "x"));
    assert_false(denies("printer pr-1\n", "pr-10", "x"));
    assert_false(denies("printer pr-10\n", "pr-1", "x"));
    assert_false(denies("", "pr-1", "x"));
    assert_false(denies("# printer pr-1\n", "pr-1", "x"));
    assert_true(denies("certificate " ZEROS "\n", "pr-1", ZEROS_43));
    assert_true(denies("certificate " COLONS "\n", "pr-1", ZEROS_43));
    assert_false(denies("certificate " COLONS "\n", "pr-1", "B" ZEROS_43));
}

static void
a_line_that_is_not_understood_spoils_the_list(void **state)
{
    static const struct {
        const char *wrong;
        const char *text;
        size_t len; /* 0: to its end */
    } cases[] = {
        {"no word", "pr-1\n", 0},
        {"another word", "printer pr-2\nprinters pr-1\n", 0},
        {"no id", "printer\n", 0},
        {"blanks for an id", "printer  \n", 0},
        {"capitals", "printer PR-1\n", 0},
        {"two ids", "printer pr-1 pr-2\n", 0},
        {"a wildcard", "printer *\n", 0},
        {"a long id", "printer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 0},
        {"a NUL", "printer pr-1\0x\n", 15},
        {"a short digest", "certificate 00\n", 0},
        {"a digest too long", "certificate " ZEROS "00\n", 0},
        {"no hex", "certificate g" ZEROS, 12 + 64},
        {"a comment behind", "printer pr-1 # why\n", 0},
    };
    struct ph_denied *denied = NULL;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_why why = {""};
        size_t len = cases[i].len != 0 ? cases[i].len : strlen(cases[i].text);

        if (ph_denied_parse("list", cases[i].text, len, &denied, &why) !=
            PH_ERR_CONFIG)
            fail_msg("taken: %s", cases[i].wrong);
        assert_non_null(strstr(why.text, "list line"));
        assert_null(denied);
    }
}

static void
there_is_a_most_of_lines_and_bytes(void **state)
{
    struct ph_denied *denied = NULL;
    struct ph_why why = {""};
    struct ph_buf text;

    (void)state;
    ph_buf_init(&text, (size_t)2 * PH_DENIED_FILE_MAX);
    for (int i = 0; i < PH_DENIED_ENTRIES_MAX; i++)
        assert_int_equal(ph_buf_printf(&text, "printer pr-%d\n", i), PH_OK);
    assert_int_equal(ph_denied_parse("list", (const char *)text.data, text.len,
                                     &denied, &why),
                     PH_OK);
    assert_int_equal(ph_denied_count(denied), PH_DENIED_ENTRIES_MAX);
    ph_denied_free(denied);
    denied = NULL;
    assert_int_equal(ph_buf_put_str(&text, "printer one-more"), PH_OK);
    assert_int_equal(ph_denied_parse("list", (const char *)text.data, text.len,
                                     &denied, &why),
                     PH_ERR_CONFIG);
    assert_int_equal(ph_denied_parse("list", (const char *)text.data,
                                     PH_DENIED_FILE_MAX + 1, &denied, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "larger"));
    ph_buf_close(&text);
}

static void
a_list_that_is_not_there_says_so(void **state)
{
    struct ph_denied *denied = NULL;
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ph_denied_load("/nonexistent", &denied, &why),
                     PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/nonexistent"));
    assert_int_equal(ph_denied_load("/", &denied, &why) == PH_OK, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printers_are_denied_by_id_and_certificates_by_digest),
        cmocka_unit_test(a_line_that_is_not_understood_spoils_the_list),
        cmocka_unit_test(there_is_a_most_of_lines_and_bytes),
        cmocka_unit_test(a_list_that_is_not_there_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
