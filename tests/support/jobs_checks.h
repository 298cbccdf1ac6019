/*
 * What the tests of agent/jobs ask again and again: the people, a clock that
 * moves, and counts of jobs, files and events.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_JOBS_CHECKS_H
#define PRINTHOLD_TESTS_SUPPORT_JOBS_CHECKS_H

#include "jobs_fixture.h"

#include <dirent.h>
#include <fcntl.h>

#include <sqlite3.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

static const struct ph_asker alice PH_UNUSED = {.by_uid = true,
                                                .owner_uid = 1001};
static const struct ph_asker bob PH_UNUSED = {.by_uid = true,
                                              .owner_uid = 1002};
static const struct ph_asker alice_at_printer PH_UNUSED = {
    .login = "alice@example.com"};
static const struct ph_asker bob_at_printer PH_UNUSED = {.login =
                                                             "bob@example.com"};
static const struct ph_asker everyone PH_UNUSED = {.everyone = true};

/* What the moved clock says, once ph_clock_set_wall(moved_clock) was called. */
static int64_t moved_ms PH_UNUSED;

static inline int64_t
moved_clock(void)
{
    return moved_ms;
}

static inline int
set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    jobs_fixture_make(f);
    *state = f;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct jobs_fixture *f = *state;

    ph_clock_set_wall(NULL);
    jobs_fixture_remove(f);
    free(f);
    return 0;
}

static inline bool
count_one(const struct ph_job_view *view, void *arg)
{
    (void)view;
    ++*(size_t *)arg;
    return true;
}

static inline size_t
count_jobs(struct jobs_fixture *f, const struct ph_asker *asker)
{
    size_t count = 0;

    assert_int_equal(ph_jobs_list(f->jobs, asker, count_one, &count), PH_OK);
    return count;
}

static inline size_t
count_files(struct jobs_fixture *f, const char *folder)
{
    char command[512];
    size_t count = 0;
    struct dirent *entry;
    DIR *dir;

    jobs_fixture_path(f, folder, command, sizeof(command));
    dir = opendir(command);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

/* Events in the outbox whose text has the given words. */
static inline size_t
count_events(struct jobs_fixture *f, const char *words)
{
    struct ph_outbox_event events[32];
    size_t count, found = 0;

    assert_int_equal(
        ph_jobs_due_events(f->jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    for (size_t i = 0; i < count; i++) {
        found += strstr(ph_buf_str(&events[i].payload), words) != NULL;
        ph_buf_close(&events[i].payload);
    }
    return found;
}

static inline struct ph_job_view
view_of(struct jobs_fixture *f, const struct ph_id *id)
{
    struct ph_job_view view;

    assert_int_equal(ph_jobs_get(f->jobs, &everyone, id, &view), PH_OK);
    return view;
}

static inline void
claim(struct jobs_fixture *f, const struct ph_id *id, const char *printer)
{
    struct ph_job_view view;

    assert_int_equal(
        ph_jobs_claim(f->jobs, &alice_at_printer, id, printer, &view), PH_OK);
    assert_int_equal(view.state, PH_JOB_CLAIMED);
    assert_string_equal(view.holder, printer);
}

static inline int
complete(struct jobs_fixture *f, const struct ph_id *id, const char *printer,
         const char *result)
{
    struct ph_release_report report = {.impressions = 3, .sheets = 2};

    (void)snprintf(report.printer, sizeof(report.printer), "%s", printer);
    (void)snprintf(report.result, sizeof(report.result), "%s", result);
    return ph_jobs_complete(f->jobs, &alice_at_printer, id, &report);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
