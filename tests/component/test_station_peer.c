/* Whom the station talks to, and what it says when nobody wants it. */
#include "station_rig.h"

#include <string.h>

#include <curl/curl.h>
#include <signal.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static void
only_the_right_workstation_is_talked_to(void **state)
{
    static const struct {
        const char *what;
        const char *server;
        const char *workstation_id;
        int err;
    } cases[] = {
        {"the expected one", "ws-1", "ws-1", PH_OK},
        {"by its address", "ws-2", NULL, PH_OK},
        {"by its id, whatever names it has", "ws-2", "ws-2", PH_OK},
        {"another workstation", "ws-2", "ws-1", PH_ERR_DENIED},
        {"no id, and the certificate is not for the address", "ws-1", NULL,
         PH_ERR_DENIED},
        {"of another tenant", "ws-other", "ws-other", PH_ERR_DENIED},
        {"expired", "ws-old", "ws-old", PH_ERR_DENIED},
        {"a certificate for clients", "ws-client", "ws-client", PH_ERR_DENIED},
        {"a service", "svc-1", "svc-1", PH_ERR_DENIED},
        {"a printer", "pr-1", "pr-1", PH_ERR_DENIED},
    };

    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct station_scene *scene = *state;
        int err;

        station_scene_open(scene, cases[i].server, "pr-1",
                           cases[i].workstation_id, &(struct fake_manners){0});
        err = station_scene_sign_in(scene);
        station_scene_end(scene);
        if (err != cases[i].err)
            fail_msg("%s: %d (%s)", cases[i].what, err, scene->why.text);
        /* The grant must not have left us. */
        if (err != PH_OK)
            assert_string_equal(scene->log, "");
    }
}

static void
a_workstation_of_a_strange_authority_is_refused(void **state)
{
    struct station_scene *scene = *state;
    struct scratch fleet = station_pki;
    struct scratch strange;

    scratch_make(&strange);
    station_pki = strange;
    station_pki_make((const char *const[]){"init", "--tenant", "acme", NULL});
    station_pki_make((const char *const[]){"printer", "pr-1", NULL});
    station_pki_make(
        (const char *const[]){"workstation", "ws-1", "--ca", fleet.path, NULL});
    station_scene_open(scene, "ws-1", "pr-1", "ws-1",
                       &(struct fake_manners){0});
    assert_int_equal(station_scene_sign_in(scene), PH_ERR_DENIED);
    station_scene_end(scene);
    assert_string_equal(scene->log, "");
    station_pki = fleet;
    scratch_remove(&strange);
}

static void
a_refused_certificate_of_ours_is_named(void **state)
{
    struct station_scene *scene = *state;

    station_scene_open(scene, "ws-1", "pr-old", "ws-1",
                       &(struct fake_manners){0});
    assert_int_equal(station_scene_sign_in(scene), PH_ERR_DENIED);
    station_scene_end(scene);
    assert_non_null(strstr(scene->why.text, "refuses our certificate"));
}

static void
a_workstation_that_is_off_is_tried_a_few_times(void **state)
{
    struct station_scene *scene = *state;

    station_scene_open(scene, "ws-1", "pr-1", "ws-1",
                       &(struct fake_manners){0});
    (void)fake_stop(scene->fake);
    fake_free(scene->fake);
    scene->fake = NULL;
    assert_int_equal(station_scene_sign_in(scene), PH_ERR_AGAIN);
    assert_non_null(strstr(scene->why.text, "cannot reach 127.0.0.1:"));
    ph_api_free(scene->api);
    ph_https_close(scene->https);
}

int
main(void)
{
#define TEST(name)                                              \
    cmocka_unit_test_setup_teardown(name, station_scene_set_up, \
                                    station_scene_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_the_right_workstation_is_talked_to),
        TEST(a_workstation_of_a_strange_authority_is_refused),
        TEST(a_refused_certificate_of_ours_is_named),
        TEST(a_workstation_that_is_off_is_tried_a_few_times),
    };

    /* A proxy of the environment must not be used: nobody is there. */
    if (setenv("https_proxy", "http://127.0.0.1:1", 1) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, station_pki_make_all,
                                  station_pki_remove);
}
