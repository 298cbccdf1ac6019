/*
 * Retention on a real loop: jobs whose time is over go at the start, at a
 * change and never before; the clock is moved.
 */
#include "reaper.h"

#include "jobs_checks.h"

#include <stdatomic.h>

#define HOUR_MS     (3600 * INT64_C(1000))
#define PATIENCE_MS 20000

/* Read by the pool's threads as well. */
static _Atomic int64_t now_ms;

static int64_t
atomic_clock(void)
{
    return atomic_load(&now_ms);
}

struct scene {
    struct jobs_fixture jobs;
    uv_loop_t loop;
    uv_timer_t look;
    struct ph_reaper *reaper;
    size_t wanted;
    int64_t deadline_ms;
    bool is_reached;
    unsigned stopped;
};

static int
scene_set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    jobs_fixture_make(&s->jobs);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    atomic_store(&now_ms, ph_clock_wall_ms());
    ph_clock_set_wall(atomic_clock);
    *state = s;
    return 0;
}

static int
scene_tear_down(void **state)
{
    struct scene *s = *state;

    /* Nothing is left on the loop once the close callback came. */
    assert_int_equal(uv_loop_close(&s->loop), 0);
    ph_clock_set_wall(NULL);
    jobs_fixture_remove(&s->jobs);
    free(s);
    return 0;
}

static void
on_stopped(void *arg)
{
    struct scene *s = arg;

    s->stopped++;
}

static void
stop(struct scene *s)
{
    ph_reaper_stop(s->reaper, on_stopped, s);
    assert_int_equal(s->stopped, 0);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(s->stopped, 1);
}

static void
on_look(uv_timer_t *timer)
{
    struct scene *s = timer->data;

    s->is_reached = count_jobs(&s->jobs, &everyone) == s->wanted &&
                    count_files(&s->jobs, "spool/held") == s->wanted;
    if (s->is_reached || ph_clock_mono_ms() > s->deadline_ms)
        uv_close((uv_handle_t *)timer, NULL);
}

/* Run the loop until so many jobs and files are left. */
static void
wait_for_jobs(struct scene *s, size_t count)
{
    s->wanted = count;
    s->is_reached = false;
    s->deadline_ms = ph_clock_mono_ms() + PATIENCE_MS;
    s->look.data = s;
    assert_int_equal(uv_timer_init(&s->loop, &s->look), 0);
    assert_int_equal(uv_timer_start(&s->look, on_look, 10, 10), 0);
    while (!uv_is_closing((uv_handle_t *)&s->look))
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    (void)uv_run(&s->loop, UV_RUN_NOWAIT); /* its close callback */
    assert_true(s->is_reached);
}

/* Run the loop until the round has ended and the next is minutes away. */
static void
wait_for_rest(struct scene *s)
{
    while (uv_backend_timeout(&s->loop) <= 0)
        (void)uv_run(&s->loop, UV_RUN_ONCE);
    assert_true(uv_backend_timeout(&s->loop) > HOUR_MS / 12);
}

static void
start(struct scene *s)
{
    assert_int_equal(ph_reaper_start(&s->loop, s->jobs.jobs, &s->reaper),
                     PH_OK);
}

static void
what_is_over_goes_at_the_start_and_the_rest_stays(void **state)
{
    struct scene *s = *state;

    (void)jobs_fixture_hold(&s->jobs, "old", "old");
    atomic_fetch_add(&now_ms, 23 * HOUR_MS);
    (void)jobs_fixture_hold(&s->jobs, "young", "young");
    atomic_fetch_add(&now_ms, 2 * HOUR_MS); /* 24 h is the default */
    start(s);
    wait_for_jobs(s, 1);
    assert_int_equal(count_events(&s->jobs, "job.expired"), 1);
    assert_int_equal(count_events(&s->jobs, "\"job-name\":\"old\""), 2);
    stop(s);
}

static void
a_change_brings_it_round_long_before_its_time(void **state)
{
    struct scene *s = *state;

    (void)jobs_fixture_hold(&s->jobs, "first", "first");
    atomic_fetch_add(&now_ms, 23 * HOUR_MS);
    (void)jobs_fixture_hold(&s->jobs, "second", "second");
    atomic_fetch_add(&now_ms, 2 * HOUR_MS);
    start(s);
    wait_for_jobs(s, 1);
    wait_for_rest(s);
    atomic_fetch_add(&now_ms, 24 * HOUR_MS);
    ph_reaper_kick(s->reaper);
    wait_for_jobs(s, 0);
    assert_int_equal(count_events(&s->jobs, "job.expired"), 2);
    stop(s);
}

static void
a_round_under_way_ends_before_it_is_stopped(void **state)
{
    struct scene *s = *state;

    (void)jobs_fixture_hold(&s->jobs, "old", "old");
    atomic_fetch_add(&now_ms, 25 * HOUR_MS);
    start(s);
    (void)uv_run(&s->loop, UV_RUN_NOWAIT); /* the round has begun */
    stop(s);
    assert_int_equal(count_jobs(&s->jobs, &everyone), 0);
}

static void
it_can_be_stopped_before_it_did_anything(void **state)
{
    struct scene *s = *state;

    (void)jobs_fixture_hold(&s->jobs, "old", "old");
    atomic_fetch_add(&now_ms, 25 * HOUR_MS);
    start(s);
    stop(s);
    assert_int_equal(count_jobs(&s->jobs, &everyone), 1);
}

int
main(void)
{
#define SCENE(f) \
    cmocka_unit_test_setup_teardown(f, scene_set_up, scene_tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(what_is_over_goes_at_the_start_and_the_rest_stays),
        SCENE(a_change_brings_it_round_long_before_its_time),
        SCENE(a_round_under_way_ends_before_it_is_stopped),
        SCENE(it_can_be_stopped_before_it_did_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
