/* The topics of what the broker sends to the hub. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topic.h"
#include "printhold/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is that topic and no other. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_topic topic;
    char again[160];
    int len;

    if (size == 0 ||
        hub_topic_parse("acme", (const char *)data, size, &topic) != PH_OK)
        return 0;
    switch (topic.kind) {
    case HUB_TOPIC_DOCUMENT:
        len = snprintf(again, sizeof(again), "ph1/acme/u/%s/%s", topic.uk,
                       topic.device);
        break;
    case HUB_TOPIC_PRESENCE:
        len = snprintf(again, sizeof(again), "ph1/acme/ws/%s/st", topic.device);
        break;
    case HUB_TOPIC_RELEASE:
        len = snprintf(again, sizeof(again), "ph1/acme/rel/%s", topic.device);
        break;
    default:
        len = snprintf(again, sizeof(again), "ph1/acme/ev/%s", topic.device);
        break;
    }
    if (len < 0 || (size_t)len != size || memcmp(again, data, size) != 0)
        abort();
    return 0;
}
