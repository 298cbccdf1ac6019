#include "service_manager.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <launch.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/io.h"

/* launchd gives each once. The names are the keys below Sockets in the property
 * list of the job. */
static struct {
    const char *name;
    bool asked;
    int fd;
} sockets[] = {{"capture", false, -1}, {"control", false, -1}};

static int
ask(const char *name)
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

int
ph_service_socket(const char *name)
{
    for (size_t i = 0; i < PH_COUNT(sockets); i++) {
        if (strcmp(sockets[i].name, name) != 0)
            continue;
        if (!sockets[i].asked)
            sockets[i].fd = ask(name);
        sockets[i].asked = true;
        return sockets[i].fd >= 0 ? fcntl(sockets[i].fd, F_DUPFD_CLOEXEC, 3)
                                  : -1;
    }
    return -1;
}
