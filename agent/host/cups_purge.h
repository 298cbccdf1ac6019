/*
 * Takes away what CUPS keeps of a job that is ours now.
 *
 * By default cupsd keeps the plain document for a day and the title for 500
 * jobs. Once the backend has ended, Cancel-Job with purge-job (a CUPS
 * extension to RFC 8011 section 4.3.3) removes both at once. The agent's
 * account must be a member of CUPS's SystemGroup for it; cupsd knows it by the
 * peer credentials of its local socket.
 *
 * A job is purged only when cupsd says that it has ended and that its job-uuid
 * is the one that was captured: job numbers start again when CUPS is
 * installed anew. What cannot be purged now is tried again; after a restart of
 * the agent the newest held jobs are looked at once.
 */
#ifndef PRINTHOLD_AGENT_CUPS_PURGE_H
#define PRINTHOLD_AGENT_CUPS_PURGE_H

#include <stdint.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/base/why.h"

struct ph_cups_purge;

#define PH_CUPS_PURGE_MAX 1024 /* jobs that wait; the oldest is given up */

/* socket_path names cupsd's socket; empty: the purge stays off. Copied. */
int ph_cups_purge_start(uv_loop_t *loop, const char *socket_path,
                        struct ph_cups_purge **out_purge);

/* This job of CUPS has been captured. From any thread. */
void ph_cups_purge_add(struct ph_cups_purge *purge, int32_t cups_job_id,
                       const char *job_uuid);

/* Why the last try failed, in words; empty when well. Loop's thread. */
void ph_cups_purge_status(const struct ph_cups_purge *purge,
                          struct ph_why *out_text);

/* done is called once; the purge is freed before it. */
void ph_cups_purge_stop(struct ph_cups_purge *purge, void (*done)(void *arg),
                        void *arg);

#endif
