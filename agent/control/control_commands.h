/*
 * What the operations of the control protocol do (printhold/proto/control.h,
 * docs/control.md): from a request to frames of items and one reply.
 *
 * Knows no sockets and no loop. Who may ask for what is decided here and only
 * here, by uid: the administrator (uid 0) sees every job, everyone else only
 * their own; a job of somebody else answers like one that does not exist.
 */
#ifndef PRINTHOLD_AGENT_CONTROL_COMMANDS_H
#define PRINTHOLD_AGENT_CONTROL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "jobs.h"
#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/proto/control.h"

/* For whom a request is answered. PH_ERR_DENIED when the uid may not ask. */
int ph_control_asker(uid_t uid, const struct ph_control_request *request,
                     struct ph_asker *out_asker, struct ph_why *why);

/* Exchange a token for an identity; blocks. */
typedef int (*ph_control_enrol_fn)(void *arg,
                                   const struct ph_control_enrol *wanted,
                                   struct ph_control_enrolled *out_enrolled,
                                   struct ph_why *why);

/* Bind this computer to the person of login and password, at the hub; blocks. */
typedef int (*ph_control_login_fn)(void *arg,
                                   const struct ph_control_login *wanted,
                                   struct ph_control_bound *out_bound,
                                   struct ph_why *why);

/* One request being answered. The fields are private, but for is_enrolled. */
struct ph_control_call {
    bool is_enrolled; /* it was answered that this computer is another now */
    ph_control_enrol_fn enrol; /* NULL: nobody can */
    ph_control_login_fn login; /* the same */
    void *hub_arg;
    struct ph_jobs *jobs; /* borrowed */
    uid_t uid;
    struct ph_control_request request;
    struct ph_control_status status;
    struct ph_asker asker;
    struct ph_jobs_place place; /* of a list, up to which it is sent */
    int64_t after;              /* the same of the history: a number */
    bool done;
};

/* What the operations enrol and login call. */
void ph_control_call_set_hub(struct ph_control_call *call,
                             ph_control_enrol_fn enrol,
                             ph_control_login_fn login, void *arg);
/* Wipe what was secret in the request. */
void ph_control_call_end(struct ph_control_call *call);

/* The status needs what only the loop's thread knows; NULL for other
 * requests. Everything is copied. */
void ph_control_call_init(struct ph_control_call *call, struct ph_jobs *jobs,
                          uid_t uid, const struct ph_control_request *request,
                          const struct ph_control_status *status);
/*
 * Do the next piece of work and append its frames to buf: about 64 KiB of a
 * list at a time, so that lists of every length need little memory. Blocks on
 * the disk. call->done is set together with the reply. An error means that
 * no answer is possible (no memory): drop the connection.
 */
int ph_control_call_step(struct ph_control_call *call, struct ph_buf *buf);

/* Append a reply frame. */
int ph_control_put_reply(struct ph_buf *buf, int err,
                         const struct ph_why *text);

#endif
