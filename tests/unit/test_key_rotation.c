/*
 * Another machine key under the same directory, and what must be true after
 * every step at which it stops: nothing is lost, the agent refuses until it is
 * finished, and the same call finishes it. Calls of the random source, of
 * OpenSSL (SR-35) and of the file system are wrapped by the linker.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "printhold/base/attr.h"
#include "printhold/base/io.h"
#include "printhold/crypto/key_rotation.h"
#include "spool_fixture.h"

#define DAYS   2
#define DAY_MS INT64_C(86400000)
#define DIED   9

/* --- calls that fail, or at which the process ends --- */

enum manner { FAIL, DIE, MANNERS };

static enum manner manner;
static int countdown; /* until the call that it happens at; 0: never */

/* A process that dies at a call that only reads might as well have died at
 * the change before it. */
static bool
is_due(bool changes)
{
    if (countdown == 0 || (manner == DIE && !changes) || --countdown > 0)
        return false;
    return true;
}

#define WRAP(type, name, params, args, number, changes) \
    type __real_##name params;                          \
    type __wrap_##name params;                          \
    type __wrap_##name params                           \
    {                                                   \
        const bool due = is_due(changes);               \
        type got = -1;                                  \
        if (!due || manner == DIE)                      \
            got = __real_##name args;                   \
        else                                            \
            errno = number;                             \
        if (due && manner == DIE)                       \
            _exit(DIED);                                \
        return got;                                     \
    }

WRAP(int, getentropy, (void *bytes, size_t len), (bytes, len), EIO, false)
WRAP(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), EIO, false)
WRAP(ssize_t, pread, (int fd, void *buf, size_t n, off_t at), (fd, buf, n, at),
     EIO, false)
WRAP(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), ENOSPC,
     true)
WRAP(int, fsync, (int fd), (fd), EIO, true)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), EIO, true)
WRAP(int, renameat, (int from, const char *a, int to, const char *b),
     (from, a, to, b), EROFS, true)
WRAP(int, linkat, (int from, const char *a, int to, const char *b, int flags),
     (from, a, to, b, flags), EMLINK, true)
WRAP(int, unlinkat, (int fd, const char *name, int flags), (fd, name, flags),
     EROFS, true)

WRAP(int, EVP_CipherInit_ex2,
     (EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, const unsigned char *key,
      const unsigned char *iv, int enc, const OSSL_PARAM *params),
     (ctx, cipher, key, iv, enc, params), EIO, false)
WRAP(int, EVP_CipherUpdate,
     (EVP_CIPHER_CTX * ctx, unsigned char *out, int *outl,
      const unsigned char *in, int inl),
     (ctx, out, outl, in, inl), EIO, false)
WRAP(int, EVP_KDF_derive,
     (EVP_KDF_CTX * ctx, unsigned char *key, size_t len,
      const OSSL_PARAM params[]),
     (ctx, key, len, params), EIO, false)

/* --- a machine key and what lies under it --- */

struct vault {
    struct scratch scratch;
    char key[300];
    char moved[300]; /* another place at level file */
    int keys_fd;
    struct ph_id epochs[DAYS];
    uint8_t wrapped[DAYS][PH_WRAPPED_KEY_BYTES];
    uint8_t owner[PH_OWNER_KEY_BYTES];
};

static const uint8_t data_key[PH_KEY_BYTES] = {0xd4, 0x7a};

static int
open_keys(const struct vault *v, const char *source,
          struct ph_epoch_keys **out_keys, struct ph_why *why)
{
    struct ph_machine_key machine;
    int err = ph_machine_key_load("file", source, &machine, why);

    return err == PH_OK
               ? ph_epoch_keys_open(v->keys_fd, &machine, out_keys, why)
               : err;
}

static void
vault_make(struct vault *v)
{
    struct ph_epoch_keys *keys = NULL;
    struct ph_why why = {""};
    char dir[300];

    scratch_make(&v->scratch);
    (void)snprintf(v->key, sizeof(v->key), "%s/machine.key", v->scratch.path);
    (void)snprintf(v->moved, sizeof(v->moved), "%s/moved.key", v->scratch.path);
    (void)snprintf(dir, sizeof(dir), "%s/keys", v->scratch.path);
    assert_int_equal(ph_io_open_dir(dir, true, 0700, &v->keys_fd, &why), PH_OK);
    assert_int_equal(ph_machine_key_create("file", v->key, &why), PH_OK);
    assert_int_equal(open_keys(v, v->key, &keys, &why), PH_OK);
    for (int i = 0; i < DAYS; i++) {
        assert_int_equal(ph_epoch_keys_current(keys, i * DAY_MS, &v->epochs[i]),
                         PH_OK);
        assert_int_equal(
            ph_epoch_keys_wrap(keys, &v->epochs[i], data_key, v->wrapped[i]),
            PH_OK);
    }
    assert_int_equal(ph_epoch_keys_owner(keys, "ada", v->owner), PH_OK);
    ph_epoch_keys_free(keys);
}

static void
vault_remove(struct vault *v)
{
    ph_io_close(&v->keys_fd);
    scratch_remove(&v->scratch);
}

/* Everything that lay under the first key is there, under the key at source. */
static void
assert_whole(const struct vault *v, const char *source)
{
    struct ph_epoch_keys *keys = NULL;
    uint8_t owner[PH_OWNER_KEY_BYTES], key[PH_KEY_BYTES];
    struct ph_why why = {""};

    if (open_keys(v, source, &keys, &why) != PH_OK)
        fail_msg("%s", why.text);
    for (int i = 0; i < DAYS; i++) {
        assert_int_equal(
            ph_epoch_keys_unwrap(keys, &v->epochs[i], v->wrapped[i], key),
            PH_OK);
        assert_memory_equal(key, data_key, sizeof(key));
    }
    assert_int_equal(ph_epoch_keys_owner(keys, "ada", owner), PH_OK);
    assert_memory_equal(owner, v->owner, sizeof(owner));
    ph_epoch_keys_free(keys);
}

static int
rotate(const struct vault *v, const char *from, const char *to,
       struct ph_why *why)
{
    const struct ph_key_place old = {"file", from}, next = {"file", to};
    size_t count = 0;
    int err = ph_key_rotate(v->keys_fd, &old, &next, &count, why);

    if (err == PH_OK)
        assert_int_equal(count, DAYS);
    return err;
}

static void
read_key(const char *path, uint8_t key[PH_KEY_BYTES])
{
    struct ph_buf buf;

    assert_int_equal(ph_io_read_file(AT_FDCWD, path, PH_KEY_BYTES, &buf),
                     PH_OK);
    assert_int_equal(buf.len, PH_KEY_BYTES);
    memcpy(key, buf.data, PH_KEY_BYTES);
    ph_buf_close(&buf);
}

static bool
is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- the good road --- */

static void
everything_lies_under_the_new_key_and_nothing_under_the_old(void **state)
{
    struct ph_machine_key machine = {.level = "file"};
    struct ph_epoch_keys *keys = NULL;
    struct ph_why why = {""};
    uint8_t now[PH_KEY_BYTES];
    char next[320];
    struct vault v;

    (void)state;
    vault_make(&v);
    read_key(v.key, machine.bytes);
    if (rotate(&v, v.key, v.key, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_whole(&v, v.key);
    read_key(v.key, now);
    assert_memory_not_equal(now, machine.bytes, PH_KEY_BYTES);
    assert_int_equal(ph_epoch_keys_open(v.keys_fd, &machine, &keys, &why),
                     PH_ERR_CORRUPT);
    (void)snprintf(next, sizeof(next), "%s.next", v.key);
    assert_false(is_there(next));
    for (int i = 0; i < 3; i++)
        assert_int_equal(rotate(&v, v.key, v.key, &why), PH_OK);
    assert_whole(&v, v.key);
    vault_remove(&v);
}

static void
a_moved_key_is_gone_where_it_was(void **state)
{
    struct ph_why why = {""};
    struct vault v;

    (void)state;
    vault_make(&v);
    assert_int_equal(rotate(&v, v.key, v.moved, &why), PH_OK);
    assert_whole(&v, v.moved);
    assert_false(is_there(v.key));
    /* Again: there is nothing at the old place to move. */
    assert_int_equal(rotate(&v, v.key, v.moved, &why), PH_ERR_NOT_FOUND);
    assert_whole(&v, v.moved);
    vault_remove(&v);
}

/* --- what is refused, with nothing changed --- */

static void
a_key_that_does_not_fit_changes_nothing(void **state)
{
    uint8_t before[PH_KEY_BYTES], after[PH_KEY_BYTES];
    struct ph_why why = {""};
    struct vault v;
    char name[64] = "";

    (void)state;
    vault_make(&v);
    read_key(v.key, before);
    ph_id_format(&v.epochs[1], name);
    (void)strncat(name, ".epoch", sizeof(name) - strlen(name) - 1);
    assert_int_equal(renameat(v.keys_fd, name, v.keys_fd, "aside"), 0);
    assert_int_equal(ph_io_write_file(v.keys_fd, name, "damaged", 7, 0400),
                     PH_OK);
    assert_int_equal(rotate(&v, v.key, v.key, &why), PH_ERR_CORRUPT);
    assert_non_null(strstr(why.text, name));
    assert_int_equal(renameat(v.keys_fd, "aside", v.keys_fd, name), 0);
    assert_whole(&v, v.key);
    read_key(v.key, after);
    assert_memory_equal(before, after, PH_KEY_BYTES);
    vault_remove(&v);
}

static void
no_key_is_made_where_there_is_none(void **state)
{
    struct ph_why why = {""};
    char next[320];
    struct vault v;

    (void)state;
    vault_make(&v);
    assert_int_equal(unlink(v.key), 0);
    assert_int_equal(rotate(&v, v.key, v.key, &why), PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, v.key));
    (void)snprintf(next, sizeof(next), "%s.next", v.key);
    assert_false(is_there(v.key));
    assert_false(is_there(next));
    vault_remove(&v);
}

/* --- every step --- */

/* Rotate in a child, with the n-th call going wrong; false when it had no n-th
 * call and went through. */
static bool
stop_at(const struct vault *v, const char *to, int n)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        int err;

        countdown = n;
        err = rotate(v, v->key, to, NULL);
        /* A failure that goes unnoticed is no success. */
        if (err == PH_OK && countdown == 0)
            _exit(2);
        _exit(err == PH_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0)
        return false;
    if (WEXITSTATUS(status) != (manner == FAIL ? 1 : DIED) &&
        WEXITSTATUS(status) != 2)
        fail_msg("manner %d, call %d: exit %d", manner, n, WEXITSTATUS(status));
    return true;
}

/* Either nothing began, or it is finished, or the agent says what to do. */
static void
assert_no_silent_loss(const struct vault *v, const char *to)
{
    struct ph_machine_key machine;
    struct ph_why why = {""};
    int err = ph_machine_key_load("file", to, &machine, &why);

    if (err == PH_OK)
        assert_whole(v, to);
    else if (err == PH_ERR_NOT_FOUND) /* of a move: not begun */
        assert_whole(v, v->key);
    else if (err != PH_ERR_STATE || strstr(why.text, "key rotate") == NULL)
        fail_msg("%d %s", err, why.text);
}

static int
stop_everywhere(bool move)
{
    int n = 1;

    for (;; n++) {
        struct ph_why why = {""};
        struct vault v;
        const char *to;
        bool stopped;

        vault_make(&v);
        to = move ? v.moved : v.key;
        stopped = stop_at(&v, to, n);
        assert_no_silent_loss(&v, to);
        if (stopped && !(move && !is_there(v.key)) &&
            rotate(&v, v.key, to, &why) != PH_OK)
            fail_msg("manner %d, call %d: cannot go on: %s", manner, n,
                     why.text);
        assert_whole(&v, to);
        assert_int_equal(is_there(v.key), !move);
        vault_remove(&v);
        if (!stopped)
            return n;
    }
}

static void
a_rotation_that_stops_anywhere_loses_nothing_and_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < MANNERS; i++) {
        manner = (enum manner)i;
        assert_true(stop_everywhere(false) > 15);
    }
}

static void
a_move_that_stops_anywhere_loses_nothing_and_goes_on(void **state)
{
    (void)state;
    for (int i = 0; i < MANNERS; i++) {
        manner = (enum manner)i;
        assert_true(stop_everywhere(true) > 15);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            everything_lies_under_the_new_key_and_nothing_under_the_old),
        cmocka_unit_test(a_moved_key_is_gone_where_it_was),
        cmocka_unit_test(a_key_that_does_not_fit_changes_nothing),
        cmocka_unit_test(no_key_is_made_where_there_is_none),
        cmocka_unit_test(
            a_rotation_that_stops_anywhere_loses_nothing_and_goes_on),
        cmocka_unit_test(a_move_that_stops_anywhere_loses_nothing_and_goes_on),
    };

    /* A death of the process is no power cut: memory will do. */
    if (setenv("TMPDIR", "/dev/shm", 0) != 0)
        return 1;

    return cmocka_run_group_tests(tests, NULL, NULL);
}
