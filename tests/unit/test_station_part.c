/* Part files: resuming, checking, and the step to the final name. */
#include "part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "scratch.h"

#define ID  "0123456789abcdef0123456789abcdef"
#define TAG "\"tag\""

struct place {
    struct scratch scratch;
    int dirfd;
};

static int
set_up(void **state)
{
    static struct place place;

    scratch_make(&place.scratch);
    place.dirfd = open(place.scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place.dirfd >= 0);
    *state = &place;
    return 0;
}

static int
tear_down(void **state)
{
    struct place *place = *state;

    (void)close(place->dirfd);
    scratch_remove(&place->scratch);
    return 0;
}

static void
expect_file(const struct place *place, const char *name, const char *text)
{
    struct ph_buf buf;

    assert_int_equal(ph_io_read_file(place->dirfd, name, 1000, &buf), PH_OK);
    assert_int_equal(buf.len, strlen(text));
    assert_memory_equal(buf.data, text, buf.len);
    ph_buf_close(&buf);
}

static bool
is_there(const struct place *place, const char *name)
{
    struct stat st;

    return fstatat(place->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
put(const struct place *place, const char *name, const char *text)
{
    assert_int_equal(
        ph_io_write_file(place->dirfd, name, text, strlen(text), 0600), PH_OK);
}

static void
start(const struct place *place, struct ph_part *part, const char *text)
{
    assert_int_equal(ph_part_open(place->dirfd, ID, part, NULL), PH_OK);
    assert_int_equal(ph_part_restart(part, TAG), PH_OK);
    assert_int_equal(ph_part_append(part, text, strlen(text)), PH_OK);
}

static void
a_part_goes_on_where_an_earlier_one_stopped(void **state)
{
    const struct place *place = *state;
    uint8_t sha256[32];
    struct ph_part part;

    start(place, &part, "hello ");
    ph_part_close(&part);

    assert_int_equal(ph_part_open(place->dirfd, ID, &part, NULL), PH_OK);
    assert_int_equal(part.size, 6);
    assert_string_equal(part.etag, TAG);
    assert_int_equal(ph_part_append(&part, "world", 5), PH_OK);
    (void)SHA256((const uint8_t *)"hello world", 11, sha256);
    assert_int_equal(ph_part_check(&part, 11, sha256), PH_OK);
    assert_int_equal(ph_part_publish(&part, "out.pdf", false), PH_OK);
    ph_part_close(&part);
    expect_file(place, "out.pdf", "hello world");
    assert_false(is_there(place, ID ".part"));
    assert_false(is_there(place, ID ".part.etag"));
}

static void
bytes_without_a_tag_are_dropped(void **state)
{
    const struct place *place = *state;
    struct ph_part part;

    put(place, ID ".part", "left over");
    assert_int_equal(ph_part_open(place->dirfd, ID, &part, NULL), PH_OK);
    assert_int_equal(part.size, 0);
    ph_part_close(&part);
    expect_file(place, ID ".part", "");
}

static void
a_tag_that_is_none_is_not_used(void **state)
{
    const struct place *place = *state;
    struct ph_part part;

    put(place, ID ".part", "left over");
    put(place, ID ".part.etag", "\"x\"\r\nX-Evil: 1");
    assert_int_equal(ph_part_open(place->dirfd, ID, &part, NULL), PH_OK);
    assert_int_equal(part.size, 0);
    assert_string_equal(part.etag, "");
    ph_part_close(&part);
}

static void
wrong_bytes_and_wrong_lengths_are_found(void **state)
{
    const struct place *place = *state;
    uint8_t sha256[32];
    struct ph_part part;

    (void)SHA256((const uint8_t *)"hello", 5, sha256);
    start(place, &part, "hello");
    assert_int_equal(ph_part_check(&part, 6, sha256), PH_ERR_CORRUPT);
    assert_int_equal(ph_part_check(&part, 5, sha256), PH_OK);
    ph_part_close(&part);
    start(place, &part, "hellp");
    assert_int_equal(ph_part_check(&part, 5, sha256), PH_ERR_CORRUPT);
    ph_part_discard(&part);
    ph_part_close(&part);
    assert_false(is_there(place, ID ".part"));
}

static void
a_file_of_that_name_is_replaced_only_by_force(void **state)
{
    const struct place *place = *state;
    struct ph_part part;

    put(place, "out.pdf", "precious");
    start(place, &part, "new");
    assert_int_equal(ph_part_publish(&part, "out.pdf", false), PH_ERR_EXISTS);
    expect_file(place, "out.pdf", "precious");
    assert_int_equal(ph_part_publish(&part, "out.pdf", true), PH_OK);
    ph_part_close(&part);
    expect_file(place, "out.pdf", "new");
}

static void
only_one_process_has_a_part(void **state)
{
    const struct place *place = *state;
    struct ph_part first;
    struct ph_part second;
    struct ph_why why = {{0}};

    start(place, &first, "hello");
    assert_int_equal(ph_part_open(place->dirfd, ID, &second, &why),
                     PH_ERR_BUSY);
    assert_string_equal(why.text,
                        "another printhold-station is pulling " ID ".part");
    expect_file(place, ID ".part", "hello");
    ph_part_close(&first);
}

static void
a_link_in_the_way_is_not_followed(void **state)
{
    const struct place *place = *state;
    struct ph_part part;
    struct ph_why why = {{0}};

    put(place, "victim", "precious");
    assert_int_equal(symlinkat("victim", place->dirfd, ID ".part"), 0);
    assert_int_not_equal(ph_part_open(place->dirfd, ID, &part, &why), PH_OK);
    expect_file(place, "victim", "precious");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_part_goes_on_where_an_earlier_one_stopped),
        TEST(bytes_without_a_tag_are_dropped),
        TEST(a_tag_that_is_none_is_not_used),
        TEST(wrong_bytes_and_wrong_lengths_are_found),
        TEST(a_file_of_that_name_is_replaced_only_by_force),
        TEST(only_one_process_has_a_part),
        TEST(a_link_in_the_way_is_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
