/* printhold support-bundle: what may be told of this computer, in one file. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundle.h"
#include "command.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define FOLDER       "printhold-support"
#define PATH_CAP     256
#define DOCUMENT_MAX (1024 * 1024)

static const char readme[] =
    "From printhold support-bundle. What may be in it is a list: numbers,\n"
    "keywords, versions, and the modes and paths of printhold's own files. No\n"
    "titles, logins, names, addresses, tokens or keys, and no log: read that\n"
    "before you add it.\n";

static const char *const files[] = {"README", "doctor.json", "settings.json",
                                    "status.json", "system.json"};

static int
write_text(const char *dir, const char *name, const char *text)
{
    char path[PATH_CAP];
    int fd, err;

    if (text == NULL)
        return PH_ERR_NOMEM;
    (void)snprintf(path, sizeof(path), "%s/" FOLDER "/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ph_err_from_errno(errno);
    err = ph_io_write_full(fd, text, strlen(text));
    ph_io_close(&fd);
    return err;
}

/* Takes the document. */
static int
write_json(const char *dir, const char *name, json_t *document)
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, DOCUMENT_MAX);
    err = ph_json_put_indented(document, &text);
    if (err == PH_OK)
        err = write_text(dir, name, ph_buf_str(&text));
    ph_buf_close(&text);
    json_decref(document);
    return err;
}

static int
write_settings(const char *dir, const struct ph_doctor *doctor)
{
    struct ph_config_notes notes = {NULL, NULL};
    struct ph_config_origin *origins;
    struct ph_config config;
    size_t count;
    int err;

    (void)ph_config_table(&count);
    origins = calloc(count, sizeof(*origins));
    if (origins == NULL)
        return PH_ERR_NOMEM;
    notes.origins = origins;
    /* What is wrong with it is the doctor's to say. */
    if (ph_config_load_noting(NULL, &config, &notes, NULL) != PH_OK) {
        config = doctor->config;
        memset(origins, 0, count * sizeof(*origins));
    }
    err =
        write_json(dir, "settings.json", ph_bundle_settings(&config, origins));
    free(origins);
    return err;
}

static int
write_all(const char *dir)
{
    struct ph_doctor *doctor = malloc(sizeof(*doctor));
    int err = doctor != NULL ? PH_OK : PH_ERR_NOMEM;

    if (err == PH_OK) {
        ph_doctor_ask(doctor);
        err = write_text(dir, "README", readme);
    }
    if (err == PH_OK)
        err = write_json(dir, "doctor.json", ph_bundle_doctor(doctor));
    if (err == PH_OK)
        err = write_settings(dir, doctor);
    if (err == PH_OK)
        err = write_json(dir, "status.json", ph_bundle_status(doctor));
    if (err == PH_OK)
        err = write_json(dir, "system.json", ph_bundle_system(doctor));
    free(doctor);
    return err;
}

/* tar of the folder to fd. */
static int
pack(const char *dir, int fd)
{
    char *const argv[] = {
        (char[]){"tar"}, (char[]){"-C"},   strdup(dir), (char[]){"-czf"},
        (char[]){"-"},   (char[]){FOLDER}, NULL};
    char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t child;

    if (argv[2] == NULL || posix_spawn_file_actions_init(&actions) != 0) {
        free(argv[2]);
        return PH_ERR_NOMEM;
    }
    (void)posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    if (posix_spawn(&child,
                    access("/usr/bin/tar", X_OK) == 0 ? "/usr/bin/tar"
                                                      : "/bin/tar",
                    &actions, NULL, argv, environment) == 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
    (void)posix_spawn_file_actions_destroy(&actions);
    free(argv[2]);
    return status == 0 ? PH_OK : PH_ERR_IO;
}

static void
remove_all(const char *dir)
{
    char path[PATH_CAP];

    for (size_t i = 0; i < PH_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/" FOLDER "/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/" FOLDER, dir);
    (void)rmdir(path);
    (void)rmdir(dir);
}

/* A file that was there is somebody's, and stays. */
static int
make(const char *output, struct ph_why *why)
{
    char dir[] = "/tmp/printhold-support-XXXXXX", folder[PATH_CAP];
    int err = PH_OK, fd;

    fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);
    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", output,
                           strerror(errno));
    if (mkdtemp(dir) == NULL) {
        err = ph_err_from_errno(errno);
    } else {
        (void)snprintf(folder, sizeof(folder), "%s/" FOLDER, dir);
        if (mkdir(folder, 0700) != 0)
            err = ph_err_from_errno(errno);
        if (err == PH_OK)
            err = write_all(dir);
        if (err == PH_OK)
            err = pack(dir, fd);
        remove_all(dir);
    }
    ph_io_close(&fd);
    if (err != PH_OK) {
        (void)unlink(output);
        ph_why_set(why, "%s was not made: %s", output, ph_err_text(err));
    }
    return err;
}

int
ph_cmd_support_bundle(const struct ph_command_line *line)
{
    char name[64];
    const char *output = line->output != NULL ? line->output : name;
    const time_t now = time(NULL);
    struct ph_why why;
    struct tm tm;

    (void)gmtime_r(&now, &tm);
    (void)strftime(name, sizeof(name), FOLDER "-%Y%m%dT%H%M%SZ.tar.gz", &tm);
    if (make(output, &why) != PH_OK) {
        ph_command_complain(&why);
        return PH_EXIT_FAILURE;
    }
    (void)puts(output);
    return PH_EXIT_OK;
}
