#include "topic.h"

#include <string.h>

#include "printhold/base/err.h"

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
take_document_topic(const char *at, const char *end, struct hub_topic *topic)
{
    int err = take_level(&at, end, WORD, topic->uk, sizeof(topic->uk));

    if (err == PH_OK && strlen(topic->uk) != PH_USER_KEY_TEXT - 1)
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        err = take_level(&at, end, WORD, topic->device, sizeof(topic->device));
    return err == PH_OK && at != end ? PH_ERR_SYNTAX : err;
}

static int
take_presence_topic(const char *at, const char *end, struct hub_topic *topic)
{
    char last[4];
    int err = take_level(&at, end, WORD, topic->device, sizeof(topic->device));

    topic->kind = HUB_TOPIC_PRESENCE;
    if (err == PH_OK)
        err = take_level(&at, end, WORD, last, sizeof(last));
    if (err == PH_OK && (strcmp(last, "st") != 0 || at != end))
        err = PH_ERR_SYNTAX;
    return err;
}

/* A device and nothing behind it. */
static int
take_device_topic(const char *at, const char *end, enum hub_topic_kind kind,
                  struct hub_topic *topic)
{
    int err = take_level(&at, end, WORD, topic->device, sizeof(topic->device));

    topic->kind = kind;
    return err == PH_OK && at != end ? PH_ERR_SYNTAX : err;
}

int
hub_topic_parse(const char *tenant, const char *text, size_t len,
                struct hub_topic *out_topic)
{
    struct hub_topic topic = {.kind = HUB_TOPIC_DOCUMENT};
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
    else if (strcmp(kind, "ev") == 0)
        err = take_device_topic(at, end, HUB_TOPIC_EVENT, &topic);
    else if (strcmp(kind, "rel") == 0)
        err = take_device_topic(at, end, HUB_TOPIC_RELEASE, &topic);
    else
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_topic = topic;
    return err;
}
