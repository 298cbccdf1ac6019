#include "control_status.h"

#include <stdio.h>

#include <unistd.h>

#include "printhold/base/clock.h"

static void
fill_workstation(const struct ph_control_sources *sources,
                 struct ph_control_status *status)
{
    const struct ph_workstation *ws = sources->workstation != NULL
                                          ? sources->workstation(sources->arg)
                                          : NULL;
    struct ph_why text = {""};
    const bool is_asleep =
        sources->sleep != NULL && sources->sleep(sources->arg, &text);

    (void)snprintf(status->presence, sizeof(status->presence), "%s",
                   is_asleep ? "asleep" : "on");
    (void)snprintf(status->sleep_text, sizeof(status->sleep_text), "%s",
                   text.text);
    if (ws == NULL)
        return;
    (void)snprintf(status->host, sizeof(status->host), "%s", ws->host);
    for (size_t i = 0; i < ws->address_count; i++) {
        struct ph_control_address *one = &status->addresses[i];

        (void)snprintf(one->address, sizeof(one->address), "%s",
                       ws->address[i]);
        (void)snprintf(one->interface, sizeof(one->interface), "%s",
                       ws->interface[i]);
    }
    status->address_count = ws->address_count;
}

void
ph_control_fill_status(const struct ph_control_sources *sources,
                       int64_t started_ms, const char *key_level,
                       struct ph_control_status *status)
{
    static const char *const names[] = {
        [PH_CLOUD_OFF] = "off",
        [PH_CLOUD_CONNECTING] = "connecting",
        [PH_CLOUD_ONLINE] = "online",
    };
    struct ph_cloud_status cloud = {.state = PH_CLOUD_OFF};
    struct ph_release_status release = {0};
    struct ph_why cups = {""};
    uint64_t cups_waiting = 0, taken = 0, dropped = 0;
    struct ph_why inbox = {""};

    if (sources->cups != NULL)
        sources->cups(sources->arg, &cups_waiting, &cups);
    if (sources->inbox != NULL)
        sources->inbox(sources->arg, &taken, &dropped, &inbox);
    if (sources->cloud != NULL)
        sources->cloud(sources->arg, &cloud);
    if (sources->release != NULL)
        sources->release(sources->arg, &release);
    *status = (struct ph_control_status){
        .version = PRINTHOLD_VERSION,
        .pid = getpid(),
        .uptime_s = (ph_clock_mono_ms() - started_ms) / 1000,
        .cups_waiting = (int64_t)cups_waiting,
        .cloud_since_ms = cloud.since_ms,
        .cloud_published = (int64_t)cloud.published,
        .cloud_refused = (int64_t)cloud.refused,
        .cloud_refused_since_ms =
            cloud.refused_text[0] != '\0' ? cloud.refused_since_ms : 0,
        .cloud_taken = (int64_t)taken,
        .cloud_dropped = (int64_t)dropped,
        .release_port = release.port,
        .release_connections = (int64_t)release.connections,
        .release_pulls = (int64_t)release.pulls,
        .release_refused = (int64_t)release.refused,
        .release_denied = (int64_t)release.denied,
    };
    (void)snprintf(status->key_level, sizeof(status->key_level), "%s",
                   key_level);
    (void)snprintf(status->cups_text, sizeof(status->cups_text), "%s",
                   cups.text);
    (void)snprintf(status->cloud, sizeof(status->cloud), "%s",
                   names[cloud.state]);
    (void)snprintf(status->cloud_text, sizeof(status->cloud_text), "%s",
                   cloud.text);
    (void)snprintf(status->cloud_refused_text,
                   sizeof(status->cloud_refused_text), "%s",
                   cloud.refused_text);
    (void)snprintf(status->cloud_dropped_text,
                   sizeof(status->cloud_dropped_text), "%s", inbox.text);
    (void)snprintf(status->release_text, sizeof(status->release_text), "%s",
                   release.text.text);
    (void)snprintf(status->release, sizeof(status->release), "%s",
                   release.port != 0 ? "on" : "off");
    fill_workstation(sources, status);
    if (sources->identity != NULL)
        sources->identity(sources->arg, status);
}
