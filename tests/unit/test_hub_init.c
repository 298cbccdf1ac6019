/* How a hub begins, is opened, and keeps its own certificate fresh. */
#include "hub_enrol_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>

#include "printhold/base/attr.h"
#include "printhold/base/io.h"

static struct hub_fixture fixture;

static int
set_up(void **state)
{
    (void)state;
    hub_fixture_make(&fixture);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    hub_fixture_remove(&fixture);
    return 0;
}

static struct hub_init
wanted(void)
{
    return (struct hub_init){
        .dir = fixture.dir, .tenant = "acme", .host = "localhost"};
}

static void
read_file(const char *name, struct ph_buf *out_buf)
{
    char path[400];

    hub_path(&fixture.hub, name, path, sizeof(path));
    assert_int_equal(ph_io_read_file(AT_FDCWD, path, 65536, out_buf), PH_OK);
}

static void
write_file(const char *name, const char *text)
{
    int fd = -1;

    assert_int_equal(ph_io_open_dir(fixture.dir, false, 0, &fd, NULL), PH_OK);
    assert_int_equal(ph_io_write_file(fd, name, text, strlen(text), 0600),
                     PH_OK);
    ph_io_close(&fd);
}

/* --- beginning --- */

static void
a_hub_is_never_made_twice(void **state)
{
    const struct hub_init init = wanted();
    struct ph_buf before, after;
    struct ph_why why = {""};

    (void)state;
    read_file("ca.key", &before);
    assert_int_equal(hub_init(&init, &why), PH_ERR_EXISTS);
    assert_non_null(strstr(why.text, "already"));
    read_file("ca.key", &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);
    ph_buf_close(&before);
    ph_buf_close(&after);
}

/* The tenant is the last thing that init writes. */
static void
an_interrupted_beginning_goes_on(void **state)
{
    const struct hub_init init = wanted();
    struct ph_why why = {""};
    sqlite3 *db = NULL;
    char path[400];

    (void)state;
    hub_close(&fixture.hub);
    (void)snprintf(path, sizeof(path), "%s/hub.db", fixture.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DELETE FROM tenant; DELETE FROM person;"
                                  "DELETE FROM audit",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(hub_open(fixture.dir, &fixture.config, &fixture.hub, &why),
                     PH_ERR_NOT_FOUND);
    assert_int_equal(hub_init(&init, &why), PH_OK);
    hub_fixture_open(&fixture);
    assert_string_equal(fixture.hub.tenant.tenant, "acme");
}

static void
what_no_hub_can_be_is_refused(void **state)
{
    static const struct {
        const char *tenant;
        const char *host;
        const char *admin;
    } cases[] = {
        {NULL, "localhost", NULL},
        {"acme", NULL, NULL},
        {"", "localhost", NULL},
        {"ACME", "localhost", NULL},
        {"a:b", "localhost", NULL},
        {"abcdefghijklmnopqrstuvwxy", "localhost", NULL},
        {"acme", "", NULL},
        {"acme", "a b", NULL},
        {"acme", "x,URI:urn:printhold:acme:svc:hub", NULL},
        {"acme", "localhost", "two words"},
    };
    char dir[400];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/other", fixture.scratch.path);
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct hub_init init = {.dir = dir,
                                      .tenant = cases[i].tenant,
                                      .host = cases[i].host,
                                      .admin = cases[i].admin};
        struct ph_why why = {""};

        if (hub_init(&init, &why) != PH_ERR_INVALID || why.text[0] == '\0')
            fail_msg("case %zu", i);
        assert_int_not_equal(access(dir, F_OK), 0);
    }
}

/* SR-54: two hubs have no secret in common. */
static void
two_hubs_share_nothing(void **state)
{
    static const char *const names[] = {"ca.key", "issuer.key", "hub.key",
                                        "directory.key", "pepper.key"};
    struct hub_init init = wanted();
    char dir[400], path[500];

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/other", fixture.scratch.path);
    init.dir = dir;
    assert_int_equal(hub_init(&init, NULL), PH_OK);
    for (size_t i = 0; i < PH_COUNT(names); i++) {
        struct ph_buf one, other;

        read_file(names[i], &one);
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        assert_int_equal(ph_io_read_file(AT_FDCWD, path, 65536, &other), PH_OK);
        assert_false(one.len == other.len &&
                     memcmp(one.data, other.data, one.len) == 0);
        ph_buf_close(&one);
        ph_buf_close(&other);
    }
}

/* --- opening --- */

static void
a_spoilt_hub_says_what_is_wrong(void **state)
{
    static const struct {
        const char *name;
        const char *text;
    } cases[] = {
        {"pepper.key", "short"},      {"directory.key", ""},
        {"ca.key", "no key"},         {"issuer.key", "no key"},
        {"ca.crt", "no certificate"},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_why why = {""};
        struct ph_buf saved;
        struct hub hub;
        int fd = -1;

        read_file(cases[i].name, &saved);
        write_file(cases[i].name, cases[i].text);
        if (hub_open(fixture.dir, &fixture.config, &hub, &why) == PH_OK ||
            why.text[0] == '\0')
            fail_msg("%s: opened", cases[i].name);
        assert_int_equal(ph_io_open_dir(fixture.dir, false, 0, &fd, NULL),
                         PH_OK);
        assert_int_equal(
            ph_io_write_file(fd, cases[i].name, saved.data, saved.len, 0600),
            PH_OK);
        ph_io_close(&fd);
        ph_buf_close(&saved);
    }
}

/* --- the hub's own certificate --- */

static bool
renewed(void)
{
    struct ph_why why = {""};
    bool is_renewed = false;

    if (hub_renew_own(&fixture.hub, &is_renewed, &why) != PH_OK)
        fail_msg("%s", why.text);
    return is_renewed;
}

static void
the_own_certificate_is_made_anew_in_time(void **state)
{
    (void)state;
    assert_false(renewed());
    hub_now_ms += 60 * HUB_DAY - HUB_HOUR;
    assert_false(renewed());
    hub_now_ms += 2 * HUB_HOUR;
    assert_true(renewed());
    assert_false(renewed());
}

/* As after an end between the two files. */
static void
a_key_without_its_certificate_is_noticed(void **state)
{
    struct ph_buf key;

    (void)state;
    ph_buf_init(&key, 4096);
    assert_int_equal(ph_p256_key_make(&key), PH_OK);
    write_file("hub.key", ph_buf_str(&key));
    ph_buf_close(&key);
    assert_true(renewed());
    assert_false(renewed());
    write_file("hub.crt", "nothing");
    assert_true(renewed());
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_hub_is_never_made_twice),
        TEST(an_interrupted_beginning_goes_on),
        TEST(what_no_hub_can_be_is_refused),
        TEST(two_hubs_share_nothing),
        TEST(a_spoilt_hub_says_what_is_wrong),
        TEST(the_own_certificate_is_made_anew_in_time),
        TEST(a_key_without_its_certificate_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
