/* What is installed, and what confines it. The table comes from
 * installer/manifest, by way of CMake. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "doctor.h"
#include "os_confinement.h"
#include "installed.h"
#include "print.h"
#include "printhold/base/err.h"

#define MODE_BITS 07777

#ifdef __APPLE__
#define BACKEND_PARENT "/libexec/cups/backend/"
#else
#define BACKEND_PARENT "/cups/backend/"
#endif

struct installed {
    const char *path;
    mode_t mode;
    const char *user; /* NULL: root */
    const char *group;
};
#define ROW(path, mode, user, group) {path, mode, user, group},
static const struct installed files[] = {PH_INSTALLED_FILES(ROW)};
static const struct installed directories[] = {PH_INSTALLED_DIRECTORIES(ROW)};

/* What of one path is not as it was installed, or NULL. */
static const char *
differs(const struct ph_doctor *doctor, const struct installed *row,
        const char *path, struct stat *out_stat)
{
    if (lstat(path, out_stat) != 0)
        return errno == ENOENT || errno == ENOTDIR ? "is missing" : NULL;
    if (!S_ISREG(out_stat->st_mode))
        return "is no file";
    if (out_stat->st_uid != doctor->admin)
        return "does not belong to root";
    if ((out_stat->st_mode & MODE_BITS) != row->mode)
        return "has another mode";
    return NULL;
}

void
ph_doctor_files(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX], first[PH_DOCTOR_PATH_MAX + 64] = "";
    struct stat st;
    size_t bad = 0;

    for (size_t i = 0; i < PH_COUNT(files); i++) {
        const char *what;

        ph_doctor_path(doctor, files[i].path, path);
        what = differs(doctor, &files[i], path, &st);
        if (what != NULL && bad++ == 0)
            (void)snprintf(first, sizeof(first), "%s %s (should be %04o root)",
                           path, what, (unsigned)files[i].mode);
    }
    if (bad == 0) {
        ph_doctor_ok(finding, "all %zu as they should be", PH_COUNT(files));
        return;
    }
    ph_doctor_problem(finding, "%s%s", first, bad > 1 ? ", and others" : "");
    ph_doctor_remedy(finding, "install the package again");
}

/* Where the settings have it. */
static const char *
moved(const struct ph_doctor *doctor, const char *path)
{
    if (strcmp(path, PH_STATE_DIR) == 0)
        return doctor->config.state_dir;
    if (strcmp(path, PH_SPOOL_DIR) == 0)
        return doctor->config.spool_dir;
    return path;
}

static bool
belongs(const struct ph_doctor *doctor, const struct installed *row,
        const struct stat *st)
{
    const struct passwd *user;

    if (strcmp(row->user, "root") == 0)
        return st->st_uid == doctor->admin;
    user = getpwnam(doctor->config.agent_user);
    return user != NULL && st->st_uid == user->pw_uid;
}

void
ph_doctor_directories(const struct ph_doctor *doctor,
                      struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX];
    struct stat st;

    for (size_t i = 0; i < PH_COUNT(directories); i++) {
        const struct installed *row = &directories[i];
        bool ours = strcmp(row->user, "root") != 0;

        ph_doctor_path(doctor, moved(doctor, row->path), path);
        if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
            ph_doctor_problem(finding, "%s is missing, or no directory", path);
        else if (!belongs(doctor, row, &st))
            ph_doctor_problem(finding, "%s does not belong to %s", path,
                              ours ? doctor->config.agent_user : "root");
        else if ((st.st_mode & MODE_BITS) != row->mode)
            ph_doctor_problem(finding, "%s has mode %04o, not %04o", path,
                              (unsigned)(st.st_mode & MODE_BITS),
                              (unsigned)row->mode);
        else
            continue;
        ph_doctor_remedy(finding,
                         "mkdir -p %s; chown %s %s; chmod %04o %s  # and find "
                         "out who changed it",
                         path, ours ? doctor->config.agent_user : "root", path,
                         (unsigned)row->mode, path);
        return;
    }
    ph_doctor_ok(finding, "owners and modes as they should be");
}

/* cupsd runs a backend that others may not execute as root, and none at all
 * that somebody but root could have written. */
void
ph_doctor_backend(const struct ph_doctor *doctor,
                  struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX] = "";
    struct stat st;

    for (size_t i = 0; i < PH_COUNT(files); i++)
        if (strstr(files[i].path, BACKEND_PARENT) != NULL)
            ph_doctor_path(doctor, files[i].path, path);
    if (lstat(path, &st) != 0)
        ph_doctor_problem(finding, "%s is missing", path);
    else if (st.st_uid != doctor->admin || (st.st_mode & 022) != 0)
        ph_doctor_problem(finding,
                          "cupsd does not run %s: others than root "
                          "could change it",
                          path);
    else if ((st.st_mode & 0055) != 0055)
        ph_doctor_problem(finding,
                          "cupsd runs %s as root, for want of the "
                          "right of others to execute it",
                          path);
    else
        ph_doctor_ok(finding, "cupsd runs it as %s",
                     doctor->config.capture_user);
    if (finding->level != PH_DOCTOR_OK)
        ph_doctor_remedy(finding, "chown root %s; chmod 0755 %s", path, path);
}

void
ph_doctor_confinement(const struct ph_doctor *doctor,
                      struct ph_doctor_finding *finding)
{
    (void)doctor;
    ph_os_confinement(finding);
}

void
ph_doctor_disk(const struct ph_doctor *doctor,
               struct ph_doctor_finding *finding)
{
    char path[PH_DOCTOR_PATH_MAX], room[32], wanted[32];
    struct statvfs fs;
    uint64_t left;

    ph_doctor_path(doctor, doctor->config.spool_dir, path);
    if (statvfs(path, &fs) != 0) {
        ph_doctor_problem(finding, "%s: %s", path, strerror(errno));
        ph_doctor_remedy(finding, "make it as installed");
        return;
    }
    left = (uint64_t)fs.f_bavail * fs.f_frsize;
    ph_print_size(left, room, sizeof(room));
    ph_print_size(doctor->config.free_reserve, wanted, sizeof(wanted));
    if ((fs.f_flag & ST_RDONLY) != 0)
        ph_doctor_problem(finding, "%s is read-only", path);
    else if (left < doctor->config.free_reserve)
        ph_doctor_problem(finding,
                          "%s free, less than the %s that are left to "
                          "others: no job is taken",
                          room, wanted);
    else if (left / 2 < doctor->config.free_reserve ||
             (fs.f_files > 0 && fs.f_favail < 1000))
        ph_doctor_warn(finding, "%s free, and %lu files", room,
                       (unsigned long)fs.f_favail);
    else
        ph_doctor_ok(finding, "%s free", room);
    if (finding->level != PH_DOCTOR_OK)
        ph_doctor_remedy(finding, "make room on the disk of %s", path);
}

void
ph_doctor_selinux(const struct ph_doctor *doctor,
                  struct ph_doctor_finding *finding)
{
    char text[4096], path[PH_DOCTOR_PATH_MAX];

    if (ph_doctor_read(doctor, "/sys/fs/selinux/enforce", text, sizeof(text)) !=
        PH_OK)
        return;
    if (text[0] != '1') {
        ph_doctor_ok(finding, "permissive");
        return;
    }
    ph_doctor_path(doctor, doctor->config.capture_socket, path);
    if (ph_os_has_label(path, ":printhold_run_t:")) {
        ph_doctor_ok(finding, "enforcing, with our module");
        return;
    }
    ph_doctor_problem(finding,
                      "enforcing, and %s has not our label: the "
                      "backend may not hand jobs over",
                      path);
    ph_doctor_remedy(finding, "semodule -i " PH_INSTALLED_CIL
                              "; restorecon -RF /run/printhold "
                              "/var/spool/printhold");
}

void
ph_doctor_apparmor(const struct ph_doctor *doctor,
                   struct ph_doctor_finding *finding)
{
    char text[4096];

    if (ph_doctor_read(doctor, "/sys/module/apparmor/parameters/enabled", text,
                       sizeof(text)) == PH_OK &&
        text[0] == 'Y')
        ph_doctor_ok(finding, "on; cupsd's profile lets our backend work");
}
