#include "printhold/base/as_owner.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printhold/base/err.h"

int
ph_act_as_owner(int dir_fd, const char *dir, struct ph_why *why)
{
    struct stat st;

    if (fstat(dir_fd, &st) != 0)
        return ph_why_fail(why, PH_ERR_IO, "cannot look at %s", dir);
    if (geteuid() != 0 || st.st_uid == 0)
        return PH_OK;
    if (setgroups(1, &st.st_gid) != 0 || setegid(st.st_gid) != 0 ||
        seteuid(st.st_uid) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "cannot act as the owner of %s, user %lu", dir,
                           (unsigned long)st.st_uid);
    return PH_OK;
}
