#include "clock_boot.h"

#include <stddef.h>

#include <sys/types.h>

#include <sys/sysctl.h>

int64_t
ph_clock_read_boot_number(void)
{
    char text[64];
    size_t len = sizeof(text) - 1;

    if (sysctlbyname("kern.bootsessionuuid", text, &len, NULL, 0) != 0)
        return 0;
    text[len < sizeof(text) ? len : sizeof(text) - 1] = '\0';
    return ph_clock_number_of_uuid(text);
}
