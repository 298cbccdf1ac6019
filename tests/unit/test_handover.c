/* The way to the agent's socket. The conversation on it is component/backend's. */
#include "handover.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "printhold/base/err.h"
#include "scratch.h"

#define NOBODY 65534

static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path);
    assert_int_equal(
        bind(sock, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(sock, 1), 0);
    return sock;
}

/* 0 when it is as it should be; asserts are the parent's. */
static int
open_as_nobody(const struct ph_config *config)
{
    static const struct ph_ticket ticket;
    struct ph_handover handover;
    struct ph_sealed_secret secret;
    struct ph_capture_refuse refuse = {.text = {""}};
    struct ph_why why = {""};
    int spool = -1, err;

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return 2;
    ph_handover_init(&handover);
    err = ph_handover_open(&handover, config, &ticket, -1, &secret, &spool,
                           &refuse, &why);
    ph_handover_close(&handover);
    return err == PH_ERR_TIMEOUT &&
                   strstr(why.text, config->capture_socket) != NULL &&
                   strstr(why.text, "permission denied") != NULL
               ? 0
               : 1;
}

static void
a_socket_that_may_not_be_opened_is_told_of_and_is_no_refusal(void **state)
{
    struct scratch scratch;
    struct ph_config config;
    int sock, status = 0;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        fail_msg("needs root to become somebody else");
    scratch_make(&scratch);
    ph_config_init(&config);
    config.agent_wait_s = 0;
    (void)snprintf(config.agent_user, sizeof(config.agent_user), "root");
    (void)snprintf(config.capture_socket, sizeof(config.capture_socket),
                   "%.200s/socket", scratch.path);
    sock = listen_at(config.capture_socket);
    assert_int_equal(chmod(config.capture_socket, 0600), 0);
    assert_int_equal(chmod(scratch.path, 0755), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(open_as_nobody(&config));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(sock);
    scratch_remove(&scratch);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_socket_that_may_not_be_opened_is_told_of_and_is_no_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
