/*
 * Who has signed in where: the sessions that stand behind an opaque text of
 * which only a keyed hash is kept. Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_SESSIONS_H
#define PRINTHOLD_HUB_STORE_SESSIONS_H

#include <stdint.h>

#include "printhold/model/sign_in_ways.h"
#include "store.h"

struct hub_session {
    uint8_t mac[HUB_MAC_BYTES];
    char login[PH_LOGIN_MAX];
    char printer[HUB_ID_MAX];
    char thumbprint[PH_THUMBPRINT_TEXT]; /* of the printer's certificate */
    enum ph_sign_in_way way;
    int64_t made_ms;
    int64_t expires_ms;
};

int hub_session_add(struct hub_store *store, const struct hub_session *session);
/* One that is over at now, or was made later than that, is not found. */
int hub_session_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                    int64_t now_ms, struct hub_session *out_session);
int hub_session_remove(struct hub_store *store,
                       const uint8_t mac[HUB_MAC_BYTES]);
/* All of a person: blocked, erased, or with another secret. */
int hub_sessions_end(struct hub_store *store, const char *login);
int hub_sessions_forget(struct hub_store *store, int64_t before_ms);

#endif
