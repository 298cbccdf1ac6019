/* Unit tests of agent/control_commands, on jobs in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control_commands.h"
#include "fake_jobs.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/frame.h"

#define ANNA 1000
#define BOB  1001

/* --- who may ask for what --- */

static const struct {
    const char *name;
    uid_t uid;
    enum ph_control_op op;
    bool all;
    int err;
    bool everyone;
} decisions[] = {
    {"a person lists", ANNA, PH_CONTROL_JOBS, false, PH_OK, false},
    {"a person lists all", ANNA, PH_CONTROL_JOBS, true, PH_ERR_DENIED, false},
    {"a person shows", ANNA, PH_CONTROL_SHOW, false, PH_OK, false},
    {"a person shows with all", ANNA, PH_CONTROL_SHOW, true, PH_ERR_DENIED,
     false},
    {"a person deletes", ANNA, PH_CONTROL_DELETE, false, PH_OK, false},
    {"a person deletes with all", ANNA, PH_CONTROL_DELETE, true, PH_ERR_DENIED,
     false},
    {"a person keeps", ANNA, PH_CONTROL_KEEP, false, PH_OK, false},
    {"a person asks for the status", ANNA, PH_CONTROL_STATUS, false, PH_OK,
     false},
    {"a person asks for their history", ANNA, PH_CONTROL_HISTORY, false, PH_OK,
     false},
    {"a person asks for everybody's history", ANNA, PH_CONTROL_HISTORY, true,
     PH_ERR_DENIED, false},
    {"root asks for its own history", 0, PH_CONTROL_HISTORY, false, PH_OK,
     false},
    {"root asks for everybody's history", 0, PH_CONTROL_HISTORY, true, PH_OK,
     true},
    {"a person asks for a code", ANNA, PH_CONTROL_CODE, false, PH_OK, false},
    {"a person asks for a code of all", ANNA, PH_CONTROL_CODE, true,
     PH_ERR_DENIED, false},
    {"the last uid lists all", (uid_t)-2, PH_CONTROL_JOBS, true, PH_ERR_DENIED,
     false},
    {"root lists its own", 0, PH_CONTROL_JOBS, false, PH_OK, false},
    {"root lists all", 0, PH_CONTROL_JOBS, true, PH_OK, true},
    {"root shows", 0, PH_CONTROL_SHOW, false, PH_OK, true},
    {"root deletes", 0, PH_CONTROL_DELETE, false, PH_OK, true},
    {"root keeps", 0, PH_CONTROL_KEEP, false, PH_OK, true},
};

static void
only_the_administrator_sees_jobs_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(decisions); i++) {
        struct ph_control_request request = {.op = decisions[i].op,
                                             .all = decisions[i].all};
        struct ph_asker asker = {.owner_uid = 77};
        struct ph_why why;
        int err = ph_control_asker(decisions[i].uid, &request, &asker, &why);

        if (err != decisions[i].err)
            fail_msg("%s: %s", decisions[i].name, ph_err_text(err));
        if (err != PH_OK) {
            assert_false(asker.everyone || asker.by_uid);
            continue;
        }
        if (asker.everyone != decisions[i].everyone ||
            asker.by_uid == decisions[i].everyone || asker.login != NULL)
            fail_msg("%s", decisions[i].name);
        if (!asker.everyone)
            assert_int_equal(asker.owner_uid, decisions[i].uid);
    }
}

/* --- answers --- */

#define HELD     "aaaa1111111111111111111111111111"
#define HELD_TOO "aaaa2222222222222222222222222222"
#define ENDED    "bbbb1111111111111111111111111111"
#define CLAIMED  "cccc1111111111111111111111111111"
#define OF_BOB   "dddd1111111111111111111111111111"
/* Starts like a job of Anna's. */
#define OF_BOB_TOO "bbbb2222222222222222222222222222"

static int
setup(void **state)
{
    struct ph_jobs *jobs = fake_jobs_new();

    fake_jobs_add(jobs, HELD, ANNA, PH_JOB_HELD, "first");
    fake_jobs_add(jobs, HELD_TOO, ANNA, PH_JOB_HELD, "second");
    fake_jobs_add(jobs, ENDED, ANNA, PH_JOB_RELEASED, "third");
    fake_jobs_add(jobs, CLAIMED, ANNA, PH_JOB_CLAIMED, "fourth");
    fake_jobs_add(jobs, OF_BOB, BOB, PH_JOB_HELD, "secret of bob");
    fake_jobs_add(jobs, OF_BOB_TOO, BOB, PH_JOB_HELD, "another of bob");
    *state = jobs;
    return 0;
}

static int
teardown(void **state)
{
    fake_jobs_free(*state);
    return 0;
}

struct answer {
    struct ph_control_reply reply;
    size_t items;
    struct ph_control_job first; /* zero when there was none */
    unsigned steps;
};

static void
take_frames(const struct ph_buf *buf, struct answer *answer, bool jobs)
{
    size_t pos = 0, used;
    struct ph_frame frame;

    while (pos < buf->len) {
        assert_int_equal(ph_frame_parse(buf->data + pos, buf->len - pos,
                                        PH_FRAME_MAX, &frame, &used),
                         PH_OK);
        pos += used;
        if (frame.type == PH_CONTROL_REPLY) {
            assert_int_equal(pos, buf->len); /* nothing comes after it */
            assert_int_equal(
                ph_control_reply_parse(frame.body, frame.len, &answer->reply),
                PH_OK);
        } else {
            assert_int_equal(frame.type, PH_CONTROL_ITEM);
            if (jobs && answer->items == 0)
                assert_int_equal(
                    ph_control_job_parse(frame.body, frame.len, &answer->first),
                    PH_OK);
            answer->items++;
        }
    }
}

static void
ask(struct ph_jobs *jobs, uid_t uid, struct ph_control_request request,
    struct answer *answer)
{
    struct ph_control_status status = {.cloud = "off"};
    struct ph_control_call call;
    struct ph_buf buf;

    memset(answer, 0, sizeof(*answer));
    ph_control_call_init(&call, jobs, uid, &request, &status);
    ph_buf_init(&buf, 2 * PH_FRAME_MAX);
    while (!call.done) {
        ph_buf_clear(&buf);
        assert_int_equal(ph_control_call_step(&call, &buf), PH_OK);
        take_frames(&buf, answer, request.op != PH_CONTROL_STATUS);
        answer->steps++;
    }
    ph_buf_close(&buf);
}

#define ASK(jobs, uid, answer, ...) \
    ask(jobs, uid, (struct ph_control_request){__VA_ARGS__}, answer)

static void
lists_hold_what_the_asker_may_see(void **state)
{
    struct answer answer;

    ASK(*state, ANNA, &answer, .op = PH_CONTROL_JOBS);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_int_equal(answer.items, 3);
    assert_string_equal(answer.first.ticket.job_name, "first");
    assert_int_equal(answer.first.ticket.size_bytes, 3 * 1024 * 1024);
    ASK(*state, ANNA, &answer, .op = PH_CONTROL_JOBS, .ended = true);
    assert_int_equal(answer.items, 4);
    ASK(*state, BOB, &answer, .op = PH_CONTROL_JOBS, .ended = true);
    assert_int_equal(answer.items, 2);
    ASK(*state, 1002, &answer, .op = PH_CONTROL_JOBS);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_int_equal(answer.items, 0);
    ASK(*state, 0, &answer, .op = PH_CONTROL_JOBS, .all = true, .ended = true);
    assert_int_equal(answer.items, 6);
    ASK(*state, ANNA, &answer, .op = PH_CONTROL_JOBS, .all = true);
    assert_int_equal(answer.reply.err, PH_ERR_DENIED);
    assert_int_equal(answer.items, 0);
    assert_non_null(strstr(answer.reply.text.text, "administrator"));
}

static void
long_lists_come_in_pieces(void **state)
{
    struct answer answer;

    fake_jobs_add_many(*state, 3000, 1002);
    ASK(*state, 1002, &answer, .op = PH_CONTROL_JOBS);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_int_equal(answer.items, 3000);
    assert_true(answer.steps > 2);
}

static const struct {
    const char *name;
    uid_t uid;
    const char *job;
    int err;
    const char *title; /* of the job that was found */
} names[] = {
    {"whole id", ANNA, HELD, PH_OK, "first"},
    {"enough digits", ANNA, "aaaa2", PH_OK, "second"},
    {"digits of two", ANNA, "aaaa", PH_ERR_INVALID, NULL},
    {"digits of one of mine and one of another's", ANNA, "bbbb", PH_OK,
     "third"},
    {"an ended one", ANNA, "bbbb1111", PH_OK, "third"},
    {"none such", ANNA, "ffff", PH_ERR_NOT_FOUND, NULL},
    {"whole id that is none", ANNA, "ffff1111111111111111111111111111",
     PH_ERR_NOT_FOUND, NULL},
    {"whole id of another's", ANNA, OF_BOB, PH_ERR_NOT_FOUND, NULL},
    {"digits of another's", ANNA, "dddd", PH_ERR_NOT_FOUND, NULL},
    {"the administrator may", 0, "dddd", PH_OK, "secret of bob"},
    /* A live job is meant before one that has ended. */
    {"digits of a live and an ended one", 0, "bbbb", PH_OK, "another of bob"},
};

static void
jobs_are_found_by_the_start_of_their_id(void **state)
{
    for (size_t i = 0; i < PH_COUNT(names); i++) {
        struct ph_control_request request = {.op = PH_CONTROL_SHOW};
        struct answer answer;

        (void)snprintf(request.job, sizeof(request.job), "%s", names[i].job);
        ask(*state, names[i].uid, request, &answer);
        if (answer.reply.err != names[i].err)
            fail_msg("%s: %s", names[i].name, ph_err_text(answer.reply.err));
        assert_int_equal(answer.items, names[i].title != NULL ? 1 : 0);
        if (names[i].title != NULL)
            assert_string_equal(answer.first.ticket.job_name, names[i].title);
        else
            assert_true(answer.reply.text.text[0] != '\0');
    }
}

/* Otherwise it would tell that the job is there. */
static void
a_job_of_another_answers_like_one_that_is_not_there(void **state)
{
    static const enum ph_control_op ops[] = {PH_CONTROL_SHOW, PH_CONTROL_DELETE,
                                             PH_CONTROL_KEEP};

    for (size_t i = 0; i < PH_COUNT(ops); i++) {
        struct answer other, none;

        ASK(*state, ANNA, &other, .op = ops[i], .job = OF_BOB, .keep = true);
        ASK(*state, ANNA, &none, .op = ops[i],
            .job = "dddd1111111111111111111111111112", .keep = true);
        assert_int_equal(other.reply.err, PH_ERR_NOT_FOUND);
        assert_int_equal(none.reply.err, PH_ERR_NOT_FOUND);
        assert_int_equal(strlen(other.reply.text.text),
                         strlen(none.reply.text.text));
    }
    assert_int_equal(fake_jobs_state(*state, OF_BOB), PH_JOB_HELD);
    assert_false(fake_jobs_is_kept(*state, OF_BOB));
}

static void
delete_takes_the_job_away_unless_a_printer_has_it(void **state)
{
    struct answer answer;

    ASK(*state, ANNA, &answer, .op = PH_CONTROL_DELETE, .job = HELD);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_string_equal(answer.first.ticket.job_name, "first");
    assert_int_equal(fake_jobs_state(*state, HELD), PH_JOB_DELETED);
    ASK(*state, ANNA, &answer, .op = PH_CONTROL_DELETE, .job = CLAIMED);
    assert_int_equal(answer.reply.err, PH_ERR_BUSY);
    assert_string_equal(answer.reply.text.text, "printer pr-7 is taking it");
    assert_int_equal(answer.items, 0);
    ASK(*state, ANNA, &answer, .op = PH_CONTROL_DELETE, .job = ENDED);
    assert_int_equal(answer.reply.err, PH_ERR_STATE);
    ASK(*state, 0, &answer, .op = PH_CONTROL_DELETE, .job = OF_BOB);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_int_equal(fake_jobs_state(*state, OF_BOB), PH_JOB_DELETED);
}

static void
keep_is_set_and_undone(void **state)
{
    struct answer answer;

    ASK(*state, ANNA, &answer, .op = PH_CONTROL_KEEP, .job = HELD,
        .keep = true);
    assert_int_equal(answer.reply.err, PH_OK);
    assert_true(answer.first.keep);
    assert_true(fake_jobs_is_kept(*state, HELD));
    ASK(*state, ANNA, &answer, .op = PH_CONTROL_KEEP, .job = HELD);
    assert_false(answer.first.keep);
    assert_false(fake_jobs_is_kept(*state, HELD));
}

static void
the_health_is_that_of_the_worst_part(void **state)
{
    static const struct {
        const char *cloud;
        const char *spool;
        const char *health;
        uint64_t unmapped;
        const char *owners;
    } cases[] = {
        {"off", "", "warning", 3, ""},
        {"online", "", "warning", 0, "owners:2: no"},
        {"online", "no space left", "error", 3, "owners:2: no"},
        {"off", "", "ok", 0, ""},
        {"online", "", "ok", 0, ""},
        {"connecting", "", "warning", 0, ""},
        {"online", "no space left", "error", 0, ""},
        {"connecting", "no space left", "error", 0, ""},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_control_request request = {.op = PH_CONTROL_STATUS};
        struct ph_control_status status = {.pid = 7}, back;
        struct ph_control_call call;
        struct ph_frame frame;
        struct ph_buf buf;
        size_t used;

        fake_jobs_set_health(*state, cases[i].spool);
        fake_jobs_set_owners(*state, cases[i].unmapped, cases[i].owners);
        (void)snprintf(status.cloud, sizeof(status.cloud), "%s",
                       cases[i].cloud);
        ph_control_call_init(&call, *state, ANNA, &request, &status);
        ph_buf_init(&buf, PH_FRAME_MAX);
        assert_int_equal(ph_control_call_step(&call, &buf), PH_OK);
        assert_true(call.done);
        assert_int_equal(
            ph_frame_parse(buf.data, buf.len, PH_FRAME_MAX, &frame, &used),
            PH_OK);
        assert_int_equal(frame.type, PH_CONTROL_ITEM);
        assert_int_equal(ph_control_status_parse(frame.body, frame.len, &back),
                         PH_OK);
        assert_string_equal(back.health, cases[i].health);
        assert_string_equal(back.spool_text, cases[i].spool);
        assert_int_equal(back.pid, 7);
        assert_int_equal(back.held, 4);
        assert_int_equal(back.claimed, 1);
        assert_int_equal(back.outbox_events, 2);
        assert_int_equal(back.unmapped, cases[i].unmapped);
        assert_string_equal(back.owner_text, cases[i].owners);
        /* what the fake says of the one who asks */
        assert_int_equal(back.your_jobs, ANNA);
        assert_int_equal(back.your_jobs_max, 1000);
        assert_int_equal(back.your_bytes, 5);
        assert_int_equal(back.your_bytes_max, 50);
        ph_buf_close(&buf);
    }
}

/* Whose code it is, the uid says and nothing else. */
static void
a_code_is_for_the_one_who_asks(void **state)
{
    static const struct {
        uid_t uid;
        const char *code; /* NULL: refused */
    } cases[] = {
        {ANNA, "00421000"}, {BOB, "00421001"}, {0, "00420000"}, {1004, NULL}};

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct ph_control_request request = {.op = PH_CONTROL_CODE};
        struct ph_control_code code;
        struct ph_control_call call;
        struct ph_frame frame;
        struct ph_buf buf;
        size_t used;

        ph_control_call_init(&call, *state, cases[i].uid, &request, NULL);
        ph_buf_init(&buf, PH_FRAME_MAX);
        assert_int_equal(ph_control_call_step(&call, &buf), PH_OK);
        assert_true(call.done);
        assert_int_equal(
            ph_frame_parse(buf.data, buf.len, PH_FRAME_MAX, &frame, &used),
            PH_OK);
        assert_int_equal(frame.type, cases[i].code != NULL ? PH_CONTROL_ITEM
                                                           : PH_CONTROL_REPLY);
        if (cases[i].code != NULL) {
            assert_int_equal(
                ph_control_code_parse(frame.body, frame.len, &code), PH_OK);
            assert_string_equal(code.code, cases[i].code);
            assert_string_equal(code.address, "192.0.2.7:9443");
        }
        ph_buf_close(&buf);
    }
}

/* --- signing in from here --- */

/* What the hub was asked, and what it says. */
struct asked {
    unsigned times;
    char login[PH_LOGIN_MAX];
    char password[PH_CONTROL_PASSWORD_MAX];
    int err;
};

static int
bind_at_hub(void *arg, const struct ph_control_login *wanted,
            struct ph_control_bound *out_bound, struct ph_why *why)
{
    struct asked *asked = arg;

    asked->times++;
    memcpy(asked->login, wanted->login, sizeof(asked->login));
    memcpy(asked->password, wanted->password, sizeof(asked->password));
    if (asked->err != PH_OK)
        return ph_why_fail(why, asked->err, "the hub says no");
    (void)snprintf(out_bound->login, sizeof(out_bound->login), "%s",
                   wanted->login);
    (void)snprintf(out_bound->workstation, sizeof(out_bound->workstation),
                   "ws-1");
    return PH_OK;
}

static const struct {
    const char *name;
    uid_t uid;
    const char *login; /* as asked for */
    int hub;           /* its answer */
    int err;
    const char *heard; /* the login that the hub was asked about, or NULL */
} logins[] = {
    {"one's own, unsaid", ANNA, "", PH_OK, PH_OK, "user1000@example.com"},
    {"one's own", ANNA, "user1000@example.com", PH_OK, PH_OK,
     "user1000@example.com"},
    {"one's own, refused", ANNA, "", PH_ERR_DENIED, PH_ERR_DENIED,
     "user1000@example.com"},
    {"another's", ANNA, "user1001@example.com", PH_OK, PH_ERR_DENIED, NULL},
    {"one that begins alike", ANNA, "user1000@example.co", PH_OK, PH_ERR_DENIED,
     NULL},
    {"another's by root", 0, "user1000@example.com", PH_OK, PH_ERR_DENIED,
     NULL},
    {"of an account without one", 1004, "", PH_OK, PH_ERR_DENIED, NULL},
    {"another's, of an account without one", 1004, "user1000@example.com",
     PH_OK, PH_ERR_DENIED, NULL},
};

static void
one_signs_in_as_who_one_is_here_and_nobody_else(void **state)
{
    for (size_t i = 0; i < PH_COUNT(logins); i++) {
        struct ph_control_request request = {.op = PH_CONTROL_LOGIN,
                                             .login = {.password = "marker"}};
        struct asked asked = {.err = logins[i].hub};
        struct answer answer = {.items = 0};
        struct ph_control_call call;
        struct ph_buf buf;

        (void)snprintf(request.login.login, sizeof(request.login.login), "%s",
                       logins[i].login);
        ph_control_call_init(&call, *state, logins[i].uid, &request, NULL);
        ph_control_call_set_hub(&call, NULL, bind_at_hub, &asked);
        ph_buf_init(&buf, 2 * PH_FRAME_MAX);
        assert_int_equal(ph_control_call_step(&call, &buf), PH_OK);
        take_frames(&buf, &answer, false);
        if (answer.reply.err != logins[i].err ||
            answer.items != (logins[i].err == PH_OK) ||
            asked.times != (logins[i].heard != NULL))
            fail_msg("%s: %s", logins[i].name, answer.reply.text.text);
        assert_string_equal(asked.login,
                            logins[i].heard != NULL ? logins[i].heard : "");
        if (asked.times > 0)
            assert_string_equal(asked.password, "marker");
        ph_control_call_end(&call);
        assert_string_equal(call.request.login.password, "");
        ph_buf_close(&buf);
    }
}

static void
without_a_hub_nobody_signs_in(void **state)
{
    struct answer answer;

    ASK(*state, ANNA, &answer, .op = PH_CONTROL_LOGIN,
        .login = {.password = "p"});
    assert_int_equal(answer.reply.err, PH_ERR_UNSUPPORTED);
    assert_int_equal(answer.items, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_administrator_sees_jobs_of_others),
        cmocka_unit_test_setup_teardown(lists_hold_what_the_asker_may_see,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(long_lists_come_in_pieces, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(jobs_are_found_by_the_start_of_their_id,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_job_of_another_answers_like_one_that_is_not_there, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            delete_takes_the_job_away_unless_a_printer_has_it, setup, teardown),
        cmocka_unit_test_setup_teardown(keep_is_set_and_undone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_health_is_that_of_the_worst_part,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_code_is_for_the_one_who_asks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            one_signs_in_as_who_one_is_here_and_nobody_else, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_hub_nobody_signs_in, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
