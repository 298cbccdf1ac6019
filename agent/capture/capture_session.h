/*
 * One backend's connection, as a state machine.
 *
 *   NEW --BEGIN--> BEGINNING --ACCEPT--> RECEIVING --COMMIT--> COMMITTING
 *                      |                  |     ^                  |
 *                      |              PROGRESS  |                DONE
 *                      |                  v     |                  v
 *                      |                 VERIFYING             WAITING_ACK
 *                      |                  |                        |
 *                      +------REFUSE------+--------> CLOSING <--ACK/close
 *
 * Invariants: at most one piece of work is in the thread pool; while it is,
 * nothing is read; a capture belongs to the session until COMMIT takes it.
 */
#ifndef PRINTHOLD_AGENT_CAPTURE_SESSION_H
#define PRINTHOLD_AGENT_CAPTURE_SESSION_H

#include <uv.h>

#include "jobs.h"

struct ph_capture_session;

typedef void (*ph_capture_session_closed_cb)(struct ph_capture_session *session,
                                             void *arg);

/* fd is taken. closed is called once, then the session frees itself. */
int ph_capture_session_start(uv_loop_t *loop, struct ph_jobs *jobs, int fd,
                             uint64_t timeout_s,
                             ph_capture_session_closed_cb closed, void *arg,
                             struct ph_capture_session **out_session);

/* Give up: closed follows, after work under way has ended. hold: a document
 * that is half here waits in CUPS until the next agent lets it go on; else cupsd
 * tries it again in its own time. */
void ph_capture_session_stop(struct ph_capture_session *session, bool hold);

/* Link for the server's list. */
struct ph_capture_session **
ph_capture_session_next(struct ph_capture_session *session);

#endif
