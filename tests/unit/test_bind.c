/* What a workstation and the hub say to each other to bind a person. */
#include "printhold/proto/bind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static int
take(const char *text, struct ph_sign_in *out, struct ph_why *why)
{
    json_t *root = NULL;
    int err;

    assert_int_equal(ph_json_parse(text, strlen(text), PH_BIND_MAX, &root),
                     PH_OK);
    err = ph_bind_take(root, out, why);
    json_decref(root);
    return err;
}

static void
a_request_survives_the_way(void **state)
{
    struct ph_sign_in in;
    struct ph_why why;
    struct ph_buf buf;

    (void)state;
    ph_buf_init(&buf, PH_BIND_MAX);
    assert_int_equal(ph_bind_put("Ann@example.com", "a \"word\"", &buf), PH_OK);
    assert_int_equal(take(ph_buf_str(&buf), &in, &why), PH_OK);
    assert_int_equal(in.way, PH_SIGN_IN_PASSWORD);
    assert_string_equal(in.login, "ann@example.com");
    assert_string_equal(in.password, "a \"word\"");
    assert_string_equal(in.new_badge, "");
    assert_int_equal(ph_bind_put("ann", "\xff", &buf), PH_ERR_INVALID);
    ph_buf_close(&buf);
}

static const struct {
    const char *name;
    const char *text;
} bad_requests[] = {
    {"nothing", "{}"},
    {"no password", "{\"login\":\"ann\"}"},
    {"no login", "{\"password\":\"marker\"}"},
    {"an empty login", "{\"login\":\"\",\"password\":\"marker\"}"},
    {"an empty password", "{\"login\":\"ann\",\"password\":\"\"}"},
    {"a login of two words", "{\"login\":\"an n\",\"password\":\"marker\"}"},
    {"a login that is a list", "{\"login\":[],\"password\":\"marker\"}"},
    {"a password that is a number", "{\"login\":\"ann\",\"password\":1}"},
    {"a password of two lines",
     "{\"login\":\"ann\",\"password\":\"marker\\n2\"}"},
    {"a way", "{\"way\":\"password\",\"login\":\"ann\","
              "\"password\":\"marker\"}"},
    {"a badge to register", "{\"login\":\"ann\",\"password\":\"marker\","
                            "\"new-badge\":\"abcd1234\"}"},
    {"another workstation", "{\"login\":\"ann\",\"password\":\"marker\","
                            "\"workstation\":\"ws-2\"}"},
};

static void
bad_requests_are_refused_without_the_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(bad_requests); i++) {
        struct ph_sign_in in = {.login = "untouched"};
        struct ph_why why = {""};

        if (take(bad_requests[i].text, &in, &why) != PH_ERR_SYNTAX)
            fail_msg("taken: %s", bad_requests[i].name);
        assert_string_equal(in.login, "untouched");
        assert_string_not_equal(why.text, "");
        assert_null(strstr(why.text, "marker"));
    }
}

static void
a_password_has_256_bytes_at_most(void **state)
{
    char text[400] = "{\"login\":\"ann\",\"password\":\"";
    const size_t at = strlen(text);
    struct ph_sign_in in;
    struct ph_why why;

    (void)state;
    memset(text + at, 'x', 256);
    memcpy(text + at + 256, "\"}", 3);
    assert_int_equal(take(text, &in, &why), PH_OK);
    assert_int_equal(strlen(in.password), 256);
    memcpy(text + at + 256, "x\"}", 4);
    assert_int_equal(take(text, &in, &why), PH_ERR_SYNTAX);
}

static const char *const bad_answers[] = {
    "",
    "[]",
    "{}",
    "{\"bound\":true}",
    "{\"person\":{\"login\":\"ann\"}}",
    "{\"person\":{\"login\":\"ann\"},\"bound\":false}",
    "{\"person\":{\"login\":\"ann\"},\"bound\":\"true\"}",
    "{\"person\":{\"login\":\"ann\"},\"bound\":true,\"bound\":true}",
    "{\"person\":\"ann\",\"bound\":true}",
    "{\"person\":{},\"bound\":true}",
    "{\"person\":{\"login\":\"\"},\"bound\":true}",
    "{\"person\":{\"login\":\"a\\u001bn\"},\"bound\":true}",
    "{\"person\":{\"login\":\"ann\",\"name\":1},\"bound\":true}",
    "{\"person\":{\"login\":\"ann\",\"name\":\"\\u001b[2J\"},\"bound\":true}",
};

static void
answers_are_read_strictly(void **state)
{
    static const char good[] =
        "{\"person\":{\"login\":\"Ann@example.com\",\"name\":\"Ann\",\"x\":1},"
        "\"bound\":true,\"later\":[]}";
    static const char unnamed[] =
        "{\"person\":{\"login\":\"ann\"},\"bound\":true}";
    struct ph_bound bound;

    (void)state;
    assert_int_equal(ph_bound_parse(good, strlen(good), &bound), PH_OK);
    assert_string_equal(bound.login, "ann@example.com");
    assert_string_equal(bound.name, "Ann");
    assert_int_equal(ph_bound_parse(unnamed, strlen(unnamed), &bound), PH_OK);
    assert_string_equal(bound.name, "");
    for (size_t i = 0; i < PH_COUNT(bad_answers); i++)
        if (ph_bound_parse(bad_answers[i], strlen(bad_answers[i]), &bound) ==
            PH_OK)
            fail_msg("taken: %s", bad_answers[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_survives_the_way),
        cmocka_unit_test(bad_requests_are_refused_without_the_secret),
        cmocka_unit_test(a_password_has_256_bytes_at_most),
        cmocka_unit_test(answers_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
