#include "docmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"

/*
 * POSIX shared memory whose name is unlinked before anything is in it. On
 * macOS it can be sized only once and filled only through a mapping, so it is
 * sized to the maximum at once (pages come when they are touched).
 */

int
ph_docmem_new(uint64_t max, int *out_fd)
{
    char name[PH_ID_TEXT + 8]; /* macOS takes 31 bytes */
    char hex[PH_ID_TEXT];
    struct ph_id id;
    int fd, err = ph_id_make(&id);

    if (err != PH_OK)
        return err;
    ph_id_format(&id, hex);
    (void)snprintf(name, sizeof(name), "/ph-%.20s", hex);
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return ph_err_from_errno(errno);
    (void)shm_unlink(name);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (ftruncate(fd, (off_t)max) != 0) {
        err = ph_err_from_errno(errno);
        ph_io_close(&fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

int
ph_docmem_put(int fd, uint64_t offset, const void *bytes, size_t len)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t start = offset - offset % page;
    size_t span = (size_t)(offset - start) + len;
    uint8_t *map =
        mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)start);

    if (map == MAP_FAILED)
        return ph_err_from_errno(errno);
    memcpy(map + (offset - start), bytes, len);
    (void)munmap(map, span);
    return PH_OK;
}

void
ph_docmem_drop(int fd)
{
    (void)fd; /* goes with the last descriptor, moments later */
}
