/* Signing in, against a store as it is shipped. */
#include "hub_fixture.h"

#include "audit.h"
#include "due.h"
#include "printhold/base/attr.h"
#include "printhold/base/io.h"
#include "store_sessions.h"

static void
each_way_leads_to_its_person(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    hub_fixture_ways(f, "", "badge pin badge+pin code password", false);
    hub_fixture_badge(f, "ann@example.com", "04a2b911");
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "771204", true, 0),
                     PH_OK);
    hub_fixture_code(f, "bob@example.com", "00420815");
    hub_fixture_password(f, "bob@example.com", "correct horse");

    assert_int_equal(hub_fixture_try(f, BADGE("04:A2:B9:11"), &in),
                     HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "ann@example.com");
    assert_true(in.has_session);
    assert_int_equal(strlen(in.session), HUB_SESSION_TEXT - 1);
    assert_int_equal(in.expires_ms, hub_fixture_ms + 600000);
    assert_int_equal(hub_fixture_try(f, PIN("771204"), &in), HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "bob@example.com");
    assert_int_equal(in.way, PH_SIGN_IN_PIN);
    assert_int_equal(hub_fixture_try(f, BOTH("04a2b911", "482913"), &in),
                     HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "ann@example.com");
    assert_int_equal(hub_fixture_try(f, CODE("00420815"), &in), HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "bob@example.com");
    assert_int_equal(
        hub_fixture_try(f, PASSWORD("Bob@Example.com", "correct horse"), &in),
        HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "bob@example.com");
    assert_int_equal(in.way, PH_SIGN_IN_PASSWORD);
}

static void
what_is_wrong_is_one_and_the_same(void **state)
{
    static const char *const wrong[] = {
        BADGE("ffffffff"),
        PIN("000111"),
        BOTH("04a2b911", "771204"), /* of another */
        BOTH("ffffffff", "482913"),
        CODE("99999999"),
        PASSWORD("bob@example.com", "Correct horse"),
    };
    struct hub_fixture *f = *state;

    hub_fixture_ways(f, "", "badge pin badge+pin code password", false);
    hub_fixture_badge(f, "ann@example.com", "04a2b911");
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "771204", true, 0),
                     PH_OK);
    hub_fixture_password(f, "bob@example.com", "correct horse");
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        struct hub_signed_in in;

        assert_int_equal(hub_fixture_try(f, wrong[i], &in), HUB_SIGN_IN_FAILED);
        assert_false(in.has_session);
    }
    /* Nobody at all, nobody with a password, somebody who is blocked. */
    assert_int_equal(TRY(f, PASSWORD("eve@example.com", "correct horse")),
                     HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, PASSWORD("ann@example.com", "correct horse")),
                     HUB_SIGN_IN_FAILED);
}

static void
who_is_blocked_does_not_get_in(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_person bob;

    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "771204", true, 0),
                     PH_OK);
    assert_int_equal(TRY(f, PIN("771204")), HUB_SIGN_IN_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, "bob@example.com", &bob),
                     PH_OK);
    bob.is_blocked = true;
    assert_int_equal(hub_person_set(f->hub.store, &bob), PH_OK);
    hub_fixture_end(f);
    assert_int_equal(TRY(f, PIN("771204")), HUB_SIGN_IN_FAILED);
}

static void
a_code_opens_once_and_for_a_quarter_of_an_hour(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_code(f, "ann@example.com", "00420815");
    assert_int_equal(TRY(f, CODE("00420815")), HUB_SIGN_IN_OK);
    assert_int_equal(TRY(f, CODE("00420815")), HUB_SIGN_IN_FAILED);
    hub_fixture_code(f, "ann@example.com", "00420816");
    hub_fixture_ms += 899999;
    assert_int_equal(TRY(f, CODE("00420816")), HUB_SIGN_IN_OK);
    hub_fixture_code(f, "ann@example.com", "00420817");
    hub_fixture_ms += 900000;
    assert_int_equal(TRY(f, CODE("00420817")), HUB_SIGN_IN_FAILED);
    /* Setting the clock back makes it no younger. */
    hub_fixture_code(f, "ann@example.com", "00420818");
    hub_fixture_ms -= 1000;
    assert_int_equal(TRY(f, CODE("00420818")), HUB_SIGN_IN_FAILED);
    /* A second one replaces the first. */
    hub_fixture_code(f, "ann@example.com", "00420819");
    hub_fixture_code(f, "ann@example.com", "00420820");
    assert_int_equal(TRY(f, CODE("00420819")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, CODE("00420820")), HUB_SIGN_IN_OK);
}

static void
a_clock_that_is_set_back_revives_nothing(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;
    struct hub_session session;
    uint8_t mac[HUB_MAC_BYTES];

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true,
                                     hub_fixture_ms + 1000),
                     PH_OK);
    hub_fixture_code(f, "bob@example.com", "00420815");
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_OK);
    assert_int_equal(hub_mac_session(&f->hub, in.session, mac), PH_OK);
    hub_fixture_ms += 900000; /* longer than each of them */
    assert_int_equal(hub_due(&f->hub, hub_fixture_ms), PH_OK);
    hub_fixture_reopen(f);
    hub_fixture_ms -= 900000;
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_EXPIRED);
    assert_int_equal(TRY(f, CODE("00420815")), HUB_SIGN_IN_FAILED);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_session_get(f->hub.store, mac, hub_fixture_ms, &session),
        PH_ERR_NOT_FOUND);
    hub_fixture_end(f);
    /* A new one is in force. */
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "771205", true,
                                     hub_fixture_ms + 1000),
                     PH_OK);
    assert_int_equal(TRY(f, PIN("771205")), HUB_SIGN_IN_OK);
}

static void
no_two_people_have_the_same_pin_alone(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "482913", true, 0),
                     PH_ERR_EXISTS);
    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "482913", false, 0),
                     PH_OK);
    /* One's own again is no other's. */
    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
}

static void
a_pin_for_beside_a_badge_opens_nothing_alone(void **state)
{
    struct hub_fixture *f = *state;

    hub_fixture_badge(f, "bob@example.com", "abcd1234");
    assert_int_equal(hub_fixture_pin(f, "bob@example.com", "771204", false, 0),
                     PH_OK);
    assert_int_equal(TRY(f, PIN("771204")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, BOTH("abcd1234", "771204")), HUB_SIGN_IN_OK);
}

static void
a_pin_may_be_used_again_until_it_is_over(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true,
                                     hub_fixture_ms + 1000),
                     PH_OK);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    hub_fixture_ms += 1000;
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_EXPIRED);
}

static void
a_group_of_printers_takes_what_it_takes(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    hub_fixture_badge(f, "ann@example.com", "abcd1234");
    hub_fixture_ways(f, "vault", "badge+pin", false);
    /* Where nothing is said the settings hold: a badge alone is not enough. */
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    assert_int_equal(TRY(f, BADGE("abcd1234")), HUB_SIGN_IN_WAY);
    (void)snprintf(f->printer.group, sizeof(f->printer.group), "vault");
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_WAY);
    assert_int_equal(in.ways.ways, 1U << PH_SIGN_IN_BADGE_PIN);
    assert_int_equal(TRY(f, BOTH("abcd1234", "482913")), HUB_SIGN_IN_OK);
}

#define REGISTER(p)                                                         \
    "{\"way\":\"password\",\"login\":\"bob@example.com\",\"password\":\"" p \
    "\",\"new-badge\":\"beef0001\"}"

static void
an_unknown_badge_is_registered_where_it_may_be(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    hub_fixture_password(f, "bob@example.com", "correct horse");
    hub_fixture_ways(f, "", "badge", false);
    assert_int_equal(TRY(f, BADGE("beef0001")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, REGISTER("correct horse")), HUB_SIGN_IN_WAY);
    hub_fixture_ways(f, "", "badge", true);
    assert_int_equal(TRY(f, BADGE("beef0001")), HUB_SIGN_IN_UNKNOWN);
    assert_int_equal(TRY(f, REGISTER("wrong horse")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, BADGE("beef0001")), HUB_SIGN_IN_UNKNOWN);
    assert_int_equal(hub_fixture_try(f, REGISTER("correct horse"), &in),
                     HUB_SIGN_IN_OK);
    assert_false(in.has_session); /* passwords do not sign in here */
    assert_int_equal(hub_fixture_try(f, BADGE("beef0001"), &in),
                     HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "bob@example.com");
    assert_true(in.has_session);
}

/* CVE-2025-4046 of another product: a badge that changed hands. */
static void
a_badge_never_changes_hands(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_signed_in in;

    hub_fixture_password(f, "bob@example.com", "correct horse");
    hub_fixture_ways(f, "", "badge password", true);
    hub_fixture_badge(f, "ann@example.com", "beef0001");
    assert_int_equal(TRY(f, REGISTER("correct horse")), HUB_SIGN_IN_TAKEN);
    assert_int_equal(hub_fixture_try(f, BADGE("beef0001"), &in),
                     HUB_SIGN_IN_OK);
    assert_string_equal(in.person.login, "ann@example.com");
}

static void
the_session_is_found_by_its_text_until_it_is_over(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_session session;
    struct hub_signed_in in;
    uint8_t mac[HUB_MAC_BYTES];

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "482913", true, 0),
                     PH_OK);
    assert_int_equal(hub_fixture_try(f, PIN("482913"), &in), HUB_SIGN_IN_OK);
    hub_fixture_reopen(f);
    assert_int_equal(hub_mac_session(&f->hub, in.session, mac), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_session_get(f->hub.store, mac, hub_fixture_ms, &session), PH_OK);
    assert_string_equal(session.login, "ann@example.com");
    assert_string_equal(session.printer, "pr-lobby");
    assert_string_equal(session.thumbprint, HUB_FIXTURE_THUMB);
    assert_int_equal(session.way, PH_SIGN_IN_PIN);
    assert_int_equal(
        hub_session_get(f->hub.store, mac, hub_fixture_ms + 600000, &session),
        PH_ERR_NOT_FOUND);
    assert_int_equal(
        hub_session_get(f->hub.store, mac, hub_fixture_ms - 1, &session),
        PH_ERR_NOT_FOUND);
    hub_fixture_end(f);
}

/* What lies on the disk opens nothing. */
static void
no_secret_stands_in_the_store(void **state)
{
    static const char *const secrets[] = {"48291377", "00420815", "beef0042",
                                          "correct horse battery"};
    struct hub_fixture *f = *state;
    struct hub_signed_in in;
    char path[400];
    struct ph_buf bytes;

    assert_int_equal(hub_fixture_pin(f, "ann@example.com", "48291377", true, 0),
                     PH_OK);
    hub_fixture_code(f, "ann@example.com", "00420815");
    hub_fixture_badge(f, "ann@example.com", "beef0042");
    hub_fixture_password(f, "ann@example.com", "correct horse battery");
    assert_int_equal(hub_fixture_try(f, PIN("48291377"), &in), HUB_SIGN_IN_OK);
    hub_fixture_reopen(f);
    (void)snprintf(path, sizeof(path), "%s/hub.db", f->dir);
    assert_int_equal(ph_io_read_file(-100, path, 4 * 1024 * 1024, &bytes),
                     PH_OK);
    assert_non_null(memmem(bytes.data, bytes.len, "ann@example.com", 15));
    for (size_t i = 0; i < PH_COUNT(secrets); i++)
        assert_null(
            memmem(bytes.data, bytes.len, secrets[i], strlen(secrets[i])));
    assert_null(memmem(bytes.data, bytes.len, in.session, strlen(in.session)));
    ph_buf_close(&bytes);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_way_leads_to_its_person),
        TEST(what_is_wrong_is_one_and_the_same),
        TEST(who_is_blocked_does_not_get_in),
        TEST(a_code_opens_once_and_for_a_quarter_of_an_hour),
        TEST(a_clock_that_is_set_back_revives_nothing),
        TEST(no_two_people_have_the_same_pin_alone),
        TEST(a_pin_for_beside_a_badge_opens_nothing_alone),
        TEST(a_pin_may_be_used_again_until_it_is_over),
        TEST(a_group_of_printers_takes_what_it_takes),
        TEST(an_unknown_badge_is_registered_where_it_may_be),
        TEST(a_badge_never_changes_hands),
        TEST(the_session_is_found_by_its_text_until_it_is_over),
        TEST(no_secret_stands_in_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
