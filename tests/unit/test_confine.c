#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"

/* Probes: run in a confined child; true when the thing still works. */

static bool
opens_a_file(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool
makes_a_file(void)
{
    return open("/tmp/printhold-probe", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool
makes_a_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
           socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
runs_a_program(void)
{
    char program[] = "/bin/true";
    char *argv[] = {program, NULL};

    (void)execv(program, argv);
    return errno == ENOENT; /* came back: not run, unless it is missing */
}

static bool
forks(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool
signals_others(void)
{
    return kill(getppid(), 0) == 0;
}

static bool
makes_memory_executable(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0) != MAP_FAILED;
}

static bool
raises_its_privileges(void)
{
    return setuid(0) == 0 && setgid(0) == 0 && chroot("/") == 0;
}

static const struct {
    const char *what;
    bool (*works)(void);
} probes[] = {
    {"open a file", opens_a_file},
    {"make a file", makes_a_file},
    {"make a socket", makes_a_socket},
    {"run a program", runs_a_program},
    {"fork", forks},
    {"signal its parent", signals_others},
    {"map executable memory", makes_memory_executable},
    {"raise its privileges", raises_its_privileges},
};

static int
in_child(enum ph_confine_kind kind, bool (*works)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if ((ph_confine(kind) & PH_CONFINE_NO_SECCOMP) != 0)
            _exit(3);
        _exit(works() ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
a_confined_process_can_reach_nothing_new(void **state)
{
    static const enum ph_confine_kind kinds[] = {PH_CONFINE_WORKER,
                                                 PH_CONFINE_COUNTER};

    (void)state;
    for (size_t k = 0; k < PH_COUNT(kinds); k++) {
        for (size_t i = 0; i < PH_COUNT(probes); i++) {
            int rc = in_child(kinds[k], probes[i].works);

            if (rc != 0)
                fail_msg("kind %d: could %s (%d)", (int)kinds[k],
                         probes[i].what, rc);
        }
    }
}

static bool
reads_writes_and_allocates(void)
{
    char byte = 'x';
    int ends[2] = {10, 11};
    void *memory;

    if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
        return false;
    memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && munmap(memory, 1 << 20) == 0;
}

static void
a_confined_process_still_works_on_what_is_open(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], 10), 10);
    assert_int_equal(dup2(ends[1], 11), 11);
    assert_int_equal(in_child(PH_CONFINE_WORKER, reads_writes_and_allocates),
                     1);
    assert_int_equal(in_child(PH_CONFINE_COUNTER, reads_writes_and_allocates),
                     1);
}

static bool
dumps_core(void)
{
    struct rlimit limit;

    ph_confine_start();
    return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0 ||
           umask(0) != 077;
}

static void
a_started_process_leaves_no_core_and_no_open_modes(void **state)
{
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(dumps_core() ? 1 : 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_can_reach_nothing_new),
        cmocka_unit_test(a_confined_process_still_works_on_what_is_open),
        cmocka_unit_test(a_started_process_leaves_no_core_and_no_open_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
