#include "printhold/store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

struct ph_spool {
    int incoming_fd;
    int held_fd;
};

/* A sub-directory of ours, made when missing, mode 0700. */
static int
open_sub(int dirfd, const char *name, int *out_fd)
{
    int fd;

    if (mkdirat(dirfd, name, 0700) != 0 && errno != EEXIST)
        return ph_err_from_errno(errno);
    fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return ph_err_from_errno(errno);
    *out_fd = fd;
    return PH_OK;
}

int
ph_spool_open(const char *dir, struct ph_spool **out_spool, struct ph_why *why)
{
    struct ph_spool *spool = malloc(sizeof(*spool));
    int dirfd = -1, err;

    if (spool == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    *spool = (struct ph_spool){-1, -1};
    err = ph_io_open_dir(dir, true, 0700, &dirfd, why);
    if (err != PH_OK)
        goto out;
    err = open_sub(dirfd, "incoming", &spool->incoming_fd);
    if (err == PH_OK)
        err = open_sub(dirfd, "held", &spool->held_fd);
    if (err == PH_OK)
        err = ph_io_sync(dirfd);
    if (err != PH_OK)
        (void)ph_why_fail(why, err,
                          "cannot prepare the spool %s: %s; check its owner "
                          "and the file system",
                          dir, ph_err_text(err));
out:
    ph_io_close(&dirfd);
    if (err != PH_OK)
        ph_spool_close(spool);
    else
        *out_spool = spool;
    return err;
}

void
ph_spool_close(struct ph_spool *spool)
{
    if (spool == NULL)
        return;
    ph_io_close(&spool->incoming_fd);
    ph_io_close(&spool->held_fd);
    free(spool);
}

int
ph_spool_create(struct ph_spool *spool, const struct ph_id *id, int *out_fd,
                int *out_write_fd)
{
    const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    char name[PH_ID_TEXT];
    int fd, write_fd;

    ph_id_format(id, name);
    fd = openat(spool->incoming_fd, name, O_RDWR | flags, 0600);
    if (fd < 0)
        return ph_err_from_errno(errno);
    write_fd =
        openat(spool->incoming_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (write_fd < 0) {
        int err = ph_err_from_errno(errno);

        ph_io_close(&fd);
        (void)unlinkat(spool->incoming_fd, name, 0);
        return err;
    }
    *out_fd = fd;
    *out_write_fd = write_fd;
    return PH_OK;
}

int
ph_spool_commit(struct ph_spool *spool, const struct ph_id *id)
{
    char name[PH_ID_TEXT];

    ph_id_format(id, name);
    return ph_io_rename_durable(spool->incoming_fd, name, spool->held_fd, name);
}

void
ph_spool_discard(struct ph_spool *spool, const struct ph_id *id)
{
    char name[PH_ID_TEXT];

    ph_id_format(id, name);
    (void)unlinkat(spool->incoming_fd, name, 0);
}

static int
open_held(struct ph_spool *spool, const struct ph_id *id, int mode, int *out_fd)
{
    char name[PH_ID_TEXT];
    struct stat st;
    int fd;

    ph_id_format(id, name);
    fd = openat(spool->held_fd, name,
                mode | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? PH_ERR_CORRUPT : ph_err_from_errno(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        ph_io_close(&fd);
        return PH_ERR_CORRUPT;
    }
    *out_fd = fd;
    return PH_OK;
}

int
ph_spool_read(struct ph_spool *spool, const struct ph_id *id, int *out_fd)
{
    return open_held(spool, id, O_RDONLY, out_fd);
}

int
ph_spool_append(struct ph_spool *spool, const struct ph_id *id, int *out_fd)
{
    return open_held(spool, id, O_RDWR, out_fd);
}

int
ph_spool_remove(struct ph_spool *spool, const struct ph_id *id)
{
    char name[PH_ID_TEXT];

    ph_id_format(id, name);
    return ph_io_unlink_durable(spool->held_fd, name);
}

/* A directory stream of its own, so that the kept descriptor is not moved. */
static DIR *
open_stream(int dirfd)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir == NULL)
        ph_io_close(&fd);
    return dir;
}

int
ph_spool_each(struct ph_spool *spool, ph_spool_each_cb each, void *arg)
{
    DIR *dir = open_stream(spool->held_fd);
    struct dirent *entry;
    struct ph_id id;

    if (dir == NULL)
        return ph_err_from_errno(errno);
    while ((entry = readdir(dir)) != NULL) {
        if (ph_id_parse(entry->d_name, &id) == PH_OK && !each(&id, arg))
            break;
    }
    (void)closedir(dir);
    return PH_OK;
}

int
ph_spool_sweep(struct ph_spool *spool, int64_t age_s, uint64_t *out_count)
{
    DIR *dir = open_stream(spool->incoming_fd);
    const int64_t now_s = ph_clock_wall_ms() / 1000;
    struct dirent *entry;
    struct stat st;
    uint64_t count = 0;

    if (dir == NULL)
        return ph_err_from_errno(errno);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' ||
            fstatat(spool->incoming_fd, entry->d_name, &st,
                    AT_SYMLINK_NOFOLLOW) != 0 ||
            now_s - (int64_t)st.st_mtime < age_s)
            continue;
        if (unlinkat(spool->incoming_fd, entry->d_name, 0) == 0)
            count++;
    }
    (void)closedir(dir);
    *out_count = count;
    return PH_OK;
}

int
ph_spool_free_bytes(struct ph_spool *spool, uint64_t *out_bytes)
{
    struct statvfs vfs;

    if (fstatvfs(spool->held_fd, &vfs) != 0)
        return ph_err_from_errno(errno);
    *out_bytes = (uint64_t)vfs.f_bavail * (uint64_t)vfs.f_frsize;
    return PH_OK;
}
