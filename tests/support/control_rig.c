#include "control_rig.h"

#include <signal.h>
#include <string.h>

#include "printhold/base/err.h"

static void
on_stopped(void *arg)
{
    struct control_rig *rig = arg;

    rig->stopped++;
    rig->server = NULL;
    uv_close((uv_handle_t *)&rig->stop, NULL);
}

static void
on_stop(uv_async_t *async)
{
    struct control_rig *rig = async->data;

    ph_control_server_stop(rig->server, on_stopped, rig);
}

static void *
run(void *arg)
{
    struct control_rig *rig = arg;

    (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void
cloud_status(void *arg, struct ph_cloud_status *out_status)
{
    struct control_rig *rig = arg;

    (void)pthread_mutex_lock(&rig->lock);
    *out_status = rig->cloud;
    (void)pthread_mutex_unlock(&rig->lock);
}

static void
release_status(void *arg, struct ph_release_status *out_status)
{
    struct control_rig *rig = arg;

    (void)pthread_mutex_lock(&rig->lock);
    *out_status = rig->release;
    (void)pthread_mutex_unlock(&rig->lock);
}

void
control_rig_start(struct control_rig *rig, int listen_fd, unsigned idle_ms)
{
    struct ph_control_sources sources = {.cloud = cloud_status,
                                         .release = release_status,
                                         .arg = rig,
                                         .idle_ms = idle_ms};
    struct ph_why why;

    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    memset(rig, 0, sizeof(*rig));
    assert_int_equal(pthread_mutex_init(&rig->lock, NULL), 0);
    scratch_make(&rig->scratch);
    ph_config_init(&rig->config);
    (void)snprintf(rig->config.control_socket,
                   sizeof(rig->config.control_socket), "%.90s/run/c.sock",
                   rig->scratch.path);
    rig->jobs = fake_jobs_new();
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_async_init(&rig->loop, &rig->stop, on_stop), 0);
    rig->stop.data = rig;
    if (ph_control_server_start(&rig->loop, &rig->config, rig->jobs, &sources,
                                listen_fd, &rig->server, &why) != PH_OK)
        fail_msg("%s", why.text);
    assert_int_equal(pthread_create(&rig->thread, NULL, run, rig), 0);
}

void
control_rig_say(struct control_rig *rig, const struct ph_cloud_status *cloud,
                const struct ph_release_status *release)
{
    (void)pthread_mutex_lock(&rig->lock);
    rig->cloud = *cloud;
    rig->release = *release;
    (void)pthread_mutex_unlock(&rig->lock);
}

void
control_rig_stop(struct control_rig *rig)
{
    assert_int_equal(uv_async_send(&rig->stop), 0);
}

void
control_rig_finish(struct control_rig *rig)
{
    assert_int_equal(pthread_join(rig->thread, NULL), 0);
    assert_int_equal(rig->stopped, 1);
    /* Busy when a handle was left open. */
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    assert_int_equal(pthread_mutex_destroy(&rig->lock), 0);
    fake_jobs_free(rig->jobs);
    scratch_remove(&rig->scratch);
}
