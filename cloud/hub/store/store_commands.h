/*
 * Commands to workstations (docs/cloud-protocol.md), from the moment an
 * administrator wants one until the workstation has answered. A command is
 * stored before it is said, keeps its jti, and is said again until there is an
 * answer or its time is over. Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_COMMANDS_H
#define PRINTHOLD_HUB_STORE_COMMANDS_H

#include "printhold/base/id.h"
#include "printhold/proto/command.h"
#include "printhold/proto/event_read.h"
#include "store.h"

enum hub_command_state {
    HUB_COMMAND_WAITING,
    HUB_COMMAND_DONE,
    HUB_COMMAND_REFUSED,
    HUB_COMMAND_EXPIRED, /* no answer; one that still comes counts */
    HUB_COMMAND_STATES,
};

/* "waiting", "done", "refused", "expired"; static. */
const char *hub_command_state_name(enum hub_command_state state);

#define HUB_COMMAND_JOBS_TEXT (PH_COMMAND_JOBS_MAX * PH_ID_TEXT)
#define HUB_COMMAND_ANSWER    4096 /* JSON: counts, or the reason */

struct hub_ws_command {
    int64_t number;
    char jti[PH_ID_TEXT];
    char device[HUB_ID_MAX];
    enum ph_command_op op;
    char login[PH_LOGIN_MAX];         /* of whom; empty: of nobody, or of
                                       * somebody who was erased since */
    char uk[PH_USER_KEY_TEXT];        /* of purge-user */
    char jobs[HUB_COMMAND_JOBS_TEXT]; /* which, with blanks between, or empty */
    int64_t made_ms;
    int64_t expires_ms;
    enum hub_command_state state;
    int64_t tries;
    int64_t next_ms; /* when it is said again */
    int64_t answered_ms;
    char answer[HUB_COMMAND_ANSWER];
};

/* Sets number. */
int hub_ws_command_add(struct hub_store *store, struct hub_ws_command *command);
int hub_ws_command_get(struct hub_store *store, int64_t number,
                       struct hub_ws_command *out_command);
/* The newest first, at most max. */
typedef int (*hub_ws_command_cb)(const struct hub_ws_command *command,
                                 void *arg);
int hub_ws_command_each(struct hub_store *store, int64_t max,
                        hub_ws_command_cb each, void *arg);

/* Those that wait and are due, or with all also the others, the oldest first;
 * at most max. */
int hub_ws_command_due(struct hub_store *store, int64_t now_ms, bool all,
                       int64_t max, hub_ws_command_cb each, void *arg);
/* It was said once more; next_ms is when it will be again. */
int hub_ws_command_said(struct hub_store *store, int64_t number,
                        int64_t next_ms);
/* What waits for this workstation is due now: it is there. */
int hub_ws_command_hurry(struct hub_store *store, const char *device,
                         int64_t now_ms);
/* What has waited until its end has expired. */
int hub_ws_command_expire(struct hub_store *store, int64_t now_ms);
/* What was made before and does not wait any more is forgotten. */
int hub_ws_command_forget(struct hub_store *store, int64_t before_ms);

/* A workstation has answered, with a command.done or .refused. PH_OK also for an
 * answer to nothing of ours. */
int hub_ws_command_answered(struct hub_store *store,
                            const struct ph_event_said *said, int64_t now_ms);

/* --- who may hold something of a person --- */

/* A workstation was bound to a person or has told of it, by the key of the
 * person's documents. Remembered until a purge-user is done there. */
int hub_teller_add(struct hub_store *store, const char *uk, const char *device);
typedef int (*hub_teller_cb)(const char *device, void *arg);
/* Those that are known and not revoked. */
int hub_teller_each(struct hub_store *store, const char *uk, hub_teller_cb each,
                    void *arg);

#endif
