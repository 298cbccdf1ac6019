#include "confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "printhold/base/attr.h"

#define FILTER_MAX_S 20 /* takes a millisecond */

void
ph_confine_start(void)
{
    const struct rlimit none = {0, 0};

    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

void
ph_confine_follow_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* --- Landlock: no path of the file system may be used any more --- */

/* Access rights by ABI version; handling one that the kernel does not know is
 * an error, handling none of the newer ones leaves only them open. */
static uint64_t
landlock_rights(int abi)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* ABI 1 */

#ifdef LANDLOCK_ACCESS_FS_REFER
    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
#endif
#ifdef LANDLOCK_ACCESS_FS_TRUNCATE
    if (abi >= 3)
        rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
#endif
    return rights;
}

static int
deny_files(void)
{
    struct landlock_ruleset_attr attr = {0};
    long abi, fd, rc;

    abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                  LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return -1;
    attr.handled_access_fs = landlock_rights((int)abi);
    fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (fd < 0)
        return -1;
    rc = syscall(SYS_landlock_restrict_self, (int)fd, 0);
    (void)close((int)fd);
    return rc == 0 ? 0 : -1;
}

/* --- seccomp: only what works on what is already open --- */

static const int both_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(sched_yield),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
};

static const int worker_calls[] = {
    SCMP_SYS(pwrite64),        SCMP_SYS(pwritev),   SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),         SCMP_SYS(fdatasync), SCMP_SYS(fsync),
    SCMP_SYS(sync_file_range), SCMP_SYS(ftruncate), SCMP_SYS(fcntl),
};

static int
allow(scmp_filter_ctx ctx, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return -1;
    }
    return 0;
}

/* Memory may be mapped and protected, but never made executable. */
static int
allow_plain_memory(scmp_filter_ctx ctx)
{
    const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

    for (size_t i = 0; i < PH_COUNT(calls); i++) {
        if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
            return -1;
    }
    return 0;
}

static int
filter_calls(enum ph_confine_kind kind)
{
    /* An error, not death: a C library that asks for something new gets "not
     * permitted" and goes on. */
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = -1;

    if (ctx == NULL)
        return -1;
    if (allow(ctx, both_calls, PH_COUNT(both_calls)) != 0 ||
        allow_plain_memory(ctx) != 0)
        goto out;
    if (kind == PH_CONFINE_WORKER &&
        allow(ctx, worker_calls, PH_COUNT(worker_calls)) != 0)
        goto out;
    rc = seccomp_load(ctx) == 0 ? 0 : -1;
    /* Out of memory, libseccomp loses rules without a word. Whoever cannot say
     * what is wrong ends, and the supervisor says it. */
    if (rc == 0 && write(STDERR_FILENO, "", 0) != 0 && errno == EPERM)
        abort();
out:
    seccomp_release(ctx);
    return rc;
}

unsigned
ph_confine(enum ph_confine_kind kind)
{
    const struct rlimit no_more = {0, 0};
    unsigned missing = 0;

    /* No further process; what is open stays open. */
    (void)setrlimit(RLIMIT_NPROC, &no_more);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        missing |= PH_CONFINE_NO_PRIVILEGE_LOCK;
    if (deny_files() != 0)
        missing |= PH_CONFINE_NO_LANDLOCK;
    if (kind == PH_CONFINE_COUNTER) {
        (void)setrlimit(RLIMIT_FSIZE, &no_more);
        (void)setrlimit(RLIMIT_NOFILE, &no_more);
    }
    /* Out of memory, libseccomp has been seen to go round for ever: SIGALRM
     * ends us then. */
    (void)alarm(FILTER_MAX_S);
    if (filter_calls(kind) != 0)
        missing |= PH_CONFINE_NO_SECCOMP;
    (void)alarm(0);
    return missing;
}
