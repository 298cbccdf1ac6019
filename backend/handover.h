/*
 * The backend's side of the capture protocol (printhold/proto/capture.h,
 * docs/capture.md): one connection to the agent, one job.
 *
 * Nothing of the document is read before _open has succeeded, so an agent that
 * is away or goes away until then costs nothing: _open connects again until
 * config.agent_wait_s have passed. Later a lost agent means that cupsd must
 * send the document anew.
 *
 * The agent is known by the user id that the kernel states for the other end:
 * config.agent_user, or root, which is what a socket made by systemd or
 * launchd for the agent shows.
 *
 * Errors of all functions: PH_ERR_DENIED with *out_refuse when the agent
 * refused, PH_ERR_TIMEOUT, PH_ERR_CLOSED, PH_ERR_PROTOCOL, PH_ERR_IO.
 */
#ifndef PH_BACKEND_HANDOVER_H
#define PH_BACKEND_HANDOVER_H

#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/model/config.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/capture.h"

struct ph_handover {
    int sock;
    struct ph_buf in;  /* bytes received */
    size_t in_used;    /* of them, the frame that was handed out last */
    struct ph_buf out; /* body being made */
};

void ph_handover_init(struct ph_handover *handover);
void ph_handover_close(struct ph_handover *handover);

/*
 * Connect, say BEGIN for the ticket's owner and this attempt of cupsd at the
 * job (time-at-processing, -1 unknown), and wait for ACCEPT. The secret is
 * the caller's to wipe, the descriptor the caller's to close.
 * PH_ERR_CONFIG: config.agent_user is no account (why says so).
 * PH_ERR_TIMEOUT: nobody who may take the job answered in time.
 */
int ph_handover_open(struct ph_handover *handover,
                     const struct ph_config *config,
                     const struct ph_ticket *ticket, int64_t attempt_s,
                     struct ph_sealed_secret *out_secret, int *out_spool,
                     struct ph_capture_refuse *out_refuse, struct ph_why *why);

/* Does somebody answer who may take jobs? Says nothing to him. */
int ph_handover_probe(const struct ph_config *config);

/* Tell how much is written; also a sign of life. */
int ph_handover_progress(struct ph_handover *handover, uint64_t offset);

/* The socket became readable while the document is still being read: only a
 * refusal or the end of the connection can be there. Never PH_OK. */
int ph_handover_interrupted(struct ph_handover *handover,
                            struct ph_capture_refuse *out_refuse);

/* Send COMMIT and wait for DONE. */
int ph_handover_commit(struct ph_handover *handover,
                       const struct ph_ticket *ticket, uint64_t timeout_s,
                       struct ph_capture_refuse *out_refuse);

/* The last word before exit 0. */
int ph_handover_acknowledge(struct ph_handover *handover);

#endif
