/* The agent's cloud link: real jobs, real mosquitto, a reader at port 8883. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>

#include "cloud_rig.h"
#include "printhold/proto/json.h"

#define DOCUMENTS "ph1/acme/u/+/ws-test"
#define EVENTS    "ph1/acme/ev/ws-test"
#define STATE     "ph1/acme/ws/ws-test/st"
#define DATA      "data/data/mosquitto.db"

static int
setup(void **state)
{
    static struct rig rig;

    memset(&rig, 0, sizeof(rig));
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-test", NULL);
    broker_pki(&broker, "workstation", "ws-other", NULL);
    broker_record(&broker);
    broker_start(&broker);
    jobs_fixture_make(&rig.jobs);
    *state = &rig;
    return 0;
}

static int
teardown(void **state)
{
    struct rig *rig = *state;

    jobs_fixture_remove(&rig->jobs);
    broker_remove(&broker);
    return 0;
}

static json_t *
json_of(const char *line)
{
    const char *text = strchr(line, ' ');
    json_t *root = NULL;

    assert_non_null(text);
    text++;
    assert_int_equal(ph_json_parse(text, strcspn(text, "\n"), 65536, &root),
                     PH_OK);
    return root;
}

static void
expect_message(const char *filter, const char *part)
{
    const char *text = broker_read(&broker, filter, 1, 10);

    if (strstr(text, part) == NULL)
        fail_msg("%s has no %s: %s", filter, part, text);
}

static void
a_held_job_is_at_the_broker_in_less_than_a_second(void **state)
{
    struct rig *rig = *state;
    uint64_t published;
    int64_t begun;
    json_t *root, *job;

    start(rig, "ws-test");
    RUN_UNTIL(rig, status_of(rig).state == PH_CLOUD_ONLINE);
    RUN_UNTIL(rig, status_of(rig).published == 2); /* of itself */
    published = status_of(rig).published;
    (void)jobs_fixture_hold(&rig->jobs, "Q3 report", "%PDF-1.7 x %%EOF");
    begun = broker_now_ms();
    RUN_UNTIL(rig, status_of(rig).published > published);
    begun = broker_now_ms() - begun;
    print_message("document acknowledged after %lld ms\n", (long long)begun);
    assert_true(begun < 1000);
    RUN_UNTIL(rig, is_outbox_empty(rig));
    root = json_of(broker_read(&broker, DOCUMENTS, 1, 10));
    job = json_array_get(json_object_get(root, "jobs"), 0);
    assert_string_equal(json_string_value(json_object_get(job, "job-name")),
                        "Q3 report");
    assert_string_equal(json_string_value(json_object_get(job, "st")), "held");
    assert_string_equal(json_string_value(json_object_get(root, "usr")),
                        "alice@example.com");
    json_decref(root);
    assert_string_equal(status_of(rig).text, "");
    stop(rig);
}

/* The broker's data, as the last clean end left it; over a file that is there,
 * so that it stays the broker's. */
static void
copy_data(const char *from, const char *to)
{
    char path[2 * BROKER_TEXT], bytes[4096];
    FILE *in, *out;
    size_t got;

    (void)snprintf(path, sizeof(path), "%s/%s", broker.dir, from);
    in = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "%s/%s", broker.dir, to);
    out = fopen(path, "we");
    assert_non_null(in);
    assert_non_null(out);
    while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, got, out), got);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void
check_event(const char *text, unsigned number, const char *type)
{
    const char *line = text;
    json_t *event;

    for (unsigned seen = 0;; line++, seen++) {
        line = strstr(line, EVENTS " ");
        if (line == NULL)
            fail_msg("no event %u in: %s", number, text);
        if (seen == number)
            break;
    }
    event = json_of(line);
    assert_string_equal(json_string_value(json_object_get(event, "type")),
                        type);
    json_decref(event);
}

static void
the_life_of_a_job_is_told_in_order(void **state)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct rig *rig = *state;
    struct pollfd poller = {.events = POLLIN};
    const char *text;
    struct ph_id id;
    pid_t reader;

    start(rig, "ws-test");
    RUN_UNTIL(rig, status_of(rig).published == 2);
    /* the retained presence says that the subscription is in force */
    reader = broker_read_begin(&broker, "ph1/acme/#", 100, 20, &poller.fd);
    RUN_UNTIL(rig, poll(&poller, 1, 0) == 1);
    id = jobs_fixture_hold(&rig->jobs, "Q3 report", "%PDF-1.7 x %%EOF");
    assert_int_equal(ph_jobs_delete(rig->jobs.jobs, &everyone, &id, NULL),
                     PH_OK);
    RUN_UNTIL(rig, is_outbox_empty(rig));
    stop(rig); /* says "off" last */
    expect_message(STATE, "false");
    assert_int_equal(kill(reader, SIGTERM), 0);
    text = broker_read_end(reader, poller.fd);
    check_event(text, 0, "org.printhold.job.held.v1");
    check_event(text, 1, "org.printhold.job.deleted.v1");
    /* no held job: no document either */
    assert_null(strstr(broker_read(&broker, DOCUMENTS, 1, 1), "jobs"));
}

static void
presence_is_on_while_running_and_off_afterwards(void **state)
{
    struct rig *rig = *state;

    start(rig, "ws-test");
    RUN_UNTIL(rig, status_of(rig).published == 2);
    expect_message(STATE, "\"on\":true");
    stop(rig);
    expect_message(STATE, "\"on\":false");
}

static void
on_said(void *arg)
{
    (*(unsigned *)arg)++;
}

static void
asleep_is_said_and_who_waits_is_told(void **state)
{
    struct rig *rig = *state;
    unsigned said = 0;

    start(rig, "ws-test");
    /* nobody hears it yet */
    ph_cloud_set_presence(rig->cloud, PH_PRESENCE_ASLEEP, on_said, &said);
    assert_int_equal(said, 1);
    RUN_UNTIL(rig, status_of(rig).published == 2);
    expect_message(STATE, "\"asleep\":true");
    ph_cloud_set_presence(rig->cloud, PH_PRESENCE_ON, on_said, &said);
    RUN_UNTIL(rig, said == 2);
    expect_message(STATE, "\"on\":true");
    assert_int_equal(kill(broker.pid, SIGSTOP), 0);
    ph_cloud_set_presence(rig->cloud, PH_PRESENCE_ASLEEP, on_said, &said);
    assert_int_equal(said, 2);
    ph_cloud_set_presence(rig->cloud, PH_PRESENCE_ON, on_said, &said);
    assert_int_equal(said, 3);
    broker_end(&broker, SIGKILL);
    RUN_UNTIL(rig, said == 4);
    stop(rig);
    assert_int_equal(said, 4);
}

static void
what_happens_without_the_broker_is_told_when_it_is_back(void **state)
{
    struct rig *rig = *state;

    start(rig, "ws-test");
    RUN_UNTIL(rig, status_of(rig).published == 2);
    broker_end(&broker, SIGKILL);
    RUN_UNTIL(rig, status_of(rig).state == PH_CLOUD_CONNECTING);
    (void)jobs_fixture_hold(&rig->jobs, "while away", "%PDF-1.7 x %%EOF");
    assert_false(is_outbox_empty(rig));
    assert_true(strlen(status_of(rig).text) > 0);
    broker_start(&broker);
    RUN_UNTIL(rig, is_outbox_empty(rig));
    expect_message(DOCUMENTS, "while away");
    stop(rig);
}

/* Presence and description, the document, and the event, which it had already
 * acknowledged. */
static void
a_broker_that_lost_everything_is_told_all_again(void **state)
{
    struct rig *rig = *state;
    const char *events;
    uint64_t before;
    int fd;
    pid_t reader;

    start(rig, "ws-test");
    (void)jobs_fixture_hold(&rig->jobs, "still here", "%PDF-1.7 x %%EOF");
    RUN_UNTIL(rig, status_of(rig).published >= 4 && is_outbox_empty(rig));
    before = status_of(rig).published;
    broker_end(&broker, SIGKILL); /* before its first save */
    RUN_UNTIL(rig, status_of(rig).state == PH_CLOUD_CONNECTING);
    broker_start(&broker);
    reader = broker_read_begin(&broker, EVENTS, 1, 20, &fd);
    RUN_UNTIL(rig, status_of(rig).published == before + 4);
    events = broker_read_end(reader, fd);
    check_event(events, 0, "org.printhold.job.held.v1");
    expect_message(DOCUMENTS, "still here");
    stop(rig);
}

/* It comes back with what it had before the deletion. */
static void
a_deleted_document_is_deleted_again_at_a_broker_that_was_set_back(void **state)
{
    static const struct ph_asker everyone = {.everyone = true};
    struct rig *rig = *state;
    struct ph_id id;

    start(rig, "ws-test");
    id = jobs_fixture_hold(&rig->jobs, "gone", "%PDF-1.7 x %%EOF");
    RUN_UNTIL(rig, status_of(rig).published >= 4 && is_outbox_empty(rig));
    broker_end(&broker, SIGTERM); /* saves */
    copy_data(DATA, "saved");
    broker_start(&broker);
    assert_int_equal(ph_jobs_delete(rig->jobs.jobs, &everyone, &id, NULL),
                     PH_OK);
    RUN_UNTIL(rig, is_outbox_empty(rig));
    broker_end(&broker, SIGKILL);
    copy_data("saved", DATA);
    RUN_UNTIL(rig, status_of(rig).state == PH_CLOUD_CONNECTING);
    broker_start(&broker);
    expect_message(DOCUMENTS, "gone");
    RUN_UNTIL(rig, status_of(rig).state == PH_CLOUD_ONLINE);
    RUN_UNTIL(rig, is_outbox_empty(rig) && is_quiet(rig));
    assert_null(strstr(broker_read(&broker, DOCUMENTS, 1, 1), "gone"));
    stop(rig);
}

/* The certificate says ws-other, so the broker lets us write nothing. */
static void
what_the_broker_refuses_is_parked_and_said(void **state)
{
    struct rig *rig = *state;
    uint64_t refused;

    start(rig, "ws-other");
    (void)jobs_fixture_hold(&rig->jobs, "Q3", "%PDF-1.7 x %%EOF");
    RUN_UNTIL(rig, status_of(rig).refused == 4); /* with the description */
    assert_non_null(strstr(status_of(rig).refused_text, "refuses"));
    assert_non_null(strstr(status_of(rig).refused_text, "not authorized"));
    assert_int_equal(status_of(rig).published, 0);
    /* kicked ten times it does not try again what was refused */
    for (unsigned i = 0; i < 10; i++) {
        ph_cloud_kick(rig->cloud);
        for (unsigned turn = 0; turn < 5; turn++)
            (void)uv_run(&rig->loop, UV_RUN_ONCE);
    }
    refused = status_of(rig).refused;
    assert_int_equal(refused, 4);
    assert_false(is_outbox_empty(rig));
    stop(rig);
}

static void
without_a_url_the_cloud_stays_off(void **state)
{
    struct rig *rig = *state;
    struct ph_workstation ws = {.id = ""};
    struct ph_config config;

    ph_config_init(&config);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_timer_init(&rig->loop, &rig->tick), 0);
    assert_int_equal(ph_cloud_start(&rig->loop, &config, rig->jobs.jobs, &ws,
                                    &rig->cloud, NULL),
                     PH_OK);
    assert_int_equal(status_of(rig).state, PH_CLOUD_OFF);
    ph_cloud_kick(rig->cloud);
    rig->stops = 0;
    stop(rig);
}

static void
a_url_without_an_identity_is_a_configuration_error(void **state)
{
    struct rig *rig = *state;
    struct ph_workstation ws = {.id = ""};
    struct ph_why why = {""};
    struct ph_config config;
    struct ph_cloud *cloud;

    ph_config_init(&config);
    (void)snprintf(config.cloud_url, PH_CONFIG_TEXT_MAX, "wss://b.example");
    assert_int_equal(
        ph_cloud_start(&rig->loop, &config, rig->jobs.jobs, &ws, &cloud, &why),
        PH_ERR_CONFIG);
    assert_non_null(strstr(why.text, "identity.cert_file"));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_held_job_is_at_the_broker_in_less_than_a_second),
        CASE(the_life_of_a_job_is_told_in_order),
        CASE(presence_is_on_while_running_and_off_afterwards),
        CASE(asleep_is_said_and_who_waits_is_told),
        CASE(what_happens_without_the_broker_is_told_when_it_is_back),
        CASE(a_broker_that_lost_everything_is_told_all_again),
        CASE(a_deleted_document_is_deleted_again_at_a_broker_that_was_set_back),
        CASE(what_the_broker_refuses_is_parked_and_said),
        CASE(without_a_url_the_cloud_stays_off),
        CASE(a_url_without_an_identity_is_a_configuration_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
