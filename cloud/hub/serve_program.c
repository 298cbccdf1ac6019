/* "printhold-hub serve": the server until a signal comes. */
#include "serve.h"

#include <signal.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/service_notify.h"

struct program {
    uv_loop_t loop;
    uv_signal_t signal[2];
    struct hub_server *server;
};

static void
on_gone(void *arg)
{
    (void)arg;
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct program *program = handle->data;

    if (program->server == NULL)
        return;
    ph_log_notice("stopping on signal %d", signum);
    ph_service_notify("STOPPING=1");
    hub_server_stop(program->server, on_gone, NULL);
    program->server = NULL;
    for (size_t i = 0; i < PH_COUNT(program->signal); i++)
        uv_close((uv_handle_t *)&program->signal[i], NULL);
}

static void
watch_signals(struct program *program)
{
    static const int signals[] = {SIGTERM, SIGINT};

    for (size_t i = 0; i < PH_COUNT(program->signal); i++) {
        (void)uv_signal_init(&program->loop, &program->signal[i]);
        program->signal[i].data = program;
        (void)uv_signal_start(&program->signal[i], on_signal, signals[i]);
    }
}

/* One server for a directory; commands need no lock. */
static int
take_dir(const struct hub *hub, int *out_fd, struct ph_why *why)
{
    int err = ph_io_open_dir(hub->dir, false, 0, out_fd, why);

    if (err != PH_OK)
        return err;
    err = ph_io_lock(*out_fd);
    if (err != PH_OK)
        ph_why_set(why, "%s is served already: %s", hub->dir, ph_err_text(err));
    return err;
}

static int
run(struct hub *hub, struct ph_why *why)
{
    struct program program = {.server = NULL};
    int err;

    if (uv_loop_init(&program.loop) != 0)
        return ph_why_fail(why, PH_ERR_NOMEM, "cannot make the event loop");
    err = hub_server_start(&program.loop, hub, &program.server, why);
    if (err == PH_OK) {
        watch_signals(&program);
        ph_log_notice("printhold-hub %s ready: devices on port %u, enrolment "
                      "on port %u",
                      PRINTHOLD_VERSION, hub_server_device_port(program.server),
                      hub_server_enrol_port(program.server));
        ph_service_notify("READY=1");
    }
    (void)uv_run(&program.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&program.loop);
    if (err == PH_OK)
        ph_log_notice("stopped");
    return err;
}

int
hub_serve(struct hub *hub, struct ph_why *why)
{
    int dir_fd = -1;
    int err = take_dir(hub, &dir_fd, why);

    if (err == PH_OK)
        err = run(hub, why);
    ph_io_close(&dir_fd);
    return err;
}
