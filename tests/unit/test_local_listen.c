/* Unit tests of agent/local_listen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "local_listen.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "scratch.h"

struct place {
    struct scratch scratch;
    char path[300];
};

static struct place place;

static int
setup(void **state)
{
    (void)state;
    scratch_make(&place.scratch);
    (void)snprintf(place.path, sizeof(place.path), "%s/run/s.sock",
                   place.scratch.path);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(&place.scratch);
    return 0;
}

static int
try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path);
    rc = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    ph_io_close(&fd);
    return rc;
}

static mode_t
mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 0777;
}

static void
the_modes_do_not_depend_on_the_umask(void **state)
{
    mode_t before = umask(077);
    struct ph_why why;
    char dir[300];
    int fd = -1, err = ph_local_listen(place.path, 0666, &fd, &why);

    (void)state;
    (void)umask(before);
    assert_int_equal(err, PH_OK);
    assert_int_equal(mode_of(place.path), 0666);
    (void)snprintf(dir, sizeof(dir), "%s/run", place.scratch.path);
    assert_int_equal(mode_of(dir), 0755);
    assert_int_equal(try_connect(place.path), 0);
    ph_io_close(&fd);
}

static void
the_socket_of_a_dead_process_is_replaced(void **state)
{
    struct ph_why why;
    int fd = -1;

    (void)state;
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why), PH_OK);
    ph_io_close(&fd); /* the file stays */
    assert_int_equal(try_connect(place.path), -1);
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why), PH_OK);
    assert_int_equal(try_connect(place.path), 0);
    ph_io_close(&fd);
}

static void
the_socket_of_a_living_process_is_left_alone(void **state)
{
    struct ph_why why;
    int fd = -1, second = -1;

    (void)state;
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why), PH_OK);
    assert_int_equal(ph_local_listen(place.path, 0600, &second, &why),
                     PH_ERR_BUSY);
    assert_int_equal(second, -1);
    assert_non_null(strstr(why.text, place.path));
    assert_int_equal(try_connect(place.path), 0);
    ph_io_close(&fd);
}

static void
what_is_not_a_socket_is_left_alone(void **state)
{
    struct ph_why why;
    char dir[300];
    int fd = -1;

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/run", place.scratch.path);
    assert_int_equal(mkdir(dir, 0755), 0);
    scratch_write(place.path, "precious", 8);
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why),
                     PH_ERR_EXISTS);
    assert_int_equal(access(place.path, F_OK), 0);
    assert_int_equal(unlink(place.path), 0);
    /* A link to a dead socket is not ours to take away either. */
    assert_int_equal(symlink("/nonexistent", place.path), 0);
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why),
                     PH_ERR_EXISTS);
    assert_int_equal(fd, -1);
}

static void
a_directory_that_others_can_write_is_refused(void **state)
{
    struct ph_why why;
    char dir[300];
    int fd = -1;

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/run", place.scratch.path);
    assert_int_equal(mkdir(dir, 0755), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(ph_local_listen(place.path, 0600, &fd, &why),
                     PH_ERR_DENIED);
    assert_int_equal(fd, -1);
}

static void
names_that_do_not_fit_are_refused(void **state)
{
    struct ph_why why;
    char path[200];
    int fd = -1;

    (void)state;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(ph_local_listen(path, 0600, &fd, &why), PH_ERR_TOO_BIG);
    assert_int_equal(fd, -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_modes_do_not_depend_on_the_umask,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_socket_of_a_dead_process_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_socket_of_a_living_process_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_a_socket_is_left_alone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_directory_that_others_can_write_is_refused, setup, teardown),
        cmocka_unit_test(names_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
