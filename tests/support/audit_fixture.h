/*
 * The audit of store/audit.h on a real SQLite file, with keys of its own.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_AUDIT_FIXTURE_H
#define PRINTHOLD_TESTS_SUPPORT_AUDIT_FIXTURE_H

#include "printhold/store/audit.h"
#include "scratch.h"

#include <string.h>

#include <sqlite3.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define MAX 1000

struct fixture {
    struct scratch scratch;
    char path[300];
    struct ph_catalogue *catalogue;
    struct ph_epoch_keys *keys;
    sqlite3 *db; /* whoever tampers with it */
};

static inline struct ph_epoch_keys *
open_keys(struct fixture *f, uint8_t machine_byte, const char *folder)
{
    struct ph_machine_key machine = {.level = "file"};
    struct ph_epoch_keys *keys;
    struct ph_why why = {""};
    char path[300];
    int fd;

    memset(machine.bytes, machine_byte, sizeof(machine.bytes));
    (void)snprintf(path, sizeof(path), "%s/%s", f->scratch.path, folder);
    assert_int_equal(ph_io_open_dir(path, true, 0700, &fd, &why), PH_OK);
    assert_int_equal(ph_epoch_keys_open(fd, &machine, &keys, &why), PH_OK);
    ph_io_close(&fd);
    return keys;
}

static inline int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct ph_why why = {""};

    assert_non_null(f);
    scratch_make(&f->scratch);
    (void)snprintf(f->path, sizeof(f->path), "%s/catalogue.db",
                   f->scratch.path);
    f->keys = open_keys(f, 5, "keys");
    assert_int_equal(ph_catalogue_open(f->path, &f->catalogue, &why), PH_OK);
    assert_int_equal(sqlite3_open(f->path, &f->db), SQLITE_OK);
    *state = f;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    ph_catalogue_close(f->catalogue);
    ph_epoch_keys_free(f->keys);
    scratch_remove(&f->scratch);
    free(f);
    return 0;
}

static inline struct ph_audit_mark
append(struct fixture *f, int64_t time_ms, uint64_t records_max)
{
    static const struct ph_id job = {{7, 7, 7}};
    const struct ph_audit_entry entry = {
        .event = PH_AUDIT_COMPLETED,
        .at_ms = time_ms + 5,
        .time_ms = time_ms,
        .job = &job,
        .uid = 1001,
        .printer = "pr-1",
        .amr = "badge pin",
        .reason = "printed",
        .count = 1,
        .impressions = 12,
        .sheets = 6,
        .login = "alice@example.com",
        .title = "Zebra.pdf",
    };
    struct ph_audit_mark mark;

    assert_int_equal(ph_catalogue_begin(f->catalogue), PH_OK);
    assert_int_equal(
        ph_audit_append(f->catalogue, f->keys, &entry, records_max, &mark),
        PH_OK);
    assert_int_equal(ph_catalogue_commit(f->catalogue), PH_OK);
    return mark;
}

static inline void
append_some(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        (void)append(f, 100 * (i + 1), MAX);
}

static inline void
sql(struct fixture *f, const char *text)
{
    assert_int_equal(sqlite3_exec(f->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static inline int64_t
one_number(struct fixture *f, const char *text)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    assert_int_equal(sqlite3_prepare_v2(f->db, text, -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return value;
}

static inline void
check_intact(struct fixture *f, int64_t first, int64_t last)
{
    struct ph_audit_verdict verdict;

    assert_int_equal(ph_audit_verify(f->catalogue, f->keys, NULL, 0, &verdict),
                     PH_OK);
    assert_int_equal(verdict.broken, 0);
    assert_int_equal(verdict.first, first);
    assert_int_equal(verdict.last.number, last);
    assert_int_equal(verdict.count, first == 0 ? 0 : last - first + 1);
}

static inline void
check_broken(struct fixture *f, int64_t broken, const char *fault)
{
    struct ph_audit_verdict verdict = {.count = 0};

    assert_int_equal(ph_audit_verify(f->catalogue, f->keys, NULL, 0, &verdict),
                     PH_ERR_CORRUPT);
    assert_int_equal(verdict.broken, broken);
    if (strstr(verdict.fault.text, fault) == NULL)
        fail_msg("'%s' is not '%s'", verdict.fault.text, fault);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
