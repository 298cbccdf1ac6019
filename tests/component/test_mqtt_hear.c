/* Links on mosquitto: what they hear, and many of them on one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "link_peer.h"
#include "printhold/base/attr.h"

static int
setup_broker(void **state)
{
    (void)state;
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-a", NULL);
    broker_start(&broker);
    return 0;
}

static int
teardown_broker(void **state)
{
    (void)state;
    broker_remove(&broker);
    return 0;
}

/* --- hear --- */

static const char *const own_filters[] = {"ph1/acme/cmd/ws-a",
                                          "ph1/acme/cfg/+"};

static void
what_others_publish_is_heard_and_kept_while_we_are_away(void **state)
{
    const struct setup setup = {.filters = own_filters,
                                .filter_count = PH_COUNT(own_filters)};
    struct peer peer;

    (void)state;
    broker_write(&broker, "ph1/acme/cfg/policy", "kept", true);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.filter_count == 2);
    assert_string_equal(peer.filters[0], "ph1/acme/cmd/ws-a 01");
    assert_string_equal(peer.filters[1], "ph1/acme/cfg/+ 01");
    RUN_UNTIL(&peer, peer.heard_count == 1);
    assert_string_equal(peer.heard[0], "ph1/acme/cfg/policy kept");
    broker_write(&broker, "ph1/acme/cmd/ws-a", "now", false);
    RUN_UNTIL(&peer, peer.heard_count == 2);
    assert_string_equal(peer.heard[1], "ph1/acme/cmd/ws-a now");
    stop(&peer);
    broker_write(&broker, "ph1/acme/cmd/ws-a", "later", false);
    broker_write(&broker, "ph1/acme/cmd/ws-b", "for another", false);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.heard_count == 2); /* the retained one, again */
    assert_true(peer.session_present);
    assert_string_equal(peer.heard[0], "ph1/acme/cmd/ws-a later");
    broker_write(&broker, "ph1/acme/cfg/policy", "", true);
    stop(&peer);
}

/* A service takes what happens at QoS 1 and what is now at QoS 0. */
static void
a_letter_comes_until_it_is_taken_and_what_is_live_is_not_kept(void **state)
{
    static const char *const filters[] = {"ph1/acme/cmd/ws-l",
                                          "ph1/acme/cfg/+"};
    const struct setup setup = {.id = "ws-l",
                                .cert = "ws-l.crt",
                                .key = "ws-l.key",
                                .filters = filters,
                                .filter_count = PH_COUNT(filters),
                                .live_count = 1,
                                .takes_letters = true};
    struct peer peer;

    (void)state;
    broker_pki(&broker, "workstation", "ws-l", NULL);
    broker_write(&broker, "ph1/acme/cfg/policy", "kept", true);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.filter_count == 2);
    assert_string_equal(peer.filters[0], "ph1/acme/cmd/ws-l 01");
    assert_string_equal(peer.filters[1], "ph1/acme/cfg/+ 00");
    RUN_UNTIL(&peer, peer.heard_count == 1);
    assert_int_equal(peer.letter[0], 0);
    broker_write(&broker, "ph1/acme/cmd/ws-l", "first", false);
    broker_write(&broker, "ph1/acme/cmd/ws-l", "second", false);
    RUN_UNTIL(&peer, peer.heard_count == 3);
    assert_string_equal(peer.heard[2], "ph1/acme/cmd/ws-l second");
    ph_mqtt_link_taken(peer.link, peer.letter[1]);
    ph_mqtt_link_taken(peer.link, peer.letter[2] + (1 << 16)); /* none such */
    stop(&peer);
    broker_write(&broker, "ph1/acme/cfg/other", "while away", false);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.heard_count == 2 && peer.filter_count == 2);
    assert_true(peer.session_present);
    for (size_t i = 0; i < 2; i++) { /* in whichever order */
        const bool is_letter = peer.letter[i] != 0;

        assert_string_equal(peer.heard[i], is_letter
                                               ? "dup ph1/acme/cmd/ws-l second"
                                               : "ph1/acme/cfg/policy kept");
        if (is_letter)
            ph_mqtt_link_taken(peer.link, peer.letter[i]);
    }
    stop(&peer);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.filter_count == 2);
    broker_write(&broker, "ph1/acme/cmd/ws-l", "third", false);
    RUN_UNTIL(&peer, peer.heard_count == 2);
    assert_string_equal(peer.heard[0], "ph1/acme/cfg/policy kept");
    assert_string_equal(peer.heard[1], "ph1/acme/cmd/ws-l third");
    ph_mqtt_link_taken(peer.link, peer.letter[1]);
    broker_write(&broker, "ph1/acme/cfg/policy", "", true);
    stop(&peer);
}

/* The broker has answered: what it had for us before has come. */
static void
let_come(struct peer *peer)
{
    const size_t before = peer->acked_count;

    publish(peer, "ph1/acme/ev/ws-m", "done?", false, 7);
    RUN_UNTIL(peer, peer->acked_count == before + 1);
}

static void
no_more_letters_come_than_may_wait(void **state)
{
    static const char *const filters[] = {"ph1/acme/cmd/ws-m"};
    const struct setup setup = {.id = "ws-m",
                                .cert = "ws-m.crt",
                                .key = "ws-m.key",
                                .filters = filters,
                                .filter_count = 1,
                                .takes_letters = true,
                                .receive_max = 3};
    static const char *const texts[] = {"one", "two", "three", "four", "five"};
    struct peer peer;

    (void)state;
    broker_pki(&broker, "workstation", "ws-m", NULL);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.filter_count == 1);
    for (size_t i = 0; i < PH_COUNT(texts); i++)
        broker_write(&broker, "ph1/acme/cmd/ws-m", texts[i], false);
    RUN_UNTIL(&peer, peer.heard_count == 3);
    let_come(&peer);
    assert_int_equal(peer.heard_count, 3);
    for (size_t i = 0; i < PH_COUNT(texts); i++) {
        RUN_UNTIL(&peer, peer.heard_count > i);
        ph_mqtt_link_taken(peer.link, peer.letter[i]);
    }
    assert_string_equal(peer.heard[4], "ph1/acme/cmd/ws-m five");
    stop(&peer);
}

static void
who_has_enough_makes_the_broker_wait(void **state)
{
    static const char *const filters[] = {"ph1/acme/cfg/+"};
    static struct peer slow, other;
    struct setup setup = {.id = "ws-s",
                          .cert = "ws-s.crt",
                          .key = "ws-s.key",
                          .filters = filters,
                          .filter_count = 1};

    (void)state;
    broker_pki(&broker, "workstation", "ws-s", NULL);
    broker_pki(&broker, "workstation", "ws-h", NULL);
    start(&slow, &setup);
    RUN_UNTIL(&slow, slow.filter_count == 1);
    setup.id = "ws-h";
    setup.cert = "ws-h.crt";
    setup.key = "ws-h.key";
    setup.loop = &slow.loop;
    start(&other, &setup);
    RUN_UNTIL(&slow, other.filter_count == 1);
    ph_mqtt_link_hold(slow.link, true);
    broker_write(&broker, "ph1/acme/cfg/a", "1", false);
    broker_write(&broker, "ph1/acme/cfg/a", "2", false);
    broker_write(&broker, "ph1/acme/cfg/a", "3", false);
    RUN_UNTIL(&slow, other.heard_count == 3);
    assert_int_equal(slow.heard_count, 0);
    ph_mqtt_link_hold(slow.link, false);
    RUN_UNTIL(&slow, slow.heard_count == 3);
    assert_string_equal(slow.heard[2], "ph1/acme/cfg/a 3");
    assert_int_equal(slow.downs, 0);
    ph_mqtt_link_stop(other.link, NULL, 0, on_stopped, &other);
    RUN_UNTIL(&slow, other.stops == 1);
    stop(&slow);
}

static void
filters_that_are_none_fail_at_the_start(void **state)
{
    static const char *const bads[] = {"", "a/#/b", "a+", "#a", "a\n"};
    static const char *const many[PH_MQTT_FILTERS_MAX + 1] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i"};

    (void)state;
    for (size_t i = 0; i <= PH_COUNT(bads); i++) {
        const struct setup setup = {
            .filters = i < PH_COUNT(bads) ? &bads[i] : many,
            .filter_count = i < PH_COUNT(bads) ? 1 : PH_COUNT(many)};
        struct peer peer;

        assert_int_equal(try_start(&peer, &setup, NULL), PH_ERR_INVALID);
        uv_close((uv_handle_t *)&peer.tick, NULL);
        (void)uv_run(&peer.loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&peer.loop), 0);
    }
}

/* --- many on one loop --- */

#define MANY 3

static void
on_stack_gone(void *arg)
{
    *(bool *)arg = true;
}

static void
many_links_share_what_a_loop_needs_once(void **state)
{
    static const char *const names[MANY][3] = {
        {"ws-a", "ws-a.crt", "ws-a.key"},
        {"ws-b", "ws-b.crt", "ws-b.key"},
        {"ws-c", "ws-c.crt", "ws-c.key"}};
    static struct peer peers[MANY];
    struct setup setup = {.id = NULL};
    struct peer *first = &peers[0];
    bool is_gone = false;
    unsigned stopped = 0;

    (void)state;
    broker_pki(&broker, "workstation", "ws-b", NULL);
    broker_pki(&broker, "workstation", "ws-c", NULL);
    init_loop(first);
    assert_int_equal(ph_ws_stack_new(&first->loop, MANY, &setup.stack, NULL),
                     PH_OK);
    setup.loop = &first->loop;
    for (size_t i = 0; i < MANY; i++) {
        setup.id = names[i][0];
        setup.cert = names[i][1];
        setup.key = names[i][2];
        start(&peers[i], &setup);
    }
    for (size_t i = 0; i < MANY; i++)
        RUN_UNTIL(first, peers[i].ups == 1);
    /* some go while others stay */
    for (size_t i = 1; i < MANY; i++)
        ph_mqtt_link_stop(peers[i].link, NULL, 1000, on_stopped, &peers[i]);
    for (size_t i = 1; i < MANY; i++)
        RUN_UNTIL(first, peers[i].stops == 1);
    publish(first, "ph1/acme/ev/ws-a", "alone", false, 1);
    RUN_UNTIL(first, first->acked_count == 1);
    ph_mqtt_link_stop(first->link, NULL, 1000, on_stopped, first);
    RUN_UNTIL(first, first->stops == 1);
    ph_ws_stack_free(setup.stack, on_stack_gone, &is_gone);
    RUN_UNTIL(first, is_gone);
    for (size_t i = 0; i < MANY; i++)
        stopped += peers[i].stops;
    assert_int_equal(stopped, MANY);
    uv_close((uv_handle_t *)&first->tick, NULL);
    assert_int_equal(uv_run(&first->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&first->loop), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_others_publish_is_heard_and_kept_while_we_are_away),
        cmocka_unit_test(
            a_letter_comes_until_it_is_taken_and_what_is_live_is_not_kept),
        cmocka_unit_test(who_has_enough_makes_the_broker_wait),
        cmocka_unit_test(no_more_letters_come_than_may_wait),
        cmocka_unit_test(filters_that_are_none_fail_at_the_start),
        cmocka_unit_test(many_links_share_what_a_loop_needs_once),
    };

    return cmocka_run_group_tests(tests, setup_broker, teardown_broker);
}
