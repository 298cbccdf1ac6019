#include "strict.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPTS_MAX 24
#define WAIT_MS     20000

static void
drain(struct strict *strict)
{
    ssize_t got;

    while (strict->len < sizeof(strict->text) - 1 &&
           (got = read(strict->fd, strict->text + strict->len,
                       sizeof(strict->text) - 1 - strict->len)) > 0)
        strict->len += (size_t)got;
    strict->text[strict->len] = '\0';
}

static void
run_peer(const struct broker *broker, const char *name, const char *bind,
         const char *const *scripts, int out)
{
    char cert[BROKER_TEXT], key[BROKER_TEXT], ca[BROKER_TEXT];
    char file[BROKER_TEXT];
    const char *argv[SCRIPTS_MAX + 10] = {
        PH_SOURCE_DIR "/tests/support/mqtt-peer", "--cert", cert, "--key", key};
    size_t count = 5;

    (void)snprintf(file, sizeof(file), "%.64s.crt", name);
    (void)broker_file(broker, file, cert);
    (void)snprintf(file, sizeof(file), "%.64s.key", name);
    (void)broker_file(broker, file, key);
    (void)broker_file(broker, "ca.crt", ca);
    argv[count++] = "--ca";
    argv[count++] = ca;
    argv[count++] = "--bind";
    argv[count++] = bind;
    for (size_t i = 0; scripts[i] != NULL && i < SCRIPTS_MAX - 1; i++)
        argv[count++] = scripts[i];
    (void)dup2(out, STDOUT_FILENO);
    (void)execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void
wait_for_port(struct strict *strict)
{
    int64_t deadline = broker_now_ms() + WAIT_MS;
    struct pollfd poller = {.fd = strict->fd, .events = POLLIN};

    while (strchr(strict->text, '\n') == NULL) {
        if (broker_now_ms() > deadline)
            fail_msg("the strict broker does not listen");
        (void)poll(&poller, 1, 100);
        drain(strict);
    }
    assert_int_equal(strncmp(strict->text, "port ", 5), 0);
    strict->port = (uint16_t)strtoul(strict->text + 5, NULL, 10);
}

static void
start(struct strict *strict, const struct broker *broker, const char *name,
      const char *bind, const char *const *scripts)
{
    int fds[2];

    memset(strict, 0, sizeof(*strict));
    assert_int_equal(pipe(fds), 0);
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    strict->fd = fds[0];
    strict->pid = fork();
    assert_true(strict->pid >= 0);
    if (strict->pid == 0)
        run_peer(broker, name, bind, scripts, fds[1]);
    (void)close(fds[1]);
    wait_for_port(strict);
}

void
strict_start(struct strict *strict, const struct broker *broker,
             const char *name, const char *const *scripts)
{
    start(strict, broker, name, "127.0.0.1", scripts);
    (void)snprintf(strict->url, sizeof(strict->url), "wss://localhost:%u/mqtt",
                   strict->port);
}

void
strict_start_ipv6(struct strict *strict, const struct broker *broker,
                  const char *name, const char *const *scripts)
{
    start(strict, broker, name, "::1", scripts);
    (void)snprintf(strict->url, sizeof(strict->url), "wss://[::1]:%u/mqtt",
                   strict->port);
}

size_t
strict_count(struct strict *strict, const char *text)
{
    size_t count = 0;

    drain(strict);
    for (const char *at = strict->text; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

bool
strict_said(struct strict *strict, const char *text)
{
    return strict_count(strict, text) > 0;
}

void
strict_wait(struct strict *strict, const char *text)
{
    int64_t deadline = broker_now_ms() + WAIT_MS;
    struct pollfd poller = {.fd = strict->fd, .events = POLLIN};

    while (!strict_said(strict, text)) {
        if (broker_now_ms() > deadline)
            fail_msg("never said: %s\nbut: %s", text, strict->text);
        (void)poll(&poller, 1, 100);
    }
}

void
strict_end(struct strict *strict)
{
    int status;

    assert_int_equal(kill(strict->pid, SIGTERM), 0);
    assert_int_equal(waitpid(strict->pid, &status, 0), strict->pid);
    drain(strict);
    if (strstr(strict->text, "wrong") != NULL)
        fail_msg("%s", strict->text);
    (void)close(strict->fd);
}
