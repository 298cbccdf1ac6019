/*
 * Whose a job is for printers and the cloud: SR-03 (the login comes from the
 * account), jobs of accounts without a login, and how they are adopted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs_checks.h"
#include <sys/stat.h>

static struct ph_id
hold_as(struct jobs_fixture *f, const char *user, uint32_t uid,
        const char *title)
{
    struct ph_id id = {{0}};

    assert_int_equal(
        jobs_fixture_hold_as(f, user, uid, title, title, title, &id), PH_OK);
    return id;
}

static size_t
count_documents(struct jobs_fixture *f, const char *words)
{
    struct ph_outbox_document documents[8];
    size_t count, found = 0;

    assert_int_equal(
        ph_jobs_due_documents(f->jobs, documents, PH_COUNT(documents), &count),
        PH_OK);
    for (size_t i = 0; i < count; i++) {
        found += documents[i].payload.len > 0 &&
                 strstr(ph_buf_str(&documents[i].payload), words) != NULL;
        ph_buf_close(&documents[i].payload);
    }
    return found;
}

static uint64_t
unmapped(struct jobs_fixture *f)
{
    struct ph_jobs_stats stats;

    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    return stats.unmapped;
}

/* A round of housekeeping, some seconds after the file was written. */
static void
reap(struct jobs_fixture *f)
{
    int64_t next;

    assert_int_equal(ph_jobs_reap(f->jobs, ph_clock_wall_ms() + 5000, &next),
                     PH_OK);
}

static void
write_map(struct jobs_fixture *f, const char *text)
{
    const char *path = f->config.owner_map_file;

    (void)unlink(path);
    scratch_write(path, text, strlen(text));
    assert_int_equal(chmod(path, 0644), 0);
}

static void
reopen(struct jobs_fixture *f, const char *domain, const char *map)
{
    jobs_fixture_close(f);
    (void)snprintf(f->config.owner_domain, PH_CONFIG_TEXT_MAX, "%s", domain);
    f->config.owner_map_file[0] = '\0';
    if (map != NULL) {
        jobs_fixture_path(f, "owners", f->config.owner_map_file,
                          PH_CONFIG_TEXT_MAX);
        write_map(f, map);
    }
    jobs_fixture_open(f);
}

static void
an_unmapped_job_is_held_and_hidden_from_printers_and_cloud(void **state)
{
    static const struct ph_asker nobody = {.login = ""};
    struct jobs_fixture *f = *state;
    struct ph_job_view view;
    struct ph_id id;

    reopen(f, "", NULL);
    id = hold_as(f, "alice", 1001, "Hidden title");
    assert_int_equal(count_jobs(f, &alice), 1);
    assert_int_equal(count_jobs(f, &bob), 0);
    assert_int_equal(count_jobs(f, &everyone), 1);
    assert_string_equal(view_of(f, &id).ticket.owner_login, "");
    assert_int_equal(unmapped(f), 1);
    assert_int_equal(count_jobs(f, &alice_at_printer), 0);
    assert_int_equal(count_jobs(f, &nobody), 0);
    assert_int_equal(
        ph_jobs_claim(f->jobs, &alice_at_printer, &id, "pr-1", &view),
        PH_ERR_NOT_FOUND);
    assert_int_equal(ph_jobs_claim(f->jobs, &nobody, &id, "pr-1", &view),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(count_events(f, "job"), 0);
    assert_int_equal(count_documents(f, "job"), 0);
}

static void
it_can_be_kept_and_deleted_by_its_owner(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_why why;
    struct ph_id id;

    reopen(f, "", NULL);
    id = hold_as(f, "alice", 1001, "t");
    assert_int_equal(ph_jobs_keep(f->jobs, &alice, &id, true, &why), PH_OK);
    assert_int_equal(ph_jobs_delete(f->jobs, &bob, &id, &why),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &id, &why), PH_OK);
    assert_int_equal(unmapped(f), 0);
    assert_int_equal(count_events(f, "job"), 0);
}

/* The login is known to printers, the cloud, and the spool file, from which a
 * lost catalogue is made again. */
static void
assert_adopted(struct jobs_fixture *f, const struct ph_id *id,
               const struct ph_asker *at_printer, const char *login)
{
    char path[512];

    assert_string_equal(view_of(f, id).ticket.owner_login, login);
    assert_int_equal(view_of(f, id).ticket.owner_uid, 1001);
    assert_int_equal(count_jobs(f, &alice), 1);
    assert_int_equal(count_jobs(f, at_printer), 1);
    assert_int_equal(unmapped(f), 0);
    assert_int_equal(count_events(f, login), 1);
    assert_int_equal(count_documents(f, login), 1);
    jobs_fixture_close(f);
    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(unlink(path), 0);
    jobs_fixture_open(f);
    assert_string_equal(view_of(f, id).ticket.owner_login, login);
    assert_int_equal(count_jobs(f, at_printer), 1);
}

static void
a_domain_at_the_next_start_adopts_its_jobs(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_id id;

    reopen(f, "", NULL);
    id = hold_as(f, "alice", 1001, "t");
    reopen(f, "example.com", NULL);
    reap(f);
    assert_adopted(f, &id, &alice_at_printer, "alice@example.com");
}

static void
a_changed_map_adopts_its_jobs_while_we_run(void **state)
{
    static const struct ph_asker smith = {.login = "a.smith@example.org"};
    struct jobs_fixture *f = *state;
    struct ph_id id;

    reopen(f, "", "bob = bob@example.org\n");
    id = hold_as(f, "alice", 1001, "t");
    reap(f);
    assert_int_equal(unmapped(f), 1);
    write_map(f, "alice = A.Smith@example.org\n");
    reap(f);
    assert_adopted(f, &id, &smith, "a.smith@example.org");
}

/* More than one batch, of which every third stays as it is. */
static void
only_the_jobs_of_the_account_are_adopted(void **state)
{
    struct jobs_fixture *f = *state;

    reopen(f, "", "x = y\n");
    for (unsigned i = 0; i < 150; i++) {
        char title[32];

        (void)snprintf(title, sizeof(title), "t%u", i);
        (void)hold_as(f, i % 3 == 0 ? "bob" : "alice", i % 3 == 0 ? 1002 : 1001,
                      title);
    }
    assert_int_equal(unmapped(f), 150);
    write_map(f, "alice = alice@example.com\n");
    reap(f);
    assert_int_equal(unmapped(f), 50);
    assert_int_equal(count_jobs(f, &alice_at_printer), 100);
    assert_int_equal(count_jobs(f, &bob), 50);
}

/* A file that is being written is not read half. */
static void
a_file_just_written_is_left_to_settle(void **state)
{
    struct jobs_fixture *f = *state;
    int64_t now, next;

    reopen(f, "", "x = y\n");
    (void)hold_as(f, "alice", 1001, "t");
    write_map(f, "alice = alice@example.com\n");
    now = ph_clock_wall_ms();
    assert_int_equal(ph_jobs_reap(f->jobs, now, &next), PH_OK);
    assert_true(next <= now);
    assert_int_equal(unmapped(f), 1);
    reap(f);
    assert_int_equal(unmapped(f), 0);
}

static void
a_bad_map_is_told_and_the_one_before_stays(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs_stats stats;

    reopen(f, "", "alice = alice@example.com\n");
    write_map(f, "alice = eve@example.com\nbob\n");
    reap(f);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_non_null(strstr(stats.owner_health, "owners:2: must be"));
    (void)hold_as(f, "alice", 1001, "t");
    assert_int_equal(count_jobs(f, &alice_at_printer), 1);

    assert_int_equal(unlink(f->config.owner_map_file), 0);
    reap(f);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_non_null(strstr(stats.owner_health, "No such file"));
    (void)hold_as(f, "alice", 1001, "u");
    assert_int_equal(count_jobs(f, &alice_at_printer), 2);

    write_map(f, "bob = bob@example.com\n");
    reap(f);
    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    assert_string_equal(stats.owner_health, "");
}

/* With the domain's rule instead, an account could get somebody else's login. */
static void
a_bad_map_at_the_start_is_refused(void **state)
{
    struct jobs_fixture *f = *state;
    struct ph_jobs *jobs = NULL;
    struct ph_why why = {""};

    jobs_fixture_path(f, "owners", f->config.owner_map_file,
                      PH_CONFIG_TEXT_MAX);
    write_map(f, "alice\n");
    assert_int_equal(ph_jobs_open(&f->config, f->keys, &jobs, &why),
                     PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "owners:1: must be"));
    assert_int_equal(unlink(f->config.owner_map_file), 0);
    assert_int_equal(ph_jobs_open(&f->config, f->keys, &jobs, &why),
                     PH_ERR_CONFIG);
    f->config.owner_map_file[0] = '\0';
}

/* A document does not go from one person to another by an edited file. */
static void
a_job_keeps_the_login_that_it_was_printed_with(void **state)
{
    static const struct ph_asker eve = {.login = "eve@example.com"};
    struct jobs_fixture *f = *state;
    struct ph_id id;

    reopen(f, "", "alice = alice@example.com\n");
    id = hold_as(f, "alice", 1001, "t");
    write_map(f, "alice = eve@example.com\n");
    reap(f);
    assert_string_equal(view_of(f, &id).ticket.owner_login,
                        "alice@example.com");
    assert_int_equal(count_jobs(f, &eve), 0);
    write_map(f, "alice = -\n");
    reap(f);
    assert_int_equal(count_jobs(f, &alice_at_printer), 1);
    (void)hold_as(f, "alice", 1001, "u"); /* of the new rule */
    assert_int_equal(unmapped(f), 1);
    assert_int_equal(count_jobs(f, &alice), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_unmapped_job_is_held_and_hidden_from_printers_and_cloud),
        TEST(it_can_be_kept_and_deleted_by_its_owner),
        TEST(a_domain_at_the_next_start_adopts_its_jobs),
        TEST(a_changed_map_adopts_its_jobs_while_we_run),
        TEST(only_the_jobs_of_the_account_are_adopted),
        TEST(a_file_just_written_is_left_to_settle),
        TEST(a_bad_map_is_told_and_the_one_before_stays),
        TEST(a_bad_map_at_the_start_is_refused),
        TEST(a_job_keeps_the_login_that_it_was_printed_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
