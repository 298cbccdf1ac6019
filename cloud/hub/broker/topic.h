/* On which topic of the tenant a message came. */
#ifndef PRINTHOLD_HUB_TOPIC_H
#define PRINTHOLD_HUB_TOPIC_H

#include <stddef.h>

#include "printhold/crypto/identity.h"
#include "store.h"

enum hub_topic_kind {
    HUB_TOPIC_DOCUMENT, /* ph1/{tenant}/u/{uk}/{ws} */
    HUB_TOPIC_PRESENCE, /* ph1/{tenant}/ws/{ws}/st */
    HUB_TOPIC_EVENT,    /* ph1/{tenant}/ev/{ws} */
    HUB_TOPIC_RELEASE,  /* ph1/{tenant}/rel/{pr} */
};

struct hub_topic {
    enum hub_topic_kind kind;
    char uk[PH_USER_KEY_TEXT]; /* of a document */
    char device[HUB_ID_MAX];
};

/* PH_ERR_SYNTAX for any other, and for those of another tenant. */
int hub_topic_parse(const char *tenant, const char *text, size_t len,
                    struct hub_topic *out_topic);

#endif
