/*
 * ph-bench-fleet: many workstations in one process, each with the agent's own
 * link (core/net), documents and events (core/proto). bench/fleet starts it.
 *
 *   ph-bench-fleet URL CA_FILE CERT_DIR TENANT FIRST COUNT JOBS EVERY_S RATE
 *
 * Workstations ws-FIRST to ws-(FIRST+COUNT-1) begin to connect, RATE a second
 * (0: all at once), say that they are on, one document with JOBS jobs each and
 * one event for each job, and after that one job more every EVERY_S seconds (0:
 * none). "stat" on standard
 * input prints one line of JSON; its end stops all of them cleanly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/resource.h>
#include <unistd.h>

#include "fleet_member.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

#define LINE_SIZE   256
#define SPARE_FILES 64
#define TICK_MS     20

struct program {
    uv_loop_t loop;
    struct fleet fleet;
    struct fleet_member *members;
    unsigned first, count, started, stopped;
    unsigned rate; /* a second */
    uint64_t began_ms;
    uv_timer_t ticks;
    uv_pipe_t input;
    char line[LINE_SIZE];
};

static void
die(const char *what)
{
    (void)fprintf(stderr, "ph-bench-fleet: %s\n", what);
    exit(1);
}

static void
on_stack_freed(void *arg)
{
    (void)arg;
}

static void
on_stopped(void *arg)
{
    struct fleet_member *member = arg;
    struct program *program = member->fleet->loop->data;

    if (++program->stopped == program->started)
        ph_ws_stack_free(program->fleet.stack, on_stack_freed, NULL);
}

static void
stop_all(struct program *program)
{
    uv_close((uv_handle_t *)&program->input, NULL);
    uv_close((uv_handle_t *)&program->ticks, NULL);
    for (unsigned i = 0; i < program->started; i++)
        fleet_member_stop(&program->members[i], on_stopped);
}

/* The last reason can have quotes: it goes last, and nobody needs it whole. */
static void
print_stat(const struct fleet *fleet)
{
    char text[FLEET_TEXT];
    size_t len = 0;

    for (const char *c = fleet->last_text; *c != '\0'; c++)
        text[len++] = *c == '"' || *c == '\\' || *c < ' ' ? ' ' : *c;
    text[len] = '\0';
    (void)printf(
        "{\"up\":%llu,\"settled\":%llu,\"ups\":%llu,\"downs\":%llu,"
        "\"sent\":%llu,\"acked\":%llu,\"refused\":%llu,"
        "\"bytes\":%llu,\"text\":\"%s\"}\n",
        (unsigned long long)fleet->up, (unsigned long long)fleet->settled,
        (unsigned long long)fleet->ups, (unsigned long long)fleet->downs,
        (unsigned long long)fleet->sent, (unsigned long long)fleet->acked,
        (unsigned long long)fleet->refused, (unsigned long long)fleet->bytes,
        text);
    (void)fflush(stdout);
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct program *program = handle->loop->data;

    (void)wanted;
    *buf = uv_buf_init(program->line, LINE_SIZE);
}

static void
on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct program *program = stream->loop->data;

    (void)buf;
    if (len < 0)
        stop_all(program);
    for (ssize_t i = 0; i < len; i++) {
        if (program->line[i] == '\n')
            print_stat(&program->fleet);
    }
}

static void
raise_files(unsigned count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < count + SPARE_FILES ||
        setrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("so many open files are not allowed: ulimit -Hn");
}

static void
start_until(struct program *program, unsigned count)
{
    while (program->started < count && program->started < program->count) {
        if (fleet_member_start(&program->members[program->started],
                               &program->fleet,
                               program->first + program->started) != PH_OK)
            die(program->fleet.last_text);
        program->started++;
    }
}

static void
on_tick(uv_timer_t *timer)
{
    struct program *program = timer->loop->data;
    uint64_t ms = uv_now(timer->loop) - program->began_ms;

    start_until(program, (unsigned)(ms * program->rate / 1000) + 1);
    if (program->started == program->count)
        (void)uv_timer_stop(timer);
}

static void
start_all(struct program *program)
{
    struct ph_why why = {{0}};

    if (ph_ws_stack_new(&program->loop, program->count, &program->fleet.stack,
                        &why) != PH_OK)
        die(why.text);
    (void)uv_timer_init(&program->loop, &program->ticks);
    program->began_ms = uv_now(&program->loop);
    if (program->rate == 0)
        start_until(program, program->count);
    else
        (void)uv_timer_start(&program->ticks, on_tick, 0, TICK_MS);
}

int
main(int argc, char **argv)
{
    static struct program program;

    if (argc != 10)
        die("usage: ph-bench-fleet URL CA_FILE CERT_DIR TENANT FIRST COUNT "
            "JOBS EVERY_S RATE");
    program.fleet.url = argv[1];
    program.fleet.ca_file = argv[2];
    program.fleet.certs = argv[3];
    program.fleet.tenant = argv[4];
    program.first = (unsigned)strtoul(argv[5], NULL, 10);
    program.count = (unsigned)strtoul(argv[6], NULL, 10);
    program.fleet.jobs = (unsigned)strtoul(argv[7], NULL, 10);
    program.fleet.every_s = (unsigned)strtoul(argv[8], NULL, 10);
    program.rate = (unsigned)strtoul(argv[9], NULL, 10);
    program.members = calloc(program.count, sizeof(*program.members));
    if (program.count == 0 || program.members == NULL)
        die("no workstations");
    raise_files(program.count);
    if (uv_loop_init(&program.loop) != 0)
        die("no loop");
    program.loop.data = &program;
    program.fleet.loop = &program.loop;
    (void)uv_pipe_init(&program.loop, &program.input, 0);
    if (uv_pipe_open(&program.input, STDIN_FILENO) != 0)
        die("standard input must be a pipe");
    start_all(&program);
    (void)uv_read_start((uv_stream_t *)&program.input, on_room, on_input);
    (void)printf("started\n");
    (void)fflush(stdout);
    (void)uv_run(&program.loop, UV_RUN_DEFAULT);
    print_stat(&program.fleet);
    free(program.members);
    return uv_loop_close(&program.loop) == 0 ? 0 : 1;
}
