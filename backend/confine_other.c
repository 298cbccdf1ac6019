#include "confine.h"

#include <sys/resource.h>
#include <sys/stat.h>

#ifdef __APPLE__
#include <sys/types.h>

#include <sys/ptrace.h>
#endif

/*
 * Systems without Landlock and seccomp. On macOS cupsd itself runs each
 * backend and its children in a sandbox that denies by default.
 */

void
ph_confine_start(void)
{
    const struct rlimit none = {0, 0};

    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
#ifdef __APPLE__
    (void)ptrace(PT_DENY_ATTACH, 0, 0, 0);
#endif
}

void
ph_confine_follow_parent(void)
{
}

unsigned
ph_confine(enum ph_confine_kind kind)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_NPROC, &none);
    if (kind == PH_CONFINE_COUNTER)
        (void)setrlimit(RLIMIT_FSIZE, &none);
    return PH_CONFINE_NO_LANDLOCK | PH_CONFINE_NO_SECCOMP |
           PH_CONFINE_NO_PRIVILEGE_LOCK;
}
