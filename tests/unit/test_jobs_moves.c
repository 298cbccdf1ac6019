/*
 * Every state and everything that can happen to a job in it: what happens goes
 * along the table of model/job.h or is refused, and nothing else changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs_checks.h"

enum event {
    DELETE,
    KEEP,
    CLAIM,
    CLAIM_BY_OTHER,
    UNCLAIM,
    PRINTED,
    NOT_PRINTED,
    DAMAGED,
    LEASE_OVER,
    RETENTION_OVER,
    EVENTS
};
static const char *const event_names[EVENTS] = {
    "delete",  "keep",        "claim",   "claim by another", "unclaim",
    "printed", "not printed", "damaged", "lease over",       "retention over",
};

struct outcome {
    int err;
    enum ph_job_state to; /* 0: as before */
};

/* What is not named here is an ended state: see ended below. */
static const struct outcome held[EVENTS] = {
    [DELETE] = {PH_OK, PH_JOB_DELETED},
    [KEEP] = {PH_OK, 0},
    [CLAIM] = {PH_OK, PH_JOB_CLAIMED},
    [CLAIM_BY_OTHER] = {PH_OK, PH_JOB_CLAIMED},
    [UNCLAIM] = {PH_ERR_STATE, 0},
    [PRINTED] = {PH_ERR_STATE, 0},
    [NOT_PRINTED] = {PH_OK, 0}, /* it was said before */
    [DAMAGED] = {PH_OK, PH_JOB_FAILED},
    [LEASE_OVER] = {PH_OK, 0},
    [RETENTION_OVER] = {PH_OK, PH_JOB_EXPIRED},
};
static const struct outcome claimed[EVENTS] = {
    [DELETE] = {PH_ERR_BUSY, 0},
    [KEEP] = {PH_OK, 0},
    [CLAIM] = {PH_OK, 0}, /* renewed */
    [CLAIM_BY_OTHER] = {PH_ERR_BUSY, 0},
    [UNCLAIM] = {PH_OK, PH_JOB_HELD},
    [PRINTED] = {PH_OK, PH_JOB_RELEASED},
    [NOT_PRINTED] = {PH_OK, PH_JOB_HELD},
    [DAMAGED] = {PH_OK, PH_JOB_FAILED},
    [LEASE_OVER] = {PH_OK, PH_JOB_HELD},
    [RETENTION_OVER] = {PH_OK, PH_JOB_EXPIRED}, /* by way of held */
};
static const struct outcome ended[EVENTS] = {
    [DELETE] = {PH_ERR_STATE, 0},
    [KEEP] = {PH_ERR_STATE, 0},
    [CLAIM] = {PH_ERR_NOT_FOUND, 0},
    [CLAIM_BY_OTHER] = {PH_ERR_NOT_FOUND, 0},
    [UNCLAIM] = {PH_ERR_NOT_FOUND, 0},
    [PRINTED] = {PH_ERR_NOT_FOUND, 0},
    [NOT_PRINTED] = {PH_ERR_NOT_FOUND, 0},
    [DAMAGED] = {PH_ERR_STATE, 0},
    [LEASE_OVER] = {PH_OK, 0},
    [RETENTION_OVER] = {PH_OK, 0},
};

static int
reap_after(struct jobs_fixture *f, int64_t ms)
{
    int64_t next;

    moved_ms += ms;
    return ph_jobs_reap(f->jobs, moved_ms, &next);
}

static int
report(struct jobs_fixture *f, const struct ph_id *id, const char *result)
{
    struct ph_release_report report = {.impressions = 1};

    (void)snprintf(report.printer, sizeof(report.printer), "pr-1");
    (void)snprintf(report.result, sizeof(report.result), "%s", result);
    return ph_jobs_complete(f->jobs, &alice_at_printer, id, &report);
}

static int
happen(struct jobs_fixture *f, const struct ph_id *id, enum event event)
{
    const int64_t retention_ms = (int64_t)f->config.retention_s * 1000;
    const int64_t lease_ms = (int64_t)f->config.lease_s * 1000;
    struct ph_job_view view;
    struct ph_why why;

    switch (event) {
    case DELETE:
        return ph_jobs_delete(f->jobs, &alice, id, &why);
    case KEEP:
        return ph_jobs_keep(f->jobs, &alice, id, true, &why);
    case CLAIM:
        return ph_jobs_claim(f->jobs, &alice_at_printer, id, "pr-1", &view);
    case CLAIM_BY_OTHER:
        return ph_jobs_claim(f->jobs, &alice_at_printer, id, "pr-2", &view);
    case UNCLAIM:
        return ph_jobs_unclaim(f->jobs, &alice_at_printer, id, "pr-1");
    case PRINTED:
        return report(f, id, "printed");
    case NOT_PRINTED:
        return report(f, id, "failed");
    case DAMAGED:
        return ph_jobs_fail(f->jobs, id, "damaged");
    case LEASE_OVER:
        return reap_after(f, lease_ms);
    case RETENTION_OVER:
        return reap_after(f, retention_ms);
    default:
        return PH_ERR_INVALID;
    }
}

/* A fresh job in that state. */
static struct ph_id
make(struct jobs_fixture *f, enum ph_job_state state)
{
    static unsigned number;
    char text[32];
    struct ph_id id;

    (void)snprintf(text, sizeof(text), "document %u", number++);
    id = jobs_fixture_hold(f, "t", text);
    if (state == PH_JOB_CLAIMED || state == PH_JOB_RELEASED)
        claim(f, &id, "pr-1");
    if (state == PH_JOB_RELEASED)
        assert_int_equal(report(f, &id, "printed"), PH_OK);
    else if (state == PH_JOB_EXPIRED)
        assert_int_equal(happen(f, &id, RETENTION_OVER), PH_OK);
    else if (state == PH_JOB_DELETED)
        assert_int_equal(happen(f, &id, DELETE), PH_OK);
    else if (state == PH_JOB_FAILED)
        assert_int_equal(happen(f, &id, DAMAGED), PH_OK);
    assert_int_equal(view_of(f, &id).state, state);
    return id;
}

static struct outcome
expected_of(enum ph_job_state state, enum event event)
{
    /* The printer's report again: counted once, answered as the first time. */
    if (state == PH_JOB_RELEASED && event == PRINTED)
        return (struct outcome){PH_OK, 0};
    if (state == PH_JOB_HELD)
        return held[event];
    return state == PH_JOB_CLAIMED ? claimed[event] : ended[event];
}

static void
check(struct jobs_fixture *f, enum ph_job_state state, enum event event)
{
    const struct outcome expected = expected_of(state, event);
    const enum ph_job_state to = expected.to != 0 ? expected.to : state;
    const struct ph_id id = make(f, state);
    const int err = happen(f, &id, event);
    const enum ph_job_state now = view_of(f, &id).state;
    const bool by_held =
        state == PH_JOB_CLAIMED && ph_job_move_allowed(PH_JOB_HELD, now);

    if (err != expected.err || now != to)
        fail_msg("%s, %s: error %d, state %s", ph_job_state_name(state),
                 event_names[event], err, ph_job_state_name(now));
    if (now != state && !ph_job_move_allowed(state, now) && !by_held)
        fail_msg("%s, %s: %s is no legal move", ph_job_state_name(state),
                 event_names[event], ph_job_state_name(now));
}

static void
every_event_in_every_state_follows_the_table(void **state)
{
    struct jobs_fixture *f = *state;
    size_t documents = 0;

    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    for (int from = PH_JOB_HELD; from <= PH_JOB_FAILED; from++)
        for (int event = 0; event < EVENTS; event++)
            check(f, (enum ph_job_state)from, (enum event)event);
    documents = count_files(f, "spool/held");
    assert_int_equal(documents, count_jobs(f, &everyone));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_in_every_state_follows_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
