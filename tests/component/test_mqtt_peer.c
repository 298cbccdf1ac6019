/* The MQTT link against a strict broker that misbehaves on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "link_peer.h"
#include "printhold/base/attr.h"
#include "strict.h"

#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const filters[] = {"cmd/ws-a", "cfg/+"};

/* A link with the two filters to a broker that plays the scripts. */
static void
begin(struct peer *peer, struct strict *strict, const char *const *scripts)
{
    struct setup setup = {.filters = filters, .filter_count = 2};

    strict_start(strict, &broker, "broker", scripts);
    setup.url = strict->url;
    start(peer, &setup);
}

static void
end(struct peer *peer, struct strict *strict)
{
    stop(peer);
    strict_end(strict);
}

static int
setup_pki(void **state)
{
    (void)state;
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-a", NULL);
    return 0;
}

static int
remove_pki(void **state)
{
    (void)state;
    broker_remove(&broker);
    return 0;
}

/* --- subscriptions --- */

static void
filters_are_asked_for_when_there_is_no_session(void **state)
{
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict,
          SCRIPT("recv connack recv suback:0101 close",
                 "recv connack:present publish:2:7:cfg/a:1 recv close",
                 "recv connack recv suback:0100 wait"));
    RUN_UNTIL(&peer, peer.ups == 3 && peer.filter_count == 4);
    assert_true(strict_said(
        &strict, "CONNECT level=5 clean=0 keep=55 id=ws-a will=- user=- "
                 "expiry=7200\nSUBSCRIBE id=65535 cmd/ws-a,1 cfg/+,1\n"));
    assert_int_equal(strict_count(&strict, "SUBSCRIBE"), 2);
    assert_int_equal(peer.heard_count, 1);
    assert_string_equal(peer.filters[3], "cfg/+ 00");
    end(&peer, &strict);
}

static void
filters_are_asked_for_again_when_their_answer_was_lost(void **state)
{
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict,
          SCRIPT("recv connack recv close",
                 "recv connack:present recv suback:0101 wait"));
    RUN_UNTIL(&peer, peer.filter_count == 2);
    assert_int_equal(strict_count(&strict, "SUBSCRIBE"), 2);
    end(&peer, &strict);
}

static void
a_filter_that_is_refused_is_said_and_the_others_count(void **state)
{
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict,
          SCRIPT("recv connack recv suback:8701 publish:2:1:cfg/a:yes recv "
                 "wait"));
    RUN_UNTIL(&peer, peer.heard_count == 1);
    assert_string_equal(peer.filters[0], "cmd/ws-a 87");
    assert_string_equal(peer.filters[1], "cfg/+ 01");
    RUN_UNTIL(&peer, strict_said(&strict, "PUBACK id=1\n"));
    assert_int_equal(peer.downs, 0);
    end(&peer, &strict);
}

/* With its group, until the broker says that it has no such thing, in CONNACK
 * or in SUBACK. */
static void
a_group_is_left_out_where_the_broker_has_none(void **state)
{
    static const char *const shared[] = {"$share/hub/ev/+", "cfg/+"};
    struct setup setup = {.filters = shared, .filter_count = 2};
    struct strict strict;
    struct peer peer;

    (void)state;
    strict_start(&strict, &broker, "broker",
                 SCRIPT("recv connack recv suback:0101 close",
                        "recv connack recv suback:9e01 recv suback:0101 close",
                        "recv send:20050000022a00 recv suback:0101 wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 3 && peer.filter_count == 6);
    assert_int_equal(
        strict_count(&strict, "SUBSCRIBE id=65535 $share/hub/ev/+,1 cfg/+,1"),
        2);
    assert_int_equal(strict_count(&strict, "SUBSCRIBE id=65535 ev/+,1 cfg/+,1"),
                     2);
    end(&peer, &strict);
}

static void
a_suback_that_does_not_fit_ends_the_connection(void **state)
{
    static const char *const scripts[] = {
        "recv connack recv suback:01 wait",           /* too few */
        "recv connack recv suback:010101 wait",       /* too many */
        "recv connack recv suback:0102 wait",         /* QoS 2 */
        "recv connack recv suback:0141 wait",         /* no reason of SUBACK */
        "recv connack recv send:90050001000101 wait", /* of another packet */
        "recv connack recv suback:0101 suback:0101 wait", /* not asked */
        "wait",
        NULL};
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict, scripts);
    RUN_UNTIL(&peer, peer.downs == 5);
    assert_string_equal(peer.text, "localhost broke the protocol");
    assert_int_equal(peer.filter_count, 0);
    RUN_UNTIL(&peer, peer.downs == 6);
    assert_string_equal(peer.text, "localhost broke the protocol");
    end(&peer, &strict);
}

static void
a_message_that_comes_again_is_handed_on_and_acknowledged_again(void **state)
{
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict,
          SCRIPT("recv connack recv suback:0101 publish:2:300:cmd/ws-a:go "
                 "close",
                 "recv connack:present publish:a:300:cmd/ws-a:go recv "
                 "publish:0:0:cfg/b:once wait"));
    RUN_UNTIL(&peer, peer.heard_count == 3);
    assert_string_equal(peer.heard[0], "cmd/ws-a go");
    assert_string_equal(peer.heard[1], "dup cmd/ws-a go");
    assert_string_equal(peer.heard[2], "cfg/b once");
    RUN_UNTIL(&peer, strict_said(&strict, "PUBACK id=300\n"));
    end(&peer, &strict);
}

/* Nobody takes it any more, so the broker keeps it for the next start. */
static void
a_message_during_the_stop_is_left_to_the_session(void **state)
{
    struct ph_mqtt_message off = message_of("st", "off", true);
    struct strict strict;
    struct peer peer;

    (void)state;
    begin(&peer, &strict,
          SCRIPT("recv connack recv suback:0101 recv publish:2:9:cmd/ws-a:late "
                 "puback wait"));
    RUN_UNTIL(&peer, peer.filter_count == 2);
    stop_with(&peer, &off);
    assert_int_equal(peer.heard_count, 0);
    strict_wait(&strict, "DISCONNECT");
    assert_false(strict_said(&strict, "PUBACK"));
    strict_end(&strict);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_asked_for_when_there_is_no_session),
        cmocka_unit_test(
            filters_are_asked_for_again_when_their_answer_was_lost),
        cmocka_unit_test(a_filter_that_is_refused_is_said_and_the_others_count),
        cmocka_unit_test(a_group_is_left_out_where_the_broker_has_none),
        cmocka_unit_test(a_suback_that_does_not_fit_ends_the_connection),
        cmocka_unit_test(
            a_message_that_comes_again_is_handed_on_and_acknowledged_again),
        cmocka_unit_test(a_message_during_the_stop_is_left_to_the_session),
    };

    return cmocka_run_group_tests(tests, setup_pki, remove_pki);
}
