#include "service_manager.h"

#include <stdlib.h>

#include <fcntl.h>
#include <launch.h>
#include <unistd.h>

#include "printhold/base/io.h"

/* The names are the keys below Sockets in the property list of the job. */
int
ph_service_socket(const char *name)
{
    int *fds = NULL;
    size_t count = 0;
    int fd = -1;

    if (launch_activate_socket(name, &fds, &count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            fd = fds[i];
        else
            ph_io_close(&fds[i]);
    }
    free(fds);
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}
