/* How a key of the issuer takes over from another, with the clock moved and the
 * hub opened anew at each step. */
#include "hub_enrol_checks.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "due.h"
#include "issuer.h"
#include "printhold/base/io.h"
#include "store_commands.h"

#define AFTER_S 3600

static struct hub_issuer_now
issuer_now(void)
{
    struct hub_store *store = fixture.hub.store;
    struct hub_issuer_now now;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(
        hub_store_end(store, hub_issuer_now(&fixture.hub, &now, NULL)), PH_OK);
    return now;
}

static void
expect_signer(const char *kid)
{
    const struct hub_issuer_now now = issuer_now();
    char is[PH_JWS_KID_MAX];

    assert_int_equal(ph_jws_key_kid(now.signer, is), PH_OK);
    assert_string_equal(is, kid);
}

static void
expect_list(const char *signer, size_t told)
{
    const struct hub_issuer_now now = issuer_now();
    char is[PH_JWS_KID_MAX];

    assert_int_equal(ph_jws_key_kid(now.keys_signer, is), PH_OK);
    assert_string_equal(is, signer);
    assert_int_equal(now.told_count, told);
}

/* issuer.pub is what devices are given. */
static void
expect_public(const char *const kids[], size_t count)
{
    struct ph_jws_keyset *set = NULL;
    struct ph_buf pem, file;
    struct ph_why why = {""};
    char path[400];

    ph_buf_init(&pem, HUB_FILE_MAX);
    assert_int_equal(hub_issuer_pem(&fixture.hub, &pem), PH_OK);
    (void)snprintf(path, sizeof(path), "%s/issuer.pub", fixture.dir);
    assert_int_equal(ph_io_read_file(AT_FDCWD, path, HUB_FILE_MAX, &file),
                     PH_OK);
    assert_int_equal(file.len, pem.len);
    assert_memory_equal(file.data, pem.data, pem.len);
    assert_int_equal(ph_jws_keyset_load(path, &set, &why), PH_OK);
    for (size_t i = 0; i < count; i++)
        assert_non_null(ph_jws_keyset_find(set, kids[i]));
    assert_int_equal(issuer_now().told_count, count);
    ph_jws_keyset_free(set);
    ph_buf_close(&pem);
    ph_buf_close(&file);
}

static bool
has_file(const char *name)
{
    char path[400];

    (void)snprintf(path, sizeof(path), "%s/%s", fixture.dir, name);
    return access(path, F_OK) == 0;
}

static int
rotate(struct hub_issuer_row *out_row)
{
    struct hub_store *store = fixture.hub.store;
    struct ph_why why = {""};
    int err;

    assert_int_equal(hub_store_begin(store), PH_OK);
    err = hub_issuer_rotate(&fixture.hub, AFTER_S, hub_now_ms, out_row, &why);
    err = hub_store_end(store, err);
    return err == PH_OK ? hub_issuer_tidy(&fixture.hub) : err;
}

/* Time goes on, and the hub dies behind each step. */
static void
pass(int64_t ms)
{
    hub_now_ms += ms;
    assert_int_equal(hub_due(&fixture.hub, hub_now_ms), PH_OK);
    hub_fixture_again(&fixture);
}

static int
note_command(const struct hub_ws_command *command, void *arg)
{
    int *count = arg;

    assert_int_equal(command->op, PH_COMMAND_RENEW_CERTIFICATE);
    assert_string_equal(command->device, "ws-1");
    (*count)++;
    return PH_OK;
}

static int
commands(void)
{
    struct hub_store *store = fixture.hub.store;
    int count = 0;

    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_store_end(store, hub_ws_command_each(
                                              store, 10, note_command, &count)),
                     PH_OK);
    return count;
}

static void
first_kid(char kid[PH_JWS_KID_MAX])
{
    assert_int_equal(ph_jws_key_kid(issuer_now().signer, kid), PH_OK);
}

static void
a_new_key_takes_over_step_by_step(void **state)
{
    char token[HUB_TOKEN_TEXT], old[PH_JWS_KID_MAX];
    struct hub_enrolled ws, pr, again;
    struct hub_issuer_row made;

    (void)state;
    first_kid(old);
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-1", "", token);
    assert_int_equal(enrol(token, keys[0], &ws), HUB_ENROLLED);
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[1], &pr), HUB_ENROLLED);
    pass(2 * HUB_DAY);

    assert_int_equal(rotate(&made), PH_OK);
    assert_string_not_equal(made.kid, old);
    expect_public((const char *[]){old, made.kid}, 2);
    pass(AFTER_S * HUB_SECOND - 1);
    expect_signer(old); /* workstations have time to learn the other */
    expect_list(old, 2);
    pass(1);
    expect_signer(made.kid);
    expect_list(old, 2); /* grants of the old one are in force */
    assert_int_equal(commands(), 0);
    pass((int64_t)fixture.config.grant_life_s * HUB_SECOND);
    expect_signer(made.kid);
    expect_list(old, 1); /* withdrawn; who pins it believes its list only */
    expect_public((const char *[]){made.kid}, 1);
    assert_int_equal(commands(), 1);
    pass(HUB_DAY);
    expect_list(old, 1);
    assert_int_equal(commands(), 1);
    assert_true(has_file("issuer.key"));

    assert_int_equal(renew(&ws, keys[2], &again), HUB_ENROLLED);
    pass(0);
    expect_signer(made.kid);
    expect_list(made.kid, 1);
    expect_public((const char *[]){made.kid}, 1);
    assert_false(has_file("issuer.key"));
    assert_true(has_file("issuer-2.key"));
    assert_int_equal(recorded("issuer.sign"), 1);
    assert_int_equal(recorded("issuer.withdraw"), 1);
    assert_int_equal(recorded("issuer.end"), 1);
    assert_int_equal(rotate(&made), PH_OK); /* and the next one can come */
    assert_true(has_file("issuer-3.key"));
}

static void
who_never_comes_back_holds_nothing_up(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled ws;
    struct hub_issuer_row made;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-1", "", token);
    assert_int_equal(enrol(token, keys[0], &ws), HUB_ENROLLED);
    assert_int_equal(rotate(&made), PH_OK);
    pass(AFTER_S * HUB_SECOND);
    pass(HUB_HOUR);
    pass(0);
    assert_true(has_file("issuer.key"));
    pass(90 * HUB_DAY); /* its certificate is over */
    assert_false(has_file("issuer.key"));
}

static void
one_takes_over_at_a_time(void **state)
{
    struct hub_issuer_row made, other;

    (void)state;
    assert_int_equal(rotate(&made), PH_OK);
    assert_int_equal(rotate(&other), PH_ERR_STATE);
    pass(AFTER_S * HUB_SECOND);
    assert_int_equal(rotate(&other), PH_ERR_STATE);
}

static void
a_clock_that_is_set_back_brings_no_key_back(void **state)
{
    struct hub_issuer_row made;

    (void)state;
    assert_int_equal(rotate(&made), PH_OK);
    pass(AFTER_S * HUB_SECOND);
    expect_signer(made.kid);
    pass(-10 * HUB_DAY);
    expect_signer(made.kid);
}

static void
what_a_crash_left_is_put_in_order(void **state)
{
    struct hub_issuer_row made;
    int fd = -1;

    (void)state;
    /* A key without a row, of a rotation that died. */
    assert_int_equal(ph_io_open_dir(fixture.dir, false, 0, &fd, NULL), PH_OK);
    assert_int_equal(ph_io_write_file(fd, "issuer-2.key", "rubbish", 7, 0600),
                     PH_OK);
    hub_fixture_again(&fixture);
    assert_int_equal(rotate(&made), PH_OK);
    hub_fixture_again(&fixture);
    pass(AFTER_S * HUB_SECOND);
    pass(HUB_HOUR);
    pass(0);
    assert_false(has_file("issuer.key"));
    expect_signer(made.kid);
    /* A key whose row went, and a public file of before. */
    assert_int_equal(ph_io_write_file(fd, "issuer.key", "rubbish", 7, 0600),
                     PH_OK);
    assert_int_equal(ph_io_write_file(fd, "issuer.pub", "rubbish", 7, 0644),
                     PH_OK);
    ph_io_close(&fd);
    hub_fixture_again(&fixture);
    assert_int_equal(hub_issuer_tidy(&fixture.hub), PH_OK);
    assert_false(has_file("issuer.key"));
    expect_public((const char *[]){made.kid}, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_key_takes_over_step_by_step),
        TEST(who_never_comes_back_holds_nothing_up),
        TEST(one_takes_over_at_a_time),
        TEST(a_clock_that_is_set_back_brings_no_key_back),
        TEST(what_a_crash_left_is_put_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
