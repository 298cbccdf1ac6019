/* Unit tests of the checks of cli/doctor, against a system made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor.h"
#include "installed.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define NOW_MS INT64_C(1790000000000)
#define DAY_MS INT64_C(86400000)
#define MODEL  "PrintHold secure queue, " PRINTHOLD_VERSION

struct world {
    char root[64];
    struct ph_doctor doctor;
};

/* --- a system as it should be --- */

static void
make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
}

static void
put(const struct world *world, const char *where, const char *text, mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];
    int fd;

    ph_doctor_path(&world->doctor, where, path);
    make_parents(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ph_io_write_full(fd, text, strlen(text)), PH_OK);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void
put_directory(const struct world *world, const char *where, mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    make_parents(path);
    assert_int_equal(mkdir(path, mode), 0);
    assert_int_equal(chmod(path, mode), 0);
}

#define PUT_FILE(path, mode, user, group)      put(world, path, "x", mode);
#define PUT_DIRECTORY(path, mode, user, group) put_directory(world, path, mode);

static void
put_installation(const struct world *world)
{
    PH_INSTALLED_FILES(PUT_FILE)
    PH_INSTALLED_DIRECTORIES(PUT_DIRECTORY)
}

static int
setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct ph_doctor *doctor;

    if (world == NULL)
        return -1;
    doctor = &world->doctor;
    (void)snprintf(world->root, sizeof(world->root), "/tmp/ph-doctor-XXXXXX");
    if (mkdtemp(world->root) == NULL)
        return -1;
    doctor->root = world->root;
    doctor->admin = geteuid();
    doctor->now_ms = NOW_MS;
    ph_config_init(&doctor->config);
    (void)snprintf(doctor->config.agent_user, PH_CONFIG_TEXT_MAX, "%s",
                   geteuid() == 0 ? "root" : getenv("USER"));
    (void)snprintf(doctor->config.owner_domain, PH_CONFIG_TEXT_MAX,
                   "example.com");
    (void)snprintf(doctor->status.version, PH_CONTROL_TEXT_MAX,
                   PRINTHOLD_VERSION);
    (void)snprintf(doctor->status.key_level, PH_CONTROL_TEXT_MAX, "file");
    (void)snprintf(doctor->status.cloud, PH_CONTROL_TEXT_MAX, "online");
    (void)snprintf(doctor->status.release, PH_CONTROL_TEXT_MAX, "on");
    doctor->status.spool_bytes_max = 1000;
    doctor->queues[0] = (struct ph_doctor_queue){.name = "PrintHold",
                                                 .model = MODEL,
                                                 .policy = "authenticated",
                                                 .accepting = true};
    doctor->queue_count = 1;
    put_installation(world);
    *state = world;
    return 0;
}

static int
on_leftover(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int
teardown(void **state)
{
    struct world *world = *state;

    (void)nftw(world->root, on_leftover, 16, FTW_DEPTH | FTW_PHYS);
    free(world);
    return 0;
}

/* --- what a check says --- */

static const struct ph_doctor_check *
find(const char *name)
{
    size_t count;
    const struct ph_doctor_check *table = ph_doctor_table(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    fail_msg("no check %s", name);
    return NULL;
}

static void
expect(const struct world *world, const char *name, enum ph_doctor_level level,
       const char *part)
{
    struct ph_doctor_finding finding = {.level = PH_DOCTOR_NOTHING};

    find(name)->judge(&world->doctor, &finding);
    if (finding.level != level)
        fail_msg("%s: level %d, should be %d: %s", name, (int)finding.level,
                 (int)level, finding.text.text);
    if (strstr(finding.text.text, part) == NULL)
        fail_msg("%s: '%s' has no '%s'", name, finding.text.text, part);
    if ((level > PH_DOCTOR_OK) != (finding.remedy.text[0] != '\0'))
        fail_msg("%s: remedy '%s'", name, finding.remedy.text);
}

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

static void
change_mode(const struct world *world, const char *where, mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    assert_int_equal(chmod(path, mode), 0);
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
    expect(world, "backend", PH_DOCTOR_OK, "as lp");
    change_mode(world, backend, 0744);
    expect(world, "backend", PH_DOCTOR_PROBLEM, "as root");
    expect(world, "files", PH_DOCTOR_PROBLEM, "has another mode");
    change_mode(world, backend, 0775);
    expect(world, "backend", PH_DOCTOR_PROBLEM, "could change it");
    change_mode(world, backend, 0755);
    expect(world, "files", PH_DOCTOR_OK, "all ");
}

static void
files_of_others_and_missing_ones_are_named(void **state)
{
    struct world *world = *state;
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, PH_INSTALLED_CIL, path);
    assert_int_equal(unlink(path), 0);
    expect(world, "files", PH_DOCTOR_PROBLEM, PH_INSTALLED_CIL);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    expect(world, "files", PH_DOCTOR_PROBLEM, "is no file");
    world->doctor.admin = geteuid() + 1;
    expect(world, "files", PH_DOCTOR_PROBLEM, "does not belong to root");
    expect(world, "backend", PH_DOCTOR_PROBLEM, "could change it");
}

static void
directories_follow_the_settings_and_are_the_agents_alone(void **state)
{
    struct world *world = *state;

    expect(world, "directories", PH_DOCTOR_OK, "");
    change_mode(world, PH_SPOOL_DIR, 0755);
    expect(world, "directories", PH_DOCTOR_PROBLEM, "has mode 0755, not 0700");
    (void)snprintf(world->doctor.config.spool_dir, PH_CONFIG_TEXT_MAX,
                   "/srv/spool");
    expect(world, "directories", PH_DOCTOR_PROBLEM, "/srv/spool is missing");
    expect(world, "disk", PH_DOCTOR_PROBLEM, "/srv/spool");
    put_directory(world, "/srv/spool", 0700);
    expect(world, "directories", PH_DOCTOR_OK, "");
    (void)snprintf(world->doctor.config.agent_user, PH_CONFIG_TEXT_MAX,
                   "nobody");
    expect(world, "directories", PH_DOCTOR_PROBLEM, "not belong to nobody");
}

static void
the_queue_is_there_and_as_it_was_made(void **state)
{
    struct world *world = *state;
    struct ph_doctor_queue *queue = &world->doctor.queues[0];

    expect(world, "queue", PH_DOCTOR_OK, "PrintHold, accepting");
    queue->stopped = true;
    (void)snprintf(queue->message, sizeof(queue->message), "paused");
    expect(world, "queue", PH_DOCTOR_PROBLEM, "is stopped: paused");
    queue->stopped = false;
    queue->accepting = false;
    expect(world, "queue", PH_DOCTOR_PROBLEM, "does not accept");
    (void)snprintf(queue->model, sizeof(queue->model), "Generic PDF");
    expect(world, "ppd", PH_DOCTOR_WARNING, "Generic PDF");
    (void)snprintf(queue->policy, sizeof(queue->policy), "default");
    expect(world, "queue-policy", PH_DOCTOR_PROBLEM, "\"default\"");
    world->doctor.queue_count = 0;
    expect(world, "queue", PH_DOCTOR_PROBLEM, "none that prints to us");
    expect(world, "ppd", PH_DOCTOR_NOTHING, "");
    world->doctor.cups_err =
        ph_why_fail(&world->doctor.cups_why, PH_ERR_CLOSED, "no cupsd");
    expect(world, "queue", PH_DOCTOR_PROBLEM, "no cupsd");
    expect(world, "queue-policy", PH_DOCTOR_NOTHING, "");
}

static void
without_an_agent_one_line_says_so_and_none_guesses(void **state)
{
    static const char *const silent[] = {
        "spool",   "key",        "cloud",    "catalogue", "port",
        "release", "cups-purge", "enrolment"};
    struct world *world = *state;

    world->doctor.agent_err =
        ph_why_fail(&world->doctor.agent_why, PH_ERR_CLOSED, "not running");
    expect(world, "service", PH_DOCTOR_PROBLEM, "not running");
    for (size_t i = 0; i < PH_COUNT(silent); i++)
        expect(world, silent[i], PH_DOCTOR_NOTHING, "");
    world->doctor.config_err =
        ph_why_fail(&world->doctor.config_why, PH_ERR_CONFIG, "f.conf:3: bad");
    expect(world, "configuration", PH_DOCTOR_PROBLEM, "f.conf:3: bad");
}

static void
what_the_agent_says_is_judged(void **state)
{
    struct world *world = *state;
    struct ph_control_status *status = &world->doctor.status;

    (void)snprintf(status->key_level, PH_CONTROL_TEXT_MAX, "file");
    (void)snprintf(world->doctor.config.key_level, PH_CONFIG_TEXT_MAX, "tpm2");
    expect(world, "key", PH_DOCTOR_PROBLEM,
           "file, the configuration says tpm2");
    (void)snprintf(status->version, PH_CONTROL_TEXT_MAX, "0.0.9");
    expect(world, "version", PH_DOCTOR_WARNING, "the service is 0.0.9");
    status->spool_bytes = 950;
    expect(world, "spool", PH_DOCTOR_WARNING, "of 1000 B used");
    (void)snprintf(status->spool_text, PH_WHY_MAX, "disk dead");
    expect(world, "spool", PH_DOCTOR_PROBLEM, "disk dead");
    (void)snprintf(status->clock_text, PH_WHY_MAX, "an hour behind");
    expect(world, "clock", PH_DOCTOR_PROBLEM, "an hour behind");
    (void)snprintf(status->cups_text, PH_WHY_MAX, "forbidden");
    expect(world, "cups-purge", PH_DOCTOR_PROBLEM, "forbidden");
    status->unmapped = 2;
    expect(world, "owners", PH_DOCTOR_WARNING, "2 held jobs");
    (void)snprintf(status->audit_text, PH_WHY_MAX, "record 7");
    expect(world, "catalogue", PH_DOCTOR_WARNING, "record 7");
    (void)snprintf(status->cloud_refused_text, PH_WHY_MAX, "topic");
    expect(world, "cloud", PH_DOCTOR_WARNING, "the broker refuses: topic");
    (void)snprintf(status->cloud, PH_CONTROL_TEXT_MAX, "connecting");
    expect(world, "cloud", PH_DOCTOR_WARNING, "connecting");
    (void)snprintf(status->cloud, PH_CONTROL_TEXT_MAX, "off");
    expect(world, "cloud", PH_DOCTOR_WARNING, "no printer learns");
    (void)snprintf(status->release_text, PH_WHY_MAX, "issuer.pub");
    expect(world, "release", PH_DOCTOR_WARNING, "issuer.pub");
    (void)snprintf(status->release, PH_CONTROL_TEXT_MAX, "off");
    expect(world, "release", PH_DOCTOR_WARNING, "nobody can collect");
}

static void
certificates_are_judged_by_their_end(void **state)
{
    struct world *world = *state;
    struct ph_doctor *doctor = &world->doctor;

    expect(world, "certificate", PH_DOCTOR_WARNING, "not enrolled");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "enrolled");
    doctor->status.identity_until_ms = NOW_MS + 30 * DAY_MS;
    expect(world, "certificate", PH_DOCTOR_OK, "valid until");
    (void)snprintf(doctor->status.identity_text, PH_WHY_MAX, "hub says no");
    expect(world, "certificate", PH_DOCTOR_WARNING, "hub says no");
    doctor->status.identity_until_ms = NOW_MS + 13 * DAY_MS;
    expect(world, "certificate", PH_DOCTOR_WARNING, "ends at");
    doctor->status.identity_until_ms = NOW_MS;
    expect(world, "certificate", PH_DOCTOR_PROBLEM, "has ended");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "none");
    (void)snprintf(doctor->config.cert_file, PH_CONFIG_TEXT_MAX, "/ws.crt");
    expect(world, "certificate", PH_DOCTOR_PROBLEM, "/ws.crt");
    put(world, "/ws.crt", "rubbish", 0644);
    expect(world, "certificate", PH_DOCTOR_PROBLEM, "no PEM certificate");
    expect(world, "authority", PH_DOCTOR_NOTHING, "");
    (void)snprintf(doctor->config.ca_file, PH_CONFIG_TEXT_MAX, "/ws.crt");
    expect(world, "authority", PH_DOCTOR_PROBLEM, "no PEM certificate");
}

static const struct {
    const char *name;
    const char *rules;
    enum ph_doctor_level level;
    const char *part;
} ufw_rules[] = {
    {"allows the port",
     "### tuple ### allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 in\n", PH_DOCTOR_OK,
     "ufw allows"},
    {"allows a range", "### tuple ### allow tcp 9000:9999 0.0.0.0/0 any\n",
     PH_DOCTOR_OK, "ufw allows"},
    {"allows by its profile",
     "### tuple ### allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 PrintHold - in\n",
     PH_DOCTOR_OK, "ufw allows"},
    {"another port", "### tuple ### allow tcp 944 0.0.0.0/0 any\n",
     PH_DOCTOR_WARNING, "nobody in at port 9443"},
    {"the same of udp", "### tuple ### allow udp 9443 0.0.0.0/0 any\n",
     PH_DOCTOR_WARNING, "nobody in"},
    {"denies", "### tuple ### deny tcp 9443 0.0.0.0/0 any\n", PH_DOCTOR_WARNING,
     "nobody in"},
    {"nothing", "", PH_DOCTOR_WARNING, "nobody in"},
};

static void
the_rules_of_ufw_are_read(void **state)
{
    struct world *world = *state;

    expect(world, "firewall", PH_DOCTOR_OK, "neither");
    put(world, "/etc/ufw/ufw.conf", "# x\nENABLED=no\n", 0644);
    expect(world, "firewall", PH_DOCTOR_OK, "neither");
    put(world, "/etc/ufw/ufw.conf", "# x\nENABLED=yes\nLOGLEVEL=low\n", 0644);
    expect(world, "firewall", PH_DOCTOR_WARNING, "may not be read");
    for (size_t i = 0; i < PH_COUNT(ufw_rules); i++) {
        put(world, "/etc/ufw/user.rules", ufw_rules[i].rules, 0640);
        print_message("%s\n", ufw_rules[i].name);
        expect(world, "firewall", ufw_rules[i].level, ufw_rules[i].part);
    }
}

static const struct {
    const char *name;
    const char *zone;
    enum ph_doctor_level level;
} zones[] = {
    {"our service", "<zone><service name=\"printhold\"/></zone>", PH_DOCTOR_OK},
    {"the port", "<zone><port protocol=\"tcp\" port=\"9443\"/></zone>",
     PH_DOCTOR_OK},
    {"a range", "<zone><port port=\"1025-65535\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_OK},
    {"everything", "<zone target=\"ACCEPT\"></zone>", PH_DOCTOR_OK},
    {"the same of udp", "<zone><port port=\"9443\" protocol=\"udp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"others",
     "<zone><service name=\"ssh\"/><port port=\"1-9442\" protocol=\"tcp\"/>"
     "<port port=\"9444-\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"udp, and tcp of another",
     "<zone><port port=\"9443\" protocol=\"udp\"/>"
     "<port port=\"1\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"cut off", "<zone><port port=\"9443", PH_DOCTOR_WARNING},
};

static void
the_zone_of_firewalld_is_read(void **state)
{
    struct world *world = *state;

    put(world, "/etc/systemd/system/multi-user.target.wants/firewalld.service",
        "x", 0644);
    expect(world, "firewall", PH_DOCTOR_WARNING, "zone public may not be read");
    put(world, "/usr/lib/firewalld/zones/work.xml", zones[0].zone, 0644);
    put(world, "/etc/firewalld/firewalld.conf", "DefaultZone=work\n", 0644);
    expect(world, "firewall", PH_DOCTOR_OK, "work");
    for (size_t i = 0; i < PH_COUNT(zones); i++) {
        put(world, "/etc/firewalld/zones/work.xml", zones[i].zone, 0644);
        print_message("%s\n", zones[i].name);
        expect(world, "firewall", zones[i].level, "9443");
    }
}

static void
security_modules_are_told_by_the_kernels_files(void **state)
{
    struct world *world = *state;

    expect(world, "selinux", PH_DOCTOR_NOTHING, "");
    expect(world, "apparmor", PH_DOCTOR_NOTHING, "");
    put(world, "/sys/module/apparmor/parameters/enabled", "Y\n", 0644);
    expect(world, "apparmor", PH_DOCTOR_OK, "cupsd's profile");
    put(world, "/sys/fs/selinux/enforce", "0", 0644);
    expect(world, "selinux", PH_DOCTOR_OK, "permissive");
    put(world, "/sys/fs/selinux/enforce", "1", 0644);
    expect(world, "selinux", PH_DOCTOR_PROBLEM, "not our label");
}

static void
proxy_and_name_of_the_broker_are_looked_at(void **state)
{
    struct world *world = *state;
    struct ph_config *config = &world->doctor.config;

    expect(world, "proxy", PH_DOCTOR_NOTHING, "");
    expect(world, "dns", PH_DOCTOR_NOTHING, "");
    (void)snprintf(config->cloud_url, PH_CONFIG_TEXT_MAX,
                   " wss://127.0.0.1:1/mqtt wss://b.invalid/");
    expect(world, "proxy", PH_DOCTOR_OK, "none");
    expect(world, "dns", PH_DOCTOR_OK, "127.0.0.1");
    (void)snprintf(config->cloud_proxy, PH_CONFIG_TEXT_MAX,
                   "http://proxy.invalid:3128");
    expect(world, "proxy", PH_DOCTOR_OK, "proxy.invalid, port 3128");
    expect(world, "dns", PH_DOCTOR_PROBLEM, "proxy.invalid");
    (void)snprintf(config->cloud_proxy_credentials_file, PH_CONFIG_TEXT_MAX,
                   "/secret");
    expect(world, "proxy", PH_DOCTOR_PROBLEM, "/secret");
    put(world, "/secret", "user:password", 0644);
    expect(world, "proxy", PH_DOCTOR_PROBLEM, "others may read it");
    change_mode(world, "/secret", 0600);
    expect(world, "proxy", PH_DOCTOR_OK, "proxy.invalid");
    (void)snprintf(config->cloud_no_proxy, PH_CONFIG_TEXT_MAX, "127.0.0.1");
    expect(world, "proxy", PH_DOCTOR_OK, "none");
}

static void
tell_address(struct world *world, const char *address)
{
    struct ph_control_status *status = &world->doctor.status;

    (void)snprintf(status->addresses[0].address, PH_CONTROL_TEXT_MAX, "%s",
                   address);
    status->address_count = 1;
}

static void
somebody_accepts_where_printers_are_told(void **state)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t len = sizeof(here);
    struct world *world = *state;
    char address[PH_CONTROL_TEXT_MAX];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    expect(world, "port", PH_DOCTOR_WARNING, "on no network");
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u",
                   (unsigned)ntohs(here.sin_port));
    tell_address(world, address);
    expect(world, "port", PH_DOCTOR_PROBLEM, "nobody accepts at 127.0.0.1");
    assert_int_equal(listen(fd, 1), 0);
    expect(world, "port", PH_DOCTOR_OK, "accepts at");
    tell_address(world, "no address");
    expect(world, "port", PH_DOCTOR_PROBLEM, "no address");
    (void)snprintf(world->doctor.status.release, PH_CONTROL_TEXT_MAX, "off");
    expect(world, "port", PH_DOCTOR_NOTHING, "");
    assert_int_equal(close(fd), 0);
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
    expect(world, "enrolment", PH_DOCTOR_WARNING, "there is no token");
    put(world, PH_CONFIG_DIR "/" PH_CONFIG_TOKEN_REFUSED, "x", 0600);
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "refused");
    put(world, token, "x", 0640);
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "others than root");
    change_mode(world, token, 0600);
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    (void)snprintf(doctor->config.enrol_server, PH_CONFIG_TEXT_MAX, "hub");
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    (void)snprintf(doctor->config.enrol_pin, PH_CONFIG_TEXT_MAX, "sha256-x");
    (void)snprintf(doctor->status.identity_text, PH_WHY_MAX, "no route");
    expect(world, "enrolment", PH_DOCTOR_WARNING, "no route");
    (void)snprintf(doctor->config.enrol_ca_file, PH_CONFIG_TEXT_MAX, "/ca");
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "hub is not known");
    doctor->admin = geteuid() + 1;
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "not root's");
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "files");
    expect(world, "enrolment", PH_DOCTOR_WARNING, "unused");
    drop(world, token);
    expect(world, "enrolment", PH_DOCTOR_OK, "by files");
    put_directory(world, token, 0700);
    (void)snprintf(doctor->status.identity, PH_CONTROL_TEXT_MAX, "none");
    expect(world, "enrolment", PH_DOCTOR_PROBLEM, "is no file");
}

static void
link_to(const struct world *world, const char *where, const char *to)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    make_parents(path);
    assert_int_equal(symlink(to, path), 0);
}

#define UNITS "/etc/systemd/system/"

static void
units_that_are_masked_or_off_are_named(void **state)
{
    struct world *world = *state;

    expect(world, "units", PH_DOCTOR_NOTHING, "");
    put_directory(world, "/run/systemd/system", 0755);
    expect(world, "units", PH_DOCTOR_WARNING, "printhold-capture.socket does");
    link_to(world, UNITS "sockets.target.wants/printhold-capture.socket", "x");
    link_to(world, UNITS "sockets.target.wants/printhold-control.socket", "x");
    link_to(world, UNITS "multi-user.target.wants/printhold-agent.service",
            "x");
    link_to(world, UNITS "multi-user.target.wants/printhold-enrol.path", "x");
    expect(world, "units", PH_DOCTOR_WARNING, "printhold-queue.service does");
    link_to(world, "/run/systemd/system/printhold-key.service", "/dev/null");
    expect(world, "units", PH_DOCTOR_PROBLEM, "printhold-key.service is");
    link_to(world, UNITS "multi-user.target.wants/printhold-queue.service",
            "x");
    drop(world, "/run/systemd/system/printhold-key.service");
    expect(world, "units", PH_DOCTOR_OK, "starts them");
    link_to(world, UNITS "printhold-agent.service", "/dev/null2");
    expect(world, "units", PH_DOCTOR_OK, "starts them");
    drop(world, UNITS "printhold-agent.service");
    link_to(world, UNITS "printhold-agent.service", "/dev/null");
    expect(world, "units", PH_DOCTOR_PROBLEM, "printhold-agent.service is");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(the_rules_of_ufw_are_read),
        TEST(the_zone_of_firewalld_is_read),
        TEST(security_modules_are_told_by_the_kernels_files),
        TEST(proxy_and_name_of_the_broker_are_looked_at),
        TEST(somebody_accepts_where_printers_are_told),
        TEST(a_token_is_told_by_what_became_of_it),
        TEST(units_that_are_masked_or_off_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
