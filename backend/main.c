/*
 * printhold, the CUPS backend (backend(7)). docs/capture.md.
 *
 *   printhold                                        list the device
 *   printhold job user title copies options [file]   take a job
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "cupslog.h"
#include "exitcode.h"
#include "jobinfo.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/model/config.h"
#include "scrub.h"
#include "supervisor.h"

static int
say(int fd, const char *text)
{
    return ph_io_write_full(fd, text, strlen(text)) == PH_OK ? PH_EXIT_DONE
                                                             : PH_EXIT_USAGE;
}

/* cupsd leaves its back channel (3) and side channel (4) open for us; we use
 * neither, and no process of ours shall hold them. */
static void
close_inherited(void)
{
    for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
        (void)close(fd);
}

/* A banner page is no document of the person: read it to its end, so that its
 * filters do not fail, and forget it. */
static int
discard_banner(int input)
{
    char bytes[65536];
    ssize_t n;

    (void)ph_confine(PH_CONFINE_WORKER);
    do {
        n = read(input, bytes, sizeof(bytes));
    } while (n > 0 || (n < 0 && errno == EINTR));
    return PH_EXIT_DONE;
}

static int
take_job(const struct ph_arguments *arguments)
{
    struct ph_config config;
    struct ph_why why = {{0}};
    int input = STDIN_FILENO;
    int err = ph_config_load_files(NULL, &config, NULL, &why);

    if (err != PH_OK) {
        ph_cupslog_error("PrintHold's configuration is wrong: %s.", why.text);
        return PH_EXIT_STOP;
    }
    if (arguments->file != NULL)
        input = open(arguments->file, O_RDONLY | O_CLOEXEC);
    if (input < 0) {
        ph_cupslog_error("The document could not be read from CUPS (%s); it "
                         "is tried again.",
                         strerror(errno));
        return PH_EXIT_RETRY;
    }
    if (ph_jobinfo_is_banner())
        return discard_banner(input);
    return ph_supervisor_run(&config, arguments, input);
}

int
main(int argc, char **argv)
{
    struct ph_arguments arguments;
    int rc;

    ph_scrub_environment();
    ph_confine_start();
    if (argc == 1)
        return say(STDOUT_FILENO, "direct printhold \"Unknown\" "
                                  "\"PrintHold secure queue\"\n");
    if (argc < 6 || argc > 7) {
        (void)say(STDERR_FILENO,
                  "Usage: printhold job-id user title copies options [file]\n");
        return PH_EXIT_USAGE;
    }
    ph_supervisor_catch_signals();
    if (ph_scrub_arguments(argc, argv, &arguments) != PH_OK)
        return PH_EXIT_RETRY;
    close_inherited();
    rc = take_job(&arguments);
    ph_scrub_free(&arguments);
    /* Nothing is buffered, and no library has anything to do at the end. */
    _exit(rc);
}
