#include "again.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "cupslog.h"
#include "exitcode.h"
#include "handover.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define LOSSES_FILE "printhold-lost"
/* Over a second: time-at-processing, by which the agent tells attempts, has no
 * finer one. */
#define PAUSE_MS 1100

/* One byte is one loss. A file of others, or with another name, is none: TMPDIR
 * may be open to everybody. */
static bool
add_loss(int fd)
{
    struct stat st;
    int64_t age_s;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_nlink != 1)
        return false;
    age_s = (int64_t)time(NULL) - (int64_t)st.st_mtime;
    if (age_s < 0 || age_s > PH_AGAIN_WITHIN_S) {
        if (ftruncate(fd, 0) != 0)
            return false;
        st.st_size = 0;
    }
    return st.st_size < PH_AGAIN_MAX && write(fd, "x", 1) == 1;
}

/* Whether cupsd may start us again at once. */
static bool
count_loss(void)
{
    const char *dir = getenv("TMPDIR");
    char path[1024];
    bool is_counted = false;
    int fd = -1;
    int len;

    if (dir == NULL || dir[0] != '/')
        return false;
    len = snprintf(path, sizeof(path), "%s/" LOSSES_FILE, dir);
    if (len > 0 && (size_t)len < sizeof(path))
        fd = open(path,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                      O_NONBLOCK,
                  0600);
    if (fd >= 0)
        is_counted = add_loss(fd);
    ph_io_close(&fd);
    return is_counted;
}

/* Ends early only by SIGTERM. */
static void
pause_a_second(const volatile sig_atomic_t *is_terminated)
{
    const struct timespec pause = {PAUSE_MS / 1000, PAUSE_MS % 1000 * 1000000L};
    sigset_t open_set;

    if (*is_terminated)
        return;
    (void)sigprocmask(SIG_BLOCK, NULL, &open_set);
    (void)sigdelset(&open_set, SIGTERM);
    (void)pselect(0, NULL, NULL, NULL, &pause, &open_set);
}

/* Whether somebody who may take the job answers, and in another second. */
static bool
does_agent_come(const struct ph_config *config, int64_t attempt_s,
                const volatile sig_atomic_t *is_terminated)
{
    int64_t deadline_ms =
        ph_clock_mono_ms() + (int64_t)config->agent_wait_s * 1000;

    do {
        pause_a_second(is_terminated);
        if (ph_handover_probe(config) == PH_OK &&
            (int64_t)time(NULL) != attempt_s)
            return true;
    } while (!*is_terminated && ph_clock_mono_ms() < deadline_ms);
    return false;
}

int
ph_again_wait(const struct ph_config *config, int64_t attempt_s,
              const volatile sig_atomic_t *is_terminated)
{
    bool is_there;

    if (*is_terminated || !count_loss())
        return PH_EXIT_RETRY;
    ph_cupslog_state("+connecting-to-device");
    ph_cupslog_info("Waiting for the hold service on this computer.");
    is_there = does_agent_come(config, attempt_s, is_terminated);
    ph_cupslog_state("-connecting-to-device");
    if (*is_terminated)
        return PH_EXIT_RETRY;
    if (is_there)
        return PH_EXIT_RETRY_NOW;
    ph_cupslog_held("the hold service on this computer does not answer");
    return PH_EXIT_HOLD;
}
