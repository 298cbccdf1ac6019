/* What each system does in its own way for network_watch.h. */
#ifndef PRINTHOLD_AGENT_NETWORK_WATCH_PRIVATE_H
#define PRINTHOLD_AGENT_NETWORK_WATCH_PRIVATE_H

#include <stdbool.h>

enum ph_network_source {
    PH_SOURCE_ADDRESSES, /* links and routes too */
    PH_SOURCE_HOST_NAME,
    PH_SOURCES,
};

/* A descriptor to poll, non-blocking, and for what (uv_poll_event). */
int ph_network_source_open(enum ph_network_source source, int *out_fd,
                           int *out_events);

/* Take all that has come. Has something changed? */
bool ph_network_source_read(enum ph_network_source source, int fd);

#endif
