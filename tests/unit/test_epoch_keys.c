#include <dirent.h>
#include <pthread.h>
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
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/kdf.h"
#include "spool_fixture.h"

#define DAY_MS INT64_C(86400000)
#define NOON   INT64_C(1795262400000)

static struct spool_fixture fx;

static int
setup(void **state)
{
    (void)state;
    spool_fixture_make(&fx);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    spool_fixture_remove(&fx);
    return 0;
}

/* Open the directory again, as after a restart. */
static int
reopen(uint8_t machine_byte, struct ph_why *why)
{
    struct ph_machine_key machine = {.level = "file"};
    struct ph_epoch_keys *keys = NULL;
    int err;

    memset(machine.bytes, machine_byte, sizeof(machine.bytes));
    err = ph_epoch_keys_open(fx.dirfd, &machine, &keys, why);
    if (err == PH_OK) {
        ph_epoch_keys_free(fx.keys);
        fx.keys = keys;
    }
    return err;
}

static void
epoch_name(const struct ph_id *id, char dst[64])
{
    char hex[PH_ID_TEXT];

    ph_id_format(id, hex);
    (void)snprintf(dst, 64, "%s.epoch", hex);
}

static int
count_files(const char *suffix)
{
    DIR *dir = opendir(fx.scratch.path);
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += strstr(entry->d_name, suffix) != NULL;
    (void)closedir(dir);
    return count;
}

static void
a_day_has_one_epoch_and_days_differ(void **state)
{
    struct ph_id morning, night, next;
    int64_t midnight = NOON - NOON % DAY_MS;

    (void)state;
    assert_int_equal(ph_epoch_keys_current(fx.keys, midnight, &morning), PH_OK);
    assert_int_equal(
        ph_epoch_keys_current(fx.keys, midnight + DAY_MS - 1, &night), PH_OK);
    assert_int_equal(ph_epoch_keys_current(fx.keys, midnight + DAY_MS, &next),
                     PH_OK);
    assert_true(ph_id_equal(&morning, &night));
    assert_false(ph_id_equal(&morning, &next));
    assert_int_equal(count_files(".epoch"), 2);
}

static void
days_before_1970_are_days_too(void **state)
{
    struct ph_id before, after;

    (void)state;
    assert_int_equal(ph_epoch_keys_current(fx.keys, -1, &before), PH_OK);
    assert_int_equal(ph_epoch_keys_current(fx.keys, 1, &after), PH_OK);
    assert_false(ph_id_equal(&before, &after));
    assert_int_equal(ph_epoch_keys_current(fx.keys, -DAY_MS, &after), PH_OK);
    assert_true(ph_id_equal(&before, &after));
}

static void
epochs_survive_a_restart(void **state)
{
    uint8_t key[PH_KEY_BYTES] = {5}, wrapped[PH_WRAPPED_KEY_BYTES];
    uint8_t back[PH_KEY_BYTES];
    struct ph_id again;
    struct stat st;
    char name[64];

    (void)state;
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &fx.epoch, key, wrapped),
                     PH_OK);
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    assert_int_equal(ph_epoch_keys_unwrap(fx.keys, &fx.epoch, wrapped, back),
                     PH_OK);
    assert_memory_equal(key, back, PH_KEY_BYTES);
    assert_int_equal(
        ph_epoch_keys_current(fx.keys, INT64_C(1795289400000), &again), PH_OK);
    assert_true(ph_id_equal(&again, &fx.epoch));
    epoch_name(&fx.epoch, name);
    assert_int_equal(fstatat(fx.dirfd, name, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_string_equal(ph_epoch_keys_level(fx.keys), "file");
}

/* SR-21 */
static void
wrapped_keys_hold_against_alteration_and_other_epochs(void **state)
{
    uint8_t key[PH_KEY_BYTES] = {5}, wrapped[PH_WRAPPED_KEY_BYTES];
    uint8_t back[PH_KEY_BYTES] = {9};
    struct ph_id other, unknown = {{1}};

    (void)state;
    assert_int_equal(ph_epoch_keys_current(fx.keys, 0, &other), PH_OK);
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &fx.epoch, key, wrapped),
                     PH_OK);
    for (size_t i = 0; i < sizeof(wrapped); i++) {
        wrapped[i] ^= 0x20;
        assert_int_equal(
            ph_epoch_keys_unwrap(fx.keys, &fx.epoch, wrapped, back),
            PH_ERR_CORRUPT);
        wrapped[i] ^= 0x20;
    }
    assert_int_equal(ph_epoch_keys_unwrap(fx.keys, &other, wrapped, back),
                     PH_ERR_CORRUPT);
    assert_int_equal(ph_epoch_keys_unwrap(fx.keys, &unknown, wrapped, back),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &unknown, key, wrapped),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(back[0], 9);
}

static void
a_destroyed_epoch_is_gone_and_the_others_stay(void **state)
{
    uint8_t key[PH_KEY_BYTES] = {5}, wrapped[PH_WRAPPED_KEY_BYTES];
    uint8_t other_wrapped[PH_WRAPPED_KEY_BYTES];
    struct ph_id other, fresh;

    (void)state;
    assert_int_equal(ph_epoch_keys_current(fx.keys, 0, &other), PH_OK);
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &fx.epoch, key, wrapped),
                     PH_OK);
    assert_int_equal(ph_epoch_keys_wrap(fx.keys, &other, key, other_wrapped),
                     PH_OK);
    assert_int_equal(ph_epoch_keys_destroy(fx.keys, &fx.epoch), PH_OK);
    for (int restart = 0; restart < 2; restart++) {
        assert_int_equal(ph_epoch_keys_unwrap(fx.keys, &fx.epoch, wrapped, key),
                         PH_ERR_NOT_FOUND);
        assert_int_equal(
            ph_epoch_keys_unwrap(fx.keys, &other, other_wrapped, key), PH_OK);
        assert_int_equal(ph_epoch_keys_destroy(fx.keys, &fx.epoch),
                         PH_ERR_NOT_FOUND);
        assert_int_equal(reopen(0x4d, NULL), PH_OK);
    }
    /* itself, parent, other, the owners' secret */
    assert_int_equal(count_files("."), 4);
    /* The same day begins anew. */
    assert_int_equal(
        ph_epoch_keys_current(fx.keys, INT64_C(1795289400000), &fresh), PH_OK);
    assert_false(ph_id_equal(&fresh, &fx.epoch));
}

/* Change the epoch's file, expect the refusal to name it, put it back. */
static void
assert_file_refused(const char *what, const uint8_t *bytes, size_t len)
{
    struct ph_why why = {""};
    char name[64];
    int err;

    epoch_name(&fx.epoch, name);
    assert_int_equal(ph_io_write_file(fx.dirfd, name, bytes, len, 0400), PH_OK);
    err = reopen(0x4d, &why);
    if (err != PH_ERR_CORRUPT)
        fail_msg("%s: %d", what, err);
    assert_non_null(strstr(why.text, name));
}

static void
damaged_epoch_files_are_refused_and_named(void **state)
{
    struct ph_buf buf;
    uint8_t bytes[57] = {0};
    char name[64];

    (void)state;
    epoch_name(&fx.epoch, name);
    assert_int_equal(ph_io_read_file(fx.dirfd, name, 100, &buf), PH_OK);
    assert_int_equal(buf.len, 56);
    for (size_t i = 0; i < buf.len; i++) {
        memcpy(bytes, buf.data, buf.len);
        bytes[i] ^= 0x08;
        assert_file_refused("flipped", bytes, 56);
    }
    assert_file_refused("empty", buf.data, 0);
    assert_file_refused("short", buf.data, 55);
    memcpy(bytes, buf.data, buf.len);
    assert_file_refused("long", bytes, 57);
    assert_int_equal(ph_io_write_file(fx.dirfd, name, buf.data, buf.len, 0400),
                     PH_OK);
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    ph_buf_close(&buf);
}

static void
another_machine_key_or_name_does_not_unwrap(void **state)
{
    static const char other[] = "00000000000000000000000000000000.epoch";
    struct ph_why why = {""};
    char name[64];

    (void)state;
    epoch_name(&fx.epoch, name);
    assert_int_equal(reopen(0x4e, &why), PH_ERR_CORRUPT);
    assert_non_null(strstr(why.text, name));
    assert_int_equal(renameat(fx.dirfd, name, fx.dirfd, other), 0);
    assert_int_equal(reopen(0x4d, &why), PH_ERR_CORRUPT);
    assert_non_null(strstr(why.text, other));
}

static void
leftovers_are_swept_and_strangers_ignored(void **state)
{
    static const char *const swept[] = {
        ".new-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef.gone"};
    static const char *const kept[] = {
        "README", "0123456789ABCDEF0123456789abcdef.epoch", "0123.epoch",
        "0123456789abcdef0123456789abcdef.epoch~"};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(ph_io_write_file(fx.dirfd, swept[i], "x", 1, 0400),
                         PH_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ph_io_write_file(fx.dirfd, kept[i], "x", 1, 0400),
                         PH_OK);
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(faccessat(fx.dirfd, swept[i], F_OK, 0), -1);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(faccessat(fx.dirfd, kept[i], F_OK, 0), 0);
}

static void
there_is_a_most_of_epochs(void **state)
{
    struct ph_id id;
    int err = PH_OK;
    int days = 0;

    (void)state;
    while (err == PH_OK && days < 200)
        err = ph_epoch_keys_current(fx.keys, DAY_MS * days++, &id);
    assert_int_equal(err, PH_ERR_LIMIT);
    assert_int_equal(days, 64); /* 63 beside the fixture's, then the limit */
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
}

static void
rows_are_sealed_to_their_place(void **state)
{
    struct ph_buf sealed, plain;
    struct ph_id other;
    uint8_t *row;

    (void)state;
    ph_buf_init(&sealed, 100000);
    ph_buf_init(&plain, 100000);
#define UNSEAL(epoch, aad, len) \
    ph_epoch_keys_unseal(fx.keys, epoch, aad, 5, sealed.data, len, &plain)
    assert_int_equal(ph_epoch_keys_current(fx.keys, 0, &other), PH_OK);
    assert_int_equal(
        ph_epoch_keys_seal(fx.keys, &fx.epoch, "row-1", 5, "title", 5, &sealed),
        PH_OK);
    assert_int_equal(sealed.len, 5 + 28);
    assert_null(memmem(sealed.data, sealed.len, "title", 5));
    assert_int_equal(UNSEAL(&fx.epoch, "row-1", sealed.len), PH_OK);
    assert_int_equal(plain.len, 5);
    assert_memory_equal(plain.data, "title", 5);
    assert_int_equal(UNSEAL(&fx.epoch, "row-2", sealed.len), PH_ERR_CORRUPT);
    assert_int_equal(plain.len, 0);
    assert_int_equal(UNSEAL(&other, "row-1", sealed.len), PH_ERR_CORRUPT);
    assert_int_equal(UNSEAL(&fx.epoch, "row-1", sealed.len - 1),
                     PH_ERR_CORRUPT);
    assert_int_equal(UNSEAL(&fx.epoch, "row-1", 27), PH_ERR_TRUNCATED);
    assert_int_equal(UNSEAL(&fx.epoch, "row-1", 0), PH_ERR_TRUNCATED);
    row = sealed.data;
    for (size_t i = 0; i < sealed.len; i++) {
        row[i] ^= 1;
        assert_int_equal(UNSEAL(&fx.epoch, "row-1", sealed.len),
                         PH_ERR_CORRUPT);
        row[i] ^= 1;
    }
#undef UNSEAL
    ph_buf_close(&sealed);
    ph_buf_close(&plain);
}

static void
rows_have_a_maximum_and_may_be_empty(void **state)
{
    static uint8_t big[65537];
    struct ph_buf sealed, plain;

    (void)state;
    ph_buf_init(&sealed, 100000);
    ph_buf_init(&plain, 100000);
    assert_int_equal(ph_epoch_keys_seal(fx.keys, &fx.epoch, NULL, 0, big,
                                        sizeof(big), &sealed),
                     PH_ERR_TOO_BIG);
    assert_int_equal(
        ph_epoch_keys_seal(fx.keys, &fx.epoch, NULL, 0, big, 65536, &sealed),
        PH_OK);
    assert_int_equal(ph_epoch_keys_unseal(fx.keys, &fx.epoch, NULL, 0,
                                          sealed.data, sealed.len, &plain),
                     PH_OK);
    assert_int_equal(plain.len, 65536);
    assert_int_equal(
        ph_epoch_keys_seal(fx.keys, &fx.epoch, NULL, 0, NULL, 0, &sealed),
        PH_OK);
    assert_int_equal(ph_epoch_keys_unseal(fx.keys, &fx.epoch, NULL, 0,
                                          sealed.data, sealed.len, &plain),
                     PH_OK);
    assert_int_equal(plain.len, 0);
    ph_buf_close(&sealed);
    ph_buf_close(&plain);
}

static void
the_owner_pseudonym_lives_as_long_as_the_directory(void **state)
{
    uint8_t a[PH_OWNER_KEY_BYTES], b[PH_OWNER_KEY_BYTES];
    uint8_t other[PH_OWNER_KEY_BYTES];
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(ph_epoch_keys_owner(fx.keys, "ada", a), PH_OK);
    assert_int_equal(ph_epoch_keys_owner(fx.keys, "adb", other), PH_OK);
    assert_memory_not_equal(a, other, sizeof(a));
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    assert_int_equal(ph_epoch_keys_owner(fx.keys, "ada", b), PH_OK);
    assert_memory_equal(a, b, sizeof(a));
    /* Another machine key: no other pseudonyms, a refusal. */
    assert_int_equal(ph_epoch_keys_destroy(fx.keys, &fx.epoch), PH_OK);
    assert_int_equal(reopen(0x4e, &why), PH_ERR_CORRUPT);
    assert_non_null(strstr(why.text, "owner.key"));
}

/* A directory from before there was an owner.key: version 1 of the epoch file
 * and the secret derived from the machine key. */
static void
an_older_directory_keeps_its_pseudonyms(void **state)
{
    static const uint8_t magic[] = "PHEPOCH1";
    uint8_t a[PH_OWNER_KEY_BYTES], b[PH_OWNER_KEY_BYTES];
    uint8_t machine[PH_KEY_BYTES], secret[PH_KEY_BYTES], mac[PH_SHA256_BYTES];
    struct ph_buf buf;
    char name[64];

    (void)state;
    epoch_name(&fx.epoch, name);
    assert_int_equal(ph_io_read_file(fx.dirfd, name, 100, &buf), PH_OK);
    memcpy(buf.data, magic, 8);
    assert_int_equal(ph_io_write_file(fx.dirfd, name, buf.data, buf.len, 0400),
                     PH_OK);
    ph_buf_close(&buf);
    assert_int_equal(unlinkat(fx.dirfd, "owner.key", 0), 0);
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    assert_int_equal(faccessat(fx.dirfd, "owner.key", F_OK, 0), 0);
    assert_int_equal(ph_epoch_keys_owner(fx.keys, "ada", a), PH_OK);
    memset(machine, 0x4d, sizeof(machine));
    assert_int_equal(
        ph_hkdf_label(machine, NULL, 0, "printhold/v1/owner", secret), PH_OK);
    assert_int_equal(ph_hmac_sha256(secret, 32, "ada", 3, mac), PH_OK);
    assert_memory_equal(a, mac, sizeof(a));
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    assert_int_equal(ph_epoch_keys_owner(fx.keys, "ada", b), PH_OK);
    assert_memory_equal(a, b, sizeof(a));
}

static void
a_lost_owner_key_is_not_made_anew(void **state)
{
    struct ph_why why = {""};

    (void)state;
    assert_int_equal(unlinkat(fx.dirfd, "owner.key", 0), 0);
    assert_int_equal(reopen(0x4d, &why), PH_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "owner.key"));
    assert_int_equal(faccessat(fx.dirfd, "owner.key", F_OK, 0), -1);
}

static void
a_damaged_owner_key_is_refused(void **state)
{
    uint8_t bytes[49] = {0};
    struct ph_why why = {""};
    struct ph_buf buf;

    (void)state;
    assert_int_equal(ph_io_read_file(fx.dirfd, "owner.key", 100, &buf), PH_OK);
    assert_int_equal(buf.len, 48);
    for (size_t i = 0; i < 51; i++) { /* flipped; empty, short, long */
        size_t len = i < 48 ? 48 : i == 48 ? 0 : i == 49 ? 47 : 49;

        memcpy(bytes, buf.data, buf.len);
        bytes[i % 48] ^= i < 48 ? 1 : 0;
        assert_int_equal(
            ph_io_write_file(fx.dirfd, "owner.key", bytes, len, 0400), PH_OK);
        assert_int_equal(reopen(0x4d, &why), PH_ERR_CORRUPT);
        assert_non_null(strstr(why.text, "owner.key"));
    }
    assert_int_equal(
        ph_io_write_file(fx.dirfd, "owner.key", buf.data, 48, 0400), PH_OK);
    assert_int_equal(reopen(0x4d, NULL), PH_OK);
    ph_buf_close(&buf);
}

static void *
hammer(void *arg)
{
    uint8_t key[PH_KEY_BYTES] = {5}, wrapped[PH_WRAPPED_KEY_BYTES];
    struct ph_id *ids = arg;

    for (int i = 0; i < 20; i++) {
        if (ph_epoch_keys_current(fx.keys, DAY_MS * i, &ids[i]) != PH_OK ||
            ph_epoch_keys_wrap(fx.keys, &ids[i], key, wrapped) != PH_OK ||
            ph_epoch_keys_unwrap(fx.keys, &ids[i], wrapped, key) != PH_OK)
            return NULL;
    }
    return arg;
}

static void
threads_agree_on_the_epoch_of_a_day(void **state)
{
    static struct ph_id ids[4][20];
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, ids[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    for (int i = 1; i < 4; i++)
        assert_memory_equal(ids[0], ids[i], sizeof(ids[0]));
    assert_int_equal(count_files(".epoch"), 21);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_day_has_one_epoch_and_days_differ),
        T(days_before_1970_are_days_too),
        T(epochs_survive_a_restart),
        T(wrapped_keys_hold_against_alteration_and_other_epochs),
        T(a_destroyed_epoch_is_gone_and_the_others_stay),
        T(damaged_epoch_files_are_refused_and_named),
        T(another_machine_key_or_name_does_not_unwrap),
        T(leftovers_are_swept_and_strangers_ignored),
        T(there_is_a_most_of_epochs),
        T(rows_are_sealed_to_their_place),
        T(rows_have_a_maximum_and_may_be_empty),
        T(the_owner_pseudonym_lives_as_long_as_the_directory),
        T(an_older_directory_keeps_its_pseudonyms),
        T(a_lost_owner_key_is_not_made_anew),
        T(a_damaged_owner_key_is_refused),
        T(threads_agree_on_the_epoch_of_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
