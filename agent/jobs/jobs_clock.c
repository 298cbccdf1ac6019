/*
 * Job time: wall time without the steps of the clock.
 *
 * Retention, history and leases are spans of time that passes: awake, asleep,
 * switched off. They are kept in job time, so that neither a clock that was
 * set forward ends a job early nor one that was set back keeps it for ever.
 *
 *   job time = wall time - steps
 *
 *   running      the clock that counts since the start of the computer tells a
 *                step from time that passed
 *   agent down   the same, as long as the computer is not started anew
 *   restarted    wall time that went forward is time switched off; wall time
 *                that went back is a step: job time stands still at worst
 *
 * What people and printers see is wall time again: all ends of jobs move along
 * when the clock is set.
 */
#include "jobs_private.h"

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* Less is the slow work of a time service. */
#define STEP_MS 2000

/* In the catalogue; written together. */
#define NAME_STEPS "clock_steps_ms"
#define NAME_WALL  "clock_wall_ms"
#define NAME_BOOT  "clock_boot_ms"
#define NAME_START "clock_start"

static int
store(struct ph_jobs *jobs)
{
    const struct jobs_clock *clock = &jobs->clock;
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err != PH_OK)
        return err;
    err = ph_catalogue_set_number(jobs->catalogue, NAME_STEPS, clock->steps_ms);
    if (err == PH_OK)
        err =
            ph_catalogue_set_number(jobs->catalogue, NAME_WALL, clock->wall_ms);
    if (err == PH_OK)
        err =
            ph_catalogue_set_number(jobs->catalogue, NAME_BOOT, clock->boot_ms);
    if (err == PH_OK)
        err = ph_catalogue_set_number(jobs->catalogue, NAME_START,
                                      clock->start_number);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

/* A difference between the two clocks: a step, unless it is small. */
static void
take_step(struct ph_jobs *jobs, int64_t step_ms)
{
    struct jobs_clock *clock = &jobs->clock;

    if (step_ms > -STEP_MS && step_ms < STEP_MS)
        return;
    clock->steps_ms += step_ms;
    ph_log_notice("the clock was set %s by %lld s; the ends of held jobs move "
                  "along",
                  step_ms > 0 ? "forward" : "back",
                  (long long)(step_ms > 0 ? step_ms : -step_ms) / 1000);
}

int64_t
jobs_now(struct ph_jobs *jobs)
{
    struct jobs_clock *clock = &jobs->clock;
    const int64_t wall_ms = ph_clock_wall_ms();
    const int64_t boot_ms = ph_clock_boot_ms();

    take_step(jobs, (wall_ms - clock->wall_ms) - (boot_ms - clock->boot_ms));
    clock->wall_ms = wall_ms;
    clock->boot_ms = boot_ms;
    return wall_ms - clock->steps_ms;
}

int64_t
jobs_held_now(struct ph_jobs *jobs)
{
    const int64_t now_ms = jobs_now(jobs);
    int64_t *last_ms = &jobs->clock.held_ms;

    *last_ms = now_ms > *last_ms ? now_ms : *last_ms + 1;
    return *last_ms;
}

int64_t
jobs_wall(const struct ph_jobs *jobs, int64_t job_ms)
{
    return job_ms + jobs->clock.steps_ms;
}

int64_t
jobs_time(const struct ph_jobs *jobs, int64_t wall_ms)
{
    return wall_ms - jobs->clock.steps_ms;
}

int
jobs_clock_keep(struct ph_jobs *jobs)
{
    (void)jobs_now(jobs);
    return store(jobs);
}

int
jobs_clock_start(struct ph_jobs *jobs)
{
    struct jobs_clock now = {.wall_ms = ph_clock_wall_ms(),
                             .boot_ms = ph_clock_boot_ms(),
                             .start_number = ph_clock_boot_number()};
    struct jobs_clock last = now;
    int64_t away_ms, step_ms = 0;
    int err = ph_catalogue_number(jobs->catalogue, NAME_STEPS, &last.steps_ms);

    if (err == PH_OK)
        err = ph_catalogue_number(jobs->catalogue, NAME_WALL, &last.wall_ms);
    if (err == PH_OK)
        err = ph_catalogue_number(jobs->catalogue, NAME_BOOT, &last.boot_ms);
    if (err == PH_OK)
        err = ph_catalogue_number(jobs->catalogue, NAME_START,
                                  &last.start_number);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    away_ms = now.wall_ms - last.wall_ms;
    if (now.start_number != 0 && now.start_number == last.start_number)
        step_ms = away_ms - (now.boot_ms - last.boot_ms);
    else if (away_ms < 0)
        step_ms = away_ms;
    now.steps_ms = err == PH_OK ? last.steps_ms : 0;
    now.told_steps_ms = now.steps_ms;
    jobs->clock = now;
    if (err == PH_OK)
        take_step(jobs, step_ms);
    return jobs_clock_keep(jobs);
}
