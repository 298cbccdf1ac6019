/* printhold-notify: tells a person on their desktop what becomes of their jobs.
 * printhold-notify(1). */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "gather.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/model/config.h"
#include "sink.h"
#include "watch.h"

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_CONFIG = 78,
};

struct notifier {
    struct ph_notify_sink *sink;
    struct ph_watch watch;
    struct ph_gather gather;
};

/* Whoever has nobody to show notices on loses them, and that is all. */
static int
show_due(struct notifier *n)
{
    struct ph_notice notice;
    uint32_t id;

    while (ph_gather_take(&n->gather, ph_clock_mono_ms(), &notice, &id)) {
        const int err = ph_notify_sink_show(n->sink, &notice, &id);

        if (err == PH_ERR_CLOSED)
            return err;
        if (err == PH_OK)
            ph_gather_shown(&n->gather, notice.kind, id);
    }
    return PH_OK;
}

static int
wait_ms(const struct notifier *n)
{
    const int64_t gather_ms = ph_gather_next_ms(&n->gather);
    const int64_t watch_ms = ph_watch_next_ms(&n->watch);
    const int64_t next_ms = gather_ms < watch_ms ? gather_ms : watch_ms;
    const int64_t left_ms = next_ms - ph_clock_mono_ms();

    if (next_ms == INT64_MAX)
        return -1;
    return left_ms <= 0 ? 0 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

/* Until something happens, or is due. */
static int
turn(struct notifier *n)
{
    struct pollfd fds[] = {
        {.fd = ph_watch_fd(&n->watch), .events = POLLIN},
        {.fd = ph_notify_sink_fd(n->sink), .events = POLLIN},
    };
    struct ph_control_change change;

    if (poll(fds, 2, wait_ms(n)) < 0 && errno != EINTR)
        return ph_err_from_errno(errno);
    if (fds[1].revents != 0 && ph_notify_sink_turn(n->sink) != PH_OK)
        return PH_ERR_CLOSED;
    if (fds[0].revents != 0 &&
        ph_watch_take(&n->watch, ph_clock_mono_ms(), &change) == PH_OK)
        ph_gather_add(&n->gather, &change, ph_clock_mono_ms());
    return PH_OK;
}

static int
serve(struct notifier *n)
{
    int err = PH_OK;

    while (err == PH_OK) {
        ph_watch_try(&n->watch, ph_clock_mono_ms());
        err = turn(n);
        if (err == PH_OK)
            err = show_due(n);
    }
    return err;
}

/* No session, one of us in it already, the session is over, or the site wants no
 * notices: all of them are right, and nothing to be started again for. */
static int
run(void)
{
    struct notifier n = {.sink = NULL};
    struct ph_config config;
    struct ph_why why = {""};
    int err = ph_config_load(NULL, &config, &why);

    if (err != PH_OK) {
        ph_log_error("%s", why.text);
        return EXIT_CONFIG;
    }
    if (strcmp(config.notify, "no") == 0) {
        ph_log_notice("notify.enabled is no: no notices here");
        return EXIT_OK;
    }
    err = ph_notify_sink_open(&n.sink, &why);
    if (err == PH_ERR_NOT_FOUND || err == PH_ERR_EXISTS) {
        ph_log_notice("%s", why.text);
        return EXIT_OK;
    }
    if (err != PH_OK) {
        ph_log_error("%s", ph_err_text(err));
        return EXIT_FAILED;
    }
    ph_watch_init(&n.watch);
    ph_gather_init(&n.gather);
    err = serve(&n);
    ph_watch_close(&n.watch);
    ph_notify_sink_close(n.sink);
    if (err == PH_ERR_CLOSED)
        return EXIT_OK;
    ph_log_error("cannot wait for news: %s", ph_err_text(err));
    return EXIT_FAILED;
}

int
main(int argc, char **argv)
{
    (void)setlocale(LC_ALL, "");
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)puts("printhold-notify " PRINTHOLD_VERSION);
        return EXIT_OK;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)puts("Usage: printhold-notify\n"
                   "Shows on this desktop what becomes of your held print "
                   "jobs. See printhold-notify(1).");
        return EXIT_OK;
    }
    if (argc != 1) {
        (void)fputs("printhold-notify: takes no arguments; see "
                    "printhold-notify --help\n",
                    stderr);
        return EXIT_USAGE;
    }
    return run();
}
