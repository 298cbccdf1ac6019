/* The site's map of accounts: what is taken, and what is refused and where. */
#include "printhold/model/owner_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "scratch.h"

static void
accounts_are_found(void **state)
{
    static const char text[] = "\xef\xbb\xbf# people\r\n"
                               "alice=Alice.Smith@Example.com\r\n"
                               "; others\n"
                               "\n"
                               "  CORP\\bob doe \t = \t bob@example.com  \n"
                               "j\xc3\xb6rg = j\xc3\xb6rg@example.com\n"
                               "kiosk = -";
    static const struct {
        const char *account, *login;
    } cases[] = {
        {"alice", "alice.smith@example.com"},
        {"CORP\\bob doe", "bob@example.com"},
        {"j\xc3\xb6rg", "j\xc3\xb6rg@example.com"},
        {"kiosk", ""},
        {"ALICE", NULL},
        {"", NULL},
        {"zoe", NULL},
    };
    struct ph_owner_map *map = NULL;
    struct ph_why why;

    (void)state;
    assert_int_equal(
        ph_owner_map_parse("m", text, sizeof(text) - 1, &map, &why), PH_OK);
    assert_int_equal(ph_owner_map_count(map), 4);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const char *login = ph_owner_map_find(map, cases[i].account);

        if (cases[i].login == NULL)
            assert_null(login);
        else
            assert_string_equal(login, cases[i].login);
    }
    ph_owner_map_free(map);
    assert_null(ph_owner_map_find(NULL, "alice"));
    assert_int_equal(ph_owner_map_parse("m", "\xef\xbb\xbf", 3, &map, &why),
                     PH_OK);
    assert_int_equal(ph_owner_map_count(map), 0);
    assert_null(ph_owner_map_find(map, "alice"));
    ph_owner_map_free(map);
}

#define BAD(what, text, says)              \
    {                                      \
        what, text, sizeof(text) - 1, says \
    }

static void
bad_lines_are_refused_with_file_and_line(void **state)
{
    static const struct {
        const char *what, *text;
        size_t len;
        const char *says;
    } cases[] = {
        BAD("no equals sign", "a = b\nalice alice@x.y\n", "m:2: must be"),
        BAD("no account", "= alice@x.y", "m:1: there is no account"),
        BAD("no login", "alice =", "m:1: there is no login"),
        BAD("only blanks behind", "alice = \t ", "m:1: there is no login"),
        BAD("two logins", "alice = a@x.y b@x.y", "m:1: a login is one word"),
        BAD("a second equals sign", "alice = a=b", "m:1: a login is one word"),
        BAD("an account twice", "a = b\nc = d\na = e\n",
            "m:3: account a stands in line 1"),
        BAD("twice the same", "a = b\na = b\n", "m:2: account a"),
        BAD("a NUL", "a = b\0c", "m:1: not text"),
        BAD("a NUL in a comment", "#\0", "m:1: not text"),
        BAD("an escape", "a = \x1b[2J", "m:1: not UTF-8"),
        BAD("a lone CR", "a = b\rc = d", "m:1: not UTF-8"),
        BAD("bad UTF-8", "a = \xff", "m:1: not UTF-8"),
        BAD("an overlong form", "a = \xc0\xaf", "m:1: not UTF-8"),
        BAD("a mark in the middle", "a = b\n\xef\xbb\xbf\x01", "m:2: not UTF"),
        BAD("UTF-16",
            "\xff\xfe"
            "a\0=\0b\0",
            "m:1: not text"),
        BAD("a section", "[owner]", "m:1: must be"),
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_owner_map *map = NULL;
        struct ph_why why = {""};
        int err =
            ph_owner_map_parse("m", cases[i].text, cases[i].len, &map, &why);

        if (err != PH_ERR_CONFIG || strstr(why.text, cases[i].says) == NULL)
            fail_msg("%s: %d '%s'", cases[i].what, err, why.text);
        assert_null(map);
    }
}

/* So many lines, each with its number. */
static char *
many(const char *before, const char *behind, size_t count, size_t *out_len)
{
    const size_t room = 96;
    char *text = malloc(count * room);
    size_t len = 0;

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        len +=
            (size_t)snprintf(text + len, room, "%s%zu%s\n", before, i, behind);
    *out_len = len;
    return text;
}

static void
everything_has_a_maximum(void **state)
{
    struct ph_owner_map *map = NULL;
    struct ph_why why;
    char line[PH_OWNER_MAP_LINE_MAX + 2];
    char *text;
    size_t len;

    (void)state;
    text = many("u", " = u@x.y", PH_OWNER_MAP_COUNT_MAX, &len);
    assert_int_equal(ph_owner_map_parse("m", text, len, &map, &why), PH_OK);
    assert_string_equal(ph_owner_map_find(map, "u19999"), "u@x.y");
    ph_owner_map_free(map);
    free(text);
    text = many("u", " = u@x.y", PH_OWNER_MAP_COUNT_MAX + 1, &len);
    assert_int_equal(ph_owner_map_parse("m", text, len, &map, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "m:20001: more than 20000"));
    free(text);
    text = many("# fifty bytes and some more, so that there are fewer ", "",
                PH_OWNER_MAP_FILE_MAX / 52 + 1, &len);
    assert_int_equal(ph_owner_map_parse("m", text, len, &map, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "larger than"));
    free(text);
    memset(line, '#', sizeof(line));
    assert_int_equal(
        ph_owner_map_parse("m", line, PH_OWNER_MAP_LINE_MAX, &map, &why),
        PH_OK);
    ph_owner_map_free(map);
    assert_int_equal(
        ph_owner_map_parse("m", line, PH_OWNER_MAP_LINE_MAX + 1, &map, &why),
        PH_ERR_CONFIG);
    memset(line, 'a', sizeof(line));
    memcpy(line + PH_OWNER_MAP_NAME_MAX + 1, "=b", 2);
    assert_int_equal(
        ph_owner_map_parse("m", line, PH_OWNER_MAP_NAME_MAX + 3, &map, &why),
        PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "longer than 255"));
}

/* Whoever can write the map decides who gets whose jobs. */
static void
a_file_that_others_can_write_is_refused(void **state)
{
    struct ph_owner_map *map = NULL;
    struct scratch scratch;
    struct ph_why why;
    struct stat st;
    char path[512];

    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/owners", scratch.path);
    assert_int_equal(ph_owner_map_load(path, &map, &st, &why),
                     PH_ERR_NOT_FOUND);
    scratch_write(path, "a = b\n", 6);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(ph_owner_map_load(path, &map, &st, &why), PH_OK);
    assert_int_equal(st.st_size, 6);
    ph_owner_map_free(map);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(ph_owner_map_load(path, &map, &st, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(chmod(path, 0646), 0);
    assert_int_equal(ph_owner_map_load(path, &map, &st, &why), PH_ERR_DENIED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ph_owner_map_load(path, &map, &st, &why), PH_ERR_DENIED);
    scratch_remove(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_are_found),
        cmocka_unit_test(bad_lines_are_refused_with_file_and_line),
        cmocka_unit_test(everything_has_a_maximum),
        cmocka_unit_test(a_file_that_others_can_write_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
