/* Unit tests of model/job. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/model/job.h"

/* One row per state; the moves that are legal from it as a string of the
 * first letters of (r)eceiving (h)eld (c)laimed (R)eleased (e)xpired
 * (d)eleted (f)ailed. */
static const struct {
    enum ph_job_state state;
    const char *name;
    const char *moves;
    bool document;
} states[] = {
    {PH_JOB_RECEIVING, "receiving", "h", true},
    {PH_JOB_HELD, "held", "cdef", true},
    {PH_JOB_CLAIMED, "claimed", "hRf", true},
    {PH_JOB_RELEASED, "released", "", false},
    {PH_JOB_EXPIRED, "expired", "", false},
    {PH_JOB_DELETED, "deleted", "", false},
    {PH_JOB_FAILED, "failed", "", false},
};
static const char letters[] = {' ', 'r', 'h', 'c', 'R', 'e', 'd', 'f'};

static void
each_state_allows_exactly_the_moves_of_the_diagram(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(states); i++) {
        for (int to = PH_JOB_RECEIVING; to <= PH_JOB_FAILED; to++) {
            bool expected = strchr(states[i].moves, letters[to]) != NULL;

            if (ph_job_move_allowed(states[i].state, (enum ph_job_state)to) !=
                expected)
                fail_msg("%s to %s", states[i].name,
                         ph_job_state_name((enum ph_job_state)to));
        }
    }
}

static void
values_outside_the_list_allow_nothing(void **state)
{
    (void)state;
    assert_false(ph_job_move_allowed((enum ph_job_state)0, PH_JOB_HELD));
    assert_false(ph_job_move_allowed(PH_JOB_HELD, (enum ph_job_state)8));
    assert_false(ph_job_state_has_document((enum ph_job_state)0));
    assert_string_equal(ph_job_state_name((enum ph_job_state)8), "unknown");
}

static void
names_and_documents_follow_the_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(states); i++) {
        assert_string_equal(ph_job_state_name(states[i].state), states[i].name);
        assert_int_equal(ph_job_state_has_document(states[i].state),
                         states[i].document);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_allows_exactly_the_moves_of_the_diagram),
        cmocka_unit_test(values_outside_the_list_allow_nothing),
        cmocka_unit_test(names_and_documents_follow_the_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
