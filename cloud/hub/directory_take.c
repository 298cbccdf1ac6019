#include "directory_take.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/directory_read.h"
#include "store_directory.h"

/* The next level of a topic, of these characters only; moves past its slash. */
static int
take_level(const char **at, const char *end, const char *alphabet, char *dst,
           size_t cap)
{
    const char *slash = memchr(*at, '/', (size_t)(end - *at));
    const char *stop = slash != NULL ? slash : end;
    const size_t len = (size_t)(stop - *at);

    if (len == 0 || len >= cap)
        return PH_ERR_SYNTAX;
    memcpy(dst, *at, len);
    dst[len] = '\0';
    if (strlen(dst) != len || strspn(dst, alphabet) != len)
        return PH_ERR_SYNTAX;
    *at = slash != NULL ? slash + 1 : end;
    return PH_OK;
}

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789-"

static int
take_document_topic(const char *at, const char *end,
                    struct hub_directory_topic *topic)
{
    int err = take_level(&at, end, WORD, topic->uk, sizeof(topic->uk));

    if (err == PH_OK && strlen(topic->uk) != PH_USER_KEY_TEXT - 1)
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        err = take_level(&at, end, WORD, topic->device, sizeof(topic->device));
    return err == PH_OK && at != end ? PH_ERR_SYNTAX : err;
}

static int
take_presence_topic(const char *at, const char *end,
                    struct hub_directory_topic *topic)
{
    char last[4];
    int err = take_level(&at, end, WORD, topic->device, sizeof(topic->device));

    topic->is_presence = true;
    if (err == PH_OK)
        err = take_level(&at, end, WORD, last, sizeof(last));
    if (err == PH_OK && (strcmp(last, "st") != 0 || at != end))
        err = PH_ERR_SYNTAX;
    return err;
}

int
hub_directory_topic_parse(const char *tenant, const char *text, size_t len,
                          struct hub_directory_topic *out_topic)
{
    struct hub_directory_topic topic = {.is_presence = false};
    char version[8], whose[PH_TENANT_MAX], kind[4];
    const char *at = text, *end = text + len;
    int err = take_level(&at, end, WORD, version, sizeof(version));

    if (err == PH_OK)
        err = take_level(&at, end, WORD, whose, sizeof(whose));
    if (err == PH_OK)
        err = take_level(&at, end, WORD, kind, sizeof(kind));
    if (err != PH_OK || strcmp(version, "ph1") != 0 ||
        strcmp(whose, tenant) != 0 || text[len - 1] == '/')
        return PH_ERR_SYNTAX;
    if (strcmp(kind, "u") == 0)
        err = take_document_topic(at, end, &topic);
    else if (strcmp(kind, "ws") == 0)
        err = take_presence_topic(at, end, &topic);
    else
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_topic = topic;
    return err;
}

/* Is the document of whom and of what its topic names? */
static int
check_topic(const struct hub *hub, const struct hub_directory_topic *topic,
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
take_document(struct hub *hub, const struct hub_directory_topic *topic,
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
take_presence(struct hub *hub, const struct hub_directory_topic *topic,
              const void *payload, size_t len, int64_t now_ms)
{
    struct ph_presence_said said;
    int err = ph_presence_read(payload, len, &said, NULL);

    return err == PH_OK
               ? hub_presence_set(hub->store, topic->device, &said, now_ms)
               : err;
}

int
hub_directory_take(struct hub *hub, const struct hub_directory_topic *topic,
                   const void *payload, size_t len, int64_t now_ms)
{
    if (len == 0)
        return topic->is_presence
                   ? hub_presence_remove(hub->store, topic->device)
                   : hub_document_remove(hub->store, topic->uk, topic->device);
    return topic->is_presence ? take_presence(hub, topic, payload, len, now_ms)
                              : take_document(hub, topic, payload, len, now_ms);
}
