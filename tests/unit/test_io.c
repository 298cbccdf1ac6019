#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

struct place {
    char path[64];
    int fd;
};

static int
setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return -1;
    (void)snprintf(place->path, sizeof(place->path), "%s",
                   "/tmp/printhold-test-io-XXXXXX");
    if (mkdtemp(place->path) == NULL)
        return -1;
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return place->fd >= 0 ? 0 : -1;
}

/* Remove everything in the directory, which is one level deep. */
static int
teardown(void **state)
{
    struct place *place = *state;
    DIR *dir = opendir(place->path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (unlinkat(place->fd, entry->d_name, 0) != 0)
            (void)unlinkat(place->fd, entry->d_name, AT_REMOVEDIR);
    if (dir != NULL)
        (void)closedir(dir);
    (void)close(place->fd);
    (void)rmdir(place->path);
    free(place);
    return 0;
}

static int
count_names(const struct place *place)
{
    DIR *dir = opendir(place->path);
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    (void)closedir(dir);
    return count;
}

static void
a_file_is_written_whole_with_its_mode(void **state)
{
    struct place *place = *state;
    struct ph_buf buf;
    struct stat st;

    assert_int_equal(ph_io_write_file(place->fd, "a", "first", 5, 0600), PH_OK);
    assert_int_equal(ph_io_write_file(place->fd, "a", "2nd", 3, 0400), PH_OK);
    assert_int_equal(fstatat(place->fd, "a", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(ph_io_read_file(place->fd, "a", 3, &buf), PH_OK);
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.data, "2nd", 3);
    ph_buf_close(&buf);
    assert_int_equal(count_names(place), 1);
}

static void
a_planted_symlink_is_replaced_and_not_followed(void **state)
{
    struct place *place = *state;
    struct stat st;

    assert_int_equal(ph_io_write_file(place->fd, "victim", "v", 1, 0600),
                     PH_OK);
    assert_int_equal(symlinkat("victim", place->fd, "a"), 0);
    assert_int_equal(ph_io_write_file(place->fd, "a", "attack", 6, 0600),
                     PH_OK);
    assert_int_equal(fstatat(place->fd, "a", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(fstatat(place->fd, "victim", &st, 0), 0);
    assert_int_equal(st.st_size, 1);
}

static void
what_is_not_a_regular_file_is_not_read(void **state)
{
    struct place *place = *state;
    struct ph_buf buf;

    assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
    assert_int_equal(mkdirat(place->fd, "dir", 0700), 0);
    /* A FIFO without a writer must not block either. */
    assert_int_equal(ph_io_read_file(place->fd, "fifo", 10, &buf),
                     PH_ERR_INVALID);
    assert_int_equal(ph_io_read_file(place->fd, "dir", 10, &buf),
                     PH_ERR_INVALID);
    assert_int_equal(ph_io_read_file(AT_FDCWD, "/dev/zero", 10, &buf),
                     PH_ERR_INVALID);
    assert_int_equal(ph_io_read_file(place->fd, "none", 10, &buf),
                     PH_ERR_NOT_FOUND);
}

static void
the_maximum_of_a_read_holds(void **state)
{
    struct place *place = *state;
    struct ph_buf buf;

    assert_int_equal(ph_io_write_file(place->fd, "a", "0123456789", 10, 0600),
                     PH_OK);
    assert_int_equal(ph_io_read_file(place->fd, "a", 9, &buf), PH_ERR_TOO_BIG);
    assert_int_equal(ph_io_read_file(place->fd, "a", 10, &buf), PH_OK);
    assert_string_equal(ph_buf_str(&buf), "0123456789");
    ph_buf_close(&buf);
    assert_int_equal(ph_io_write_file(place->fd, "empty", "", 0, 0600), PH_OK);
    assert_int_equal(ph_io_read_file(place->fd, "empty", 0, &buf), PH_OK);
    assert_int_equal(buf.len, 0);
    ph_buf_close(&buf);
}

static void
writing_where_a_directory_is_leaves_no_temporary_file(void **state)
{
    struct place *place = *state;

    assert_int_equal(mkdirat(place->fd, "dir", 0700), 0);
    assert_int_not_equal(ph_io_write_file(place->fd, "dir", "x", 1, 0600),
                         PH_OK);
    assert_int_equal(count_names(place), 1);
    assert_int_not_equal(ph_io_write_file(-1, "a", "x", 1, 0600), PH_OK);
}

static void
a_full_disk_is_told_and_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct rlimit old, tight;
    char bytes[8192];
    int err;

    memset(bytes, 'x', sizeof(bytes));
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    err = ph_io_write_file(place->fd, "a", bytes, sizeof(bytes), 0600);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, PH_ERR_NO_SPACE);
    assert_int_equal(count_names(place), 0);
}

static void
positional_reads_and_writes_are_exact(void **state)
{
    struct place *place = *state;
    char bytes[8] = {0};
    int fd = openat(place->fd, "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ph_io_pwrite_full(fd, "abc", 3, 5), PH_OK);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(ph_io_pread_full(fd, bytes, 3, 5), PH_OK);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(ph_io_pread_full(fd, bytes, 4, 5), PH_ERR_TRUNCATED);
    assert_int_equal(ph_io_pread_full(fd, bytes, 1, 8), PH_ERR_TRUNCATED);
    assert_int_equal(ph_io_pread_full(fd, bytes, 0, 99), PH_OK);
    assert_int_equal(ph_io_sync(fd), PH_OK);
    assert_int_equal(ph_io_sync_data(fd), PH_OK);
    ph_io_start_writeback(fd, 0, 8);
    ph_io_close(&fd);
    assert_int_equal(fd, -1);
    ph_io_close(&fd);
    assert_int_not_equal(ph_io_pwrite_full(-1, "x", 1, 0), PH_OK);
}

static void
reads_go_on_until_the_end(void **state)
{
    char bytes[16];
    size_t len = 99;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(ph_io_write_full(fds[1], "abc", 3), PH_OK);
    (void)close(fds[1]);
    assert_int_equal(ph_io_read_full(fds[0], bytes, sizeof(bytes), &len),
                     PH_OK);
    assert_int_equal(len, 3);
    assert_int_equal(ph_io_read_full(fds[0], bytes, sizeof(bytes), &len),
                     PH_OK);
    assert_int_equal(len, 0);
    (void)close(fds[0]);
    len = 99;
    assert_int_not_equal(ph_io_read_full(-1, bytes, 1, &len), PH_OK);
    assert_int_equal(len, 99);
}

static void
directories_that_others_can_write_to_are_refused(void **state)
{
    struct place *place = *state;
    struct ph_why why;
    char path[128];
    int fd = -1;

    (void)snprintf(path, sizeof(path), "%s/sub", place->path);
    assert_int_equal(ph_io_open_dir(path, false, 0700, &fd, &why),
                     PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(ph_io_open_dir(path, true, 0700, &fd, &why), PH_OK);
    ph_io_close(&fd);
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(ph_io_open_dir(path, true, 0700, &fd, &why),
                     PH_ERR_DENIED);
    assert_int_equal(chmod(path, 01777), 0);
    assert_int_equal(ph_io_open_dir(path, false, 0700, &fd, NULL),
                     PH_ERR_DENIED);
    assert_int_equal(fd, -1);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(ph_io_write_file(place->fd, "sub", "x", 1, 0600), PH_OK);
    assert_int_not_equal(ph_io_open_dir(path, true, 0700, &fd, &why), PH_OK);
}

static void
renames_and_removals_are_done_in_the_right_directory(void **state)
{
    struct place *place = *state;
    struct stat st;
    int sub;

    assert_int_equal(mkdirat(place->fd, "sub", 0700), 0);
    sub = openat(place->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(sub >= 0);
    assert_int_equal(ph_io_write_file(place->fd, "a", "x", 1, 0600), PH_OK);
    assert_int_equal(ph_io_rename_durable(place->fd, "a", sub, "b"), PH_OK);
    assert_int_equal(fstatat(sub, "b", &st, 0), 0);
    assert_int_equal(ph_io_rename_durable(place->fd, "a", sub, "b"),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(ph_io_unlink_durable(sub, "b"), PH_OK);
    assert_int_equal(ph_io_unlink_durable(sub, "b"), PH_ERR_NOT_FOUND);
    (void)close(sub);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_file_is_written_whole_with_its_mode),
        T(a_planted_symlink_is_replaced_and_not_followed),
        T(what_is_not_a_regular_file_is_not_read),
        T(the_maximum_of_a_read_holds),
        T(writing_where_a_directory_is_leaves_no_temporary_file),
        T(a_full_disk_is_told_and_leaves_nothing),
        T(positional_reads_and_writes_are_exact),
        T(reads_go_on_until_the_end),
        T(directories_that_others_can_write_to_are_refused),
        T(renames_and_removals_are_done_in_the_right_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
