/* Nobody can hurt anybody (SR-49): crowds of strangers and of printers that stall,
 * at the limits as they are shipped, while a good printer works. */
#include "release_rig.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "jobs_private.h"

#define BIG       ((size_t)8 * 1024 * 1024)
#define HALF_OPEN 2000
#define HOSTS     20 /* addresses that they come from */
#define OF_ONE    500

/* --- strangers --- */

/* The first byte of a handshake and no more. */
static int
half_open(uint16_t port, unsigned host)
{
    int fd = https_connect_tcp_from(port, host);

    (void)send(fd, "\x16", 1, MSG_NOSIGNAL); /* it may be cut by now */
    return fd;
}

static void
allow_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur >= count)
        return;
    if (limit.rlim_max < count)
        fail_msg("needs %llu open files (ulimit -Hn)",
                 (unsigned long long)count);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A fresh handshake, then the document, whole. */
static void
pull_afresh(struct rig *rig, const struct rig_printer *printer,
            const struct ph_id *id)
{
    struct rig_printer fresh;
    struct https_reply reply;

    memcpy(fresh.line, printer->line, sizeof(fresh.line));
    rig_open(rig, &fresh.client, "pr-1");
    rig_get_document(&fresh, id, "", &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, BIG);
    rig_check_bytes(&reply.body, 0);
    https_reply_close(&reply);
    https_close(&fresh.client);
}

/* A good printer pulls while strangers, from so many addresses, open one
 * connection after the other. The first of these addresses is its own. */
static void
pull_among(struct rig *rig, unsigned strangers, unsigned hosts)
{
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    int *fds = calloc(strangers, sizeof(*fds));
    struct ph_release_status status;
    struct rig_printer printer;

    allow_descriptors(4096);
    assert_non_null(fds);
    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&printer, &id, NULL);
    for (unsigned i = 0; i < strangers; i++) {
        fds[i] = half_open(rig->port, i % hosts);
        if ((i + 1) % (strangers / 4) == 0)
            pull_afresh(rig, &printer, &id);
    }
    /* What it began before them is still there. */
    for (size_t got = 0; got < BIG;) {
        uint8_t bytes[65536];
        size_t len = https_read(&printer.client, bytes, sizeof(bytes));

        assert_int_not_equal(len, 0);
        for (size_t i = 0; i < len; i += 997)
            assert_int_equal(bytes[i], rig_byte(got + i));
        got += len;
    }
    ph_release_service_status(rig->service, &status);
    assert_true(status.connections <= 512);
    assert_true(status.refused > 0);
    for (unsigned i = 0; i < strangers; i++)
        assert_int_equal(close(fds[i]), 0);
    free(fds);
    https_close(&printer.client);
}

static void
two_thousand_half_open_connections_keep_no_printer_out(void **state)
{
    pull_among(*state, HALF_OPEN, HOSTS);
}

static void
nor_do_those_of_its_own_address(void **state)
{
    pull_among(*state, OF_ONE, 1);
}

/* --- printers that stall --- */

#define STALLED 16 /* what one certificate may have */

static void
stall(struct rig *rig, struct https_client *client, unsigned how,
      const struct ph_id *id, const char *line)
{
    char text[RIG_PATH + 256];

    rig_open(rig, client, "pr-2");
    switch (how % 4) {
    case 0: /* says nothing */
        return;
    case 1:
        (void)snprintf(text, sizeof(text), "GET /v1/jobs HTTP/1.1\r\nHost:");
        break;
    case 2:
        (void)snprintf(text, sizeof(text),
                       "POST /v1/sessions HTTP/1.1\r\nHost: ws\r\n"
                       "Content-Type: application/json\r\n"
                       "Content-Length: 30000\r\n\r\n{");
        break;
    default: /* asks, and reads nothing */
        (void)snprintf(text, sizeof(text),
                       "GET %s HTTP/1.1\r\nHost: ws\r\n%s\r\n",
                       rig_job_path(id, "/document"), line);
        break;
    }
    assert_true(https_send(client, text, strlen(text)));
}

static void
printers_that_stall_delay_neither_another_nor_the_desktop(void **state)
{
    struct rig *rig = *state;
    const struct ph_id theirs = rig_hold(rig, "bob", 4 * BIG);
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct https_client stalled[STALLED];
    struct rig_printer bad, good;

    rig_arrive(rig, &bad, "pr-2", "bob");
    assert_int_equal(rig_ask(&bad, "POST", &theirs, "/claim", NULL), 200);
    https_close(&bad.client);
    for (unsigned i = 0; i < STALLED; i++)
        stall(rig, &stalled[i], i, &theirs, bad.line);
    rig_arrive(rig, &good, "pr-1", "alice");
    assert_int_equal(rig_ask(&good, "POST", &id, "/claim", NULL), 200);
    for (int i = 0; i < 5; i++) {
        pull_afresh(rig, &good, &id);
        (void)rig_hold(rig, "bob", 1000); /* the desktop prints */
    }
    https_close(&good.client);
    for (unsigned i = 0; i < STALLED; i++)
        https_close(&stalled[i]);
}

/* --- workers --- */

/* Somebody else's work, as capture and the cloud link have it. */
struct other {
    uv_loop_t loop;
    uv_work_t work;
    uv_timer_t late;
    bool done;
    bool done_in_time;
};

static void
nothing(uv_work_t *work)
{
    (void)work;
}

static void
on_nothing(uv_work_t *work, int status)
{
    struct other *other = work->data;

    other->done = status == 0;
    uv_close((uv_handle_t *)&other->late, NULL);
}

static void
on_late(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void
other_begin(struct other *other)
{
    memset(other, 0, sizeof(*other));
    assert_int_equal(uv_loop_init(&other->loop), 0);
    assert_int_equal(uv_timer_init(&other->loop, &other->late), 0);
    assert_int_equal(uv_timer_start(&other->late, on_late, 10000, 0), 0);
    other->work.data = other;
    assert_int_equal(
        uv_queue_work(&other->loop, &other->work, nothing, on_nothing), 0);
    (void)uv_run(&other->loop, UV_RUN_DEFAULT);
    other->done_in_time = other->done;
}

static void
other_end(struct other *other)
{
    (void)uv_run(&other->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&other->loop), 0);
    assert_true(other->done_in_time);
}

/* The jobs wait for their disk, as it were, and every request with them. */
static void
requests_that_wait_leave_workers_to_others(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct https_client clients[STALLED], probe;
    struct rig_printer printer;
    struct https_reply reply;
    char text[RIG_PATH + 256];
    struct other other;

    rig_arrive(rig, &printer, "pr-1", "alice");
    https_close(&printer.client);
    (void)snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: ws\r\n%s\r\n",
                   rig_job_path(&id, "/claim"), printer.line);
    for (size_t i = 0; i < STALLED; i++) {
        rig_open(rig, &clients[i], "pr-1");
        assert_int_equal(rig_status(&clients[i], "GET", "/v1", NULL, NULL),
                         200);
    }
    rig_open(rig, &probe, "pr-2");
    assert_int_equal(pthread_mutex_lock(&rig->jobs.jobs->lock), 0);
    for (size_t i = 0; i < STALLED; i++)
        (void)https_send(&clients[i], text, strlen(text));
    /* Answered without a worker, and after those have been taken in. */
    for (int i = 0; i < 2; i++)
        (void)rig_status(&probe, "GET", "/v1", NULL, NULL);
    other_begin(&other);
    assert_int_equal(pthread_mutex_unlock(&rig->jobs.jobs->lock), 0);
    other_end(&other);
    for (size_t i = 0; i < STALLED; i++) {
        https_receive(&clients[i], false, &reply);
        assert_int_equal(reply.status, 200);
        https_reply_close(&reply);
        https_close(&clients[i]);
    }
    https_close(&probe);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(two_thousand_half_open_connections_keep_no_printer_out),
        RIG_TEST(nor_do_those_of_its_own_address),
        RIG_TEST(printers_that_stall_delay_neither_another_nor_the_desktop),
        RIG_TEST(requests_that_wait_leave_workers_to_others),
    };

    /* As the agent has it. */
    (void)setenv("UV_THREADPOOL_SIZE", "12", 0);
    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
