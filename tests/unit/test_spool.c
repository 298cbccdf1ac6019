/* The spool's files on a real file system. */
#include "printhold/store/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "scratch.h"

struct fixture {
    struct scratch scratch;
    struct ph_spool *spool;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct ph_why why;

    assert_non_null(f);
    scratch_make(&f->scratch);
    assert_int_equal(ph_spool_open(f->scratch.path, &f->spool, &why), PH_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    ph_spool_close(f->spool);
    scratch_remove(&f->scratch);
    free(f);
    return 0;
}

/* A committed job with the given text. */
static void
make_job(struct fixture *f, struct ph_id *id, const char *text)
{
    int fd = -1, write_fd = -1;

    assert_int_equal(ph_id_make(id), PH_OK);
    assert_int_equal(ph_spool_create(f->spool, id, &fd, &write_fd), PH_OK);
    assert_int_equal(ph_io_write_full(write_fd, text, strlen(text)), PH_OK);
    ph_io_close(&fd);
    ph_io_close(&write_fd);
    assert_int_equal(ph_spool_commit(f->spool, id), PH_OK);
}

static void
held_path(struct fixture *f, const struct ph_id *id, char *dst, size_t cap)
{
    char name[PH_ID_TEXT];

    ph_id_format(id, name);
    (void)snprintf(dst, cap, "%s/held/%s", f->scratch.path, name);
}

static bool
count_one(const struct ph_id *id, void *arg)
{
    (void)id;
    ++*(int *)arg;
    return true;
}

static void
the_backends_descriptor_cannot_read(void **state)
{
    struct fixture *f = *state;
    struct ph_id id;
    int fd = -1, write_fd = -1;
    char c;

    assert_int_equal(ph_id_make(&id), PH_OK);
    assert_int_equal(ph_spool_create(f->spool, &id, &fd, &write_fd), PH_OK);
    assert_int_equal(fcntl(write_fd, F_GETFL) & O_ACCMODE, O_WRONLY);
    assert_int_equal(read(write_fd, &c, 1), -1);
    ph_io_close(&fd);
    ph_io_close(&write_fd);
}

static void
a_job_is_visible_only_after_commit(void **state)
{
    struct fixture *f = *state;
    struct ph_id id;
    int fd = -1, write_fd = -1, count = 0;

    assert_int_equal(ph_id_make(&id), PH_OK);
    assert_int_equal(ph_spool_create(f->spool, &id, &fd, &write_fd), PH_OK);
    ph_io_close(&fd);
    ph_io_close(&write_fd);
    assert_int_equal(ph_spool_each(f->spool, count_one, &count), PH_OK);
    assert_int_equal(count, 0);
    assert_int_equal(ph_spool_read(f->spool, &id, &fd), PH_ERR_NOT_FOUND);
    assert_int_equal(ph_spool_commit(f->spool, &id), PH_OK);
    assert_int_equal(ph_spool_each(f->spool, count_one, &count), PH_OK);
    assert_int_equal(count, 1);
    assert_int_equal(ph_spool_read(f->spool, &id, &fd), PH_OK);
    ph_io_close(&fd);
}

static void
files_and_directories_are_private(void **state)
{
    struct fixture *f = *state;
    char path[512];
    struct stat st;
    struct ph_id id;

    make_job(f, &id, "x");
    held_path(f, &id, path, sizeof(path));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    (void)snprintf(path, sizeof(path), "%s/held", f->scratch.path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

/* SR-09: what stands under a job's name must be our own plain file. */
static void
planted_links_and_pipes_are_not_jobs(void **state)
{
    struct fixture *f = *state;
    char path[512], other[560];
    struct ph_id id;
    int fd = -1;

    make_job(f, &id, "x");
    held_path(f, &id, path, sizeof(path));
    (void)snprintf(other, sizeof(other), "%s.second", path);
    assert_int_equal(link(path, other), 0);
    assert_int_equal(ph_spool_read(f->spool, &id, &fd), PH_ERR_CORRUPT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(ph_spool_read(f->spool, &id, &fd), PH_ERR_CORRUPT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ph_spool_read(f->spool, &id, &fd), PH_ERR_CORRUPT);
    assert_int_equal(fd, -1);
}

static void
removing_twice_says_not_found(void **state)
{
    struct fixture *f = *state;
    struct ph_id id;

    make_job(f, &id, "x");
    assert_int_equal(ph_spool_remove(f->spool, &id), PH_OK);
    assert_int_equal(ph_spool_remove(f->spool, &id), PH_ERR_NOT_FOUND);
}

static void
foreign_names_are_not_jobs(void **state)
{
    static const char *const names[] = {"x", "00112233445566778899AABBCCDDEEFF",
                                        "0011223344556677889900112233445",
                                        ".hidden"};
    struct fixture *f = *state;
    char path[512];
    int count = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int fd;

        (void)snprintf(path, sizeof(path), "%s/held/%s", f->scratch.path,
                       names[i]);
        fd = open(path, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        ph_io_close(&fd);
    }
    assert_int_equal(ph_spool_each(f->spool, count_one, &count), PH_OK);
    assert_int_equal(count, 0);
}

static void
sweep_takes_only_what_is_old(void **state)
{
    struct fixture *f = *state;
    uint64_t swept = 99;
    struct ph_id id;
    int fd = -1, write_fd = -1;

    assert_int_equal(ph_id_make(&id), PH_OK);
    assert_int_equal(ph_spool_create(f->spool, &id, &fd, &write_fd), PH_OK);
    ph_io_close(&fd);
    ph_io_close(&write_fd);
    assert_int_equal(ph_spool_sweep(f->spool, 3600, &swept), PH_OK);
    assert_int_equal(swept, 0);
    assert_int_equal(ph_spool_sweep(f->spool, INT64_MIN, &swept), PH_OK);
    assert_int_equal(swept, 1);
    assert_int_equal(ph_spool_commit(f->spool, &id), PH_ERR_NOT_FOUND);
}

static void
a_directory_that_others_can_write_is_refused(void **state)
{
    struct fixture *f = *state;
    struct ph_spool *spool = NULL;
    struct ph_why why = {""};

    assert_int_equal(chmod(f->scratch.path, 0777), 0);
    assert_int_equal(ph_spool_open(f->scratch.path, &spool, &why),
                     PH_ERR_DENIED);
    assert_null(spool);
    assert_non_null(strstr(why.text, f->scratch.path));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_backends_descriptor_cannot_read),
        TEST(a_job_is_visible_only_after_commit),
        TEST(files_and_directories_are_private),
        TEST(planted_links_and_pipes_are_not_jobs),
        TEST(removing_twice_says_not_found),
        TEST(foreign_names_are_not_jobs),
        TEST(sweep_takes_only_what_is_old),
        TEST(a_directory_that_others_can_write_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
