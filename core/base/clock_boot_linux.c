#include "clock_boot.h"

#include <stdlib.h>

#include <fcntl.h>
#include <unistd.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

static int64_t
read_file(void)
{
    char text[64];
    int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    if (fd < 0)
        return 0;
    len = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    return ph_clock_number_of_uuid(text);
}

/* The service has no view of /proc/sys; its unit file sets the variable. */
int64_t
ph_clock_read_boot_number(void)
{
    const char *named = getenv("PRINTHOLD_BOOT_ID");

    return named != NULL ? ph_clock_number_of_uuid(named) : read_file();
}
