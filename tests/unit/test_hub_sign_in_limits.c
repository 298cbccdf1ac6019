/* How often one may try (SR-48 for the hub): by printer and by person, and a
 * restart gives nothing back. */
#include "hub_fixture.h"

#include "printhold/base/attr.h"
#include "store_attempts.h"

#define SPAN_MS 900000

static void
a_printer_gets_ten_wrong_ones(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(TRY(f, PIN("000111")), HUB_SIGN_IN_FAILED);
        hub_fixture_ms += 1000;
    }
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_LIMIT);
    assert_int_equal(in.wait_ms, SPAN_MS - 10000);
    /* Another printer is not that printer. */
    (void)snprintf(f->printer.id, sizeof(f->printer.id), "pr-other");
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    (void)snprintf(f->printer.id, sizeof(f->printer.id), "pr-lobby");
    hub_fixture_reopen(f);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_LIMIT);
    hub_fixture_ms += SPAN_MS - 10000;
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
}

static void
what_was_right_does_not_count(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    for (int i = 0; i < 25; i++)
        assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    /* And gives nothing back of what was wrong. */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(TRY(f, PIN("000111")), HUB_SIGN_IN_FAILED);
        if (i < 9)
            assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    }
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_LIMIT);
}

/* Wherever it is tried, and whatever the secret is: the PIN beside the badge
 * and the password are both guesses at one person. */
static void
a_person_has_five_wrong_ones_at_all_printers(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_badge(f, "ann@example.com", "abcd1234");
    hub_fixture_password(f, "ann@example.com", "correct horse");
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", false, 0),
                     PH_OK);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(f->printer.id, sizeof(f->printer.id), "pr-%d", i);
        assert_int_equal(TRY(f, i % 2 == 0 ? BOTH("abcd1234", "000111")
                                           : PASSWORD("ann@example.com", "x")),
                         HUB_SIGN_IN_FAILED);
    }
    (void)snprintf(f->printer.id, sizeof(f->printer.id), "pr-fresh");
    assert_int_equal(TRY(f, BOTH("abcd1234", "482913")), HUB_SIGN_IN_LIMIT);
    hub_fixture_reopen(f);
    assert_int_equal(TRY(f, PASSWORD("ann@example.com", "correct horse")),
                     HUB_SIGN_IN_LIMIT);
    hub_fixture_ms += SPAN_MS;
    assert_int_equal(TRY(f, PASSWORD("ann@example.com", "correct horse")),
                     HUB_SIGN_IN_OK);
}

/* The limit must not tell who is there. */
static void
somebody_and_nobody_are_limited_alike(void **state)
{
    static const char *const names[] = {
        PASSWORD("bob@example.com", "wrong one"),
        PASSWORD("eve@example.com", "wrong one"),
        BOTH("abcd1234", "000111"),
        BOTH("ffffffff", "000111"),
    };
    struct hub_fixture *f = *state;

    hub_fixture_password(f, "bob@example.com", "correct horse");
    hub_fixture_badge(f, "ann@example.com", "abcd1234");
    f->config.printer_attempts = 1000;
    for (size_t k = 0; k < PH_COUNT(names); k++) {
        for (int i = 0; i < 5; i++)
            assert_int_equal(TRY(f, names[k]), HUB_SIGN_IN_FAILED);
        assert_int_equal(TRY(f, names[k]), HUB_SIGN_IN_LIMIT);
    }
}

static void
a_clock_that_is_set_back_frees_nobody(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(TRY(f, PIN("000111")), HUB_SIGN_IN_FAILED);
    hub_fixture_ms -= 7200000;
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_LIMIT);
}

static void
what_a_printer_does_not_take_is_no_attempt(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_ways(f, "", "pin", false);
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    for (int i = 0; i < 20; i++)
        assert_int_equal(TRY(f, BADGE("abcd1234")), HUB_SIGN_IN_WAY);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
}

static void
what_does_not_count_any_more_is_forgotten(void **state)
{
    const struct ph_limit one = {1, 10 * SPAN_MS};
    struct hub_fixture *f = *state;
    int64_t wait_ms;

    assert_int_equal(TRY(f, PIN("000111")), HUB_SIGN_IN_FAILED);
    hub_fixture_ms += 2 * SPAN_MS;
    hub_fixture_begin(f);
    assert_int_equal(hub_sign_in_forget(&f->hub, hub_fixture_ms), PH_OK);
    assert_int_equal(hub_attempts_of_printer(f->hub.store, "pr-lobby", &one,
                                             hub_fixture_ms, &wait_ms),
                     PH_ERR_LIMIT);
    assert_int_equal(hub_sign_in_forget(&f->hub, hub_fixture_ms + 1), PH_OK);
    assert_int_equal(hub_attempts_of_printer(f->hub.store, "pr-lobby", &one,
                                             hub_fixture_ms, &wait_ms),
                     PH_OK);
    hub_fixture_end(f);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_printer_gets_ten_wrong_ones),
        TEST(what_was_right_does_not_count),
        TEST(a_person_has_five_wrong_ones_at_all_printers),
        TEST(somebody_and_nobody_are_limited_alike),
        TEST(a_clock_that_is_set_back_frees_nobody),
        TEST(what_a_printer_does_not_take_is_no_attempt),
        TEST(what_does_not_count_any_more_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
