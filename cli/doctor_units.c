/* Whether systemd starts us: by the links that "systemctl mask" and "enable"
 * make, since the bus would be one thing more that can be broken. What was
 * started and failed, other checks see. */
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "printhold/base/attr.h"

#define UNITS "/etc/systemd/system/"

static const struct {
    const char *name;
    const char *wanted_by; /* NULL: by another unit of ours */
} units[] = {
    {"printhold-capture.socket", "sockets.target"},
    {"printhold-control.socket", "sockets.target"},
    {"printhold-agent.service", "multi-user.target"},
    {"printhold-queue.service", "multi-user.target"},
    {"printhold-enrol.path", "multi-user.target"},
    {"printhold-enrol.service", NULL},
    {"printhold-key.service", NULL},
};

static bool
is_masked(const struct ph_doctor *doctor, const char *unit)
{
    static const char *const places[] = {UNITS, "/run/systemd/system/"};
    char path[PH_DOCTOR_PATH_MAX], to[16];

    for (size_t i = 0; i < PH_COUNT(places); i++) {
        ssize_t len;

        (void)snprintf(path, sizeof(path), "%s%s%s", doctor->root, places[i],
                       unit);
        len = readlink(path, to, sizeof(to));
        if (len == (ssize_t)strlen("/dev/null") &&
            memcmp(to, "/dev/null", (size_t)len) == 0)
            return true;
    }
    return false;
}

static bool
is_enabled(const struct ph_doctor *doctor, const char *unit, const char *target)
{
    char path[PH_DOCTOR_PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s" UNITS "%s.wants/%s", doctor->root,
                   target, unit);
    return lstat(path, &st) == 0;
}

void
ph_doctor_units(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX];
    struct stat st;

    ph_doctor_path(doctor, "/run/systemd/system", path);
    if (stat(path, &st) != 0)
        return;
    ph_doctor_ok(finding, "systemd starts them");
    for (size_t i = 0; i < PH_COUNT(units); i++) {
        const char *unit = units[i].name, *target = units[i].wanted_by;

        if (is_masked(doctor, unit)) {
            ph_doctor_problem(finding, "%s is masked", unit);
            ph_doctor_remedy(finding, "systemctl unmask %s; systemctl %s %s",
                             unit, target != NULL ? "enable --now" : "start",
                             unit);
            return;
        }
        if (target == NULL || finding->level != PH_DOCTOR_OK ||
            is_enabled(doctor, unit, target))
            continue;
        ph_doctor_warn(finding, "%s does not start with this computer", unit);
        ph_doctor_remedy(finding, "systemctl enable --now %s", unit);
    }
}
