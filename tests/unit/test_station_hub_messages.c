/* What the station takes from the hub. */
#include "hub_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define ID      "0123456789abcdef0123456789abcdef"
#define SESSION "\"session\":\"0123456789abcdef\""
#define PERSON  "\"person\":{\"login\":\"ann@example.com\"}"
#define WS                                                                 \
    "{\"ws\":\"ws-a\",\"host\":\"lt-ann\",\"presence\":\"asleep\","        \
    "\"addr\":[\"192.0.2.7:9443\",\"[2001:db8::7]:1\",\"no address\"],"    \
    "\"jobs\":[{\"id\":\"" ID "\",\"st\":\"held\",\"job-name\":\"a\\u001b" \
    "[2Jb\",\"copies\":2}],\"more\":3,\"grant\":\"a.b.c\"}"
#define ANSWER(list) "{" PERSON "," SESSION ",\"workstations\":[" list "]}"

static int
parse(const char *text, struct ph_hub_answer *out)
{
    return ph_hub_answer_parse(text, strlen(text), out);
}

static void
an_answer_is_read(void **state)
{
    struct ph_hub_answer answer;
    const struct ph_hub_workstation *ws;

    (void)state;
    assert_int_equal(parse(ANSWER(WS), &answer), PH_OK);
    assert_string_equal(answer.login, "ann@example.com");
    assert_false(answer.registered_only);
    assert_string_equal(answer.session, "0123456789abcdef");
    assert_int_equal(answer.workstation_count, 1);
    ws = answer.workstation;
    assert_string_equal(ws->id, "ws-a");
    assert_string_equal(ws->presence, "asleep");
    assert_int_equal(ws->address_count, 2); /* what is none is left out */
    assert_string_equal(ws->address[1], "[2001:db8::7]:1");
    assert_int_equal(ws->job_count, 1);
    assert_string_equal(ws->job[0].id, ID);
    assert_null(strchr(ws->job[0].title, '\033'));
    assert_int_equal(ws->job[0].copies, 2);
    assert_int_equal(ws->job[0].impressions, -1);
    assert_int_equal(ws->more, 3);
    assert_string_equal(ws->grant, "a.b.c");
    ph_hub_answer_free(&answer);
    assert_null(answer.workstation);
}

static void
a_registration_alone_is_no_session(void **state)
{
    struct ph_hub_answer answer;

    (void)state;
    assert_int_equal(parse("{" PERSON ",\"registered\":true}", &answer), PH_OK);
    assert_true(answer.registered_only);
    assert_int_equal(answer.workstation_count, 0);
    ph_hub_answer_free(&answer);
}

/* The answer with one piece of it replaced. */
static void
replaced(const char *piece, const char *by, char *dst, size_t cap)
{
    static const char whole[] = ANSWER(WS);
    const char *at = strstr(whole, piece);

    assert_non_null(at);
    (void)snprintf(dst, cap, "%.*s%s%s", (int)(at - whole), whole, by,
                   at + strlen(piece));
}

static void
what_is_no_answer_is_refused(void **state)
{
    static const struct {
        const char *piece;
        const char *by;
    } cases[] = {
        {SESSION, "\"x\":1"},
        {SESSION, "\"session\":\"short\""},
        {"0123456789abcdef", "0123456789abcdef\\r\\nX: y"},
        {"\"workstations\"", "\"others\""},
        {"\"ws-a\"", "\"\""},
        {"\"ws-a\"", "\"../ws\""},
        {"\"ws-a\"", "7"},
        {ID, "0123"},
        {ID, "../../../../etc/passwd00000000000"},
        {"\"jobs\":[", "\"jobs\":[7,"},
        {"\"jobs\"", "\"work\""},
        {"\"a.b.c\"", "\"\""},
        {"\"a.b.c\"", "\"a.b.c\\\",\\\"x\\\":\\\"\""},
        {"\"grant\"", "\"gift\""},
        {"[\"192.0.2.7:9443\"", "[1,2,3,4,5,6,7,\"192.0.2.7:9443\""},
    };
    struct ph_hub_answer answer;
    char text[1024];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        replaced(cases[i].piece, cases[i].by, text, sizeof(text));
        if (parse(text, &answer) == PH_OK)
            fail_msg("taken: %s", text);
    }
    assert_int_not_equal(parse("", &answer), PH_OK);
    assert_int_not_equal(parse("[]", &answer), PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(a_registration_alone_is_no_session),
        cmocka_unit_test(what_is_no_answer_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
