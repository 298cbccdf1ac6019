/*
 * ph-fault.so: for LD_PRELOAD. Strikes at the n-th call of some kind in one
 * program, as the page that fault.h describes says.
 *
 *   PH_FAULT_PAGE     the file with the page
 *   PH_FAULT_PROGRAM  base name of the program that is meant; others are left
 *                     alone
 *   PH_FAULT_CHILD    if set, only in children that the program forked
 *
 * Every call goes straight to the kernel, so nothing here depends on what else
 * is preloaded; a sanitizer's library stands before this one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The C library's declarations are of other attributes in places. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-declarations"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wnonnull-compare"

static struct fault_page *page;
static pid_t parent; /* set when only children are meant */

__attribute__((constructor)) static void
open_page(void)
{
    const char *path = getenv("PH_FAULT_PAGE");
    const char *program = getenv("PH_FAULT_PROGRAM");
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    const char *base;
    void *bytes;
    long fd;

    if (path == NULL || program == NULL || len <= 0)
        return;
    self[len] = '\0';
    base = strrchr(self, '/');
    if (base == NULL || strcmp(base + 1, program) != 0)
        return;
    fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    bytes = mmap(NULL, FAULT_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                 (int)fd, 0);
    (void)syscall(SYS_close, (int)fd);
    if (bytes == MAP_FAILED)
        return;
    if (getenv("PH_FAULT_CHILD") != NULL)
        parent = getpid();
    page = bytes;
}

/* SIGKILL, or where a sandbox forbids it an end that cleans up as little. */
static void
die(void)
{
    (void)syscall(SYS_kill, (int)syscall(SYS_getpid), 9);
    (void)syscall(SYS_exit_group, 137);
}

/* Is this the call? */
static bool
is_struck(enum fault_kind kind)
{
    uint32_t n;

    if (page == NULL || atomic_load(&page->armed) == 0 ||
        (page->kinds & (uint32_t)kind) == 0)
        return false;
    if (parent != 0 && (pid_t)syscall(SYS_getpid) == parent)
        return false;
    n = atomic_fetch_add(&page->count, 1) + 1;
    if (page->action == FAULT_COUNT || n < page->from || n > page->to)
        return false;
    (void)atomic_fetch_add(&page->struck, 1);
    if (page->action == FAULT_KILL)
        die();
    return true;
}

/* Struck with an error: errno is set. */
static bool
fails(enum fault_kind kind)
{
    if (!is_struck(kind) || page->action != FAULT_ERROR)
        return false;
    errno = page->error;
    return true;
}

/* What a descriptor is; the standard ones (logs) are never touched. */
static enum fault_kind
kind_of(int fd, enum fault_kind for_file)
{
    struct stat st;

    if (fd <= STDERR_FILENO || page == NULL)
        return (enum fault_kind)0;
    if (syscall(SYS_fstat, fd, &st) != 0 || S_ISREG(st.st_mode))
        return for_file;
    return for_file == FAULT_WRITE && S_ISSOCK(st.st_mode) ? FAULT_SEND
                                                           : (enum fault_kind)0;
}

/* --- opening and closing --- */

static int
do_open(int dirfd, const char *path, int flags, mode_t mode)
{
    if (fails(FAULT_OPEN))
        return -1;
    return (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

#define MODE_OF(flags)                                                \
    mode_t mode = 0;                                                  \
    if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE) { \
        va_list list;                                                 \
        va_start(list, flags);                                        \
        mode = (mode_t)va_arg(list, int);                             \
        va_end(list);                                                 \
    }

int
open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, mode);
}

int
openat(int dirfd, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dirfd, path, flags, mode);
}

int
openat64(int dirfd, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dirfd, path, flags, mode);
}

int
__open_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
    return do_open(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int dirfd, const char *path, int flags)
{
    return do_open(dirfd, path, flags, 0);
}

int
__openat64_2(int dirfd, const char *path, int flags)
{
    return do_open(dirfd, path, flags, 0);
}

/* A failing close has closed all the same. */
int
close(int fd)
{
    const bool failed = kind_of(fd, FAULT_CLOSE) != 0 && fails(FAULT_CLOSE);
    const int error = errno;
    const int rc = (int)syscall(SYS_close, fd);

    if (!failed)
        return rc;
    errno = error;
    return -1;
}

/* --- bytes --- */

static size_t
shorten(enum fault_kind kind, size_t len, bool *out_failed)
{
    *out_failed = false;
    if (kind == 0 || !is_struck(kind))
        return len;
    if (page->action == FAULT_ERROR) {
        errno = page->error;
        *out_failed = true;
    }
    return page->action == FAULT_SHORT && kind == FAULT_WRITE && len > 1
               ? len / 2
               : len;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
    bool failed;

    len = shorten(kind_of(fd, FAULT_WRITE), len, &failed);
    return failed ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, len);
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    bool failed;

    len = shorten(kind_of(fd, FAULT_WRITE), len, &failed);
    return failed ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite(fd, bytes, len, offset);
}

ssize_t
read(int fd, void *bytes, size_t len)
{
    if (kind_of(fd, FAULT_READ) != 0 && fails(FAULT_READ))
        return -1;
    return (ssize_t)syscall(SYS_read, fd, bytes, len);
}

ssize_t
__read_chk(int fd, void *bytes, size_t len, size_t room)
{
    (void)room;
    return read(fd, bytes, len);
}

ssize_t
pread(int fd, void *bytes, size_t len, off_t offset)
{
    if (kind_of(fd, FAULT_READ) != 0 && fails(FAULT_READ))
        return -1;
    return (ssize_t)syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t
pread64(int fd, void *bytes, size_t len, off_t offset)
{
    return pread(fd, bytes, len, offset);
}

ssize_t
__pread_chk(int fd, void *bytes, size_t len, off_t offset, size_t room)
{
    (void)room;
    return pread(fd, bytes, len, offset);
}

ssize_t
__pread64_chk(int fd, void *bytes, size_t len, off_t offset, size_t room)
{
    (void)room;
    return pread(fd, bytes, len, offset);
}

ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
    if (fails(FAULT_SEND))
        return -1;
    return (ssize_t)syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (fails(FAULT_SEND))
        return -1;
    return (ssize_t)syscall(SYS_sendmsg, fd, message, flags);
}

/* --- durability --- */

static int
do_sync(long number, int fd)
{
    if (page != NULL && atomic_load(&page->armed) != 0 &&
        page->action == FAULT_NO_SYNC)
        return 0;
    return fails(FAULT_SYNC) ? -1 : (int)syscall(number, fd);
}

int
fsync(int fd)
{
    return do_sync(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    return do_sync(SYS_fdatasync, fd);
}

int
sync_file_range(int fd, off_t offset, off_t len, unsigned flags)
{
    if (page != NULL && atomic_load(&page->armed) != 0 &&
        page->action == FAULT_NO_SYNC)
        return 0;
    return (int)syscall(SYS_sync_file_range, fd, offset, len, flags);
}

int
ftruncate(int fd, off_t len)
{
    return fails(FAULT_TRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int
ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

/* --- names --- */

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (fails(FAULT_RENAME))
        return -1;
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int
rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
unlinkat(int dirfd, const char *path, int flags)
{
    if (fails(FAULT_UNLINK))
        return -1;
    return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

int
unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int
mkdirat(int dirfd, const char *path, mode_t mode)
{
    if (fails(FAULT_MKDIR))
        return -1;
    return (int)syscall(SYS_mkdirat, dirfd, path, mode);
}

int
mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* --- memory; a sanitizer's own comes first and is not reached --- */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *
malloc(size_t len)
{
    return fails(FAULT_MALLOC) ? NULL : __libc_malloc(len);
}

void *
calloc(size_t count, size_t len)
{
    return fails(FAULT_MALLOC) ? NULL : __libc_calloc(count, len);
}

void *
realloc(void *bytes, size_t len)
{
    return fails(FAULT_MALLOC) ? NULL : __libc_realloc(bytes, len);
}

/* --- SQLite, as its callers see it --- */

/* The next function of that name; ISO C has no cast to it. */
#define NEXT(type, name)                                      \
    static type next;                                         \
    if (next == NULL) {                                       \
        void *found = dlsym(RTLD_NEXT, name);                 \
        memcpy((void *)&next, (void *)&found, sizeof(found)); \
    }

/* What SQLite calls within itself is not ours to fail. */
static _Thread_local unsigned depth;

static bool
fails_outside(void)
{
    return depth == 0 && fails(FAULT_SQLITE);
}

int
sqlite3_step(void *stmt)
{
    typedef int (*function)(void *);
    int rc;
    NEXT(function, "sqlite3_step")

    if (fails_outside())
        return page->error;
    depth++;
    rc = next(stmt);
    depth--;
    return rc;
}

int
sqlite3_exec(void *db, const char *sql, void *each, void *arg, char **message)
{
    typedef int (*function)(void *, const char *, void *, void *, char **);
    int rc;
    NEXT(function, "sqlite3_exec")

    if (fails_outside())
        return page->error;
    depth++;
    rc = next(db, sql, each, arg, message);
    depth--;
    return rc;
}

int
sqlite3_prepare_v3(void *db, const char *sql, int len, unsigned flags,
                   void **out_stmt, const char **tail)
{
    typedef int (*function)(void *, const char *, int, unsigned, void **,
                            const char **);
    NEXT(function, "sqlite3_prepare_v3")

    return fails_outside() ? page->error
                           : next(db, sql, len, flags, out_stmt, tail);
}
