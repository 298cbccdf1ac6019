#include "broker.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX     48
#define WAIT_MS      20000
#define READ_MAX     (256 * 1024)
#define POLL_STEP_MS 10

extern char **environ;

int64_t
broker_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Standard output and error go to out_fd when it is not negative. */
static pid_t
start_program(const char *const *argv, int out_fd)
{
    posix_spawn_file_actions_t actions;
    char *args[ARGS_MAX];
    size_t count = 0;
    pid_t pid = 0;

    for (; argv[count] != NULL; count++) {
        assert_true(count + 1 < ARGS_MAX);
        args[count] = strdup(argv[count]);
        assert_non_null(args[count]);
    }
    args[count] = NULL;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    if (out_fd >= 0) {
        (void)posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
        (void)posix_spawn_file_actions_adddup2(&actions, out_fd, 2);
    }
    assert_int_equal(posix_spawnp(&pid, args[0], &actions, NULL, args, environ),
                     0);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < count; i++)
        free(args[i]);
    return pid;
}

static void
run_program(const char *const *argv)
{
    pid_t pid = start_program(argv, -1);
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

uint16_t
broker_free_port(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    (void)close(fd);
    return ntohs(addr.sin_port);
}

const char *
broker_file(const struct broker *broker, const char *name,
            char dst[BROKER_TEXT])
{
    int len = snprintf(dst, BROKER_TEXT, "%s/%s", broker->pki, name);

    assert_in_range(len, 1, BROKER_TEXT - 1);
    return dst;
}

void
broker_pki(const struct broker *broker, const char *command, ...)
{
    const char *argv[ARGS_MAX] = {PH_SOURCE_DIR "/tests/support/pki", command,
                                  broker->pki};
    size_t count = 3;
    va_list ap;

    va_start(ap, command);
    while ((argv[count] = va_arg(ap, const char *)) != NULL)
        assert_true(++count < ARGS_MAX);
    va_end(ap);
    run_program(argv);
}

void
broker_make(struct broker *broker)
{
    const char *base = getenv("TMPDIR");

    memset(broker, 0, sizeof(*broker));
    (void)snprintf(broker->dir, 256, "%s/printhold-broker-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(broker->dir));
    /* mosquitto gives up root and must reach its own part of it */
    assert_int_equal(chmod(broker->dir, 0711), 0);
    (void)snprintf(broker->pki, sizeof(broker->pki), "%.*s/pki", 256,
                   broker->dir);
    broker->wss_port = broker_free_port();
    do {
        broker->tls_port = broker_free_port();
    } while (broker->tls_port == broker->wss_port);
    (void)snprintf(broker->url, sizeof(broker->url), "wss://localhost:%u/mqtt",
                   broker->wss_port);
    broker_pki(broker, "init", "--tenant", "acme", NULL);
    broker_pki(broker, "service", "broker", "--dns", "localhost", NULL);
    broker_pki(broker, "service", "reader", NULL);
    broker_pki(broker, "service", "writer", NULL);
}

/* --- the process --- */

static void
log_path(const struct broker *broker, char dst[BROKER_TEXT])
{
    (void)snprintf(dst, BROKER_TEXT, "%.*s/log", 256, broker->dir);
}

bool
broker_log_has(const struct broker *broker, const char *text)
{
    char path[BROKER_TEXT], line[1024];
    bool found = false;
    FILE *file;

    log_path(broker, path);
    file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
        found = strstr(line, text) != NULL;
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static void
wait_for_log(const struct broker *broker, const char *text)
{
    int64_t deadline = broker_now_ms() + WAIT_MS;

    while (!broker_log_has(broker, text)) {
        if (broker_now_ms() > deadline)
            fail_msg("the broker never said: %s", text);
        (void)poll(NULL, 0, POLL_STEP_MS);
    }
}

/* --- what is published --- */

static int
open_record(const struct broker *broker)
{
    char path[BROKER_TEXT];
    int fd;

    (void)snprintf(path, sizeof(path), "%.*s/messages", 256, broker->dir);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* What mosquitto's clients are started with: who one is, how, and what else. */
struct client {
    const char *argv[ARGS_MAX];
    size_t count;
    char port[8], ca[BROKER_TEXT], cert[BROKER_TEXT], key[BROKER_TEXT];
};

static void
add_argument(struct client *client, const char *text)
{
    assert_true(client->count + 1 < ARGS_MAX);
    client->argv[client->count++] = text;
    client->argv[client->count] = NULL;
}

/* The rest ends with NULL. */
static void
make_client(struct client *client, const struct broker *broker,
            const char *program, const char *name, ...)
{
    char file[64];
    const char *const common[] = {
        program,      "-V",    "5",          "-q",       "1",        "-h",
        "localhost",  "-p",    client->port, "--cafile", client->ca, "--cert",
        client->cert, "--key", client->key,  NULL};
    const char *more;
    va_list ap;

    client->count = 0;
    (void)snprintf(client->port, sizeof(client->port), "%u", broker->tls_port);
    (void)broker_file(broker, "ca.crt", client->ca);
    (void)snprintf(file, sizeof(file), "%s.crt", name);
    (void)broker_file(broker, file, client->cert);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    (void)broker_file(broker, file, client->key);
    for (size_t i = 0; common[i] != NULL; i++)
        add_argument(client, common[i]);
    va_start(ap, name);
    while ((more = va_arg(ap, const char *)) != NULL)
        add_argument(client, more);
    va_end(ap);
}

/* once: only subscribe, so that the broker keeps what comes from then on. */
static pid_t
start_subscriber(const struct broker *broker, bool once, int fd)
{
    struct client client;

    make_client(&client, broker, "mosquitto_sub", "recorder", "-c", "-x", "600",
                "-i", "recorder", "--retain-as-published", "-F", "%j", "-t",
                "ph1/#", once ? "-E" : NULL, NULL);
    return start_program(client.argv, fd);
}

static void
start_recorder(struct broker *broker)
{
    int fd = open_record(broker), status;
    pid_t first = start_subscriber(broker, true, fd);

    assert_int_equal(waitpid(first, &status, 0), first);
    assert_int_equal(status, 0);
    broker->recorder = start_subscriber(broker, false, fd);
    (void)close(fd);
}

/* It has its end of the connection from the broker's end. */
static void
end_recorder(struct broker *broker)
{
    int status;

    if (broker->recorder == 0)
        return;
    (void)kill(broker->recorder, SIGTERM);
    assert_int_equal(waitpid(broker->recorder, &status, 0), broker->recorder);
    broker->recorder = 0;
}

static void
check_record(const struct broker *broker)
{
    char path[BROKER_TEXT];
    const char *argv[] = {PH_SOURCE_DIR "/tests/support/check-messages",
                          PH_SOURCE_DIR "/docs/cloud-protocol.asyncapi.yaml",
                          path, NULL};

    (void)snprintf(path, sizeof(path), "%.*s/messages", 256, broker->dir);
    run_program(argv);
}

void
broker_record(struct broker *broker)
{
    broker_pki(broker, "service", "recorder", NULL);
    broker->is_recorded = true;
}

void
broker_start(struct broker *broker)
{
    char path[BROKER_TEXT], wss[8], tls[8], data[BROKER_TEXT];
    char ca[BROKER_TEXT], cert[BROKER_TEXT], key[BROKER_TEXT];
    const char *argv[] = {PH_SOURCE_DIR "/cloud/mosquitto/start",
                          "--dir",
                          data,
                          "--ca",
                          broker_file(broker, "ca.crt", ca),
                          "--cert",
                          broker_file(broker, "broker.crt", cert),
                          "--key",
                          broker_file(broker, "broker.key", key),
                          "--wss-port",
                          wss,
                          "--tls-port",
                          tls,
                          "--reader",
                          "reader",
                          "--reader",
                          "recorder",
                          "--service",
                          "writer",
                          NULL};
    int fd;

    (void)snprintf(data, sizeof(data), "%.*s/data", 256, broker->dir);
    (void)snprintf(wss, sizeof(wss), "%u", broker->wss_port);
    (void)snprintf(tls, sizeof(tls), "%u", broker->tls_port);
    log_path(broker, path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    broker->pid = start_program(argv, fd);
    (void)close(fd);
    wait_for_log(broker, " running");
    if (broker->is_recorded)
        start_recorder(broker);
}

void
broker_end(struct broker *broker, int signal)
{
    int status;

    if (broker->pid == 0)
        return;
    assert_int_equal(kill(broker->pid, signal), 0);
    assert_int_equal(waitpid(broker->pid, &status, 0), broker->pid);
    broker->pid = 0;
    end_recorder(broker);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
broker_remove(struct broker *broker)
{
    broker_end(broker, SIGTERM);
    if (broker->is_recorded)
        check_record(broker);
    assert_int_equal(nftw(broker->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* --- the reader --- */

pid_t
broker_read_begin(const struct broker *broker, const char *filter,
                  unsigned count, unsigned wait_s, int *out_fd)
{
    char count_text[16], wait_text[16];
    struct client client;
    int fds[2];
    pid_t pid;

    (void)snprintf(count_text, sizeof(count_text), "%u", count);
    (void)snprintf(wait_text, sizeof(wait_text), "%u", wait_s);
    make_client(&client, broker, "mosquitto_sub", "reader", "-t", filter, "-C",
                count_text, "-W", wait_text, "-F", "%t %p", NULL);
    assert_int_equal(pipe(fds), 0);
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    pid = start_program(client.argv, fds[1]);
    (void)close(fds[1]);
    *out_fd = fds[0];
    return pid;
}

const char *
broker_read_end(pid_t pid, int fd)
{
    static char text[READ_MAX];
    size_t len = 0;
    ssize_t got;
    int status;

    while (len < sizeof(text) - 1 &&
           (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return text;
}

const char *
broker_read(const struct broker *broker, const char *filter, unsigned count,
            unsigned wait_s)
{
    int fd;
    pid_t pid = broker_read_begin(broker, filter, count, wait_s, &fd);

    return broker_read_end(pid, fd);
}

/* --- the writer --- */

void
broker_write(const struct broker *broker, const char *topic,
             const char *payload, bool retain)
{
    struct client client;

    make_client(&client, broker, "mosquitto_pub", "writer", "-t", topic, "-m",
                payload, retain ? "-r" : NULL, NULL);
    run_program(client.argv);
}
