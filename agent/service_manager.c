#include "service_manager.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"

#define FIRST_FD 3
#define FDS_MAX  16

/* How many sockets were handed to this very process. */
static uint64_t
inherited_count(void)
{
    const char *pid_text = getenv("LISTEN_PID");
    const char *count_text = getenv("LISTEN_FDS");
    uint64_t pid, count;

    if (ph_parse_u64(pid_text, 1, INT32_MAX, &pid) != PH_OK ||
        pid != (uint64_t)getpid() ||
        ph_parse_u64(count_text, 1, FDS_MAX, &count) != PH_OK)
        return 0;
    return count;
}

int
ph_service_socket(const char *name)
{
    const char *names = getenv("LISTEN_FDNAMES");
    const uint64_t count = inherited_count();
    const size_t len = strlen(name);

    for (uint64_t i = 0; names != NULL && i < count; i++) {
        const size_t part = strcspn(names, ":");
        const int fd = FIRST_FD + (int)i;

        if (part == len && strncmp(names, name, len) == 0) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
            (void)fcntl(fd, F_SETFL, O_NONBLOCK);
            return fd;
        }
        names = names[part] == ':' ? names + part + 1 : NULL;
    }
    return -1;
}

void
ph_service_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len;
    int fd;

    if (path == NULL || (path[0] != '/' && path[0] != '@'))
        return;
    len = strlen(path);
    if (len >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* abstract name */
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)sendto(fd, state, strlen(state), 0, (struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    ph_io_close(&fd);
}
