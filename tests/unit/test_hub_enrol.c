/* Who gets a certificate (SR-52), on a hub's real store with the clock moved. */
#include "hub_enrol_checks.h"

#include <fcntl.h>
#include <stdint.h>

#include "due.h"
#include "printhold/base/io.h"

/* --- tokens --- */

static void
the_hub_says_who_a_device_is(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;
    struct ph_identity is;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-lobby", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_false(got.is_repeated);
    is = hub_identity(&got);
    assert_int_equal(is.kind, PH_IDENTITY_PRINTER);
    assert_string_equal(is.tenant, "acme");
    assert_string_equal(is.id, "pr-lobby");
    assert_int_equal(is.not_after_ms, hub_now_ms + 7 * HUB_DAY);
    assert_string_equal(device("pr-lobby").name, "front desk");
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "", "admin@example.com",
                 token);
    assert_int_equal(enrol(token, keys[1], &got), HUB_ENROLLED);
    is = hub_identity(&got);
    assert_int_equal(is.kind, PH_IDENTITY_WORKSTATION);
    assert_int_equal(strncmp(is.id, "ws-", 3), 0);
    assert_int_equal(is.not_after_ms, hub_now_ms + 90 * HUB_DAY);
}

static void
a_workstation_is_bound_to_its_person(void **state)
{
    struct hub_store *store = fixture.hub.store;
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;
    bool has = false, other = true;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-1", "admin@example.com",
                 token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_int_equal(hub_store_begin(store), PH_OK);
    assert_int_equal(hub_binding_has(store, "ws-1", "admin@example.com", &has),
                     PH_OK);
    assert_int_equal(hub_binding_has(store, "ws-1", "bob@example.com", &other),
                     PH_OK);
    assert_int_equal(hub_store_end(store, PH_OK), PH_OK);
    assert_true(has);
    assert_false(other);
}

static void
a_device_of_the_other_class_does_not_use_a_token_up(void **state)
{
    static const enum ph_identity_kind ws = PH_IDENTITY_WORKSTATION,
                                       pr = PH_IDENTITY_PRINTER;
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol_as(token, &ws, keys[0], &got), HUB_TOKEN_CLASS);
    assert_int_equal(recorded("enrol.refused"), 1);
    assert_int_equal(enrol_as(token, &pr, keys[1], &got), HUB_ENROLLED);
    assert_string_equal(got.id, "pr-1");
    /* One that is used is not known to anybody else. */
    assert_int_equal(enrol_as(token, &ws, keys[0], &got), HUB_TOKEN_REFUSED);
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-2", "", token);
    hub_now_ms += 24 * HUB_HOUR;
    assert_int_equal(enrol_as(token, &ws, keys[0], &got), HUB_TOKEN_REFUSED);
}

static void
a_clock_that_is_set_back_opens_no_token_again(void **state)
{
    char token[HUB_TOKEN_TEXT], open[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-1", "", token);
    hub_now_ms += HUB_HOUR;
    hub_token_of(&fixture, PH_IDENTITY_WORKSTATION, "ws-2", "", open);
    hub_now_ms += 23 * HUB_HOUR;
    assert_int_equal(hub_due(&fixture.hub, hub_now_ms), PH_OK);
    hub_fixture_again(&fixture);
    hub_now_ms -= HUB_HOUR;
    assert_int_equal(enrol(token, keys[0], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 1);
    assert_int_equal(enrol(open, keys[1], &got), HUB_ENROLLED);
}

static void
a_lost_answer_is_given_again(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled first, again;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &first), HUB_ENROLLED);
    hub_now_ms += 5 * HUB_HOUR;
    hub_fixture_again(&fixture);
    assert_int_equal(enrol(token, keys[0], &again), HUB_ENROLLED);
    assert_true(again.is_repeated);
    assert_string_equal(again.pem, first.pem);
    assert_string_equal(again.id, first.id);
    assert_int_equal(device("pr-1").generation, 1);
    assert_int_equal(recorded("enrol"), 1);
}

static void
another_key_gets_nothing_and_is_recorded(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_string_equal(got.pem, "");
    assert_int_equal(recorded("enrol.refused"), 1);
    hub_fixture_again(&fixture);
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 2);
    /* And the right one is not locked out by it. */
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
}

/* Who has a used token cannot fill the record. */
static void
refusals_are_written_down_so_often(void **state)
{
    char token[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    assert_int_equal(enrol(token, keys[0], &got), HUB_ENROLLED);
    for (int i = 0; i < 130; i++)
        assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 100);
    hub_now_ms += HUB_HOUR;
    assert_int_equal(enrol(token, keys[1], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 101);
}

static void
a_token_is_over_after_its_life(void **state)
{
    char token[HUB_TOKEN_TEXT], used[HUB_TOKEN_TEXT];
    struct hub_enrolled got;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-2", "", used);
    hub_now_ms += HUB_DAY - 1;
    assert_int_equal(enrol(used, keys[0], &got), HUB_ENROLLED);
    hub_now_ms += 1;
    assert_int_equal(enrol(token, keys[0], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(enrol(used, keys[0], &got), HUB_TOKEN_REFUSED);
    assert_int_equal(recorded("enrol.refused"), 2);
}

static void
tokens_that_were_never_made_are_refused(void **state)
{
    static const char *const texts[] = {
        "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "' OR 1=1 --"};
    struct hub_enrolled got;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        assert_int_equal(enrol(texts[i], keys[0], &got), HUB_TOKEN_REFUSED);
}

/* The database alone is no token: what is kept is a hash with a key. */
static void
what_is_kept_is_not_the_token(void **state)
{
    char token[HUB_TOKEN_TEXT], path[400];
    struct ph_buf file;

    (void)state;
    hub_token_of(&fixture, PH_IDENTITY_PRINTER, "pr-1", "", token);
    hub_close(&fixture.hub); /* the log goes into the file */
    (void)snprintf(path, sizeof(path), "%s/hub.db", fixture.dir);
    assert_int_equal(ph_io_read_file(AT_FDCWD, path, 64 * 1024 * 1024, &file),
                     PH_OK);
    assert_non_null(memmem(file.data, file.len, "pr-1", 4));
    assert_null(memmem(file.data, file.len, token, strlen(token)));
    ph_buf_close(&file);
    hub_fixture_open(&fixture);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_hub_says_who_a_device_is),
        TEST(a_workstation_is_bound_to_its_person),
        TEST(a_device_of_the_other_class_does_not_use_a_token_up),
        TEST(a_clock_that_is_set_back_opens_no_token_again),
        TEST(a_lost_answer_is_given_again),
        TEST(another_key_gets_nothing_and_is_recorded),
        TEST(refusals_are_written_down_so_often),
        TEST(a_token_is_over_after_its_life),
        TEST(tokens_that_were_never_made_are_refused),
        TEST(what_is_kept_is_not_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
