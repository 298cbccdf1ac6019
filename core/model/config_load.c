#include "config_value.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

/* A file that somebody else could write would decide where jobs go. */
int
ph_config_check_rights(int fd, const char *path, size_t max,
                       struct stat *out_stat, struct ph_why *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", path,
                           strerror(errno));
    if (!S_ISREG(st.st_mode))
        return ph_why_fail(why, PH_ERR_DENIED, "%s: not a regular file", path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return ph_why_fail(why, PH_ERR_DENIED,
                           "%s: must be owned by root; run chown root on it",
                           path);
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "%s: must not be writable by group or others; run "
                           "chmod go-w on it",
                           path);
    if (st.st_size > (off_t)max)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: larger than %zu bytes",
                           path, max);
    *out_stat = st;
    return PH_OK;
}

/* The text of a file that may be believed; PH_ERR_NOT_FOUND when there is
 * none. buf is initialised by this function. */
static int
read_file(int dirfd, const char *name, const char *path, struct ph_buf *out_buf,
          struct ph_why *why)
{
    struct stat st;
    uint8_t *room;
    size_t len = 0;
    /* O_NONBLOCK: a planted FIFO must not block the open. */
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    ph_buf_init(out_buf, PH_CONFIG_FILE_MAX + 1);
    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", path,
                           strerror(errno));
    err = ph_config_check_rights(fd, path, PH_CONFIG_FILE_MAX, &st, why);
    if (err != PH_OK)
        goto out;
    room = ph_buf_reserve(out_buf, out_buf->max);
    err = room == NULL ? PH_ERR_NOMEM
                       : ph_io_read_full(fd, room, out_buf->max, &len);
    if (err != PH_OK)
        ph_why_set(why, "%s: %s", path, ph_err_text(err));
    else
        ph_buf_advance(out_buf, len);
out:
    ph_io_close(&fd);
    return err;
}

/* What is being read, and what is noted of it. */
struct load {
    const struct ph_config_form *form;
    void *config;
    const struct ph_config_notes *notes;
};

/* A file or directory that cannot be used at all. */
static int
fail(const struct load *load, const char *path, int err,
     const struct ph_why *inner, struct ph_why *why)
{
    if (load->notes->findings == NULL)
        return ph_why_fail(why, err, "%s", inner->text);
    ph_findings_add(load->notes->findings, path, 0, inner);
    return PH_OK;
}

static int
fail_errno(const struct load *load, const char *path, struct ph_why *why)
{
    struct ph_why inner;
    int err = ph_why_fail(&inner, ph_err_from_errno(errno), "%s: %s", path,
                          strerror(errno));

    return fail(load, path, err, &inner, why);
}

/* Read one file over what is there; it need not be there when it is optional.
 */
static int
load_file(const struct load *load, int dirfd, const char *name,
          const char *path, bool is_optional, struct ph_why *why)
{
    struct ph_why inner = {""};
    struct ph_buf buf;
    int err = read_file(dirfd, name, path, &buf, &inner);

    if (err == PH_OK)
        err = ph_config_form_parse_noting(load->form, load->config, path,
                                          (const char *)buf.data, buf.len,
                                          load->notes, &inner);
    ph_buf_close(&buf);
    if (err == PH_OK || (err == PH_ERR_NOT_FOUND && is_optional))
        return PH_OK;
    return fail(load, path, err, &inner, why);
}

int
ph_config_form_load_noting(const struct ph_config_form *form, void *config,
                           const char *path, bool is_optional,
                           const struct ph_config_notes *notes,
                           struct ph_why *why)
{
    const struct load load = {form, config, notes};

    return load_file(&load, AT_FDCWD, path, path, is_optional, why);
}

static int
is_drop_in(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 &&
           strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* By bytes, whatever the locale: the order must not depend on the user. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
load_drop_ins(const struct load *load, int dirfd, const char *dir,
              struct ph_why *why)
{
    struct dirent **names = NULL;
    char path[PH_CONFIG_PATH_MAX];
    struct ph_why inner;
    int count, sub = -1, err = PH_OK;

    (void)snprintf(path, sizeof(path), "%s/conf.d", dir);
    /* Through the path: scandirat(3) is not everywhere. */
    sub = openat(dirfd, "conf.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sub < 0)
        return errno == ENOENT ? PH_OK : fail_errno(load, path, why);
    count = scandir(path, &names, is_drop_in, by_name);
    if (count < 0)
        err = fail_errno(load, path, why);
    if (count > PH_CONFIG_FILES_MAX) {
        err = ph_why_fail(&inner, PH_ERR_CONFIG, "%s: more than %d files", path,
                          PH_CONFIG_FILES_MAX);
        err = fail(load, path, err, &inner, why);
    }
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), "%s/conf.d/%s", dir,
                       names[i]->d_name);
        if (err == PH_OK && i < PH_CONFIG_FILES_MAX)
            err = load_file(load, sub, names[i]->d_name, path, false, why);
        free(names[i]);
    }
    free(names);
    ph_io_close(&sub);
    return err;
}

static int
load_dir(const struct load *load, int fd, const char *dir, struct ph_why *why)
{
    char path[PH_CONFIG_PATH_MAX];
    int err;

    (void)snprintf(path, sizeof(path), "%s/printhold.conf", dir);
    err = load_file(load, fd, "printhold.conf", path, true, why);
    return err == PH_OK ? load_drop_ins(load, fd, dir, why) : err;
}

/* The directory, and whether somebody has asked for that one. */
static const char *
find_dir(const char *dir, bool *out_named)
{
    const char *from = dir != NULL ? dir : getenv("PRINTHOLD_CONFIG_DIR");

    *out_named = dir != NULL || (from != NULL && from[0] != '\0');
    return *out_named ? from : PH_CONFIG_DIR;
}

const char *
ph_config_dir(void)
{
    bool is_named;

    return find_dir(NULL, &is_named);
}

int
ph_config_load_files(const char *dir, struct ph_config *out_config,
                     const struct ph_config_notes *notes, struct ph_why *why)
{
    static const struct ph_config_notes none = {NULL, NULL};
    const struct ph_config_form form = ph_config_own_form();
    struct ph_config config, defaults;
    const struct load load = {&form, &config, notes != NULL ? notes : &none};
    struct ph_why inner = {""};
    bool is_named;
    int fd = -1, err;

    dir = find_dir(dir, &is_named);
    ph_config_init(&config);
    defaults = config;
    if (load.notes->origins != NULL)
        memset(load.notes->origins, 0,
               form.count * sizeof(*load.notes->origins));
    err = ph_io_open_dir(dir, false, 0, &fd, &inner);
    if (err == PH_ERR_NOT_FOUND && is_named)
        (void)ph_why_fail(&inner, err,
                          "there is no configuration directory %s; make it, "
                          "or name another one",
                          dir);
    if (err == PH_OK)
        err = load_dir(&load, fd, dir, why);
    else if (err == PH_ERR_NOT_FOUND && !is_named)
        err = PH_OK;
    else
        err = fail(&load, dir, err, &inner, why);
    ph_io_close(&fd);
    if (err != PH_OK)
        return err;
    ph_config_follow_state_dir(&defaults, &config);
    *out_config = config;
    return PH_OK;
}
