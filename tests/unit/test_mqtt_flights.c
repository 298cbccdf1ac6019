/* Unit tests of net/mqtt_flights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mqtt_flights.h"
#include "printhold/base/err.h"

static int
put(struct ph_mqtt_flights *flights, size_t window, uint64_t token)
{
    struct ph_mqtt_message message = {.topic = "t"};

    return ph_mqtt_flights_put(flights, PH_MQTT_LEVEL_5, window, &message,
                               PH_MQTT_PACKET_MAX, token);
}

static void
the_window_bounds_what_is_in_flight(void **state)
{
    struct ph_mqtt_flights flights = {.count = 0};
    uint64_t token = 0;

    (void)state;
    assert_int_equal(put(&flights, 2, 10), PH_OK);
    assert_int_equal(put(&flights, 2, 11), PH_OK);
    assert_int_equal(put(&flights, 2, 12), PH_ERR_AGAIN);
    ph_mqtt_flights_next(&flights, 2)->is_sent = true;
    assert_int_equal(ph_mqtt_flights_take(&flights, 1, &token), PH_OK);
    assert_int_equal(token, 10);
    assert_int_equal(put(&flights, 2, 12), PH_OK);
    ph_mqtt_flights_drop(&flights);
    for (uint64_t i = 0; i < PH_MQTT_FLIGHTS_MAX; i++)
        assert_int_equal(put(&flights, 1000, i), PH_OK);
    assert_int_equal(put(&flights, 1000, 99), PH_ERR_AGAIN);
    ph_mqtt_flights_drop(&flights);
}

static void
only_what_was_sent_can_be_acknowledged(void **state)
{
    struct ph_mqtt_flights flights = {.count = 0};
    uint64_t token = 5;

    (void)state;
    assert_int_equal(put(&flights, 16, 10), PH_OK);
    assert_int_equal(ph_mqtt_flights_take(&flights, 1, &token),
                     PH_ERR_NOT_FOUND);
    ph_mqtt_flights_next(&flights, 16)->is_sent = true;
    assert_null(ph_mqtt_flights_next(&flights, 16));
    assert_int_equal(ph_mqtt_flights_take(&flights, 2, &token),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(token, 5);
    assert_int_equal(ph_mqtt_flights_take(&flights, 1, &token), PH_OK);
    assert_int_equal(ph_mqtt_flights_take(&flights, 1, &token),
                     PH_ERR_NOT_FOUND);
}

static void
identifiers_are_never_zero_and_never_twice(void **state)
{
    struct ph_mqtt_flights flights = {.last_id = 65533};

    (void)state;
    assert_int_equal(put(&flights, 16, 0), PH_OK);
    assert_int_equal(flights.list[0].id, 65534);
    assert_int_equal(put(&flights, 16, 1), PH_OK);
    assert_int_equal(flights.list[1].id, 1); /* 65535 is SUBSCRIBE's */
    flights.last_id = PH_MQTT_SUBSCRIBE_ID;
    assert_int_equal(put(&flights, 16, 2), PH_OK);
    assert_int_equal(flights.list[2].id, 2);
    ph_mqtt_flights_drop(&flights);
}

static void
repeated_ones_keep_their_order_and_say_so(void **state)
{
    struct ph_mqtt_flights flights = {.count = 0};

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(put(&flights, 16, i), PH_OK);
    ph_mqtt_flights_next(&flights, 16)->is_sent = true;
    ph_mqtt_flights_repeat(&flights);
    assert_int_equal(flights.list[0].packet.data[0], 0x3a);
    assert_int_equal(flights.list[1].packet.data[0], 0x32);
    assert_ptr_equal(ph_mqtt_flights_next(&flights, 16), &flights.list[0]);
    /* lost again before it was sent again: still a repetition */
    ph_mqtt_flights_repeat(&flights);
    assert_int_equal(flights.list[0].packet.data[0], 0x3a);
    /* a smaller window than before holds the others back */
    flights.list[0].is_sent = true;
    assert_null(ph_mqtt_flights_next(&flights, 1));
    ph_mqtt_flights_drop(&flights);
    assert_int_equal(flights.count, 0);
}

static void
what_cannot_be_encoded_takes_no_place(void **state)
{
    struct ph_mqtt_flights flights = {.count = 0};
    struct ph_mqtt_message message = {.topic = "t/#"};

    (void)state;
    assert_int_equal(
        ph_mqtt_flights_put(&flights, PH_MQTT_LEVEL_5, 16, &message, 100, 1),
        PH_ERR_INVALID);
    message.topic = "t";
    assert_int_equal(
        ph_mqtt_flights_put(&flights, PH_MQTT_LEVEL_5, 16, &message, 4, 1),
        PH_ERR_TOO_BIG);
    assert_int_equal(flights.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_bounds_what_is_in_flight),
        cmocka_unit_test(only_what_was_sent_can_be_acknowledged),
        cmocka_unit_test(identifiers_are_never_zero_and_never_twice),
        cmocka_unit_test(repeated_ones_keep_their_order_and_say_so),
        cmocka_unit_test(what_cannot_be_encoded_takes_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
