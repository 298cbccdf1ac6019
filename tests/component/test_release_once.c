/* A release happens once and whole, whatever the network and the printers do:
 * SR-47, SR-74. */
#include "release_rig.h"

#include <pthread.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"

#define MIB  ((size_t)1024 * 1024)
#define BIG  (6 * MIB + 12345)
#define JOBS 12

/* --- two printers, one job --- */

struct racer {
    struct rig_printer printer;
    const struct ph_id *jobs;
    pthread_barrier_t *start;
    unsigned won;
    unsigned lost;
};

/* Claim, read and complete whatever it can get. */
static void *
race(void *arg)
{
    struct racer *racer = arg;

    (void)pthread_barrier_wait(racer->start);
    for (size_t i = 0; i < JOBS; i++) {
        const struct ph_id *id = &racer->jobs[i];
        unsigned status = rig_ask(&racer->printer, "POST", id, "/claim", NULL);

        if (status != 200) { /* claimed by the other, or printed already */
            racer->lost += status == 409 || status == 404;
            continue;
        }
        if (rig_ask(&racer->printer, "GET", id, "/document", NULL) == 200 &&
            rig_ask(&racer->printer, "POST", id, "/complete",
                    "{\"result\":\"printed\"}") == 200)
            racer->won++;
    }
    return NULL;
}

static size_t
count_released(struct rig *rig)
{
    struct ph_outbox_event events[4 * JOBS];
    size_t count = 0, released = 0;

    assert_int_equal(
        ph_jobs_due_events(rig->jobs.jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    for (size_t i = 0; i < count; i++) {
        released += strstr(ph_buf_str(&events[i].payload),
                           "org.printhold.job.released.v1") != NULL;
        ph_buf_close(&events[i].payload);
    }
    return released;
}

static void
two_printers_race_and_each_job_comes_out_once(void **state)
{
    struct rig *rig = *state;
    struct racer racers[2] = {{.won = 0}, {.won = 0}};
    struct ph_id jobs[JOBS];
    pthread_barrier_t start;
    pthread_t threads[2];

    for (size_t i = 0; i < JOBS; i++)
        jobs[i] = rig_hold(rig, "alice", 3000);
    assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
    for (size_t i = 0; i < 2; i++) {
        rig_arrive(rig, &racers[i].printer, i == 0 ? "pr-1" : "pr-2", "alice");
        racers[i].jobs = jobs;
        racers[i].start = &start;
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
                         0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        https_close(&racers[i].printer.client);
    }
    assert_int_equal(pthread_barrier_destroy(&start), 0);
    assert_int_equal(racers[0].won + racers[1].won, JOBS);
    assert_int_equal(racers[0].lost + racers[1].lost, JOBS);
    assert_int_equal(count_released(rig), JOBS);
}

/* --- a connection that breaks --- */

/* Ask for the rest and take it to the next MiB, or to the end: a read beyond
 * that would wait for the server to hang up. */
static void
take_a_mib(struct rig_printer *printer, const struct ph_id *id,
           const char *etag, struct ph_buf *got)
{
    const size_t mib = (got->len / MIB + 1) * MIB;
    const size_t stop = mib < BIG ? mib : BIG;
    char lines[RIG_PATH + 512];
    uint8_t bytes[16384];
    struct https_reply reply;

    (void)snprintf(lines, sizeof(lines),
                   "GET %s HTTP/1.1\r\nHost: ws\r\n%sRange: bytes=%zu-\r\n"
                   "If-Range: %s\r\n\r\n",
                   rig_job_path(id, "/document"), printer->line, got->len,
                   etag);
    assert_true(https_send(&printer->client, lines, strlen(lines)));
    https_receive_head(&printer->client, &reply);
    assert_int_equal(reply.status, 206);
    https_reply_close(&reply);
    while (got->len < stop) {
        const size_t left = stop - got->len;
        const size_t len =
            https_read(&printer->client, bytes,
                       left < sizeof(bytes) ? left : sizeof(bytes));

        assert_int_not_equal(len, 0);
        assert_int_equal(ph_buf_put(got, bytes, len), PH_OK);
    }
}

static void
a_download_that_is_cut_at_every_mib_is_byte_identical(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct rig_printer printer;
    struct https_reply reply;
    char etag[128];
    struct ph_buf got;
    unsigned cuts = 0;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    https_do(&printer.client, "HEAD", rig_job_path(&id, "/document"),
             printer.line, NULL, &reply);
    (void)snprintf(etag, sizeof(etag), "%s", https_field(&reply, "ETag"));
    https_reply_close(&reply);
    ph_buf_init(&got, BIG);
    while (got.len < BIG) {
        take_a_mib(&printer, &id, etag, &got);
        https_close(&printer.client); /* with the rest under way */
        rig_open(rig, &printer.client, "pr-1");
        cuts++;
    }
    assert_int_equal(cuts, BIG / MIB + 1);
    assert_int_equal(got.len, BIG);
    rig_check_bytes(&got, 0);
    ph_buf_close(&got);
    /* All the while it was this printer's, and it is not gone yet. */
    assert_int_equal(
        rig_ask(&printer, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        200);
    assert_int_equal(rig_ask(&printer, "GET", &id, "", NULL), 404);
    assert_int_equal(count_released(rig), 1);
    https_close(&printer.client);
}

/* --- reports --- */

static unsigned
report(struct rig_printer *printer, const struct ph_id *id, const char *key,
       const char *json, struct https_reply *out_reply)
{
    char lines[RIG_PATH + 512];

    (void)snprintf(lines, sizeof(lines), "%s%s%s%s", printer->line,
                   key != NULL ? "Idempotency-Key: " : "",
                   key != NULL ? key : "", key != NULL ? "\r\n" : "");
    https_do(&printer->client, "POST", rig_job_path(id, "/complete"), lines,
             json, out_reply);
    return out_reply->status;
}

static void
check_report(struct rig_printer *printer, const struct ph_id *id,
             const char *key, const char *json, unsigned status,
             const char *part)
{
    struct https_reply reply;

    if (report(printer, id, key, json, &reply) != status ||
        strstr(ph_buf_str(&reply.body), part) == NULL)
        fail_msg("%s %s: %u %s", key != NULL ? key : "-", json, reply.status,
                 ph_buf_str(&reply.body));
    https_reply_close(&reply);
}

static void
a_report_counts_once_by_its_key(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct rig_printer printer;
    char long_key[130];

    memset(long_key, 'k', sizeof(long_key) - 1);
    long_key[sizeof(long_key) - 1] = '\0';
    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    check_report(&printer, &id, long_key, "{\"result\":\"failed\"}", 400,
                 "Idempotency-Key");
    check_report(&printer, &id, "a b", "{\"result\":\"failed\"}", 400,
                 "Idempotency-Key");
    check_report(&printer, &id, "\"one\"", "{\"result\":\"failed\"}", 200,
                 "failed");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    check_report(&printer, &id, "\"one\"", "{\"result\":\"failed\"}", 200,
                 "failed");
    check_report(&printer, &id, "\"one\"", "{\"result\":\"printed\"}", 409,
                 "key-reused");
    /* The second claim stands. */
    assert_int_equal(rig_ask(&printer, "GET", &id, "/document", NULL), 200);
    check_report(&printer, &id, "\"two\"", "{\"result\":\"printed\"}", 200,
                 "printed");
    check_report(&printer, &id, "\"two\"", "{\"result\":\"printed\"}", 200,
                 "printed");
    check_report(&printer, &id, NULL, "{\"result\":\"printed\"}", 200,
                 "printed");
    assert_int_equal(count_released(rig), 1);
    https_close(&printer.client);
}

static void
choices_at_the_printer_are_told_in_answer_and_event(void **state)
{
    static const char choices[] =
        "{\"result\":\"printed\",\"copies\":2,\"sides\":\"one-sided\","
        "\"print-color-mode\":\"monochrome\",\"page-ranges\":\"1-2\","
        "\"finishings\":\"staple\"}";
    static const char *const parts[] = {
        "\"copies\":2", "\"sides\":\"one-sided\"",
        "\"print-color-mode\":\"monochrome\"", "\"page-ranges\":\"1-2\"",
        "\"finishings\":\"staple\""};
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", 1000);
    struct ph_outbox_event events[8];
    struct rig_printer printer;
    struct https_reply reply;
    size_t count = 0;

    rig_arrive(rig, &printer, "pr-1", "alice");
    assert_int_equal(rig_ask(&printer, "POST", &id, "/claim", NULL), 200);
    check_report(&printer, &id, NULL, "{\"result\":\"printed\",\"copies\":0}",
                 400, "copies");
    check_report(&printer, &id, NULL,
                 "{\"result\":\"printed\",\"page-ranges\":\"1-9999\"}", 409,
                 "not-allowed");
    assert_int_equal(report(&printer, &id, NULL, choices, &reply), 200);
    assert_int_equal(
        ph_jobs_due_events(rig->jobs.jobs, 0, events, PH_COUNT(events), &count),
        PH_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < PH_COUNT(parts); i++) {
        const char *release =
            strstr(ph_buf_str(&events[count - 1].payload), "\"release\":");

        assert_non_null(strstr(ph_buf_str(&reply.body), parts[i]));
        assert_non_null(release);
        assert_non_null(strstr(release, parts[i]));
    }
    for (size_t i = 0; i < count; i++)
        ph_buf_close(&events[i].payload);
    https_reply_close(&reply);
    https_close(&printer.client);
}

/* --- a printer that never comes back --- */

static _Atomic int64_t moved_ms;

static int64_t
moved_clock(void)
{
    return moved_ms;
}

static void
a_job_whose_printer_died_is_printed_elsewhere_once(void **state)
{
    struct rig *rig = *state;
    const struct ph_id id = rig_hold(rig, "alice", BIG);
    struct rig_printer dead, other;
    int64_t next;

    moved_ms = ph_clock_wall_ms();
    ph_clock_set_wall(moved_clock);
    rig_arrive(rig, &dead, "pr-1", "alice");
    assert_int_equal(rig_ask(&dead, "POST", &id, "/claim", NULL), 200);
    rig_begin_download(&dead, &id, NULL);
    https_close(&dead.client);
    moved_ms += (int64_t)rig->jobs.config.lease_s * 1000 + 1;
    assert_int_equal(ph_jobs_reap(rig->jobs.jobs, moved_ms, &next), PH_OK);
    rig_arrive(rig, &other, "pr-2", "alice");
    assert_int_equal(rig_ask(&other, "POST", &id, "/claim", NULL), 200);
    assert_int_equal(rig_ask(&other, "GET", &id, "/document", NULL), 200);
    assert_int_equal(
        rig_ask(&other, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        200);
    /* The first one is back and tells its story: it does not count. */
    rig_arrive(rig, &dead, "pr-1", "alice");
    assert_int_equal(
        rig_ask(&dead, "POST", &id, "/complete", "{\"result\":\"printed\"}"),
        404);
    assert_int_equal(count_released(rig), 1);
    https_close(&dead.client);
    https_close(&other.client);
}

#define RIG_TEST(f) \
    cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(two_printers_race_and_each_job_comes_out_once),
        RIG_TEST(a_download_that_is_cut_at_every_mib_is_byte_identical),
        RIG_TEST(a_report_counts_once_by_its_key),
        RIG_TEST(choices_at_the_printer_are_told_in_answer_and_event),
        RIG_TEST(a_job_whose_printer_died_is_printed_elsewhere_once),
    };

    return cmocka_run_group_tests(tests, rig_make_pki, rig_remove_pki);
}
