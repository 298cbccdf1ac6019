#include "machine_key_level.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"

/* Whoever can read the file can read every job: refuse a file that others
 * can, or that is not ours. */
static int
check_file(int fd, const char *path, struct ph_why *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ph_why_fail(why, PH_ERR_IO, "cannot look at the machine key %s",
                           path);
    if (!S_ISREG(st.st_mode))
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the machine key %s is not a regular file", path);
    if (st.st_uid != geteuid())
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the machine key %s belongs to user %lu, not to "
                           "the agent's user %lu; chown it",
                           path, (unsigned long)st.st_uid,
                           (unsigned long)geteuid());
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the machine key %s is open to group or others; "
                           "run chmod 0400 on it and make a new key",
                           path);
    if (st.st_size != PH_KEY_BYTES)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the machine key %s has %lld bytes instead of %d; "
                           "restore it from the backup",
                           path, (long long)st.st_size, PH_KEY_BYTES);
    return PH_OK;
}

int
ph_machine_key_file_load(PH_MACHINE_KEY_PARAMS)
{
    /* O_NONBLOCK: a planted FIFO must not block the open. */
    int fd = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int err;

    (void)level;
    if (fd < 0) {
        err = ph_err_from_errno(errno);
        return ph_why_fail(why, err,
                           "cannot open the machine key %s: %s; restore it, "
                           "or make the first one with 'printhold-agent key "
                           "init'",
                           source, strerror(errno));
    }
    err = check_file(fd, source, why);
    if (err == PH_OK) {
        err = ph_io_pread_full(fd, key, PH_KEY_BYTES, 0);
        if (err != PH_OK)
            ph_why_set(why, "cannot read the machine key %s: %s", source,
                       ph_err_text(err));
    }
    ph_io_close(&fd);
    return err;
}

/* Directory and last name of a path. */
static int
open_parent(const char *path, int *out_dirfd, const char **out_name)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    int fd;

    if (len >= sizeof(dir))
        return PH_ERR_TOO_BIG;
    memcpy(dir, path, len);
    dir[len] = '\0';
    if (len == 0)
        (void)snprintf(dir, sizeof(dir), "%s", slash != NULL ? "/" : ".");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ph_err_from_errno(errno);
    *out_dirfd = fd;
    *out_name = slash != NULL ? slash + 1 : path;
    return PH_OK;
}

/* Written under a name of its own and linked, so that the key's name is there
 * with all its bytes or not at all, and never replaces another key. */
static int
make_file(int dirfd, const char *name, const void *bytes, size_t len)
{
    char hex[PH_ID_TEXT], temp[PH_ID_TEXT + 8];
    struct ph_id id;
    int err = ph_id_make(&id);

    if (err != PH_OK)
        return err;
    ph_id_format(&id, hex);
    (void)snprintf(temp, sizeof(temp), ".new-%s", hex);
    err = ph_io_write_file(dirfd, temp, bytes, len, 0400);
    if (err != PH_OK)
        return err;
    if (linkat(dirfd, temp, dirfd, name, 0) != 0)
        err = ph_err_from_errno(errno);
    if (unlinkat(dirfd, temp, 0) != 0 && err == PH_OK)
        err = ph_err_from_errno(errno);
    if (err == PH_OK)
        err = ph_io_sync(dirfd);
    return err;
}

int
ph_machine_key_file_put(const char *path, const void *bytes, size_t len,
                        struct ph_why *why)
{
    const char *name;
    int dirfd = -1;
    int err = open_parent(path, &dirfd, &name);

    if (err == PH_OK)
        err = make_file(dirfd, name, bytes, len);
    ph_io_close(&dirfd);
    if (err == PH_ERR_EXISTS)
        return ph_why_fail(why, err,
                           "there is a machine key at %s already; it is never "
                           "replaced",
                           path);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot make the machine key %s: %s", path,
                           ph_err_text(err));
    return PH_OK;
}

int
ph_machine_key_file_store(PH_MACHINE_KEY_STORE_PARAMS)
{
    (void)level;
    return ph_machine_key_file_put(source, key, PH_KEY_BYTES, why);
}

int
ph_machine_key_file_find(const char *source, int64_t *out_since_ms)
{
    struct stat st;

    if (lstat(source, &st) != 0)
        return ph_err_from_errno(errno);
    *out_since_ms = (int64_t)st.st_mtime * 1000;
    return PH_OK;
}

int
ph_machine_key_file_promote(const char *next, const char *source)
{
    const char *from, *to;
    int from_fd = -1, to_fd = -1;
    int err = open_parent(next, &from_fd, &from);

    if (err == PH_OK)
        err = open_parent(source, &to_fd, &to);
    if (err == PH_OK)
        err = ph_io_rename_durable(from_fd, from, to_fd, to);
    ph_io_close(&from_fd);
    ph_io_close(&to_fd);
    return err;
}

int
ph_machine_key_file_remove(const char *source)
{
    const char *name;
    int dirfd = -1;
    int err = open_parent(source, &dirfd, &name);

    if (err == PH_OK)
        err = ph_io_unlink_durable(dirfd, name);
    ph_io_close(&dirfd);
    return err;
}
