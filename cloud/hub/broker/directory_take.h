/* A document or a presence of the broker, taken into the store. */
#ifndef PRINTHOLD_HUB_DIRECTORY_TAKE_H
#define PRINTHOLD_HUB_DIRECTORY_TAKE_H

#include <stddef.h>

#include "hub.h"
#include "topic.h"

/*
 * In a transaction. An empty payload means that there is nothing any more.
 * PH_ERR_SYNTAX and the like for what is not believed: the store is as before.
 * PH_ERR_DENIED: the document is of another person or workstation than its
 * topic. PH_ERR_EXISTS: a newer one is there.
 */
int hub_directory_take(struct hub *hub, const struct hub_topic *topic,
                       const void *payload, size_t len, int64_t now_ms);

#endif
