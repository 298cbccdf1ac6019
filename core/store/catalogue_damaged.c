/* What becomes of a catalogue that cannot be read any more. */
#include "printhold/store/catalogue.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

struct names {
    char db[PATH_MAX];
    char wal[PATH_MAX];
    char shm[PATH_MAX];
    char kept_db[PATH_MAX];
    char kept_wal[PATH_MAX];
};

static int
make_names(const char *path, struct names *names)
{
    const int len = snprintf(names->kept_wal, PATH_MAX, "%s.damaged-wal", path);

    if (len < 0 || len >= PATH_MAX)
        return PH_ERR_TOO_BIG;
    (void)snprintf(names->db, PATH_MAX, "%s", path);
    (void)snprintf(names->wal, PATH_MAX, "%s-wal", path);
    (void)snprintf(names->shm, PATH_MAX, "%s-shm", path);
    (void)snprintf(names->kept_db, PATH_MAX, "%s.damaged", path);
    return PH_OK;
}

/* What is not there is fine. */
static int
move(const char *from, const char *to)
{
    if (chmod(from, 0600) == 0 && rename(from, to) == 0)
        return PH_OK;
    return errno == ENOENT ? PH_OK : ph_err_from_errno(errno);
}

static int
sync_folder(const char *path)
{
    char copy[PATH_MAX];
    int fd, err;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ph_err_from_errno(errno);
    err = ph_io_sync(fd);
    ph_io_close(&fd);
    return err;
}

/* The database before its log: SQLite drops a log that has no database. */
int
ph_catalogue_set_aside(const char *path)
{
    struct names names;
    int err = make_names(path, &names);

    if (err != PH_OK)
        return err;
    (void)unlink(names.kept_wal);
    err = move(names.db, names.kept_db);
    if (err == PH_OK)
        err = move(names.wal, names.kept_wal);
    if (err == PH_OK && unlink(names.shm) != 0 && errno != ENOENT)
        err = ph_err_from_errno(errno);
    return err == PH_OK ? sync_folder(path) : err;
}

bool
ph_catalogue_has_damaged(const char *path, int64_t before_ms)
{
    struct names names;
    struct stat st;

    if (make_names(path, &names) != PH_OK || lstat(names.kept_db, &st) != 0)
        return false;
    /* The time of the status change is that of the renaming. */
    if ((int64_t)st.st_ctime * 1000 >= before_ms)
        return true;
    (void)unlink(names.kept_wal);
    return unlink(names.kept_db) != 0;
}
