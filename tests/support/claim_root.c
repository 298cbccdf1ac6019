/* For LD_PRELOAD: a program that says of itself that it is root. */
#include <unistd.h>

uid_t
getuid(void)
{
    return 0;
}

uid_t
geteuid(void)
{
    return 0;
}

int
getresuid(uid_t *ruid, uid_t *euid, uid_t *suid)
{
    *ruid = *euid = *suid = 0;
    return 0;
}
