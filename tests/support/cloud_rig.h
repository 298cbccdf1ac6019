/*
 * The agent's cloud link on a loop of its own with real jobs, against the
 * broker that the test has started. Include it once, behind cmocka.h.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_CLOUD_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_CLOUD_RIG_H

#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "broker.h"
#include "cloud_private.h"
#include "jobs_fixture.h"

#define DEADLINE_MS 60000

static struct broker broker;

struct rig {
    struct jobs_fixture jobs;
    uv_loop_t loop;
    uv_timer_t tick;
    struct ph_cloud *cloud;
    struct cloud_pace pace;
    unsigned stops;
};

static inline void
on_changed(void *arg)
{
    ph_cloud_kick(((struct rig *)arg)->cloud);
}

static inline void
on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static inline void
on_stopped(void *arg)
{
    struct rig *rig = arg;

    rig->stops++;
    uv_close((uv_handle_t *)&rig->tick, NULL);
}

static inline int
start_cloud(struct rig *rig, const char *name, struct ph_why *why)
{
    struct ph_config *config = &rig->jobs.config;
    struct ph_workstation ws = {.tenant = "acme", .id = "ws-test"};
    char file[BROKER_TEXT], path[BROKER_TEXT];
    int err;

    (void)snprintf(config->cloud_url, PH_CONFIG_TEXT_MAX, "%.*s",
                   PH_CONFIG_TEXT_MAX - 1, broker.url);
    (void)snprintf(config->ca_file, PH_CONFIG_TEXT_MAX, "%.200s",
                   broker_file(&broker, "ca.crt", path));
    (void)snprintf(file, sizeof(file), "%s.crt", name);
    (void)snprintf(config->cert_file, PH_CONFIG_TEXT_MAX, "%.200s",
                   broker_file(&broker, file, path));
    (void)snprintf(file, sizeof(file), "%s.key", name);
    (void)snprintf(config->cert_key_file, PH_CONFIG_TEXT_MAX, "%.200s",
                   broker_file(&broker, file, path));
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(uv_timer_init(&rig->loop, &rig->tick), 0);
    assert_int_equal(uv_timer_start(&rig->tick, on_tick, 20, 20), 0);
    err = cloud_start(&rig->loop, config, rig->jobs.jobs, &ws, &rig->pace,
                      &rig->cloud, why);
    if (err == PH_OK)
        ph_jobs_on_change(rig->jobs.jobs, on_changed, rig);
    return err;
}

static inline void
start(struct rig *rig, const char *name)
{
    struct ph_why why = {""};

    rig->stops = 0;
    if (start_cloud(rig, name, &why) != PH_OK)
        fail_msg("%s", why.text);
}

static inline struct ph_cloud_status
status_of(const struct rig *rig)
{
    struct ph_cloud_status status;

    ph_cloud_status(rig->cloud, &status);
    return status;
}

/* What keeps it, for a condition that never came. */
static inline void
say_state(const struct rig *rig)
{
    const struct ph_cloud *cloud = rig->cloud;
    struct ph_jobs_stats stats = {.held = 0};

    (void)ph_jobs_stats(rig->jobs.jobs, &stats);
    print_message("up %d, room %zu, in flight %zu, answered %zu, turning %d, "
                  "wanted %d, anew %d, described %d, after %llu; %llu events, "
                  "%llu documents; %llu taken, %llu refused; %s%s\n",
                  cloud->status.state == PH_CLOUD_ONLINE,
                  ph_mqtt_link_window(cloud->link), cloud_in_flight(cloud),
                  cloud->answered_count, cloud->is_turning,
                  cloud->is_turn_wanted, cloud->anew, !cloud->info.is_due,
                  (unsigned long long)cloud->after_seq,
                  (unsigned long long)stats.outbox_events,
                  (unsigned long long)stats.outbox_documents,
                  (unsigned long long)cloud->status.published,
                  (unsigned long long)cloud->status.refused, cloud->status.text,
                  cloud->status.refused_text);
}

#define RUN_UNTIL(rig, condition)                         \
    do {                                                  \
        int64_t deadline = broker_now_ms() + DEADLINE_MS; \
        while (!(condition)) {                            \
            if (broker_now_ms() > deadline) {             \
                say_state(rig);                           \
                fail_msg("never: %s", #condition);        \
            }                                             \
            (void)uv_run(&(rig)->loop, UV_RUN_ONCE);      \
        }                                                 \
    } while (0)

static inline void
stop(struct rig *rig)
{
    int64_t deadline = broker_now_ms() + DEADLINE_MS;

    ph_jobs_on_change(rig->jobs.jobs, NULL, NULL);
    ph_cloud_stop(rig->cloud, on_stopped, rig);
    while (rig->stops == 0 && broker_now_ms() < deadline)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    assert_int_equal(rig->stops, 1);
    assert_int_equal(uv_run(&rig->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(rig->stops, 1);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
}

/* Everything that was to be said is said and stored. */
static inline bool
is_outbox_empty(const struct rig *rig)
{
    struct ph_jobs_stats stats;

    assert_int_equal(ph_jobs_stats(rig->jobs.jobs, &stats), PH_OK);
    return stats.outbox_events == 0 && stats.outbox_documents == 0;
}

/* Connected, and nothing is under way. */
static inline bool
is_quiet(const struct rig *rig)
{
    const struct ph_cloud *cloud = rig->cloud;

    return cloud->status.state == PH_CLOUD_ONLINE && !cloud->anew &&
           !cloud->info.is_due && !cloud->is_turning &&
           cloud->answered_count == 0 && cloud_in_flight(cloud) == 0;
}

#endif
