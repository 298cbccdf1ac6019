/* The MQTT link against a real mosquitto with the configuration we ship. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "link_peer.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define OWN_STATE  "ph1/acme/ws/ws-a/st"
#define OWN_EVENTS "ph1/acme/ev/ws-a"

static int
setup_broker(void **state)
{
    (void)state;
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-a", NULL);
    broker_pki(&broker, "workstation", "ws-old", "--expired", NULL);
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

/* --- the broker that we ship --- */

static void
the_broker_opens_the_two_ports_and_no_other(void **state)
{
    (void)state;
    assert_true(broker_log_has(&broker, "Opening websockets listen socket"));
    assert_true(broker_log_has(&broker, "Opening ipv4 listen socket"));
    assert_false(broker_log_has(&broker, "port 1883"));
    assert_false(broker_log_has(&broker, "Opening ipv6"));
}

/* --- up --- */

static void
a_retained_message_is_acknowledged_and_seen_by_a_printer(void **state)
{
    const struct setup setup = {0};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    assert_false(ph_mqtt_link_is_up(peer.link));
    assert_int_equal(ph_mqtt_link_window(peer.link), 0);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_true(ph_mqtt_link_is_up(peer.link));
    publish(&peer, "ph1/acme/u/abc/ws-a", "{\"v\":1}", true, 77);
    RUN_UNTIL(&peer, peer.acked_count == 1);
    assert_int_equal(peer.acked[0], 77);
    assert_true(peer.reasons[0] < 0x80);
    assert_string_equal(broker_read(&broker, "ph1/acme/u/abc/+", 1, 10),
                        "ph1/acme/u/abc/ws-a {\"v\":1}\n");
    publish(&peer, "ph1/acme/u/abc/ws-a", "", true, 78);
    RUN_UNTIL(&peer, peer.acked_count == 2);
    assert_int_equal(peer.downs, 0);
    stop(&peer);
}

static void
more_than_the_window_waits_and_the_order_stays(void **state)
{
    const struct setup setup = {0};
    struct ph_mqtt_message message = message_of(OWN_EVENTS, "x", false);
    struct peer peer;
    uint64_t sent = 0;

    (void)state;
    start(&peer, &setup);
    assert_int_equal(ph_mqtt_link_publish(peer.link, &message, 0),
                     PH_ERR_CLOSED);
    RUN_UNTIL(&peer, peer.ups == 1);
    while (sent < 100) {
        int err = ph_mqtt_link_publish(peer.link, &message, sent);

        if (err == PH_OK) {
            sent++;
            continue;
        }
        assert_int_equal(err, PH_ERR_AGAIN);
        assert_int_equal(ph_mqtt_link_window(peer.link), 0);
        assert_true(sent - peer.acked_count == PH_MQTT_LINK_WINDOW_MAX);
        RUN_UNTIL(&peer, ph_mqtt_link_window(peer.link) > 0);
    }
    RUN_UNTIL(&peer, peer.acked_count == 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(peer.acked[i], i);
    stop(&peer);
}

static void
a_document_of_32_kib_goes_through_and_too_big_ones_are_refused(void **state)
{
    static char payload[300 * 1024];
    const struct setup setup = {0};
    struct ph_mqtt_message message = {
        .topic = OWN_EVENTS, .payload = payload, .len = sizeof(payload)};
    struct peer peer;

    (void)state;
    memset(payload, 'x', sizeof(payload));
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_int_equal(ph_mqtt_link_publish(peer.link, &message, 1),
                     PH_ERR_TOO_BIG);
    message.len = 32768;
    assert_int_equal(ph_mqtt_link_publish(peer.link, &message, 2), PH_OK);
    RUN_UNTIL(&peer, peer.acked_count == 1);
    assert_int_equal(peer.acked[0], 2);
    stop(&peer);
}

static void
the_topic_of_another_workstation_is_refused(void **state)
{
    static const char *const topics[] = {
        "ph1/acme/u/abc/ws-b", "ph1/acme/ws/ws-b/st", "ph1/acme/ev/ws-b",
        "ph1/acme/cfg/policy", "ph1/acme/cmd/ws-a",   "ph1/acme/rel/ws-a"};
    const struct setup setup = {0};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    for (size_t i = 0; i < PH_COUNT(topics); i++)
        publish(&peer, topics[i], "forged", true, i);
    RUN_UNTIL(&peer, peer.acked_count == PH_COUNT(topics));
    for (size_t i = 0; i < PH_COUNT(topics); i++)
        assert_int_equal(peer.reasons[i], PH_MQTT_NOT_AUTHORIZED);
    assert_int_equal(peer.downs, 0);
    stop(&peer);
}

static void
a_workstation_that_takes_anothers_client_id_stays_itself(void **state)
{
    const struct setup setup = {.id = "ws-victim"};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    publish(&peer, "ph1/acme/ev/ws-victim", "x", false, 1);
    publish(&peer, OWN_EVENTS, "x", false, 2);
    RUN_UNTIL(&peer, peer.acked_count == 2);
    assert_int_equal(peer.reasons[0], PH_MQTT_NOT_AUTHORIZED);
    assert_true(peer.reasons[1] < 0x80);
    assert_true(broker_log_has(&broker, "as ws-a "));
    assert_false(broker_log_has(&broker, "as ws-victim "));
    stop(&peer);
}

/* --- refused --- */

struct refusal {
    const char *name;
    struct setup setup;
    const char *text;
};

static void
strangers_are_refused_with_words(void **state)
{
    char wrong_name[64], nobody[64];
    const struct refusal refusals[] = {
        {"broker of another authority",
         {.ca = "other/ca.crt"},
         "the certificate of localhost is signed by an unknown authority"},
        {"broker of another name",
         {.url = wrong_name},
         "the certificate of 127.0.0.1 is for another name"},
        {"no certificate of ours",
         {.cert = ""},
         "localhost asks for a client certificate"},
        {"our certificate of another authority",
         {.cert = "ws-x.crt", .key = "ws-x.key"},
         "accept our certificate"},
        {"our certificate is too old",
         {.cert = "ws-old.crt", .key = "ws-old.key"},
         "accept our certificate"},
        {"nobody listens", {.url = nobody}, "refuses the connection"},
        {"no such host",
         {.url = "wss://broker.invalid/mqtt"},
         "there is no host broker.invalid"},
    };
    struct broker other = broker;

    (void)state;
    (void)snprintf(other.pki, sizeof(other.pki), "%.*s/pki/other", 256,
                   broker.dir);
    broker_pki(&other, "init", "--tenant", "acme", NULL);
    broker_pki(&other, "workstation", "ws-x", "--name", "../ws-x", NULL);
    (void)snprintf(wrong_name, sizeof(wrong_name), "wss://127.0.0.1:%u",
                   broker.wss_port);
    (void)snprintf(nobody, sizeof(nobody), "wss://127.0.0.1:%u",
                   broker_free_port());
    for (size_t i = 0; i < PH_COUNT(refusals); i++) {
        struct peer peer;

        start(&peer, &refusals[i].setup);
        RUN_UNTIL(&peer, peer.downs >= 2); /* and it keeps trying */
        if (strstr(peer.text, refusals[i].text) == NULL)
            fail_msg("%s: %s", refusals[i].name, peer.text);
        assert_int_equal(peer.ups, 0);
        stop(&peer);
    }
}

/* Only what the configuration says counts, not the surroundings. */
static void
the_environment_changes_nothing(void **state)
{
    const struct setup stranger = {.ca = "other/ca.crt"};
    const struct setup setup = {0};
    char ca[BROKER_TEXT];
    struct peer peer;

    (void)state;
    assert_int_equal(
        setenv("SSL_CERT_FILE", broker_file(&broker, "ca.crt", ca), 1), 0);
    assert_int_equal(setenv("http_proxy", "127.0.0.1:1", 1), 0);
    start(&peer, &stranger);
    RUN_UNTIL(&peer, peer.downs >= 2);
    assert_int_equal(peer.ups, 0);
    stop(&peer);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    stop(&peer);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(unsetenv("http_proxy"), 0);
}

static void
files_that_cannot_be_used_fail_at_the_start(void **state)
{
    const struct refusal refusals[] = {
        {"no authority", {.ca = "none.crt"}, "CA certificate"},
        {"no certificate", {.cert = "none.crt"}, "read the certificate"},
        {"no key", {.key = "none.key"}, "private key"},
        {"key of another", {.key = "reader.key"}, "private key"},
        {"no url", {.url = ""}, "wss://"},
        {"unprotected", {.url = "ws://localhost/mqtt"}, "wss://"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(refusals); i++) {
        struct ph_why why = {""};
        struct peer peer;

        assert_int_equal(try_start(&peer, &refusals[i].setup, &why),
                         PH_ERR_CONFIG);
        if (strstr(why.text, refusals[i].text) == NULL)
            fail_msg("%s: %s", refusals[i].name, why.text);
        uv_close((uv_handle_t *)&peer.tick, NULL);
        (void)uv_run(&peer.loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&peer.loop), 0);
    }
}

/* --- loss --- */

static void
after_the_death_of_the_broker_the_link_goes_on(void **state)
{
    const struct setup setup = {0};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    publish(&peer, OWN_EVENTS, "before", false, 1);
    RUN_UNTIL(&peer, peer.acked_count == 1);
    broker_end(&broker, SIGKILL);
    RUN_UNTIL(&peer, peer.downs >= 3);
    assert_false(ph_mqtt_link_is_up(peer.link));
    broker_start(&broker);
    RUN_UNTIL(&peer, peer.ups == 2);
    assert_false(peer.session_present); /* killed: nothing was saved */
    publish(&peer, OWN_EVENTS, "after", false, 2);
    RUN_UNTIL(&peer, peer.acked_count == 2);
    stop(&peer);
}

static void
what_was_in_flight_goes_again_in_the_same_session(void **state)
{
    const struct setup setup = {0};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    /* mosquitto 2.0.11 saves only sessions that were continued once */
    broker_end(&broker, SIGTERM);
    broker_start(&broker);
    RUN_UNTIL(&peer, peer.ups == 2);
    /* frozen, it cannot acknowledge; ended well, it saves the session */
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    for (uint64_t i = 0; i < 5; i++)
        publish(&peer, OWN_STATE, "kept", true, i);
    for (int i = 0; i < 10; i++)
        (void)uv_run(&peer.loop, UV_RUN_ONCE);
    assert_int_equal(peer.acked_count, 0);
    assert_int_equal(kill(broker.pid, SIGTERM), 0);
    assert_int_equal(kill(broker.pid, SIGCONT), 0);
    broker_end(&broker, SIGTERM);
    broker_start(&broker);
    RUN_UNTIL(&peer, peer.ups == 3);
    assert_true(peer.session_present);
    RUN_UNTIL(&peer, peer.acked_count == 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(peer.acked[i], i);
    stop(&peer);
}

static void
a_hurried_link_finds_out_soon_that_the_broker_is_gone(void **state)
{
    const struct setup setup = {.url = NULL};
    struct peer peer;
    int64_t began;

    (void)state;
    start(&peer, &setup);
    ph_mqtt_link_hurry(peer.link); /* while it waits, or connects */
    RUN_UNTIL(&peer, peer.ups == 1);
    peer.downs = 0;
    ph_mqtt_link_hurry(peer.link);
    publish(&peer, OWN_EVENTS, "answered", false, 1);
    RUN_UNTIL(&peer, peer.acked_count == 1); /* and so the ping */
    began = broker_now_ms();
    while (broker_now_ms() - began < 6000)
        (void)uv_run(&peer.loop, UV_RUN_ONCE);
    assert_int_equal(peer.downs, 0);
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    began = broker_now_ms();
    ph_mqtt_link_hurry(peer.link);
    ph_mqtt_link_hurry(peer.link);
    RUN_UNTIL(&peer, peer.downs > 0);
    assert_in_range(broker_now_ms() - began, 4000, 15000); /* not 20 s */
    assert_int_equal(kill(broker.pid, SIGCONT), 0);
    ph_mqtt_link_hurry(peer.link);
    RUN_UNTIL(&peer, peer.ups == 2);
    stop(&peer);
}

static const struct ph_mqtt_will will = {
    .delay_s = 1,
    .message = {
        .topic = OWN_STATE, .payload = "will", .len = 4, .retain = true}};

/* A process of its own, so that it can be killed: this program again, with the
 * url and the certificates of the broker. It says "up" and waits. */
static int
run_victim(char **argv)
{
    const struct setup setup = {.will = &will};
    struct peer peer;

    (void)snprintf(broker.url, sizeof(broker.url), "%s", argv[2]);
    (void)snprintf(broker.pki, sizeof(broker.pki), "%s", argv[3]);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    publish(&peer, OWN_STATE, "on", true, 1);
    RUN_UNTIL(&peer, peer.acked_count == 1);
    if (write(STDOUT_FILENO, "u", 1) != 1)
        return 1;
    for (;;)
        (void)uv_run(&peer.loop, UV_RUN_ONCE);
}

static const char *self;

static pid_t
start_victim(void)
{
    int fds[2];
    pid_t pid;
    char byte;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(fds[1], STDOUT_FILENO);
        (void)execl(self, self, "victim", broker.url, broker.pki, NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    (void)close(fds[0]);
    return pid;
}

static void
the_will_of_a_killed_process_is_published_after_its_delay(void **state)
{
    pid_t pid = start_victim();
    pid_t reader;
    int status, fd;

    (void)state;
    reader = broker_read_begin(&broker, OWN_STATE, 2, 20, &fd);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_string_equal(broker_read_end(reader, fd),
                        OWN_STATE " on\n" OWN_STATE " will\n");
}

static void
a_clean_stop_says_off_and_leaves_no_will(void **state)
{
    const struct setup setup = {.will = &will};
    struct ph_mqtt_message off = message_of(OWN_STATE, "off", true);
    struct peer peer;
    pid_t reader;
    int fd;

    (void)state;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    publish(&peer, OWN_STATE, "on", true, 1);
    stop_with(&peer, &off);
    assert_string_equal(broker_read(&broker, OWN_STATE, 1, 10),
                        OWN_STATE " off\n");
    /* the will, delayed by 1 s, would be a second message */
    reader = broker_read_begin(&broker, OWN_STATE, 2, 3, &fd);
    assert_null(strstr(broker_read_end(reader, fd), "will"));
}

/* --- stopping in every state --- */

static void
a_link_can_be_stopped_before_it_did_anything(void **state)
{
    const struct setup setup = {0};
    struct peer peer;

    (void)state;
    start(&peer, &setup);
    stop(&peer);
}

static void
a_link_can_be_stopped_while_a_silent_server_keeps_it_waiting(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    struct setup setup = {0};
    struct pollfd poller;
    struct peer peer;
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    (void)snprintf(url, sizeof(url), "wss://127.0.0.1:%u",
                   ntohs(addr.sin_port));
    setup.url = url;
    start(&peer, &setup);
    poller = (struct pollfd){.fd = fd, .events = POLLIN};
    RUN_UNTIL(&peer, poll(&poller, 1, 0) == 1);
    stop(&peer);
    assert_int_equal(peer.downs, 0);
    (void)close(fd);
}

static void
a_link_can_be_stopped_while_it_waits_to_try_again(void **state)
{
    char url[64];
    const struct setup setup = {.url = url};
    struct peer peer;

    (void)state;
    (void)snprintf(url, sizeof(url), "wss://localhost:%u", broker_free_port());
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    stop(&peer);
    assert_int_equal(peer.downs, 1);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_broker_opens_the_two_ports_and_no_other),
        cmocka_unit_test(
            a_retained_message_is_acknowledged_and_seen_by_a_printer),
        cmocka_unit_test(more_than_the_window_waits_and_the_order_stays),
        cmocka_unit_test(
            a_document_of_32_kib_goes_through_and_too_big_ones_are_refused),
        cmocka_unit_test(the_topic_of_another_workstation_is_refused),
        cmocka_unit_test(
            a_workstation_that_takes_anothers_client_id_stays_itself),
        cmocka_unit_test(strangers_are_refused_with_words),
        cmocka_unit_test(the_environment_changes_nothing),
        cmocka_unit_test(files_that_cannot_be_used_fail_at_the_start),
        cmocka_unit_test(after_the_death_of_the_broker_the_link_goes_on),
        cmocka_unit_test(what_was_in_flight_goes_again_in_the_same_session),
        cmocka_unit_test(
            the_will_of_a_killed_process_is_published_after_its_delay),
        cmocka_unit_test(a_hurried_link_finds_out_soon_that_the_broker_is_gone),
        cmocka_unit_test(a_clean_stop_says_off_and_leaves_no_will),
        cmocka_unit_test(a_link_can_be_stopped_before_it_did_anything),
        cmocka_unit_test(
            a_link_can_be_stopped_while_a_silent_server_keeps_it_waiting),
        cmocka_unit_test(a_link_can_be_stopped_while_it_waits_to_try_again),
    };

    self = argv[0];
    if (argc == 4 && strcmp(argv[1], "victim") == 0)
        return run_victim(argv);
    return cmocka_run_group_tests(tests, setup_broker, teardown_broker);
}
