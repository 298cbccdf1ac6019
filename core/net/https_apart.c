#include "printhold/net/https_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "https_call.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define PROGRAM_MAX 512
#define LOOK_MS     200 /* for *stop */
#define READ_BYTES  4096
#define PATIENCE    3 /* times timeout_s: to connect, to send, to receive */

#define TEXTS    9
#define TEXT_MAX 512

/* The texts are our own: who opens need not keep theirs (https.h). */
struct ph_https {
    struct ph_https_options options;
    char texts[TEXTS][TEXT_MAX];
};

static char program[PROGRAM_MAX];

void
ph_https_apart_program(const char *path)
{
    (void)snprintf(program, sizeof(program), "%s", path);
}

int
ph_https_start(void)
{
    return PH_OK;
}

void
ph_https_stop(void)
{
}

static int
keep_texts(struct ph_https *https)
{
    struct ph_https_options *options = &https->options;
    const char **const texts[TEXTS] = {&options->product,
                                       &options->address,
                                       &options->ca_file,
                                       &options->pin,
                                       &options->cert_file,
                                       &options->key_file,
                                       &options->proxy.proxy,
                                       &options->proxy.no_proxy,
                                       &options->proxy.credentials_file};

    if (options->workstation_id != NULL)
        return PH_ERR_UNSUPPORTED; /* who that is would not be looked at */
    for (size_t i = 0; i < TEXTS; i++) {
        if (*texts[i] == NULL)
            continue;
        if (strlen(*texts[i]) >= TEXT_MAX)
            return PH_ERR_TOO_BIG;
        memcpy(https->texts[i], *texts[i], strlen(*texts[i]) + 1);
        *texts[i] = https->texts[i];
    }
    return PH_OK;
}

int
ph_https_open(const struct ph_https_options *options,
              struct ph_https **out_https, struct ph_why *why)
{
    struct ph_https *https = calloc(1, sizeof(*https));

    int err;

    if (https == NULL)
        return PH_ERR_NOMEM;
    https->options = *options;
    err = keep_texts(https);
    if (err != PH_OK) {
        free(https);
        return ph_why_fail(why, err, "this request is not for a process apart");
    }
    *out_https = https;
    return PH_OK;
}

void
ph_https_close(struct ph_https *https)
{
    free(https);
}

void
ph_https_reply_init(struct ph_https_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    ph_buf_init(&reply->body, PH_HTTPS_CALL_MAX);
}

void
ph_https_reply_close(struct ph_https_reply *reply)
{
    ph_buf_close(&reply->body);
}

/* --- the process --- */

/* Default signals, none blocked, the socket as standard input. */
static int
spawn(int sock, pid_t *out_pid)
{
    char name[] = "printhold-https";
    char *argv[] = {name, NULL}, *envp[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return rc;
    }
    (void)sigemptyset(&none);
    (void)sigemptyset(&all);
    (void)sigaddset(&all, SIGTERM);
    (void)sigaddset(&all, SIGPIPE);
    rc = posix_spawn_file_actions_adddup2(&actions, sock, 0);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(&attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                                                 POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawn(out_pid, program, &actions, &attr, argv, envp);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static int
start(int *out_sock, pid_t *out_pid, struct ph_why *why)
{
    int pair[2], rc;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return ph_err_from_errno(errno);
    (void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    rc = spawn(pair[1], out_pid);
    ph_io_close(&pair[1]);
    if (rc != 0) {
        ph_io_close(&pair[0]);
        return ph_why_fail(why, ph_err_from_errno(rc),
                           "cannot start %s: %s; is printhold installed "
                           "whole?",
                           program, strerror(rc));
    }
    *out_sock = pair[0];
    return PH_OK;
}

/* All that it says until it closes. It has limits of its own (https.h); one that
 * hangs all the same is not waited for. */
static int
listen_to(int sock, const atomic_bool *stop, int64_t deadline_ms,
          struct ph_buf *answer)
{
    struct pollfd fd = {.fd = sock, .events = POLLIN};
    ssize_t got = 1;

    while (got != 0) {
        int ready = poll(&fd, 1, LOOK_MS);
        uint8_t *room;

        if (stop != NULL && atomic_load(stop))
            return PH_ERR_CANCELLED;
        if (ph_clock_mono_ms() >= deadline_ms)
            return PH_ERR_TIMEOUT;
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        room = ph_buf_reserve(answer, READ_BYTES);
        if (room == NULL)
            return PH_ERR_TOO_BIG;
        got = ready < 0 ? -1 : read(sock, room, READ_BYTES);
        if (got > 0)
            ph_buf_advance(answer, (size_t)got);
        else if (got < 0 && errno != EINTR)
            return ph_err_from_errno(errno);
    }
    return PH_OK;
}

static void
end(pid_t pid)
{
    int status;

    (void)kill(pid, SIGKILL); /* it has said everything, or nobody listens */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
}

static int
exchange(const struct ph_buf *order, const struct ph_https_options *options,
         struct ph_buf *answer, struct ph_why *why)
{
    const int64_t patience_ms = PATIENCE * (int64_t)options->timeout_s * 1000;
    const int64_t deadline_ms = ph_clock_mono_ms() + patience_ms;
    int sock = -1;
    pid_t pid = -1;
    int err = start(&sock, &pid, why);

    if (err != PH_OK)
        return err;
    err = ph_io_write_full(sock, order->data, order->len);
    if (err == PH_OK && shutdown(sock, SHUT_WR) != 0)
        err = ph_err_from_errno(errno);
    if (err == PH_OK)
        err = listen_to(sock, options->stop, deadline_ms, answer);
    ph_io_close(&sock);
    end(pid);
    if (err == PH_ERR_TIMEOUT) /* it may have been heard */
        return ph_why_fail(why, PH_ERR_CLOSED,
                           "%s has no answer of %s after %lld s", program,
                           options->address, (long long)(patience_ms / 1000));
    return err;
}

int
ph_https_do(struct ph_https *https, const struct ph_https_request *request,
            struct ph_https_reply *reply, struct ph_why *why)
{
    struct ph_buf order, answer;
    int their = PH_OK, err;

    if (request->on_body != NULL || request->bearer != NULL ||
        request->offset != 0)
        return PH_ERR_UNSUPPORTED;
    ph_buf_init(&order, PH_HTTPS_CALL_MAX);
    ph_buf_init(&answer, PH_HTTPS_CALL_MAX);
    err = ph_https_order_put(&https->options, request, &order);
    if (err == PH_OK)
        err = exchange(&order, &https->options, &answer, why);
    if (err == PH_OK)
        err = ph_https_answer_take(answer.data, answer.len, &their, why, reply);
    ph_buf_close(&order);
    ph_buf_close(&answer);
    return err == PH_OK ? their : err;
}
