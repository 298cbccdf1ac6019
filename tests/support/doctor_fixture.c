#include "doctor_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installed.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

/* --- a system as it should be --- */

void
world_make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
}

void
world_put(const struct world *world, const char *where, const char *text,
          mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];
    int fd;

    ph_doctor_path(&world->doctor, where, path);
    world_make_parents(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ph_io_write_full(fd, text, strlen(text)), PH_OK);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

void
world_put_directory(const struct world *world, const char *where, mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    world_make_parents(path);
    assert_int_equal(mkdir(path, mode), 0);
    assert_int_equal(chmod(path, mode), 0);
}

#define PUT_FILE(path, mode, user, group) world_put(world, path, "x", mode);
#define PUT_DIRECTORY(path, mode, user, group) \
    world_put_directory(world, path, mode);

static void
put_installation(const struct world *world)
{
    PH_INSTALLED_FILES(PUT_FILE)
    PH_INSTALLED_DIRECTORIES(PUT_DIRECTORY)
}

int
world_setup(void **state)
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

int
world_teardown(void **state)
{
    struct world *world = *state;

    (void)nftw(world->root, on_leftover, 16, FTW_DEPTH | FTW_PHYS);
    free(world);
    return 0;
}

/* --- what a check says --- */

const struct ph_doctor_check *
world_find(const char *name)
{
    size_t count;
    const struct ph_doctor_check *table = ph_doctor_table(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    fail_msg("no check %s", name);
    return NULL;
}

void
world_expect(const struct world *world, const char *name,
             enum ph_doctor_level level, const char *part)
{
    struct ph_doctor_finding finding = {.level = PH_DOCTOR_NOTHING};

    world_find(name)->judge(&world->doctor, &finding);
    if (finding.level != level)
        fail_msg("%s: level %d, should be %d: %s", name, (int)finding.level,
                 (int)level, finding.text.text);
    if (strstr(finding.text.text, part) == NULL)
        fail_msg("%s: '%s' has no '%s'", name, finding.text.text, part);
    if ((level > PH_DOCTOR_OK) != (finding.remedy.text[0] != '\0'))
        fail_msg("%s: remedy '%s'", name, finding.remedy.text);
}

void
world_change_mode(const struct world *world, const char *where, mode_t mode)
{
    char path[PH_DOCTOR_PATH_MAX];

    ph_doctor_path(&world->doctor, where, path);
    assert_int_equal(chmod(path, mode), 0);
}
