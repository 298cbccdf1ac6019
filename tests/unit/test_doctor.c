/* Unit tests of the checks of cli/doctor: this computer. */
#include "doctor_fixture.h"

#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include "installed.h"
#include "printhold/base/err.h"

static void
a_good_system_has_no_problem_and_no_two_checks_one_name(void **state)
{
    const struct world *world = *state;
    size_t count;
    const struct ph_doctor_check *table = ph_doctor_table(&count);

    for (size_t i = 0; i < count; i++) {
        struct ph_doctor_finding finding = {.level = PH_DOCTOR_NOTHING};

        table[i].judge(&world->doctor, &finding);
        if (finding.level == PH_DOCTOR_PROBLEM)
            fail_msg("%s: %s", table[i].name, finding.text.text);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(table[i].name, table[j].name);
    }
}

#define LAST_BACKEND(path, mode, user, group)   \
    if (strstr(path, "/cups/backend/") != NULL) \
        backend = path;

static void
the_backend_must_be_roots_and_everybodys_to_execute(void **state)
{
    const struct world *world = *state;
    const char *backend = NULL;

    PH_INSTALLED_FILES(LAST_BACKEND)
    assert_non_null(backend);
    world_expect(world, "backend", PH_DOCTOR_OK, "as lp");
    world_change_mode(world, backend, 0744);
    world_expect(world, "backend", PH_DOCTOR_PROBLEM, "as root");
    world_expect(world, "files", PH_DOCTOR_PROBLEM, "has another mode");
    world_change_mode(world, backend, 0775);
    world_expect(world, "backend", PH_DOCTOR_PROBLEM, "could change it");
    world_change_mode(world, backend, 0755);
    world_expect(world, "files", PH_DOCTOR_OK, "all ");
}

static void
files_of_others_and_missing_ones_are_named(void **state)
{
    struct world *world = *state;
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, PH_INSTALLED_CIL, path);
    assert_int_equal(unlink(path), 0);
    world_expect(world, "files", PH_DOCTOR_PROBLEM, PH_INSTALLED_CIL);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    world_expect(world, "files", PH_DOCTOR_PROBLEM, "is no file");
    world->doctor.admin = geteuid() + 1;
    world_expect(world, "files", PH_DOCTOR_PROBLEM, "does not belong to root");
    world_expect(world, "backend", PH_DOCTOR_PROBLEM, "could change it");
}

static void
directories_follow_the_settings_and_are_the_agents_alone(void **state)
{
    struct world *world = *state;

    world_expect(world, "directories", PH_DOCTOR_OK, "");
    world_change_mode(world, PH_SPOOL_DIR, 0755);
    world_expect(world, "directories", PH_DOCTOR_PROBLEM,
                 "has mode 0755, not 0700");
    (void)snprintf(world->doctor.config.spool_dir, PH_CONFIG_TEXT_MAX,
                   "/srv/spool");
    world_expect(world, "directories", PH_DOCTOR_PROBLEM,
                 "/srv/spool is missing");
    world_expect(world, "disk", PH_DOCTOR_PROBLEM, "/srv/spool");
    world_put_directory(world, "/srv/spool", 0700);
    world_expect(world, "directories", PH_DOCTOR_OK, "");
    (void)snprintf(world->doctor.config.agent_user, PH_CONFIG_TEXT_MAX,
                   "nobody");
    world_expect(world, "directories", PH_DOCTOR_PROBLEM,
                 "not belong to nobody");
}

static void
the_queue_is_there_and_as_it_was_made(void **state)
{
    struct world *world = *state;
    struct ph_doctor_queue *queue = &world->doctor.queues[0];

    world_expect(world, "queue", PH_DOCTOR_OK, "PrintHold, accepting");
    queue->stopped = true;
    (void)snprintf(queue->message, sizeof(queue->message), "paused");
    world_expect(world, "queue", PH_DOCTOR_PROBLEM, "is stopped: paused");
    queue->stopped = false;
    queue->accepting = false;
    world_expect(world, "queue", PH_DOCTOR_PROBLEM, "does not accept");
    (void)snprintf(queue->model, sizeof(queue->model), "Generic PDF");
    world_expect(world, "ppd", PH_DOCTOR_WARNING, "Generic PDF");
    (void)snprintf(queue->policy, sizeof(queue->policy), "default");
    world_expect(world, "queue-policy", PH_DOCTOR_PROBLEM, "\"default\"");
    world->doctor.queue_count = 0;
    world_expect(world, "queue", PH_DOCTOR_PROBLEM, "none that prints to us");
    world_expect(world, "ppd", PH_DOCTOR_NOTHING, "");
    world->doctor.cups_err =
        ph_why_fail(&world->doctor.cups_why, PH_ERR_CLOSED, "no cupsd");
    world_expect(world, "queue", PH_DOCTOR_PROBLEM, "no cupsd");
    world_expect(world, "queue-policy", PH_DOCTOR_NOTHING, "");
}

static void
without_an_agent_one_line_says_so_and_none_guesses(void **state)
{
    static const char *const silent[] = {"spool",      "key",      "cloud",
                                         "catalogue",  "port",     "release",
                                         "cups-purge", "enrolment"};
    struct world *world = *state;

    world->doctor.agent_err =
        ph_why_fail(&world->doctor.agent_why, PH_ERR_CLOSED, "not running");
    world_expect(world, "service", PH_DOCTOR_PROBLEM, "not running");
    for (size_t i = 0; i < PH_COUNT(silent); i++)
        world_expect(world, silent[i], PH_DOCTOR_NOTHING, "");
    world->doctor.config_err =
        ph_why_fail(&world->doctor.config_why, PH_ERR_CONFIG, "f.conf:3: bad");
    world_expect(world, "configuration", PH_DOCTOR_PROBLEM, "f.conf:3: bad");
}

static void
what_the_agent_says_is_judged(void **state)
{
    struct world *world = *state;
    struct ph_control_status *status = &world->doctor.status;

    (void)snprintf(status->key_level, PH_CONTROL_TEXT_MAX, "file");
    (void)snprintf(world->doctor.config.key_level, PH_CONFIG_TEXT_MAX, "tpm2");
    world_expect(world, "key", PH_DOCTOR_PROBLEM,
                 "file, the configuration says tpm2");
    (void)snprintf(status->version, PH_CONTROL_TEXT_MAX, "0.0.9");
    world_expect(world, "version", PH_DOCTOR_WARNING, "the service is 0.0.9");
    status->spool_bytes = 950;
    world_expect(world, "spool", PH_DOCTOR_WARNING, "of 1000 B used");
    (void)snprintf(status->spool_text, PH_WHY_MAX, "disk dead");
    world_expect(world, "spool", PH_DOCTOR_PROBLEM, "disk dead");
    (void)snprintf(status->clock_text, PH_WHY_MAX, "an hour behind");
    world_expect(world, "clock", PH_DOCTOR_PROBLEM, "an hour behind");
    (void)snprintf(status->cups_text, PH_WHY_MAX, "forbidden");
    world_expect(world, "cups-purge", PH_DOCTOR_PROBLEM, "forbidden");
    status->unmapped = 2;
    world_expect(world, "owners", PH_DOCTOR_WARNING, "2 held jobs");
    (void)snprintf(status->audit_text, PH_WHY_MAX, "record 7");
    world_expect(world, "catalogue", PH_DOCTOR_WARNING, "record 7");
    (void)snprintf(status->cloud_refused_text, PH_WHY_MAX, "topic");
    world_expect(world, "cloud", PH_DOCTOR_WARNING,
                 "the broker refuses: topic");
    (void)snprintf(status->cloud, PH_CONTROL_TEXT_MAX, "connecting");
    world_expect(world, "cloud", PH_DOCTOR_WARNING, "connecting");
    (void)snprintf(status->cloud, PH_CONTROL_TEXT_MAX, "off");
    world_expect(world, "cloud", PH_DOCTOR_WARNING, "no printer learns");
    (void)snprintf(status->release_text, PH_WHY_MAX, "issuer.pub");
    world_expect(world, "release", PH_DOCTOR_WARNING, "issuer.pub");
    (void)snprintf(status->release, PH_CONTROL_TEXT_MAX, "off");
    world_expect(world, "release", PH_DOCTOR_WARNING, "nobody can collect");
}

static void
certificates_are_judged_by_their_end(void **state)
{
    struct world *world = *state;
    struct ph_doctor *doctor = &world->doctor;

    world_expect(world, "certificate", PH_DOCTOR_WARNING, "not enrolled");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "enrolled");
    doctor->status.identity_until_ms = NOW_MS + 30 * DAY_MS;
    world_expect(world, "certificate", PH_DOCTOR_OK, "valid until");
    (void)snprintf(doctor->status.identity_text, PH_WHY_MAX, "hub says no");
    world_expect(world, "certificate", PH_DOCTOR_WARNING, "hub says no");
    doctor->status.identity_until_ms = NOW_MS + 13 * DAY_MS;
    world_expect(world, "certificate", PH_DOCTOR_WARNING, "ends at");
    doctor->status.identity_until_ms = NOW_MS;
    world_expect(world, "certificate", PH_DOCTOR_PROBLEM, "has ended");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "none");
    (void)snprintf(doctor->config.cert_file, PH_CONFIG_TEXT_MAX, "/ws.crt");
    world_expect(world, "certificate", PH_DOCTOR_PROBLEM, "/ws.crt");
    world_put(world, "/ws.crt", "rubbish", 0644);
    world_expect(world, "certificate", PH_DOCTOR_PROBLEM, "no PEM certificate");
    world_expect(world, "authority", PH_DOCTOR_NOTHING, "");
    (void)snprintf(doctor->config.ca_file, PH_CONFIG_TEXT_MAX, "/ws.crt");
    world_expect(world, "authority", PH_DOCTOR_PROBLEM, "no PEM certificate");
}

static void
security_modules_are_told_by_the_kernels_files(void **state)
{
    struct world *world = *state;

    world_expect(world, "selinux", PH_DOCTOR_NOTHING, "");
    world_expect(world, "apparmor", PH_DOCTOR_NOTHING, "");
    world_put(world, "/sys/module/apparmor/parameters/enabled", "Y\n", 0644);
    world_expect(world, "apparmor", PH_DOCTOR_OK, "cupsd's profile");
    world_put(world, "/sys/fs/selinux/enforce", "0", 0644);
    world_expect(world, "selinux", PH_DOCTOR_OK, "permissive");
    world_put(world, "/sys/fs/selinux/enforce", "1", 0644);
    world_expect(world, "selinux", PH_DOCTOR_PROBLEM, "not our label");
}

static void
drop(const struct world *world, const char *where)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    assert_int_equal(unlink(path), 0);
}

static void
a_token_is_told_by_what_became_of_it(void **state)
{
    static const char token[] = PH_CONFIG_DIR "/" PH_CONFIG_TOKEN;
    struct world *world = *state;
    struct ph_doctor *doctor = &world->doctor;

    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "none");
    world_expect(world, "enrolment", PH_DOCTOR_WARNING, "there is no token");
    world_put(world, PH_CONFIG_DIR "/" PH_CONFIG_TOKEN_REFUSED, "x", 0600);
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "refused");
    world_put(world, token, "x", 0640);
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "others than root");
    world_change_mode(world, token, 0600);
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    (void)snprintf(doctor->config.enrol_server, PH_CONFIG_TEXT_MAX, "hub");
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    (void)snprintf(doctor->config.enrol_pin, PH_CONFIG_TEXT_MAX, "sha256-x");
    (void)snprintf(doctor->status.identity_text, PH_WHY_MAX, "no route");
    world_expect(world, "enrolment", PH_DOCTOR_WARNING, "no route");
    (void)snprintf(doctor->config.enrol_ca_file, PH_CONFIG_TEXT_MAX, "/ca");
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    doctor->admin = geteuid() + 1;
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "not root's");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "files");
    world_expect(world, "enrolment", PH_DOCTOR_WARNING, "unused");
    drop(world, token);
    world_expect(world, "enrolment", PH_DOCTOR_OK, "by files");
    world_put_directory(world, token, 0700);
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "none");
    world_expect(world, "enrolment", PH_DOCTOR_PROBLEM, "is no file");
}

static void
link_to(const struct world *world, const char *where, const char *to)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    world_make_parents(path);
    assert_int_equal(symlink(to, path), 0);
}

#define UNITS "/etc/systemd/system/"

static void
units_that_are_masked_or_off_are_named(void **state)
{
    struct world *world = *state;

    world_expect(world, "units", PH_DOCTOR_NOTHING, "");
    world_put_directory(world, "/run/systemd/system", 0755);
    world_expect(world, "units", PH_DOCTOR_WARNING,
                 "printhold-capture.socket does");
    link_to(world, UNITS "sockets.target.wants/printhold-capture.socket", "x");
    link_to(world, UNITS "sockets.target.wants/printhold-control.socket", "x");
    link_to(world, UNITS "multi-user.target.wants/printhold-agent.service",
            "x");
    link_to(world, UNITS "multi-user.target.wants/printhold-enrol.path", "x");
    world_expect(world, "units", PH_DOCTOR_WARNING,
                 "printhold-queue.service does");
    link_to(world, "/run/systemd/system/printhold-key.service", "/dev/null");
    world_expect(world, "units", PH_DOCTOR_PROBLEM, "printhold-key.service is");
    link_to(world, UNITS "multi-user.target.wants/printhold-queue.service",
            "x");
    drop(world, "/run/systemd/system/printhold-key.service");
    world_expect(world, "units", PH_DOCTOR_OK, "starts them");
    link_to(world, UNITS "printhold-agent.service", "/dev/null2");
    world_expect(world, "units", PH_DOCTOR_OK, "starts them");
    drop(world, UNITS "printhold-agent.service");
    link_to(world, UNITS "printhold-agent.service", "/dev/null");
    world_expect(world, "units", PH_DOCTOR_PROBLEM,
                 "printhold-agent.service is");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_system_has_no_problem_and_no_two_checks_one_name),
        TEST(the_backend_must_be_roots_and_everybodys_to_execute),
        TEST(files_of_others_and_missing_ones_are_named),
        TEST(directories_follow_the_settings_and_are_the_agents_alone),
        TEST(the_queue_is_there_and_as_it_was_made),
        TEST(without_an_agent_one_line_says_so_and_none_guesses),
        TEST(what_the_agent_says_is_judged),
        TEST(certificates_are_judged_by_their_end),
        TEST(security_modules_are_told_by_the_kernels_files),
        TEST(a_token_is_told_by_what_became_of_it),
        TEST(units_that_are_masked_or_off_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
