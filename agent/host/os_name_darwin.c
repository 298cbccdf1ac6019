#include "os_name.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysctl.h>
#include <sys/types.h>

void
ph_os_name(struct ph_os_name *out_name)
{
    struct ph_os_name name = {"macOS", ""};
    size_t len = sizeof(name.version) - 1;

    if (sysctlbyname("kern.osproductversion", name.version, &len, NULL, 0) != 0)
        name.version[0] = '\0';
    *out_name = name;
}
