/*
 * The ways of the MQTT link to a broker: versions, several brokers, logins,
 * addresses, and the words for what is in the way. The brokers are strict ones
 * that play a script; each test names what they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link_peer.h"
#include "printhold/base/attr.h"
#include "strict.h"

#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

#define OLD_CONNECT "CONNECT level=4 clean=0 keep=55 id=ws-a will=- user=- "

static const char *const filters[] = {"cmd/ws-a"};

static int
setup_pki(void **state)
{
    (void)state;
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-a", NULL);
    broker_pki(&broker, "service", "expired", "--dns", "localhost", "--expired",
               NULL);
    broker_pki(&broker, "service", "future", "--dns", "localhost", "--not-yet",
               NULL);
    broker_pki(&broker, "service", "other", "--dns", "other.example", NULL);
    broker_pki(&broker, "service", "self", "--dns", "localhost", "--self",
               NULL);
    broker_pki(&broker, "service", "six", "--ip", "::1", NULL);
    return 0;
}

static int
remove_pki(void **state)
{
    (void)state;
    broker_remove(&broker);
    return 0;
}

static void
end(struct peer *peer, struct strict *strict)
{
    stop(peer);
    strict_end(strict);
}

/* --- versions --- */

static void
a_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1(void **state)
{
    static const char *const refusals[] = {
        "recv connack:84 wait",     /* MQTT 5: unsupported version */
        "recv send:20020001 wait"}; /* as 3.1.1 says it */
    struct strict strict;
    struct peer peer;

    (void)state;
    for (size_t i = 0; i < PH_COUNT(refusals); i++) {
        struct setup setup = {.filters = filters, .filter_count = 1};

        strict_start(&strict, &broker, "broker",
                     SCRIPT(refusals[i],
                            "recv connack recv suback:01 "
                            "publish:2:7:cmd/ws-a:go recv recv puback close",
                            "recv connack:present wait"));
        setup.url = strict.url;
        start(&peer, &setup);
        RUN_UNTIL(&peer, peer.heard_count == 1);
        assert_int_equal(peer.downs, 0); /* nobody need hear of it */
        publish(&peer, "ev/ws-a", "x", false, 5);
        RUN_UNTIL(&peer, peer.acked_count == 1 && peer.ups == 2);
        assert_true(peer.session_present);
        assert_int_equal(strict_count(&strict, OLD_CONNECT), 2);
        assert_true(strict_said(&strict, "PUBACK id=7\n"));
        end(&peer, &strict);
    }
}

static void
two_closes_instead_of_an_answer_lead_to_3_1_1(void **state)
{
    struct strict strict;
    struct setup setup = {.id = NULL};
    struct peer peer;

    (void)state;
    strict_start(&strict, &broker, "broker",
                 SCRIPT("recv close", "recv close", "recv connack wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_int_equal(strict_count(&strict, "level=5"), 2);
    assert_int_equal(strict_count(&strict, OLD_CONNECT), 1);
    end(&peer, &strict);
}

/* --- several brokers --- */

static void
the_first_broker_that_works_is_taken_and_the_first_one_later(void **state)
{
    char urls[BROKER_TEXT + 80];
    struct ph_mqtt_link_info info;
    struct strict strict;
    struct setup setup = {.url = urls, .return_ms = 200};
    struct peer peer;

    (void)state;
    strict_start(&strict, &broker, "broker", SCRIPT("recv connack recv"));
    (void)snprintf(urls, sizeof(urls), "%s %s", broker.url, strict.url);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_int_equal(peer.downs, 0);
    ph_mqtt_link_info(peer.link, &info);
    assert_int_equal(info.port, strict.port);
    assert_int_equal(info.level, PH_MQTT_LEVEL_5);
    broker_start(&broker);
    RUN_UNTIL(&peer, peer.ups >= 2);
    RUN_UNTIL(&peer, (ph_mqtt_link_info(peer.link, &info),
                      info.port == broker.wss_port && info.level == 5));
    assert_true(strict_said(&strict, "DISCONNECT"));
    broker_end(&broker, SIGTERM);
    end(&peer, &strict);
}

static void
a_broker_that_shuts_down_sends_us_to_the_next(void **state)
{
    char urls[160];
    struct strict first, second;
    struct setup setup = {.url = urls};
    struct peer peer;

    (void)state;
    strict_start(&first, &broker, "broker",
                 SCRIPT("recv connack send:e0018b close"));
    strict_start(&second, &broker, "broker", SCRIPT("recv connack wait"));
    (void)snprintf(urls, sizeof(urls), "%s %s", first.url, second.url);
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 2);
    assert_string_equal(peer.text, "localhost ended the connection: server "
                                   "shutting down (0x8b)");
    assert_int_equal(strict_count(&first, "GET"), 1);
    assert_int_equal(strict_count(&first, "extra"), 0);
    stop(&peer);
    strict_end(&first);
    strict_end(&second);
}

/* --- login --- */

static void
write_secret(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void
a_token_is_read_at_each_connect_and_only_from_a_private_file(void **state)
{
    char path[BROKER_TEXT];
    struct strict strict;
    struct setup setup = {.user = "svc", .token_file = path};
    struct peer peer;

    (void)state;
    (void)broker_file(&broker, "token", path);
    write_secret(path, "first\n", 0600);
    strict_start(&strict, &broker, "broker",
                 SCRIPT("recv connack:86 wait", "recv connack close", "wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    assert_string_equal(peer.text, "localhost refuses our login: bad user name "
                                   "or password (0x86)");
    assert_true(strict_said(&strict, "user=svc:first "));
    write_secret(path, "second", 0600);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_true(strict_said(&strict, "user=svc:second "));
    write_secret(path, "third", 0640);
    RUN_UNTIL(&peer, strstr(peer.text, "mode 0600") != NULL);
    assert_null(strstr(peer.text, "third"));
    end(&peer, &strict);
    assert_int_equal(strict_count(&strict, "third"), 0);
}

/* --- words, and addresses --- */

struct trouble {
    const char *cert, *script, *text;
};

static void
what_is_wrong_with_a_broker_is_said(void **state)
{
    static const struct trouble troubles[] = {
        {"expired", "wait",
         "the certificate of localhost expired on 2020-01-02"},
        {"future", "wait",
         "the certificate of localhost is not valid before 2049-01-01: is this "
         "computer's clock right?"},
        {"other", "wait", "the certificate of localhost is for another name"},
        {"self", "wait",
         "the certificate of localhost is signed by an unknown authority: see "
         "cloud.ca_file"},
        {"broker", "plain:SSH-2.0",
         "localhost does not speak TLS at this port"},
        {"broker", "recv send:d000 wait",
         "localhost is no MQTT broker: it did not answer CONNECT"},
        {"broker", "text wait", "the broker sent text, not MQTT"},
        {"broker", "recv connack:89 wait",
         "localhost refuses us: server busy (0x89)"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(troubles); i++) {
        struct strict strict;
        struct setup setup = {.id = NULL};
        struct peer peer;

        strict_start(&strict, &broker, troubles[i].cert,
                     SCRIPT(troubles[i].script));
        setup.url = strict.url;
        start(&peer, &setup);
        RUN_UNTIL(&peer, peer.downs >= 1);
        assert_string_equal(peer.text, troubles[i].text);
        end(&peer, &strict);
    }
}

static void
an_ipv6_address_is_a_host_and_its_certificate_names_it(void **state)
{
    struct strict strict;
    struct setup setup = {.id = NULL};
    struct peer peer;

    (void)state;
    strict_start_ipv6(&strict, &broker, "six", SCRIPT("recv connack wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    assert_true(strict_said(&strict, "host=[::1]"));
    end(&peer, &strict);
    strict_start_ipv6(&strict, &broker, "broker", SCRIPT("recv connack wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    assert_string_equal(peer.text,
                        "the certificate of ::1 is for another name");
    end(&peer, &strict);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1),
        cmocka_unit_test(two_closes_instead_of_an_answer_lead_to_3_1_1),
        cmocka_unit_test(
            the_first_broker_that_works_is_taken_and_the_first_one_later),
        cmocka_unit_test(a_broker_that_shuts_down_sends_us_to_the_next),
        cmocka_unit_test(
            a_token_is_read_at_each_connect_and_only_from_a_private_file),
        cmocka_unit_test(what_is_wrong_with_a_broker_is_said),
        cmocka_unit_test(
            an_ipv6_address_is_a_host_and_its_certificate_names_it),
    };

    return cmocka_run_group_tests(tests, setup_pki, remove_pki);
}
