/* Commands of the cloud: effect, answer and memory of the jti are one, and
 * nothing moves a document (SR-50). */
#include "jobs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "jobs_fixture.h"
#include "printhold/base/clock.h"
#include "printhold/proto/json.h"

#define ALICE "alice@example.com"
#define PR    "pr-lobby"

static const struct ph_asker everyone = {.everyone = true};
static const struct ph_asker alice = {
    .login = ALICE, .printer = PR, .amr = "badge"};

static int
set_up(void **state)
{
    struct jobs_fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    jobs_fixture_make(f);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct jobs_fixture *f = *state;

    jobs_fixture_remove(f);
    free(f);
    return 0;
}

static struct ph_id
hold(struct jobs_fixture *f, const char *user, uint32_t uid, unsigned number)
{
    struct ph_id id = {{0}};
    char uuid[64];

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:00000000-0000-0000-0000-%012u",
                   number);
    assert_int_equal(
        jobs_fixture_hold_as(f, user, uid, uuid, "zebra", "a document", &id),
        PH_OK);
    return id;
}

static struct ph_command
command_of(enum ph_command_op op, const char *jti, const char *user)
{
    struct ph_command command = {.op = op};
    const int64_t now_s = ph_clock_wall_ms() / 1000;

    command.claims.issued_s = now_s;
    command.claims.expires_s = now_s + 3600;
    (void)snprintf(command.jti, sizeof(command.jti), "%s", jti);
    (void)snprintf(command.user, sizeof(command.user), "%s", user);
    return command;
}

static int
run(struct jobs_fixture *f, const struct ph_command *command,
    struct ph_command_result *out_result)
{
    return ph_jobs_command(f->jobs, command, NULL, out_result);
}

static enum ph_job_state
state_of(struct jobs_fixture *f, const struct ph_id *id)
{
    struct ph_job_view view;

    return ph_jobs_get(f->jobs, &everyone, id, &view) == PH_OK
               ? view.state
               : PH_JOB_RECEIVING;
}

/* Calls each with every event that waits, oldest first. */
static size_t
each_event(struct jobs_fixture *f, void (*each)(const json_t *event, void *arg),
           void *arg)
{
    struct ph_outbox_event events[64];
    size_t count = 0;

    assert_int_equal(ph_jobs_due_events(f->jobs, 0, events, 64, &count), PH_OK);
    for (size_t i = 0; i < count; i++) {
        json_t *root = NULL;

        assert_int_equal(ph_json_parse(events[i].payload.data,
                                       events[i].payload.len, 65536, &root),
                         PH_OK);
        each(root, arg);
        json_decref(root);
        ph_buf_close(&events[i].payload);
    }
    return count;
}

struct answers {
    size_t done, refused, of_alice, jobs;
    char cause[160], reason[64];
    json_int_t deleted, busy, not_found, history;
};

static void
add_answer(const json_t *event, void *arg)
{
    struct answers *answers = arg;
    const char *type = json_string_value(json_object_get(event, "type"));
    const json_t *data = json_object_get(event, "data");
    const char *usr = json_string_value(json_object_get(data, "usr"));
    const char *reason = json_string_value(json_object_get(data, "reason"));

    answers->of_alice += usr != NULL && strcmp(usr, ALICE) == 0;
    answers->jobs += strncmp(type, "org.printhold.job.", 18) == 0;
    if (strncmp(type, "org.printhold.command.", 22) != 0)
        return;
    answers->done += strcmp(type, "org.printhold.command.done.v1") == 0;
    answers->refused += strcmp(type, "org.printhold.command.refused.v1") == 0;
    (void)snprintf(answers->cause, sizeof(answers->cause), "%s",
                   json_string_value(json_object_get(data, "cause")));
    (void)snprintf(answers->reason, sizeof(answers->reason), "%s",
                   reason != NULL ? reason : "");
    answers->deleted = json_integer_value(json_object_get(data, "deleted"));
    answers->busy = json_integer_value(json_object_get(data, "busy"));
    answers->not_found = json_integer_value(json_object_get(data, "not-found"));
    answers->history = json_integer_value(json_object_get(data, "history"));
}

static struct answers
answers_of(struct jobs_fixture *f)
{
    struct answers answers = {.done = 0};

    (void)each_event(f, add_answer, &answers);
    return answers;
}

static size_t
documents(struct jobs_fixture *f)
{
    char path[512];
    struct dirent *entry;
    size_t count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/held", f->config.spool_dir);
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

static void
named_jobs_are_deleted_but_those_that_a_printer_has(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command command =
        command_of(PH_COMMAND_DELETE_JOBS, "jti-of-22-characters-1", "");
    struct ph_command_result result;
    struct ph_job_view view;
    struct answers answers;

    command.job[0] = hold(f, "alice", 1001, 1);
    command.job[1] = hold(f, "alice", 1001, 2);
    memset(command.job[2].bytes, 9, PH_ID_BYTES);
    command.job_count = 3;
    assert_int_equal(ph_jobs_claim(f->jobs, &alice, &command.job[1], PR, &view),
                     PH_OK);
    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(result.deleted, 1);
    assert_int_equal(result.busy, 1);
    assert_int_equal(result.not_found, 1);
    assert_int_equal(result.busy_named, 1);
    assert_true(ph_id_equal(&result.busy_job[0], &command.job[1]));
    assert_int_equal(state_of(f, &command.job[0]), PH_JOB_DELETED);
    assert_int_equal(state_of(f, &command.job[1]), PH_JOB_CLAIMED);
    assert_int_equal(documents(f), 1);
    answers = answers_of(f);
    assert_int_equal(answers.done, 1);
    assert_int_equal(answers.deleted, 1);
    assert_int_equal(answers.busy, 1);
    assert_int_equal(answers.not_found, 1);
    assert_string_equal(answers.cause, command.jti);
    assert_int_equal(answers.jobs, 3); /* held twice, deleted once */
}

static void
a_command_has_an_effect_once_even_after_a_crash(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command command =
        command_of(PH_COMMAND_DELETE_JOBS, "jti-of-22-characters-2", ALICE);
    struct ph_command_result result;
    struct ph_id late;

    (void)hold(f, "alice", 1001, 1);
    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(result.deleted, 1);
    assert_int_equal(run(f, &command, &result), PH_ERR_EXISTS);
    jobs_fixture_close(f);
    jobs_fixture_open(f);
    late = hold(f, "alice", 1001, 2);
    assert_int_equal(run(f, &command, &result), PH_ERR_EXISTS);
    assert_int_equal(state_of(f, &late), PH_JOB_HELD);
    assert_int_equal(answers_of(f).done, 1);
}

static void
a_grant_with_the_same_jti_is_another_thing(void **state)
{
    struct jobs_fixture *f = *state;
    const int64_t now_ms = ph_clock_wall_ms();
    struct ph_command command =
        command_of(PH_COMMAND_REFRESH, "jti-of-22-characters-3", "");
    struct ph_command_result result;

    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(
        ph_jobs_use_grant(f->jobs, &alice, command.jti, now_ms, now_ms + 60000),
        PH_OK);
}

static void
all_jobs_of_a_login_are_deleted_and_nobody_elses(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command command = command_of(
        PH_COMMAND_DELETE_JOBS, "jti-of-22-characters-4", "Alice@Example.COM");
    struct ph_command_result result;
    struct ph_id first = hold(f, "alice", 1001, 1);
    struct ph_id second = hold(f, "alice", 1001, 2);
    struct ph_id bobs = hold(f, "bob", 1002, 3);

    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(result.deleted, 2);
    assert_int_equal(state_of(f, &first), PH_JOB_DELETED);
    assert_int_equal(state_of(f, &second), PH_JOB_DELETED);
    assert_int_equal(state_of(f, &bobs), PH_JOB_HELD);
    assert_int_equal(documents(f), 1);
}

static size_t
emptied_documents(struct jobs_fixture *f)
{
    struct ph_outbox_document documents_due[8];
    size_t count = 0, empty = 0;

    assert_int_equal(ph_jobs_due_documents(f->jobs, documents_due, 8, &count),
                     PH_OK);
    for (size_t i = 0; i < count; i++) {
        empty += documents_due[i].payload.len == 0;
        ph_buf_close(&documents_due[i].payload);
    }
    return empty;
}

static void
a_purged_person_is_forgotten(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command command =
        command_of(PH_COMMAND_PURGE_USER, "jti-of-22-characters-5", ALICE);
    struct ph_command_result result;
    struct ph_id ended = hold(f, "alice", 1001, 1);
    struct ph_id held = hold(f, "alice", 1001, 2);
    struct ph_id bobs = hold(f, "bob", 1002, 3);
    struct ph_why why;
    struct answers answers;
    int64_t next;

    assert_int_equal(ph_jobs_delete(f->jobs, &everyone, &ended, &why), PH_OK);
    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(result.deleted, 1);
    assert_int_equal(result.history, 1);
    assert_int_equal(result.events, 3); /* held, held, deleted */
    answers = answers_of(f);
    assert_int_equal(answers.of_alice, 0);
    assert_int_equal(answers.done, 1);
    assert_int_equal(answers.jobs, 1); /* bob's */
    assert_int_equal(emptied_documents(f), 1);
    /* The file goes before the row; housekeeping takes both at once. */
    assert_int_equal(ph_jobs_reap(f->jobs, ph_clock_wall_ms(), &next), PH_OK);
    assert_int_equal(state_of(f, &ended), PH_JOB_RECEIVING);
    assert_int_equal(state_of(f, &held), PH_JOB_RECEIVING);
    assert_int_equal(state_of(f, &bobs), PH_JOB_HELD);
    assert_int_equal(documents(f), 1);
}

static void
a_purge_leaves_what_a_printer_has_and_says_so(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command command =
        command_of(PH_COMMAND_PURGE_USER, "jti-of-22-characters-6", ALICE);
    struct ph_command_result result;
    struct ph_id id = hold(f, "alice", 1001, 1);
    struct ph_job_view view;

    assert_int_equal(ph_jobs_claim(f->jobs, &alice, &id, PR, &view), PH_OK);
    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_int_equal(result.deleted, 0);
    assert_int_equal(result.busy, 1);
    assert_int_equal(state_of(f, &id), PH_JOB_CLAIMED);
}

static void
the_others_answer(void **state)
{
    static const struct {
        enum ph_command_op op;
        const char *user;
        const char *refused; /* NULL: done */
    } cases[] = {
        {PH_COMMAND_REFRESH, "", NULL},
        {PH_COMMAND_RENEW_CERTIFICATE, "", "not-enrolled"},
        {PH_COMMAND_UNKNOWN, "", "unknown-op"},
        {PH_COMMAND_DELETE_JOBS, "no body", "no-user"},
        {PH_COMMAND_PURGE_USER, "no body", "no-user"},
    };
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;
    size_t done = 0;

    (void)hold(f, "alice", 1001, 1);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char jti[64];
        struct ph_command command;
        struct ph_command_result result;
        struct answers answers;

        (void)snprintf(jti, sizeof(jti), "jti-of-22-characters-%zu", 100 + i);
        command = command_of(cases[i].op, jti, cases[i].user);
        assert_int_equal(run(f, &command, &result), PH_OK);
        done += cases[i].refused == NULL;
        answers = answers_of(f);
        assert_int_equal(answers.done, done);
        assert_int_equal(answers.refused, i + 1 - done);
        assert_string_equal(answers.cause, jti);
        if (cases[i].refused != NULL)
            assert_string_equal(answers.reason, cases[i].refused);
        assert_int_equal(documents(f), 1); /* nothing was moved */
    }
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_true(stats.renewal_wanted_ms > 0);
    assert_int_equal(ph_jobs_renewed(f->jobs), PH_OK);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_int_equal(stats.renewal_wanted_ms, 0);
}

static void
who_renews_takes_the_wish(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_command_result result;
    const struct ph_command command =
        command_of(PH_COMMAND_RENEW_CERTIFICATE, "jti-of-22-characters-9", "");

    ph_jobs_set_renews(f->jobs, true);
    assert_false(ph_jobs_wants_renewal(f->jobs));
    assert_int_equal(run(f, &command, &result), PH_OK);
    assert_null(result.refused);
    assert_true(ph_jobs_wants_renewal(f->jobs));
    assert_int_equal(ph_jobs_renewed(f->jobs), PH_OK);
    assert_false(ph_jobs_wants_renewal(f->jobs));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(named_jobs_are_deleted_but_those_that_a_printer_has),
        TEST(a_command_has_an_effect_once_even_after_a_crash),
        TEST(a_grant_with_the_same_jti_is_another_thing),
        TEST(all_jobs_of_a_login_are_deleted_and_nobody_elses),
        TEST(a_purged_person_is_forgotten),
        TEST(a_purge_leaves_what_a_printer_has_and_says_so),
        TEST(the_others_answer),
        TEST(who_renews_takes_the_wish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
