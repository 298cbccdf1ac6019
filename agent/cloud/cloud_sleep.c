/* The cloud link of a computer that sleeps: "asleep", then away, then back. */
#include "cloud_private.h"

static void
tell(struct ph_cloud *cloud)
{
    void (*done)(void *arg) = cloud->sleep.done;

    cloud->sleep.done = NULL;
    if (done != NULL)
        done(cloud->sleep.done_arg);
}

static void
on_paused(void *arg)
{
    tell(arg);
}

/* The broker has it, or nobody is there. Leaving in good order keeps the will
 * from saying that we are gone. */
static void
on_said(void *arg)
{
    struct ph_cloud *cloud = arg;

    if (!cloud->sleep.is_asleep || cloud->is_stopping || cloud->link == NULL)
        tell(cloud);
    else
        ph_mqtt_link_pause(cloud->link, on_paused, cloud);
}

void
ph_cloud_sleep(struct ph_cloud *cloud, void (*done)(void *arg), void *arg)
{
    tell(cloud); /* who waited for the last one waits no longer */
    cloud->sleep.is_asleep = true;
    cloud->sleep.done = done;
    cloud->sleep.done_arg = arg;
    ph_cloud_set_presence(cloud, PH_PRESENCE_ASLEEP, on_said, cloud);
}

void
ph_cloud_wake(struct ph_cloud *cloud)
{
    cloud->sleep.is_asleep = false;
    tell(cloud);
    ph_cloud_set_presence(cloud, PH_PRESENCE_ON, NULL, NULL);
    ph_cloud_hurry(cloud);
}
