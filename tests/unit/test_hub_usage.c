/* Reports read: page by page, and summed. */
#include "hub_fixture.h"

#include "printhold/base/attr.h"
#include "store_usage.h"

static void
add_job(struct hub_fixture *f, const char *device, unsigned number,
        const char *login, int64_t at_ms, enum ph_job_state state)
{
    struct hub_job job = {.state = state,
                          .state_ms = at_ms,
                          .at_ms = at_ms,
                          .personal_ms = at_ms};

    ph_ticket_init(&job.ticket);
    (void)snprintf(job.device, sizeof(job.device), "%s", device);
    (void)snprintf(job.id, sizeof(job.id), "%032x", number);
    (void)snprintf(job.login, sizeof(job.login), "%s", login);
    (void)snprintf(job.group, sizeof(job.group), "%.1s", login);
    hub_fixture_begin(f);
    assert_int_equal(hub_job_add(f->hub.store, &job), PH_OK);
    hub_fixture_end(f);
}

static void
add_release(struct hub_fixture *f, unsigned number, const char *login,
            int64_t at_ms, const char *result, const char *color,
            const char *sides)
{
    struct hub_release release = {.device = "ws-a",
                                  .printer = "pr-lobby",
                                  .pages = 10,
                                  .paper = 5,
                                  .is_estimated = number % 2 == 0,
                                  .at_ms = at_ms};

    (void)snprintf(release.id, sizeof(release.id), "%032x", number);
    (void)snprintf(release.job, sizeof(release.job), "%032x", number);
    (void)snprintf(release.login, sizeof(release.login), "%s", login);
    (void)snprintf(release.group, sizeof(release.group), "%.1s", login);
    (void)snprintf(release.result, sizeof(release.result), "%s", result);
    (void)snprintf(release.color, sizeof(release.color), "%s", color);
    (void)snprintf(release.sides, sizeof(release.sides), "%s", sides);
    hub_fixture_begin(f);
    assert_int_equal(hub_release_add(f->hub.store, &release), PH_OK);
    hub_fixture_end(f);
}

/* --- pages --- */

struct seen {
    struct hub_rows *rows;
    char text[512];
    size_t count;
};

static int
see_job(const struct hub_job *job, void *arg)
{
    struct seen *seen = arg;
    char one[64];

    (void)snprintf(one, sizeof(one), "%s/%c ", job->device, job->id[31]);
    (void)strncat(seen->text, one, sizeof(seen->text) - strlen(seen->text) - 1);
    seen->count++;
    seen->rows->after_ms = job->at_ms;
    memcpy(seen->rows->after_device, job->device, sizeof(job->device));
    memcpy(seen->rows->after_id, job->id, sizeof(job->id));
    return PH_OK;
}

static int
see_release(const struct hub_release *release, const struct hub_job *job,
            void *arg)
{
    struct seen *seen = arg;
    char one[64];

    (void)snprintf(one, sizeof(one), "%c%s ", release->id[31],
                   job->device[0] != '\0' ? "" : "?");
    (void)strncat(seen->text, one, sizeof(seen->text) - strlen(seen->text) - 1);
    seen->count++;
    seen->rows->after_ms = release->at_ms;
    memcpy(seen->rows->after_id, release->id, sizeof(release->id));
    return PH_OK;
}

/* All pages of so many rows, as one line. */
static const char *
pages(struct hub_fixture *f, const char *login, struct hub_span span,
      int64_t max, bool of_releases)
{
    static struct seen seen;
    struct hub_rows rows = {
        .span = span, .login = login, .after_ms = -1, .max = max};

    seen = (struct seen){.rows = &rows};
    do {
        seen.count = 0;
        hub_fixture_begin(f);
        assert_int_equal(
            of_releases
                ? hub_release_each(f->hub.store, &rows, see_release, &seen)
                : hub_job_each(f->hub.store, &rows, see_job, &seen),
            PH_OK);
        hub_fixture_end(f);
    } while (seen.count == (size_t)max);
    return seen.text;
}

static const struct hub_span ever = {0, INT64_MAX};

static void
every_row_stands_on_one_page(void **state)
{
    struct hub_fixture *f = *state;
    static const char all[] =
        "ws-a/3 ws-a/1 ws-a/2 ws-b/1 ws-b/4 ws-c/1 ws-a/9 ";

    add_job(f, "ws-a", 9, "a", 300, PH_JOB_HELD);
    add_job(f, "ws-a", 1, "a", 200, PH_JOB_HELD);
    add_job(f, "ws-a", 2, "b", 200, PH_JOB_HELD);
    add_job(f, "ws-b", 1, "a", 200, PH_JOB_HELD);
    add_job(f, "ws-b", 4, "b", 200, PH_JOB_HELD);
    add_job(f, "ws-c", 1, "a", 200, PH_JOB_HELD);
    add_job(f, "ws-a", 3, "a", 100, PH_JOB_HELD);
    for (int64_t max = 1; max <= 8; max++)
        assert_string_equal(pages(f, "", ever, max, false), all);
    assert_string_equal(pages(f, "b", ever, 1, false), "ws-a/2 ws-b/4 ");
    assert_string_equal(pages(f, "c", ever, 1, false), "");
    assert_string_equal(pages(f, "", (struct hub_span){100, 200}, 1, false),
                        "ws-a/3 ");
    assert_string_equal(pages(f, "", (struct hub_span){201, 301}, 2, false),
                        "ws-a/9 ");
    for (unsigned i = 1; i <= 5; i++)
        add_release(f, i, i == 4 ? "b" : "a", i < 4 ? 200 : 100, "printed", "",
                    "");
    for (int64_t max = 1; max <= 6; max++)
        assert_string_equal(pages(f, "", ever, max, true), "4? 5? 1 2 3 ");
    assert_string_equal(pages(f, "b", ever, 1, true), "4? ");
}

/* --- sums --- */

static int
see_usage(const struct hub_usage *u, void *arg)
{
    char *text = arg;
    const size_t len = strlen(text);

    (void)snprintf(text + len, 512 - len,
                   "%s:%lld,%lld,%lld,%lld;%lld,%lld,%lld,%lld,%lld,%lld ",
                   u->key, (long long)u->jobs, (long long)u->deleted,
                   (long long)u->expired, (long long)u->failed,
                   (long long)u->releases, (long long)u->pages,
                   (long long)u->sheets, (long long)u->color_pages,
                   (long long)u->two_sided_pages, (long long)u->estimated);
    return PH_OK;
}

static void
sums_are_exact_by_whatever_they_are(void **state)
{
    static const struct {
        enum hub_usage_by by;
        const char *sums;
    } cases[] = {
        {HUB_USAGE_PERSON, "ann:3,1,1,0;2,30,15,10,10,1 "
                           "bob:1,0,0,1;1,10,5,10,0,1 "},
        {HUB_USAGE_GROUP, "a:3,1,1,0;2,30,15,10,10,1 "
                          "b:1,0,0,1;1,10,5,10,0,1 "},
        {HUB_USAGE_PRINTER, "pr-lobby:0,0,0,0;3,40,20,20,10,2 "},
        {HUB_USAGE_DAY, "30:3,1,1,0;2,20,10,20,0,1 "
                        "31:1,0,0,1;1,20,10,0,10,1 "},
        {HUB_USAGE_MONTH, "0:3,1,1,0;2,20,10,20,0,1 "
                          "1:1,0,0,1;1,20,10,0,10,1 "},
    };
    const int64_t day = 86400000, jan = 30 * day, feb = 31 * day;
    const struct hub_span of = {jan, feb + day};
    struct hub_fixture *f = *state;

    add_job(f, "ws-a", 1, "ann", jan, PH_JOB_RELEASED);
    add_job(f, "ws-a", 2, "ann", jan + 1, PH_JOB_DELETED);
    add_job(f, "ws-a", 3, "ann", feb - 1, PH_JOB_EXPIRED);
    add_job(f, "ws-a", 4, "bob", feb, PH_JOB_FAILED);
    add_job(f, "ws-a", 5, "bob", jan - 1, PH_JOB_HELD);       /* before */
    add_job(f, "ws-a", 6, "bob", feb + day, PH_JOB_RELEASED); /* after */
    add_release(f, 1, "ann", jan, "printed", "color", "");
    add_release(f, 2, "bob", feb - 1, "printed", "color", "one-sided");
    add_release(f, 4, "ann", feb, "partly", "auto", "two-sided-long-edge");
    add_release(f, 3, "ann", feb, "failed", "", "");
    add_release(f, 5, "ann", feb + day, "printed", "color", "");
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        char text[512] = "";

        hub_fixture_begin(f);
        assert_int_equal(
            hub_usage_each(f->hub.store, cases[i].by, &of, see_usage, text),
            PH_OK);
        hub_fixture_end(f);
        assert_string_equal(text, cases[i].sums);
    }
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_row_stands_on_one_page),
        TEST(sums_are_exact_by_whatever_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
