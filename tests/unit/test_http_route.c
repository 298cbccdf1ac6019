/* Routes: what is in no row does not exist. */
#include "printhold/proto/http_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static const struct ph_http_route table[] = {
    {PH_HTTP_GET, "/v1", 0, 1},
    {PH_HTTP_GET, "/v1/jobs", 1, 2},
    {PH_HTTP_GET, "/v1/jobs/{}", 1, 3},
    {PH_HTTP_DELETE, "/v1/jobs/{}", 1, 4},
    {PH_HTTP_POST, "/v1/jobs/{}/claim", 1, 5},
};

static int
find(enum ph_http_method method, const char *path, struct ph_http_match *match,
     char allow[PH_HTTP_ALLOW_MAX])
{
    struct ph_http_request request = {.method = method,
                                      .path = {path, strlen(path)}};

    return ph_http_route_find(table, PH_COUNT(table), &request, match, allow);
}

static void
rows_match_whole_paths_only(void **state)
{
    static const struct {
        enum ph_http_method method;
        const char *path;
        int action; /* 0: not found */
        const char *segment;
    } cases[] = {
        {PH_HTTP_GET, "/v1", 1, ""},
        {PH_HTTP_HEAD, "/v1", 1, ""},
        {PH_HTTP_GET, "/v1/", 0, ""},
        {PH_HTTP_GET, "/v1/jobs", 2, ""},
        {PH_HTTP_GET, "/v1/jobs/", 0, ""},
        {PH_HTTP_GET, "/v1/jobs/0a", 3, "0a"},
        {PH_HTTP_DELETE, "/v1/jobs/0a", 4, "0a"},
        {PH_HTTP_POST, "/v1/jobs/0a/claim", 5, "0a"},
        {PH_HTTP_POST, "/v1/jobs//claim", 0, ""},
        {PH_HTTP_POST, "/v1/jobs/a/b/claim", 0, ""},
        {PH_HTTP_GET, "/v1/jobs/..", 0, ""},
        {PH_HTTP_GET, "/v1/jobs/%2e", 0, ""},
        {PH_HTTP_GET, "/V1/jobs", 0, ""},
        {PH_HTTP_GET, "//v1/jobs", 0, ""},
        {PH_HTTP_GET, "/", 0, ""},
        {PH_HTTP_GET,
         "/v1/jobs/0123456789012345678901234567890123456789012345678901234567"
         "8901234",
         0, ""},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_http_match match = {NULL, ""};
        char allow[PH_HTTP_ALLOW_MAX];
        int err = find(cases[i].method, cases[i].path, &match, allow);

        if (cases[i].action == 0) {
            if (err != PH_ERR_NOT_FOUND)
                fail_msg("found: %s", cases[i].path);
            assert_null(match.route);
            continue;
        }
        if (err != PH_OK)
            fail_msg("not found: %s", cases[i].path);
        assert_int_equal(match.route->action, cases[i].action);
        assert_string_equal(match.segment, cases[i].segment);
    }
}

static void
a_wrong_method_is_told_the_right_ones(void **state)
{
    struct ph_http_match match;
    char allow[PH_HTTP_ALLOW_MAX];

    (void)state;
    assert_int_equal(find(PH_HTTP_POST, "/v1/jobs/0a", &match, allow),
                     PH_ERR_DENIED);
    assert_string_equal(allow, "GET, HEAD, DELETE");
    assert_int_equal(find(PH_HTTP_OTHER, "/v1", &match, allow), PH_ERR_DENIED);
    assert_string_equal(allow, "GET, HEAD");
    assert_int_equal(find(PH_HTTP_HEAD, "/v1/jobs/0a/claim", &match, allow),
                     PH_ERR_DENIED);
    assert_string_equal(allow, "POST");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_match_whole_paths_only),
        cmocka_unit_test(a_wrong_method_is_told_the_right_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
