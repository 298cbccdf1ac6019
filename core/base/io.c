#include "printhold/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"

/* Several times what a reader takes at once. */
#define PIPE_BYTES (512 * 1024)

int
ph_io_write_full(int fd, const void *bytes, size_t len)
{
    const uint8_t *pos = bytes;

    while (len > 0) {
        ssize_t n = write(fd, pos, len);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return ph_err_from_errno(errno);
        }
        pos += n;
        len -= (size_t)n;
    }
    return PH_OK;
}

int
ph_io_read_full(int fd, void *bytes, size_t len, size_t *out_len)
{
    uint8_t *pos = bytes;
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, pos + got, len - got);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return ph_err_from_errno(errno);
        }
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *out_len = got;
    return PH_OK;
}

int
ph_io_pread_full(int fd, void *bytes, size_t len, uint64_t offset)
{
    uint8_t *pos = bytes;

    while (len > 0) {
        ssize_t n = pread(fd, pos, len, (off_t)offset);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return ph_err_from_errno(errno);
        }
        if (n == 0)
            return PH_ERR_TRUNCATED;
        pos += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return PH_OK;
}

int
ph_io_pwrite_full(int fd, const void *bytes, size_t len, uint64_t offset)
{
    const uint8_t *pos = bytes;

    while (len > 0) {
        ssize_t n = pwrite(fd, pos, len, (off_t)offset);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return ph_err_from_errno(errno);
        }
        pos += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return PH_OK;
}

int
ph_io_open_dir(const char *path, bool create, mode_t mode, int *out_fd,
               struct ph_why *why)
{
    struct stat st;
    int fd;

    if (create && mkdir(path, mode) != 0 && errno != EEXIST)
        return ph_why_fail(why, ph_err_from_errno(errno),
                           "cannot make directory %s: %s", path,
                           strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno),
                           "cannot open directory %s: %s", path,
                           strerror(errno));
    if (fstat(fd, &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        ph_io_close(&fd);
        return ph_why_fail(why, PH_ERR_DENIED,
                           "directory %s must not be writable by group or "
                           "others; run chmod go-w on it",
                           path);
    }
    *out_fd = fd;
    return PH_OK;
}

int
ph_io_lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return PH_OK;
    return errno == EWOULDBLOCK ? PH_ERR_BUSY : ph_err_from_errno(errno);
}

/* Read an open regular file whole. */
static int
slurp(int fd, size_t max, struct ph_buf *buf)
{
    struct stat st;
    uint8_t *room;
    size_t got;
    int err;

    if (fstat(fd, &st) != 0)
        return ph_err_from_errno(errno);
    if (!S_ISREG(st.st_mode))
        return PH_ERR_INVALID;
    if (st.st_size < 0 || (uint64_t)st.st_size > max)
        return PH_ERR_TOO_BIG;
    if (st.st_size == 0)
        return PH_OK;
    room = ph_buf_reserve(buf, (size_t)st.st_size);
    if (room == NULL)
        return PH_ERR_NOMEM;
    err = ph_io_read_full(fd, room, (size_t)st.st_size, &got);
    if (err == PH_OK)
        ph_buf_advance(buf, got);
    return err;
}

int
ph_io_read_file(int dirfd, const char *path, size_t max, struct ph_buf *out_buf)
{
    /* O_NONBLOCK: a planted FIFO must not block the open. */
    int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    ph_buf_init(out_buf, max + 1);
    if (fd < 0)
        return ph_err_from_errno(errno);
    err = slurp(fd, max, out_buf);
    ph_io_close(&fd);
    if (err != PH_OK)
        ph_buf_close(out_buf);
    return err;
}

static int
write_temp(int dirfd, const char *temp, const void *bytes, size_t len,
           mode_t mode)
{
    int fd = openat(dirfd, temp,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int err;

    if (fd < 0)
        return ph_err_from_errno(errno);
    err = ph_io_write_full(fd, bytes, len);
    if (err == PH_OK && fchmod(fd, mode) != 0)
        err = ph_err_from_errno(errno);
    if (err == PH_OK)
        err = ph_io_sync(fd);
    if (close(fd) != 0 && err == PH_OK)
        err = ph_err_from_errno(errno);
    return err;
}

int
ph_io_write_file(int dirfd, const char *name, const void *bytes, size_t len,
                 mode_t mode)
{
    char temp[PH_ID_TEXT + 8];
    char hex[PH_ID_TEXT];
    struct ph_id id;
    int err = ph_id_make(&id);

    if (err != PH_OK)
        return err;
    ph_id_format(&id, hex);
    (void)snprintf(temp, sizeof(temp), ".new-%s", hex);
    err = write_temp(dirfd, temp, bytes, len, mode);
    if (err == PH_OK)
        err = ph_io_rename_durable(dirfd, temp, dirfd, name);
    if (err != PH_OK)
        (void)unlinkat(dirfd, temp, 0);
    return err;
}

int
ph_io_sync(int fd)
{
#ifdef F_FULLFSYNC
    if (fcntl(fd, F_FULLFSYNC) == 0)
        return PH_OK;
#endif
    return fsync(fd) == 0 ? PH_OK : ph_err_from_errno(errno);
}

int
ph_io_sync_data(int fd)
{
#ifdef __APPLE__
    return ph_io_sync(fd);
#else
    return fdatasync(fd) == 0 ? PH_OK : ph_err_from_errno(errno);
#endif
}

void
ph_io_start_writeback(int fd, uint64_t offset, uint64_t len)
{
#ifdef __linux__
    (void)sync_file_range(fd, (off_t)offset, (off_t)len, SYNC_FILE_RANGE_WRITE);
#else
    (void)fd;
    (void)offset;
    (void)len;
#endif
}

void
ph_io_widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
#else
    (void)fd;
#endif
}

int
ph_io_rename_durable(int from_dirfd, const char *from, int to_dirfd,
                     const char *to)
{
    if (renameat(from_dirfd, from, to_dirfd, to) != 0)
        return ph_err_from_errno(errno);
    return ph_io_sync(to_dirfd);
}

int
ph_io_unlink_durable(int dirfd, const char *name)
{
    if (unlinkat(dirfd, name, 0) != 0)
        return ph_err_from_errno(errno);
    return ph_io_sync(dirfd);
}

void
ph_io_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}
