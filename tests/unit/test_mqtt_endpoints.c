/* Unit tests of net/mqtt_endpoints and net/mqtt_backoff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mqtt_backoff.h"
#include "mqtt_endpoints.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/mqtt.h"

/* The hosts of a whole round, one letter each. */
static const char *
round_of(struct ph_mqtt_endpoints *endpoints)
{
    static char letters[PH_WS_URLS_MAX + 1];
    size_t count = 0;

    ph_mqtt_endpoints_begin_round(endpoints);
    do {
        assert_true(count < PH_WS_URLS_MAX);
        letters[count++] = ph_mqtt_endpoints_current(endpoints)->url.host[0];
    } while (ph_mqtt_endpoints_next(endpoints));
    letters[count] = '\0';
    return letters;
}

static void
a_round_begins_with_the_one_that_worked(void **state)
{
    struct ph_mqtt_endpoints endpoints;

    (void)state;
    assert_int_equal(ph_mqtt_endpoints_init(
                         &endpoints, " wss://a  wss://b wss://c:1/x ", NULL),
                     PH_OK);
    assert_int_equal(endpoints.count, 3);
    assert_string_equal(round_of(&endpoints), "abc");
    ph_mqtt_endpoints_keep(&endpoints); /* the last one worked */
    assert_string_equal(round_of(&endpoints), "cab");
    ph_mqtt_endpoints_begin_round(&endpoints);
    assert_true(ph_mqtt_endpoints_next(&endpoints));
    assert_true(ph_mqtt_endpoints_next(&endpoints));
    assert_true(ph_mqtt_endpoints_is_last(&endpoints));
    ph_mqtt_endpoints_keep(&endpoints);
    assert_string_equal(round_of(&endpoints), "bac");
    ph_mqtt_endpoints_forget(&endpoints);
    assert_string_equal(round_of(&endpoints), "abc");
    ph_mqtt_endpoints_close(&endpoints);
}

static void
one_to_eight_of_them(void **state)
{
    static const char nine[] =
        "wss://a wss://a wss://a wss://a wss://a wss://a wss://a wss://a "
        "wss://a";
    static const char *const bads[] = {"", "   ", "wss://a wss://",
                                       "wss://a http://b", nine};
    struct ph_mqtt_endpoints endpoints;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(bads); i++) {
        struct ph_why why = {""};

        if (ph_mqtt_endpoints_init(&endpoints, bads[i], &why) != PH_ERR_CONFIG)
            fail_msg("accepted: %s", bads[i]);
        assert_non_null(strstr(why.text, "wss://"));
        ph_mqtt_endpoints_close(&endpoints);
    }
    assert_int_equal(ph_mqtt_endpoints_init(&endpoints, "wss://only", NULL),
                     PH_OK);
    assert_string_equal(round_of(&endpoints), "o");
    assert_true(ph_mqtt_endpoints_is_last(&endpoints));
    ph_mqtt_endpoints_close(&endpoints);
}

static void
a_refused_version_is_remembered_for_a_day(void **state)
{
    struct ph_mqtt_endpoint endpoint = {.early_closes = 0};

    (void)state;
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 5), PH_MQTT_LEVEL_5);
    assert_true(ph_mqtt_endpoint_refused(&endpoint, 5));
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 5), PH_MQTT_LEVEL_3_1_1);
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 5 + PH_MQTT_OLD_MS - 1),
                     PH_MQTT_LEVEL_3_1_1);
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 5 + PH_MQTT_OLD_MS),
                     PH_MQTT_LEVEL_5);
    /* refused in both: no reason to hurry, and 5 is next */
    assert_false(ph_mqtt_endpoint_refused(&endpoint, 10));
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 10), PH_MQTT_LEVEL_5);
}

static void
two_closes_instead_of_an_answer_count_as_a_refusal(void **state)
{
    struct ph_mqtt_endpoint endpoint = {.early_closes = 0};

    (void)state;
    assert_false(ph_mqtt_endpoint_closed_early(&endpoint, 1));
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 1), PH_MQTT_LEVEL_5);
    assert_true(ph_mqtt_endpoint_closed_early(&endpoint, 2));
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 2), PH_MQTT_LEVEL_3_1_1);
    assert_false(ph_mqtt_endpoint_closed_early(&endpoint, 3));
    assert_false(ph_mqtt_endpoint_closed_early(&endpoint, 4));
    assert_int_equal(ph_mqtt_endpoint_level(&endpoint, 4), PH_MQTT_LEVEL_5);
}

static void
the_wait_doubles_to_its_most_and_half_of_it_is_chance(void **state)
{
    struct ph_mqtt_backoff backoff = {.min_ms = 500, .max_ms = 60000};
    static const uint32_t fulls[] = {500,   1000,  2000,  4000,  8000,
                                     16000, 32000, 60000, 60000, 60000};

    (void)state;
    for (unsigned i = 0; i < PH_COUNT(fulls); i++) {
        backoff.failures = i + 1;
        assert_int_equal(ph_mqtt_backoff_ms(&backoff, 0), fulls[i] / 2);
        assert_int_equal(ph_mqtt_backoff_ms(&backoff, fulls[i] / 2), fulls[i]);
        assert_int_equal(ph_mqtt_backoff_ms(&backoff, fulls[i] / 2 + 1),
                         fulls[i] / 2);
    }
    backoff.failures = UINT16_MAX;
    assert_in_range(ph_mqtt_backoff_ms(&backoff, UINT32_MAX), 30000, 60000);
}

static void
after_a_refusal_it_is_longer(void **state)
{
    struct ph_mqtt_backoff backoff = {
        .min_ms = 500, .max_ms = 60000, .failures = 1, .is_refused = true};

    (void)state;
    assert_int_equal(ph_mqtt_backoff_ms(&backoff, 0), 2000);
    backoff.failures = 100;
    assert_int_equal(ph_mqtt_backoff_ms(&backoff, 0), 150000);
    assert_int_equal(ph_mqtt_backoff_ms(&backoff, 150000), 300000);
    assert_true(ph_mqtt_backoff_is_refusal(0x88));
    assert_true(ph_mqtt_backoff_is_refusal(PH_MQTT_NOT_AUTHORIZED));
    assert_true(ph_mqtt_backoff_is_refusal(0x9d));
    assert_false(ph_mqtt_backoff_is_refusal(PH_MQTT_SUCCESS));
    assert_false(ph_mqtt_backoff_is_refusal(PH_MQTT_VERSION));
    assert_false(ph_mqtt_backoff_is_refusal(0x8d));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_begins_with_the_one_that_worked),
        cmocka_unit_test(one_to_eight_of_them),
        cmocka_unit_test(a_refused_version_is_remembered_for_a_day),
        cmocka_unit_test(two_closes_instead_of_an_answer_count_as_a_refusal),
        cmocka_unit_test(the_wait_doubles_to_its_most_and_half_of_it_is_chance),
        cmocka_unit_test(after_a_refusal_it_is_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
