/*
 * ph-bench-time: starts one program and prints how long it took, from just
 * before it is started until its end is known, and the CPU time of it and its
 * children. Being small it costs every contestant the same little.
 *
 *   ph-bench-time [OPTION...] -- PROGRAM [ARGUMENT...]
 *     --pipe FILE    standard input is a pipe that cat(1) writes FILE to
 *     --filled FILE  the same, but FILE (at most 60 KiB) lies in it already
 *     --output FILE  standard output is this file, made anew (else /dev/null)
 *     --sync         ... and fsync(2) of it belongs to the time
 *
 * Prints {"wall_ns":…,"cpu_us":…,"status":…}; status is as of a shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Less than every pipe of Linux takes without a reader. */
#define FILLED_MAX ((size_t)60 * 1024)

extern char **environ;

struct order {
    const char *pipe;
    const char *filled;
    const char *output;
    bool sync;
    char **command;
};

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-time: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Start a program with these as its standard input and output; -1: ours. */
static pid_t
start(char **command, int input, int output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc == 0 && input >= 0)
        rc = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (rc == 0 && output >= 0)
        rc = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (rc == 0)
        rc = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (rc != 0) {
        errno = rc;
        die(command[0]);
    }
    return pid;
}

static int
wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            die("waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
copy_into(int to, const char *path)
{
    char bytes[FILLED_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

    if (n < 0 || (size_t)n > FILLED_MAX || write(to, bytes, (size_t)n) != n)
        die(path);
    (void)close(fd);
}

static int
make_input(const struct order *order, int *out_write_end)
{
    int ends[2];

    *out_write_end = -1;
    if (order->pipe == NULL && order->filled == NULL)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe");
    if (order->filled != NULL) {
        copy_into(ends[1], order->filled);
        (void)close(ends[1]);
    } else {
        *out_write_end = ends[1];
    }
    return ends[0];
}

static int
make_output(const struct order *order)
{
    const char *path = order->output != NULL ? order->output : "/dev/null";
    int flags = order->output != NULL ? O_CREAT | O_EXCL : 0;
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);

    if (fd < 0)
        die(path);
    return fd;
}

static pid_t
start_cat(const char *path, int output)
{
    char program[] = "cat";
    char *file = strdup(path);
    char *command[] = {program, file, NULL};
    pid_t pid;

    if (file == NULL)
        die("strdup");
    pid = start(command, -1, output);
    free(file);
    return pid;
}

static int
run(const struct order *order)
{
    int write_end, status;
    int input = make_input(order, &write_end);
    int output = make_output(order);
    pid_t feeder = -1, pid;
    int64_t began, took;

    began = now_ns();
    if (order->pipe != NULL) {
        feeder = start_cat(order->pipe, write_end);
        (void)close(write_end);
    }
    pid = start(order->command, input, output);
    (void)close(input);
    status = wait_for(pid);
    if (order->sync && fsync(output) != 0)
        die(order->output);
    took = now_ns() - began;
    if (feeder > 0 && wait_for(feeder) != 0) {
        (void)fprintf(stderr, "ph-bench-time: cat failed\n");
        return 2;
    }
    (void)printf("{\"wall_ns\":%lld,\"cpu_us\":%lld,\"status\":%d}\n",
                 (long long)took, (long long)cpu_us(), status);
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"pipe", required_argument, NULL, 'p'},
        {"filled", required_argument, NULL, 'f'},
        {"output", required_argument, NULL, 'o'},
        {"sync", no_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct order order = {0};
    int option;

    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            order.pipe = optarg;
            break;
        case 'f':
            order.filled = optarg;
            break;
        case 'o':
            order.output = optarg;
            break;
        case 's':
            order.sync = true;
            break;
        default:
            return 2;
        }
    }
    if (optind == argc || (order.sync && order.output == NULL)) {
        (void)fprintf(stderr, "Usage: ph-bench-time [OPTION...] -- PROGRAM\n");
        return 2;
    }
    order.command = argv + optind;
    return run(&order);
}
