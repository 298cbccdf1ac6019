#include "os_confinement.h"

#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

void
ph_os_confinement(struct ph_doctor_finding *finding)
{
    const bool files = syscall(SYS_landlock_create_ruleset, NULL, 0,
                               LANDLOCK_CREATE_RULESET_VERSION) >= 1;
    const bool calls = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;

    if (files && calls) {
        ph_doctor_ok(finding, "the kernel has Landlock and seccomp");
        return;
    }
    ph_doctor_warn(finding, "the kernel has no %s: the backend does without",
                   files   ? "seccomp"
                   : calls ? "Landlock"
                           : "Landlock and no seccomp");
    ph_doctor_remedy(finding, "run a kernel that has it, and name landlock in "
                              "its parameter lsm=");
}

bool
ph_os_has_label(const char *path, const char *part)
{
    char label[256];
    const ssize_t len =
        getxattr(path, "security.selinux", label, sizeof(label) - 1);

    label[len > 0 ? len : 0] = '\0';
    return strstr(label, part) != NULL;
}
