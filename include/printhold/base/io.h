/*
 * Files: safe opening, whole reads and writes, durable renames.
 *
 * Everything is opened O_CLOEXEC. Names that others can influence are opened
 * O_NOFOLLOW and relative to a directory descriptor. A durable change is
 * write, fsync, rename, fsync the directories. A failed fsync is final for
 * that file (the kernel forgets the dirty pages): never repeat it, give the
 * file up. Errors are PH_ERR_*; PH_ERR_NO_SPACE covers ENOSPC, EDQUOT, EFBIG.
 */
#ifndef PRINTHOLD_BASE_IO_H
#define PRINTHOLD_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"

/* Write all bytes, repeating after EINTR and short writes. */
int ph_io_write_full(int fd, const void *bytes, size_t len);

/* Read until len bytes or end of file; *out_len tells how many. */
int ph_io_read_full(int fd, void *bytes, size_t len, size_t *out_len);

/* Read exactly len bytes at offset; PH_ERR_TRUNCATED at end of file. */
int ph_io_pread_full(int fd, void *bytes, size_t len, uint64_t offset);

/* Write all bytes at offset; fd may be write-only and is not moved. */
int ph_io_pwrite_full(int fd, const void *bytes, size_t len, uint64_t offset);

/* Open a directory; makes it with the mode first when create is true (one
 * level). Refuses a directory that group or others can write to. */
int ph_io_open_dir(const char *path, bool create, mode_t mode, int *out_fd,
                   struct ph_why *why);

/* Be the only one who holds this directory, until the descriptor is closed or
 * the process ends. PH_ERR_BUSY when another is; never waits. */
int ph_io_lock(int fd);

/* Read a whole regular file of at most max bytes into buf (initialised by
 * this function). dirfd may be AT_FDCWD. */
int ph_io_read_file(int dirfd, const char *path, size_t max,
                    struct ph_buf *out_buf);

/* Write a new file durably: temporary name, mode, fsync, rename over name,
 * fsync the directory. */
int ph_io_write_file(int dirfd, const char *name, const void *bytes, size_t len,
                     mode_t mode);

/* fsync, or F_FULLFSYNC on macOS. */
int ph_io_sync(int fd);

/* Only the data and what is needed to read it back. */
int ph_io_sync_data(int fd);

/* Start writing back [offset, offset + len) without waiting; a hint, no
 * error. A no-op where the system has no such call. */
void ph_io_start_writeback(int fd, uint64_t offset, uint64_t len);

/* Let a pipe take more before its writer must wait, so that the two ends wake
 * each other less; a hint, no error, and nothing on what is no pipe. A no-op
 * where the system has no such call. */
void ph_io_widen_pipe(int fd);

/* Rename, maybe to another directory, and make the new name durable. After a
 * power cut the old one may be there too; whoever uses two directories sweeps
 * the first at start. */
int ph_io_rename_durable(int from_dirfd, const char *from, int to_dirfd,
                         const char *to);

/* Unlink and make it durable. PH_ERR_NOT_FOUND when there is no such name. */
int ph_io_unlink_durable(int dirfd, const char *name);

/* close(2) unless negative; sets *fd to -1. Keeps errno. */
void ph_io_close(int *fd);

#endif
