/* A person erased: nothing of them is left, in no byte of the files. */
#include "hub_fixture.h"

#include "audit.h"
#include "command.h"
#include "directory_take.h"
#include "events.h"
#include "store_commands.h"
#include "store_directory.h"
#include "printhold/store/db.h"
#include "store_usage.h"

#define LOGIN "zebra.unique@example.com"
#define NAME  "Zebra Quagga"
#define TITLE "ZEBRATITLE"

static void
tell(struct hub_fixture *f, const char *login, const char *st, unsigned number,
     const char *more)
{
    char text[2048], at[PH_TIME_TEXT];

    ph_clock_format(hub_fixture_ms, at);
    (void)snprintf(
        text, sizeof(text),
        "{\"specversion\":\"1.0\",\"id\":"
        "\"01933b2e-8f00-7abc-8def-%012x\",\"source\":"
        "\"urn:printhold:acme:ws:ws-a\",\"type\":\"org.printhold.job.%s.v1\","
        "\"subject\":\"000000000000000000000000%08x\",\"time\":\"%s\","
        "\"datacontenttype\":\"application/json\",\"data\":{\"ws\":\"ws-a\","
        "\"host\":\"lt\",\"usr\":\"%s\",\"st\":\"%s\",\"job-name\":\"%s\","
        "\"copies\":2,\"job-impressions\":5%s}}",
        number * 2 + (strcmp(st, "held") != 0), st, number, at, login, st,
        strcmp(login, LOGIN) == 0 ? TITLE : "another title", more);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_event_take(&f->hub, "ws-a", text, strlen(text), hub_fixture_ms),
        PH_OK);
    hub_fixture_end(f);
}

static void
bind_to(struct hub_fixture *f, const char *login)
{
    hub_fixture_begin(f);
    assert_int_equal(hub_binding_add(f->hub.store, "ws-a", login, "test", 0),
                     PH_OK);
    hub_fixture_end(f);
}

static void
prints(struct hub_fixture *f, const char *login, unsigned number)
{
    tell(f, login, "held", number, "");
    hub_fixture_ms += 1;
    tell(f, login, "released", number,
         ",\"release\":{\"printer\":\"pr-lobby\",\"result\":\"printed\"}");
}

/* Many others, so that rows move from page to page. */
static void
others(struct hub_fixture *f, unsigned from)
{
    for (unsigned i = from; i < from + 100; i++) {
        char login[64];

        (void)snprintf(login, sizeof(login), "someone-%u@example.com", i);
        hub_fixture_person(f, login);
        bind_to(f, login);
        prints(f, login, 2 * i);
        prints(f, LOGIN, 2 * i + 1);
    }
}

static void
live_here(struct hub_fixture *f)
{
    struct hub_person person = {.name = NAME};
    struct hub_document document = {.device = "ws-a",
                                    .rev = 1,
                                    .expires_ms = hub_fixture_ms * 2,
                                    .heard_ms = hub_fixture_ms,
                                    .text = "{\"jobs\":[\"" TITLE "\"]}"};

    hub_fixture_device(f, "ws-a", PH_IDENTITY_WORKSTATION, "");
    hub_fixture_person(f, LOGIN);
    bind_to(f, LOGIN);
    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, LOGIN, &person), PH_OK);
    (void)snprintf(person.name, sizeof(person.name), NAME);
    assert_int_equal(hub_person_set(f->hub.store, &person), PH_OK);
    document.uk = person.uk;
    assert_int_equal(hub_document_set(f->hub.store, &document), PH_OK);
    hub_fixture_end(f);
    hub_fixture_badge(f, LOGIN, "beef0001");
    assert_int_equal(hub_fixture_pin(f, LOGIN, "482913", true, 0), PH_OK);
    hub_fixture_password(f, LOGIN, "right");
    hub_fixture_ways(f, "", "pin password", false);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_OK);
    assert_int_equal(TRY(f, PASSWORD(LOGIN, "wrong")), HUB_SIGN_IN_FAILED);
    assert_int_equal(TRY(f, PASSWORD(LOGIN, "right")), HUB_SIGN_IN_OK);
    hub_fixture_code(f, LOGIN, "12345678");
}

static bool
file_has(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    const size_t len = strlen(text);
    bool has = false;
    char *bytes;
    size_t size;

    if (file == NULL)
        return false; /* there is none */
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i + len <= size && !has; i++)
        has = memcmp(bytes + i, text, len) == 0;
    free(bytes);
    return has;
}

/* In hub.db, its log or the log's index. */
static bool
files_have(const struct hub_fixture *f, const char *text)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    bool has = false;

    for (size_t i = 0; i < 3; i++) {
        char path[400];

        (void)snprintf(path, sizeof(path), "%s/hub.db%s", f->dir, ends[i]);
        has |= file_has(path, text);
    }
    return has;
}

static int
erase(struct hub_fixture *f, const char *login)
{
    static struct hub_options options;
    struct ph_why why = {""};
    struct hub_command command = {
        .hub = &f->hub, .options = &options, .word = login, .why = &why};

    return hub_cmd_user_erase(&command);
}

static int
take_number(const struct hub_ws_command *it, void *arg)
{
    assert_string_equal(it->device, "ws-a");
    assert_int_equal(it->op, PH_COMMAND_PURGE_USER);
    memcpy(arg, it->jti, sizeof(it->jti));
    return PH_OK;
}

/* ws-a does what it is told. */
static void
answers(struct hub_fixture *f)
{
    char text[1024], at[PH_TIME_TEXT], jti[PH_ID_TEXT] = "";

    ph_clock_format(hub_fixture_ms, at);
    hub_fixture_begin(f);
    assert_int_equal(hub_ws_command_each(f->hub.store, 10, take_number, jti),
                     PH_OK);
    assert_int_equal(strlen(jti), PH_ID_TEXT - 1);
    (void)snprintf(text, sizeof(text),
                   "{\"specversion\":\"1.0\",\"id\":"
                   "\"01933b2e-8f00-7abc-8def-ffffffffffff\",\"source\":"
                   "\"urn:printhold:acme:ws:ws-a\",\"type\":"
                   "\"org.printhold.command.done.v1\",\"subject\":\"ws-a\","
                   "\"time\":\"%s\",\"data\":{\"ws\":\"ws-a\",\"cause\":"
                   "\"%s\",\"op\":\"purge-user\",\"deleted\":1}}",
                   at, jti);
    assert_int_equal(
        hub_event_take(&f->hub, "ws-a", text, strlen(text), hub_fixture_ms),
        PH_OK);
    hub_fixture_end(f);
}

static int
add(const struct hub_usage *usage, void *arg)
{
    int64_t *sums = arg;

    sums[0] += usage->jobs;
    sums[1] += usage->releases;
    sums[2] += usage->pages;
    sums[3] += strcmp(usage->key, LOGIN) == 0;
    return PH_OK;
}

static void
sums_of(struct hub_fixture *f, int64_t sums[4])
{
    static const struct hub_span ever = {0, INT64_MAX};

    memset(sums, 0, 4 * sizeof(*sums));
    hub_fixture_begin(f);
    assert_int_equal(
        hub_usage_each(f->hub.store, HUB_USAGE_PERSON, &ever, add, sums),
        PH_OK);
    hub_fixture_end(f);
}

static void
nothing_of_a_person_is_left_and_the_sums_are_as_they_were(void **state)
{
    struct hub_fixture *f = *state;
    char uk[PH_USER_KEY_TEXT];
    const char *const texts[] = {LOGIN, "zebra", NAME, TITLE, uk};
    int64_t before[4], after[4], count, broken;
    uint8_t key[32];

    assert_int_equal(
        ph_identity_user_key(f->hub.directory_key, HUB_KEY_BYTES, LOGIN, uk),
        PH_OK);
    live_here(f);
    others(f, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_true(files_have(f, texts[i])); /* the search finds it */
    sums_of(f, before);
    assert_int_equal(before[3], 1);
    assert_int_equal(erase(f, "Zebra.Unique@Example.com"), PH_OK);
    assert_true(files_have(f, LOGIN)); /* to tell ws-a, and for nothing else */
    answers(f);
    assert_int_equal(erase(f, LOGIN), PH_OK);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (files_have(f, texts[i]))
            fail_msg("still there: %s", texts[i]);
    }
    sums_of(f, after);
    assert_int_equal(after[3], 0);
    before[3] = 0;
    assert_memory_equal(after, before, sizeof(before));
    assert_int_equal(hub_audit_key(&f->hub, key), PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_audit_verify(f->hub.store, key, &count, &broken),
                     PH_OK);
    hub_fixture_end(f);
    assert_int_equal(TRY(f, PIN("482913")), HUB_SIGN_IN_FAILED);
    hub_fixture_reopen(f);
    assert_false(files_have(f, "zebra"));
    assert_int_equal(erase(f, LOGIN), PH_OK); /* again is nothing */
}

static void
who_was_never_here_cannot_be_erased(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(erase(f, "nobody@example.com"), PH_ERR_NOT_FOUND);
    assert_int_equal(erase(f, "no body"), PH_ERR_INVALID);
}

static void
with_a_broken_record_nothing_is_erased(void **state)
{
    struct hub_fixture *f = *state;
    struct hub_person person;
    const struct hub_act act = {"uid 0", "test", "ann@example.com", ""};

    hub_fixture_begin(f);
    assert_int_equal(hub_audit(&f->hub, &act, hub_fixture_ms), PH_OK);
    hub_fixture_end(f);
    {
        char path[400];
        sqlite3 *db = NULL;

        (void)snprintf(path, sizeof(path), "%s/hub.db", f->dir);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(
            sqlite3_exec(db, "UPDATE audit SET detail = 'x'", NULL, NULL, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
    assert_int_equal(erase(f, "ann@example.com"), PH_ERR_CORRUPT);
    hub_fixture_begin(f);
    assert_int_equal(hub_person_get(f->hub.store, "ann@example.com", &person),
                     PH_OK);
    hub_fixture_end(f);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_of_a_person_is_left_and_the_sums_are_as_they_were),
        TEST(who_was_never_here_cannot_be_erased),
        TEST(with_a_broken_record_nothing_is_erased),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
