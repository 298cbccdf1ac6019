/* May this person sign in at this printer? Every fact in its turn. */
#include "sign_in_decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

#define ALL      PH_SIGN_IN_WAYS_ALL
#define BIT(way) (1U << PH_SIGN_IN_##way)

struct row {
    const char *what;
    struct hub_sign_in_facts facts;
    enum hub_sign_in_verdict verdict;
};

#define RIGHT .has_person = true, .is_right = true

static const struct row rows[] = {
    {"a badge of somebody",
     {.ways = ALL, .way = PH_SIGN_IN_BADGE, RIGHT},
     HUB_SIGN_IN_OK},
    {"the right PIN",
     {.ways = ALL, .way = PH_SIGN_IN_PIN, RIGHT},
     HUB_SIGN_IN_OK},
    {"the right PIN beside the badge",
     {.ways = ALL, .way = PH_SIGN_IN_BADGE_PIN, RIGHT},
     HUB_SIGN_IN_OK},
    {"a badge where badge and PIN are asked",
     {.ways = BIT(BADGE_PIN), .way = PH_SIGN_IN_BADGE, RIGHT},
     HUB_SIGN_IN_WAY},
    {"a PIN where badge and PIN are asked",
     {.ways = BIT(BADGE_PIN), .way = PH_SIGN_IN_PIN, RIGHT},
     HUB_SIGN_IN_WAY},
    {"badge and PIN where one of them would do",
     {.ways = BIT(BADGE) | BIT(PIN), .way = PH_SIGN_IN_BADGE_PIN, RIGHT},
     HUB_SIGN_IN_WAY},
    {"no way at all",
     {.ways = 0, .way = PH_SIGN_IN_CODE, RIGHT},
     HUB_SIGN_IN_WAY},
    {"too many attempts, though right",
     {.ways = ALL, .way = PH_SIGN_IN_PIN, .is_limited = true, RIGHT},
     HUB_SIGN_IN_LIMIT},
    {"too many attempts of a way that is not taken",
     {.ways = 0, .way = PH_SIGN_IN_PIN, .is_limited = true, RIGHT},
     HUB_SIGN_IN_WAY},
    {"nobody", {.ways = ALL, .way = PH_SIGN_IN_PASSWORD}, HUB_SIGN_IN_FAILED},
    {"nobody, and right all the same",
     {.ways = ALL, .way = PH_SIGN_IN_PASSWORD, .is_right = true},
     HUB_SIGN_IN_FAILED},
    {"the wrong password",
     {.ways = ALL, .way = PH_SIGN_IN_PASSWORD, .has_person = true},
     HUB_SIGN_IN_FAILED},
    {"somebody who is blocked",
     {.ways = ALL, .way = PH_SIGN_IN_PASSWORD, .is_blocked = true, RIGHT},
     HUB_SIGN_IN_FAILED},
    {"the right PIN, too old",
     {.ways = ALL, .way = PH_SIGN_IN_PIN, .is_expired = true, RIGHT},
     HUB_SIGN_IN_EXPIRED},
    {"the wrong PIN, too old",
     {.ways = ALL,
      .way = PH_SIGN_IN_BADGE_PIN,
      .is_expired = true,
      .has_person = true},
     HUB_SIGN_IN_FAILED},
    {"the right PIN, too old, of somebody who is blocked",
     {.ways = ALL,
      .way = PH_SIGN_IN_PIN,
      .is_expired = true,
      .is_blocked = true,
      RIGHT},
     HUB_SIGN_IN_FAILED},
    {"who is kept out of this printer",
     {.ways = ALL, .way = PH_SIGN_IN_PIN, .is_kept_out = true, RIGHT},
     HUB_SIGN_IN_ACCESS},
    {"who is kept out, with the wrong password",
     {.ways = ALL,
      .way = PH_SIGN_IN_PASSWORD,
      .is_kept_out = true,
      .has_person = true},
     HUB_SIGN_IN_FAILED},
    {"who is kept out, with a PIN that is over",
     {.ways = ALL,
      .way = PH_SIGN_IN_PIN,
      .is_kept_out = true,
      .is_expired = true,
      RIGHT},
     HUB_SIGN_IN_EXPIRED},
    {"who is kept out and blocked",
     {.ways = ALL,
      .way = PH_SIGN_IN_PIN,
      .is_kept_out = true,
      .is_blocked = true,
      RIGHT},
     HUB_SIGN_IN_FAILED},
    {"who has no pages left",
     {.ways = ALL, .way = PH_SIGN_IN_PIN, .is_used_up = true, RIGHT},
     HUB_SIGN_IN_QUOTA},
    {"who has no pages left, with the wrong password",
     {.ways = ALL,
      .way = PH_SIGN_IN_PASSWORD,
      .is_used_up = true,
      .has_person = true},
     HUB_SIGN_IN_FAILED},
    {"who has no pages left and is kept out",
     {.ways = ALL,
      .way = PH_SIGN_IN_PIN,
      .is_used_up = true,
      .is_kept_out = true,
      RIGHT},
     HUB_SIGN_IN_ACCESS},
    {"an unknown badge",
     {.ways = ALL, .way = PH_SIGN_IN_BADGE},
     HUB_SIGN_IN_FAILED},
    {"an unknown badge where it may be registered",
     {.ways = ALL, .way = PH_SIGN_IN_BADGE, .self_registration = true},
     HUB_SIGN_IN_UNKNOWN},
    {"an unknown badge and a PIN where it may be registered",
     {.ways = ALL, .way = PH_SIGN_IN_BADGE_PIN, .self_registration = true},
     HUB_SIGN_IN_FAILED},
    {"a badge of somebody who is blocked where one may be registered",
     {.ways = ALL,
      .way = PH_SIGN_IN_BADGE,
      .self_registration = true,
      .is_blocked = true,
      RIGHT},
     HUB_SIGN_IN_FAILED},
    {"registration by password",
     {.ways = BIT(BADGE),
      .way = PH_SIGN_IN_PASSWORD,
      .self_registration = true,
      .brings_badge = true,
      .badge_is_free = true,
      RIGHT},
     HUB_SIGN_IN_OK},
    {"registration where it is not allowed",
     {.ways = ALL,
      .way = PH_SIGN_IN_PASSWORD,
      .brings_badge = true,
      .badge_is_free = true,
      RIGHT},
     HUB_SIGN_IN_WAY},
    {"registration by a PIN",
     {.ways = ALL,
      .way = PH_SIGN_IN_PIN,
      .self_registration = true,
      .brings_badge = true,
      .badge_is_free = true,
      RIGHT},
     HUB_SIGN_IN_WAY},
    {"registration of somebody's badge",
     {.ways = ALL,
      .way = PH_SIGN_IN_CODE,
      .self_registration = true,
      .brings_badge = true,
      RIGHT},
     HUB_SIGN_IN_TAKEN},
    {"registration of somebody's badge with the wrong password",
     {.ways = ALL,
      .way = PH_SIGN_IN_PASSWORD,
      .self_registration = true,
      .brings_badge = true,
      .has_person = true},
     HUB_SIGN_IN_FAILED},
};

static void
each_fact_counts_in_its_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(rows); i++) {
        if (hub_sign_in_decide(&rows[i].facts) != rows[i].verdict)
            fail_msg("%s: %s", rows[i].what,
                     hub_sign_in_keyword(hub_sign_in_decide(&rows[i].facts)));
    }
}

/* Whatever the secrets are, nothing is said before the way and the limits are
 * looked at; and nobody gets in whom the beginning refuses. */
static void
nothing_is_looked_at_before_its_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(rows); i++) {
        const enum hub_sign_in_verdict first =
            hub_sign_in_begin(&rows[i].facts);

        if (first != HUB_SIGN_IN_OK)
            assert_int_equal(first, rows[i].verdict);
    }
}

static void
verdicts_have_words_of_their_own(void **state)
{
    (void)state;
    for (int i = 0; i < HUB_SIGN_IN_VERDICTS; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(
                hub_sign_in_keyword((enum hub_sign_in_verdict)i),
                hub_sign_in_keyword((enum hub_sign_in_verdict)k));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fact_counts_in_its_turn),
        cmocka_unit_test(nothing_is_looked_at_before_its_time),
        cmocka_unit_test(verdicts_have_words_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
