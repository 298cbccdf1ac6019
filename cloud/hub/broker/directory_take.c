#include "directory_take.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/directory_read.h"
#include "store_commands.h"
#include "store_directory.h"

/* Is the document of whom and of what its topic names? */
static int
check_topic(const struct hub *hub, const struct hub_topic *topic,
            const struct ph_directory_head *head)
{
    char uk[PH_USER_KEY_TEXT];
    int err = ph_identity_user_key(hub->directory_key, HUB_KEY_BYTES,
                                   head->login, uk);

    if (err == PH_OK && (strcmp(uk, topic->uk) != 0 ||
                         strcmp(head->workstation, topic->device) != 0))
        err = PH_ERR_DENIED;
    return err;
}

static int
take_document(struct hub *hub, const struct hub_topic *topic,
              const void *payload, size_t len, int64_t now_ms)
{
    struct ph_directory_head head;
    struct hub_document document = {
        .uk = topic->uk, .device = topic->device, .heard_ms = now_ms};
    struct ph_buf clean;
    int err;

    ph_buf_init(&clean, (size_t)2 * PH_DIRECTORY_BYTES_MAX);
    err = ph_directory_read(payload, len, &head, &clean, NULL);
    if (err == PH_OK)
        err = check_topic(hub, topic, &head);
    if (err == PH_OK) {
        document.rev = head.rev;
        document.expires_ms = head.expires_ms;
        document.text = ph_buf_str(&clean);
        err = hub_document_set(hub->store, &document);
    }
    ph_buf_close(&clean);
    return err;
}

static int
take_presence(struct hub *hub, const struct hub_topic *topic,
              const void *payload, size_t len, int64_t now_ms)
{
    struct ph_presence_said said;
    int err = ph_presence_read(payload, len, &said, NULL);

    if (err == PH_OK)
        err = hub_presence_set(hub->store, topic->device, &said, now_ms);
    /* What it was not there for is said again. */
    return err == PH_OK && said.presence == PH_PRESENCE_ON
               ? hub_ws_command_hurry(hub->store, topic->device, now_ms)
               : err;
}

int
hub_directory_take(struct hub *hub, const struct hub_topic *topic,
                   const void *payload, size_t len, int64_t now_ms)
{
    if (len == 0)
        return topic->kind == HUB_TOPIC_PRESENCE
                   ? hub_presence_remove(hub->store, topic->device)
                   : hub_document_remove(hub->store, topic->uk, topic->device);
    return topic->kind == HUB_TOPIC_PRESENCE
               ? take_presence(hub, topic, payload, len, now_ms)
               : take_document(hub, topic, payload, len, now_ms);
}
