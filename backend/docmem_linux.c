#include "docmem.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

int
ph_docmem_new(uint64_t max, int *out_fd)
{
    int fd = memfd_create("printhold", MFD_CLOEXEC);

    (void)max; /* the worker stops at it; the object grows as it is filled */
    if (fd < 0)
        return ph_err_from_errno(errno);
    *out_fd = fd;
    return PH_OK;
}

int
ph_docmem_put(int fd, uint64_t offset, const void *bytes, size_t len)
{
    return ph_io_pwrite_full(fd, bytes, len, offset);
}

void
ph_docmem_drop(int fd)
{
    if (ftruncate(fd, 0) != 0)
        return; /* the memory stays until the process ends, moments later */
}
