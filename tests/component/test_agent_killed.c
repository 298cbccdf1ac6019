/*
 * The broker is killed again and again during a stream of jobs, and comes back
 * with what it had at the beginning: it was set back each time. In the end it
 * has what the agent has, document by document, and whoever counts each event
 * once has counted the life of every job. 10 kills; with PH_LONG=ON 1,000.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud_rig.h"
#include "printhold/base/attr.h"
#include "printhold/base/id.h"
#include "printhold/proto/json.h"

#define DOCUMENTS  "ph1/acme/u/+/ws-test"
#define EVENTS     "ph1/acme/ev/ws-test"
#define DATA       "data/data/mosquitto.db"
#define JOBS_MAX   8192
#define EVENTS_MAX 32768
#define LIFE_MS    250

static const struct ph_asker everyone = {.everyone = true};

/* What was done, and what the reader was told. */
struct told {
    char event[48]; /* its id */
    char job[PH_ID_TEXT];
    char type[16];
    char time[32];
};

static struct {
    struct rig rig;
    struct ph_id jobs[JOBS_MAX];
    bool has_ended[JOBS_MAX];
    size_t job_count;
    size_t oldest; /* that may still be held */
    struct told told[EVENTS_MAX];
    size_t told_count;
    size_t messages;
    pid_t reader;
    int reader_fd;
    struct ph_buf line; /* of the reader, unfinished */
    unsigned seed;
} test;

static unsigned
by_chance(unsigned below)
{
    test.seed = test.seed * 1103515245U + 12345U;
    return (test.seed >> 16) % below;
}

/* --- the broker, without the script that wrote its configuration --- */

static bool
listens(uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool does = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;

    (void)close(fd);
    return does;
}

static void
restart_broker(void)
{
    char conf[2 * BROKER_TEXT];
    int64_t deadline = broker_now_ms() + DEADLINE_MS;
    int null_fd;

    (void)snprintf(conf, sizeof(conf), "%s/data/broker.conf", broker.dir);
    broker.pid = fork();
    assert_true(broker.pid >= 0);
    if (broker.pid == 0) {
        null_fd = open("/dev/null", O_WRONLY);
        (void)dup2(null_fd, 1);
        (void)dup2(null_fd, 2);
        (void)execlp("mosquitto", "mosquitto", "-c", conf, (char *)NULL);
        (void)execl("/usr/sbin/mosquitto", "mosquitto", "-c", conf,
                    (char *)NULL);
        _exit(127);
    }
    while (!listens(broker.wss_port) || !listens(broker.tls_port)) {
        assert_true(broker_now_ms() < deadline);
        (void)poll(NULL, 0, 5);
    }
}

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

/* --- the reader: a report that keeps its session and counts each id once --- */

static void
start_reader(void)
{
    char port[8], ca[BROKER_TEXT], cert[BROKER_TEXT], key[BROKER_TEXT];
    int fds[2];

    (void)snprintf(port, sizeof(port), "%u", broker.tls_port);
    assert_int_equal(pipe(fds), 0);
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    (void)broker_file(&broker, "ca.crt", ca);
    (void)broker_file(&broker, "reader.crt", cert);
    (void)broker_file(&broker, "reader.key", key);
    test.reader = fork();
    assert_true(test.reader >= 0);
    if (test.reader == 0) {
        (void)dup2(fds[1], 1);
        (void)dup2(fds[1], 2);
        (void)close(fds[1]);
        (void)execlp("mosquitto_sub", "mosquitto_sub", "-V", "5", "-q", "1",
                     "-h", "localhost", "-p", port, "--cafile", ca, "--cert",
                     cert, "--key", key, "-i", "report", "-c", "-x", "36000",
                     "-v", "-t", EVENTS, "-t", "ph1/acme/ws/+/st",
                     (char *)NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    test.reader_fd = fds[0];
}

static void
copy_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    (void)snprintf(dst, cap, "%s", text);
}

static bool
is_known(const struct told *told)
{
    for (size_t i = test.told_count; i > 0; i--) {
        if (strcmp(test.told[i - 1].event, told->event) == 0)
            return true;
    }
    return false;
}

static void
take_event(const char *payload)
{
    struct told told;
    json_t *root = NULL;
    char type[64];

    assert_int_equal(ph_json_parse(payload, strlen(payload), 65536, &root),
                     PH_OK);
    copy_text(root, "id", told.event, sizeof(told.event));
    copy_text(root, "subject", told.job, sizeof(told.job));
    copy_text(root, "time", told.time, sizeof(told.time));
    copy_text(root, "type", type, sizeof(type));
    assert_int_equal(sscanf(type, "org.printhold.job.%15[a-z].v1", told.type),
                     1);
    json_decref(root);
    test.messages++;
    if (is_known(&told))
        return;
    assert_true(test.told_count < EVENTS_MAX);
    test.told[test.told_count++] = told;
}

/* Take what the reader printed. */
static void
take_lines(void)
{
    char bytes[65536];
    ssize_t got;

    if (test.reader == 0)
        return;
    while ((got = read(test.reader_fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            const char *line;

            assert_int_equal(ph_buf_put(&test.line, &bytes[i], 1), PH_OK);
            if (bytes[i] != '\n')
                continue;
            test.line.data[test.line.len - 1] = '\0';
            line = (const char *)test.line.data;
            if (strncmp(line, EVENTS " ", sizeof(EVENTS)) == 0)
                take_event(line + sizeof(EVENTS));
            ph_buf_clear(&test.line);
        }
    }
}

static void
end_reader(void)
{
    assert_int_equal(kill(test.reader, SIGTERM), 0);
    (void)waitpid(test.reader, NULL, 0);
    take_lines();
    (void)close(test.reader_fd);
    ph_buf_clear(&test.line);
    test.reader = 0;
}

/* --- the stream of jobs --- */

static void
hold_one(void)
{
    static const char *const users[] = {"alice", "bob"};
    unsigned who = by_chance(2);
    char title[32], uuid[64];

    assert_true(test.job_count < JOBS_MAX);
    (void)snprintf(title, sizeof(title), "job %zu", test.job_count);
    (void)snprintf(uuid, sizeof(uuid),
                   "urn:uuid:00000000-0000-0000-0000-%012zu", test.job_count);
    assert_int_equal(jobs_fixture_hold_as(&test.rig.jobs, users[who],
                                          1001 + who, uuid, title, title,
                                          &test.jobs[test.job_count]),
                     PH_OK);
    test.job_count++;
}

static void
end_one(size_t i)
{
    struct ph_release_report report = {.printer = "pr-1", .result = "printed"};
    struct ph_job_view view;
    struct ph_asker owner = {.printer = "pr-1"};

    if (by_chance(2) == 0) {
        assert_int_equal(
            ph_jobs_delete(test.rig.jobs.jobs, &everyone, &test.jobs[i], NULL),
            PH_OK);
    } else {
        assert_int_equal(
            ph_jobs_get(test.rig.jobs.jobs, &everyone, &test.jobs[i], &view),
            PH_OK);
        owner.login = view.ticket.owner_login;
        assert_int_equal(ph_jobs_claim(test.rig.jobs.jobs, &owner,
                                       &test.jobs[i], "pr-1", &view),
                         PH_OK);
        assert_int_equal(ph_jobs_complete(test.rig.jobs.jobs, &owner,
                                          &test.jobs[i], &report),
                         PH_OK);
    }
    test.has_ended[i] = true;
}

/* One more, or one less: about three are held at a time, sometimes none. */
static void
do_something(void)
{
    size_t held = test.job_count - test.oldest;

    if (held == 0 || (held < 6 && by_chance(2) == 0))
        hold_one();
    else
        end_one(test.oldest++);
}

static void
run_for(unsigned ms)
{
    int64_t until = broker_now_ms() + ms;

    do {
        (void)uv_run(&test.rig.loop, UV_RUN_ONCE);
        take_lines();
    } while (broker_now_ms() < until);
}

/* --- what must be so --- */

static bool
count_job(const struct ph_job_view *view, void *arg)
{
    const json_t *documents = arg;
    char id[PH_ID_TEXT];
    const json_t *document, *job;
    size_t i, n;

    ph_id_format(&view->id, id);
    json_array_foreach(documents, i, document)
    {
        if (strcmp(json_string_value(json_object_get(document, "usr")),
                   view->ticket.owner_login) != 0)
            continue;
        json_array_foreach(json_object_get(document, "jobs"), n, job)
        {
            if (strcmp(json_string_value(json_object_get(job, "id")), id) == 0)
                return true;
        }
    }
    fail_msg("the broker does not know the job %s", id);
    return false;
}

/* Each held job is in a document, and nothing else is in one. */
static void
check_documents(void)
{
    const char *line;
    json_t *documents = json_array(), *root, *document;
    size_t named = 0, i;

    run_for(100); /* it has noticed the death of the one before */
    RUN_UNTIL(&test.rig, (take_lines(), is_outbox_empty(&test.rig)) &&
                             is_quiet(&test.rig));
    line = broker_read(&broker, DOCUMENTS, 3, 1);
    while ((line = strstr(line, "ph1/acme/u/")) != NULL) {
        line = strchr(line, ' ');
        assert_non_null(line++);
        assert_int_equal(ph_json_parse(line, strcspn(line, "\n"), 65536, &root),
                         PH_OK);
        assert_int_equal(json_array_append_new(documents, root), 0);
    }
    json_array_foreach(documents, i, document) named +=
        json_array_size(json_object_get(document, "jobs"));
    assert_int_equal(named, test.job_count - test.oldest);
    assert_int_equal(
        ph_jobs_list(test.rig.jobs.jobs, &everyone, count_job, documents),
        PH_OK);
    json_decref(documents);
}

/* The one event of that job that ends so, or NULL. */
static const struct told *
told_of(const char *job, bool is_held)
{
    const struct told *found = NULL;

    for (size_t i = 0; i < test.told_count; i++) {
        if (strcmp(test.told[i].job, job) != 0 ||
            (strcmp(test.told[i].type, "held") == 0) != is_held)
            continue;
        if (found != NULL)
            fail_msg("%s was %s twice", job, test.told[i].type);
        found = &test.told[i];
    }
    return found;
}

static bool
is_all_told(void)
{
    size_t expected = test.job_count + test.oldest;

    take_lines();
    return test.told_count >= expected;
}

static void
check_events(void)
{
    size_t late = 0;

    for (size_t i = 0; i < test.job_count; i++) {
        const struct told *held, *ended;
        char id[PH_ID_TEXT];

        ph_id_format(&test.jobs[i], id);
        held = told_of(id, true);
        ended = told_of(id, false);
        if (held == NULL || (ended != NULL) != test.has_ended[i])
            fail_msg("the reader was not told of job %zu, %s", i, id);
        if (ended == NULL)
            continue;
        assert_true(strcmp(held->time, ended->time) <= 0);
        late += ended < held;
    }
    print_message("%zu jobs, %zu events told by %zu messages, %zu ends heard "
                  "before their beginning\n",
                  test.job_count, test.told_count, test.messages, late);
}

/* --- the test --- */

static unsigned
kills_wanted(void)
{
    const char *is_long = getenv("PH_LONG");
    const char *kills = getenv("PH_KILLS");

    if (kills != NULL)
        return (unsigned)strtoul(kills, NULL, 10);
    return is_long != NULL && strcmp(is_long, "ON") == 0 ? 1000 : 10;
}

/* The report has a session in what the broker keeps; documents of now too. */
static void
make_history(void)
{
    broker_start(&broker);
    start_reader();
    start(&test.rig, "ws-test");
    hold_one();
    hold_one();
    RUN_UNTIL(&test.rig, is_all_told() && is_outbox_empty(&test.rig));
    broker_end(&broker, SIGTERM);
    copy_data(DATA, "saved");
    restart_broker();
}

static void
kill_once(unsigned number)
{
    int64_t until = broker_now_ms() + by_chance(LIFE_MS);

    do {
        do_something();
        run_for(1 + by_chance(40));
    } while (broker_now_ms() < until);
    if (number % 25 == 9)
        check_documents();
    broker_end(&broker, SIGKILL);
    for (unsigned i = by_chance(3); i > 0; i--)
        do_something();
    run_for(1);
    copy_data("saved", DATA);
    restart_broker();
    /* mosquitto_sub may wait for ever for one that died in its handshake */
    end_reader();
    start_reader();
}

/* Told again from the beginning of a connection on, to a reader that is
 * there. */
static void
tell_the_rest(void)
{
    check_documents();
    stop(&test.rig);
    start(&test.rig, "ws-test");
    RUN_UNTIL(&test.rig, is_all_told());
}

static void
a_broker_that_is_killed_and_set_back_knows_all_in_the_end(void **state)
{
    const unsigned kills = kills_wanted();

    (void)state;
    make_history();
    for (unsigned i = 0; i < kills; i++) {
        kill_once(i);
        if (i % 50 == 49)
            print_message("%u kills\n", i + 1);
    }
    tell_the_rest();
    check_documents();
    check_events();
    print_message("%u kills\n", kills);
    stop(&test.rig);
}

static int
setup(void **state)
{
    (void)state;
    test.seed = (unsigned)broker_now_ms();
    print_message("seed %u\n", test.seed);
    test.rig.pace = (struct cloud_pace){5, 50};
    ph_buf_init(&test.line, 1 << 20);
    broker_make(&broker);
    broker_pki(&broker, "workstation", "ws-test", NULL);
    jobs_fixture_make(&test.rig.jobs);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    if (test.reader != 0)
        end_reader();
    ph_buf_close(&test.line);
    jobs_fixture_remove(&test.rig.jobs);
    broker_remove(&broker);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_broker_that_is_killed_and_set_back_knows_all_in_the_end, setup,
            teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
