/*
 * What tests of jobs and their audit ask again and again: the history of all as
 * one line of text, whether the chain holds, and SQL of whoever tampers with it.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_AUDIT_CHECKS_H
#define PRINTHOLD_TESTS_SUPPORT_AUDIT_CHECKS_H

#include "jobs_checks.h"

#include <unistd.h>

#include "printhold/base/log.h"
#include "printhold/store/audit.h"

#define DAY INT64_C(86400000)

static const struct ph_asker alice_badge PH_UNUSED = {
    .login = "alice@example.com", .printer = "pr-1", .amr = "badge pin"};

static char last_error[1100] PH_UNUSED;

static inline void
keep_errors(enum ph_log_level level, const char *text, void *arg)
{
    (void)arg;
    if (level == PH_LOG_ERROR)
        (void)snprintf(last_error, sizeof(last_error), "%s", text);
}

static inline int
audit_set_up(void **state)
{
    moved_ms = 1795000000000;
    ph_clock_set_wall(moved_clock);
    last_error[0] = '\0';
    ph_log_set_sink(keep_errors, NULL);
    return set_up(state);
}

static inline int
audit_tear_down(void **state)
{
    int rc = tear_down(state);

    ph_log_set_sink(NULL, NULL);
    return rc;
}

struct facts {
    char text[4096]; /* "1 began new; 2 claimed ..." */
    char login[PH_TICKET_TEXT_MAX], title[PH_TICKET_TITLE_MAX]; /* last */
    char chosen[PH_AUDIT_CHOSEN_MAX];
    struct ph_audit_record last;
};

static inline bool
note_record(const struct ph_audit_record *record,
            const struct ph_audit_sealed *sealed, void *arg)
{
    struct facts *facts = arg;
    const size_t len = strlen(facts->text);

    (void)snprintf(facts->text + len, sizeof(facts->text) - len,
                   "%s%s%s%s%s%s%s", len > 0 ? "; " : "", record->event,
                   record->reason[0] != '\0' ? " " : "", record->reason,
                   record->printer[0] != '\0' ? " at " : "", record->printer,
                   record->uid == 1001 ? " (alice)" : "");
    (void)snprintf(facts->login, sizeof(facts->login), "%s", sealed->login);
    (void)snprintf(facts->title, sizeof(facts->title), "%s", sealed->title);
    (void)snprintf(facts->chosen, sizeof(facts->chosen), "%s", sealed->chosen);
    facts->last = *record;
    return true;
}

static inline void
read_history(struct jobs_fixture *f, const struct ph_asker *asker,
             struct facts *facts)
{
    int64_t after = 0;
    bool end = false;

    memset(facts, 0, sizeof(*facts));
    while (!end)
        assert_int_equal(
            ph_jobs_history(f->jobs, asker, &after, note_record, facts, &end),
            PH_OK);
}

static inline void
check_history(struct jobs_fixture *f, const char *expected)
{
    struct facts facts;

    read_history(f, &everyone, &facts);
    assert_string_equal(facts.text, expected);
}

static inline void
check_chain(struct jobs_fixture *f, int64_t broken)
{
    struct ph_audit_verdict verdict = {.count = 0};
    struct ph_catalogue *reader;
    struct ph_why why = {""};
    char path[512];

    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(ph_audit_open(path, &reader, &why), PH_OK);
    assert_int_equal(ph_audit_verify(reader, f->keys, NULL, 0, &verdict),
                     broken == 0 ? PH_OK : PH_ERR_CORRUPT);
    assert_int_equal(verdict.broken, broken);
    ph_catalogue_close(reader);
}

static inline void
sql(struct jobs_fixture *f, const char *text)
{
    sqlite3 *db;
    char path[512];

    jobs_fixture_path(f, "catalogue.db", path, sizeof(path));
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline void
reap(struct jobs_fixture *f)
{
    int64_t next;

    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
}

#undef TEST
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, audit_set_up, audit_tear_down)

#endif
