#include "service_manager.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include "printhold/base/err.h"
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
            return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
        }
        names = names[part] == ':' ? names + part + 1 : NULL;
    }
    return -1;
}
