/* One message of the broker, taken into the store. */
#ifndef PRINTHOLD_HUB_DIRECTORY_TAKE_H
#define PRINTHOLD_HUB_DIRECTORY_TAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "hub.h"

/* Which of the two topics it came on. */
struct hub_directory_topic {
    bool is_presence;
    char uk[PH_USER_KEY_TEXT]; /* empty for presence */
    char device[HUB_ID_MAX];
};

/* ph1/{tenant}/u/{uk}/{ws} or ph1/{tenant}/ws/{ws}/st. PH_ERR_SYNTAX for any
 * other, and for those of another tenant. */
int hub_directory_topic_parse(const char *tenant, const char *text, size_t len,
                              struct hub_directory_topic *out_topic);

/*
 * In a transaction. An empty payload means that there is nothing any more.
 * PH_ERR_SYNTAX and the like for what is not believed: the store is as before.
 * PH_ERR_DENIED: the document is of another person or workstation than its
 * topic. PH_ERR_EXISTS: a newer one is there.
 */
int hub_directory_take(struct hub *hub, const struct hub_directory_topic *topic,
                       const void *payload, size_t len, int64_t now_ms);

#endif
