#include "printhold/model/config.h"

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

/* Read one file over what is there. */
static int
load_file(int dirfd, const char *name, const char *path,
          struct ph_config *config, struct ph_config_origin *origins,
          struct ph_why *why)
{
    struct ph_buf buf;
    int err = read_file(dirfd, name, path, &buf, why);

    if (err == PH_OK)
        err = ph_config_parse_noting(config, path, (const char *)buf.data,
                                     buf.len, origins, why);
    ph_buf_close(&buf);
    return err;
}

int
ph_config_form_load(const struct ph_config_form *form, void *config,
                    const char *path, struct ph_why *why)
{
    struct ph_buf buf;
    int err = read_file(AT_FDCWD, path, path, &buf, why);

    if (err == PH_OK)
        err = ph_config_form_parse(form, config, path, (const char *)buf.data,
                                   buf.len, why);
    ph_buf_close(&buf);
    return err;
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
load_drop_ins(int dirfd, const char *dir, struct ph_config *config,
              struct ph_config_origin *origins, struct ph_why *why)
{
    struct dirent **names = NULL;
    char path[PH_CONFIG_PATH_MAX];
    int count, sub = -1, err;

    (void)snprintf(path, sizeof(path), "%s/conf.d", dir);
    /* Through the path: scandirat(3) is not everywhere. */
    sub = openat(dirfd, "conf.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sub < 0)
        return errno == ENOENT ? PH_OK
                               : ph_why_fail(why, ph_err_from_errno(errno),
                                             "%s: %s", path, strerror(errno));
    count = scandir(path, &names, is_drop_in, by_name);
    err = count < 0 ? ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", path,
                                  strerror(errno))
                    : PH_OK;
    if (count > PH_CONFIG_FILES_MAX)
        err = ph_why_fail(why, PH_ERR_CONFIG, "%s: more than %d files", path,
                          PH_CONFIG_FILES_MAX);
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), "%s/conf.d/%s", dir,
                       names[i]->d_name);
        if (err == PH_OK)
            err = load_file(sub, names[i]->d_name, path, config, origins, why);
        free(names[i]);
    }
    free(names);
    ph_io_close(&sub);
    return err;
}

int
ph_config_load_noting(const char *dir, struct ph_config *out_config,
                      struct ph_config_origin *out_origins, struct ph_why *why)
{
    struct ph_config config;
    char path[PH_CONFIG_PATH_MAX];
    bool named = dir != NULL;
    size_t count;
    int fd = -1, err;

    if (dir == NULL) {
        dir = getenv("PRINTHOLD_CONFIG_DIR");
        named = dir != NULL && dir[0] != '\0';
        dir = named ? dir : PH_CONFIG_DIR;
    }
    ph_config_init(&config);
    if (out_origins != NULL) {
        (void)ph_config_table(&count);
        memset(out_origins, 0, count * sizeof(*out_origins));
    }
    err = ph_io_open_dir(dir, false, 0, &fd, why);
    if (err == PH_ERR_NOT_FOUND && !named) {
        err = PH_OK;
        goto done;
    }
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "there is no configuration directory %s; make it, "
                           "or name another one",
                           dir);
    if (err != PH_OK)
        return err;
    (void)snprintf(path, sizeof(path), "%s/printhold.conf", dir);
    err = load_file(fd, "printhold.conf", path, &config, out_origins, why);
    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        err = load_drop_ins(fd, dir, &config, out_origins, why);
    ph_io_close(&fd);
done:
    if (err == PH_OK)
        *out_config = config;
    return err;
}

int
ph_config_load(const char *dir, struct ph_config *out_config,
               struct ph_why *why)
{
    return ph_config_load_noting(dir, out_config, NULL, why);
}
