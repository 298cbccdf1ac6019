/* The purge on a real loop, against a cupsd that is a thread. */
#include "cups_purge.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "scratch.h"

#define JOBS       8
#define DEADLINE_S 20

/* A cupsd that knows a few jobs. All under the lock. */
struct fake_cupsd {
    struct scratch scratch;
    char path[100]; /* must fit sun_path */
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    bool refuses;
    struct {
        uint8_t state;          /* 0: forgotten */
        unsigned processing;    /* so many questions find it at work */
        unsigned asked, purged; /* counted */
    } job[JOBS];
};

static const char uuid[] = "urn:uuid:00000000-0000-0000-0000-000000000001";

/* --- the fake --- */

static int
put_answer(struct fake_cupsd *cupsd, int job, bool purge, struct ph_buf *buf)
{
    uint8_t state = cupsd->job[job].state;
    uint16_t status = state == 0 ? 0x0406 : 0;

    if (purge) {
        cupsd->job[job].purged++;
        cupsd->job[job].state = 0;
    } else if (cupsd->job[job].asked++ < cupsd->job[job].processing) {
        state = 5;
    }
    (void)ph_buf_put_u16(buf, 0x0200);
    (void)ph_buf_put_u16(buf, status);
    (void)ph_buf_put_u32(buf, 1);
    (void)ph_buf_put(buf, "\x02\x23\x00\x09job-state\x00\x04\x00\x00\x00", 18);
    (void)ph_buf_put_u8(buf, state);
    (void)ph_buf_put(buf, "\x45\x00\x08job-uuid\x00", 12);
    (void)ph_buf_put_u8(buf, sizeof(uuid) - 1);
    (void)ph_buf_put_str(buf, uuid);
    return ph_buf_put_u8(buf, 3);
}

static void
answer(struct fake_cupsd *cupsd, int fd, const char *request, size_t len)
{
    const char *name = memmem(request, len, "/jobs/", 6);
    struct ph_buf body, head;
    int job;

    /* the first is the HTTP resource, the second the job-uri */
    name = memmem(name + 6, len - (size_t)(name + 6 - request), "/jobs/", 6);
    job = name[6] - '0';
    ph_buf_init(&body, 4096);
    ph_buf_init(&head, 8192);
    (void)pthread_mutex_lock(&cupsd->lock);
    assert_int_equal(put_answer(cupsd, job,
                                memmem(request, len, "purge-job", 9) != NULL,
                                &body),
                     PH_OK);
    if (cupsd->refuses)
        (void)ph_buf_put_str(&head, "HTTP/1.1 403 Forbidden\r\n\r\n");
    else
        (void)ph_buf_printf(
            &head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body.len);
    (void)pthread_mutex_unlock(&cupsd->lock);
    (void)ph_buf_put(&head, body.data, body.len);
    (void)ph_io_write_full(fd, head.data, head.len);
    ph_buf_close(&head);
    ph_buf_close(&body);
}

/* A request ends with the end-of-attributes tag and comes in one piece. */
static void *
serve(void *arg)
{
    struct fake_cupsd *cupsd = arg;
    char request[4096];
    ssize_t len;
    int fd;

    while ((fd = accept(cupsd->listener, NULL, NULL)) >= 0) {
        len = read(fd, request, sizeof(request));
        if (len > 0)
            answer(cupsd, fd, request, (size_t)len);
        (void)close(fd);
    }
    return NULL;
}

static void
start_cupsd(struct fake_cupsd *cupsd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *cupsd = (struct fake_cupsd){.listener = -1};
    scratch_make(&cupsd->scratch);
    assert_true(snprintf(cupsd->path, sizeof(cupsd->path), "%s/cups.sock",
                         cupsd->scratch.path) < (int)sizeof(cupsd->path));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                   cupsd->path);
    cupsd->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(cupsd->listener >= 0);
    assert_int_equal(
        bind(cupsd->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(cupsd->listener, 16), 0);
    assert_int_equal(pthread_mutex_init(&cupsd->lock, NULL), 0);
    assert_int_equal(pthread_create(&cupsd->thread, NULL, serve, cupsd), 0);
}

static void
stop_cupsd(struct fake_cupsd *cupsd)
{
    (void)shutdown(cupsd->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(cupsd->thread, NULL), 0);
    (void)close(cupsd->listener);
    (void)pthread_mutex_destroy(&cupsd->lock);
    scratch_remove(&cupsd->scratch);
}

/* --- the purge --- */

struct rig {
    struct fake_cupsd cupsd;
    uv_loop_t loop;
    uv_timer_t tick; /* so that the loop comes round */
    struct ph_cups_purge *purge;
    unsigned done;
};

static void
on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void
start(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    start_cupsd(&rig->cupsd);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    (void)uv_timer_init(&rig->loop, &rig->tick);
    (void)uv_timer_start(&rig->tick, on_tick, 2, 2);
    assert_int_equal(
        ph_cups_purge_start(&rig->loop, rig->cupsd.path, &rig->purge), PH_OK);
}

static void
on_done(void *arg)
{
    struct rig *rig = arg;

    rig->done++;
    uv_close((uv_handle_t *)&rig->tick, NULL);
}

static void
stop(struct rig *rig)
{
    ph_cups_purge_stop(rig->purge, on_done, rig);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(rig->done, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    stop_cupsd(&rig->cupsd);
}

static unsigned
counted(struct rig *rig, const unsigned *what)
{
    unsigned value;

    (void)pthread_mutex_lock(&rig->cupsd.lock);
    value = *what;
    (void)pthread_mutex_unlock(&rig->cupsd.lock);
    return value;
}

static void
run_until(struct rig *rig, const unsigned *what, unsigned at_least)
{
    const int64_t end = ph_clock_mono_ms() + DEADLINE_S * 1000;

    while (counted(rig, what) < at_least) {
        assert_true(ph_clock_mono_ms() < end);
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    }
}

static void
an_ended_job_is_purged_once(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.job[3].state = 9;
    ph_cups_purge_add(rig.purge, 3, uuid);
    run_until(&rig, &rig.cupsd.job[3].purged, 1);
    /* a second job shows that the first is not asked for again */
    rig.cupsd.job[4].state = 9;
    ph_cups_purge_add(rig.purge, 4, uuid);
    run_until(&rig, &rig.cupsd.job[4].purged, 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[3].asked), 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[3].purged), 1);
    stop(&rig);
}

static void
a_job_at_work_is_left_alone_until_it_ends(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.job[1].state = 9;
    rig.cupsd.job[1].processing = 3;
    ph_cups_purge_add(rig.purge, 1, uuid);
    run_until(&rig, &rig.cupsd.job[1].purged, 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[1].asked), 4);
    stop(&rig);
}

static void
a_job_of_another_uuid_is_not_touched(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.job[1].state = rig.cupsd.job[2].state = 9;
    ph_cups_purge_add(rig.purge, 1, "urn:uuid:another");
    ph_cups_purge_add(rig.purge, 2, uuid);
    run_until(&rig, &rig.cupsd.job[2].purged, 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[1].asked), 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[1].purged), 0);
    stop(&rig);
}

static void
a_forgotten_job_and_one_without_number_are_done_with(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.job[2].state = 9;
    ph_cups_purge_add(rig.purge, 1, uuid);
    ph_cups_purge_add(rig.purge, 0, uuid);
    ph_cups_purge_add(rig.purge, 5, "");
    ph_cups_purge_add(rig.purge, 2, uuid);
    run_until(&rig, &rig.cupsd.job[2].purged, 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[1].asked), 1);
    assert_int_equal(counted(&rig, &rig.cupsd.job[0].asked), 0);
    assert_int_equal(counted(&rig, &rig.cupsd.job[5].asked), 0);
    stop(&rig);
}

static void
a_refusal_is_said_in_words(void **state)
{
    const int64_t end = ph_clock_mono_ms() + DEADLINE_S * 1000;
    struct ph_why why = {""};
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.refuses = true;
    ph_cups_purge_add(rig.purge, 1, uuid);
    while (why.text[0] == '\0') {
        assert_true(ph_clock_mono_ms() < end);
        (void)uv_run(&rig.loop, UV_RUN_ONCE);
        ph_cups_purge_status(rig.purge, &why);
    }
    assert_non_null(strstr(why.text, "SystemGroup"));
    stop(&rig);
}

static void
it_stops_while_a_job_waits_and_while_cupsd_is_away(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig.cupsd.job[1].processing = UINT32_MAX;
    ph_cups_purge_add(rig.purge, 1, uuid);
    run_until(&rig, &rig.cupsd.job[1].asked, 1);
    stop(&rig);
    start(&rig);
    (void)shutdown(rig.cupsd.listener, SHUT_RDWR);
    ph_cups_purge_add(rig.purge, 1, uuid);
    stop(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_job_is_purged_once),
        cmocka_unit_test(a_job_at_work_is_left_alone_until_it_ends),
        cmocka_unit_test(a_job_of_another_uuid_is_not_touched),
        cmocka_unit_test(a_forgotten_job_and_one_without_number_are_done_with),
        cmocka_unit_test(a_refusal_is_said_in_words),
        cmocka_unit_test(it_stops_while_a_job_waits_and_while_cupsd_is_away),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
