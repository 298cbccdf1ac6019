/* The MQTT link through a real tinyproxy, and what is said when it cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link_peer.h"
#include "printhold/base/attr.h"
#include "strict.h"

#define SCRIPT(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define PROXY_WAIT_S 20

struct tinyproxy {
    pid_t pid;
    uint16_t port;
    char url[64];
    char log[BROKER_TEXT];
};

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

static void
write_file(const char *name, const char *text, char path[BROKER_TEXT])
{
    int fd = open(broker_file(&broker, name, path),
                  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static bool
listens(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int got = connect(fd, (struct sockaddr *)&addr, sizeof(addr));

    (void)close(fd);
    return got == 0;
}

/* It lets people to the one port only; login is a line of its configuration. */
static void
proxy_start(struct tinyproxy *proxy, uint16_t to_port, const char *login)
{
    int64_t deadline = broker_now_ms() + PROXY_WAIT_S * 1000;
    char text[1400], path[BROKER_TEXT];

    proxy->port = broker_free_port();
    (void)snprintf(proxy->url, sizeof(proxy->url), "http://127.0.0.1:%u",
                   proxy->port);
    (void)broker_file(&broker, "tinyproxy.log", proxy->log);
    (void)snprintf(text, sizeof(text),
                   "Port %u\nListen 127.0.0.1\nLogFile \"%s\"\n"
                   "LogLevel Connect\nTimeout 60\nMaxClients 20\n"
                   "ConnectPort %u\n%s\n",
                   proxy->port, proxy->log, to_port, login);
    write_file("tinyproxy.conf", text, path);
    proxy->pid = fork();
    assert_true(proxy->pid >= 0);
    if (proxy->pid == 0) {
        (void)execlp("tinyproxy", "tinyproxy", "-d", "-c", path, NULL);
        _exit(127);
    }
    while (!listens(proxy->port)) {
        if (broker_now_ms() > deadline)
            fail_msg("tinyproxy does not listen");
        (void)poll(NULL, 0, 20);
    }
}

static void
proxy_end(struct tinyproxy *proxy)
{
    int status;

    assert_int_equal(kill(proxy->pid, SIGKILL), 0);
    assert_int_equal(waitpid(proxy->pid, &status, 0), proxy->pid);
}

static void
end(struct peer *peer, struct strict *strict, struct tinyproxy *proxy)
{
    stop(peer);
    strict_end(strict);
    proxy_end(proxy);
}

/* --- through it --- */

static void
the_link_goes_through_the_proxy(void **state)
{
    static const char *const logins[] = {"", "BasicAuth agent s3cret"};
    char secret[BROKER_TEXT];

    (void)state;
    write_file("proxy-login", "agent:s3cret\n", secret);
    for (size_t i = 0; i < PH_COUNT(logins); i++) {
        static char large[60000];
        struct ph_mqtt_message message = {
            .topic = "ev/ws-a", .payload = large, .len = sizeof(large)};
        struct ph_mqtt_link_info info;
        struct setup setup = {.id = NULL};
        struct tinyproxy proxy;
        struct strict strict;
        struct peer peer;

        memset(large, 'x', sizeof(large));
        strict_start(&strict, &broker, "broker",
                     SCRIPT("recv connack recv puback close",
                            "recv connack:present wait"));
        proxy_start(&proxy, strict.port, logins[i]);
        setup.url = strict.url;
        setup.proxy = proxy.url;
        setup.proxy_credentials_file = i > 0 ? secret : NULL;
        start(&peer, &setup);
        RUN_UNTIL(&peer, peer.ups == 1);
        ph_mqtt_link_info(peer.link, &info);
        assert_true(info.is_proxied);
        assert_int_equal(ph_mqtt_link_publish(peer.link, &message, 1), PH_OK);
        RUN_UNTIL(&peer, peer.acked_count == 1 && peer.ups == 2);
        end(&peer, &strict, &proxy);
    }
}

static void
a_host_of_no_proxy_is_reached_without_it(void **state)
{
    char nobody[64];
    struct ph_mqtt_link_info info;
    struct setup setup = {.proxy = nobody, .no_proxy = "127.0.0.1, localhost"};
    struct strict strict;
    struct peer peer;

    (void)state;
    (void)snprintf(nobody, sizeof(nobody), "http://127.0.0.1:%u",
                   broker_free_port());
    strict_start(&strict, &broker, "broker", SCRIPT("recv connack wait"));
    setup.url = strict.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.ups == 1);
    ph_mqtt_link_info(peer.link, &info);
    assert_false(info.is_proxied);
    stop(&peer);
    strict_end(&strict);
}

/* The proxy looks names up: one that exists for nobody is its trouble. */
static void
the_name_of_the_broker_is_the_proxys_to_look_up(void **state)
{
    struct setup setup = {.url = "wss://broker.invalid:8443"};
    struct tinyproxy proxy;
    struct peer peer;

    (void)state;
    proxy_start(&proxy, 8443, "");
    setup.proxy = proxy.url;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    assert_non_null(strstr(peer.text, "the proxy 127.0.0.1 refused to connect "
                                      "to broker.invalid (status 5"));
    stop(&peer);
    proxy_end(&proxy);
}

/* --- not through it --- */

static void
the_words_of_a_proxy_that_refuses(void **state)
{
    char wrong[BROKER_TEXT];
    static const struct {
        const char *login;
        bool has_password, is_other_port;
        const char *text;
    } cases[] = {
        {"BasicAuth agent s3cret", true, false,
         "the proxy 127.0.0.1 refused the password"},
        {"BasicAuth agent s3cret", false, false,
         "the proxy 127.0.0.1 asks for a password: see "
         "cloud.proxy_credentials_file"},
        {"", false, true,
         "the proxy 127.0.0.1 refused to connect to localhost (status 403)"},
    };

    (void)state;
    write_file("wrong-login", "agent:wr0ng", wrong);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct setup setup = {.id = NULL};
        struct tinyproxy proxy;
        struct strict strict;
        struct peer peer;

        strict_start(&strict, &broker, "broker", SCRIPT("wait"));
        proxy_start(&proxy, cases[i].is_other_port ? 1 : strict.port,
                    cases[i].login);
        setup.url = strict.url;
        setup.proxy = proxy.url;
        setup.proxy_credentials_file = cases[i].has_password ? wrong : NULL;
        start(&peer, &setup);
        RUN_UNTIL(&peer, peer.downs == 2);
        assert_string_equal(peer.text, cases[i].text);
        assert_false(strict_said(&strict, "GET"));
        end(&peer, &strict, &proxy);
    }
}

static void
the_words_of_a_proxy_that_is_none(void **state)
{
    char nobody[64], other[64];
    struct setup setup = {.url = "wss://broker.invalid", .proxy = nobody};
    struct strict strict;
    struct peer peer;

    (void)state;
    (void)snprintf(nobody, sizeof(nobody), "http://127.0.0.1:%u",
                   broker_free_port());
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 2);
    assert_string_equal(peer.text, "the proxy 127.0.0.1 refuses the "
                                   "connection: does it run?");
    stop(&peer);
    strict_start(&strict, &broker, "broker", SCRIPT("plain:SSH-2.0-rubbish"));
    (void)snprintf(other, sizeof(other), "http://127.0.0.1:%u", strict.port);
    setup.proxy = other;
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    assert_string_equal(peer.text, "the proxy 127.0.0.1 does not answer as an "
                                   "HTTP proxy does");
    stop(&peer);
    strict_end(&strict);
    setup.proxy = "http://proxy.invalid:3128";
    start(&peer, &setup);
    RUN_UNTIL(&peer, peer.downs == 1);
    assert_non_null(strstr(peer.text, "proxy.invalid, the proxy's name"));
    stop(&peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_goes_through_the_proxy),
        cmocka_unit_test(a_host_of_no_proxy_is_reached_without_it),
        cmocka_unit_test(the_name_of_the_broker_is_the_proxys_to_look_up),
        cmocka_unit_test(the_words_of_a_proxy_that_refuses),
        cmocka_unit_test(the_words_of_a_proxy_that_is_none),
    };

    return cmocka_run_group_tests(tests, setup_pki, remove_pki);
}
