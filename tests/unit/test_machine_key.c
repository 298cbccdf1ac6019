#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "printhold/crypto/machine_key.h"
#include "scratch.h"

static struct scratch scratch;
static char path[512];

static int
setup(void **state)
{
    (void)state;
    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/machine.key", scratch.path);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* Expect a refusal with a reason that names the file, and no key. */
static void
assert_refused(int err)
{
    struct ph_machine_key key = {.level = NULL};
    struct ph_why why = {""};

    assert_int_equal(ph_machine_key_load("file", path, &key, &why), err);
    assert_non_null(strstr(why.text, "machine.key"));
    assert_null(key.level);
}

static void
a_new_key_is_private_and_loads(void **state)
{
    struct ph_machine_key key, again;
    struct ph_why why = {""};
    uint8_t zero[PH_KEY_BYTES] = {0};
    struct stat st;

    (void)state;
    assert_int_equal(ph_machine_key_create("file", path, &why), PH_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(ph_machine_key_load("file", path, &key, &why), PH_OK);
    assert_int_equal(ph_machine_key_load("file", path, &again, NULL), PH_OK);
    assert_memory_equal(key.bytes, again.bytes, PH_KEY_BYTES);
    assert_memory_not_equal(key.bytes, zero, PH_KEY_BYTES);
    assert_string_equal(key.level, "file");
    ph_machine_key_wipe(&key);
    assert_memory_equal(key.bytes, zero, PH_KEY_BYTES);
}

static void
an_existing_key_is_never_replaced(void **state)
{
    struct ph_machine_key key, again;
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ph_machine_key_create("file", path, &why), PH_OK);
    assert_int_equal(ph_machine_key_load("file", path, &key, &why), PH_OK);
    assert_int_equal(ph_machine_key_create("file", path, &why), PH_ERR_EXISTS);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(ph_machine_key_load("file", path, &again, &why), PH_OK);
    assert_memory_equal(key.bytes, again.bytes, PH_KEY_BYTES);
}

static void
nothing_is_left_beside_the_key(void **state)
{
    (void)state;
    assert_int_equal(ph_machine_key_create("file", path, NULL), PH_OK);
    assert_int_equal(ph_machine_key_create("file", path, NULL), PH_ERR_EXISTS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(scratch.path), 0); /* fails unless empty */
    assert_int_equal(mkdir(scratch.path, 0700), 0);
}

static void
a_missing_key_is_not_made(void **state)
{
    (void)state;
    assert_refused(PH_ERR_NOT_FOUND);
    assert_int_equal(access(path, F_OK), -1);
}

static void
a_key_that_others_can_touch_is_refused(void **state)
{
    static const mode_t modes[] = {0440, 0404, 0420, 0402, 0410, 0644, 0777};

    (void)state;
    assert_int_equal(ph_machine_key_create("file", path, NULL), PH_OK);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_refused(PH_ERR_DENIED);
    }
    if (geteuid() == 0) {
        assert_int_equal(chmod(path, 0400), 0);
        assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
        assert_refused(PH_ERR_DENIED);
    }
}

static void
what_is_no_key_file_is_refused(void **state)
{
    static const uint8_t bytes[33] = {1};
    char target[520];

    (void)state;
    scratch_write(path, bytes, 31);
    assert_int_equal(chmod(path, 0400), 0);
    assert_refused(PH_ERR_INVALID);
    assert_int_equal(unlink(path), 0);
    scratch_write(path, bytes, 33);
    assert_int_equal(chmod(path, 0400), 0);
    assert_refused(PH_ERR_INVALID);
    assert_int_equal(unlink(path), 0);
    scratch_write(path, bytes, 0);
    assert_int_equal(chmod(path, 0400), 0);
    assert_refused(PH_ERR_INVALID);
    assert_int_equal(unlink(path), 0);
    /* A symbolic link, even to a sound key; a FIFO; a directory. */
    (void)snprintf(target, sizeof(target), "%s.real", path);
    assert_int_equal(ph_machine_key_create("file", target, NULL), PH_OK);
    assert_int_equal(symlink(target, path), 0);
    assert_refused(PH_ERR_DENIED);
    assert_int_equal(ph_machine_key_create("file", path, NULL), PH_ERR_EXISTS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0400), 0);
    assert_refused(PH_ERR_DENIED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(PH_ERR_DENIED);
}

/* SR-31: no level is chosen for anyone. */
static void
an_unknown_level_is_a_configuration_error(void **state)
{
    static const char *const levels[] = {"", "File", "auto", "tpm", "file "};
    struct ph_machine_key key;
    struct ph_why why = {""};

    (void)state;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        assert_int_equal(ph_machine_key_load(levels[i], path, &key, &why),
                         PH_ERR_CONFIG);
        assert_int_equal(ph_machine_key_create(levels[i], path, &why),
                         PH_ERR_CONFIG);
    }
    assert_int_equal(ph_machine_key_load(NULL, path, &key, &why),
                     PH_ERR_CONFIG);
    assert_int_equal(access(path, F_OK), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_key_is_private_and_loads),
        T(an_existing_key_is_never_replaced),
        T(nothing_is_left_beside_the_key),
        T(a_missing_key_is_not_made),
        T(a_key_that_others_can_touch_is_refused),
        T(what_is_no_key_file_is_refused),
        T(an_unknown_level_is_a_configuration_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
