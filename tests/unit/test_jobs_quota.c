/*
 * SR-10, SR-72: limits of one person and of the store are kept also when many
 * captures are under way at once; who is refused is told why and stays in CUPS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs_checks.h"

#define MIB (UINT64_C(1024) * 1024)

struct sending {
    struct ph_capture *capture;
    struct ph_sealed_writer *writer;
    struct ph_capture_refuse refuse;
    uint64_t size;
    int fd;
};

static int
try_begin(struct jobs_fixture *f, const char *user, uint32_t uid,
          struct sending *s)
{
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    int err;

    memset(s, 0, sizeof(*s));
    jobs_fixture_begin_fill(&begin, user, uid, "");
    err = ph_jobs_begin(f->jobs, &begin, &s->capture, &secret, &s->fd,
                        &s->refuse);
    if (err == PH_OK)
        assert_int_equal(ph_sealed_writer_new(s->fd, &secret, &s->writer),
                         PH_OK);
    return err;
}

static void
send_bytes(struct sending *s, uint64_t bytes)
{
    static const uint8_t block[65536] = {1};

    for (s->size += bytes; bytes > 0;) {
        const size_t len =
            bytes < sizeof(block) ? (size_t)bytes : sizeof(block);

        assert_int_equal(ph_sealed_writer_write(s->writer, block, len), PH_OK);
        bytes -= len;
    }
}

static int
try_progress(struct sending *s)
{
    return ph_jobs_progress(s->capture, ph_sealed_writer_offset(s->writer),
                            &s->refuse);
}

static void
end_writing(struct sending *s)
{
    ph_sealed_writer_free(s->writer);
    ph_io_close(&s->fd);
}

static int
try_commit(struct sending *s)
{
    struct ph_ticket ticket;
    struct ph_id id;
    uint64_t size;

    assert_int_equal(ph_sealed_writer_finish(s->writer, &size), PH_OK);
    end_writing(s);
    jobs_fixture_ticket_fill(&ticket, "t", (size_t)s->size);
    return ph_jobs_commit(s->capture, &ticket, &id, &s->refuse);
}

static void
give_up(struct sending *s)
{
    end_writing(s);
    ph_jobs_abort(s->capture);
}

static void
assert_waits(const struct sending *s, const char *words)
{
    assert_int_equal(s->refuse.action, PH_CAPTURE_HOLD);
    assert_int_equal(s->refuse.err, PH_ERR_LIMIT);
    if (strstr(s->refuse.text.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", s->refuse.text.text, words);
}

static void
limit(struct jobs_fixture *f, uint64_t user_jobs, uint64_t user_bytes,
      uint64_t all_bytes)
{
    jobs_fixture_close(f);
    f->config.user_jobs_max = user_jobs;
    f->config.user_size_max = user_bytes;
    f->config.spool_size_max = all_bytes;
    jobs_fixture_open(f);
}

static uint64_t
held_bytes(struct jobs_fixture *f)
{
    struct ph_jobs_stats stats;

    assert_int_equal(ph_jobs_stats(f->jobs, &stats), PH_OK);
    return stats.spool_bytes;
}

static void
captures_under_way_count_as_jobs(void **state)
{
    struct jobs_fixture *f = *state;
    struct sending one, two, three, other;

    limit(f, 2, 100 * MIB, 100 * MIB);
    assert_int_equal(try_begin(f, "alice", 1001, &one), PH_OK);
    assert_int_equal(try_begin(f, "alice", 1001, &two), PH_OK);
    assert_int_equal(try_begin(f, "alice", 1001, &three), PH_ERR_LIMIT);
    assert_waits(&three, "You hold 2 jobs and may hold no more than 2");
    assert_int_equal(count_files(f, "spool/incoming"), 2);
    assert_int_equal(try_begin(f, "bob", 1002, &other), PH_OK);
    give_up(&other);
    give_up(&two);
    assert_int_equal(try_begin(f, "alice", 1001, &two), PH_OK);
    send_bytes(&two, 10);
    assert_int_equal(try_commit(&two), PH_OK);
    /* the job that has just become one does not count twice */
    give_up(&one);
    assert_int_equal(try_begin(f, "alice", 1001, &one), PH_OK);
    give_up(&one);
}

/* Each alone would fit; together they do not. */
static void
the_bytes_of_all_captures_count_while_they_come(void **state)
{
    struct jobs_fixture *f = *state;
    struct sending s[4], late;

    limit(f, 100, 100 * MIB, 10 * MIB);
    for (size_t i = 0; i < PH_COUNT(s); i++) {
        assert_int_equal(try_begin(f, i % 2 == 0 ? "alice" : "bob",
                                   i % 2 == 0 ? 1001 : 1002, &s[i]),
                         PH_OK);
        send_bytes(&s[i], 3 * MIB);
    }
    assert_int_equal(try_progress(&s[0]), PH_OK);
    assert_int_equal(try_progress(&s[1]), PH_OK);
    assert_int_equal(try_progress(&s[2]), PH_OK);
    assert_int_equal(try_progress(&s[3]), PH_ERR_LIMIT);
    assert_waits(&s[3], "the store for held jobs on this computer");
    give_up(&s[3]);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(try_commit(&s[i]), PH_OK);
    assert_int_equal(held_bytes(f), 9 * MIB);
    assert_int_equal(count_files(f, "spool/incoming"), 0);

    /* without a word of progress in between, the end decides */
    assert_int_equal(try_begin(f, "alice", 1001, &late), PH_OK);
    send_bytes(&late, MIB + 1);
    assert_int_equal(try_commit(&late), PH_ERR_LIMIT);
    assert_waits(&late, "the store for held jobs on this computer");
    assert_int_equal(held_bytes(f), 9 * MIB);
    assert_int_equal(try_begin(f, "alice", 1001, &late), PH_OK);
    send_bytes(&late, MIB);
    assert_int_equal(try_commit(&late), PH_OK);
    assert_int_equal(try_begin(f, "alice", 1001, &late), PH_ERR_LIMIT);
    assert_waits(&late, "is full");
}

static void
the_bytes_of_one_person_are_limited_alone(void **state)
{
    struct jobs_fixture *f = *state;
    struct sending one, two;

    limit(f, 100, 2 * MIB, 100 * MIB);
    assert_int_equal(try_begin(f, "alice", 1001, &one), PH_OK);
    send_bytes(&one, MIB);
    assert_int_equal(try_commit(&one), PH_OK);
    assert_int_equal(try_begin(f, "alice", 1001, &two), PH_OK);
    send_bytes(&two, 2 * MIB);
    assert_int_equal(try_progress(&two), PH_ERR_LIMIT);
    assert_waits(&two, "2.0 MiB");
    give_up(&two);
    assert_int_equal(try_begin(f, "bob", 1002, &two), PH_OK);
    send_bytes(&two, 2 * MIB);
    assert_int_equal(try_commit(&two), PH_OK);
    assert_int_equal(try_begin(f, "bob", 1002, &two), PH_ERR_LIMIT);
    assert_waits(&two, "all of the 2.0 MiB");
}

/* What ends makes room: printed, deleted, expired. */
static void
room_comes_back_when_jobs_end(void **state)
{
    struct jobs_fixture *f = *state;
    const struct ph_id one = jobs_fixture_hold(f, "one", "first");
    const struct ph_id two = jobs_fixture_hold(f, "two", "second");
    struct ph_jobs_use use;
    struct sending s;
    struct ph_why why;
    int64_t next;

    limit(f, 2, 100 * MIB, 100 * MIB);
    assert_int_equal(try_begin(f, "alice", 1001, &s), PH_ERR_LIMIT);
    claim(f, &one, "pr-1"); /* at a printer it counts on */
    assert_int_equal(try_begin(f, "alice", 1001, &s), PH_ERR_LIMIT);
    assert_int_equal(ph_jobs_used_by(f->jobs, 1001, &use), PH_OK);
    assert_int_equal(use.jobs, 2);
    assert_int_equal(use.bytes, 11);
    assert_int_equal(use.jobs_max, 2);
    assert_int_equal(complete(f, &one, "pr-1", "printed"), PH_OK);
    assert_int_equal(try_begin(f, "alice", 1001, &s), PH_OK);
    give_up(&s);
    assert_int_equal(ph_jobs_delete(f->jobs, &alice, &two, &why), PH_OK);
    assert_int_equal(ph_jobs_used_by(f->jobs, 1001, &use), PH_OK);
    assert_int_equal(use.jobs, 0);
    assert_int_equal(use.bytes, 0);
    (void)jobs_fixture_hold(f, "three", "third");
    moved_ms = ph_clock_wall_ms() + 2 * 86400 * INT64_C(1000);
    ph_clock_set_wall(moved_clock);
    assert_int_equal(ph_jobs_reap(f->jobs, moved_ms, &next), PH_OK);
    assert_int_equal(ph_jobs_used_by(f->jobs, 1001, &use), PH_OK);
    assert_int_equal(use.jobs, 0);
    assert_int_equal(held_bytes(f), 0);
}

/* A document that is too long by itself will never fit: no use in waiting. */
static void
a_job_beyond_the_largest_is_cancelled(void **state)
{
    struct jobs_fixture *f = *state;
    struct sending s;

    jobs_fixture_close(f);
    f->config.job_size_max = MIB;
    jobs_fixture_open(f);
    assert_int_equal(try_begin(f, "alice", 1001, &s), PH_OK);
    send_bytes(&s, MIB);
    assert_int_equal(try_progress(&s), PH_OK);
    send_bytes(&s, 512 * 1024);
    assert_int_equal(try_progress(&s), PH_ERR_TOO_BIG);
    assert_int_equal(s.refuse.action, PH_CAPTURE_CANCEL);
    give_up(&s);
    assert_int_equal(try_begin(f, "alice", 1001, &s), PH_OK);
    send_bytes(&s, MIB);
    assert_int_equal(try_commit(&s), PH_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(captures_under_way_count_as_jobs),
        TEST(the_bytes_of_all_captures_count_while_they_come),
        TEST(the_bytes_of_one_person_are_limited_alone),
        TEST(room_comes_back_when_jobs_end),
        TEST(a_job_beyond_the_largest_is_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
