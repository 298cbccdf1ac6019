/*
 * The operation watch of the control protocol (docs/control.md, "Watching"): from
 * what happens to jobs to frames of items. Knows no sockets and no loop; the
 * server asks again whenever something has changed.
 */
#ifndef PRINTHOLD_AGENT_CONTROL_WATCH_H
#define PRINTHOLD_AGENT_CONTROL_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "cloud.h"
#include "jobs.h"
#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/proto/control.h"

/* So many at a time, and so many of one person: they stay for as long as a
 * desktop does, so they are counted apart from other connections. */
#define PH_CONTROL_WATCHERS_MAX     256
#define PH_CONTROL_WATCHERS_PER_UID 4

/* The fields are private, but for is_at_end. */
struct ph_control_watch {
    struct ph_jobs *jobs; /* borrowed */
    struct ph_asker asker;
    struct ph_jobs_news news;
    struct ph_control_place from;
    bool has_from;
    bool is_begun;
    bool is_cloud_told;
    enum ph_cloud_state cloud;
    int64_t cloud_since_ms;
    bool is_at_end; /* nothing more is to be told now */
};

/* PH_ERR_DENIED when the uid may not watch that. */
int ph_control_watch_init(struct ph_control_watch *watch, struct ph_jobs *jobs,
                          uid_t uid, const struct ph_control_request *request,
                          struct ph_why *why);
/* How the cloud is now; NULL: off. Told when it is not what was told last. */
void ph_control_watch_set_cloud(struct ph_control_watch *watch,
                                const struct ph_cloud_status *status);
/* Append what is new to buf, about 64 KiB at a time. Blocks on the disk. An
 * error means that it cannot go on: drop the connection. */
int ph_control_watch_step(struct ph_control_watch *watch, struct ph_buf *buf);

#endif
